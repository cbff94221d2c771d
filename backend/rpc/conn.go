// The calling side: one stream to a node, any number of calls on it.

package rpc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// Conn is one stream to a node, opened for one namespace. Its methods are those
// of the services and may be called from any number of goroutines, up to
// MaxCalls at one time. Close it in the end.
type Conn struct {
	stream network.Stream
	out    *writer
	peer   peer.ID
	ns     core.Namespace
	caller Caller
	lastID atomic.Uint64
	done   chan struct{}
	ended  sync.WaitGroup

	mu       sync.Mutex
	err      error // why the stream ended; set before done is closed
	finished bool  // the server said that it ran nothing which it did not answer
	calls    map[uint64]*call
	partial  int // bytes of answers whose end has not come
	waits    int // calls that wait for changes
}

// call is one request that waits for its answer.
type call struct {
	answer chan reply // has room for the one reply
	parts  [][]byte   // of an answer whose end has not come
	bytes  int        // of those
	waits  bool       // for changes
}

type reply struct {
	parts [][]byte // of the body
	err   error    // of the server; stream errors are told by lost
	lost  bool     // the stream ended first
}

// Dial opens a stream to a node that h knows an address of, and says hello.
// The error has the code that the node gave: core.Unauthenticated for a wrong
// credential, core.Denied for a namespace that it does not open. A node that
// cannot be reached is core.Unavailable. ctx bounds the dialling only.
func Dial(ctx context.Context, h host.Host, id peer.ID, c Credentials) (*Conn, error) {
	if len(c.Credential)+len(c.Namespace) > MaxHelloBytes/2 {
		return nil, core.Errorf(core.TooLarge, "a credential and a namespace may have %d bytes together", MaxHelloBytes/2)
	}
	// A node behind NAT may be there through a relay only.
	speaks := Services{Protocol: c.Protocol}.protocol()
	stream, err := h.NewStream(network.WithAllowLimitedConn(ctx, string(speaks)), id, speaks)
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the node cannot be reached; is it running, and is its address right?")
	}
	caller, err := hello(ctx, stream, c)
	if err != nil {
		_ = stream.Reset() //nolint:errcheck // the hello's error is the one that matters
		return nil, err
	}
	conn := &Conn{
		stream: stream, out: newWriter(stream), peer: id, ns: c.Namespace, caller: caller,
		done: make(chan struct{}), calls: make(map[uint64]*call),
	}
	conn.ended.Go(conn.write)
	conn.ended.Go(conn.read)
	return conn, nil
}

func hello(ctx context.Context, stream network.Stream, c Credentials) (Caller, error) {
	stop := context.AfterFunc(ctx, func() {
		_ = stream.Reset() //nolint:errcheck // the read below ends in any case
	})
	defer stop()
	body, err := marshal(&WireHello{Version: Version, Credential: []byte(c.Credential.Reveal()), Namespace: string(c.Namespace)})
	if err != nil {
		return Caller{}, err
	}
	// A refused stranger may be told so before it has said anything, so a failed
	// write is not yet the reason.
	_, writeErr := stream.Write(appendFrame(nil, frame{kind: kindHello, body: body}))
	f, err := (&frameReader{in: stream}).next(MaxHelloBytes)
	switch {
	case ctx.Err() != nil:
		return Caller{}, core.Wrap(core.Unavailable, ctx.Err(), "the node did not answer the hello in time")
	case err != nil:
		return Caller{}, core.Wrap(core.Unavailable, errors.Join(err, writeErr), "the node did not answer the hello; try again, or another node")
	case f.kind == kindError:
		return Caller{}, unpackError(f.body)
	case f.kind != kindResponse || f.id != 0:
		return Caller{}, core.Errorf(core.Internal, "the node answered the hello with something else; is it of another version?")
	}
	var welcome WireWelcome
	if err := unmarshal(f.body, &welcome, plainEntries); err != nil {
		return Caller{}, err
	}
	if !stop() {
		return Caller{}, core.Wrap(core.Unavailable, ctx.Err(), "the node did not answer the hello in time")
	}
	return Caller{Subject: welcome.GetSubject(), Operator: welcome.GetOperator()}, nil
}

// Peer is the node at the other end.
func (c *Conn) Peer() peer.ID { return c.peer }

// Namespace is the one that the stream was opened for.
func (c *Conn) Namespace() core.Namespace { return c.ns }

// Caller is whom the node took the credential for.
func (c *Conn) Caller() Caller { return c.caller }

// Done is closed when the stream has ended, whoever ended it.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err is why the stream ended, nil before.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the stream and every call on it, and returns when the goroutines
// of the Conn have. It may be called more than once.
func (c *Conn) Close() error {
	c.end(core.Errorf(core.Unavailable, "the connection was closed"), false)
	c.ended.Wait()
	return nil
}

// end stops everything with the reason err; the first reason stays.
func (c *Conn) end(err error, finished bool) {
	c.out.fail(err)
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err, c.finished = err, finished
	calls := c.calls
	c.calls = nil
	c.mu.Unlock()
	// Reset, not Close: it also ends a read that waits.
	_ = c.stream.Reset() //nolint:errcheck // it is over either way
	close(c.done)
	for _, call := range calls {
		call.answer <- reply{lost: true}
	}
}

func (c *Conn) write() {
	if err := c.out.run(); err != nil {
		c.end(err, false)
	}
}

func (c *Conn) read() {
	in := &frameReader{in: bufio.NewReaderSize(c.stream, writePiece)}
	for {
		f, err := in.next(MaxFrameBytes)
		if err == nil && f.kind == kindError && f.id == 0 {
			c.end(unpackError(f.body), true)
			return
		}
		if err == nil {
			err = c.receive(f)
		}
		if err != nil {
			c.end(err, false)
			return
		}
	}
}

// receive takes one frame of an answer. Answers to calls that were given up are
// dropped; they were on their way when the cancel was.
func (c *Conn) receive(f frame) error {
	if f.kind != kindResponse && f.kind != kindError {
		return core.Errorf(core.Invalid, "a node sends answers; this was kind %d", f.kind)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	call, waits := c.calls[f.id]
	if !waits {
		return nil
	}
	if f.kind == kindError {
		c.takeLocked(f.id, call)
		call.answer <- reply{err: unpackError(f.body)}
		return nil
	}
	if f.continues != (len(call.parts) > 0) {
		return core.Errorf(core.Invalid, "the frames of an answer are out of order")
	}
	if call.bytes+len(f.body) > MaxAnswerBytes || c.partial+len(f.body) > MaxAnswerBytesInFlight {
		return core.Errorf(core.TooLarge, "the node sends more than it may")
	}
	call.parts = append(call.parts, f.body)
	call.bytes += len(f.body)
	c.partial += len(f.body)
	if !f.more {
		c.takeLocked(f.id, call)
		call.answer <- reply{parts: call.parts} // the caller joins them, not this goroutine
	}
	return nil
}

// takeLocked removes a call, so that exactly one reply is put into its channel.
func (c *Conn) takeLocked(id uint64, call *call) {
	delete(c.calls, id)
	c.partial -= call.bytes
	if call.waits {
		c.waits--
	}
}

// call sends a request and waits for its answer.
func (c *Conn) call(ctx context.Context, m method, req, answer proto.Message) error {
	body, err := marshal(req)
	if err != nil {
		return err
	}
	if len(body) > MaxRequestBytes {
		return errRequestTooLarge()
	}
	head := frame{kind: kindRequest, method: m, id: c.lastID.Add(1)}
	if deadline, limited := ctx.Deadline(); limited {
		head.timeout = max(time.Until(deadline), time.Millisecond)
	}
	if err = ctx.Err(); err != nil {
		return core.Wrap(core.Unavailable, err, "%s", core.Sentence(err))
	}
	waiting := &call{answer: make(chan reply, 1)}
	if err = c.register(head.id, waiting, m.waits()); err != nil {
		return err
	}
	end, err := c.out.send(ctx, head, body)
	if err != nil {
		return c.unsent(ctx, head.id, err)
	}
	select {
	case r := <-waiting.answer:
		return c.finish(r, m, end, answer)
	case <-ctx.Done():
	}
	if r, came := c.giveUp(head.id, waiting); came {
		return c.finish(r, m, end, answer)
	}
	if m.writes() {
		return core.Wrap(core.OutcomeUnknown, ctx.Err(), "%s", core.OutcomeUnknown.Sentence())
	}
	return core.Wrap(core.Unavailable, ctx.Err(), "%s", core.Sentence(ctx.Err()))
}

func (c *Conn) register(id uint64, waiting *call, waits bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.lostLocked(core.Unavailable)
	}
	switch {
	case waits && c.waits >= MaxWaits:
		return errWaits()
	case !waits && len(c.calls)-c.waits >= MaxCalls:
		return core.Errorf(core.Limited, "%d calls are in flight on this connection; wait for some", MaxCalls)
	}
	if waiting.waits = waits; waits {
		c.waits++
	}
	c.calls[id] = waiting
	return nil
}

// giveUp tells the node that nobody waits any more, unless the reply came first.
func (c *Conn) giveUp(id uint64, waiting *call) (reply, bool) {
	c.mu.Lock()
	_, waits := c.calls[id]
	if waits {
		c.takeLocked(id, waiting)
	}
	c.mu.Unlock()
	if !waits {
		return <-waiting.answer, true
	}
	c.out.post(frame{kind: kindCancel, id: id})
	return reply{}, false
}

// unsent ends a call of which the node has got a part at most: it was not run.
func (c *Conn) unsent(ctx context.Context, id uint64, err error) error {
	c.mu.Lock()
	if call, waits := c.calls[id]; waits {
		c.takeLocked(id, call)
	}
	broken := c.err != nil || ctx.Err() == nil
	c.mu.Unlock()
	if broken {
		return c.lost(core.Unavailable, err)
	}
	c.out.post(frame{kind: kindCancel, id: id})
	return core.Wrap(core.Unavailable, err, "%s", core.Sentence(err))
}

// finish reads the reply, or says what is known of a call that got none.
func (c *Conn) finish(r reply, m method, end uint64, answer proto.Message) error {
	switch {
	case r.err != nil:
		return r.err
	case !r.lost:
		if err := unmarshal(join(r.parts), answer, answerEntries); err != nil {
			return core.Wrap(core.Internal, err, "the node's answer cannot be read; is it of another version?")
		}
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.writes() && !c.finished && c.out.sent(end) {
		return c.lostLocked(core.OutcomeUnknown)
	}
	return c.lostLocked(core.Unavailable)
}

func (c *Conn) lost(code core.Code, fallback error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return lostError(code, fallback)
	}
	return c.lostLocked(code)
}

func (c *Conn) lostLocked(code core.Code) error { return lostError(code, c.err) }

func lostError(code core.Code, reason error) error {
	sentence := "the connection to the node was lost before it answered; repeat later"
	if code == core.OutcomeUnknown {
		sentence = "the connection to the node was lost: the change may or may not have happened; read before you repeat it"
	}
	return core.Wrap(code, fmt.Errorf("%w: %w", ErrStreamEnded, reason), "%s", sentence)
}
