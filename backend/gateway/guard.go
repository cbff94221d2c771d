package gateway

// This file is what stands before every route: it names the request, keeps
// foreign names, foreign pages and forged requests out before anything else
// runs, and sees how the request ended.

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"git.debros.io/DeBros/network/backend/core"
)

// securityHeaders are on every answer. The policy lets a browser do nothing with
// an answer that it takes for a page; routes that are pages set their own.
func securityHeaders() http.Header {
	return http.Header{
		"X-Content-Type-Options":       {"nosniff"},
		"Cache-Control":                {"no-store"},
		"X-Frame-Options":              {"DENY"},
		"Content-Security-Policy":      {"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
		"Referrer-Policy":              {"no-referrer"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Vary":                         {"Origin"},
	}
}

// visit is one request as the guard follows it: who it came from, and what
// became of it. It is the ResponseWriter that handlers get.
type visit struct {
	http.ResponseWriter
	id      string
	address string // of the caller: an IP address, or on Serve a peer id
	peer    bool   // it came by Serve

	route    string // path of the table, "" where there is no route
	account  string // whom the credential proved
	status   int    // 0 until the answer begins
	hijacked bool   // a WebSocket took the connection
	code     core.Code
	err      error
}

// WriteHeader notes the status.
func (v *visit) WriteHeader(status int) {
	if v.status == 0 && status >= 200 {
		v.status = status
	}
	v.ResponseWriter.WriteHeader(status)
}

// Write notes that the answer has begun.
func (v *visit) Write(b []byte) (int, error) {
	if v.status == 0 {
		v.status = http.StatusOK
	}
	return v.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the connection.
func (v *visit) Unwrap() http.ResponseWriter { return v.ResponseWriter }

// Flush sends what was written. Libraries that look for http.Flusher find it.
func (v *visit) Flush() {
	if v.status == 0 {
		v.status = http.StatusOK
	}
	_ = http.NewResponseController(v.ResponseWriter).Flush() //nolint:errcheck // the next write tells
}

// Hijack hands the connection to a WebSocket.
func (v *visit) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(v.ResponseWriter).Hijack()
	if err == nil {
		v.hijacked, v.status = true, http.StatusSwitchingProtocols
	}
	return conn, buffer, err
}

// requestID is what the answer and the log call the request. A peer that passes
// a request on names it, so that both logs have one name for it.
func requestID(r *http.Request, peer bool) string {
	if named := r.Header.Get("X-Request-ID"); peer && len(named) == 36 && uuid.Validate(named) == nil {
		return named
	}
	return uuid.NewString()
}

// guard lets a request through to next when its caller may call at all. On peers'
// connections no browser can be, so nothing that protects one is asked.
func (g *Gateway) guard(next http.Handler, peers bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{ResponseWriter: w, id: requestID(r, peers), peer: peers}
		v.address = g.addressOf(r, peers)
		maps.Copy(w.Header(), g.headers)
		w.Header()["X-Request-Id"] = []string{v.id}
		begun := time.Now()
		g.metrics.inFlight.Inc()
		g.metrics.busy.Add(1)
		defer func() {
			g.metrics.inFlight.Dec()
			g.metrics.busy.Add(-1)
			if p := recover(); p != nil {
				defer g.panicked(v, r, p)
			}
			g.record(v, r, time.Since(begun))
		}()
		if err := g.checkRoom(v, r); err != nil {
			g.fail(g.newCall(v, r), err)
			return
		}
		if !peers {
			if err := g.admitBrowser(v, r); err != nil {
				g.fail(g.newCall(v, r), err)
				return
			}
			if preflight(r) {
				g.answerPreflight(w)
				v.status = http.StatusNoContent
				return
			}
		}
		next.ServeHTTP(v, r)
	})
}

// panicked answers after a panic. net/http's own way to cut a connection goes on.
func (g *Gateway) panicked(v *visit, r *http.Request, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the very value is the signal
		panic(p)
	}
	g.metrics.panics.Inc()
	g.fail(g.newCall(v, r), fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}

// newCall is a call outside of any route.
func (g *Gateway) newCall(w http.ResponseWriter, r *http.Request) *call {
	c := &call{g: g, w: w, r: r}
	if v, ok := w.(*visit); ok {
		c.id = v.id
	} else {
		c.id = requestID(r, false)
	}
	return c
}

// admitBrowser refuses what a page of somebody else could make a browser send.
func (g *Gateway) admitBrowser(v *visit, r *http.Request) error {
	if !g.hostAllowed(r.Host) {
		return core.Errorf(core.Denied, "this gateway is not called by that name; use its loopback address or add the name to gateway.allowed_hosts")
	}
	return g.checkOrigin(v.Header(), r)
}

// checkForgery refuses what changes something and can be sent by a plain form or
// link. Where a credential is needed that is what such a request lacks: there is
// no cookie that a browser would add.
func (c *call) checkForgery() error {
	switch {
	case c.peer() || !forgeable(c.r):
		return nil
	case c.route.access != public && c.g.settings.RequireAuth:
		return core.Errorf(core.Unauthenticated, "a credential is needed: an access token or an API key")
	}
	return core.Errorf(core.Denied, "what changes something needs the content type application/json or application/octet-stream, or a header such as X-API-Key: a form of a foreign page could have sent this")
}

// forgeable says whether a page could make a browser send r without asking
// first: it has neither a header of its own nor a body type that no form has.
func forgeable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false // these change nothing
	}
	// Not any Authorization: browsers add a remembered one of the scheme Basic.
	if credentialOf(r) != "" || r.Header.Get("Idempotency-Key") != "" {
		return false
	}
	types := r.Header["Content-Type"]
	if len(types) != 1 {
		return true
	}
	kind, _, err := mime.ParseMediaType(types[0])
	return err != nil || (kind != string(jsonBody) && kind != string(rawBody))
}

// parseProxies reads Settings.TrustedProxies.
func parseProxies(texts []string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			ip, err2 := netip.ParseAddr(text)
			if err2 != nil {
				return nil, core.Wrap(core.Invalid, errors.Join(err, err2), "gateway.trusted_proxies: %q is no address; write 10.0.0.7 or 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())
		}
		list = append(list, prefix.Masked())
	}
	return list, nil
}

func (g *Gateway) trusts(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(g.proxies, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) })
}

// addressOf is the caller's address. What a proxy says of it is believed when
// the proxy is listed: then the last address that no listed proxy has.
func (g *Gateway) addressOf(r *http.Request, peer bool) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || peer {
		return r.RemoteAddr
	}
	if len(g.proxies) == 0 || !g.trusts(host) {
		return host
	}
	chain := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for _, text := range slices.Backward(chain) {
		ip, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			break // what stands before it was written by strangers
		}
		host = ip.Unmap().WithZone("").String()
		if !g.trusts(host) {
			break
		}
	}
	return host
}

// scheme is the caller's, http or https. A listed proxy says how it was called;
// so does a peer, which passes on what its own caller asked.
func (g *Gateway) scheme(r *http.Request, peer bool) string {
	if r.TLS != nil {
		return "https"
	}
	told := r.Header.Get("X-Forwarded-Proto")
	if told != "https" {
		return "http"
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if peer || (err == nil && g.trusts(host)) {
		return told
	}
	return "http"
}

// local says whether the caller is on this computer: by its address, by the name
// that it used, and with no proxy in between that hides another one.
func (g *Gateway) local(v *visit, r *http.Request) bool {
	if v.peer || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false
	}
	ip, err := netip.ParseAddr(v.address)
	if err != nil || !ip.Unmap().IsLoopback() {
		return false
	}
	name, _, ok := splitHost(r.Host)
	named, err := netip.ParseAddr(name)
	return ok && (name == "localhost" || (err == nil && named.IsLoopback()))
}
