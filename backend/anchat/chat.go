package anchat

// This file has the chat of one node: which wallets have a device here, and which
// of them is open.

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Settings are what a chat needs of its node.
type Settings struct {
	Dir     string // of the chat's own files; it is made when a wallet gets a device
	Network string // id of the network
	Node    string // name of this node
	// Open gives the nodes that keep the rows as a device uses them, which proves
	// itself with sign. It must not wait for an answer. A device that was never put
	// there may use DevicesOf and put its certificate and list.
	Open     func(caller wire.Caller, sign wire.Sign) (wire.Service, wire.Gossip, error)
	Keychain vault.Keychain   // nil: there is none
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger
}

// Chat is Anchat on one node. Its methods may be called from any goroutine; all
// but State, Enrolment, Enrol, Unlock, Lock, Forget and Events return
// core.Unauthenticated while no wallet is open.
type Chat struct {
	set    Settings
	events *hub
	gate   chan struct{} // held by what opens or closes a wallet, one at a time
	starts chan *session // Run takes them over
	ended  chan struct{} // Run has returned

	mu      sync.Mutex // guards what follows, and nothing slow
	pending map[string]*enrolment
	open    *session // nil: none
}

// New makes the chat. Run serves it.
func New(set Settings) (*Chat, error) {
	if set.Dir == "" || set.Network == "" || set.Open == nil || set.Log == nil {
		return nil, core.Errorf(core.Internal, "the chat needs a folder, a network, a log and nodes that keep its rows")
	}
	if set.Now == nil {
		set.Now = time.Now
	}
	return &Chat{
		set: set, events: newHub(), gate: make(chan struct{}, 1), starts: make(chan *session), ended: make(chan struct{}),
		pending: map[string]*enrolment{},
	}, nil
}

// Run serves until ctx ends, and returns only after the open wallet is closed.
func (c *Chat) Run(ctx context.Context, ready func()) error {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	defer close(c.ended)
	ready()
	for {
		select {
		case s := <-c.starts:
			sessions.Go(func() {
				s.run(ctx)
				c.closed(s)
			})
		case <-ctx.Done():
			return nil
		}
	}
}

// Events tells what changed until ctx ends; the channel is then closed. Events
// that nobody takes are merged, but for ChatEventNotify, of which the oldest are
// dropped.
func (c *Chat) Events(ctx context.Context) <-chan core.ChatEvent { return c.events.subscribe(ctx) }

// enter takes the gate; the caller gives it back with leave.
func (c *Chat) enter(ctx context.Context) error {
	select {
	case c.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "another wallet is being opened; try again")
	}
}

func (c *Chat) leave() { <-c.gate }

// begin hands an opened session to Run.
func (c *Chat) begin(ctx context.Context, s *session) error {
	select {
	case c.starts <- s:
	case <-c.ended:
		return core.Errorf(core.Unavailable, "the node is stopping; start it again")
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "the chat has not started yet; try again")
	}
	c.mu.Lock()
	c.open = s
	c.mu.Unlock()
	c.events.tell(core.ChatEvent{Kind: core.ChatEventState}, core.ChatEvent{Kind: core.ChatEventRooms})
	return nil
}

// closed forgets a session that has ended by itself.
func (c *Chat) closed(s *session) {
	c.mu.Lock()
	if c.open == s {
		c.open = nil
	}
	c.mu.Unlock()
	c.events.tell(core.ChatEvent{Kind: core.ChatEventState}, core.ChatEvent{Kind: core.ChatEventRooms})
}

// current is the open session, or core.Unauthenticated.
func (c *Chat) current() (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		return nil, errLocked()
	}
	return c.open, nil
}

func errLocked() error {
	return core.Errorf(core.Unauthenticated, "the chat is locked; unlock it first")
}
