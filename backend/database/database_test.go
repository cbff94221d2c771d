// What a tenant relies on: values come back as they were stored, results are
// their own, namespaces are apart, and everything is there after a restart.

package database

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// If values change on the way, applications lose money, time and pictures.
func TestValues_RoundTrip(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE v (id INTEGER PRIMARY KEY, a, b TEXT, c BLOB, d BOOLEAN, e DATETIME, f REAL)`)
	stored := []any{int64(math.MaxInt64), "grün\n'\"", []byte{0, 1, 255}, int64(5), "not a time", 0.1}
	if _, err := n.Exec(t.Context(), red, []core.Statement{{
		SQL: `INSERT INTO v (a, b, c, d, e, f) VALUES (?, ?, ?, ?, ?, ?)`, Args: stored,
	}}, core.ExecOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := n.rows(t, red, `SELECT a, b, c, d, e, f FROM v`); !reflect.DeepEqual(got, [][]any{stored}) {
		t.Errorf("got %#v, stored %#v", got, stored)
	}
	named := core.Statement{SQL: `INSERT INTO v (a, b, c, f) VALUES (:a, :b, :c, NULL)`, Named: map[string]any{":a": true, "b": "", "c": []byte{}}}
	if _, err := n.Exec(t.Context(), red, []core.Statement{named}, core.ExecOptions{}); err != nil {
		t.Fatal(err)
	}
	want := [][]any{{int64(1), "", []byte{}, nil}}
	if got := n.rows(t, red, `SELECT a, b, c, f FROM v WHERE id = ?`, int64(2)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

// If provenance or columns are made up, the page shows a user wrong facts.
func TestQuery_TellsWhereItComesFrom(t *testing.T) {
	h := testkit.NewHost(t)
	n := open(t, h, Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY, at DATETIME)`)
	answer, err := n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t (at) VALUES ('x')`}}, core.ExecOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r := answer.Results[0]; r.RowsAffected != 1 || r.LastInsertID != 1 {
		t.Errorf("result is %+v", r)
	}
	for _, level := range []core.Level{core.LevelNone, core.LevelWeak, core.LevelLinearizable, ""} {
		rows, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT id, at, 1+1 FROM t`}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: level, Freshness: time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		p := rows.Provenance
		if p.ServedBy != h.ID().String() || p.Leader != p.ServedBy || p.Group != "ns::red" || p.How != "local" || p.AgeMS != 0 ||
			p.Index < answer.Provenance.Index || p.LeaderIndex < p.Index || p.ElapsedMS <= 0 {
			t.Errorf("level %q: provenance is %+v", level, p)
		}
		if !reflect.DeepEqual(rows.Columns, []string{"id", "at", "1+1"}) || !reflect.DeepEqual(rows.Types, []string{"integer", "datetime", ""}) {
			t.Errorf("columns %q, types %q", rows.Columns, rows.Types)
		}
	}
	if _, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT 1`}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: "strong"}}); core.CodeOf(err) != core.Invalid {
		t.Errorf("an unknown level: %v", err)
	}
}

// If RETURNING loses rows or types, programs cannot learn what they wrote.
func TestExec_Returning(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, at DATETIME DEFAULT '2026-01-02 03:04:05', flag BOOLEAN)`)
	answer, err := n.Exec(t.Context(), red, []core.Statement{{
		SQL: `INSERT INTO t (name, flag) VALUES ('a', 1), ('b', 0) RETURNING id, name, at, flag`,
	}}, core.ExecOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{{int64(1), "a", "2026-01-02 03:04:05", int64(1)}, {int64(2), "b", "2026-01-02 03:04:05", int64(0)}}
	if r := answer.Results[0]; r.Rows == nil || !reflect.DeepEqual(r.Rows.Values, want) || r.RowsAffected != 2 {
		t.Errorf("result is %+v", r.Rows)
	}
	_, err = n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t (name) VALUES ('a') RETURNING id`}}, core.ExecOptions{})
	if core.CodeOf(err) != core.Invalid || !strings.Contains(core.Sentence(err), "UNIQUE constraint failed: t.name") {
		t.Errorf("a failing one: %v", err)
	}
}

// If one tenant sees or changes another's rows, nobody may use the network.
func TestNamespaces_AreApart(t *testing.T) {
	dir := t.TempDir()
	n := open(t, testkit.NewHost(t), Settings{Dir: dir})
	n.must(t, red, `CREATE TABLE t (x)`, `INSERT INTO t VALUES ('red')`)
	n.must(t, blue, `CREATE TABLE t (x)`, `INSERT INTO t VALUES ('blue')`)
	if got := n.rows(t, red, `SELECT x FROM t`); !reflect.DeepEqual(got, [][]any{{"red"}}) {
		t.Errorf("red reads %v", got)
	}
	for _, sql := range []string{
		`SELECT * FROM blue.t`, `ATTACH '` + dir + `/blue/db.sqlite' AS blue`, `SELECT * FROM _debros_kv`, `CREATE TABLE _debros_x (y)`,
	} {
		if _, err := n.Query(t.Context(), red, core.Statement{SQL: sql}, core.QueryOptions{}); core.CodeOf(err) != core.Invalid {
			t.Errorf("query %s: %v", sql, err)
		}
		if _, err := n.Exec(t.Context(), red, []core.Statement{{SQL: sql}}, core.ExecOptions{}); core.CodeOf(err) != core.Invalid {
			t.Errorf("exec %s: %v", sql, err)
		}
	}
	if _, err := n.Query(t.Context(), core.SystemNamespace, core.Statement{SQL: `SELECT 1`}, core.QueryOptions{}); core.CodeOf(err) != core.Invalid {
		t.Errorf("a tenant asks the system namespace: %v", err)
	}
	if got := n.Namespaces(); !reflect.DeepEqual(got, []core.Namespace{blue, red}) {
		t.Errorf("namespaces are %v", got)
	}
}

// If rows are gone after a restart, nothing else matters.
func TestRestart_KeepsAll(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	n := open(t, h, Settings{Dir: dir})
	n.must(t, red, `CREATE TABLE t (x INTEGER PRIMARY KEY)`)
	for i := range 50 {
		n.must(t, red, fmt.Sprintf(`INSERT INTO t VALUES (%d)`, i))
	}
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT 1`}, core.QueryOptions{}); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a query after the end: %v", err)
	}
	began := time.Now()
	n = open(t, h, Settings{Dir: dir})
	if got := n.number(t, `SELECT count(*) FROM t`); got != 50 {
		t.Errorf("%d rows of 50", got)
	}
	t.Logf("from start to the first answer of two groups: %v", time.Since(began))
}

// If the time and the dice of a write are not in the log, a restart changes
// rows that users have seen.
func TestReplay_GivesTheSameTimesAndDice(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	n := open(t, h, Settings{Dir: dir})
	n.must(t, red,
		`CREATE TABLE t (id INTEGER PRIMARY KEY, made DATETIME DEFAULT CURRENT_TIMESTAMP, day DEFAULT CURRENT_DATE, hour DEFAULT CURRENT_TIME, dice DEFAULT (random()), a, b, c, d, e, f, g, h)`)
	for range 5 {
		n.must(t, red, `INSERT INTO t (a, b, c, d, e, f, g, h) VALUES (random (), hex(randomblob(8)), datetime('now', '+1 day'), strftime('%f'), julianday(),
			unixepoch('subsec'), timediff('now', '2020-01-01'), date('now', 'localtime'))`)
	}
	const all = `SELECT * FROM t ORDER BY id`
	before := n.rows(t, red, all)
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	after := open(t, h, Settings{Dir: dir}).rows(t, red, all)
	if !reflect.DeepEqual(before, after) {
		t.Errorf("before: %v\nafter: %v", before, after)
	}
	if before[0][4] == before[1][4] || before[0][5] == before[1][5] || before[0][6] == before[1][6] {
		t.Errorf("the dice repeat: %v", before)
	}
	made, err := time.Parse(time.DateTime, fmt.Sprint(before[0][1]))
	if err != nil || time.Since(made).Abs() > time.Minute {
		t.Errorf("CURRENT_TIMESTAMP is %v: %v", before[0][1], err)
	}
	if day := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly); !strings.HasPrefix(fmt.Sprint(before[0][7]), day[:7]) {
		t.Errorf("tomorrow is %v", before[0][7])
	}
}

// If two first requests open a namespace twice, its files are broken at once.
func TestFirstRequests_OpenOnce(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			if _, err := n.Exec(t.Context(), red, []core.Statement{{SQL: `CREATE TABLE IF NOT EXISTS t (x)`}}, core.ExecOptions{}); err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if got := n.number(t, `SELECT count(*) FROM t`); got != 0 {
		t.Errorf("%d rows", got)
	}
}

// If idle namespaces stay awake, a node with many of them runs out of memory; if
// sleep loses rows, worse.
func TestGroups_SleepAndWake(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir(), IdleAfter: 20 * time.Millisecond, MaxAwake: 2})
	n.must(t, red, `CREATE TABLE t (x)`, `INSERT INTO t VALUES (1)`)
	waitFor(t, func() bool { return !awake(n, red) })
	if got := n.number(t, `SELECT count(*) FROM t`); got != 1 {
		t.Errorf("%d rows after waking", got)
	}
	if !awake(n, core.SystemNamespace) {
		t.Error("the network's own group sleeps")
	}
}

// If the limit of awake namespaces is not kept, one tenant's scan takes the node
// down; if an idle one is not put to sleep for it, the node is stuck.
func TestGroups_LimitOfAwakeOnes(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir(), MaxAwake: 2, ReadLimit: 5 * time.Second})
	for i := range 6 {
		n.must(t, core.Namespace(fmt.Sprintf("n%d", i)), `CREATE TABLE t (x)`)
	}
	if !awake(n, "n5") || !awake(n, "n4") || awake(n, "n3") {
		t.Errorf("awake are %+v", n.Groups())
	}
	hold := func(ns core.Namespace) (end func()) {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := n.Query(ctx, ns, core.Statement{SQL: endless}, core.QueryOptions{}); err == nil {
				t.Error("an endless read ended")
			}
		})
		return func() { cancel(); wg.Wait() }
	}
	defer hold("n5")()
	defer hold("n4")()
	waitFor(t, func() bool { return busy(n) == 2 })
	if _, err := n.Query(t.Context(), "n0", core.Statement{SQL: `SELECT 1`}, core.QueryOptions{}); core.CodeOf(err) != core.Limited {
		t.Errorf("a third namespace: %v", err)
	}
}

const endless = `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c`

func busy(n *node) int {
	n.groups.mu.Lock()
	defer n.groups.mu.Unlock()
	users := 0
	for _, p := range n.groups.places {
		users += p.users
	}
	return users
}

func awake(n *node, ns core.Namespace) bool {
	for _, g := range n.Groups() {
		if g.Name == ns.Group() {
			return g.Awake
		}
	}
	return false
}

// waitFor polls a fact that another goroutine brings about.
func waitFor(t testing.TB, fact func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !fact() {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen in 20 s")
		}
		<-time.After(2 * time.Millisecond)
	}
}
