// The host as gossipsub sees it: the same host, with its gossip streams watched.

package pubsub

import (
	"bufio"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// readAhead is the buffer of an incoming stream: gossipsub reads a frame's
// length byte by byte, and each of those reads would take the connection's lock.
const readAhead = 16 << 10

// wire hands gossipsub streams that report to flow and interest, and that can
// all be ended when gossipsub is to end: it waits in them without looking at
// its context.
type wire struct {
	host.Host
	flow     *flow
	interest *interest

	mu       sync.Mutex
	ended    bool
	open     map[network.Stream]struct{}
	handlers []protocol.ID
	busy     sync.WaitGroup // handlers of incoming streams
}

func newWire(h host.Host, f *flow, in *interest) *wire {
	return &wire{Host: h, flow: f, interest: in, open: make(map[network.Stream]struct{})}
}

// NewStream opens a stream to a neighbour; each write on it is one frame.
func (w *wire) NewStream(ctx context.Context, to peer.ID, ids ...protocol.ID) (network.Stream, error) {
	raw, err := w.Host.NewStream(ctx, to, ids...)
	if err != nil {
		return nil, err
	}
	s := &outgoing{Stream: raw, wire: w, to: to, gone: make(chan struct{})}
	w.flow.open(to)
	if !w.add(s) {
		reset(s) // nobody is left who would care
		return nil, network.ErrReset
	}
	return s, nil
}

// SetStreamHandler takes gossipsub's handler of incoming streams.
func (w *wire) SetStreamHandler(id protocol.ID, handle network.StreamHandler) {
	w.mu.Lock()
	w.handlers = append(w.handlers, id)
	w.mu.Unlock()
	w.Host.SetStreamHandler(id, func(raw network.Stream) { w.serve(raw, handle) })
}

func (w *wire) serve(raw network.Stream, handle network.StreamHandler) {
	from := raw.Conn().RemotePeer()
	w.flow.open(from)
	defer w.flow.close(from)
	s := &incoming{
		Stream: raw, wire: w, link: w.flow.of(from),
		ahead: bufio.NewReaderSize(raw, readAhead), stop: make(chan struct{}),
	}
	if !w.add(s) {
		reset(s) // nobody is left who would care
		return
	}
	defer w.busy.Done()
	defer w.remove(s)
	w.interest.opened(from)
	defer w.interest.closed(from)
	handle(s)
}

// add keeps a stream for end, or says that it is too late. An incoming one
// counts as busy until its handler says Done.
func (w *wire) add(s network.Stream) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return false
	}
	if s.Stat().Direction == network.DirInbound {
		w.busy.Add(1)
	}
	w.open[s] = struct{}{}
	return true
}

func (w *wire) remove(s network.Stream) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, s)
}

// cut ends the stream to a neighbour that has let too much pile up.
func (w *wire) cut(id peer.ID) {
	w.mu.Lock()
	var streams []network.Stream
	for s := range w.open {
		if s.Conn().RemotePeer() == id && s.Stat().Direction == network.DirOutbound {
			streams = append(streams, s)
		}
	}
	w.mu.Unlock()
	resetAll(streams)
}

// end takes no more streams, ends those that are open and waits for their
// handlers. Call it when gossipsub has begun to end, which closes the streams it
// writes to. A neighbour closes its side when it has read everything; that is
// waited for, MaxSettle at most, because a reset would take unread frames away.
func (w *wire) end() {
	w.mu.Lock()
	w.ended = true
	streams := slices.Collect(maps.Keys(w.open))
	handlers := w.handlers
	w.mu.Unlock()
	for _, id := range handlers {
		w.RemoveStreamHandler(id)
	}
	deadline := time.NewTimer(MaxSettle)
	defer deadline.Stop()
	for _, s := range streams {
		out, is := s.(*outgoing)
		if !is {
			continue
		}
		select {
		case <-out.gone:
		case <-deadline.C:
			deadline.Reset(0) // for the others too
		}
	}
	resetAll(streams)
	w.busy.Wait()
}

// reset ends a stream that nobody wants any more; that it may have ended before
// is all that can go wrong.
func reset(s network.Stream) {
	s.Reset() //nolint:errcheck,gosec // see above
}

func resetAll(streams []network.Stream) {
	for _, s := range streams {
		reset(s) // it is over in any case
	}
}

// outgoing is a stream that frames are written to. gossipsub also reads from
// it, once, to learn that the neighbour has gone.
type outgoing struct {
	network.Stream
	wire *wire
	to   peer.ID
	once sync.Once
	gone chan struct{} // closed when it is over, or the neighbour has closed its side
	left sync.Once
}

// Write sends one frame.
func (s *outgoing) Write(frame []byte) (int, error) {
	n, err := s.Stream.Write(frame)
	s.wire.flow.written(s.to, len(frame))
	return n, err
}

// Read waits for the neighbour to go.
func (s *outgoing) Read(b []byte) (int, error) {
	n, err := s.Stream.Read(b)
	s.left.Do(func() { close(s.gone) })
	return n, err
}

// Close ends it after what was written. The other direction stays open, so that
// Read tells when the neighbour has read all; it then closes it, or end does.
func (s *outgoing) Close() error { return s.CloseWrite() }

// Reset ends it at once.
func (s *outgoing) Reset() error {
	s.release()
	return s.Stream.Reset()
}

func (s *outgoing) release() {
	s.once.Do(func() {
		s.wire.remove(s)
		s.wire.flow.close(s.to)
		s.left.Do(func() { close(s.gone) })
	})
}

// incoming is a stream that frames are read from, slowly when its sender's
// messages pile up unchecked.
type incoming struct {
	network.Stream
	wire  *wire
	link  *link
	ahead *bufio.Reader
	stop  chan struct{}
	once  sync.Once
}

// Read waits until this peer keeps up, then reads.
func (s *incoming) Read(b []byte) (int, error) {
	s.wire.flow.pause(s.link, s.stop)
	return s.ahead.Read(b)
}

// Close ends it.
func (s *incoming) Close() error {
	s.once.Do(func() { close(s.stop) })
	return s.Stream.Close()
}

// Reset ends it at once.
func (s *incoming) Reset() error {
	s.once.Do(func() { close(s.stop) })
	return s.Stream.Reset()
}
