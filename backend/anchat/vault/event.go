package vault

// This file takes in what is no message: events of the room, announcements, and
// notices that only this device has.

import (
	"bytes"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Notice is something that people are told between the messages.
type Notice struct {
	What    string // as core.ChatMessage.Notice has it
	From    wallet.Account
	Device  wire.Fingerprint
	Targets []string // accounts as CAIP-10, roles, devices
	Text    string   // a new name and the like
	At      time.Time
}

// AddRow keeps a stored row that is no message, with the notice that it is to
// people; What is "" for none. The same row again does nothing; another one in its
// place gives core.Conflict.
func (tx *Tx) AddRow(a Arrival, n Notice) error {
	row, err := wire.Decode(a.Row)
	if err != nil {
		return err //nolint:wrapcheck // it says what is wrong
	}
	to, err := tx.spot(a)
	if err != nil {
		return err
	}
	if to.position == 0 {
		return core.Errorf(core.Invalid, "only what is stored is kept")
	}
	if taken := tx.vacant(to); taken != nil {
		if known, errKnown := tx.rowAt(to); errKnown != nil || bytes.Equal(known, a.Row) {
			return errKnown
		}
		return taken
	}
	l := &line{room: to.room, position: to.position, at: millis(a.At), kind: lineRow, state: stateOpen}
	if announce, ok := row.(wire.Announce); ok {
		if err = tx.announce(l, announce); err != nil {
			return err
		}
	}
	tx.notice(l, n)
	if err = tx.add(l); err == nil {
		err = tx.keepRow(l, a.Row)
	}
	if err == nil {
		err = tx.gaps(l)
	}
	return err
}

// rowAt is the row that stands in a place.
func (tx *Tx) rowAt(to spot) ([]byte, error) {
	var id int64
	found, err := one(tx, []any{&id}, "SELECT id FROM line WHERE room = ? AND position = ?", to.room, to.position)
	if err != nil || !found {
		return nil, err
	}
	return tx.v.row(tx, id)
}

// announce lets a line stand right before the first message of its session, so
// that it is seen when that one is missing.
func (tx *Tx) announce(l *line, a wire.Announce) error {
	session := tx.v.session(a.Session)
	var id int64
	found, err := one(tx, []any{&id}, "SELECT id FROM line WHERE session = ? AND idx = ?", []byte(session), announced)
	if err == nil && !found {
		index := int64(announced)
		l.session, l.idx = session, &index
	}
	return err
}

func (tx *Tx) notice(l *line, n Notice) {
	if n.What == "" {
		return
	}
	l.kind, l.shown = lineNotice, true
	l.record = record{Notice: n.What, From: wire.AccountID(n.From), Device: n.Device[:], Targets: n.Targets, Text: n.Text, SentAt: millis(n.At)}
	l.author = tx.v.sealer.account(l.record.From)
	l.mine = l.record.From == tx.v.owner
}

// AddNotice adds a notice of this device's own at the end of what is stored. When
// there is no place left between two rows, it takes that of the last one.
func (tx *Tx) AddNotice(room wire.Room, n Notice) error {
	number, err := tx.number(room)
	if err != nil {
		return err
	}
	var last int64
	if _, err = one(tx, []any{&last}, "SELECT position FROM line WHERE room = ? AND position < ? ORDER BY position DESC LIMIT 1", number, heardFrom); err != nil {
		return err
	}
	position := last + 1
	if position%slots == slots-1 {
		position--
		if err = tx.exec("DELETE FROM line WHERE room = ? AND position = ?", number, position); err != nil {
			return err
		}
	}
	l := &line{room: number, position: position, at: millis(n.At), state: stateOpen}
	tx.notice(l, n)
	// A notice is no reason to come and look: it does not count as unread.
	l.seen = true
	return tx.add(l)
}
