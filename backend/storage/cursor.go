package storage

// This file writes and reads the cursors of listings.

import (
	"encoding/base64"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// cursor is the last thing on a page: a key, or a branch with its separator.
// Callers keep it as text without meaning.
type cursor struct {
	last   string
	branch bool
}

const keyMark, branchMark = 'k', 'p'

// maxCursor bounds a cursor's text: a key or a branch with its mark, in base64.
const maxCursor = (core.MaxKeyBytes+1)*4/3 + 4

// String is the cursor as a caller gets it.
func (c cursor) String() string {
	mark := byte(keyMark)
	if c.branch {
		mark = branchMark
	}
	return base64.RawURLEncoding.EncodeToString(append([]byte{mark}, c.last...))
}

// behind is the first place that the next page may begin at.
func (c cursor) behind() []byte {
	if c.branch {
		return successor(c.last)
	}
	return append([]byte(c.last), 0)
}

// parseCursor reads what String wrote. A stranger may have written it: it is
// judged before it is decoded.
func parseCursor(text string) (cursor, error) {
	bad := core.Errorf(core.Invalid, "the cursor is not one that a listing gave; begin again without one")
	if len(text) > maxCursor {
		return cursor{}, bad
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < 2 || len(raw) > core.MaxKeyBytes+1 || !utf8.Valid(raw[1:]) {
		return cursor{}, bad
	}
	switch raw[0] {
	case keyMark:
		return cursor{last: string(raw[1:])}, nil
	case branchMark:
		return cursor{last: string(raw[1:]), branch: true}, nil
	}
	return cursor{}, bad
}
