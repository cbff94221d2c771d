// This file keeps SQL results, so that the page holds only the rows it shows.

package api

import (
	"context"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxResultRows bounds one result: more belongs in a file.
	MaxResultRows = 100_000
	// MaxResultBytes bounds it too, counted as it is kept.
	MaxResultBytes = 64 << 20
	// MaxResults bounds the kept ones; the oldest is dropped first.
	MaxResults = 64
	// MaxResultsBytes bounds all kept ones together.
	MaxResultsBytes = 128 << 20

	maxFirstRows   = 500     // rows in the answer of Run
	maxPageRows    = 1000    // rows in the answer of Rows
	maxAnswerBytes = 4 << 20 // one answer of either: the window parses it in one go
)

// result is one kept answer. Its rows never change.
type result struct {
	columns   []string
	types     []string
	rows      [][]byte
	bytes     int
	truncated bool

	mu    sync.Mutex
	shape string  // of the order below, as Shape.key has it
	order []int32 // the rows in that order; nil while shape is ""
}

// keep packs rows, cut to what one result may hold.
func keep(rows *core.Rows) *result {
	r := &result{columns: rows.Columns, types: rows.Types, truncated: rows.Truncated, rows: make([][]byte, 0, min(len(rows.Values), MaxResultRows))}
	var p packer
	for _, values := range rows.Values {
		if len(r.rows) == MaxResultRows {
			r.truncated = true
			break
		}
		row := p.row(values)
		if r.bytes+len(row)+packedRowTax > MaxResultBytes {
			r.truncated = true
			break
		}
		r.bytes += len(row) + packedRowTax
		r.rows = append(r.rows, row)
	}
	return r
}

func rowBytes(row []any) int {
	n := 0
	for _, v := range row {
		n += cellBytes(v)
	}
	return n
}

// cells turns rows into what the page gets, fewer when they weigh more than
// budget; the first always fits a whole budget, so that paging makes progress.
func cells(rows [][]any, budget int) (out [][]Cell, weight int) {
	out = [][]Cell{}
	for _, row := range rows {
		w := rowBytes(row)
		if weight+w > budget && (len(out) > 0 || budget < maxAnswerBytes) {
			break
		}
		weight += w
		line := make([]Cell, 0, len(row))
		for _, v := range row {
			line = append(line, cellOf(v))
		}
		out = append(out, line)
	}
	return out, weight
}

// view is a kept result as the page looks at it: sorted and filtered.
type view struct {
	*result
	order []int32 // nil: all rows as they came
}

func (v view) names() []string { return v.columns }

func (v view) count(context.Context) (int, error) {
	if v.order != nil {
		return len(v.order), nil
	}
	return len(v.rows()), nil
}

func (v view) rows() [][]byte { return v.result.rows }

// read returns count rows from the one numbered from, fewer at the end.
func (v view) read(_ context.Context, from, count int) ([][]any, error) {
	total := len(v.rows())
	if v.order != nil {
		total = len(v.order)
	}
	out := make([][]any, 0, max(0, min(count, total-from)))
	for i := from; i < total && len(out) < count; i++ {
		at := i
		if v.order != nil {
			at = int(v.order[i])
		}
		out = append(out, unpack(v.rows()[at]))
	}
	return out, nil
}

// results is the store.
type results struct {
	mu    sync.Mutex
	byID  map[string]*result
	order []string // oldest first
	bytes int
}

func newResults() *results { return &results{byID: make(map[string]*result)} }

func (s *results) add(r *result) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.order) > 0 && (len(s.order) >= MaxResults || s.bytes+r.bytes > MaxResultsBytes) {
		s.dropLocked(s.order[0])
	}
	id := newID()
	s.byID[id] = r
	s.order = append(s.order, id)
	s.bytes += r.bytes
	return id
}

// get returns a kept result in one shape.
func (s *results) get(id string, shape Shape) (view, error) {
	s.mu.Lock()
	r := s.byID[id]
	s.mu.Unlock()
	if r == nil {
		return view{}, core.Errorf(core.NotFound, "This result is no longer kept; run the statement again.")
	}
	order, err := r.in(shape)
	return view{result: r, order: order}, err
}

func (s *results) drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLocked(id)
}

func (s *results) dropLocked(id string) {
	r := s.byID[id]
	if r == nil {
		return
	}
	delete(s.byID, id)
	s.bytes -= r.bytes
	for i, o := range s.order {
		if o == id {
			s.order = append(s.order[:i:i], s.order[i+1:]...)
			return
		}
	}
}
