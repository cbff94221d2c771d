package rqliteapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a node and a database that fail as a test tells.
type fake struct {
	execErr, queryErr error
	rows              core.Rows
	got               []core.QueryOptions
	written           [][]core.Statement
	atomic            bool
	panics            bool
	sent              int // bytes of an export before exportErr
	exportErr         error
}

func (f *fake) Query(_ context.Context, _ core.Namespace, _ core.Statement, o core.QueryOptions) (*core.Rows, error) {
	f.got = append(f.got, o)
	if f.panics {
		panic("planted")
	}
	return &f.rows, f.queryErr
}

func (f *fake) Exec(_ context.Context, _ core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	f.written, f.atomic = append(f.written, list), o.Atomic
	if f.execErr != nil {
		return nil, f.execErr
	}
	return &core.ExecAnswer{Results: make([]core.ExecResult, len(list))}, nil
}

func (f *fake) Export(_ context.Context, _ core.Namespace, _ string, w io.Writer) error {
	if f.sent > 0 {
		if _, err := w.Write(make([]byte, f.sent)); err != nil {
			return err
		}
	}
	return f.exportErr
}

func (f *fake) Import(context.Context, core.Namespace, core.Transfer, io.Reader) (core.TransferResult, error) {
	return core.TransferResult{}, core.Errorf(core.Conflict, "there already: t")
}

func (f *fake) Authorize(context.Context, core.Secret, core.Namespace, core.Permission) error {
	return nil
}

func (f *fake) Kind(sql string) (string, error) {
	switch word, _, _ := strings.Cut(sql, " "); word {
	case "SELECT":
		return "read", nil
	case "INSERT":
		return "write", nil
	}
	return "", core.Errorf(core.Invalid, "this is not SQL")
}

func (f *fake) Placement(context.Context, core.Namespace) (core.Placement, error) {
	return core.Placement{}, core.Errorf(core.Unavailable, "nobody leads")
}

// serve runs an API over f and returns its address.
func serve(t *testing.T, f *fake) string {
	t.Helper()
	a, err := New(t.Context(), Settings{Address: "127.0.0.1:0", Namespace: "shop", Now: time.Now}, f, f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- a.Run(ctx, func() { close(ready) }) }()
	<-ready
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + a.Address()
}

func call(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// The status decides whether rqlite's clients send a request once more: a write
// that may have happened must not look as if it had not.
func TestAPI_Failures(t *testing.T) {
	unknown, down := core.Errorf(core.OutcomeUnknown, "it may be stored"), core.Errorf(core.Unavailable, "nobody leads")
	one, two := `["INSERT 1"]`, `["INSERT 1", "INSERT 2"]`
	for _, test := range []struct {
		name, path, body string
		fake             fake
		status           int
		answer           string
	}{
		{"unknown", "/db/execute", one, fake{execErr: unknown}, 200, `{"error":"it may be stored"}`},
		{"down", "/db/execute", one, fake{execErr: down}, 503, `{"error":"nobody leads"}`},
		{"a mistake", "/db/execute", one, fake{execErr: core.Errorf(core.Invalid, "no such table")}, 200, `{"results":[{"error":"no such table"}]}`},
		{"each alone", "/db/execute", two, fake{execErr: core.Errorf(core.Invalid, "no such table")}, 200, `{"results":[{"error":"no such table"},{"error":"no such table"}]}`},
		{"all or none", "/db/execute?transaction", two, fake{execErr: core.Errorf(core.Invalid, "no such table")}, 200, `{"results":[{"error":"no such table"}]}`},
		{"a refused one among others", "/db/execute", `["INSERT 1", "ATTACH", "INSERT 2"]`, fake{}, 200, `{"results":[{},{"error":"this is not SQL"},{}]}`},
		{"a read to the wrong place", "/db/execute", `["SELECT 1"]`, fake{}, 200, `{"results":[{"error":"this statement only reads; send it to /db/query or /db/request"}]}`},
		{"what was done is told", "/db/request", `["INSERT 1", "SELECT 1", "INSERT 2"]`, fake{queryErr: down}, 200, `{"results":[{},{"error":"nobody leads"},{"error":"this statement was not run, because an earlier one got no answer"}]}`},
		{"mixed transaction", "/db/request?transaction", `["INSERT 1", "SELECT 1"]`, fake{}, 200, `{"results":[{"error":"nothing was stored: reads and writes cannot be one transaction here; send them apart, use RETURNING, or leave transaction out"}]}`},
		{"infinity", "/db/query", `["SELECT 1"]`, fake{rows: core.Rows{Columns: []string{"x"}, Values: [][]any{{math.Inf(1)}}}}, 200, `{"results":[{"error":"column x holds an infinite number, which JSON has not; read it with CAST(… AS TEXT)"}]}`},
		{"queued", "/db/execute?queue", one, fake{}, 200, `{"results":[],"sequence_number":1}`},
		{"associative", "/db/request?associative", one, fake{}, 200, `{"results":[{"rows":null}]}`},
		{"panic", "/db/query", `["SELECT 1"]`, fake{panics: true}, 200, `{"error":"Something went wrong inside the node; its log says what."}`},
		{"a table in the way", "/db/load", "CREATE", fake{}, 200, `{"results":[{"error":"there already: t (what is there is kept unless the path says /db/load?existing=replace or ?existing=append)"}]}`},
		{"a table in the way of a file", "/db/load", sqliteMagic, fake{}, 409, `{"error":"there already: t (what is there is kept unless the path says /db/load?existing=replace or ?existing=append)"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if status, answer := call(t, http.MethodPost, serve(t, &test.fake)+test.path, test.body); status != test.status || answer != test.answer {
				t.Errorf("got %d %s\nwant %d %s", status, answer, test.status, test.answer)
			}
		})
	}
}

// A cut answer that passes for a whole one is a wrong answer.
func TestAPI_TruncatedIsAnError(t *testing.T) {
	f := &fake{rows: core.Rows{Columns: []string{"x"}, Values: [][]any{{int64(1)}}, Truncated: true}}
	if _, answer := call(t, http.MethodPost, serve(t, f)+"/db/query", `["SELECT 1"]`); !strings.Contains(answer, "LIMIT") || strings.Contains(answer, "values") {
		t.Errorf("got %s", answer)
	}
}

// A backup that breaks off must not look like a whole file.
func TestAPI_BrokenBackup(t *testing.T) {
	broken := core.Errorf(core.Unavailable, "the disk is gone")
	if status, answer := call(t, http.MethodGet, serve(t, &fake{exportErr: broken})+"/db/backup", ""); status != 503 || answer != `{"error":"the disk is gone"}` {
		t.Errorf("before the first byte: %d %s", status, answer)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, serve(t, &fake{exportErr: broken, sent: 10})+"/db/backup", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		err = errors.Join(err, res.Body.Close())
	}
	if err == nil {
		t.Error("a broken backup was read to its end")
	}
}

// Every level of rqlite's has a place, and freshness counts with none only.
func TestParams(t *testing.T) {
	for query, want := range map[string]core.ReadOptions{
		"": {Level: core.LevelWeak}, "level=auto": {Level: core.LevelWeak}, "level=STRONG": {Level: core.LevelLinearizable},
		"level=none&freshness=2s&freshness_strict": {Level: core.LevelNone, Freshness: 2 * time.Second}, "level=weak&freshness=2s&redirect": {Level: core.LevelWeak},
	} {
		if p, err := parseParams(query); err != nil || p.read != want {
			t.Errorf("%q: %+v, %v", query, p.read, err)
		}
	}
	for _, query := range []string{"level=x", "timeout=x", "timeout=0s", "timeout=1000h", "db_timeout=-1s", "freshness_strict", "q=", "%zz"} {
		if _, err := parseParams(query); core.CodeOf(err) != core.Invalid {
			t.Errorf("%q passed: %v", query, err)
		}
	}
}

func TestParseStatements(t *testing.T) {
	for body, want := range map[string][]core.Statement{
		`["a", "b"]`: {{SQL: "a"}, {SQL: "b"}},
		`[["a", 9007199254740993, -1, 1.0, "x", null, true]]`: {{SQL: "a", Args: []any{int64(9007199254740993), int64(-1), 1.0, "x", nil, true}}},
		`[["a", "x'00fF'", [1, 255], [], "x'0'"]]`:            {{SQL: "a", Args: []any{[]byte{0, 255}, []byte{1, 255}, []byte{}, "x'0'"}}},
		`[["a", {"n": 1, "b": [2]}], "c"]`:                    {{SQL: "a", Named: map[string]any{"n": int64(1), "b": []byte{2}}}, {SQL: "c"}},
	} {
		if got, err := parseStatements([]byte(body)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, %v", body, got, err)
		}
	}
	for _, body := range []string{
		``, `[]`, `{}`, `"a"`, `[1]`, `[[]]`, `[[1]]`, `["a"`, `["a"]]`, `["a"] x`, `[["a", 9223372036854775808]]`, `[["a", 1e999]]`,
		`[["a", [256]]]`, `[["a", [-1]]]`, `[["a", ["x"]]]`, `[["a", [[1]]]]`, `[["a", {"n": {}}]]`, `[["a", {"n": 1]]`,
	} {
		if got, err := parseStatements([]byte(body)); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s passed: %v, %v", body, got, err)
		}
	}
	if _, err := parseStatements([]byte(`["a"` + strings.Repeat(`,"a"`, MaxStatements) + "]")); core.CodeOf(err) != core.TooLarge {
		t.Errorf("too many statements: %v", err)
	}
	if _, err := parseStatements([]byte(`[["a"` + strings.Repeat(`,1`, MaxParameters+1) + "]]")); core.CodeOf(err) != core.TooLarge {
		t.Errorf("too many values: %v", err)
	}
}

// A body of unknown length must be cut while it is read.
func TestAPI_ChunkedBodyIsBounded(t *testing.T) {
	f := &fake{}
	a, err := New(t.Context(), Settings{Address: "127.0.0.1:0", Namespace: "shop", Now: time.Now}, f, f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // it never ran
	r := httptest.NewRequest(http.MethodPost, "http://"+a.Address()+"/db/execute", io.LimitReader(spaces{}, MaxBodyBytes+1))
	r.ContentLength = -1
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || len(f.written) != 0 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Only loopback may be listened on, whoever writes the settings.
func TestNew_LoopbackOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "example.test:0", "192.0.2.1:0", "x"} {
		if _, err := New(t.Context(), Settings{Address: address, Now: time.Now}, &fake{}, &fake{}, slog.New(slog.DiscardHandler)); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s passed: %v", address, err)
		}
	}
}

// Whatever is sent, it is statements within the bounds, or Invalid or TooLarge;
// and what was understood means the same when it is sent again.
func FuzzParseStatements(f *testing.F) {
	for _, body := range []string{`["a"]`, `[["a",1,-2.5,"x'00'",null,true,[1,2]]]`, `[["a",{"n":1}]]`, `[["a",9223372036854775807]]`, `[`, "\x00", `[["a",[256]]]`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := parseStatements(body)
		if err != nil {
			if code := core.CodeOf(err); code != core.Invalid && code != core.TooLarge {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(list) == 0 || len(list) > MaxStatements {
			t.Fatalf("%d statements", len(list))
		}
		var again []any
		for _, s := range list {
			one := []any{s.SQL}
			for _, v := range s.Args {
				one = append(one, sendable(v))
			}
			if s.Named != nil {
				named := map[string]any{}
				for name, v := range s.Named {
					named[name] = sendable(v)
				}
				one = append(one, named)
			}
			again = append(again, one)
		}
		text, err := json.Marshal(again)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := parseStatements(text); err != nil || fmt.Sprintf("%#v", second) != fmt.Sprintf("%#v", list) {
			t.Fatalf("%s: %#v, then %#v, %v", text, list, second, err)
		}
	})
}

// sendable keeps a fraction a fraction, and a BLOB a list.
func sendable(v any) any {
	switch v := v.(type) {
	case float64:
		text := fmt.Sprintf("%.17e", v)
		return json.RawMessage(text)
	case []byte:
		return byteArray(v)
	}
	return v
}
