// Exports: a namespace's tables in forms that every other program reads.

package database

import (
	"bufio"
	"context"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-sqlite3"

	"git.debros.io/DeBros/network/backend/core"
)

// tellEvery is how many rows or statements pass between two reports of progress.
const tellEvery = 1000

// Export writes the namespace's tables to w: all that a tenant made, without
// keys and whatever else this program keeps there. kind is
// [core.TransferSQLite] or [core.TransferSQL]. Every write that was acknowledged
// before the call is in it.
func (d *Databases) Export(ctx context.Context, ns core.Namespace, kind string, w io.Writer, progress func(core.Progress)) (core.TransferResult, error) {
	var result core.TransferResult
	if kind != core.TransferSQLite && kind != core.TransferSQL {
		return result, core.Errorf(core.Invalid, "a database is exported as %s or %s, not as %q", core.TransferSQLite, core.TransferSQL, kind)
	}
	err := d.withCopy(ctx, ns, progress, func(path string, index uint64) (err error) {
		if kind == core.TransferSQLite {
			result, err = stripOurs(ctx, path)
			if err != nil {
				return err
			}
			return sendFile(ctx, w, path, progress)
		}
		conn, err := openForeign(path)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		out := bufio.NewWriterSize(w, 64<<10)
		dump := dumper{conn: conn, out: out, progress: progress}
		dump.text("-- namespace " + string(ns) + ", log entry " + strconv.FormatUint(index, 10) + ", " + time.Now().UTC().Format(time.RFC3339) + "\n")
		result, err = dump.all(ctx)
		return errors.Join(err, out.Flush())
	})
	return result, err
}

// stripOurs removes this program's own tables from a copy. What stood in them is
// overwritten: the keys are not part of the export.
func stripOurs(ctx context.Context, path string) (result core.TransferResult, err error) {
	conn, err := openPlain(path, "mode=rw&_sync=OFF&_secure_delete=true")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	objects, err := readObjects(ctx, conn)
	if err != nil {
		return result, err
	}
	for _, o := range objects {
		switch {
		case o.kind == "trigger" && o.ours():
			err = runPlain(ctx, conn, "DROP TRIGGER IF EXISTS "+quoted(o.name))
		case o.kind == "table" && o.ours() && !o.shadow:
			err = runPlain(ctx, conn, "DROP TABLE "+quoted(o.name))
		case o.kind == "table" && !o.shadow && !o.sqlites():
			var n int64
			n, err = countRows(ctx, conn, o.name)
			result.Tables, result.Rows = result.Tables+1, result.Rows+n
		}
		if err != nil {
			return result, err
		}
	}
	return result, nil
}

// dumper writes a file's tables as SQL: tables and their rows in an order that
// foreign keys allow, then indexes, views and triggers, so that no trigger
// fires while rows are being put back.
type dumper struct {
	conn     *sqlite3.SQLiteConn
	out      *bufio.Writer
	progress tell
	err      error // of the first write that failed
	result   core.TransferResult
}

func (d *dumper) text(s string) {
	if d.err == nil {
		_, d.err = d.out.WriteString(s)
	}
}

func (d *dumper) statement(sql string) {
	d.text(sql)
	d.text(";\n")
	d.result.Statements++
}

func (d *dumper) all(ctx context.Context) (core.TransferResult, error) {
	objects, err := tenantObjects(ctx, d.conn)
	if err != nil {
		return d.result, err
	}
	tables, rest, err := inOrder(ctx, d.conn, objects)
	if err != nil {
		return d.result, err
	}
	for _, o := range tables {
		d.statement(o.sql)
		if err := d.rows(ctx, o); err != nil {
			return d.result, err
		}
		d.result.Tables++
	}
	for _, o := range rest {
		d.statement(o.sql)
	}
	for _, note := range d.result.Notes {
		d.text("-- note: " + note + "\n")
	}
	return d.result, d.err
}

func (d *dumper) rows(ctx context.Context, o object) error {
	source, err := rowSource(ctx, d.conn, o)
	if err != nil {
		return err
	}
	if source.note != "" {
		d.result.Notes = append(d.result.Notes, source.note)
	}
	if source.rebuild != "" {
		d.statement(source.rebuild)
	}
	if source.query == "" {
		return d.err
	}
	line := make([]byte, 0, 4096)
	return eachRow(ctx, d.conn, source.query, func(cells []driver.Value) error {
		line = append(line[:0], source.insert...)
		line = append(line, " VALUES("...)
		for i, cell := range cells {
			if i > 0 {
				line = append(line, ',')
			}
			line = appendLiteral(line, cell)
		}
		line = append(line, ')')
		d.statement(string(line))
		d.result.Rows++
		if d.result.Rows%tellEvery == 0 {
			d.progress.at(core.PhaseSend, d.result.Rows, 0, "rows")
		}
		return d.err
	})
}

// source says how a table's rows are read and put back.
type source struct {
	query   string // "" when there are none to copy
	insert  string // up to VALUES
	columns int
	rebuild string // run instead, for a full-text index over another table
	note    string
}

// rowSource leaves generated columns out. Full-text indexes keep their rows'
// numbers, as other tables refer to them.
func rowSource(ctx context.Context, conn *sqlite3.SQLiteConn, o object) (source, error) {
	var names []string
	err := eachRow(ctx, conn, "SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0 ORDER BY cid", func(cells []driver.Value) error {
		names = append(names, quoted(textOf(cells[0])))
		return nil
	}, numbered(o.name)...)
	if err != nil {
		return source{}, err
	}
	if o.virtual() {
		switch content, given := textContent(o.sql); {
		case given && content == "":
			return source{note: "the full-text index " + o.name + " keeps no text of its own, so its words cannot be exported"}, nil
		case given:
			return source{rebuild: "INSERT INTO " + quoted(o.name) + "(" + quoted(o.name) + ") VALUES('rebuild')"}, nil
		}
		names = append([]string{"rowid"}, names...)
	}
	if len(names) == 0 {
		return source{}, nil
	}
	list := strings.Join(names, ",")
	return source{
		query:   "SELECT " + list + " FROM " + quoted(o.name),
		insert:  "INSERT INTO " + quoted(o.name) + "(" + list + ")",
		columns: len(names),
	}, nil
}

// textContent reads the option content= of a full-text index's definition.
func textContent(sql string) (content string, given bool) {
	flat := strings.ToLower(strings.Join(strings.Fields(sql), ""))
	i := strings.Index(flat, "content=")
	if i < 0 || flat[i-1] != ',' && flat[i-1] != '(' {
		return "", false
	}
	value := flat[i+len("content="):]
	return strings.Trim(value[:strings.IndexAny(value+",", ",)")], `"'`), true
}

// tenantObjects are those that a tenant made, without what comes with them.
func tenantObjects(ctx context.Context, conn *sqlite3.SQLiteConn) ([]object, error) {
	objects, err := readObjects(ctx, conn)
	return slices.DeleteFunc(objects, func(o object) bool {
		return o.shadow || o.ours() || o.sqlites() || o.sql == ""
	}), err
}

// inOrder puts tables before those that refer to them, as far as they do not
// refer to each other; rest is what comes after the rows. A full-text index
// over another table comes after all tables.
func inOrder(ctx context.Context, conn *sqlite3.SQLiteConn, objects []object) (tables, rest []object, err error) {
	byName := map[string]object{}
	var virtual []object
	for _, o := range objects {
		if o.kind == "table" && !o.virtual() {
			byName[strings.ToLower(o.name)] = o
		}
	}
	seen := map[string]bool{}
	var visit func(o object) error
	visit = func(o object) error {
		if seen[strings.ToLower(o.name)] {
			return nil
		}
		seen[strings.ToLower(o.name)] = true
		var parents []string
		err := eachRow(ctx, conn, `SELECT "table" FROM pragma_foreign_key_list(?1)`, func(cells []driver.Value) error {
			parents = append(parents, strings.ToLower(textOf(cells[0])))
			return nil
		}, numbered(o.name)...)
		for i := 0; i < len(parents) && err == nil; i++ {
			if parent, found := byName[parents[i]]; found {
				err = visit(parent)
			}
		}
		tables = append(tables, o)
		return err
	}
	for _, o := range objects {
		switch {
		case o.kind == "table" && o.virtual():
			virtual = append(virtual, o)
		case o.kind == "table":
			if err := visit(o); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, kind := range []string{"index", "view", "trigger"} {
		for _, o := range objects {
			if o.kind == kind {
				rest = append(rest, o)
			}
		}
	}
	return append(tables, virtual...), rest, nil
}

// appendLiteral writes a cell as SQL that reads back as the same cell.
func appendLiteral(out []byte, cell any) []byte {
	switch v := cell.(type) {
	case nil:
		return append(out, "NULL"...)
	case int64:
		return strconv.AppendInt(out, v, 10)
	case float64:
		return appendFloat(out, v)
	case []byte:
		return append(append(append(out, "X'"...), hex.EncodeToString(v)...), '\'')
	case string:
		if strings.IndexByte(v, 0) >= 0 || !utf8.ValidString(v) { // SQL text cannot hold these
			return append(append(append(out, "CAST(X'"...), hex.EncodeToString([]byte(v))...), "' AS TEXT)"...)
		}
		return append(append(append(out, '\''), strings.ReplaceAll(v, "'", "''")...), '\'')
	}
	return append(out, fmt.Sprintf("NULL /* %T */", cell)...)
}

// appendFloat writes a number so that it is read as one with a fraction.
func appendFloat(out []byte, v float64) []byte {
	switch {
	case math.IsInf(v, 1):
		return append(out, "9e999"...)
	case math.IsInf(v, -1):
		return append(out, "-9e999"...)
	}
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return append(out, text...)
}
