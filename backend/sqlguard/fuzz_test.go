package sqlguard

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
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
		if v := j.compile(t, text, st); v.denied != "" || v.more {
			t.Fatalf("%q\npassed as %+v\nSQLite: %+v", text, st, v)
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

// The same as FuzzCheck with token-wise changes, which stay closer to SQL than
// changed bytes: what passes the guard must pass SQLite's authorizer.
func TestCheck_MixedTokens(t *testing.T) {
	rounds := 20000
	if n, err := strconv.Atoi(os.Getenv("SQLGUARD_ROUNDS")); err == nil {
		rounds = n // more by hand
	}
	var rows [][]string
	for _, r := range corpus(t, "good.txt", 3) {
		rows = append(rows, words(r.fields[2]))
	}
	for _, r := range corpus(t, "bad.txt", 2) {
		rows = append(rows, words(r.fields[1]))
	}
	j := newJudge(t)
	rng := rand.New(rand.NewPCG(1, 2))
	passed, compiled := 0, 0
	for range rounds {
		mixed := slices.Clone(rows[rng.IntN(len(rows))])
		for range 1 + rng.IntN(3) {
			other := rows[rng.IntN(len(rows))]
			at := rng.IntN(len(mixed) + 1)
			from := rng.IntN(len(other))
			upTo := from + 1 + rng.IntN(min(6, len(other)-from))
			end := min(len(mixed), at+rng.IntN(3))
			mixed = slices.Replace(mixed, at, end, other[from:upTo]...)
		}
		text := strings.Join(mixed, " ")
		st, err := Check(text)
		if err != nil {
			continue
		}
		passed++
		v := j.compile(t, text, st)
		if v.denied != "" || v.more {
			t.Errorf("%q\npassed as %+v\nSQLite: %+v", text, st, v)
		}
		if v.err == nil {
			compiled++
		}
	}
	t.Logf("%d of %d passed the guard, %d of them compiled", passed, rounds, compiled)
	if compiled*100 < rounds {
		t.Errorf("only %d of %d compiled: this test does not test any more", compiled, rounds)
	}
}

// words cuts text into its tokens.
func words(text string) []string {
	lex := lexer{text: text}
	var out []string
	for {
		start := lex.pos
		t := lex.next()
		if t.kind == tEnd {
			return append(out, "")
		}
		out = append(out, text[max(start, t.pos):lex.pos])
	}
}
