package vault

import (
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

func (b *bench) found(s core.ChatSearch) (all []string) {
	b.t.Helper()
	hits, err := b.Search(b.t.Context(), s)
	if err != nil {
		b.t.Fatal("search:", err)
	}
	for _, h := range hits {
		var shown strings.Builder
		at := 0
		for _, r := range h.Ranges {
			shown.WriteString(h.Text[at:r[0]] + "[" + h.Text[r[0]:r[1]] + "]")
			at = r[1]
		}
		all = append(all, shown.String()+h.Text[at:])
	}
	return all
}

// People would not find what was written, in their own script, or would find what
// is gone.
func TestSearch(t *testing.T) {
	b := open(t, alice)
	his := b.writer(bob, 2)
	hers := b.writer(alice, 1)
	for _, text := range []string{
		"Die Größe der Straße", "The quick brown fox", "the quicker the better", "我在北京大学学习", "ภาษาไทย ง่ายมาก", "Привет, мир", "done ✅ and done", "one@two.example",
	} {
		b.receive(his.text(text).store(b))
	}
	b.receive(hers.text("the quick answer").store(b))
	if err := b.Fill(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	rules := map[string]struct {
		search core.ChatSearch
		want   []string
	}{
		"case and accents do not count":          {core.ChatSearch{Words: "grosse STRASSE"}, []string{"Die [Größe] der [Straße]"}},
		"a word stands for those that begin so":  {core.ChatSearch{Words: "quick"}, []string{"the [quick] answer", "the [quicker] the better", "The [quick] brown fox"}},
		"all words must be there":                {core.ChatSearch{Words: "quick fox"}, []string{"The [quick] brown [fox]"}},
		"quotes ask for a row of whole words":    {core.ChatSearch{Words: `"the quick"`}, []string{"[the quick] answer", "[The quick] brown fox"}},
		"two signs without spaces around them":   {core.ChatSearch{Words: "北京"}, []string{"我在[北京]大学学习"}},
		"one sign":                               {core.ChatSearch{Words: "京"}, []string{"我在北[京]大学学习"}},
		"Thai":                                   {core.ChatSearch{Words: "ไทย"}, []string{"ภาษา[ไทย] ง่ายมาก"}},
		"Cyrillic":                               {core.ChatSearch{Words: "прив"}, []string{"[Привет], мир"}},
		"a picture":                              {core.ChatSearch{Words: "✅"}, []string{"done [✅] and done"}},
		"signs between words do not matter":      {core.ChatSearch{Words: "two.example"}, []string{"one@[two.example]"}},
		"words of the index's language are none": {core.ChatSearch{Words: "quick NOT fox"}, nil},
		"by person":                              {core.ChatSearch{Words: "quick", From: alice.String()}, []string{"the [quick] answer"}},
		"by room":                                {core.ChatSearch{Words: "fox", Room: b.room.String()}, []string{"The quick brown [fox]"}},
		"before it was written":                  {core.ChatSearch{Words: "fox", Until: began}, nil},
		"after it was written":                   {core.ChatSearch{Words: "fox", Since: b.clock}, nil},
		"only so many":                           {core.ChatSearch{Words: "quick", Limit: 1}, []string{"the [quick] answer"}},
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			b.t = t
			if got := b.found(rule.search); !slices.Equal(got, rule.want) {
				t.Errorf("found %q, want %q", got, rule.want)
			}
		})
	}
	b.t = t
	for _, words := range []string{"", " ", `"`, "."} {
		if _, err := b.Search(t.Context(), core.ChatSearch{Words: words}); core.CodeOf(err) != core.Invalid {
			t.Errorf("searching for %q gave %v", words, err)
		}
	}
}

// What was edited, deleted or has disappeared would still be found.
func TestSearch_FollowsWhatBecomesOfMessages(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	edited, deleted, gone := w.text("apple"), w.text("banana"), w.write(inner.Text{Text: "cherry", Timer: 300})
	other := w.write(inner.Text{Files: []inner.File{{ID: wire.Hash{1}, Name: "damson.png", Type: "image/png", Size: 1, Chunks: 1}}})
	b.receive(edited.store(b), deleted.store(b), gone.store(b), other.store(b))
	b.again()
	for _, filled := range []bool{false, true} { // before the index is made, too
		if filled {
			b.again()
			if err := b.Fill(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"date", "damson"} {
				if len(b.found(core.ChatSearch{Words: word})) != 1 {
					t.Errorf("%q is not found", word)
				}
			}
		} else {
			b.receive(w.write(inner.Edit{Target: edited.ref, Text: "date"}).store(b), w.write(inner.Delete{Target: deleted.ref}).store(b))
			b.do(func(tx *Tx) error {
				all, err := tx.Expire(gone.at.Add(300_000_000_000))
				if len(all) != 1 || all[0].Ref != gone.ref || all[0].Mine {
					t.Errorf("disappeared: %+v", all)
				}
				return err
			})
			if err := b.Fill(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, word := range []string{"apple", "banana", "cherry"} {
			if hits := b.found(core.ChatSearch{Words: word}); len(hits) > 0 {
				t.Errorf("%q is found in %q", word, hits)
			}
		}
	}
	b.want("date", "<deleted>", "")
}

// A mark that is off by a byte would cut signs in two, on any text.
func FuzzMarks(f *testing.F) {
	f.Add("Die Größe der Straße", "grosse")
	f.Add("我在北京大学学习", "北京")
	f.Add("a\u0301b ẞ ﬁ İ", `"a b"`)
	f.Fuzz(func(t *testing.T, text, query string) {
		ranges, found := marks(text, phrases(query))
		if !found {
			return
		}
		short, ranges := cut(text, ranges)
		end := 0
		for _, r := range ranges {
			if r[0] < end || r[1] <= r[0] || r[1] > len(short) {
				t.Fatalf("the range %v of %q is none", r, short)
			}
			end = r[1]
		}
	})
}
