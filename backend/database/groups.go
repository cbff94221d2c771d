// Which groups are awake: opened once when first asked for, put to sleep when
// idle or when another one needs the room.

package database

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// phase is where a group's place in the table stands.
type phase int

const (
	phaseOpening phase = iota
	phaseAwake
	phaseClosing
	phaseStuck // it cannot be opened again before the program ends
)

// place is one namespace in the table of groups.
type place struct {
	phase       phase
	changed     chan struct{}        // closed when opening or closing is over
	group       *group               // while awake
	wokeAt      time.Time            // when the others were last asked to wake with it
	deserted    bool                 // none of them answered then
	suspectedAt time.Time            // when it was last asked whether the leader is dead
	calledAt    map[string]time.Time // when single ones were
	err         error                // while stuck, and how the opening ended
	users       int
	used        time.Time
	forgot      time.Time // when old idempotency keys were last dropped

	reconciling bool
}

// groups is the table of awake groups.
type groups struct {
	dir      string
	node     string
	host     host.Host
	maxAwake int
	limits   groupLimits
	log      *slog.Logger

	directory Directory
	remote    Remote
	watches   *leadWatches

	ctx    context.Context //nolint:containedctx // ends with the table: opening a group outlives the request that asked for it
	cancel context.CancelFunc
	work   sync.WaitGroup // openings and closings

	mu     sync.Mutex
	places map[core.Namespace]*place
	failed map[core.Namespace]error // of the last opening; at most one for each folder
	opened map[core.Namespace]bool  // since the process began; likewise
	ended  bool
}

// lease is the use of an awake group. Its release must be called once.
type lease struct {
	*group
	table *groups
	place *place
	ns    core.Namespace
}

// acquire returns the namespace's group, awake, and keeps it so until the lease
// is released. Concurrent callers share one opening.
func (t *groups) acquire(ctx context.Context, ns core.Namespace) (lease, error) {
	for {
		l, wait, err := t.tryAcquire(ns) //nolint:contextcheck // it goes on when who asked has left
		if err != nil || wait == nil {
			return l, err
		}
		select {
		case <-wait:
			if err := t.openError(l.place); err != nil {
				return lease{}, err
			}
		case <-ctx.Done():
			return lease{}, core.Wrap(core.Unavailable, ctx.Err(), "the request ended while the database was being opened; nothing was done")
		}
	}
}

// tryAcquire returns the group. When it is not awake, it returns a place and the
// channel that will tell that the place has changed.
func (t *groups) tryAcquire(ns core.Namespace) (lease, <-chan struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return lease{}, nil, errClosing()
	}
	p := t.places[ns]
	switch {
	case p == nil:
		waits, err := t.openLocked(ns)
		if err != nil {
			return lease{}, nil, err
		}
		return lease{place: waits}, waits.changed, nil
	case p.phase == phaseStuck:
		return lease{}, nil, p.err
	case p.phase != phaseAwake:
		return lease{place: p}, p.changed, nil
	}
	if fault := p.group.writer.fault(); fault != nil {
		if p.users == 0 {
			t.closeLocked(ns, p)
			return lease{place: p}, p.changed, nil
		}
		return lease{}, nil, core.Wrap(core.Unavailable, fault, "the database is being opened again; nothing was done; repeat in a moment")
	}
	p.users++
	return lease{group: p.group, table: t, place: p, ns: ns}, nil, nil
}

// openError tells how an opening ended; nil for a closing.
func (t *groups) openError(p *place) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return p.err
}

// release gives the group back.
func (l lease) release() {
	l.table.mu.Lock()
	defer l.table.mu.Unlock()
	l.place.users--
	l.place.used = time.Now()
	if l.place.users == 0 && l.place.phase == phaseAwake && !l.table.ended && l.writer.fault() != nil {
		l.table.closeLocked(l.ns, l.place)
	}
}

// openLocked starts to open a group. When too many are awake, it puts one to
// sleep first and returns that one's place.
func (t *groups) openLocked(ns core.Namespace) (*place, error) {
	if waits, err := t.makeRoomLocked(); err != nil || waits != nil {
		return waits, err
	}
	p := &place{phase: phaseOpening, changed: make(chan struct{}), used: time.Now()}
	t.places[ns] = p
	f := t.folder(ns)
	f.first = !t.opened[ns]
	t.work.Go(func() {
		began := time.Now()
		g, err := t.open(ns, f)
		t.mu.Lock()
		defer t.mu.Unlock()
		defer close(p.changed)
		if err == nil {
			t.log.Info("group opened", core.KeyGroup, f.group, "took", time.Since(began))
			p.group, p.phase, p.used = g, phaseAwake, time.Now()
			t.opened[ns] = true
			delete(t.failed, ns)
			return
		}
		p.err = err
		if errors.Is(err, errNoReplica) || (t.ctx.Err() != nil && errors.Is(err, t.ctx.Err())) {
			delete(t.places, ns)
			return
		}
		t.log.Error("group cannot be opened", core.KeyGroup, f.group, core.KeyError, err)
		t.failed[ns] = err
		if errors.As(err, new(stuckError)) {
			p.phase = phaseStuck
			return
		}
		delete(t.places, ns)
	})
	return p, nil
}

// errNoReplica says that the network has placed no replica of the namespace here.
var errNoReplica = core.Errorf(core.NotFound, "this node keeps no replica of the namespace")

func (t *groups) folder(ns core.Namespace) folder {
	return folder{dir: filepath.Join(t.dir, string(ns)), group: ns.Group(), node: t.node}
}

// open opens the replica of ns in f, as the network has placed it.
func (t *groups) open(ns core.Namespace, f folder) (*group, error) {
	o := openOptions{
		folder: f, host: t.host, limits: t.limits, log: t.log.With(core.KeyGroup, f.group),
		placed: func(id peer.ID) bool { return t.placedOn(ns, id.String()) },
		led:    func(_ *group, leads bool) { t.ledChanged(ns, leads) },
		asleep: func(id peer.ID) { t.wakeOne(ns, id.String()) },
	}
	ctx, cancel := context.WithTimeout(t.ctx, placeWait)
	defer cancel()
	p, err := t.directory.Place(ctx, ns)
	switch {
	case err != nil && !f.made(): // a replica that is here serves also when nobody knows where others are
		return nil, err
	case err == nil && !p.Has(t.node) && !f.made():
		return nil, errNoReplica
	case err == nil && !p.Formed && len(p.Replicas) > 0 && p.Replicas[0].Node == t.node:
		for _, place := range p.Replicas {
			if place.Voter {
				o.voters = append(o.voters, place.Node)
			}
		}
	}
	return openGroup(t.ctx, o)
}

// placedOn tells whether the network has placed a replica of ns on the node.
func (t *groups) placedOn(ns core.Namespace, node string) bool {
	ctx, cancel := context.WithTimeout(t.ctx, placeWait)
	defer cancel()
	p, err := t.directory.Find(ctx, ns)
	return err == nil && p.Has(node)
}

// ledChanged is told when this node has taken or lost the lead of ns.
func (t *groups) ledChanged(ns core.Namespace, leads bool) {
	t.watches.tell(ns, leads)
	t.mu.Lock()
	defer t.mu.Unlock()
	if leads && !t.ended {
		t.work.Go(func() {
			ctx, cancel := context.WithTimeout(t.ctx, placeWait)
			defer cancel()
			if err := t.directory.Formed(ctx, ns); err != nil {
				t.log.Debug("that a group has a leader is not written down yet", core.KeyGroup, ns.Group(), core.KeyError, err)
			}
		})
	}
}

// makeRoomLocked sees to it that one more group may be awake. The system group
// is not counted and never sleeps.
func (t *groups) makeRoomLocked() (*place, error) {
	awake := 0
	var oldest core.Namespace
	var closing *place
	for ns, p := range t.places {
		if ns == core.SystemNamespace || p.phase == phaseStuck {
			continue
		}
		awake++
		switch {
		case p.phase == phaseClosing:
			closing = p
		case p.phase == phaseAwake && p.users == 0 && (oldest == "" || p.used.Before(t.places[oldest].used)):
			oldest = ns
		}
	}
	switch {
	case awake < t.maxAwake:
		return nil, nil
	case closing != nil:
		return closing, nil
	case oldest == "":
		return nil, core.Errorf(core.Limited, "all %d namespaces that may be awake at once are in use; repeat in a moment, or raise database.max_awake", t.maxAwake)
	}
	p := t.places[oldest]
	t.sleepLocked(oldest, p, true)
	return p, nil
}

// closeLocked starts to close an awake replica, and nobody else's.
func (t *groups) closeLocked(ns core.Namespace, p *place) {
	p.phase, p.changed = phaseClosing, make(chan struct{})
	t.work.Go(func() { t.closePlace(ns, p) })
}

// closePlace closes the replica of a place that is in phaseClosing.
func (t *groups) closePlace(ns core.Namespace, p *place) {
	err := p.group.close()
	fault := p.group.gate.fault()
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(p.changed)
	p.group = nil
	if fault != nil { // what this process can still read of its files need not be on the disk
		p.phase, p.err = phaseStuck, fault
		return
	}
	if err != nil { // rqlite may still hold the log
		t.log.Error("group cannot be closed", core.KeyGroup, ns.Group(), core.KeyError, err)
		p.phase = phaseStuck
		p.err = core.Wrap(core.Unavailable, err, "the database %s could not be closed; restart the node", ns.Group())
		return
	}
	t.log.Info("group sleeps", core.KeyGroup, ns.Group())
	delete(t.places, ns)
}

// sleepIdle puts groups to sleep that nobody has used since before. One whose
// disk has failed stays, as it could not be opened again for reading.
func (t *groups) sleepIdle(before time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ns, p := range t.places {
		if ns != core.SystemNamespace && p.phase == phaseAwake && p.users == 0 && p.used.Before(before) && p.group.gate.fault() == nil {
			t.sleepLocked(ns, p, false)
		}
	}
}

// end closes all groups and waits for it. Requests under way are answered with
// unavailable, or with how they ended.
func (t *groups) end() {
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	t.cancel()
	t.work.Wait() // openings end first, so that all that is open is seen below
	t.mu.Lock()
	for ns, p := range t.places {
		if p.phase == phaseAwake {
			t.closeLocked(ns, p)
		}
	}
	t.mu.Unlock()
	t.work.Wait()
}

// awake lists the groups that are awake now, and why others could not be opened
// when they were last asked for.
func (t *groups) awake() (open map[core.Namespace]*group, broken map[core.Namespace]error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	open, broken = map[core.Namespace]*group{}, maps.Clone(t.failed)
	for ns, p := range t.places {
		switch p.phase {
		case phaseAwake:
			open[ns] = p.group
		case phaseStuck:
			broken[ns] = p.err
		default:
		}
	}
	return open, broken
}
