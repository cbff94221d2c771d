package membership

// This file answers where groups live: it is the database's directory.

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

const (
	// cacheLife is how long a placement is believed without looking.
	cacheLife = 2 * time.Second
	// missLife is how long it is believed that there is no such namespace.
	missLife = 500 * time.Millisecond
)

// Place returns where ns lives. A new namespace is placed on up to factor of the
// members that are connected now, and that is written down before it returns; of
// several nodes that place it at once, one decides for all.
func (m *Membership) Place(ctx context.Context, ns core.Namespace) (database.Placement, error) {
	p, err := m.Find(ctx, ns)
	if core.CodeOf(err) != core.NotFound {
		return p, err
	}
	live := m.live()
	nodes, voters := choose(ns, live, m.settings.Factor, m.self)
	if len(nodes) == 0 {
		return database.Placement{}, core.Errorf(core.Unavailable, "no member of the network can be reached; nothing was done; repeat in a moment")
	}
	var raw [16]byte
	if _, err = rand.Read(raw[:]); err != nil {
		return database.Placement{}, err
	}
	chosen := hex.EncodeToString(raw[:])
	statements := []core.Statement{{
		SQL: `INSERT INTO namespaces(name, revision, factor, created_at, chosen) SELECT ?1, 1, ?2, ?3, ?4
			WHERE (SELECT count(*) FROM namespaces) < ?5 ON CONFLICT(name) DO NOTHING`,
		Args: []any{string(ns), m.settings.Factor, m.settings.Now().UnixMilli(), chosen, MaxGroups},
	}}
	for i, node := range nodes {
		statements = append(statements, core.Statement{
			SQL:  `INSERT INTO placements(namespace, node, voter, position) SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM namespaces WHERE name = ?1 AND chosen = ?5)`,
			Args: []any{string(ns), node, i < voters, i, chosen},
		})
	}
	results, err := m.exec(ctx, statements...)
	if err != nil {
		return database.Placement{}, core.Wrap(core.Unavailable, err, "the network could not decide where %s lives; nothing was done; repeat in a moment", ns.Group())
	}
	m.Moved(ns)
	p, err = m.readPlacement(ctx, ns, core.LevelWeak)
	switch {
	case err != nil || len(p.Replicas) > 0:
	case results[0].RowsAffected == 0: // nobody has placed it, and neither could this node
		err = core.Errorf(core.Limited, "the network has %d namespaces, the most there can be; use another network for more", MaxGroups)
	default:
		err = core.Errorf(core.Unavailable, "the network could not decide where %s lives; repeat in a moment", ns.Group())
	}
	if err != nil {
		return database.Placement{}, err
	}
	m.cache(ns, p, true)
	return p, nil
}

// Find returns where ns lives, NotFound when the network does not know it. The
// system group's place is known without asking anybody.
func (m *Membership) Find(ctx context.Context, ns core.Namespace) (database.Placement, error) {
	if ns == core.SystemNamespace {
		return m.system(), nil
	}
	m.mu.Lock()
	c, cached := m.places[ns]
	m.mu.Unlock()
	life := cacheLife
	if !c.found {
		life = missLife
	}
	if cached && time.Since(c.at) < life {
		return found(c.Placement, c.found)
	}
	level := core.LevelNone
	p, err := m.readPlacement(ctx, ns, level)
	if err == nil && len(p.Replicas) == 0 { // it may be newer than this replica
		p, err = m.readPlacement(ctx, ns, core.LevelWeak)
	}
	if err != nil {
		if cached && c.found { // better what was true than nothing
			return c.Placement, nil
		}
		return database.Placement{}, core.Wrap(core.Unavailable, err, "the network cannot be asked where %s lives; repeat in a moment", ns.Group())
	}
	m.cache(ns, p, len(p.Replicas) > 0)
	return found(p, len(p.Replicas) > 0)
}

func found(p database.Placement, there bool) (database.Placement, error) {
	if !there {
		return database.Placement{}, core.Errorf(core.NotFound, "the network has no such namespace")
	}
	return p, nil
}

func (m *Membership) cache(ns core.Namespace, p database.Placement, there bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.places) >= MaxCached {
		clear(m.places)
	}
	m.places[ns] = cachedPlace{Placement: p, found: there, at: time.Now()}
}

// system is where the network's own group lives, by the record.
func (m *Membership) system() database.Placement {
	r := m.Record()
	p := database.Placement{Namespace: core.SystemNamespace, Formed: r.Formed, Revision: 1}
	for _, hint := range r.System {
		p.Replicas = append(p.Replicas, database.Place{Node: hint.ID, Voter: hint.Voter})
	}
	return p
}

// Formed records that the group has had a leader.
func (m *Membership) Formed(ctx context.Context, ns core.Namespace) error {
	if ns == core.SystemNamespace {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.record.Formed {
			return nil
		}
		next := m.record
		next.Formed = true
		if err := next.save(m.settings.Root); err != nil {
			return err
		}
		m.record = next
		return nil
	}
	p, err := m.Find(ctx, ns)
	if err != nil || p.Formed {
		return err
	}
	_, err = m.exec(ctx, core.Statement{SQL: `UPDATE namespaces SET formed = 1 WHERE name = ? AND formed = 0`, Args: []any{string(ns)}})
	m.Moved(ns)
	return err
}

// Moved drops what is remembered of ns.
func (m *Membership) Moved(ns core.Namespace) {
	if ns == core.SystemNamespace {
		m.poke()
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.places, ns)
}

// live are the members that this node has a connection to, and itself.
func (m *Membership) live() []string {
	m.mu.Lock()
	ids := make([]string, 0, len(m.members))
	for id, one := range m.members {
		if one.State == core.MemberActive {
			ids = append(ids, id)
		}
	}
	empty := len(m.members) == 0
	m.mu.Unlock()
	if empty {
		return []string{m.self}
	}
	live := ids[:0]
	for _, id := range ids {
		if m.connected(id) {
			live = append(live, id)
		}
	}
	return live
}
