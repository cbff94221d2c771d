package p2p

// This file holds what a host is built from, and the bounds it keeps.

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of one host. Strangers choose how much they send; these say how much
// of it is kept.
const (
	// MinConnections is the least that Settings.MaxConnections may be: one
	// quarter is kept free for the dials of this node itself.
	MinConnections = 4
	// UsualConnections is used when Settings.MaxConnections is 0.
	UsualConnections = 100
	// MaxConnectionsPerIP leaves room for a household behind one address, but
	// not for one machine that takes every place. Loopback is not bounded.
	MaxConnectionsPerIP = 16
	// MaxHandshakes bounds connections that have not yet proven who they are.
	MaxHandshakes = 64
	// MaxStreamsPerPeer bounds open streams with one peer, in each direction:
	// about 100 awake groups with a few streams each, and the rest beside them.
	// Over QUIC a peer has libp2p's own 256 per connection.
	MaxStreamsPerPeer = 1024
	// MaxStreams bounds open streams with all peers together.
	MaxStreams = 16 << 10
	// MaxStreamsPerProtocolPeer keeps one protocol from using up a peer's streams.
	MaxStreamsPerProtocolPeer = 256
	// MaxNetworkMemory bounds the buffers of all connections and streams.
	MaxNetworkMemory = 512 << 20
	// MaxPeerMemory bounds the buffers that one peer can make us hold.
	MaxPeerMemory = 64 << 20

	// MaxRelayReservations bounds peers that wait here to be reached by relay.
	MaxRelayReservations = 64
	// MaxRelayCircuits bounds relayed connections of one peer.
	MaxRelayCircuits = 8
	// MaxRelayBytes bounds one relayed connection, each way: enough to punch a
	// hole and to chat meanwhile, too little to carry others' downloads.
	MaxRelayBytes = 4 << 20
	// MaxRelayTime ends a relayed connection; the peers then dial again.
	MaxRelayTime = 5 * time.Minute

	// MaxStoredPeers bounds the peers that are remembered over a restart.
	MaxStoredPeers = 10_000
	// MaxWishes bounds the peers that a person named, keeps or blocked.
	MaxWishes = 1000
	// MaxStoredAddresses bounds the addresses remembered for one peer.
	MaxStoredAddresses = 8
	// MaxStoredAge is how long a peer is remembered after it was last seen.
	MaxStoredAge = 30 * 24 * time.Hour
	// MaxHeardAddresses bounds addresses in memory that peers told us of and
	// that nobody is connected to; about 10 MB.
	MaxHeardAddresses = 20_000
	// MaxHeardPerPeer bounds them for one peer.
	MaxHeardPerPeer = 32
)

// Dialer makes outgoing TCP connections in place of the operating system.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Settings say what the host is. Identity must be set.
type Settings struct {
	Identity       crypto.PrivKey
	ListenAddrs    []string        // multiaddresses without /p2p; port 0 picks a free one
	MaxConnections int             // hard limit; 0 means UsualConnections
	PeerstoreDir   string          // where peers are remembered; "" remembers nothing
	Relays         []peer.AddrInfo // asked for a relayed address when this node cannot be dialled
	Dialer         Dialer          // nil dials directly; set, QUIC is left out
	UserAgent      string          // told to peers
	ClientOnly     bool            // does not listen and serves nobody as relay or for AutoNAT
}

// plan is the checked form of Settings.
type plan struct {
	Settings
	listen       []ma.Multiaddr
	dropped      []string // listen addresses left out because of the proxy
	loopbackOnly bool
}

func (s Settings) check() (plan, error) {
	p := plan{Settings: s}
	if s.Identity == nil {
		return p, core.Errorf(core.Invalid, "a host needs an identity; load one with p2p.LoadIdentity")
	}
	if p.MaxConnections == 0 {
		p.MaxConnections = UsualConnections
	}
	if p.MaxConnections < MinConnections {
		return p, core.Errorf(core.Invalid, "a host needs room for at least %d connections; raise node.max_connections", MinConnections)
	}
	if p.UserAgent == "" {
		p.UserAgent = "debros"
	}
	if s.ClientOnly {
		return p, nil
	}
	for _, text := range s.ListenAddrs {
		addr, err := parseListen(text)
		if err != nil {
			return p, err
		}
		if s.Dialer != nil && isQUIC(addr) {
			p.dropped = append(p.dropped, text)
			continue
		}
		p.listen = append(p.listen, addr)
	}
	if len(p.listen) == 0 {
		return p, core.Errorf(core.Invalid, "a node needs an address to listen on; add one such as /ip4/0.0.0.0/tcp/4001 to node.listen_addresses")
	}
	p.loopbackOnly = true
	for _, addr := range p.listen {
		p.loopbackOnly = p.loopbackOnly && manet.IsIPLoopback(addr)
	}
	return p, nil
}

func parseListen(text string) (ma.Multiaddr, error) {
	addr, err := ma.NewMultiaddr(text)
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "the listen address %q is not a multiaddress; write it like /ip4/0.0.0.0/tcp/4001", text)
	}
	if _, err := addr.ValueForProtocol(ma.P_P2P); err == nil {
		return nil, core.Errorf(core.Invalid, "the listen address %q names a peer; leave out the /p2p part", text)
	}
	if _, err := manet.ToIP(addr); err != nil || (!isQUIC(addr) && !isTCP(addr)) {
		return nil, core.Errorf(core.Invalid, "the listen address %q is neither TCP nor QUIC on an IP address; write it like /ip4/0.0.0.0/tcp/4001 or /ip4/0.0.0.0/udp/4001/quic-v1", text)
	}
	return addr, nil
}

func isQUIC(addr ma.Multiaddr) bool {
	return len(addr) == 3 && addr[1].Protocol().Code == ma.P_UDP && addr[2].Protocol().Code == ma.P_QUIC_V1
}

func isTCP(addr ma.Multiaddr) bool {
	return len(addr) == 2 && addr[1].Protocol().Code == ma.P_TCP
}

// Limits lists the bounds of this package that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "peer connections", Value: "node.max_connections, a quarter kept for dials of this node", Why: "each costs about 100 KB; strangers must not fill all places", Key: "node.max_connections"},
		{Name: "connections from one IP address", Value: fmt.Sprint(MaxConnectionsPerIP), Why: "one machine must not take every place; loopback is not bounded"},
		{Name: "connections that have not proven their identity", Value: fmt.Sprint(MaxHandshakes), Why: "half-open handshakes cost memory"},
		{Name: "streams with one peer", Value: fmt.Sprintf("%d each way, 256 inbound over one QUIC connection", MaxStreamsPerPeer), Why: "room for about 100 awake groups"},
		{Name: "network buffers", Value: fmt.Sprintf("%d MiB in all, %d MiB per peer", MaxNetworkMemory>>20, MaxPeerMemory>>20), Why: "a peer that sends and never reads must not fill the memory"},
		{Name: "relayed connection", Value: fmt.Sprintf("%d MiB each way, %s", MaxRelayBytes>>20, MaxRelayTime), Why: "a relay introduces peers; it does not carry their data"},
		{Name: "peers waiting at this relay", Value: fmt.Sprint(MaxRelayReservations), Why: "each holds a connection open"},
		{Name: "remembered peers", Value: fmt.Sprintf("%d for %d days", MaxStoredPeers, int(MaxStoredAge.Hours()/24)), Why: "to find the network again after a restart, and to show who was there"},
		{Name: "peers with a name, kept or blocked", Value: fmt.Sprint(MaxWishes), Why: "they are kept for ever"},
	}
}
