package storage

// This file reads single keys.

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	getSQL = `SELECT key, 0, version, updated_at, expires_at, length(value), value FROM _debros_kv
 WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)`
	existsSQL = `SELECT version FROM _debros_kv WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)`
)

// Get returns one item with its value. It returns core.NotFound, with the
// provenance of the answer, when there is none or it has expired.
func (s *Storage) Get(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error) {
	rows, err := s.readKey(ctx, ns, getSQL, key, o)
	if err != nil {
		return core.Item{}, core.Provenance{}, err
	}
	if len(rows.Values) == 0 {
		return core.Item{}, rows.Provenance, core.Errorf(core.NotFound, "there is no key %q", shown(key))
	}
	r, err := readRow(rows.Values[0])
	return r.item, rows.Provenance, err
}

// Exists tells whether there is such a key, without reading its value.
func (s *Storage) Exists(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (bool, core.Provenance, error) {
	rows, err := s.readKey(ctx, ns, existsSQL, key, o)
	if err != nil {
		return false, core.Provenance{}, err
	}
	return len(rows.Values) > 0, rows.Provenance, nil
}

func (s *Storage) readKey(ctx context.Context, ns core.Namespace, sql, key string, o core.ReadOptions) (*core.Rows, error) {
	if err := s.begin(ns); err != nil {
		return nil, err
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	st := core.Statement{SQL: sql, Args: []any{[]byte(key), millis(s.settings.Now())}}
	return s.query(ctx, ns, st, core.QueryOptions{ReadOptions: o})
}

// row is one line of an answer: an item, or with branch set a folded branch
// whose key begins with it.
type row struct {
	item core.Item
	cut  int64 // position of the separator behind the prefix, from 1; 0 for an item
}

// readRow reads key, cut, version, updated_at, expires_at, length and value. The
// last five are NULL for a branch, the last one also when values were not asked for.
func readRow(cells []any) (row, error) {
	if len(cells) != 7 {
		return row{}, core.Errorf(core.Internal, "the key-value table answered %d columns", len(cells))
	}
	key, ok := cells[0].([]byte)
	cut, okCut := cells[1].(int64)
	if !ok || !okCut {
		return row{}, core.Errorf(core.Internal, "the key-value table holds a %T as a key", cells[0])
	}
	if cut > 0 {
		return row{item: core.Item{Key: string(key)}, cut: cut}, nil
	}
	version, okVersion := cells[2].(int64)
	updated, okUpdated := cells[3].(int64)
	size, okSize := cells[5].(int64)
	if !okVersion || !okUpdated || !okSize || version < 0 {
		return row{}, core.Errorf(core.Internal, "the key-value table holds a damaged row; restore it from a backup")
	}
	it := core.Item{
		Key: string(key), Size: int(size), Version: core.Version(version),
		UpdatedAt: time.UnixMilli(updated).UTC(),
	}
	if expires, ok := cells[4].(int64); ok {
		it.ExpiresAt = time.UnixMilli(expires).UTC()
	}
	switch value := cells[6].(type) {
	case []byte:
		it.Value = value
		if value == nil {
			it.Value = []byte{}
		}
	case nil:
	default:
		return row{}, core.Errorf(core.Internal, "the key-value table holds a %T as a value", value)
	}
	return row{item: it}, nil
}
