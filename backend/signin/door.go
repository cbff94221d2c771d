package signin

// This file is what both loopback pages share: one port, one secret, and the
// rules by which a request is let in.

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"git.debros.io/DeBros/network/backend/core"
)

// door is one loopback port whose page takes one answer.
type door struct {
	listener net.Listener
	port     string
	secret   string
	page     page
	log      *slog.Logger
}

func openDoor(ctx context.Context, dist fs.FS, log *slog.Logger) (*door, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "no port of this computer is free for the sign-in page; try again, or sign in without a browser")
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read own address: %w", err), listener.Close())
	}
	return &door{listener: listener, port: port, secret: randomText(secretBytes), page: pageOf(dist), log: log}, nil
}

// randomText returns n random bytes as text that fits a URL and a header.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) //nolint:errcheck // crypto/rand.Read never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b)
}

func (d *door) origin() string { return "http://127.0.0.1:" + d.port }

func (d *door) close() error {
	if err := d.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// run serves what routes makes until answered was called, the life is over or
// ctx ends. What routes gets ends as the serving does: who judges an answer must
// not outlive it.
func (d *door) run(ctx context.Context, life time.Duration, routes func(live context.Context, answered func()) http.Handler) error {
	live, cancel := context.WithTimeout(ctx, life)
	defer cancel()
	done := make(chan struct{})
	answered := sync.OnceFunc(func() { close(done) })
	server := &http.Server{
		Handler:           d.guarded(routes(live, answered)),
		ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(d.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(d.listener, maxConnections)) }()
	select {
	case err := <-served: // it never ends well by itself
		return core.Wrap(core.Unavailable, errors.Join(err, server.Close()), "the sign-in page is no longer served; start the sign-in again")
	case <-done:
	case <-live.Done():
	}
	err := stop(ctx, server)
	<-served // http.ErrServerClosed: it was told to
	switch {
	case err != nil:
		return fmt.Errorf("close the sign-in page: %w", err)
	case ctx.Err() != nil:
		return ctx.Err()
	case live.Err() != nil:
		return core.Errorf(core.Unavailable, "nobody signed in within %v; start the sign-in again", life)
	}
	return nil
}

// stop lets the last answer reach the page, then cuts what is left.
func stop(ctx context.Context, server *http.Server) error {
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if server.Shutdown(limit) != nil {
		return server.Close()
	}
	return nil
}

// pages adds the page itself and its files to the calls.
func (d *door) pages(mux *http.ServeMux, m mode) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { d.page.index(w, m, "") })
	mux.HandleFunc("GET /"+filesFolder+"/{name}", func(w http.ResponseWriter, r *http.Request) { d.page.file(w, r.PathValue("name")) })
}

// guarded lets pass what was sent to this very address, by this very page or by
// a browser that opens it.
func (d *door) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		defer func() {
			if p := recover(); p != nil {
				d.refuse(w, r, core.Wrap(core.Internal, fmt.Errorf("panic: %v\n%s", p, debug.Stack()), "%s", core.Internal.Sentence()))
			}
		}()
		if err := d.judge(r); err != nil {
			d.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (d *door) judge(r *http.Request) error {
	if r.Host != "127.0.0.1:"+d.port && r.Host != "localhost:"+d.port { // some wallets list only one of them
		return core.Errorf(core.Denied, "This address is not served here.")
	}
	foreign := core.Errorf(core.Denied, "Pages of other sites may not use this page.")
	from, site := r.Header["Origin"], r.Header.Get("Sec-Fetch-Site")
	if len(from) > 1 || (len(from) == 1 && from[0] != "http://"+r.Host) {
		return foreign
	}
	switch r.Method {
	case http.MethodPost: // every browser that runs the page sends both with a call
		if len(from) == 0 || site != "same-origin" {
			return foreign
		}
	case http.MethodGet:
		opened := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		if site != "" && site != "same-origin" && site != "none" && !opened {
			return foreign
		}
	default:
		return core.Errorf(core.Denied, "Only GET and POST.")
	}
	return nil
}

// call is a door for the page's own script: it needs JSON and the page's secret.
func (d *door) call(answer func(http.ResponseWriter, *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/json" {
			d.refuse(w, r, core.Errorf(core.Invalid, "The body must be application/json."))
			return
		}
		if !d.hasSecret(r) {
			d.refuse(w, r, core.Errorf(core.Unauthenticated, "This page is not the one that was opened; start the sign-in again."))
			return
		}
		body, err := answer(w, r)
		if err != nil {
			d.refuse(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, body)
	})
}

// hasSecret compares digests, which have one length whatever was sent.
func (d *door) hasSecret(r *http.Request) bool {
	sent := r.Header.Values(sessionHeader)
	if len(sent) != 1 {
		return false
	}
	got, want := sha256.Sum256([]byte(sent[0])), sha256.Sum256([]byte(d.secret))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// decode reads one JSON object without unknown fields and nothing after it.
func decode(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxBodyBytes))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		var more json.RawMessage
		if err = decoder.Decode(&more); errors.Is(err, io.EOF) {
			return nil
		}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return core.Errorf(core.TooLarge, "A call may have %d bytes.", MaxBodyBytes)
	}
	return core.Wrap(core.Invalid, err, "The body must be one JSON object with the fields of this call.")
}

type errorAnswer struct {
	Error     string    `json:"error"`
	Code      core.Code `json:"code"`
	RequestID string    `json:"request_id"`
}

// refuse answers with the error's sentence and logs its cause. No text, wallet
// or signature is in either.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	a := errorAnswer{Error: core.Sentence(err), Code: core.CodeOf(err), RequestID: randomText(8)}
	level := slog.LevelDebug
	switch a.Code {
	case core.Denied, core.Unauthenticated:
		level = slog.LevelWarn // somebody's page tried, or a wallet signed as another
	case core.Internal:
		level = slog.LevelError
	default:
	}
	d.log.Log(r.Context(), level, "a request to the sign-in page was refused", "code", string(a.Code), core.KeyRequestID, a.RequestID,
		"method", cut(r.Method), "path", cut(r.URL.Path), "host", cut(r.Host), "origin", cut(r.Header.Get("Origin")), core.KeyError, err.Error())
	writeJSON(w, a.Code.HTTPStatus(), a)
}

// cut keeps strangers from filling the log.
func cut(s string) string { return s[:min(len(s), 200)] }

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // plain data always encodes
		http.Error(w, core.Internal.Sentence(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	write(w, text)
}

// write sends the body of an answer that is complete.
func write(w io.Writer, body []byte) {
	_, _ = w.Write(body) //nolint:errcheck // the reader went away; there is nobody to tell
}
