// Neighbours that have just connected and have not yet said what they carry.

package pubsub

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"git.debros.io/DeBros/network/backend/core"
)

// arrivals holds publishers back while a neighbour is new: a message published
// before its greeting would not be sent to it. Each is waited for MaxSettle at
// most, so a mute one delays little.
type arrivals struct {
	interest *interest
	count    atomic.Int64 // of due; read on every publication

	mu  sync.Mutex
	due map[peer.ID]time.Time
}

func newArrivals(in *interest) *arrivals {
	return &arrivals{interest: in, due: make(map[peer.ID]time.Time)}
}

func (a *arrivals) expect(id peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.due[id]; !known {
		a.due[id] = time.Now().Add(MaxSettle)
	}
	a.count.Store(int64(len(a.due)))
}

func (a *arrivals) forget(id peer.ID) {
	a.mu.Lock()
	delete(a.due, id)
	a.count.Store(int64(len(a.due)))
	a.mu.Unlock()
	a.interest.changed.ring()
}

// prune drops those that have greeted, or had their time, and says when the
// next one has. The zero time means that nobody is waited for.
func (a *arrivals) prune(now time.Time) (next time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, due := range a.due {
		if !now.Before(due) || a.interest.settled(id) {
			delete(a.due, id)
			continue
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	a.count.Store(int64(len(a.due)))
	return next
}

// wait returns when every neighbour of this moment has greeted or had its time.
func (a *arrivals) wait(ctx context.Context) error {
	for a.count.Load() > 0 {
		rung := a.interest.changed.next()
		now := time.Now()
		next := a.prune(now)
		if next.IsZero() {
			return nil
		}
		timer := time.NewTimer(next.Sub(now))
		select {
		case <-rung:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return core.Wrap(core.Unavailable, ctx.Err(), "the call ended while a new neighbour was being greeted")
		}
		timer.Stop()
	}
	return nil
}

// watch follows connections until ctx ends. ready is called once none is missed.
func (a *arrivals) watch(ctx context.Context, h host.Host, ready func()) error {
	events, err := h.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted),
		new(event.EvtPeerIdentificationFailed),
		new(event.EvtPeerProtocolsUpdated),
	})
	if err != nil {
		return err
	}
	defer events.Close() //nolint:errcheck // it cannot fail in a way that matters at the end
	// The bundle is called before a dial returns; an event would come later.
	conns := &network.NotifyBundle{
		ConnectedF: func(_ network.Network, c network.Conn) {
			if !c.Stat().Limited {
				a.expect(c.RemotePeer())
			}
		},
		DisconnectedF: func(n network.Network, c network.Conn) {
			if n.Connectedness(c.RemotePeer()) != network.Connected {
				a.forget(c.RemotePeer())
			}
		},
	}
	h.Network().Notify(conns)
	defer h.Network().StopNotify(conns)
	for _, id := range h.Network().Peers() {
		if h.Network().Connectedness(id) == network.Connected && speaksGossip(h, id) {
			a.expect(id)
		}
	}
	ready()
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev := <-events.Out():
			a.note(ev)
		}
	}
}

func (a *arrivals) note(ev any) {
	switch ev := ev.(type) {
	case event.EvtPeerIdentificationCompleted:
		if !slices.ContainsFunc(ev.Protocols, isGossip) {
			a.forget(ev.Peer)
		}
	case event.EvtPeerIdentificationFailed:
		a.forget(ev.Peer)
	case event.EvtPeerProtocolsUpdated:
		if slices.ContainsFunc(ev.Added, isGossip) {
			a.expect(ev.Peer)
		}
	}
}

func isGossip(id protocol.ID) bool { return slices.Contains(gossipProtocols(), id) }

func speaksGossip(h host.Host, id peer.ID) bool {
	found, err := h.Peerstore().SupportsProtocols(id, gossipProtocols()...)
	return err == nil && len(found) > 0
}
