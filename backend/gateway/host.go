package gateway

// This file decides under which names the gateway may be called. A web page
// whose name was rebound to a loopback address still sends its own name in
// Host, so an exact list keeps it out.

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// hostAllowed accepts loopback literals and "localhost" with the gateway's own
// port, and the configured names. A gateway that listens beyond loopback is
// also reachable under the literal address of its own interface.
func (g *Gateway) hostAllowed(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), ""
	}
	if slices.Contains(g.settings.AllowedHosts, strings.ToLower(name)) {
		return true
	}
	ownHost, ownPort, err := net.SplitHostPort(g.Address())
	if err != nil || port != ownPort {
		return false
	}
	if name == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(name)
	if err != nil || ip.Zone() != "" || ip.Is4In6() {
		return false
	}
	own, err := netip.ParseAddr(ownHost)
	if err != nil {
		return false
	}
	return ip.IsLoopback() || ip == own || (own.IsUnspecified() && !ip.IsUnspecified())
}
