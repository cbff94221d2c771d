package vault

// This file takes texts apart into words, for the index and for marking what was
// found.

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// word is a word of a text: folded, and where it stands.
type word struct {
	text       string
	start, end int
}

// words takes a text apart. Case and accents do not count. Scripts that put no
// spaces between words, and pictures, give a word for every sign: a row of them is
// then found as a phrase, from one sign on.
func words(text string) (all []word) {
	var (
		fold  strings.Builder
		start = -1
	)
	end := func(at int) {
		if start >= 0 && fold.Len() > 0 {
			all = append(all, word{fold.String(), start, at})
		}
		fold.Reset()
		start = -1
	}
	for at, c := range text {
		switch {
		case c < utf8.RuneSelf && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9'):
			fold.WriteRune(c)
		case c >= 'A' && c <= 'Z':
			fold.WriteRune(c + 'a' - 'A')
		case c < utf8.RuneSelf:
			end(at)
			continue
		case alone(c):
			end(at)
			_, size := utf8.DecodeRuneInString(text[at:]) // of what is no UTF-8 it is not the sign's own
			all = append(all, word{string(c), at, at + size})
			continue
		case unicode.IsLetter(c) || unicode.IsNumber(c) || unicode.IsMark(c) && start >= 0:
			fold.WriteString(foldRune(c))
		default:
			end(at)
			continue
		}
		if start < 0 {
			start = at
		}
	}
	end(len(text))
	return all
}

// alone holds for signs that are words of their own.
func alone(c rune) bool {
	return unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.So)
}

// foldRune is a letter without case and accents.
func foldRune(c rune) string {
	if c == 'ß' || c == 'ẞ' {
		return "ss"
	}
	var out strings.Builder
	for _, part := range norm.NFKD.String(string(c)) {
		if !unicode.Is(unicode.Mn, part) {
			out.WriteRune(unicode.ToLower(part))
		}
	}
	return out.String()
}

// indexWord is a word as the index holds it: letters and digits of ASCII, so that
// what counts as a letter is decided here alone. Whatever is found is looked at
// again, so it does no harm that a word may look like another's code.
func indexWord(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return "x" + hex.EncodeToString([]byte(text))
		}
	}
	return text
}

// indexText is a text as the index holds it.
func indexText(text string) string {
	var out strings.Builder
	for _, w := range words(text) {
		out.WriteString(indexWord(w.text))
		out.WriteByte(' ')
	}
	return out.String()
}

// phrase is words that stand one after the other. The last one may go on where it
// was not written in quotes.
type phrase struct {
	words []string
	open  bool
}

const (
	// MaxSearchBytes bounds what is searched for.
	MaxSearchBytes = 500
	maxPhrases     = 20
	// minOpen is how long a word must be to stand for all that begin with it.
	minOpen = 2
)

// phrases reads what somebody searches for: words of which all must be there, and
// "rows of words" in quotes.
func phrases(query string) (all []phrase) {
	for i, part := range strings.Split(query, `"`) {
		if i%2 == 1 {
			all = appendPhrase(all, part, false)
			continue
		}
		for one := range strings.FieldsSeq(part) {
			all = appendPhrase(all, one, true)
		}
	}
	return all[:min(len(all), maxPhrases)]
}

func appendPhrase(all []phrase, text string, open bool) []phrase {
	var p phrase
	for _, w := range words(text) {
		p.words = append(p.words, w.text)
	}
	if len(p.words) == 0 {
		return all
	}
	last := p.words[len(p.words)-1]
	first, _ := utf8.DecodeRuneInString(last)
	p.open = open && !alone(first) && utf8.RuneCountInString(last) >= minOpen
	return append(all, p)
}

// match is the phrase in the language of the index.
func (p phrase) match() string {
	coded := make([]string, len(p.words))
	for i, w := range p.words {
		coded[i] = indexWord(w)
	}
	text := `"` + strings.Join(coded, " ") + `"`
	if p.open {
		text += " *"
	}
	return text
}

// find tells where the phrase stands in a text.
func (p phrase) find(in []word) (ranges [][2]int) {
	for i := 0; i+len(p.words) <= len(in); i++ {
		if p.at(in[i:]) {
			ranges = append(ranges, [2]int{in[i].start, in[i+len(p.words)-1].end})
		}
	}
	return ranges
}

func (p phrase) at(in []word) bool {
	last := len(p.words) - 1
	for i, w := range p.words {
		if in[i].text != w && (i < last || !p.open || !strings.HasPrefix(in[i].text, w)) {
			return false
		}
	}
	return true
}

// marks are the ranges of all phrases in a text, and false when one is missing.
// What overlaps or touches is one range.
func marks(text string, all []phrase) (ranges [][2]int, found bool) {
	in := words(text)
	for _, p := range all {
		of := p.find(in)
		if len(of) == 0 {
			return nil, false
		}
		ranges = append(ranges, of...)
	}
	slices.SortFunc(ranges, func(a, b [2]int) int { return a[0] - b[0] })
	var joined [][2]int
	for _, r := range ranges {
		if n := len(joined); n > 0 && r[0] <= joined[n-1][1] {
			joined[n-1][1] = max(joined[n-1][1], r[1])
			continue
		}
		joined = append(joined, r)
	}
	return joined, true
}

const maxHitBytes = 400

// cut shortens a text that was found to what stands around its first mark.
func cut(text string, ranges [][2]int) (string, [][2]int) {
	if len(text) <= maxHitBytes || len(ranges) == 0 {
		return text, ranges
	}
	from := max(0, ranges[0][0]-maxHitBytes/4)
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	to := min(len(text), from+maxHitBytes)
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to--
	}
	var kept [][2]int
	before := ""
	if from > 0 {
		before = "…"
	}
	for _, r := range ranges {
		if r[1] <= to {
			kept = append(kept, [2]int{r[0] - from + len(before), r[1] - from + len(before)})
		}
	}
	short := before + text[from:to]
	if to < len(text) {
		short += "…"
	}
	return short, kept
}
