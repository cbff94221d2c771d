package anyoneproxy

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func mustNew(t *testing.T, s Settings) *Proxy {
	t.Helper()
	p, err := New(s, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run keeps p running until the test ends.
func run(t *testing.T, p *Proxy) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- p.Run(ctx, func() { close(ready) }) }()
	<-ready
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// A user who turns the proxy on must not show his address by one connection
// that went beside it, and must still reach his own network.
func TestProxy_WhoGoesThrough(t *testing.T) {
	tests := map[string]bool{ // address: through the proxy
		"192.0.2.1:4001":            true,
		"[2001:db8::1]:4001":        true,
		"100.64.1.1:4001":           true,
		"172.32.0.1:4001":           true,
		"example.org:443":           true,
		"127.example.org:443":       true,
		"127.0.0.1:4001":            false,
		"127.8.9.1:4001":            false,
		"[::1]:4001":                false,
		"[::ffff:127.0.0.1]:4001":   false,
		"[::ffff:192.0.2.1]:4001":   true,
		"10.1.2.3:4001":             false,
		"172.16.0.1:4001":           false,
		"192.168.1.1:4001":          false,
		"169.254.0.9:4001":          false,
		"[fe80::1]:4001":            false,
		"[fd00::1]:4001":            false,
		"localhost:4001":            false,
		"localhost.example.org:443": true,
	}
	for address, want := range tests {
		if got := !bypasses(address); got != want {
			t.Errorf("%s: through the proxy %v, want %v", address, got, want)
		}
	}
}

// The bytes that a peer sends must arrive through the proxy as without it, and
// the connection must be called by the peer's address, not by the proxy's.
func TestProxy_Carries(t *testing.T) {
	for name, s := range map[string]Settings{"without a password": {}, "with a password": {User: "alice", Password: "correct-horse"}} {
		t.Run(name, func(t *testing.T) {
			target := echo(t)
			server := newServer(t, func(f *server) {
				f.user, f.password = s.User, s.Password.Reveal()
				f.routes["192.0.2.7:4001"] = target
			})
			s.Address = server.address()
			p := mustNew(t, s)
			run(t, p)
			if got := p.Check(); got.State != core.StateOK || !strings.Contains(got.Detail, server.address()) {
				t.Fatalf("check: %+v", got)
			}
			c, err := p.DialContext(t.Context(), "tcp4", "192.0.2.7:4001")
			if err != nil {
				t.Fatal(err)
			}
			defer end(c)
			if got := c.RemoteAddr().String(); got != "192.0.2.7:4001" {
				t.Errorf("the connection is with %s", got)
			}
			if _, err = c.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			back := make([]byte, 5)
			if _, err = io.ReadFull(c, back); err != nil || string(back) != "hello" {
				t.Errorf("got %q, %v", back, err)
			}
			direct, err := p.DialContext(t.Context(), "tcp", target)
			if err != nil {
				t.Fatal(err)
			}
			end(direct)
			if got := server.asked(); len(got) != 1 || got[0] != "192.0.2.7:4001" {
				t.Errorf("the proxy was asked for %v", got)
			}
		})
	}
}

// A dead proxy must be a state that one can read, and a failed dial: never a
// direct connection.
func TestProxy_DeadIsSaid(t *testing.T) {
	server := newServer(t, nil)
	address := server.address()
	server.close()
	var dialled []string
	p, err := newProxy(Settings{Address: address}, dialer(func(ctx context.Context, network, to string) (net.Conn, error) {
		dialled = append(dialled, to)
		return (&net.Dialer{}).DialContext(ctx, network, to)
	}), quiet())
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.DialContext(t.Context(), "tcp", "192.0.2.7:4001")
	if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "nothing listens there") || !strings.Contains(core.Sentence(err), "node.disable_anonrc") {
		t.Errorf("the dial says %q (%v)", core.Sentence(err), err)
	}
	if got := p.Check(); got.State != core.StateDown || got.Detail != core.Sentence(err) {
		t.Errorf("check: %+v", got)
	}
	for _, to := range dialled {
		if to != address {
			t.Errorf("dialled %s beside the proxy", to)
		}
	}
	if _, err := p.DialContext(t.Context(), "udp", "192.0.2.7:53"); core.CodeOf(err) != core.Invalid {
		t.Errorf("UDP gave %v", err)
	}
}

// "It does not work" costs an evening; each cause has its own sentence.
func TestProxy_CausesAreTold(t *testing.T) {
	tests := map[string]struct {
		settings Settings
		server   func(*server)
		says     string
	}{
		"wrong password":    {Settings{User: "alice", Password: "wrong"}, func(s *server) { s.user, s.password = "alice", "right" }, "refuses the user name or password"},
		"password missing":  {Settings{}, func(s *server) { s.user, s.password = "alice", "right" }, "set proxy.user and proxy.password"},
		"not SOCKS at all":  {Settings{}, func(s *server) { s.raw = "HTTP/1.1 400 Bad Request\r\n\r\n" }, "is no SOCKS5 proxy"},
		"closes at once":    {Settings{}, func(s *server) { s.hangs = true }, "closed the connection"},
		"an unknown method": {Settings{}, func(s *server) { s.raw = "\x05\x01" }, "does not know"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, test.server)
			test.settings.Address = server.address()
			p := mustNew(t, test.settings)
			p.probe(t.Context())
			got := p.Check()
			if got.State != core.StateDown || !strings.Contains(got.Detail, test.says) {
				t.Errorf("check: %+v, want %q", got, test.says)
			}
			if strings.Contains(got.Detail, "wrong") {
				t.Error("the password is in the sentence")
			}
			_, err := p.DialContext(t.Context(), "tcp", "192.0.2.7:4001")
			if core.CodeOf(err) != core.Unavailable || core.Sentence(err) != got.Detail {
				t.Errorf("a dial says %q", core.Sentence(err))
			}
		})
	}
}

// A peer that is away is not the proxy's fault, and must not be told as such.
func TestProxy_PeerIsAway(t *testing.T) {
	p := mustNew(t, Settings{Address: newServer(t, nil).address()})
	p.probe(t.Context())
	_, err := p.DialContext(t.Context(), "tcp", "192.0.2.9:4001")
	if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "cannot reach that address") {
		t.Errorf("says %q", core.Sentence(err))
	}
	if got := p.Check(); got.State != core.StateOK {
		t.Errorf("check: %+v", got)
	}
}

// Without a proxy nothing may change for the user.
func TestProxy_Off(t *testing.T) {
	p := mustNew(t, Settings{})
	run(t, p)
	if got := p.Check(); got.State != core.StateOff {
		t.Errorf("check: %+v", got)
	}
	c, err := p.DialContext(t.Context(), "tcp", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	end(c)
}

// A wrong setting must be named at start, not found out by a leak.
func TestNew_Refuses(t *testing.T) {
	long := strings.Repeat("x", MaxCredentialBytes+1)
	for name, s := range map[string]Settings{
		"no port":                 {Address: "127.0.0.1"},
		"a URL":                   {Address: "socks5://127.0.0.1:9050"},
		"no host":                 {Address: ":9050"},
		"port 0":                  {Address: "127.0.0.1:0"},
		"port in words":           {Address: "127.0.0.1:socks"},
		"a long user":             {Address: "127.0.0.1:9050", User: long},
		"a long password":         {Address: "127.0.0.1:9050", User: "a", Password: core.Secret(long)},
		"a password without user": {Address: "127.0.0.1:9050", Password: "x"},
	} {
		if _, err := New(s, quiet()); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fakeProxy counts how often it is asked, and answers when it is up.
type fakeProxy struct {
	up    atomic.Bool
	asked atomic.Int64
}

func (f *fakeProxy) DialContext(context.Context, string, string) (net.Conn, error) {
	f.asked.Add(1)
	if !f.up.Load() {
		return nil, errors.New("nobody there")
	}
	ours, theirs := net.Pipe()
	go func() {
		defer end(theirs)
		if _, err := io.ReadFull(theirs, make([]byte, 3)); err == nil {
			say(theirs, version5, noPassword)
		}
	}()
	return ours, nil
}

// A proxy that comes back must be seen within seconds, one that serves must not
// be bothered all the time.
func TestProxy_IsAskedNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeProxy{}
		p, err := newProxy(Settings{Address: "127.0.0.1:9050"}, f, quiet())
		if err != nil {
			t.Fatal(err)
		}
		run(t, p)
		after := func(d time.Duration) (asked int64) {
			before := f.asked.Load()
			time.Sleep(d)
			synctest.Wait()
			return f.asked.Load() - before
		}
		if asked := after(2*probeAgain + time.Second); asked != 2 || p.Check().State != core.StateDown {
			t.Fatalf("asked %d times, %+v", asked, p.Check())
		}
		f.up.Store(true)
		if after(probeAgain); p.Check().State != core.StateOK {
			t.Fatalf("back, but %+v", p.Check())
		}
		if asked := after(2 * probeInterval); asked != 2 {
			t.Errorf("asked %d times in a minute", asked)
		}
		f.up.Store(false)
		if _, err := p.DialContext(t.Context(), "tcp", "192.0.2.1:1"); core.CodeOf(err) != core.Unavailable {
			t.Error(err)
		}
		if asked := after(probeAgain); asked < 1 || p.Check().State != core.StateDown {
			t.Errorf("a failed dial did not have it looked at: asked %d times, %+v", asked, p.Check())
		}
	})
}

// A silent proxy must not hold up the start for long.
func TestProxy_SilentProxyIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := newProxy(Settings{Address: "127.0.0.1:9050"}, dialer(func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			t.Cleanup(func() { end(theirs) })
			go pass(io.Discard, theirs)
			return ours, nil
		}), quiet())
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		p.probe(t.Context())
		if took := time.Since(began); took != probeTimeout {
			t.Errorf("took %v", took)
		}
		if got := p.Check(); got.State != core.StateDown || !strings.Contains(got.Detail, "in time") {
			t.Errorf("check: %+v", got)
		}
	})
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d(ctx, network, address)
}
