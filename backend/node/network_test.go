package node_test

// Networks of several nodes: three real ones in this process, on loopback.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

const demo core.Namespace = "demo"

// until waits for something that others do in their own time.
func until(t testing.TB, what string, holds func() error) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not within 30 s: %v", what, err)
		}
	}
}

func put(t testing.TB, r *running, key, value string) {
	t.Helper()
	until(t, "put "+key, func() error {
		_, err := r.Storage().Put(t.Context(), demo, key, []byte(value), core.PutOptions{WriteOptions: core.WriteOptions{IdempotencyKey: key}})
		return err
	})
}

func expect(t testing.TB, r *running, level core.Level, key, value string) core.Provenance {
	t.Helper()
	var p core.Provenance
	until(t, fmt.Sprintf("get %s at level %s", key, level), func() error {
		item, from, err := r.Storage().Get(t.Context(), demo, key, core.ReadOptions{Level: level})
		p = from
		if err == nil && string(item.Value) != value {
			err = fmt.Errorf("it is %q", item.Value)
		}
		return err
	})
	return p
}

// settled waits until the namespace is kept by three voters, all well.
func settled(t testing.TB, r *running, ns core.Namespace) core.Placement {
	t.Helper()
	var found core.Placement
	until(t, fmt.Sprintf("%s on three nodes", ns), func() error {
		list, err := r.Placements(t.Context())
		if err != nil {
			return err
		}
		for _, p := range list {
			if p.Namespace != ns {
				continue
			}
			found = p
			for _, replica := range p.Replicas {
				if replica.Role != core.ReplicaVoter || (replica.State != "leader" && replica.State != "follower") || replica.Lag > 0 {
					return fmt.Errorf("%+v", p)
				}
			}
			if p.State == core.StateOK && len(p.Replicas) == 3 {
				return nil
			}
		}
		return fmt.Errorf("%+v", list)
	})
	return found
}

// joined waits until the node has caught up with its new network.
func joined(t testing.TB, r *running, network string) {
	t.Helper()
	until(t, "caught up", func() error {
		s, err := r.Network(t.Context())
		if err == nil && (s.ID != network || s.Joining.Phase != core.JoinCaughtUp) {
			err = fmt.Errorf("%+v", s)
		}
		return err
	})
}

// If what is put at one node cannot be read at another and does not outlive a
// node, it is no network.
func TestNetwork_OutlivesItsNodes(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir, nil)
	put(t, first, "before", "alone")
	network, err := first.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nodes := []*running{first}
	for range 2 {
		next := start(t, t.TempDir(), nil)
		own, errOwn := next.Network(t.Context())
		if errOwn != nil {
			t.Fatal(errOwn)
		}
		ticket, errInvite := first.Invite(t.Context(), core.InviteOptions{})
		if errInvite != nil {
			t.Fatal(errInvite)
		}
		if err = next.Join(t.Context(), ticket.Text); err != nil {
			t.Fatal(err)
		}
		joined(t, next, network.ID)
		if err = next.Join(t.Context(), ticket.Text); core.CodeOf(err) != core.Conflict {
			t.Errorf("joined twice: %v", err)
		}
		if list, errList := next.Networks(t.Context()); errList != nil || len(list) != 2 || !slices.ContainsFunc(list, func(n core.Network) bool { return n.ID == own.ID }) {
			t.Errorf("the network of its own is gone: %+v, %v", list, errList)
		}
		other := start(t, t.TempDir(), nil)
		if err = other.Join(t.Context(), ticket.Text); core.CodeOf(err) != core.Denied || !strings.Contains(err.Error(), "used by another node") {
			t.Errorf("a ticket admitted a second node: %v", err)
		}
		other.stop(t)
		nodes = append(nodes, next)
	}
	settled(t, first, core.SystemNamespace)
	settled(t, nodes[1], demo)
	for i, n := range nodes {
		put(t, n, fmt.Sprint("at-", i), fmt.Sprint("value-", i))
	}
	for _, n := range nodes {
		expect(t, n, core.LevelLinearizable, "before", "alone")
		for i := range nodes {
			for _, level := range []core.Level{core.LevelNone, core.LevelWeak, core.LevelLinearizable} {
				p := expect(t, n, level, fmt.Sprint("at-", i), fmt.Sprint("value-", i))
				if p.ServedBy == "" || p.Index == 0 || p.Level != level || p.Group != demo.Group() {
					t.Errorf("provenance at level %s: %+v", level, p)
				}
			}
		}
	}
	first.stop(t) // the founder, and every group's first leader
	put(t, nodes[1], "without", "the founder")
	expect(t, nodes[2], core.LevelLinearizable, "without", "the founder")
	again := start(t, dir, nil)
	expect(t, again, core.LevelNone, "without", "the founder")
	settled(t, again, demo)
	members, err := again.Members(t.Context())
	if err != nil || len(members) != 3 {
		t.Errorf("members: %+v, %v", members, err)
	}
}

// If nobody takes over from a member that is gone for good, the next death is the
// one too many. It must happen by itself, and be seen.
func TestNetwork_ReplacesWhoIsGone(t *testing.T) {
	impatient := func(c *config.Config) { c.Database.ReplaceAfter = 2 * time.Second }
	first := start(t, t.TempDir(), impatient)
	network, err := first.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]*running{}
	dirs := map[string]string{}
	for i := range 4 {
		n := first
		if i > 0 {
			n = start(t, t.TempDir(), impatient)
			ticket, err := first.Invite(t.Context(), core.InviteOptions{})
			if err == nil {
				err = n.Join(t.Context(), ticket.Text)
			}
			if err != nil {
				t.Fatal(err)
			}
			joined(t, n, network.ID)
		}
		status, err := n.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		byID[status.PeerID], dirs[status.PeerID] = n, n.dir
	}
	put(t, first, "kept", "yes")
	before := settled(t, first, demo)
	gone, spare := "", ""
	for id, n := range byID {
		switch placed := slices.ContainsFunc(before.Replicas, func(r core.Replica) bool { return r.Node == id }); {
		case !placed:
			spare = id
		case n != first && id != before.Leader:
			gone = id
		}
	}
	byID[gone].stop(t)
	put(t, first, "meanwhile", "too")
	until(t, "another member keeps the replica", func() error {
		after := settled(t, first, demo)
		for _, r := range after.Replicas {
			if r.Node == gone {
				return fmt.Errorf("still on who is gone: %+v", after)
			}
		}
		return nil
	})
	for key, value := range map[string]string{"kept": "yes", "meanwhile": "too"} {
		if p := expect(t, byID[spare], core.LevelNone, key, value); p.ServedBy != spare || p.How != "local" {
			t.Errorf("%s is served by %+v", key, p)
		}
	}
	state := func() string {
		members, err := first.Members(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			if m.ID == gone {
				return fmt.Sprint(m.State, " ", m.Connected)
			}
		}
		return "forgotten"
	}
	if got := state(); got != "gone false" {
		t.Errorf("who is gone is shown as %q", got)
	}
	settled(t, first, core.SystemNamespace)
	// Back again, it is a member like before, and gives up what others keep now.
	back := start(t, dirs[gone], impatient)
	until(t, "it is back", func() error {
		if got := state(); got != "active true" {
			return errors.New(got)
		}
		return nil
	})
	expect(t, back, core.LevelLinearizable, "meanwhile", "too")
	for _, r := range settled(t, back, demo).Replicas {
		if r.Node == gone {
			t.Errorf("a fourth replica is back: %+v", r)
		}
	}
}

// If leaving loses data, nobody can ever switch a machine off for good.
func TestNetwork_LeaveHandsOver(t *testing.T) {
	first := start(t, t.TempDir(), func(c *config.Config) { c.Security.OpenJoin = true })
	put(t, first, "kept", "yes")
	network, err := first.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err = first.Leave(t.Context(), false); core.CodeOf(err) != core.Conflict {
		t.Errorf("the last member left: %v", err)
	}
	second := start(t, t.TempDir(), func(c *config.Config) { c.Database.RQLiteJoinAddress = first.file.P2P[0] })
	joined(t, second, network.ID)
	if err = first.Leave(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	expect(t, second, core.LevelLinearizable, "kept", "yes")
	put(t, second, "after", "too")
	if s, errNow := first.Network(t.Context()); errNow != nil || s.ID == network.ID {
		t.Errorf("it is still in the network: %+v, %v", s, errNow)
	}
	if _, _, err = first.Storage().Get(t.Context(), demo, "after", core.ReadOptions{}); core.CodeOf(err) != core.NotFound {
		t.Errorf("who left still reads: %v", err)
	}
	members, err := second.Members(t.Context())
	if err != nil || len(members) != 1 {
		t.Errorf("members: %+v, %v", members, err)
	}
}

// If changing networks mixes or loses data, nobody dares to.
func TestNetwork_SwitchAndBack(t *testing.T) {
	first := start(t, t.TempDir(), nil)
	second := start(t, t.TempDir(), nil)
	put(t, first, "here", "one")
	put(t, second, "here", "two")
	own, err := second.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := first.Invite(t.Context(), core.InviteOptions{})
	if err == nil {
		err = second.Join(t.Context(), ticket.Link)
	}
	if err != nil {
		t.Fatal(err)
	}
	expect(t, second, core.LevelLinearizable, "here", "one")
	if err := second.UseNetwork(t.Context(), own.ID); err != nil {
		t.Fatal(err)
	}
	expect(t, second, core.LevelLinearizable, "here", "two")
	if err := second.RemoveNetwork(t.Context(), own.ID); core.CodeOf(err) != core.Conflict {
		t.Errorf("the network in use was removed: %v", err)
	}
	if err := second.UseNetwork(t.Context(), "nowhere"); core.CodeOf(err) != core.NotFound {
		t.Errorf("an unknown network: %v", err)
	}
	expect(t, second, core.LevelLinearizable, "here", "two")
}

// If a guest can do more than a client, a stranger is a member.
func TestNetwork_Guest(t *testing.T) {
	key := core.Secret("a-long-random-key-for-demo")
	member := start(t, t.TempDir(), func(c *config.Config) {
		c.Gateway.APIKeys = []config.APIKey{{Key: key, Namespace: demo}}
	})
	put(t, member, "shared", "by a member")
	guest := start(t, t.TempDir(), func(c *config.Config) {
		c.Discovery.BootstrapPeers = member.file.P2P
		c.Gateway.APIKeys = []config.APIKey{{Key: key, Namespace: demo}}
	})
	expect(t, guest, core.LevelLinearizable, "shared", "by a member")
	put(t, guest, "too", "by a guest")
	expect(t, member, core.LevelLinearizable, "too", "by a guest")
	if _, err := guest.Storage().Put(t.Context(), "other", "k", nil, core.PutOptions{}); core.CodeOf(err) != core.Unauthenticated && core.CodeOf(err) != core.Denied {
		t.Errorf("without a key: %v", err)
	}
	if _, err := guest.Members(t.Context()); core.CodeOf(err) != core.Denied {
		t.Errorf("a guest sees the members: %v", err)
	}
	if err := guest.Join(t.Context(), member.file.P2P[0]); core.CodeOf(err) != core.Denied {
		t.Errorf("a guest joined without a ticket: %v", err)
	}
	status, err := guest.Status(t.Context())
	if err != nil || status.Role != core.RoleGuest {
		t.Errorf("role: %+v, %v", status.Role, err)
	}
	ticket, err := member.Invite(t.Context(), core.InviteOptions{})
	if err == nil {
		err = guest.Join(t.Context(), ticket.Text)
	}
	if err != nil {
		t.Fatal(err)
	}
	expect(t, guest, core.LevelLinearizable, "shared", "by a member")
	if members, err := guest.Members(t.Context()); err != nil || len(members) != 2 {
		t.Errorf("members: %+v, %v", members, err)
	}
}

// If a ticket works after its end, it is a way in for ever.
func TestNetwork_Tickets(t *testing.T) {
	member, other := start(t, t.TempDir(), nil), start(t, t.TempDir(), nil)
	short, err := member.Invite(t.Context(), core.InviteOptions{TTL: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := member.Invite(t.Context(), core.InviteOptions{})
	if err == nil {
		err = member.RevokeTicket(t.Context(), revoked.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err = other.Join(t.Context(), revoked.Text); core.CodeOf(err) != core.Denied || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("a revoked ticket: %v", err)
	}
	until(t, "the ticket has expired", func() error {
		if time.Now().Before(short.ExpiresAt) {
			return errors.New("not yet")
		}
		return nil
	})
	if err = other.Join(t.Context(), short.Text); core.CodeOf(err) != core.Denied || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an expired ticket: %v", err)
	}
	if err = other.Join(t.Context(), short.Text[:len(short.Text)-3]); core.CodeOf(err) != core.Invalid {
		t.Errorf("half a ticket: %v", err)
	}
	list, err := member.Tickets(t.Context())
	if err != nil || len(list) != 2 || list[0].Text != "" {
		t.Errorf("tickets: %+v, %v", list, err)
	}
	put(t, other, "still", "its own network")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := other.Network(ctx); err != nil {
		t.Error(err)
	}
}
