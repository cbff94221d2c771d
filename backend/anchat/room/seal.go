package room

// This file seals what only members may read, under the key of a mailbox.

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// sealOverhead is the nonce and the tag.
const sealOverhead = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// Mailbox is one place where the room lives or lived: what opens it at the nodes,
// and the key of the room's events in there.
type Mailbox struct {
	Tag wire.Tag
	Key [32]byte
}

// NewMailbox is a place that nobody knows yet.
func NewMailbox() Mailbox {
	m := Mailbox{Tag: wire.NewTag()}
	_, _ = rand.Read(m.Key[:]) //nolint:errcheck // it never fails; see crypto/rand
	return m
}

// String hides the mailbox.
func (Mailbox) String() string { return "[secret]" }

// GoString does, too.
func (Mailbox) GoString() string { return "[secret]" }

// Seal closes a body as the event whose other fields are head's. The event is not
// signed yet. It returns core.Invalid for a body that no member would accept.
func Seal(m Mailbox, head wire.Event, b Body) (wire.Event, error) {
	if head.Mailbox != m.Tag.Name() {
		return wire.Event{}, core.Errorf(core.Internal, "this event is for another mailbox")
	}
	if err := b.Check(); err != nil {
		return wire.Event{}, err
	}
	text, err := b.encode()
	if err != nil {
		return wire.Event{}, err
	}
	head.At = wire.Time(head.At)
	head.Sealed, err = m.seal(wire.LabelEvent, text, around(head))
	return head, err
}

// Open reads the body of an event. It returns core.Denied when it is not sealed
// under the mailbox's key for this very place in the chain, and core.Invalid for a
// body of a newer or broken program. The event takes its place in the chain all
// the same: see State.Skip.
func Open(m Mailbox, e wire.Event) (Body, error) {
	if e.Mailbox != m.Tag.Name() {
		return Body{}, core.Errorf(core.Denied, "this event is of another mailbox")
	}
	text, err := m.open(wire.LabelEvent, e.Sealed, around(e))
	if err != nil {
		return Body{}, err
	}
	b, err := decodeBody(text)
	if err != nil {
		return Body{}, err
	}
	return b, b.Check()
}

// around is what the seal of an event holds together with it.
func around(e wire.Event) []byte {
	e.Sealed, e.Signature = nil, nil
	return e.Encode()
}

func (m Mailbox) seal(label string, text, around []byte) ([]byte, error) {
	aead, err := m.aead(label)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, sealOverhead+len(text))
	_, _ = rand.Read(nonce) //nolint:errcheck // it never fails; see crypto/rand
	return aead.Seal(nonce, nonce, text, around), nil
}

func (m Mailbox) open(label string, sealed, around []byte) ([]byte, error) {
	if len(sealed) < sealOverhead || len(sealed) > wire.MaxEventBytes {
		return nil, errSeal()
	}
	aead, err := m.aead(label)
	if err != nil {
		return nil, err
	}
	text, err := aead.Open(nil, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], around)
	if err != nil {
		return nil, errSeal()
	}
	return text, nil
}

// aead has a key of its own for each label, made from the mailbox's.
func (m Mailbox) aead(label string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, m.Key[:], m.Tag[:], label, chacha20poly1305.KeySize)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the key of this room cannot be used")
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the key of this room cannot be used")
	}
	return aead, nil
}

func errSeal() error {
	return core.Errorf(core.Denied, "this was not sealed with the key of the room")
}

// What is told and never stored.
const (
	// MaxFleetingAge bounds how old it may be. Clocks of people differ by less.
	MaxFleetingAge = 2 * time.Minute
	// maxSignalKind bounds the word, MaxSignalBytes what stands after it.
	maxSignalKind = 20
	fleetingBytes = 256
	// MaxSignalBytes is what fits beside the word and the lengths.
	MaxSignalBytes = fleetingBytes - 3 - maxSignalKind
)

// Kinds of signals.
const (
	SignalTyping  = "typing"
	SignalStopped = "stopped" // typing no more
	SignalPresent = "present"
	SignalKeys    = "keys" // asks for keys; the body is of the asker's choice
)

// Signal is something fleeting.
type Signal struct {
	Kind string
	Body []byte
}

// SealFleeting closes a signal as the fleeting row whose other fields are head's;
// it is not signed yet. All signals are of one size.
func SealFleeting(m Mailbox, head wire.Fleeting, s Signal) (wire.Fleeting, error) {
	if head.Mailbox != m.Tag.Name() || s.Kind == "" || len(s.Kind) > maxSignalKind || len(s.Body) > MaxSignalBytes {
		return wire.Fleeting{}, core.Errorf(core.Invalid, "a signal has a kind of at most %d letters and %d bytes", maxSignalKind, MaxSignalBytes)
	}
	text := make([]byte, 0, fleetingBytes)
	text = append(append(text, byte(len(s.Kind))), s.Kind...) //nolint:gosec // bounded above
	text = append(append(text, byte(len(s.Body))), s.Body...) //nolint:gosec // bounded above
	head.At = wire.Time(head.At)
	var err error
	head.Sealed, err = m.seal(wire.LabelFleeting, text[:fleetingBytes], aroundFleeting(head))
	return head, err
}

// OpenFleeting reads a signal. It returns core.Denied for what is not sealed under
// the mailbox's key or was said too long ago: a signal that is repeated later
// would tell what is not so.
func OpenFleeting(m Mailbox, f wire.Fleeting, now time.Time) (Signal, error) {
	if age := now.Sub(f.At); f.Mailbox != m.Tag.Name() || age > MaxFleetingAge || age < -MaxFleetingAge {
		return Signal{}, core.Errorf(core.Denied, "this was said at another place or time")
	}
	text, err := m.open(wire.LabelFleeting, f.Sealed, aroundFleeting(f))
	if err != nil {
		return Signal{}, err
	}
	bad := core.Errorf(core.Invalid, "this signal does not hold; the program that made it may be damaged or newer")
	if len(text) != fleetingBytes {
		return Signal{}, bad
	}
	kind := int(text[0])
	if kind == 0 || kind > maxSignalKind {
		return Signal{}, bad
	}
	size := int(text[1+kind])
	if size > MaxSignalBytes {
		return Signal{}, bad
	}
	return Signal{Kind: string(text[1 : 1+kind]), Body: text[2+kind : 2+kind+size]}, nil
}

func aroundFleeting(f wire.Fleeting) []byte {
	f.Sealed, f.Signature = nil, nil
	return f.Encode()
}
