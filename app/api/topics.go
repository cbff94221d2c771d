// This file is the part of the Keys screen that listens to topics. The page
// takes messages by asking; what it has not taken yet waits in the subscription,
// which is bounded and ends with a reason when it is full.

package api

import (
	"context"
	"encoding/base64"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxListens bounds the topics that pages listen to at once.
	MaxListens = 16
	// MaxListenIdle ends the subscription of a page that does not ask any more.
	MaxListenIdle = 90 * time.Second

	maxTaken      = 200     // messages in one answer
	maxTakenBytes = 1 << 20 // of their payloads
)

// Topics is bound as "Topics".
type Topics struct{ d *desk }

// TopicMessage is one message of a topic.
type TopicMessage struct {
	ID         string `json:"id"`
	From       string `json:"from"` // peer id of who published it
	DataBase64 string `json:"data_base64"`
	Size       int    `json:"size"`
	At         string `json:"at"` // when this node received it
}

// TopicMessages are those since the last question. Ended says that there will be
// no more, and Why: "" after Close.
type TopicMessages struct {
	Messages []TopicMessage `json:"messages"`
	Ended    bool           `json:"ended"`
	Why      string         `json:"why"`
}

// TopicMember is somebody who is present in a topic.
type TopicMember struct {
	ID       string `json:"id"`
	JoinedAt string `json:"joined_at"`
}

// List lists the topics of a namespace that somebody listens to.
func (t *Topics) List(namespace string) ([]string, error) {
	return guard(t.d, "Topics.List", MaxCallTime, func(ctx context.Context) ([]string, error) {
		b, ns, err := t.open(namespace)
		if err != nil {
			return nil, err
		}
		topics, err := b.PubSub.Topics(ctx, ns)
		return list(topics), err
	})
}

// Presence lists who is present in a topic.
func (t *Topics) Presence(namespace, topic string) ([]TopicMember, error) {
	return guard(t.d, "Topics.Presence", MaxCallTime, func(ctx context.Context) ([]TopicMember, error) {
		b, ns, err := t.open(namespace)
		if err != nil {
			return nil, err
		}
		members, err := b.PubSub.Presence(ctx, ns, topic)
		if err != nil {
			return nil, err
		}
		out := make([]TopicMember, 0, len(members))
		for _, m := range members {
			out = append(out, TopicMember{ID: m.MemberID, JoinedAt: stamp(m.JoinedAt)})
		}
		return out, nil
	})
}

// Publish sends a message to everybody who listens to a topic.
func (t *Topics) Publish(namespace, topic, dataBase64 string) error {
	return act(t.d, "Topics.Publish", MaxCallTime, func(ctx context.Context) error {
		b, ns, err := t.open(namespace)
		if err != nil {
			return err
		}
		if base64.StdEncoding.DecodedLen(len(dataBase64)) > core.MaxMessageBytes+2 {
			return core.Errorf(core.TooLarge, "A message has at most %d bytes.", core.MaxMessageBytes)
		}
		data, err := base64.StdEncoding.DecodeString(dataBase64)
		if err != nil {
			return core.Errorf(core.Invalid, "The message is not base64 text.")
		}
		return b.PubSub.Publish(ctx, ns, topic, data)
	})
}

// Listen subscribes to a topic and returns an id for [Topics.Next].
func (t *Topics) Listen(namespace, topic string) (string, error) {
	return guard(t.d, "Topics.Listen", MaxCallTime, func(ctx context.Context) (string, error) {
		b, ns, err := t.open(namespace)
		if err != nil {
			return "", err
		}
		return t.d.listens.add(func() (<-chan core.Message, func() error, error) { return b.PubSub.Listen(ctx, ns, topic) })
	})
}

// Next waits for messages and takes them. It answers without any when none came
// in time; not_found says that the id is not listening.
func (t *Topics) Next(id string) (TopicMessages, error) {
	return guard(t.d, "Topics.Next", core.MaxChangeWait+MaxCallTime, func(ctx context.Context) (TopicMessages, error) {
		l := t.d.listens.use(id)
		if l == nil {
			return TopicMessages{}, core.Errorf(core.NotFound, "This page does not listen any more; listen again.")
		}
		out := l.take(ctx)
		if out.Ended {
			if why := t.d.listens.drop(id); why != nil {
				out.Why = core.Sentence(why)
			}
		}
		return out, nil
	})
}

// Close ends a subscription; it is no error when there is none.
func (t *Topics) Close(id string) error {
	return act(t.d, "Topics.Close", MaxCallTime, func(context.Context) error {
		_ = t.d.listens.drop(id) //nolint:errcheck // why it had ended before does not matter any more
		return nil
	})
}

func (t *Topics) open(namespace string) (Backend, core.Namespace, error) {
	return (&KV{d: t.d}).open(namespace)
}

// listen is one subscription of a page.
type listen struct {
	messages <-chan core.Message
	end      func() error
	used     time.Time // guarded by listens.mu
}

// take waits for the first message and takes with it what is there.
func (l *listen) take(ctx context.Context) TopicMessages {
	out := TopicMessages{Messages: []TopicMessage{}}
	timer := time.NewTimer(core.MaxChangeWait)
	defer timer.Stop()
	size := 0
	for len(out.Messages) < maxTaken && size < maxTakenBytes {
		var m core.Message
		var open bool
		if len(out.Messages) == 0 {
			select {
			case m, open = <-l.messages:
			case <-timer.C:
				return out
			case <-ctx.Done():
				return out
			}
		} else {
			select {
			case m, open = <-l.messages:
			default:
				return out
			}
		}
		if !open {
			out.Ended = true
			return out
		}
		size += len(m.Data)
		out.Messages = append(out.Messages, TopicMessage{
			ID: m.ID, From: m.From, DataBase64: base64.StdEncoding.EncodeToString(m.Data), Size: len(m.Data), At: stamp(m.ReceivedAt),
		})
	}
	return out
}

// listens are the subscriptions of all pages.
type listens struct {
	now func() time.Time

	mu     sync.Mutex
	open   map[string]*listen
	closed bool
}

func newListens(now func() time.Time) *listens {
	return &listens{now: now, open: make(map[string]*listen)}
}

// add subscribes by begin, after it has ended what no page asks for any more.
func (l *listens) add(begin func() (<-chan core.Message, func() error, error)) (string, error) {
	l.prune()
	messages, end, err := begin()
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.open) >= MaxListens {
		_ = end() //nolint:errcheck // it had no time to end by itself
		return "", core.Errorf(core.Limited, "Pages listen to %d topics already; close one.", MaxListens)
	}
	id := newID()
	l.open[id] = &listen{messages: messages, end: end, used: l.now()}
	return id, nil
}

func (l *listens) prune() {
	l.mu.Lock()
	oldest := l.now().Add(-MaxListenIdle)
	var idle []string
	for id, one := range l.open {
		if one.used.Before(oldest) {
			idle = append(idle, id)
		}
	}
	l.mu.Unlock()
	for _, id := range idle {
		_ = l.drop(id) //nolint:errcheck // nobody asks for it
	}
}

func (l *listens) use(id string) *listen {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.open[id]
	if one != nil {
		one.used = l.now()
	}
	return one
}

// drop ends a subscription and says why it had ended before.
func (l *listens) drop(id string) error {
	l.mu.Lock()
	one := l.open[id]
	delete(l.open, id)
	l.mu.Unlock()
	if one == nil {
		return nil
	}
	return one.end()
}

func (l *listens) close() {
	l.mu.Lock()
	l.closed = true
	all := l.open
	l.open = map[string]*listen{}
	l.mu.Unlock()
	for _, one := range all {
		_ = one.end() //nolint:errcheck // the program ends
	}
}
