package room

import (
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Two people compare what stands on their screens. It has to be equal on both, for
// ever, and other as soon as a device is another.
func TestSafetyNumber(t *testing.T) {
	one := Side{Account: olga, Devices: []wire.Fingerprint{{1}, {2}}}
	two := Side{Account: adam, Devices: []wire.Fingerprint{{3}}}
	number := SafetyNumber(one, two)
	if want := "62213 15493 09826 43486 04650 35906 21536 09078 75801 31352 85111 82900"; number != want {
		t.Errorf("the number is %q, was %q", number, want)
	}
	if other := SafetyNumber(two, one); other != number {
		t.Errorf("the other screen shows %q", other)
	}
	if turned := SafetyNumber(Side{Account: olga, Devices: []wire.Fingerprint{{2}, {1}, {2}}}, two); turned != number {
		t.Error("the order of devices counts")
	}
	if digits := strings.ReplaceAll(number, " ", ""); len(digits) != 60 || strings.Trim(digits, "0123456789") != "" || len(strings.Fields(number)) != 12 {
		t.Errorf("%q is not 60 digits in groups of five", number)
	}
	for name, other := range map[string]Side{
		"a device more":  {Account: olga, Devices: []wire.Fingerprint{{1}, {2}, {4}}},
		"a device less":  {Account: olga, Devices: []wire.Fingerprint{{1}}},
		"another wallet": {Account: mia, Devices: one.Devices},
	} {
		if SafetyNumber(other, two) == number {
			t.Errorf("%s has the same number", name)
		}
	}
}

// A camera compares for them, and says which way it is wrong.
func TestCheckSafetyQR(t *testing.T) {
	one := Side{Account: olga, Devices: []wire.Fingerprint{{1}, {2}}}
	two := Side{Account: adam, Devices: []wire.Fingerprint{{3}}}
	ghost := Side{Account: olga, Devices: []wire.Fingerprint{{1}, {2}, {9}}}
	tests := map[string]struct {
		qr   string
		want core.Code
	}{
		"the other's screen":        {SafetyQR(two, one), ""},
		"with a ghost device":       {SafetyQR(two, ghost), core.Denied},
		"of somebody else":          {SafetyQR(Side{Account: mia}, one), core.Invalid},
		"one's own screen":          {SafetyQR(one, two), core.Invalid},
		"a link":                    {"debros://room", core.Invalid},
		"the number as it is":       {SafetyNumber(one, two), core.Invalid},
		"longer than a code can be": {safetyPrefix + strings.Repeat("x", 5000), core.Invalid},
	}
	for name, test := range tests {
		if err := CheckSafetyQR(test.qr, one, two); core.CodeOf(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Somebody who comes into a room under a name that looks like another's has to be
// marked; who has a name of their own must not be.
func TestLookAlikes(t *testing.T) {
	same := map[string][]string{
		"case":              {"Bob", "BOB"},
		"a claim":           {"Bob", "~Bob"},
		"a Cyrillic letter": {"Bob", "Воb"},
		"Greek":             {"Nora", "Νοrα"},
		"a digit":           {"Olga", "0lga"},
		"an accent":         {"Rene", "René"},
		"wide letters":      {"Bob", "Ｂｏｂ"},
		"a joiner":          {"Bob", "B\u200dob"},
		"spaces":            {"Bob B", "BobB"},
		"r and n":           {"Marnie", "Mamie"},
		"small L, large i":  {"Bill", "BiIl"},
		"styled letters":    {"Bob", "𝐁𝐨𝐛"},
	}
	for name, pair := range same {
		if got := LookAlikes([]string{pair[0], "Someone", pair[1]}); !got[0] || got[1] || !got[2] {
			t.Errorf("%s: %q is told from %q (%q, %q)", name, pair[0], pair[1], Skeleton(pair[0]), Skeleton(pair[1]))
		}
	}
	if got := LookAlikes([]string{"Anna", "Hanna", "Boris", "Борис", "Zoë", "Zora", "", ""}); len(got) != 0 {
		t.Errorf("names of their own are marked: %v", got)
	}
}
