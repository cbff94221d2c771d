package membership

import (
	"context"
	"fmt"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// standingOf says how this member's replica of shop stands.
func standingOf(t testing.TB, m *alone) string {
	t.Helper()
	s, err := m.groups.Replicas().Standing(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return s.State
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// A group that has moved once must be able to sleep: with many of them, those in
// use would be put to sleep for those that nobody asks for.
func TestRule_SettledGroupsSleep(t *testing.T) {
	m := founder(t, nil)
	if _, err := m.Place(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	if got := standingOf(t, m); got != "none" {
		t.Fatalf("before its first use: %s", got)
	}
	if _, err := m.exec(t.Context(), core.Statement{SQL: `UPDATE namespaces SET revision = 2 WHERE name = 'shop'`}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is woken, to take its members", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		clear(m.woken) // as if the time to wake it again were over
		return m.settled["shop"] == 2
	})
	eventually(t, "it sleeps", func() bool {
		_ = m.groups.Replicas().Sleep(t.Context(), "shop") //nolint:errcheck // it is in use for a moment
		return standingOf(t, m) == "asleep"
	})
	groups, err := m.readGroups(t.Context(), core.LevelWeak, "")
	if err != nil {
		t.Fatal(err)
	}
	m.wakeUnsettled(t.Context(), groups)
	if got := standingOf(t, m); got != "asleep" {
		t.Errorf("nobody asked for it, and it is %s", got)
	}
	for i := range groups {
		groups[i].Revision = 3 // it is placed anew
	}
	m.wakeUnsettled(t.Context(), groups)
	if got := standingOf(t, m); got != "leader" && got != "candidate" && got != "follower" {
		t.Errorf("placed anew, it is %s", got)
	}
}

// A member is gone after the set time by the clock of who rules, not before, and
// is back when it is heard of. A new ruler gives everybody the whole time again.
func TestObserve_GoneAndBack(t *testing.T) {
	const patience = 10 * time.Minute
	m := founder(t, func(s *Settings) { s.OpenJoin, s.ReplaceAfter = true, patience })
	guest := testkit.NewHost(t)
	if _, err := m.admit(t.Context(), guest.ID(), request{Ask: askJoin}); err != nil {
		t.Fatal(err)
	}
	// Run rules too, by the same clock: what is asked here is what it finds.
	state := func() string {
		list, err := m.readMembers(t.Context(), core.LevelWeak)
		if err != nil {
			t.Fatal(err)
		}
		known, err := m.observe(t.Context(), list)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(known[guest.ID().String()])
	}
	if got := state(); got != "{false active}" {
		t.Errorf("at once: %s", got)
	}
	m.clock.Pass(patience)
	if got := state(); got != "{false active}" {
		t.Errorf("after the set time: %s", got)
	}
	m.clock.Pass(time.Second)
	if got := state(); got != "{false gone}" {
		t.Errorf("after more than the set time: %s", got)
	}
	m.mu.Lock()
	clear(m.lastSeen) // as a new ruler begins
	m.mu.Unlock()
	if got := state(); got != "{false gone}" {
		t.Errorf("a new ruler forgets who is gone: %s", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := m.host.Network().DialPeer(ctx, guest.ID()); err == nil {
		t.Fatal("it can be reached without an address")
	}
	m.host.Peerstore().AddAddrs(guest.ID(), guest.Addrs(), time.Hour)
	if _, err := m.host.Network().DialPeer(ctx, guest.ID()); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "{true active}" {
		t.Errorf("heard of again: %s", got)
	}
}

// More namespaces than the controller can read would be groups that nobody
// looks after.
func TestPlace_Bounded(t *testing.T) {
	m := founder(t, nil)
	_, err := m.exec(t.Context(), core.Statement{
		SQL: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 2)
			INSERT INTO namespaces(name, revision, factor, created_at) SELECT 'n' || i, 1, 1, 0 FROM n`, Args: []any{MaxGroups},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := m.Place(t.Context(), "last"); err != nil || len(p.Replicas) != 1 || p.Replicas[0].Node != m.self || !p.Replicas[0].Voter {
		t.Errorf("the last one: %+v, %v", p, err)
	}
	if _, err := m.Place(t.Context(), "more"); core.CodeOf(err) != core.Limited {
		t.Errorf("one more: %v", err)
	}
	if _, err := m.Place(t.Context(), "last"); err != nil {
		t.Errorf("one that is there: %v", err)
	}
}
