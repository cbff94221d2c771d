package vault

// This file finds messages by the ids that screens and commands have.

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// find is the message that a screen or a command names: by its session and index,
// or, as long as it is not sealed, by its place in the outbox. It returns
// core.NotFound.
func (v *Vault) find(a asker, id string) (l *line, err error) {
	if n, ok := strings.CutPrefix(id, "out:"); ok {
		number, bad := strconv.ParseInt(n, 10, 64)
		if bad != nil {
			return nil, errMessage()
		}
		l, err = v.lineWith(a, "id = ? AND mine = 1", number)
	} else {
		var r inner.Ref
		if r, err = inner.ParseRef(id); err != nil {
			return nil, err //nolint:wrapcheck // it says what is wrong
		}
		l, err = v.lineOf(a, r)
	}
	if err == nil && l == nil {
		err = errMessage()
	}
	return l, err
}

// Find tells which message a screen or a command means: its reference once it is
// sealed, and its number in the outbox while it is not stored.
func (tx *Tx) Find(id string) (Found, error) {
	l, err := tx.v.find(tx, id)
	if err != nil {
		return Found{}, err
	}
	room, err := tx.v.roomID(tx, l.room)
	if err != nil {
		return Found{}, err
	}
	f := Found{Room: room, Mine: l.mine, Gone: l.state == stateGone, From: l.record.From, Message: l.record.message(), Stored: stored(l.position)}
	if l.record.Ref != nil {
		f.Ref, f.Sealed = *l.record.Ref, true
	}
	if !f.Stored && l.mine {
		f.Out = l.id
	}
	return f, nil
}

// Found is a message that was named.
type Found struct {
	Room    wire.Room
	Ref     inner.Ref
	Sealed  bool // it has a Ref
	Stored  bool
	Out     int64 // in the outbox, 0 when it is not there
	Mine    bool
	Gone    bool          // deleted, or it has disappeared
	From    string        // as CAIP-10
	Message inner.Message // Kind and Body
}

// Message reads one message by its id. It returns core.NotFound.
func (v *Vault) Message(ctx context.Context, room wire.Room, id string) (m core.ChatMessage, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		l, err := v.find(a, id)
		if err != nil {
			return err
		}
		n, err := v.roomNumber(a, room)
		if err != nil {
			return err
		}
		if l.room != n || !l.shown {
			return errMessage()
		}
		all, err := v.messages(a, room, []*line{l}, l.position)
		if err == nil {
			m = all[0]
		}
		return err
	})
	return m, err
}

// File is an attachment of a message with what opens it. It returns core.NotFound,
// also for a message that was deleted.
func (v *Vault) File(ctx context.Context, room wire.Room, id string, file wire.Hash) (f inner.File, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		l, err := v.find(a, id)
		if err != nil {
			return err
		}
		n, err := v.roomNumber(a, room)
		if err != nil {
			return err
		}
		t, err := l.record.message().Text()
		i := slices.IndexFunc(t.Files, func(f inner.File) bool { return f.ID == file })
		if err != nil || l.room != n || i < 0 {
			return errMessage()
		}
		f = t.Files[i]
		return nil
	})
	return f, err
}

// At is the position of the first line at or after a time, and of the last one
// when there is none.
func (v *Vault) At(ctx context.Context, room wire.Room, at time.Time) (position int64, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		n, err := v.roomNumber(a, room)
		if err != nil {
			return err
		}
		found, err := one(a, []any{&position}, "SELECT position FROM line WHERE room = ? AND shown = 1 AND at >= ? ORDER BY at, position LIMIT 1", n, millis(at))
		if err == nil && !found {
			_, err = one(a, []any{&position}, "SELECT position FROM line WHERE room = ? AND shown = 1 ORDER BY position DESC LIMIT 1", n)
		}
		return err
	})
	return position, err
}
