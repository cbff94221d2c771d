// What gossipsub tells while it works, and the counters made of it.

package pubsub

import (
	"errors"
	"sync/atomic"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// Stats counts since the part was made. Lost messages are those that were not
// passed on because a queue was full; gossip may still have brought them by
// another way.
type Stats struct {
	Published    int64 // by this peer's own callers
	Delivered    int64 // distinct messages of others, in topics that are carried here
	Duplicates   int64 // came again by another way
	Rejected     int64 // not signed well, malformed, too large, or without a grant
	LostInbound  int64 // messages that were not checked because the queue for it was full
	LostOutbound int64 // messages that were not sent to one neighbour because its queue was full
	SlowReaders  int64 // local subscribers cut off
	SlowPeers    int64 // neighbours cut off
	Refused      int64 // announcements of topics past a bound
	Limited      int64 // publications that were refused because queues stayed full
}

type counters struct {
	published, delivered, duplicates, rejected atomic.Int64
	lostInbound, lostOutbound                  atomic.Int64
	slowReaders, slowPeers, limited            atomic.Int64
	refused                                    atomic.Int64 // of ended runs
	lastLoss                                   atomic.Int64 // Unix nanoseconds, 0 for never
}

func (c *counters) stats() Stats {
	return Stats{
		Published: c.published.Load(), Delivered: c.delivered.Load(), Duplicates: c.duplicates.Load(),
		Rejected: c.rejected.Load(), LostInbound: c.lostInbound.Load(), LostOutbound: c.lostOutbound.Load(),
		SlowReaders: c.slowReaders.Load(), SlowPeers: c.slowPeers.Load(), Limited: c.limited.Load(),
		Refused: c.refused.Load(),
	}
}

func (c *counters) lost(which *atomic.Int64, n int) {
	which.Add(int64(n))
	c.lastLoss.Store(time.Now().UnixNano())
}

// tracer is gossipsub's RawTracer. Its methods run inside gossipsub, many of
// them on its one loop, so none of them waits for anything.
type tracer struct {
	e *engine
	// joined are the topics whose messages go into the check; only gossipsub's
	// loop uses it.
	joined map[string]struct{}
}

var _ gossip.RawTracer = (*tracer)(nil)

// inspect sees each frame before gossipsub does. It counts the messages that
// will go into the check, each of which comes out again in exactly one of
// DeliverMessage, DuplicateMessage and RejectMessage.
func (t *tracer) inspect(from peer.ID, rpc *gossip.RPC) error {
	if t.e.conduct.graylisted(from) {
		t.e.p.stats.rejected.Add(int64(len(rpc.GetPublish())))
		return errors.New("the peer is graylisted") // gossipsub then leaves the frame alone
	}
	if len(rpc.GetPublish()) == 0 {
		return nil
	}
	bad := 0
	messages, sizes := rpc.Publish[:0], make([]int, 0, len(rpc.Publish))
	for _, m := range rpc.GetPublish() {
		if t.e.inFlight.own(m) {
			continue // offered back to us after a restart; gossipsub would punish that
		}
		if _, ours := t.joined[m.GetTopic()]; ours {
			if t.e.inFlight.has(m) {
				t.e.p.stats.duplicates.Add(1)
				continue
			}
			messages, sizes = append(messages, m), append(sizes, len(m.GetData()))
		} else if _, _, ok := parseTopic(m.GetTopic()); !ok {
			bad++
		}
	}
	n := t.e.flow.admit(from, sizes)
	rpc.Publish = messages[:n]
	if lost := len(messages) - n; lost > 0 {
		t.e.p.stats.lost(&t.e.p.stats.lostInbound, lost)
	}
	if bad > 0 {
		t.e.p.stats.rejected.Add(int64(bad))
		t.e.conduct.blame(from, min(float64(bad), maxBlamePerFrame)*blameBadMessage)
	}
	return nil
}

// OnNewOutboundStream says that frames for a neighbour are being sent.
func (t *tracer) OnNewOutboundStream(id peer.ID, _ protocol.ID) { t.e.interest.setReady(id, true) }

// OnClosedOutboundStream says that they no longer are.
func (t *tracer) OnClosedOutboundStream(id peer.ID) {
	t.e.interest.setReady(id, false)
	t.e.flow.dropped(id)
	t.e.view.gone(id)
}

// Join says that a topic's messages are taken from now on.
func (t *tracer) Join(topic string) { t.joined[topic] = struct{}{} }

// Leave says that they no longer are.
func (t *tracer) Leave(topic string) {
	delete(t.joined, topic)
	t.e.view.left(topic)
}

func (t *tracer) checked(m *gossip.Message) {
	t.e.inFlight.done(m.Message)
	t.e.flow.checked(m.ReceivedFrom, len(m.GetData()))
}

// DeliverMessage says that a message of a neighbour has passed the check.
func (t *tracer) DeliverMessage(m *gossip.Message) {
	t.e.p.stats.delivered.Add(1)
	t.e.healer.recent.add(m.GetTopic(), m.ID, time.Now())
	t.checked(m)
}

// DuplicateMessage says that a message was known already.
func (t *tracer) DuplicateMessage(m *gossip.Message) {
	t.e.p.stats.duplicates.Add(1)
	t.checked(m)
}

// RejectMessage says that a message has not passed the check.
func (t *tracer) RejectMessage(m *gossip.Message, reason string) {
	switch reason {
	case gossip.RejectValidationQueueFull, gossip.RejectValidationThrottled:
		t.e.p.stats.lost(&t.e.p.stats.lostInbound, 1)
	case gossip.RejectValidationIgnored:
		t.e.p.stats.rejected.Add(1)
	default:
		t.e.p.stats.rejected.Add(1)
		t.e.conduct.blame(m.ReceivedFrom, blameForged)
	}
	t.checked(m)
}

// RecvRPC says that a frame has come.
func (t *tracer) RecvRPC(rpc *gossip.RPC) { t.e.interest.greet(rpc.From()) }

// SendRPC says that a frame waits to be written to a neighbour.
func (t *tracer) SendRPC(rpc *gossip.RPC, id peer.ID) {
	if t.e.flow.queued(id, rpc.Size()) {
		t.e.p.stats.slowPeers.Add(1)
		t.e.p.stats.lost(&t.e.p.stats.lostOutbound, len(rpc.GetPublish()))
		t.e.notice(func() { t.e.wire.cut(id) })
	}
}

// DropRPC says that a frame was not sent because the queue was full.
func (t *tracer) DropRPC(rpc *gossip.RPC, _ peer.ID) {
	if n := len(rpc.GetPublish()); n > 0 {
		t.e.p.stats.lost(&t.e.p.stats.lostOutbound, n)
	}
}

// UndeliverableMessage cannot happen: messages are handed out before they would
// be queued. Should it, it is counted.
func (t *tracer) UndeliverableMessage(*gossip.Message) {
	t.e.p.stats.lost(&t.e.p.stats.lostInbound, 1)
}

// Graft says that a neighbour enters a topic's mesh.
func (t *tracer) Graft(id peer.ID, topic string) {
	t.e.view.grafted(id, topic)
	t.e.healer.heal(id, topic, time.Now())
}

// Prune says that it leaves it.
func (t *tracer) Prune(id peer.ID, topic string) { t.e.view.pruned(id, topic) }

// ValidateMessage is of no interest here.
func (t *tracer) ValidateMessage(*gossip.Message) {}

// ThrottlePeer is of no interest here.
func (t *tracer) ThrottlePeer(peer.ID) {}
