package sqlguard

// This file lets SQLite itself judge what the guard let pass: each statement is
// compiled on a private connection whose authorizer denies whatever a tenant must
// not do. It is test only; the program has its own such lock in package database.

import (
	"database/sql"
	"fmt"
	"reflect"
	"strings"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// fixture is the schema that the corpus is written for.
var fixture = []string{
	`CREATE TABLE t(id INTEGER PRIMARY KEY, a INT, b TEXT, c TEXT)`,
	`CREATE INDEX t_b ON t(b)`,
	`CREATE TABLE u(id INTEGER PRIMARY KEY, t_id INT REFERENCES t(id), x INT)`,
	`CREATE TABLE tree(id INTEGER PRIMARY KEY AUTOINCREMENT, parent INT)`,
	`CREATE TABLE words(key, action, "order", row, rows, first, last, replace, plan, match, desc, offset)`,
	`CREATE TABLE äöü(größe)`,
	`CREATE VIEW tv AS SELECT * FROM t`,
	`CREATE VIRTUAL TABLE docs USING fts5(title, body)`,
	`CREATE TABLE _debros_kv(version INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB UNIQUE, value BLOB)`,
	`ANALYZE`,
}

// judge is SQLite with an authorizer.
type judge struct {
	conn   *sqlite3.SQLiteConn
	st     Statement
	denied string // the first thing it denied
	asked  int    // how often it was asked
}

func newJudge(tb testing.TB) *judge {
	tb.Helper()
	c, err := (&sqlite3.SQLiteDriver{}).Open(":memory:")
	if err != nil {
		tb.Fatal(err)
	}
	conn, ok := c.(*sqlite3.SQLiteConn)
	if !ok {
		tb.Fatalf("the driver gives a %T", c)
	}
	tb.Cleanup(func() {
		if err := conn.Close(); err != nil {
			tb.Error(err)
		}
	})
	j := &judge{conn: conn}
	for _, s := range fixture {
		if _, err := j.conn.Exec(s, nil); err != nil {
			tb.Fatalf("%s: %v", s, err)
		}
	}
	j.conn.RegisterAuthorizer(j.authorize)
	return j
}

// verdict is what SQLite says of a statement.
type verdict struct {
	err    error  // why it does not compile
	denied string // what the authorizer denied
	more   bool   // a second statement is behind the first
}

// compile prepares text without running it.
func (j *judge) compile(tb testing.TB, text string, st Statement) verdict {
	tb.Helper()
	j.st, j.denied = st, ""
	stmt, err := j.conn.Prepare(text)
	v := verdict{err: err, denied: j.denied}
	if err != nil {
		return v
	}
	tail := reflect.ValueOf(stmt).Elem().FieldByName("t").String()
	if err = stmt.Close(); err != nil {
		tb.Fatal(err)
	}
	j.asked = 0
	rest, err := j.conn.Prepare(tail)
	v.more = err != nil || j.asked > 0
	if rest != nil {
		if err := rest.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	return v
}

func (j *judge) authorize(op int, a, b, schema string) int {
	j.asked++
	if why := j.reason(op, a, b, schema); why != "" {
		if j.denied == "" {
			j.denied = fmt.Sprintf("%s (%d %q %q %q)", why, op, a, b, schema)
		}
		return sqlite3.SQLITE_DENY
	}
	return sqlite3.SQLITE_OK
}

// SQLITE_RECURSIVE and SQLITE_ANALYZE are missing in the driver.
const opRecursive, opAnalyze = 33, 28

func (j *judge) reason(op int, a, b, schema string) string {
	plainRead := j.st.Kind == Read && !j.st.Explain
	low := strings.ToLower(a)
	if j.st.Verb == "ALTER TABLE" && low == "sqlite_temp_master" {
		return "" // SQLite looks there for views and triggers that use the table
	}
	switch op {
	case sqlite3.SQLITE_SELECT:
	case sqlite3.SQLITE_READ:
		return foreign(low, schema)
	case sqlite3.SQLITE_FUNCTION:
		return j.function(strings.ToLower(b))
	case sqlite3.SQLITE_PRAGMA:
		switch use := pragmaUse(low); {
		case use == pragmaRefused:
			return "PRAGMA"
		case use == pragmaReads && b != "":
			return "PRAGMA with a value"
		}
	case opRecursive:
		if !plainRead {
			return "recursion in a write"
		}
	case sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE:
		if plainRead {
			return "a write in a read"
		}
		if j.st.Kind == Write && strings.HasPrefix(low, "sqlite_") && low != "sqlite_sequence" {
			return "a write to a system table"
		}
		return foreign(low, schema)
	case sqlite3.SQLITE_CREATE_VTABLE:
		if strings.ToLower(b) != "fts5" {
			return "virtual table"
		}
		return j.schemaOnly(low, schema)
	case sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_VIEW, sqlite3.SQLITE_CREATE_TRIGGER,
		sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_INDEX, sqlite3.SQLITE_DROP_VIEW, sqlite3.SQLITE_DROP_TRIGGER,
		sqlite3.SQLITE_DROP_VTABLE, sqlite3.SQLITE_REINDEX, opAnalyze:
		return j.schemaOnly(low, schema)
	case sqlite3.SQLITE_ALTER_TABLE: // its first argument is the schema
		return j.schemaOnly(strings.ToLower(b), a)
	default:
		return "an operation that is on no list"
	}
	return ""
}

func (j *judge) schemaOnly(name, schema string) string {
	if j.st.Kind != Schema && !j.st.Explain {
		return "a schema change in something else"
	}
	// ANALYZE and REINDEX of everything pass over our tables too, as they should.
	if j.st.Verb == "ANALYZE" || j.st.Verb == "REINDEX" {
		return ""
	}
	return foreign(name, schema)
}

func (j *judge) function(name string) string {
	inner := j.st.Verb == "ALTER TABLE" && strings.HasPrefix(name, "sqlite_")
	inner = inner || j.st.Verb == "ANALYZE" && strings.HasPrefix(name, "stat_")
	if inner || isFunction(name) {
		return ""
	}
	return "function"
}

func foreign(table, schema string) string {
	switch {
	case schema != "" && schema != "main":
		return "another schema"
	case isReserved(table):
		return "a reserved table"
	}
	return ""
}

// engineNames asks the engine for the first column of a query.
func engineNames(t *testing.T, query string) []string {
	t.Helper()
	sql.Register("sqlguard-"+t.Name(), &sqlite3.SQLiteDriver{})
	db, err := sql.Open("sqlguard-"+t.Name(), ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if errClose := db.Close(); errClose != nil {
			t.Error(errClose)
		}
	})
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if errClose := rows.Close(); errClose != nil {
			t.Error(errClose)
		}
	}()
	var names []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}
