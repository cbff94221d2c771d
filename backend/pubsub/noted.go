// The question "have you noted that I want this topic?", by which a subscriber
// knows that nothing published from now on passes it by.

package pubsub

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"git.debros.io/DeBros/network/backend/core"
)

// notedProtocol: the asker sends the topic's length as a varint and the topic,
// and gets one byte back.
const notedProtocol = protocol.ID("/debros/topic-noted/1.0.0")

// maxNameBytes bounds a topic's wire name.
const maxNameBytes = len("ns::") + core.MaxNamespaceBytes + len("::") + len(presenceMark) + core.MaxTopicBytes

// The answers.
const (
	answerNoted = 'y'
	answerFull  = 'f' // the node carries no more topics, or no more of this client
)

// writeQuestion and readQuestion are the asker's half of the exchange.
func writeQuestion(w io.Writer, topic string) error {
	b := binary.AppendUvarint(nil, uint64(len(topic)))
	_, err := w.Write(append(b, topic...))
	return err
}

// readQuestion reads what a stranger wrote; the length is judged first.
func readQuestion(r *bufio.Reader) (string, error) {
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return "", fmt.Errorf("read length: %w", err)
	}
	if size > uint64(maxNameBytes) {
		return "", core.Errorf(core.TooLarge, "a topic's full name has at most %d bytes", maxNameBytes)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return "", fmt.Errorf("read topic: %w", err)
	}
	if _, _, ok := parseTopic(string(b)); !ok {
		return "", core.Errorf(core.Invalid, "a topic's full name is ns::<namespace>::<topic>")
	}
	return string(b), nil
}

// answer serves one question of a neighbour.
func (e *engine) answer(ctx context.Context, s network.Stream) {
	select {
	case e.asks <- struct{}{}:
		defer func() { <-e.asks }()
	default:
		reset(s) // too many at once; the asker goes on without
		return
	}
	stop := context.AfterFunc(ctx, func() { reset(s) }) // the node is ending
	defer stop()
	if err := e.reply(ctx, s); err != nil {
		reset(s) // it is over in any case
		return
	}
	s.Close() //nolint:errcheck,gosec // the answer is written; the asker has it or has gone
}

func (e *engine) reply(ctx context.Context, s network.Stream) error {
	if err := s.SetDeadline(time.Now().Add(2 * MaxAskWait)); err != nil {
		return err
	}
	topic, err := readQuestion(bufio.NewReaderSize(s, maxNameBytes+binary.MaxVarintLen64))
	if err != nil {
		e.conduct.blame(s.Conn().RemotePeer(), blameBadTopic)
		return err
	}
	answer := byte(answerNoted)
	if !e.awaitNoted(ctx, s.Conn().RemotePeer(), topic) {
		answer = answerFull
	} else if !e.interest.isNode(s.Conn().RemotePeer()) {
		// Our neighbours learn of a client's topic through us. Only when they
		// have does a message published there find its way.
		e.settle(ctx, topic)
	}
	_, err = s.Write([]byte{answer})
	return err
}

// awaitNoted waits until the announcement has come by gossip and the topic is
// carried here.
func (e *engine) awaitNoted(ctx context.Context, from peer.ID, topic string) bool {
	timer := time.NewTimer(MaxAskWait)
	defer timer.Stop()
	for {
		rung := e.interest.changed.next()
		if e.interest.announces(from, topic) && e.carries(topic) {
			return true
		}
		select {
		case <-rung:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

func (e *engine) carries(name string) bool {
	t, known := e.open.Load(name)
	return known && t.(*topic).carried.Load() //nolint:errcheck // open holds nothing else
}

// ask puts the question to one neighbour.
func (e *engine) ask(ctx context.Context, id peer.ID, topic string) error {
	s, err := e.host.NewStream(network.WithNoDial(ctx, "ask a neighbour"), id, notedProtocol)
	if err != nil {
		return fmt.Errorf("open stream: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { reset(s) }) // nobody waits for it any more
	defer stop()
	defer s.Close() //nolint:errcheck // the answer is read; nothing depends on it
	if err := writeQuestion(s, topic); err != nil {
		return fmt.Errorf("write question: %w", err)
	}
	var b [1]byte
	if _, err := io.ReadFull(s, b[:]); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if b[0] != answerNoted {
		return core.Errorf(core.Limited, "the node carries no more topics, or has %d of this client already; leave one, or try again later", MaxTopicsPerClient)
	}
	return nil
}

// askAll asks several neighbours at once and gives their answers as they come.
// Everyone has answered or been given up when the channel closes.
func (e *engine) askAll(ctx context.Context, ids []peer.ID, topic string) <-chan error {
	answers := make(chan error, len(ids))
	started := e.tasks.start(func() {
		var asking sync.WaitGroup
		for _, id := range ids {
			asking.Go(func() { answers <- e.ask(ctx, id, topic) })
		}
		asking.Wait()
		close(answers)
	})
	if !started {
		close(answers)
	}
	return answers
}

// settle lets a node's neighbours take note, for MaxSettle at most: the topic
// works without, only something published in this moment might pass by.
func (e *engine) settle(ctx context.Context, topic string) {
	ctx, cancel := context.WithTimeout(ctx, MaxSettle)
	defer cancel()
	if e.arrivals.wait(ctx) != nil {
		return
	}
	for range e.askAll(ctx, e.someNodes(), topic) { //nolint:revive // the answers themselves do not matter here
	}
}

func (e *engine) someNodes() []peer.ID {
	ids := e.interest.nodes()
	return ids[:min(len(ids), MaxAsked)]
}

// settleClient returns when one node has taken note of a client's topic.
func (e *engine) settleClient(ctx context.Context, topic string) error {
	ctx, cancel := context.WithTimeout(ctx, MaxPublishWait)
	defer cancel()
	last := errNoNode(nil)
	for {
		rung := e.interest.changed.next()
		for err := range e.askAll(ctx, e.someNodes(), topic) {
			if err == nil {
				return nil
			}
			if refused, is := errors.AsType[*core.Error](err); is {
				last = refused
			}
		}
		if last.Code == core.Limited {
			return last
		}
		select {
		case <-rung: // another node may have come
		case <-ctx.Done():
			if last.Err == nil {
				last.Err = ctx.Err()
			}
			return last
		}
	}
}

func errNoNode(cause error) *core.Error {
	return core.Wrap(core.Unavailable, cause, "no node of this network relays the topic yet; connect to a node, then try again")
}
