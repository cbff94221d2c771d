// What the group commit promises: everybody's own result, exact transactions,
// and honest words about what did not happen.

package database

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/rqlite/rqlite/v8/command/proto"
	"github.com/rqlite/rqlite/v8/store"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// held is a group whose writer does not send until letGo is called, so that
// callers gather.
type held struct {
	*group
	letGo   func()
	arrived chan struct{} // closed when the writer has taken the first entry
	entries atomic.Int64  // that were sent
}

// hold must be called before the group writes anything else.
func hold(t *testing.T, n *node, ns core.Namespace) *held {
	t.Helper()
	gate := make(chan struct{})
	h := &held{group: n.groupOf(t, ns), arrived: make(chan struct{}), letGo: sync.OnceFunc(func() { close(gate) })}
	t.Cleanup(h.letGo) // before the databases end, which wait for it
	propose, arrive := h.writer.propose, sync.OnceFunc(func() { close(h.arrived) })
	h.writer.propose = func(s []*proto.Statement) ([]*proto.ExecuteQueryResponse, uint64, error) {
		arrive()
		<-gate
		h.entries.Add(1)
		return propose(s)
	}
	return h
}

// groupOf is a namespace's group, awake.
func (n *node) groupOf(t testing.TB, ns core.Namespace) *group {
	t.Helper()
	table, err := n.table()
	if err != nil {
		t.Fatal(err)
	}
	l, err := table.acquire(t.Context(), ns)
	if err != nil {
		t.Fatal(err)
	}
	l.release()
	return l.group
}

// queued waits until so many writes are with the group's writer.
func queued(t *testing.T, g *group, want int) {
	t.Helper()
	waitFor(t, func() bool {
		g.writer.mu.Lock()
		defer g.writer.mu.Unlock()
		return len(g.writer.queue) == want
	})
}

// If a neighbour's fault in a shared entry becomes mine, or his success, no
// answer can be believed.
func TestExec_EachCallerHasTheirOwnResult(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (x INTEGER PRIMARY KEY)`, `INSERT INTO t VALUES (1000)`)
	g := hold(t, n, red)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t VALUES (2000)`}}, core.ExecOptions{}); err != nil {
			t.Errorf("the first one: %v", err)
		}
	})
	<-g.arrived
	for i := range 64 {
		wg.Go(func() {
			value := int64(i)
			if i%3 == 0 {
				value = 1000
			}
			answer, err := n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t VALUES (?)`, Args: []any{value}}}, core.ExecOptions{})
			switch {
			case i%3 == 0 && (core.CodeOf(err) != core.Invalid || !strings.Contains(core.Sentence(err), "UNIQUE constraint failed: t.x")):
				t.Errorf("caller %d, who is wrong: %v", i, err)
			case i%3 != 0 && err != nil:
				t.Errorf("caller %d: %v", i, err)
			case i%3 != 0 && answer.Results[0].LastInsertID != value:
				t.Errorf("caller %d got %+v", i, answer.Results[0])
			}
		})
	}
	queued(t, g.group, 64)
	g.letGo()
	wg.Wait()
	if got := n.number(t, `SELECT count(*) FROM t`); got != 64-22+2 {
		t.Errorf("%d rows", got)
	}
	if sent := g.entries.Load(); sent != 2 {
		t.Errorf("64 waiting writes went into %d entries", sent-1)
	}
}

// If a transaction is undone by half, or takes a neighbour's rows with it, money
// is lost. Here three callers share an entry, and the middle one fails.
func TestExec_AtomicUndoesExactlyItself(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	tests := map[string]struct {
		middle []string
		want   string
	}{
		"first fails":    {[]string{`INSERT INTO t VALUES (1)`, `INSERT INTO t VALUES (11)`, `INSERT INTO t VALUES (12)`}, "statement 1 of 3: UNIQUE"},
		"second fails":   {[]string{`INSERT INTO t VALUES (11)`, `INSERT INTO t VALUES (1)`, `INSERT INTO t VALUES (12)`}, "statement 2 of 3: UNIQUE"},
		"last fails":     {[]string{`INSERT INTO t VALUES (11)`, `DELETE FROM t WHERE x = 1; -- mine`, `INSERT INTO t VALUES (12), (12)`}, "statement 3 of 3: UNIQUE"},
		"no such table":  {[]string{`INSERT INTO t VALUES (11)`, `INSERT INTO missing VALUES (1)`}, "statement 2 of 2: no such table: missing"},
		"nothing fails":  {[]string{`INSERT INTO t VALUES (11) -- end`, `UPDATE t SET x = 12 WHERE x = 11;`}, ""},
		"nothing to do":  {[]string{`DELETE FROM t WHERE x = 77`, `UPDATE t SET x = 0 WHERE x = 77`}, ""},
		"fails by check": {[]string{`DELETE FROM t`, `INSERT INTO t VALUES (-1)`}, "statement 2 of 2: CHECK"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ns := core.Namespace(strings.ReplaceAll(name, " ", "-"))
			n.must(t, ns, `CREATE TABLE t (x INTEGER PRIMARY KEY CHECK (x >= 0))`, `INSERT INTO t VALUES (1)`)
			writes := []*write{
				newTestWrite(t, false, `INSERT INTO t VALUES (2)`), newTestWrite(t, true, test.middle...),
				newTestWrite(t, true, `INSERT INTO t VALUES (3)`, `INSERT INTO t VALUES (4)`), newTestWrite(t, false, `INSERT INTO t VALUES (5)`),
			}
			outcomes := n.apply(t, ns, writes)
			if got := core.Sentence(outcomes[1].err); !strings.Contains(got, test.want) || (test.want == "") != (outcomes[1].err == nil) {
				t.Errorf("the middle one's outcome: %v", outcomes[1].err)
			}
			for i, o := range outcomes {
				if i != 1 && (o.err != nil || o.results[0].RowsAffected != 1) {
					t.Errorf("caller %d: %+v", i, o)
				}
			}
			want := [][]any{{int64(1)}, {int64(2)}, {int64(3)}, {int64(4)}, {int64(5)}}
			if name == "nothing fails" {
				want = append(want, []any{int64(12)})
			}
			if got := n.rows(t, ns, `SELECT x FROM t ORDER BY x`); !reflect.DeepEqual(got, want) {
				t.Errorf("rows are %v, want %v", got, want)
			}
		})
	}
}

func newTestWrite(t *testing.T, atomic bool, texts ...string) *write {
	t.Helper()
	statements := make([]core.Statement, len(texts))
	for i, text := range texts {
		statements[i].SQL = text
	}
	w, err := newWrite(statements, core.ExecOptions{Atomic: atomic})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// apply sends writes in one shared entry.
func (n *node) apply(t *testing.T, ns core.Namespace, writes []*write) []outcome {
	t.Helper()
	e := newEntry(writes, time.Now(), newSeed(), true)
	if e.mode != modeShared {
		t.Fatalf("the entry is not shared: %v", e.mode)
	}
	responses, index, err := n.groupOf(t, ns).writer.propose(e.request)
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := e.outcomes(responses, index)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// If a transaction whose statements return rows is not one, a program that reads
// an id back stores orphans.
func TestExec_AtomicWithReturning(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	n := open(t, h, Settings{Dir: dir})
	n.must(t, red, `CREATE TABLE a (id INTEGER PRIMARY KEY, x UNIQUE)`, `CREATE TABLE b (a INTEGER REFERENCES a(id) DEFERRABLE INITIALLY DEFERRED, r)`)
	exec := func(texts ...string) (*core.ExecAnswer, error) {
		statements := make([]core.Statement, len(texts))
		for i, text := range texts {
			statements[i].SQL = text
		}
		return n.Exec(t.Context(), red, statements, core.ExecOptions{Atomic: true})
	}
	answer, err := exec(`INSERT INTO a (x) VALUES ('one')`, `INSERT INTO b (a, r) VALUES (last_insert_rowid(), random()) RETURNING a, r`)
	if err != nil || len(answer.Results) != 2 || answer.Results[1].Rows.Values[0][0] != int64(1) {
		t.Fatalf("%+v, %v", answer, err)
	}
	if got := n.rows(t, red, `SELECT a, r FROM b`); !reflect.DeepEqual(got, answer.Results[1].Rows.Values) {
		t.Errorf("returned %v, stored %v", answer.Results[1].Rows.Values, got)
	}
	for want, texts := range map[string][]string{
		"UNIQUE":      {`INSERT INTO a (x) VALUES ('two') RETURNING id`, `INSERT INTO a (x) VALUES ('one') RETURNING id`, `DELETE FROM b`},
		"FOREIGN KEY": {`INSERT INTO a (x) VALUES ('two') RETURNING id`, `INSERT INTO b (a) VALUES (99)`},
	} {
		if _, err := exec(texts...); core.CodeOf(err) != core.Invalid || !strings.Contains(core.Sentence(err), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	n.must(t, red, `INSERT INTO a (x) VALUES ('three')`)
	check := func(n *node) {
		if a, b := n.number(t, `SELECT count(*) FROM a`), n.number(t, `SELECT count(*) FROM b`); a != 2 || b != 1 {
			t.Errorf("%d and %d rows", a, b)
		}
	}
	check(n)
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	check(open(t, h, Settings{Dir: dir}))
}

// If a crash between the two entries of such a transaction leaves it open, the
// namespace is stuck, or the next write commits what nobody confirmed.
func TestOpen_RollsBackWhatACrashLeftOpen(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	n := open(t, h, Settings{Dir: dir})
	n.must(t, red, `CREATE TABLE t (x)`)
	e := newEntry([]*write{newTestWrite(t, true, `INSERT INTO t VALUES (1) RETURNING x`, `INSERT INTO t VALUES (2)`)}, time.Now(), newSeed(), true)
	if _, _, err := n.groupOf(t, red).writer.propose(e.request); err != nil || e.mode != modeHeld {
		t.Fatal(err, e.mode)
	}
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	n = open(t, h, Settings{Dir: dir})
	n.must(t, red, `INSERT INTO t VALUES (3)`)
	if got := n.rows(t, red, `SELECT x FROM t`); !reflect.DeepEqual(got, [][]any{{int64(3)}}) {
		t.Errorf("rows are %v", got)
	}
}

// If somebody's constraint that waits for COMMIT is checked at a shared COMMIT,
// one caller's fault is everybody's.
func TestExec_DeferredConstraintIsItsCallersOwn(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE a (id INTEGER PRIMARY KEY)`, `CREATE TABLE b (a INTEGER REFERENCES a(id) DEFERRABLE INITIALLY DEFERRED)`)
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			parent := int64(i)
			if i%3 == 0 {
				parent = 1000
			}
			_, err := n.Exec(t.Context(), red, []core.Statement{
				{SQL: `INSERT INTO b VALUES (?)`, Args: []any{parent}}, {SQL: `INSERT INTO a VALUES (?)`, Args: []any{int64(i)}},
			}, core.ExecOptions{Atomic: true})
			if wrong := i%3 == 0; wrong != (core.CodeOf(err) == core.Invalid) || (err != nil && !strings.Contains(core.Sentence(err), "FOREIGN KEY")) {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if a, b := n.number(t, `SELECT count(*) FROM a`), n.number(t, `SELECT count(*) FROM b`); a != 20 || b != 20 {
		t.Errorf("%d and %d rows", a, b)
	}
}

// If several statements that are no transaction hide each other's outcome, half
// an import goes unnoticed.
func TestExec_SeveralStatements(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	answer, err := n.Exec(t.Context(), red, []core.Statement{
		{SQL: `CREATE TABLE t (x PRIMARY KEY)`}, {SQL: `INSERT INTO t VALUES (1), (2)`}, {SQL: `INSERT INTO t VALUES (1)`}, {SQL: `DELETE FROM t WHERE x = 2`},
	}, core.ExecOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []core.ExecResult{{}, {RowsAffected: 2, LastInsertID: 2}, {Error: "UNIQUE constraint failed: t.x"}, {RowsAffected: 1, LastInsertID: 2}}
	if !reflect.DeepEqual(answer.Results, want) {
		t.Errorf("results are %+v", answer.Results)
	}
}

// If a cancelled write is applied after all, or an uncertain one is called
// refused, the user does it twice or not at all.
func TestExec_CallerLeaves(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (x)`)
	g := hold(t, n, red)
	leave := func(x int64) (cancel func() error) {
		ctx, cancelContext := context.WithCancel(t.Context())
		answered := make(chan error, 1)
		go func() {
			_, err := n.Exec(ctx, red, []core.Statement{{SQL: `INSERT INTO t VALUES (?)`, Args: []any{x}}}, core.ExecOptions{})
			answered <- err
		}()
		return func() error { cancelContext(); return <-answered }
	}
	sent := leave(1)
	<-g.arrived
	waiting := leave(2)
	queued(t, g.group, 1)
	if err := waiting(); core.CodeOf(err) != core.Unavailable {
		t.Errorf("left while waiting: %v", err)
	}
	if err := sent(); core.CodeOf(err) != core.OutcomeUnknown {
		t.Errorf("left while being written: %v", err)
	}
	g.letGo()
	n.must(t, red, `INSERT INTO t VALUES (3)`)
	if got := n.rows(t, red, `SELECT x FROM t ORDER BY x`); !reflect.DeepEqual(got, [][]any{{int64(1)}, {int64(3)}}) {
		t.Errorf("rows are %v", got)
	}
}

// If the queue has no bound, one flood takes the memory of the whole node.
func TestExec_FullQueueIsLimited(t *testing.T) {
	c := newCommitter(nil, testLog(t))
	c.setLeading(true)
	for i := range MaxQueuedWrites {
		if err := c.enqueue(&write{}); err != nil {
			t.Fatalf("write %d: %v", i, err)
		}
	}
	if err := c.enqueue(&write{}); core.CodeOf(err) != core.Limited {
		t.Errorf("one too many: %v", err)
	}
	c = newCommitter(nil, testLog(t))
	c.setLeading(true)
	for range MaxQueuedBytes / MaxWriteBytes {
		if err := c.enqueue(&write{bytes: MaxWriteBytes}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.enqueue(&write{bytes: 1}); core.CodeOf(err) != core.Limited {
		t.Errorf("a byte too many: %v", err)
	}
}

// If the code of a failed write is wrong, a program repeats what is stored or
// gives up what is not.
func TestProposeError(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want core.Code
	}{
		"no leader yet":       {store.ErrNotLeader, core.Unavailable},
		"never queued":        {raft.ErrEnqueueTimeout, core.Unavailable},
		"disk is full":        {errors.New("write raft.db: no space left on device"), core.Unavailable},
		"leader was deposed":  {raft.ErrLeadershipLost, core.OutcomeUnknown},
		"raft is going down":  {raft.ErrRaftShutdown, core.OutcomeUnknown},
		"log cannot be saved": {errors.New("write raft.db: input/output error"), core.OutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got := core.CodeOf(proposeError(fmt.Errorf("apply: %w", test.err))); got != test.want {
				t.Errorf("code is %s", got)
			}
		})
	}
}

// If a replica goes on after its file stopped following the log, it serves lies.
func TestWound_RebuildsTheFileFromTheLog(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (x)`)
	g := n.groupOf(t, red)
	propose := g.writer.propose
	g.writer.propose = func(s []*proto.Statement) ([]*proto.ExecuteQueryResponse, uint64, error) {
		responses, index, err := propose(s)
		responses[len(responses)-1] = &proto.ExecuteQueryResponse{Result: &proto.ExecuteQueryResponse_Error{Error: "disk I/O error"}}
		return responses, index, err
	}
	_, err := n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t VALUES (1)`}}, core.ExecOptions{})
	if core.CodeOf(err) != core.OutcomeUnknown {
		t.Errorf("the write: %v", err)
	}
	waitFor(t, func() bool {
		_, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT 1`}, core.QueryOptions{})
		return err == nil
	})
	if n.groupOf(t, red) == g {
		t.Error("the group was not opened again")
	}
	if got := n.number(t, `SELECT count(*) FROM t`); got != 1 {
		t.Errorf("%d rows: the log has one", got)
	}
}

// A program that reads what it has just written, and decides nothing by it but
// its answer, must see its own transaction's state and no other's.
func TestExec_ReadsBetweenWrites(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE a (id INTEGER PRIMARY KEY, x INTEGER)`, `INSERT INTO a (x) VALUES (1)`)
	exec := func(texts ...string) (*core.ExecAnswer, error) {
		statements := make([]core.Statement, len(texts))
		for i, text := range texts {
			statements[i].SQL = text
		}
		return n.Exec(t.Context(), red, statements, core.ExecOptions{Atomic: true})
	}
	answer, err := exec(`SELECT count(*) AS n FROM a; -- before`, `INSERT INTO a (x) VALUES (2)`,
		`WITH w(v) AS (SELECT replace(x, '2', '3') FROM a) SELECT v FROM w ORDER BY v DESC`, `UPDATE a SET x = 0`, `VALUES (last_insert_rowid(), changes())`)
	if err != nil {
		t.Fatal(err)
	}
	var got [][][]any
	for _, r := range answer.Results {
		if r.Rows != nil {
			got = append(got, r.Rows.Values)
		}
	}
	if want := [][][]any{{{int64(1)}}, {{"3"}, {"1"}}, {{int64(2), int64(2)}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if c := answer.Results[0].Rows.Columns; len(c) != 1 || c[0] != "n" {
		t.Errorf("columns %v", c)
	}
	for text, want := range map[string]string{
		`SELECT missing FROM a`: "no such column",
		`SELECT 1 FROM a, a b, a c, a d, a e, a f, a g, a h, a i, a j`:                                   "at most 1000 rows",
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n LIMIT 1`: "does not recur",
		`PRAGMA table_info(a)`:  "SELECT that does not recur",
		`EXPLAIN SELECT 1`:      "SELECT that does not recur",
		`SELECT 1) , (SELECT 2`: "",
	} {
		_, err := exec(`INSERT INTO a (x) VALUES (9)`, text, `DELETE FROM a`)
		if core.CodeOf(err) != core.Invalid || !strings.Contains(core.Sentence(err), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := exec(`SELECT 1`, `SELECT 2`); core.CodeOf(err) != core.Invalid {
		t.Errorf("reads alone as a write: %v", err)
	}
	if c := n.number(t, `SELECT count(*) FROM a WHERE x = 0`); c != 2 {
		t.Errorf("%d rows are left of 2", c)
	}
}
