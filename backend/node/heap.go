package node

// This file tells Go's collector to wait for a decent heap of garbage.

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// roomForGarbage is how much garbage a small process may gather. A node that
	// answers thousands of requests a second on a few megabytes of live memory
	// would collect all the time otherwise: reads over HTTP were up to half as
	// fast again with it. A large process collects as Go does by itself.
	roomForGarbage = 48 << 20
	usualPercent   = 100
)

// heap adapts the collector to what is live. It is for the process, so one node
// of several in it has the last word; they want the same.
type heap struct{}

// mark is alive until the next collection, and tells then.
type mark struct {
	_ *mark // with a pointer it is an object of its own
	_ [2]int
}

// Run adapts after each collection until ctx ends, then leaves the collector as
// it found it. Looking now and then would be too late: what is live can grow
// tenfold in a second, and the garbage with it.
func (heap) Run(ctx context.Context, ready func()) error {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	collected := make(chan struct{}, 1)
	adapt := func() (before int) {
		metrics.Read(live)
		before = debug.SetGCPercent(gcPercent(live[0].Value.Uint64()))
		runtime.AddCleanup(new(mark), func(told chan<- struct{}) {
			select {
			case told <- struct{}{}:
			default:
			}
		}, (chan<- struct{})(collected))
		return before
	}
	before := adapt()
	defer debug.SetGCPercent(before)
	ready()
	for {
		select {
		case <-collected:
			adapt()
		case <-ctx.Done():
			return nil
		}
	}
}

// gcPercent is how many per cent of the live memory may be garbage.
func gcPercent(live uint64) int {
	const least = 4 << 20                                              // of a process that has just begun
	return max(usualPercent, int(roomForGarbage*100/max(live, least))) //nolint:gosec // at most 1200
}
