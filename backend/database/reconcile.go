// A group's leader brings Raft's members in line with what the network has
// placed, one change at a time.

package database

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// reconcileEvery is how often a leader compares; a change that is announced
	// is looked at sooner.
	reconcileEvery = 2 * time.Second
	// changeWait bounds one change of the members.
	changeWait = 5 * time.Second
	// caughtUp is how many entries a replica may be behind when it becomes a voter.
	caughtUp = 64
	// forgetEvery is how often a leader drops old idempotency keys.
	forgetEvery = 10 * time.Minute
)

// PlacementChanged makes this node look at the group's placement again: soon if it
// leads it. It returns at once.
func (d *Databases) PlacementChanged(ns core.Namespace) {
	d.directory.Moved(ns)
	if t, err := d.table(); err == nil {
		t.reconcile(ns)
	}
}

// reconcileAll looks at each awake group that this node leads, and drops replicas
// that the network has placed elsewhere.
func (t *groups) reconcileAll() {
	open, _ := t.awake()
	for ns := range open {
		t.reconcile(ns)
	}
}

// reconcile looks at one group, unless somebody is just doing so.
func (t *groups) reconcile(ns core.Namespace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.places[ns]
	if t.ended || p == nil || p.phase != phaseAwake || p.reconciling {
		return
	}
	p.reconciling = true
	p.users++ // it must not be closed meanwhile
	g, used := p.group, p.used
	t.work.Go(func() {
		changed, err := t.reconcileGroup(ns, g)
		t.mu.Lock()
		p.reconciling = false
		p.users--
		if changed {
			p.used = time.Now()
		} else if p.users == 0 && p.used.Before(used) {
			p.used = used
		}
		t.mu.Unlock()
		if err != nil && t.ctx.Err() == nil {
			t.log.Warn("the members of a group could not be changed yet", core.KeyGroup, g.name, core.KeyError, err)
		}
		if changed && err == nil {
			t.reconcile(ns) // there may be more
		}
	})
}

// reconcileGroup makes at most one change.
func (t *groups) reconcileGroup(ns core.Namespace, g *group) (changed bool, err error) {
	ctx, cancel := context.WithTimeout(t.ctx, changeWait+placeWait)
	defer cancel()
	p, err := t.directory.Find(ctx, ns)
	if err != nil || len(p.Replicas) == 0 {
		return false, nil
	}
	if g.lead.leads() == 0 {
		return false, t.leaveGroup(ctx, ns, g, p)
	}
	if due := t.forgetDue(ns); due {
		if err := g.forget(ctx, time.Now()); err != nil {
			t.log.Debug("old idempotency keys are not dropped yet", core.KeyGroup, g.name, core.KeyError, err)
		}
	}
	ra := g.raft.Load()
	change := t.plan(ctx, ns, g, p)
	if change == nil {
		return false, nil
	}
	if err := change(ra); err != nil {
		return false, err
	}
	if g.lead.leads() == 0 {
		return true, nil
	}
	// Raft's own entry never reaches rqlite, which would wait for it before each
	// linearizable read: an entry that rqlite sees follows.
	g.writer.entries.Lock()
	defer g.writer.entries.Unlock()
	return true, g.replay()
}

// plan chooses the next change, nil when there is none to make now.
func (t *groups) plan(ctx context.Context, ns core.Namespace, g *group, p Placement) func(*raft.Raft) error {
	servers := map[string]raft.Server{}
	voters := 0
	for _, server := range g.servers() {
		servers[string(server.ID)] = server
		if server.Suffrage == raft.Voter {
			voters++
		}
	}
	settled := true
	for _, place := range p.Replicas {
		server, there := servers[place.Node]
		id, address := raft.ServerID(place.Node), raft.ServerAddress(addressPrefix+place.Node)
		switch {
		case !there:
			t.log.Info("a replica is added", core.KeyGroup, g.name, core.KeyPeer, place.Node)
			return func(ra *raft.Raft) error { return ra.AddNonvoter(id, address, 0, changeWait).Error() }
		case place.Voter && server.Suffrage != raft.Voter:
			settled = false
			standing, err := t.remote.Wake(ctx, place.Node, ns)
			committed, errCommit := g.store.CommitIndex()
			if err == nil && errCommit == nil && standing.Leader != "" && standing.Index+caughtUp >= committed {
				t.log.Info("a replica becomes a voter", core.KeyGroup, g.name, core.KeyPeer, place.Node)
				return func(ra *raft.Raft) error { return ra.AddVoter(id, address, 0, changeWait).Error() }
			}
		}
	}
	if !settled { // nobody goes before those who come can vote
		return nil
	}
	// Who leaves goes first. It may be dead and still count: a living voter that
	// only becomes a read replica could be what the majority lacks then.
	for _, stays := range []bool{false, true} {
		for node, server := range servers {
			place, wanted := placeOf(p, node)
			id := raft.ServerID(node)
			switch {
			case wanted != stays:
			case wanted && (place.Voter || server.Suffrage != raft.Voter):
			case node == t.node && voters > 1 && server.Suffrage == raft.Voter:
				t.log.Info("the lead is handed over, to leave the group", core.KeyGroup, g.name)
				return func(*raft.Raft) error { return g.transfer(ctx) }
			case voters == 1 && server.Suffrage == raft.Voter: // never the last one
			case wanted:
				t.log.Info("a voter becomes a read replica", core.KeyGroup, g.name, core.KeyPeer, node)
				return func(ra *raft.Raft) error { return ra.DemoteVoter(id, 0, changeWait).Error() }
			default:
				t.log.Info("a replica is removed", core.KeyGroup, g.name, core.KeyPeer, node)
				return func(ra *raft.Raft) error { return ra.RemoveServer(id, 0, changeWait).Error() }
			}
		}
	}
	return nil
}

func placeOf(p Placement, node string) (Place, bool) {
	for _, place := range p.Replicas {
		if place.Node == node {
			return place, true
		}
	}
	return Place{}, false
}

// leaveGroup drops this node's replica when the network has placed the group
// elsewhere and the group's leader says that it is no member any more.
func (t *groups) leaveGroup(ctx context.Context, ns core.Namespace, g *group, p Placement) error {
	if p.Has(t.node) || !p.Formed || ns == core.SystemNamespace {
		return nil
	}
	for _, place := range p.Replicas {
		s, err := t.remote.Standing(ctx, place.Node, ns)
		if err != nil || s.Leader != place.Node { // only the leader's word counts
			continue
		}
		if slices.Contains(s.Members, t.node) {
			return nil
		}
		return t.drop(ns, g)
	}
	return nil
}

// drop closes the replica and removes its folder.
func (t *groups) drop(ns core.Namespace, g *group) error {
	t.mu.Lock()
	p := t.places[ns]
	if p == nil || p.phase != phaseAwake || p.group != g || p.users > 1 { // one is who calls
		t.mu.Unlock()
		return nil
	}
	p.phase, p.changed = phaseClosing, make(chan struct{})
	t.mu.Unlock()
	err := g.close()
	if err == nil {
		err = os.RemoveAll(g.folder.dir)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(p.changed)
	p.group = nil
	if err != nil {
		p.phase = phaseStuck
		p.err = core.Wrap(core.Unavailable, err, "the replica of %s could not be removed; restart the node", ns.Group())
		return err
	}
	delete(t.places, ns)
	t.log.Info("a replica that lives elsewhere now was removed", core.KeyGroup, g.name)
	return nil
}

// forgetDue tells now and then that old idempotency keys of ns are to be dropped.
func (t *groups) forgetDue(ns core.Namespace) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.places[ns]
	if p == nil || time.Since(p.forgot) < forgetEvery {
		return false
	}
	first := p.forgot.IsZero()
	p.forgot = time.Now()
	return !first
}
