// This file runs one SQL script for the SQL screen.

package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// maxFreshnessMS bounds a freshness: an hour-old answer is as good as any.
const maxFreshnessMS = int64(time.Hour / time.Millisecond)

// run is one script on its way.
type run struct {
	d      *desk
	b      Backend
	ns     core.Namespace
	read   core.ReadOptions
	pieces []Piece
	params []Param
	// budget is what the first rows of all results may still weigh: a thousand
	// statements must not answer with a thousand full pages.
	budget int
}

func (s *SQL) prepare(b Backend, r RunRequest) (*run, error) {
	ns, err := core.ParseNamespace(r.Namespace)
	if err != nil {
		return nil, err
	}
	level, err := core.ParseLevel(r.Level)
	if err != nil {
		return nil, err
	}
	pieces, err := split(b, r.Script)
	if err != nil {
		return nil, err
	}
	if len(pieces) == 0 {
		return nil, core.Errorf(core.Invalid, "There is no statement to run.")
	}
	read := core.ReadOptions{Level: level}
	if level == core.LevelNone && r.FreshnessMS > 0 {
		read.Freshness = time.Duration(min(r.FreshnessMS, maxFreshnessMS)) * time.Millisecond
	}
	return &run{d: s.d, b: b, ns: ns, read: read, pieces: pieces, params: r.Params, budget: maxAnswerBytes}, nil
}

// all runs the statements and stops after the first that fails.
func (r *run) all(ctx context.Context, atomic bool) []StatementResult {
	if atomic {
		return r.atomic(ctx)
	}
	var out []StatementResult
	for _, p := range r.pieces {
		start := time.Now()
		result, err := r.one(ctx, p)
		result.ElapsedMS = sinceMS(start)
		if err != nil {
			r.blame(&result, err)
		}
		out = append(out, result)
		if err != nil {
			break
		}
	}
	return out
}

func (r *run) one(ctx context.Context, p Piece) (StatementResult, error) {
	out := blank(p)
	if p.Problem != "" {
		return out, core.Errorf(core.Invalid, "%s", p.Problem)
	}
	statement, err := r.d.bind(p, r.params)
	if err != nil {
		return out, err
	}
	if p.Kind == kindRead {
		var rows *core.Rows
		if rows, err = r.b.Database.Query(ctx, r.ns, statement, core.QueryOptions{
			ReadOptions: r.read, MaxRows: MaxResultRows, MaxBytes: MaxResultBytes, Large: true,
		}); err != nil {
			return out, err
		}
		r.show(&out, rows)
		out.Provenance = provenanceOf(rows.Provenance)
		return out, nil
	}
	if p.Kind == kindSchema {
		defer r.d.tables.forget()
	}
	answer, err := r.d.execUndoable(ctx, r.b, r.ns, statement)
	if err != nil {
		return out, err
	}
	if len(answer.Results) != 1 {
		return out, errResults
	}
	err = r.written(&out, answer.Results[0])
	out.Provenance = provenanceOf(answer.Provenance)
	return out, err
}

var errResults = errors.New("the database answered with another number of results than statements")

// atomic writes all statements in one transaction. A read has no place in it: it
// would be answered before the transaction began.
func (r *run) atomic(ctx context.Context) []StatementResult {
	statements := make([]core.Statement, 0, len(r.pieces))
	for _, p := range r.pieces {
		switch {
		case p.Problem != "":
			return r.failed(p, core.Errorf(core.Invalid, "%s Nothing was applied.", p.Problem))
		case p.Kind == kindRead:
			return r.failed(p, core.Errorf(core.Invalid, "An atomic script holds writes only; run this read on its own. Nothing was applied."))
		}
		statement, err := r.d.bind(p, r.params)
		if err != nil {
			return r.failed(p, err)
		}
		statements = append(statements, statement)
	}
	defer r.d.tables.forget()
	start := time.Now()
	answer, err := r.b.Database.Exec(ctx, r.ns, statements, core.ExecOptions{Atomic: true})
	took := sinceMS(start)
	if err != nil {
		return r.failed(r.pieces[blamed(err, len(r.pieces))], err)
	}
	if len(answer.Results) > len(r.pieces) {
		return r.failed(r.pieces[0], errResults)
	}
	var out []StatementResult
	for i, result := range answer.Results {
		one := blank(r.pieces[i])
		one.ElapsedMS, one.Provenance = took, provenanceOf(answer.Provenance)
		if err := r.written(&one, result); err != nil {
			return r.failed(r.pieces[i], err)
		}
		out = append(out, one)
	}
	return out
}

// blamed finds the statement that an atomic write's error is about: the database
// says "statement 2 of 3" in its sentence. It is the first when it does not.
func blamed(err error, n int) int {
	_, text, found := strings.Cut(core.Sentence(err), "statement ")
	var position, of int
	if _, scanErr := fmt.Sscanf(text, "%d of %d", &position, &of); !found || scanErr != nil || of != n || position < 1 || position > n {
		return 0
	}
	return position - 1
}

// cause is such a sentence without the words before SQLite's own.
func cause(err error, n int) string {
	text := core.Sentence(err)
	if _, own, found := strings.Cut(text, fmt.Sprintf(" of %d: ", n)); found {
		return own
	}
	return text
}

func (r *run) failed(p Piece, err error) []StatementResult {
	out := blank(p)
	r.blame(&out, err)
	return []StatementResult{out}
}

// blame writes a failure into the result of its statement.
func (r *run) blame(out *StatementResult, err error) {
	f := r.d.fail("SQL.Run", err)
	out.Error, out.Code, out.RequestID = f.Sentence, string(f.Code), f.RequestID
}

// written fills in what a write did.
func (r *run) written(out *StatementResult, w core.ExecResult) error {
	if w.Error != "" {
		return core.Errorf(core.Invalid, "%s", w.Error)
	}
	out.RowsAffected, out.LastInsertID = decimal(w.RowsAffected), decimal(w.LastInsertID)
	if w.Rows != nil {
		r.show(out, w.Rows)
	}
	return nil
}

// show keeps rows for paging and puts the first ones into the answer.
func (r *run) show(out *StatementResult, rows *core.Rows) {
	kept := keep(rows)
	out.Columns, out.Types = list(rows.Columns), list(rows.Types)
	out.Total, out.Truncated = len(kept.rows), kept.truncated
	var weight int
	out.Rows, weight = cells(rows.Values[:min(maxFirstRows, out.Total)], r.budget)
	r.budget = max(0, r.budget-weight)
	if out.Total > 0 {
		out.ResultID = r.d.results.add(kept)
	}
}

func blank(p Piece) StatementResult {
	return StatementResult{
		SQL: p.Text, Offset: p.Offset, Kind: p.Kind, Columns: []string{}, Types: []string{}, Rows: [][]Cell{},
		RowsAffected: "0", LastInsertID: "0", Provenance: provenanceOf(core.Provenance{}),
	}
}
