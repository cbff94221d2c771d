// What a replica does when it has become its group's leader, and while it is.

package database

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// retakeAfter is how long a leader that could not take over waits before it
// tries again.
const retakeAfter = 100 * time.Millisecond

// lead follows whether a replica leads its group. A new leader first ends what
// the one before left open; only then it takes writes.
type lead struct {
	group   *group
	changed chan bool // rqlite's word, or ours, that the lead may have changed
	told    func(*group, bool)
	log     *slog.Logger
	over    chan struct{}
	done    chan struct{}

	mu    sync.Mutex
	term  uint64        // for which the lead was taken, 0 while it is not
	news  chan struct{} // closed and made anew with each change of the leader
	fault error         // why the last take-over failed
}

func newLead(g *group, told func(*group, bool), log *slog.Logger) *lead {
	return &lead{
		group: g, changed: make(chan bool, 1), told: told, log: log,
		over: make(chan struct{}), done: make(chan struct{}), news: make(chan struct{}),
	}
}

// run follows the lead until end is called.
func (l *lead) run() {
	defer close(l.done)
	var again <-chan time.Time
	lost := l.group.gate.lost
	for {
		select {
		case <-l.changed:
		case <-lost:
			lost = nil
		case <-again:
		case <-l.over:
			l.set(0, nil)
			return
		}
		again = nil
		if l.settle() != nil {
			again = time.After(retakeAfter)
		}
	}
}

// settle brings what this replica does in line with whether it leads.
func (l *lead) settle() error {
	g := l.group
	if fault := g.gate.fault(); fault != nil { // for good
		g.writer.setLeading(false)
		l.set(0, fault)
		return nil
	}
	term := uint64(0)
	if ra := g.raft.Load(); ra != nil && g.store.IsLeader() {
		term = ra.CurrentTerm()
	}
	if term != 0 && term == l.leads() {
		l.set(term, nil)
		return nil
	}
	g.writer.setLeading(false)
	if term == 0 {
		l.set(0, nil)
		return nil
	}
	g.writer.entries.Lock()
	defer g.writer.entries.Unlock()
	err := g.replay()
	if err == nil {
		committed, _ := g.store.CommitIndex() //nolint:errcheck // 0 while closing, and then there is nothing to mark
		if g.unmarked() {
			err = g.mark(committed)
		}
	}
	switch {
	case err == nil:
		g.writer.setLeading(true)
		l.set(term, nil)
	case errors.Is(err, errNotLeadingCause): // lost again; its news is on the way
		l.set(0, nil)
		err = nil
		if g.store.IsLeader() { // it leads, but rqlite is not ready yet
			err = errNotLeadingCause
		}
	default:
		l.set(0, err)
		l.log.Warn("the lead of a group could not be taken", core.KeyGroup, g.name, core.KeyError, err)
	}
	return err
}

// again makes the lead be taken anew: something was left open.
func (l *lead) again() {
	l.mu.Lock()
	l.term = 0
	l.mu.Unlock()
	l.group.writer.setLeading(false)
	l.poke()
}

func (l *lead) poke() {
	select {
	case l.changed <- true:
	default:
	}
}

// leads is the term for which this replica has taken the lead, 0 for none.
func (l *lead) leads() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.term
}

// set records the news and wakes who waits for some.
func (l *lead) set(term uint64, fault error) {
	l.mu.Lock()
	was := l.term
	l.term, l.fault = term, fault
	close(l.news)
	l.news = make(chan struct{})
	l.mu.Unlock()
	if l.told != nil && (was == 0) != (term == 0) {
		l.told(l.group, term != 0)
	}
}

// wait returns a channel that is closed with the next change.
func (l *lead) wait() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.news
}

// await waits until this replica leads.
func (l *lead) await(ctx context.Context, g *group) error {
	ctx, cancel := context.WithTimeout(ctx, electionWait)
	defer cancel()
	for {
		news := l.wait()
		l.mu.Lock()
		term, fault := l.term, l.fault
		l.mu.Unlock()
		switch {
		case term != 0:
			return nil
		case fault != nil && core.CodeOf(fault) != core.Internal:
			return fault
		}
		select {
		case <-news:
		case <-ctx.Done():
			return core.Wrap(core.Unavailable, ctx.Err(), "the group %s found no leader in %v; repeat in a moment", g.name, electionWait)
		}
	}
}

// end stops following. The replica takes no writes any more.
func (l *lead) end() {
	close(l.over)
	<-l.done
	l.group.writer.setLeading(false)
}

// unmarked tells that the folder does not say yet that a replica lives in it.
func (g *group) unmarked() bool {
	g.marking.Lock()
	defer g.marking.Unlock()
	return g.marker.Format == 0
}
