package signin

// This file starts real pages on loopback for the tests.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dist is a built page as Vite leaves it.
func dist() fstest.MapFS {
	return fstest.MapFS{
		"index.html":                        {Data: []byte("the program's own page")},
		"signin/index.html":                 {Data: []byte(`<!doctype html><html data-mode="" data-callback=""><script type="module" src="./login/index-AbCd1234.js"></script></html>`)},
		"signin/login/index-AbCd1234.js":    {Data: []byte("1")},
		"signin/login/index-AbCd1234.css":   {Data: []byte("2")},
		"signin/login/.hidden.js":           {Data: []byte("3")},
		"signin/login/notes.exe":            {Data: []byte("4")},
		"signin/login/folder.js/inside.txt": {Data: []byte("5")},
	}
}

// wallets is what makes and judges texts in these tests. A good signature is the
// text itself, turned around.
type wallets struct {
	begun, finished atomic.Int64
}

func (k *wallets) begin(_ context.Context, p Proposal) (string, error) {
	k.begun.Add(1)
	return "sign in as " + p.Wallet + " on " + p.ChainType + ", code " + p.Code, nil
}

func (k *wallets) finish(_ context.Context, a Answer) error {
	k.finished.Add(1)
	if a.Signature != reversed(a.Text) {
		return core.Errorf(core.Unauthenticated, "The signature is not of this wallet.")
	}
	return nil
}

func reversed(s string) string {
	var b strings.Builder
	for i := len(s) - 1; i >= 0; i-- {
		b.WriteByte(s[i])
	}
	return b.String()
}

// safeBuffer is a log that a test may read while the page is served.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// ending is what Run returned.
type ending[T any] struct {
	value T
	err   error
}

// opened is a page that is served.
type opened[T any] struct {
	t      *testing.T
	url    string // http://127.0.0.1:port
	secret string
	log    *safeBuffer
	ended  chan ending[T]
	stop   context.CancelFunc
}

// serve runs a page until the test ends.
func serve[T any](t *testing.T, url, secret string, log *safeBuffer, run func(context.Context) (T, error)) *opened[T] {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	o := &opened[T]{t: t, url: url, secret: secret, log: log, ended: make(chan ending[T], 1), stop: stop}
	var served sync.WaitGroup
	served.Go(func() {
		value, err := run(ctx)
		o.ended <- ending[T]{value, err}
	})
	t.Cleanup(func() { stop(); served.Wait() })
	return o
}

// open serves a sign-in page.
func open(t *testing.T, s Settings) (*Server, *opened[Account]) {
	t.Helper()
	s.Dist = dist()
	log := &safeBuffer{}
	server, err := Listen(t.Context(), s, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	url, secret, _ := strings.Cut(server.URL(), "/#")
	return server, serve(t, url, secret, log, server.Run)
}

func openFor(t *testing.T, k *wallets) (*Server, *opened[Account]) {
	t.Helper()
	return open(t, Settings{Begin: k.begin, Finish: k.finish})
}

// await fetches a page in a test's browser.
func (o *opened[T]) await() ending[T] {
	o.t.Helper()
	select {
	case e := <-o.ended:
		return e
	case <-o.t.Context().Done():
		o.t.Fatal("the page is still served")
		return ending[T]{}
	}
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) code() core.Code {
	var a errorAnswer
	if json.Unmarshal([]byte(r.body), &a) != nil {
		return ""
	}
	return a.Code
}

// send makes one request as the page's own script would; change spoils it.
func (o *opened[T]) send(method, path, body string, change func(*http.Request)) reply {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Origin", o.url)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(sessionHeader, o.secret)
	}
	if change != nil {
		change(r)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if err != nil {
		return reply{} // the port is closed
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		o.t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(text)}
}

func (o *opened[T]) post(path string, body any) reply {
	o.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.send(http.MethodPost, path, string(text), nil)
}

// choose asks for the text of a wallet.
func (o *opened[T]) choose(wallet string) string {
	o.t.Helper()
	r := o.post("/challenge", challengeCall{Wallet: wallet, ChainType: ChainEthereum})
	var a challengeAnswer
	if err := json.Unmarshal([]byte(r.body), &a); err != nil || r.status != http.StatusOK {
		o.t.Fatalf("challenge: %d %s", r.status, r.body)
	}
	return a.Message
}
