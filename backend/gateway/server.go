package gateway

// This file carries the handler: on TCP, with or without TLS, and on a listener
// that somebody hands in.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Limits of HTTP connections. Nobody who sends or reads slowly holds one for
// longer than these.
const (
	MaxHeaderBytes = 16 << 10
	MaxHeaderTime  = 5 * time.Second
	MaxBodyTime    = 30 * time.Second // also of a TLS handshake, which is read too
	MaxAnswerTime  = 2 * time.Minute  // 16 MiB, the largest result of SQL, over a slow line
	MaxIdleTime    = 2 * time.Minute
	maxDrainTime   = 2 * time.Second // for answers under way when the node stops
)

// Run serves on the gateway's own address until ctx ends, then lets answers
// under way finish for a moment. Without an address it only waits for ctx.
func (g *Gateway) Run(ctx context.Context, ready func()) error {
	if g.listener == nil {
		ready()
		<-ctx.Done()
		return nil
	}
	limited := newDoor(g.listener, g.maxConnections())
	server := g.server(ctx, g.Handler()) //nolint:contextcheck // a handler has its request's
	server.ConnContext = markBeyond
	server.TLSConfig = g.tls
	serve := server.Serve
	if g.tls != nil {
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	return g.carry(ctx, server, func() error { return serve(limited) }, ready)
}

// Serve answers the same routes on l, whose connections come from other peers of
// the network: no browser is behind them, so the checks of Host, Origin and
// forged requests are left out, and a caller's address is whatever l says its
// remote address is, which is to be its peer id. It serves until ctx ends and
// closes l. It may be called besides Run and several times.
func (g *Gateway) Serve(ctx context.Context, l net.Listener, ready func()) error {
	server := g.server(ctx, g.guard(g.mux(), true)) //nolint:contextcheck // likewise
	return g.carry(ctx, server, func() error { return server.Serve(l) }, ready)
}

// Keys of what a request's context carries about the server that it came in by.
type (
	servingKey struct{} // a context.Context that ends when the server stops
	streamsKey struct{} // a *sync.WaitGroup of answers without an end
)

func (g *Gateway) server(ctx context.Context, h http.Handler) *http.Server {
	// Answers under way outlive ctx for a moment; only those without an end are
	// told of it, see open.
	base := context.WithValue(context.WithoutCancel(ctx), servingKey{}, ctx)
	base = context.WithValue(base, streamsKey{}, &sync.WaitGroup{})
	return &http.Server{
		Handler:           h,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: MaxHeaderTime,
		ReadTimeout:       MaxBodyTime,
		WriteTimeout:      MaxAnswerTime,
		IdleTimeout:       MaxIdleTime,
		MaxHeaderBytes:    MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
	}
}

// carry runs serve until ctx ends and stops server in order: answers finish,
// what has no end is told to, and what does neither in time is cut.
func (g *Gateway) carry(ctx context.Context, server *http.Server, serve func() error, ready func()) error {
	served := make(chan error, 1)
	go func() { served <- serve() }()
	ready()
	select {
	case err := <-served:
		return fmt.Errorf("serve gateway: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxDrainTime)
	defer cancel()
	g.sockets.end(drain) // first: the server knows nothing of them
	if err := server.Shutdown(drain); err != nil {
		g.log.Warn("cut answers that did not end in time", core.KeyError, err)
		if err = server.Close(); err != nil {
			return fmt.Errorf("close gateway: %w", err)
		}
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve gateway: %w", err)
	}
	if streams, ok := server.BaseContext(nil).Value(streamsKey{}).(*sync.WaitGroup); ok {
		streams.Wait() // WebSockets: Shutdown does not know them, and their context has ended
	}
	return nil
}

// open prepares the call for an answer without an end: no deadline holds it, and
// its context ends when the server stops. The caller must call the result when
// the answer has ended.
func (c *call) open() func() {
	ctx, cancel := context.WithCancelCause(c.r.Context())
	stop := func() bool { return true }
	if serving, ok := ctx.Value(servingKey{}).(context.Context); ok {
		stop = context.AfterFunc(serving, func() { cancel(core.Errorf(core.Unavailable, "this gateway stops; connect to another one")) })
	}
	streams, ok := ctx.Value(streamsKey{}).(*sync.WaitGroup)
	if ok {
		streams.Add(1)
	}
	c.r = c.r.WithContext(ctx)
	c.unhurried()
	return func() {
		stop()
		cancel(nil)
		if ok {
			streams.Done()
		}
	}
}

// unhurried takes the connection's deadlines away. A handler that does without
// them must see itself that its caller goes on reading or sending.
func (c *call) unhurried() {
	rc := http.NewResponseController(c.w)
	if err := errors.Join(rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{})); err != nil && !errors.Is(err, http.ErrNotSupported) {
		c.g.log.Debug("a deadline could not be lifted", core.KeyRequestID, c.id, core.KeyError, err)
	}
}
