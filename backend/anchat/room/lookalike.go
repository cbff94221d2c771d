package room

// This file finds names that look alike.

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Claim stands before a name that somebody gave themselves.
const Claim = "~"

// Skeleton is what is left of a name when all is taken away that the eye passes
// over: case, width, accents, joiners, spaces, the mark
// of a claim, and letters of other alphabets that have the shape of a Latin one. Names with the same skeleton look alike. It is for
// warnings only: nothing that all members have to agree on may depend on it.
func Skeleton(name string) string {
	name = strings.TrimPrefix(name, Claim)
	shape := shapes()
	var out strings.Builder
	for _, c := range norm.NFKD.String(cases.Fold().String(greekCapitals(norm.NFKC.String(name)))) {
		switch like := shape[c]; {
		case unicode.Is(unicode.Mn, c), unicode.Is(unicode.Cf, c), unicode.IsSpace(c):
		case like != 0:
			out.WriteRune(like)
		default:
			out.WriteRune(c)
		}
	}
	return strings.NewReplacer("rn", "m", "vv", "w", "cl", "d").Replace(out.String())
}

// LookAlikes are the places of names that look like another one in the list.
// Empty names look like nothing.
func LookAlikes(names []string) map[int]bool {
	first, out := map[string]int{}, map[int]bool{}
	for i, name := range names {
		key := Skeleton(name)
		if key == "" {
			continue
		}
		if other, ok := first[key]; ok {
			out[i], out[other] = true, true
			continue
		}
		first[key] = i
	}
	return out
}

// greekCapitals writes those that have the shape of a Latin capital as that one.
// Their small letters have other shapes.
func greekCapitals(name string) string {
	return strings.NewReplacer(
		"Α", "A", "Β", "B", "Ε", "E", "Ζ", "Z", "Η", "H", "Ι", "I", "Κ", "K", "Μ", "M", "Ν", "N", "Ο", "O", "Ρ", "P", "Τ", "T", "Υ", "Y", "Χ", "X",
	).Replace(name)
}

// shapes are the Latin letters that small letters of Greek, Cyrillic and Armenian,
// digits and signs have the shape of.
func shapes() map[rune]rune {
	out := map[rune]rune{}
	for latin, others := range map[rune]string{
		'a': "аαɑ@", 'b': "ьƅв8", 'c': "сϲⅽ", 'd': "ԁɗ", 'e': "еєεҽ3", 'g': "ɡց9", 'h': "һнհ", 'i': "іιıɩ1l|!ⅼ",
		'j': "јϳ", 'k': "кκ", 'm': "мⅿ", 'n': "пηոռ", 'o': "оοօσ0", 'p': "рρ", 'q': "ԛգ", 'r': "гᴦ", 's': "ѕ5$",
		't': "тτ7", 'u': "υսц", 'v': "ѵνᴠ", 'w': "ѡωաш", 'x': "хχ", 'y': "уγүყ", 'z': "ᴢ2",
	} {
		for _, c := range others {
			out[c] = latin
		}
	}
	return out
}
