package node_test

// Messages of one tenant, and another who wants to say or hear something there:
// by HTTP, by WebSocket, by the Go client, and as a peer that speaks gossip.

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/libp2p/go-libp2p"
	gossip "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// hears fails unless the next message is want.
func hears(t *testing.T, conn *websocket.Conn, want string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, data, err := conn.ReadMessage(); err != nil || string(data) != want {
		t.Errorf("heard %q, %v; want %q", data, err, want)
	}
}

// listening is a socket of v in the topic news, once its node takes the token.
func listening(t *testing.T, v visitor) *websocket.Conn {
	t.Helper()
	var conn *websocket.Conn
	until(t, "a socket", func() error {
		var status int
		if conn, status = v.socket(t, "/v1/pubsub/ws?topic=news"); conn == nil {
			return fmt.Errorf("status %d", status)
		}
		return nil
	})
	return conn
}

func (v visitor) says(t *testing.T, text string) {
	t.Helper()
	v.must(t, http.StatusOK, http.MethodPost, "/v1/pubsub/publish", map[string]any{"topic": "news", "data_base64": []byte(text)})
}

// A tenant must neither speak nor listen in another's topics, however he writes
// their names.
func TestTenants_TopicsByHTTPAndWebSocket(t *testing.T) {
	nodes := several(t, 2)
	owner := nodes[0].visit().signedIn(t, ethereumPerson(t), "shop")
	rival := nodes[1].visit().signedIn(t, solanaPerson(t), "other")
	heard := []*websocket.Conn{listening(t, owner), listening(t, nodes[1].visit().with(owner.credential))}
	own := listening(t, rival)
	message := func(topic, ns string) map[string]any {
		return map[string]any{"topic": topic, "namespace": ns, "data_base64": []byte("evil")}
	}
	rival.must(t, http.StatusForbidden, http.MethodPost, "/v1/pubsub/publish", message("news", "shop"))
	rival.must(t, http.StatusForbidden, http.MethodPost, "/v1/pubsub/publish?namespace=shop", message("news", ""))
	for _, query := range []string{"topic=news&namespace=shop", "namespace=shop&topic=news&presence=true&member_id=x"} {
		if conn, status := rival.socket(t, "/v1/pubsub/ws?"+query); conn != nil || status != http.StatusForbidden {
			t.Errorf("a socket for %s: %d", query, status)
		}
	}
	// The same name is another topic, and so is whatever looks like theirs.
	for _, topic := range []string{"news", "ns::shop::news", "::shop::news", "../shop::news", "shop/news", "%6eews", "news\x00"} {
		r := rival.send(t, http.MethodPost, "/v1/pubsub/publish", message(topic, ""))
		if r.status != http.StatusOK && r.status != http.StatusBadRequest {
			t.Errorf("%q: %d %s", topic, r.status, r.body)
		}
	}
	hears(t, own, "evil") // they were sent indeed
	if err := own.WriteMessage(websocket.TextMessage, []byte("evil too")); err != nil {
		t.Fatal(err)
	}
	hears(t, own, "evil too")
	owner.says(t, "honest")
	for _, conn := range heard {
		hears(t, conn, "honest")
	}
	rival.says(t, "after all")
	hears(t, own, "after all") // and nothing of the shop before it
	for _, path := range []string{"/v1/pubsub/topics?namespace=shop", "/v1/pubsub/presence?topic=news&namespace=shop"} {
		owner.must(t, http.StatusOK, http.MethodGet, path, nil)
		rival.must(t, http.StatusForbidden, http.MethodGet, path, nil)
	}
}

// A reader hears and does not speak: through no gateway, through no client.
func TestTenants_AReaderDoesNotPublish(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	owner, p := n.visit().signedIn(t, ethereumPerson(t), "shop"), solanaPerson(t)
	owner.must(t, http.StatusOK, http.MethodPost, "/v1/namespaces/shop/grants", map[string]any{"subject": p.wallet(), "role": "reader"})
	reader := n.visit().signedIn(t, p, "shop")
	heard, quiet := listening(t, owner), listening(t, reader)
	if err := quiet.WriteMessage(websocket.BinaryMessage, []byte("by socket")); err != nil {
		t.Fatal(err)
	}
	if err := quiet.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if kind, data, err := quiet.ReadMessage(); err != nil || kind != websocket.TextMessage || !strings.Contains(string(data), `"type":"error"`) {
		t.Errorf("the reader is told %q, %v", data, err)
	}
	reader.must(t, http.StatusForbidden, http.MethodPost, "/v1/pubsub/publish", map[string]any{"topic": "news", "data_base64": []byte("by HTTP")})
	c := n.client(t, "shop", core.Secret(reader.credential))
	if err := c.PubSub().Publish(t.Context(), "news", []byte("by client")); core.CodeOf(err) != core.Denied {
		t.Errorf("by client: %v", err)
	}
	owner.says(t, "honest")
	hears(t, heard, "honest")
	hears(t, quiet, "honest")
}

// outsider is a peer that speaks libp2p's own gossip and is no node of anybody.
type outsider struct {
	host host.Host
	news *gossip.Topic
}

// newOutsider connects to a node and finds it in the topic.
func newOutsider(t *testing.T, n *running) *outsider {
	t.Helper()
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(), libp2p.DisableMetrics())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		if errClose := h.Close(); errClose != nil {
			t.Error(errClose)
		}
	})
	router, err := gossip.NewGossipSub(ctx, h)
	if err != nil {
		t.Fatal(err)
	}
	o := &outsider{host: h}
	if o.news, err = router.Join("ns::shop::news"); err != nil {
		t.Fatal(err)
	}
	if err = h.Connect(t.Context(), n.address(t)); err != nil {
		t.Fatal(err)
	}
	until(t, "the node in the topic", func() error {
		if len(o.news.ListPeers()) == 0 {
			return fmt.Errorf("no peers")
		}
		return nil
	})
	return o
}

func (r *running) address(t *testing.T) peer.AddrInfo {
	t.Helper()
	info, err := peer.AddrInfoFromString(r.file.P2P[0])
	if err != nil {
		t.Fatal(err)
	}
	return *info
}

// proof is what the node gives to this peer for who shows a credential.
func (o *outsider) proof(t *testing.T, n *running, credential string, ns core.Namespace) string {
	t.Helper()
	conn, err := rpc.Dial(t.Context(), o.host, n.address(t).ID, rpc.Credentials{Credential: core.Secret(credential), Namespace: ns})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if errClose := conn.Close(); errClose != nil {
			t.Error(errClose)
		}
	}()
	proof, _, err := conn.AuthorProof(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return string(proof)
}

// enveloped is a payload with a proof, as it goes over the wire.
func enveloped(proof, payload string) []byte {
	data := binary.AppendUvarint([]byte("\x00debros.envelope.1\x00"), uint64(len(proof)))
	return append(append(data, proof...), payload...)
}

// number is one of the node's own, by its name in /metrics.
func (r *running) number(t *testing.T, name string) float64 {
	t.Helper()
	for line := range strings.Lines(string(r.visit().must(t, http.StatusOK, http.MethodGet, "/metrics", nil).body)) {
		var value float64
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			if _, err := fmt.Sscan(rest, &value); err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	t.Fatalf("no %s in /metrics", name)
	return 0
}

// A peer that speaks gossip itself is heard by nobody, unless it brings what a
// member gave to that very peer, for that namespace, and lately.
func TestTenants_TopicsByRawGossip(t *testing.T) {
	nodes := several(t, 2)
	owner := nodes[0].visit().signedIn(t, ethereumPerson(t), "shop")
	rival := nodes[0].visit().signedIn(t, solanaPerson(t), "other")
	heard := []*websocket.Conn{listening(t, owner), listening(t, nodes[1].visit().with(owner.credential))}
	another := newOutsider(t, nodes[0])
	for name, attack := range map[string]func(o *outsider) string{
		"with no proof":         func(*outsider) string { return "" },
		"with an access token":  func(*outsider) string { return owner.credential },
		"with another's proof":  func(*outsider) string { return another.proof(t, nodes[0], owner.credential, "shop") },
		"for another namespace": func(o *outsider) string { return o.proof(t, nodes[0], rival.credential, "other") },
		"with an expired proof": func(o *outsider) string {
			return nodes[0].resigned(t, o.proof(t, nodes[0], owner.credential, "shop"), func(_, claims map[string]any) {
				past := time.Now().Add(-time.Hour).Unix()
				claims["iat"], claims["nbf"], claims["exp"] = past, past, past+900
			})
		},
	} {
		const tries = 5
		o, before := newOutsider(t, nodes[0]), nodes[0].number(t, `debros_gossip_total{event="rejected"}`)
		data := []byte("evil " + name)
		if proof := attack(o); proof != "" {
			data = enveloped(proof, "evil "+name)
		}
		for range tries {
			if err := o.news.Publish(t.Context(), data); err != nil {
				t.Fatal(err)
			}
		}
		until(t, name+" it is rejected", func() error { // and after a few no longer looked at
			if now := nodes[0].number(t, `debros_gossip_total{event="rejected"}`); now == before {
				return fmt.Errorf("none of %d", tries)
			}
			return nil
		})
		owner.says(t, "honest")
		for _, conn := range heard {
			hears(t, conn, "honest")
		}
	}
	if n := nodes[1].number(t, `debros_gossip_total{event="rejected"}`); n > 0 {
		t.Errorf("%v were handed on", n)
	}
	// With its own proof the same peer is heard everywhere, so that the above says something.
	if err := another.news.Publish(t.Context(), enveloped(another.proof(t, nodes[0], owner.credential, "shop"), "fair")); err != nil {
		t.Fatal(err)
	}
	for _, conn := range heard {
		hears(t, conn, "fair")
	}
}
