// One served stream after its hello: its life from the first request to the
// last answer. receive.go takes requests in, handle.go runs them.

package rpc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

type session struct {
	server   *Server
	stream   network.Stream
	out      *writer
	dispatch dispatcher
	log      *slog.Logger
	idBase   string
	requests *budget
	answers  *budget

	partial map[uint64]*request // requests whose end has not come; only read uses it

	mu       sync.Mutex
	draining bool
	running  map[uint64]*running
	waits    int // of those: calls that wait for changes
	handlers sync.WaitGroup
}

func newSession(s *Server, stream network.Stream, d dispatcher, log *slog.Logger) *session {
	return &session{
		server: s, stream: stream, out: newWriter(stream), dispatch: d, log: log, idBase: newRequestBase(),
		requests: &budget{max: MaxRequestBytesInFlight},
		answers:  &budget{max: MaxAnswerBytesInFlight, maxWaiting: MaxAnswerBytesInFlight},
		partial:  make(map[uint64]*request), running: make(map[uint64]*running),
	}
}

// run serves until the client leaves, misbehaves or ctx ends, and returns when
// every goroutine it started has.
func (s *session) run(ctx context.Context) error {
	// Calls outlive ctx by MaxDrainTime, so their context is not its child.
	// Answers outlive the calls: what was done must be said.
	sending, cancelSending := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelSending()
	calls, cancelCalls := context.WithCancel(sending)
	defer cancelCalls()

	var writing sync.WaitGroup
	writing.Go(func() {
		if s.out.run() != nil { // read tells why the stream ended
			cancelSending()
			s.stopReading()
		}
	})
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(drained)
		s.drain(calls)
	})

	err := s.read(sending, calls)
	if !isViolation(err) {
		s.out.fail(err) // nobody reads any more
	}
	cancelCalls()
	if !stop() {
		<-drained
	}
	s.handlers.Wait()
	s.returnPartial()
	s.goodbye(err)
	writing.Wait()
	s.close(err)
	if isViolation(err) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// drain refuses new calls, waits for those in flight, and ends the reading.
func (s *session) drain(calls context.Context) {
	s.mu.Lock()
	s.draining = true
	for _, r := range s.running {
		if r.waits { // it would wait for longer than there is time
			r.cancel()
		}
	}
	s.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		s.handlers.Wait()
	}()
	select {
	case <-idle:
	case <-calls.Done(): // the client has left
	case <-time.After(MaxDrainTime):
	}
	s.stopReading() // read ends, and run cancels the calls
	<-idle
}

func (s *session) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

func (s *session) stopReading() {
	if s.stream.SetReadDeadline(time.Now()) != nil {
		_ = s.stream.Reset() //nolint:errcheck // then the stream is dead, and the read ends too
	}
}

// goodbye tells a client that is still there why the stream ends. It comes
// after all answers, so that what has none was not run.
func (s *session) goodbye(err error) {
	if isViolation(err) {
		s.log.Debug("a stream is ended", slog.String("reason", err.Error()))
		if body, packErr := packError(err, ""); packErr == nil {
			s.out.post(frame{kind: kindError, body: body})
		}
	}
	s.out.finish(MaxDrainTime)
}

func (s *session) close(err error) {
	// Close lets the goodbye out, Reset would drop it.
	if !isViolation(err) || s.stream.Close() != nil {
		_ = s.stream.Reset() //nolint:errcheck // nothing is left to do for it
	}
}
