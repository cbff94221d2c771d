package discovery

// This file says which addresses make sense where: a loopback address means
// another computer to everybody else, a private one another network.

import (
	"net/netip"

	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// class is the part of the world in which an address has a meaning.
type class string

const (
	nowhere  class = ""
	loopback class = "loopback"
	public   class = "public"
	// The private kinds are told apart by their block: who is seen under 10.x
	// has no way to 192.168.x as a rule.
	linkLocal class = "link-local"
	block10   class = "10.0.0.0/8"
	block172  class = "172.16.0.0/12"
	block192  class = "192.168.0.0/16"
	shared    class = "100.64.0.0/10"
	unique    class = "fc00::/7"
)

// classOf finds the class of an address by its first part. DNS names are public.
func classOf(addr ma.Multiaddr) class {
	if len(addr) == 0 {
		return nowhere
	}
	switch addr[0].Protocol().Code {
	case ma.P_DNS, ma.P_DNS4, ma.P_DNS6, ma.P_DNSADDR:
		return public
	case ma.P_IP4, ma.P_IP6:
	default: // nothing that could be dialled, or only with a zone of that computer
		return nowhere
	}
	raw, err := manet.ToIP(addr)
	if err != nil {
		return nowhere
	}
	ip, ok := netip.AddrFromSlice(raw)
	if !ok {
		return nowhere
	}
	return classOfIP(ip.Unmap())
}

func classOfIP(ip netip.Addr) class {
	switch {
	case ip.IsUnspecified(), ip.IsMulticast(), ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return nowhere
	case ip.IsLoopback():
		return loopback
	case ip.IsLinkLocalUnicast():
		return linkLocal
	}
	for _, c := range []class{block10, block172, block192, shared, unique} {
		if netip.MustParsePrefix(string(c)).Contains(ip) {
			return c
		}
	}
	return public
}

// vantage is where the other side of a connection stands. Behind a relay it may
// stand anywhere.
func vantage(c network.Conn) class {
	if _, err := c.RemoteMultiaddr().ValueForProtocol(ma.P_CIRCUIT); err == nil || c.Stat().Limited {
		return public
	}
	return classOf(c.RemoteMultiaddr())
}

// tellable says whether addr means the same to a peer that stands at from. A
// peer on this computer can dial everything that we can.
func tellable(addr ma.Multiaddr, from class) bool {
	switch c := classOf(addr); c {
	case nowhere:
		return false
	case public:
		return true
	default:
		return c == from || from == loopback
	}
}
