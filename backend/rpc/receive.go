// Requests coming in: from frames to whole requests, within the bounds.

package rpc

import (
	"bufio"
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// request is one call from its first frame on.
type request struct {
	id      uint64
	method  method
	timeout time.Duration
	arrived time.Time
	parts   [][]byte // of the body
	taken   int64    // bytes of those, and of the budgets
	refused bool     // answered already: the rest of it is dropped
}

// read takes frames until the stream ends. It never waits for a handler, only
// for the client to read its answers. Its error says how the stream ended.
func (s *session) read(sending, calls context.Context) error {
	in := &frameReader{in: bufio.NewReaderSize(s.stream, writePiece)}
	for {
		f, err := in.next(MaxFrameBytes)
		if err != nil {
			if s.isDraining() && !isViolation(err) {
				return errDrained()
			}
			return err
		}
		switch f.kind {
		case kindRequest:
			if err := s.receive(sending, calls, f); err != nil {
				return err
			}
		case kindCancel:
			s.cancel(f.id)
		default:
			return core.Errorf(core.Invalid, "a client sends requests and cancels; this was kind %d", f.kind)
		}
	}
}

// receive takes one frame of a request, and starts the request with its last.
// An error ends the stream; what is wrong with one request is answered.
func (s *session) receive(sending, calls context.Context, f frame) error {
	r, err := s.place(f)
	if err != nil {
		return err
	}
	if !r.refused {
		var refusal error
		if !f.continues {
			refusal = s.admit()
		}
		if refusal == nil {
			refusal = s.grow(r, f.body)
		}
		if refusal == nil && !f.more {
			refusal = s.start(sending, calls, r)
		}
		if refusal != nil {
			if err := s.turnAway(sending, r, refusal); err != nil {
				return err
			}
		}
	}
	if f.more {
		s.partial[r.id] = r
	} else {
		delete(s.partial, r.id)
	}
	return nil
}

// place finds the request that a frame belongs to, or begins one.
func (s *session) place(f frame) (*request, error) {
	r, known := s.partial[f.id]
	switch {
	case known != f.continues:
		return nil, core.Errorf(core.Invalid, "the frames of a request are out of order")
	case known:
		return r, nil
	case s.isRunning(f.id):
		return nil, core.Errorf(core.Invalid, "a request has the id of one that is in flight")
	case f.more && len(s.partial) >= MaxCalls:
		return nil, core.Errorf(core.Limited, "too many requests were begun and not finished")
	}
	return &request{id: f.id, method: f.method, timeout: f.timeout, arrived: time.Now()}, nil
}

func (s *session) isRunning(id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, running := s.running[id]
	return running
}

// admit says whether one more call may begin.
func (s *session) admit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return errDrained()
	}
	if len(s.running)-s.waits+len(s.partial) >= MaxCalls {
		return core.Errorf(core.Limited, "%d calls are in flight on this stream; wait for some", MaxCalls)
	}
	return nil
}

// grow adds a part of the body, within the budgets.
func (s *session) grow(r *request, part []byte) error {
	n := int64(len(part))
	if r.taken+n > MaxRequestBytes {
		return errRequestTooLarge()
	}
	if !s.requests.take(n) {
		return core.Errorf(core.Limited, "%d bytes of requests are in flight on this stream; wait for some", MaxRequestBytesInFlight)
	}
	if !s.server.requests.take(n) {
		s.requests.give(n)
		return core.Errorf(core.Limited, "the node has too many large requests; wait, then repeat")
	}
	r.taken += n
	r.parts = append(r.parts, part)
	return nil
}

func errRequestTooLarge() error {
	return core.Errorf(core.TooLarge, "a request may have %d bytes; send it in parts", MaxRequestBytes)
}

func (s *session) release(r *request) {
	s.requests.give(r.taken)
	s.server.requests.give(r.taken)
	r.taken, r.parts = 0, nil
}

// turnAway answers a request that does not run. The rest of it is dropped.
func (s *session) turnAway(sending context.Context, r *request, err error) error {
	s.release(r)
	r.refused = true
	return s.sendError(sending, r, err)
}

// cancel ends a call's context, or forgets a request that has not come whole.
// The call counts until its handler returns, or a client could start any
// number by cancelling each at once.
func (s *session) cancel(id uint64) {
	if r, known := s.partial[id]; known {
		delete(s.partial, id)
		s.release(r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, found := s.running[id]; found {
		r.unwanted = true
		r.cancel()
	}
}

// returnPartial gives back what unfinished requests hold of the server's budget.
func (s *session) returnPartial() {
	for id, r := range s.partial {
		delete(s.partial, id)
		s.release(r)
	}
}
