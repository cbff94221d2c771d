package node

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"
)

// A large process must not gather garbage as large as a small one may, in parts.
func TestGCPercent(t *testing.T) {
	for live, want := range map[uint64]int{0: 1200, 4 << 20: 1200, 12 << 20: 400, 48 << 20: 100, 1 << 30: 100} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d live bytes: %d %%, want %d", live, got, want)
		}
	}
}

// What is live can grow within one collection; the next must know.
func TestHeap_FollowsEachCollection(t *testing.T) {
	before := debug.SetGCPercent(usualPercent)
	debug.SetGCPercent(before)
	percent := func() int {
		now := debug.SetGCPercent(usualPercent)
		debug.SetGCPercent(now)
		return now
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- heap{}.Run(ctx, func() { close(ready) }) }()
	<-ready
	large := make([]byte, 96<<20)
	for i := 0; percent() != usualPercent; i++ {
		if i == 1000 {
			t.Fatalf("96 MiB are live and %d %% of that may be garbage", percent())
		}
		runtime.GC()
	}
	runtime.KeepAlive(large)
	cancel()
	if err := <-ended; err != nil || percent() != before {
		t.Errorf("%v; the collector is left at %d %%, not %d", err, percent(), before)
	}
}
