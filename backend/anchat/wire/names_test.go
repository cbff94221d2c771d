package wire

import (
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// A name that cannot be told from another one is how people are deceived.
func TestCheckName(t *testing.T) {
	tests := map[string]struct {
		name string
		ok   bool
	}{
		"plain":                   {"Köln 2026", true},
		"Arabic":                  {"غرفة", true},
		"Persian with a joiner":   {"می\u200cخواهم", true},
		"a family":                {"👨‍👩‍👧 home", true},
		"Vietnamese accents":      {"Tiê\u0301ng Viê\u0323t", true},
		"nothing":                 {"", true},
		"turned around":           {"txt\u202egpj", false},
		"isolates":                {"\u2066x\u2069", false},
		"a left-to-right mark":    {"Bob\u200e", false},
		"zero width space":        {"Bob\u200bby", false},
		"a soft hyphen":           {"Bob\u00adby", false},
		"a Hangul filler":         {"\u3164", false},
		"tags":                    {"Bob\U000e0041", false},
		"a line break":            {"a\nb", false},
		"a tab":                   {"a\tb", false},
		"an escape sequence":      {"\x1b[31mred", false},
		"spaces around":           {" Bob", false},
		"no-break space in front": {"\u00a0Bob", false},
		"only joiners":            {"\u200d\u200d", false},
		"only accents":            {"\u0301", false},
		"a tower of accents":      {"Z" + strings.Repeat("\u0301", 5), false},
		"private use":             {"\ue000", false},
		"no UTF-8":                {"\xc3", false},
		"too long":                {strings.Repeat("x", core.MaxChatNameBytes+1), false},
	}
	for name, test := range tests {
		if err := CheckName(test.name); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
