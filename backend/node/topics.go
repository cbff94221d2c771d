package node

// This file shows pub/sub to the gateway in the gateway's words.

import (
	"context"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/pubsub"
)

// topics are the network's topics as the gateway's callers use them. They are
// published in the node's own name: the gateway has checked the caller.
type topics struct{ pubsub *pubsub.PubSub }

var _ gateway.PubSub = topics{}

func (t topics) Publish(ctx context.Context, ns core.Namespace, topic string, data []byte) error {
	return t.pubsub.Publish(ctx, ns, topic, data)
}

func (t topics) Subscribe(ctx context.Context, ns core.Namespace, topic string) (gateway.Subscription, error) {
	s, err := t.pubsub.Subscribe(ctx, ns, topic)
	if err != nil {
		return nil, err // not a Subscription that holds nil
	}
	return s, nil
}

func (t topics) Topics(_ context.Context, ns core.Namespace) ([]string, error) {
	return t.pubsub.Topics(ns), nil
}

func (t topics) Presence(ctx context.Context, ns core.Namespace, topic string) ([]core.PresenceMember, error) {
	return t.pubsub.Presence(ctx, ns, topic)
}

func (t topics) Join(ctx context.Context, ns core.Namespace, topic string, m core.PresenceMember) (gateway.Presence, error) {
	p, err := t.pubsub.Join(ctx, ns, topic, m)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// PageTopics are the same for the page of this node, whose person is its owner.
type PageTopics struct{ topics }

// PageTopics are the network's topics as the page uses them.
func (n *Node) PageTopics() PageTopics { return PageTopics{topics{n.pubsub}} }

// Listen subscribes. The channel is closed when the subscription ends; end closes
// it, and says why it had ended before.
func (t PageTopics) Listen(ctx context.Context, ns core.Namespace, topic string) (messages <-chan core.Message, end func() error, err error) {
	s, err := t.pubsub.Subscribe(ctx, ns, topic)
	if err != nil {
		return nil, nil, err
	}
	return s.Messages(), func() error {
		why := s.Err()
		s.Close()
		return why
	}, nil
}
