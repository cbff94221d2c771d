package service

// This file keeps sealed backups, one account's apart from the other's.

import (
	"bytes"
	"context"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Backup is the newest one.
func (c *caller) Backup(ctx context.Context) (wire.BackupInfo, error) {
	account, err := c.account()
	if err != nil {
		return wire.BackupInfo{}, err
	}
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(
		`SELECT version, key, entries, at FROM backups WHERE account = ? ORDER BY version DESC LIMIT 1`, account))
	if err != nil || len(rows.Values) == 0 {
		return wire.BackupInfo{}, err
	}
	row := rows.Values[0]
	return wire.BackupInfo{Version: count(row[0]), Key: raw(row[1]), Entries: number(row[2]), At: moment(row[3])}, nil
}

// PutBackupKey begins a version. The same key again is what was stored.
func (c *caller) PutBackupKey(ctx context.Context, version uint64, key []byte) error {
	account, err := c.account()
	switch {
	case err != nil:
		return err
	case len(key) == 0 || len(key) > wire.MaxBackupKeyBytes:
		return core.Errorf(core.TooLarge, "the wrapped key of a backup has at most %d bytes", wire.MaxBackupKeyBytes)
	case version == 0 || version > maxNumber:
		return core.Errorf(core.Invalid, "versions of a backup count from 1")
	}
	results, _, err := c.exec(ctx, stmt(`INSERT INTO backups(account, version, key, entries, bytes, at) SELECT ?, ?, ?, 0, 0, ?
 WHERE coalesce((SELECT max(version) FROM backups WHERE account = ?), 0) = ? AND (SELECT count(*) FROM backups WHERE account = ?) < ?
 RETURNING version`, account, version, key, c.settings.Now(), account, version-1, account, MaxBackups))
	if err != nil || results[0].RowsAffected > 0 {
		return err
	}
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT version, key FROM backups WHERE account = ? ORDER BY version DESC`, account))
	switch {
	case err != nil:
		return err
	case len(rows.Values) > 0 && count(rows.Values[0][0]) == version && bytes.Equal(raw(rows.Values[0][1]), key):
		return nil
	case len(rows.Values) >= MaxBackups && count(rows.Values[0][0]) == version-1:
		return core.Errorf(core.Limited, "%d backups are kept; read the newest back, then remove those before it", MaxBackups)
	}
	return core.Errorf(core.Conflict, "another backup was begun meanwhile; read which is the newest")
}

// PutBackup keeps entries.
func (c *caller) PutBackup(ctx context.Context, version uint64, entries []wire.BackupEntry) error {
	account, err := c.account()
	switch {
	case err != nil:
		return err
	case len(entries) == 0:
		return nil
	case len(entries) > wire.MaxBackupEntries:
		return core.Errorf(core.TooLarge, "one request has at most %d entries", wire.MaxBackupEntries)
	}
	version = min(version, maxNumber)
	var b builder
	b.add(`WITH entries(id, sealed) AS (VALUES `)
	seen, size := make(map[wire.Hash]bool, len(entries)), 0
	for i, e := range entries {
		switch {
		case len(e.Sealed) == 0 || len(e.Sealed) > wire.MaxBackupEntryBytes:
			return core.Errorf(core.TooLarge, "an entry of a backup has at most %d bytes", wire.MaxBackupEntryBytes)
		case seen[e.ID]:
			return core.Errorf(core.Invalid, "an entry is in the same request twice")
		}
		seen[e.ID] = true
		size += len(e.Sealed)
		if i > 0 {
			b.add(`,`)
		}
		b.add(`(?,?)`, e.ID[:], e.Sealed)
	}
	b.add(`) INSERT INTO backup_entries(account, version, id, sealed) SELECT ?, ?, id, sealed FROM entries
 WHERE EXISTS (SELECT 1 FROM backups WHERE account = ? AND version = ? AND entries + ? <= ? AND bytes + ? <= ?)
 ON CONFLICT DO UPDATE SET sealed = excluded.sealed RETURNING 1`, account, version, account, version, len(entries), MaxBackupTotal, size, MaxBackupBytes)
	results, _, err := c.exec(ctx, stmt(b.sql.String(), b.args...))
	if err != nil || results[0].RowsAffected > 0 {
		return err
	}
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT 1 FROM backups WHERE account = ? AND version = ?`, account, version))
	switch {
	case err != nil:
		return err
	case len(rows.Values) == 0:
		return core.Errorf(core.NotFound, "there is no backup of this version; begin it with its key")
	}
	return core.Errorf(core.Limited, "a backup has at most %d entries and %s", MaxBackupTotal, mebibytes(MaxBackupBytes))
}

// BackupEntries reads entries in the order of their ids.
func (c *caller) BackupEntries(ctx context.Context, version uint64, after wire.Hash, limit int) ([]wire.BackupEntry, error) {
	account, err := c.account()
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > wire.MaxBackupEntries {
		limit = wire.MaxBackupEntries
	}
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(
		`SELECT id, sealed FROM backup_entries WHERE account = ? AND version = ? AND id > ? ORDER BY id LIMIT ?`, account, min(version, maxNumber), after[:], limit))
	if err != nil {
		return nil, err
	}
	entries := make([]wire.BackupEntry, 0, len(rows.Values))
	for _, row := range rows.Values {
		e := wire.BackupEntry{Sealed: raw(row[1])}
		copy(e.ID[:], raw(row[0]))
		entries = append(entries, e)
	}
	return entries, nil
}

// DropBackups removes the versions below one that is there.
func (c *caller) DropBackups(ctx context.Context, below uint64) error {
	account, err := c.account()
	if err != nil {
		return err
	}
	_, _, err = c.exec(ctx, stmt(`DELETE FROM backups WHERE account = ? AND version < ? AND EXISTS (SELECT 1 FROM backups WHERE account = ? AND version >= ?)`,
		account, min(below, maxNumber), account, min(below, maxNumber)))
	return err
}
