package anchat

// This file tells the screens what changed.

import (
	"context"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxWaitingNotices bounds what a screen that is away is told later about new
	// messages: the newest.
	MaxWaitingNotices = 50
	// MaxWaitingEvents bounds the other events that wait for a slow screen. Above it
	// they become one: everything may have changed.
	MaxWaitingEvents = 2 * core.MaxChatRooms
)

// hub hands events to all who listen. Nobody waits for a slow one: its events are
// merged.
type hub struct {
	mu      sync.Mutex // guards what follows
	version uint64
	readers map[*reader]struct{}
}

// reader is one who listens.
type reader struct {
	wake    chan struct{} // of one place
	waiting []core.ChatEvent
	notices []core.ChatEvent
}

func newHub() *hub { return &hub{readers: map[*reader]struct{}{}} }

// now is the version of everything.
func (h *hub) now() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.version
}

// tell raises the version once and hands the events to everybody.
func (h *hub) tell(events ...core.ChatEvent) {
	if len(events) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.version++
	for r := range h.readers {
		for _, e := range events {
			e.Version = h.version
			r.add(e)
		}
		select {
		case r.wake <- struct{}{}:
		default: // it is awake already
		}
	}
}

// add merges e into what waits. The hub's lock is held.
func (r *reader) add(e core.ChatEvent) {
	if e.Kind == core.ChatEventNotify {
		if len(r.notices) == MaxWaitingNotices {
			r.notices = r.notices[1:]
		}
		r.notices = append(r.notices, e)
		return
	}
	for i, have := range r.waiting {
		if have.Kind == e.Kind && (have.Room == e.Room || have.Room == "") {
			r.waiting[i].Version = e.Version
			return
		}
	}
	if len(r.waiting) == MaxWaitingEvents {
		r.waiting = r.waiting[:0]
		for _, kind := range []string{core.ChatEventState, core.ChatEventRooms, core.ChatEventMessages, core.ChatEventActivity} {
			r.waiting = append(r.waiting, core.ChatEvent{Kind: kind, Version: e.Version})
		}
		return
	}
	r.waiting = append(r.waiting, e)
}

// take is what waits, which is then gone.
func (h *hub) take(r *reader) []core.ChatEvent {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := append(r.waiting, r.notices...)
	r.waiting, r.notices = nil, nil
	return all
}

func (h *hub) subscribe(ctx context.Context) <-chan core.ChatEvent {
	r := &reader{wake: make(chan struct{}, 1)}
	h.mu.Lock()
	h.readers[r] = struct{}{}
	h.mu.Unlock()
	out := make(chan core.ChatEvent)
	go func() { // it ends with ctx, and says so by closing out
		defer close(out)
		defer func() {
			h.mu.Lock()
			delete(h.readers, r)
			h.mu.Unlock()
		}()
		for {
			select {
			case <-r.wake:
			case <-ctx.Done():
				return
			}
			for _, e := range h.take(r) {
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}
