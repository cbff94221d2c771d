package inner

// This file says what names and texts may be made of.

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// maxMarks bounds the accents on one letter: no script needs more, and hundreds
// paint over the lines above.
const maxMarks = 4

// invisible are the characters that nobody sees and that make one name look like
// another: controls, what turns the direction of writing, fillers, tags, private
// use. The ranges are written out, because all versions of the program have to
// judge alike whatever they know of Unicode. The two joiners are not among them:
// some scripts and many signs need them.
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

// CheckFileName judges a file's name: as CheckName, with at least a letter, and
// without anything that is a way to another folder.
func CheckFileName(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\:`) {
		return core.Errorf(core.Invalid, "a file needs a name without slashes and colons")
	}
	return nil
}

// CheckText judges what somebody writes: UTF-8 of at most core.MaxChatTextBytes
// whose only control characters are line breaks and tabs.
func CheckText(text string) error {
	switch {
	case len(text) > core.MaxChatTextBytes:
		return core.Errorf(core.TooLarge, "a text has at most %d bytes; send it in parts", core.MaxChatTextBytes)
	case !utf8.ValidString(text):
		return core.Errorf(core.Invalid, "a text is written in UTF-8")
	}
	for _, c := range text {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return core.Errorf(core.Invalid, "a text has no control characters but line breaks and tabs; remove them")
		}
	}
	return nil
}

// CheckSign judges a reaction: a sign or a very short word.
func CheckSign(sign string) error {
	if sign == "" || len(sign) > maxSign || strings.ContainsAny(sign, " \u00a0") || CheckName(sign) != nil {
		return core.Errorf(core.Invalid, "a reaction is one sign of at most %d bytes", maxSign)
	}
	return nil
}
