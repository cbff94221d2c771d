// The change feed of one awake group: which tables changed, and up to which log
// entry. It lives on what rqlite captures while it applies entries, so that each
// replica has its own.

package database

import (
	"context"
	"expvar"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rqlite/rqlite/v8/command/proto"
	"github.com/rqlite/rqlite/v8/store"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// feedBuffer is how many transactions may wait for the feed. rqlite drops what
	// does not fit, so it holds the largest entry, of MaxStatements transactions.
	feedBuffer = MaxStatements + 1024
	// maxFeedTables bounds the tables that a feed tells apart. Changes of further
	// ones count as changes of every table.
	maxFeedTables = 4096
	// appliedStep is how long the feed waits at a time for an entry to be applied.
	appliedStep = 250 * time.Millisecond
	// settleTime is after which a capture that was just switched on is taken for
	// complete: an entry that ran before it has been counted by rqlite then.
	settleTime = time.Second
	// lossTimes is how often everybody is woken after rqlite dropped something:
	// for longer than any entry takes to be applied.
	lossTimes = 30
)

// captured is what rqlite tells about one transaction.
type captured = *proto.CDCIndexedEventGroup

// feed knows of each table the last entry that changed it. A change is told only
// when a reader sees it: rqlite captures it a moment before it is committed.
type feed struct {
	store   *store.Store
	events  chan captured
	blind   *blindness    // which transactions changed more than was captured
	renewal chan struct{} // another file took the place: capture anew
	bell    chan struct{} // something waits to be told
	applied chan uint64   // the entry that readers see now
	fresh   bool          // nothing was captured yet since capture; only read uses it
	cancel  context.CancelFunc
	work    sync.WaitGroup

	waiters     atomic.Int64
	nodeWaiters *atomic.Int64 // of all groups

	mu      sync.Mutex
	pending marks // captured, and not yet told
	told    marks
	base    uint64        // what happened up to here was not captured
	news    chan struct{} // closed when something is told
	ended   bool
}

// marks are the last changes by table.
type marks struct {
	tables map[string]uint64 // at most maxFeedTables, in small letters
	every  uint64            // the last change of every table
	last   uint64            // the highest of all
}

func (m *marks) set(table string, index uint64) {
	m.last = max(m.last, index)
	if _, known := m.tables[table]; table == "" || (!known && len(m.tables) >= maxFeedTables) {
		m.every = max(m.every, index)
		return
	}
	m.tables[table] = max(m.tables[table], index)
}

// of is the last change of any of the tables, or of all when none is named.
func (m *marks) of(tables []string) uint64 {
	if len(tables) == 0 {
		return m.last
	}
	at := m.every
	for _, t := range tables {
		at = max(at, m.tables[t])
	}
	return at
}

// startFeed begins to capture. end must be called before the store is closed.
func startFeed(s *store.Store, blind *blindness, nodeWaiters *atomic.Int64) *feed {
	ctx, cancel := context.WithCancel(context.Background())
	f := &feed{
		store: s, blind: blind, nodeWaiters: nodeWaiters, cancel: cancel,
		events: make(chan captured, feedBuffer), renewal: make(chan struct{}, 1), bell: make(chan struct{}, 1), applied: make(chan uint64),
		pending: marks{tables: map[string]uint64{}}, told: marks{tables: map[string]uint64{}}, news: make(chan struct{}),
	}
	f.capture()
	f.work.Go(func() { f.read(ctx) })
	f.work.Go(func() { f.follow(ctx) })
	return f
}

// end stops the feed; whoever waits is told to ask again.
func (f *feed) end() {
	_ = f.store.DisableCDC() //nolint:errcheck // the store is about to be closed, and the hooks with it
	f.cancel()
	f.work.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	f.announceLocked()
}

// renew is called while another file takes the place of the one in use, which
// knows nothing of the capture.
func (f *feed) renew() {
	select {
	case f.renewal <- struct{}{}:
	default:
	}
}

// capture switches rqlite's capture on, for the file that is in use now. What
// happened before is unknown: that is a gap.
func (f *feed) capture() {
	_ = f.store.DisableCDC()              //nolint:errcheck // there may be nothing to switch off
	_ = f.store.EnableCDC(f.events, true) //nolint:errcheck // it fails when the store is closed, and the feed ends then
	f.fresh = true
	f.settle()
}

// settle tells that anything may have happened up to now. When the capture was
// switched on, what the file holds may not have been in rqlite's count yet: it
// counts a snapshot some moments after it put it in place. And when rqlite dropped
// something, nobody knows of which entry it was.
func (f *feed) settle() {
	now := f.store.DBAppliedIndex()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.base = max(f.base, now)
	f.told.set("", now)
	f.announceLocked()
}

func (f *feed) announceLocked() {
	close(f.news)
	f.news = make(chan struct{})
}

// read takes what rqlite captured. It never waits for anything else, as rqlite
// drops what finds no room.
func (f *feed) read(ctx context.Context) {
	r := feedReader{feed: f, dropped: droppedEvents()}
	settled := time.NewTimer(settleTime)
	defer settled.Stop()
	for {
		select {
		case g := <-f.events:
			r.take(g)
			f.ring()
		case index := <-f.applied:
			r.drain()
			f.tell(index)
		case <-f.renewal:
			f.capture()
			r.unsettled = 2
			settled.Reset(settleTime)
		case <-settled.C:
			f.settle()
			if r.unsettled--; r.unsettled > 0 {
				settled.Reset(settleTime)
			}
		case <-ctx.Done():
			return
		}
		if dropped := droppedEvents(); dropped != r.dropped {
			r.dropped, r.unsettled = dropped, lossTimes
			settled.Reset(settleTime)
		}
	}
}

func (f *feed) ring() {
	select {
	case f.bell <- struct{}{}:
	default:
	}
}

// feedReader is what read remembers between two transactions.
type feedReader struct {
	*feed
	index     uint64 // of the entry that is being applied
	dropped   int64
	unsettled int // how often everybody is to be woken yet, see settle
}

// drain takes all that has been captured by now.
func (r *feedReader) drain() {
	for {
		select {
		case g := <-r.events:
			r.take(g)
		default:
			return
		}
	}
}

// take notes the tables of one transaction. Only the first of an entry carries
// the entry's index. One without rows changed the schema, or nothing.
func (r *feedReader) take(g captured) {
	if g.GetIndex() > 0 {
		r.index = g.GetIndex()
	}
	blind := r.blind.at(r.index)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fresh && g.GetIndex() > 0 { // what was captured first tells best what was not
		r.base, r.fresh = max(r.base, g.GetIndex()-1), false
	}
	if blind || len(g.GetEvents()) == 0 {
		r.pending.set("", r.index)
	}
	last := ""
	for _, e := range g.GetEvents() {
		if e.GetTable() != last {
			last = e.GetTable()
			r.pending.set(strings.ToLower(last), r.index)
		}
	}
}

// droppedEvents is rqlite's count of transactions that found no room, in any group.
func droppedEvents() int64 {
	if m, ok := expvar.Get("db").(*expvar.Map); ok {
		if n, ok := m.Get("dropped_cdc_events").(*expvar.Int); ok {
			return n.Value()
		}
	}
	return 0
}

// follow waits for each captured entry to be applied, and says so to read.
func (f *feed) follow(ctx context.Context) {
	for {
		select {
		case <-f.bell:
		case <-ctx.Done():
			return
		}
		f.mu.Lock()
		target := f.pending.last
		f.mu.Unlock()
		for target > 0 && ctx.Err() == nil {
			index, err := f.store.WaitForFSMIndex(target, appliedStep)
			if err != nil {
				continue
			}
			select {
			case f.applied <- index:
			case <-ctx.Done():
			}
			break
		}
	}
}

// tell lets the waiters know of what was captured up to the entry. All of an
// entry's transactions have been taken by now.
func (f *feed) tell(index uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	later := marks{tables: map[string]uint64{}}
	for table, at := range f.pending.tables {
		if at > index {
			later.set(table, at)
			continue
		}
		f.told.set(table, at)
	}
	switch {
	case f.pending.every > index:
		later.set("", f.pending.every)
	case f.pending.every > 0:
		f.told.set("", f.pending.every)
	}
	f.pending = later
	if later.last > 0 {
		f.ring()
	}
	f.announceLocked()
}

// look says what is known about the tables after an entry, and else what to wait for.
func (f *feed) look(after uint64, tables []string) (c core.Change, news <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.told.of(tables)
	switch {
	case f.ended:
		return c, nil, core.Errorf(core.Unavailable, "the database was put to sleep while you waited; ask again")
	case at > after:
		return core.Change{Index: max(f.told.last, at), Changed: true, Gap: after < f.base}, nil, nil
	}
	return core.Change{Index: max(f.told.last, after)}, f.news, nil
}

// wait returns once one of the tables has changed after the entry, or with
// nothing changed at the end of limit or ctx.
func (f *feed) wait(ctx context.Context, after uint64, tables []string, limit time.Duration) (core.Change, error) {
	c, news, err := f.look(after, tables)
	if err != nil || c.Changed || limit <= 0 {
		return c, err
	}
	defer f.waiters.Add(-1)
	defer f.nodeWaiters.Add(-1)
	group, node := f.waiters.Add(1), f.nodeWaiters.Add(1)
	if group > MaxGroupWatchers || node > MaxWatchers {
		return core.Change{}, core.Errorf(core.Limited, "%d watchers wait in this namespace and %d at this node, of at most %d and %d; end some, or watch at another node",
			group-1, node-1, MaxGroupWatchers, MaxWatchers)
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for err == nil && !c.Changed {
		select {
		case <-news:
		case <-timer.C:
			return c, nil
		case <-ctx.Done():
			return c, core.Wrap(core.Unavailable, ctx.Err(), "the wait for changes was ended")
		}
		c, news, err = f.look(after, tables)
	}
	return c, err
}
