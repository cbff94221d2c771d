// What was published a moment before a neighbour was in the mesh.

package pubsub

import (
	"sync"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
)

// recent remembers the ids of the latest messages.
type recent struct {
	mu   sync.Mutex
	ring [MaxRecent]heard
	next int
}

// heard is one message.
type heard struct {
	topic, id string
	at        time.Time
}

func (r *recent) add(topic, id string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring[r.next] = heard{topic: topic, id: id, at: now}
	r.next = (r.next + 1) % MaxRecent
}

// of lists the latest messages of a topic, newest first, MaxOffered at most.
func (r *recent) of(topic string, now time.Time) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for n := range MaxRecent {
		h := r.ring[(r.next-1-n+MaxRecent)%MaxRecent]
		if h.id == "" || now.Sub(h.at) > HealFor || len(ids) == MaxOffered {
			break
		}
		if h.topic == topic {
			ids = append(ids, h.id)
		}
	}
	return ids
}

// healer offers the latest messages of a topic to each neighbour that enters its
// mesh: it may have been on its way while they were published, because the topic
// is new to it, or because its connection was broken. gossipsub pushes messages
// to the mesh and offers them, once a second, to all others. A neighbour that
// comes into the mesh between a message and the next offer would get neither.
//
// The price is that a new subscriber may get what was published up to HealFor
// before. It is used on gossipsub's loop only.
type healer struct {
	recent recent
	router *gossip.GossipSubRouter
	spent  map[peer.ID]int // offers to each neighbour in this second
	second time.Time
}

// heal makes the offer; the neighbour asks for what it lacks.
func (h *healer) heal(to peer.ID, topic string, now time.Time) {
	if now.Sub(h.second) >= time.Second {
		clear(h.spent)
		h.second = now
	}
	if h.spent[to] >= MaxOffers {
		return // one that comes and goes all the time gets no more of them
	}
	ids := h.recent.of(topic, now)
	if len(ids) == 0 {
		return
	}
	h.spent[to]++
	// gossipsub puts offers of its own that wait for this neighbour into the
	// next frame, in place of ours. So an empty frame goes first.
	h.router.SendControl(to, &pb.ControlMessage{})
	h.router.SendControl(to, &pb.ControlMessage{Ihave: []*pb.ControlIHave{{TopicID: &topic, MessageIDs: ids}}})
}
