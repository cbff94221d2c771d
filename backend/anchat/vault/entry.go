package vault

// This file keeps small things by kind and name: the engine's records, contacts,
// settings, cursors, refusals.

import (
	"context"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// kindRecord is the kind of the engine's records.
const kindRecord = "engine"

const (
	// MaxEntryBytes bounds one entry: the state of a room of 200 people, and files
	// that wait to be sent, are kept elsewhere.
	MaxEntryBytes = 1 << 20
	// MaxEntryName bounds the name of one.
	MaxEntryName = 400
)

// Entry is something that was put under a kind and a name.
type Entry struct {
	ID    string `json:"id"`
	Value []byte `json:"value"`
}

// Put keeps a value under a kind and a name, in place of what was there.
func (tx *Tx) Put(kind, id string, value []byte) error {
	if len(value) > MaxEntryBytes || len(id) > MaxEntryName {
		return core.Errorf(core.TooLarge, "what is kept of one thing has at most %d bytes", MaxEntryBytes)
	}
	v := tx.v
	key := v.entry(kind, id)
	cell, err := v.sealJSON("entry", key, Entry{id, value})
	if err != nil {
		return err
	}
	return tx.exec("INSERT INTO entry (name, kind, cell) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET cell = excluded.cell", []byte(key), []byte(v.entries(kind)), cell)
}

// Delete removes what was put. It does nothing when nothing was.
func (tx *Tx) Delete(kind, id string) error {
	return tx.exec("DELETE FROM entry WHERE name = ?", []byte(tx.v.entry(kind, id)))
}

// Get reads what was put; false when nothing was.
func (tx *Tx) Get(kind, id string) ([]byte, bool, error) { return tx.v.get(tx, kind, id) }

// List reads all entries of a kind, sorted by name.
func (tx *Tx) List(kind string) ([]Entry, error) { return tx.v.list(tx, kind) }

// Get reads what was put; false when nothing was.
func (v *Vault) Get(ctx context.Context, kind, id string) (value []byte, found bool, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		value, found, err = v.get(a, kind, id)
		return err
	})
	return value, found, err
}

// List reads all entries of a kind, sorted by name.
func (v *Vault) List(ctx context.Context, kind string) (all []Entry, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		all, err = v.list(a, kind)
		return err
	})
	return all, err
}

func (v *Vault) get(a asker, kind, id string) ([]byte, bool, error) {
	key := v.entry(kind, id)
	var cell []byte
	found, err := one(a, []any{&cell}, "SELECT cell FROM entry WHERE name = ?", []byte(key))
	if err != nil || !found {
		return nil, false, err
	}
	var e Entry
	if err = v.openJSON("entry", key, cell, &e); err != nil {
		return nil, false, err
	}
	return e.Value, true, nil
}

func (v *Vault) list(a asker, kind string) (all []Entry, err error) {
	err = each(a, func(scan func(to ...any) error) (err error) {
		var key, cell []byte
		if err = scan(&key, &cell); err != nil {
			return err
		}
		var e Entry
		if err = v.openJSON("entry", key, cell, &e); err != nil {
			return err
		}
		all = append(all, e)
		return nil
	}, "SELECT name, cell FROM entry WHERE kind = ?", []byte(v.entries(kind)))
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.ID, b.ID) })
	return all, err
}

// PutRecords keeps the engine's records that have changed; nil removes one.
func (tx *Tx) PutRecords(records map[string][]byte) error {
	for id, value := range records {
		var err error
		if value == nil {
			err = tx.Delete(kindRecord, id)
		} else {
			err = tx.Put(kindRecord, id, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Records are all records of the engine.
func (v *Vault) Records(ctx context.Context) (map[string][]byte, error) {
	all, err := v.List(ctx, kindRecord)
	records := make(map[string][]byte, len(all))
	for _, e := range all {
		records[e.ID] = e.Value
	}
	return records, err
}

// SetCursor keeps how far something was read: a mailbox, the inbox. A cursor that
// was set to 0 is one that was never set.
func (tx *Tx) SetCursor(of string, at uint64) error {
	return tx.exec("INSERT INTO cursor (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		[]byte(tx.v.entry("cursor", of)), int64(at)) //nolint:gosec // the way back is the same
}

// Cursor reads a cursor.
func (tx *Tx) Cursor(of string) (uint64, error) { return tx.v.cursor(tx, of) }

// Cursor reads a cursor.
func (v *Vault) Cursor(ctx context.Context, of string) (at uint64, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		at, err = v.cursor(a, of)
		return err
	})
	return at, err
}

func (v *Vault) cursor(a asker, of string) (uint64, error) {
	var at int64
	_, err := one(a, []any{&at}, "SELECT value FROM cursor WHERE name = ?", []byte(v.entry("cursor", of)))
	return uint64(at), err //nolint:gosec // the way back of SetCursor
}

// Refuse keeps a refusal for diagnostics. The oldest are forgotten.
func (tx *Tx) Refuse(r core.ChatRefusal) error {
	id, err := tx.insert("INSERT INTO refusal (cell) VALUES (x'')")
	if err != nil {
		return err
	}
	cell, err := tx.v.sealJSON("refusal", rowKey(id), r)
	if err != nil {
		return err
	}
	if err = tx.exec("UPDATE refusal SET cell = ? WHERE id = ?", cell, id); err != nil {
		return err
	}
	return tx.exec("DELETE FROM refusal WHERE id <= ?", id-core.MaxChatDiagnostic)
}

// Refusals are the kept refusals, newest first.
func (v *Vault) Refusals(ctx context.Context) (all []core.ChatRefusal, err error) {
	err = v.read(ctx, func(a asker) (err error) {
		return each(a, func(scan func(to ...any) error) (err error) {
			var (
				id   int64
				cell []byte
				r    core.ChatRefusal
			)
			if err = scan(&id, &cell); err != nil {
				return err
			}
			if err = v.openJSON("refusal", rowKey(id), cell, &r); err != nil {
				return err
			}
			all = append(all, r)
			return nil
		}, "SELECT id, cell FROM refusal ORDER BY id DESC")
	})
	return all, err
}
