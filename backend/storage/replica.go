package storage

// This file reads one key from a replica of the caller's choice.

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// GetFrom is Get with read in place of the databases, such as one replica among
// several. What has expired by the time at is not there: who compares replicas
// asks all of them with the same clock.
func (s *Storage) GetFrom(ctx context.Context, key string, at time.Time, read func(context.Context, core.Statement) (*core.Rows, error)) (core.Item, core.Provenance, error) {
	if err := checkKey(key); err != nil {
		return core.Item{}, core.Provenance{}, err
	}
	rows, err := read(ctx, core.Statement{SQL: getSQL, Args: []any{[]byte(key), millis(at)}})
	if noTable(err) {
		rows, err = read(ctx, core.Statement{SQL: nothingSQL})
	}
	switch {
	case err != nil:
		return core.Item{}, core.Provenance{}, err
	case len(rows.Values) == 0:
		return core.Item{}, rows.Provenance, core.Errorf(core.NotFound, "there is no key %q", shown(key))
	}
	r, err := readRow(rows.Values[0])
	return r.item, rows.Provenance, err
}
