package api

// This file is a node that behaves, in memory, for the tests.

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
)

func TestMain(m *testing.M) {
	// One per sql.DB of a real database; it ends a moment after its Close.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// fake is a node. Its SQL knows four words: "select N" answers N rows, "wait"
// reads until it is cancelled, "fail" is refused by the engine, and anything
// else is a write. What first is given
// runs first in every method.
type fake struct {
	hook    atomic.Pointer[func() error]
	stopped atomic.Bool

	mu      sync.Mutex
	items   map[string]core.Item
	version core.Version
	writes  []string
	started chan struct{} // closed when "wait" is under way
	logs    []core.LogEntry
	peers   []core.Peer
	asked   int              // of Status
	spaces  []core.Namespace // besides red
}

func newFake() *fake { return &fake{items: make(map[string]core.Item), started: make(chan struct{})} }

func (f *fake) first(hook func() error) { f.hook.Store(&hook) }

func (f *fake) backend() Backend {
	return Backend{Database: f, Storage: f, Machine: f, Network: fakeNetwork{f}, Peers: &fakePeers{fake: f}, Panel: f, Config: &fakeConfig{}, Replicas: &replicaFake{fake: f}, Chat: newFakeChat(f)}
}

func (f *fake) enter(ctx context.Context) error {
	if hook := f.hook.Load(); hook != nil {
		if err := (*hook)(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// page is an API over f, ready.
func (f *fake) page(t testing.TB) *API {
	t.Helper()
	a := newAPI(t)
	a.Attach(f.backend())
	a.Ready()
	return a
}

func newAPI(t testing.TB) *API {
	t.Helper()
	a, err := New(
		Program{Version: "1.2.3", DataDir: t.TempDir(), UserDir: t.TempDir(), Wallets: &fakeWallets{clock: time.Now}},
		slog.New(slog.DiscardHandler),
	)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// bound returns the bound struct of one type.
func bound[T any](a *API) *T {
	for _, b := range a.Bound(ModeBrowser, nil) {
		if b, ok := b.(*T); ok {
			return b
		}
	}
	return nil
}

func (f *fake) Query(ctx context.Context, _ core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	if s.SQL == "wait" {
		close(f.started)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	rows := &core.Rows{Columns: []string{"n", "text"}, Types: []string{"INTEGER", ""}}
	rows.Provenance.Level = o.Level
	n := 0
	for _, digit := range strings.TrimPrefix(s.SQL, "select ") {
		n = n*10 + int(digit-'0')
	}
	for i := range n {
		if i == o.MaxRows {
			rows.Truncated = true
			break
		}
		rows.Values = append(rows.Values, []any{int64(i), "row"})
	}
	return rows, nil
}

func (f *fake) Exec(ctx context.Context, _ core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	answer := &core.ExecAnswer{}
	before := len(f.writes)
	for i, s := range statements {
		switch {
		case s.SQL != "fail":
		case o.Atomic:
			f.writes = f.writes[:before]
			return nil, core.Errorf(core.Invalid, "nothing was stored: statement %d of %d: UNIQUE constraint failed: t.id", i+1, len(statements))
		default:
			return nil, core.Errorf(core.Invalid, "UNIQUE constraint failed: t.id")
		}
		f.writes = append(f.writes, s.SQL)
		answer.Results = append(answer.Results, core.ExecResult{RowsAffected: 1, LastInsertID: 1<<53 + 1})
	}
	return answer, nil
}

func (f *fake) Schema(ctx context.Context, _ core.Namespace) (core.Schema, error) {
	return core.Schema{Tables: []core.Table{{Name: "t", Kind: "table"}}}, f.enter(ctx)
}

func (f *fake) SplitSQL(script string) ([]core.Piece, error) {
	if strings.Contains(script, "'") {
		return nil, core.Errorf(core.Invalid, "the quote is never closed")
	}
	var out []core.Piece
	offset := 0
	for text := range strings.SplitSeq(script, ";") {
		trimmed := strings.TrimSpace(text)
		from := offset + strings.Index(text, trimmed)
		offset += len(text) + 1
		if trimmed == "" {
			continue
		}
		p := core.Piece{Text: trimmed, Offset: from, End: from + len(trimmed), Kind: "write"}
		switch {
		case strings.HasPrefix(trimmed, "select"), trimmed == "wait":
			p.Kind = "read"
		case trimmed == "attach":
			p.Kind, p.Problem = "", "ATTACH is not allowed."
		}
		out = append(out, p)
	}
	return out, nil
}

func (f *fake) Get(ctx context.Context, _ core.Namespace, key string, _ core.ReadOptions) (core.Item, core.Provenance, error) {
	if err := f.enter(ctx); err != nil {
		return core.Item{}, core.Provenance{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.items[key]
	if !ok {
		return core.Item{}, core.Provenance{}, core.Errorf(core.NotFound, "There is no key %q.", key)
	}
	return i, core.Provenance{Index: 1<<53 + 1}, nil
}

func (f *fake) Put(ctx context.Context, _ core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	if err := f.enter(ctx); err != nil {
		return core.WriteAnswer{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	old, there := f.items[key]
	if (o.IfAbsent && there) || (o.IfVersion > 0 && old.Version != o.IfVersion) {
		return core.WriteAnswer{}, core.Errorf(core.PreconditionFailed, "The key has version %d.", old.Version)
	}
	f.version++
	f.items[key] = core.Item{Key: key, Value: slices.Clone(value), Size: len(value), Version: f.version}
	return core.WriteAnswer{Versions: []core.Version{f.version}, Deleted: []bool{false}}, nil
}

func (f *fake) Delete(ctx context.Context, ns core.Namespace, key string) (core.WriteAnswer, error) {
	return f.Batch(ctx, ns, []core.Op{{Delete: true, Key: key}})
}

func (f *fake) Batch(ctx context.Context, _ core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	if err := f.enter(ctx); err != nil {
		return core.WriteAnswer{}, err
	}
	if len(ops) > core.MaxBatchOps {
		return core.WriteAnswer{}, errors.New("batch too large")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var out core.WriteAnswer
	before := maps.Clone(f.items)
	for _, op := range ops {
		old, there := f.items[op.Key]
		if (op.IfAbsent && there) || (op.IfVersion > 0 && old.Version != op.IfVersion) {
			f.items = before
			return core.WriteAnswer{}, core.Errorf(core.PreconditionFailed, "The key has version %d.", old.Version)
		}
		version := core.Version(0)
		if delete(f.items, op.Key); !op.Delete {
			f.version++
			version = f.version
			f.items[op.Key] = core.Item{Key: op.Key, Value: slices.Clone(op.Value), Size: len(op.Value), Version: version, ExpiresAt: ending(op.TTL)}
		}
		out.Versions = append(out.Versions, version)
		out.Deleted = append(out.Deleted, op.Delete && there)
	}
	return out, nil
}

func ending(ttl time.Duration) time.Time {
	if ttl == 0 {
		return time.Time{}
	}
	return time.Now().Add(ttl)
}

func (f *fake) List(ctx context.Context, _ core.Namespace, o core.ListOptions) (core.Page, error) {
	if err := f.enter(ctx); err != nil {
		return core.Page{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for key := range f.items {
		if strings.HasPrefix(key, o.Prefix) && key > o.Cursor {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var out core.Page
	for i, key := range keys {
		if i == o.Limit {
			out.Next = keys[i-1]
			break
		}
		out.Items = append(out.Items, f.items[key])
	}
	return out, nil
}

func (f *fake) Status(ctx context.Context) (core.Status, error) {
	f.mu.Lock()
	f.asked++
	f.mu.Unlock()
	return core.Status{PeerID: "12D3", Groups: []core.Group{{Name: "ns::default"}}}, f.enter(ctx)
}

func (f *fake) Health(ctx context.Context) (core.Health, error) {
	return core.Health{State: core.StateOK, Checks: []core.Check{{Name: "database", State: core.StateOK}}}, f.enter(ctx)
}

func (f *fake) Peers(ctx context.Context) ([]core.Peer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.peers), f.enter(ctx)
}

func (f *fake) Logs(ctx context.Context, after uint64, limit int) ([]core.LogEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []core.LogEntry
	for _, e := range f.logs {
		if e.Seq > after {
			out = append(out, e)
		}
	}
	return out[max(0, len(out)-limit):], f.enter(ctx)
}

func (f *fake) say(level, message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logs = append(f.logs, core.LogEntry{Seq: uint64(len(f.logs) + 1), Time: time.Unix(1, 0), Level: level, Part: "p2p", Message: message})
}

func (f *fake) Connect(ctx context.Context, _ string) error      { return f.enter(ctx) }
func (f *fake) Disconnect(ctx context.Context, _ string) error   { return f.enter(ctx) }
func (f *fake) Limits(ctx context.Context) ([]core.Limit, error) { return nil, f.enter(ctx) }
func (f *fake) LogLevels() map[string]string                     { must(f.enter(context.Background())); return nil }
func (f *fake) SetLogLevel(string, string) error                 { return f.enter(context.Background()) }
func (f *fake) Namespaces() []core.Namespace {
	must(f.enter(context.Background()))
	return append([]core.Namespace{"red"}, f.spaces...)
}
func (f *fake) ConfigValues() []core.ConfigValue { must(f.enter(context.Background())); return nil }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// codeOf reads the code out of a bound method's error, as the page does.
func codeOf(t testing.TB, err error) core.Code {
	t.Helper()
	if err == nil {
		return ""
	}
	f, ok := errors.AsType[*Failure](err)
	if !ok {
		t.Fatalf("a bound method returned %T: %v", err, err)
	}
	return f.Code
}
