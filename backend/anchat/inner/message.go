package inner

// This file has the message: the head that says where it belongs, and padding.

import (
	"encoding/binary"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// version is the first byte of messages and secrets.
const version = 1

// ErrNewer says that a newer version of the program wrote this. Whoever meets it
// keeps the bytes: they are readable after an update.
var ErrNewer = &core.Error{Code: core.Invalid, Msg: "this needs a newer version of the program; update it to read this"}

// Kind says what a message is.
type Kind string

// The kinds. A message of another kind is from a newer version: it is kept.
const (
	KindText    Kind = "text"
	KindEdit    Kind = "edit"
	KindDelete  Kind = "delete"
	KindReact   Kind = "react"
	KindReceipt Kind = "receipt"
	KindState   Kind = "state" // in the room of one's own devices alone
)

// Known tells whether this version reads the kind.
func (k Kind) Known() bool {
	switch k {
	case KindText, KindEdit, KindDelete, KindReact, KindReceipt, KindState:
		return true
	}
	return false
}

const (
	maxKind = 24 // bytes of a kind's name
	// headBytes is all but the kind and the body: version, the length of the kind,
	// room, session, device, list version and hash, head, time, the body's length.
	headBytes = 1 + 1 + 5*32 + 8 + 8 + 2
	// MaxBodyBytes bounds a body, so that it fits the largest size whatever its kind.
	MaxBodyBytes = wire.Size16K - headBytes - maxKind
)

// Message is what is sealed for a room. The fields before Body say where it
// belongs; the reader compares each with what brought the message.
type Message struct {
	Kind        Kind
	Room        wire.Room
	Session     wire.Session
	Device      wire.Fingerprint
	ListVersion uint64    // of the sender's list of devices
	ListHash    wire.Hash // of the same
	Head        wire.Hash // of the last event of the room that the sender knew
	At          time.Time // by the sender's clock
	Body        []byte    // as Marshal wrote it
}

// Encode writes the message, padded with zeros to the smallest of wire.Sizes. It
// returns core.TooLarge when none is large enough.
func (m Message) Encode() ([]byte, error) {
	switch {
	case !isKind(string(m.Kind)):
		return nil, core.Errorf(core.Invalid, "a message needs a kind")
	case !printable(m.At):
		return nil, core.Errorf(core.Invalid, "this computer's clock is off by centuries; set it")
	case len(m.Body) > MaxBodyBytes:
		return nil, errTooLarge()
	}
	used := headBytes + len(m.Kind) + len(m.Body)
	out := make([]byte, 0, sizeFor(used))
	out = appendShort(append(out, version), string(m.Kind))
	out = append(append(append(out, m.Room[:]...), m.Session[:]...), m.Device[:]...)
	out = binary.BigEndian.AppendUint64(out, m.ListVersion)
	out = append(append(out, m.ListHash[:]...), m.Head[:]...)
	out = appendTime(out, m.At)
	out = appendText(out, string(m.Body))
	return out[:cap(out)], nil
}

// Decode reads what Encode wrote, and nothing that it would write otherwise. It
// returns ErrNewer for another version, and else core.Invalid.
func Decode(padded []byte) (Message, error) {
	if len(padded) > wire.Size16K {
		return Message{}, errTooLarge()
	}
	if len(padded) > 0 && padded[0] > version {
		return Message{}, ErrNewer
	}
	r := &reader{rest: padded}
	r.bad = r.byte() != version
	var m Message
	m.Kind = Kind(r.short())
	r.into(m.Room[:])
	r.into(m.Session[:])
	r.into(m.Device[:])
	m.ListVersion = r.uint64()
	r.into(m.ListHash[:])
	r.into(m.Head[:])
	m.At = r.time()
	m.Body = r.blob()
	used := len(padded) - len(r.rest)
	r.bad = r.bad || !isKind(string(m.Kind)) || len(m.Body) > MaxBodyBytes || len(padded) != sizeFor(used)
	for _, b := range r.rest {
		r.bad = r.bad || b != 0
	}
	r.rest = nil
	if err := r.end("message"); err != nil {
		return Message{}, err
	}
	return m, nil
}

// sizeFor is the size to which so many bytes are padded.
func sizeFor(used int) int {
	for _, size := range wire.Sizes() {
		if used <= size {
			return size
		}
	}
	return 0 // bodies are bounded so that this cannot be
}

// isKind holds for names of kinds: lower case letters and underscores.
func isKind(text string) bool {
	return text != "" && len(text) <= maxKind && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz_") == ""
}

func errTooLarge() error {
	return core.Errorf(core.TooLarge, "this is too long for one message with all that belongs to it; send it in parts")
}
