package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

func (f *fake) wished(what, id string) error {
	f.wishes = append(f.wishes, what+" "+id)
	return f.fail
}

func (f *fake) NamePeer(_ context.Context, id, name string) error { return f.wished("name "+name, id) }

func (f *fake) KeepPeer(_ context.Context, id string, on bool) error {
	return f.wished(map[bool]string{true: "keep", false: "drop"}[on], id)
}

func (f *fake) BlockPeer(_ context.Context, id string, on bool) error {
	return f.wished(map[bool]string{true: "block", false: "unblock"}[on], id)
}
func (f *fake) ForgetPeer(_ context.Context, id string) error { return f.wished("forget", id) }

func (f *fake) PingPeer(_ context.Context, id string) (float64, error) {
	return 1.25, f.wished("ping", id)
}

func (f *fake) PathMatrix(context.Context) (core.PathMatrix, error) {
	return core.PathMatrix{Sharing: true, Cells: []core.PathCell{{From: "a", To: "b", MS: 2, Path: core.RouteLAN}}}, f.fail
}

func (f *fake) PathChanges(context.Context, time.Time) ([]core.PathChange, error) {
	return []core.PathChange{{At: time.Unix(1700000000, 0), Peer: "b", From: core.RouteRelayed, To: core.RoutePunched}}, f.fail
}

func (f *fake) Doctor(context.Context) ([]core.Finding, error) {
	return []core.Finding{
		{ID: "tcp", Title: "Reachable by TCP", Result: core.FindingBad, Evidence: "Others could not dial it.", Remedy: "Forward TCP port 4001."},
		{ID: "clock", Title: "Clock", Result: core.FindingOK, Evidence: "1ms ahead of 2 members."},
	}, f.fail
}

func (f *fake) WhyPath(context.Context, string) (core.PathReason, error) {
	return core.PathReason{Rule: "near", Sentence: "It is in the same local network.", Evidence: []string{"Connected for 1s."}}, f.fail
}

func (f *fake) Whereabouts(context.Context) (core.Whereabouts, error) {
	return core.Whereabouts{ID: "12D3me", Public: "9.9.9.9", Place: core.Place{Country: "CH"}}, f.fail
}

func (f *fake) Traffic(context.Context) (core.Traffic, error) {
	return core.Traffic{Total: core.Flow{BytesIn: 7}, Protocols: []core.Flow{{Protocol: "/ping", BytesIn: 7, RateIn: 0.6}}}, f.fail
}

func (f *fake) Gossip(context.Context) (core.Gossip, error) {
	return core.Gossip{Bootstrap: []core.Bootstrap{{ID: "12D3KooWaaaaaaaa1", Failures: 2, Reason: "nothing listens there"}}}, f.fail
}

// What the page shows as a command must do what its button does.
func TestPeers_Wishes(t *testing.T) {
	for line, want := range map[string]string{
		"peers name attic Ann":   "name Ann 12D3KooWaaaaaaaa1",
		"peers keep aaaa1":       "keep 12D3KooWaaaaaaaa1",
		"peers keep aaaa1 --off": "drop 12D3KooWaaaaaaaa1",
		"peers block …aaaa1":     "block 12D3KooWaaaaaaaa1",
		"peers unblock attic":    "unblock 12D3KooWaaaaaaaa1",
		"peers forget attic":     "forget 12D3KooWaaaaaaaa1",
		"peers ping attic":       "ping 12D3KooWaaaaaaaa1",
	} {
		s := newScreen(t)
		s.node.peers = []core.Peer{{ID: "12D3KooWaaaaaaaa1", Name: "attic"}, {ID: "12D3KooWbbbbbbbb2", Name: "cellar"}}
		if s.run(strings.Fields(line)...); s.status != 0 || len(s.node.wishes) != 1 || s.node.wishes[0] != want {
			t.Errorf("%s: exit status %d, %q, %s", line, s.status, s.node.wishes, s.err)
		}
	}
}

// The doctor must be readable where there is no page.
func TestDoctor(t *testing.T) {
	s := newScreen(t)
	s.terminal = true
	if s.run("doctor", "--color", "never"); s.status != 0 || !strings.Contains(s.out, "bad") || !strings.Contains(s.out, "→ Forward TCP port 4001.") {
		t.Errorf("exit status %d:\n%s%s", s.status, s.out, s.err)
	}
	s = newScreen(t)
	if s.run("doctor", "-o", "json"); s.status != 0 || !strings.Contains(s.out, `"remedy": "Forward TCP port 4001."`) || strings.Contains(s.out, "→") {
		t.Errorf("exit status %d:\n%s%s", s.status, s.out, s.err)
	}
}

// Every answer about peers must come out whole, also for scripts.
func TestPeers_Explained(t *testing.T) {
	for line, want := range map[string]string{
		"peers why attic":      `"reason": "It is in the same local network."`,
		"peers matrix":         `"from":"a","to":"b","ms":2,"path":"lan","age_ms":0}`,
		"peers timeline":       `"from":"relayed","to":"hole-punched"`,
		"peers traffic":        `"protocol":"/ping","bytes_in":7,"bytes_out":0,"rate_in":1,"rate_out":0}`,
		"peers gossip -o json": `"reason": "nothing listens there"`,
		"peers me":             `"public": "9.9.9.9"`,
	} {
		s := newScreen(t)
		s.node.peers = []core.Peer{{ID: "12D3KooWaaaaaaaa1", Name: "attic"}}
		if s.run(strings.Fields(line)...); s.status != 0 || !strings.Contains(s.out, want) {
			t.Errorf("%s: exit status %d, no %s in\n%s%s", line, s.status, want, s.out, s.err)
		}
	}
}
