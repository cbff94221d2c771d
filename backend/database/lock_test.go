// The lock inside SQLite, alone: what gets past package sqlguard must still not
// reach another file, another caller's transaction or SQLite's settings.

package database

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rqlite/rqlite/v8/command/proto"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// If the second lock does not hold by itself, one hole in the first gives a
// tenant every other tenant's data.
func TestLock_HoldsAlone(t *testing.T) {
	dir := t.TempDir()
	n := open(t, testkit.NewHost(t), Settings{Dir: dir})
	n.must(t, blue, `CREATE TABLE t (x)`, `INSERT INTO t VALUES ('secret')`)
	n.must(t, red, `CREATE TABLE t (x)`, `INSERT INTO t VALUES (1)`)
	other := filepath.Join(dir, "blue", liveFile)
	for _, sql := range []string{
		`ATTACH '` + other + `' AS other`, `/**/ATTACH '` + other + `' AS other`, `DETACH main`,
		`VACUUM INTO '` + filepath.Join(dir, "copy") + `'`, `VACUUM`,
		`/**/PRAGMA journal_mode = DELETE`, `/**/PRAGMA synchronous = OFF`, `PRAGMA hard_heap_limit = 1000`, `PRAGMA cache_size = -4000000`,
		`PRAGMA writable_schema = ON`, `PRAGMA foreign_keys = OFF`, `PRAGMA temp_store_directory = '/'`, `PRAGMA locking_mode = EXCLUSIVE`,
		`PRAGMA user_version = 3`, `PRAGMA trusted_schema = ON`, `PRAGMA mmap_size = 100000000`, `PRAGMA database_list`,
		`SELECT load_extension('x')`, `SELECT fts3_tokenizer('simple')`, `INSERT INTO t VALUES (load_extension('x'))`,
		`CREATE TEMP TABLE s (x)`, `CREATE TEMP VIEW s AS SELECT 1`, `CREATE TEMP TRIGGER s AFTER INSERT ON t BEGIN DELETE FROM t; END`,
		`CREATE VIRTUAL TABLE s USING csv(filename='/etc/passwd')`, `CREATE VIRTUAL TABLE s USING dbstat`,
		`UPDATE sqlite_master SET sql = ''`, `INSERT INTO t VALUES (total_changes())`,
		`BEGIN`, `COMMIT`, `ROLLBACK`, `END`, `SAVEPOINT mine`, `RELEASE mine`, `INSERT INTO t VALUES (3); ROLLBACK`,
	} {
		if _, err := n.Internal().Exec(t.Context(), red, []core.Statement{{SQL: sql}}, core.ExecOptions{}); core.CodeOf(err) != core.Invalid {
			t.Errorf("exec %s: %v", sql, err)
		}
		if !strings.Contains(sql, ";") { // a read prepares the first statement only
			if _, err := n.Internal().Query(t.Context(), red, core.Statement{SQL: sql}, core.QueryOptions{}); core.CodeOf(err) != core.Invalid {
				t.Errorf("query %s: %v", sql, err)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "copy")); err == nil {
		t.Error("a copy of the database was written")
	}
	n.must(t, red, `INSERT INTO t VALUES (2)`)
	if got := n.number(t, `SELECT count(*) FROM t WHERE x <= 2`); got != 2 {
		t.Errorf("%d rows afterwards", got)
	}
}

// If a caller can end the transaction that he shares, his neighbours'
// acknowledged rows are gone.
func TestLock_SharedTransactionIsNotTheCallers(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (x)`)
	for _, sql := range []string{`ROLLBACK`, `BEGIN`, `SELECT _debros_entry(0, randomblob(32), 0, 0)`, `SAVEPOINT x`, `RELEASE x`, `ROLLBACK TO x`} {
		outcomes := n.apply(t, red, []*write{
			newTestWrite(t, false, `INSERT INTO t VALUES (1)`), newTestWrite(t, false, sql), newTestWrite(t, false, `INSERT INTO t VALUES (unixepoch())`),
		})
		if outcomes[0].err != nil || outcomes[1].err == nil || outcomes[2].err != nil {
			t.Errorf("%s: %v", sql, outcomes)
		}
	}
	if got := n.number(t, `SELECT count(*) FROM t WHERE x = 1 OR x > 1700000000`); got != 12 {
		t.Errorf("%d rows", got)
	}
}

// If the lock stands in rqlite's own way, backups and text search are broken.
func TestLock_LeavesRqliteItsWork(t *testing.T) {
	dir := t.TempDir()
	n := open(t, testkit.NewHost(t), Settings{Dir: dir})
	n.must(t, red, `CREATE TABLE t (x)`, `INSERT INTO t VALUES ('kept')`,
		`CREATE VIRTUAL TABLE words USING fts5(body)`, `INSERT INTO words VALUES ('some text')`, `INSERT INTO words (words) VALUES ('optimize')`)
	if got := n.number(t, `SELECT count(*) FROM words WHERE words MATCH 'text'`); got != 1 {
		t.Errorf("%d rows found by text", got)
	}
	g := n.groupOf(t, red)
	var dump, copied bytes.Buffer
	if err := g.store.Backup(&proto.BackupRequest{Format: proto.BackupRequest_BACKUP_REQUEST_FORMAT_SQL}, &dump); err != nil || !strings.Contains(dump.String(), "kept") {
		t.Errorf("dump: %v", err)
	}
	if err := g.store.Backup(&proto.BackupRequest{Format: proto.BackupRequest_BACKUP_REQUEST_FORMAT_DELETE}, &copied); err != nil || !bytes.HasPrefix(copied.Bytes(), []byte("SQLite format")) {
		t.Errorf("copy: %v", err)
	}
	n.must(t, red, `INSERT INTO t VALUES ('more')`)
	if info, err := os.Stat(filepath.Join(dir, "red", liveFile+"-wal")); err != nil || info.Size() > 8<<20 {
		t.Errorf("the write-ahead log: %v, %v", info, err)
	}
}

// If SQLite's write-ahead log is never folded in, a busy day fills the disk.
func TestLock_KeepsTheWriteAheadLogSmall(t *testing.T) {
	dir := t.TempDir()
	n := open(t, testkit.NewHost(t), Settings{Dir: dir})
	n.must(t, red, `CREATE TABLE t (x)`)
	for range 40 {
		n.must(t, red, `INSERT INTO t VALUES (zeroblob(1000000))`)
	}
	info, err := os.Stat(filepath.Join(dir, "red", liveFile+"-wal"))
	if err != nil || info.Size() > 16<<20 {
		t.Errorf("after 40 MB: %v, %v", info.Size(), err)
	}
}
