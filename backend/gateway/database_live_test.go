package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// subscribe opens a live query, or gives the status that refused it.
func (s *site) subscribe(query url.Values, key string) (*websocket.Conn, int) {
	s.t.Helper()
	dial := websocket.Dialer{HandshakeTimeout: 10 * time.Second}
	conn, res, err := dial.DialContext(s.t.Context(), "ws"+strings.TrimPrefix(s.base, "http")+"/v1/db/subscribe?"+query.Encode(), http.Header{"X-Api-Key": {key}})
	if err != nil && !errors.Is(err, websocket.ErrBadHandshake) {
		s.t.Fatal(err)
	}
	status := res.StatusCode
	if errClose := res.Body.Close(); errClose != nil {
		s.t.Error(errClose)
	}
	if err != nil {
		return nil, status
	}
	s.t.Cleanup(func() { conn.Close() }) //nolint:errcheck // it may be closed
	return conn, status
}

func frame(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	kind, text, err := conn.ReadMessage()
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
		return "close " + closed.Error()
	}
	if err != nil || kind != websocket.TextMessage {
		t.Fatal(kind, err)
	}
	return string(text)
}

// A page that shows rows must hear of each change to them, and of no other.
func TestSubscribe(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/db/query", `{"sql":"CREATE TABLE t (id INTEGER PRIMARY KEY, v)"}`)
	s.must("POST /v1/db/query", `{"sql":"CREATE TABLE other (v)"}`)
	conn, status := s.subscribe(url.Values{"sql": {"SELECT v FROM t WHERE v > ?"}, "args": {"[9007199254740992]"}}, "key:read")
	if conn == nil {
		t.Fatal(status)
	}
	if got := frame(t, conn); !fits(got, `{"columns":["v"],"types":[""],"rows":[],"count":0,"time":…,"index":…}`) {
		t.Error(got)
	}
	s.must("POST /v1/db/query", `{"sql":"INSERT INTO other VALUES (1)"}`)
	s.must("POST /v1/db/query", `{"sql":"INSERT INTO t (v) VALUES (9007199254740993)"}`)
	if got := frame(t, conn); !fits(got, `{"columns":["v"],"types":["integer"],"rows":[[9007199254740993]],"count":1,"time":…,"index":…}`) {
		t.Error(got)
	}
	s.auth.end()
	if got := frame(t, conn); !strings.HasPrefix(got, "close ") || !strings.Contains(got, "1008") || !strings.Contains(got, "revoked") {
		t.Error(got)
	}
}

// A refusal must be an answer with a status, not a socket that closes.
func TestSubscribe_Refusals(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/db/query", `{"sql":"CREATE TABLE t (v)"}`)
	for sql, want := range map[string]int{
		"":                          400,
		"SELECT * FROM missing":     400,
		"INSERT INTO t VALUES (1)":  400,
		"PRAGMA table_info(t)":      400,
		"SELECT * FROM _debros_kv":  400,
		"SELECT * FROM t WHERE v=?": 400,
		"SELECT zeroblob(9000000) FROM sqlite_schema": 413,
	} {
		if _, status := s.subscribe(url.Values{"sql": {sql}}, "key:read"); status != want {
			t.Errorf("%s: %d", sql, status)
		}
	}
	if _, status := s.subscribe(url.Values{"sql": {"SELECT * FROM t"}}, "none"); status != 401 {
		t.Errorf("without a credential: %d", status)
	}
	s.play([]turn{
		{"GET /v1/db/subscribe?sql=SELECT+1", "", "", 400, `…is a WebSocket…`},
		{"GET /v1/db/subscribe?sql=SELECT+1&args=%7B%7D", "", "", 400, `…args is a JSON list…`},
	})
}

// A closed page must not leave a reader behind at the database.
func TestSubscribe_EndsWithItsClient(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/db/query", `{"sql":"CREATE TABLE t (v)"}`)
	conn, _ := s.subscribe(url.Values{"sql": {"SELECT * FROM t"}}, "key:read")
	frame(t, conn)
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s.g.sockets.end(ctx) // waits for those that are open
	if ctx.Err() != nil {
		t.Error("the socket is still served")
	}
}
