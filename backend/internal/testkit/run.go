package testkit

import (
	"context"
	"sync"
	"testing"
	"time"
)

// MaxStart is how long Run waits for a part to become ready. None needs more than
// a second; a slow machine shared by many tests may need more.
const MaxStart = 30 * time.Second

// Run starts a part of a node and returns once it is ready. The test fails when
// the part ends before, is not ready after MaxStart, or ends with an error. stop
// ends the part and waits for it; it may be called more than once, and the test's
// end calls it too, the part that started last first. Run is called from the
// goroutine of the test only.
func Run(t testing.TB, part func(ctx context.Context, ready func()) error) (stop func()) {
	t.Helper()
	// The test's own context ends before its cleanups, and so would all parts at once.
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- part(ctx, func() { close(ready) }) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
	t.Cleanup(stop)
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil // what stop waits for
		t.Fatalf("it ended before it was ready: %v", err)
	case <-time.After(MaxStart):
		t.Fatalf("it is not ready after %v", MaxStart)
	}
	return stop
}
