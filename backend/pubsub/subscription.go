// One local subscriber and its queue.

package pubsub

import (
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

// outBuffer is how many messages a reader's channel holds, 100 bytes each, also
// those of the thousands that are silent. Most readers never let more pile up and
// so cost neither a goroutine nor a queue.
const outBuffer = 16

// Subscription is one local reader of a topic.
type Subscription struct {
	namespace core.Namespace
	topic     string
	out       chan core.Message
	done      chan struct{} // closed when it ends
	tasks     *tasks        // the engine waits for spill
	onEnd     func()        // tells the engine, once

	mu       sync.Mutex
	queue    []core.Message // what did not fit into out; moved by spill
	waiting  int            // messages in queue or in spill's hands
	bytes    int            // of those
	spilling bool
	ended    bool
	err      error
}

func newSubscription(ns core.Namespace, topic string, tasks *tasks, onEnd func()) *Subscription {
	return &Subscription{
		namespace: ns,
		topic:     topic,
		out:       make(chan core.Message, outBuffer),
		done:      make(chan struct{}),
		tasks:     tasks,
		onEnd:     onEnd,
	}
}

// Namespace is the namespace that was subscribed to.
func (s *Subscription) Namespace() core.Namespace { return s.namespace }

// Topic is the topic's name without the namespace.
func (s *Subscription) Topic() string { return s.topic }

// Messages gives the messages in the order of their arrival. It is closed when
// the subscription ends; Err then says why. The bytes of a message are shared
// with the topic's other readers and must not be changed.
func (s *Subscription) Messages() <-chan core.Message { return s.out }

// Err says why Messages was closed: nil after Close, core.Limited for a reader
// that was too slow, core.Unavailable when this node stopped. It is nil before.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the subscription. It may be called twice.
func (s *Subscription) Close() { s.end(nil) }

// deliver queues m without ever waiting. A reader that has let too much pile up
// is cut off. It is called by one goroutine at a time.
func (s *Subscription) deliver(m core.Message) {
	if s.offer(m) {
		return
	}
	s.end(core.Errorf(core.Limited, "too slow: %d messages were waiting to be read; subscribe again and read faster", MaxQueued))
}

func (s *Subscription) offer(m core.Message) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return true
	}
	if !s.spilling {
		select {
		case s.out <- m:
			return true
		default:
		}
	}
	if s.waiting >= MaxQueued || s.bytes+len(m.Data) > MaxQueuedBytes {
		return false
	}
	s.queue = append(s.queue, m)
	s.waiting++
	s.bytes += len(m.Data)
	if !s.spilling {
		s.spilling = s.tasks.start(s.spill)
	}
	return s.spilling
}

// spill moves the queue into the channel and ends when the queue is empty, or
// the subscription ended. It lives only while the reader is behind.
func (s *Subscription) spill() {
	for {
		batch, more := s.take()
		if !more {
			return
		}
		for _, m := range batch {
			select {
			case <-s.done: // first: what waits at the end is not delivered
			default:
				select {
				case s.out <- m:
				case <-s.done:
				}
			}
			s.moved(len(m.Data))
		}
	}
}

func (s *Subscription) take() (batch []core.Message, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		close(s.out)
		return nil, false
	}
	if len(s.queue) == 0 {
		s.spilling = false
		return nil, false
	}
	batch, s.queue = s.queue, nil
	return batch, true
}

func (s *Subscription) moved(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting--
	s.bytes -= size
}

// end closes the subscription with a reason. The channel is closed by spill if
// that is still sending into it.
func (s *Subscription) end(err error) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended, s.err, s.queue = true, err, nil
	close(s.done)
	if !s.spilling {
		close(s.out)
	}
	s.mu.Unlock()
	s.onEnd()
}
