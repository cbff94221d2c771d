package wire

// This file says what the names of rooms, people and devices may be made of. All
// versions of the program have to judge alike, so nothing here asks what the
// newest Unicode knows.

import (
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// maxMarks bounds the accents on one letter: no script needs more, and hundreds
// paint over the lines above.
const maxMarks = 4

// invisible are the characters that nobody sees and that make one name look like
// another: controls, what turns the direction of writing, fillers, tags, private
// use. The two joiners are not among them: some scripts and many signs need them.
func invisible(c rune) bool {
	switch {
	case c < 0x20, c >= 0x7f && c < 0xa0,
		c == 0xad, c == 0x34f, c == 0x61c, c == 0x115f, c == 0x1160, c == 0x17b4, c == 0x17b5,
		c >= 0x180b && c <= 0x180f,
		c == 0x200b, c == 0x200e, c == 0x200f, c >= 0x2028 && c <= 0x202e, c >= 0x2060 && c <= 0x206f,
		c == 0x2800, c == 0x3164, c == 0xfeff, c == 0xffa0, c >= 0xfff0 && c <= 0xffff,
		c >= 0xe000 && c <= 0xf8ff, c >= 0x1d173 && c <= 0x1d17a, c >= 0xe0000:
		return true
	}
	return false
}

// accent holds for marks that may be put on any letter.
func accent(c rune) bool {
	return c >= 0x300 && c <= 0x36f || c >= 0x483 && c <= 0x489 || c >= 0x1ab0 && c <= 0x1aff ||
		c >= 0x1dc0 && c <= 0x1dff || c >= 0x20d0 && c <= 0x20ff || c >= 0xfe20 && c <= 0xfe2f
}

func joiner(c rune) bool { return c == 0x200c || c == 0x200d }

// CheckName judges a name that people see beside others: of a room, a topic, a
// person, a device. An empty name passes. Errors are core.Invalid and
// core.TooLarge.
func CheckName(name string) error {
	switch {
	case len(name) > core.MaxChatNameBytes:
		return core.Errorf(core.TooLarge, "a name has at most %d bytes", core.MaxChatNameBytes)
	case !utf8.ValidString(name):
		return core.Errorf(core.Invalid, "a name is written in UTF-8")
	case strings.TrimSpace(name) != name:
		return core.Errorf(core.Invalid, "a name neither begins nor ends with a space")
	}
	marks, seen := 0, false
	for _, c := range name {
		switch {
		case invisible(c):
			return core.Errorf(core.Invalid, "a name has no line breaks, control characters or invisible signs; remove them")
		case accent(c):
			if marks++; marks > maxMarks {
				return core.Errorf(core.Invalid, "a name has at most %d accents on one letter", maxMarks)
			}
		case !joiner(c):
			marks, seen = 0, true
		}
	}
	if name != "" && !seen {
		return core.Errorf(core.Invalid, "a name needs a letter or a sign that can be seen")
	}
	return nil
}
