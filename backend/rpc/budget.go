// A budget of bytes that several calls share.

package rpc

import (
	"context"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

// budget bounds what is held at one time, and what waits to be held.
type budget struct {
	max        int64
	maxWaiting int64

	mu      sync.Mutex
	held    int64
	waiting int64
	freed   chan struct{} // closed when something was given back; nil when nobody waits
}

// take takes n bytes if they are free now.
func (b *budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held+n > b.max {
		return false
	}
	b.held += n
	return true
}

// wait takes n bytes once they are free. It returns core.Limited when too much
// waits already, unless the caller cannot be refused any more.
func (b *budget) wait(ctx context.Context, n int64, refusable bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held+n <= b.max {
		b.held += n
		return nil
	}
	if refusable && b.waiting+n > b.maxWaiting {
		return core.Errorf(core.Limited, "too many large answers wait to be read; read them first, or ask for less at a time")
	}
	b.waiting += n
	defer func() { b.waiting -= n }()
	for b.held+n > b.max {
		if b.freed == nil {
			b.freed = make(chan struct{})
		}
		freed := b.freed
		b.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
		b.mu.Lock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	b.held += n
	return nil
}

// give gives n bytes back.
func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}
