// Who may open a stream: counts of streams, and of strangers who guess.

package rpc

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// gate counts streams and failed hellos.
type gate struct {
	now     func() time.Time
	members bool // the streams are those of members of the network

	mu      sync.Mutex
	closed  bool
	open    sync.WaitGroup // one per stream
	streams map[peer.ID]int
	total   int
	pending int                  // streams before their hello
	failed  map[peer.ID]failures // within the window
}

type failures struct {
	count int
	since time.Time
}

func newGate(now func() time.Time) *gate {
	return &gate{now: now, closed: true, streams: make(map[peer.ID]int), failed: make(map[peer.ID]failures)}
}

// enter lets a stream in. Whoever got in must call known or refused once, and
// leave at the end.
func (g *gate) enter(id peer.ID) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return errDrained()
	case g.total >= MaxStreams*g.share() || g.pending >= MaxPendingHellos:
		return core.Errorf(core.Limited, "the node serves too many clients; wait, or ask another one")
	case !g.members && g.streams[id] >= MaxStreamsPerPeer:
		return core.Errorf(core.Limited, "one peer may have %d streams; close one", MaxStreamsPerPeer)
	case !g.members && g.failuresLocked(id) >= MaxFailedHellos:
		return core.Errorf(core.Limited, "too many wrong credentials; wait %v, then try again", FailedHelloWindow)
	}
	g.open.Add(1)
	g.total++
	g.pending++
	g.streams[id]++
	return nil
}

// known ends a stream's time as a stranger.
func (g *gate) known() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pending--
}

// refused ends it as well; guessed counts it against the peer.
func (g *gate) refused(id peer.ID, guessed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pending--
	if !guessed {
		return
	}
	if _, tracked := g.failed[id]; !tracked && len(g.failed) >= MaxTrackedPeers {
		g.forgetLocked()
	}
	g.failed[id] = g.counted(g.failed[id])
}

func (g *gate) leave(id peer.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	if g.streams[id]--; g.streams[id] == 0 {
		delete(g.streams, id)
	}
	g.open.Done()
}

// setClosed lets nobody in, or everybody again.
func (g *gate) setClosed(closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = closed
}

func (g *gate) counted(f failures) failures {
	now := g.now()
	if now.Sub(f.since) >= FailedHelloWindow {
		return failures{count: 1, since: now}
	}
	f.count++
	return f
}

func (g *gate) failuresLocked(id peer.ID) int {
	f := g.failed[id]
	if g.now().Sub(f.since) >= FailedHelloWindow {
		return 0
	}
	return f.count
}

// forgetLocked makes room: it drops what is out of date, else anyone.
func (g *gate) forgetLocked() {
	for id, f := range g.failed {
		if g.now().Sub(f.since) >= FailedHelloWindow {
			delete(g.failed, id)
		}
	}
	for id := range g.failed {
		if len(g.failed) < MaxTrackedPeers {
			return
		}
		delete(g.failed, id)
	}
}

// share is how many times the streams of a server for clients a server for
// members may have: each of them needs one for each namespace.
func (g *gate) share() int {
	if g.members {
		return membersShare
	}
	return 1
}
