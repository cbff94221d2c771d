package bridge

// This file starts a real bridge on loopback for the tests.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/backend/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is a fake backend that stores keys; what the tests do not use is nil.
type node struct {
	api.Database
	api.Storage
	api.Machine
	mu    sync.Mutex
	items map[string][]byte
}

func (n *node) Get(_ context.Context, _ core.Namespace, key string, _ core.ReadOptions) (core.Item, core.Provenance, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	value, ok := n.items[key]
	if !ok {
		return core.Item{}, core.Provenance{}, core.Errorf(core.NotFound, "There is no key %q.", key)
	}
	return core.Item{Key: key, Value: value}, core.Provenance{}, nil
}

func (n *node) Put(_ context.Context, _ core.Namespace, key string, value []byte, _ core.PutOptions) (core.WriteAnswer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.items[key] = value
	return core.WriteAnswer{Versions: []core.Version{1}}, nil
}

func (n *node) List(context.Context, core.Namespace, core.ListOptions) (core.Page, error) {
	panic("the fake is broken")
}

func (n *node) keys() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.items)
}

// Odd is bound beside the real structs, to see what the bridge itself catches.
type Odd struct{}

func (*Odd) Panic() error { panic("without a guard") }
func (*Odd) Plain() error { return errors.New("plain /secret/path") }
func (*Odd) Locked() error {
	return &api.Failure{Code: core.Unauthenticated, Sentence: "a wallet is locked", RequestID: "1"}
}
func (*Odd) Sum(a int, b uint8, c []string) (int, error) { return a + int(b) + len(c), nil }

// server is a running bridge.
type server struct {
	*Bridge
	t    *testing.T
	node *node
	page *api.API
	log  *safeBuffer
	url  string
	host string // 127.0.0.1:port
	stop func() error
}

// safeBuffer is a log that a test may read while the server writes.
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

// dist is a built page as Vite leaves it.
func dist() fstest.MapFS {
	return fstest.MapFS{
		"index.html":                 {Data: []byte("<!doctype html><html><head><meta name=\"csp-nonce\" content=\"\" />\n<script type=\"module\" src=\"/assets/main-AbCd1234.js\"></script></head><body></body></html>")},
		"boot.js":                    {Data: []byte("1")},
		"assets/main-AbCd1234.js":    {Data: []byte("2")},
		"assets/main-AbCd1234.css":   {Data: []byte("3")},
		"assets/Search-BC-wGXwz.css": {Data: []byte("5")},
		"icon.svg":                   {Data: []byte("<svg/>")},
		".gitkeep":                   {Data: []byte("")},
		"assets/notes.exe":           {Data: []byte("4")},
	}
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func serve(t *testing.T) *server { return serveAt(t, time.Now) }

func serveAt(t *testing.T, now func() time.Time) *server {
	t.Helper()
	text := &safeBuffer{}
	log := slog.New(slog.NewTextHandler(text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	page, err := api.New(api.Program{DataDir: t.TempDir()}, log)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{items: make(map[string][]byte)}
	page.Attach(api.Backend{Database: n, Storage: n, Machine: n})
	page.Ready()
	b, err := newBridge(Settings{Address: "127.0.0.1:0", Dist: dist(), Now: now}, page, append(page.Bound(api.ModeBrowser, nil), &Odd{}), log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- b.Run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	s := &server{Bridge: b, t: t, node: n, page: page, log: text, url: b.URL()}
	s.host = strings.TrimPrefix(s.url, "http://")
	s.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// browser is a client with its own cookies; it does not follow redirects by itself.
func (s *server) browser() *http.Client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// signedIn is a browser that opened a link.
func (s *server) signedIn() *http.Client {
	s.t.Helper()
	b := s.browser()
	link, err := s.Open(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	if r := s.send(b, http.MethodGet, link, "", nil); r.status != http.StatusSeeOther {
		s.t.Fatalf("login: %d %s", r.status, r.body)
	}
	return b
}

// closed closes c and does not forget its error.
func closed(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

type reply struct {
	status int
	header http.Header
	body   string
}

// send makes one request; change edits it just before.
func (s *server) send(b *http.Client, verb, url, body string, change func(*http.Request)) reply {
	s.t.Helper()
	if strings.HasPrefix(url, "/") {
		url = s.url + url
	}
	r, err := http.NewRequest(verb, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	answer, err := b.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer closed(s.t, answer.Body)
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{status: answer.StatusCode, header: answer.Header, body: string(text)}
}

// asPage adds what the page's own requests carry.
func (s *server) asPage(r *http.Request) {
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(callHeader, "1")
	r.Header.Set("Origin", "http://"+s.host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
}

// call calls a method as the page does.
func (s *server) call(b *http.Client, body string) reply {
	s.t.Helper()
	return s.send(b, http.MethodPost, "/api/call", body, s.asPage)
}

const putCall = `{"method":"KV.Put","args":[{"namespace":"default","key":"k","value_base64":"AA=="}]}`

// code reads the code of a refusal.
func (r reply) code(t *testing.T) core.Code {
	t.Helper()
	var f api.Failure
	if err := json.Unmarshal([]byte(r.body), &f); err != nil {
		t.Fatalf("%d is no JSON error: %q", r.status, r.body)
	}
	if f.RequestID == "" || f.Sentence == "" {
		t.Errorf("a refusal without sentence or id: %s", r.body)
	}
	return f.Code
}
