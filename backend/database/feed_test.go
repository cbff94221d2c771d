// The change feed on real groups: what is told can be read, and what is not
// known is told as a gap.

package database

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

var stale = core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}}

// changed asks for changes, again when the group is just being opened.
func (n *node) changed(t testing.TB, after uint64, wait time.Duration, tables ...string) core.Change {
	t.Helper()
	late := time.Now().Add(core.MaxChangeWait + 20*time.Second)
	for {
		c, err := n.Internal().Changed(t.Context(), red, after, tables, wait)
		switch {
		case err == nil:
			return c
		case time.Now().After(late) || t.Context().Err() != nil:
			t.Errorf("no answer about changes: %v", err)
			return c
		}
	}
}

// calm waits until the last word about a new capture is said: until nothing is
// told for as long as that can take.
func (n *node) calm(t testing.TB) uint64 {
	t.Helper()
	c := n.changed(t, 0, 0)
	for c.Changed = true; c.Changed; {
		c = n.changed(t, c.Index, settleTime+settleTime/2)
	}
	return c.Index
}

// seen reads the last number of table t as this replica has it.
func (n *node) seen(t testing.TB) (last int64, index uint64) {
	t.Helper()
	eventually(t, "a reading", func() bool {
		rows, err := n.Query(t.Context(), red, core.Statement{SQL: "SELECT coalesce(max(id), 0) FROM t"}, stale)
		if err != nil {
			return false
		}
		last, _ = rows.Values[0][0].(int64) //nolint:errcheck // the test fails on 0
		index = rows.Provenance.Index
		return true
	})
	return last, index
}

// If a watcher is woken a moment before the change can be read, it goes back to
// sleep and misses it. Each of these writes waits until every watcher has seen
// the one before, so a single miss stops the loop.
func TestFeed_WhoIsWokenSeesTheChange(t *testing.T) {
	_, nodes, _ := three(t, Settings{})
	nodes[0].must(t, red, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
	const writes = 150
	var watching sync.WaitGroup
	heard := make(chan int64, len(nodes))
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for _, n := range nodes {
		watching.Go(func() {
			var c core.Change
			for told := int64(0); told < writes && ctx.Err() == nil; {
				last, index := n.seen(t)
				if index < c.Index {
					t.Errorf("was told of entry %d and read at %d", c.Index, index)
				}
				for told < last {
					told++
					heard <- told
				}
				if told < writes { // after what was told, not after what was read
					c = n.changed(t, c.Index, core.MaxChangeWait, "T")
				}
			}
		})
	}
	for i := int64(1); i <= writes; i++ {
		nodes[i%3].persist(t, fmt.Sprint(i), "INSERT INTO t VALUES (?)", i)
		for range nodes {
			select {
			case got := <-heard:
				if got != i {
					t.Fatalf("heard of %d, want %d", got, i)
				}
			case <-ctx.Done():
				t.Fatalf("somebody never heard of write %d", i)
			}
		}
	}
	watching.Wait()
}

// A change of another table, a failure and a read wake nobody; a change of the
// schema wakes everybody, as nobody knows what it means.
func TestFeed_TellsTablesApart(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, "CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE TABLE other (id INTEGER PRIMARY KEY)",
		"CREATE TRIGGER copies AFTER INSERT ON other WHEN NEW.id = 3 BEGIN INSERT INTO t(id) VALUES (NEW.id); END")
	quiet := func() uint64 { return n.calm(t) }
	at := quiet()
	n.must(t, red, "INSERT INTO other VALUES (1)")
	if c := n.changed(t, at, settleTime/4, "t"); c.Changed {
		t.Errorf("a change of other was told as one of t: %+v", c)
	}
	if c := n.changed(t, at, core.MaxChangeWait, "OTHER"); !c.Changed || c.Gap {
		t.Errorf("the change of other: %+v", c)
	}
	for _, sql := range []string{
		"INSERT INTO t VALUES (1)", "INSERT INTO other VALUES (3)", "DELETE FROM t", // a row, a trigger, all rows
		"ALTER TABLE t ADD COLUMN more", "CREATE VIEW v AS SELECT * FROM other",
	} {
		at = quiet()
		n.must(t, red, sql)
		if c := n.changed(t, at, core.MaxChangeWait, "t"); !c.Changed || c.Gap || c.Index <= at {
			t.Errorf("%s: %+v", sql, c)
		}
	}
	// A write under a key is committed by a second entry, and rqlite forgets the first.
	at = quiet()
	n.persist(t, "key", "INSERT INTO t VALUES (4, 4)")
	if c := n.changed(t, at, core.MaxChangeWait, "t"); !c.Changed || c.Gap {
		t.Errorf("a write under a key: %+v", c)
	}
	// DDL inside a transaction with rows of another table comes as one event.
	at = quiet()
	if _, err := n.Exec(t.Context(), red, []core.Statement{{SQL: "INSERT INTO other VALUES (9)"}, {SQL: "DROP TABLE t"}}, core.ExecOptions{Atomic: true}); err != nil {
		t.Fatal(err)
	}
	if c := n.changed(t, at, core.MaxChangeWait, "t"); !c.Changed {
		t.Errorf("a dropped table: %+v", c)
	}
}

// A replica that was closed, or whose file was replaced, does not know what
// happened meanwhile, and must say so: the reader would keep what is gone.
func TestFeed_TellsTheGap(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	n := open(t, h, Settings{Dir: dir})
	n.must(t, red, "CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	var backup bytes.Buffer
	if _, err := n.Backup(t.Context(), red, &backup, nil); err != nil {
		t.Fatal(err)
	}
	n.must(t, red, "INSERT INTO t VALUES (2)")
	_, at := n.seen(t)
	woken := make(chan core.Change, 1)
	go func() {
		c, err := n.Internal().Changed(t.Context(), red, at+1000, []string{"t"}, time.Millisecond)
		for err == nil && !c.Gap {
			c, err = n.Internal().Changed(t.Context(), red, at, []string{"t"}, core.MaxChangeWait)
		}
		woken <- c
	}()
	if _, err := n.Restore(t.Context(), red, &backup, core.RestoreOptions{Replace: true}, nil); err != nil {
		t.Fatal(err)
	}
	if c := <-woken; !c.Changed || !c.Gap {
		t.Errorf("a restore: %+v", c)
	}
	if last, _ := n.seen(t); last != 1 {
		t.Errorf("read %d after the restore", last)
	}
	// What comes after the restore is told as before it.
	n.must(t, red, "INSERT INTO t VALUES (7)")
	last, at := n.seen(t)
	if last != 7 {
		t.Errorf("read %d", last)
	}
	n.calm(t)
	_, at = n.seen(t)
	n.must(t, red, "INSERT INTO t VALUES (8)")
	if c := n.changed(t, at, core.MaxChangeWait, "t"); !c.Changed || c.Gap {
		t.Errorf("a change after the restore: %+v", c)
	}

	_, at = n.seen(t)
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	n = open(t, h, Settings{Dir: dir})
	if c := n.changed(t, at-1, core.MaxChangeWait, "t"); !c.Changed {
		t.Errorf("after a restart: %+v", c)
	}
	if c := n.changed(t, 1, core.MaxChangeWait, "t"); !c.Changed {
		t.Errorf("long before a restart: %+v", c)
	}
}

// A watcher keeps nobody else from their place: under pressure its group sleeps,
// and it hears that it should ask again.
func TestFeed_WatchersGiveWay(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir(), MaxAwake: 1})
	n.must(t, red, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
	at := n.changed(t, 0, 0).Index
	ended := make(chan error, 1)
	go func() {
		c, err := n.Internal().Changed(t.Context(), red, at, []string{"t"}, core.MaxChangeWait)
		for err == nil { // a change of before
			c, err = n.Internal().Changed(t.Context(), red, c.Index, []string{"t"}, core.MaxChangeWait)
		}
		ended <- err
	}()
	eventually(t, "somebody waits", func() bool {
		open, _ := n.groups.awake()
		return open[red] != nil && open[red].feed.waiters.Load() == 1
	})
	n.must(t, blue, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
	if err := <-ended; core.CodeOf(err) != core.Unavailable {
		t.Errorf("the watcher heard %v", err)
	}
	if left := n.groups.limits.watchers.Load(); left != 0 {
		t.Errorf("%d watchers are still counted", left)
	}
}

// Without a bound on watchers a few programs could take a node's memory.
func TestFeed_WatchersAreBounded(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, "CREATE TABLE t (id INTEGER PRIMARY KEY)")
	open, _ := n.groups.awake()
	open[red].feed.waiters.Store(MaxGroupWatchers)
	defer open[red].feed.waiters.Store(0)
	_, err := n.Internal().Changed(t.Context(), red, 1<<40, []string{"t"}, time.Minute)
	if core.CodeOf(err) != core.Limited {
		t.Errorf("one too many: %v", err)
	}
}

// A live query whose last state is never told is worse than none: the screen is
// wrong until somebody reloads it.
func TestLive_NeverMissesTheLastState(t *testing.T) {
	w, nodes, _ := three(t, Settings{})
	guest := w.settle(t, testkit.NewHost(t), Settings{Dir: t.TempDir()}) // keeps no replica
	nodes[0].must(t, red, "CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE VIEW v AS SELECT max(id) AS last FROM t")
	const rounds = 5
	all := append(append([]*node{}, nodes...), guest)
	var watching sync.WaitGroup
	seen := make([]chan int64, len(all))
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	for i, n := range all {
		seen[i] = make(chan int64, 1000)
		sql := "SELECT max(id) FROM t"
		if i == 1 {
			sql = "SELECT last FROM v"
		}
		watching.Go(func() {
			o := core.LiveOptions{}
			for ctx.Err() == nil {
				answer, err := n.Live(ctx, red, core.Statement{SQL: sql}, o)
				if err != nil {
					if pause(ctx, laggingPause) != nil {
						return
					}
					continue
				}
				o.After = answer.Index
				if answer.Rows != nil {
					if last, ok := answer.Rows.Values[0][0].(int64); ok {
						seen[i] <- last
					}
				}
			}
		})
	}
	id := int64(0)
	for round := range rounds {
		for range 40 { // faster than anybody is told
			id++
			nodes[round%3].persist(t, fmt.Sprint(id), "INSERT INTO t VALUES (?)", id)
		}
		for i := range all {
			for last := int64(0); last != id; {
				select {
				case last = <-seen[i]:
				case <-ctx.Done():
					t.Fatalf("watcher %d never saw %d", i, id)
				}
			}
		}
	}
	cancel()
	watching.Wait()
}

// What cannot be watched is refused with the reason.
func TestLive_Refuses(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, "CREATE TABLE t (id INTEGER PRIMARY KEY)",
		"INSERT INTO t WITH a(i) AS (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) SELECT x.i*1000+y.i*100+z.i*10+w.i FROM a x, a y, a z, a w WHERE x.i < 2")
	for sql, want := range map[string]core.Code{
		"INSERT INTO t VALUES (9999)":          core.Invalid,
		"EXPLAIN SELECT * FROM t":              core.Invalid,
		"PRAGMA table_info(t)":                 core.Invalid,
		"SELECT * FROM _debros_kv_log":         core.Invalid,
		"SELECT * FROM t":                      core.TooLarge,
		"SELECT * FROM t LIMIT 1000":           "",
		"WITH x AS (SELECT 1) SELECT * FROM x": "",
	} {
		if _, err := n.Live(t.Context(), red, core.Statement{SQL: sql}, core.LiveOptions{}); core.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", sql, err, want)
		}
	}
}

// A snapshot from the leader replaces a replica's file, and rqlite captures
// nothing from the new one by itself. Without the gap a live query shows what is gone;
// without a new capture it shows the same for ever.
func TestFeed_SnapshotFromTheLeader(t *testing.T) {
	settings := Settings{SnapshotEvery: 50}
	w, nodes, hosts := three(t, settings)
	nodes[0].must(t, red, "CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	leader, others := leaderOf(t, nodes)
	away := others[0]
	slot := slices.Index(nodes, away)
	settings.Dir = away.settings.Dir
	eventually(t, "it has the first row", func() bool {
		last, _ := away.seen(t)
		return last == 1
	})
	_, at := away.seen(t)
	w.leave(away.settings.NodeID)
	if err := away.stop(); err != nil {
		t.Fatal(err)
	}
	rows := int64(1)
	more := func() {
		rows++
		leader.must(t, red, fmt.Sprintf("INSERT INTO t VALUES (%d)", rows))
	}
	open, _ := leader.groups.awake()
	eventually(t, "the log is cut behind what it has", func() bool { // a later snapshot says that the one before is done
		more()
		snapshot, err := strconv.ParseUint(open[red].raft.Load().Stats()["last_snapshot_index"], 10, 64)
		return err == nil && snapshot > at+6*settings.SnapshotEvery
	})
	back := w.settle(t, hosts[slot], settings)
	for c := (core.Change{Index: at}); !c.Gap; {
		if c = back.changed(t, c.Index, core.MaxChangeWait, "t"); !c.Changed {
			t.Fatal("the snapshot woke nobody")
		}
	}
	for last, index := back.seen(t); last < rows; last, index = back.seen(t) {
		if c := back.changed(t, index, core.MaxChangeWait, "t"); !c.Changed {
			t.Fatalf("nothing was told after row %d", last)
		}
	}
	back.calm(t)
	for range 10 {
		_, index := back.seen(t)
		more()
		if c := back.changed(t, index, core.MaxChangeWait, "t"); !c.Changed || c.Gap {
			t.Fatalf("a change after the snapshot: %+v", c)
		}
		if last, _ := back.seen(t); last != rows {
			t.Errorf("read %d, want %d", last, rows)
		}
	}
}
