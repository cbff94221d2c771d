package p2p

// This file chooses libp2p's parts: transports, limits and what helps through NAT.

import (
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
)

// newConnectionGrace protects a connection from trimming until it could prove useful.
const newConnectionGrace = 20 * time.Second

// AutoNAT dials strangers back at their wish, so it is slow on purpose.
const (
	maxDialBacks        = 30 // per minute, for everybody
	maxDialBacksPerPeer = 3
)

func (p *plan) options(h *Host) ([]libp2p.Option, error) {
	store, err := pstoremem.NewPeerstore(
		pstoremem.WithMaxAddresses(MaxHeardAddresses),
		pstoremem.WithMaxAddressesPerPeer(MaxHeardPerPeer),
		pstoremem.WithMaxSignedPeerRecords(MaxHeardAddresses/MaxHeardPerPeer),
	)
	if err != nil {
		return nil, fmt.Errorf("make peerstore: %w", err)
	}
	resources, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(resourceLimits(p.MaxConnections)),
		rcmgr.WithMetricsDisabled(),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: MaxConnectionsPerIP}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: MaxConnectionsPerIP}, {PrefixLength: 48, ConnCount: 4 * MaxConnectionsPerIP}},
		))
	if err != nil {
		return nil, fmt.Errorf("make resource manager: %w", err)
	}
	low, high := watermarks(p.MaxConnections)
	trimmer, err := connmgr.NewConnManager(low, high, connmgr.WithGracePeriod(newConnectionGrace))
	if err != nil {
		return nil, fmt.Errorf("make connection manager: %w", err)
	}
	opts := []libp2p.Option{
		libp2p.Identity(p.Identity),
		libp2p.UserAgent(p.UserAgent),
		libp2p.NoListenAddrs, // Run listens
		libp2p.Peerstore(store),
		libp2p.ResourceManager(resources),
		libp2p.ConnectionManager(trimmer),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Security(tls.ID, tls.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.EnableRelay(),
		libp2p.DisableMetrics(), // they would register with a package variable
		libp2p.BandwidthReporter(h.meter),
		libp2p.UDPBlackHoleSuccessCounter(h.nets.udp),
		libp2p.IPv6BlackHoleSuccessCounter(h.nets.ipv6),
	}
	opts = append(opts, p.transports()...)
	opts = append(opts, p.fence(h)...)
	if !p.ClientOnly {
		opts = append(opts, p.services(h)...)
	}
	return opts, nil
}

func (p *plan) transports() []libp2p.Option {
	if p.Dialer == nil {
		return []libp2p.Option{libp2p.Transport(tcp.NewTCPTransport), libp2p.Transport(quic.NewTransport)}
	}
	through := func(ma.Multiaddr) (tcp.ContextDialer, error) { return p.Dialer, nil }
	return []libp2p.Option{libp2p.Transport(tcp.NewTCPTransport, tcp.WithDialerForAddr(through))}
}

// services is what a node does for others, and what helps others to reach it.
// What makes sense only beyond this computer is left out on loopback.
func (p *plan) services(h *Host) []libp2p.Option {
	opts := []libp2p.Option{libp2p.EnableRelayService(relay.WithResources(relayResources()))}
	if p.loopbackOnly {
		return opts
	}
	opts = append(opts,
		libp2p.EnableNATService(),
		libp2p.AutoNATServiceRateLimit(maxDialBacks, maxDialBacksPerPeer, time.Minute),
		libp2p.EnableAutoNATv2(),
	)
	if relays := withoutSelf(p.Relays, p.Identity); len(relays) > 0 {
		opts = append(opts, libp2p.EnableAutoRelayWithStaticRelays(relays))
	}
	if p.Dialer == nil {
		opts = append(opts, libp2p.EnableHolePunching(holepunch.WithTracer(h.gauges)), libp2p.NATManager(h.nat.attach))
	}
	return opts
}

// withoutSelf lets all nodes of a network share one list of relays.
func withoutSelf(relays []peer.AddrInfo, key crypto.PrivKey) []peer.AddrInfo {
	self, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return nil
	}
	var others []peer.AddrInfo
	for _, r := range relays {
		if r.ID != self {
			others = append(others, r)
		}
	}
	return others
}

func relayResources() relay.Resources {
	r := relay.DefaultResources()
	r.Limit = &relay.RelayLimit{Duration: MaxRelayTime, Data: MaxRelayBytes}
	r.MaxReservations = MaxRelayReservations
	r.MaxCircuits = MaxRelayCircuits
	return r
}

// watermarks say when connections are trimmed (above high) and down to what.
func watermarks(maxConnections int) (low, high int) {
	return maxConnections * 3 / 4, maxConnections * 9 / 10
}

// resourceLimits takes libp2p's own limits for its small protocols and sets
// ours for everything that a user can feel.
func resourceLimits(maxConnections int) rcmgr.ConcreteLimitConfig {
	scaling := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&scaling)
	descriptors := maxConnections + MaxHandshakes
	streams := func(n int) rcmgr.ResourceLimits {
		return rcmgr.ResourceLimits{Streams: rcmgr.LimitVal(2 * n), StreamsInbound: rcmgr.LimitVal(n), StreamsOutbound: rcmgr.LimitVal(n)}
	}
	system := streams(MaxStreams)
	system.Conns = rcmgr.LimitVal(maxConnections)
	system.ConnsInbound = rcmgr.LimitVal(maxConnections - maxConnections/4) // the rest is for our own dials
	system.ConnsOutbound = rcmgr.LimitVal(maxConnections)
	system.FD = rcmgr.LimitVal(descriptors)
	system.Memory = MaxNetworkMemory
	onePeer := streams(MaxStreamsPerPeer)
	onePeer.Conns, onePeer.ConnsInbound, onePeer.ConnsOutbound = 8, 8, 8 // TCP and QUIC, both directions, twice
	onePeer.FD = 8
	onePeer.Memory = MaxPeerMemory
	oneProtocol := streams(MaxStreams / 2)
	oneProtocol.Memory = MaxNetworkMemory / 2
	oneProtocolPeer := streams(MaxStreamsPerProtocolPeer)
	oneProtocolPeer.Memory = MaxPeerMemory
	return rcmgr.PartialLimitConfig{
		System:              system,
		Transient:           rcmgr.ResourceLimits{Conns: MaxHandshakes, ConnsInbound: MaxHandshakes / 2, ConnsOutbound: MaxHandshakes},
		PeerDefault:         onePeer,
		ProtocolDefault:     oneProtocol,
		ProtocolPeerDefault: oneProtocolPeer,
	}.Build(scaling.Scale(MaxNetworkMemory, descriptors))
}
