package engine

// This file has Olm: sessions between this device and one other.

import (
	"bytes"
	"encoding/base64"
	"slices"
	"time"

	"maunium.net/go/mautrix/crypto/goolm/crypto"
	"maunium.net/go/mautrix/crypto/goolm/message"
	"maunium.net/go/mautrix/crypto/goolm/session"
	"maunium.net/go/mautrix/id"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Limits of one pair of devices.
const (
	// MaxOlmSessions bounds the sessions of a pair. Both may begin one at the same
	// time, and one that does not open is followed by another. Each keeps at most 40
	// keys of messages that were skipped.
	MaxOlmSessions = 4
	// MaxRemembered bounds the envelopes, and the first messages, of a peer that are
	// remembered so that they have no effect twice.
	MaxRemembered = 32
	// RenewAfter is how long a peer whose messages do not open waits before it may
	// make us begin another session.
	RenewAfter = time.Hour
)

// peer is what is shared with one other device.
type peer struct {
	sessions []olmSession // the one to send with first
	firsts   [][16]byte   // sessions that the other side began, oldest first
	opened   [][16]byte   // envelopes that were opened, oldest first
	renew    bool         // begin a new session before sending
	renewed  time.Time    // when that was asked for last
}

// olmSession is a session of goolm's as it pickles it.
type olmSession struct{ *session.OlmSession }

func (s olmSession) clone() (olmSession, error) { return readOlm(s.PickleLibOlm()) }

func readOlm(pickle []byte) (olmSession, error) {
	s := session.NewOlmSession()
	if err := s.UnpickleLibOlm(pickle); err != nil {
		return olmSession{}, core.Wrap(core.Internal, err, "a session with another device cannot be read")
	}
	return olmSession{s}, nil
}

func (p *peer) record() []byte {
	out := record(nil).flag(p.renew).time(p.renewed).number(uint64(len(p.sessions)))
	for _, s := range p.sessions {
		out = out.bytes(s.PickleLibOlm())
	}
	return out.hashes(p.firsts).hashes(p.opened)
}

func readPeer(r *reader) *peer {
	p := &peer{renew: r.flag(), renewed: r.time()}
	for n := r.count(); n > 0 && !r.bad; n-- {
		s, err := readOlm(r.bytes())
		if err != nil {
			r.bad = true
			return p
		}
		p.sessions = append(p.sessions, s)
	}
	p.firsts, p.opened = r.hashes(), r.hashes()
	return p
}

// front makes s the session to send with, and forgets the one that was longest out
// of use when there are too many.
func (p *peer) front(s olmSession) {
	p.sessions = slices.DeleteFunc(p.sessions, func(have olmSession) bool { return have.ID() == s.ID() })
	p.sessions = slices.Insert(p.sessions, 0, s)
	if len(p.sessions) > MaxOlmSessions {
		p.sessions = p.sessions[:MaxOlmSessions]
	}
}

func remember(list [][16]byte, id [16]byte) [][16]byte {
	list = append(list, id)
	if over := len(list) - MaxRemembered; over > 0 {
		list = slices.Delete(list, 0, over)
	}
	return list
}

// peerOf is the peer of a device; it has to be touched before it is changed.
func (e *Olm) peerOf(f wire.Fingerprint) *peer {
	e.touch(keyPeer(f))
	p := e.peers[f]
	if p == nil {
		p = &peer{}
		e.peers[f] = p
	}
	return p
}

// Reachable tells whether something can be sealed for a device now: it is live, its
// certificate holds, and there is a session with it or a key to begin one.
func (e *Olm) Reachable(f wire.Fingerprint, now time.Time) bool {
	k, ok := e.Lookup(f)
	if !ok || !k.Live || !k.covers(now) || f == e.self.device {
		return false
	}
	p := e.peers[f]
	return p != nil && len(p.sessions) > 0 && !p.renew || e.prekeyOf(f) != nil
}

// prekeyOf is the newest key with which a session with a device begins.
func (e *Olm) prekeyOf(f wire.Fingerprint) *wire.Prekey {
	p := e.people[e.devices[f]]
	if p == nil || len(p.prekeys[f]) == 0 {
		return nil
	}
	return &p.prekeys[f][len(p.prekeys[f])-1]
}

// sealFor seals bytes for a reachable device. It runs inside of atomic.
func (e *Olm) sealFor(f wire.Fingerprint, plain []byte, now time.Time) (wire.Envelope, error) {
	p := e.peerOf(f)
	if len(p.sessions) == 0 || p.renew || e.isStale(f, p.sessions[0]) {
		s, err := e.begin(f)
		if err != nil {
			return wire.Envelope{}, err
		}
		p.front(s)
		p.renew = false
	}
	kind, text, err := p.sessions[0].Encrypt(plain)
	if err != nil {
		return wire.Envelope{}, core.Wrap(core.Internal, err, "this could not be sealed for another device")
	}
	body, err := base64.RawStdEncoding.DecodeString(string(text))
	if err != nil {
		return wire.Envelope{}, core.Wrap(core.Internal, err, "this could not be sealed for another device")
	}
	env := wire.Envelope{To: f, From: e.self.device, ID: wire.NewEnvelopeID(), At: wire.Time(now), Suite: wire.SuiteOlm, Type: byte(kind), Body: body} //nolint:gosec // 0 or 1
	if len(body) > wire.MaxEnvelopeBytes {
		return wire.Envelope{}, core.Errorf(core.TooLarge, "an envelope has at most %d bytes; send this in parts", wire.MaxEnvelopeBytes)
	}
	return env.SignBy(e.Sign)
}

// isStale tells whether a session that was never answered began with a key that the
// other side may have forgotten by now.
func (e *Olm) isStale(f wire.Fingerprint, s olmSession) bool {
	if s.HasReceivedMessage() || e.prekeyOf(f) == nil {
		return false
	}
	return !slices.ContainsFunc(e.people[e.devices[f]].prekeys[f], func(k wire.Prekey) bool { return s.BobOneTimeKey.Equal(k.Key[:]) })
}

// begin makes a new session from a device's prekey.
func (e *Olm) begin(f wire.Fingerprint) (olmSession, error) {
	k, known := e.Lookup(f)
	key := e.prekeyOf(f)
	if !known || key == nil {
		return olmSession{}, core.Errorf(core.Unavailable, "this device has not published a key yet; it gets what it misses when it has")
	}
	s, err := session.NewOutboundOlmSession(e.self.account.IdKeys.Curve25519, k.Statement.Identity[:], key.Key[:])
	if err != nil {
		return olmSession{}, core.Wrap(core.Denied, err, "the key that this device has published is none")
	}
	return olmSession{s}, nil
}

// openFrom opens what a known device sealed. It runs inside of atomic; a session
// changes only when a message under it opened.
func (e *Olm) openFrom(k *Known, env wire.Envelope) ([]byte, error) {
	p := e.peerOf(env.From)
	text := base64.RawStdEncoding.EncodeToString(env.Body)
	if env.Type == byte(id.OlmMsgTypePreKey) {
		for _, s := range p.sessions {
			if same, err := s.MatchesInboundSession(text); err == nil && same {
				return p.try(s, text, id.OlmMsgTypePreKey)
			}
		}
		return e.openFirst(p, k, text)
	}
	for _, s := range slices.Clone(p.sessions) {
		if plain, err := p.try(s, text, id.OlmMsgTypeMsg); err == nil {
			return plain, nil
		}
	}
	return nil, errUnopened()
}

// openFirst makes the session that a first message begins. The same message again
// finds that session; when it is forgotten, its name is remembered.
func (e *Olm) openFirst(p *peer, k *Known, text string) ([]byte, error) {
	if !isPlainFirst(text) {
		return nil, errUnopened()
	}
	identity := id.Curve25519(base64.RawStdEncoding.EncodeToString(k.Statement.Identity[:]))
	made, err := e.self.account.NewInboundSessionFrom(&identity, text)
	if err != nil {
		return nil, errUnopened()
	}
	s, ok := made.(*session.OlmSession)
	if !ok {
		return nil, errUnopened()
	}
	name := olmName(s)
	if slices.Contains(p.firsts, name) {
		return nil, ErrKnown
	}
	plain, err := s.Decrypt(text, id.OlmMsgTypePreKey)
	if err != nil {
		return nil, errUnopened()
	}
	p.front(olmSession{s})
	p.firsts = remember(p.firsts, name)
	return plain, nil
}

// isPlainFirst tells whether a first message is written in the one way in which it
// is made. What is around its sealed part is not under its MAC, so the same message
// could be written in others, each of them another session.
func isPlainFirst(text string) bool {
	raw, err := base64.RawStdEncoding.DecodeString(text)
	var first message.PreKeyMessage
	if err != nil || first.Decode(raw) != nil || !first.CheckFields() {
		return false
	}
	for _, key := range []crypto.Curve25519PublicKey{first.IdentityKey, first.BaseKey, first.OneTimeKey} {
		if key[len(key)-1]&0x80 != 0 { // the bit that Curve25519 does not look at
			return false
		}
	}
	again, err := first.Encode()
	return err == nil && bytes.Equal(again, raw)
}

// try opens with a copy of a session, which takes its place when it worked.
func (p *peer) try(s olmSession, text string, kind id.OlmMsgType) ([]byte, error) {
	next, err := s.clone()
	if err != nil {
		return nil, err
	}
	plain, err := next.Decrypt(text, kind)
	if err != nil {
		return nil, errUnopened()
	}
	p.front(next)
	return plain, nil
}

// olmName is the start of a session's name, the same on both sides.
func olmName(s *session.OlmSession) (name [16]byte) {
	b, err := base64.RawStdEncoding.DecodeString(string(s.ID()))
	if err == nil {
		copy(name[:], b)
	}
	return name
}

func errUnopened() error {
	return core.Errorf(core.Denied, "what another device sent does not open; it is asked to send it anew")
}
