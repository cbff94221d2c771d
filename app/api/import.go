// This file brings CSV and JSON into a table: a preview first, then a task that
// writes in batches.

package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxImportColumns bounds the columns of a file; SQLite's own bound is 2000.
	MaxImportColumns = 500

	previewRows    = 20
	guessedRows    = 1000    // rows that decide about types
	importBatch    = 5000    // rows in one write
	importBatchMax = 8 << 20 // bytes in one write, half of what the database takes
)

// What an import does with a row whose key is there already.
const (
	conflictFail    = "fail"
	conflictSkip    = "skip"
	conflictReplace = "replace"
)

// ImportFormat says how a file is to be read. What is "" is guessed.
type ImportFormat struct {
	Format    string `json:"format"`    // "csv" or "json", which is also one object per line
	Delimiter string `json:"delimiter"` // of CSV
	Header    string `json:"header"`    // "yes" or "no": the first line of CSV holds names
}

// ImportPreview is how a file begins.
type ImportPreview struct {
	Format  ImportFormat   `json:"format"` // with the guesses filled in
	Columns []ImportColumn `json:"columns"`
	Rows    [][]Cell       `json:"rows"`
}

// ImportColumn is a column of the file and where it goes.
type ImportColumn struct {
	Source int    `json:"source"` // its number in the file
	Name   string `json:"name"`   // of the table's column
	Type   string `json:"type"`   // "INTEGER", "REAL", "TEXT" or "BLOB"
}

// ImportRequest is an import.
type ImportRequest struct {
	FileID    string         `json:"file_id"`
	Namespace string         `json:"namespace"`
	Table     string         `json:"table"`
	Create    bool           `json:"create"` // make the table first
	Format    ImportFormat   `json:"format"`
	Columns   []ImportColumn `json:"columns"`  // those that are taken
	Conflict  string         `json:"conflict"` // "fail", "skip" or "replace"
	Title     string         `json:"title"`    // of the task
}

// Preview reads the beginning of a chosen file.
func (s *SQL) Preview(fileID string, f ImportFormat) (ImportPreview, error) {
	return guard(s.d, "SQL.Preview", MaxCallTime, func(context.Context) (_ ImportPreview, err error) {
		file, name, _, err := s.d.files.read(fileID)
		if err != nil {
			return ImportPreview{}, err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		r, err := newRecords(file, name, f)
		if err != nil {
			return ImportPreview{}, err
		}
		out := ImportPreview{Format: r.format(), Columns: []ImportColumn{}, Rows: [][]Cell{}}
		var kept [][]any
		for len(kept) < guessedRows {
			row, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return ImportPreview{}, err
			}
			kept = append(kept, row)
		}
		for i, name := range r.names() {
			out.Columns = append(out.Columns, ImportColumn{Source: i, Name: name, Type: guessType(kept, i)})
		}
		for _, row := range kept[:min(previewRows, len(kept))] {
			line := make([]Cell, 0, len(out.Columns))
			for _, c := range out.Columns {
				line = append(line, cellOf(typed(at(row, c.Source), c.Type)))
			}
			out.Rows = append(out.Rows, line)
		}
		return out, nil
	})
}

// Import starts the task and returns its id.
func (s *SQL) Import(r ImportRequest) (string, error) {
	return guard(s.d, "SQL.Import", MaxCallTime, func(ctx context.Context) (string, error) {
		ns, err := core.ParseNamespace(r.Namespace)
		if err != nil {
			return "", err
		}
		if err = r.check(); err != nil {
			return "", err
		}
		b, err := s.d.node()
		if err != nil {
			return "", err
		}
		return s.d.tasks.start(ctx, work{kind: "import", title: r.Title, unit: "bytes", run: func(ctx context.Context, p *progress) (result string, err error) {
			file, name, size, err := s.d.files.read(r.FileID)
			if err != nil {
				return "", err
			}
			defer func() { err = errors.Join(err, file.Close(), s.d.files.drop(r.FileID)) }()
			p.total(size)
			in, err := newRecords(&counted{from: file, tell: p.add}, name, r.Format)
			if err != nil {
				return "", err
			}
			i := importing{ImportRequest: r, b: b, ns: ns, in: in, forget: s.d.tables.forget}
			err = i.run(ctx)
			return i.result(), err
		}})
	})
}

func (r ImportRequest) check() error {
	names := map[string]bool{}
	for _, c := range r.Columns {
		low := strings.ToLower(c.Name)
		switch {
		case c.Name == "" || names[low]:
			return core.Errorf(core.Invalid, "Each column of the table gets one column of the file; %q is there twice or has no name.", short(c.Name))
		case !slices.Contains([]string{"INTEGER", "REAL", "TEXT", "BLOB"}, c.Type):
			return core.Errorf(core.Invalid, "The type %q does not exist; choose INTEGER, REAL, TEXT or BLOB.", short(c.Type))
		}
		names[low] = true
	}
	switch {
	case r.Table == "":
		return core.Errorf(core.Invalid, "Name the table that the rows go into.")
	case len(r.Columns) == 0 || len(r.Columns) > MaxImportColumns:
		return core.Errorf(core.Invalid, "Choose 1 to %d columns of the file.", MaxImportColumns)
	case !slices.Contains([]string{conflictFail, conflictSkip, conflictReplace}, r.Conflict):
		return core.Errorf(core.Invalid, "Rows that are there already can fail, be skipped or be replaced.")
	}
	return nil
}

// importing is one task on its way.
type importing struct {
	ImportRequest
	b  Backend
	ns core.Namespace
	in records
	// forget drops what is remembered of tables: there is a new one.
	forget func()

	batch   []core.Statement
	weight  int
	read    int   // rows of the file
	stored  int64 // rows of the table
	written int   // rows of the file that were dealt with
}

func (i *importing) run(ctx context.Context) error {
	insert := i.insert()
	for {
		row, err := i.in.next()
		if errors.Is(err, io.EOF) {
			return i.flush(ctx)
		}
		if err != nil {
			return i.stopped(err)
		}
		i.read++
		args := make([]any, 0, len(i.Columns))
		for _, c := range i.Columns {
			v := typed(at(row, c.Source), c.Type)
			i.weight += cellBytes(v)
			args = append(args, v)
		}
		i.batch = append(i.batch, core.Statement{SQL: insert, Args: args})
		i.weight += len(insert)
		if len(i.batch) == importBatch || i.weight > importBatchMax {
			if err := i.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// flush writes a batch, which is stored as a whole or not at all. The first one
// makes the table.
func (i *importing) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	statements, made := i.batch, 0
	if i.Create && i.written == 0 {
		defer i.forget()
		statements, made = append([]core.Statement{{SQL: i.create()}}, i.batch...), 1
	}
	if len(statements) == 0 {
		return nil
	}
	answer, err := i.b.Database.Exec(ctx, i.ns, statements, core.ExecOptions{Atomic: true})
	if err != nil {
		if core.CodeOf(err) == core.Invalid {
			at := blamed(err, len(statements)) - made
			if at < 0 {
				return err
			}
			return core.Wrap(core.Invalid, err, "Row %d: %s. %s", i.written+at+1, cause(err, len(statements)), i.kept())
		}
		return i.stopped(err)
	}
	for _, r := range answer.Results[min(made, len(answer.Results)):] {
		i.stored += r.RowsAffected
	}
	i.written += len(i.batch)
	i.batch, i.weight = nil, 0
	return nil
}

// stopped adds to a failure what was stored before it.
func (i *importing) stopped(err error) error {
	if i.written == 0 {
		return err
	}
	return core.Wrap(core.CodeOf(err), err, "%s %s", core.Sentence(err), i.kept())
}

func (i *importing) kept() string {
	if i.written == 0 {
		return "Nothing was stored."
	}
	return fmt.Sprintf("The %d rows of the file before this batch are stored.", i.written)
}

func (i *importing) result() string {
	text := fmt.Sprintf("%d rows were stored in %q.", i.stored, i.Table)
	if left := int64(i.read) - i.stored; left > 0 && i.Conflict == conflictSkip {
		text += fmt.Sprintf(" %d were there already and were skipped.", left)
	}
	return text
}

func (i *importing) create() string {
	return "CREATE TABLE " + quoteName(i.Table) + " (" + joined(i.Columns, ", ", func(c ImportColumn) string { return quoteName(c.Name) + " " + c.Type }) + ")"
}

func (i *importing) insert() string {
	verb, end := "INSERT", ""
	switch i.Conflict {
	case conflictReplace:
		verb = "INSERT OR REPLACE"
	case conflictSkip:
		end = " ON CONFLICT DO NOTHING" // a NULL where none may be still fails
	}
	marks := joined(i.Columns, ", ", func(ImportColumn) string { return "?" })
	return verb + " INTO " + quoteName(i.Table) + " (" + joined(i.Columns, ", ", func(c ImportColumn) string { return quoteName(c.Name) }) + ") VALUES (" + marks + ")" + end
}

// at is a field of a row; a short row has none at its end.
func at(row []any, i int) any {
	if i < 0 || i >= len(row) {
		return nil
	}
	return row[i]
}

// counted tells how far a file was read.
type counted struct {
	from io.Reader
	tell func(int64)
}

// Read reads on.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.tell(int64(n))
	return n, err
}
