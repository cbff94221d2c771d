package engine

// This file opens messages of rooms.

import (
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Opened is a message that holds.
type Opened struct {
	Ref     inner.Ref
	Message inner.Message
	Author  wallet.Account
	Device  wire.Fingerprint
	// NewerList says that the sender knows a newer list of its devices than is known
	// here: learn it. When it is still not there then, somebody hides it.
	NewerList bool
	// ForkedList says that the sender's list is not the one that is known here.
	ForkedList bool
}

// Open opens a message that was stored at a time, or came by gossip now. r is the
// room as it was there, in the order of the mailbox, so that who has left by then
// writes nothing more. A message that was there in its order and waits for its key
// is remembered: it may be opened again later, when its author has left.
//
// It returns ErrKnown for a message that was here, SecondContent when its sender
// wrote something else under that number, NeedAnnouncement, NeedState, NeedDevices
// or MissingKey when it has to wait, NeedNewer when this program is too old, and else
// a Refusal.
func (e *Olm) Open(r Room, m wire.Message, at time.Time) (out Opened, err error) {
	s, index, err := e.place(r, m)
	if err != nil {
		return Opened{}, err
	}
	sum := sumOf(m.Body)
	late := slices.Contains(s.late, sum)
	if !late && !slices.ContainsFunc(s.announced, func(a announced) bool { return stillIn(r, a.account) }) {
		return Opened{}, refuse(s.announced[0].Device, s.session, "who wrote this is no member of the room any more")
	}
	err = e.atomic(func() error {
		out, err = e.open(r, s, m, index, at)
		if err == nil && !late && !stillIn(r, out.Author) {
			err = refuse(out.Device, s.session, "who wrote this is no member of the room any more")
		}
		if err == nil {
			e.note(m.Session, index, m.Body)
			if late {
				s = e.streamOf(m.Session)
				s.late = slices.DeleteFunc(slices.Clone(s.late), func(have [16]byte) bool { return have == sum })
			}
		}
		return err
	})
	if err == nil {
		return out, nil
	}
	var missing *MissingKey
	if errors.As(err, &missing) && !late && len(s.late) < MaxLate {
		e.must(func() {
			s = e.streamOf(m.Session)
			s.late = append(s.late, sum)
		})
	}
	return Opened{}, err
}

// MaxLate bounds the messages of one session that are remembered while they wait for
// its key: as many as a session has.
const MaxLate = RotateMany

func stillIn(r Room, a wallet.Account) bool {
	is, known := r.MemberAt(r.Head(), a)
	return known && is
}

// place finds the session of a message that was not here before.
func (e *Olm) place(r Room, m wire.Message) (*stream, uint32, error) {
	if m.Suite != wire.SuiteOlm {
		return nil, 0, &NeedNewer{Suite: m.Suite}
	}
	index, err := m.Check()
	if err != nil {
		return nil, 0, refuse(wire.Fingerprint{}, m.Session, "%s", core.Sentence(err))
	}
	if !hasMailbox(r, m.Mailbox) {
		return nil, 0, refuse(wire.Fingerprint{}, m.Session, "this message was sealed for another mailbox")
	}
	s := e.streams[m.Session]
	if s == nil || len(s.announced) == 0 {
		return nil, 0, &NeedAnnouncement{Session: m.Session}
	}
	if s.room != r.ID() {
		return nil, 0, refuse(s.announced[0].Device, m.Session, "this message was sealed for another room")
	}
	return s, index, e.here(s, index, m.Body)
}

func (e *Olm) open(r Room, s *stream, m wire.Message, index uint32, at time.Time) (Opened, error) {
	plain, ok := e.decrypt(s, index, m.Body)
	if !ok {
		return Opened{}, &MissingKey{Room: s.room, Session: s.session, Index: index, Device: s.announced[0].Device, Account: s.announced[0].account}
	}
	in, err := inner.Decode(plain)
	if errors.Is(err, inner.ErrNewer) {
		return Opened{}, &NeedNewer{Suite: m.Suite}
	}
	if err != nil {
		return Opened{}, refuse(s.announced[0].Device, s.session, "what is inside of this message is none")
	}
	a := s.by(in.Device)
	switch {
	case a == nil:
		return Opened{}, refuse(in.Device, s.session, "the session of this message was announced by another device than the one that wrote it")
	case in.Room != r.ID() || in.Session != m.Session || a.Mailbox != m.Mailbox:
		return Opened{}, refuse(in.Device, s.session, "this message was written for another place")
	}
	_, account, err := e.author(in.Device, at, a.At)
	if err != nil {
		return Opened{}, err
	}
	if err = member(r, in.Head, account, in.Device, s.session); err != nil {
		return Opened{}, err
	}
	out := Opened{Ref: inner.Ref{Session: m.Session, Index: index}, Message: in, Author: account, Device: in.Device}
	p := e.people[account]
	switch have, listed := p.chain[in.ListVersion]; {
	case listed && have.Hash() == in.ListHash && !have.Lives(in.Device):
		return Opened{}, refuse(in.Device, s.session, "the device is not on the list that it names")
	case listed:
		out.ForkedList = have.Hash() != in.ListHash
	case in.ListVersion > p.head().Version:
		out.NewerList = true
	}
	return out, nil
}

// here returns nil when nothing is known of a message of a session yet.
func (e *Olm) here(s *stream, index uint32, body []byte) error {
	page := e.seen[seenKey{session: s.session, page: index / seenPerPage}]
	if page == nil {
		return nil
	}
	switch page[index%seenPerPage] {
	case [16]byte{}:
		return nil
	case sumOf(body):
		return ErrKnown
	}
	a := s.announced[0]
	return &SecondContent{Session: s.session, Index: index, Device: a.Device, Account: a.account}
}

// note remembers a message. It runs inside of atomic.
func (e *Olm) note(s wire.Session, index uint32, body []byte) {
	at := seenKey{session: s, page: index / seenPerPage}
	e.touch(keySeen(at))
	page := e.seen[at]
	if page == nil {
		page = &seenPage{}
		e.seen[at] = page
	}
	page[index%seenPerPage] = sumOf(body)
}

func sumOf(body []byte) (sum [16]byte) {
	full := sha256.Sum256(body)
	copy(sum[:], full[:])
	return sum
}
