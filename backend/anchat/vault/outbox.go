package vault

// This file has the messages of one's own on their way to the store.

import (
	"context"
	"strconv"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// MaxOutbox bounds the messages that wait.
const MaxOutbox = 2000

// How far a message of one's own is on its way.
const (
	OutQueued = 0 // not sealed yet
	OutSealed = 1 // its bytes are fixed and are sent again as they are
	OutSent   = 2 // handed to another node
	OutFailed = 3
)

// Draft is a message to send.
type Draft struct {
	Room      wire.Room
	Message   inner.Message // Kind, Device, At and Body
	Moderator bool          // of the room, by the state that is known
}

// Item is a message that is not stored yet.
type Item struct {
	ID      int64
	Room    wire.Room
	State   int
	Message inner.Message // Kind, Device, At and Body
	Ref     inner.Ref     // once it is sealed
	Failure string        // of OutFailed
	Code    core.Code     // as well
}

// OutRow is a row that has to be stored for a message: N counts them, the message
// itself is the last.
type OutRow struct {
	N   int
	Row []byte
}

type outCell struct {
	Room    wire.Room `json:"room"`
	Failure string    `json:"failure,omitempty"`
	Code    core.Code `json:"code,omitempty"`
}

// OutID is the id of a message that is not sealed yet.
func OutID(id int64) string { return "out:" + strconv.FormatInt(id, 10) }

// Queue keeps a message to send. What it means for other messages is shown from
// now on. It returns core.Limited above MaxOutbox.
func (tx *Tx) Queue(d Draft) (Item, error) {
	number, err := tx.number(d.Room)
	if err != nil {
		return Item{}, err
	}
	var waiting int
	if _, err = one(tx, []any{&waiting}, "SELECT count(*) FROM outbox"); err != nil {
		return Item{}, err
	}
	if waiting >= MaxOutbox {
		return Item{}, core.Errorf(core.Limited, "%d messages wait to be sent already; wait until the node is online", MaxOutbox)
	}
	l := &line{room: number, at: millis(tx.v.now())}
	if l.id, err = tx.nextID(); err != nil {
		return Item{}, err
	}
	l.position, l.record.QueuedAt = queuedFrom+l.id, l.at
	if err = tx.fill(l, Opened{Message: d.Message, Author: tx.v.account, Moderator: d.Moderator}); err != nil {
		return Item{}, err
	}
	if err = tx.add(l); err != nil {
		return Item{}, err
	}
	if err = tx.setOut(l.id, OutQueued, number, outCell{Room: d.Room}); err != nil {
		return Item{}, err
	}
	_, err = tx.follow(l)
	return Item{ID: l.id, Room: d.Room, Message: d.Message}, err
}

func (tx *Tx) setOut(id int64, state int, room int64, c outCell) error {
	cell, err := tx.v.sealJSON("outbox", rowKey(id), c)
	if err != nil {
		return err
	}
	return tx.exec("INSERT INTO outbox (line, room, state, cell) VALUES (?, ?, ?, ?) ON CONFLICT (line) DO UPDATE SET state = excluded.state, cell = excluded.cell", id, room, state, cell)
}

// Outbox reads what is not stored yet, in the order in which it was written.
func (v *Vault) Outbox(ctx context.Context) (all []Item, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		all, err = v.outbox(a, "1 = 1")
		return err
	})
	return all, err
}

// Outbox reads what is not stored yet, in the order in which it was written.
func (tx *Tx) Outbox() ([]Item, error) { return tx.v.outbox(tx, "1 = 1") }

// Item reads one message of the outbox. It returns core.NotFound for one that is
// stored by now, or was discarded.
func (tx *Tx) Item(id int64) (Item, error) {
	all, err := tx.v.outbox(tx, "outbox.line = ?", id)
	if err != nil || len(all) == 0 {
		if err == nil {
			err = errOutbox()
		}
		return Item{}, err
	}
	return all[0], nil
}

func (v *Vault) outbox(a asker, condition string, args ...any) (all []Item, err error) {
	cells := map[int64]outCell{}
	states := map[int64]int{}
	err = each(a, func(scan func(to ...any) error) (err error) {
		var (
			id    int64
			state int
			cell  []byte
			c     outCell
		)
		if err = scan(&id, &state, &cell); err != nil {
			return err
		}
		if err = v.openJSON("outbox", rowKey(id), cell, &c); err != nil {
			return err
		}
		cells[id], states[id] = c, state
		return nil
	}, "SELECT line, state, cell FROM outbox WHERE "+condition, args...)
	if err != nil {
		return nil, err
	}
	found, err := v.lines(a, "id IN (SELECT line FROM outbox WHERE "+condition+") ORDER BY id", args...)
	for _, l := range found {
		if l.damaged {
			return nil, ErrDamaged
		}
		i := Item{ID: l.id, Room: cells[l.id].Room, State: states[l.id], Failure: cells[l.id].Failure, Code: cells[l.id].Code}
		i.Message = l.record.message()
		i.Message.Room, i.Message.At = i.Room, moment(l.record.SentAt)
		if len(l.record.Device) == len(i.Message.Device) {
			i.Message.Device = wire.Fingerprint(l.record.Device)
		}
		if l.record.Ref != nil {
			i.Ref = *l.record.Ref
		}
		all = append(all, i)
	}
	return all, err
}

// Seal keeps the bytes of a message that was sealed, in the transaction that keeps
// the engine's new state. rows are all rows that must be stored, in order, the
// message last.
func (tx *Tx) Seal(id int64, ref inner.Ref, rows [][]byte) error {
	if len(rows) == 0 {
		return core.Errorf(core.Internal, "a sealed message has a row")
	}
	row, err := wire.Decode(rows[len(rows)-1])
	if err != nil {
		return err //nolint:wrapcheck // it says what is wrong
	}
	m, ok := row.(wire.Message)
	if !ok {
		return core.Errorf(core.Internal, "the last row of a sealed message is the message")
	}
	item, l, err := tx.out(id, OutQueued)
	if err != nil {
		return err
	}
	if other, errPair := tx.v.lineOf(tx, ref); errPair != nil || other != nil {
		if errPair == nil {
			errPair = core.Errorf(core.Conflict, "this place of the sending session is taken; begin a new session")
		}
		return errPair
	}
	tx.pair(l, ref)
	l.record.Sum, l.record.SealedAt = sum(m), millis(tx.v.now())
	if err = tx.put(l); err != nil {
		return err
	}
	if err = tx.gaps(l); err != nil {
		return err
	}
	if err = tx.keepRow(l, rows[len(rows)-1]); err != nil {
		return err
	}
	for n, r := range rows {
		if err = tx.exec("INSERT INTO outrow (line, n, cell) VALUES (?, ?, ?)", id, n, tx.v.seal("outrow", rowKey(id, int64(n)), r)); err != nil {
			return err
		}
	}
	if err = tx.setOut(id, OutSealed, l.room, outCell{Room: item.Room}); err != nil {
		return err
	}
	_, err = tx.follow(l) // others may point at it now
	return err
}

// Rows reads the rows of a sealed message that are not stored yet.
func (v *Vault) Rows(ctx context.Context, id int64) (all []OutRow, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		return each(a, func(scan func(to ...any) error) (err error) {
			var (
				r    OutRow
				cell []byte
			)
			if err = scan(&r.N, &cell); err != nil {
				return err
			}
			if r.Row, err = v.open("outrow", rowKey(id, int64(r.N)), cell); err == nil {
				all = append(all, r)
			}
			return err
		}, "SELECT n, cell FROM outrow WHERE line = ? ORDER BY n", id)
	})
	return all, err
}

// Delivered forgets rows of a message that are stored: an announcement, keys.
func (tx *Tx) Delivered(id int64, rows ...int) error {
	for _, n := range rows {
		if err := tx.exec("DELETE FROM outrow WHERE line = ? AND n = ?", id, n); err != nil {
			return err
		}
	}
	return nil
}

// Sent says that another node was given the message.
func (tx *Tx) Sent(id int64) error {
	item, l, err := tx.out(id, OutSealed, OutSent)
	if err != nil || item.State == OutSent {
		return err
	}
	l.record.OutAt = millis(tx.v.now())
	if err = tx.put(l); err != nil {
		return err
	}
	return tx.setOut(id, OutSent, l.room, outCell{Room: item.Room})
}

// Fail says that a message was refused for a reason that will not pass by itself.
func (tx *Tx) Fail(id int64, reason error) error {
	item, l, err := tx.out(id, OutQueued, OutSealed, OutSent)
	if err != nil {
		return err
	}
	return tx.setOut(id, OutFailed, l.room, outCell{item.Room, core.Sentence(reason), core.CodeOf(reason)})
}

// Requeue lets a message be sealed anew: it is certain that the store has refused
// what was sent of it.
func (tx *Tx) Requeue(id int64) error {
	_, l, err := tx.out(id, OutSealed, OutSent, OutFailed)
	if err != nil {
		return err
	}
	return tx.unseal(l)
}

// unseal takes a message's bytes back: it is queued as if it had just been written.
func (tx *Tx) unseal(l *line) error {
	room, err := tx.v.roomID(tx, l.room)
	if err != nil {
		return err
	}
	session, idx := l.session, l.idx
	l.session, l.idx, l.record.Ref, l.record.Sum = nil, nil, nil, nil
	l.record.SealedAt, l.record.OutAt, l.gap = 0, 0, 0
	if err = tx.put(l); err != nil {
		return err
	}
	for _, query := range []string{"DELETE FROM outrow WHERE line = ?", "DELETE FROM raw WHERE line = ?"} {
		if err = tx.exec(query, l.id); err != nil {
			return err
		}
	}
	if err = tx.closeGap(session, idx); err != nil {
		return err
	}
	return tx.setOut(l.id, OutQueued, l.room, outCell{Room: room})
}

// Discard removes a message that waits or failed. It returns core.Conflict for one
// that is under way.
func (tx *Tx) Discard(id int64) error {
	_, l, err := tx.out(id, OutQueued, OutFailed)
	if err != nil {
		return err
	}
	target, err := tx.targetOf(l)
	if err != nil {
		return err
	}
	if err = tx.remove(l); err != nil {
		return err
	}
	if target != nil && target.state == stateOpen {
		return tx.reindex(target)
	}
	return nil
}

// out reads a message of the outbox that must be in one of some states.
func (tx *Tx) out(id int64, states ...int) (Item, *line, error) {
	item, err := tx.Item(id)
	if err != nil {
		return item, nil, err
	}
	ok := false
	for _, s := range states {
		ok = ok || item.State == s
	}
	if !ok {
		return item, nil, core.Errorf(core.Conflict, "this message is on its way by now; wait for its answer")
	}
	l, err := tx.v.lineWith(tx, "id = ?", id)
	if err == nil && l == nil {
		err = errOutbox()
	}
	return item, l, err
}

// Held notes on how many of its replicas a message of one's own was last seen.
func (tx *Tx) Held(r inner.Ref, held, of int) error {
	l, err := tx.known(r)
	if err != nil || l.record.Held == held && l.record.Of == of {
		return err
	}
	l.record.Held, l.record.Of = held, of
	return tx.put(l)
}

func errOutbox() error {
	return core.Errorf(core.NotFound, "this message does not wait any more: it is stored, or it was discarded")
}
