package cli

// This file is a node in memory, and a command line to try on it.

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

const canary = "CANARY-5d1e"

// fake is a node in memory. Its SQL knows a few statements.
type fake struct {
	wishes  []string // of peers
	items   map[string]core.Item
	version core.Version
	fail    error // of every call
	logs    []core.LogEntry
	peers   []core.Peer
	health  core.Health
	stopped bool
	dialled target
	execs   [][]core.Statement
	message []byte
	network networkFake
	chat    chatFake

	transfer transferFake
	keys     []string // idempotency keys of writes
}

func newFake() *fake {
	return &fake{items: map[string]core.Item{}, health: core.Health{State: core.StateOK, Checks: []core.Check{{Name: "database", State: core.StateOK, Detail: "1 group"}}}}
}

func (f *fake) from(o core.ReadOptions) core.Provenance {
	return core.Provenance{Level: o.Level, ServedBy: "12D3me", How: "local", Index: uint64(f.version), ElapsedMS: 0.5}
}

func (f *fake) Query(_ context.Context, _ core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	f.execs = append(f.execs, []core.Statement{s})
	rows := &core.Rows{Columns: []string{"id", "name", "id"}, Types: []string{"INTEGER", "TEXT", ""}, Provenance: f.from(o.ReadOptions), Values: [][]any{
		{int64(9007199254740993), "Ann\x1b[2J", nil},
		{int64(2), []byte{0xff, 0}, 1.5},
	}}
	return rows, f.fail
}

func (f *fake) Exec(_ context.Context, _ core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	f.execs, f.keys = append(f.execs, list), append(f.keys, o.IdempotencyKey)
	answer := &core.ExecAnswer{}
	for _, s := range list {
		r := core.ExecResult{RowsAffected: 1, LastInsertID: 7}
		if strings.Contains(s.SQL, "nonsense") {
			r = core.ExecResult{Error: "no such table: nonsense"}
		}
		answer.Results = append(answer.Results, r)
	}
	return answer, f.fail
}

func (f *fake) Schema(context.Context, core.Namespace) (core.Schema, error) {
	return core.Schema{Tables: []core.Table{{
		Name: "users", Kind: "table", SQL: "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
		Columns: []core.Column{{Name: "id", Type: "INTEGER", Nullable: true, PrimaryKey: true}, {Name: "name", Type: "TEXT", Default: "'x'"}},
		Indexes: []core.Index{{Name: "by_name", Unique: true, Columns: []string{"name"}}},
	}}}, f.fail
}

func (f *fake) Get(_ context.Context, _ core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error) {
	item, ok := f.items[key]
	if !ok && f.fail == nil {
		return item, core.Provenance{}, core.Errorf(core.NotFound, "there is no key %q", key)
	}
	return item, f.from(o), f.fail
}

func (f *fake) Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	return f.Batch(ctx, ns, []core.Op{{Key: key, Value: value, PutOptions: o}})
}

func (f *fake) List(_ context.Context, _ core.Namespace, o core.ListOptions) (core.Page, error) {
	page := core.Page{Provenance: f.from(o.ReadOptions)}
	var keys []string
	for k := range f.items {
		if strings.HasPrefix(k, o.Prefix) && k > o.Cursor {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for i, k := range keys {
		if i == o.Limit {
			page.Next = keys[i-1]
			break
		}
		page.Items = append(page.Items, f.items[k])
	}
	return page, f.fail
}

func (f *fake) Batch(_ context.Context, _ core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	f.keys = append(f.keys, ops[0].IdempotencyKey)
	var answer core.WriteAnswer
	if f.fail != nil {
		return answer, f.fail
	}
	for _, op := range ops {
		_, found := f.items[op.Key]
		f.version++
		if op.Delete {
			delete(f.items, op.Key)
			answer.Versions, answer.Deleted = append(answer.Versions, 0), append(answer.Deleted, found)
			continue
		}
		if op.IfAbsent && found {
			return answer, core.Errorf(core.PreconditionFailed, "there is a key %q already", op.Key)
		}
		f.items[op.Key] = core.Item{Key: op.Key, Value: op.Value, Size: len(op.Value), Version: f.version, UpdatedAt: time.Unix(1700000000, 0)}
		answer.Versions, answer.Deleted = append(answer.Versions, f.version), append(answer.Deleted, false)
	}
	answer.Provenance = f.from(core.ReadOptions{})
	return answer, nil
}

func (f *fake) WatchKeys(ctx context.Context, _ core.Namespace, prefix string, since core.Version, got func(core.Changes) error) error {
	at := time.Unix(1700000000, 0)
	c := core.Changes{Gap: since == 1, Changes: []core.KVChange{
		{Operation: core.OperationPut, Item: core.Item{Key: prefix + "a", Value: []byte("red\x1b[2J"), Size: 7, Version: since + 1, UpdatedAt: at}},
		{Operation: core.OperationPut, Item: core.Item{Key: prefix + "b", Value: []byte{0xff}, Size: 1, Version: since + 2, UpdatedAt: at}},
		{Operation: core.OperationDelete, Item: core.Item{Key: prefix + "a", Version: since + 3, UpdatedAt: at}},
	}}
	if err := got(c); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (f *fake) History(_ context.Context, _ core.Namespace, key string, _ int) (core.History, error) {
	at := time.Unix(1700000000, 0)
	return core.History{CompleteSince: 2, CompleteSinceTime: at, Provenance: f.from(core.ReadOptions{}), Versions: []core.KVChange{
		{Operation: core.OperationDelete, Item: core.Item{Key: key, Version: 5, UpdatedAt: at}},
		{Operation: core.OperationPut, Item: core.Item{Key: key, Value: []byte("red"), Size: 3, Version: 3, UpdatedAt: at}},
	}}, f.fail
}

func (f *fake) WatchQuery(ctx context.Context, ns core.Namespace, s core.Statement, got func(core.LiveAnswer) error) error {
	for i := uint64(1); ctx.Err() == nil; i++ {
		rows, err := f.Query(ctx, ns, s, core.QueryOptions{})
		if err == nil {
			err = got(core.LiveAnswer{Rows: rows, Changed: true, Index: i, Gap: i == 2})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) Publish(_ context.Context, _ core.Namespace, _ string, data []byte) error {
	f.message = data
	return f.fail
}

func (f *fake) Subscribe(ctx context.Context, _ core.Namespace, topic string, ready func(), got func(core.Message) error) error {
	ready()
	for _, data := range [][]byte{[]byte("one"), {0xff}, []byte("three")} {
		if err := got(core.Message{ID: "1", Topic: topic, From: "12D3KooWsomebody", Data: data, ReceivedAt: time.Unix(1700000000, 0)}); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

func (f *fake) Topics(context.Context, core.Namespace) ([]string, error) {
	return []string{"jobs", "news"}, f.fail
}

func (f *fake) Status(context.Context) (core.Status, error) {
	return core.Status{PeerID: "12D3me", Role: "member", StartedAt: time.Now(), Addresses: []string{"/ip4/127.0.0.1/tcp/1/p2p/12D3me"}, Groups: []core.Group{{Name: "ns::system", State: "leader"}}}, f.fail
}

func (f *fake) Health(context.Context) (core.Health, error) { return f.health, f.fail }
func (f *fake) Peers(context.Context) ([]core.Peer, error)  { return f.peers, f.fail }
func (f *fake) Connect(context.Context, string) error       { return f.fail }
func (f *fake) Disconnect(context.Context, string) error    { return f.fail }
func (f *fake) Open(context.Context, string) (string, error) {
	return "http://127.0.0.1:1/login?once=x", f.fail
}
func (f *fake) Close() error               { return nil }
func (f *fake) Stop(context.Context) error { f.stopped = true; return f.fail }
func (f *fake) Logs(_ context.Context, after uint64, limit int) ([]core.LogEntry, error) {
	var found []core.LogEntry
	for _, e := range f.logs {
		if e.Seq > after {
			found = append(found, e)
		}
	}
	return found[max(0, len(found)-limit):], f.fail
}

// splitFake cuts at semicolons outside of single quotes.
func splitFake(script string) ([]core.Piece, error) {
	if strings.Count(script, "'")%2 == 1 {
		return nil, core.Errorf(core.Invalid, "a quote is open")
	}
	var pieces []core.Piece
	offset := 0
	quoted := false
	cut := strings.FieldsFunc(script, func(r rune) bool {
		quoted = quoted != (r == '\'')
		return r == ';' && !quoted
	})
	for _, part := range cut {
		if text := strings.TrimSpace(part); text != "" {
			p := core.Piece{Text: text, Offset: offset + strings.Index(part, text), Kind: "write"}
			switch first, _, _ := strings.Cut(strings.ToUpper(text), " "); first {
			case "SELECT":
				p.Kind = "read"
			case "ATTACH":
				p.Kind, p.Problem = "", "ATTACH is not allowed here"
			}
			pieces = append(pieces, p)
		}
		offset += len(part) + 1
	}
	return pieces, nil
}

// screen is one run of the command line and what it printed.
type screen struct {
	node     *fake
	dir      string
	stdin    string
	env      map[string]string
	terminal bool
	person   bool     // who types: standard input is a terminal, too
	secrets  []string // typed where nothing is shown
	noDir    bool     // leave --data-dir out
	typing   func(printed func() string) *pastedSignature
	ctx      context.Context //nolint:containedctx // one run of a test
	start    func(ctx context.Context, s NodeStart, ready func(string)) error
	open     func(ctx context.Context, url string) error
	page     func() fs.FS

	startGateway func(ctx context.Context, s GatewayStart, ready func(string)) error

	out, err string
	status   int
}

// newScreen has a data folder on which a node seems to run.
func newScreen(t *testing.T) *screen {
	t.Helper()
	dir := t.TempDir()
	if _, err := config.CreateOperatorKey(dir); err != nil {
		t.Fatal(err)
	}
	run := config.RunFile{PeerID: "12D3me", P2P: []string{"/ip4/127.0.0.1/tcp/1/p2p/12D3me"}, Gateway: "http://127.0.0.1:2", PID: thisProcess(), StartedAt: time.Now()}
	if err := config.WriteRunFile(dir, run); err != nil {
		t.Fatal(err)
	}
	return &screen{node: newFake(), dir: dir, env: map[string]string{"HOME": dir, userDirVariable: filepath.Join(dir, "user")}, ctx: t.Context(), open: func(context.Context, string) error { return nil }}
}

// run types one command.
func (s *screen) run(args ...string) *screen {
	var out, errs bytes.Buffer
	var in io.Reader = strings.NewReader(s.stdin)
	if s.typing != nil {
		in = s.typing(errs.String)
	}
	if s.noDir {
		s.env["DEBROS_DATA_DIR"] = s.dir
	} else {
		args = append([]string{"--data-dir", s.dir}, args...)
	}
	env := Env{
		Args: args, Stdin: in, Stdout: &out, Stderr: &errs,
		Lookup:   func(name string) (string, bool) { v, ok := s.env[name]; return v, ok },
		Terminal: Terminal{Stdin: s.person, Stdout: s.terminal, Stderr: s.terminal || s.person},
		Program: Program{
			Build: Build{Version: "1.2.3", Commit: "abc"}, SplitSQL: splitFake, Start: s.start,
			Limits:  func() []core.Limit { return []core.Limit{{Name: "a key", Value: "1024 bytes", Why: "it is a name"}} },
			OpenURL: s.open, Page: s.page, StartGateway: s.startGateway,
		},
	}
	if s.person {
		env.Terminal.Secret = s.typeSecret
	}
	a := &app{env: env, dial: func(_ context.Context, t target) (remote, error) {
		s.node.dialled = t
		return s.node, nil
	}}
	s.status = a.main(s.ctx)
	s.out, s.err = out.String(), errs.String()
	return s
}

// typeSecret types the next secret.
func (s *screen) typeSecret(string) (core.Secret, error) {
	if len(s.secrets) == 0 {
		return "", core.Errorf(core.Invalid, "nothing more is typed")
	}
	next := s.secrets[0]
	s.secrets = s.secrets[1:]
	return core.Secret(next), nil
}

// lines is a LineEditor that types what it was given.
type lines struct{ left []string }

func (l *lines) ReadLine(string) (string, error) {
	if len(l.left) == 0 {
		return "", io.EOF
	}
	line := l.left[0]
	l.left = l.left[1:]
	return line, nil
}
