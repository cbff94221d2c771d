// Package doctor explains how a node can be reached: rules over facts that
// others gathered. It asks nobody and measures nothing itself.
//
// [Examine] judges the node, line by line; [Why] says why the way to one peer is
// what it is. Each answer has its evidence and, where something can be done,
// what would change it.
package doctor

import (
	"fmt"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// What a NAT does with the port of a sender.
const (
	NATKeeps   = "keeps"   // the same for every receiver: holes can be punched
	NATChanges = "changes" // another for every receiver: they cannot
)

// Thresholds of what is well, and of what still works.
const (
	// ClockWell is what clocks that are set by the network differ by at most.
	ClockWell = 2 * time.Second
	// ClockBad is where tickets and tokens begin to expire early or late.
	ClockBad = 30 * time.Second
	// DiskWell is a solid-state disk's time to make a write last; every write of
	// the network waits for it.
	DiskWell = 20 * time.Millisecond
	// DiskBad is where a node holds the others up.
	DiskBad = 100 * time.Millisecond
)

// Facts are what is known of one node.
type Facts struct {
	Listening    []string
	LoopbackOnly bool
	Proxied      bool
	Proxy        core.Check
	Reachability string // "public", "private" or "unknown"
	// Reached and Failed are own addresses that strangers could dial, and could not.
	Reached, Failed []string
	NATTCP, NATUDP  string // NATKeeps, NATChanges or "" when unknown
	Router          bool   // one that maps ports has answered
	Mapped          []string
	Relays          int      // that are configured
	Reserved        []string // ids of relays that hold a place for this node
	OwnPublic       bool     // this computer itself has a public IPv4 address: there is no NAT
	IPv6            bool     // it has a public IPv6 address
	TCPPeers        int      // connected directly, beyond this network
	QUICPeers       int
	TCPCallers      int // those among them that dialled this node, without a hole being punched
	QUICCallers     int
	NearPeers       int // on this computer and its network
	Relayed         int
	UDPLost         bool // nearly every dial by it has failed lately
	IPv6Lost        bool
	PunchesTried    int
	PunchesOK       int
	Bootstrap       []core.Bootstrap
	ClockOffset     time.Duration // of this clock: above zero when it is ahead
	ClockFrom       int           // members that it was compared with; 0 compares nothing
	DiskSync        time.Duration
	DiskFault       string // why it could not be measured, "" when it was
}

// Examine judges the facts, always the same lines in the same order.
func Examine(f Facts) []core.Finding {
	return []core.Finding{
		f.listening(), f.reachable("tcp", "TCP"), f.reachable("quic", "QUIC"), f.udp(), f.ipv6(), f.mapping(), f.nat(), f.relay(),
		f.bootstrap(), f.clock(), f.proxy(), f.disk(),
	}
}

// finding is a line under way: guards return the first that fits.
type finding core.Finding

func (l finding) ok(evidence string, args ...any) core.Finding {
	return l.with(core.FindingOK, "", evidence, args...)
}

func (l finding) off(evidence string, args ...any) core.Finding {
	return l.with(core.FindingOff, "", evidence, args...)
}

func (l finding) with(result, remedy, evidence string, args ...any) core.Finding {
	l.Result, l.Remedy, l.Evidence = result, remedy, fmt.Sprintf(evidence, args...)
	return core.Finding(l)
}

const onLoopback = "The node listens on this computer only, so nobody outside is concerned."

func (f Facts) listening() core.Finding {
	l := finding{ID: "listening", Title: "Listening"}
	switch {
	case len(f.Listening) == 0:
		return l.with(core.FindingBad, "Add an address such as /ip4/0.0.0.0/tcp/4001 to node.listen_addresses and restart the node.", "No address is open.")
	case f.LoopbackOnly:
		return l.with(core.FindingWarn, "Fine for a sandbox. For other computers add /ip4/0.0.0.0/tcp/4001 to node.listen_addresses and restart the node.",
			"On this computer only: %s", strings.Join(f.Listening, ", "))
	}
	return l.ok("%s", strings.Join(f.Listening, ", "))
}

// reachable judges one transport by what strangers found when they dialled.
func (f Facts) reachable(transport, name string) core.Finding {
	l := finding{ID: transport, Title: "Reachable by " + name}
	opened := of(transport, f.Listening)
	switch {
	case f.LoopbackOnly:
		return l.off(onLoopback)
	case f.Proxied && transport == "quic":
		return l.off("QUIC is off, because UDP would pass beside the proxy.")
	case len(opened) == 0:
		return l.off("The node does not listen by %s.", name)
	}
	if reached := of(transport, f.Reached); len(reached) > 0 {
		return l.ok("Others could dial %s", strings.Join(reached, ", "))
	}
	if callers := map[string]int{"tcp": f.TCPCallers, "quic": f.QUICCallers}[transport]; callers > 0 {
		return l.ok("%s beyond this network dialled this node by %s.", core.Count(callers, "peer"), name)
	}
	remedy := f.openPort(transport, opened)
	if failed := of(transport, f.Failed); len(failed) > 0 || (f.Reachability == "private" && len(of(transport, f.Reached)) == 0) {
		what := "Others tried to dial this node and could not"
		if len(failed) > 0 {
			what = "Others could not dial " + strings.Join(failed, ", ")
		}
		if len(f.Reserved) > 0 {
			return l.with(core.FindingWarn, remedy, "%s. A relay passes them on.", what)
		}
		return l.with(core.FindingBad, remedy, "%s.", what)
	}
	if f.Reachability == "public" && transport == "tcp" {
		return l.ok("Others reach this node directly.")
	}
	return l.off("Nobody outside has tried yet; it takes some minutes and at least one peer beyond this network.")
}

// openPort says what would let others in.
func (f Facts) openPort(transport string, opened []string) string {
	kind := "TCP"
	if transport == "quic" {
		kind = "UDP"
	}
	if f.OwnPublic {
		return fmt.Sprintf("Allow incoming %s port %s in the firewall of this computer.", kind, port(opened[0]))
	}
	return fmt.Sprintf("Forward %s port %s in the router to this computer, or turn on UPnP or NAT-PMP there.", kind, port(opened[0]))
}

func (f Facts) udp() core.Finding {
	l := finding{ID: "udp", Title: "UDP leaves this network"}
	switch {
	case f.LoopbackOnly:
		return l.off(onLoopback)
	case f.Proxied:
		return l.off("Not used, because it would pass beside the proxy.")
	case f.QUICPeers > 0:
		return l.ok("%s beyond this network connected by QUIC.", core.Count(f.QUICPeers, "peer"))
	case f.UDPLost:
		return l.with(core.FindingBad, "Allow outgoing UDP in the firewall of this computer or network. Until then TCP is used, and holes cannot be punched.",
			"Nearly all of the last dials by UDP failed.")
	}
	return l.off("No peer beyond this network is connected by QUIC yet, so it cannot be judged.")
}

func (f Facts) ipv6() core.Finding {
	l := finding{ID: "ipv6", Title: "IPv6"}
	switch {
	case f.LoopbackOnly:
		return l.off(onLoopback)
	case f.IPv6 && f.IPv6Lost:
		return l.with(core.FindingWarn, "Look at the IPv6 settings of the router; some give addresses that lead nowhere.", "This computer has a public IPv6 address, but nearly all of the last dials by IPv6 failed.")
	case f.IPv6:
		return l.ok("This computer has a public IPv6 address.")
	case f.direct():
		return l.off("This computer has no public IPv6 address; it is reached without.")
	}
	return l.with(core.FindingWarn, "Turn on IPv6 in the router, or ask the internet provider for it: peers that have it too then need no relay.", "This computer has no public IPv6 address.")
}

func (f Facts) mapping() core.Finding {
	l := finding{ID: "port-mapping", Title: "Port mapping"}
	switch {
	case f.LoopbackOnly:
		return l.off(onLoopback)
	case f.Proxied:
		return l.off("Not asked for, because it would show the address that the proxy hides.")
	case len(f.Mapped) > 0:
		return l.ok("The router maps %s", strings.Join(f.Mapped, ", "))
	case f.OwnPublic:
		return l.off("Not needed: this computer has a public address of its own.")
	case f.direct():
		return l.off("Not needed: others reach this node directly.")
	case f.Router:
		return l.with(core.FindingWarn, "Look in the router whether UPnP or NAT-PMP may open ports for this computer, or forward the port there by hand.", "The router answered, but opened no port.")
	}
	return l.with(core.FindingWarn, "Turn on UPnP or NAT-PMP in the router, or forward the port there by hand.", "No router answered that maps ports.")
}

func (f Facts) nat() core.Finding {
	l := finding{ID: "nat", Title: "Kind of NAT"}
	switch {
	case f.LoopbackOnly:
		return l.off(onLoopback)
	case f.OwnPublic:
		return l.ok("None: this computer has a public address of its own.")
	case f.NATUDP == NATChanges || f.NATTCP == NATChanges:
		evidence := "The router uses another port for every receiver, so holes cannot be punched."
		if f.PunchesTried > 0 {
			evidence += fmt.Sprintf(" %d of %d attempts went well.", f.PunchesOK, f.PunchesTried)
		}
		if f.direct() {
			return l.ok("%s It does not matter: others reach this node directly.", evidence)
		}
		return l.with(core.FindingWarn, "Forward a port in the router, or use IPv6; in a company or mobile network a relay is all there is.", "%s", evidence)
	case f.NATUDP == NATKeeps || f.NATTCP == NATKeeps:
		if f.PunchesTried > 0 {
			return l.ok("The router keeps the port, so holes can be punched: %d of %d attempts went well.", f.PunchesOK, f.PunchesTried)
		}
		return l.ok("The router keeps the port, so holes can be punched.")
	}
	return l.off("Not known yet; several peers beyond this network must have seen this node.")
}

func (f Facts) relay() core.Finding {
	l := finding{ID: "relay", Title: "Relay reservation"}
	switch {
	case f.LoopbackOnly:
		return l.off(onLoopback)
	case len(f.Reserved) > 0:
		return l.ok("%s a place for this node: %s", plural(len(f.Reserved), "relay keeps", "relays keep"), strings.Join(f.Reserved, ", "))
	case f.direct():
		return l.off("Not needed: others reach this node directly.")
	case f.Relays == 0 && f.Reachability == "private":
		return l.with(core.FindingBad, "Name a node with a public address in discovery.bootstrap_peers: bootstrap peers are asked to relay.", "No relay is configured, and others cannot dial this node.")
	case f.Relays == 0:
		return l.off("No relay is configured.")
	case f.Reachability == "private":
		return l.with(core.FindingBad, "Look whether the bootstrap peers are online; they are the relays.", "None of %s gave this node a place.", plural(f.Relays, "relay", "relays"))
	}
	return l.off("Not asked for, as long as it is not known that others cannot dial this node.")
}

func (f Facts) bootstrap() core.Finding {
	l := finding{ID: "bootstrap", Title: "Bootstrap peers"}
	peers := f.TCPPeers + f.QUICPeers + f.NearPeers + f.Relayed
	if len(f.Bootstrap) == 0 {
		if peers > 0 {
			return l.off("None is configured; %s connected all the same.", core.Count(peers, "peer"))
		}
		return l.with(core.FindingWarn, "Name one in discovery.bootstrap_peers, or join a network with a ticket.", "None is configured and nobody is connected.")
	}
	connected := 0
	var missing []string
	for _, b := range f.Bootstrap {
		switch {
		case b.Connected:
			connected++
		case b.Reason != "":
			missing = append(missing, short(b.ID)+": "+b.Reason)
		default:
			missing = append(missing, short(b.ID)+": being dialled")
		}
	}
	evidence := fmt.Sprintf("%d of %d connected", connected, len(f.Bootstrap))
	switch {
	case len(missing) == 0:
		return l.ok("%s.", evidence)
	case connected > 0 || peers > 0:
		return l.with(core.FindingWarn, "Look whether they are online and their addresses in discovery.bootstrap_peers are right.", "%s; %s.", evidence, strings.Join(missing, "; "))
	}
	return l.with(core.FindingBad, "Look whether this computer is online, and whether the addresses in discovery.bootstrap_peers are right.", "%s; %s.", evidence, strings.Join(missing, "; "))
}

func (f Facts) clock() core.Finding {
	l := finding{ID: "clock", Title: "Clock"}
	if f.ClockFrom == 0 {
		return l.off("No other member of the network to compare with.")
	}
	off, side := f.ClockOffset, "ahead of"
	if off < 0 {
		off, side = -off, "behind"
	}
	evidence := fmt.Sprintf("%s %s %s", off.Round(time.Millisecond), side, plural(f.ClockFrom, "member", "members"))
	if off < time.Millisecond {
		evidence = "In step with " + plural(f.ClockFrom, "member", "members")
	}
	const remedy = "Let the computer set its clock by the network (NTP)."
	switch {
	case off <= ClockWell:
		return l.ok("%s.", evidence)
	case off <= ClockBad:
		return l.with(core.FindingWarn, remedy, "%s.", evidence)
	}
	return l.with(core.FindingBad, remedy, "%s: tickets and sign-ins expire early or late.", evidence)
}

func (f Facts) proxy() core.Finding {
	l := finding{ID: "proxy", Title: "SOCKS5 proxy"}
	switch f.Proxy.State {
	case core.StateOff, "":
		return l.off("Not configured.")
	case core.StateOK:
		return l.ok("%s.", f.Proxy.Detail)
	}
	return l.with(core.FindingBad, "Start the proxy, or correct its address; the node dials nobody past it.", "%s.", f.Proxy.Detail)
}

func (f Facts) disk() core.Finding {
	l := finding{ID: "disk", Title: "Disk"}
	const remedy = "Move the data folder to a faster disk: every write of the network waits for it."
	switch {
	case f.DiskFault != "":
		return l.with(core.FindingBad, "Look at the space and the rights of the data folder.", "A test write failed: %s.", f.DiskFault)
	case f.DiskSync <= DiskWell:
		return l.ok("A write lasts after %s.", f.DiskSync.Round(10*time.Microsecond))
	case f.DiskSync <= DiskBad:
		return l.with(core.FindingWarn, remedy, "A write lasts only after %s.", f.DiskSync.Round(time.Millisecond))
	}
	return l.with(core.FindingBad, remedy, "A write lasts only after %s.", f.DiskSync.Round(time.Millisecond))
}

// direct says whether others reach the node without a relay.
func (f Facts) direct() bool {
	return f.Reachability == "public" || len(f.Reached) > 0 || f.TCPCallers+f.QUICCallers > 0
}

// of picks the addresses of one transport.
func of(transport string, addresses []string) []string {
	var list []string
	for _, a := range addresses {
		if strings.Contains(a, "/p2p-circuit") {
			continue
		}
		if quic := strings.Contains(a, "/quic"); quic == (transport == "quic") {
			list = append(list, a)
		}
	}
	return list
}

// port is the port in an address, the first one after the IP.
func port(address string) string {
	parts := strings.Split(address, "/")
	if len(parts) < 5 {
		return "?"
	}
	return parts[4]
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// short is the end of a peer id, by which people tell them apart.
func short(id string) string {
	const end = 6
	if len(id) <= end {
		return id
	}
	return "…" + id[len(id)-end:]
}
