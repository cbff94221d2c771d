package storage

// This file reads the log of changes: the history of a key, and what happened
// since a version.

import (
	"context"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// defaultChanges is the length of an answer that names none.
	defaultChanges = 100
	// maxScanned bounds the changes that one reading looks through for a prefix.
	maxScanned = 1000
	// watchPause is the least time between two readings of one watch that brought
	// nothing: another node may tell of a change before the one that is read has it.
	watchPause = 50 * time.Millisecond

	// The first row tells how far the counter is, from the same moment.
	sinceSQL = `SELECT coalesce(max(seq), 0), NULL, NULL, NULL, NULL, NULL FROM sqlite_sequence WHERE name = '_debros_kv'
 UNION ALL SELECT * FROM (SELECT version, operation, key, at, expires_at, iif(substr(key, 1, length(?2)) = ?2, value, NULL)
 FROM _debros_kv_log WHERE version > ?1 ORDER BY version LIMIT ?3)`
	// The first row tells what the oldest change is.
	historySQL = `SELECT coalesce((SELECT min(version) FROM _debros_kv_log), (SELECT max(seq) + 1 FROM sqlite_sequence WHERE name = '_debros_kv'), 1),
 NULL, NULL, (SELECT at FROM _debros_kv_log ORDER BY version LIMIT 1), NULL, NULL
 UNION ALL SELECT * FROM (SELECT version, operation, key, at, expires_at, value FROM _debros_kv_log WHERE key = ?1 ORDER BY version DESC LIMIT ?2)`
	isTableSQL = `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_debros_kv'`
)

// logTable is the table that watchers wait for.
const logTable = "_debros_kv_log"

// noLog tells that an error only means that nothing is logged in the namespace.
func noLog(err error) bool {
	return noTable(err) || err != nil && strings.Contains(err.Error(), "no such table: sqlite_sequence")
}

// History returns what is kept of a key's past: at most limit versions, 0 for 100,
// newest first. The answer says since when it is complete.
func (s *Storage) History(ctx context.Context, ns core.Namespace, key string, limit int) (core.History, error) {
	if err := s.begin(ns); err != nil {
		return core.History{}, err
	}
	if err := checkKey(key); err != nil {
		return core.History{}, err
	}
	limit, err := changeLimit(limit, core.MaxHistoryVersions)
	if err != nil {
		return core.History{}, err
	}
	rows, err := s.queryLog(ctx, ns, core.Statement{SQL: historySQL, Args: []any{[]byte(key), int64(limit)}}, core.QueryOptions{})
	if err != nil {
		return core.History{}, err
	}
	h := core.History{Versions: []core.KVChange{}, CompleteSince: 1, Provenance: rows.Provenance}
	for i, cells := range rows.Values {
		c, err := readChange(cells)
		if err != nil {
			return core.History{}, err
		}
		if i == 0 {
			h.CompleteSince, h.CompleteSinceTime = c.Version, c.UpdatedAt
			continue
		}
		h.Versions = append(h.Versions, c)
	}
	return h, nil
}

func changeLimit(limit, most int) (int, error) {
	switch {
	case limit < 0 || limit > most:
		return 0, core.Errorf(core.Invalid, "one answer has 1 to %d changes", most)
	case limit == 0:
		return defaultChanges, nil
	}
	return limit, nil
}

// Watch returns the changes after o.Since of keys that begin with o.Prefix, in the
// order of commits, and waits for the first one when there is none. Whoever goes
// on with Next sees each change once, at whichever node he asks; Gap tells when
// some are not kept any more.
func (s *Storage) Watch(ctx context.Context, ns core.Namespace, o core.WatchOptions) (core.Changes, error) {
	if err := s.begin(ns); err != nil {
		return core.Changes{}, err
	}
	w, err := s.newWatch(ctx, ns, o)
	if err != nil {
		return core.Changes{}, err
	}
	end := time.Now().Add(min(o.Wait, core.MaxChangeWait))
	for {
		if err := w.read(ctx, core.LevelNone); err != nil {
			return core.Changes{}, err
		}
		left := time.Until(end)
		if len(w.out.Changes) > 0 || w.out.Gap || left <= 0 {
			return w.out, nil
		}
		if w.more {
			continue // nothing in this part of the log has the prefix
		}
		if w.tries++; w.tries > 1 { // the first reading is told of at once
			if err := pause(ctx, watchPause); err != nil {
				return core.Changes{}, err
			}
		}
		if _, err := s.db.Changed(ctx, ns, w.out.Provenance.Index, []string{logTable}, left); err != nil {
			return core.Changes{}, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "the wait for changes was ended")
	}
}

// watch is one question for changes.
type watch struct {
	*Storage
	ns     core.Namespace
	prefix string
	limit  int
	out    core.Changes
	more   bool // the last reading did not come to the log's end
	tries  int
}

func (s *Storage) newWatch(ctx context.Context, ns core.Namespace, o core.WatchOptions) (*watch, error) {
	switch {
	case len(o.Prefix) > core.MaxKeyBytes:
		return nil, core.Errorf(core.TooLarge, "a prefix has at most %d bytes", core.MaxKeyBytes)
	case o.Wait < 0:
		return nil, core.Errorf(core.Invalid, "the wait for changes is not negative")
	}
	if err := checkVersion(o.Since); err != nil {
		return nil, err
	}
	limit, err := changeLimit(o.Limit, core.MaxWatchChanges)
	if err != nil {
		return nil, err
	}
	w := &watch{Storage: s, ns: ns, prefix: o.Prefix, limit: limit, out: core.Changes{Changes: []core.KVChange{}, Next: o.Since}}
	if !o.FromNow {
		return w, nil
	}
	_, head, err := w.load(ctx, 0, core.LevelWeak) // of the leader, so that what was answered before is before
	w.out.Next = head
	return w, err
}

// load reads the part of the log after the position, and how far the counter is.
func (w *watch) load(ctx context.Context, rows int, level core.Level) (part []core.KVChange, head core.Version, err error) {
	args := []any{int64(w.out.Next), []byte(w.prefix), int64(rows)} //nolint:gosec // checkVersion
	answer, err := w.queryLog(ctx, w.ns, core.Statement{SQL: sinceSQL, Args: args}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: level}})
	if err != nil {
		return nil, 0, err
	}
	w.out.Provenance = answer.Provenance
	w.more = answer.Truncated
	for i, cells := range answer.Values {
		c, err := readChange(cells)
		if err != nil {
			return nil, 0, err
		}
		if i == 0 {
			head = c.Version
			continue
		}
		part = append(part, c)
	}
	w.more = w.more || rows > 0 && len(part) == rows
	return part, head, nil
}

// read takes what the log has after the position. A number that is missing there
// was dropped, which is a gap.
func (w *watch) read(ctx context.Context, level core.Level) error {
	part, head, err := w.load(ctx, maxScanned, level)
	if err != nil {
		return err
	}
	if head < w.out.Next && level == core.LevelNone { // this replica lags, or the data was restored
		return w.read(ctx, core.LevelWeak)
	}
	if head < w.out.Next {
		w.out.Next, w.out.Gap = head, true
		return nil
	}
	for _, c := range part {
		if c.Version != w.out.Next+1 {
			w.out.Gap = true
		}
		w.out.Next = c.Version
		if !strings.HasPrefix(c.Key, w.prefix) {
			continue
		}
		if w.out.Changes = append(w.out.Changes, c); len(w.out.Changes) == w.limit {
			w.more = true
			return nil
		}
	}
	if !w.more && w.out.Next != head {
		w.out.Next, w.out.Gap = head, true
	}
	return nil
}

// queryLog reads the log. A namespace whose table is older gets one; one without
// a table answers no rows.
func (s *Storage) queryLog(ctx context.Context, ns core.Namespace, st core.Statement, o core.QueryOptions) (*core.Rows, error) {
	rows, err := s.db.Query(ctx, ns, st, o)
	if !noLog(err) {
		return rows, err
	}
	found, err := s.db.Query(ctx, ns, core.Statement{SQL: isTableSQL}, core.QueryOptions{ReadOptions: o.ReadOptions})
	if err != nil || len(found.Values) == 0 {
		if found != nil {
			found.Values = nil
		}
		return found, err
	}
	if _, err := s.execOnce(ctx, ns, createLog(), core.ExecOptions{}); err != nil {
		return nil, err
	}
	s.log.Debug("log of key-value changes made", core.KeyNamespace, string(ns))
	o.Level = "" // this replica may not have it yet
	return s.db.Query(ctx, ns, st, o)
}

// readChange reads version, operation, key, time, expiry and value.
func readChange(cells []any) (core.KVChange, error) {
	if len(cells) != 6 {
		return core.KVChange{}, core.Errorf(core.Internal, "the log of changes answered %d columns", len(cells))
	}
	version, ok := cells[0].(int64)
	if !ok || version < 0 {
		return core.KVChange{}, core.Errorf(core.Internal, "the log of changes holds a damaged row; restore it from a backup")
	}
	var c core.KVChange
	c.Version = core.Version(version)
	if operation, ok := cells[1].(string); ok {
		c.Operation = core.Operation(operation)
	}
	if key, ok := cells[2].([]byte); ok {
		c.Key = string(key)
	}
	if at, ok := cells[3].(int64); ok {
		c.UpdatedAt = time.UnixMilli(at).UTC()
	}
	if expires, ok := cells[4].(int64); ok {
		c.ExpiresAt = time.UnixMilli(expires).UTC()
	}
	if value, ok := cells[5].([]byte); ok {
		c.Value, c.Size = value, len(value)
	}
	if c.Operation == core.OperationPut && c.Value == nil {
		c.Value = []byte{}
	}
	return c, nil
}
