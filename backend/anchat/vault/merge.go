package vault

// This file takes in rows: what is news, what is known, and where it stands.

import (
	"bytes"
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// MaxHeard bounds the lines of a room that were heard by gossip and are not
// stored: whoever knows a mailbox's name can make some up.
const MaxHeard = 1000

// Arrival is a row as it came. The caller has checked its signature.
type Arrival struct {
	Row []byte
	// Mailbox is where it was read or heard; a message must name the same.
	Mailbox wire.Name
	Seq     uint64    // in its mailbox; 0: heard by gossip, not stored
	Index   uint64    // of the log entry that stored it; 0: not known
	At      time.Time // when it was stored, or heard
}

// Outcome is what a row was.
type Outcome int

// The outcomes.
const (
	Known  Outcome = iota // the same bytes are here; nothing was to do
	Fresh                 // open it, then call Apply, Await or Reject
	Placed                // heard or sent before, now it is stored and has its place
	Second                // other bytes of a message that is here: the one that is here stays
)

// Merge takes in a message's row. It returns core.NotFound for a mailbox of no
// room, core.Limited above MaxHeard, and core.Conflict where the store tells two
// rows for one place; nothing is changed then.
func (tx *Tx) Merge(a Arrival) (inner.Ref, Outcome, error) {
	row, err := wire.Decode(a.Row)
	if err != nil {
		return inner.Ref{}, Known, err //nolint:wrapcheck // it says what is wrong
	}
	m, ok := row.(wire.Message)
	if !ok || m.Mailbox != a.Mailbox {
		return inner.Ref{}, Known, core.Errorf(core.Invalid, "this row is no message of the mailbox in which it stands")
	}
	index, err := m.Index()
	if err != nil {
		return inner.Ref{}, Known, err //nolint:wrapcheck // as above
	}
	ref := inner.Ref{Session: m.Session, Index: index}
	to, err := tx.spot(a)
	if err != nil {
		return ref, Known, err
	}
	l, err := tx.v.lineOf(tx, ref)
	if err != nil {
		return ref, Known, err
	}
	if l == nil {
		l = &line{}
		return ref, Fresh, tx.arrive(l, ref, a, to, sum(m))
	}
	outcome, err := tx.meet(l, ref, a, to, sum(m))
	return ref, outcome, err
}

// spot is where an arrival belongs.
type spot struct {
	room, position int64 // position 0: heard
}

func (tx *Tx) spot(a Arrival) (s spot, err error) {
	var epoch uint32
	if s.room, epoch, err = tx.home(a.Mailbox); err != nil || a.Seq == 0 {
		return s, err
	}
	place := Place{epoch, a.Seq}
	s.position = place.Position()
	return s, place.check()
}

// meet is a message whose pair of session and index is here already.
func (tx *Tx) meet(l *line, ref inner.Ref, a Arrival, to spot, sum []byte) (Outcome, error) {
	if l.damaged { // what the store has mends it
		if to.position == 0 {
			return Known, nil
		}
		return Fresh, tx.replace(l, ref, a, to, sum, nil)
	}
	sameBody, sameRoom := bytes.Equal(l.record.Sum, sum) || l.record.Sum == nil, l.room == to.room
	isStored := stored(l.position)
	switch {
	case sameBody && sameRoom && (to.position == 0 || isStored):
		return Known, tx.retime(l, a, to.position)
	case sameBody && sameRoom:
		return Placed, tx.settle(l, a, to.position)
	case !sameRoom && (to.position == 0 || l.state == stateOpen || l.state == stateGone):
		return Second, nil // pasted from another room: not its author's doing
	case !sameRoom:
		return Fresh, tx.replace(l, ref, a, to, sum, nil)
	}
	if to.position != 0 && !isStored { // the stored one counts
		if l.mine { // an index was used twice: what is written here is sent anew
			if err := tx.unseal(l); err != nil {
				return Known, err
			}
			return Fresh, tx.arrive(&line{}, ref, a, to, sum)
		}
		return Fresh, tx.replace(l, ref, a, to, sum, []string{flagSecond})
	}
	l.record.flag(flagSecond)
	return Second, tx.put(l)
}

// retime takes over the store's time for a message of one's own: when it was sent,
// only this device's clock was known.
func (tx *Tx) retime(l *line, a Arrival, position int64) error {
	if !l.mine || position != l.position || millis(a.At) == l.at {
		return nil
	}
	if l.expires > 0 {
		l.expires += millis(a.At) - l.at
	}
	l.at = millis(a.At)
	return tx.put(l)
}

// replace makes a line that of another row.
func (tx *Tx) replace(l *line, ref inner.Ref, a Arrival, to spot, sum []byte, flags []string) error {
	if err := tx.remove(l); err != nil {
		return err
	}
	*l = line{id: l.id, record: record{Flags: flags}}
	return tx.arrive(l, ref, a, to, sum)
}

// arrive writes the line of a message that is news and not opened yet.
func (tx *Tx) arrive(l *line, ref inner.Ref, a Arrival, to spot, sum []byte) (err error) {
	if l.id == 0 {
		if l.id, err = tx.nextID(); err != nil {
			return err
		}
	}
	if err = tx.settleAt(l, a, to); err != nil {
		return err
	}
	l.state, l.record.Sum = stateUnopened, sum
	tx.pair(l, ref)
	if err = tx.add(l); err == nil {
		err = tx.keepRow(l, a.Row)
	}
	if err == nil {
		err = tx.gaps(l)
	}
	return err
}

// settleAt gives a line that is not written yet its room, position and time.
func (tx *Tx) settleAt(l *line, a Arrival, to spot) error {
	l.room, l.position, l.at = to.room, to.position, millis(a.At)
	if to.position != 0 {
		return tx.vacant(to)
	}
	var heard int
	_, err := one(tx, []any{&heard}, "SELECT count(*) FROM line WHERE room = ? AND position >= ? AND position < ?", to.room, heardFrom, queuedFrom)
	if err == nil && heard >= MaxHeard {
		err = core.Errorf(core.Limited, "more than %d messages of this room were heard and are not stored", MaxHeard)
	}
	l.position = heardFrom + l.id
	return err
}

// vacant returns core.Conflict where a line stands already.
func (tx *Tx) vacant(to spot) error {
	var id int64
	found, err := one(tx, []any{&id}, "SELECT id FROM line WHERE room = ? AND position = ?", to.room, to.position)
	if err == nil && found {
		err = core.Errorf(core.Conflict, "the nodes that keep this room tell two different rows for one place; ask another node")
	}
	return err
}

// settle gives a line that was heard, or sent, its place for good.
func (tx *Tx) settle(l *line, a Arrival, position int64) error {
	if err := tx.vacant(spot{l.room, position}); err != nil {
		return err
	}
	if l.expires > 0 {
		l.expires += millis(a.At) - l.at
	}
	l.position, l.at, l.record.Index = position, millis(a.At), a.Index
	if l.mine {
		for _, query := range []string{"DELETE FROM outbox WHERE line = ?", "DELETE FROM outrow WHERE line = ?"} {
			if err := tx.exec(query, l.id); err != nil {
				return err
			}
		}
	}
	if err := tx.put(l); err != nil {
		return err
	}
	_, err := tx.follow(l)
	return err
}

// Await says that a message's key is not here, and from whom it is awaited.
func (tx *Tx) Await(r inner.Ref, from wallet.Account, device wire.Fingerprint) error {
	l, err := tx.known(r)
	if err != nil || l.state == stateOpen || l.state == stateGone {
		return err
	}
	l.record.Awaited, l.record.From, l.record.Device = wire.AccountID(from), wire.AccountID(from), device[:]
	l.author, l.state, l.shown = tx.v.sealer.account(l.record.From), stateUnopened, true
	return tx.put(l)
}

// Postpone says that only a newer version of the program can open a message. It is
// shown as that, and kept to be opened then.
func (tx *Tx) Postpone(r inner.Ref) error {
	l, err := tx.known(r)
	if err != nil || l.state != stateUnopened || l.kind == lineNewer {
		return err
	}
	l.kind, l.shown, l.record.Awaited = lineNewer, true, ""
	l.record.flag(flagNewer)
	return tx.put(l)
}

// Postponed lists the sessions with messages for a newer version: perhaps this one
// is, and they are tried again.
func (v *Vault) Postponed(ctx context.Context) (all []wire.Session, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		found, err := v.lines(a, "id IN (SELECT min(id) FROM line WHERE session IS NOT NULL AND state = 0 AND kind = 8 GROUP BY session) ORDER BY id")
		for _, l := range found {
			if !l.damaged && l.record.Ref != nil {
				all = append(all, l.record.Ref.Session)
			}
		}
		return err
	})
	return all, err
}

// Reject says that a message was not believed, or cannot ever be read here: it is
// kept and not shown. A reason is for diagnostics.
func (tx *Tx) Reject(r inner.Ref, reason string) error {
	l, err := tx.known(r)
	if err != nil || l.state == stateOpen || l.state == stateGone {
		return err
	}
	l.state, l.shown, l.record.Reason = stateRefused, false, reason
	return tx.put(l)
}

// Unopened is a message that could not be opened so far.
type Unopened struct {
	Ref   inner.Ref
	Row   []byte
	Place Place // zero: heard
	At    time.Time
}

// Unopened reads the messages of a session from an index on that were not opened
// and not rejected, in order: a key has come, and they are tried again.
func (tx *Tx) Unopened(session wire.Session, from uint32, limit int) (all []Unopened, err error) {
	found, err := tx.v.lines(tx, "session = ? AND idx >= ? AND state = 0 ORDER BY idx LIMIT ?", []byte(tx.v.session(session)), int64(from), limit)
	for _, l := range found {
		if l.damaged || l.record.Ref == nil {
			continue
		}
		var row []byte
		if row, err = tx.v.row(tx, l.id); err != nil {
			return nil, err
		}
		place, _ := PlaceAt(l.position)
		all = append(all, Unopened{*l.record.Ref, row, place, moment(l.at)})
	}
	return all, err
}

// Awaited lists the sessions whose keys are awaited, with the device that has
// them, and the first message of each that waits.
func (v *Vault) Awaited(ctx context.Context) (all []Awaited, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		found, err := v.lines(a, "id IN (SELECT min(id) FROM line WHERE session IS NOT NULL AND state = 0 AND shown = 1 AND kind <> 8 GROUP BY session) ORDER BY id")
		for _, l := range found {
			if l.damaged || l.record.Ref == nil || len(l.record.Device) != len(wire.Fingerprint{}) {
				continue
			}
			all = append(all, Awaited{*l.record.Ref, wire.Fingerprint(l.record.Device), moment(l.at)})
		}
		return err
	})
	return all, err
}

// Awaited is a session whose key is awaited from a device.
type Awaited struct {
	First  inner.Ref
	Device wire.Fingerprint
	Since  time.Time
}

// ForgetHeard removes what was heard before a time and has not been stored since.
// It returns how many lines it removed.
func (tx *Tx) ForgetHeard(room wire.Room, before time.Time) (int, error) {
	n, err := tx.number(room)
	if err != nil {
		return 0, err
	}
	const which = "room = ? AND position >= ? AND position < ? AND at < ?"
	args := []any{n, heardFrom, queuedFrom, millis(before)}
	old, err := tx.v.lines(tx, which, args...)
	if err != nil {
		return 0, err
	}
	for _, l := range old {
		if err = tx.remove(l); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}

// remove removes a line that is not stored, with all that belongs to it.
func (tx *Tx) remove(l *line) error {
	for _, query := range []string{"DELETE FROM outbox WHERE line = ?", "DELETE FROM outrow WHERE line = ?", "DELETE FROM raw WHERE line = ?", "DELETE FROM line WHERE id = ?"} {
		if err := tx.exec(query, l.id); err != nil {
			return err
		}
	}
	tx.news = append(tx.news, indexed{id: l.id})
	return tx.closeGap(l.session, l.idx)
}

// Raw is a row as it was stored.
type Raw struct {
	Position int64
	At       time.Time
	Row      []byte
}

// Raw reads the stored rows of a room after a position, in order: messages, events
// and announcements, but for messages that are empty now.
func (v *Vault) Raw(ctx context.Context, room wire.Room, after int64, limit int) (all []Raw, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		n, err := v.roomNumber(a, room)
		if err != nil {
			return err
		}
		return each(a, func(scan func(to ...any) error) (err error) {
			var (
				r      Raw
				id, at int64
				cell   []byte
			)
			if err = scan(&id, &r.Position, &at, &cell); err != nil {
				return err
			}
			if r.Row, err = v.open("raw", rowKey(id), cell); err == nil {
				r.At = moment(at)
				all = append(all, r)
			}
			return err
		}, "SELECT line.id, line.position, line.at, raw.cell FROM line JOIN raw ON raw.line = line.id WHERE line.room = ? AND line.position > ? AND line.position < ? ORDER BY line.position LIMIT ?",
			n, after, heardFrom, limit)
	})
	return all, err
}
