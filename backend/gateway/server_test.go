package gateway

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// Settings that would let strangers in, or keys travel readable, must not start.
func TestNew_RefusesWhatIsOnlySafeHere(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir, 1)
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	tests := map[string]struct {
		s    Settings
		want core.Code
	}{
		"no credentials on loopback":         {Settings{Address: "127.0.0.1:0"}, ""},
		"no credentials everywhere":          {Settings{Address: "0.0.0.0:0", AllowClear: true}, core.Invalid},
		"no credentials with a certificate":  {Settings{Address: "0.0.0.0:0", CertFile: cert, KeyFile: key}, core.Invalid},
		"clear text everywhere":              {Settings{Address: "0.0.0.0:0", RequireAuth: true}, core.Invalid},
		"clear text on every address":        {Settings{Address: ":0", RequireAuth: true}, core.Invalid},
		"clear text by a name":               {Settings{Address: "node.example:0", RequireAuth: true}, core.Invalid},
		"clear text that was asked for":      {Settings{Address: "0.0.0.0:0", RequireAuth: true, AllowClear: true}, ""},
		"a certificate everywhere":           {Settings{Address: "0.0.0.0:0", RequireAuth: true, CertFile: cert, KeyFile: key}, ""},
		"a certificate without a key":        {Settings{Address: "127.0.0.1:0", CertFile: cert}, core.Invalid},
		"a key that is no key":               {Settings{Address: "127.0.0.1:0", CertFile: cert, KeyFile: cert}, core.Invalid},
		"a certificate that is not there":    {Settings{Address: "127.0.0.1:0", CertFile: dir + "/x", KeyFile: key}, core.Invalid},
		"a proxy that is no address":         {Settings{Address: "127.0.0.1:0", TrustedProxies: []string{"proxy.lan"}}, core.Invalid},
		"nowhere, to be served by the node":  {Settings{}, ""},
		"an address that is no address here": {Settings{Address: "203.0.113.1:0", RequireAuth: true, AllowClear: true}, core.Unavailable},
	}
	for name, tt := range tests {
		tt.s.Now = time.Now
		g, err := New(t.Context(), tt.s, Services{Node: fakeNode{}}, slog.New(slog.DiscardHandler))
		if got := core.CodeOf(err); got != tt.want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err = g.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// running runs a server until the test ends.
func running(t *testing.T, run func(context.Context, func()) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- run(ctx, func() { close(ready) }) }()
	<-ready
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// pipes is a listener in memory. Its callers have peer ids for addresses.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

type peerConn struct{ net.Conn }

type peerAddr string

func (a peerAddr) Network() string    { return "libp2p" }
func (a peerAddr) String() string     { return string(a) }
func (peerConn) RemoteAddr() net.Addr { return peerAddr("12D3KooWcaller") }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return peerConn{c}, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return peerAddr("12D3KooWself") }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Row D3, in made-up time: who sends slowly, or nothing, loses his connection at
// the limit, and nobody else waits for him.
func TestServe_SlowOnesAreCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(s *Settings, _ *Services) { s.Address = "" })
		p := newPipes()
		stop := running(t, func(ctx context.Context, ready func()) error { return b.Serve(ctx, p, ready) })
		dial := func() net.Conn {
			conn, err := p.dial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			return conn
		}
		tests := map[string]struct {
			first string
			each  time.Duration // a byte follows each; 0 is none
			after time.Duration
		}{
			"half a header":         {"GET /health HTTP/1.1\r\nHost: x\r\n", 0, MaxHeaderTime},
			"nothing at all":        {"", 0, MaxHeaderTime},
			"a header byte by byte": {"GET /health HTTP/1.1\r\nX: ", time.Second, MaxHeaderTime},
			"a body byte by byte":   {"POST /v1/auth/challenge HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n", time.Second, MaxBodyTime},
			"silence after a reply": {"GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n", 0, MaxIdleTime},
		}
		var group sync.WaitGroup
		for name, tt := range tests {
			for range 20 {
				conn := dial()
				begun := time.Now()
				group.Go(func() { // the sender
					_, err := io.WriteString(conn, tt.first)
					for err == nil && tt.each > 0 {
						<-time.After(tt.each)
						_, err = conn.Write([]byte("x"))
					}
				})
				group.Go(func() { // the reader
					defer shut(t, conn)
					if _, err := io.Copy(io.Discard, conn); err != nil { // until it is cut
						t.Error(err)
					}
					if took := time.Since(begun); took < tt.after || took > tt.after+2*time.Second {
						t.Errorf("%s: cut after %v, not %v", name, took, tt.after)
					}
				})
			}
		}
		for range 10 {
			<-time.After(time.Second)
			begun, conn := time.Now(), dial()
			status := answerOf(t, conn, "GET /v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if took := time.Since(begun); status != 200 || took != 0 {
				t.Errorf("an honest caller got %d after %v", status, took)
			}
			shut(t, conn)
		}
		group.Wait()
		stop()
	})
}

// answerOf sends bytes over conn and reads one answer.
func answerOf(t *testing.T, conn net.Conn, request string) int {
	t.Helper()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Error(err)
		return 0
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Error(err)
	}
	return res.StatusCode
}

// Peers are no browsers: what protects those is not asked of them, and they are
// counted by their peer id, whatever else they say; one may have many callers.
func TestServe_PeersAreKnownByTheirID(t *testing.T) {
	now := testkit.NewClock()
	b := newBench(t, func(s *Settings, _ *Services) {
		s.Address, s.Now, s.TrustedProxies = "", now.Now, []string{"0.0.0.0/0"}
	})
	p := newPipes()
	running(t, func(ctx context.Context, ready func()) error { return b.Serve(ctx, p, ready) })
	client := &http.Client{Transport: &http.Transport{DialContext: p.dial, DisableKeepAlives: true}}
	const room = 10 * sharedFactor
	for n := range room + 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://gateway.far:6001/v1/auth/challenge", strings.NewReader(fmt.Sprintf(`{"wallet":"%d"}`, n)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://far.example")
		req.Header.Set("X-Forwarded-Proto", "https")
		req.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", n%250))
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err = res.Body.Close(); err != nil {
			t.Error(err)
		}
		if limited := res.StatusCode == 429; limited != (n >= room) || (!limited && res.StatusCode != 200) {
			t.Errorf("request %d: %d", n, res.StatusCode)
		}
	}
	b.auth.mu.Lock()
	defer b.auth.mu.Unlock()
	if r := b.auth.seen[0]; r.Domain != "gateway.far:6001" || r.URI != "https://gateway.far:6001/v1/auth/verify" {
		t.Errorf("the text names %q %q", r.Domain, r.URI)
	}
}

// An answer that fails halfway must not look whole.
func TestHandle_HalfAnAnswerIsCut(t *testing.T) {
	b := newBench(t, nil)
	b.handler = b.guard(b.handle(route{path: "/half", access: public, here: true, serve: func(c *call) error {
		c.w.Header().Set("Content-Type", "application/octet-stream")
		_, err := c.w.Write(bytes.Repeat([]byte("x"), 10_000))
		return errors.Join(err, core.Errorf(core.Unavailable, "the disk is gone"))
	}}), true)
	p := newPipes()
	running(t, func(ctx context.Context, ready func()) error {
		server := b.server(ctx, b.handler)
		return b.carry(ctx, server, func() error { return server.Serve(p) }, ready)
	})
	client := &http.Client{Transport: &http.Transport{DialContext: p.dial, DisableKeepAlives: true}}
	res, err := client.Get("http://x/half")
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, res.Body)
	if n, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Errorf("%d bytes look like a whole answer", n)
	}
}

// A node must stop within seconds, also while somebody listens to events.
func TestServe_EndlessAnswersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(s *Settings, _ *Services) { s.Address = "" })
		handler := b.guard(b.handle(route{path: "/events", access: public, here: true, stream: true, serve: func(c *call) error {
			if _, err := c.w.Write([]byte(": here\n\n")); err != nil {
				return err
			}
			if err := http.NewResponseController(c.w).Flush(); err != nil {
				return err
			}
			<-c.r.Context().Done()
			_, err := fmt.Fprintf(c.w, "event: error\ndata: %s\n\n", core.CodeOf(context.Cause(c.r.Context())))
			return err
		}}), true)
		p := newPipes()
		stop := running(t, func(ctx context.Context, ready func()) error {
			server := b.server(ctx, handler)
			return b.carry(ctx, server, func() error { return server.Serve(p) }, ready)
		})
		client := &http.Client{Transport: &http.Transport{DialContext: p.dial, DisableKeepAlives: true}}
		res, err := client.Get("http://x/events")
		if err != nil {
			t.Fatal(err)
		}
		defer shut(t, res.Body)
		<-time.After(10 * MaxAnswerTime) // no deadline holds it
		begun := time.Now()
		var group sync.WaitGroup
		group.Go(stop)
		text, err := io.ReadAll(res.Body)
		group.Wait()
		if err != nil || !strings.HasSuffix(string(text), "data: unavailable\n\n") || time.Since(begun) >= maxDrainTime {
			t.Errorf("%q, %v, after %v", text, err, time.Since(begun))
		}
	})
}
