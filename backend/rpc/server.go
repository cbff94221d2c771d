// The serving side: takes streams from the host and runs a session for each.

package rpc

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// Server serves a node's services to the streams of one host.
type Server struct {
	services Services
	host     host.Host
	log      *slog.Logger
	gate     *gate
	requests *budget
	answers  *budget
}

// NewServer checks the services and keeps them; Run serves.
func NewServer(services Services, h host.Host, log *slog.Logger) (*Server, error) {
	switch {
	case services.AuthorizePeer != nil && (services.Database == nil || services.Replicas == nil):
		return nil, fmt.Errorf("rpc: Services.Database and Replicas are required among members")
	case services.AuthorizePeer != nil:
	case services.Authorize == nil:
		return nil, fmt.Errorf("rpc: Services.Authorize is missing")
	case services.Database == nil || services.Storage == nil || services.Node == nil:
		return nil, fmt.Errorf("rpc: Services.Database, Storage and Node are required")
	case h == nil || log == nil:
		return nil, fmt.Errorf("rpc: a host and a logger are required")
	}
	g := newGate(time.Now)
	g.members = services.AuthorizePeer != nil
	return &Server{
		services: services, host: h, log: log, gate: g,
		requests: &budget{max: MaxServerRequestBytes},
		answers:  &budget{max: MaxServerAnswerBytes, maxWaiting: MaxServerAnswerBytes},
	}, nil
}

// Run takes streams until ctx ends. It then refuses new calls, lets those in
// flight go on for MaxDrainTime, cancels the rest, and returns when every
// handler has returned and every answer that a client would read was sent.
func (s *Server) Run(ctx context.Context, ready func()) error {
	s.gate.setClosed(false)
	s.host.SetStreamHandler(s.services.protocol(), func(stream network.Stream) {
		id := stream.Conn().RemotePeer()
		if err := s.gate.enter(id); err != nil {
			refuse(stream, err)
			return
		}
		defer s.gate.leave(id)
		s.serve(ctx, stream)
	})
	ready()
	<-ctx.Done()
	s.host.RemoveStreamHandler(s.services.protocol())
	s.gate.setClosed(true)
	s.gate.open.Wait()
	return nil
}

// serve runs one stream from its hello to its end.
func (s *Server) serve(ctx context.Context, stream network.Stream) {
	id := stream.Conn().RemotePeer()
	log := s.log.With(slog.String(core.KeyPeer, id.String()))
	caller, ns, err := s.greet(ctx, stream)
	if err != nil {
		code := core.CodeOf(err)
		s.gate.refused(id, code == core.Unauthenticated || code == core.Denied)
		level := slog.LevelInfo
		if code == core.Internal && isViolation(err) {
			level = slog.LevelError
		}
		log.Log(ctx, level, "a stream was refused", slog.String(core.KeyError, err.Error()))
		refuse(stream, err)
		return
	}
	s.gate.known()
	log.Debug("a client is connected", slog.String("subject", caller.Subject), slog.String(core.KeyNamespace, string(ns)))
	session := newSession(s, stream, dispatcher{services: s.services, caller: caller, peer: id.String(), ns: ns}, log)
	if err := session.run(ctx); err != nil {
		log.Debug("a client's stream broke", slog.String(core.KeyError, err.Error()))
	}
}

// greet reads the hello and answers it. Its error is fit for the stranger.
func (s *Server) greet(ctx context.Context, stream network.Stream) (Caller, core.Namespace, error) {
	ctx, cancel := context.WithTimeout(ctx, MaxHelloTime)
	defer cancel()
	// Ends the wait below when time is up or the node stops; a stranger that
	// says nothing must not hold either.
	stop := context.AfterFunc(ctx, func() {
		_ = stream.SetDeadline(time.Now()) //nolint:errcheck // a stream that refuses a deadline is dead, and its read ends anyway
	})
	defer stop()
	f, err := (&frameReader{in: stream}).next(MaxHelloBytes)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Caller{}, "", errDrained()
	case ctx.Err() != nil:
		return Caller{}, "", core.Wrap(core.Unavailable, ctx.Err(), "no hello came within %v", MaxHelloTime)
	case err != nil:
		return Caller{}, "", err
	case f.kind != kindHello:
		return Caller{}, "", core.Errorf(core.Unauthenticated, "the first frame must be a hello with a credential")
	}
	caller, ns, err := s.authorize(ctx, stream.Conn().RemotePeer(), f.body)
	if err != nil {
		return Caller{}, "", err
	}
	welcome, err := marshal(&WireWelcome{Version: Version, Subject: caller.Subject, Operator: caller.Operator})
	if err != nil {
		return Caller{}, "", err
	}
	if _, err := stream.Write(appendFrame(nil, frame{kind: kindResponse, body: welcome})); err != nil {
		return Caller{}, "", fmt.Errorf("answer the hello: %w", err)
	}
	if !stop() {
		return Caller{}, "", errDrained()
	}
	if err := stream.SetDeadline(time.Time{}); err != nil {
		return Caller{}, "", fmt.Errorf("lift the deadline: %w", err)
	}
	return caller, ns, nil
}

func (s *Server) authorize(ctx context.Context, id peer.ID, body []byte) (caller Caller, ns core.Namespace, err error) {
	var hello WireHello
	if err = unmarshal(body, &hello, plainEntries); err != nil {
		return Caller{}, "", err
	}
	if hello.GetVersion() != Version {
		return Caller{}, "", core.Errorf(core.Invalid, "this node speaks version %d of the protocol; use a program of the same age", Version)
	}
	ns, err = core.ParseNamespace(hello.GetNamespace())
	if own := core.Namespace(hello.GetNamespace()); s.services.AuthorizePeer != nil && (own == core.SystemNamespace || own == core.ChatNamespace) {
		ns, err = own, nil
	}
	if err != nil {
		return Caller{}, "", err
	}
	defer func() {
		if p := recover(); p != nil {
			logPanic(ctx, s.log, p)
			err = core.Errorf(core.Internal, "%s", core.Internal.Sentence())
		}
	}()
	if s.services.AuthorizePeer != nil {
		caller, err = s.services.AuthorizePeer(ctx, id)
		return caller, ns, err
	}
	caller, err = s.services.Authorize(ctx, core.Secret(hello.GetCredential()), ns)
	return caller, ns, err
}

// refuse tells a stranger why, if it reads, and ends the stream.
func refuse(stream network.Stream, err error) {
	defer func() {
		// Close lets the words out; Reset would drop them.
		if stream.Close() != nil {
			_ = stream.Reset() //nolint:errcheck // nothing is left to do for a stream that cannot even be reset
		}
	}()
	body, packErr := packError(err, "")
	if packErr != nil || stream.SetWriteDeadline(time.Now().Add(MaxDrainTime)) != nil {
		return
	}
	_, _ = stream.Write(appendFrame(nil, frame{kind: kindError, body: body})) //nolint:errcheck // a stranger who does not read learns nothing
}

// newRequestBase makes the part of request ids that all calls of a stream share.
func newRequestBase() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) //nolint:errcheck // never fails, says its documentation
	return hex.EncodeToString(b[:])
}
