package wallet

import (
	"encoding/hex"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// Vectors of BIP-39's own list.
func bip39Vectors() map[string]string {
	return map[string]string{
		"00000000000000000000000000000000":                                 strings.Repeat("abandon ", 11) + "about",
		"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f":                                 "legal winner thank year wave sausage worth useful legal winner thank yellow",
		"80808080808080808080808080808080":                                 "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
		"ffffffffffffffffffffffffffffffff":                                 strings.Repeat("zoo ", 11) + "wrong",
		"000000000000000000000000000000000000000000000000":                 strings.Repeat("abandon ", 17) + "agent",
		"808080808080808080808080808080808080808080808080":                 "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter always",
		"0000000000000000000000000000000000000000000000000000000000000000": strings.Repeat("abandon ", 23) + "art",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff": strings.Repeat("zoo ", 23) + "vote",
		"9e885d952ad362caeb4efe34a8e91bd2":                                 "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
		"68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c": "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length",
	}
}

// Words that give another entropy than they should open somebody else's wallet,
// or none.
func TestWords_BIP39(t *testing.T) {
	for entropy, words := range bip39Vectors() {
		for name, text := range map[string]string{
			"as written": words, "in capitals": strings.ToUpper(words), "on many lines": "\n " + strings.ReplaceAll(words, " ", " \r\n\t") + " ",
		} {
			got, err := entropyOf(core.Secret(text))
			if err != nil || hex.EncodeToString(got) != entropy {
				t.Errorf("%s, %s: %x, %v", entropy, name, got, err)
			}
		}
		if got, err := phraseOf(unhex(t, entropy)); err != nil || got.Reveal() != words {
			t.Errorf("%s: %v", entropy, err)
		}
	}
}

// A slip of the pen must be told at once, and the words must not end up in a log.
func TestWords_Refuses(t *testing.T) {
	good := "legal winner thank year wave sausage worth useful legal winner thank yellow"
	for name, c := range map[string]struct{ words, says string }{
		"nothing":                  {"", "not 0"},
		"eleven words":             {good[:strings.LastIndex(good, " ")], "not 11"},
		"thirteen words":           {good + " legal", "not 13"},
		"a hundred thousand words": {strings.Repeat("legal ", 100_000), "not 100000"},
		"a misspelt word":          {strings.Replace(good, "sausage", "sausages", 1), "word 6"},
		"a word of another list":   {strings.Replace(good, "year", "année", 1), "word 4"},
		"two words changed places": {strings.Replace(good, "thank year", "year thank", 1), "belong together"},
		"another word of the list": {strings.Replace(good, "yellow", "zoo", 1), "belong together"},
	} {
		err := CheckWords(core.Secret(c.words))
		if core.CodeOf(err) != core.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		for _, word := range []string{"legal", "winner", "sausage", "yellow", "année"} {
			if err != nil && strings.Contains(err.Error(), word) {
				t.Errorf("%s: the error repeats a word: %v", name, err)
			}
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, words := range bip39Vectors() {
		f.Add(words)
	}
	f.Fuzz(func(t *testing.T, text string) {
		entropy, err := entropyOf(core.Secret(text))
		if err != nil {
			if core.CodeOf(err) != core.Invalid {
				t.Fatal(err)
			}
			return
		}
		words, err := phraseOf(entropy)
		if err != nil {
			t.Fatal(err)
		}
		again, err := entropyOf(words)
		if err != nil || hex.EncodeToString(again) != hex.EncodeToString(entropy) {
			t.Fatalf("%x became %x: %v", entropy, again, err)
		}
	})
}
