// Limits of reads, and their interruption.

package database

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// If a runaway query cannot be stopped, one tenant takes a core for ever.
func TestQuery_RunawayIsStopped(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir(), ReadLimit: 100 * time.Millisecond})
	n.must(t, red, `CREATE TABLE t (x)`)
	var wg sync.WaitGroup
	for range 2 * maxReaders() { // more than may run at once
		wg.Go(func() {
			began := time.Now()
			_, err := n.Query(t.Context(), red, core.Statement{SQL: endless}, core.QueryOptions{})
			if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "100ms") {
				t.Errorf("it ended with %v", err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	wg.Wait()
	for range 100 {
		n.number(t, `SELECT count(*) FROM t`) // nobody else is interrupted
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := n.Query(ctx, red, core.Statement{SQL: endless}, core.QueryOptions{})
	if core.CodeOf(err) != core.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller with less time: %v", err)
	}
	if _, err := n.Query(t.Context(), red, core.Statement{SQL: endless}, core.QueryOptions{Timeout: time.Millisecond}); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a read with less time: %v", err)
	}
}

// If an answer has no bound, one SELECT takes the memory of the whole node; if
// it is cut in silence, reports are wrong.
func TestQuery_CutsAndSaysSo(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (x)`)
	const many = `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < ?) SELECT x FROM c`
	tests := map[string]struct {
		rows      int64
		options   core.QueryOptions
		want      int
		truncated bool
	}{
		"as many as fit":      {MaxRows, core.QueryOptions{}, MaxRows, false},
		"one more":            {MaxRows + 1, core.QueryOptions{}, MaxRows, true},
		"fewer wanted":        {100, core.QueryOptions{MaxRows: 10}, 10, true},
		"just as many wanted": {10, core.QueryOptions{MaxRows: 10}, 10, false},
		"more than allowed":   {MaxRows + 5, core.QueryOptions{MaxRows: 1e9}, MaxRows, true},
		"fewer bytes wanted":  {100, core.QueryOptions{MaxBytes: 160}, 10, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rows, err := n.Query(t.Context(), red, core.Statement{SQL: many, Args: []any{test.rows}}, test.options)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows.Values) != test.want || rows.Truncated != test.truncated {
				t.Errorf("%d rows, truncated %t", len(rows.Values), rows.Truncated)
			}
		})
	}
}

// If a read's parameters can be those of the call before, one user sees
// another's rows.
func TestQuery_ParametersAreTheCallersOwn(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (x)`)
	in := n.Internal()
	ask := func(args []any, named map[string]any) (any, error) {
		sql := `SELECT ?1 || '-' || ?2`
		if named != nil {
			sql = `SELECT coalesce(:a, 'none') || '-' || coalesce(:b, 'none')`
		}
		rows, err := in.Query(t.Context(), red, core.Statement{SQL: sql, Args: args, Named: named}, core.QueryOptions{})
		if err != nil {
			return nil, err
		}
		return rows.Values[0][0], nil
	}
	if got, err := ask([]any{"a", "b"}, nil); got != "a-b" || err != nil {
		t.Error(got, err)
	}
	if _, err := ask([]any{"a"}, nil); core.CodeOf(err) != core.Invalid {
		t.Errorf("a missing one: %v", err)
	}
	if _, err := ask([]any{"a", "b", "c"}, nil); core.CodeOf(err) != core.Invalid {
		t.Errorf("one too many: %v", err)
	}
	if got, err := ask(nil, map[string]any{"a": "x", ":b": "y"}); got != "x-y" || err != nil {
		t.Error(got, err)
	}
	for name, s := range map[string]core.Statement{
		"both kinds":   {SQL: `SELECT ?`, Args: []any{1}, Named: map[string]any{"a": 1}},
		"strange type": {SQL: `SELECT ?`, Args: []any{struct{}{}}},
		"broken text":  {SQL: `SELECT ?`, Args: []any{"\xff"}},
		"zero byte":    {SQL: "SELECT 1\x00"},
		"nothing":      {SQL: " -- nothing"},
		"not SQL":      {SQL: "hello"},
	} {
		if _, err := in.Query(t.Context(), red, s, core.QueryOptions{}); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// If what is prepared outlives a change of the schema, columns are missing.
func TestQuery_SeesTheSchemaOfNow(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (a)`, `INSERT INTO t VALUES (1)`)
	for i := range 5 {
		if got := len(n.rows(t, red, `SELECT * FROM t`)[0]); got != i+1 {
			t.Errorf("%d columns of %d", got, i+1)
		}
		n.must(t, red, fmt.Sprintf(`ALTER TABLE t ADD COLUMN c%d`, i))
	}
	for i := range 2 * maxPrepared { // and forgets what it need not keep
		n.number(t, fmt.Sprintf(`SELECT %d`, i))
	}
	for _, r := range n.groupOf(t, red).readers.idle {
		if len(r.prepared) > maxPrepared || len(r.order) != len(r.prepared) {
			t.Errorf("%d statements are kept", len(r.prepared))
		}
	}
}

// If closing waits for readers, stopping the program takes as long as the slowest query.
func TestRun_EndsWhileAReadRuns(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (x)`)
	answered := make(chan error, 1)
	go func() {
		_, err := n.Query(context.Background(), red, core.Statement{SQL: endless}, core.QueryOptions{})
		answered <- err
	}()
	waitFor(t, func() bool { return busy(n) == 1 })
	began := time.Now()
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := <-answered; core.CodeOf(err) != core.Unavailable {
		t.Errorf("the read: %v", err)
	}
}

// If the page shows tables that are not the tenant's, or hides theirs, nobody
// can find their way.
func TestSchema(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'nobody', age INT UNIQUE)`,
		`CREATE INDEX by_name ON people (name, lower(name))`, `CREATE VIEW names AS SELECT name FROM people`,
		`CREATE VIRTUAL TABLE words USING fts5(body)`)
	if _, err := n.Internal().Exec(t.Context(), red, []core.Statement{{SQL: `CREATE TABLE _debros_kv (k)`}}, core.ExecOptions{}); err != nil {
		t.Fatal(err)
	}
	schema, err := n.Schema(t.Context(), red)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v", schema.Tables)
	want := `[{Name:names Kind:view SQL:CREATE VIEW names AS SELECT name FROM people Columns:[{Name:name Type:TEXT Nullable:true Default: PrimaryKey:false}] Indexes:[]} ` +
		`{Name:people Kind:table SQL:CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'nobody', age INT UNIQUE) ` +
		`Columns:[{Name:id Type:INTEGER Nullable:true Default: PrimaryKey:true} {Name:name Type:TEXT Nullable:false Default:'nobody' PrimaryKey:false} {Name:age Type:INT Nullable:true Default: PrimaryKey:false}] ` +
		`Indexes:[{Name:by_name Unique:false Columns:[name ] SQL:CREATE INDEX by_name ON people (name, lower(name))} {Name:sqlite_autoindex_people_1 Unique:true Columns:[age] SQL:}]} ` +
		`{Name:words Kind:table SQL:CREATE VIRTUAL TABLE words USING fts5(body) Columns:[{Name:body Type: Nullable:true Default: PrimaryKey:false}] Indexes:[]}]`
	if got != want {
		t.Errorf("schema is\n%s\nwant\n%s", got, want)
	}
}

// If a full database takes no DELETE, nobody gets it empty again.
func TestExec_MaxBytes(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir(), MaxBytes: 2 << 20})
	n.must(t, red, `CREATE TABLE t (x)`)
	fill := func() (err error) {
		for range 20 {
			if _, err = n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t VALUES (zeroblob(500000))`}}, core.ExecOptions{}); err != nil {
				break
			}
		}
		return err
	}
	if err := fill(); core.CodeOf(err) != core.TooLarge || !strings.Contains(core.Sentence(err), "at most 2 MiB") {
		t.Errorf("a full one: %v", err)
	}
	n.must(t, red, `DELETE FROM t`)
	n.groupOf(t, red).full.Store(0) // look now, not in a second
	n.must(t, red, `INSERT INTO t VALUES (1)`)
}

// A leader that is behind itself for ever makes every answer look old.
func TestProvenance_NotBehindByEntriesThatChangeNothing(t *testing.T) {
	d := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	d.must(t, "demo", "CREATE TABLE t(x)")
	for range 3 { // the first linearizable read of a term puts an entry of its own into the log
		rows, err := d.Query(t.Context(), "demo", core.Statement{SQL: "SELECT 1"}, core.QueryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if p := rows.Provenance; p.Index != p.LeaderIndex {
			t.Errorf("index %d, leader's %d", p.Index, p.LeaderIndex)
		}
	}
	for _, g := range d.Groups() {
		if g.Index != g.CommitIndex {
			t.Errorf("%s: index %d, commit index %d", g.Name, g.Index, g.CommitIndex)
		}
	}
}
