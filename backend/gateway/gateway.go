// Package gateway is the node's HTTP face for programs that are not written in
// Go: an http.Handler over small interfaces, and the servers that carry it, on
// TCP and on whatever listener it is handed.
//
// Everything that a request may ask for is one row of the table in route.go: the
// routes, the OpenAPI document and the page about them are made from it. A
// request passes the guard (host, origin, forged requests), the rates, then the
// table's own conditions, and only then a handler. Nothing is decided in a
// handler: it reads the request, calls a backend service and writes the answer.
package gateway

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"git.debros.io/DeBros/network/backend/core"
)

// Build says which program answers.
type Build struct {
	Version, Commit, Time string
}

// Settings of a gateway. The zero value listens nowhere and serves what it is
// handed by Serve.
type Settings struct {
	Address      string   // host:port to listen on; port 0 takes a free one; "" listens nowhere
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
	// RequireAuth says that Auth asks every caller for a credential. Without it
	// New refuses to listen beyond loopback.
	RequireAuth bool
	// CertFile and KeyFile are a certificate and its key in PEM. They are read
	// again when they change. Both or none.
	CertFile, KeyFile string
	// AllowClear lets the gateway listen beyond loopback without a certificate of
	// its own: something before it is trusted to encrypt.
	AllowClear bool
	// TrustedProxies are addresses or networks ("10.0.0.0/8") whose
	// X-Forwarded-For and X-Forwarded-Proto are believed.
	TrustedProxies []string
	// MaxConnections bounds those on TCP at the same time; 0 means the constant.
	// WebSockets leave one in sixteen to other requests.
	MaxConnections int
	// Login serves GET /v1/auth/login and everything below it; nil when there is
	// no page. It sets its own content security policy.
	Login http.Handler
	// Upstream returns the way to another gateway that is to answer a request;
	// nil, or a nil result, answers here. Its coded errors are told as they are;
	// it says Unavailable when nothing was sent.
	Upstream func(r *http.Request) http.RoundTripper
	// Metrics are those of the node's other parts, shown beside the gateway's own.
	Metrics prometheus.Gatherer
}

// Gateway serves HTTP. Make one with New.
type Gateway struct {
	settings Settings
	services Services
	log      *slog.Logger
	started  time.Time
	listener net.Listener // nil when it listens nowhere
	own      ownName      // of listener
	tls      *tls.Config  // nil in clear
	headers  http.Header  // of every answer
	proxies  []netip.Prefix
	rates    *rates
	metrics  *metrics
	anon     chan struct{} // one place per request on its way through the proxy
	sockets  sockets
	requests requests
}

// New checks the settings and takes the address, so that a taken port is told
// before anything starts. Run must follow, or Close.
func New(ctx context.Context, s Settings, services Services, log *slog.Logger) (*Gateway, error) {
	g := &Gateway{
		settings: s, services: services, log: log, started: s.Now(), headers: securityHeaders(),
		anon: make(chan struct{}, MaxAnonRequests),
	}
	g.sockets.most = min(MaxSockets, g.maxConnections()-g.maxConnections()/plainShare)
	var err error
	if g.proxies, err = parseProxies(s.TrustedProxies); err != nil {
		return nil, err
	}
	if g.rates, err = newRates(s.Now); err != nil {
		return nil, err
	}
	g.metrics = newMetrics(func() float64 { return float64(g.sockets.count.Load()) }, s.Metrics)
	if s.CertFile != "" || s.KeyFile != "" {
		if g.tls, err = newCertificate(s.CertFile, s.KeyFile, s.Now, log).config(); err != nil {
			return nil, err
		}
	}
	if s.Address == "" {
		return g, nil
	}
	if err = s.checkAddress(); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	if g.listener, err = lc.Listen(ctx, "tcp", s.Address); err != nil {
		return nil, core.Wrap(core.Unavailable, err,
			"the gateway's address %s cannot be used: another program may hold it; choose another with --gateway-addr, port 0 takes a free one", s.Address)
	}
	g.own = nameOf(g.Address())
	if g.tls == nil && !loopbackHost(s.Address) {
		log.Warn("the gateway answers in clear beyond this computer: credentials can be read on the way unless a proxy with a certificate stands before it", core.KeyAddress, g.Address())
	}
	return g, nil
}

func (g *Gateway) maxConnections() int { return cmp.Or(g.settings.MaxConnections, MaxConnections) }

// checkAddress keeps what is only safe on this computer from being reached from
// elsewhere.
func (s Settings) checkAddress() error {
	if loopbackHost(s.Address) {
		return nil
	}
	if !s.RequireAuth {
		return core.Errorf(core.Invalid, "without gateway.require_auth everyone who reaches %s would own the data; set it to true, or listen on 127.0.0.1", s.Address)
	}
	if s.CertFile == "" && !s.AllowClear {
		return core.Errorf(core.Invalid, "the gateway would answer in clear on %s; name a certificate in gateway.tls_certificate and gateway.tls_key, set gateway.allow_clear when a proxy before it encrypts, or listen on 127.0.0.1", s.Address)
	}
	return nil
}

// loopbackHost says whether only this computer reaches host:port. A name other
// than localhost may be resolved to anything, so it is not.
func loopbackHost(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// Address is the host:port on which the gateway listens, "" when on none.
func (g *Gateway) Address() string {
	if g.listener == nil {
		return ""
	}
	return g.listener.Addr().String()
}

// URL is where programs on this computer find the gateway, "" when it listens
// nowhere.
func (g *Gateway) URL() string {
	switch {
	case g.listener == nil:
		return ""
	case g.tls != nil:
		return "https://" + g.Address()
	}
	return "http://" + g.Address()
}

// Close gives the address back. It is for a gateway that never ran.
func (g *Gateway) Close() error {
	if g.listener == nil {
		return nil
	}
	if err := g.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close gateway: %w", err)
	}
	return nil
}

// Handler answers the routes to callers on TCP. It may be called at the same
// time from many connections; a panic inside answers `internal` and is logged.
func (g *Gateway) Handler() http.Handler { return g.guard(g.mux(), false) }

func (g *Gateway) uptime() string {
	return g.settings.Now().Sub(g.started).Round(time.Second).String()
}

// fail answers with the error's code and sentence. Only our own faults are
// logged here; the guard logs every failed request. When the answer has begun
// already, the connection is cut: half an answer must not look whole.
func (g *Gateway) fail(c *call, err error) {
	code := core.CodeOf(err)
	if code == core.Internal {
		g.log.Error("request failed", core.KeyRequestID, c.id, core.KeyError, err)
	}
	if v, ok := c.w.(*visit); ok {
		v.code, v.err = code, err
		switch {
		case v.hijacked:
			return
		case v.status != 0:
			panic(http.ErrAbortHandler) // net/http cuts the connection and says nothing
		}
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
		g.log.Error("an error could not be told", core.KeyRequestID, c.id, core.KeyError, err)
	}
}
