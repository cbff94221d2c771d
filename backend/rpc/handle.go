// Requests being run, each in its own goroutine, and their answers.

package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"

	"git.debros.io/DeBros/network/backend/core"
)

// running is a call whose handler has not returned.
type running struct {
	cancel   context.CancelFunc
	unwanted bool // the client cancelled it and waits for no answer
	waits    bool // it waits for changes
}

// start runs a whole request in a goroutine of its own.
func (s *session) start(sending, calls context.Context, r *request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return errDrained()
	}
	if r.method.waits() && s.waits >= MaxWaits {
		return errWaits()
	}
	limit := MaxCallTime
	if r.timeout > 0 {
		limit = min(limit, r.timeout)
	}
	call, cancel := context.WithDeadline(calls, r.arrived.Add(limit))
	s.running[r.id] = &running{cancel: cancel, waits: r.method.waits()}
	if r.method.waits() {
		s.waits++
	}
	s.handlers.Go(func() {
		defer cancel()
		s.handle(sending, call, r)
	})
	return nil
}

// handle runs one call and answers it. The answer does not depend on the call's
// own context: that time is up must be said too.
func (s *session) handle(sending, call context.Context, r *request) {
	answer, err := s.invoke(call, r)
	s.release(r)
	s.mu.Lock()
	unwanted := s.running[r.id].unwanted
	delete(s.running, r.id)
	if r.method.waits() {
		s.waits--
	}
	s.mu.Unlock()
	if unwanted {
		return
	}
	if err == nil {
		err = s.sendAnswer(sending, r, answer)
	} else {
		err = s.sendError(sending, r, err)
	}
	if err != nil {
		s.log.DebugContext(sending, "an answer was not sent", slog.String(core.KeyError, err.Error()))
	}
}

func (s *session) invoke(ctx context.Context, r *request) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			logPanic(ctx, s.log, p)
			err = core.Errorf(core.Internal, "%s", core.Internal.Sentence())
		}
	}()
	return s.dispatch.call(ctx, r.method, join(r.parts))
}

func (s *session) sendAnswer(ctx context.Context, r *request, answer []byte) error {
	if n := int64(len(answer)); n > smallAnswer {
		give, err := s.holdAnswer(ctx, n, !r.method.writes())
		if err != nil {
			return s.sendError(ctx, r, err)
		}
		defer give()
	}
	_, err := s.out.send(ctx, frame{kind: kindResponse, id: r.id}, answer)
	return err
}

// holdAnswer takes n bytes of both budgets for a large answer. A write has
// happened, so its answer may not be refused for want of room.
func (s *session) holdAnswer(ctx context.Context, n int64, refusable bool) (give func(), err error) {
	if err := s.answers.wait(ctx, n, refusable); err != nil {
		return nil, err
	}
	if err := s.server.answers.wait(ctx, n, refusable); err != nil {
		s.answers.give(n)
		return nil, err
	}
	return func() {
		s.answers.give(n)
		s.server.answers.give(n)
	}, nil
}

// sendError answers with err, and logs with the same request id what the
// caller may not see.
func (s *session) sendError(ctx context.Context, r *request, err error) error {
	requestID := s.idBase + "-" + strconv.FormatUint(r.id, 16)
	level := slog.LevelDebug
	if core.CodeOf(err) == core.Internal {
		level = slog.LevelError
	}
	s.log.Log(ctx, level, "a call was answered with an error",
		slog.String(core.KeyRequestID, requestID), slog.Int("call", int(r.method)),
		slog.String(core.KeyNamespace, string(s.dispatch.ns)), slog.String(core.KeyError, err.Error()))
	body, packErr := packError(err, requestID)
	if packErr != nil {
		return fmt.Errorf("pack an error: %w", packErr)
	}
	_, err = s.out.send(ctx, frame{kind: kindError, id: r.id}, body)
	return err
}
