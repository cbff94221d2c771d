package engine

// This file seals messages for rooms, and begins a new session when it is due.

import (
	"bytes"
	"encoding/base64"
	"slices"
	"time"

	"maunium.net/go/mautrix/crypto/goolm/session"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// When a session ends although nobody has gone.
const (
	// RotateAfter is its longest life.
	RotateAfter = 7 * 24 * time.Hour
	// RotateMessages is how many messages it carries, RotateMany in rooms of more
	// than ManyDevices, where a new one costs more.
	RotateMessages = 100
	RotateMany     = 1000
	ManyDevices    = 50
)

// outbound is the session that this device writes a room with.
type outbound struct {
	session *session.MegolmOutboundSession
	mailbox wire.Name
	at      time.Time // of its announcement

	// What the last look at the room's devices was like; not saved.
	checked bool
	head    wire.Hash
	changes uint64
	until   time.Time // when a certificate of a receiver ends
	devices int
}

// shared is the devices that have its key.
type shared struct{ devices map[wire.Fingerprint]bool }

func (o *outbound) record() []byte {
	return record(nil).bytes(o.session.PickleLibOlm()).bytes(o.mailbox[:]).time(o.at)
}

func readOutbound(r *reader) *outbound {
	o := &outbound{session: &session.MegolmOutboundSession{}}
	if o.session.UnpickleLibOlm(r.bytes()) != nil {
		r.bad = true
	}
	r.into(o.mailbox[:])
	o.at = r.time()
	return o
}

func (s *shared) record() []byte {
	list := make([]wire.Fingerprint, 0, len(s.devices))
	for f := range s.devices {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b wire.Fingerprint) int { return bytes.Compare(a[:], b[:]) })
	out := make([]byte, 0, len(list)*32)
	for _, f := range list {
		out = append(out, f[:]...)
	}
	return record(nil).bytes(out)
}

func readShared(r *reader) *shared {
	b := r.bytes()
	s := &shared{devices: map[wire.Fingerprint]bool{}}
	for ; len(b) >= 32; b = b[32:] {
		s.devices[wire.Fingerprint(b[:32])] = true
	}
	r.bad = r.bad || len(b) > 0
	return s
}

func (o *outbound) name() wire.Session { return wire.Session(o.session.SigningKey.PublicKey) }

// Seal seals a message, of which Kind, At and Body are set, for a room. When it is
// due the rows begin with the announcement of a new session and its key for every
// live device of every member; the message is the last one. They are to be stored in
// this order. A device that cannot be reached yet gets its key with a later message.
//
// It returns NeedDevices for members of whom nothing was learned, and core.Denied
// when this device may not write.
func (e *Olm) Seal(r Room, m inner.Message, now time.Time) (rows []wire.Row, ref inner.Ref, err error) {
	err = e.atomic(func() error {
		rows, ref, err = e.seal(r, m, now)
		return err
	})
	if err != nil {
		return nil, inner.Ref{}, err
	}
	return rows, ref, nil
}

func (e *Olm) seal(r Room, m inner.Message, now time.Time) (rows []wire.Row, ref inner.Ref, err error) {
	if err = e.mayAct(now); err != nil {
		return nil, ref, err
	}
	if me, known := r.MemberAt(r.Head(), e.Account()); !known || !me {
		return nil, ref, core.Errorf(core.Denied, "only members write in a room; ask to be let in again")
	}
	rows, err = e.share(r, now)
	if err != nil {
		return nil, ref, err
	}
	o := e.outbound[r.ID()]
	e.touch(keyOut(r.ID()))
	list, _ := e.ListOf(e.Account())
	m.Room, m.Session, m.Device, m.Head = r.ID(), o.name(), e.self.device, r.Head()
	m.ListVersion, m.ListHash = list.Version, list.Hash()
	m.At = wire.Time(m.At)
	padded, err := m.Encode()
	if err != nil {
		return nil, ref, err
	}
	ref = inner.Ref{Session: o.name(), Index: uint32(o.session.MessageIndex())} //nolint:gosec // a session rotates long before
	text, err := o.session.Encrypt(padded)
	if err != nil {
		return nil, ref, core.Wrap(core.Internal, err, "this message could not be sealed")
	}
	body, err := base64.RawStdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, ref, core.Wrap(core.Internal, err, "this message could not be sealed")
	}
	row := wire.Message{Suite: wire.SuiteOlm, Mailbox: o.mailbox, Session: o.name(), Body: body}
	e.note(ref.Session, ref.Index, body)
	return append(rows, row), ref, nil
}

// share sees to it that there is a session and that everybody who may read has its
// key. It returns the rows that this takes.
func (e *Olm) share(r Room, now time.Time) ([]wire.Row, error) {
	o := e.outbound[r.ID()]
	if o != nil && o.checked && o.head == r.Head() && o.changes == e.changes && now.Before(o.until) && !o.due(r, now) {
		return nil, nil
	}
	wanted, until, err := e.readers(r, now)
	if err != nil {
		return nil, err
	}
	var rows []wire.Row
	if o == nil || o.due(r, now) || e.hasGone(r.ID(), wanted) {
		announcement, rotateErr := e.rotate(r, now)
		if rotateErr != nil {
			return nil, rotateErr
		}
		rows = append(rows, announcement)
		o = e.outbound[r.ID()]
	}
	given := e.shared[r.ID()].devices
	secret, err := o.secret(r.ID(), e.self.device, now)
	if err != nil {
		return nil, err
	}
	for _, f := range wanted {
		if given[f] || !e.Reachable(f, now) {
			continue
		}
		row, sealErr := e.sealSecret(f, secret, now)
		if sealErr != nil {
			return nil, sealErr
		}
		e.touch(keyShared(r.ID()))
		given[f] = true
		e.giveFrom(r, o, e.devices[f])
		rows = append(rows, row)
	}
	o.checked, o.head, o.changes, o.until, o.devices = true, r.Head(), e.changes, until, len(wanted)+1
	return rows, nil
}

// giveFrom notes who gets the key although they were no member when the session was
// announced: from there on they may have it again.
func (e *Olm) giveFrom(r Room, o *outbound, a wallet.Account) {
	index := uint32(o.session.MessageIndex()) //nolint:gosec // a session rotates long before
	s := e.streams[o.name()]
	if was, known := r.MemberAt(s.announced[0].Head, a); known && was || slices.ContainsFunc(s.given, func(g span) bool { return g.account == a }) {
		return
	}
	s = e.streamOf(o.name())
	s.given = append(s.given, span{account: a, index: index})
}

// due tells whether the session has to end although nobody has gone.
func (o *outbound) due(r Room, now time.Time) bool {
	limit := uint(RotateMessages)
	if o.devices > ManyDevices {
		limit = RotateMany
	}
	return o.mailbox != r.Mailbox().Tag.Name() || o.session.MessageIndex() >= limit || !now.Before(o.at.Add(RotateAfter)) || now.Before(o.at.Add(-wire.MaxSkew))
}

// hasGone tells whether somebody has the key who is to read no more.
func (e *Olm) hasGone(name wire.Room, wanted []wire.Fingerprint) bool {
	given := e.shared[name]
	if given == nil {
		return true
	}
	left := len(given.devices)
	for _, f := range wanted {
		if given.devices[f] {
			left--
		}
	}
	return left > 0
}

// readers is the other devices that may read the room now, in a fixed order, and
// until when that holds.
func (e *Olm) readers(r Room, now time.Time) ([]wire.Fingerprint, time.Time, error) {
	need := &NeedDevices{}
	var out []wire.Fingerprint
	until := now.Add(RotateAfter)
	for _, m := range r.Members() {
		p := e.people[m.Account]
		if p == nil {
			need.Accounts = append(need.Accounts, m.Account)
			continue
		}
		for _, f := range p.head().Live {
			k := p.devices[f]
			if k == nil || f == e.self.device || !k.covers(now) {
				continue
			}
			out = append(out, f)
			if k.Certified.ExpiresAt.Before(until) {
				until = k.Certified.ExpiresAt
			}
		}
	}
	if len(need.Accounts) > 0 {
		return nil, until, need
	}
	return out, until, nil
}

// rotate begins a new session and announces it.
func (e *Olm) rotate(r Room, now time.Time) (wire.Announce, error) {
	made, err := session.NewMegolmOutboundSession()
	if err != nil {
		return wire.Announce{}, core.Wrap(core.Internal, err, "a new session could not be made")
	}
	o := &outbound{session: made, mailbox: r.Mailbox().Tag.Name(), at: wire.Time(now)}
	if old := e.outbound[r.ID()]; old != nil {
		o.devices = old.devices
	}
	list, _ := e.ListOf(e.Account())
	a, err := wire.Announce{
		Mailbox: o.mailbox, Session: o.name(), Device: e.self.device, Head: r.Head(), ListVersion: list.Version, ListHash: list.Hash(), At: o.at,
	}.SignBy(e.Sign)
	if err != nil {
		return wire.Announce{}, err
	}
	raw, err := o.export()
	if err != nil {
		return wire.Announce{}, err
	}
	e.touch(keyOut(r.ID()))
	e.touch(keyShared(r.ID()))
	e.outbound[r.ID()], e.shared[r.ID()] = o, &shared{devices: map[wire.Fingerprint]bool{}}
	s := e.streamOf(o.name())
	s.room, s.announced = r.ID(), []announced{{Announce: a, account: e.Account()}}
	if _, err = e.accept(e.Account(), r.ID(), o.name(), raw); err != nil {
		return wire.Announce{}, err
	}
	return a, nil
}

// export is the session's key from its next message on, signed by the session.
func (o *outbound) export() ([]byte, error) {
	text, err := o.session.SessionSharingMessage()
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the key of a session could not be written")
	}
	return base64.RawStdEncoding.DecodeString(string(text))
}

func (o *outbound) secret(r wire.Room, from wire.Fingerprint, now time.Time) (inner.Secret, error) {
	raw, err := o.export()
	return inner.Secret{Kind: inner.SecretSessionKey, From: from, Room: r, Session: o.name(), At: wire.Time(now), Body: raw}, err
}

// DropOutbound ends the session that this device writes a room with: the next
// message begins a new one. It has to be called when the room's mailbox has a higher
// number of it than is known here, when its announcement was refused, and by
// Restored for all rooms.
func (e *Olm) DropOutbound(r wire.Room) {
	e.must(func() {
		e.touch(keyOut(r))
		e.touch(keyShared(r))
		delete(e.outbound, r)
		delete(e.shared, r)
	})
}

// Restored has to be called when the records may be a copy, or older than what this
// device has done: nothing that was sent with before is used again, neither for
// rooms nor for other devices, and Publish is due. It comes right after Load, and
// stays whatever Rollback takes back.
func (e *Olm) Restored() {
	before := e.journal
	e.journal = map[string][]byte{}
	e.must(func() {
		e.touch(keySelf)
		e.self.stale = true
		for r := range e.outbound {
			e.DropOutbound(r)
		}
		for f, p := range e.peers {
			if len(p.sessions) > 0 && !p.renew {
				e.peerOf(f).renew = true
			}
		}
	})
	e.keep(e.journal)
	for key := range e.journal {
		delete(before, key)
	}
	e.journal = before
}

// must runs a call that cannot fail.
func (e *Olm) must(call func()) {
	_ = e.atomic(func() error { //nolint:errcheck // it returns nil
		call()
		return nil
	})
}

// NextIndex is the index that the next message of a session of this device's own
// would have; false when the session is ended or another's.
func (e *Olm) NextIndex(name wire.Session) (uint32, bool) {
	s := e.streams[name]
	if s == nil {
		return 0, false
	}
	o := e.outbound[s.room]
	if o == nil || o.name() != name {
		return 0, false
	}
	return uint32(o.session.MessageIndex()), true //nolint:gosec // a session rotates long before
}
