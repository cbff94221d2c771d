package engine

// This file seals what one device sends another, and opens it: session keys above
// all.

import (
	"errors"
	"slices"
	"time"

	"maunium.net/go/mautrix/crypto/goolm/session"
	"maunium.net/go/mautrix/id"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// MaxReceivers bounds the devices that one call seals for: all of a room's.
const MaxReceivers = core.MaxChatMembers * wire.MaxLiveDevices

// SealSecret seals a secret, of which Kind, Room, Session and Body are set, for
// devices. One that cannot be reached yet is left out, and asks for what it misses;
// when that is all of them the error is core.Unavailable. A device that is not
// known, or was revoked, is core.Denied.
func (e *Olm) SealSecret(to []wire.Fingerprint, s inner.Secret, now time.Time) (rows []wire.Row, err error) {
	if len(to) > MaxReceivers {
		return nil, core.Errorf(core.TooLarge, "one secret goes to at most %d devices", MaxReceivers)
	}
	err = e.atomic(func() error {
		if err = e.mayAct(now); err != nil {
			return err
		}
		for _, f := range to {
			if k, ok := e.Lookup(f); !ok || !k.Live {
				return core.Errorf(core.Denied, "a device that is not on its wallet's list gets nothing")
			}
			if !e.Reachable(f, now) {
				continue
			}
			row, sealErr := e.sealSecret(f, s, now)
			if sealErr != nil {
				return sealErr
			}
			rows = append(rows, row)
		}
		if len(to) > 0 && len(rows) == 0 {
			return core.Errorf(core.Unavailable, "none of these devices can be reached yet; try again when they have been on")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// sealSecret runs inside of atomic.
func (e *Olm) sealSecret(f wire.Fingerprint, s inner.Secret, now time.Time) (wire.Row, error) {
	s.From, s.To, s.At = e.self.device, f, wire.Time(now)
	plain, err := s.Encode()
	if err != nil {
		return nil, err
	}
	return e.sealFor(f, plain, now)
}

// OpenEnvelope opens what another device sent to this one and what was stored at a
// time, and says whose device that is. Keys of sessions are taken in at the one door, and kept for a while when
// their session is not announced yet; the caller gets the secret, too.
//
// It returns ErrKnown for an envelope that was here, NeedDevices when its sender is
// not known, NeedNewer when this program is too old, and else a Refusal. After an
// envelope that does not open, the next one to its sender begins a new session.
func (e *Olm) OpenEnvelope(env wire.Envelope, at time.Time) (s inner.Secret, from wallet.Account, err error) {
	switch {
	case env.To != e.self.device:
		return s, from, refuse(env.From, wire.Session{}, "this was sealed for another device")
	case env.Suite != wire.SuiteOlm:
		return s, from, &NeedNewer{Suite: env.Suite}
	case len(env.Body) > wire.MaxEnvelopeBytes || env.Type > 1:
		return s, from, refuse(env.From, wire.Session{}, "this envelope is none")
	}
	from, ok := e.devices[env.From]
	if !ok {
		return s, from, &NeedDevices{Device: env.From, Claimed: e.claimed(env)}
	}
	k := e.people[from].devices[env.From]
	switch {
	case env.Verify(k.Statement.Signing) != nil:
		return s, from, refuse(env.From, wire.Session{}, "this envelope is not signed by its sender")
	case k.Since.IsZero():
		return s, from, &NeedDevices{Accounts: []wallet.Account{from}, Device: env.From}
	case !k.covers(env.At) || env.At.After(at.Add(wire.MaxSkew)):
		return s, from, refuse(env.From, wire.Session{}, "the certificate of the sender did not hold when this was made")
	case k.ended(env.At) || k.ended(at):
		return s, from, refuse(env.From, wire.Session{}, "the sender was revoked before this was made")
	}
	if p := e.peers[env.From]; p != nil && slices.Contains(p.opened, [16]byte(env.ID)) {
		return s, from, ErrKnown
	}
	opened := false
	err = e.atomic(func() error {
		s, opened, err = e.openSecret(k, env)
		return err
	})
	if err != nil {
		if !opened && !errors.Is(err, ErrKnown) {
			e.askNew(env.From, at)
		}
		return inner.Secret{}, from, err
	}
	return s, from, nil
}

// openSecret runs inside of atomic. opened says that Olm opened it, whatever is inside.
func (e *Olm) openSecret(k *Known, env wire.Envelope) (s inner.Secret, opened bool, err error) {
	plain, err := e.openFrom(k, env)
	if err != nil {
		if errors.Is(err, ErrKnown) {
			return s, false, err
		}
		return s, false, refuse(env.From, wire.Session{}, "%s", core.Sentence(err))
	}
	p := e.peerOf(env.From)
	p.opened = remember(p.opened, env.ID)
	s, err = inner.DecodeSecret(plain)
	switch {
	case errors.Is(err, inner.ErrNewer):
		err = &NeedNewer{Suite: env.Suite}
	case err != nil:
		err = refuse(env.From, wire.Session{}, "what is inside of this envelope is none")
	case s.From != env.From || s.To != e.self.device:
		err = refuse(env.From, wire.Session{}, "this was written for another device")
	default:
		err = e.takeKeys(k.Statement.Account, s)
	}
	return s, true, err
}

// takeKeys brings the keys of a secret to the door. One that is refused does not
// keep the others out.
func (e *Olm) takeKeys(by wallet.Account, s inner.Secret) error {
	switch s.Kind { //nolint:exhaustive // the others carry no keys of sessions
	case inner.SecretSessionKey:
		_, err := e.accept(by, s.Room, s.Session, s.Body)
		return err
	case inner.SecretHistory:
		bundle, err := s.History()
		if err != nil {
			return refuse(s.From, wire.Session{}, "a bundle of keys does not hold: %s", core.Sentence(err))
		}
		var refused error
		taken := 0
		for _, k := range bundle {
			if _, err = e.accept(by, s.Room, k.Session, k.Key); err != nil {
				refused = err
				continue
			}
			taken++
		}
		if taken == 0 {
			return refused
		}
	}
	return nil
}

// askNew makes the next envelope to a device begin a new session, once in a while.
func (e *Olm) askNew(f wire.Fingerprint, at time.Time) {
	p := e.peers[f]
	if p == nil || len(p.sessions) == 0 || p.renew || at.Before(p.renewed.Add(RenewAfter)) && !p.renewed.After(at) {
		return
	}
	e.must(func() {
		p = e.peerOf(f)
		p.renew, p.renewed = true, at
	})
}

// claimed reads, of a first message by an unknown device, whose it says it is. All
// of it is thrown away: Learn has to find that account's certificate for it.
func (e *Olm) claimed(env wire.Envelope) wallet.Account {
	if env.Type != byte(id.OlmMsgTypePreKey) {
		return wallet.Account{}
	}
	text := string(base64Of(env.Body))
	made, err := e.self.account.NewInboundSessionFrom(nil, text)
	if err != nil {
		return wallet.Account{}
	}
	first, ok := made.(*session.OlmSession)
	if !ok {
		return wallet.Account{}
	}
	plain, err := first.Decrypt(text, id.OlmMsgTypePreKey)
	if err != nil {
		return wallet.Account{}
	}
	s, err := inner.DecodeSecret(plain)
	if err != nil || s.Kind != inner.SecretInvite {
		return wallet.Account{}
	}
	invitation, err := s.Invitation()
	if err != nil {
		return wallet.Account{}
	}
	return invitation.By
}

// Share seals keys of a room's sessions for devices, in bundles: all that are known
// here, or those that are named. It gives nobody more than they are entitled to: own
// siblings everything, others what was announced while their account was a member,
// what this device gave them when its session was under way, or all where the room's
// history is for all.
func (e *Olm) Share(r Room, to []wire.Fingerprint, sessions []wire.Session, now time.Time) (rows []wire.Row, err error) {
	if len(to) > MaxReceivers {
		return nil, core.Errorf(core.TooLarge, "keys go to at most %d devices at a time", MaxReceivers)
	}
	known := e.keysOf(r.ID(), sessions)
	err = e.atomic(func() error {
		if err = e.mayAct(now); err != nil {
			return err
		}
		for _, f := range to {
			k, ok := e.Lookup(f)
			if !ok || !k.Live {
				return core.Errorf(core.Denied, "a device that is not on its wallet's list gets no keys")
			}
			if !e.Reachable(f, now) {
				continue
			}
			var may []Key
			for _, key := range known {
				if from, entitled := e.entitled(r, k.Statement.Account, key.Session); entitled {
					may = append(may, key.from(from))
				}
			}
			more, bundleErr := e.bundles(r.ID(), f, may, now)
			if bundleErr != nil {
				return bundleErr
			}
			rows = append(rows, more...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func (e *Olm) keysOf(r wire.Room, sessions []wire.Session) []Key {
	var out []Key
	if sessions == nil {
		for _, k := range e.ExportKeys() {
			if k.Room == r {
				out = append(out, k)
			}
		}
		return out
	}
	for _, name := range sessions {
		if k, ok := e.Key(name); ok && k.Room == r {
			out = append(out, k)
		}
	}
	return out
}

// entitled tells whether an account may have the key of a session, and from where on.
func (e *Olm) entitled(r Room, a wallet.Account, name wire.Session) (from uint32, ok bool) {
	if a == e.Account() {
		return 0, true
	}
	if !slices.ContainsFunc(r.Members(), func(m room.Member) bool { return m.Account == a }) {
		return 0, false
	}
	if r.History() == core.ChatHistoryAll {
		return 0, true
	}
	s := e.streams[name]
	if s == nil {
		return 0, false
	}
	for _, have := range s.announced {
		if was, known := r.MemberAt(have.Head, a); known && was {
			return 0, true
		}
	}
	for _, g := range s.given {
		if g.account == a {
			return g.index, true
		}
	}
	return 0, false
}

func (e *Olm) bundles(r wire.Room, f wire.Fingerprint, keys []Key, now time.Time) (rows []wire.Row, err error) {
	for part := range slices.Chunk(keys, inner.MaxHistoryKeys) {
		bundle := make(inner.History, 0, len(part))
		for _, k := range part {
			bundle = append(bundle, inner.SessionKey{Session: k.Session, Key: k.Key})
		}
		body, marshalErr := inner.MarshalSecret(bundle)
		if marshalErr != nil {
			return nil, marshalErr
		}
		row, sealErr := e.sealSecret(f, inner.Secret{Kind: inner.SecretHistory, Room: r, Body: body}, now)
		if sealErr != nil {
			return nil, sealErr
		}
		rows = append(rows, row)
	}
	return rows, nil
}
