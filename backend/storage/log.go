package storage

// This file is the log of changes: what is kept of the past, and how it comes
// about inside the database.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxHistoryChanges bounds the changes that are kept of one namespace, of all
	// its keys together.
	MaxHistoryChanges = 100_000
	// MaxHistoryBytes bounds their keys and values. The newest change is always kept.
	MaxHistoryBytes = 64 << 20
	// MaxHistoryAge is for how long changes are kept, in a namespace that is used.
	MaxHistoryAge = 7 * 24 * time.Hour

	// changeOverhead is what a change counts beside its key and value: the row
	// and its place in the index.
	changeOverhead = 128
	// trimChanges and trimBytes are how much a node writes before it looks whether
	// the log is too long: to look with each change would cost a third of the
	// writes. By so much the log may be longer.
	trimChanges = 256
	trimBytes   = 4 << 20
	// maxTrimRows bounds one step of dropping, which is one entry of the log of
	// Raft, and maxTrimSteps how many there are at a time.
	maxTrimRows  = 5000
	maxTrimSteps = 20
)

// The log has one number for each change: a put's is its version, and a delete
// takes the next one of the same counter. The numbers follow each other without a
// hole, so that a hole is always something that was dropped.
//
// total is the running sum of sizes, so that the two ends tell what the log holds.
const (
	createLogSQL = `CREATE TABLE IF NOT EXISTS _debros_kv_log(
  version    INTEGER PRIMARY KEY,
  operation  TEXT NOT NULL,
  key        BLOB NOT NULL,
  value      BLOB,
  at         INTEGER NOT NULL,
  expires_at INTEGER,
  total      INTEGER NOT NULL)`
	createLogIndexSQL = `CREATE INDEX IF NOT EXISTS _debros_kv_log_key ON _debros_kv_log(key)`

	lastTotalSQL = `coalesce((SELECT total FROM _debros_kv_log ORDER BY version DESC LIMIT 1), 0)`
	// entryMillisSQL is the time of the log entry, the same on every replica.
	entryMillisSQL = `CAST(round(unixepoch('subsec') * 1000) AS INTEGER)`
)

// createPutTriggerSQL logs each put. INSERT OR REPLACE tells no trigger of the
// row that it replaces.
func createPutTriggerSQL() string {
	return fmt.Sprintf(`CREATE TRIGGER IF NOT EXISTS _debros_kv_put AFTER INSERT ON _debros_kv BEGIN
  INSERT OR REPLACE INTO _debros_kv_log(version, operation, key, value, at, expires_at, total)
   SELECT NEW.version, 'put', NEW.key, NEW.value, NEW.updated_at, NEW.expires_at, length(NEW.key) + length(NEW.value) + %d + %s;
END`, changeOverhead, lastTotalSQL)
}

// createGoneTriggerSQL logs each delete, and each expiry that the sweep finds.
func createGoneTriggerSQL() string {
	return fmt.Sprintf(`CREATE TRIGGER IF NOT EXISTS _debros_kv_gone AFTER DELETE ON _debros_kv BEGIN
  UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = '_debros_kv';
  INSERT OR REPLACE INTO _debros_kv_log(version, operation, key, value, at, expires_at, total)
   SELECT seq, iif(OLD.expires_at <= %[1]s, 'expire', 'delete'), OLD.key, NULL, %[1]s, NULL, length(OLD.key) + %[2]d + %[3]s
   FROM sqlite_sequence WHERE name = '_debros_kv';
END`, entryMillisSQL, changeOverhead, lastTotalSQL)
}

// trimSQL drops what is too much, from the oldest on, but never the newest change.
// ?1 is the time before which changes are too old.
func trimSQL() string {
	return fmt.Sprintf(`DELETE FROM _debros_kv_log WHERE version < (SELECT max(version) FROM _debros_kv_log) AND
 version IN (SELECT version FROM _debros_kv_log ORDER BY version LIMIT ?2) AND
 (version <= (SELECT max(version) FROM _debros_kv_log) - %d OR at < ?1 OR total < %s - %d)`, MaxHistoryChanges, lastTotalSQL, MaxHistoryBytes)
}

// wrote counts what this node has written to a namespace, and trims the log when
// that is enough to have made it too long.
func (s *Storage) wrote(ctx context.Context, ns core.Namespace, changes, size int) {
	s.mu.Lock()
	u, counted := s.touched[ns]
	u.changes, u.bytes = u.changes+changes, u.bytes+size
	due := !counted || u.changes >= trimChanges || u.bytes >= trimBytes
	if due {
		u = use{}
	}
	if counted {
		s.touched[ns] = u
	}
	s.mu.Unlock()
	if !due {
		return
	}
	if err := s.trim(ctx, ns); err != nil {
		s.log.Debug("old changes are not dropped yet", core.KeyNamespace, string(ns), core.KeyError, err)
	}
}

// trim drops changes that are too many, too large or too old.
func (s *Storage) trim(ctx context.Context, ns core.Namespace) error {
	st := core.Statement{SQL: trimSQL(), Args: []any{millis(s.settings.Now().Add(-MaxHistoryAge)), int64(maxTrimRows)}}
	for range maxTrimSteps {
		answer, err := s.execOnce(ctx, ns, []core.Statement{st}, core.ExecOptions{})
		if err != nil || answer.Results[0].RowsAffected < maxTrimRows {
			return err
		}
	}
	return nil
}

// createLog makes the log of a table that may be older than logs are.
func createLog() []core.Statement {
	return []core.Statement{{SQL: createLogSQL}, {SQL: createLogIndexSQL}, {SQL: createPutTriggerSQL()}, {SQL: createGoneTriggerSQL()}}
}

// Schema has the statements that make storage's tables in a namespace, by the
// names of what they make. A backup may hold nothing else under these names.
func Schema() map[string]string {
	all := map[string]string{}
	for _, s := range createTable() {
		words := strings.Fields(s.SQL) // CREATE kind IF NOT EXISTS name
		name, _, _ := strings.Cut(words[5], "(")
		all[name] = s.SQL
	}
	return all
}
