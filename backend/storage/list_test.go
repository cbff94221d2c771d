package storage

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// all pages through a listing and returns everything in it, and how many pages.
func (f *fixture) all(o core.ListOptions) (names []string, pages int) {
	f.t.Helper()
	for {
		p, err := f.List(context.Background(), f.ns(), o)
		if err != nil {
			f.t.Fatal(err)
		}
		pages++
		at := len(names)
		for _, it := range p.Items {
			names = append(names, it.Key)
		}
		names = append(names, p.Prefixes...)
		slices.Sort(names[at:])
		limit := o.Limit
		if limit == 0 {
			limit = DefaultListKeys
		}
		if len(names)-at > limit || p.Next != "" && len(names) == at {
			f.t.Fatalf("a page of %d with limit %d", len(names)-at, limit)
		}
		if p.Next == "" {
			return names, pages
		}
		o.Cursor = p.Next
	}
}

// A listing that forgets, repeats or misreads keys makes programs lose things.
func TestList(t *testing.T) {
	f := open(t, Settings{})
	stored := []string{
		"%", "%a", "_", "_a", "a", "a%b", "a/", "a//b", "a/b", "a/b/c", "a/b/d", "a0", "ab", "a\x00", "a\x00b",
		"b/1", "b/2", "c::x::y", "c::x::z", "c:d", "z", "ä/ö", "日本/語", "\U0010ffff", "\U0010ffff/x",
	}
	var ops []core.Op
	for _, key := range stored {
		ops = append(ops, core.Op{Key: key, Value: []byte("v" + key)})
	}
	if _, err := f.Batch(context.Background(), f.ns(), ops); err != nil {
		t.Fatal(err)
	}
	slices.Sort(stored)
	for _, prefix := range []string{"", "%", "_", "a", "a/", "a/b", "a/b/", "b", "c:", "c::", "c::x::", "zz", "ä", "\U0010ffff", "a\x00"} {
		for _, sep := range []string{"", "/", "::", ":", "b", "語", "\x00"} {
			want := folded(stored, prefix, sep)
			for _, limit := range []int{0, 1, 2, 3, 7} {
				got, _ := f.all(core.ListOptions{Prefix: prefix, Separator: sep, Limit: limit})
				if !slices.Equal(got, want) {
					t.Errorf("prefix %q separator %q limit %d\ngot  %q\nwant %q", prefix, sep, limit, got, want)
				}
			}
		}
	}
}

// folded is what a listing must show, said in the plainest way.
func folded(sorted []string, prefix, sep string) []string {
	var out []string
	for _, key := range sorted {
		rest, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if i := strings.Index(rest, sep); sep != "" && i >= 0 {
			key = prefix + rest[:i+len(sep)]
		}
		if len(out) == 0 || out[len(out)-1] != key {
			out = append(out, key)
		}
	}
	return out
}

// The same with keys that nobody thought of.
func TestList_RandomKeys(t *testing.T) {
	f := open(t, Settings{})
	rng := rand.New(rand.NewPCG(1, 2))
	letters := []rune("ab/\x00é")
	stored := map[string]bool{}
	var ops []core.Op
	for len(ops) < 300 {
		key := make([]rune, 1+rng.IntN(6))
		for i := range key {
			key[i] = letters[rng.IntN(len(letters))]
		}
		stored[string(key)] = true
		ops = append(ops, core.Op{Key: string(key)})
	}
	if _, err := f.Batch(context.Background(), f.ns(), ops); err != nil {
		t.Fatal(err)
	}
	var sorted []string
	for key := range stored {
		sorted = append(sorted, key)
	}
	slices.Sort(sorted)
	for range 60 {
		prefix := sorted[rng.IntN(len(sorted))]
		prefix = prefix[:strings.LastIndexAny(prefix, "ab/")+1]
		sep := []string{"/", "a", "/b", "é"}[rng.IntN(4)]
		got, _ := f.all(core.ListOptions{Prefix: prefix, Separator: sep, Limit: 1 + rng.IntN(9)})
		if want := folded(sorted, prefix, sep); !slices.Equal(got, want) {
			t.Errorf("prefix %q separator %q\ngot  %q\nwant %q", prefix, sep, got, want)
		}
	}
}

// An explorer must open a store of a hundred thousand keys at once, and go
// through it without holding it in memory.
func TestList_ManyKeys(t *testing.T) {
	f := open(t, Settings{})
	const n = 100_000
	f.fill("d%03d/%06d", n) // a hundred branches of a thousand keys
	branches, pages := f.all(core.ListOptions{Separator: "/", Limit: 40})
	if len(branches) != 100 || pages != 3 || branches[99] != "d099/" {
		t.Errorf("%d branches on %d pages, the last %q", len(branches), pages, branches[len(branches)-1])
	}
	got, pages := f.all(core.ListOptions{Limit: core.MaxListKeys})
	if len(got) != n || pages != n/core.MaxListKeys {
		t.Errorf("%d keys on %d pages", len(got), pages)
	}
	inside, _ := f.all(core.ListOptions{Prefix: "d042/", Separator: "/", Limit: core.MaxListKeys})
	if len(inside) != 1000 || inside[0] != "d042/042000" {
		t.Errorf("%d keys in a branch", len(inside))
	}
}

// Folding must seek over a branch, not read it: else one folder with a million
// keys makes its neighbours slow.
func TestList_SeeksOverBranches(t *testing.T) {
	f := open(t, Settings{})
	f.put("k", "v")
	for name, sql := range map[string]string{"plain": plainListSQL, "folded": foldedListSQL} {
		args := []any{[]byte("a"), []byte("b"), int64(0), int64(10), int64(1), []byte("/"), []byte("0")}
		if name == "plain" {
			args = args[:4]
		}
		rows, err := f.db.Query(context.Background(), f.ns(), core.Statement{SQL: "EXPLAIN QUERY PLAN " + sql, Args: args}, core.QueryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		plan := fmt.Sprint(rows.Values)
		if strings.Contains(plan, "SCAN _debros_kv") || strings.Contains(plan, "TEMP B-TREE") || !strings.Contains(plan, "key>? AND key<?") {
			t.Errorf("%s: %s", name, plan)
		}
	}
}

// Keys that come and go between two pages must not make others appear twice or never.
func TestList_CursorIsStable(t *testing.T) {
	f := open(t, Settings{})
	ctx := context.Background()
	for _, key := range []string{"a", "b/1", "b/2", "c", "d"} {
		f.put(key, "v")
	}
	o := core.ListOptions{Separator: "/", Limit: 2}
	p, err := f.List(ctx, f.ns(), o)
	if err != nil || keys(p) != `["a"] ["b/"]` {
		t.Fatal(keys(p), err)
	}
	for _, key := range []string{"a", "b/2"} { // where the cursor stands, and before
		if _, err = f.Delete(ctx, f.ns(), key); err != nil {
			t.Fatal(err)
		}
	}
	f.put("b/3", "v")
	f.put("bb", "v")
	o.Cursor = p.Next
	if p, err = f.List(ctx, f.ns(), o); err != nil || keys(p) != `["bb" "c"] []` {
		t.Errorf("%s %v", keys(p), err)
	}
}

// A page with values is held in memory, so it ends early; nothing may be lost by it.
func TestList_Values(t *testing.T) {
	f := open(t, Settings{MaxValueBytes: MaxValueSetting})
	ctx := context.Background()
	for i, size := range []int{0, 10, 3 << 20, 3 << 20, 5 << 20, 5, 1 << 20, MaxValueSetting} {
		if _, err := f.Put(ctx, f.ns(), fmt.Sprintf("d/%d", i), bytes.Repeat([]byte{byte(i)}, size), core.PutOptions{TTL: time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	p, err := f.List(ctx, f.ns(), core.ListOptions{Prefix: "d/"})
	if err != nil || len(p.Items) != 8 || p.Items[2].Value != nil || p.Items[2].Size != 3<<20 || p.Items[2].ExpiresAt.IsZero() {
		t.Fatalf("without values: %d items, %v", len(p.Items), err)
	}
	for _, sep := range []string{"", "/"} {
		var got []string
		o := core.ListOptions{Prefix: "d/", Separator: sep, Values: true}
		for {
			p, err := f.List(ctx, f.ns(), o)
			if err != nil {
				t.Fatal(err)
			}
			bytesInPage := 0
			for _, it := range p.Items {
				got = append(got, it.Key)
				bytesInPage += len(it.Value)
				if it.Value == nil || len(it.Value) != it.Size {
					t.Errorf("%q has %d bytes of %d", it.Key, len(it.Value), it.Size)
				}
			}
			if bytesInPage > MaxPageBytes && len(p.Items) > 1 {
				t.Errorf("a page of %d items has %d bytes", len(p.Items), bytesInPage)
			}
			if o.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if strings.Join(got, " ") != "d/0 d/1 d/2 d/3 d/4 d/5 d/6 d/7" {
			t.Errorf("separator %q: %q", sep, got)
		}
	}
}

// A cursor comes from a stranger.
func FuzzParseCursor(f *testing.F) {
	f.Add(cursor{last: "a/b"}.String())
	f.Add(cursor{last: "a/", branch: true}.String())
	f.Add("!")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		if err != nil {
			if core.CodeOf(err) != core.Invalid {
				t.Fatal(err)
			}
			return
		}
		if c.String() != text || c.last == "" || len(c.behind()) == 0 {
			t.Fatalf("%q became %+v", text, c)
		}
		if bytes.Compare(c.behind(), []byte(c.last)) <= 0 {
			t.Fatalf("%q goes back", text)
		}
	})
}
