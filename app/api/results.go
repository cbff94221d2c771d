// This file keeps SQL results, so that the page holds only the rows it shows.

package api

import (
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxResultRows bounds one result: more belongs in a file.
	MaxResultRows = 10_000
	// MaxResultBytes bounds it too, counted over its cells.
	MaxResultBytes = 16 << 20
	// MaxResults bounds the kept ones; the oldest is dropped first.
	MaxResults = 32
	// MaxResultsBytes bounds all kept ones together.
	MaxResultsBytes = 64 << 20

	maxFirstRows   = 500     // rows in the answer of Run
	maxPageRows    = 1000    // rows in the answer of Page
	maxAnswerBytes = 4 << 20 // one answer of either: the window parses it in one go
)

// result is one kept answer.
type result struct {
	values    [][]any
	bytes     int
	truncated bool
}

// keep cuts rows to what one result may hold, whatever the database returned.
func keep(rows *core.Rows) *result {
	r := &result{truncated: rows.Truncated}
	for _, row := range rows.Values {
		weight := rowBytes(row)
		if len(r.values) == MaxResultRows || r.bytes+weight > MaxResultBytes {
			r.truncated = true
			break
		}
		r.bytes += weight
		r.values = append(r.values, row)
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

// cut turns count rows from the one numbered from into cells, fewer when they
// weigh more than budget; the first always fits, so that paging makes progress.
func (r *result) cut(from, count, budget int) ([][]Cell, int) {
	out := [][]Cell{}
	weight := 0
	for i := from; i < len(r.values) && len(out) < count; i++ {
		w := rowBytes(r.values[i])
		if weight+w > budget && (len(out) > 0 || budget < maxAnswerBytes) {
			break
		}
		weight += w
		cells := make([]Cell, 0, len(r.values[i]))
		for _, v := range r.values[i] {
			cells = append(cells, cellOf(v))
		}
		out = append(out, cells)
	}
	return out, weight
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

func (s *results) page(id string, from, count int) ([][]Cell, error) {
	s.mu.Lock()
	r := s.byID[id]
	s.mu.Unlock()
	switch {
	case r == nil:
		return nil, core.Errorf(core.NotFound, "This result is no longer kept; run the statement again.")
	case from < 0 || count < 1:
		return nil, core.Errorf(core.Invalid, "A page starts at row 0 or later and has at least one row.")
	}
	rows, _ := r.cut(from, min(count, maxPageRows), maxAnswerBytes)
	return rows, nil
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
