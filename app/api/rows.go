// This file shows rows part by part, of a kept result or of a table, and copies
// and sums up stretches of them.

package api

import (
	"context"
	"math"
	"math/big"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxCopyText bounds what is copied at once: the clipboard is no place for more.
	MaxCopyText = maxCopyBytes
	// spanStep is how many rows of a stretch are read at once.
	spanStep = 5000
)

// View names rows and how they are looked at: those of a kept result, or with
// ResultID "" those of a table.
type View struct {
	ResultID  string `json:"result_id"`
	Namespace string `json:"namespace"`
	Table     string `json:"table"`
	Level     string `json:"level"`
	Shape     Shape  `json:"shape"`
}

// RowsPage is a part of them.
type RowsPage struct {
	Rows [][]Cell `json:"rows"`
	// Total is how many there are; of a table it is counted with the first part
	// only and -1 later.
	Total int `json:"total"`
}

// Span is a stretch of rows and columns.
type Span struct {
	View    View  `json:"view"`
	From    int   `json:"from"`
	Count   int   `json:"count"`
	Columns []int `json:"columns"`
}

// Summary is what a stretch adds up to. Sum is exact when all its numbers are
// whole; it and the average are "" when there is no number.
type Summary struct {
	Cells   int    `json:"cells"`
	Numbers int    `json:"numbers"`
	Sum     string `json:"sum"`
	Average string `json:"average"`
	Least   string `json:"least"`
	Most    string `json:"most"`
}

// source gives rows part by part, in one order.
type source interface {
	names() []string
	count(ctx context.Context) (int, error)
	// read returns count rows from the one numbered from; fewer at the end, or when
	// they are very large. None means that the end is reached.
	read(ctx context.Context, from, count int) ([][]any, error)
}

// source finds what a view is about.
func (s *SQL) source(ctx context.Context, v View) (source, error) {
	if v.ResultID != "" {
		return s.d.results.get(v.ResultID, v.Shape)
	}
	return s.tableRows(ctx, v)
}

// Rows returns count rows from the one numbered from, or fewer at the end or when
// they are very large. It returns not_found when a result was dropped to make
// room; the statement must be run again then.
func (s *SQL) Rows(v View, from, count int) (RowsPage, error) {
	return guard(s.d, "SQL.Rows", MaxCallTime, func(ctx context.Context) (RowsPage, error) {
		if from < 0 || count < 1 {
			return RowsPage{}, core.Errorf(core.Invalid, "A page starts at row 0 or later and has at least one row.")
		}
		src, err := s.source(ctx, v)
		if err != nil {
			return RowsPage{}, err
		}
		out := RowsPage{Total: -1}
		if v.ResultID != "" || from == 0 {
			if out.Total, err = src.count(ctx); err != nil {
				return RowsPage{}, err
			}
		}
		rows, err := src.read(ctx, from, min(count, maxPageRows))
		if err != nil {
			return RowsPage{}, err
		}
		out.Rows, _ = cells(rows, maxAnswerBytes)
		return out, nil
	})
}

// Text writes a stretch in one of the formats, for the clipboard. Table names the
// table of INSERT statements.
func (s *SQL) Text(span Span, format, table string) (string, error) {
	return guard(s.d, "SQL.Text", MaxRunTime, func(ctx context.Context) (string, error) {
		var text strings.Builder
		var w *rowWriter
		err := s.walk(ctx, span, func(names []string) (err error) {
			w, err = newRowWriter(&text, format, table, names)
			return err
		}, func(row []any) error {
			if text.Len() > MaxCopyText {
				return core.Errorf(core.TooLarge, "That is more than %d bytes; save it as a file instead.", MaxCopyText)
			}
			return w.row(row)
		})
		if err != nil {
			return "", err
		}
		err = w.end()
		return text.String(), err
	})
}

// Sum counts and adds up a stretch.
func (s *SQL) Sum(span Span) (Summary, error) {
	return guard(s.d, "SQL.Sum", MaxRunTime, func(ctx context.Context) (Summary, error) {
		var t tally
		err := s.walk(ctx, span, func([]string) error { return nil }, func(row []any) error {
			for _, v := range row {
				t.add(v)
			}
			return nil
		})
		return t.summary(), err
	})
}

// walk goes over a stretch row by row.
func (s *SQL) walk(ctx context.Context, span Span, begin func(names []string) error, each func(row []any) error) error {
	if span.From < 0 || span.Count < 0 || span.Count > MaxResultRows {
		return core.Errorf(core.TooLarge, "At most %d rows can be taken at once; save them as a file instead.", MaxResultRows)
	}
	src, err := s.source(ctx, span.View)
	if err != nil {
		return err
	}
	names, err := pick(src.names(), span.Columns)
	if err != nil {
		return err
	}
	if err := begin(names); err != nil {
		return err
	}
	for done := 0; done < span.Count; {
		rows, err := src.read(ctx, span.From+done, min(spanStep, span.Count-done))
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			picked, err := pick(row, span.Columns)
			if err == nil {
				err = each(picked)
			}
			if err != nil {
				return err
			}
		}
		done += len(rows)
	}
	return nil
}

// pick takes some columns of a row.
func pick[T any](row []T, columns []int) ([]T, error) {
	out := make([]T, 0, len(columns))
	for _, c := range columns {
		if c < 0 || c >= len(row) {
			return nil, core.Errorf(core.Invalid, "There is no column %d.", c)
		}
		out = append(out, row[c])
	}
	return out, nil
}

// tally adds up values: whole numbers exactly, others as SQLite does.
type tally struct {
	cells, numbers int
	whole          big.Int
	rest           float64
	fractions      bool
	least, most    any
}

func (t *tally) add(v any) {
	t.cells++
	switch v := v.(type) {
	case int64:
		t.whole.Add(&t.whole, big.NewInt(v))
	case float64:
		t.rest += v
		t.fractions = true
	default:
		return
	}
	t.numbers++
	if t.numbers == 1 || compareValues(v, t.least) < 0 {
		t.least = v
	}
	if t.numbers == 1 || compareValues(v, t.most) > 0 {
		t.most = v
	}
}

func (t *tally) summary() Summary {
	out := Summary{Cells: t.cells, Numbers: t.numbers}
	if t.numbers == 0 {
		return out
	}
	out.Least, out.Most = textOf(t.least), textOf(t.most)
	whole, _ := new(big.Float).SetInt(&t.whole).Float64()
	sum := whole + t.rest
	out.Sum = t.whole.String()
	if t.fractions {
		out.Sum = realText(sum)
	}
	out.Average = realText(sum / float64(t.numbers))
	return out
}

func realText(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 12, 64)
}
