// Messages: subscriptions that outlive connections, each with a goroutine that
// calls its handlers.

package client

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/pubsub"
	"git.debros.io/DeBros/network/backend/rpc"
)

const (
	// MaxSubscriptions bounds the handlers of one client.
	MaxSubscriptions = 256
	// resubscribeAfter is the wait before a subscription that was cut off is
	// made again.
	resubscribeAfter = time.Second
)

// MessageHandler is called for each message of a topic, one at a time and in the
// order of their arrival. An error is logged; the next message comes all the
// same. data belongs to all handlers and must not be changed.
type MessageHandler func(topic string, data []byte) error

// PubSub is the namespace's topics.
type PubSub struct{ client *Client }

// PubSub returns the namespace's topics.
func (c *Client) PubSub() *PubSub { return &PubSub{c} }

// Publish sends data to everybody who subscribes to the topic in this
// namespace, this client included. A full queue is core.Limited: wait, then
// repeat. A credential that may not write in the namespace is core.Denied.
func (p *PubSub) Publish(ctx context.Context, topic string, data []byte) error {
	s, err := p.client.current()
	if err != nil {
		return err
	}
	return s.gossip.Publish(ctx, p.client.Namespace(), topic, data)
}

// Subscribe calls handler for each message until Unsubscribe or Disconnect;
// ctx bounds the subscribing only. When it returns, the node has taken note. A
// topic may have several handlers. A handler that is slow for long loses
// messages, which is logged as a warning.
func (p *PubSub) Subscribe(ctx context.Context, topic string, handler MessageHandler) error {
	if handler == nil {
		return core.Errorf(core.Invalid, "a subscription needs a handler")
	}
	return p.SubscribeMessages(ctx, topic, func(m core.Message) error { return handler(m.Topic, m.Data) })
}

// SubscribeMessages is Subscribe for a handler that wants to know the message's
// id and author.
func (p *PubSub) SubscribeMessages(ctx context.Context, topic string, handler func(core.Message) error) error {
	if handler == nil {
		return core.Errorf(core.Invalid, "a subscription needs a handler")
	}
	s, err := p.client.current()
	if err != nil {
		return err
	}
	return s.subs.add(ctx, topic, handler)
}

// Unsubscribe ends all of this client's subscriptions to the topic and returns
// when none of their handlers runs any more. It must not be called from one.
func (p *PubSub) Unsubscribe(ctx context.Context, topic string) error {
	s, err := p.client.current()
	if err != nil {
		return err
	}
	return s.subs.remove(ctx, topic)
}

// ListTopics returns the namespace's topics that somebody listens to, as the
// node hears of them.
func (p *PubSub) ListTopics(ctx context.Context) (topics []string, err error) {
	err = p.client.call(ctx, func(conn *rpc.Conn) (err error) {
		topics, err = conn.Topics(ctx, p.client.Namespace())
		return err
	})
	return topics, err
}

// subscriptions are those of one session.
type subscriptions struct {
	ns     core.Namespace
	gossip *pubsub.PubSub
	log    *slog.Logger

	mu      sync.Mutex
	ended   bool
	handles map[string][]*handle // by topic
	count   int
	running sync.WaitGroup
}

// handle is one handler of one topic.
type handle struct {
	topic   string
	handler func(core.Message) error
	stop    context.CancelFunc
	done    chan struct{} // closed when its goroutine has ended
}

func newSubscriptions(ns core.Namespace, gossip *pubsub.PubSub, log *slog.Logger) *subscriptions {
	return &subscriptions{ns: ns, gossip: gossip, log: log, handles: make(map[string][]*handle)}
}

// run lives until ctx ends, then ends all handlers and waits for them.
func (s *subscriptions) run(ctx context.Context, ready func()) error {
	ready()
	<-ctx.Done()
	s.mu.Lock()
	s.ended = true
	for _, handles := range s.handles {
		for _, h := range handles {
			h.stop()
		}
	}
	s.handles = nil
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// add subscribes and starts the goroutine that calls the handler.
func (s *subscriptions) add(ctx context.Context, topic string, handler func(core.Message) error) error {
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	h := &handle{topic: topic, handler: handler, stop: stop, done: make(chan struct{})}
	if err := s.register(h); err != nil {
		stop()
		return err
	}
	// Ends with either: the caller's patience, or the session.
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(life, cancel)()
	first, err := s.gossip.Subscribe(both, s.ns, topic)
	if err != nil {
		s.forget(h)
		stop()
		close(h.done)
		s.running.Done()
		return err
	}
	go func() {
		defer s.running.Done()
		defer close(h.done)
		defer stop()
		s.follow(life, h, first)
	}()
	return nil
}

// register takes a place, which also makes run wait for it.
func (s *subscriptions) register(h *handle) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return errNotConnected()
	}
	if s.count >= MaxSubscriptions {
		return core.Errorf(core.Limited, "a client has at most %d subscriptions; end one first", MaxSubscriptions)
	}
	s.count++
	s.handles[h.topic] = append(s.handles[h.topic], h)
	s.running.Add(1)
	return nil
}

// forget undoes register for a subscription that was not made.
func (s *subscriptions) forget(h *handle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.handles[h.topic] {
		if other == h {
			s.handles[h.topic] = append(s.handles[h.topic][:i:i], s.handles[h.topic][i+1:]...)
			s.count--
			break
		}
	}
	if len(s.handles[h.topic]) == 0 {
		delete(s.handles, h.topic)
	}
}

// remove ends a topic's handlers and waits for them. A topic without any is
// core.NotFound.
func (s *subscriptions) remove(ctx context.Context, topic string) error {
	s.mu.Lock()
	handles := s.handles[topic]
	delete(s.handles, topic)
	s.count -= len(handles)
	for _, h := range handles {
		h.stop()
	}
	s.mu.Unlock()
	if len(handles) == 0 {
		return core.Errorf(core.NotFound, "this client has no subscription to %q", topic)
	}
	for _, h := range handles {
		select {
		case <-h.done:
		case <-ctx.Done():
			return core.Wrap(core.Unavailable, ctx.Err(), "a handler of %q has not returned yet", topic)
		}
	}
	return nil
}

// follow calls the handler until ctx ends. A subscription that ended by itself
// is made again: the handler was too slow, and that it missed something is said.
func (s *subscriptions) follow(ctx context.Context, h *handle, sub *pubsub.Subscription) {
	for sub != nil {
		s.drain(ctx, h, sub)
		sub.Close()
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("a subscription was cut off and is made again; messages were missed",
			slog.String(core.KeyTopic, h.topic), slog.Any(core.KeyError, sub.Err()))
		sub = s.again(ctx, h.topic)
	}
}

// again subscribes once more, until it works or ctx ends.
func (s *subscriptions) again(ctx context.Context, topic string) *pubsub.Subscription {
	for {
		sub, err := s.gossip.Subscribe(ctx, s.ns, topic)
		if err == nil {
			return sub
		}
		s.log.Debug("a subscription cannot be made again yet", slog.String(core.KeyTopic, topic), slog.String(core.KeyError, err.Error()))
		timer := time.NewTimer(resubscribeAfter)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// drain calls the handler for each message until ctx or the subscription ends.
func (s *subscriptions) drain(ctx context.Context, h *handle, sub *pubsub.Subscription) {
	for ctx.Err() == nil { // an end comes before the messages that still wait
		select {
		case <-ctx.Done():
		case m, open := <-sub.Messages():
			if !open {
				return
			}
			s.handle(h, m)
		}
	}
}

// handle calls the handler. One that panics must not end the program's other
// subscriptions.
func (s *subscriptions) handle(h *handle, m core.Message) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a message handler panicked", slog.String(core.KeyTopic, h.topic),
				slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		}
	}()
	if err := h.handler(m); err != nil {
		s.log.Warn("a message handler failed", slog.String(core.KeyTopic, h.topic), slog.String(core.KeyError, err.Error()))
	}
}
