// Package gateway is the node's HTTP face for programs that are not written in
// Go: an http.Handler over small interfaces, and the server that carries it.
//
// The routes that need no credential are here: health, status and version, with
// the field names of the HTTP contract. Nothing is decided in this package: it
// reads a request, calls a backend service and writes the answer.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

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

// Node is what the gateway asks of the node.
type Node interface {
	Status(ctx context.Context) (core.Status, error)
	Health(ctx context.Context) (core.Health, error)
}

// Build says which program answers.
type Build struct {
	Version, Commit, Time string
}

// Settings of a gateway.
type Settings struct {
	Address      string   // host:port to listen on; port 0 takes a free one
	AllowedHosts []string // names besides loopback under which the gateway may be called
	Build        Build
	Now          func() time.Time
}

// Gateway serves HTTP. Make one with New.
type Gateway struct {
	settings Settings
	node     Node
	log      *slog.Logger
	started  time.Time
	listener net.Listener
}

// New checks the settings and takes the address, so that a taken port is told
// before anything starts. Run must follow, or Close.
func New(ctx context.Context, s Settings, node Node, log *slog.Logger) (*Gateway, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.Address)
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err,
			"the gateway's address %s cannot be used: another program may hold it; choose another with --gateway-addr, port 0 takes a free one", s.Address)
	}
	return &Gateway{settings: s, node: node, log: log, started: s.Now(), listener: l}, nil
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
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, prefix := range []string{"", "/v1"} {
		mux.HandleFunc("GET "+prefix+"/health", g.health)
		mux.HandleFunc("GET "+prefix+"/status", g.status)
	}
	mux.HandleFunc("GET /v1/version", g.version)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		g.fail(w, r, core.Errorf(core.NotFound, "there is no route %s %s", r.Method, r.URL.Path))
	})
	return g.guard(mux)
}

// guard turns away foreign hosts before anything else runs, and keeps a panic
// from ending the process.
func (g *Gateway) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		defer func() {
			if p := recover(); p != nil {
				g.fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		if !g.hostAllowed(r.Host) {
			g.fail(w, r, core.Errorf(core.Denied, "this gateway is not called %q; use its loopback address or add the name to gateway.allowed_hosts", r.Host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *Gateway) health(w http.ResponseWriter, r *http.Request) {
	h, err := g.node.Health(r.Context())
	if err != nil {
		g.fail(w, r, err)
		return
	}
	status := http.StatusOK
	if h.State == core.StateDown {
		status = http.StatusServiceUnavailable
	}
	checks := make(map[string]string, len(h.Checks))
	for _, c := range h.Checks {
		checks[c.Name] = c.State
	}
	g.write(w, r, status, healthAnswer{
		Status: h.State,
		Server: serverAnswer{Status: h.State, StartedAt: g.started.UTC().Format(time.RFC3339), Uptime: g.uptime()},
		Client: clientAnswer{
			Status: h.State, Checks: checks,
			LastUpdated: g.settings.Now().UTC().Format(time.RFC3339), ResponseTime: h.Took.String(),
		},
	})
}

func (g *Gateway) status(w http.ResponseWriter, r *http.Request) {
	s, err := g.node.Status(r.Context())
	if err != nil {
		g.fail(w, r, err)
		return
	}
	g.write(w, r, http.StatusOK, statusAnswer{
		Healthy: true, Peers: s.Peers,
		Server: serverAnswer{StartedAt: g.started.UTC().Format(time.RFC3339), Uptime: g.uptime()},
		Network: networkAnswer{
			NodeID: s.PeerID, Connected: s.Peers > 0, PeerCount: s.Peers, DatabaseSize: s.DatabaseSize, Uptime: g.uptime(),
		},
	})
}

func (g *Gateway) version(w http.ResponseWriter, r *http.Request) {
	b := g.settings.Build
	g.write(w, r, http.StatusOK, versionAnswer{
		Version: b.Version, Commit: b.Commit, BuildTime: b.Time,
		StartedAt: g.started.UTC().Format(time.RFC3339), Uptime: g.uptime(),
	})
}

func (g *Gateway) uptime() string {
	return g.settings.Now().Sub(g.started).Round(time.Second).String()
}

func (g *Gateway) write(w http.ResponseWriter, r *http.Request, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		g.log.DebugContext(r.Context(), "answer not delivered", core.KeyError, err)
	}
}

func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, err error) {
	id := uuid.NewString()
	code := core.CodeOf(err)
	if code == core.Internal {
		g.log.ErrorContext(r.Context(), "request failed", core.KeyRequestID, id, core.KeyError, err)
	}
	g.write(w, r, code.HTTPStatus(), errorAnswer{Error: core.Sentence(err), Code: code, RequestID: id})
}
