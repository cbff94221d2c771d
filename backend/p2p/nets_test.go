package p2p

import (
	"slices"
	"testing"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
)

// The doctor believes these facts: what libp2p tells must come out as it was told.
func TestHost_Facts(t *testing.T) {
	h, _ := start(t, Settings{ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}})
	f := h.Facts()
	if len(f.Listening) != 2 || !f.LoopbackOnly || f.Proxied || f.Router || f.OwnPublic || f.IPv6 || len(f.Public) > 0 || f.UDPLost || f.NATUDP != NATUnknown {
		t.Errorf("of a new host: %+v", f)
	}
	open, shut := ma.StringCast("/ip4/9.9.9.9/tcp/4001"), ma.StringCast("/ip4/9.9.9.9/udp/4001/quic-v1")
	for _, told := range []any{
		event.EvtNATDeviceTypeChanged{TransportProtocol: network.NATTransportUDP, NatDeviceType: network.NATDeviceTypeEndpointDependent},
		event.EvtNATDeviceTypeChanged{TransportProtocol: network.NATTransportTCP, NatDeviceType: network.NATDeviceTypeEndpointIndependent},
		event.EvtHostReachableAddrsChanged{Reachable: []ma.Multiaddr{open}, Unreachable: []ma.Multiaddr{shut}},
	} {
		h.learn(told)
	}
	for range blackHole {
		h.nets.udp.RecordResult(false)
	}
	f = h.Facts()
	if f.NATUDP != NATChanges || f.NATTCP != NATKeeps || !slices.Equal(f.Reached, []string{open.String()}) || !slices.Equal(f.Failed, []string{shut.String()}) || !f.UDPLost || f.IPv6Lost {
		t.Errorf("after news: %+v", f)
	}
	relay := "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf"
	through := ma.StringCast("/ip4/9.9.9.9/tcp/1/p2p/" + relay + "/p2p-circuit")
	if got := relayOf(through); got != relay || relayOf(open) != "" || relayOf(ma.StringCast("/p2p-circuit")) != "" {
		t.Errorf("the relay is %q", got)
	}
	if got := publicIPs([]ma.Multiaddr{open, shut, through, ma.StringCast("/ip4/10.0.0.1/tcp/1"), ma.StringCast("/dns4/x/tcp/1")}); len(got) != 1 || got[0].String() != "9.9.9.9" {
		t.Errorf("public addresses: %v", got)
	}
}
