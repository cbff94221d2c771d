package storage

// This file reads which versions keys have, for the sentence of a refusal.

import (
	"context"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// present is a version as it is now: 0 when the key is not there.
type present core.Version

// madeHere stands for the version that an earlier operation of the same batch
// would have made.
const madeHere = ^present(0)

func (p present) String() string {
	if p == madeHere {
		return "of this very batch"
	}
	return strconv.FormatUint(uint64(p), 10)
}

func ordinal(i int) string { return strconv.Itoa(i + 1) }

// versions reads the present versions of all conditional operations' keys.
func (s *Storage) versions(ctx context.Context, ns core.Namespace, ops []core.Op, now time.Time) (map[string]present, error) {
	args := []any{millis(now)}
	for _, op := range ops {
		if op.IfAbsent || op.IfVersion > 0 {
			args = append(args, []byte(op.Key))
		}
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(args)-1), ",")
	sql := "SELECT key, version FROM _debros_kv WHERE (expires_at IS NULL OR expires_at > ?) AND key IN (" + marks + ")"
	rows, err := s.query(ctx, ns, core.Statement{SQL: sql, Args: args}, core.QueryOptions{})
	if err != nil {
		return nil, err
	}
	found := map[string]present{}
	for _, cells := range rows.Values {
		key, ok := cells[0].([]byte)
		v, okVersion := cells[1].(int64)
		if ok && okVersion && v > 0 {
			found[string(key)] = present(v) //nolint:gosec // above 0
		}
	}
	return found, nil
}
