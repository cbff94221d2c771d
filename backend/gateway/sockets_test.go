package gateway

// Gateways on TCP whose topics are those of real hosts, a small Auth that keeps
// its word, and clients that do as they like.

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/pubsub"
)

// patience is how long a test waits for something that must happen.
const patience = 30 * time.Second

// keyring is an Auth over a few credentials, shared by the gateways of a test as
// the network's own group is.
type keyring struct {
	Auth
	mu      sync.Mutex
	held    map[core.Secret]holding
	tickets map[core.Secret]oneTicket
	ends    map[string][]context.CancelCauseFunc // by subject
}

type holding struct {
	who  core.Principal
	may  []core.Permission
	gone bool
}

type oneTicket struct {
	of     core.Secret
	origin string
}

func newKeyring() *keyring {
	k := &keyring{held: map[core.Secret]holding{}, tickets: map[core.Secret]oneTicket{}, ends: map[string][]context.CancelCauseFunc{}}
	k.add("red-writer", "red", core.PermissionRead, core.PermissionWrite)
	k.add("red-reader", "red", core.PermissionRead)
	k.add("blue-writer", "blue", core.PermissionRead, core.PermissionWrite)
	k.add("red-nobody", "red")
	return k
}

func (k *keyring) add(key core.Secret, ns core.Namespace, may ...core.Permission) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held[key] = holding{who: core.Principal{Subject: "key:" + string(key), Method: core.MethodAPIKey, Namespace: ns}, may: may}
}

func (k *keyring) Authenticate(_ context.Context, credential core.Secret, _ string) (core.Principal, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h, known := k.held[credential]
	if !known || h.gone {
		return core.Principal{}, core.Errorf(core.Unauthenticated, "this credential is not known")
	}
	return h.who, nil
}

func (k *keyring) Allow(_ context.Context, p core.Principal, ns core.Namespace, need core.Permission) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, h := range k.held {
		if h.who.Subject != p.Subject || ns != p.Namespace || h.gone {
			continue
		}
		if slices.Contains(h.may, need) {
			return nil
		}
	}
	return core.Errorf(core.Denied, "you have no grant for this")
}

func (k *keyring) Until(ctx context.Context, p core.Principal, _ core.Namespace, _ core.Permission) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ends[p.Subject] = append(k.ends[p.Subject], cancel)
	return ctx, func() { cancel(nil) }
}

func (k *keyring) revoke(key core.Secret) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.held[key]
	h.gone = true
	k.held[key] = h
	for _, end := range k.ends[h.who.Subject] {
		end(core.Errorf(core.Unauthenticated, "the session was ended"))
	}
}

func (k *keyring) issue(value, of core.Secret, origin string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tickets[value] = oneTicket{of: of, origin: origin}
}

func (k *keyring) Redeem(ctx context.Context, value core.Secret, origin string) (core.Principal, error) {
	k.mu.Lock()
	t, known := k.tickets[value]
	if known && t.origin == origin {
		delete(k.tickets, value)
	}
	k.mu.Unlock()
	if !known || t.origin != origin {
		return core.Principal{}, core.Errorf(core.Unauthenticated, "the ticket is not valid")
	}
	return k.Authenticate(ctx, t.of, "")
}

// realTopics is pub/sub of one host, as node hands it to the gateway.
type realTopics struct{ *pubsub.PubSub }

func (r realTopics) Subscribe(ctx context.Context, ns core.Namespace, topic string) (Subscription, error) {
	s, err := r.PubSub.Subscribe(ctx, ns, topic)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (r realTopics) Topics(_ context.Context, ns core.Namespace) ([]string, error) {
	return r.PubSub.Topics(ns), nil
}

func (r realTopics) Join(ctx context.Context, ns core.Namespace, topic string, m core.PresenceMember) (Presence, error) {
	p, err := r.PubSub.Join(ctx, ns, topic, m)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// station is one gateway and what stands behind it.
type station struct {
	*Gateway
	topics *pubsub.PubSub
	stop   func()
}

// stations runs n gateways, each on a host of its own, connected in a line.
func stations(t testing.TB, n int, auth Auth, change ...func(*Gateway)) []*station {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	list := make([]*station, n)
	var before host.Host
	for i := range list {
		h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(), libp2p.DisableMetrics())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() }) //nolint:errcheck // the test is over
		ps, err := pubsub.New(pubsub.Settings{Relay: true}, h, log)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Run(t, ps.Run)
		if before != nil {
			if err = h.Connect(t.Context(), peer.AddrInfo{ID: before.ID(), Addrs: before.Addrs()}); err != nil {
				t.Fatal(err)
			}
		}
		before = h
		g, err := New(t.Context(), Settings{Address: "127.0.0.1:0", Now: time.Now, AllowedOrigins: []string{"https://app.example"}, WSQueryCredentials: true},
			Services{Node: fakeNode{}, Auth: auth, PubSub: realTopics{ps}}, log)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range change {
			c(g)
		}
		list[i] = &station{Gateway: g, topics: ps, stop: testkit.Run(t, g.Run)}
	}
	return list
}

// handshake is how a client asks for its socket.
type handshake struct {
	query     string
	key       core.Secret
	origin    string
	protocols []string
}

func (s *station) dial(t testing.TB, h handshake) (conn *websocket.Conn, answer handshook) {
	t.Helper()
	header := http.Header{}
	if h.key != "" {
		header.Set("X-API-Key", h.key.Reveal())
	}
	if h.origin != "" {
		header.Set("Origin", h.origin)
	}
	d := websocket.Dialer{HandshakeTimeout: patience, Subprotocols: h.protocols}
	conn, res, err := d.DialContext(t.Context(), "ws://"+s.Address()+"/v1/pubsub/ws?"+h.query, header)
	if res == nil {
		t.Fatal(err)
		return nil, handshook{}
	}
	if err = res.Body.Close(); err != nil {
		t.Error(err)
	}
	if conn != nil {
		t.Cleanup(func() { conn.Close() }) //nolint:errcheck // the test is over
	}
	return conn, handshook{status: res.StatusCode, header: res.Header}
}

// handshook is the gateway's answer to it.
type handshook struct {
	status int
	header http.Header
}

func (s *station) open(t testing.TB, query string, key core.Secret) *websocket.Conn {
	t.Helper()
	conn, answer := s.dial(t, handshake{query: query, key: key})
	if answer.status != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake is answered %+v", answer)
	}
	return conn
}

// take reads one frame.
func take(t testing.TB, conn *websocket.Conn) (kind int, text string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	kind, data, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return kind, string(data)
}

func write(t testing.TB, conn *websocket.Conn, kind int, text string) {
	t.Helper()
	if err := conn.WriteMessage(kind, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// closing reads to the close frame.
func closing(t testing.TB, conn *websocket.Conn) (code int, reason string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for {
		_, _, err := conn.ReadMessage()
		var end *websocket.CloseError
		if errors.As(err, &end) {
			return end.Code, end.Text
		}
		if err != nil {
			t.Fatalf("it ended without a close frame: %v", err)
		}
	}
}

// post sends JSON and returns the status and the body.
func (s *station) post(t testing.TB, path, key, body string) (int, string) {
	t.Helper()
	return s.ask(t, http.MethodPost, path, key, body)
}

func (s *station) ask(t testing.TB, method, path, key, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Address()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("X-API-Key", key)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(text))
}

// eventually waits for a state that no event announces.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for !is() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// openSockets is how many the gateway counts.
func (s *station) openSockets() int {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return len(s.sockets.open)
}
