// Messages whose check is under way, so that copies of them are not checked too.

package pubsub

import (
	"bytes"
	"hash/maphash"
	"sync"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
)

// maxInFlight is how long an entry may stay, in case gossipsub forgets to say
// what became of a message.
const maxInFlight = 30 * time.Second

// inFlight is the set of messages between gossipsub's queue and the end of their
// check. gossipsub itself knows a copy only after the check, so in a burst, when
// the queue is long, it checks the signature of each copy from each neighbour:
// three times the work on ten hosts. An entry stands for all bytes of a message;
// a forged copy of the same author and number cannot keep the true one out.
type inFlight struct {
	self []byte // this peer, whose own messages are not looked at
	seed maphash.Seed

	mu  sync.Mutex
	set map[uint64]time.Time
}

func newInFlight(self peer.ID) *inFlight {
	return &inFlight{self: []byte(self), seed: maphash.MakeSeed(), set: make(map[uint64]time.Time)}
}

// id is gossipsub's message id. That it is asked for tells that a message has
// been accepted for the check; nothing else does.
func (f *inFlight) id(m *pb.Message) string {
	if !f.own(m) {
		sum := f.sum(m)
		f.mu.Lock()
		f.set[sum] = time.Now()
		f.mu.Unlock()
	}
	return gossip.DefaultMsgIdFn(m)
}

// own says whether a message claims to be of this peer.
func (f *inFlight) own(m *pb.Message) bool { return bytes.Equal(m.GetFrom(), f.self) }

// has says whether this very message is being checked.
func (f *inFlight) has(m *pb.Message) bool {
	sum := f.sum(m)
	f.mu.Lock()
	defer f.mu.Unlock()
	_, is := f.set[sum]
	return is
}

// done notes the end of a check.
func (f *inFlight) done(m *pb.Message) {
	sum := f.sum(m)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.set, sum)
}

func (f *inFlight) expire(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for sum, at := range f.set {
		if now.Sub(at) > maxInFlight {
			delete(f.set, sum)
		}
	}
}

// sum is over every field, each with its length before it; the seed is ours
// alone, so nobody can make two messages with one sum.
func (f *inFlight) sum(m *pb.Message) uint64 {
	var h maphash.Hash
	h.SetSeed(f.seed)
	for _, field := range [][]byte{m.GetFrom(), m.GetSeqno(), m.GetSignature(), m.GetKey(), m.GetData()} {
		maphash.WriteComparable(&h, len(field))
		h.Write(field) //nolint:gosec // it never fails
	}
	h.WriteString(m.GetTopic()) //nolint:gosec // it never fails
	return h.Sum64()
}
