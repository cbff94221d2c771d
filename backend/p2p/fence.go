package p2p

// This file keeps traffic inside: on this computer for a host that listens on
// loopback only, and behind the proxy for a host that dials through one.

import (
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"git.debros.io/DeBros/network/backend/core"
)

func (p *plan) fence(h *Host) []libp2p.Option {
	opts := []libp2p.Option{libp2p.ConnectionGater(gate{loopbackOnly: p.loopbackOnly, away: h.away, book: h.book})}
	if p.loopbackOnly || p.Dialer != nil {
		opts = append(opts, libp2p.MultiaddrResolver(noNames{}))
	}
	return opts
}

// fenced says why this host may not dial addr, or nil.
func (p *plan) fenced(addr ma.Multiaddr) error {
	if len(addr) == 0 {
		return nil // only a peer id: its known addresses pass the gate one by one
	}
	if p.loopbackOnly && !manet.IsIPLoopback(addr) {
		return core.Errorf(core.Invalid, "this node listens on loopback only and so dials nothing beyond this computer; add an address such as /ip4/0.0.0.0/tcp/4001 to node.listen_addresses")
	}
	if p.Dialer == nil {
		return nil
	}
	if _, err := addr.ValueForProtocol(ma.P_UDP); err == nil && !isRelayed(addr) {
		return core.Errorf(core.Invalid, "the SOCKS5 proxy carries TCP only; give the peer's /tcp address")
	}
	if isName(addr) {
		return core.Errorf(core.Invalid, "DNS names are not looked up while the SOCKS5 proxy is on, because the look-up would pass beside it; give the peer's /ip4 or /ip6 address")
	}
	return nil
}

func isName(addr ma.Multiaddr) bool {
	switch addr[0].Protocol().Code {
	case ma.P_DNS, ma.P_DNS4, ma.P_DNS6, ma.P_DNSADDR:
		return true
	}
	return false
}

func isRelayed(addr ma.Multiaddr) bool {
	_, err := addr.ValueForProtocol(ma.P_CIRCUIT)
	return err == nil
}

// gate refuses, on a host for loopback only, every dial that would leave this
// computer, whoever wishes it: a user, a peer's address list, AutoNAT or hole
// punching. On every host it refuses peers that a user has just sent away, and
// those that a user blocked.
type gate struct {
	loopbackOnly bool
	away         *away
	book         *book
}

func (g gate) InterceptPeerDial(p peer.ID) bool { return !g.book.blocked(p) }

func (g gate) InterceptAddrDial(_ peer.ID, addr ma.Multiaddr) bool {
	return !g.loopbackOnly || manet.IsIPLoopback(addr)
}

func (gate) InterceptAccept(network.ConnMultiaddrs) bool { return true }

func (g gate) InterceptSecured(dir network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	return !g.book.blocked(p) && (dir == network.DirOutbound || !g.away.has(p, time.Now()))
}

func (gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

// noNames looks up no DNS name: the question would leave by UDP.
type noNames struct{}

func (noNames) ResolveDNSAddr(context.Context, peer.ID, ma.Multiaddr, int, int) ([]ma.Multiaddr, error) {
	return nil, core.Errorf(core.Invalid, "DNS names are not looked up by this host")
}

func (noNames) ResolveDNSComponent(context.Context, ma.Multiaddr, int) ([]ma.Multiaddr, error) {
	return nil, core.Errorf(core.Invalid, "DNS names are not looked up by this host")
}

// lateNAT asks the router for a port only once the host runs. libp2p's own
// manager begins to ask as soon as a host is built. Its search for UPnP cannot
// be cancelled: one goroutine of it may outlive a host that is closed within its
// first five seconds.
type lateNAT struct {
	mu     sync.Mutex
	net    network.Network
	inner  basichost.NATManager // nil until start
	closed bool
}

func (l *lateNAT) attach(n network.Network) basichost.NATManager {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.net = n
	return l
}

// start begins to ask; it does nothing for a host that must not.
func (l *lateNAT) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.net != nil && l.inner == nil && !l.closed {
		l.inner = basichost.NewNATManager(l.net)
	}
}

func (l *lateNAT) manager() basichost.NATManager {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inner
}

// GetMapping returns the router's address for addr, or nil.
func (l *lateNAT) GetMapping(addr ma.Multiaddr) ma.Multiaddr {
	if m := l.manager(); m != nil {
		return m.GetMapping(addr)
	}
	return nil
}

// HasDiscoveredNAT says whether a router answered.
func (l *lateNAT) HasDiscoveredNAT() bool {
	m := l.manager()
	return m != nil && m.HasDiscoveredNAT()
}

// Close gives the port back.
func (l *lateNAT) Close() error {
	l.mu.Lock()
	l.closed = true
	m := l.inner
	l.mu.Unlock()
	if m != nil {
		return m.Close()
	}
	return nil
}
