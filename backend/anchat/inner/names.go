package inner

// This file says what texts, reactions and names of files may be made of.

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// CheckFileName judges a file's name: as wire.CheckName, with at least a letter, and
// without anything that is a way to another folder.
func CheckFileName(name string) error {
	if err := wire.CheckName(name); err != nil {
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
	if sign == "" || len(sign) > maxSign || strings.ContainsAny(sign, " \u00a0") || wire.CheckName(sign) != nil {
		return core.Errorf(core.Invalid, "a reaction is one sign of at most %d bytes", maxSign)
	}
	return nil
}
