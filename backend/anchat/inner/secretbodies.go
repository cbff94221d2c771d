package inner

// This file has the bodies of secrets.

import (
	"encoding/binary"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Limits of secrets' bodies.
const (
	// MaxMailboxes bounds the mailboxes that one room has lived in: it moves when
	// somebody is removed. All of them fit one secret.
	MaxMailboxes = 256
	// MaxHistoryKeys bounds the keys of one bundle.
	MaxHistoryKeys = 48
	// MaxRequested bounds the sessions that one request asks for.
	MaxRequested = 100

	maxSessionKey = 400 // bytes of one exported key; 220 in use
	maxWhy        = 300
	maxAccount    = 96
)

// Mailbox is one place where a room lives or lived: what opens it, and the key of
// the room's events in there.
type Mailbox struct {
	Tag wire.Tag
	Key [32]byte
}

// String hides both.
func (Mailbox) String() string { return "[secret]" }

// GoString does, too.
func (Mailbox) GoString() string { return "[secret]" }

// Mailboxes are those of a room, from its first to the present one.
type Mailboxes []Mailbox

// Invitation lets somebody into a room: its mailboxes, and what may be shown before
// they accept. Only the chain of the room proves that it holds.
type Invitation struct {
	Kind      string // of the room: core.ChatRoomGroup …
	Name      string
	By        wallet.Account
	Mailboxes Mailboxes
}

// History is keys of sessions, each from an index on.
type History []SessionKey

// SessionKey is the key of one session, as the engine exports it.
type SessionKey struct {
	Session wire.Session
	Key     []byte
}

// String hides the key.
func (k SessionKey) String() string { return k.Session.String() + " [secret]" }

// GoString does, too.
func (k SessionKey) GoString() string { return k.String() }

// KeyRequest asks for keys: of each session from an index on.
type KeyRequest []Ref

// BackupKey opens the backup of the wallet.
type BackupKey struct {
	Version uint64
	Key     [32]byte
}

// String hides the key.
func (BackupKey) String() string { return "[secret]" }

// GoString does, too.
func (BackupKey) GoString() string { return "[secret]" }

// Withheld says why keys do not come.
type Withheld struct {
	Sessions []wire.Session
	Why      string
}

// MarshalSecret writes the body of a secret: Mailboxes, Invitation, History,
// KeyRequest, BackupKey or Withheld.
func MarshalSecret(body any) ([]byte, error) {
	var (
		out []byte
		err error
	)
	switch b := body.(type) {
	case Mailboxes:
		out, err = appendMailboxes(nil, b)
	case Invitation:
		if err = b.check(); err == nil {
			out = appendShort(appendShort(appendShort(nil, b.Kind), b.Name), wire.AccountID(b.By))
			out, err = appendMailboxes(out, b.Mailboxes)
		}
	case History:
		out, err = b.marshal()
	case KeyRequest:
		if len(b) == 0 || len(b) > MaxRequested {
			return nil, core.Errorf(core.TooLarge, "one request is for 1 to %d sessions", MaxRequested)
		}
		for _, r := range b {
			out = appendRef(out, r)
		}
	case BackupKey:
		out = append(binary.BigEndian.AppendUint64(nil, b.Version), b.Key[:]...)
	case Withheld:
		if len(b.Sessions) > MaxRequested || len(b.Why) > maxWhy || CheckText(b.Why) != nil {
			return nil, core.Errorf(core.TooLarge, "an answer is about at most %d sessions", MaxRequested)
		}
		out = appendText(nil, b.Why)
		for _, s := range b.Sessions {
			out = append(out, s[:]...)
		}
	default:
		err = core.Errorf(core.Internal, "this is no body of a secret")
	}
	return out, err
}

// Mailboxes reads the body of a SecretMailbox or SecretSelf.
func (s Secret) Mailboxes() (Mailboxes, error) {
	r, err := s.reader(SecretMailbox, SecretSelf)
	if err != nil {
		return nil, err
	}
	m := r.mailboxes()
	return m, r.end("list of mailboxes")
}

// Invitation reads the body of a SecretInvite.
func (s Secret) Invitation() (Invitation, error) {
	r, err := s.reader(SecretInvite)
	if err != nil {
		return Invitation{}, err
	}
	i := Invitation{Kind: r.short(), Name: r.short()}
	by, err := wire.ParseAccountID(r.short())
	r.bad = r.bad || err != nil
	i.By, i.Mailboxes = by, r.mailboxes()
	if err = r.end("invitation"); err != nil {
		return Invitation{}, err
	}
	return i, i.check()
}

// History reads the body of a SecretHistory.
func (s Secret) History() (History, error) {
	r, err := s.reader(SecretHistory)
	if err != nil {
		return nil, err
	}
	var h History
	for len(r.rest) > 0 && !r.bad {
		var k SessionKey
		r.into(k.Session[:])
		k.Key = r.blob()
		h = append(h, k)
		r.bad = r.bad || len(h) > MaxHistoryKeys || len(k.Key) == 0 || len(k.Key) > maxSessionKey
	}
	return h, r.end("bundle of keys")
}

// KeyRequest reads the body of a SecretKeyRequest.
func (s Secret) KeyRequest() (KeyRequest, error) {
	r, err := s.reader(SecretKeyRequest)
	if err != nil {
		return nil, err
	}
	var k KeyRequest
	for len(r.rest) > 0 && !r.bad {
		k = append(k, r.ref())
		r.bad = r.bad || len(k) > MaxRequested
	}
	r.bad = r.bad || len(k) == 0
	return k, r.end("request for keys")
}

// BackupKey reads the body of a SecretBackup.
func (s Secret) BackupKey() (BackupKey, error) {
	r, err := s.reader(SecretBackup)
	if err != nil {
		return BackupKey{}, err
	}
	b := BackupKey{Version: r.uint64()}
	r.into(b.Key[:])
	return b, r.end("key of a backup")
}

// Withheld reads the body of a SecretWithheld.
func (s Secret) Withheld() (Withheld, error) {
	r, err := s.reader(SecretWithheld)
	if err != nil {
		return Withheld{}, err
	}
	w := Withheld{Why: r.text()}
	r.bad = r.bad || len(w.Why) > maxWhy || CheckText(w.Why) != nil
	for len(r.rest) > 0 && !r.bad {
		var session wire.Session
		r.into(session[:])
		w.Sessions = append(w.Sessions, session)
		r.bad = r.bad || len(w.Sessions) > MaxRequested
	}
	return w, r.end("answer")
}

func (s Secret) reader(kinds ...SecretKind) (*reader, error) {
	for _, k := range kinds {
		if s.Kind == k && len(s.Body) <= MaxSecretBytes {
			return &reader{rest: s.Body}, nil
		}
	}
	return nil, core.Errorf(core.Invalid, "this secret is of another kind")
}

func (i Invitation) check() error {
	switch i.Kind {
	case core.ChatRoomGroup, core.ChatRoomDirect, core.ChatRoomSelf:
	default:
		return core.Errorf(core.Invalid, "this invitation is to a kind of room that needs a newer version of the program")
	}
	if len(wire.AccountID(i.By)) == 0 || len(wire.AccountID(i.By)) > maxAccount {
		return core.Errorf(core.Invalid, "an invitation says who invites")
	}
	return wire.CheckName(i.Name)
}

func (h History) marshal() ([]byte, error) {
	if len(h) > MaxHistoryKeys {
		return nil, core.Errorf(core.TooLarge, "a bundle has at most %d keys", MaxHistoryKeys)
	}
	var out []byte
	for _, k := range h {
		if len(k.Key) == 0 || len(k.Key) > maxSessionKey {
			return nil, core.Errorf(core.TooLarge, "the key of a session has 1 to %d bytes", maxSessionKey)
		}
		out = appendText(append(out, k.Session[:]...), string(k.Key))
	}
	return out, nil
}

func appendMailboxes(out []byte, m Mailboxes) ([]byte, error) {
	if len(m) == 0 || len(m) > MaxMailboxes {
		return nil, core.Errorf(core.TooLarge, "a room has 1 to %d mailboxes; make a new room", MaxMailboxes)
	}
	for _, box := range m {
		out = append(append(out, box.Tag[:]...), box.Key[:]...)
	}
	return out, nil
}

func (r *reader) mailboxes() (m Mailboxes) {
	for len(r.rest) > 0 && !r.bad {
		var box Mailbox
		r.into(box.Tag[:])
		r.into(box.Key[:])
		m = append(m, box)
		r.bad = r.bad || len(m) > MaxMailboxes
	}
	r.bad = r.bad || len(m) == 0
	return m
}
