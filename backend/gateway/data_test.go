package gateway

// What the tests of keys and SQL share: a gateway over TCP on real databases, and
// an Auth that lets one caller do what its permission says.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/replicas"
	"git.debros.io/DeBros/network/backend/storage"
)

// oneCaller takes every credential "key:<permission>" for the namespace red.
type oneCaller struct {
	Auth
	mu     sync.Mutex
	revoke context.CancelCauseFunc // of the last Until
}

func (a *oneCaller) Authenticate(_ context.Context, credential core.Secret, _ string) (core.Principal, error) {
	permission, ok := strings.CutPrefix(credential.Reveal(), "key:")
	if !ok {
		return core.Principal{}, core.Errorf(core.Unauthenticated, "a credential is needed")
	}
	return core.Principal{Subject: "key:1", Method: core.MethodAPIKey, Namespace: "red", Scopes: []string{permission}}, nil
}

func (a *oneCaller) Allow(_ context.Context, p core.Principal, ns core.Namespace, need core.Permission) error {
	order := []core.Permission{core.PermissionRead, core.PermissionWrite, core.PermissionSchema, core.PermissionAdmin}
	if ns != "red" || slices.Index(order, need) > slices.Index(order, core.Permission(p.Scopes[0])) {
		return core.Errorf(core.Denied, "your credential may not %s here", need)
	}
	return nil
}

func (a *oneCaller) Until(ctx context.Context, _ core.Principal, _ core.Namespace, _ core.Permission) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	a.mu.Lock()
	a.revoke = cancel
	a.mu.Unlock()
	return ctx, func() { cancel(nil) }
}

func (a *oneCaller) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoke(core.Errorf(core.Unauthenticated, "the credential was revoked"))
}

// stores are the services of one node without a network.
type stores struct {
	*database.Databases
	*storage.Storage
}

func (s stores) Export(ctx context.Context, ns core.Namespace, t core.Transfer, w io.Writer) (result core.TransferResult, err error) {
	switch t.Kind {
	case core.TransferKV:
		return s.Storage.Export(ctx, ns, t.Prefix, w, nil)
	case core.TransferBackup:
		_, err = s.Backup(ctx, ns, w, nil)
		return result, err
	}
	return s.Databases.Export(ctx, ns, t.Kind, w, nil)
}

func (s stores) Elsewhere(context.Context, core.Namespace) http.RoundTripper { return nil }

func (s stores) Import(ctx context.Context, ns core.Namespace, t core.Transfer, replace bool, r io.Reader) (core.TransferResult, error) {
	switch t.Kind {
	case core.TransferKV:
		return s.Storage.Import(ctx, ns, t.Existing, r, nil)
	case core.TransferBackup:
		return s.Restore(ctx, ns, r, core.RestoreOptions{Replace: replace}, nil)
	}
	return s.Databases.Import(ctx, ns, t, r, nil)
}

// site is a gateway in front of them.
type site struct {
	t    testing.TB
	base string
	auth *oneCaller
	g    *Gateway
}

func openSite(t testing.TB) *site {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	d := replicas.Open(t, testkit.NewHost(t), database.Settings{OwnSchema: storage.Schema()})
	st, err := storage.New(storage.Settings{MaxValueBytes: 4096}, d.Internal(), log)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, st.Run)
	both := stores{d, st}
	s := &site{t: t, auth: &oneCaller{}}
	s.g, err = New(t.Context(), Settings{Address: "127.0.0.1:0", Namespace: "red", MaxValueBytes: 4096, Now: time.Now}, Services{
		Auth: s.auth, Database: d, Storage: st, Feed: both, Transfer: both,
	}, log)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, s.g.Run)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	s.base = "http://" + s.g.Address()
	return s
}

// reply is an answer that was read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// field is one member of a JSON answer, as its text.
func (r reply) field(name string) string {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.body), &members); err != nil {
		return "no object: " + r.body
	}
	return string(members[name])
}

// request is "METHOD /path" with headers "Name: value" and a body.
func (s *site) request(line, body string, headers ...string) *http.Request {
	s.t.Helper()
	method, path, _ := strings.Cut(line, " ")
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("X-API-Key", "key:admin")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	return r
}

func (s *site) do(line, body string, headers ...string) reply {
	s.t.Helper()
	res, err := http.DefaultClient.Do(s.request(line, body, headers...))
	if err != nil {
		s.t.Fatal(err)
	}
	var text bytes.Buffer
	_, err = text.ReadFrom(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		s.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, text.String()}
}

// must does what has to work and gives its answer.
func (s *site) must(line, body string, headers ...string) reply {
	s.t.Helper()
	r := s.do(line, body, headers...)
	if r.status >= http.StatusMultipleChoices {
		s.t.Fatalf("%s %s: %d %s", line, body, r.status, r.body)
	}
	return r
}

// turn is one request and its answer, as the contract tells them. Want is the
// whole body; what differs from run to run stands as … in it.
type turn struct {
	line, body, headers string
	status              int
	want                string
}

func (s *site) play(list []turn) {
	s.t.Helper()
	for _, x := range list {
		var headers []string
		if x.headers != "" {
			headers = strings.Split(x.headers, "; ")
		}
		got := s.do(x.line, x.body, headers...)
		if got.status != x.status || !fits(strings.TrimSpace(got.body), x.want) {
			s.t.Errorf("%s %s %.1000s\n got %d %.1000s\nwant %d %s", x.line, x.headers, x.body, got.status, strings.TrimSpace(got.body), x.status, x.want)
		}
	}
}

// fits compares with a pattern in which … stands for any text.
func fits(text, pattern string) bool {
	parts := strings.Split(pattern, "…")
	rest, ok := strings.CutPrefix(text, parts[0])
	for i, part := range parts[1:] {
		if !ok {
			return false
		}
		if i == len(parts)-2 {
			return strings.HasSuffix(rest, part)
		}
		_, rest, ok = strings.Cut(rest, part)
	}
	return ok && rest == ""
}
