package testkit

import (
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

// NewHost returns a real libp2p host that listens on loopback, by TCP only, under
// an Ed25519 key of its own. It is closed when the test ends.
func NewHost(t testing.TB) host.Host {
	t.Helper()
	return newHost(t)
}

// Reborn is a host with the key of one that was closed, at another port.
func Reborn(t testing.TB, key crypto.PrivKey) host.Host {
	t.Helper()
	return newHost(t, libp2p.Identity(key))
}

func newHost(t testing.TB, more ...libp2p.Option) host.Host {
	t.Helper()
	h, err := libp2p.New(append(more, libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.DisableRelay(), libp2p.UserAgent("test"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// Introduce lets two hosts find each other. It opens no connection.
func Introduce(a, b host.Host) {
	a.Peerstore().AddAddrs(b.ID(), b.Addrs(), peerstore.PermanentAddrTTL)
	b.Peerstore().AddAddrs(a.ID(), a.Addrs(), peerstore.PermanentAddrTTL)
}
