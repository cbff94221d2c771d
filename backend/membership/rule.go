package membership

// This file is the controller: what the node does that leads the system group.

import (
	"context"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// rule looks at members and groups once and changes what must change.
func (m *Membership) rule(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*askTimeout)
	defer cancel()
	err := m.found(ctx)
	var list []member
	if err == nil {
		list, err = m.readMembers(ctx, core.LevelWeak)
	}
	var known map[string]standing
	if err == nil {
		known, err = m.observe(ctx, list)
	}
	var groups []group
	if err == nil {
		groups, err = m.readGroups(ctx, core.LevelWeak, "")
	}
	if err != nil {
		if ctx.Err() == nil && core.CodeOf(err) != core.Unavailable {
			m.log.Warn("the members could not be looked after", core.KeyError, err)
		}
		return
	}
	changes := 0
	for _, g := range groups {
		places, differ := plan(g, known)
		if !differ || changes == MaxChanges {
			continue
		}
		changes++
		m.log.Info("a group is placed anew", core.KeyGroup, g.Group(), "replicas", len(places))
		if err := m.writePlaces(ctx, g, places); err != nil {
			m.log.Warn("a group could not be placed anew", core.KeyGroup, g.Group(), core.KeyError, err)
			continue
		}
		m.groups.PlacementChanged(g.Namespace)
	}
	m.wakeUnsettled(ctx, groups)
	m.dismiss(ctx, list, groups)
}

// found makes the tables of a new network, with this node and its system group in them.
func (m *Membership) found(ctx context.Context) error {
	rows, err := m.query(ctx, core.LevelWeak, `SELECT count(*) FROM members`)
	if err != nil || (len(rows) > 0 && number(rows[0][0]) > 0) {
		return err
	}
	for _, s := range schema() {
		if _, err = m.exec(ctx, s); err != nil {
			return err
		}
	}
	now := m.settings.Now().UnixMilli()
	_, err = m.exec(ctx,
		core.Statement{
			SQL:  `INSERT INTO members(id, name, addresses, version, state, joined_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING`,
			Args: []any{m.self, m.settings.Name, encodeList(bounded(m.settings.Addresses())), m.settings.Version, core.MemberActive, now, now},
		},
		core.Statement{
			SQL:  `INSERT INTO namespaces(name, formed, revision, factor, created_at) VALUES (?, 1, 1, ?, ?) ON CONFLICT(name) DO NOTHING`,
			Args: []any{string(core.SystemNamespace), MaxSystemVoters, now},
		},
		core.Statement{
			SQL:  `INSERT INTO placements(namespace, node, voter, position) VALUES (?, ?, 1, 0) ON CONFLICT DO NOTHING`,
			Args: []any{string(core.SystemNamespace), m.self},
		},
	)
	if err != nil {
		return err
	}
	return m.adoptNamespaces(ctx, now)
}

// adoptNamespaces places the namespaces that a node kept before there were
// networks of several nodes.
func (m *Membership) adoptNamespaces(ctx context.Context, now int64) error {
	own, ok := m.groups.(interface{ Namespaces() []core.Namespace })
	if !ok {
		return nil
	}
	for _, ns := range own.Namespaces() {
		_, err := m.exec(ctx,
			core.Statement{
				SQL:  `INSERT INTO namespaces(name, formed, revision, factor, created_at) VALUES (?, 1, 1, ?, ?) ON CONFLICT(name) DO NOTHING`,
				Args: []any{string(ns), m.settings.Factor, now},
			},
			core.Statement{
				SQL:  `INSERT INTO placements(namespace, node, voter, position) VALUES (?, ?, 1, 0) ON CONFLICT DO NOTHING`,
				Args: []any{string(ns), m.self},
			})
		if err != nil {
			return err
		}
		m.Moved(ns)
	}
	return nil
}

// observe notes who is alive, and writes it down when a member is gone or back,
// and now and then for all.
func (m *Membership) observe(ctx context.Context, list []member) (map[string]standing, error) {
	now := m.settings.Now()
	known := map[string]standing{}
	var statements []core.Statement
	m.mu.Lock()
	for _, one := range list {
		last, seen := m.lastSeen[one.ID]
		alive := m.connected(one.ID)
		if alive || !seen { // a new ruler gives everybody the whole time again
			last = now
			m.lastSeen[one.ID] = last
		}
		state := one.State
		switch {
		case state == core.MemberActive && now.Sub(last) > m.settings.ReplaceAfter:
			state = core.MemberGone
		case state == core.MemberGone && alive:
			state = core.MemberActive
		}
		if state != one.State {
			m.log.Info("a member changed its state", core.KeyPeer, one.ID, "state", state)
		}
		if state != one.State || (alive && now.Sub(one.SeenAt) > seenEvery) {
			statements = append(statements, core.Statement{
				SQL:  `UPDATE members SET state = ?, seen_at = max(seen_at, ?) WHERE id = ? AND state = ?`,
				Args: []any{state, last.UnixMilli(), one.ID, one.State},
			})
		}
		known[one.ID] = standing{alive: alive, state: state}
	}
	m.mu.Unlock()
	if len(statements) == 0 {
		return known, nil
	}
	_, err := m.exec(ctx, statements...)
	return known, err
}

// wakeUnsettled wakes groups whose replicas do not match their placement yet: a
// sleeping group cannot change its members. It wakes a few in one round, as
// waking all that a member kept would put those to sleep that are in use.
func (m *Membership) wakeUnsettled(ctx context.Context, groups []group) {
	now, woken := time.Now(), 0
	for _, g := range groups {
		if g.Namespace == core.SystemNamespace || g.Revision == 1 || woken == MaxChanges {
			continue
		}
		m.mu.Lock()
		last, before := m.woken[g.Namespace]
		due := m.settled[g.Namespace] != g.Revision && (!before || now.Sub(last) > wakeAgain)
		if due {
			m.woken[g.Namespace] = now
		}
		m.mu.Unlock()
		if !due || m.isSettled(ctx, g) {
			continue
		}
		woken++
		for _, place := range g.Replicas {
			var err error
			switch {
			case place.Node == m.self:
				_, err = m.groups.Replicas().Wake(ctx, m.self, g.Namespace)
			case m.connected(place.Node):
				_, err = m.others.Wake(ctx, place.Node, g.Namespace)
			}
			if err != nil {
				m.log.Debug("a replica was not woken", core.KeyGroup, g.Group(), core.KeyPeer, place.Node, core.KeyError, err)
			}
		}
	}
}

// isSettled tells whether the group's leader has the members that are placed, and
// those that answer vote as they should. What was seen once holds until the group
// is placed anew: else a group that has moved would never sleep again.
func (m *Membership) isSettled(ctx context.Context, g group) bool {
	m.mu.Lock()
	seen := m.settled[g.Namespace] == g.Revision
	m.mu.Unlock()
	if seen {
		return true
	}
	led, well := false, true
	for _, place := range g.Replicas {
		if !m.connected(place.Node) {
			continue
		}
		s, err := m.ask(ctx, place.Node, g.Namespace)
		if err != nil {
			continue
		}
		led = led || (s.Leader == place.Node && matches(s.Members, g.Replicas))
		well = well && s.Voter == place.Voter
	}
	if !led || !well {
		return false
	}
	m.mu.Lock()
	m.settled[g.Namespace] = g.Revision
	m.mu.Unlock()
	return true
}

// wakeAgain is how long a group that was woken for a change is left alone.
const wakeAgain = 30 * time.Second

func matches(members []string, places []database.Place) bool {
	if len(members) != len(places) {
		return false
	}
	have := map[string]bool{}
	for _, id := range members {
		have[id] = true
	}
	for _, place := range places {
		if !have[place.Node] {
			return false
		}
	}
	return true
}

// ask says how a node's replica stands, this node's own too.
func (m *Membership) ask(ctx context.Context, node string, ns core.Namespace) (database.Standing, error) {
	if node == m.self {
		return m.groups.Replicas().Standing(ctx, ns)
	}
	return m.others.Standing(ctx, node, ns)
}

// dismiss forgets members that leave or were removed, once no group needs them:
// it is placed on them no more, and its leader has let them go.
func (m *Membership) dismiss(ctx context.Context, list []member, groups []group) {
	for _, one := range list {
		if (one.State != core.MemberLeaving && one.State != stateRemoved) || !m.free(ctx, one.ID, groups) {
			continue
		}
		_, err := m.exec(ctx, core.Statement{SQL: `DELETE FROM members WHERE id = ? AND state = ? AND NOT EXISTS (SELECT 1 FROM placements WHERE node = members.id)`, Args: []any{one.ID, one.State}})
		if err != nil {
			m.log.Warn("a member that leaves could not be let go", core.KeyPeer, one.ID, core.KeyError, err)
			continue
		}
		m.log.Info("a member left", core.KeyPeer, one.ID)
	}
}

// free tells whether no group has the node among its members any more.
func (m *Membership) free(ctx context.Context, id string, groups []group) bool {
	for _, g := range groups {
		for _, place := range g.Replicas {
			if place.Node == id {
				return false
			}
		}
		if g.Revision == 1 || m.isSettled(ctx, g) {
			continue
		}
		letGo := false
		for _, place := range g.Replicas { // it may go before those who take over vote
			s, err := m.ask(ctx, place.Node, g.Namespace)
			letGo = letGo || (err == nil && s.Leader == place.Node && !slices.Contains(s.Members, id))
		}
		if !letGo {
			m.mu.Lock()
			delete(m.woken, g.Namespace) // it must be awake to let go
			m.mu.Unlock()
			return false
		}
	}
	return true
}
