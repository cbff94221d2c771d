package node

// This file is the chat's live path: rows as gossip, and what every node of the
// network lets pass of it.

import (
	"context"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/time/rate"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/pubsub"
)

const (
	// chatRate is how many rows a second one author may publish, and chatBurst how
	// many at once: a node may serve many people, and one that comes back has much to say.
	chatRate  = 200
	chatBurst = 5000
	// maxChatAuthors bounds the authors that are counted; who is forgotten begins anew.
	maxChatAuthors = 4096
)

// chatGate judges what passes here of the chat, for others and for this node. It
// needs no secret: a message's session is the key that it is signed with.
type chatGate struct {
	self    peer.ID
	authors *lru.Cache[peer.ID, *rate.Limiter]
}

func newChatGate(self peer.ID) *chatGate {
	authors, err := lru.New[peer.ID, *rate.Limiter](maxChatAuthors)
	if err != nil {
		panic("node: the number of authors is not positive") // it is a constant
	}
	return &chatGate{self: self, authors: authors}
}

// check is pubsub.Settings.Check. What is not of the chat is not its business.
func (g *chatGate) check(author peer.ID, ns core.Namespace, topic string, data []byte) error {
	if ns != core.ChatNamespace {
		return nil
	}
	row, err := wire.Decode(data) // bounds the size first
	if err != nil {
		return err
	}
	mailbox, err := mailboxOf(row)
	if err != nil {
		return err
	}
	if mailbox.String() != topic {
		return core.Errorf(core.Denied, "the row is of another mailbox")
	}
	if author == g.self {
		return nil
	}
	limiter, known := g.authors.Get(author)
	if !known {
		limiter = rate.NewLimiter(chatRate, chatBurst)
		if before, there, _ := g.authors.PeekOrAdd(author, limiter); there {
			limiter = before
		}
	}
	if !limiter.Allow() {
		return core.Errorf(core.Limited, "one author publishes at most %d rows a second", chatRate)
	}
	return nil
}

// mailboxOf is where a row that may travel as gossip belongs.
func mailboxOf(row wire.Row) (wire.Name, error) {
	switch row := row.(type) {
	case wire.Message:
		_, err := row.Check()
		return row.Mailbox, err
	case wire.Event:
		return row.Mailbox, nil
	case wire.Announce:
		return row.Mailbox, nil
	case wire.Knock:
		return row.Mailbox, nil
	case wire.Fleeting:
		return row.Mailbox, nil
	}
	return wire.Name{}, core.Errorf(core.Invalid, "a %s does not travel as gossip", row.Kind())
}

// chatGossip is wire.Gossip over the network's topics.
type chatGossip struct{ topics *pubsub.Internal }

var _ wire.Gossip = chatGossip{}

func (g chatGossip) Publish(ctx context.Context, mailbox wire.Name, row []byte) error {
	return g.topics.Publish(ctx, wire.Namespace, mailbox.String(), row)
}

// Listen hands rows on until end is called or the subscription ends. Who does not
// read is cut off by package pubsub.
func (g chatGossip) Listen(ctx context.Context, mailbox wire.Name) (rows <-chan []byte, end func() error, err error) {
	s, err := g.topics.Subscribe(ctx, wire.Namespace, mailbox.String())
	if err != nil {
		return nil, nil, err
	}
	out, stop := make(chan []byte), make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		defer close(out)
		for m := range s.Messages() {
			select {
			case out <- m.Data:
			case <-stop:
				return
			}
		}
	})
	var once sync.Once
	return out, func() (why error) {
		once.Do(func() {
			why = s.Err()
			close(stop)
			s.Close()
			work.Wait()
		})
		return why
	}, nil
}
