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
	name, port, ok := splitHost(host)
	if !ok {
		return false
	}
	if slices.Contains(g.settings.AllowedHosts, strings.ToLower(name)) {
		return true
	}
	if port == "" { // what a browser leaves out
		port = "80"
		if g.tls != nil {
			port = "443"
		}
	}
	if port != g.own.port || g.own.port == "" {
		return false
	}
	if name == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(name)
	if err != nil || ip.Zone() != "" || ip.Is4In6() {
		return false
	}
	return ip.IsLoopback() || ip == g.own.ip || (g.own.ip.IsUnspecified() && !ip.IsUnspecified())
}

// ownName is where the gateway listens; its port is "" when it does not.
type ownName struct {
	ip   netip.Addr
	port string
}

func nameOf(address string) ownName {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return ownName{}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return ownName{}
	}
	return ownName{ip, port}
}

// splitHost cuts a Host header into name and port, "" when there is none. An
// IPv6 address must stand in brackets and nothing else may.
func splitHost(host string) (name, port string, ok bool) {
	if rest, bracketed := strings.CutPrefix(host, "["); bracketed {
		literal, after, closed := strings.Cut(rest, "]")
		if !closed || !strings.Contains(literal, ":") || (after != "" && after[0] != ':') {
			return "", "", false
		}
		return literal, strings.TrimPrefix(after, ":"), after != ":"
	}
	name, port, named := strings.Cut(host, ":")
	return name, port, name != "" && named == (port != "") && strings.Trim(port, "0123456789") == ""
}
