package engine

// This file has the errors.

import (
	"fmt"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// ErrKnown says that a row was taken in before, byte for byte. Nothing has changed.
var ErrKnown error = core.Errorf(core.Conflict, "this was taken in before")

// Refusal says that a row is not believed and never will be.
type Refusal struct {
	Device  wire.Fingerprint // who is said to have made it; zero when unknown
	Session wire.Session     // zero when it is about none
	Why     string
}

// Error is a sentence.
func (r *Refusal) Error() string { return r.Why }

// Unwrap gives it its code.
func (r *Refusal) Unwrap() error { return core.Errorf(core.Denied, "%s", r.Why) }

// SecondContent says that a device sealed two messages under one number. The first
// one stays.
type SecondContent struct {
	Session wire.Session
	Index   uint32
	Device  wire.Fingerprint
	Account wallet.Account
}

// Error is a sentence.
func (*SecondContent) Error() string {
	return "a device sent a second message in the place of one that is here; the first one stays"
}

// Unwrap gives it its code.
func (s *SecondContent) Unwrap() error { return core.Errorf(core.Denied, "%s", s.Error()) }

// NeedDevices says that accounts' devices have to be learned first: of Accounts,
// or of whoever Device belongs to. Claimed is whom that device says it belongs to,
// which may be a lie; Learn judges it.
type NeedDevices struct {
	Accounts []wallet.Account
	Device   wire.Fingerprint
	Claimed  wallet.Account
}

// Error is a sentence.
func (n *NeedDevices) Error() string {
	if len(n.Accounts) > 0 {
		return fmt.Sprintf("the devices of %s are not known yet; the chat asks for them", n.Accounts[0])
	}
	return "the device that sent this is not known yet; the chat asks for it"
}

// Unwrap gives it its code.
func (n *NeedDevices) Unwrap() error { return core.Errorf(core.Unavailable, "%s", n.Error()) }

// NeedAnnouncement says that a message came before its session was announced.
type NeedAnnouncement struct{ Session wire.Session }

// Error is a sentence.
func (*NeedAnnouncement) Error() string {
	return "this message belongs to a session that was not announced yet"
}

// Unwrap gives it its code.
func (n *NeedAnnouncement) Unwrap() error { return core.Errorf(core.Unavailable, "%s", n.Error()) }

// NeedState says that the sender knew an event of the room that is not here yet.
type NeedState struct {
	Room wire.Room
	Head wire.Hash
}

// Error is a sentence.
func (*NeedState) Error() string {
	return "its sender knows a newer state of the room than this device"
}

// Unwrap gives it its code.
func (n *NeedState) Unwrap() error { return core.Errorf(core.Unavailable, "%s", n.Error()) }

// MissingKey says that the key of a session has not come yet, or begins later.
type MissingKey struct {
	Room    wire.Room
	Session wire.Session
	Index   uint32
	Device  wire.Fingerprint // that made the session
	Account wallet.Account
}

// Error is a sentence.
func (m *MissingKey) Error() string { return "this message waits for its key" }

// Unwrap gives it its code.
func (m *MissingKey) Unwrap() error { return core.Errorf(core.Unavailable, "%s", m.Error()) }

// NeedNewer says that a row is sealed in a way that this program does not know.
type NeedNewer struct{ Suite wire.Suite }

// Error is a sentence.
func (n *NeedNewer) Error() string {
	return fmt.Sprintf("this needs a newer version of the program: it is sealed in way %d", n.Suite)
}

// Unwrap gives it its code.
func (n *NeedNewer) Unwrap() error { return core.Errorf(core.Invalid, "%s", n.Error()) }

func refuse(f wire.Fingerprint, s wire.Session, format string, args ...any) error {
	return &Refusal{Device: f, Session: s, Why: fmt.Sprintf(format, args...)}
}
