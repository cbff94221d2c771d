package p2p

// This file lists peers as people see them.

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxListedPeers bounds PeerList; connected peers come first.
	MaxListedPeers = 1000
)

// PeerList returns the connected peers, then those only known, each sorted by
// when they were last seen and then by id.
func (h *Host) PeerList() []core.Peer {
	if h.state.Load() == closed {
		return nil
	}
	sorted := h.Connected()
	listed := make(map[peer.ID]bool, len(sorted))
	for _, c := range h.Network().Peers() {
		listed[c] = true
	}
	for _, k := range h.book.all() {
		if !listed[k.id] && (len(sorted) < MaxListedPeers || k.wish != (wish{})) {
			listed[k.id] = true
			sorted = append(sorted, core.Peer{
				ID: k.id.String(), Name: k.wish.name, Addresses: k.addresses, Agent: k.agent, LastSeen: k.lastSeen, Protocols: []string{},
				Keep: k.wish.keep, Blocked: k.wish.blocked,
			})
		}
	}
	for _, id := range h.Peerstore().PeersWithAddrs() {
		if !listed[id] && id != h.ID() && len(sorted) < MaxListedPeers {
			sorted = append(sorted, core.Peer{ID: id.String(), Addresses: texts(h.Peerstore().Addrs(id)), Protocols: []string{}})
		}
	}
	slices.SortStableFunc(sorted, func(a, b core.Peer) int {
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
	return sorted
}

// Connected returns the connected peers, sorted by id.
func (h *Host) Connected() []core.Peer {
	if h.state.Load() == closed {
		return nil
	}
	now, own := time.Now(), h.ownIPs()
	best := h.bestConnections()
	list := make([]core.Peer, 0, len(best))
	for id, c := range best {
		list = append(list, h.describe(id, c, own, now))
	}
	slices.SortFunc(list, func(a, b core.Peer) int { return cmp.Compare(a.ID, b.ID) })
	return list
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

func (h *Host) describe(id peer.ID, c network.Conn, own map[netip.Addr]bool, now time.Time) core.Peer {
	stat, remote := c.Stat(), c.RemoteMultiaddr()
	moved, wanted := h.meter.peer(id), h.book.wanted(id)
	p := core.Peer{
		ID: id.String(), Name: wanted.name, Addresses: texts(h.Peerstore().Addrs(id)), Address: remote.String(), Connected: true,
		Direction: strings.ToLower(stat.Direction.String()), Path: pathOf(c, own), Relay: relayOf(remote), Transport: transportOf(remote),
		LatencyMS: milliseconds(h.Peerstore().LatencyEWMA(id)), Latencies: h.gauges.latencies(id), Since: stat.Opened, LastSeen: now,
		BytesIn: moved.BytesIn, BytesOut: moved.BytesOut, RateIn: moved.RateIn, RateOut: moved.RateOut,
		Keep: wanted.keep, Blocked: wanted.blocked, Protocols: []string{},
	}
	p.Punched = p.Path == core.PathDirect && h.gauges.punchedThrough(id, stat.Opened)
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
		return core.PathRelayed
	}
	ip := ipOf(remote)
	switch {
	case ip.IsLoopback(), own[ip]:
		return core.PathComputer
	case ip.IsPrivate(), ip.IsLinkLocalUnicast():
		return core.PathLAN
	}
	return core.PathDirect
}

// relayOf is the id of the relay that an address goes through, or "".
func relayOf(addr ma.Multiaddr) string {
	if !isRelayed(addr) {
		return ""
	}
	id, err := addr.ValueForProtocol(ma.P_P2P) // the first one: the relay comes before the circuit
	if err != nil {
		return ""
	}
	return id
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
