package node_test

// This file uses a node through the programs that are made for rqlite: its own
// shell, and its client for Go.

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rqlite/gorqlite"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// buildShell builds rqlite's shell as it is.
func buildShell(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rqlite-shell")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/rqlite/rqlite/v8/cmd/rqlite")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// withRQLite starts a node whose namespace shop programs made for rqlite find.
func withRQLite(t *testing.T) *running {
	t.Helper()
	return start(t, t.TempDir(), func(c *config.Config) {
		c.Database.RQLitePort = testkit.FreePort(t)
		c.Database.RQLiteNamespace = "shop"
		c.Gateway.APIKeys = []config.APIKey{{Key: "the-key-of-the-shop-0123", Namespace: "shop"}, {Key: "the-key-of-the-others-01", Namespace: "other"}}
	})
}

// shellOn types lines into rqlite's shell and returns what it printed.
func shellOn(t *testing.T, shell string, r *running, credential string, lines ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a shell that waits for ever must not take the others with it
	defer cancel()
	cmd := exec.CommandContext(ctx, shell, "-p", strconv.Itoa(r.port(t)), "-u", "any:"+credential)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "TERM=dumb", "http_proxy=", "HTTP_PROXY=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func (r *running) port(t *testing.T) int {
	t.Helper()
	_, port, _ := strings.Cut(strings.TrimPrefix(r.file.RQLite, "http://"), ":")
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatalf("run.json has no address of rqlite's API: %q", r.file.RQLite)
	}
	return n
}

func TestRQLite_Shell(t *testing.T) {
	shell := buildShell(t)
	r := withRQLite(t)
	backup, dump := filepath.Join(t.TempDir(), "b.sqlite"), filepath.Join(t.TempDir(), "d.sql")
	script := filepath.Join(t.TempDir(), "more.sql")
	if err := os.WriteFile(script, []byte("BEGIN;\nCREATE TABLE more(a);\nINSERT INTO more VALUES('from a file');\nCOMMIT;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	steps := []struct{ line, want string }{
		{"CREATE TABLE tea(id INTEGER PRIMARY KEY, name TEXT, leaf BLOB)", "0 row affected"},
		{"CREATE INDEX tea_name ON tea(name)", "0 row affected"},
		{"INSERT INTO tea(name, leaf) VALUES('Assam', x'00ff'), ('Sencha', NULL)", "2 rows affected"},
		{"INSERT INTO tea(id) VALUES(9007199254740993) RETURNING id", "9007199254740993"},
		{"SELECT count(*) AS n, max(id) AS big FROM tea;", "9007199254740993"},
		{"SELECT colour FROM tea", "no such column: colour"},
		{"ATTACH 'x' AS y", "Error: "},
		{"PRAGMA foreign_keys", "1"},
		{".tables", "tea"},
		{".schema", "CREATE TABLE tea("},
		{".indexes", "CREATE INDEX tea_name"},
		{".timer on", ""},
		{"SELECT name FROM tea WHERE id = 1", "Run Time: "},
		{".timer off", ""},
		{".consistency strong", ""},
		{".tables", "tea"},
		{".blobarray on", ""},
		{".consistency", "strong"},
		{".status", "fk_constraints: enabled"},
		{".nodes", "leader: true"},
		{".nodes all", "voter: true"},
		{".ready", "ready"},
		{".extensions", ""},
		{".backup " + backup, "backup file written successfully"},
		{".dump " + dump, "SQL text file written successfully"},
		{".restore " + script, ""}, // the shell cannot read any server's answer to it
		{"SELECT a FROM more", "from a file"},
		{".expvar", "debros status"},
		{".boot " + backup, "debros sql import"},
		{".remove x", "501 Not Implemented"},
		{".snapshot", "501 Not Implemented"},
		{".stepdown", "501 Not Implemented"},
	}
	lines := make([]string, len(steps))
	for i, s := range steps {
		lines[i] = s.line
	}
	operator, err := config.LoadOperatorKey(r.dir) // backups are for admins
	if err != nil {
		t.Fatal(err)
	}
	rest := shellOn(t, shell, r, operator.Reveal(), lines...)
	if !strings.Contains(rest, "running version v8.43.4") {
		t.Errorf("the shell does not know the version:\n%s", rest)
	}
	for _, s := range steps {
		at := strings.Index(rest, s.want)
		if at < 0 {
			t.Fatalf("%s does not print %q in what is left of the output:\n%s", s.line, s.want, rest)
		}
		rest = rest[at+len(s.want):]
	}
	for path, want := range map[string]string{backup: "SQLite format 3\x00", dump: "INSERT INTO \"tea\""} {
		if text, errRead := os.ReadFile(path); errRead != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, %d bytes without %q", path, err, len(text), want)
		}
	}
	// A file does not replace what is there unless it is told so.
	file, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		path string
		want int
	}{{"/db/load", 409}, {"/db/execute?q", 400}, {"/db/load?existing=replace", 200}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.file.RQLite+step.path, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("", operator.Reveal())
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != step.want || res.Body.Close() != nil {
			t.Errorf("%s with an SQLite file: %d, want %d", step.path, res.StatusCode, step.want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	if out := shellOn(t, shell, r, "the-key-of-the-shop-0123", "SELECT count(*), max(id) FROM tea"); !strings.Contains(out, "9007199254740993") {
		t.Errorf("the file that was loaded is not there:\n%s", out)
	}
	for _, wrong := range []string{"the-key-of-the-others-01", "nobody"} {
		if out := shellOn(t, shell, r, wrong, "SELECT * FROM tea", ".status"); strings.Contains(out, "Assam") || !strings.Contains(out, "401 Unauthorized") || !strings.Contains(out, "unauthorized") {
			t.Errorf("with the key %q the shell prints:\n%s", wrong, out)
		}
	}
}

func TestRQLite_GoClient(t *testing.T) {
	r := withRQLite(t)
	key, err := config.LoadOperatorKey(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := gorqlite.Open("http://any:" + key.Reveal() + "@127.0.0.1:" + strconv.Itoa(r.port(t)) + "/?disableClusterDiscovery=false")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if leader, errLeader := conn.Leader(); errLeader != nil || "http://"+leader != r.file.RQLite {
		t.Errorf("leader %q, %v; the API at %s passes everything on itself", leader, errLeader, r.file.RQLite)
	}
	if _, err = conn.Write([]string{
		"CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, at DATETIME, data BLOB)",
		"INSERT INTO t(name, at) VALUES('a', '2026-01-02 03:04:05')",
	}); err != nil {
		t.Fatal(err)
	}
	wrote, err := conn.WriteOneParameterized(gorqlite.ParameterizedStatement{
		Query: "INSERT INTO t(name, data) VALUES(?, ?)", Arguments: []any{"b", []int{0, 255, 7}},
	})
	if err != nil || wrote.RowsAffected != 1 || wrote.LastInsertID != 2 {
		t.Fatalf("wrote %+v, %v", wrote, err)
	}
	// All or none: the client asks for a transaction unless told otherwise.
	if _, err = conn.Write([]string{"INSERT INTO t(name) VALUES('lost')", "INSERT INTO missing VALUES(1)"}); err == nil {
		t.Error("a transaction with a mistake passed")
	}
	if _, err = conn.QueueOne("INSERT INTO t(name) VALUES('queued')"); err != nil {
		t.Error(err)
	}
	for _, level := range []string{"none", "weak", "linearizable", "strong"} {
		l, errLevel := gorqlite.ParseConsistencyLevel(level)
		err = errLevel
		if err == nil {
			err = conn.SetConsistencyLevel(l)
		}
		if err != nil {
			t.Fatal(err)
		}
		rows, errRows := conn.QueryOneParameterized(gorqlite.ParameterizedStatement{Query: "SELECT id, name, at FROM t WHERE id >= ? ORDER BY id", Arguments: []any{1}})
		if errRows != nil {
			t.Fatalf("%s: %v", level, errRows)
		}
		var names []string
		for rows.Next() {
			var id int64
			var name string
			var at gorqlite.NullTime
			if err = rows.Scan(&id, &name, &at); err != nil {
				t.Fatal(err)
			}
			if id == 1 && !at.Time.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
				t.Errorf("the time came as %v", at)
			}
			names = append(names, name)
		}
		if !slices.Equal(names, []string{"a", "b", "queued"}) {
			t.Errorf("%s: read %q", level, names)
		}
	}
	answer, err := r.Database().Query(t.Context(), "shop", core.Statement{SQL: "SELECT data FROM t WHERE id = 2"}, core.QueryOptions{})
	if err != nil || len(answer.Values) != 1 || !reflect.DeepEqual(answer.Values[0][0], []byte{0, 255, 7}) {
		t.Errorf("the node itself reads %v, %v", answer, err)
	}
}

// Each of these is somebody who must not get in, or a mistake that must be told.
func TestRQLite_Attacks(t *testing.T) {
	r := withRQLite(t)
	own := strings.TrimPrefix(r.file.RQLite, "http://")
	_, port, _ := strings.Cut(own, ":")
	type attack struct {
		name, method, path, body string
		headers                  map[string]string
		host, key                string
		length                   int64
		want                     int
	}
	const key = "the-key-of-the-shop-0123"
	operator, err := config.LoadOperatorKey(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []attack{
		{name: "a file by a writer", key: key, method: http.MethodPost, path: "/db/load", want: 401},
		{name: "nothing wrong", key: key, want: 200},
		{name: "localhost", key: key, host: "localhost:" + port, want: 200},
		{name: "a page of its own", key: key, headers: map[string]string{"Origin": "http://" + own, "Sec-Fetch-Site": "same-origin"}, want: 200},
		{name: "no key", want: 401},
		{name: "key of another namespace", key: "the-key-of-the-others-01", want: 401},
		{name: "rebound name", key: key, host: "evil.test:" + port, want: 403},
		{name: "other port", key: key, host: "127.0.0.1:1", want: 403},
		{name: "no port", key: key, host: "localhost", want: 403},
		{name: "any address", key: key, host: "0.0.0.0:" + port, want: 403},
		{name: "name with a dot", key: key, host: "localhost.:" + port, want: 403},
		{name: "foreign origin", key: key, headers: map[string]string{"Origin": "https://evil.test"}, want: 403},
		{name: "origin on another port", key: key, headers: map[string]string{"Origin": "http://127.0.0.1:1"}, want: 403},
		{name: "origin null", key: key, headers: map[string]string{"Origin": "null"}, want: 403},
		{name: "foreign referer", key: key, headers: map[string]string{"Referer": "http://evil.test/x"}, want: 403},
		{name: "navigation from another site", key: key, headers: map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, want: 403},
		{name: "page on another port", key: key, headers: map[string]string{"Sec-Fetch-Site": "same-site"}, want: 403},
		{name: "preflight", key: key, method: "OPTIONS", headers: map[string]string{"Origin": "https://evil.test"}, want: 403},
		{name: "garbage", key: key, method: "POST", path: "/db/execute", body: "\x00garbage", want: 400},
		{name: "half a list", key: key, method: "POST", path: "/db/execute", body: `["SELECT`, want: 400},
		{name: "an object", key: key, method: "POST", path: "/db/execute", body: `{"a":1}`, want: 400},
		{name: "too large", key: key, method: "POST", path: "/db/execute", body: "[", length: 1 << 40, want: 413},
		{name: "file too large", key: operator.Reveal(), method: "POST", path: "/db/load", body: "[", length: 1 << 40, want: 413},
		{name: "wrong method", key: key, method: "GET", path: "/db/execute", want: 405},
		{name: "wrong level", key: key, path: "/db/query?q=SELECT+1&level=much", want: 400},
		{name: "other route", key: key, path: "/db/../../etc/passwd", want: 404},
	} {
		if a.method == "" {
			a.method = http.MethodGet
		}
		if a.path == "" {
			a.path = "/db/query?q=SELECT+1"
		}
		req, err := http.NewRequestWithContext(t.Context(), a.method, r.file.RQLite+a.path, strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = a.host
		if a.key != "" {
			req.SetBasicAuth("any", a.key)
		}
		for name, value := range a.headers {
			req.Header.Set(name, value)
		}
		if a.length > 0 {
			req.ContentLength, req.Body = a.length, io.NopCloser(endless{})
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Errorf("%s: %v", a.name, err)
			continue
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.Body.Close() != nil {
			t.Error(err)
		}
		if res.StatusCode != a.want {
			t.Errorf("%s: %d, want %d: %s", a.name, res.StatusCode, a.want, body)
		}
		for name := range res.Header {
			if strings.HasPrefix(name, "Access-Control") || name == "Www-Authenticate" {
				t.Errorf("%s: the answer has %s", a.name, name)
			}
		}
		if a.want != 200 {
			var told struct{ Error string }
			if err := json.Unmarshal(body, &told); err != nil || told.Error == "" {
				t.Errorf("%s: the answer does not say what is wrong: %s", a.name, body)
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// endless is a body that would fill any memory.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '"'
	}
	return len(p), nil
}

// A taken port must be told with the flag that changes it.
func TestRQLite_TakenPort(t *testing.T) {
	r := withRQLite(t)
	_, err := tryStart(t, t.TempDir(), func(c *config.Config) { c.Database.RQLitePort = r.port(t) })
	if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "--rqlite-port") {
		t.Errorf("got %v", err)
	}
}
