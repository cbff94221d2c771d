package anchat

// This file does what has to be done some time: it was noted with what made it
// necessary, and is done as soon as the nodes answer.

import (
	"context"
	"errors"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	kindWish = "wish" // what this device wants to make
	wishSelf = "self" // the own room
)

// begun does what has to be done before anything is read: the own devices are
// learned, as one of them may have ended this one, and what other nodes left out is
// read.
func (s *session) begun(ctx context.Context) error {
	if err := s.learn(ctx, s.account); err != nil {
		return err
	}
	if err := s.publishSelf(ctx); err != nil {
		return err
	}
	return s.readGaps(ctx)
}

// publishSelf puts again what makes this device one of its wallet's, where the nodes
// do not have it: the program may have ended while it enrolled. What they refuse
// stays refused: another device was faster.
func (s *session) publishSelf(ctx context.Context) error {
	var rows [][]byte
	first := false
	err := s.look(ctx, func(t *turn) error {
		if list, ok := t.engine.ListOf(s.account); ok && list.Lives(s.device) || t.engine.Revoked() {
			return nil
		}
		for _, row := range t.engine.Own() {
			rows = append(rows, row.Encode())
			list, isList := row.(wire.List)
			first = first || isList && list.Version == 1
		}
		return nil
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	if _, err = s.putAll(ctx, rows); err != nil {
		return err
	}
	if err = s.learn(ctx, s.account); err != nil || !first {
		return err
	}
	return s.do(ctx, func(t *turn) error {
		t.later(t.s.posts.ring)
		return t.Put(kindWish, wishSelf, []byte{1})
	})
}

// chores does what waits. It returns the first error; the rest is done all the same.
func (s *session) chores(ctx context.Context) error {
	return errors.Join(s.refresh(ctx, DevicesFresh, s.account), s.publishKey(ctx), s.moveRooms(ctx), s.makeSelf(ctx), s.answerKnocks(ctx))
}

// publishKey puts a new prekey when one is due.
func (s *session) publishKey(ctx context.Context) error {
	return s.do(ctx, func(t *turn) error {
		rows, err := t.engine.Publish(t.now)
		if err != nil {
			return err
		}
		return t.post(rows...)
	})
}

// moveRooms carries on the rooms that this device has closed. One that somebody
// closed who had no right to is carried on by its owner's first device.
func (s *session) moveRooms(ctx context.Context) error {
	moving, err := s.vault.List(ctx, kindMove)
	if err != nil {
		return err
	}
	for _, m := range moving {
		id, parseErr := wire.ParseRoom(m.ID)
		if parseErr != nil {
			return parseErr
		}
		if err = s.readRoom(ctx, id); err == nil {
			err = s.carry(ctx, id)
		}
		if err != nil && core.CodeOf(err) != core.NotFound {
			return err
		}
	}
	for _, r := range s.all() {
		if _, _, wrongly := r.state.Closed(); wrongly && r.state.MayCarry(s.account) && s.isFirst(ctx) {
			if err = s.carry(ctx, r.state.ID()); err != nil {
				return err
			}
		}
	}
	return nil
}

// isFirst tells whether this is the first of the wallet's live devices, so that only
// one of them does something.
func (s *session) isFirst(ctx context.Context) (first bool) {
	err := s.look(ctx, func(t *turn) error {
		list, ok := t.engine.ListOf(s.account)
		first = ok && len(list.Live) > 0 && list.Live[0] == s.device
		return nil
	})
	return err == nil && first
}

// makeSelf makes the own room, when this is the wallet's first device.
func (s *session) makeSelf(ctx context.Context) error {
	wishes, err := s.vault.List(ctx, kindWish)
	if err != nil {
		return err
	}
	for _, w := range wishes {
		if w.ID != wishSelf {
			continue
		}
		there := false
		err = s.look(ctx, func(t *turn) error {
			_, there = t.selfRoom()
			return nil
		})
		if err != nil {
			return err
		}
		if !there {
			_, err = s.create(ctx, room.Body{
				RoomKind: core.ChatRoomSelf, History: core.ChatHistoryAll,
				Members: []room.Seat{{Account: s.account, Role: core.ChatOwner}},
			})
			if err != nil {
				return err
			}
		}
		if err = s.do(ctx, func(t *turn) error { return t.Delete(kindWish, wishSelf) }); err != nil {
			return err
		}
	}
	return nil
}

// selfRoom is the room of the reader's own devices. Of two, which only a wallet has
// whose devices were all lost at once, the one with the lower name counts.
func (t *turn) selfRoom() (id wire.Room, ok bool) {
	for _, r := range t.s.all() {
		if r.state.Kind() != core.ChatRoomSelf || !r.live() {
			continue
		}
		if !ok || r.state.ID().String() < id.String() {
			id, ok = r.state.ID(), true
		}
	}
	return id, ok
}

// sibling takes in what only own devices send: the own room, the backup's key.
func (t *turn) sibling(s inner.Secret) error {
	if s.Kind == inner.SecretBackup {
		k, err := s.BackupKey()
		if err != nil {
			return err
		}
		return t.keepBackupKey(backupKey{Version: k.Version, Key: k.Key})
	}
	boxes, err := s.Mailboxes()
	if err != nil {
		return err
	}
	if err = t.setPath(s.Room, boxes); err != nil {
		return err
	}
	if _, err = t.room(s.Room); core.CodeOf(err) != core.NotFound {
		return err
	}
	if err = t.setState(room.New(s.Room, room.Mailbox(boxes[0]))); err != nil {
		return err
	}
	return t.setLocal(s.Room, func(l *vault.Local) { l.State = core.ChatJoined })
}

// giveBackup tells a sibling the key of the backup, when there is one.
func (t *turn) giveBackup(f wire.Fingerprint) error {
	k, ok, err := t.ownBackup()
	if err != nil || !ok {
		return err
	}
	return t.tellBackupKey([]wire.Fingerprint{f}, k)
}
