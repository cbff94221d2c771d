package membership

// This file is what people ask of the network: who is in it, who may come, who
// goes, and where things are.

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// Members lists the members, the eldest first.
func (m *Membership) Members(ctx context.Context) ([]core.Member, error) {
	list, err := m.readMembers(ctx, core.LevelWeak)
	if err != nil {
		if list, err = m.readMembers(ctx, core.LevelNone); err != nil {
			return nil, err
		}
	}
	rows, err := m.query(ctx, core.LevelNone, `SELECT node, count(*) FROM placements GROUP BY node`)
	if err != nil {
		return nil, err
	}
	replicas := map[string]int{}
	for _, row := range rows {
		replicas[text(row[0])] = int(number(row[1]))
	}
	out := make([]core.Member, 0, len(list))
	for _, one := range list {
		state := one.State
		if state == stateRemoved {
			state = core.MemberLeaving
		}
		shown := core.Member{
			ID: one.ID, Name: one.Name, Addresses: one.Addresses, State: state, Version: one.Version, JoinedAt: one.JoinedAt,
			SeenAt: one.SeenAt, Self: one.ID == m.self, Connected: m.connected(one.ID), Replicas: replicas[one.ID],
		}
		if shown.Connected {
			shown.SeenAt = m.settings.Now().UTC().Truncate(time.Second)
		}
		out = append(out, shown)
	}
	return out, nil
}

// Invite makes a ticket that admits one node, once. Its text is in this answer only.
func (m *Membership) Invite(ctx context.Context, o core.InviteOptions) (core.Ticket, error) {
	ttl := o.TTL
	if ttl == 0 {
		ttl = core.DefaultTicketTTL
	}
	if ttl < time.Second || ttl > core.MaxTicketTTL {
		return core.Ticket{}, core.Errorf(core.Invalid, "a ticket lives 1 second to %v", core.MaxTicketTTL)
	}
	now := m.settings.Now().UTC().Truncate(time.Millisecond)
	i, err := newInvitation(m.Record().ID, now.Add(ttl).Add(time.Second-1), m.whereabouts())
	if err != nil {
		return core.Ticket{}, err
	}
	t, err := i.Text()
	if err != nil {
		return core.Ticket{}, err
	}
	results, err := m.exec(ctx, core.Statement{
		SQL: `INSERT INTO tickets(id, secret_hash, created_at, created_by, expires_at) SELECT ?1, ?2, ?3, ?4, ?5
			WHERE (SELECT count(*) FROM tickets WHERE used_at = 0 AND revoked_at = 0 AND expires_at > ?3) < ?6`,
		Args: []any{i.ID, hashSecret(i.secret[:]), now.UnixMilli(), m.self, i.ExpiresAt.UnixMilli(), MaxTickets},
	}, core.Statement{ // of old ones, the last month is kept to look at
		SQL: `DELETE FROM tickets WHERE expires_at < ?`, Args: []any{now.Add(-core.MaxTicketTTL).UnixMilli()},
	})
	if err != nil {
		return core.Ticket{}, err
	}
	if results[0].RowsAffected == 0 {
		return core.Ticket{}, core.Errorf(core.Limited, "%d tickets can still be used, the most there may be; revoke some", MaxTickets)
	}
	return core.Ticket{ID: i.ID, Text: t, Link: Link(t), Network: i.Network, CreatedAt: now, CreatedBy: m.self, ExpiresAt: i.ExpiresAt}, nil
}

// whereabouts are members for a ticket: this one first, then others that are connected.
func (m *Membership) whereabouts() []peer.AddrInfo {
	var list []peer.AddrInfo
	count := 0
	add := func(id string, addresses []string) {
		p, err := peer.Decode(id)
		if err != nil || count >= MaxTicketAddresses {
			return
		}
		var addrs []ma.Multiaddr
		for _, addr := range multiaddrs(addresses) {
			if count < MaxTicketAddresses {
				addrs = append(addrs, addr)
				count++
			}
		}
		if len(addrs) > 0 {
			list = append(list, peer.AddrInfo{ID: p, Addrs: addrs})
		}
	}
	own := bounded(m.settings.Addresses())
	add(m.self, own[:min(len(own), MaxTicketAddresses-2)])
	for _, hint := range m.addresses()[1:] {
		if m.connected(hint.ID) {
			add(hint.ID, hint.Addresses[:1])
		}
	}
	return list
}

// Tickets lists tickets, the newest first, without their secrets.
func (m *Membership) Tickets(ctx context.Context) ([]core.Ticket, error) {
	rows, err := m.query(ctx, core.LevelWeak, `SELECT id, created_at, created_by, expires_at, used_at, used_by, revoked_at FROM tickets ORDER BY created_at DESC, id`)
	if err != nil {
		return nil, err
	}
	list := make([]core.Ticket, len(rows))
	for i, row := range rows {
		list[i] = core.Ticket{
			ID: text(row[0]), Network: m.Record().ID, CreatedAt: moment(row[1]), CreatedBy: text(row[2]), ExpiresAt: moment(row[3]),
			UsedAt: moment(row[4]), UsedBy: text(row[5]), RevokedAt: moment(row[6]),
		}
	}
	return list, nil
}

// RevokeTicket ends a ticket. One that was used already is Conflict: the node is
// a member, and can be removed.
func (m *Membership) RevokeTicket(ctx context.Context, id string) error {
	results, err := m.exec(ctx, core.Statement{
		SQL: `UPDATE tickets SET revoked_at = ? WHERE id = ? AND used_at = 0 AND revoked_at = 0`, Args: []any{m.settings.Now().UnixMilli(), id},
	})
	if err != nil || results[0].RowsAffected == 1 {
		return err
	}
	rows, err := m.query(ctx, core.LevelWeak, `SELECT used_by, revoked_at FROM tickets WHERE id = ?`, id)
	switch {
	case err != nil:
		return err
	case len(rows) == 0:
		return core.Errorf(core.NotFound, "there is no ticket %s", id)
	case number(rows[0][1]) != 0:
		return nil
	}
	return core.Errorf(core.Conflict, "the ticket was used by %s; to send that node away, remove the member", text(rows[0][0]))
}

// Leave takes this node out of the network: its replicas move to other members,
// and when no group needs it any more it returns. With force it goes at once,
// whatever is lost. The node's own copy of the data stays in its folder.
func (m *Membership) Leave(ctx context.Context, force bool) error {
	list, err := m.readMembers(ctx, core.LevelWeak)
	if err != nil && !force {
		return core.Wrap(core.Unavailable, err, "the network cannot be asked to let this node go; repeat in a moment, or leave with force")
	}
	others := slices.ContainsFunc(list, func(one member) bool { return one.ID != m.self && one.State == core.MemberActive })
	if !others && !force {
		return core.Errorf(core.Conflict, "this node is the only member: nobody could take over its data; switch to another network instead, or leave with force")
	}
	if _, err := m.exec(ctx, core.Statement{SQL: `UPDATE members SET state = ? WHERE id = ?`, Args: []any{core.MemberLeaving, m.self}}); err != nil && !force {
		return err
	}
	if force {
		return m.left(m.settings.Now())
	}
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		rows, err := m.query(ctx, core.LevelWeak, `SELECT count(*) FROM members WHERE id = ?`, m.self)
		switch {
		case core.CodeOf(err) == core.Denied: // the others listen no more: it is done
			return m.left(m.settings.Now())
		case err == nil && len(rows) > 0 && number(rows[0][0]) == 0:
			return m.left(m.settings.Now())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return core.Wrap(core.Unavailable, ctx.Err(), "the network has not taken over everything yet; it goes on, ask again later, or leave with force")
		}
	}
}

// RemoveMember sends a member away that does not come back. One that is
// connected is Conflict: it can leave by itself.
func (m *Membership) RemoveMember(ctx context.Context, id string) error {
	if id == m.self {
		return core.Errorf(core.Invalid, "that is this node itself; use leave")
	}
	list, err := m.readMembers(ctx, core.LevelWeak)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(one member) bool { return one.ID == id }) {
		return core.Errorf(core.NotFound, "there is no member %s", clip(id, 80))
	}
	if m.connected(id) {
		return core.Errorf(core.Conflict, "the member is connected; let it leave by itself: debros leave")
	}
	_, err = m.exec(ctx, core.Statement{SQL: `UPDATE members SET state = ? WHERE id = ?`, Args: []any{stateRemoved, id}})
	m.poke()
	return err
}

// AddReplica keeps a read replica of ns on this node.
func (m *Membership) AddReplica(ctx context.Context, ns core.Namespace) error {
	return m.pin(ctx, ns, func(g group) ([]database.Place, error) {
		if _, there := placeOf(g, m.self); there {
			return nil, nil
		}
		g.Pinned[m.self] = true
		return append(slices.Clone(g.Replicas), database.Place{Node: m.self}), nil
	})
}

// DropReplica gives up a read replica that AddReplica made.
func (m *Membership) DropReplica(ctx context.Context, ns core.Namespace) error {
	return m.pin(ctx, ns, func(g group) ([]database.Place, error) {
		if !g.Pinned[m.self] {
			return nil, core.Errorf(core.Conflict, "this node keeps %s because the network placed it here; only a read replica that was asked for can be dropped", g.Group())
		}
		return slices.DeleteFunc(slices.Clone(g.Replicas), func(p database.Place) bool { return p.Node == m.self }), nil
	})
}

func (m *Membership) pin(ctx context.Context, ns core.Namespace, change func(group) ([]database.Place, error)) error {
	list, err := m.readGroups(ctx, core.LevelWeak, ns)
	if err != nil {
		return err
	}
	if len(list) == 0 || ns == core.SystemNamespace {
		return core.Errorf(core.NotFound, "the network has no such namespace")
	}
	places, err := change(list[0])
	if err != nil || places == nil {
		return err
	}
	if err = m.writePlaces(ctx, list[0], places); err != nil {
		return err
	}
	for _, place := range list[0].Replicas { // its leader must be awake to see it
		if place.Node != m.self {
			_, err = m.others.Wake(ctx, place.Node, ns)
		} else {
			_, err = m.groups.Replicas().Wake(ctx, m.self, ns)
		}
		if err == nil {
			return nil
		}
	}
	return err
}

// Placements lists all groups with how their replicas stand, the network's own first.
func (m *Membership) Placements(ctx context.Context) ([]core.Placement, error) {
	groups, err := m.readGroups(ctx, core.LevelNone, "")
	if err != nil {
		return nil, err
	}
	out := make([]core.Placement, len(groups))
	slots := make(chan struct{}, maxAsked)
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var asking sync.WaitGroup
	for i, g := range groups {
		out[i] = core.Placement{Namespace: g.Namespace, Group: g.Group(), Factor: g.Factor, CreatedAt: g.CreatedAt, Replicas: make([]core.Replica, len(g.Replicas))}
		stands := make([]database.Standing, len(g.Replicas))
		var group sync.WaitGroup
		for j, place := range g.Replicas {
			r := &out[i].Replicas[j]
			*r = core.Replica{Node: place.Node, Role: core.ReplicaNonvoter, Pinned: g.Pinned[place.Node], State: "unreachable", AgeMS: -1}
			if place.Voter {
				r.Role = core.ReplicaVoter
			}
			slots <- struct{}{}
			group.Go(func() {
				defer func() { <-slots }()
				s, err := m.ask(ctx, place.Node, g.Namespace)
				if err != nil {
					return
				}
				stands[j] = s
				r.State, r.Index, r.AgeMS = s.State, s.Index, s.AgeMS
				if s.State == "none" {
					r.State = "opening"
				}
			})
		}
		asking.Go(func() {
			group.Wait()
			judge(&out[i], g, stands)
		})
	}
	asking.Wait()
	slices.SortStableFunc(out, func(a, b core.Placement) int {
		switch {
		case a.Namespace == core.SystemNamespace:
			return -1
		case b.Namespace == core.SystemNamespace:
			return 1
		}
		return 0
	})
	return out, nil
}

// judge says how a group is, from how its replicas stand.
// A replica that is to vote counts once it does.
func judge(p *core.Placement, g group, stands []database.Standing) {
	for _, s := range stands {
		if s.State == "leader" && s.Leader != "" {
			p.Leader, p.Index = s.Leader, max(p.Index, s.CommitIndex)
		}
	}
	voters, well, asleep := 0, 0, 0
	for i := range p.Replicas {
		r := &p.Replicas[i]
		if r.Index < p.Index {
			r.Lag = p.Index - r.Index
		}
		if r.State == "asleep" {
			asleep++
		}
		if g.Replicas[i].Voter {
			voters++
			if r.State != "leader" && r.State != "follower" {
				continue
			}
			if r.Role = core.ReplicaNonvoter; stands[i].Voter {
				r.Role = core.ReplicaVoter
				well++
			}
		}
	}
	switch {
	case p.Leader == "" && asleep > 0:
		p.State, p.Detail = "asleep", "it wakes on use"
	case p.Leader == "":
		p.State, p.Detail = core.StateDown, fmt.Sprintf("no leader; %d of %s answer", well, core.Count(voters, "voter"))
	case well < voters:
		p.State, p.Detail = core.StateDegraded, fmt.Sprintf("%d of %s vote", well, core.Count(voters, "voter"))
	default:
		p.State = core.StateOK
	}
}

// Count is how many members this node knows.
func (m *Membership) Count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(len(m.members), 1)
}

// Namespaces lists the network's namespaces, without its own and the chat's.
func (m *Membership) Namespaces(ctx context.Context) ([]core.Namespace, error) {
	rows, err := m.query(ctx, core.LevelNone, `SELECT name FROM namespaces WHERE name NOT IN (?, ?) ORDER BY name`,
		string(core.SystemNamespace), string(core.ChatNamespace))
	if err != nil {
		return nil, err
	}
	names := make([]core.Namespace, len(rows))
	for i, row := range rows {
		names[i] = core.Namespace(text(row[0]))
	}
	return names, nil
}

// Rename gives the network another name for people, on this installation.
func (m *Membership) Rename(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := m.record
	next.Name = name
	if err := next.save(m.settings.Root); err != nil {
		return err
	}
	m.record = next
	return nil
}
