package node

// This file tells Go's collector to wait for a decent heap of garbage.

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// roomForGarbage is how much garbage a small process may gather. A node that
	// answers thousands of requests a second on a few megabytes of live memory
	// would collect all the time otherwise: reads over HTTP were up to half as
	// fast again with it. A large process collects as Go does by itself.
	roomForGarbage = 48 << 20
	heapLookEvery  = time.Second
	usualPercent   = 100
)

// heap adapts the collector to what is live. It is for the process, so one node
// of several in it has the last word; they want the same.
type heap struct{}

// Run adapts until ctx ends, then leaves the collector as it found it.
func (heap) Run(ctx context.Context, ready func()) error {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	before := 0
	set := func() int {
		metrics.Read(live)
		return debug.SetGCPercent(gcPercent(live[0].Value.Uint64()))
	}
	before = set()
	defer debug.SetGCPercent(before)
	ready()
	tick := time.NewTicker(heapLookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			set()
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
