package storage

// What is kept of the past, and what a watcher hears of it.

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// told is changes as a text: "+a=1 -a", with "gap " before them when there is one.
func told(c core.Changes) string {
	var words []string
	if c.Gap {
		words = append(words, "gap")
	}
	for _, ch := range c.Changes {
		switch ch.Operation {
		case core.OperationPut:
			words = append(words, "+"+ch.Key+"="+string(ch.Value))
		case core.OperationDelete:
			words = append(words, "-"+ch.Key)
		default:
			words = append(words, "!"+ch.Key)
		}
	}
	return strings.Join(words, " ")
}

// watch asks, and ends the test when it cannot.
func (f *fixture) watch(o core.WatchOptions) core.Changes {
	f.t.Helper()
	c, err := f.Watch(f.t.Context(), f.ns(), o)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

func (f *fixture) remove(key string) {
	f.t.Helper()
	if a, err := f.Delete(f.t.Context(), f.ns(), key); err != nil || !a.Deleted[0] {
		f.t.Fatal(a, err)
	}
}

// Every kind of change comes once, in order, whatever the size of the answers;
// what did not happen does not come.
func TestWatch_TellsEachChangeOnce(t *testing.T) {
	f := open(t, Settings{Now: time.Now})
	if c := f.watch(core.WatchOptions{FromNow: true}); told(c) != "" || c.Next != 0 {
		t.Errorf("an empty namespace: %q, next %d", told(c), c.Next)
	}
	first := f.put("a", "1")
	f.put("a", "2")
	f.put("b/1", "x")
	f.remove("a")
	if _, err := f.Put(t.Context(), f.ns(), "b/1", []byte("y"), core.PutOptions{IfVersion: first}); core.CodeOf(err) != core.PreconditionFailed {
		t.Fatal(err)
	}
	if a, err := f.Delete(t.Context(), f.ns(), "a"); err != nil || a.Deleted[0] {
		t.Fatal(a, err)
	}
	_, err := f.Batch(t.Context(), f.ns(), []core.Op{{Key: "c", Value: []byte("no")}, {Key: "b/1", Delete: true, PutOptions: core.PutOptions{IfVersion: first}}})
	if core.CodeOf(err) != core.PreconditionFailed { // the whole batch is undone
		t.Fatal(err)
	}
	if _, err := f.Batch(t.Context(), f.ns(), []core.Op{{Key: "b/2", Value: []byte{}}, {Key: "b/1", Delete: true}, {Key: "b/3", Value: []byte("z"), PutOptions: core.PutOptions{TTL: time.Millisecond}}}); err != nil {
		t.Fatal(err)
	}
	until := time.Now().Add(20 * time.Second)
	for n := int64(0); n == 0 && time.Now().Before(until); {
		var err error
		if n, err = f.sweepNamespace(t.Context(), f.ns()); err != nil {
			t.Fatal(err)
		}
	}
	const all = "+a=1 +a=2 +b/1=x -a +b/2= -b/1 +b/3=z !b/3"
	if c := f.watch(core.WatchOptions{}); told(c) != all || c.Next != 8 {
		t.Errorf("all: %q, next %d", told(c), c.Next)
	}
	var single []string
	for since := core.Version(0); ; {
		c := f.watch(core.WatchOptions{Since: since, Limit: 1})
		if len(c.Changes) == 0 {
			break
		}
		single, since = append(single, told(c)), c.Next
	}
	if got := strings.Join(single, " "); got != all {
		t.Errorf("one at a time: %q", got)
	}
	if c := f.watch(core.WatchOptions{Prefix: "b/", Since: 3}); told(c) != "+b/2= -b/1 +b/3=z !b/3" {
		t.Errorf("a prefix: %q", told(c))
	}
	if c := f.watch(core.WatchOptions{Prefix: "nothing"}); told(c) != "" || c.Next != 8 {
		t.Errorf("nothing: %q, next %d", told(c), c.Next)
	}
	if c := f.watch(core.WatchOptions{FromNow: true}); told(c) != "" || c.Next != 8 {
		t.Errorf("from now: %q, next %d", told(c), c.Next)
	}
	if v := f.put("d", "1"); v != 9 {
		t.Errorf("a put after a delete got version %d; its log and its key are to have one number", v)
	}
}

// A watcher that waits hears of the next change, also of the very first.
func TestWatch_Waits(t *testing.T) {
	f := open(t, Settings{})
	heard := make(chan string)
	go func() {
		defer close(heard)
		for o := (core.WatchOptions{Wait: core.MaxChangeWait, Prefix: "k"}); o.Since < 40; {
			c, err := f.Watch(context.Background(), f.ns(), o)
			if err != nil {
				heard <- err.Error()
				return
			}
			o.Since = c.Next
			if len(c.Changes) > 0 {
				heard <- told(c)
			}
		}
	}()
	for i := range 20 {
		f.put("other", "x")
		f.put(fmt.Sprint("k", i), "v")
		if got, want := <-heard, fmt.Sprintf("+k%d=v", i); got != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	}
	for range heard {
		t.Error("heard more than was put")
	}
	began := time.Now()
	if c := f.watch(core.WatchOptions{Since: 40, Wait: time.Millisecond}); told(c) != "" || c.Next != 40 || time.Since(began) > core.MaxChangeWait {
		t.Errorf("the end of the wait: %q, next %d", told(c), c.Next)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Watch(ctx, f.ns(), core.WatchOptions{Since: 40, Wait: time.Minute}); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a watcher that left: %v", err)
	}
}

// The log is bounded by number, size and age, and a watcher who was away for too
// long is told so and goes on with what there is.
func TestWatch_PrunedHistoryTellsTheGap(t *testing.T) {
	f := open(t, Settings{})
	f.put("k", "first")
	older := func(set string, args ...any) { // as if much had happened before
		t.Helper()
		if _, err := f.db.Exec(t.Context(), f.ns(), []core.Statement{{SQL: "UPDATE _debros_kv_log SET " + set, Args: args}}, core.ExecOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	oldest := func() core.Version {
		t.Helper()
		h, err := f.History(t.Context(), f.ns(), "k", 0)
		if err != nil {
			t.Fatal(err)
		}
		return h.CompleteSince
	}
	f.put("k", "second")
	if got := oldest(); got != 1 {
		t.Fatalf("complete since %d", got)
	}
	trim := func() {
		t.Helper()
		if err := f.trim(t.Context(), f.ns()); err != nil {
			t.Fatal(err)
		}
	}
	// Age.
	f.clock.Pass(MaxHistoryAge - time.Minute)
	f.put("k", "third")
	trim()
	if got := oldest(); got != 1 {
		t.Errorf("complete since %d before the age", got)
	}
	f.clock.Pass(2 * time.Minute)
	f.put("k", "fourth")
	trim()
	if got := oldest(); got != 3 {
		t.Errorf("complete since %d after the age", got)
	}
	if c := f.watch(core.WatchOptions{Since: 1}); told(c) != "gap +k=third +k=fourth" || c.Next != 4 {
		t.Errorf("%q, next %d", told(c), c.Next)
	}
	if c := f.watch(core.WatchOptions{Since: 2}); told(c) != "+k=third +k=fourth" {
		t.Errorf("what was not missed is no gap: %q", told(c))
	}
	// Size: what is kept counts up to the bound.
	older("total = total + ?1 WHERE version = 4", int64(MaxHistoryBytes))
	f.put("k", "fifth")
	trim()
	if c := f.watch(core.WatchOptions{Since: 2}); told(c) != "gap +k=fourth +k=fifth" {
		t.Errorf("by size: %q", told(c))
	}
	// Number: a hole in front, as many changes would have left it.
	jump := fmt.Sprintf("UPDATE sqlite_sequence SET seq = seq + %d WHERE name = '_debros_kv'", MaxHistoryChanges)
	if _, err := f.db.Exec(t.Context(), f.ns(), []core.Statement{{SQL: jump}}, core.ExecOptions{}); err != nil {
		t.Fatal(err)
	}
	if c := f.watch(core.WatchOptions{Since: 5}); told(c) != "gap" || c.Next != 5+MaxHistoryChanges {
		t.Errorf("a jump: %q, next %d", told(c), c.Next)
	}
	f.remove("k")
	trim()
	if c := f.watch(core.WatchOptions{Since: 3}); told(c) != "gap -k" {
		t.Errorf("by number: %q", told(c))
	}
	if c := f.watch(core.WatchOptions{Since: 1 << 40}); told(c) != "gap" || c.Next != 6+MaxHistoryChanges {
		t.Errorf("a position that was never given out: %q, next %d", told(c), c.Next)
	}
}

// One large value after many small ones must not leave the log too large.
func TestWatch_LargeValuesMakeRoom(t *testing.T) {
	f := open(t, Settings{MaxValueBytes: MaxValueSetting})
	f.fill("small/%d/%d", 3000)
	large := strings.Repeat("x", MaxValueSetting)
	for range MaxHistoryBytes/MaxValueSetting + 2 {
		f.put("large", large)
	}
	rows, err := f.db.Query(t.Context(), f.ns(), core.Statement{SQL: "SELECT sum(length(key) + coalesce(length(value), 0)), count(*) FROM _debros_kv_log"}, core.QueryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if kept, ok := rows.Values[0][0].(int64); !ok || kept > MaxHistoryBytes+MaxValueSetting || kept < MaxHistoryBytes/2 {
		t.Errorf("%d bytes are kept in %v changes", kept, rows.Values[0][1])
	}
}

// Nobody calls trim but the writes themselves, and the sweep for what is old.
func TestWatch_WritesAndSweepTrim(t *testing.T) {
	f := open(t, Settings{})
	f.put("old", "1")
	f.clock.Pass(MaxHistoryAge + time.Minute)
	f.put("new", "1")
	first := func() core.Version {
		t.Helper()
		h, err := f.History(t.Context(), f.ns(), "new", 1)
		if err != nil {
			t.Fatal(err)
		}
		return h.CompleteSince
	}
	if got := first(); got != 1 {
		t.Fatalf("complete since %d", got)
	}
	if _, err := f.sweepNamespace(t.Context(), f.ns()); err != nil || first() != 2 {
		t.Errorf("complete since %d after a sweep, %v", first(), err)
	}
	f.clock.Pass(MaxHistoryAge + time.Minute)
	for i := range trimChanges {
		f.put("many", fmt.Sprint(i))
	}
	if got := first(); got != 3 {
		t.Errorf("complete since %d after many writes", got)
	}
}

// A restore turns the clock back. A watcher from before must not take what it brings
// for what it knows, nor wait for numbers that come again.
func TestWatch_RestoreIsAGap(t *testing.T) {
	f := open(t, Settings{})
	for i := range 3 {
		f.put("k", fmt.Sprint(i+1))
	}
	var backup bytes.Buffer
	if _, err := f.tenant.Backup(t.Context(), f.ns(), &backup, nil); err != nil {
		t.Fatal(err)
	}
	f.put("k", "4")
	f.put("k", "5")
	waiting := make(chan core.Changes, 1)
	go func() {
		c, err := f.Watch(t.Context(), f.ns(), core.WatchOptions{Since: 5, Wait: core.MaxChangeWait})
		for core.CodeOf(err) == core.Unavailable { // while the file is replaced
			c, err = f.Watch(t.Context(), f.ns(), core.WatchOptions{Since: 5, Wait: core.MaxChangeWait})
		}
		waiting <- c
	}()
	if _, err := f.tenant.Restore(t.Context(), f.ns(), &backup, core.RestoreOptions{Replace: true}, nil); err != nil {
		t.Fatal(err)
	}
	if c := <-waiting; told(c) != "gap" || c.Next != 6 {
		t.Errorf("who waited: %q, next %d", told(c), c.Next)
	}
	if c := f.watch(core.WatchOptions{Since: 2}); told(c) != "gap +k=3" || c.Next != 6 {
		t.Errorf("who was behind: %q, next %d", told(c), c.Next)
	}
	f.put("k", "6")
	if c := f.watch(core.WatchOptions{Since: 6}); told(c) != "+k=6" || c.Next != 7 {
		t.Errorf("after it: %q, next %d", told(c), c.Next)
	}
}

// A history says what the key was, newest first, and since when it is whole.
func TestHistory(t *testing.T) {
	f := open(t, Settings{Now: time.Now})
	if h, err := f.History(t.Context(), f.ns(), "k", 0); err != nil || len(h.Versions) != 0 || h.CompleteSince != 1 {
		t.Errorf("an empty namespace: %+v, %v", h, err)
	}
	f.put("k", "1")
	f.put("other", "1")
	f.remove("k")
	f.put("k", "2")
	h, err := f.History(t.Context(), f.ns(), "k", 0)
	if err != nil || told(core.Changes{Changes: h.Versions}) != "+k=2 -k +k=1" || h.CompleteSince != 1 || time.Since(h.CompleteSinceTime).Abs() > time.Minute {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := f.History(t.Context(), f.ns(), "k", 1); err != nil || told(core.Changes{Changes: h.Versions}) != "+k=2" || h.Versions[0].Version != 4 {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := f.History(t.Context(), f.ns(), "k", core.MaxHistoryVersions+1); core.CodeOf(err) != core.Invalid {
		t.Error(err)
	}
}

// Data of a program that kept no log gets one, and does not pretend to know the past.
func TestHistory_OfOlderData(t *testing.T) {
	f := open(t, Settings{})
	old := createTable()[:2]
	for _, st := range append(old, core.Statement{SQL: "INSERT INTO _debros_kv(key, value, updated_at) VALUES (x'6b', x'31', 0), (x'6c', x'31', 0)"}) {
		if _, err := f.db.Exec(t.Context(), f.ns(), []core.Statement{st}, core.ExecOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	h, err := f.History(t.Context(), f.ns(), "k", 0)
	if err != nil || len(h.Versions) != 0 || h.CompleteSince != 3 || !h.CompleteSinceTime.IsZero() {
		t.Errorf("%+v, %v", h, err)
	}
	if c := f.watch(core.WatchOptions{}); told(c) != "gap" || c.Next != 2 {
		t.Errorf("%q, next %d", told(c), c.Next)
	}
	f.put("k", "2")
	if c := f.watch(core.WatchOptions{Since: 2}); told(c) != "+k=2" {
		t.Errorf("%q", told(c))
	}
}

// Tenants share the file with the log. They may neither read it nor move its
// counter, in whatever way it is written.
func TestLog_IsClosedToTenants(t *testing.T) {
	f := open(t, Settings{})
	f.put("k", "1")
	tenant := f.tenant
	for _, sql := range []string{
		"DELETE FROM _debros_kv_log", `INSERT INTO "_debros_kv_log"(version) VALUES (1)`, "UPDATE [_DEBROS_kv_log] SET version = 9",
		"UPDATE sqlite_sequence SET seq = 0 WHERE name = '_debros_kv'", "DELETE FROM sqlite_sequence", "INSERT INTO main.sqlite_sequence VALUES ('_debros_kv', 1)",
		"DROP TRIGGER _debros_kv_put", "CREATE TRIGGER _debros_kv_mine AFTER INSERT ON t BEGIN SELECT 1; END",
		"CREATE TRIGGER mine AFTER INSERT ON _debros_kv BEGIN SELECT 1; END",
		"CREATE TRIGGER mine AFTER INSERT ON t BEGIN UPDATE sqlite_sequence SET seq = 0; END",
		"CREATE TRIGGER mine AFTER INSERT ON t BEGIN DELETE FROM _debros_kv_log; END",
	} {
		if _, err := tenant.Exec(t.Context(), f.ns(), []core.Statement{{SQL: sql}}, core.ExecOptions{}); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if c := f.watch(core.WatchOptions{}); told(c) != "+k=1" || c.Next != 1 {
		t.Errorf("%q, next %d", told(c), c.Next)
	}
}

// A backup holds the log's triggers, so a restore must know them, and nothing
// else by their names.
func TestSchema_NamesWhatIsMade(t *testing.T) {
	f := open(t, Settings{})
	f.put("k", "1")
	rows, err := f.db.Query(t.Context(), f.ns(), core.Statement{SQL: "SELECT name, sql FROM sqlite_schema WHERE name LIKE '\\_debros\\_kv%' ESCAPE '\\'"}, core.QueryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	declared := Schema()
	if len(rows.Values) != len(declared) {
		t.Errorf("%d things are made, %d are declared", len(rows.Values), len(declared))
	}
	plain := func(sql string) string {
		return strings.Join(strings.Fields(strings.Replace(sql, " IF NOT EXISTS ", " ", 1)), " ")
	}
	for _, row := range rows.Values {
		name, sql := fmt.Sprint(row[0]), fmt.Sprint(row[1])
		if plain(declared[name]) != plain(sql) {
			t.Errorf("%s:\n%s\nis declared as\n%s", name, sql, declared[name])
		}
	}
}
