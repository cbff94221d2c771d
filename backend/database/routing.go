// Where a request is served: by this node's replica when it may, else by another
// node's.

package database

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// leaderWait bounds how long a request waits for a group to find a leader. A
	// caller in a minority hears within two seconds that it is one.
	leaderWait = 1800 * time.Millisecond
	// leaderPause is how long a request waits before it asks again where the
	// leader is, when nothing tells it.
	leaderPause = 50 * time.Millisecond
	// placeWait bounds asking the directory.
	placeWait = 3 * time.Second
	// maxHints bounds the groups whose leader is remembered without a replica here.
	maxHints = 4096
)

// call is one request for a namespace, as it runs here or at another node.
type call[T any] struct {
	ns core.Namespace
	// replica allows any replica to answer; else only the leader may.
	replica bool
	// repeatable says that doing it twice is as good as once, so that it may be
	// sent again when nobody knows how the first time ended.
	repeatable bool
	here       func(ctx context.Context, g *group) (T, error)
	there      func(ctx context.Context, node string) (T, error)
}

// route serves the call where it can be served. An error with the code
// Unavailable means that nothing was done anywhere.
func route[T any](ctx context.Context, d *Databases, c call[T]) (T, error) {
	deadline := time.Now().Add(leaderWait)
	for {
		answer, wait, err := attempt(ctx, deadline, d, c)
		switch {
		case err == nil, ctx.Err() != nil, wait == nil:
			return answer, err
		case core.CodeOf(err) == core.OutcomeUnknown && !c.repeatable:
			return answer, err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return answer, err
		}
		timer := time.NewTimer(min(left, leaderPause))
		select {
		case <-wait:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// attempt tries the call once; the search for a leader ends at the deadline. wait
// is nil when trying again makes no sense, else a channel that is closed when
// there is news.
func attempt[T any](ctx context.Context, deadline time.Time, d *Databases, c call[T]) (answer T, wait <-chan struct{}, err error) {
	t, err := d.table()
	if err != nil {
		return answer, nil, err
	}
	l, err := t.acquire(ctx, c.ns)
	switch {
	case errors.Is(err, errNoReplica):
		return attemptElsewhere(ctx, d, c, nil)
	case err != nil:
		return answer, nil, err
	}
	defer l.release()
	if refusal := l.gate.refusal(); refusal != nil {
		if c.replica && l.stored() {
			answer, err = c.here(ctx, l.group)
			return answer, nil, err
		}
		return attemptElsewhere(ctx, d, c, refusal)
	}
	news := l.lead.wait()
	leader := l.leader()
	switch {
	case c.replica && l.informed(), l.lead.leads() != 0:
		answer, err = c.here(ctx, l.group)
		if again(err) {
			return answer, news, err
		}
		return answer, nil, err
	case leader == "":
		search, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		nobody := t.wake(search, l)
		if !c.replica || !l.stored() || (!nobody && time.Until(deadline) >= leaderPause) {
			return answer, news, errNoLeader(c.ns)
		}
		// Cut off from all others since it was opened: old data, which says so, is
		// better than none.
		answer, err = c.here(ctx, l.group)
		return answer, nil, err
	case leader == d.settings.NodeID: // it is just taking over
		return answer, news, errNoLeader(c.ns)
	}
	answer, err = c.there(ctx, leader)
	if again(err) || (c.repeatable && core.CodeOf(err) == core.OutcomeUnknown) {
		search, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		t.suspect(search, l, leader)
		return answer, news, err
	}
	return answer, nil, err
}

// again tells whether an error says that nothing was done, because of where it
// was asked: another try may find a better place.
func again(err error) bool {
	return errors.Is(err, errNotLeadingCause) || core.CodeOf(err) == core.Unavailable && !errors.Is(err, context.DeadlineExceeded)
}

func errNoLeader(ns core.Namespace) error {
	return core.Wrap(core.Unavailable, errNotLeadingCause, "the database %s has no leader at the moment; nothing was done; read with level none, or repeat in a moment", ns.Group())
}

// attemptElsewhere tries the call at the other nodes that keep replicas: there is
// none here, or a failed one, of which refusal says why.
func attemptElsewhere[T any](ctx context.Context, d *Databases, c call[T], refusal error) (answer T, wait <-chan struct{}, err error) {
	p, err := d.directory.Place(ctx, c.ns)
	switch {
	case err != nil && refusal != nil:
		return answer, nil, errors.Join(refusal, err)
	case err != nil:
		return answer, nil, err
	case refusal == nil && p.Has(d.settings.NodeID): // placed here only just now
		return answer, make(chan struct{}), errNoLeader(c.ns)
	}
	self := func(node string) bool { return node == d.settings.NodeID }
	nodes := slices.DeleteFunc(d.hints.order(p, c.replica), self)
	nowhere := errNoLeader(c.ns)
	if refusal != nil {
		nowhere = refusal
	}
	if refusal != nil && len(nodes) == 0 {
		return answer, nil, refusal
	}
	err = nowhere
	for _, node := range nodes {
		if !c.replica {
			standing, errWake := d.remote.Wake(ctx, node, c.ns)
			if errWake != nil || standing.Leader == "" || self(standing.Leader) {
				err = errors.Join(nowhere, errWake)
				continue
			}
			node = standing.Leader
		}
		answer, err = c.there(ctx, node)
		if err == nil {
			d.hints.set(c.ns, node)
			return answer, nil, nil
		}
		d.hints.drop(c.ns, node)
		switch {
		case core.CodeOf(err) == core.OutcomeUnknown && c.repeatable, again(err), core.CodeOf(err) == core.NotFound:
			if ctx.Err() != nil {
				return answer, nil, err
			}
		default:
			return answer, nil, err
		}
	}
	d.directory.Moved(c.ns)
	if len(nodes) == 0 || core.CodeOf(err) == core.NotFound {
		err = nowhere
	}
	return answer, make(chan struct{}), err
}

// leaderHints remember who led groups without a replica here.
type leaderHints struct {
	mu    sync.Mutex
	nodes map[core.Namespace]string // at most maxHints
}

func newLeaderHints() *leaderHints { return &leaderHints{nodes: map[core.Namespace]string{}} }

func (h *leaderHints) set(ns core.Namespace, node string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.nodes) >= maxHints {
		clear(h.nodes) // it is a hint; better to forget than to sort
	}
	h.nodes[ns] = node
}

func (h *leaderHints) drop(ns core.Namespace, node string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.nodes[ns] == node {
		delete(h.nodes, ns)
	}
}

// order lists whom to ask: the last one that answered, then the voters in any
// order, then, when any replica will do, the others.
func (h *leaderHints) order(p Placement, replica bool) []string {
	h.mu.Lock()
	last := h.nodes[p.Namespace]
	h.mu.Unlock()
	var first, voters, others []string
	for _, place := range p.Replicas {
		switch {
		case place.Node == last:
			first = append(first, place.Node)
		case place.Voter:
			voters = append(voters, place.Node)
		case replica:
			others = append(others, place.Node)
		}
	}
	rand.Shuffle(len(voters), func(i, j int) { voters[i], voters[j] = voters[j], voters[i] })
	return append(append(first, voters...), others...)
}

// leader is the group's leader as this replica knows it, "" when it knows none.
func (g *group) leader() string {
	id, err := g.store.LeaderID()
	if err != nil {
		return ""
	}
	return id
}

// informed tells whether this replica's data is the group's: it leads, or a
// leader has spoken to it since it was opened.
func (g *group) informed() bool {
	if g.lead.leads() != 0 {
		return true
	}
	ra := g.raft.Load()
	return ra != nil && !ra.LastContact().IsZero() && ra.LastIndex() > 0
}

// stored tells whether this replica has data, of whatever age: a snapshot from
// when it was last closed, or what a leader has sent since.
func (g *group) stored() bool {
	ra := g.raft.Load()
	return ra != nil && ra.AppliedIndex() > 0
}

// finish completes an answer's provenance once it is back where it was asked for.
func finish(p *core.Provenance, level core.Level, self string, replica bool, began time.Time) {
	p.Level, p.ElapsedMS = level, milliseconds(time.Since(began))
	if p.ServedBy == self || p.ServedBy == "" {
		return
	}
	p.How = "forwarded"
	if replica && p.Leader != p.ServedBy {
		p.How = "replica"
	}
}
