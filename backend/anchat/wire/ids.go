package wire

// This file has the names of things: 16 or 32 bytes each, a type for each.

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Fingerprint names a device: the SHA-256 of its statement.
type Fingerprint [32]byte

// Session names a sending session and is the public key that its messages are
// signed with (Ed25519), so that anybody can check them.
type Session [32]byte

// Room names a room. Only its members know it.
type Room [32]byte

// Hash is a SHA-256.
type Hash [32]byte

// Tag opens a mailbox: who shows it may read and append. It is a secret.
type Tag [16]byte

// Name is a mailbox's name, which everybody may see.
type Name [16]byte

// EnvelopeID names an envelope. It is random.
type EnvelopeID [16]byte

// String is the fingerprint in hex.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// String is the session's name in hex.
func (s Session) String() string { return hex.EncodeToString(s[:]) }

// String is the room's name in hex.
func (r Room) String() string { return hex.EncodeToString(r[:]) }

// String is the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// String is the mailbox's name in hex.
func (n Name) String() string { return hex.EncodeToString(n[:]) }

// String hides the tag: it is what opens the mailbox. See Reveal.
func (Tag) String() string { return "[secret]" }

// Reveal is the tag in hex, for the one request that shows it.
func (t Tag) Reveal() string { return hex.EncodeToString(t[:]) }

// Name is the name of the mailbox that the tag opens.
func (t Tag) Name() (n Name) {
	sum := sha256.Sum256(Signed(LabelMailbox, t[:]))
	copy(n[:], sum[:])
	return n
}

// NewTag is the tag of a new mailbox.
func NewTag() (t Tag) {
	_, _ = rand.Read(t[:]) //nolint:errcheck // it never fails; see crypto/rand
	return t
}

// NewRoom is the name of a new room.
func NewRoom() (r Room) {
	_, _ = rand.Read(r[:]) //nolint:errcheck // as above
	return r
}

// NewEnvelopeID is the name of a new envelope.
func NewEnvelopeID() (e EnvelopeID) {
	_, _ = rand.Read(e[:]) //nolint:errcheck // as above
	return e
}

// ParseFingerprint reads what String wrote.
func ParseFingerprint(text string) (f Fingerprint, err error) {
	err = parseHex(f[:], text, "device")
	return f, err
}

// ParseSession reads what String wrote.
func ParseSession(text string) (s Session, err error) {
	err = parseHex(s[:], text, "session")
	return s, err
}

// ParseRoom reads what String wrote.
func ParseRoom(text string) (r Room, err error) {
	err = parseHex(r[:], text, "room")
	return r, err
}

// ParseTag reads what Reveal wrote.
func ParseTag(text string) (t Tag, err error) {
	err = parseHex(t[:], text, "mailbox")
	return t, err
}

// ParseName reads what String wrote.
func ParseName(text string) (n Name, err error) {
	err = parseHex(n[:], text, "mailbox")
	return n, err
}

// Time is how rows hold times: whole milliseconds, UTC.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func parseHex(to []byte, text, what string) error {
	if len(text) != hex.EncodedLen(len(to)) {
		return core.Errorf(core.Invalid, "the name of a %s has %d hexadecimal digits", what, hex.EncodedLen(len(to)))
	}
	if _, err := hex.Decode(to, []byte(text)); err != nil {
		return core.Errorf(core.Invalid, "the name of a %s has %d hexadecimal digits", what, hex.EncodedLen(len(to)))
	}
	return nil
}
