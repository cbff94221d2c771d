package p2p

// This file collects what the host knows of the networks around it, for those
// who explain how it can be reached.

import (
	"net/netip"
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// What a NAT does with the port of a sender.
const (
	NATUnknown  = ""
	NATKeeps    = "keeps"   // the same for every receiver: holes can be punched
	NATChanges  = "changes" // another for every receiver: they cannot
	blackHole   = 100       // dials after which libp2p judges, as by default
	fewSucceed  = 5
	stateBroken = "Blocked" // what libp2p calls it
)

// nets is what libp2p told of the networks.
type nets struct {
	udp, ipv6 *swarm.BlackHoleSuccessCounter

	mu      sync.Mutex
	natTCP  string
	natUDP  string
	yes, no []ma.Multiaddr // addresses that strangers could dial, and could not
}

func newNets() *nets {
	return &nets{
		udp:  &swarm.BlackHoleSuccessCounter{N: blackHole, MinSuccesses: fewSucceed, Name: "UDP"},
		ipv6: &swarm.BlackHoleSuccessCounter{N: blackHole, MinSuccesses: fewSucceed, Name: "IPv6"},
	}
}

func (n *nets) device(e event.EvtNATDeviceTypeChanged) {
	kind := NATUnknown
	switch e.NatDeviceType {
	case network.NATDeviceTypeEndpointIndependent:
		kind = NATKeeps
	case network.NATDeviceTypeEndpointDependent:
		kind = NATChanges
	default:
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.TransportProtocol == network.NATTransportUDP {
		n.natUDP = kind
	} else {
		n.natTCP = kind
	}
}

func (n *nets) reachable(e event.EvtHostReachableAddrsChanged) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.yes, n.no = e.Reachable, e.Unreachable
}

// Facts is what the host knows of how it can be reached.
type Facts struct {
	Listening    []string // addresses that are open
	LoopbackOnly bool
	Proxied      bool   // dials go through a SOCKS5 proxy, without UDP
	Reachability string // as Reachability
	// Reached and Failed are own addresses by what strangers found.
	Reached, Failed         []string
	NATTCP, NATUDP          string // NATKeeps, NATChanges or NATUnknown
	Router                  bool   // a router that maps ports has answered
	Mapped                  []string
	Relays                  int          // that are configured
	Reserved                []string     // ids of relays that hold a place for this node
	Public                  []netip.Addr // public addresses of this node, as it or others see them
	OwnPublic               bool         // this computer itself has a public IPv4 address
	IPv6                    bool         // and IPv6 address
	UDPLost, IPv6Lost       bool         // nearly every dial by it has failed lately
	PunchesTried, PunchesOK int
}

// Facts looks at the host as it is now.
func (h *Host) Facts() Facts {
	f := Facts{
		Listening: texts(h.Network().ListenAddresses()), LoopbackOnly: h.plan.loopbackOnly, Proxied: h.plan.Dialer != nil,
		Reachability: h.Reachability(), Router: h.nat.HasDiscoveredNAT(), Relays: len(withoutSelf(h.plan.Relays, h.plan.Identity)),
		UDPLost: h.nets.udp.State().String() == stateBroken, IPv6Lost: h.nets.ipv6.State().String() == stateBroken,
	}
	f.Listening = slices.DeleteFunc(f.Listening, func(a string) bool { return a == "/p2p-circuit" })
	f.PunchesTried, f.PunchesOK = h.gauges.punched()
	h.nets.mu.Lock()
	f.NATTCP, f.NATUDP = h.nets.natTCP, h.nets.natUDP
	f.Reached, f.Failed = texts(h.nets.yes), texts(h.nets.no)
	h.nets.mu.Unlock()
	for _, a := range h.Network().ListenAddresses() {
		if mapped := h.nat.GetMapping(a); mapped != nil {
			f.Mapped = append(f.Mapped, mapped.String())
		}
	}
	for _, a := range h.Addrs() {
		if relay := relayOf(a); relay != "" && !slices.Contains(f.Reserved, relay) {
			f.Reserved = append(f.Reserved, relay)
		}
	}
	f.Public = publicIPs(h.Addrs())
	own := publicIPs(h.interfaces())
	f.OwnPublic, f.IPv6 = slices.ContainsFunc(own, netip.Addr.Is4), slices.ContainsFunc(own, netip.Addr.Is6)
	return f
}

func (h *Host) interfaces() []ma.Multiaddr {
	addrs, err := h.Network().InterfaceListenAddresses()
	if err != nil {
		return nil // then nothing is known of them
	}
	return addrs
}

// publicIPs are the public addresses among addrs, relayed ones aside.
func publicIPs(addrs []ma.Multiaddr) []netip.Addr {
	var list []netip.Addr
	for _, a := range addrs {
		if isRelayed(a) || !manet.IsPublicAddr(a) {
			continue
		}
		if ip := ipOf(a); ip.IsValid() && !slices.Contains(list, ip) {
			list = append(list, ip)
		}
	}
	return list
}
