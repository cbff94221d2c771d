package anchat

// This file has the backup of the chat's keys: what a new device needs to read the
// history when no other device is left.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/backup"
	"git.debros.io/DeBros/network/backend/anchat/inner"
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
				if errPut := t.Put(kindBackedUp, e.ID.String(), []byte(todo.marks[i])); errPut != nil {
					return errPut
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
		if errKeep := t.keepBackupKey(next); errKeep != nil {
			return errKeep
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
	return t.tellBackupKey(others, k)
}

func (t *turn) tellBackupKey(to []wire.Fingerprint, k backupKey) error {
	body, err := inner.MarshalSecret(inner.BackupKey{Version: k.Version, Key: k.Key})
	if err != nil {
		return err
	}
	return t.tell(to, inner.Secret{Kind: inner.SecretBackup, At: t.now, Body: body})
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
