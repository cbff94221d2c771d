package anchat

// This file reads a backup on a new device.

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/backup"
	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Restore opens the backup by passphrase or recovery code and takes in what it
// holds: every key through the one door. progress may be nil.
func (c *Chat) Restore(ctx context.Context, secret core.Secret, progress func(core.ChatProgress)) (core.ChatRestored, error) {
	s, err := c.current()
	if err != nil {
		return core.ChatRestored{}, err
	}
	info, err := s.service.Backup(ctx)
	if err != nil {
		return core.ChatRestored{}, err
	}
	if info.Version == 0 {
		return core.ChatRestored{}, core.Errorf(core.NotFound, "this wallet has no backup")
	}
	own := backupKey{Version: info.Version}
	if own.Key, err = backup.Unwrap(ctx, info.Key, wire.AccountID(s.account), info.Version, secret); err != nil {
		return core.ChatRestored{}, err
	}
	read, err := s.readBackup(ctx, own, func(n int64) {
		if progress != nil {
			progress(core.ChatProgress{Done: n, Total: 2 * info.Entries})
		}
	})
	if err != nil {
		return core.ChatRestored{}, err
	}
	done := core.ChatRestored{Refused: read.refused, Reasons: read.reasons}
	before, err := s.readable(ctx)
	if err != nil {
		return done, err
	}
	rooms, err := s.restoreRooms(ctx, read.rooms)
	if err != nil {
		return done, err
	}
	done.Rooms = len(rooms)
	for keys := read.keys; len(keys) > 0; {
		n := min(len(keys), importTogether)
		if err = s.importKeys(ctx, keys[:n], &done); err != nil {
			return done, err
		}
		keys = keys[n:]
		if progress != nil {
			progress(core.ChatProgress{Done: 2*info.Entries - int64(len(keys)), Total: 2 * info.Entries, Refused: done.Refused})
		}
	}
	if err = s.do(ctx, func(t *turn) error { return t.keepBackupKey(own) }); err != nil {
		return done, err
	}
	for _, id := range rooms {
		if err = s.readRoom(ctx, id); err != nil {
			return done, err
		}
	}
	after, err := s.readable(ctx)
	if err != nil {
		return done, err
	}
	done.Messages = max(0, after-before)
	s.syncs.ring()
	s.safe.set(func(b *core.ChatBackup) { b.Restored = int(done.Keys) })
	c.events.tell(core.ChatEvent{Kind: core.ChatEventState}, core.ChatEvent{Kind: core.ChatEventRooms}, core.ChatEvent{Kind: core.ChatEventMessages})
	return done, nil
}

// backupRead is what a backup holds.
type backupRead struct {
	rooms   map[wire.Room][]item
	keys    []item
	refused int64
	reasons []string
}

func (b *backupRead) refuse(err error) {
	b.refused++
	if reason := core.Sentence(err); len(b.reasons) < maxReasons && !slices.Contains(b.reasons, reason) {
		b.reasons = append(b.reasons, reason)
	}
}

// readBackup reads and opens all entries.
func (s *session) readBackup(ctx context.Context, k backupKey, progress func(int64)) (*backupRead, error) {
	read := &backupRead{rooms: map[wire.Room][]item{}}
	var after wire.Hash
	for n := int64(0); ; {
		page, err := s.service.BackupEntries(ctx, k.Version, after, wire.MaxBackupEntries)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if bytes.Compare(e.ID[:], after[:]) <= 0 && n > 0 {
				return nil, core.Errorf(core.Denied, "the nodes give the backup in an order that cannot be")
			}
			after = e.ID
			n++
			raw, err := k.Key.Open(e.ID, e.Sealed)
			if err != nil {
				read.refuse(err)
				continue
			}
			i, err := decodeItem(raw)
			switch {
			case err != nil:
				read.refuse(err)
			case k.Key.ID(i.name()) != e.ID:
				read.refuse(core.Errorf(core.Invalid, "an entry of the backup stands under another's name"))
			case i.Key != nil:
				read.keys = append(read.keys, i)
			default:
				read.rooms[i.Room] = append(read.rooms[i.Room], i)
			}
		}
		if progress != nil {
			progress(n)
		}
		if len(page) < wire.MaxBackupEntries {
			return read, nil
		}
	}
}

// restoreRooms makes the rooms of a backup that are not here.
func (s *session) restoreRooms(ctx context.Context, rooms map[wire.Room][]item) (all []wire.Room, err error) {
	err = s.do(ctx, func(t *turn) error {
		all = nil
		for id, boxes := range rooms {
			made, errRoom := t.restoreRoom(id, boxes)
			if errRoom != nil {
				return errRoom
			}
			if made {
				all = append(all, id)
			}
		}
		return nil
	})
	return all, err
}

func (t *turn) restoreRoom(id wire.Room, boxes []item) (made bool, err error) {
	slices.SortFunc(boxes, func(a, b item) int { return cmp.Compare(a.Number, b.Number) })
	var path inner.Mailboxes
	for n, b := range boxes {
		if int(b.Number) != n {
			break // without the one before, the chain cannot be read further
		}
		path = append(path, b.Mailbox)
	}
	if len(path) == 0 {
		return false, nil
	}
	have, err := t.path(id)
	if err != nil {
		return false, err
	}
	if len(have) < len(path) {
		if err = t.setPath(id, path); err != nil {
			return false, err
		}
	}
	if r, errHave := t.room(id); errHave == nil {
		return true, t.lead(r.state)
	}
	if err = t.setState(room.New(id, room.Mailbox(path[0]))); err != nil {
		return false, err
	}
	return true, t.setLocal(id, func(l *vault.Local) { l.State = core.ChatJoined })
}

// importKeys takes keys in, and opens what waited for them.
func (s *session) importKeys(ctx context.Context, keys []item, done *core.ChatRestored) error {
	var fresh, refused int64
	var reasons []string
	err := s.do(ctx, func(t *turn) error {
		fresh, refused, reasons = 0, 0, nil
		for _, k := range keys {
			isNew, err := t.engine.ImportKey(engine.Key{Room: k.Room, Session: k.Session, Index: k.Index, Key: k.Key})
			if err != nil {
				refused++
				reasons = append(reasons, core.Sentence(err))
				continue
			}
			if isNew {
				fresh++
			}
			if err = t.reopen(k.Session); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	done.Keys += fresh
	done.Refused += refused
	for _, r := range reasons {
		if len(done.Reasons) < maxReasons && !slices.Contains(done.Reasons, r) {
			done.Reasons = append(done.Reasons, r)
		}
	}
	return nil
}

// readable counts the lines that can be read.
func (s *session) readable(ctx context.Context) (int64, error) {
	var total int64
	for _, r := range s.all() {
		page, err := s.vault.Messages(ctx, core.ChatQuery{Room: r.state.ID().String(), Limit: 1})
		if err != nil {
			return 0, err
		}
		total += page.Total
	}
	waiting, err := s.vault.Waiting(ctx)
	return total - int64(waiting), err
}
