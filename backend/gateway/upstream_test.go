package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

// A gateway without data answers as the member behind it does; only what it is
// itself, and what protects its callers, is its own.
func TestUpstream_AMemberAnswers(t *testing.T) {
	member, p := newBench(t, func(s *Settings, _ *Services) { s.Address = "" }), newPipes()
	running(t, func(ctx context.Context, ready func()) error { return member.Serve(ctx, p, ready) })
	transport := &http.Transport{DialContext: p.dial} // kept open, as the node's own is
	t.Cleanup(transport.CloseIdleConnections)
	var sent http.Header
	way := carrier(func(r *http.Request) (*http.Response, error) {
		sent = r.Header.Clone()
		return transport.RoundTrip(r)
	})
	b := newBench(t, func(s *Settings, services *Services) {
		s.AllowedOrigins = []string{"https://shop.example"}
		s.Upstream = func(*http.Request) http.RoundTripper { return way }
		services.Auth = nil
	})
	b.play(t, []step{
		{line: "GET /v1/auth/whoami", as: ownerToken, status: 200, answer: map[string]string{"subject": "0xowner"}},
		{line: "GET /v1/auth/whoami", status: 401, answer: map[string]string{"code": "unauthenticated"}},
		{line: "POST /v1/auth/challenge", body: `{"wallet":"0xA"}`, status: 200, answer: map[string]string{"message": b.Address() + " http://" + b.Address() + "/v1/auth/verify"}},
		{line: "POST /v1/apps", body: `{"name":"till"}`, as: readerToken, status: 403},
	})
	a := b.ask(t, "GET", "/v1/auth/whoami", "", "Origin: https://shop.example", "X-API-Key: "+ownerKey, "X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9")
	h := a.Header()
	if a.Code != 200 || h.Get("Access-Control-Allow-Origin") != "https://shop.example" || h.Get("Vary") != "Origin" {
		t.Errorf("%d %v", a.Code, h)
	}
	for name, values := range h {
		if len(values) != 1 {
			t.Errorf("%s stands there %d times", name, len(values))
		}
	}
	if sent.Get("X-Forwarded-For") != "" || sent.Get("Forwarded") != "" || sent.Get("X-Request-ID") != h.Get("X-Request-ID") || sent.Get("X-API-Key") != ownerKey {
		t.Errorf("the member was sent %v", sent)
	}
	if a = b.ask(t, "GET", "/v1/auth/whoami", "", bearer("wrong")); a.body["request_id"] != a.Header().Get("X-Request-ID") || a.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("a refusal of the member: %v %v", a.body, a.Header())
	}
	if a = b.ask(t, "GET", "/v1/auth/whoami", "", "Host: evil.test", bearer(ownerToken)); a.Code != 403 {
		t.Errorf("a foreign name reaches the member: %d", a.Code)
	}
	way = func(*http.Request) (*http.Response, error) {
		t.Error("the member was asked")
		return nil, errors.New("x")
	}
	for _, path := range []string{"/health", "/v1/version", "/openapi.json", docsPath, "/metrics"} {
		if a = b.ask(t, "GET", path, ""); a.Code != 200 {
			t.Errorf("%s: %d", path, a.Code)
		}
	}
}

// Whoever repeats a write must know that it may have happened already.
func TestUpstream_AMemberThatIsGone(t *testing.T) {
	tests := map[string]struct {
		method string
		err    error
		want   core.Code
	}{
		"nothing was sent":      {"POST", core.Errorf(core.Unavailable, "no member can be reached"), core.Unavailable},
		"the answer of a write": {"POST", errors.New("stream reset"), core.OutcomeUnknown},
		"the answer of a read":  {"GET", errors.New("stream reset"), core.Unavailable},
	}
	for name, tt := range tests {
		b := newBench(t, func(s *Settings, _ *Services) {
			s.Upstream = func(*http.Request) http.RoundTripper {
				return carrier(func(*http.Request) (*http.Response, error) { return nil, tt.err })
			}
		})
		if a := b.ask(t, tt.method, "/v1/auth/whoami", "", bearer(ownerToken)); a.Code != 503 || a.body["code"] != string(tt.want) || strings.Contains(fmt.Sprint(a.body), "stream") {
			t.Errorf("%s: %d %v", name, a.Code, a.body)
		}
	}
}

// A WebSocket goes through too, and ends when the gateway stops.
func TestUpstream_WebSocketsGoThrough(t *testing.T) {
	member, p := http.Server{Handler: http.HandlerFunc(echo)}, newPipes()
	served := make(chan error, 1)
	go func() { served <- member.Serve(p) }()
	b := newBench(t, func(s *Settings, _ *Services) {
		s.Upstream = func(*http.Request) http.RoundTripper { return &http.Transport{DialContext: p.dial} }
	})
	handler := b.guard(b.handle(route{path: "/socket", access: anyone, upgrade: true}), false)
	stop := running(t, func(ctx context.Context, ready func()) error {
		server := b.server(ctx, handler)
		return b.carry(ctx, server, func() error { return server.Serve(b.listener) }, ready)
	})
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", b.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, conn)
	if _, err = io.WriteString(conn, "GET /socket HTTP/1.1\r\nHost: "+b.Address()+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil) //nolint:bodyclose // a 101 has none
	if err != nil || res.StatusCode != 101 {
		t.Fatal(res, err)
	}
	if _, err = io.WriteString(conn, "there\n"); err != nil {
		t.Fatal(err)
	}
	line, err := r.ReadString('\n')
	if err != nil || line != "and back: there\n" {
		t.Errorf("%q %v", line, err)
	}
	stop()
	if _, err = r.ReadByte(); err == nil {
		t.Error("the socket outlived the gateway")
	}
	if err = errors.Join(member.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	<-served
}

// echo takes the connection as a WebSocket would and answers line by line.
func echo(w http.ResponseWriter, _ *http.Request) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close() //nolint:errcheck // the other side sees it
	_, err = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	for err == nil {
		if err = rw.Flush(); err != nil {
			return
		}
		var line string
		if line, err = rw.ReadString('\n'); err == nil {
			_, err = rw.WriteString("and back: " + line)
		}
	}
}
