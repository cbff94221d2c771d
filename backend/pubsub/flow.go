// How much waits between this peer and each neighbour, and who waits for it.

package pubsub

import (
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// maxInCheck is how many messages of one neighbour gossipsub may be given at one
// time: those before the pause, and a frame that was being read.
const maxInCheck = 2 * MaxUnchecked

// flow counts what gossipsub keeps to itself: frames that wait to be written to
// a neighbour, and messages of a neighbour that wait to be checked. gossipsub
// loses what does not fit its queues; so publishers wait in room, and readers of
// streams in pause, before the queues are full.
type flow struct {
	room bell // rings when frames were written

	mu    sync.Mutex
	links map[peer.ID]*link
	bytes int64     // unchecked, of all links
	out   int64     // messages that came out of the check, ever
	last  time.Time // when the last one did
}

// link is the traffic with one neighbour.
type link struct {
	frames, frameBytes   int64 // wait to be written
	wrote                time.Time
	unchecked, heldBytes int64 // messages that wait to be checked
	mark                 int64 // flow.out when the last of them came, or one came out
	progress             bell  // rings when messages were checked
	streams              int
}

func newFlow() *flow { return &flow{links: make(map[peer.ID]*link)} }

func (f *flow) linkLocked(id peer.ID) *link {
	l, known := f.links[id]
	if !known {
		l = &link{wrote: time.Now()}
		f.links[id] = l
	}
	return l
}

// open and close follow the streams of either direction.
func (f *flow) open(id peer.ID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.linkLocked(id).streams++
}

func (f *flow) close(id peer.ID) {
	f.mu.Lock()
	l := f.linkLocked(id)
	if l.streams--; l.streams <= 0 {
		f.bytes -= l.heldBytes
		delete(f.links, id)
	}
	f.mu.Unlock()
	f.room.ring()
}

// dropped forgets the frames for a neighbour whose stream has ended: gossipsub
// has thrown them away.
func (f *flow) dropped(id peer.ID) {
	f.mu.Lock()
	if l, known := f.links[id]; known {
		l.frames, l.frameBytes = 0, 0
	}
	f.mu.Unlock()
	f.room.ring()
}

// queued notes a frame for a neighbour and says, once, that too much piles up.
func (f *flow) queued(id peer.ID, size int) (tooMuch bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, known := f.links[id]
	if !known {
		return false
	}
	if l.frames == 0 {
		l.wrote = time.Now() // it was idle, not stalled
	}
	l.frames++
	l.frameBytes += int64(size)
	return l.frameBytes > MaxOutboundBytes && l.frameBytes-int64(size) <= MaxOutboundBytes
}

// written notes that a frame has left. The greeting is written without having
// been queued, hence the floor.
func (f *flow) written(id peer.ID, size int) {
	f.mu.Lock()
	l, known := f.links[id]
	if !known {
		f.mu.Unlock()
		return
	}
	was := l.full()
	l.frames = max(l.frames-1, 0)
	l.frameBytes = max(l.frameBytes-int64(size), 0)
	if l.frames == 0 {
		l.frameBytes = 0
	}
	l.wrote = time.Now()
	rings := l.frames == 0 || was && !l.full()
	f.mu.Unlock()
	if rings {
		f.room.ring()
	}
}

func (l *link) full() bool {
	return l.frames >= MaxOutbound/2 || l.frameBytes >= MaxOutboundBytes/2
}

// awaitRoom holds a publisher until the queues to the given neighbours have
// room. One that has taken nothing for MaxStall is waited for no longer, as
// long as another one takes the message; gossip offers it again later.
func (f *flow) awaitRoom(ctx context.Context, to func() []peer.ID) error {
	if f.hasRoom(to(), time.Now()) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, MaxPublishWait)
	defer cancel()
	again := time.NewTicker(MaxStall / 4) // a stall is no event
	defer again.Stop()
	for {
		rung := f.room.next()
		if f.hasRoom(to(), time.Now()) {
			return nil
		}
		select {
		case <-rung:
		case <-again.C:
		case <-ctx.Done():
			return core.Wrap(core.Limited, ctx.Err(), "messages are published faster than the network takes them; wait, then repeat")
		}
	}
}

func (f *flow) hasRoom(to []peer.ID, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	stalled := 0
	for _, id := range to {
		l, known := f.links[id]
		if !known || !l.full() {
			continue
		}
		if now.Sub(l.wrote) < MaxStall {
			return false
		}
		stalled++
	}
	return stalled == 0 || stalled < len(to)
}

// idle says whether nothing waits to be written to anyone who takes it.
func (f *flow) idle(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.links {
		if l.frames > 0 && now.Sub(l.wrote) < MaxStall {
			return false
		}
	}
	return true
}

// admit notes messages that go into the check and says how many of them may: a
// frame with more than fit is the work of somebody who wants the queue to
// overflow.
func (f *flow) admit(id peer.ID, sizes []int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, known := f.links[id]
	if !known {
		return len(sizes)
	}
	n := min(len(sizes), max(0, maxInCheck-int(l.unchecked)))
	for _, size := range sizes[:n] {
		l.heldBytes += int64(size)
		f.bytes += int64(size)
	}
	if l.unchecked == 0 {
		f.last = time.Now() // nothing of it can have come out before
	}
	l.unchecked += int64(n)
	l.mark = f.out
	return n
}

// checked notes that a message came out of the check.
func (f *flow) checked(id peer.ID, size int) {
	f.mu.Lock()
	f.out++
	f.last = time.Now()
	l, known := f.links[id]
	if !known {
		f.mu.Unlock()
		return
	}
	f.releaseLocked(l, 1, int64(size))
	l.mark = f.out
	rings := l.unchecked%(MaxUnchecked/16) == 0 // now and then, and at the end
	f.mu.Unlock()
	if rings {
		l.progress.ring()
	}
}

func (f *flow) releaseLocked(l *link, messages, size int64) {
	size = min(size, l.heldBytes)
	l.unchecked = max(l.unchecked-messages, 0)
	if l.unchecked == 0 {
		size = l.heldBytes
	}
	l.heldBytes -= size
	f.bytes -= size
}

// pause holds a stream's reader while too many of its messages are unchecked.
// stop ends it when the stream does.
func (f *flow) pause(l *link, stop <-chan struct{}) {
	if !f.behind(l) {
		return
	}
	again := time.NewTicker(MaxPause / 8) // no progress, or room in the total, is no event
	defer again.Stop()
	for {
		rung := l.progress.next()
		if !f.behind(l) {
			return
		}
		select {
		case <-rung:
		case <-again.C:
			f.giveUp(l)
		case <-stop:
			return
		}
	}
}

func (f *flow) behind(l *link) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return l.unchecked >= MaxUnchecked || l.heldBytes >= MaxUncheckedBytes ||
		f.bytes >= MaxUncheckedBytesTotal && l.unchecked > 0
}

// giveUp resets the count of a neighbour whose messages are thrown away
// unchecked: gossipsub no longer listens to it and does not say so. It is
// recognized by the check's standing still, or by far more messages having come
// out than the queue holds.
func (f *flow) giveUp(l *link) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.last) >= MaxPause || f.out-l.mark > 16*MaxValidate {
		f.releaseLocked(l, l.unchecked, l.heldBytes)
	}
}

// of is the link of a neighbour with an open stream.
func (f *flow) of(id peer.ID) *link {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.linkLocked(id)
}
