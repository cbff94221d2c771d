// A bell that many may wait for.

package pubsub

import "sync"

// bell wakes everybody who waits for a change. Ask for the channel first, then
// look at the state, then wait: nothing is missed. The zero value works.
type bell struct {
	mu sync.Mutex
	ch chan struct{} // nil while nobody waits
}

// next is closed at the next ring.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
