package engine

// This file has the keys of sessions, and the one door through which they come in.

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"

	"maunium.net/go/mautrix/crypto/goolm/megolm"
	"maunium.net/go/mautrix/crypto/goolm/session"
	"maunium.net/go/mautrix/crypto/olm"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// key is a session's key from an index on, in goolm's form of an export.
type key struct {
	export [exportBytes]byte
	proved bool // the session signed it, or it has opened a message
	opened *session.MegolmInboundSession
}

func (k *key) index() uint32 { return binary.BigEndian.Uint32(k.export[1:]) }

// accept is the one door: every key of a session comes in here, whoever brought it;
// by is nobody for the backup. It counts once the session is announced, and as soon as a message proves it; until
// then it is one of a few. It returns false when nothing is new about it.
func (e *Olm) accept(by wallet.Account, room wire.Room, name wire.Session, raw []byte) (fresh bool, err error) {
	k, err := readKey(name, raw)
	if err != nil {
		return false, err
	}
	s := e.streams[name]
	if s != nil && s.room != room {
		return false, refuse(wire.Fingerprint{}, name, "the key of a session was brought for another room than its own")
	}
	stranger := by != wallet.Account{} && by != e.Account()
	if s == nil && (e.waiting >= MaxWaitingKeys || stranger && e.brought[by] >= MaxBrought) {
		return false, core.Errorf(core.Limited, "too many keys wait for their session; catch up with the rooms first")
	}
	e.weigh(s, -1)
	defer func() { e.weigh(e.streams[name], 1) }()
	if s != nil {
		for i, have := range s.keys {
			switch {
			case have.agrees(k) && k.proved && !have.proved: // proves what is here
				have.proved = true
				e.streamOf(name).keys = []key{have}
				return true, nil
			case have.agrees(k) || have.proved && have.index() <= k.index():
				return false, nil
			case have.proved && !k.agrees(have):
				return false, refuse(wire.Fingerprint{}, name, "the key of a session is not the one that it is written with")
			}
			k.proved = k.proved || s.keys[i].proved
		}
	}
	isNew := s == nil
	s = e.streamOf(name)
	s.room = room
	if isNew {
		s.brought = by
	}
	if k.proved {
		s.keys = nil
	}
	s.keys = append(slices.DeleteFunc(s.keys, func(have key) bool { return k.agrees(have) }), k)
	if len(s.keys) > MaxCandidates {
		s.keys = s.keys[1:]
	}
	return true, nil
}

// readKey reads both forms of a key: exported, and signed by its session.
func readKey(name wire.Session, raw []byte) (key, error) {
	bad := refuse(wire.Fingerprint{}, name, "these bytes are no key of the session that they are brought for")
	var k key
	switch {
	case len(raw) == exportBytes && raw[0] == keyVersion:
	case len(raw) == sharedBytes && raw[0] == sharedVersion:
		if _, err := session.NewMegolmInboundSession(base64Of(raw)); err != nil { // checks the signature
			return key{}, bad
		}
		k.proved = true
	default:
		return key{}, bad
	}
	copy(k.export[:], raw)
	k.export[0] = keyVersion
	if wire.Session(k.export[exportBytes-32:]) != name {
		return key{}, bad
	}
	return k, nil
}

// agrees tells whether the later key follows from this one.
func (k *key) agrees(later key) bool {
	if k.index() > later.index() {
		return false
	}
	ratchet, err := megolm.New(k.index(), [128]byte(k.export[5:]))
	if err != nil {
		return false
	}
	ratchet.AdvanceTo(later.index())
	return subtle.ConstantTimeCompare(ratchet.Data[:], later.export[5:5+128]) == 1
}

// from is the key from a later index on.
func (k Key) from(index uint32) Key {
	if index <= k.Index {
		return k
	}
	ratchet, err := megolm.New(k.Index, [128]byte(k.Key[5:]))
	if err != nil {
		return k
	}
	ratchet.AdvanceTo(index)
	k.Index, k.Key = index, bytes.Clone(k.Key)
	binary.BigEndian.PutUint32(k.Key[1:], index)
	copy(k.Key[5:], ratchet.Data[:])
	return k
}

// decrypt opens a message whose signature holds.
func (k *key) decrypt(body []byte) ([]byte, error) {
	if k.opened == nil {
		opened, err := session.NewMegolmInboundSessionFromExport(base64Of(k.export[:]))
		if err != nil {
			return nil, core.Wrap(core.Denied, err, "the key of a session is none")
		}
		k.opened = opened
	}
	plain, _, err := k.opened.Decrypt(base64Of(body))
	return plain, err
}

// decrypt opens a message with the key that is right for it, and keeps that one
// only. It runs inside of atomic. ok is false when there is none yet.
func (e *Olm) decrypt(s *stream, index uint32, body []byte) (plain []byte, ok bool) {
	for i := range s.keys {
		k := &s.keys[i]
		if k.index() > index {
			continue
		}
		plain, err := k.decrypt(body)
		if err == nil {
			if !k.proved || len(s.keys) > 1 {
				right := *k
				right.proved = true
				e.streamOf(s.session).keys = []key{right}
			}
			return plain, true
		}
		if !k.proved && !errors.Is(err, olm.ErrUnknownMessageIndex) {
			k.opened = nil
		}
	}
	return nil, false
}

func base64Of(b []byte) []byte {
	return base64.RawStdEncoding.AppendEncode(make([]byte, 0, base64.RawStdEncoding.EncodedLen(len(b))), b)
}

// Key is the key of a session from the first index on that is known here.
type Key struct {
	Room    wire.Room
	Session wire.Session
	Index   uint32
	Key     []byte // as ImportKey takes it
}

// String hides the key.
func (k Key) String() string { return k.Session.String() + " [secret]" }

// GoString does, too.
func (k Key) GoString() string { return k.String() }

// Key is what is known of a session; false when its key is not here, or nothing has
// proved yet that it is the right one.
func (e *Olm) Key(name wire.Session) (Key, bool) {
	s := e.streams[name]
	if s == nil || len(s.keys) == 0 || !s.keys[0].proved {
		return Key{}, false
	}
	k := s.keys[0]
	return Key{Room: s.room, Session: name, Index: k.index(), Key: bytes.Clone(k.export[:])}, true
}

// ExportKeys is the keys of all sessions, sorted by their names: for the backup.
func (e *Olm) ExportKeys() []Key {
	out := make([]Key, 0, len(e.streams))
	for name := range e.streams {
		if k, ok := e.Key(name); ok {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b Key) int { return bytes.Compare(a.Session[:], b.Session[:]) })
	return out
}

// ImportKey brings a key from a backup to the one door. fresh is false for one that
// was here.
func (e *Olm) ImportKey(k Key) (fresh bool, err error) {
	err = e.atomic(func() error {
		fresh, err = e.accept(wallet.Account{}, k.Room, k.Session, k.Key)
		return err
	})
	return fresh, err
}
