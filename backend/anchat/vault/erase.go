package vault

// This file empties messages: deleted ones, erased ones, and those whose time is over.

import (
	"context"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// MaxExpired bounds what one call of Expire empties.
const MaxExpired = 500

// KindErase is the kind of the entries that name messages of one's own which were
// emptied: the device that sent one asks the store to do the same.
const KindErase = "erase"

// empty takes the content of a message away, with its edits and its bytes. The
// pair of session and index stays taken. It returns the files of one's own.
func (tx *Tx) empty(l *line) (files []wire.Hash, err error) {
	if t, bad := l.record.message().Text(); bad == nil && l.mine {
		for _, f := range t.Files {
			files = append(files, f.ID)
		}
	}
	tx.emptied = append(tx.emptied, files...)
	l.state, l.record.Body, l.expires = stateGone, nil, 0
	if err = tx.put(l); err != nil {
		return nil, err
	}
	if l.mine && l.record.Ref != nil {
		if err = tx.Put(KindErase, l.record.Ref.String(), nil); err != nil {
			return nil, err
		}
	}
	if err = tx.exec("DELETE FROM raw WHERE line = ?", l.id); err != nil {
		return nil, err
	}
	if l.kind != lineText {
		return files, nil
	}
	tx.news = append(tx.news, indexed{id: l.id})
	edits, err := tx.v.lines(tx, "target = ? AND +room = ? AND kind = 2 AND state = 1", blob(tx.ownTarget(l)), l.room)
	if err != nil {
		return files, err
	}
	for _, e := range edits {
		if _, err = tx.empty(e); err != nil {
			return files, err
		}
	}
	return files, nil
}

// Erase empties a message because its author's device asked the store to; row is
// the wire.Erase that stands in its place, or after it. The caller has checked the
// signature, and that the device is from's.
func (tx *Tx) Erase(a Arrival, from wallet.Account) ([]wire.Hash, error) {
	row, err := wire.Decode(a.Row)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what is wrong
	}
	e, ok := row.(wire.Erase)
	if !ok {
		return nil, core.Errorf(core.Invalid, "this row erases nothing")
	}
	ref := inner.Ref{Session: e.Session, Index: e.Index}
	to, err := tx.spot(a)
	if err != nil {
		return nil, err
	}
	l, err := tx.v.lineOf(tx, ref)
	if err != nil {
		return nil, err
	}
	author := tx.v.sealer.account(wire.AccountID(from))
	switch {
	case l == nil && to.position == 0:
		return nil, nil
	case l == nil:
		l = &line{author: author, record: record{From: wire.AccountID(from), Device: slices.Clone(e.Device[:])}}
		if err = tx.arrive(l, ref, a, to, nil); err != nil {
			return nil, err
		}
	case l.room != to.room, l.author != nil && string(l.author) != string(author):
		return nil, core.Errorf(core.Denied, "only its author may erase a message")
	case to.position != 0 && !stored(l.position):
		if err = tx.settle(l, a, to.position); err != nil {
			return nil, err
		}
	}
	if l.state == stateGone {
		return nil, nil
	}
	if l.state != stateOpen { // nobody will know what it was
		l.kind, l.shown, l.author, l.record.From = lineText, true, author, wire.AccountID(from)
		l.mine, l.record.Awaited = l.record.From == tx.v.owner, ""
	}
	files, err := tx.empty(l)
	if err == nil {
		err = tx.Delete(KindErase, ref.String()) // it is done
	}
	return files, err
}

// Expired is a message that has disappeared.
type Expired struct {
	Ref   inner.Ref
	Room  wire.Room
	Mine  bool
	Files []wire.Hash // of one's own: nobody needs them
}

// Expire empties messages whose time is over and shows them no more, at most
// MaxExpired. A message that is not stored yet stays until it is.
func (tx *Tx) Expire(now time.Time) (all []Expired, err error) {
	due, err := tx.v.lines(tx, "expires > 0 AND expires <= ? AND position < ? ORDER BY expires LIMIT ?", millis(now), heardFrom, MaxExpired)
	if err != nil {
		return nil, err
	}
	for _, l := range due {
		room, err := tx.v.roomID(tx, l.room)
		if err != nil {
			return nil, err
		}
		l.shown = false
		files, err := tx.empty(l)
		if err != nil {
			return nil, err
		}
		if l.record.Ref != nil {
			all = append(all, Expired{*l.record.Ref, room, l.mine, files})
		}
	}
	return all, nil
}

// NextExpiry is when the next message disappears; zero when none will.
func (v *Vault) NextExpiry(ctx context.Context) (at time.Time, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		var ms int64
		_, err = one(a, []any{&ms}, "SELECT expires FROM line WHERE expires > 0 AND position < ? ORDER BY expires LIMIT 1", heardFrom)
		at = moment(ms)
		return err
	})
	return at, err
}
