package discovery

// This file carries the plan out: it dials what is due, and waits.

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// idleWait is how long the keeper sleeps when nobody is due; a signal wakes it.
	idleWait = time.Minute
	// lookAgain is when targets that are due and could not be dialled (there was
	// no room, or a user sent them away) are looked at again.
	lookAgain = 5 * time.Second
)

// keeper keeps peers connected. Its functions are the host's in the node and
// fakes in tests, where time is made up.
type keeper struct {
	plan      *plan
	maxPeers  int
	log       *slog.Logger
	dial      func(context.Context, peer.AddrInfo) error
	peers     func() int             // how many are connected
	connected func(peer.ID) bool     // whether this one is
	avoid     func(peer.ID) bool     // a user sent it away
	stored    func() []peer.AddrInfo // remembered from earlier
	kept      func() []peer.AddrInfo // a person wants them to stay connected

	// Owned by run: since when there is a connection at all, zero when there is none.
	company time.Time
}

// signal tells the keeper what happened: a peer came or went, peers were found,
// one came and its addresses are known now, or a person changed whom to keep.
type signal struct {
	peer   peer.ID
	joined bool
	left   bool
	found  []peer.AddrInfo
	wished bool // whom to keep has changed
}

type outcome struct {
	id  peer.ID
	err error
}

// run dials until ctx ends, and returns once every dial has.
func (k *keeper) run(ctx context.Context, signals <-chan signal) {
	var dials sync.WaitGroup
	defer dials.Wait()
	outcomes := make(chan outcome, MaxDials)
	under := 0 // dials under way
	for {
		for _, info := range k.plan.due(time.Now(), MaxDials-under, k.maxPeers-k.peers()-under, k.skip) {
			under++
			dials.Go(func() { outcomes <- outcome{info.ID, k.dial(ctx, info)} })
		}
		timer := time.NewTimer(k.pause(under))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case o := <-outcomes:
			under--
			k.finish(ctx, o)
		case s := <-signals:
			k.take(s)
		}
		timer.Stop()
	}
}

// skip leaves alone who is connected already or was sent away.
func (k *keeper) skip(id peer.ID) bool { return k.connected(id) || k.avoid(id) }

// pause is the time until somebody is due.
func (k *keeper) pause(under int) time.Duration {
	next := k.plan.next()
	if next.IsZero() || under >= MaxDials {
		return idleWait
	}
	until := time.Until(next)
	if until <= 0 {
		return lookAgain
	}
	return min(until, idleWait)
}

func (k *keeper) finish(ctx context.Context, o outcome) {
	if ctx.Err() != nil {
		return
	}
	now := time.Now()
	k.plan.dialled(o.id, o.err, now)
	if o.err != nil {
		k.log.Debug("a peer was not reached", core.KeyPeer, o.id.String(), core.KeyError, o.err)
		return
	}
	if !k.connected(o.id) { // it was lost before we could note that it was there
		k.plan.left(o.id, now)
	}
}

// keep takes the list of peers to keep; some of them may be here already.
func (k *keeper) keep(now time.Time) {
	kept := k.kept()
	k.plan.keep(now, kept)
	for _, info := range kept {
		if k.connected(info.ID) {
			k.plan.joined(info.ID, now)
		}
	}
}

func (k *keeper) take(s signal) {
	now := time.Now()
	if s.wished {
		k.keep(now)
	}
	k.plan.add(now, s.found...)
	if s.joined && k.connected(s.peer) { // the news that it came may come after the news that it left
		k.plan.joined(s.peer, now)
		if k.company.IsZero() {
			k.company = now
		}
	}
	if !s.left || k.connected(s.peer) { // it may be back already
		return
	}
	k.plan.left(s.peer, now)
	if k.peers() > 0 || k.company.IsZero() {
		return
	}
	// A connection that was of use and is gone means that something changed
	// here: a cable, a network, a sleep. One that never lasted means nothing,
	// and waking for it would make both sides spin.
	if now.Sub(k.company) >= stableAfter {
		k.log.Info("the last connection was lost; dialling every known peer at once")
		k.plan.add(now, k.stored()...)
		k.plan.wake(now)
	}
	k.company = time.Time{}
}
