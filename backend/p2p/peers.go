package p2p

// This file lists peers as people see them, and measures how far they are.

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxListedPeers bounds PeerList; connected peers come first.
	MaxListedPeers = 1000

	// pingInterval is often enough for a figure on a screen.
	pingInterval = 30 * time.Second
	pingTimeout  = 10 * time.Second
	// maxPings bounds pings under way, so that a round is spread out.
	maxPings = 4
)

// PeerList returns the connected peers, then those only known, each sorted by
// when they were last seen and then by id.
func (h *Host) PeerList() []core.Peer {
	if h.state.Load() == closed {
		return nil
	}
	now := time.Now()
	list := make(map[peer.ID]core.Peer)
	own := h.ownIPs()
	for id, best := range h.bestConnections() {
		p := h.describe(id, best, now)
		p.Path = pathOf(best, own)
		list[id] = p
	}
	for _, known := range h.book.all() {
		if _, connected := list[known.id]; !connected {
			list[known.id] = core.Peer{ID: known.id.String(), Addresses: known.addresses, Agent: known.agent, LastSeen: known.lastSeen, Protocols: []string{}}
		}
	}
	for _, id := range h.Peerstore().PeersWithAddrs() {
		if _, listed := list[id]; listed || id == h.ID() || len(list) >= MaxListedPeers {
			continue
		}
		list[id] = core.Peer{ID: id.String(), Addresses: texts(h.Peerstore().Addrs(id)), Protocols: []string{}}
	}
	sorted := slices.SortedFunc(maps.Values(list), func(a, b core.Peer) int {
		if a.Connected != b.Connected {
			if a.Connected {
				return -1
			}
			return 1
		}
		if a.Connected { // all were seen just now: a steady order is easier to read
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Or(b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.ID, b.ID))
	})
	return sorted[:min(len(sorted), MaxListedPeers)]
}

// bestConnections picks for each peer the connection that streams will use:
// a direct one before a relayed one, then the oldest.
func (h *Host) bestConnections() map[peer.ID]network.Conn {
	best := make(map[peer.ID]network.Conn)
	for _, c := range h.Network().Conns() {
		have, ok := best[c.RemotePeer()]
		if !ok || better(c.Stat(), have.Stat()) {
			best[c.RemotePeer()] = c
		}
	}
	return best
}

func better(a, b network.ConnStats) bool {
	if a.Limited != b.Limited {
		return !a.Limited
	}
	return a.Opened.Before(b.Opened)
}

func (h *Host) describe(id peer.ID, c network.Conn, now time.Time) core.Peer {
	stat := c.Stat()
	p := core.Peer{
		ID: id.String(), Addresses: texts(h.Peerstore().Addrs(id)), Connected: true,
		Direction: strings.ToLower(stat.Direction.String()), Transport: transportOf(c.RemoteMultiaddr()),
		LatencyMS: float64(h.Peerstore().LatencyEWMA(id)) / float64(time.Millisecond), Since: stat.Opened, LastSeen: now,
		Protocols: []string{},
	}
	if agent, err := h.Peerstore().Get(id, "AgentVersion"); err == nil {
		p.Agent, _ = agent.(string) //nolint:errcheck // identify stores a string, and "" is right for anything else
	}
	if protocols, err := h.Peerstore().GetProtocols(id); err == nil {
		for _, name := range protocols {
			p.Protocols = append(p.Protocols, string(name))
		}
		slices.Sort(p.Protocols)
	}
	return p
}

// pathOf says how far the connection goes. Own are this computer's addresses: a
// node on it may be dialled by any of them.
func pathOf(c network.Conn, own map[netip.Addr]bool) string {
	remote := c.RemoteMultiaddr()
	if c.Stat().Limited || isRelayed(remote) {
		return "relayed"
	}
	ip := ipOf(remote)
	switch {
	case ip.IsLoopback(), own[ip]:
		return "this computer"
	case ip.IsPrivate(), ip.IsLinkLocalUnicast():
		return "lan"
	}
	return "direct"
}

// ownIPs are the addresses of this computer's interfaces that the host listens on.
func (h *Host) ownIPs() map[netip.Addr]bool {
	own := make(map[netip.Addr]bool)
	addrs, err := h.Network().InterfaceListenAddresses()
	if err != nil {
		return own // only the word for the path is less exact
	}
	for _, a := range addrs {
		if ip := ipOf(a); ip.IsValid() {
			own[ip] = true
		}
	}
	return own
}

// ipOf is the IP that addr begins with; it is not valid when there is none.
func ipOf(addr ma.Multiaddr) netip.Addr {
	raw, err := manet.ToIP(addr)
	if err != nil {
		return netip.Addr{}
	}
	ip, _ := netip.AddrFromSlice(raw)
	return ip.Unmap()
}

func transportOf(addr ma.Multiaddr) string {
	for _, part := range addr { // the first one carries the bytes from here
		switch part.Protocol().Code {
		case ma.P_QUIC_V1:
			return "quic"
		case ma.P_TCP:
			return "tcp"
		}
	}
	return ""
}

// isBareCircuit finds the relay transport's place holder, which nobody can dial.
func isBareCircuit(addr ma.Multiaddr) bool {
	return len(addr) > 0 && addr[0].Protocol().Code == ma.P_CIRCUIT
}

func texts(addrs []ma.Multiaddr) []string {
	list := make([]string, 0, len(addrs))
	for _, a := range addrs {
		list = append(list, a.String())
	}
	slices.Sort(list)
	return list
}

// measure pings the connected peers now and then; the answers go to the
// peerstore's moving average.
func (h *Host) measure(ctx context.Context) {
	tick := time.NewTicker(pingInterval)
	defer tick.Stop()
	for {
		h.pingAll(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-h.came:
		}
	}
}

func (h *Host) pingAll(ctx context.Context) {
	var round sync.WaitGroup
	defer round.Wait()
	places := make(chan struct{}, maxPings)
	for _, id := range h.Network().Peers() {
		select {
		case <-ctx.Done():
			return
		case places <- struct{}{}:
		}
		round.Go(func() {
			defer func() { <-places }()
			h.pingOne(ctx, id)
		})
	}
}

// pingOne pings once. A peer that does not answer simply has no figure.
func (h *Host) pingOne(ctx context.Context, id peer.ID) {
	ctx, cancel := context.WithTimeout(network.WithNoDial(ctx, "measuring only"), pingTimeout)
	defer cancel()
	answers := ping.Ping(ctx, h, id)
	<-answers
	cancel()
	for open := true; open; { // libp2p closes it when its goroutine has ended
		_, open = <-answers
	}
}
