// This file decides who may talk to the bridge at all; see the package comment
// for the order and the reasons.

package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/backend/core"
)

// signInHint is what a browser without a session reads.
const signInHint = "This page needs a fresh link: run \"debros ui\" in a terminal."

// door is the bridge on the port that it got.
type door struct {
	*Bridge
	port   string
	cookie string // ports of one host share cookies, so the name has the port
}

// handler is the whole bridge for one port. Streams of events end with streams.
func (b *Bridge) handler(streams context.Context, port string) http.Handler {
	d := &door{Bridge: b, port: port, cookie: "debros_" + port}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", d.login)
	mux.Handle("POST /api/call", d.signedIn(http.HandlerFunc(d.call)))
	mux.Handle("GET /api/events", d.signedIn(d.events(streams)))
	mux.Handle("GET /api/file/{id}", d.signedIn(http.HandlerFunc(d.file)))
	mux.Handle("/api/", d.signedIn(http.HandlerFunc(d.noSuchDoor)))
	mux.Handle("/", d.signedIn(Page(b.settings.Dist)))
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(d.foreign))
	return d.recovered(d.known(cross.Handler(mux)))
}

// recovered keeps a fault of the program in one request, and sets the headers
// that every answer carries.
func (d *door) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		guardHeaders(w.Header())
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			d.refuse(w, r, core.Wrap(core.Internal, fmt.Errorf("panic: %v\n%s", p, debug.Stack()), "%s", core.Internal.Sentence()))
		}()
		next.ServeHTTP(w, r)
	})
}

// known lets pass what was sent to this very address, from this very address or
// from no page at all.
func (d *door) known(next http.Handler) http.Handler {
	hosts := map[string]bool{"127.0.0.1:" + d.port: true, "localhost:" + d.port: true, "[::1]:" + d.port: true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts[r.Host] {
			d.refuse(w, r, core.Errorf(core.Denied, "This address is not served here; use http://127.0.0.1:%s.", d.port))
			return
		}
		if from, sent := r.Header["Origin"]; sent && (len(from) != 1 || from[0] != "http://"+r.Host) {
			d.foreign(w, r)
			return
		}
		// A page elsewhere may link here, but not load, frame or fetch anything.
		if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" && !navigates(r) {
			d.foreign(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// navigates tells whether a browser opens the address as a page of its own.
func navigates(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

func (d *door) foreign(w http.ResponseWriter, r *http.Request) {
	d.refuse(w, r, core.Errorf(core.Denied, "Pages of other sites may not use this node."))
}

// signedIn lets pass who has a session.
func (d *door) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.hasSession(r) {
			next.ServeHTTP(w, r)
			return
		}
		if wantsPage(r) {
			d.signInPage(w)
			return
		}
		d.refuse(w, r, core.Errorf(core.Unauthenticated, "%s", signInHint))
	})
}

func (d *door) hasSession(r *http.Request) bool {
	for _, c := range r.CookiesNamed(d.cookie) {
		if d.sessions.good(c.Value) {
			return true
		}
	}
	return false
}

func wantsPage(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && !strings.HasPrefix(r.URL.Path, "/api/")
}

func (d *door) signInPage(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	write(w, plainPage("A fresh link is needed", "Each link to this page works once, for five minutes. For a new one run:", "debros ui"))
}

// login spends a one-time link. It does so only for a browser that opens it as a
// page: a preview or a prefetch must not use it up.
func (d *door) login(w http.ResponseWriter, r *http.Request) {
	fetched := r.Header.Get("Sec-Fetch-Dest")
	if (fetched != "" && fetched != "document") || strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") || r.Method == http.MethodHead {
		d.refuse(w, r, core.Errorf(core.Denied, "Open this link as a page of its own."))
		return
	}
	if !d.links.spend(r.URL.Query().Get("once")) {
		d.signInPage(w)
		return
	}
	http.SetCookie(w, &http.Cookie{ // loopback has no TLS, so it is not Secure: it would never be sent
		Name: d.cookie, Value: d.sessions.add(), Path: "/",
		MaxAge: int(SessionLife.Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (d *door) noSuchDoor(w http.ResponseWriter, r *http.Request) {
	d.refuse(w, r, core.Errorf(core.NotFound, "There is no such address here."))
}

// refuse answers with the error's sentence and logs its cause.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := &api.Failure{Sentence: core.Sentence(err), Code: core.CodeOf(err), RequestID: randomText(8)}
	level := slog.LevelDebug
	switch f.Code {
	case core.Denied:
		level = slog.LevelWarn // somebody's page tried
	case core.Internal:
		level = slog.LevelError
	default:
	}
	d.log.Log(r.Context(), level, "a request to the page was refused", "code", string(f.Code), core.KeyRequestID, f.RequestID,
		"method", r.Method, "path", cut(r.URL.Path), "host", cut(r.Host), "origin", cut(r.Header.Get("Origin")), core.KeyError, err.Error())
	answer(w, f.Code.HTTPStatus(), f)
}

// cut keeps strangers from filling the log.
func cut(s string) string { return s[:min(len(s), 200)] }

// answer sends JSON.
func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // plain data always encodes; a NaN in it would not
		status = http.StatusInternalServerError
		text = []byte((&api.Failure{Sentence: core.Internal.Sentence(), Code: core.Internal}).Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	write(w, text)
}
