package anchat

// This file has the backup of the chat's keys: what a new device needs to read the
// history when no other device is left.

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/backup"
	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	// BackupEvery is how long new keys wait before they are put into the backup, so
	// that many go together.
	BackupEvery = 5 * time.Second

	kindBackup     = "backup"    // the key of the backup, and what was decided about it
	kindBackedUp   = "backed_up" // what is in it
	entryKey       = "key"       // the key in use
	entryNext      = "next"      // one whose version is not known to be stored
	entryPostponed = "postponed" // the reader said "not now"
	maxReasons     = 5           // that an answer tells
	importTogether = 100         // keys in one turn
)

// backupKey opens a version of the backup.
type backupKey struct {
	Version uint64     `json:"version"`
	Key     backup.Key `json:"key"`
	Wrapped []byte     `json:"wrapped,omitempty"` // of entryNext
}

// chest is what is known of the backup.
type chest struct {
	mu   sync.Mutex // guards what follows, and nothing slow
	info core.ChatBackup
}

func (c *chest) set(change func(*core.ChatBackup)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.info)
}

// state is what screens show.
func (c *chest) state() core.ChatBackup {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.info
}

// backups keeps the backup up to date and tidies files, until ctx ends.
func (s *session) backups(ctx context.Context) {
	var wait pause
	for ctx.Err() == nil {
		err := errors.Join(s.tidyFiles(ctx), s.backUp(ctx, nil))
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.chat.set.Log.Info("the chat's backup waits", "error", err)
			sleep(ctx, wait.next(), nil)
			continue
		}
		wait.reset()
		select {
		case <-s.chest:
		case <-ctx.Done():
			return
		}
		sleep(ctx, BackupEvery, nil)
	}
}

// item is one thing of a backup: the key of a session, or one mailbox of a room.
type item struct {
	Room    wire.Room
	Session wire.Session
	Index   uint32
	Key     []byte // of a session

	Mailbox inner.Mailbox
	Kind    string // of the room
	Name    string
	Number  uint32 // of the mailbox in its room
	Of      uint32 // how many there are
}

// name is what the item is about; a later one of the same name takes its place.
func (i item) name() []byte {
	if i.Key != nil {
		return append([]byte("session "), i.Session[:]...)
	}
	return binary.BigEndian.AppendUint32(append([]byte("room "), i.Room[:]...), i.Number)
}

// mark says how good the item is: when it changes, the item is kept anew.
func (i item) mark() string {
	if i.Key != nil {
		return fmt.Sprint(i.Index)
	}
	return fmt.Sprint(i.Of)
}

// savedItem is the item as it is sealed.
type savedItem struct {
	Room    []byte `json:"room"`
	Session []byte `json:"session,omitempty"`
	Index   uint32 `json:"index,omitempty"`
	Key     []byte `json:"key,omitempty"`
	Tag     []byte `json:"tag,omitempty"`
	Box     []byte `json:"box,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Name    string `json:"name,omitempty"`
	Number  uint32 `json:"number,omitempty"`
	Of      uint32 `json:"of,omitempty"`
}

func (i item) encode() ([]byte, error) {
	e := savedItem{Room: i.Room[:]}
	if i.Key != nil {
		e.Session, e.Index, e.Key = i.Session[:], i.Index, i.Key
	} else {
		e.Tag, e.Box, e.Kind, e.Name, e.Number, e.Of = i.Mailbox.Tag[:], i.Mailbox.Key[:], i.Kind, i.Name, i.Number, i.Of
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("write backup: %w", err)
	}
	return raw, nil
}

func decodeItem(raw []byte) (i item, err error) {
	var e savedItem
	bad := core.Errorf(core.Invalid, "an entry of the backup needs a newer version of the program")
	if json.Unmarshal(raw, &e) != nil || len(e.Room) != len(i.Room) {
		return i, bad
	}
	copy(i.Room[:], e.Room)
	if e.Key != nil {
		if len(e.Session) != len(i.Session) {
			return i, bad
		}
		copy(i.Session[:], e.Session)
		i.Index, i.Key = e.Index, e.Key
		return i, nil
	}
	if len(e.Tag) != len(i.Mailbox.Tag) || len(e.Box) != len(i.Mailbox.Key) || e.Number >= e.Of || e.Of > vault.MaxEpochs {
		return i, bad
	}
	copy(i.Mailbox.Tag[:], e.Tag)
	copy(i.Mailbox.Key[:], e.Box)
	i.Kind, i.Name, i.Number, i.Of = e.Kind, e.Name, e.Number, e.Of
	return i, nil
}

// items is all that belongs into a backup now.
func (t *turn) items() ([]item, error) {
	var all []item
	for _, k := range t.engine.ExportKeys() {
		all = append(all, item{Room: k.Room, Session: k.Session, Index: k.Index, Key: k.Key})
	}
	for _, r := range t.s.all() {
		if r.local.State == core.ChatInvited || r.local.State == core.ChatKnocked {
			continue // nobody has said yet that they want it
		}
		path, err := t.path(r.state.ID())
		if err != nil {
			return nil, err
		}
		for n, m := range path {
			all = append(all, item{
				Room: r.state.ID(), Mailbox: m, Kind: r.state.Kind(), Name: r.state.Name(), Number: uint32(n), Of: uint32(len(path)), //nolint:gosec // MaxEpochs bounds them
			})
		}
	}
	return all, nil
}

// ownBackup reads the key of the backup in use; false when this device has none.
func (t *turn) ownBackup() (k backupKey, ok bool, err error) {
	raw, ok, err := t.Get(kindBackup, entryKey)
	if err != nil || !ok {
		return k, false, err
	}
	if err = json.Unmarshal(raw, &k); err != nil {
		return k, false, fmt.Errorf("read backup key: %w", err)
	}
	return k, true, nil
}

// keepBackupKey takes a key as the one in use. What was in another version counts
// no more.
func (t *turn) keepBackupKey(k backupKey) error {
	raw, err := json.Marshal(backupKey{Version: k.Version, Key: k.Key})
	if err != nil {
		return fmt.Errorf("keep backup key: %w", err)
	}
	marks, err := t.List(kindBackedUp)
	if err != nil {
		return err
	}
	for _, m := range marks {
		if err = t.Delete(kindBackedUp, m.ID); err != nil {
			return err
		}
	}
	if err = t.Delete(kindBackup, entryNext); err != nil {
		return err
	}
	t.later(t.s.chest.ring)
	return t.Put(kindBackup, entryKey, raw)
}

// due is what is not in the backup yet, sealed, with the mark that it leaves.
type due struct {
	entries []wire.BackupEntry
	marks   []string
}

// backUp puts what is new into the backup, if there is one that this device can
// write to.
func (s *session) backUp(ctx context.Context, progress func(core.ChatProgress)) error {
	info, err := s.service.Backup(ctx)
	if err != nil {
		return err
	}
	var (
		own  backupKey
		open bool
		todo due
	)
	err = s.look(ctx, func(t *turn) (err error) {
		if own, open, err = t.ownBackup(); err != nil {
			return err
		}
		open = open && own.Version == info.Version
		if open {
			todo, err = t.due(own.Key)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.tellBackup(info, open, len(todo.entries))
	if !open {
		return nil
	}
	total := int64(len(todo.entries))
	for done := int64(0); len(todo.entries) > 0; {
		n := min(len(todo.entries), wire.MaxBackupEntries)
		if err = s.service.PutBackup(ctx, own.Version, todo.entries[:n]); err != nil {
			return err
		}
		err = s.do(ctx, func(t *turn) error {
			for i, e := range todo.entries[:n] {
				if err := t.Put(kindBackedUp, hexOf(e.ID), []byte(todo.marks[i])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		todo.entries, todo.marks = todo.entries[n:], todo.marks[n:]
		done += int64(n)
		if progress != nil {
			progress(core.ChatProgress{Done: done, Total: total})
		}
	}
	if total > 0 {
		if info, err = s.service.Backup(ctx); err != nil {
			return err
		}
		s.tellBackup(info, true, 0)
	}
	return nil
}

func hexOf(id wire.Hash) string { return id.String() }

// due finds what is not in the backup, or not as well as it could be.
func (t *turn) due(key backup.Key) (d due, err error) {
	marks, err := t.List(kindBackedUp)
	if err != nil {
		return d, err
	}
	have := make(map[string]string, len(marks))
	for _, m := range marks {
		have[m.ID] = string(m.Value)
	}
	items, err := t.items()
	if err != nil {
		return d, err
	}
	for _, i := range items {
		id := key.ID(i.name())
		if have[id.String()] == i.mark() {
			continue
		}
		raw, err := i.encode()
		if err != nil {
			return d, err
		}
		sealed, err := key.Seal(id, raw)
		if err != nil {
			return d, err
		}
		d.entries = append(d.entries, wire.BackupEntry{ID: id, Sealed: sealed})
		d.marks = append(d.marks, i.mark())
	}
	return d, nil
}

// tellBackup notes how the backup is.
func (s *session) tellBackup(info wire.BackupInfo, open bool, pending int) {
	before := s.safe.state()
	s.safe.set(func(b *core.ChatBackup) {
		b.Exists, b.Version, b.Entries, b.Pending, b.UpdatedAt, b.Open = info.Version > 0, info.Version, info.Entries, pending, info.At, open
	})
	if s.safe.state() != before {
		s.chat.events.tell(core.ChatEvent{Kind: core.ChatEventState})
	}
}

// MakeBackup begins a backup, or a new version of it. The version before is removed
// once the new one was read back.
func (c *Chat) MakeBackup(ctx context.Context, passphrase core.Secret) (core.ChatBackupMade, error) {
	s, err := c.current()
	if err != nil {
		return core.ChatBackupMade{}, err
	}
	info, err := s.service.Backup(ctx)
	if err != nil {
		return core.ChatBackupMade{}, err
	}
	code := backup.NewCode()
	next := backupKey{Version: info.Version + 1, Key: backup.NewKey()}
	if next.Wrapped, err = backup.Wrap(ctx, next.Key, wire.AccountID(s.account), next.Version, passphrase, code); err != nil {
		return core.ChatBackupMade{}, err
	}
	err = s.service.PutBackupKey(ctx, next.Version, next.Wrapped)
	if core.CodeOf(err) == core.OutcomeUnknown {
		if info, err = s.service.Backup(ctx); err == nil && (info.Version != next.Version || !bytes.Equal(info.Key, next.Wrapped)) {
			err = core.Errorf(core.Unavailable, "the backup was not begun; try again")
		}
	}
	if core.CodeOf(err) == core.Conflict {
		return core.ChatBackupMade{}, core.Errorf(core.Conflict, "another device of yours has just made a backup; open that one by its passphrase, or try again")
	}
	if err != nil {
		return core.ChatBackupMade{}, err
	}
	err = s.do(ctx, func(t *turn) error {
		if err := t.keepBackupKey(next); err != nil {
			return err
		}
		return t.tellSiblings(next)
	})
	if err != nil {
		return core.ChatBackupMade{}, err
	}
	if err = s.backUp(ctx, nil); err != nil {
		return core.ChatBackupMade{}, err
	}
	if _, err = s.readBackup(ctx, next, nil); err != nil {
		return core.ChatBackupMade{}, err
	}
	if next.Version > 1 {
		if err = s.service.DropBackups(ctx, next.Version); err != nil {
			return core.ChatBackupMade{}, err
		}
	}
	return core.ChatBackupMade{Code: code, Version: next.Version}, nil
}

// tellSiblings gives the other devices of the wallet the backup's key, so that they
// write to it, too.
func (t *turn) tellSiblings(k backupKey) error {
	others := slices.DeleteFunc(t.live(t.s.account), func(f wire.Fingerprint) bool { return f == t.s.device })
	body, err := inner.MarshalSecret(inner.BackupKey{Version: k.Version, Key: k.Key})
	if err != nil {
		return err
	}
	return t.tell(others, inner.Secret{Kind: inner.SecretBackup, At: t.now, Body: body})
}

// PostponeBackup notes that the reader was asked and said "not now".
func (c *Chat) PostponeBackup(ctx context.Context) error {
	s, err := c.current()
	if err != nil {
		return err
	}
	if err = s.do(ctx, func(t *turn) error { return t.Put(kindBackup, entryPostponed, []byte{1}) }); err != nil {
		return err
	}
	s.safe.set(func(b *core.ChatBackup) { b.Offered = true })
	c.events.tell(core.ChatEvent{Kind: core.ChatEventState})
	return nil
}

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
			slices.SortFunc(boxes, func(a, b item) int { return int(a.Number) - int(b.Number) })
			var path inner.Mailboxes
			for n, b := range boxes {
				if int(b.Number) != n {
					break // an older one is missing: without it the chain cannot be read further
				}
				path = append(path, b.Mailbox)
			}
			if len(path) == 0 {
				continue
			}
			all = append(all, id)
			have, err := t.path(id)
			if err != nil {
				return err
			}
			if len(have) < len(path) {
				if err = t.setPath(id, path); err != nil {
					return err
				}
			}
			if r, err := t.room(id); err == nil {
				if err = t.lead(r.state); err != nil {
					return err
				}
				continue
			}
			if err = t.setState(room.New(id, room.Mailbox(path[0]))); err != nil {
				return err
			}
			if err = t.setLocal(id, func(l *vault.Local) { l.State = core.ChatJoined }); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
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
