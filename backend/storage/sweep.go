package storage

// This file removes what has expired.

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	anyExpiredSQL = `SELECT EXISTS (SELECT 1 FROM _debros_kv WHERE expires_at <= ?1), 0`
	// anyStaleSQL also looks at the oldest change.
	anyStaleSQL = `SELECT EXISTS (SELECT 1 FROM _debros_kv WHERE expires_at <= ?1),
 coalesce((SELECT at < ?2 FROM _debros_kv_log ORDER BY version LIMIT 1), 0)`
	// The order makes every replica remove the same rows.
	sweepSQL = `DELETE FROM _debros_kv WHERE version IN
 (SELECT version FROM _debros_kv WHERE expires_at <= ?1 ORDER BY expires_at, version LIMIT ?2)`
)

// Run serves until ctx ends and removes expired rows now and then.
func (s *Storage) Run(ctx context.Context, ready func()) error {
	s.running.Store(true)
	defer s.running.Store(false)
	ready()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.sweep(ctx)
		}
	}
}

// sweep goes through the namespaces that were used since the last time.
func (s *Storage) sweep(ctx context.Context) {
	s.mu.Lock()
	touched := s.touched
	s.touched = make(map[core.Namespace]use, len(touched))
	s.mu.Unlock()
	for ns := range touched {
		if ctx.Err() != nil {
			return
		}
		removed, err := s.sweepNamespace(ctx, ns)
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.Debug("expired keys are not removed yet", core.KeyNamespace, string(ns), core.KeyError, err)
		case removed > 0:
			s.log.Debug("expired keys removed", core.KeyNamespace, string(ns), "rows", removed)
		}
	}
}

// sweepNamespace removes what has expired in ns, in steps. It looks first, on this
// replica only: most of the time there is nothing, and a look writes no log.
func (s *Storage) sweepNamespace(ctx context.Context, ns core.Namespace) (removed int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, sweepLimit)
	defer cancel()
	now := millis(s.settings.Now())
	look := core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}}
	old := millis(s.settings.Now().Add(-MaxHistoryAge))
	rows, err := s.db.Query(ctx, ns, core.Statement{SQL: anyStaleSQL, Args: []any{now, old}}, look)
	if noTable(err) { // or no log
		rows, err = s.query(ctx, ns, core.Statement{SQL: anyExpiredSQL, Args: []any{now}}, look)
	}
	if err != nil || len(rows.Values) == 0 {
		return 0, err
	}
	if rows.Values[0][1] == int64(1) {
		if err := s.trim(ctx, ns); err != nil {
			return 0, err
		}
	}
	if rows.Values[0][0] != int64(1) {
		return 0, nil
	}
	for range maxSweepSteps {
		answer, err := s.execOnce(ctx, ns, []core.Statement{{SQL: sweepSQL, Args: []any{now, int64(maxSweepRows)}}}, core.ExecOptions{})
		if err != nil {
			return removed, err
		}
		n := answer.Results[0].RowsAffected
		removed += n
		if n < maxSweepRows {
			return removed, nil
		}
	}
	s.touch(ns) // there is more
	return removed, nil
}
