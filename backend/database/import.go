// Imports: SQL text or an SQLite file, written like any tenant's statements, in
// bounded batches. What was stored before a failure stays and is told.

package database

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/mattn/go-sqlite3"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

const (
	// maxBatch and maxBatchBytes bound one atomic write of an import. Others wait
	// while it is applied.
	maxBatch      = 500
	maxBatchBytes = 1 << 20
	// maxScriptStatement bounds one statement of SQL text: one value of the largest
	// size, in hex, and what stands around it.
	maxScriptStatement = 2*maxCellBytes + (1 << 20)
	// longLiteral is from which size on a value in SQL text travels as a parameter.
	longLiteral = 4 << 10
	maxNotes    = 20
)

// Import writes what r holds into the namespace's tables. t.Kind is
// [core.TransferSQLite] or [core.TransferSQL]; t.Existing says what happens to
// tables that are there already.
//
// Rows are written in atomic batches, so an import that fails has stored a part:
// the error names the line or table, and the result what was stored. An SQLite
// file is checked before its first row is written.
func (d *Databases) Import(ctx context.Context, ns core.Namespace, t core.Transfer, r io.Reader, progress func(core.Progress)) (core.TransferResult, error) {
	if err := tenantNamespace(ns); err != nil {
		return core.TransferResult{}, err
	}
	m := &importer{d: d, ns: ns, existing: t.Existing, progress: progress, id: newImportID()}
	switch t.Existing {
	case "":
		m.existing = core.ExistingFail
	case core.ExistingFail, core.ExistingReplace, core.ExistingAppend:
	default:
		return m.result, core.Errorf(core.Invalid, "tables that exist may be met with %s, %s or %s, not with %q", core.ExistingFail, core.ExistingReplace, core.ExistingAppend, t.Existing)
	}
	var err error
	switch t.Kind {
	case core.TransferSQL:
		err = m.script(ctx, r)
	case core.TransferSQLite:
		err = m.file(ctx, r)
	default:
		err = core.Errorf(core.Invalid, "tables are imported from %s or %s, not from %q", core.TransferSQL, core.TransferSQLite, t.Kind)
	}
	return m.result, m.explain(err)
}

func newImportID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) //nolint:errcheck // crypto/rand.Read never returns an error
	return "import-" + hex.EncodeToString(id[:])
}

// importer writes statements in order.
type importer struct {
	d        *Databases
	ns       core.Namespace
	existing string
	progress tell
	id       string // begins the idempotency keys

	batch   []core.Statement
	places  []string // where each came from
	bytes   int
	batches int
	result  core.TransferResult
}

func (m *importer) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch n := len(m.result.Notes); {
	case n > 0 && m.result.Notes[n-1] == text:
	case n < maxNotes:
		m.result.Notes = append(m.result.Notes, text)
	case n == maxNotes:
		m.result.Notes = append(m.result.Notes, "… and more of the kind")
	}
}

// explain adds to an error what was stored before it.
func (m *importer) explain(err error) error {
	if err == nil {
		return nil
	}
	stored := "nothing was stored"
	if m.result.Statements > 0 {
		stored = fmt.Sprintf("stored before it: %s, %s and %s in all",
			core.Count(int(m.result.Tables), "table"), core.Count(int(m.result.Rows), "row"), core.Count(int(m.result.Statements), "statement"))
	}
	return core.Wrap(core.CodeOf(err), err, "%s; %s", strings.TrimSuffix(core.Sentence(err), "."), stored)
}

// script imports SQL text, one statement after another.
func (m *importer) script(ctx context.Context, r io.Reader) error {
	counted := &countingReader{Reader: contextReader{ctx, r}, told: func(int64) {}}
	scan := sqlguard.NewScanner(counted, maxScriptStatement)
	for n := 1; ; n++ {
		piece, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return m.flush(ctx)
		}
		if err != nil {
			return errors.Join(m.flush(ctx), err)
		}
		if err := m.statement(ctx, piece); err != nil {
			return err
		}
		if n%tellEvery == 0 {
			m.progress.at(core.PhaseWrite, counted.n, 0, "bytes")
		}
	}
}

// statement takes one statement of SQL text.
func (m *importer) statement(ctx context.Context, piece sqlguard.ScannedPiece) error {
	place := "line " + strconv.Itoa(piece.Line)
	if why := skipped(piece.Text); why != "" {
		m.note("%s", why)
		return nil
	}
	statement := liftLiterals(piece.Text)
	checked, err := sqlguard.Check(statement.SQL)
	if err != nil {
		if errFlush := m.flush(ctx); errFlush != nil {
			return errFlush
		}
		return core.Wrap(core.CodeOf(err), err, "%s: %s", place, core.Sentence(err))
	}
	if checked.Kind == sqlguard.Write {
		return m.add(ctx, statement, place)
	}
	if err := m.flush(ctx); err != nil {
		return err
	}
	if checked.Kind == sqlguard.Read {
		m.note("statements that only read are left out")
		return nil
	}
	return m.schema(ctx, statement, checked, place)
}

// skipped names what other programs' dumps have around the data, and why it is
// left out.
func skipped(text string) string {
	words := strings.Fields(strings.ToUpper(text[:min(len(text), 200)]))
	for len(words) < 4 {
		words = append(words, "")
	}
	target := strings.Trim(words[2], "\"'`[](,;")
	switch words[0] {
	case "BEGIN", "COMMIT", "END":
		return "BEGIN and COMMIT are left out: rows are stored in batches"
	case "PRAGMA":
		if !strings.HasPrefix(words[1], "WRITABLE_SCHEMA") {
			return "PRAGMA is left out: settings belong to the node"
		}
	case "ANALYZE":
		return "ANALYZE is left out: statistics are made anew"
	case "DELETE", "INSERT":
		target, _, _ = strings.Cut(target, "(")
		if target = strings.Trim(target, "\"'`[]"); target == "SQLITE_SEQUENCE" || target == "SQLITE_STAT1" || target == "SQLITE_STAT4" {
			return "tables of SQLite itself are left out: counters go on from the largest row"
		}
	}
	return ""
}

// schema runs a statement that makes or changes a table or the like.
func (m *importer) schema(ctx context.Context, s core.Statement, checked sqlguard.Statement, place string) error {
	_, err := m.d.Exec(ctx, m.ns, []core.Statement{s}, m.options())
	if err != nil && strings.Contains(err.Error(), "already exists") && m.existing != core.ExistingFail {
		name := existingName(core.Sentence(err))
		if m.existing == core.ExistingAppend {
			m.note("%s was there already and stays as it is", name)
			return nil
		}
		kind := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(checked.Verb, "CREATE "), "UNIQUE "), "VIRTUAL ")
		if _, err = m.d.Exec(ctx, m.ns, []core.Statement{{SQL: "DROP " + kind + " " + quoted(name)}}, m.options()); err == nil {
			m.note("%s was there already and was replaced", name)
			_, err = m.d.Exec(ctx, m.ns, []core.Statement{s}, m.options())
		}
	}
	if err != nil {
		return core.Wrap(core.CodeOf(err), err, "%s: %s", place, core.Sentence(err))
	}
	m.result.Statements++
	if strings.HasSuffix(checked.Verb, "TABLE") && strings.HasPrefix(checked.Verb, "CREATE") {
		m.result.Tables++
	}
	return nil
}

// existingName reads SQLite's sentence "table t already exists" or "table "t t"
// already exists".
func existingName(sentence string) string {
	_, name, _ := strings.Cut(strings.TrimSuffix(sentence[:strings.Index(sentence, " already exists")], " "), " ")
	if len(name) > 1 && name[0] == '"' {
		return strings.ReplaceAll(strings.Trim(name, `"`), `""`, `"`)
	}
	return name
}

// add queues a statement that changes rows.
func (m *importer) add(ctx context.Context, s core.Statement, place string) error {
	size := len(s.SQL)
	for _, arg := range s.Args {
		size += cellSize(arg)
	}
	if len(m.batch) == maxBatch || len(m.batch) > 0 && m.bytes+size > maxBatchBytes {
		if err := m.flush(ctx); err != nil {
			return err
		}
	}
	m.batch, m.places, m.bytes = append(m.batch, s), append(m.places, place), m.bytes+size
	return nil
}

// flush writes what is queued, all or none. When one of it fails, those before
// it are written alone, so that a person can tell where to go on.
func (m *importer) flush(ctx context.Context) error {
	batch, places := m.batch, m.places
	m.batch, m.places, m.bytes = m.batch[:0], m.places[:0], 0
	if len(batch) == 0 {
		return nil
	}
	answer, err := m.d.Exec(ctx, m.ns, batch, m.options())
	if err == nil {
		m.count(answer)
		return nil
	}
	if core.CodeOf(err) != core.Invalid {
		return core.Wrap(core.CodeOf(err), err, "%s to %s: %s", places[0], places[len(places)-1], core.Sentence(err))
	}
	for i, s := range batch {
		answer, err := m.d.Exec(ctx, m.ns, []core.Statement{s}, m.options())
		if err != nil {
			return core.Wrap(core.CodeOf(err), err, "%s: %s", places[i], core.Sentence(err))
		}
		m.count(answer)
	}
	return nil
}

func (m *importer) count(answer *core.ExecAnswer) {
	m.result.Statements += int64(len(answer.Results))
	for _, r := range answer.Results {
		m.result.Rows += r.RowsAffected
	}
}

func (m *importer) options() core.ExecOptions {
	m.batches++
	return core.ExecOptions{Atomic: true, IdempotencyKey: m.id + "-" + strconv.Itoa(m.batches)}
}

// file imports an SQLite file.
func (m *importer) file(ctx context.Context, r io.Reader) (err error) {
	path, remove, err := m.d.workFile()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err = m.receive(ctx, path, r); err != nil {
		return err
	}
	m.progress.at(core.PhaseCheck, 0, 0, "")
	if err = m.d.checkForeign(ctx, path); err != nil {
		return err
	}
	conn, err := openForeign(path)
	if err != nil {
		return errDamagedBackup(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return m.copyFrom(ctx, conn)
}

// receive writes the file to path, as long as there is room for it.
func (m *importer) receive(ctx context.Context, path string, r io.Reader) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // a work file of our own
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the file cannot be received; nothing was changed")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	most := m.d.settings.MaxBytes
	var faultErr error
	counted := &countingReader{Reader: contextReader{ctx, r}, told: func(n int64) {
		m.progress.at(core.PhaseReceive, n, 0, "bytes")
		switch {
		case most > 0 && n > most:
			faultErr = core.Errorf(core.TooLarge, "the file has more than %d MiB, which a database may have here", most>>20)
		case faultErr == nil:
			faultErr = m.d.roomFor(0)
		}
	}}
	_, err = io.Copy(f, readerFunc(func(p []byte) (int, error) {
		if faultErr != nil {
			return 0, faultErr
		}
		return counted.Read(p)
	}))
	if err != nil && core.CodeOf(err) == core.Internal {
		return core.Wrap(core.Unavailable, err, "the file could not be received whole; nothing was changed; repeat")
	}
	return err
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// copyFrom writes the tables of a checked file.
func (m *importer) copyFrom(ctx context.Context, conn *sqlite3.SQLiteConn) error {
	objects, err := tenantObjects(ctx, conn)
	if err != nil {
		return err
	}
	if err = m.refuseExisting(ctx, objects); err != nil {
		return err
	}
	tables, rest, err := inOrder(ctx, conn, objects)
	if err != nil {
		return err
	}
	total, err := countContents(ctx, conn)
	if err != nil {
		return err
	}
	if total.Keys > 0 {
		m.note("%s in the file are left out: they are imported from a backup or with kv import", core.Count(int(total.Keys), "key"))
	}
	for _, o := range tables {
		if err := m.make(ctx, o); err != nil {
			return err
		}
		if err := m.copyRows(ctx, conn, o, total.Rows); err != nil {
			return err
		}
	}
	for _, o := range rest {
		if err := m.make(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// refuseExisting names every table that is in the way, before anything is done.
func (m *importer) refuseExisting(ctx context.Context, objects []object) error {
	if m.existing != core.ExistingFail {
		return nil
	}
	schema, err := m.d.Schema(ctx, m.ns)
	if err != nil {
		return err
	}
	var both []string
	for _, o := range objects {
		for _, t := range schema.Tables {
			if strings.EqualFold(t.Name, o.name) {
				both = append(both, o.name)
			}
		}
	}
	if len(both) > 0 {
		return core.Errorf(core.Conflict, "there already: %s; say whether to replace them or to append to them", strings.Join(both, ", "))
	}
	return nil
}

func (m *importer) make(ctx context.Context, o object) error {
	checked, err := sqlguard.Check(o.sql)
	if err != nil {
		return err
	}
	return m.schema(ctx, core.Statement{SQL: o.sql}, checked, o.kind+" "+o.name)
}

func (m *importer) copyRows(ctx context.Context, conn *sqlite3.SQLiteConn, o object, total int64) error {
	from, err := rowSource(ctx, conn, o)
	if err != nil {
		return err
	}
	place := "table " + o.name
	if from.note != "" {
		m.note("%s", from.note)
	}
	if from.rebuild != "" {
		if err := m.add(ctx, core.Statement{SQL: from.rebuild}, place); err != nil {
			return err
		}
	}
	if from.query != "" {
		insert := from.insert + " VALUES(?" + strings.Repeat(",?", from.columns-1) + ")"
		n := 0
		err := eachRow(ctx, conn, from.query, func(cells []driver.Value) error {
			args, sql := asParameters(insert, from, cells)
			n++
			if n%tellEvery == 0 {
				m.progress.at(core.PhaseWrite, m.result.Rows, total, "rows")
			}
			return m.add(ctx, core.Statement{SQL: sql, Args: args}, place+", row "+strconv.Itoa(n))
		})
		if err != nil {
			return err
		}
	}
	return m.flush(ctx)
}

// asParameters binds a row's cells. Text that is not UTF-8 travels as bytes.
func asParameters(insert string, from source, cells []driver.Value) (args []any, sql string) {
	args = make([]any, len(cells))
	sql = insert
	odd := false
	for i, cell := range cells {
		if text, is := cell.(string); is {
			if _, err := normal("", text); err != nil {
				odd = true
			}
		}
		args[i] = cell
	}
	if !odd {
		return args, sql
	}
	var values strings.Builder
	for i, cell := range cells {
		if i > 0 {
			values.WriteByte(',')
		}
		text, is := cell.(string)
		if _, err := normal("", cell); is && err != nil {
			args[i] = []byte(text)
			values.WriteString("CAST(? AS TEXT)")
			continue
		}
		values.WriteByte('?')
	}
	return args, from.insert + " VALUES(" + values.String() + ")"
}

// longNumber is a number with a fraction or an exponent that SQLite, other than
// Go, may not read to the last bit.
var longNumber = regexp.MustCompile(`\b[0-9]+(\.[0-9]{15,}([eE][-+]?[0-9]+)?|(\.[0-9]+)?[eE][-+]?[0-9]+)\b`)

// liftLiterals turns the long values of a statement into parameters: the text
// of a statement has a limit that a value may pass.
func liftLiterals(sql string) core.Statement {
	if len(sql) < longLiteral && !longNumber.MatchString(sql) {
		return core.Statement{SQL: sql}
	}
	var out strings.Builder
	var args []any
	for i := 0; i < len(sql); {
		next, _, open := token(sql, i)
		if open {
			return core.Statement{SQL: sql}
		}
		isBlob := (sql[i] == 'x' || sql[i] == 'X') && next == i+1 && next < len(sql) && sql[next] == '\''
		start := i
		if isBlob {
			i = next
		}
		if sql[i] != '\'' {
			if match := longNumber.FindString(sql[i:]); match != "" && strings.HasPrefix(sql[i:], match) && (i == 0 || !isWord(sql[i-1]) && sql[i-1] != '.') {
				if number, err := strconv.ParseFloat(match, 64); err == nil {
					out.WriteString("?")
					args = append(args, number)
					i += len(match)
					continue
				}
			}
			out.WriteString(sql[i:next])
			i = next
			continue
		}
		end := i
		for end < len(sql) && sql[end] == '\'' { // doubled quotes read as parts next to each other
			after, _, open := token(sql, end)
			if open {
				return core.Statement{SQL: sql}
			}
			end = after
		}
		value, fine := literal(sql[i+1:end-1], isBlob)
		if end-i < longLiteral || !fine {
			out.WriteString(sql[start:end])
		} else {
			out.WriteString("?")
			args = append(args, value)
		}
		i = end
	}
	if strings.Contains(out.String(), "?") && len(args) == 0 {
		return core.Statement{SQL: sql}
	}
	return core.Statement{SQL: out.String(), Args: args}
}

func literal(inner string, isBlob bool) (any, bool) {
	if !isBlob {
		return strings.ReplaceAll(inner, "''", "'"), true
	}
	value, err := hex.DecodeString(inner)
	return value, err == nil
}
