package storage

// This file is the log of changes: what is kept of the past, and how it comes
// about inside the database.

import (
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
	// MaxHistoryAge is for how long changes are kept. Older ones go with the next
	// changes, as a namespace that nobody writes to costs nothing more.
	MaxHistoryAge = 7 * 24 * time.Hour

	// changeOverhead is what a change counts beside its key and value: the row
	// and its place in the index.
	changeOverhead = 128
)

// The log has one number for each change: a put's is its version, and a delete
// takes the next one of the same counter. The numbers follow each other without a
// hole, so that a hole is always something that was dropped.
//
// total is the running sum of sizes, so that the trigger knows what the log holds
// by its two ends.
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
  %s;
END`, changeOverhead, lastTotalSQL, trimSQL("NEW.version", "length(NEW.key) + length(NEW.value)", "NEW.updated_at"))
}

// createGoneTriggerSQL logs each delete, and each expiry that the sweep finds.
func createGoneTriggerSQL() string {
	return fmt.Sprintf(`CREATE TRIGGER IF NOT EXISTS _debros_kv_gone AFTER DELETE ON _debros_kv BEGIN
  UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = '_debros_kv';
  INSERT OR REPLACE INTO _debros_kv_log(version, operation, key, value, at, expires_at, total)
   SELECT seq, iif(OLD.expires_at <= %[1]s, 'expire', 'delete'), OLD.key, NULL, %[1]s, NULL, length(OLD.key) + %[2]d + %[3]s
   FROM sqlite_sequence WHERE name = '_debros_kv';
  %[4]s;
END`, entryMillisSQL, changeOverhead, lastTotalSQL, trimSQL("(SELECT seq FROM sqlite_sequence WHERE name = '_debros_kv')", "length(OLD.key)", entryMillisSQL))
}

// trimSQL drops what is too much, from the oldest on: each change looks at as many
// rows as could make room for itself, and two more.
func trimSQL(version, size, now string) string {
	return fmt.Sprintf(`DELETE FROM _debros_kv_log WHERE version < %[1]s AND
   version IN (SELECT version FROM _debros_kv_log ORDER BY version LIMIT 3 + (%[2]s) / %[3]d) AND
   (version <= %[1]s - %[4]d OR at < %[5]s - %[6]d OR total < %[7]s - %[8]d)`,
		version, size, changeOverhead, MaxHistoryChanges, now, MaxHistoryAge.Milliseconds(), lastTotalSQL, MaxHistoryBytes)
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
