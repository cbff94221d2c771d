package doctor

// This file says why the way to one peer is what it is.

import (
	"fmt"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// PunchProtocol is what a peer speaks that can make a relayed connection direct.
const PunchProtocol = "/libp2p/dcutr"

const (
	// trying is how long a new relayed connection is given to become direct.
	trying = time.Minute
	// enough failed attempts are no accident.
	enough = 3
)

// Attempt is one try to reach a relayed peer directly.
type Attempt struct {
	At     time.Time
	Direct bool // a plain dial; else both sides dialled at once
	OK     bool
	Reason string
}

// Link is what is known of the way to one peer.
type Link struct {
	Peer     core.Peer
	Attempts []Attempt // oldest first
	Here     Side
	There    Side // as far as the peer shared it; the zero Side is unknown
}

// Side is one end's standing.
type Side struct {
	Known     bool
	Proxied   bool
	NATUDP    string
	NATTCP    string
	UDPLost   bool
	Reachable bool   // strangers can dial it
	UDPPort   string // that it listens on, "" when unknown
}

// Why finds the first rule that fits.
func Why(l Link, now time.Time) core.PathReason {
	evidence := l.evidence(now)
	for _, rule := range []func(Link, time.Time) core.PathReason{
		connected, proxied, fresh, cannotPunch, udpBlocked, portsChange, refused, neverTried,
	} {
		if r := rule(l, now); r.Rule != "" {
			r.Evidence = evidence
			return r
		}
	}
	return core.PathReason{
		Rule: "unknown", Sentence: "It is reached through a relay, and no rule explains why. The evidence is below.", Evidence: evidence,
	}
}

func because(rule, sentence string, args ...any) core.PathReason {
	return core.PathReason{Rule: rule, Sentence: fmt.Sprintf(sentence, args...)}
}

func connected(l Link, _ time.Time) core.PathReason {
	switch route := l.Peer.Route(); route {
	case core.RouteOffline:
		return because("offline", "It is not connected. Connect it to see how it can be reached.")
	case core.RouteComputer:
		return because("near", "It runs on this computer, so nothing leaves it.")
	case core.RouteLAN:
		return because("near", "It is in the same local network and is reached directly.")
	case core.RoutePunched:
		return because("punched", "It was reached through a relay first; then both sides punched a hole through their routers. It is direct now.")
	case core.RouteTCP, core.RouteQUIC:
		return because("direct", "It is reached directly, by %s.", map[string]string{core.RouteTCP: "TCP", core.RouteQUIC: "QUIC"}[route])
	}
	return core.PathReason{}
}

func proxied(l Link, _ time.Time) core.PathReason {
	switch {
	case l.Here.Proxied:
		return because("proxied-here", "This node dials through a SOCKS5 proxy and punches no holes, because UDP would pass beside it. It becomes direct if the other node can be dialled by TCP.")
	case l.There.Proxied:
		return because("proxied-there", "The other node dials through a SOCKS5 proxy and punches no holes. It becomes direct if this node can be dialled by TCP.")
	}
	return core.PathReason{}
}

func fresh(l Link, now time.Time) core.PathReason {
	if len(l.Attempts) == 0 && now.Sub(l.Peer.Since) < trying {
		return because("trying", "A direct connection is being tried; look again in a minute.")
	}
	return core.PathReason{}
}

func cannotPunch(l Link, _ time.Time) core.PathReason {
	if len(l.Peer.Protocols) == 0 || slices.Contains(l.Peer.Protocols, PunchProtocol) {
		return core.PathReason{}
	}
	program := l.Peer.Agent
	if program == "" {
		program = "an unknown program"
	}
	return because("cannot-punch", "The other node cannot punch holes; it runs %s. It becomes direct if a port is open on either side.", program)
}

func udpBlocked(l Link, _ time.Time) core.PathReason {
	switch {
	case l.Here.UDPLost && l.There.UDPLost:
		return because("udp-blocked", "UDP is blocked on both sides. It becomes direct if a firewall lets UDP out on each side, or a TCP port is open on either.")
	case l.Here.UDPLost:
		return because("udp-blocked-here", "UDP does not leave this network. It becomes direct if the firewall here lets UDP out.")
	case l.There.UDPLost:
		return because("udp-blocked-there", "UDP does not leave the other node's network. It becomes direct if the firewall there lets UDP out.")
	}
	return core.PathReason{}
}

func portsChange(l Link, _ time.Time) core.PathReason {
	n, here, there := failed(l.Attempts, false), l.Here.NATUDP == NATChanges, l.There.NATUDP == NATChanges
	if n < enough || (!here && !there) {
		return core.PathReason{}
	}
	port := "a UDP port"
	if l.Here.UDPPort != "" {
		port = "UDP port " + l.Here.UDPPort
	}
	switch {
	case here && there:
		return because("ports-change", "The routers on both sides use another port for every receiver, and %d attempts to punch a hole failed. It would become direct if %s were open here, or one there.", n, port)
	case here:
		return because("ports-change-here", "The router here uses another port for every receiver, and %d attempts to punch a hole failed. It would become direct if %s were open here.", n, port)
	}
	return because("ports-change-there", "The router of the other node uses another port for every receiver, and %d attempts to punch a hole failed. It would become direct if %s were open here, or one there.", n, port)
}

func refused(l Link, _ time.Time) core.PathReason {
	for _, a := range slices.Backward(l.Attempts) {
		if a.Direct && !a.OK {
			return because("refused", "The other node has a public address, but the direct dial failed: %s.", orElse(a.Reason, "no reason was given"))
		}
	}
	return core.PathReason{}
}

func neverTried(l Link, _ time.Time) core.PathReason {
	if len(l.Attempts) == 0 {
		return because("never-tried", "No direct connection was tried: only the side that was called through the relay tries, and it knows no address of the other that it could dial.")
	}
	return core.PathReason{}
}

// failed counts attempts that went wrong.
func failed(attempts []Attempt, direct bool) int {
	n := 0
	for _, a := range attempts {
		if a.Direct == direct && !a.OK {
			n++
		}
	}
	return n
}

// evidence lists what the rules saw.
func (l Link) evidence(now time.Time) []string {
	list := []string{}
	if p := l.Peer; p.Connected {
		list = append(list, fmt.Sprintf("Connected for %s, %s, by %s.", now.Sub(p.Since).Round(time.Second), orElse(p.Direction, "unknown direction"), orElse(p.Transport, "an unknown transport")))
	}
	if l.Peer.Relay != "" {
		list = append(list, "Through the relay "+short(l.Peer.Relay)+".")
	}
	if l.Peer.Connected && l.Peer.Route() == core.RouteRelayed {
		list = append(list, "Here: "+l.Here.text()+".", "There: "+l.There.text()+".")
	}
	for _, a := range l.Attempts {
		kind, outcome := "Hole punch", "worked"
		if a.Direct {
			kind = "Direct dial"
		}
		if !a.OK {
			outcome = "failed: " + orElse(a.Reason, "no reason was given")
		}
		list = append(list, fmt.Sprintf("%s %s ago %s", kind, now.Sub(a.At).Round(time.Second), outcome))
	}
	return list
}

func (s Side) text() string {
	if !s.Known {
		return "not shared"
	}
	nat := map[string]string{NATKeeps: "the router keeps ports", NATChanges: "the router changes ports", "": "kind of NAT unknown"}[s.NATUDP]
	reach := "not reachable from outside"
	if s.Reachable {
		reach = "reachable from outside"
	}
	if s.UDPLost {
		nat += ", UDP blocked"
	}
	return nat + ", " + reach
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
