package storage

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// What somebody stored must come back byte for byte, whatever it was.
func TestStorage_PutGet(t *testing.T) {
	f := open(t, Settings{MaxValueBytes: 1000})
	ctx := context.Background()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	tests := map[string]struct{ key, value string }{
		"plain":                        {"a", "hello"},
		"an empty value":               {"empty", ""},
		"every byte there is":          {"bytes", string(all)},
		"zero bytes only":              {"zeros", "\x00\x00\x00"},
		"the largest value":            {"large", strings.Repeat("x", 1000)},
		"the longest key":              {strings.Repeat("k", core.MaxKeyBytes), "v"},
		"a key in another script":      {"größe/日本語/😀", "v"},
		"a key with a zero byte":       {"a\x00b", "v"},
		"a key with quotes":            {`'"; DROP TABLE _debros_kv; --`, "v"},
		"a key with wildcards":         {"100%_sure", "v"},
		"a value that looks like text": {"number", "123"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := f.clock.Now()
			w, err := f.Put(ctx, f.ns(), tt.key, []byte(tt.value), core.PutOptions{})
			if err != nil {
				t.Fatal(err)
			}
			it, prov, err := f.Get(ctx, f.ns(), tt.key, core.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if it.Key != tt.key || !bytes.Equal(it.Value, []byte(tt.value)) || it.Value == nil || it.Size != len(tt.value) {
				t.Errorf("got %q = %q (%d bytes)", it.Key, it.Value, it.Size)
			}
			if it.Version != w.Versions[0] || it.Version == 0 || !it.UpdatedAt.Equal(before) || !it.ExpiresAt.IsZero() {
				t.Errorf("got version %d of %v, at %v until %v", it.Version, w.Versions, it.UpdatedAt, it.ExpiresAt)
			}
			if prov.Level != core.LevelLinearizable || prov.ServedBy == "" || prov.Group != "ns::red" || w.Provenance.Index == 0 {
				t.Errorf("provenance %+v, of the write %+v", prov, w.Provenance)
			}
		})
	}
}

// A fault in a request must be told as such and change nothing.
func TestStorage_Refuses(t *testing.T) {
	f := open(t, Settings{MaxValueBytes: 10})
	ctx := context.Background()
	put := func(key, value string, o core.PutOptions) func() error {
		return func() error { _, err := f.Put(ctx, "red", key, []byte(value), o); return err }
	}
	batch := func(ops ...core.Op) func() error {
		return func() error { _, err := f.Batch(ctx, "red", ops); return err }
	}
	list := func(o core.ListOptions) func() error {
		return func() error { _, err := f.List(ctx, "red", o); return err }
	}
	tests := map[string]struct {
		do   func() error
		want core.Code
		say  string
	}{
		"an empty key":              {put("", "v", core.PutOptions{}), core.Invalid, "one character"},
		"a key too long":            {put(strings.Repeat("k", 1025), "v", core.PutOptions{}), core.TooLarge, "1024"},
		"a key that is not text":    {put("\xff", "v", core.PutOptions{}), core.Invalid, "UTF-8"},
		"a value too long":          {put("k", "12345678901", core.PutOptions{}), core.TooLarge, "10 bytes"},
		"a negative life":           {put("k", "v", core.PutOptions{TTL: -1}), core.Invalid, "positive"},
		"both conditions":           {put("k", "v", core.PutOptions{IfAbsent: true, IfVersion: 1}), core.Invalid, "both"},
		"a version beyond all":      {put("k", "v", core.PutOptions{IfVersion: 1 << 63}), core.Invalid, "no version"},
		"getting what is not there": {func() error { _, _, err := f.Get(ctx, "red", "k", core.ReadOptions{}); return err }, core.NotFound, `"k"`},
		"getting with a long key": {func() error {
			_, _, err := f.Get(ctx, "red", strings.Repeat("ä", 600), core.ReadOptions{})
			return err
		}, core.TooLarge, ""},
		"deleting without a key":     {func() error { _, err := f.Delete(ctx, "red", ""); return err }, core.Invalid, ""},
		"the network's own":          {func() error { _, err := f.Delete(ctx, core.SystemNamespace, "k"); return err }, core.Invalid, "reserved"},
		"no namespace":               {func() error { _, err := f.List(ctx, "", core.ListOptions{}); return err }, core.Invalid, ""},
		"an unknown level":           {func() error { _, _, err := f.Exists(ctx, "red", "k", core.ReadOptions{Level: "x"}); return err }, core.Invalid, "level"},
		"an empty batch":             {batch(), core.Invalid, "one operation"},
		"a batch too long":           {batch(make([]core.Op, core.MaxBatchOps+1)...), core.TooLarge, "1000"},
		"a batch with a bad key":     {batch(core.Op{Key: "a"}, core.Op{}), core.Invalid, "operation 2"},
		"a delete with a value":      {batch(core.Op{Key: "a", Delete: true, Value: []byte("x")}), core.Invalid, "operation 1"},
		"a delete of what is absent": {batch(core.Op{Key: "a", Delete: true, PutOptions: core.PutOptions{IfAbsent: true}}), core.Invalid, ""},
		"a page too long":            {list(core.ListOptions{Limit: 1001}), core.Invalid, "1000"},
		"a negative page":            {list(core.ListOptions{Limit: -1}), core.Invalid, ""},
		"a made up cursor":           {list(core.ListOptions{Cursor: "nonsense!"}), core.Invalid, "cursor"},
		"an endless cursor":          {list(core.ListOptions{Cursor: strings.Repeat("a", 1<<20)}), core.Invalid, "cursor"},
		"another listing's cursor":   {list(core.ListOptions{Prefix: "b/", Cursor: cursor{last: "a/1"}.String()}), core.Invalid, "another"},
		"a branch without a fold":    {list(core.ListOptions{Cursor: cursor{last: "a/", branch: true}.String()}), core.Invalid, "another"},
		"a prefix that is no text":   {list(core.ListOptions{Prefix: "\xff"}), core.Invalid, "prefix"},
		"a separator that is none":   {list(core.ListOptions{Separator: strings.Repeat("/", 65)}), core.Invalid, "separator"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.do()
			if core.CodeOf(err) != tt.want || !strings.Contains(core.Sentence(err), tt.say) {
				t.Errorf("got %s %q, want %s with %q", core.CodeOf(err), core.Sentence(err), tt.want, tt.say)
			}
		})
	}
	if p, err := f.List(ctx, "red", core.ListOptions{}); err != nil || len(p.Items) != 0 {
		t.Errorf("left behind: %s %v", keys(p), err)
	}
}

// Looking at a namespace that nobody has written to must work and leave it as it is.
func TestStorage_EmptyNamespace(t *testing.T) {
	f := open(t, Settings{})
	ctx := context.Background()
	if ok, p, err := f.Exists(ctx, "red", "k", core.ReadOptions{}); ok || err != nil || p.ServedBy == "" {
		t.Errorf("exists: %v %v %v", ok, p, err)
	}
	if p, err := f.List(ctx, "red", core.ListOptions{Separator: "/"}); err != nil || keys(p) != "[] []" || p.Next != "" || p.Provenance.ServedBy == "" {
		t.Errorf("list: %s %+v %v", keys(p), p.Provenance, err)
	}
	if w, err := f.Delete(ctx, "red", "k"); err != nil || w.Deleted[0] || w.Provenance.ServedBy == "" {
		t.Errorf("delete: %+v %v", w, err)
	}
	rows, err := f.db.Query(ctx, "red", core.Statement{SQL: "SELECT count(*) FROM sqlite_master"}, core.QueryOptions{})
	if err != nil || rows.Values[0][0] != int64(0) {
		t.Errorf("reading made something: %v %v", rows, err)
	}
	if _, err := f.Put(ctx, "red", "k", nil, core.PutOptions{IfVersion: 3}); core.CodeOf(err) != core.PreconditionFailed {
		t.Errorf("a condition on nothing: %v", err)
	}
}

// A version that comes twice makes compare-and-set overwrite what it never saw.
func TestStorage_VersionsOnlyGrow(t *testing.T) {
	f := open(t, Settings{})
	ctx := context.Background()
	var last core.Version
	for i := range 20 {
		key := string(rune('a' + i%3))
		v := f.put(key, "v")
		if v <= last {
			t.Fatalf("version %d after %d", v, last)
		}
		last = v
		w, err := f.Delete(ctx, f.ns(), key)
		if err != nil || !w.Deleted[0] {
			t.Fatal(w, err)
		}
		if w, err = f.Delete(ctx, f.ns(), key); err != nil || w.Deleted[0] {
			t.Fatalf("deleted twice: %+v %v", w, err)
		}
	}
}

// Compare-and-set that lets an old writer win loses somebody's work.
func TestStorage_Conditions(t *testing.T) {
	f := open(t, Settings{})
	ctx := context.Background()
	v1 := f.put("k", "one")
	v2 := f.put("k", "two")
	tests := map[string]struct {
		key  string
		o    core.PutOptions
		want core.Code
		say  string
	}{
		"the version before":     {"k", core.PutOptions{IfVersion: v1}, core.PreconditionFailed, fmt.Sprintf("version %d, not %d", v2, v1)},
		"absence of what is":     {"k", core.PutOptions{IfAbsent: true}, core.PreconditionFailed, fmt.Sprintf("with version %d", v2)},
		"a version of nothing":   {"none", core.PutOptions{IfVersion: v2}, core.PreconditionFailed, "not there"},
		"absence of what is not": {"new", core.PutOptions{IfAbsent: true}, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := f.Put(ctx, f.ns(), tt.key, []byte("three"), tt.o)
			if core.CodeOf(err) != tt.want || !strings.Contains(core.Sentence(err), tt.say) {
				t.Errorf("got %v, want %s with %q", err, tt.want, tt.say)
			}
		})
	}
	if got := f.value("k"); got != "two" {
		t.Errorf("a refused put stored %q", got)
	}
	w, err := f.Put(ctx, f.ns(), "k", []byte("three"), core.PutOptions{IfVersion: v2})
	if err != nil || w.Versions[0] <= v2 || f.value("k") != "three" {
		t.Errorf("the present version: %+v %v", w, err)
	}
}

// Of many who saw the same version exactly one may win: a lock, a counter and a
// vote rest on it.
func TestStorage_OneWinner(t *testing.T) {
	f := open(t, Settings{})
	ctx := context.Background()
	seen := f.put("k", "start")
	for name, o := range map[string]struct {
		key string
		o   core.PutOptions
	}{
		"same version": {"k", core.PutOptions{IfVersion: seen}},
		"absence":      {"lock", core.PutOptions{IfAbsent: true}},
	} {
		t.Run(name, func(t *testing.T) {
			const writers = 64
			codes := make([]core.Code, writers)
			var wg sync.WaitGroup
			for i := range writers {
				wg.Go(func() {
					_, err := f.Put(ctx, f.ns(), o.key, fmt.Append(nil, i), o.o)
					codes[i] = core.CodeOf(err)
				})
			}
			wg.Wait()
			winner := -1
			for i, c := range codes {
				switch {
				case c == "" && winner < 0:
					winner = i
				case c != core.PreconditionFailed:
					t.Errorf("writer %d: %q", i, c)
				}
			}
			if got := f.value(o.key); got != fmt.Sprint(winner) {
				t.Errorf("stored %q, but %d was told to have won", got, winner)
			}
		})
	}
}

// Puts that share an entry of the log must each be told their own version: else
// the next compare-and-set of one of them overwrites another's.
func TestStorage_ConcurrentVersions(t *testing.T) {
	f := open(t, Settings{})
	ctx := context.Background()
	const writers = 64
	versions := make([]core.Version, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			key := fmt.Sprint(i)
			for range 5 {
				w, err := f.Put(ctx, f.ns(), key, []byte(key), core.PutOptions{IfVersion: versions[i]})
				if err != nil || w.Versions[0] <= versions[i] {
					t.Errorf("writer %d: %+v after %d: %v", i, w, versions[i], err)
					return
				}
				versions[i] = w.Versions[0]
			}
		})
	}
	wg.Wait()
	for i, want := range versions {
		it, _, err := f.Get(ctx, f.ns(), fmt.Sprint(i), core.ReadOptions{})
		if err != nil || it.Version != want || string(it.Value) != fmt.Sprint(i) {
			t.Errorf("writer %d was told %d, stored is %+v: %v", i, want, it, err)
		}
	}
}

// A batch that happens by half leaves data that its writer ruled out.
func TestStorage_Batch(t *testing.T) {
	f := open(t, Settings{})
	ctx := context.Background()
	a, b := f.put("a", "1"), f.put("b", "1")
	put := func(key, value string, o core.PutOptions) core.Op {
		return core.Op{Key: key, Value: []byte(value), PutOptions: o}
	}
	gone := func(key string, v core.Version) core.Op {
		return core.Op{Delete: true, Key: key, PutOptions: core.PutOptions{IfVersion: v}}
	}
	w, err := f.Batch(ctx, f.ns(), []core.Op{
		put("a", "2", core.PutOptions{IfVersion: a}), gone("b", b), gone("none", 0),
		put("b", "3", core.PutOptions{IfAbsent: true}), put("c", "", core.PutOptions{TTL: time.Hour}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(w.Deleted) != "[false true false false false]" || w.Versions[0] <= b || w.Versions[1] != 0 || w.Versions[3] <= w.Versions[0] || w.Provenance.ServedBy == "" {
		t.Errorf("answer %+v", w)
	}
	if f.value("a")+f.value("b")+f.value("c") != "23" {
		t.Errorf("stored %q %q %q", f.value("a"), f.value("b"), f.value("c"))
	}
	a = w.Versions[0]
	refused := map[string]struct {
		ops []core.Op
		say string
	}{
		"at the end":        {[]core.Op{put("x", "1", core.PutOptions{}), gone("c", 0), put("a", "9", core.PutOptions{IfVersion: a + 1000})}, "operation 3"},
		"at the beginning":  {[]core.Op{put("a", "9", core.PutOptions{IfAbsent: true}), put("x", "1", core.PutOptions{})}, `operation 1: key "a" is there already`},
		"of a delete":       {[]core.Op{put("x", "1", core.PutOptions{}), gone("b", a)}, "operation 2"},
		"of what it made":   {[]core.Op{put("x", "1", core.PutOptions{}), put("x", "2", core.PutOptions{IfAbsent: true})}, "this very batch"},
		"of what it undid":  {[]core.Op{gone("a", 0), put("a", "2", core.PutOptions{IfVersion: a})}, "not there"},
		"the only one":      {[]core.Op{gone("a", a+1)}, "has version"},
		"a missing version": {[]core.Op{gone("x", 7), put("y", "1", core.PutOptions{})}, "not there"},
	}
	for name, tt := range refused {
		t.Run("a condition "+name, func(t *testing.T) {
			_, err := f.Batch(ctx, f.ns(), tt.ops)
			if core.CodeOf(err) != core.PreconditionFailed || !strings.Contains(core.Sentence(err), tt.say) {
				t.Errorf("got %v, want %q", err, tt.say)
			}
			if f.value("a")+f.value("b")+f.value("c") != "23" || f.value("x") != string(core.NotFound) {
				t.Errorf("half of it happened: %q %q %q %q", f.value("a"), f.value("b"), f.value("c"), f.value("x"))
			}
		})
	}
}

// The largest batch must fit into what the database takes.
func TestStorage_LargestBatch(t *testing.T) {
	f := open(t, Settings{})
	ops := make([]core.Op, core.MaxBatchOps)
	for i := range ops {
		ops[i] = core.Op{Key: fmt.Sprintf("%d/%s", i, strings.Repeat("k", 1000)), Value: bytes.Repeat([]byte{1}, 10<<10), PutOptions: core.PutOptions{IfAbsent: true}}
	}
	w, err := f.Batch(context.Background(), f.ns(), ops)
	if err != nil || len(w.Versions) != len(ops) || w.Versions[999] == 0 {
		t.Fatal(len(w.Versions), err)
	}
	for i := range ops {
		ops[i].Value = make([]byte, 13<<10)
	}
	if _, err := f.Batch(context.Background(), f.ns(), ops); core.CodeOf(err) != core.TooLarge {
		t.Errorf("a batch that is too large: %v", err)
	}
}

// A session, a lock or a cached price that outlives its time is a fault; one
// that ends early is another.
func TestStorage_Expiry(t *testing.T) {
	f := open(t, Settings{})
	ctx := context.Background()
	keep := f.put("keep", "v")
	w, err := f.Put(ctx, f.ns(), "brief", []byte("v"), core.PutOptions{TTL: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	it, _, err := f.Get(ctx, f.ns(), "brief", core.ReadOptions{})
	if err != nil || !it.ExpiresAt.Equal(f.clock.Now().Add(10*time.Second)) {
		t.Fatalf("expires at %v, %v", it.ExpiresAt, err)
	}
	f.clock.Pass(10*time.Second - time.Millisecond)
	if got := f.value("brief"); got != "v" {
		t.Errorf("ended early: %q", got)
	}
	f.clock.Pass(time.Millisecond)
	if got := f.value("brief"); got != string(core.NotFound) {
		t.Errorf("still there: %q", got)
	}
	if ok, _, err := f.Exists(ctx, f.ns(), "brief", core.ReadOptions{}); ok || err != nil {
		t.Errorf("exists: %v %v", ok, err)
	}
	for _, sep := range []string{"", "/"} {
		if p, err := f.List(ctx, f.ns(), core.ListOptions{Separator: sep}); err != nil || keys(p) != `["keep"] []` {
			t.Errorf("listed: %s %v", keys(p), err)
		}
	}
	if d, err := f.Delete(ctx, f.ns(), "brief"); err != nil || d.Deleted[0] {
		t.Errorf("deleted what had expired: %+v %v", d, err)
	}
	if _, err := f.Put(ctx, f.ns(), "brief", nil, core.PutOptions{IfVersion: w.Versions[0]}); core.CodeOf(err) != core.PreconditionFailed {
		t.Errorf("the version of what has expired: %v", err)
	}
	ops := []core.Op{{Key: "brief", Value: []byte("again"), PutOptions: core.PutOptions{IfAbsent: true}}, {Key: "keep", Delete: true, PutOptions: core.PutOptions{IfVersion: keep}}}
	if _, err := f.Batch(ctx, f.ns(), ops); err != nil || f.value("brief") != "again" {
		t.Errorf("what has expired is absent: %v", err)
	}
}

// What has expired must give its space back, without waking or holding awake a
// database that nobody uses.
func TestStorage_Sweep(t *testing.T) {
	f := open(t, Settings{})
	ctx := context.Background()
	const n = maxSweepRows + 100
	for from := 0; from < n; from += 200 {
		ops := make([]core.Op, 200)
		for i := range ops {
			ops[i] = core.Op{Key: fmt.Sprintf("k%d", from+i), Value: []byte("v"), PutOptions: core.PutOptions{TTL: time.Minute}}
		}
		if _, err := f.Batch(ctx, f.ns(), ops); err != nil {
			t.Fatal(err)
		}
	}
	f.put("keep", "v")
	rows := func() any {
		r, err := f.db.Query(ctx, f.ns(), core.Statement{SQL: "SELECT count(*) FROM _debros_kv"}, core.QueryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Values[0][0]
	}
	f.sweep(ctx)
	if got := rows(); got != int64(n+1) {
		t.Fatalf("%v rows after a sweep before the end, want %d", got, n+1)
	}
	f.clock.Pass(time.Minute)
	f.sweep(ctx) // nobody has used it since the sweep before
	if got := rows(); got != int64(n+1) {
		t.Errorf("%v rows: a sweep touched a namespace that nobody uses", got)
	}
	if got := f.value("keep"); got != "v" {
		t.Error(got)
	}
	f.sweep(ctx)
	if got := rows(); got != int64(1) {
		t.Errorf("%v rows are left, want 1", got)
	}
}

// A part that is asked too early or too late must say so instead of hanging.
func TestStorage_Lifecycle(t *testing.T) {
	db := openDatabases(t).Internal()
	if _, err := New(Settings{MaxValueBytes: MaxValueSetting + 1}, db, slog.Default()); core.CodeOf(err) != core.Invalid {
		t.Errorf("a limit that is too high: %v", err)
	}
	if _, err := New(Settings{}, nil, slog.Default()); core.CodeOf(err) != core.Invalid {
		t.Errorf("no databases: %v", err)
	}
	s, err := New(Settings{}, db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ask := func() core.Code {
		_, err := s.Put(context.Background(), "red", "k", nil, core.PutOptions{})
		return core.CodeOf(err)
	}
	if got := ask(); got != core.Unavailable {
		t.Errorf("before Run: %q", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := s.Run(ctx, func() {
		if got := ask(); got != "" {
			t.Errorf("when ready: %q", got)
		}
		cancel()
	}); err != nil {
		t.Error(err)
	}
	if got := ask(); got != core.Unavailable {
		t.Errorf("after the end: %q", got)
	}
}

// The list of limits is what "debros limits" shows.
func TestLimits(t *testing.T) {
	for _, l := range Limits() {
		if l.Name == "" || l.Value == "" || l.Why == "" {
			t.Errorf("incomplete: %+v", l)
		}
	}
}
