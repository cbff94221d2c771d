package inner

// This file has what one device sends another: the head of a secret.

import (
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// MaxSecretBytes bounds a secret. Sealed by Olm and written in base64 it has to fit
// wire.MaxEnvelopeBytes.
const MaxSecretBytes = 14 << 10

// secretHead is all but the kind and the body.
const secretHead = 1 + 1 + 4*32 + 8 + 2

// SecretKind says what a secret is.
type SecretKind string

// The kinds of secrets.
const (
	SecretSessionKey SecretKind = "session_key" // Body is the session's key as the engine has it
	SecretHistory    SecretKind = "history"     // History
	SecretInvite     SecretKind = "invite"      // Invitation
	SecretMailbox    SecretKind = "mailbox"     // Mailboxes: where the room has moved to
	SecretKeyRequest SecretKind = "key_request" // KeyRequest
	SecretSelf       SecretKind = "self"        // Mailboxes of the own room, to a sibling
	SecretBackup     SecretKind = "backup"      // BackupKey, to a sibling
	SecretWithheld   SecretKind = "withheld"    // Withheld: why a key does not come
)

// Known tells whether this version reads the kind.
func (k SecretKind) Known() bool {
	switch k {
	case SecretSessionKey, SecretHistory, SecretInvite, SecretMailbox, SecretKeyRequest, SecretSelf, SecretBackup, SecretWithheld:
		return true
	}
	return false
}

// Secret is what an Olm envelope carries. It says from whom to whom and of which
// room and session it is; the reader compares all of it with the envelope.
type Secret struct {
	Kind     SecretKind
	From, To wire.Fingerprint
	Room     wire.Room    // zero when it belongs to no room
	Session  wire.Session // zero when it belongs to no session
	At       time.Time
	Body     []byte
}

// String hides what is inside.
func (s Secret) String() string { return string(s.Kind) + " [secret]" }

// GoString does, too.
func (s Secret) GoString() string { return s.String() }

// Encode writes the secret. It returns core.TooLarge above MaxSecretBytes.
func (s Secret) Encode() ([]byte, error) {
	switch {
	case !isKind(string(s.Kind)):
		return nil, core.Errorf(core.Invalid, "a secret needs a kind")
	case !printable(s.At):
		return nil, core.Errorf(core.Invalid, "this computer's clock is off by centuries; set it")
	case secretHead+len(s.Kind)+len(s.Body) > MaxSecretBytes:
		return nil, errSecretSize()
	}
	out := make([]byte, 0, secretHead+len(s.Kind)+len(s.Body))
	out = appendShort(append(out, version), string(s.Kind))
	out = append(append(out, s.From[:]...), s.To[:]...)
	out = append(append(out, s.Room[:]...), s.Session[:]...)
	return appendText(appendTime(out, s.At), string(s.Body)), nil
}

// DecodeSecret reads what Encode wrote. It returns ErrNewer for another version,
// and else core.Invalid.
func DecodeSecret(b []byte) (Secret, error) {
	if len(b) > MaxSecretBytes {
		return Secret{}, errSecretSize()
	}
	if len(b) > 0 && b[0] > version {
		return Secret{}, ErrNewer
	}
	r := &reader{rest: b}
	r.bad = r.byte() != version
	var s Secret
	s.Kind = SecretKind(r.short())
	r.into(s.From[:])
	r.into(s.To[:])
	r.into(s.Room[:])
	r.into(s.Session[:])
	s.At, s.Body = r.time(), r.blob()
	r.bad = r.bad || !isKind(string(s.Kind))
	if err := r.end("secret"); err != nil {
		return Secret{}, err
	}
	return s, nil
}

func errSecretSize() error {
	return core.Errorf(core.TooLarge, "what one device sends another has at most %d bytes", MaxSecretBytes)
}
