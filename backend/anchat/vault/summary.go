package vault

// This file has what the list of rooms shows, read markers and receipts.

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Summary is what the list of rooms shows of one.
type Summary struct {
	Local       Local
	Unread      int
	Mentions    int
	FirstUnread int64
	Read        int64 // position up to which was read
	Last        int64 // newest position
	LastAt      time.Time
	LastFrom    string // address
	Preview     string
	LastNotice  string // of a notice: what it was
	LastDeleted bool
}

// Summaries reads the summaries of all rooms.
func (v *Vault) Summaries(ctx context.Context) (all map[wire.Room]Summary, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		all, err = v.summaries(a, "1 = 1")
		return err
	})
	return all, err
}

// Summary reads that of one room. It returns core.NotFound.
func (v *Vault) Summary(ctx context.Context, room wire.Room) (s Summary, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		all, err := v.summaries(a, "room.name = ?", []byte(v.room(room)))
		if err != nil {
			return err
		}
		one, found := all[room]
		if !found {
			return errRoom()
		}
		s = one
		return nil
	})
	return s, err
}

func (v *Vault) summaries(a asker, condition string, args ...any) (map[wire.Room]Summary, error) {
	numbers := map[int64]wire.Room{}
	all := map[wire.Room]Summary{}
	err := each(a, func(scan func(to ...any) error) (err error) {
		var (
			n, read   int64
			key, cell []byte
			l         localCell
		)
		if err = scan(&n, &key, &read, &cell); err != nil {
			return err
		}
		if err = v.openJSON("room.local", key, cell, &l); err != nil {
			return err
		}
		numbers[n], all[l.ID] = l.ID, Summary{Local: l.Local, Read: read}
		return nil
	}, "SELECT id, name, read, local FROM room WHERE "+condition, args...)
	if err != nil {
		return nil, err
	}
	err = each(a, func(scan func(to ...any) error) (err error) {
		var n int64
		var s Summary
		if err = scan(&n, &s.Unread, &s.Mentions, &s.FirstUnread); err != nil {
			return err
		}
		if have, ok := all[numbers[n]]; ok {
			have.Unread, have.Mentions, have.FirstUnread = s.Unread, s.Mentions, s.FirstUnread
			all[numbers[n]] = have
		}
		return nil
	}, "SELECT room.id, count(*), sum(line.tome), min(line.position) FROM room CROSS JOIN line ON line.room = room.id AND line.position > room.read "+
		"WHERE line.shown = 1 AND line.mine = 0 AND line.seen = 0 AND (line.kind = 1 OR line.kind = 8 OR line.kind = 0) AND line.state <> 3 AND "+condition+" GROUP BY room.id", args...)
	if err != nil {
		return nil, err
	}
	last, err := v.lines(a, "id IN (SELECT (SELECT l.id FROM line l WHERE l.room = room.id AND l.shown = 1 ORDER BY l.position DESC LIMIT 1) FROM room WHERE "+condition+")", args...)
	if err != nil {
		return nil, err
	}
	about, err := v.relations(a, last, "kind <= 3")
	if err != nil {
		return nil, err
	}
	for _, l := range last {
		s, ok := all[numbers[l.room]]
		if !ok {
			continue
		}
		s.Last, s.LastAt, s.LastFrom = l.position, moment(l.at), address(l.record.From)
		t, _ := about.text(l)
		s.Preview, s.LastNotice = start(t.Text, maxQuoteBytes), l.record.Notice
		if s.Preview == "" && len(t.Files) > 0 {
			s.Preview = t.Files[0].Name
		}
		if _, s.LastDeleted = about.deleted(l); s.LastDeleted {
			s.Preview = ""
		}
		all[numbers[l.room]] = s
	}
	return all, nil
}

// MarkRead says that a room was read up to a position. It never goes back, and
// tells whether it went on. What was only heard is marked one by one, as its
// position is not for good.
func (tx *Tx) MarkRead(room wire.Room, position int64) (bool, error) {
	n, err := tx.number(room)
	if err != nil {
		return false, err
	}
	upTo := position
	if !stored(position) {
		if err = tx.exec("UPDATE line SET seen = 1 WHERE room = ? AND position >= ? AND position <= ? AND seen = 0", n, heardFrom, position); err != nil {
			return false, err
		}
		if _, err = one(tx, []any{&upTo}, "SELECT position FROM line WHERE room = ? AND position < ? ORDER BY position DESC LIMIT 1", n, heardFrom); err != nil {
			return false, err
		}
	}
	if !stored(upTo) {
		return false, nil
	}
	changed, err := tx.change("UPDATE room SET read = ? WHERE id = ? AND read < ?", upTo, n, upTo)
	return changed > 0, err
}

// PositionOf is where a number of a mailbox stands in its room: what a receipt or a
// shared read marker means here. It returns core.NotFound for another's mailbox.
func (tx *Tx) PositionOf(mailbox wire.Name, seq uint64) (int64, error) {
	_, epoch, err := tx.home(mailbox)
	if err != nil {
		return 0, err
	}
	p := Place{epoch, min(seq, MaxSeq)}
	return p.Position(), nil
}

// Reader is how far somebody is in a room.
type Reader struct {
	Account  wallet.Account
	Read     int64 // positions; 0: they never told
	Received int64
	ReadAt   time.Time // when they told
	GotAt    time.Time
	SeenAt   time.Time // their last row of any kind
}

// Readers tells how far the people of a room are.
func (v *Vault) Readers(ctx context.Context, room wire.Room) (all []Reader, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		n, err := v.roomNumber(a, room)
		if err != nil {
			return err
		}
		return each(a, func(scan func(to ...any) error) (err error) {
			var (
				r            Reader
				at           int64
				author, cell []byte
				c            readerCell
			)
			if err = scan(&author, &r.Read, &r.Received, &at, &cell); err != nil {
				return err
			}
			if err = v.openJSON("reader", append(rowKey(n), author...), cell, &c); err != nil {
				return err
			}
			if r.Account, err = wire.ParseAccountID(c.Account); err != nil {
				return ErrDamaged
			}
			r.ReadAt, r.GotAt, r.SeenAt = moment(c.ReadAt), moment(c.ReceivedAt), moment(at)
			all = append(all, r)
			return nil
		}, "SELECT author, read, received, at, cell FROM reader WHERE room = ?", n)
	})
	return all, err
}

// Facts are what is known here of the way of a message of one's own.
type Facts struct {
	Ref      inner.Ref
	Sealed   bool
	Position int64
	State    int // OutQueued …, while Waits
	Waits    bool
	Place    int
	Failure  string
	QueuedAt time.Time
	SealedAt time.Time
	OutAt    time.Time
	StoredAt time.Time
	Index    uint64 // log entry that stored it, 0: not known
	Held, Of int
}

// Facts reads them. It returns core.NotFound, also for messages of others.
func (v *Vault) Facts(ctx context.Context, room wire.Room, id string) (f Facts, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		l, err := v.find(a, id)
		if err != nil {
			return err
		}
		n, err := v.roomNumber(a, room)
		if err != nil {
			return err
		}
		if l.room != n || !l.mine || l.damaged {
			return errMessage()
		}
		outs, err := v.outs(a)
		if err != nil {
			return err
		}
		c := l.record
		f = Facts{
			Position: l.position, QueuedAt: moment(c.QueuedAt), SealedAt: moment(c.SealedAt), OutAt: moment(c.OutAt),
			Index: c.Index, Held: c.Held, Of: c.Of,
		}
		if c.Ref != nil {
			f.Ref, f.Sealed = *c.Ref, true
		}
		if stored(l.position) {
			f.StoredAt = moment(l.at)
		}
		o, waits := outs[l.id]
		f.Waits, f.State, f.Place, f.Failure = waits, o.state, o.place, o.failure
		return nil
	})
	return f, err
}

// Waiting counts the messages that are not stored yet and have not failed.
func (v *Vault) Waiting(ctx context.Context) (n int, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		_, err = one(a, []any{&n}, "SELECT count(*) FROM outbox WHERE state <> ?", OutFailed)
		return err
	})
	return n, err
}
