package p2p

import (
	"net/netip"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
)

// connAt is a connection of which only the far end matters.
type connAt struct {
	network.Conn
	remote  string
	limited bool
}

func (c connAt) RemoteMultiaddr() ma.Multiaddr { return ma.StringCast(c.remote) }

func (c connAt) Stat() network.ConnStats {
	return network.ConnStats{Stats: network.Stats{Limited: c.limited}}
}

// The path is how a user learns whether his data crosses the world, his house
// or a stranger's relay.
func TestPathOf(t *testing.T) {
	own := map[netip.Addr]bool{netip.MustParseAddr("192.168.1.2"): true, netip.MustParseAddr("203.0.113.5"): true}
	relayed := "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf/p2p-circuit"
	tests := map[string]struct {
		conn connAt
		want string
	}{
		"loopback":                 {connAt{remote: "/ip4/127.0.0.1/tcp/1"}, "this computer"},
		"IPv6 loopback":            {connAt{remote: "/ip6/::1/tcp/1"}, "this computer"},
		"own LAN address":          {connAt{remote: "/ip4/192.168.1.2/udp/1/quic-v1"}, "this computer"},
		"own public address":       {connAt{remote: "/ip4/203.0.113.5/tcp/1"}, "this computer"},
		"own, mapped to IPv6":      {connAt{remote: "/ip6/::ffff:192.168.1.2/tcp/1"}, "this computer"},
		"a neighbour":              {connAt{remote: "/ip4/192.168.1.3/tcp/1"}, "lan"},
		"a neighbour without DHCP": {connAt{remote: "/ip4/169.254.1.3/tcp/1"}, "lan"},
		"a neighbour by IPv6":      {connAt{remote: "/ip6/fd00::3/tcp/1"}, "lan"},
		"far away":                 {connAt{remote: "/ip4/198.51.100.1/tcp/1"}, "direct"},
		"by a relay":               {connAt{remote: relayed}, "relayed"},
		"limited":                  {connAt{remote: "/ip4/198.51.100.1/tcp/1", limited: true}, "relayed"},
	}
	for name, test := range tests {
		if got := pathOf(test.conn, own); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// The listed transport tells why a firewall that blocks UDP matters.
func TestTransportOf(t *testing.T) {
	for addr, want := range map[string]string{
		"/ip4/127.0.0.1/tcp/1":                     "tcp",
		"/ip4/127.0.0.1/udp/1/quic-v1":             "quic",
		"/ip4/127.0.0.1/udp/1/quic-v1/p2p-circuit": "quic",
		"/p2p-circuit":                             "",
	} {
		if got := transportOf(ma.StringCast(addr)); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
}
