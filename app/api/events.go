// This file sends events to the page. They carry whole states, numbered per
// name, and are sent when a state changed: whoever missed some asks again.

package api

import (
	"sync"
	"sync/atomic"
)

// The names of events.
const (
	EventApp     = "app"     // Info
	EventNode    = "node"    // NodeStatus
	EventPeers   = "peers"   // []Peer
	EventLogs    = "logs"    // []LogLine that were added
	EventTasks   = "tasks"   // []Task
	EventLinks   = "links"   // []Link that wait
	EventClosing = "closing" // true: the person closes the window
	EventWallet  = "wallet"  // WalletState
	EventChat    = "chat"    // ChatEvent
)

// Event is the payload of each event. Seq grows by one per name.
type Event struct {
	Seq  uint64 `json:"seq"`
	Data any    `json:"data"`
}

// Emitter takes events to one place where the page is shown. Emit must not
// block. While nobody is Listening the node is not asked for anything.
type Emitter interface {
	Emit(name string, payload any)
	Listening() bool
}

type subscriber struct {
	mode Mode
	to   Emitter
}

// events knows who listens and numbers what they hear.
type events struct {
	woken  chan struct{} // a state of ours changed; holds one, more would say the same
	resend atomic.Bool   // everything is to be sent anew

	mu          sync.Mutex
	subscribers map[*subscriber]struct{}
	seq         map[string]uint64
}

func newEvents() *events {
	return &events{
		woken: make(chan struct{}, 1), subscribers: make(map[*subscriber]struct{}), seq: make(map[string]uint64),
	}
}

// poke wakes the watcher before its next second.
func (e *events) poke() {
	select {
	case e.woken <- struct{}{}:
	default:
	}
}

// Resend sends every state anew, for a page that was not listening.
func (a *API) Resend() {
	a.desk.events.resend.Store(true)
	a.desk.events.poke()
}

func (e *events) subscribe(mode Mode, to Emitter) (remove func()) {
	s := &subscriber{mode: mode, to: to}
	e.mu.Lock()
	e.subscribers[s] = struct{}{}
	e.mu.Unlock()
	e.poke()
	return func() {
		e.mu.Lock()
		delete(e.subscribers, s)
		e.mu.Unlock()
	}
}

func (e *events) all() []*subscriber {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]*subscriber, 0, len(e.subscribers))
	for s := range e.subscribers {
		out = append(out, s)
	}
	return out
}

func (e *events) listening() bool {
	for _, s := range e.all() {
		if s.to.Listening() {
			return true
		}
	}
	return false
}

// send gives everybody the same event, which data makes for the place it goes to.
func (e *events) send(name string, data func(Mode) any) {
	e.mu.Lock()
	e.seq[name]++
	seq := e.seq[name]
	e.mu.Unlock()
	for _, s := range e.all() {
		s.to.Emit(name, Event{Seq: seq, Data: data(s.mode)})
	}
}
