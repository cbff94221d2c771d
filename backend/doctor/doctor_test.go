package doctor

import (
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// home is a well set up node behind a router: nothing is wrong with it.
func home() Facts {
	return Facts{
		Listening:    []string{"/ip4/0.0.0.0/tcp/4001", "/ip4/0.0.0.0/udp/4001/quic-v1"},
		Reachability: "public", Reached: []string{"/ip4/9.9.9.9/tcp/4001", "/ip4/9.9.9.9/udp/4001/quic-v1"},
		NATTCP: NATKeeps, NATUDP: NATKeeps, Router: true, Mapped: []string{"/ip4/9.9.9.9/tcp/4001"}, Relays: 1,
		IPv6: true, TCPPeers: 1, QUICPeers: 2, Bootstrap: []core.Bootstrap{{ID: "12D3KooWbootstrap", Connected: true}},
		ClockFrom: 2, Proxy: core.Check{State: core.StateOff}, DiskSync: time.Millisecond,
	}
}

// closed is one that nobody outside reaches, with no help.
func closed() Facts {
	f := home()
	f.Reachability, f.Reached, f.Mapped, f.Router, f.IPv6, f.Relays = "private", nil, nil, false, false, 0
	f.Failed = []string{"/ip4/9.9.9.9/tcp/4001", "/ip4/9.9.9.9/udp/4001/quic-v1"}
	return f
}

// Who asks the doctor must learn what is wrong and what would change it, and
// must not be sent to repair what is well.
func TestExamine(t *testing.T) {
	type say struct{ result, evidence, remedy string }
	tests := map[string]struct {
		facts Facts
		id    string
		want  say
	}{
		"nothing is open":              {Facts{}, "listening", say{core.FindingBad, "No address", "node.listen_addresses"}},
		"a sandbox":                    {Facts{Listening: []string{"/ip4/127.0.0.1/tcp/1"}, LoopbackOnly: true}, "listening", say{core.FindingWarn, "this computer only", "sandbox"}},
		"a sandbox's reach":            {Facts{Listening: []string{"/ip4/127.0.0.1/tcp/1"}, LoopbackOnly: true}, "tcp", say{core.FindingOff, "this computer only", ""}},
		"open by TCP":                  {home(), "tcp", say{core.FindingOK, "/ip4/9.9.9.9/tcp/4001", ""}},
		"open by QUIC":                 {home(), "quic", say{core.FindingOK, "quic-v1", ""}},
		"closed by TCP":                {closed(), "tcp", say{core.FindingBad, "could not dial /ip4/9.9.9.9/tcp/4001", "Forward TCP port 4001"}},
		"closed by QUIC":               {closed(), "quic", say{core.FindingBad, "could not dial", "Forward UDP port 4001"}},
		"closed, with a relay":         {with(closed(), func(f *Facts) { f.Reserved = []string{"r"} }), "tcp", say{core.FindingWarn, "A relay passes them on", "Forward"}},
		"closed by its own firewall":   {with(closed(), func(f *Facts) { f.OwnPublic = true }), "tcp", say{core.FindingBad, "could not", "firewall of this computer"}},
		"nobody tried":                 {with(closed(), func(f *Facts) { f.Failed, f.Reachability = nil, "unknown" }), "tcp", say{core.FindingOff, "Nobody outside has tried", ""}},
		"called, though nobody tested": {with(closed(), func(f *Facts) { f.Failed, f.QUICCallers = nil, 2 }), "quic", say{core.FindingOK, "2 peers beyond this network dialled", ""}},
		"QUIC behind a proxy":          {with(home(), func(f *Facts) { f.Proxied = true }), "quic", say{core.FindingOff, "beside the proxy", ""}},
		"no QUIC address":              {with(home(), func(f *Facts) { f.Listening = f.Listening[:1] }), "quic", say{core.FindingOff, "does not listen by QUIC", ""}},
		"UDP works":                    {home(), "udp", say{core.FindingOK, "2 peers", ""}},
		"UDP is blocked":               {with(home(), func(f *Facts) { f.QUICPeers, f.UDPLost = 0, true }), "udp", say{core.FindingBad, "by UDP failed", "Allow outgoing UDP"}},
		"UDP was not tried":            {with(home(), func(f *Facts) { f.QUICPeers = 0 }), "udp", say{core.FindingOff, "cannot be judged", ""}},
		"IPv6 works":                   {home(), "ipv6", say{core.FindingOK, "public IPv6", ""}},
		"IPv6 leads nowhere":           {with(home(), func(f *Facts) { f.IPv6Lost = true }), "ipv6", say{core.FindingWarn, "failed", "router"}},
		"IPv6 would help":              {closed(), "ipv6", say{core.FindingWarn, "no public IPv6", "Turn on IPv6"}},
		"IPv6 would not matter":        {with(home(), func(f *Facts) { f.IPv6 = false }), "ipv6", say{core.FindingOff, "reached without", ""}},
		"a mapped port":                {home(), "port-mapping", say{core.FindingOK, "maps", ""}},
		"a router that refuses":        {with(closed(), func(f *Facts) { f.Router = true }), "port-mapping", say{core.FindingWarn, "opened no port", "forward the port"}},
		"no router that maps":          {closed(), "port-mapping", say{core.FindingWarn, "No router", "Turn on UPnP"}},
		"no need of a router":          {with(closed(), func(f *Facts) { f.OwnPublic = true }), "port-mapping", say{core.FindingOff, "public address of its own", ""}},
		"a good NAT":                   {home(), "nat", say{core.FindingOK, "holes can be punched", ""}},
		"a bad NAT":                    {with(closed(), func(f *Facts) { f.NATUDP, f.PunchesTried = NATChanges, 4 }), "nat", say{core.FindingWarn, "0 of 4", "Forward a port"}},
		"a bad NAT with a forward":     {with(home(), func(f *Facts) { f.NATUDP = NATChanges }), "nat", say{core.FindingOK, "does not matter", ""}},
		"no NAT":                       {with(closed(), func(f *Facts) { f.OwnPublic = true }), "nat", say{core.FindingOK, "None", ""}},
		"a relay that helps":           {with(closed(), func(f *Facts) { f.Reserved = []string{"12D3KooWr"} }), "relay", say{core.FindingOK, "12D3KooWr", ""}},
		"no relay, and one needed":     {closed(), "relay", say{core.FindingBad, "No relay is configured", "discovery.bootstrap_peers"}},
		"a relay that gives no place":  {with(closed(), func(f *Facts) { f.Relays = 2 }), "relay", say{core.FindingBad, "None of 2 relays", "online"}},
		"no relay needed":              {home(), "relay", say{core.FindingOff, "Not needed", ""}},
		"bootstrap peers are there":    {home(), "bootstrap", say{core.FindingOK, "1 of 1", ""}},
		"a bootstrap peer is away":     {with(home(), func(f *Facts) { f.Bootstrap[0].Connected, f.Bootstrap[0].Reason = false, "nothing listens there" }), "bootstrap", say{core.FindingWarn, "…tstrap: nothing listens there", "discovery.bootstrap_peers"}},
		"nobody is there":              {Facts{Bootstrap: []core.Bootstrap{{ID: "x"}}}, "bootstrap", say{core.FindingBad, "0 of 1 connected; x: being dialled", "online"}},
		"nobody to start with":         {Facts{}, "bootstrap", say{core.FindingWarn, "nobody is connected", "ticket"}},
		"found without":                {Facts{NearPeers: 1}, "bootstrap", say{core.FindingOff, "1 peer connected", ""}},
		"a clock to compare with":      {Facts{}, "clock", say{core.FindingOff, "No other member", ""}},
		"a good clock":                 {home(), "clock", say{core.FindingOK, "In step with 2 members", ""}},
		"a clock that is ahead":        {with(home(), func(f *Facts) { f.ClockOffset = 5 * time.Second }), "clock", say{core.FindingWarn, "5s ahead of 2 members", "NTP"}},
		"a clock that is wrong":        {with(home(), func(f *Facts) { f.ClockOffset = -time.Hour }), "clock", say{core.FindingBad, "1h0m0s behind", "NTP"}},
		"no proxy":                     {home(), "proxy", say{core.FindingOff, "Not configured", ""}},
		"a proxy that is down": {with(home(), func(f *Facts) {
			f.Proxy = core.Check{State: core.StateDown, Detail: "nothing listens at 127.0.0.1:9050"}
		}), "proxy", say{core.FindingBad, "9050", "Start the proxy"}},
		"a fast disk":                   {home(), "disk", say{core.FindingOK, "1ms", ""}},
		"a slow disk":                   {with(home(), func(f *Facts) { f.DiskSync = 50 * time.Millisecond }), "disk", say{core.FindingWarn, "50ms", "faster disk"}},
		"a disk that holds others up":   {with(home(), func(f *Facts) { f.DiskSync = time.Second }), "disk", say{core.FindingBad, "1s", "faster disk"}},
		"a disk that cannot be written": {with(home(), func(f *Facts) { f.DiskFault = "no space" }), "disk", say{core.FindingBad, "no space", "rights"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, f := range Examine(test.facts) {
				if f.ID != test.id {
					continue
				}
				if f.Result != test.want.result || !strings.Contains(f.Evidence, test.want.evidence) || !strings.Contains(f.Remedy, test.want.remedy) {
					t.Errorf("says %+v, want %+v", f, test.want)
				}
				return
			}
			t.Fatalf("no line %q", test.id)
		})
	}
	for _, facts := range []Facts{{}, home(), closed()} {
		for _, f := range Examine(facts) {
			bad := f.Result == core.FindingBad || f.Result == core.FindingWarn
			if f.Title == "" || f.Evidence == "" || bad != (f.Remedy != "") {
				t.Errorf("%+v: every line has evidence, and those that are not well a remedy", f)
			}
		}
	}
}

func with(f Facts, change func(*Facts)) Facts {
	f.Bootstrap = append([]core.Bootstrap(nil), f.Bootstrap...)
	change(&f)
	return f
}

// "Relayed" alone helps nobody: the sentence must name what stands in the way.
func TestWhy(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	relayed := core.Peer{
		ID: "p", Connected: true, Path: core.PathRelayed, Relay: "12D3KooWrelay1", Agent: "debros/1.2.3", Protocols: []string{PunchProtocol},
		Since: now.Add(-time.Hour),
	}
	changed := func(change func(*core.Peer)) core.Peer {
		p := relayed
		change(&p)
		return p
	}
	lost := func(n int, direct bool) (list []Attempt) {
		for range n {
			list = append(list, Attempt{At: now.Add(-time.Minute), Direct: direct, Reason: "it did not answer"})
		}
		return list
	}
	symmetric := Side{Known: true, NATUDP: NATChanges, UDPPort: "4001"}
	cone := Side{Known: true, NATUDP: NATKeeps}
	blocked := Side{Known: true, UDPLost: true}
	tests := map[string]struct {
		link Link
		rule string
		says string
	}{
		"gone":                                {Link{Peer: core.Peer{}}, "offline", "not connected"},
		"on this computer":                    {Link{Peer: changed(func(p *core.Peer) { p.Path = core.PathComputer })}, "near", "this computer"},
		"in the local network":                {Link{Peer: changed(func(p *core.Peer) { p.Path = core.PathLAN })}, "near", "local network"},
		"direct":                              {Link{Peer: changed(func(p *core.Peer) { p.Path, p.Transport = core.PathDirect, "quic" })}, "direct", "by QUIC"},
		"punched":                             {Link{Peer: changed(func(p *core.Peer) { p.Path, p.Punched = core.PathDirect, true })}, "punched", "punched a hole"},
		"new":                                 {Link{Peer: changed(func(p *core.Peer) { p.Since = now.Add(-10 * time.Second) })}, "trying", "being tried"},
		"behind our proxy":                    {Link{Peer: relayed, Here: Side{Proxied: true}}, "proxied-here", "SOCKS5"},
		"behind its proxy":                    {Link{Peer: relayed, There: Side{Known: true, Proxied: true}}, "proxied-there", "other node dials through"},
		"too old to punch":                    {Link{Peer: changed(func(p *core.Peer) { p.Protocols = []string{"/ipfs/ping/1.0.0"} })}, "cannot-punch", "debros/1.2.3"},
		"UDP is blocked here":                 {Link{Peer: relayed, Attempts: lost(1, false), Here: blocked, There: cone}, "udp-blocked-here", "firewall here"},
		"UDP is blocked there":                {Link{Peer: relayed, Attempts: lost(1, false), Here: cone, There: blocked}, "udp-blocked-there", "firewall there"},
		"UDP is blocked on both sides":        {Link{Peer: relayed, Attempts: lost(1, false), Here: blocked, There: blocked}, "udp-blocked", "both sides"},
		"both routers change ports":           {Link{Peer: relayed, Attempts: lost(3, false), Here: symmetric, There: symmetric}, "ports-change", "UDP port 4001 were open here, or one there"},
		"both change ports, not sure yet":     {Link{Peer: relayed, Attempts: lost(2, false), Here: symmetric, There: symmetric}, "unknown", "no rule"},
		"the router here changes ports":       {Link{Peer: relayed, Attempts: lost(3, false), Here: symmetric, There: cone}, "ports-change-here", "UDP port 4001 were open here."},
		"the router there changes ports":      {Link{Peer: relayed, Attempts: lost(3, false), Here: cone, There: symmetric}, "ports-change-there", "open here, or one there"},
		"a public peer refused the dial":      {Link{Peer: relayed, Attempts: lost(1, true), Here: cone, There: cone}, "refused", "it did not answer"},
		"nobody tried for an hour":            {Link{Peer: relayed, Here: cone, There: cone}, "never-tried", "No direct connection was tried"},
		"two good routers, and yet it failed": {Link{Peer: relayed, Attempts: lost(4, false), Here: cone, There: cone}, "unknown", "evidence is below"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := Why(test.link, now)
			if got.Rule != test.rule || !strings.Contains(got.Sentence, test.says) {
				t.Errorf("%s: %s; want %s: %s", got.Rule, got.Sentence, test.rule, test.says)
			}
		})
	}
	evidence := strings.Join(Why(Link{Peer: relayed, Attempts: lost(1, false), Here: cone}, now).Evidence, "\n")
	for _, want := range []string{"…relay1", "Here: the router keeps ports", "There: not shared", "Hole punch 1m0s ago failed: it did not answer"} {
		if !strings.Contains(evidence, want) {
			t.Errorf("the evidence has no %q:\n%s", want, evidence)
		}
	}
}
