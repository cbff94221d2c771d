package rqliteapi

// This file turns away whoever may not call, before anything of the request is
// worked on: a page whose name was rebound to loopback, a page of another
// origin, a caller without a credential, a body past the limit.

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"

	"git.debros.io/DeBros/network/backend/core"
)

// versionHeader is where rqlite's programs look for the version of the API.
const versionHeader = "X-Rqlite-Version"

// apiVersion is the version of rqlite whose API this is, and whose store is inside.
const apiVersion = "v8.43.4+debros"

func (a *API) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(versionHeader, apiVersion)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint,err113 // panics are compared as net/http does
					panic(p)
				}
				a.fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		if err := a.admit(r); err != nil {
			a.fail(w, r, err)
			return
		}
		if r.ContentLength > MaxBodyBytes && r.URL.Path != "/db/load" {
			a.fail(w, r, core.Errorf(core.TooLarge, "a request may have %d bytes; send it in parts, or a whole file to /db/load", MaxBodyBytes))
			return
		}
		clean := *r.URL
		clean.Path, clean.RawPath = path.Clean("/"+r.URL.Path), "" // rqlite's shell asks for //status
		asked := *r
		asked.URL = &clean
		next.ServeHTTP(w, &asked)
	})
}

// admit decides by the header alone whether a request is worked on.
func (a *API) admit(r *http.Request) error {
	if !a.ownHost(r.Host) {
		return core.Errorf(core.Denied, "this API is not called %q; call it by 127.0.0.1 or localhost and its port", r.Host)
	}
	for _, header := range []string{"Origin", "Referer"} {
		for _, value := range r.Header.Values(header) {
			if u, err := url.Parse(value); err != nil || u.Scheme != "http" || !a.ownHost(u.Host) {
				return core.Errorf(core.Denied, "pages of other origins may not call this API")
			}
		}
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "same-origin" && site != "none" {
			return core.Errorf(core.Denied, "pages of other sites may not call this API")
		}
	}
	_, password, _ := r.BasicAuth()
	if err := a.node.Authorize(r.Context(), core.Secret(password), a.settings.Namespace, needs(path.Clean("/"+r.URL.Path))); err != nil {
		return core.Wrap(core.Unauthenticated, err, "%s; give it as the password, any name as the user", core.Sentence(err)) // rqlite has this one status
	}
	return nil
}

// needs is the permission that a path asks for. Statements that change something
// may be schema changes, and rqlite's programs do not say beforehand.
func needs(path string) core.Permission {
	switch path {
	case "/db/execute", "/db/request":
		return core.PermissionSchema
	case "/db/backup", "/db/load", "/boot":
		return core.PermissionAdmin
	default:
		return core.PermissionRead
	}
}

// ownHost accepts the exact names of loopback with the API's own port.
func (a *API) ownHost(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return false
	}
	_, own, err := net.SplitHostPort(a.Address())
	return err == nil && port == own && (name == "localhost" || name == "127.0.0.1" || name == "::1")
}

// take waits for a token, or for the caller to leave. The func gives it back.
func take(r *http.Request, tokens chan struct{}) (release func(), err error) {
	select {
	case tokens <- struct{}{}:
		return func() { <-tokens }, nil
	case <-r.Context().Done():
		return nil, core.Wrap(core.Unavailable, r.Context().Err(), "the request waited for its turn and was not run")
	}
}

// enter waits until a request with SQL may be worked on, and bounds its body.
func (a *API) enter(w http.ResponseWriter, r *http.Request) (leave func(), err error) {
	leaveLarge := func() {}
	if r.ContentLength < 0 || r.ContentLength > smallBody {
		if leaveLarge, err = take(r, a.large); err != nil {
			return nil, err
		}
	}
	release, err := take(r, a.requests)
	if err != nil {
		leaveLarge()
		return nil, err
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBodyBytes)
	return func() { release(); leaveLarge() }, nil
}
