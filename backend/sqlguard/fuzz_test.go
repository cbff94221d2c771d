package sqlguard

import (
	"strings"
	"testing"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// What the guard takes for harmless and SQLite does not is a way out of the
// namespace. The second judge is SQLite itself.
func FuzzCheck(f *testing.F) {
	for _, r := range corpus(f, "good.txt", 3) {
		f.Add(r.fields[2])
	}
	for _, r := range corpus(f, "bad.txt", 2) {
		f.Add(r.fields[1])
	}
	j := newJudge(f)
	f.Fuzz(func(t *testing.T, text string) {
		st, err := Check(text)
		if err != nil {
			if code := core.CodeOf(err); code != core.Invalid && code != core.TooLarge {
				t.Fatalf("%q: code %s", text, code)
			}
			if !utf8.ValidString(core.Sentence(err)) {
				t.Fatalf("%q: sentence %q is not text", text, core.Sentence(err))
			}
			return
		}
		if bad, denied, more := j.compile(text, st); denied != "" || more {
			t.Fatalf("%q\npassed as %+v\nSQLite: %v; denied: %s; more than one: %v", text, st, bad, denied, more)
		}
	})
}

// An editor calls Split on every key, so it must cope with anything.
func FuzzSplit(f *testing.F) {
	f.Add("SELECT 1; CREATE TRIGGER x BEGIN SELECT 1; END; 'x")
	f.Fuzz(func(t *testing.T, script string) {
		pieces, err := Split(script)
		if err != nil {
			t.Fatal(err)
		}
		end := 0
		for _, p := range pieces {
			if p.Offset < end || p.Text == "" || !strings.HasPrefix(script[p.Offset:], p.Text) {
				t.Fatalf("%q: piece %+v", script, p)
			}
			end = p.Offset + len(p.Text)
		}
	})
}
