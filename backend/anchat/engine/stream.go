package engine

// This file has the sessions that rooms are written with, and their announcements.

import (
	"bytes"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Limits of sessions.
const (
	// MaxWaitingKeys bounds the keys that wait for their session to be announced: a
	// whole backup may come before the mailboxes are read.
	MaxWaitingKeys = 20_000
	// MaxBrought bounds those of them that one account has brought, so that strangers
	// do not keep friends out. For own devices and the backup the first bound counts.
	MaxBrought = 2_000
	// MaxCandidates bounds the keys that are kept of one session until a message
	// shows which one is right.
	MaxCandidates = 4
	// MaxAnnounced bounds the announcements of one session: somebody may announce
	// another's, and only what is inside of its messages shows whose it is.
	MaxAnnounced = 4

	keyVersion    = 1 // of an exported key, which is goolm's
	sharedVersion = 2 // of a key that its session has signed
	exportBytes   = 1 + 4 + 128 + 32
	sharedBytes   = exportBytes + 64
)

// stream is one session of a room: what one device sends in it until it rotates.
type stream struct {
	session   wire.Session
	room      wire.Room
	announced []announced    // those that hold
	keys      []key          // the right one first
	late      [][16]byte     // messages that came in their order, and wait for the key
	given     []span         // of an own session: who got its key when it was under way
	brought   wallet.Account // who brought the first key of one that is not announced
}

// span is from where on an account may have a key.
type span struct {
	account wallet.Account
	index   uint32
}

// announced is an announcement that was accepted.
type announced struct {
	wire.Announce
	account wallet.Account
}

func (s *stream) waits() int {
	if s == nil || len(s.announced) > 0 {
		return 0
	}
	return len(s.keys)
}

func (s *stream) announcedBy(f wire.Fingerprint) bool { return s.by(f) != nil }

func (s *stream) by(f wire.Fingerprint) *announced {
	for i := range s.announced {
		if s.announced[i].Device == f {
			return &s.announced[i]
		}
	}
	return nil
}

func (s *stream) record() []byte {
	out := record(nil).bytes(s.room[:]).number(uint64(len(s.announced)))
	for _, a := range s.announced {
		out = out.bytes(a.Encode()).bytes([]byte(wire.AccountID(a.account)))
	}
	out = out.number(uint64(len(s.keys)))
	for _, k := range s.keys {
		out = out.flag(k.proved).bytes(k.export[:])
	}
	out = out.bytes([]byte(wire.AccountID(s.brought))).hashes(s.late).number(uint64(len(s.given)))
	for _, g := range s.given {
		out = out.bytes([]byte(wire.AccountID(g.account))).number(uint64(g.index))
	}
	return out
}

func readStream(r *reader, name wire.Session) *stream {
	s := &stream{session: name}
	r.into(s.room[:])
	for n := r.count(); n > 0 && !r.bad; n-- {
		a, _ := readRow[wire.Announce](r)
		account, err := wire.ParseAccountID(string(r.bytes()))
		r.bad = r.bad || err != nil
		s.announced = append(s.announced, announced{Announce: a, account: account})
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		k := key{proved: r.flag()}
		r.into(k.export[:])
		s.keys = append(s.keys, k)
	}
	if by := string(r.bytes()); by != "" {
		account, err := wire.ParseAccountID(by)
		r.bad = r.bad || err != nil
		s.brought = account
	}
	s.late = r.hashes()
	for n := r.count(); n > 0 && !r.bad; n-- {
		account, err := wire.ParseAccountID(string(r.bytes()))
		r.bad = r.bad || err != nil
		s.given = append(s.given, span{account: account, index: uint32(r.number())}) //nolint:gosec // written from 32 bits
	}
	return s
}

// Accept takes an announcement in that was stored at a time, or came by gossip now,
// of somebody who was a member at the head that it names. Whether they still are is
// asked of each message. It returns nil for one that is here.
func (e *Olm) Accept(r Room, a wire.Announce, at time.Time) error {
	s := e.streams[a.Session]
	if s != nil && s.room == r.ID() && slices.ContainsFunc(s.announced, func(have announced) bool { return bytes.Equal(have.Encode(), a.Encode()) }) {
		return nil
	}
	no := func(why string) error {
		return refuse(a.Device, a.Session, "the announcement of a session does not hold: %s", why)
	}
	if !hasMailbox(r, a.Mailbox) {
		return no("its mailbox is not one of this room's")
	}
	k, account, err := e.author(a.Device, at, a.At, at)
	if err != nil {
		return err
	}
	if a.Verify(k.Statement.Signing) != nil {
		return no("it is not signed by its device")
	}
	switch named, known := e.people[account].names(a.ListVersion, a.ListHash, a.Device); {
	case !known:
		return &NeedDevices{Accounts: []wallet.Account{account}, Device: a.Device}
	case !named:
		return no("its device was not on the list that it names")
	}
	if err = member(r, a.Head, account, a.Device, a.Session); err != nil {
		return err
	}
	if s != nil && len(s.announced) > 0 && (s.room != r.ID() || len(s.announced) >= MaxAnnounced) {
		return no("the session is known already")
	}
	return e.atomic(func() error {
		s = e.streamOf(a.Session)
		if len(s.announced) == 0 {
			e.weigh(s, -1)
			if s.room != r.ID() { // keys that somebody brought for another room
				s.room, s.keys = r.ID(), nil
			}
		}
		s.announced = append(s.announced, announced{Announce: a, account: account})
		return nil
	})
}

// member returns nil when an account was a member when head was the last event.
func member(r Room, head wire.Hash, a wallet.Account, f wire.Fingerprint, s wire.Session) error {
	was, known := r.MemberAt(head, a)
	switch {
	case !known:
		return &NeedState{Room: r.ID(), Head: head}
	case !was:
		return refuse(f, s, "who wrote this was no member of the room")
	}
	return nil
}

func hasMailbox(r Room, name wire.Name) bool {
	for _, m := range slices.Backward(r.Mailboxes()) {
		if m.Tag.Name() == name {
			return true
		}
	}
	return false
}

// weigh counts the keys of a session that wait, or counts them no more.
func (e *Olm) weigh(s *stream, sign int) {
	if n := s.waits(); n > 0 {
		e.waiting += sign * n
		e.brought[s.brought] += sign * n
		if e.brought[s.brought] == 0 {
			delete(e.brought, s.brought)
		}
	}
}

// streamOf is the session of a name, ready to be changed inside of atomic.
func (e *Olm) streamOf(name wire.Session) *stream {
	e.touch(keyStream(name))
	s := e.streams[name]
	if s == nil {
		s = &stream{session: name}
		e.streams[name] = s
	}
	return s
}
