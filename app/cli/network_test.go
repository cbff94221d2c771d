package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"git.debros.io/DeBros/network/backend/core"
)

// networkFake is what the node in memory knows about networks.
type networkFake struct {
	joined   string
	phases   []core.JoinProgress // one for each question
	left     bool
	forced   bool
	used     string
	removed  string
	replicas []string
}

func (f *fake) Network(context.Context) (core.NetworkStatus, error) {
	s := core.NetworkStatus{Network: core.Network{ID: "net-1", Name: "home", Role: core.RoleMember, Current: true, Size: 2048}, Members: 3, Voters: 3, State: core.StateOK, Leader: "12D3me"}
	if len(f.network.phases) > 0 {
		s.Joining, f.network.phases = f.network.phases[0], f.network.phases[1:]
	}
	return s, f.fail
}

func (f *fake) Members(context.Context) ([]core.Member, error) {
	return []core.Member{
		{ID: "12D3KooWaaaaaaaa1", Name: "attic", State: core.MemberActive, Self: true, Replicas: 2},
		{ID: "12D3KooWbbbbbbbb2", State: core.MemberGone, Replicas: 1},
	}, f.fail
}

func (f *fake) Placements(context.Context) ([]core.Placement, error) {
	return []core.Placement{{Namespace: "shop", Group: "ns::shop", Leader: "12D3KooWaaaaaaaa1", Index: 40, Factor: 2, State: core.StateOK, Replicas: []core.Replica{
		{Node: "12D3KooWaaaaaaaa1", Role: core.ReplicaVoter, State: "leader", Index: 40},
		{Node: "12D3KooWbbbbbbbb2", Role: core.ReplicaNonvoter, State: "follower", Index: 37, Lag: 3},
	}}}, f.fail
}

func (f *fake) Invite(_ context.Context, o core.InviteOptions) (core.Ticket, error) {
	return core.Ticket{ID: "t1", Text: canary, Link: "debros://join/" + canary, Network: "net-1", ExpiresAt: time.Unix(1700000000, 0).Add(o.TTL)}, f.fail
}

func (f *fake) Tickets(context.Context) ([]core.Ticket, error) {
	return []core.Ticket{
		{ID: "t1", ExpiresAt: time.Now().Add(time.Hour)},
		{ID: "t2", ExpiresAt: time.Now().Add(-time.Hour)},
		{ID: "t3", ExpiresAt: time.Now().Add(time.Hour), UsedAt: time.Now()},
		{ID: "t4", ExpiresAt: time.Now().Add(time.Hour), RevokedAt: time.Now()},
	}, f.fail
}
func (f *fake) RevokeTicket(context.Context, string) error { return f.fail }
func (f *fake) Join(_ context.Context, ticket string) error {
	f.network.joined = ticket
	return f.fail
}

func (f *fake) Leave(_ context.Context, force bool) error {
	f.network.left, f.network.forced = true, force
	return f.fail
}

func (f *fake) Networks(context.Context) ([]core.Network, error) {
	return []core.Network{{ID: "net-1", Name: "home", Current: true, Role: core.RoleMember}, {ID: "net-2", Name: "work", Role: core.RoleMember, Size: 4096}}, f.fail
}
func (f *fake) UseNetwork(_ context.Context, id string) error       { f.network.used = id; return f.fail }
func (f *fake) RenameNetwork(context.Context, string, string) error { return f.fail }
func (f *fake) RemoveNetwork(_ context.Context, id string) error {
	f.network.removed = id
	return f.fail
}

func (f *fake) RemoveMember(_ context.Context, id string) error {
	f.network.removed = id
	return f.fail
}

func (f *fake) AddReplica(_ context.Context, ns core.Namespace) error {
	f.network.replicas = append(f.network.replicas, "+"+string(ns))
	return f.fail
}

func (f *fake) DropReplica(_ context.Context, ns core.Namespace) error {
	f.network.replicas = append(f.network.replicas, "-"+string(ns))
	return f.fail
}

// A ticket is a secret: only the answer that made it shows it, and it can be
// joined with without standing in the shell's history.
func TestInviteAndJoin(t *testing.T) {
	s := newScreen(t)
	if s.run("invite", "-o", "raw"); s.out != canary+"\n" {
		t.Errorf("the ticket alone: %q", s.out)
	}
	if s.run("invite", "--qr"); !strings.Contains(s.err, "█") || !strings.Contains(s.out, `"schema": 1`) {
		t.Errorf("no picture: %q %q", s.out, s.err)
	}
	if s.run("invite", "ls", "-o", "csv"); strings.Contains(s.out, canary) || !strings.HasPrefix(s.out, "id,state,") {
		t.Errorf("list: %q", s.out)
	}
	for id, state := range map[string]string{"t1": "open", "t2": "expired", "t3": "used", "t4": "revoked"} {
		if !strings.Contains(s.out, id+","+state) {
			t.Errorf("%s is not %s: %s", id, state, s.out)
		}
	}
	if s.run("invite", "--ttl", "60d"); s.status != 2 {
		t.Errorf("a ticket for two months: %d", s.status)
	}
	s.stdin = "debros://join/" + canary + "\n"
	s.node.network.phases = []core.JoinProgress{
		{Phase: core.JoinAdmit}, {Phase: core.JoinSnapshot, Done: 4, Total: 9}, {Phase: core.JoinCaughtUp},
	}
	s.run("join", "-")
	if s.status != 0 || s.node.network.joined != "debros://join/"+canary || !strings.Contains(s.out, `"joined": true`) {
		t.Errorf("join: %d %q %q", s.status, s.out, s.err)
	}
	if want := "admit\nsnapshot (4 of 9)\ncaught up\n"; s.err != want {
		t.Errorf("the phases were %q, want %q", s.err, want)
	}
	s.node.network.phases = []core.JoinProgress{{Phase: core.JoinFailed, Detail: "nobody answered"}}
	if s.run("join", "x"); s.status != 5 || !strings.Contains(s.err, "nobody answered") {
		t.Errorf("a join that fails: %d %q", s.status, s.err)
	}
	s.dir = t.TempDir()
	if s.run("join", "x"); s.status != 5 || !strings.Contains(s.err, "debros node start --join TICKET") {
		t.Errorf("without a node: %d %q", s.status, s.err)
	}
}

// What cannot be taken back happens to the one that was named, and not unasked.
func TestNetwork_FinalThings(t *testing.T) {
	s := newScreen(t)
	if s.run("leave"); s.status != 2 || s.node.network.left {
		t.Errorf("left unasked: %d %q", s.status, s.err)
	}
	if s.run("leave", "--dry-run", "--yes"); s.status != 0 || s.node.network.left || !strings.Contains(s.out, `"members": 3`) {
		t.Errorf("a dry run: %d %q", s.status, s.out)
	}
	if s.run("leave", "--force", "--yes"); s.status != 0 || !s.node.network.forced {
		t.Errorf("leave: %d %q", s.status, s.err)
	}
	if s.run("network", "rm", "work"); s.status != 2 || s.node.network.removed != "" {
		t.Errorf("removed unasked: %d", s.status)
	}
	if s.run("network", "rm", "work", "--yes"); s.node.network.removed != "net-2" {
		t.Errorf("removed %q", s.node.network.removed)
	}
	if s.run("network", "member", "rm", "bbb2", "--yes"); s.node.network.removed != "12D3KooWbbbbbbbb2" {
		t.Errorf("removed %q: %s", s.node.network.removed, s.err)
	}
	if s.run("network", "use", "nowhere"); s.status != 3 {
		t.Errorf("an unknown network: %d", s.status)
	}
	if s.run("network", "use", "net-"); s.status != 2 || s.node.network.used != "" {
		t.Errorf("a doubtful name: %d", s.status)
	}
}

// Who looks after a network sees who is behind.
func TestNetwork_Lists(t *testing.T) {
	s := newScreen(t)
	if s.run("network", "groups", "-o", "table"); !strings.Contains(s.out, "…aaaaaaa1 leader, …bbbbbbb2 follower (reads) 3 behind") {
		t.Errorf("groups: %s%s", s.out, s.err)
	}
	if s.run("network", "groups", "-o", "json"); !strings.Contains(s.out, `"lag": 3`) || !strings.Contains(s.out, `"schema": 1`) {
		t.Errorf("groups: %s", s.out)
	}
	if s.run("network", "members"); strings.Count(s.out, "\n") != 2 {
		t.Errorf("members: %s", s.out)
	}
	if s.run("network", "status"); !strings.Contains(s.out, `"voters": 3`) {
		t.Errorf("status: %s", s.out)
	}
	s.run("network", "replica", "add", "shop")
	if s.run("network", "replica", "drop", "shop"); strings.Join(s.node.network.replicas, " ") != "+shop -shop" {
		t.Errorf("replicas: %v", s.node.network.replicas)
	}
}

// A camera reads what the terminal shows: the picture is the code, with an edge.
func TestHalfBlocks(t *testing.T) {
	code, err := qr.Encode("debros://join/x", qr.L)
	if err != nil {
		t.Fatal(err)
	}
	for y, line := range strings.Split(strings.TrimSuffix(halfBlocks(code.Size, code.Black), "\n"), "\n") {
		for x, r := range []rune(line) {
			upper, lower := r == ' ' || r == '▄', r == ' ' || r == '▀'
			if upper != code.Black(x-2, 2*y-2) || lower != code.Black(x-2, 2*y-1) {
				t.Fatalf("point %d,%d is drawn as %q", x, y, r)
			}
		}
	}
}
