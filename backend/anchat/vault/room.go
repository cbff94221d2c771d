package vault

// This file keeps rooms: their state, which only the caller can read, and what
// they are to their reader.

import (
	"context"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// MaxRoomBytes bounds the state of a room.
const MaxRoomBytes = 8 << 20

// Room is a room as it is kept. Read and the draft have setters of their own.
type Room struct {
	ID wire.Room
	// State is the room's state in the form of its package.
	State []byte
	// Mailboxes are the names of all places where the room lives or lived, in order.
	Mailboxes []wire.Name
	Local     Local
}

// Local is what a room is to its reader.
type Local struct {
	State     string `json:"state"` // core.ChatJoined …
	InvitedBy string `json:"invited_by,omitempty"`
	Muted     bool   `json:"muted,omitempty"`
	Notify    string `json:"notify,omitempty"`
	Receipts  bool   `json:"receipts,omitempty"`
	Typing    bool   `json:"typing,omitempty"`
	Presence  bool   `json:"presence,omitempty"`
	Draft     string `json:"draft,omitempty"`
	Warning   string `json:"warning,omitempty"`
}

type stateCell struct {
	State     []byte      `json:"state"`
	Mailboxes []wire.Name `json:"mailboxes"`
}

type localCell struct {
	ID wire.Room `json:"id"`
	Local
}

// PutRoom keeps a room. Mailboxes may only be added at the end; Local counts for a
// room that is new, see SetLocal. It returns core.Limited above core.MaxChatRooms.
func (tx *Tx) PutRoom(r Room) error {
	if len(r.State) > MaxRoomBytes || len(r.Mailboxes) > MaxEpochs {
		return core.Errorf(core.TooLarge, "the state of this room is too large to be kept")
	}
	v := tx.v
	key := v.room(r.ID)
	state, err := v.sealJSON("room.state", key, stateCell{r.State, r.Mailboxes})
	if err != nil {
		return err
	}
	local, err := v.sealJSON("room.local", key, localCell{r.ID, r.Local})
	if err != nil {
		return err
	}
	if _, err = tx.number(r.ID); err != nil {
		if core.CodeOf(err) != core.NotFound {
			return err
		}
		var rooms int
		if _, err = one(tx, []any{&rooms}, "SELECT count(*) FROM room"); err != nil {
			return err
		}
		if rooms >= core.MaxChatRooms {
			return core.Errorf(core.Limited, "a wallet has at most %d rooms; leave one first", core.MaxChatRooms)
		}
	}
	err = tx.exec("INSERT INTO room (name, state, local) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state", []byte(key), state, local)
	if err != nil {
		return err
	}
	n, err := tx.number(r.ID)
	if err != nil {
		return err
	}
	var known int
	if _, err = one(tx, []any{&known}, "SELECT count(*) FROM mailbox WHERE room = ?", n); err != nil {
		return err
	}
	for epoch := known; epoch < len(r.Mailboxes); epoch++ {
		if err = tx.exec("INSERT INTO mailbox (name, room, epoch) VALUES (?, ?, ?)", []byte(v.mailbox(r.Mailboxes[epoch])), n, epoch); err != nil {
			return core.Wrap(core.Conflict, err, "this room names a mailbox that another one lives in")
		}
	}
	return nil
}

// SetLocal changes what a room is to its reader.
func (tx *Tx) SetLocal(room wire.Room, change func(l *Local)) error {
	v := tx.v
	key := v.room(room)
	var cell []byte
	found, err := one(tx, []any{&cell}, "SELECT local FROM room WHERE name = ?", []byte(key))
	if err != nil {
		return err
	}
	if !found {
		return errRoom()
	}
	var l localCell
	if err = v.openJSON("room.local", key, cell, &l); err != nil {
		return err
	}
	change(&l.Local)
	if cell, err = v.sealJSON("room.local", key, l); err != nil {
		return err
	}
	return tx.exec("UPDATE room SET local = ? WHERE name = ?", cell, []byte(key))
}

// ForgetRoom removes a room with all of its lines.
func (tx *Tx) ForgetRoom(room wire.Room) error {
	n, err := tx.number(room)
	if err != nil {
		return err
	}
	err = each(tx, func(scan func(to ...any) error) (err error) {
		var id int64
		if err = scan(&id); err != nil {
			return err
		}
		tx.news = append(tx.news, indexed{id: id})
		return nil
	}, "SELECT id FROM line WHERE room = ? AND kind = ?", n, lineText)
	if err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM raw WHERE line IN (SELECT id FROM line WHERE room = ?)", "DELETE FROM outrow WHERE line IN (SELECT line FROM outbox WHERE room = ?)",
		"DELETE FROM outbox WHERE room = ?", "DELETE FROM line WHERE room = ?", "DELETE FROM reader WHERE room = ?",
		"DELETE FROM mailbox WHERE room = ?", "DELETE FROM room WHERE id = ?",
	} {
		if err = tx.exec(query, n); err != nil {
			return err
		}
	}
	delete(tx.numbers, room)
	return nil
}

// Rooms reads all rooms.
func (v *Vault) Rooms(ctx context.Context) (all []Room, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		return each(a, func(scan func(to ...any) error) (err error) {
			var key, state, local []byte
			if err = scan(&key, &state, &local); err != nil {
				return err
			}
			r, err := v.openRoom(key, state, local)
			all = append(all, r)
			return err
		}, "SELECT name, state, local FROM room ORDER BY id")
	})
	return all, err
}

// Room reads one room. It returns core.NotFound.
func (v *Vault) Room(ctx context.Context, room wire.Room) (r Room, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		key := v.room(room)
		var state, local []byte
		found, err := one(a, []any{&state, &local}, "SELECT state, local FROM room WHERE name = ?", []byte(key))
		if err != nil {
			return err
		}
		if !found {
			return errRoom()
		}
		r, err = v.openRoom(key, state, local)
		return err
	})
	return r, err
}

func (v *Vault) openRoom(key, state, local []byte) (Room, error) {
	var (
		s stateCell
		l localCell
	)
	err := v.openJSON("room.state", key, state, &s)
	if err != nil {
		return Room{}, err
	}
	err = v.openJSON("room.local", key, local, &l)
	return Room{ID: l.ID, State: s.State, Mailboxes: s.Mailboxes, Local: l.Local}, err
}

// number is a room's number in this file. It returns core.NotFound.
func (tx *Tx) number(room wire.Room) (int64, error) {
	if n, ok := tx.numbers[room]; ok {
		return n, nil
	}
	n, err := tx.v.roomNumber(tx, room)
	if err == nil {
		tx.numbers[room] = n
	}
	return n, err
}

func (v *Vault) roomNumber(a asker, room wire.Room) (n int64, err error) {
	found, err := one(a, []any{&n}, "SELECT id FROM room WHERE name = ?", []byte(v.room(room)))
	if err == nil && !found {
		err = errRoom()
	}
	return n, err
}

// home is where a mailbox is: its room's number and its place in the room's row
// of mailboxes. It returns core.NotFound.
func (tx *Tx) home(mailbox wire.Name) (room int64, epoch uint32, err error) {
	found, err := one(tx, []any{&room, &epoch}, "SELECT room, epoch FROM mailbox WHERE name = ?", []byte(tx.v.mailbox(mailbox)))
	if err == nil && !found {
		err = core.Errorf(core.NotFound, "no room of this chat lives in that mailbox")
	}
	return room, epoch, err
}

func errRoom() error { return core.Errorf(core.NotFound, "there is no such room in this chat") }
