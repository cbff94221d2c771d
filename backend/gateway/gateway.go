// Package gateway is the node's HTTP face for programs that are not written in
// Go: an http.Handler over small interfaces, and the server that carries it.
//
// The routes that need no credential are here: health, status and version, with
// the field names of the HTTP contract. Nothing is decided in this package: it
// reads a request, calls a backend service and writes the answer.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Limits of one HTTP connection. Nobody who sends slowly holds a connection
// for longer than these.
const (
	MaxHeaderBytes = 16 << 10
	MaxHeaderTime  = 5 * time.Second
	MaxBodyTime    = 30 * time.Second
	MaxIdleTime    = 2 * time.Minute
	maxDrainTime   = 2 * time.Second // for answers under way when the node stops
)

// Build says which program answers.
type Build struct {
	Version, Commit, Time string
}

// Settings of a gateway.
type Settings struct {
	Address      string   // host:port to listen on; port 0 takes a free one
	AllowedHosts []string // names besides loopback under which the gateway may be called
	// AllowedOrigins are those of browser pages that may call it, exactly as a
	// browser sends them.
	AllowedOrigins []string
	// WSQueryCredentials lets older clients put their credential into the query
	// of a WebSocket, where it may end up in the logs of others.
	WSQueryCredentials bool
	Namespace          core.Namespace // of callers whose credential names none
	MaxValueBytes      int            // of a key's value; 0 is core.MaxValueBytes
	Build              Build
	Now                func() time.Time
}

// Gateway serves HTTP. Make one with New.
type Gateway struct {
	settings Settings
	services Services
	log      *slog.Logger
	started  time.Time
	listener net.Listener
	sockets  sockets
}

// New checks the settings and takes the address, so that a taken port is told
// before anything starts. Run must follow, or Close.
func New(ctx context.Context, s Settings, services Services, log *slog.Logger) (*Gateway, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.Address)
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err,
			"the gateway's address %s cannot be used: another program may hold it; choose another with --gateway-addr, port 0 takes a free one", s.Address)
	}
	return &Gateway{settings: s, services: services, log: log, started: s.Now(), listener: l}, nil
}

// Address is the host:port on which the gateway listens.
func (g *Gateway) Address() string { return g.listener.Addr().String() }

// Close gives the address back. It is for a gateway that never ran.
func (g *Gateway) Close() error {
	if err := g.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close gateway: %w", err)
	}
	return nil
}

// Run serves until ctx ends, then lets answers under way finish for a moment.
func (g *Gateway) Run(ctx context.Context, ready func()) error {
	server := &http.Server{
		Handler:           g.Handler(),
		ReadHeaderTimeout: MaxHeaderTime,
		ReadTimeout:       MaxBodyTime,
		IdleTimeout:       MaxIdleTime,
		MaxHeaderBytes:    MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(g.listener) }()
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
		if err := server.Close(); err != nil {
			return fmt.Errorf("close gateway: %w", err)
		}
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve gateway: %w", err)
	}
	return nil
}

// Handler answers the routes. It may be called at the same time from many
// connections; a panic inside answers `internal` and is logged.
func (g *Gateway) Handler() http.Handler { return g.guard(g.mux()) }

// guard turns away foreign hosts before anything else runs, and keeps a panic
// from ending the process.
func (g *Gateway) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		defer func() {
			if p := recover(); p != nil {
				g.fail(&call{g: g, w: w, r: r, id: requestID(r)}, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		if !g.hostAllowed(r.Host) {
			g.fail(&call{g: g, w: w, r: r, id: requestID(r)}, core.Errorf(core.Denied, "this gateway is not called %q; use its loopback address or add the name to gateway.allowed_hosts", r.Host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *Gateway) uptime() string {
	return g.settings.Now().Sub(g.started).Round(time.Second).String()
}

// fail answers with the error's code and sentence. Only our own faults are logged.
func (g *Gateway) fail(c *call, err error) {
	code := core.CodeOf(err)
	if code == core.Internal {
		g.log.ErrorContext(c.r.Context(), "request failed", core.KeyRequestID, c.id, core.KeyError, err)
	}
	h := c.w.Header()
	switch code { //nolint:exhaustive // the others bring no header
	case core.Unauthenticated:
		challenge := `Bearer realm="gateway"`
		if credentialOf(c.r) != "" {
			challenge += `, error="invalid_token"`
		}
		h.Set("WWW-Authenticate", challenge)
	case core.Limited:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "1")
		}
	}
	if err = c.answer(code.HTTPStatus(), errorAnswer{Error: core.Sentence(err), Code: code, RequestID: c.id}); err != nil {
		g.log.ErrorContext(c.r.Context(), "an error could not be told", core.KeyRequestID, c.id, core.KeyError, err)
	}
}
