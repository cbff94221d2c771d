package engine

// This file opens messages a second time.

import (
	"errors"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
)

// Again opens a message that was opened before, byte for byte, and that its reader
// has not kept: a room was forgotten and is read anew, or what was heard live came to
// nothing and is stored much later. The caller sees to it that nobody reads it twice.
func (e *Olm) Again(r Room, m wire.Message, at time.Time) (out Opened, err error) {
	err = e.atomic(func() error {
		if _, _, known := e.place(r, m); errors.Is(known, ErrKnown) {
			e.unsee(m)
		}
		out, err = e.Open(r, m, at)
		return err
	})
	if err != nil {
		return Opened{}, err
	}
	return out, nil
}

// unsee forgets that a message was here. It runs inside of atomic.
func (e *Olm) unsee(m wire.Message) {
	index, err := m.Index()
	if err != nil {
		return
	}
	at := seenKey{session: m.Session, page: index / seenPerPage}
	if page := e.seen[at]; page != nil {
		e.touch(keySeen(at))
		page[index%seenPerPage] = [16]byte{}
	}
}

// Announced tells which device announced a session of a room; false when none has.
func (e *Olm) Announced(name wire.Session, r wire.Room) (by wire.Fingerprint, ok bool) {
	s := e.streams[name]
	if s == nil || s.room != r || len(s.announced) == 0 {
		return by, false
	}
	return s.announced[0].Device, true
}
