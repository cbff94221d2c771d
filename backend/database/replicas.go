// The door for other nodes: what they may ask of this node's replicas.

package database

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hashicorp/raft"

	"git.debros.io/DeBros/network/backend/core"
)

// Replicas is the other end of [Remote]: this node's own replicas, for members of
// the network. Nothing is passed on to a third node, and package sqlguard is not
// asked, as the node that took the request in has done so.
type Replicas struct{ d *Databases }

// Replicas is the door for other nodes.
func (d *Databases) Replicas() *Replicas { return &Replicas{d} }

// lease opens the replica of ns for one call.
func (r *Replicas) lease(ctx context.Context, ns core.Namespace) (lease, error) {
	if err := knownNamespace(ns); err != nil {
		return lease{}, err
	}
	t, err := r.d.table()
	if err != nil {
		return lease{}, err
	}
	return t.acquire(ctx, ns)
}

// Query reads from this node's replica: as the leader, or at level none as it
// is. Unavailable means also that it does not lead; NotFound, that it keeps no
// replica.
func (r *Replicas) Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	level, err := core.ParseLevel(string(o.Level))
	if err != nil {
		return nil, err
	}
	l, err := r.lease(ctx, ns)
	if err != nil {
		return nil, err
	}
	defer l.release()
	switch {
	case level == core.LevelNone && !l.informed():
		return nil, errNoLeader(ns)
	case level != core.LevelNone && l.lead.leads() == 0:
		return nil, errNotLeading()
	}
	return r.d.readHere(ctx, l.group, s, o, level)
}

// Exec writes as the group's leader. Unavailable means also that this node does
// not lead; nothing was stored then.
func (r *Replicas) Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	l, err := r.lease(ctx, ns)
	if err != nil {
		return nil, err
	}
	defer l.release()
	if l.lead.leads() == 0 {
		return nil, errNotLeading()
	}
	w, err := newWrite(statements, o)
	if err != nil {
		return nil, err
	}
	return writeHere(ctx, l.group, w)
}

// Wake opens the replica and says how it stands. caller is the member of the
// network that asks: an empty replica will take the log from it, as the group's
// leader need not be among those that the group is moving to.
func (r *Replicas) Wake(ctx context.Context, caller string, ns core.Namespace) (Standing, error) {
	r.d.directory.Moved(ns) // a new replica's place may just have been decided
	l, err := r.lease(ctx, ns)
	if err != nil {
		return Standing{}, err
	}
	defer l.release()
	l.layer.quiet(false)
	if len(l.servers()) == 0 {
		l.callers.Store(caller, true)
	}
	return l.standing(), nil
}

// Campaign lets the replica stand for election at once.
func (r *Replicas) Campaign(ctx context.Context, ns core.Namespace) error {
	l, err := r.lease(ctx, ns)
	if err != nil {
		return err
	}
	defer l.release()
	if refusal := l.gate.refusal(); refusal != nil {
		return refusal
	}
	if l.leader() != "" {
		return nil // somebody was faster
	}
	return l.campaign()
}

// Sleep closes the replica: on the leader, the whole group. It returns Limited
// while the replica is in use.
func (r *Replicas) Sleep(_ context.Context, ns core.Namespace) error {
	t, err := r.d.table()
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.places[ns]
	switch {
	case p == nil || p.phase == phaseClosing || p.phase == phaseStuck:
		return nil
	case p.phase == phaseAwake && p.group.gate.fault() != nil: // see sleepIdle
		return nil
	case ns == core.SystemNamespace || p.phase == phaseOpening || p.users > 0:
		return core.Errorf(core.Limited, "the database %s is in use", ns.Group())
	case p.group.lead.leads() != 0:
		t.sleepLocked(ns, p, true) //nolint:contextcheck // it goes on when who asked has left
	default:
		t.closeLocked(ns, p)
	}
	return nil
}

// Standing says how the replica stands, without opening it.
func (r *Replicas) Standing(_ context.Context, ns core.Namespace) (Standing, error) {
	if err := knownNamespace(ns); err != nil {
		return Standing{}, err
	}
	t, err := r.d.table()
	if err != nil {
		return Standing{}, err
	}
	open, broken := t.awake()
	if g := open[ns]; g != nil {
		return g.standing(), nil
	}
	f := t.folder(ns)
	switch {
	case broken[ns] != nil:
		return Standing{}, broken[ns]
	case !f.made():
		return Standing{State: "none"}, nil
	}
	m, _, err := readMarker(f.dir)
	if err != nil {
		return Standing{}, f.damaged(markerFile, err)
	}
	return Standing{State: "asleep", LastIndex: m.Index, Index: m.Index, AgeMS: -1}, nil
}

// lastTerm is the term of the last entry in the log; Raft tells it in words only.
func lastTerm(ra *raft.Raft) uint64 {
	term, err := strconv.ParseUint(ra.Stats()["last_log_term"], 10, 64)
	if err != nil {
		return 0
	}
	return term
}

// readHere reads from a replica of this node.
func (d *Databases) readHere(ctx context.Context, g *group, s core.Statement, o core.QueryOptions, level core.Level) (*core.Rows, error) {
	began := time.Now()
	limit := atMost(o.Timeout, d.settings.ReadLimit)
	inTime, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	rows, err := g.read(inTime, s, o, level)
	switch {
	case err == nil:
		rows.Provenance.Level, rows.Provenance.ElapsedMS = level, milliseconds(time.Since(began))
		return rows, nil
	case ctx.Err() != nil:
		return nil, core.Wrap(core.Unavailable, ctx.Err(), "the read was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return nil, core.Wrap(core.Unavailable, err, "the read took longer than its limit of %v and was stopped; ask for less, or add an index", limit)
	}
	return nil, err
}

// writeHere writes as a group's leader.
func writeHere(ctx context.Context, g *group, w *write) (*core.ExecAnswer, error) {
	began := time.Now()
	results, index, err := g.writer.submit(ctx, w)
	if err != nil {
		return nil, err
	}
	answer := &core.ExecAnswer{Results: results, Provenance: g.provenance()}
	answer.Provenance.Level, answer.Provenance.Index = core.LevelLinearizable, index
	answer.Provenance.ElapsedMS = milliseconds(time.Since(began))
	return answer, nil
}
