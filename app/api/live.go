// This file is live queries: a read that the page keeps on screen, with what each
// commit has changed in it.

package api

import (
	"context"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxLive bounds live queries: each holds a call and its last rows.
	MaxLive = 50
	// MaxLiveIdle is how long one is kept that nobody asks for any more.
	MaxLiveIdle = 2 * time.Minute

	liveWait = 10 * time.Second // of one question, within MaxCallTime
)

// Live is bound as "Live".
type Live struct{ d *desk }

// LiveRequest asks for the next state of a live query. The page makes the id. Seq
// is that of the answer before, 0 for the first.
type LiveRequest struct {
	ID    string         `json:"id"`
	Seq   int            `json:"seq"`
	Query CompareRequest `json:"query"`
}

// LiveState is the next state, or none when nothing changed in time (Changed is
// false). Whole says that Rows are all of it, with every cell; else Rows build on
// the rows of the answer before.
type LiveState struct {
	Seq     int       `json:"seq"`
	Changed bool      `json:"changed"`
	Whole   bool      `json:"whole"`
	Gap     bool      `json:"gap"` // states between may have been missed
	Index   string    `json:"index"`
	Columns []string  `json:"columns"`
	Types   []string  `json:"types"`
	Rows    []LiveRow `json:"rows"`
	Added   int       `json:"added"`
	Altered int       `json:"altered"`
	Removed int       `json:"removed"`
	Keyed   bool      `json:"keyed"` // rows were told apart by their primary key

	Provenance Provenance `json:"provenance"`
}

// LiveRow is one row of the new state, in its order. From is its place in the
// state before, -1 when it is new. Cells are empty when it is as it was; Altered
// are the columns that changed.
type LiveRow struct {
	From    int    `json:"from"`
	Cells   []Cell `json:"cells"`
	Altered []int  `json:"altered"`
}

// lives are the live queries, by the id that the page gave them.
type lives struct {
	mu  sync.Mutex
	all map[string]*liveQuery // at most MaxLive
}

func newLives() *lives { return &lives{all: map[string]*liveQuery{}} }

// liveQuery is the last state of one.
type liveQuery struct {
	used  time.Time
	busy  bool
	seq   int
	index uint64
	rows  [][]any
	pair  pairing
}

// Next waits for at most ten seconds until a commit touches what the query reads,
// and answers with what has changed. The first answer comes at once, and is whole;
// so is one after an answer that did not arrive.
func (l *Live) Next(r LiveRequest) (LiveState, error) {
	return guard(l.d, "Live.Next", MaxCallTime, func(ctx context.Context) (LiveState, error) {
		c := &Compare{d: l.d}
		b, ns, err := c.open(r.Query.Namespace)
		if err != nil {
			return LiveState{}, err
		}
		statement, err := r.Query.statement()
		if err != nil {
			return LiveState{}, err
		}
		q, err := l.d.lives.take(r.ID, l.d.program.Now())
		if err != nil {
			return LiveState{}, err
		}
		defer l.d.lives.give(q, l.d.program.Now)
		fresh := r.Seq == 0 || r.Seq != q.seq
		if fresh {
			q.index = 0
		}
		answer, err := b.Feed.Live(ctx, ns, statement, core.LiveOptions{After: q.index, Wait: liveWait})
		if err != nil {
			return LiveState{}, err
		}
		q.index = max(q.index, answer.Index)
		if answer.Rows == nil {
			return LiveState{Seq: q.seq, Index: number(q.index), Columns: []string{}, Types: []string{}, Rows: []LiveRow{}}, nil
		}
		if fresh {
			reading, errReading := b.Replicas.Reading(r.Query.SQL)
			if errReading != nil {
				return LiveState{}, errReading
			}
			q.pair = pairingOf(ctx, b, ns, reading, answer.Rows.Columns)
		}
		return q.next(answer, fresh), nil
	})
}

// Stop forgets a live query; it is no error when there is none.
func (l *Live) Stop(id string) error {
	return act(l.d, "Live.Stop", MaxCallTime, func(context.Context) error {
		l.d.lives.drop(id)
		return nil
	})
}

// take finds or makes a query, for one question at a time.
func (l *lives) take(id string, now time.Time) (*liveQuery, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for other, q := range l.all {
		if !q.busy && now.Sub(q.used) > MaxLiveIdle {
			delete(l.all, other)
		}
	}
	q := l.all[id]
	switch {
	case id == "" || len(id) > maxRunIDBytes:
		return nil, core.Errorf(core.Invalid, "A live query needs an id of 1 to %d bytes.", maxRunIDBytes)
	case q != nil && q.busy:
		return nil, core.Errorf(core.Conflict, "This live query is waiting already.")
	case q == nil && len(l.all) >= MaxLive:
		return nil, core.Errorf(core.Limited, "%d live queries run already; end one of them.", MaxLive)
	case q == nil:
		q = &liveQuery{}
		l.all[id] = q
	}
	q.busy = true
	return q, nil
}

func (l *lives) give(q *liveQuery, now func() time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q.busy, q.used = false, now()
}

func (l *lives) drop(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.all, id)
}

// next turns the new rows into what has changed, and keeps them.
func (q *liveQuery) next(a core.LiveAnswer, whole bool) LiveState {
	before := q.rows
	if whole {
		before = nil
	}
	q.seq++
	q.rows = a.Rows.Values
	out := LiveState{
		Seq: q.seq, Changed: true, Whole: whole, Gap: a.Gap, Index: number(a.Index), Keyed: len(q.pair.key) > 0,
		Columns: list(a.Rows.Columns), Types: list(a.Rows.Types), Rows: make([]LiveRow, 0, len(q.rows)), Provenance: provenanceOf(a.Rows.Provenance),
	}
	old := map[string]int{}
	for i, name := range q.pair.all(before) {
		old[name] = i
	}
	for i, name := range q.pair.all(q.rows) {
		row := q.rows[i]
		from, known := old[name]
		if !known {
			out.Rows = append(out.Rows, LiveRow{From: -1, Cells: cellsOf(row), Altered: []int{}})
			out.Added++
			continue
		}
		delete(old, name)
		one := LiveRow{From: from, Cells: []Cell{}, Altered: differing([][]any{before[from], row})}
		if len(one.Altered) > 0 {
			one.Cells = cellsOf(row)
			out.Altered++
		}
		out.Rows = append(out.Rows, one)
	}
	out.Removed = len(old)
	if whole {
		out.Added = 0
	}
	return out
}

func cellsOf(row []any) []Cell {
	cells := make([]Cell, 0, len(row))
	for _, v := range row {
		cells = append(cells, cellOf(v))
	}
	return cells
}
