package discovery

// This file gives the tests real nodes on loopback.

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/p2p"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newKey(t testing.TB) crypto.PrivKey {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func randomID(t testing.TB) peer.ID {
	t.Helper()
	id, err := peer.IDFromPrivateKey(newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

type runner interface {
	Run(ctx context.Context, ready func()) error
}

// run starts a part and returns what ends it; the test's end does too.
func run(t testing.TB, part runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- part.Run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		cancel()
		t.Fatalf("ended before it was ready: %v", err)
	}
	var stopped bool
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// startHost runs a host on loopback by TCP.
func startHost(t testing.TB, s p2p.Settings) (*p2p.Host, func()) {
	t.Helper()
	if s.Identity == nil {
		s.Identity = newKey(t)
	}
	if s.ListenAddrs == nil {
		s.ListenAddrs = []string{"/ip4/127.0.0.1/tcp/0"}
	}
	h, err := p2p.New(s, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return h, run(t, h)
}

// startNode runs a host and its discovery with the given bootstrap peers.
func startNode(t testing.TB, s p2p.Settings, bootstrap ...string) (h *p2p.Host, d *Discovery, stop func()) {
	t.Helper()
	h, stopHost := startHost(t, s)
	d, err := New(Settings{Bootstrap: bootstrap, Interval: 200 * time.Millisecond, MaxPeers: 20}, h, quiet())
	if err != nil {
		t.Fatal(err)
	}
	stopDiscovery := run(t, d)
	return h, d, func() {
		stopDiscovery()
		stopHost()
	}
}

func together(a, b *p2p.Host) bool {
	return a.Network().Connectedness(b.ID()) == network.Connected && b.Network().Connectedness(a.ID()) == network.Connected
}

// eventually waits until holds is true; what says what was waited for.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// end closes what a test no longer needs.
func end(c io.Closer) {
	c.Close() //nolint:errcheck // it may be closed already
}
