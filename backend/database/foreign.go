// What a file that somebody else made must look like before it may become a
// namespace: whole, and with nothing in its schema that a tenant could not have
// made, or that this program did not.

package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-sqlite3"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

const (
	// maxObjects bounds the schema of a foreign file; SQLite reads all of it
	// whenever it opens the file.
	maxObjects = 100_000
	// maxFaults bounds what integrity_check tells.
	maxFaults = 3
)

// object is one row of a file's schema.
type object struct {
	kind, name, table string
	sql               string // "" for an index that SQLite made itself
	shadow            bool   // belongs to a virtual table
}

// ours tells whether the object is this program's own.
func (o object) ours() bool {
	return reserved(o.name) || reserved(o.table)
}

func reserved(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), sqlguard.ReservedPrefix)
}

// sqlites tells whether the object is SQLite's own.
func (o object) sqlites() bool { return strings.HasPrefix(strings.ToLower(o.name), "sqlite_") }

func (o object) virtual() bool {
	return o.kind == "table" && strings.HasPrefix(strings.ToUpper(o.sql), "CREATE VIRTUAL")
}

// readObjects reads the schema, in the order in which it was made.
func readObjects(ctx context.Context, conn *sqlite3.SQLiteConn) ([]object, error) {
	var list []object
	err := eachRow(ctx, conn, "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY rowid", func(cells []driver.Value) error {
		if len(list) == maxObjects {
			return core.Errorf(core.TooLarge, "the file has more than %d tables, indexes and the like", maxObjects)
		}
		list = append(list, object{kind: textOf(cells[0]), name: textOf(cells[1]), table: textOf(cells[2]), sql: textOf(cells[3])})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return markShadows(list), nil
}

// markShadows finds the tables in which full-text indexes keep their words.
func markShadows(list []object) []object {
	shadows := map[string]bool{}
	for _, o := range list {
		if o.virtual() {
			for _, part := range []string{"_data", "_idx", "_content", "_docsize", "_config"} {
				shadows[strings.ToLower(o.name+part)] = true
			}
		}
	}
	for i, o := range list {
		list[i].shadow = shadows[strings.ToLower(o.table)]
	}
	return list
}

// checkForeign looks at a file without running anything that stands in it. What
// it refuses is Invalid.
func (d *Databases) checkForeign(ctx context.Context, path string) (err error) {
	conn, err := openForeign(path)
	if err != nil {
		return errDamagedBackup(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = d.checkConn(ctx, conn)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return core.Wrap(core.Unavailable, ctx.Err(), "the check was cancelled; nothing was changed")
	case core.CodeOf(err) != core.Internal:
		return err
	}
	return errDamagedBackup(err)
}

func (d *Databases) checkConn(ctx context.Context, conn *sqlite3.SQLiteConn) error {
	objects, err := readObjects(ctx, conn)
	if err != nil {
		return err
	}
	for _, o := range objects { // before anything else is asked of the file
		if err = d.checkObject(o); err != nil {
			return core.Wrap(core.Invalid, err, "the file holds the %s %q, which is refused: %s; nothing was changed", o.kind, o.name, core.Sentence(err))
		}
	}
	var encoding string
	err = eachRow(ctx, conn, "PRAGMA encoding", func(cells []driver.Value) error {
		encoding = textOf(cells[0])
		return nil
	})
	if err != nil {
		return err
	}
	if encoding != "UTF-8" {
		return core.Errorf(core.Invalid, "the file's text is in %s; nothing was changed; write it again in UTF-8", encoding)
	}
	return checkIntegrity(ctx, conn)
}

func checkIntegrity(ctx context.Context, conn *sqlite3.SQLiteConn) error {
	var faults []string
	err := eachRow(ctx, conn, fmt.Sprintf("PRAGMA integrity_check(%d)", maxFaults), func(cells []driver.Value) error {
		if text := textOf(cells[0]); text != "ok" && len(faults) < maxFaults {
			faults = append(faults, strings.Join(strings.Fields(text), " "))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "; "))
	}
	return nil
}

// checkObject judges one row of the schema by what it would have taken to make it.
func (d *Databases) checkObject(o object) error {
	switch {
	case !slices.Contains([]string{"table", "index", "view", "trigger"}, o.kind):
		return core.Errorf(core.Invalid, "there is no such kind of thing")
	case o.sql == "":
		if o.kind == "index" && strings.HasPrefix(o.name, "sqlite_autoindex_") {
			return nil
		}
		return core.Errorf(core.Invalid, "it has no definition")
	case o.sqlites():
		return checkSQLites(o)
	case o.ours():
		return d.checkOurs(o)
	}
	return checkTenants(o)
}

// checkSQLites knows the tables that SQLite makes for itself.
func checkSQLites(o object) error {
	known := []string{"sqlite_sequence(name,seq)", "sqlite_stat1(tbl,idx,stat)", "sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"}
	if o.kind == "table" && slices.Contains(known, strings.TrimPrefix(o.sql, "CREATE TABLE ")) && strings.HasPrefix(o.sql, "CREATE TABLE "+o.name+"(") {
		return nil
	}
	return core.Errorf(core.Invalid, "the name belongs to SQLite")
}

// checkTenants asks sqlguard whether a tenant could have made the object.
func checkTenants(o object) error {
	s, err := sqlguard.Check(o.sql)
	if err != nil {
		return err
	}
	verbs := map[string][]string{
		"table":   {"CREATE TABLE", "CREATE VIRTUAL TABLE"},
		"index":   {"CREATE INDEX", "CREATE UNIQUE INDEX"},
		"view":    {"CREATE VIEW"},
		"trigger": {"CREATE TRIGGER"},
	}
	if s.Kind != sqlguard.Schema || !slices.Contains(verbs[o.kind], s.Verb) {
		return core.Errorf(core.Invalid, "its definition is no %s", o.kind)
	}
	return nil
}

// checkOurs compares an object with what this program makes under that name.
// What no part has declared must at least be a plain table or index.
func (d *Databases) checkOurs(o object) error {
	if declared, known := d.settings.OwnSchema[o.name]; known {
		if sameSQL(declared, o.sql) {
			return nil
		}
		return core.Errorf(core.Invalid, "it is not what this program makes under that name; was the backup made by another version?")
	}
	if o.kind != "table" && o.kind != "index" {
		return core.Errorf(core.Invalid, "the name belongs to this program, which makes no such %s", o.kind)
	}
	plain := o
	plain.sql = replaceFold(o.sql, sqlguard.ReservedPrefix, "own_")
	if strings.HasPrefix(strings.ToUpper(plain.sql), "CREATE VIRTUAL") {
		return core.Errorf(core.Invalid, "the name belongs to this program, which makes no such table")
	}
	return checkTenants(plain)
}

// sameSQL compares definitions as SQLite keeps them: without IF NOT EXISTS, and
// whatever the spaces.
func sameSQL(a, b string) bool { return plainSQL(a) == plainSQL(b) }

func plainSQL(sql string) string {
	return strings.Join(strings.Fields(strings.Replace(sql, " IF NOT EXISTS ", " ", 1)), " ")
}

// replaceFold replaces old, which is in small letters, however it is written.
func replaceFold(text, old, by string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		if len(text)-i >= len(old) && strings.EqualFold(text[i:i+len(old)], old) {
			out.WriteString(by)
			i += len(old)
			continue
		}
		out.WriteByte(text[i])
		i++
	}
	return out.String()
}
