// Goroutines that the end waits for.

package pubsub

import "sync"

// tasks are goroutines of one run. After end has begun no new one starts; end
// returns when all have. The zero value works.
type tasks struct {
	mu    sync.Mutex
	ended bool
	group sync.WaitGroup
}

// start runs fn on a goroutine, or says that it is too late.
func (t *tasks) start(fn func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return false
	}
	t.group.Go(fn)
	return true
}

func (t *tasks) end() {
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	t.group.Wait()
}
