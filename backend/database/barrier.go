// How a read makes sure that it is as fresh as it was asked to be.

package database

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rqlite/rqlite/v8/command/proto"
	"github.com/rqlite/rqlite/v8/store"

	"git.debros.io/DeBros/network/backend/core"
)

// barrier lets reads wait until everything that was acknowledged before they
// began can be seen. One round to the group serves all reads that wait for it:
// a read may use any round that began after the read did.
type barrier struct {
	store *store.Store

	mu   sync.Mutex
	busy bool   // a round is under way
	next *round // whom the round after that will serve, nil when nobody waits
	over bool   // no round starts any more

	rounds sync.WaitGroup
}

type round struct {
	done chan struct{}
	err  error
}

func newBarrier(s *store.Store) *barrier { return &barrier{store: s} }

// wait returns when a round that began after the call has ended. When none is
// under way, the caller does it; else it waits, and one of those who wait does
// the next for all of them.
func (b *barrier) wait(ctx context.Context) error {
	b.mu.Lock()
	if !b.busy {
		b.busy = true
		b.mu.Unlock()
		err := b.ask()
		b.handOver()
		return err
	}
	if b.next == nil {
		b.next = &round{done: make(chan struct{})}
	}
	mine := b.next
	b.mu.Unlock()
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// handOver starts the next round for those who came during this one.
func (b *barrier) handOver() {
	b.mu.Lock()
	defer b.mu.Unlock()
	following := b.next
	b.next = nil
	switch {
	case following == nil:
		b.busy = false
		return
	case b.over:
		b.busy = false
		following.err = errClosing()
		close(following.done)
		return
	}
	b.rounds.Go(func() {
		following.err = b.ask()
		close(following.done)
		b.handOver()
	})
}

// close refuses who waits for another round and waits for the one under way.
func (b *barrier) close() {
	b.mu.Lock()
	b.over = true
	b.mu.Unlock()
	b.rounds.Wait()
}

// ask is one round: rqlite's own linearizable read of nothing. It asks the
// group whether this node still leads it, and waits until what was committed is
// applied.
func (b *barrier) ask() error {
	if readStale {
		return nil
	}
	_, _, err := b.store.Query(&proto.QueryRequest{
		Request: &proto.Request{},
		Level:   proto.QueryRequest_QUERY_REQUEST_LEVEL_LINEARIZABLE,
	})
	return readRefusal(err)
}

// fresh checks the cheaper levels. They ask nobody.
func (b *barrier) fresh(level core.Level, freshness time.Duration) error {
	request := &proto.QueryRequest{Request: &proto.Request{}}
	switch {
	case level == core.LevelWeak:
		request.Level = proto.QueryRequest_QUERY_REQUEST_LEVEL_WEAK
	case freshness <= 0:
		return nil
	default:
		request.Level = proto.QueryRequest_QUERY_REQUEST_LEVEL_NONE
		request.Freshness, request.FreshnessStrict = freshness.Nanoseconds(), true
	}
	_, _, err := b.store.Query(request)
	return readRefusal(err)
}

func readRefusal(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrStaleRead):
		return core.Wrap(core.Unavailable, err, "this replica is older than the freshness that was asked for; allow an older answer, or ask the leader")
	case errors.Is(err, store.ErrNotLeader), errors.Is(err, store.ErrNotReady), errors.Is(err, store.ErrNotOpen):
		return core.Wrap(core.Unavailable, err, "the database has no leader at the moment; read with level none, or repeat in a moment")
	}
	return core.Wrap(core.Unavailable, err, "the group did not confirm the read; repeat in a moment")
}
