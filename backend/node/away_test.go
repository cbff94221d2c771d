package node_test

// Members that are without the others for a while, or for ever.

import (
	"fmt"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// pair starts a network of two, each of which keeps a replica of demo.
func pair(t *testing.T) (first, second *running, network core.NetworkStatus) {
	t.Helper()
	first = start(t, t.TempDir(), func(c *config.Config) { c.Security.OpenJoin = true })
	second = start(t, t.TempDir(), func(c *config.Config) { c.Database.RQLiteJoinAddress = first.file.P2P[0] })
	network, err := first.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	joined(t, second, network.ID)
	put(t, first, "kept", "yes")
	until(t, "the second has a replica", func() error {
		if p := expect(t, second, core.LevelNone, "kept", "yes"); p.How != "local" {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	return first, second, network
}

// A laptop that is opened on a train has its data, as old as it is and saying so;
// it refuses all that would need the others.
func TestNetwork_StartsWithoutTheOthers(t *testing.T) {
	first, second, _ := pair(t)
	dir := second.dir
	second.stop(t)
	put(t, first, "meanwhile", "written")
	first.stop(t)

	alone := start(t, dir, nil)
	p := expect(t, alone, core.LevelNone, "kept", "yes")
	if p.AgeMS != -1 || p.Leader != "" {
		t.Errorf("old data pass for fresh ones: %+v", p)
	}
	for _, level := range []core.Level{core.LevelWeak, core.LevelLinearizable} {
		if _, _, err := alone.Storage().Get(t.Context(), demo, "kept", core.ReadOptions{Level: level}); core.CodeOf(err) != core.Unavailable {
			t.Errorf("a read at level %s: %v", level, err)
		}
	}
	if _, err := alone.Storage().Put(t.Context(), demo, "lost", []byte("?"), core.PutOptions{}); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a write: %v", err)
	}
}

// A member that was sent away while it was gone must hear of it, or its owner
// waits for a leader for ever; with a ticket it is a member again.
func TestNetwork_SentAwayAndBack(t *testing.T) {
	first, second, network := pair(t)
	dir, id := second.dir, second.file.PeerID
	second.stop(t)
	until(t, "the member is away", func() error { return first.RemoveMember(t.Context(), id) })
	until(t, "the member is sent away", func() error {
		members, err := first.Members(t.Context())
		if err == nil && len(members) != 1 {
			err = fmt.Errorf("%+v", members)
		}
		return err
	})

	back := start(t, dir, nil)
	if err := back.Connect(t.Context(), first.file.P2P[0]); err != nil {
		t.Fatal(err)
	}
	until(t, "it hears of it", func() error {
		s, err := back.Network(t.Context())
		if err == nil && (s.Role != core.RoleLeft || !strings.Contains(s.Detail, "join again")) {
			err = fmt.Errorf("%+v", s)
		}
		return err
	})
	expect(t, back, core.LevelNone, "kept", "yes")
	ticket, err := first.Invite(t.Context(), core.InviteOptions{})
	if err == nil {
		err = back.Join(t.Context(), ticket.Text)
	}
	if err != nil {
		t.Fatal(err)
	}
	joined(t, back, network.ID)
	put(t, first, "after", "too")
	expect(t, back, core.LevelLinearizable, "after", "too")
	if s, err := back.Network(t.Context()); err != nil || s.Role != core.RoleMember {
		t.Errorf("%+v, %v", s, err)
	}
}
