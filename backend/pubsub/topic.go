// One topic that this peer takes part in.

package pubsub

import (
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"

	"git.debros.io/DeBros/network/backend/core"
)

// topic is a gossip topic with one reference: however many subscribe here, and
// whatever else it is carried for, gossipsub sees one participant. The keeper
// goroutine owns it; readers and the two atomics are for everybody.
type topic struct {
	name   string // on the wire
	label  string // without the namespace
	handle *gossip.Topic

	relay gossip.RelayCancelFunc // not nil: announced and carried
	tap   *gossip.Subscription   // not nil: has local readers
	since time.Time              // last time that it was wanted

	carried atomic.Bool  // relay is set
	used    atomic.Int64 // last publication of a client, Unix nanoseconds
	readers readers
}

// join announces the topic and takes part in carrying it.
func (t *topic) join() error {
	if t.relay != nil {
		return nil
	}
	cancel, err := t.handle.Relay()
	if err != nil {
		return fmt.Errorf("join topic: %w", err)
	}
	t.relay = cancel
	t.carried.Store(true)
	return nil
}

// listen hands messages to the local readers. The filter does the work: it sees
// each message once, in order, and says that it need not be queued. So there is
// no queue in between that could overflow, and no goroutine.
func (t *topic) listen(each func(*gossip.Message)) error {
	if t.tap != nil {
		return nil
	}
	tap, err := t.handle.Subscribe(gossip.WithBufferSize(1), gossip.WithMessageFilter(func(m *gossip.Message) bool {
		each(m)
		return false
	}))
	if err != nil {
		return fmt.Errorf("listen to topic: %w", err)
	}
	t.tap = tap
	return nil
}

// mute undoes listen.
func (t *topic) mute() {
	if t.tap != nil {
		t.tap.Cancel()
		t.tap = nil
	}
}

// leave undoes all.
func (t *topic) leave() error {
	t.mute()
	if t.relay != nil {
		t.carried.Store(false)
		t.relay()
		t.relay = nil
	}
	return t.handle.Close()
}

// message is what a local reader gets of a gossip message.
func (t *topic) message(m *gossip.Message) core.Message {
	from := m.GetFrom().String()
	payload, _, _ := unseal(m.GetData()) //nolint:errcheck // validate has read it before
	return core.Message{
		// An author never uses a sequence number twice, so this is unique
		// wherever the message is seen.
		ID:         from + "-" + hex.EncodeToString(m.GetSeqno()),
		Topic:      t.label,
		From:       from,
		Data:       payload,
		ReceivedAt: time.Now(),
	}
}

// readers is the fan-out of one topic: a list that is replaced, never changed,
// so that handing out needs no lock.
type readers struct {
	mu   sync.Mutex
	list atomic.Pointer[[]*Subscription]
}

func (r *readers) all() []*Subscription {
	if list := r.list.Load(); list != nil {
		return *list
	}
	return nil
}

func (r *readers) add(s *Subscription) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := append(slices.Clone(r.all()), s)
	r.list.Store(&next)
}

func (r *readers) remove(s *Subscription) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(r.all()), func(other *Subscription) bool { return other == s })
	r.list.Store(&next)
}

// deliver hands m to every reader; it waits for none.
func (r *readers) deliver(m core.Message) {
	for _, s := range r.all() {
		s.deliver(m)
	}
}
