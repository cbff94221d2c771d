// Package bridge serves the page to an ordinary browser: the same bound structs
// as in the window, over loopback HTTP.
//
//	b, err := bridge.New(bridge.Settings{Address: "127.0.0.1:0", Dist: frontend.Dist()}, page, log)
//	…
//	err = b.Run(ctx, func() { link, _ := b.Open(ctx, ""); show(link) })
//
// Whoever reaches this port could use the node, so every request passes, in this
// order: an exact list of Host values (a rebound DNS name is not on it), an exact
// Origin and [net/http.CrossOriginProtection] (another site's page cannot call),
// then a session cookie that only a one-time link hands out (another user of the
// computer has none). A call also needs a JSON body and a header that no form can
// send. What can be called is a list made from the bound structs; nothing else is.
//
//	GET  /login?once=…      a one-time link becomes a session
//	POST /api/call          {"method":"KV.List","args":[…]} → {"result":…}
//	GET  /api/events?after= the page's events, resumable
//	GET  /api/file/ID       what a task wrote, as a download
//	GET  /…                 the page
package bridge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxConnections bounds open connections: a few tabs with six each.
	MaxConnections = 256

	maxHeaderBytes = 16 << 10         // ours are well below one
	headerTime     = 10 * time.Second // to send the headers of a request
	bodyTime       = 30 * time.Second // to send all of it
	idleTime       = 2 * time.Minute  // between two requests
	stopTime       = 2 * time.Second  // for calls under way when the program ends
)

// Settings say where the page is served.
type Settings struct {
	Address string           // a loopback address; port 0 takes a free one
	Dist    fs.FS            // the built page
	Now     func() time.Time // nil: the clock of this computer
}

// Bridge serves one page. It is a face of the node: see node.Face.
type Bridge struct {
	settings Settings
	page     *api.API
	log      *slog.Logger
	methods  methods
	links    *links
	sessions *sessions
	stream   *stream

	mu   sync.Mutex
	port string // "" while it does not listen
}

// New checks the settings and makes the list of what can be called. It does not
// listen yet.
func New(s Settings, page *api.API, log *slog.Logger) (*Bridge, error) {
	return newBridge(s, page, page.Bound(api.ModeBrowser, nil), log)
}

func newBridge(s Settings, page *api.API, bound []any, log *slog.Logger) (*Bridge, error) {
	if err := checkLoopback(s.Address); err != nil {
		return nil, err
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	list, err := methodsOf(bound)
	if err != nil {
		return nil, err
	}
	return &Bridge{
		settings: s, page: page, log: log, methods: list,
		links: newLinks(s.Now), sessions: newSessions(s.Now), stream: newStream(s.Now),
	}, nil
}

// checkLoopback refuses every other interface: this door has no transport
// encryption and no place off this computer. Use an SSH tunnel for that.
func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return core.Wrap(core.Invalid, err, "the page's address %q is not host:port", address)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return core.Errorf(core.Invalid, "the page is served on this computer only: use 127.0.0.1:port, not %q; reach it from elsewhere through an SSH tunnel", address)
	}
	return nil
}

// Run listens and serves until ctx ends. Streams of events end then, and calls
// under way get a moment to answer.
func (b *Bridge) Run(ctx context.Context, ready func()) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", b.settings.Address)
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the page cannot be served on %s; choose another port, or 0 for any free one", b.settings.Address)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return errors.Join(fmt.Errorf("read own address: %w", err), listener.Close())
	}
	// A stream of events ends with this context; an ordinary call is let finish.
	streams, endStreams := context.WithCancel(ctx)
	defer endStreams()
	server := &http.Server{
		Handler:           b.handler(streams, port),
		ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(b.log.Handler(), slog.LevelDebug),
	}
	remove := b.page.Subscribe(api.ModeBrowser, b.stream)
	defer remove()
	b.setPort(port)
	defer b.setPort("")
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(listener, MaxConnections)) }()
	ready()
	select {
	case err = <-served: // it never ends well by itself
		return core.Wrap(core.Unavailable, err, "the page is no longer served")
	case <-ctx.Done():
	}
	endStreams()
	return errors.Join(shutdown(ctx, server), ended(<-served))
}

// shutdown waits for calls under way, then cuts what is left.
func shutdown(ctx context.Context, server *http.Server) error {
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		return server.Close()
	}
	return nil
}

func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (b *Bridge) setPort(port string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.port = port
}

func (b *Bridge) listening() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.port
}

// URL is where the page is, "" while it is not served. It opens for a browser
// that is signed in; others need a link.
func (b *Bridge) URL() string {
	port := b.listening()
	if port == "" {
		return ""
	}
	return origin(b.settings.Address, port)
}

// Open makes a link that signs one browser in: it works once, for five minutes.
// The page asks about the debros: link, unless that is "".
func (b *Bridge) Open(_ context.Context, link string) (string, error) {
	if err := b.page.OfferLink(link); err != nil {
		return "", err
	}
	url := b.URL()
	if url == "" {
		return "", core.Errorf(core.Unavailable, "the page is not served at the moment")
	}
	return url + "/login?once=" + b.links.add(), nil
}

// origin is the page's own address, with the loopback address that it listens on.
func origin(address, port string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil { // New has checked it
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Limits lists the bounds of the bridge that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "one call of the page in a browser", Value: strconv.Itoa(MaxCallBytes>>20) + " MiB", Why: "larger values go through the command line"},
		{Name: "a one-time link to the page", Value: "once, for 5 minutes, 16 at a time", Why: "it stands in a terminal's history"},
		{Name: "signed-in browsers", Value: strconv.Itoa(MaxSessions), Why: "the oldest is signed out first"},
		{Name: "open pages in browsers", Value: strconv.Itoa(MaxStreams), Why: "each holds a stream of events"},
	}
}
