package rqliteapi

// This file is the server: what it needs, how it starts and how it ends.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"git.debros.io/DeBros/network/backend/core"
)

// Database is what the API asks of the node's databases. Query and Exec judge
// SQL as for any tenant.
type Database interface {
	Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	Export(ctx context.Context, ns core.Namespace, kind string, w io.Writer) error
	Import(ctx context.Context, ns core.Namespace, t core.Transfer, r io.Reader) (core.TransferResult, error)
}

// Node is what the API asks of the node itself.
type Node interface {
	// Authorize returns Unauthenticated or Denied when credential does not give
	// the permission in ns.
	Authorize(ctx context.Context, credential core.Secret, ns core.Namespace, need core.Permission) error
	// Kind says whether one statement is a "read", a "write" or a "schema"
	// change, and why it may not be run otherwise.
	Kind(sql string) (string, error)
	// Placement says where the namespace's replicas are and which one leads.
	Placement(ctx context.Context, ns core.Namespace) (core.Placement, error)
}

// Settings of an API.
type Settings struct {
	Address      string // host:port to listen on, loopback; port 0 takes a free one
	Namespace    core.Namespace
	PeerID       string // of this node
	Version      string // of this program
	MaxLoadBytes int64  // of a file given to /db/load
	Now          func() time.Time
}

// API serves HTTP. Make one with New.
type API struct {
	settings  Settings
	database  Database
	node      Node
	log       *slog.Logger
	started   time.Time
	listener  net.Listener
	requests  chan struct{} // tokens, see MaxRequests
	large     chan struct{} // tokens, see maxLarge
	transfers chan struct{} // tokens, see maxTransfers
	sequence  atomic.Int64  // of queued writes
}

// New takes the address, so that a taken port is told before anything starts.
// It returns Unavailable then, and Invalid for an address that is not loopback.
// Run must follow, or Close.
func New(ctx context.Context, s Settings, database Database, node Node, log *slog.Logger) (*API, error) {
	host, _, err := net.SplitHostPort(s.Address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, core.Errorf(core.Invalid, "rqlite's HTTP API listens on a loopback address and a port only, not on %q", s.Address)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.Address)
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err,
			"the address %s of rqlite's HTTP API cannot be used: another program may hold it; choose another port with --rqlite-port, 0 switches it off", s.Address)
	}
	return &API{
		settings: s, database: database, node: node, log: log, started: s.Now(), listener: l,
		requests: make(chan struct{}, MaxRequests), large: make(chan struct{}, maxLarge), transfers: make(chan struct{}, maxTransfers),
	}, nil
}

// Address is the host:port on which the API listens.
func (a *API) Address() string { return a.listener.Addr().String() }

// Close gives the address back. It is for an API that never ran.
func (a *API) Close() error {
	if err := a.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close rqlite's HTTP API: %w", err)
	}
	return nil
}

// Run serves until ctx ends, then lets answers under way finish for a moment.
func (a *API) Run(ctx context.Context, ready func()) error {
	server := &http.Server{
		Handler:           a.Handler(),
		ReadHeaderTimeout: maxHeaderTime,
		ReadTimeout:       maxBodyTime,
		WriteTimeout:      maxAnswerTime,
		IdleTimeout:       maxIdleTime,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(a.listener, MaxConnections)) }()
	ready()
	select {
	case err := <-served:
		return fmt.Errorf("serve rqlite's HTTP API: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxDrainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		a.log.Warn("cut answers that did not end in time", core.KeyError, err)
		if err := server.Close(); err != nil {
			return fmt.Errorf("close rqlite's HTTP API: %w", err)
		}
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve rqlite's HTTP API: %w", err)
	}
	return nil
}

// Handler answers the routes. It may be called at the same time from many
// connections; a panic inside answers 500 and is logged.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range []struct {
		pattern string
		serve   func(http.ResponseWriter, *http.Request, params) error
	}{
		{"GET /db/query", a.query},
		{"POST /db/query", a.query},
		{"POST /db/execute", a.execute},
		{"POST /db/request", a.request},
		{"GET /db/backup", a.backup},
		{"POST /db/load", a.load},
		{"GET /status", a.status},
		{"GET /nodes", a.nodes},
		{"GET /leader", a.leader},
		{"GET /readyz", a.ready},
		{"GET /{$}", a.root},
		{"/", a.elsewhere},
	} {
		mux.HandleFunc(route.pattern, func(w http.ResponseWriter, r *http.Request) {
			p, err := parseParams(r.URL.RawQuery)
			if err == nil {
				err = route.serve(w, r, p)
			}
			if err != nil {
				a.fail(w, r, err)
			}
		})
	}
	return a.guard(mux)
}
