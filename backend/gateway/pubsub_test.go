package gateway

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/core"
)

// Two people who say "yes" are two votes, and everybody must see both, whichever
// gateway he is at and however many others are there.
func TestPubSub_FiftySubscribersAtThreeGateways(t *testing.T) {
	gateways := stations(t, 3, newKeyring())
	var sockets []*websocket.Conn
	for i := range 50 {
		sockets = append(sockets, gateways[i%3].open(t, "topic=votes", "red-writer"))
	}
	other := gateways[0].open(t, "topic=votes", "blue-writer")
	yes := fmt.Sprintf(`{"topic":"votes","data_base64":%q}`, base64.StdEncoding.EncodeToString([]byte("yes")))
	for _, g := range gateways {
		for range 2 {
			if status, answer := g.post(t, "/v1/pubsub/publish", "red-writer", yes); status != http.StatusOK || answer != `{"status":"ok"}` {
				t.Fatalf("publish answers %d %s", status, answer)
			}
		}
	}
	for _, conn := range sockets[:3] {
		write(t, conn, websocket.TextMessage, "yes")
		write(t, conn, websocket.BinaryMessage, "yes")
	}
	const votes = 3*2 + 3*2
	for i, conn := range sockets {
		for n := range votes {
			if kind, text := take(t, conn); kind != websocket.BinaryMessage || text != "yes" {
				t.Fatalf("socket %d: message %d is %q of kind %d", i, n, text, kind)
			}
		}
	}
	write(t, sockets[0], websocket.BinaryMessage, "last word")
	for i, conn := range sockets { // what came twice would come before it
		if _, text := take(t, conn); text != "last word" {
			t.Errorf("socket %d got %q once more", i, text)
		}
	}
	write(t, other, websocket.BinaryMessage, "blue's own")
	if _, text := take(t, other); text != "blue's own" {
		t.Errorf("another tenant hears %q", text)
	}
	for _, g := range gateways {
		if status, answer := g.ask(t, http.MethodGet, "/v1/pubsub/topics", "red-reader", ""); status != http.StatusOK || answer != `{"topics":["votes"]}` {
			t.Errorf("topics answers %d %s", status, answer)
		}
	}
}

// Existing clients send and read exactly this.
func TestPubSub_Contract(t *testing.T) {
	g := stations(t, 1, newKeyring())[0]
	large := base64.StdEncoding.EncodeToString(make([]byte, core.MaxMessageBytes+1))
	tests := map[string]struct {
		method, path, key, body string
		status                  int
		want                    string // "" for an error with the status's code
	}{
		"publish":                     {"POST", "/v1/pubsub/publish", "red-writer", `{"topic":"t","data_base64":"aGk="}`, 200, `{"status":"ok"}`},
		"publish nothing":             {"POST", "/v1/pubsub/publish", "red-writer", `{"topic":"t"}`, 200, `{"status":"ok"}`},
		"publish with its namespace":  {"POST", "/v1/pubsub/publish", "red-writer", `{"topic":"t","data_base64":"","namespace":"red"}`, 200, `{"status":"ok"}`},
		"publish elsewhere":           {"POST", "/v1/pubsub/publish", "red-writer", `{"topic":"t","data_base64":"","namespace":"blue"}`, 403, ""},
		"publish without a topic":     {"POST", "/v1/pubsub/publish", "red-writer", `{"data_base64":"aGk="}`, 400, ""},
		"publish to a hidden topic":   {"POST", "/v1/pubsub/publish", "red-writer", `{"topic":"\u0001t","data_base64":"aGk="}`, 400, ""},
		"publish what is not base64":  {"POST", "/v1/pubsub/publish", "red-writer", `{"topic":"t","data_base64":"?"}`, 400, ""},
		"publish too much":            {"POST", "/v1/pubsub/publish", "red-writer", `{"topic":"t","data_base64":"` + large + `"}`, 413, ""},
		"publish with a key to read":  {"POST", "/v1/pubsub/publish", "red-reader", `{"topic":"t","data_base64":"aGk="}`, 403, ""},
		"publish without a key":       {"POST", "/v1/pubsub/publish", "", `{"topic":"t","data_base64":"aGk="}`, 401, ""},
		"topics that nobody hears":    {"GET", "/v1/pubsub/topics", "red-reader", "", 200, `{"topics":[]}`},
		"topics without a grant":      {"GET", "/v1/pubsub/topics", "red-nobody", "", 403, ""},
		"presence of nobody":          {"GET", "/v1/pubsub/presence?topic=t", "red-reader", "", 200, `{"topic":"t","members":[],"count":0}`},
		"presence without a topic":    {"GET", "/v1/pubsub/presence", "red-reader", "", 400, ""},
		"presence without a grant":    {"GET", "/v1/pubsub/presence?topic=t", "red-nobody", "", 403, ""},
		"a socket without a topic":    {"GET", "/v1/pubsub/ws", "red-reader", "", 400, ""},
		"a socket without an upgrade": {"GET", "/v1/pubsub/ws?topic=t", "red-reader", "", 400, ""},
		"a socket of another form":    {"GET", "/v1/pubsub/ws?topic=t&format=xml", "red-reader", "", 400, ""},
		"a socket without a grant":    {"GET", "/v1/pubsub/ws?topic=t", "red-nobody", "", 403, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, answer := g.ask(t, tt.method, tt.path, tt.key, tt.body)
			if status != tt.status || tt.want != "" && answer != tt.want {
				t.Fatalf("answers %d %s", status, answer)
			}
			var fault errorAnswer
			if err := json.Unmarshal([]byte(answer), &fault); err != nil || tt.want == "" && fault.Code.HTTPStatus() != tt.status {
				t.Errorf("answers %s: %v", answer, err)
			}
		})
	}
}

// What a client sends and what it gets back, in both formats.
func TestPubSub_Frames(t *testing.T) {
	g := stations(t, 1, newKeyring())[0]
	raw := g.open(t, "topic=t", "red-writer")
	text := g.open(t, "topic=t&format=json", "red-writer")
	offered, answer := g.dial(t, handshake{query: "topic=t", key: "red-reader", protocols: []string{"unknown", jsonProtocol, rawProtocol}})
	if got := answer.header.Get("Sec-WebSocket-Protocol"); got != jsonProtocol {
		t.Errorf("it answers the subprotocol %q", got)
	}
	payload := "\x00\xff binary, \"quoted\""
	write(t, raw, websocket.BinaryMessage, payload)
	if kind, got := take(t, raw); kind != websocket.BinaryMessage || got != payload {
		t.Errorf("own message came as %q of kind %d", got, kind)
	}
	for _, conn := range []*websocket.Conn{text, offered} {
		kind, got := take(t, conn)
		var fields map[string]any
		if err := json.Unmarshal([]byte(got), &fields); err != nil || kind != websocket.TextMessage || len(fields) != 3 {
			t.Fatalf("%q of kind %d: %v", got, kind, err)
		}
		if ms, is := fields["timestamp"].(float64); !is || ms < 1e12 || fields["topic"] != "t" || fields["data"] != base64.StdEncoding.EncodeToString([]byte(payload)) {
			t.Errorf("it is %v", fields)
		}
	}
	// A refusal is told, and the socket goes on.
	write(t, offered, websocket.TextMessage, "may I?")
	if kind, got := take(t, offered); kind != websocket.TextMessage || !strings.HasPrefix(got, `{"type":"error","error":"you have no grant for this","code":"denied","request_id":"`) {
		t.Errorf("a refused publication is told by %q", got)
	}
	write(t, raw, websocket.BinaryMessage, strings.Repeat("x", core.MaxMessageBytes+1))
	if kind, got := take(t, raw); kind != websocket.TextMessage || !strings.Contains(got, `"code":"too_large"`) {
		t.Errorf("one that is too large is told by %q", got)
	}
	write(t, raw, websocket.BinaryMessage, strings.Repeat("x", core.MaxMessageBytes))
	if _, got := take(t, raw); len(got) != core.MaxMessageBytes {
		t.Errorf("the largest one has %d bytes", len(got))
	}
	write(t, raw, websocket.BinaryMessage, "")
	if kind, got := take(t, raw); kind != websocket.BinaryMessage || got != "" {
		t.Errorf("the empty one came as %q", got)
	}
	write(t, raw, websocket.BinaryMessage, strings.Repeat("x", core.MaxMessageBytes+socketOverhead+1))
	if code, _ := closing(t, raw); code != websocket.CloseMessageTooBig {
		t.Errorf("one far too large ends the socket with %d", code)
	}
}

// A chat shows who is there, whichever gateway he came by.
func TestPubSub_PresenceAtTwoGateways(t *testing.T) {
	gateways := stations(t, 2, newKeyring())
	ann := gateways[0].open(t, `topic=room&format=json&presence=true&member_id=ann&member_meta={"age":9007199254740993}`, "red-writer")
	listener := gateways[1].open(t, "topic=room", "red-reader")
	const member = `{"topic":"room","members":[{"memberId":"ann","joinedAt":"`
	if status, answer := gateways[1].ask(t, http.MethodGet, "/v1/pubsub/presence?topic=room", "red-reader", ""); status != 200 ||
		!strings.HasPrefix(answer, member) || !strings.HasSuffix(answer, `","meta":{"age":9007199254740993}}],"count":1}`) {
		t.Errorf("presence answers %d %s", status, answer)
	}
	bob := gateways[1].open(t, "topic=room&presence=true&member_id=bob", "red-writer")
	if _, got := take(t, ann); !strings.HasPrefix(got, `{"type":"presence.join","member_id":"bob","timestamp":`) {
		t.Errorf("ann hears %s", got)
	}
	if err := bob.Close(); err != nil {
		t.Fatal(err)
	}
	if _, got := take(t, ann); !strings.HasPrefix(got, `{"type":"presence.leave","member_id":"bob","timestamp":`) {
		t.Errorf("ann hears %s", got)
	}
	write(t, ann, websocket.TextMessage, "alone?")
	if kind, got := take(t, listener); kind != websocket.BinaryMessage || got != "alone?" {
		t.Errorf("who listens in raw format hears %q", got)
	}
	refused := map[string]int{
		"topic=room&presence=true":                                           http.StatusBadRequest,
		"topic=room&presence=true&member_id=x&member_meta=[]":                http.StatusBadRequest,
		"topic=room&presence=true&member_id=x&member_meta={}{}":              http.StatusBadRequest,
		"topic=room&presence=true&member_id=" + strings.Repeat("x", 200):     http.StatusBadRequest,
		"topic=room&presence=true&member_id=x&member_meta=" + longMeta(1025): http.StatusRequestEntityTooLarge,
	}
	for query, want := range refused {
		if _, answer := gateways[0].dial(t, handshake{query: query, key: "red-writer"}); answer.status != want {
			t.Errorf("%.60s is answered %d", query, answer.status)
		}
	}
	if _, answer := gateways[0].dial(t, handshake{query: "topic=room&presence=true&member_id=spy", key: "red-reader"}); answer.status != http.StatusForbidden {
		t.Errorf("being present with a key to read is answered %d", answer.status)
	}
}

func longMeta(size int) string { return `{"x":"` + strings.Repeat("y", size-8) + `"}` }
