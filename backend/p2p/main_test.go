package p2p

// This file gives the tests real hosts on loopback.

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newKey(t testing.TB) crypto.PrivKey {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// start runs a host until stop is called or the test ends. Settings without a
// listen address listen on loopback by TCP.
func start(t testing.TB, s Settings) (h *Host, stop func()) {
	t.Helper()
	if s.Identity == nil {
		s.Identity = newKey(t)
	}
	if s.ListenAddrs == nil {
		s.ListenAddrs = []string{"/ip4/127.0.0.1/tcp/0"}
	}
	h, err := New(s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- h.Run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		cancel()
		t.Fatalf("the host ended before it was ready: %v", err)
	}
	var stopped bool
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the host ended with %v", err)
		}
	}
	t.Cleanup(stop)
	return h, stop
}

// eventually waits until holds is true; what says what was waited for.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func wantCode(t testing.TB, err error, want core.Code) {
	t.Helper()
	if got := core.CodeOf(err); got != want {
		t.Fatalf("code %q, want %q: %v", got, want, err)
	}
}

// end closes what a test no longer needs.
func end(c io.Closer) {
	c.Close() //nolint:errcheck // it may be closed already
}
