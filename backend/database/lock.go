// The second lock against hostile SQL: an authorizer and limits inside SQLite.
// It decides by what a statement would do, not by how it is written. It decides
// results, so it must be the same on every replica.

package database

import (
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

const (
	maxCellBytes      = 16 << 20 // one value; also compiled in
	maxStatementBytes = 1 << 20  // the text of one statement; also compiled in

	actionRecursive = 33 // SQLITE_RECURSIVE, which the driver does not export

	savepointPrefix = "_debros_"
)

// lockWriter is run on each new connection of rqlite's: the one that applies
// entries and those that it reads, copies and checkpoints with.
func lockWriter(conn *sqlite3.SQLiteConn) error {
	clock := &entryClock{conn: conn, live: liveOf(conn)}
	if err := clock.register(); err != nil {
		return err
	}
	limit(conn)
	lock := writerLock{clock: clock}
	conn.RegisterAuthorizer(lock.judge)
	if clock.live == nil {
		return nil
	}
	conn.RegisterRollbackHook(clock.tookBack)
	return clock.live.connected()
}

// tookBack is called when SQLite takes a whole transaction back. No entry's text
// does that to a shared transaction, and only the word ROLLBACK to a held one:
// so it was this computer that failed, and its file is no longer what the other
// replicas have. The leader sees it in SQLite's answer, too; a follower sees it
// here only. A plain entry is also taken back when its statement is at fault,
// which is the same everywhere: then the disk tells which of the two it was.
func (c *entryClock) tookBack() {
	switch {
	case !c.known || c.ended:
	case c.mode != modePlain && c.begun, c.mode == modePlain && c.live.full():
		c.live.giveUp(fmt.Errorf("%w: SQLite took an entry back", errWounded))
	}
}

// lockReader is run on each connection of this package's own.
func lockReader(conn *sqlite3.SQLiteConn) error {
	limit(conn)
	conn.RegisterAuthorizer(readerLock{}.judge)
	return nil
}

// limit sets what SQLite may be asked for. The numbers are far above what a
// person writes and far below what exhausts a stack or the memory.
func limit(conn *sqlite3.SQLiteConn) {
	conn.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
	conn.SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, maxCellBytes)
	conn.SetLimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, maxStatementBytes)
	conn.SetLimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)
	conn.SetLimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 32)
	conn.SetLimit(sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0)
}

// writerLock judges what runs on rqlite's connections.
type writerLock struct{ clock *entryClock }

// judge is SQLite's authorizer, called while a statement is prepared.
func (l writerLock) judge(action int, first, second, _ string) int {
	if l.clock.live != nil && alters(action) {
		l.clock.live.blind.note()
	}
	switch action {
	case sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH,
		sqlite3.SQLITE_CREATE_TEMP_INDEX, sqlite3.SQLITE_CREATE_TEMP_TABLE, sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
		sqlite3.SQLITE_CREATE_TEMP_VIEW, sqlite3.SQLITE_DROP_TEMP_INDEX, sqlite3.SQLITE_DROP_TEMP_TABLE,
		sqlite3.SQLITE_DROP_TEMP_TRIGGER, sqlite3.SQLITE_DROP_TEMP_VIEW:
		return sqlite3.SQLITE_DENY // other files, and what other replicas would not have
	case sqlite3.SQLITE_TRANSACTION:
		return allowIf(l.transaction(first))
	case sqlite3.SQLITE_SAVEPOINT: // "fts3" is SQLite's own, inside a text index
		return allowIf(strings.HasPrefix(second, savepointPrefix) || second == "fts3")
	case sqlite3.SQLITE_PRAGMA:
		return l.pragma(first, second)
	case sqlite3.SQLITE_FUNCTION: // total_changes counts since the file was opened, so replicas differ
		return allowIf(!deniedFunction(second) && !strings.EqualFold(second, "total_changes"))
	case sqlite3.SQLITE_CREATE_VTABLE:
		return allowIf(allowedModule(second))
	}
	return sqlite3.SQLITE_OK
}

// alters tells whether an action makes tables or views another thing than they
// were, which no row tells the change feed.
func alters(action int) bool {
	switch action {
	case sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_VIEW, sqlite3.SQLITE_CREATE_VTABLE, sqlite3.SQLITE_ALTER_TABLE,
		sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_VIEW, sqlite3.SQLITE_DROP_VTABLE:
		return true
	}
	return false
}

// transaction lets rqlite do as it likes before the first entry, and after that
// only what the entry's mode announced: a caller's BEGIN left open or ROLLBACK
// would undo what others were told is stored.
func (l writerLock) transaction(verb string) bool {
	c := l.clock
	switch {
	case !c.known:
		return true
	case c.mode == modeHeld:
		c.ended = c.ended || verb == "ROLLBACK"
		return verb != "BEGIN" || use(&c.begun)
	case c.mode == modeShared && verb == "BEGIN":
		return use(&c.begun)
	case c.mode == modeShared && verb == "COMMIT":
		return use(&c.settled)
	}
	return false
}

func use(used *bool) bool {
	first := !*used
	*used = true
	return first
}

// pragma knows the pragmas that rqlite itself sends. It switches SQLite's
// automatic checkpoints off, because it would rather cut the WAL when it
// snapshots. That request is ignored, because a WAL that is not folded in between
// grows for ever; they are off only while a snapshot is copied, see begins.
func (l writerLock) pragma(name, argument string) int {
	switch strings.ToLower(name) {
	case "wal_autocheckpoint":
		if l.clock.ours {
			return sqlite3.SQLITE_OK
		}
		return sqlite3.SQLITE_IGNORE
	case "wal_checkpoint":
		return allowIf(argument == "TRUNCATE" || argument == "RESTART")
	case "journal_mode": // rqlite sets it on the copy that a backup makes
		live := strings.HasSuffix(l.clock.conn.GetFilename("main"), liveFile)
		return allowIf(argument == "" || (argument == "DELETE" && !live))
	case "optimize":
		return sqlite3.SQLITE_OK
	}
	return allowIf(readPragma(name, argument))
}

// readerLock judges what runs on this package's own connections: reading only.
type readerLock struct{}

func (readerLock) judge(action int, first, second, _ string) int {
	switch action {
	case sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, actionRecursive:
		return sqlite3.SQLITE_OK
	case sqlite3.SQLITE_FUNCTION:
		return allowIf(!deniedFunction(second))
	case sqlite3.SQLITE_PRAGMA:
		return allowIf(readPragma(first, second))
	}
	return sqlite3.SQLITE_DENY
}

// readPragma tells whether a pragma only looks. Those that name a thing take an
// argument; the others would be changed by one.
func readPragma(name, argument string) bool {
	switch strings.ToLower(name) {
	case "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
		"foreign_key_list", "foreign_key_check", "integrity_check", "quick_check",
		"collation_list", "function_list", "compile_options":
		return true
	case "page_count", "page_size", "max_page_count", "freelist_count", "cache_size", "encoding",
		"hard_heap_limit", "soft_heap_limit", "foreign_keys", "synchronous", "busy_timeout", "query_only",
		"schema_version", "user_version", "application_id", "data_version":
		return argument == ""
	}
	return false
}

// deniedFunction names functions that reach files or memory.
func deniedFunction(name string) bool {
	switch strings.ToLower(name) {
	case "load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "sqlite_attach", "sqlite_detach":
		return true
	}
	return false
}

// allowedModule names the virtual tables that live wholly inside the database.
func allowedModule(name string) bool {
	switch strings.ToLower(name) {
	case "fts3", "fts4", "fts5", "rtree", "rtree_i32", "geopoly":
		return true
	}
	return false
}

func allowIf(fine bool) int {
	if fine {
		return sqlite3.SQLITE_OK
	}
	return sqlite3.SQLITE_DENY
}
