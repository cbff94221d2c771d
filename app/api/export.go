// This file writes rows to a file as a task: of a kept result, of a table however
// long, or of a statement that is run again for more than is kept.

package api

import (
	"context"
	"fmt"
	"io"
	"slices"

	"git.debros.io/DeBros/network/backend/core"
)

// ExportRequest is what goes into a file.
type ExportRequest struct {
	View   View   `json:"view"`
	Format string `json:"format"` // "csv", "json", "jsonl", "sql" or "md"
	Table  string `json:"table"`  // of INSERT statements
	File   File   `json:"file"`   // from Files.Save
	Title  string `json:"title"`  // of the task
	// Statement, when not "", is run again in parts, because the kept result was cut.
	Statement string  `json:"statement"`
	Params    []Param `json:"params"`
}

// Export starts the task and returns its id.
func (s *SQL) Export(r ExportRequest) (string, error) {
	return guard(s.d, "SQL.Export", MaxCallTime, func(ctx context.Context) (string, error) {
		src, err := s.exported(ctx, r)
		if err != nil {
			return "", err
		}
		if _, err := newRowWriter(io.Discard, r.Format, r.Table, nil); err != nil {
			return "", err
		}
		return s.d.tasks.start(ctx, work{kind: "export", title: r.Title, unit: "rows", file: r.File, run: func(ctx context.Context, p *progress) (string, error) {
			e := export{p: p, src: src}
			err := s.d.files.write(r.File.ID, func(to io.Writer) (err error) {
				if e.to, err = newRowWriter(to, r.Format, r.Table, src.names()); err != nil {
					return err
				}
				return e.run(ctx)
			})
			return e.result(), err
		}})
	})
}

// SaveCell writes one value to a file as it is: a text in UTF-8, a blob byte by
// byte.
func (s *SQL) SaveCell(v View, row, column int, file File) error {
	return act(s.d, "SQL.SaveCell", MaxRunTime, func(ctx context.Context) error {
		src, err := s.source(ctx, v)
		if err != nil {
			return err
		}
		rows, err := src.read(ctx, row, 1)
		if err != nil {
			return err
		}
		if len(rows) != 1 || column < 0 || column >= len(rows[0]) {
			return core.Errorf(core.NotFound, "This value is not there any more; load the rows again.")
		}
		return s.d.files.write(file.ID, func(to io.Writer) error {
			if raw, ok := rows[0][column].([]byte); ok {
				_, err := to.Write(raw)
				return err
			}
			_, err := io.WriteString(to, textOf(rows[0][column]))
			return err
		})
	})
}

func (s *SQL) exported(ctx context.Context, r ExportRequest) (source, error) {
	if r.Statement == "" {
		return s.source(ctx, r.View)
	}
	ns, err := core.ParseNamespace(r.View.Namespace)
	if err != nil {
		return nil, err
	}
	level, err := core.ParseLevel(r.View.Level)
	if err != nil {
		return nil, err
	}
	b, err := s.d.node()
	if err != nil {
		return nil, err
	}
	bound, err := s.d.bind(Piece{Text: r.Statement, Params: parameters(r.Statement)}, r.Params)
	if err != nil {
		return nil, err
	}
	q := &statementRows{b: b, ns: ns, level: core.ReadOptions{Level: level}, statement: bound}
	if _, err := q.read(ctx, 0, 1); err != nil { // learns the names, and whether it can be cut into parts
		return nil, err
	}
	return q, nil
}

// export is one task on its way.
type export struct {
	p    *progress
	src  source
	to   *rowWriter
	done int
}

func (e *export) run(ctx context.Context) error {
	if total, err := e.src.count(ctx); err == nil && total >= 0 {
		e.p.total(int64(total))
	} else if err != nil {
		return err
	}
	var err error
	if t, ok := e.src.(*tableRows); ok && t.shape.plain() && t.singleKey() >= 0 {
		err = e.byKey(ctx, t, t.singleKey())
	} else {
		err = e.byPlace(ctx)
	}
	if err != nil {
		return err
	}
	return e.to.end()
}

func (e *export) byPlace(ctx context.Context) error {
	for {
		rows, err := e.src.read(ctx, e.done, maxTablePart)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := e.write(ctx, rows); err != nil {
			return err
		}
	}
}

func (e *export) byKey(ctx context.Context, t *tableRows, key int) error {
	var last any
	for {
		rows, err := t.after(ctx, key, last, maxTablePart)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := e.write(ctx, rows); err != nil {
			return err
		}
		last = rows[len(rows)-1][key]
	}
}

func (e *export) write(ctx context.Context, rows [][]any) error {
	for _, row := range rows {
		if err := e.to.row(row); err != nil {
			return err
		}
	}
	e.done += len(rows)
	e.p.add(int64(len(rows)))
	return ctx.Err()
}

// result says what is in the file, and what a person should know about it.
func (e *export) result() string {
	text := fmt.Sprintf("%d rows were written.", e.done)
	if t, ok := e.src.(*tableRows); ok && t.first != t.last {
		text += fmt.Sprintf(" The database was written to meanwhile (log entries %d to %d), so the file is no picture of one moment.", t.first, t.last)
	}
	return text
}

// statementRows runs a statement again and again, each time for the next rows.
// That is one answer only while nobody writes: the log entry tells.
type statementRows struct {
	b         Backend
	ns        core.Namespace
	level     core.ReadOptions
	statement core.Statement
	columns   []string
	index     uint64
}

func (q *statementRows) names() []string { return q.columns }

// count is not known: -1.
func (q *statementRows) count(context.Context) (int, error) { return -1, nil }

func (q *statementRows) read(ctx context.Context, from, count int) ([][]any, error) {
	rows, err := q.b.Database.Query(ctx, q.ns, core.Statement{
		// The line break ends a comment at the statement's end.
		SQL:  "SELECT * FROM (" + q.statement.SQL + "\n) LIMIT ? OFFSET ?",
		Args: slices.Concat(q.statement.Args, []any{int64(count), int64(from)}),
	}, core.QueryOptions{ReadOptions: q.level, MaxRows: count})
	if err != nil {
		return nil, err
	}
	if q.columns == nil {
		q.columns, q.index = rows.Columns, rows.Provenance.Index
	}
	if rows.Provenance.Index != q.index {
		return nil, core.Errorf(core.Conflict, "The database was written to while the rows were read, so they would not be one answer. Repeat it, or export the table.")
	}
	return rows.Values, nil
}
