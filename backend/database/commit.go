// The group commit: one goroutine per group sends one entry at a time and
// gathers meanwhile what arrives into the next.

package database

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/raft"
	"github.com/rqlite/rqlite/v8/command/proto"
	"github.com/rqlite/rqlite/v8/store"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// gatherFor is how long an entry waits for those who wrote with the last one.
	gatherFor = 300 * time.Microsecond
	// maxEntryStatements and maxEntryBytes end the gathering of an entry. One
	// entry is one SQLite transaction, and whoever comes next waits for it.
	maxEntryStatements = 2048
	maxEntryBytes      = 1 << 20
)

// proposer puts statements into the group's log and returns what applying them said.
type proposer func([]*proto.Statement) ([]*proto.ExecuteQueryResponse, uint64, error)

// committer is a group's only writer.
type committer struct {
	propose proposer
	room    func(w *write) error // nil when the group may grow
	settled func(shapes []shape) // called after each entry that may have changed the schema
	log     *slog.Logger
	wake    chan struct{}
	idle    chan struct{} // closed when run has returned

	// shareable is false while the schema has constraints that are checked at
	// COMMIT, where one caller's fault would be everybody's. Only run uses it.
	shareable func() bool

	entries sync.Mutex // held while an entry is being written, and by a restore

	// remember looks up what an idempotency key has done, and is told in which
	// statement to keep what it does now. Only run uses it.
	remember func(w *write) (outcome, bool, error)
	early    bool   // a planted bug, see ackEarly
	sent     int    // entries; only the planted bug counts them
	lost     func() // called when an entry was left open because the lead was lost

	// refusal says that the disk has failed, nil while it has not.
	refusal func() error

	mu      sync.Mutex
	leading bool // this replica leads and has taken over from the leader before
	queue   []*write
	bytes   int
	ended   bool
	wounded error // set once: the group must be closed and opened again
}

func newCommitter(propose proposer, log *slog.Logger) *committer {
	return &committer{
		propose: propose, log: log,
		room:      func(*write) error { return nil },
		settled:   func([]shape) {},
		shareable: func() bool { return true },
		remember:  func(*write) (outcome, bool, error) { return outcome{}, false, nil },
		lost:      func() {},
		refusal:   func() error { return nil },
		wake:      make(chan struct{}, 1),
		idle:      make(chan struct{}),
	}
}

// submit queues a write and waits for its outcome. A caller who leaves while it
// is queued takes it out; one who leaves later cannot know how it ends.
func (c *committer) submit(ctx context.Context, w *write) ([]core.ExecResult, uint64, error) {
	if err := c.enqueue(w); err != nil {
		return nil, 0, err
	}
	select {
	case o := <-w.done:
		return o.results, o.index, o.err
	case <-ctx.Done():
	}
	if c.drop(w) {
		return nil, 0, core.Wrap(core.Unavailable, ctx.Err(), "the request was cancelled before it was written; nothing was stored")
	}
	select {
	case o := <-w.done: // it was ready at the same moment
		return o.results, o.index, o.err
	default:
		return nil, 0, core.Wrap(core.OutcomeUnknown, ctx.Err(), "the request was cancelled while it was being written; it may be stored")
	}
}

func (c *committer) enqueue(w *write) error {
	refusal := c.refusal()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case refusal != nil:
		return refusal
	case c.wounded != nil:
		return core.Wrap(core.Unavailable, c.wounded, "the database is being opened again; nothing was stored; repeat in a moment")
	case c.ended:
		return core.Errorf(core.Unavailable, "the database is closing; nothing was stored")
	case !c.leading:
		return errNotLeading()
	case len(c.queue) >= MaxQueuedWrites || c.bytes+w.bytes > MaxQueuedBytes:
		return core.Errorf(core.Limited, "too many writes are waiting (%d, %d bytes); repeat in a moment", len(c.queue), c.bytes)
	}
	c.queue = append(c.queue, w)
	c.bytes += w.bytes
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return nil
}

// drop takes w out of the queue and tells whether it was still there.
func (c *committer) drop(w *write) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.taken {
		return false
	}
	w.dropped = true
	return true
}

// run sends entries until end is called. What is queued then is refused.
func (c *committer) run() {
	defer close(c.idle)
	for range c.wake {
		for last := 0; ; {
			c.gather(last)
			writes, over := c.take()
			if over {
				return
			}
			if len(writes) == 0 {
				break
			}
			last = len(writes)
			c.commit(writes)
		}
	}
}

// gather waits a moment for as many writes as the last entry had: its callers
// have their answers and are about to ask again, and one sync serves them all.
// After an entry of one write it does not wait.
func (c *committer) gather(last int) {
	if last < 2 {
		return
	}
	over := time.NewTimer(gatherFor)
	defer over.Stop()
	for {
		c.mu.Lock()
		enough := len(c.queue) >= last || c.ended
		c.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-c.wake:
		case <-over.C:
			return
		}
	}
}

// end makes run refuse what waits and return after the entry in flight.
func (c *committer) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
	<-c.idle
}

// setLeading opens the queue, or closes it and refuses who waits in it.
func (c *committer) setLeading(leading bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leading = leading
	if leading {
		return
	}
	reason := c.refusal()
	if reason == nil {
		reason = errNotLeading()
	}
	for _, w := range c.queue {
		w.done <- outcome{err: reason}
	}
	clear(c.queue)
	c.queue, c.bytes = c.queue[:0], 0
}

// errNotLeadingCause is the cause in an answer of a replica that does not lead. Nothing
// was stored, so the request may go to the leader.
var errNotLeadingCause = errors.New("this replica does not lead its group")

func errNotLeading() error {
	return core.Wrap(core.Unavailable, errNotLeadingCause, "the database has no leader at the moment; nothing was stored; repeat in a moment")
}

// fault tells whether the group must be opened again, and why.
func (c *committer) fault() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wounded
}

// take removes the next entry's writes from the queue.
func (c *committer) take() (writes []*write, over bool) {
	shareable, refusal := c.shareable(), c.refusal()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.wounded != nil || refusal != nil {
		c.refuseLocked()
		return nil, c.ended
	}
	statements, bytes, n := 0, 0, 0
	for _, w := range c.queue {
		if !w.dropped {
			full := statements+len(w.statements) > maxEntryStatements || bytes+w.bytes > maxEntryBytes
			if len(writes) > 0 && (full || w.alone || w.held || !shareable) {
				break
			}
			w.taken = true
			writes = append(writes, w)
			statements += len(w.statements)
			bytes += w.bytes
		}
		n++
		c.bytes -= w.bytes
		if w.alone || w.held || (!shareable && len(writes) > 0) {
			break
		}
	}
	rest := copy(c.queue, c.queue[n:])
	clear(c.queue[rest:])
	c.queue = c.queue[:rest]
	return writes, false
}

// refuseLocked answers everybody who waits.
func (c *committer) refuseLocked() {
	refusal := c.refusal()
	if refusal == nil {
		refusal = core.Wrap(core.Unavailable, c.wounded, "the database is closing; nothing was stored; repeat in a moment")
	}
	for _, w := range c.queue {
		w.done <- outcome{err: refusal}
	}
	clear(c.queue)
	c.queue, c.bytes = c.queue[:0], 0
}

// commit sends one entry and hands out the outcomes.
func (c *committer) commit(writes []*write) {
	c.entries.Lock()
	defer c.entries.Unlock()
	writes = c.withRoom(writes)
	if len(writes) == 0 || c.repeats(writes[0]) {
		return
	}
	e := newEntry(writes, time.Now(), newSeed(), c.shareable() && !writes[0].alone)
	early := c.early && c.sent >= ackEarlyAfter
	if c.early {
		c.sent++
	}
	if early {
		for _, w := range writes {
			w.done <- outcome{results: make([]core.ExecResult, len(w.statements))}
		}
	}
	responses, index, err := c.propose(e.request)
	if early {
		return
	}
	if err != nil {
		c.fail(writes, proposeError(err))
		return
	}
	outcomes, err := e.outcomes(responses, index)
	if err == nil && e.mode == modeHeld {
		err = c.release(writes[0], outcomes)
		if errors.Is(err, errOpen) { // whoever leads next rolls back, or it was committed just before
			c.lost()
			c.fail(writes, core.Wrap(core.OutcomeUnknown, err, "the group lost its leader while writing; the write may be stored"))
			return
		}
	}
	if alone := writes[0]; alone.alone {
		c.settled(alone.shapes)
	}
	if err != nil {
		c.wound(writes, err)
		return
	}
	for i, w := range writes {
		w.done <- outcomes[i]
	}
}

// withRoom answers those for whom there is no room and returns the others.
func (c *committer) withRoom(writes []*write) []*write {
	kept := writes[:0]
	for _, w := range writes {
		if err := c.room(w); err != nil {
			w.done <- outcome{err: err}
			continue
		}
		kept = append(kept, w)
	}
	return kept
}

// repeats answers a write whose idempotency key was used before.
func (c *committer) repeats(w *write) bool {
	if w.key == "" {
		return false
	}
	first, found, err := c.remember(w)
	switch {
	case err != nil:
		w.done <- outcome{err: err}
	case found:
		w.done <- first
	}
	return err != nil || found
}

// errOpen means that a held write's transaction is still open on the replicas.
var errOpen = errors.New("the transaction is not ended")

// release ends the transaction that the entry before left open: a held write's
// statements return rows, and whether one failed is known only now.
func (c *committer) release(w *write, outcomes []outcome) error {
	ending := []*proto.Statement{{Sql: "COMMIT"}}
	if outcomes[0].err != nil {
		ending[0].Sql = "ROLLBACK"
	} else if w.key != "" {
		keep, err := keepAnswer(w, outcomes[0])
		if err != nil { // it cannot be kept, so it must not happen
			outcomes[0] = outcome{err: err}
			ending[0].Sql = "ROLLBACK"
		} else {
			ending = append([]*proto.Statement{keep}, ending...)
		}
	}
	responses, index, err := c.propose(ending)
	if err != nil {
		return errors.Join(errOpen, err)
	}
	last := len(responses) - 1
	if last > 0 && responses[0].GetError() != "" && !machineFault(responses[0].GetError()) {
		return errors.Join(errWounded, errors.New(responses[0].GetError()))
	}
	if text := responses[last].GetError(); text != "" && ending[last].GetSql() == "COMMIT" && !machineFault(text) { // a deferred constraint
		outcomes[0] = outcome{err: core.Errorf(core.Invalid, "nothing was stored: %s", text)}
		responses, index, err = c.propose([]*proto.Statement{{Sql: "ROLLBACK"}})
		if err != nil {
			return errors.Join(errOpen, err)
		}
		last = 0
	}
	if text := responses[last].GetError(); text != "" {
		return errors.Join(errWounded, errors.New(text))
	}
	outcomes[0].index = index
	return nil
}

// wound gives the group up: what happened to these writes is decided when the
// group opens again and its file is rebuilt from the log.
func (c *committer) wound(writes []*write, cause error) {
	c.mu.Lock()
	c.wounded = cause
	c.mu.Unlock()
	c.fail(writes, core.Wrap(core.OutcomeUnknown, cause, "the write is in the log, but this node could not apply it; it may be stored"))
}

// giveUp is wound without a write under way.
func (c *committer) giveUp(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wounded == nil {
		c.wounded = cause
	}
}

func (c *committer) fail(writes []*write, err error) {
	for _, w := range writes {
		w.done <- outcome{err: err}
	}
}

// proposeError tells whether an entry that was not acknowledged may be in the log.
func proposeError(err error) error {
	switch {
	case errors.Is(err, store.ErrNotLeader), errors.Is(err, store.ErrNotReady), errors.Is(err, store.ErrNotOpen),
		errors.Is(err, raft.ErrEnqueueTimeout), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return core.Wrap(core.Unavailable, errors.Join(errNotLeadingCause, err), "the database has no leader at the moment; nothing was stored; repeat in a moment")
	case strings.Contains(err.Error(), errDiskFailed.Error()): // Raft's cache keeps its text only
		return core.Wrap(core.OutcomeUnknown, err, "the disk failed while writing; the write may be stored; check the disk, then restart the node")
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), "no space left"):
		return core.Wrap(core.Unavailable, err, "there is no space left on the disk; nothing was stored; free some and repeat")
	}
	return core.Wrap(core.OutcomeUnknown, err, "the group lost its leader while writing; the write may be stored")
}
