package rqliteapi

// This file runs statements: reads one by one, writes that follow each other as
// one request to the database.

import (
	"context"
	"net/http"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of all rows that one request gets back; they are held in memory.
const (
	maxAnswerRows  = 100_000
	maxAnswerBytes = 16 << 20
)

// What a path accepts.
const (
	onlyReads = iota
	onlyWrites
	readsAndWrites
)

func (a *API) query(w http.ResponseWriter, r *http.Request, p params) error {
	return a.sql(w, r, p, onlyReads)
}

func (a *API) execute(w http.ResponseWriter, r *http.Request, p params) error {
	p.associative, p.blobArray = false, false // rqlite has them for reads
	return a.sql(w, r, p, onlyWrites)
}

func (a *API) request(w http.ResponseWriter, r *http.Request, p params) error {
	return a.sql(w, r, p, readsAndWrites)
}

func (a *API) sql(w http.ResponseWriter, r *http.Request, p params, accepts int) error {
	leave, err := a.enter(w, r)
	if err != nil {
		return err
	}
	defer leave()
	list, err := statements(r, p)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.timeout)
	defer cancel()
	began := time.Now()
	work := &run{api: a, params: p, rowsLeft: maxAnswerRows, bytesLeft: maxAnswerBytes}
	if err := work.all(ctx, list, accepts); err != nil {
		return err
	}
	body := answer{Results: make([]any, 0, len(work.done))}
	failed := false
	for _, o := range work.done {
		failed = failed || o.failed != ""
		body.Results = append(body.Results, o.form(p))
	}
	if p.queue && accepts == onlyWrites {
		body.Sequence = a.sequence.Add(1)
		if !failed {
			body.Results = []any{}
		}
	}
	if p.timings {
		body.Time = time.Since(began).Seconds()
	}
	if p.raftIndex {
		body.RaftIndex = work.index
	}
	a.write(w, r, p, http.StatusOK, body)
	return nil
}

// run works on the statements of one request.
type run struct {
	api       *API
	params    params
	done      []outcome
	rowsLeft  int
	bytesLeft int
	index     uint64 // of the last answer
}

// all runs the list. An error means that nothing was run, or that one write may
// have been; what is known about each statement is in done.
func (r *run) all(ctx context.Context, list []core.Statement, accepts int) error {
	kinds := make([]string, len(list))
	refusals := make([]error, len(list))
	reads, writes := 0, 0
	for i, s := range list {
		kinds[i], refusals[i] = r.api.node.Kind(s.SQL)
		switch {
		case refusals[i] != nil:
		case kinds[i] == "read":
			reads++
			if accepts == onlyWrites {
				refusals[i] = core.Errorf(core.Invalid, "this statement only reads; send it to /db/query or /db/request")
			}
		default:
			writes++
			if accepts == onlyReads {
				refusals[i] = core.Errorf(core.Invalid, "this statement writes; send it to /db/execute or /db/request")
			}
		}
	}
	if r.params.transaction && accepts != onlyReads && writes > 0 {
		return r.transaction(ctx, list, refusals, reads > 0)
	}
	for i := 0; i < len(list); {
		n, err := 1, error(nil)
		switch {
		case refusals[i] != nil:
			r.done = append(r.done, outcome{failed: core.Sentence(refusals[i])})
		case kinds[i] == "read":
			err = r.read(ctx, list[i])
		default:
			for i+n < len(list) && refusals[i+n] == nil && kinds[i+n] != "read" {
				n++
			}
			err = r.write(ctx, list[i:i+n])
		}
		if err != nil {
			return r.cutShort(err, i, n, len(list))
		}
		i += n
	}
	return nil
}

// cutShort ends a list of total statements when the database did not answer the
// n of them from at on. What was done before must still be told.
func (r *run) cutShort(err error, at, n, total int) error {
	if at == 0 {
		return err
	}
	for len(r.done) < total {
		text := core.Sentence(err)
		if len(r.done) >= at+n {
			text = "this statement was not run, because an earlier one got no answer"
		}
		r.done = append(r.done, outcome{failed: text})
	}
	return nil
}

// transaction writes all or nothing. One that fails is the only outcome.
func (r *run) transaction(ctx context.Context, list []core.Statement, refusals []error, reads bool) error {
	for _, refusal := range refusals {
		if refusal != nil {
			r.done = []outcome{{failed: "nothing was stored: " + core.Sentence(refusal)}}
			return nil
		}
	}
	if reads {
		r.done = []outcome{{failed: "nothing was stored: reads and writes cannot be one transaction here; send them apart, use RETURNING, or leave transaction out"}}
		return nil
	}
	return r.exec(ctx, list, core.ExecOptions{Atomic: true})
}

// write runs writes, of which each may fail alone.
func (r *run) write(ctx context.Context, list []core.Statement) error {
	before := len(r.done)
	if err := r.exec(ctx, list, core.ExecOptions{}); err != nil {
		return err
	}
	if len(list) == 1 || len(r.done)-before == len(list) {
		return nil
	}
	// One of several was refused before any of them ran: now each runs alone.
	r.done = r.done[:before]
	for i, s := range list {
		if err := r.exec(ctx, []core.Statement{s}, core.ExecOptions{}); err != nil {
			return r.cutShort(err, before+i, 1, before+len(list))
		}
	}
	return nil
}

// exec adds an outcome for each statement, or only one when the statements are
// at fault together.
func (r *run) exec(ctx context.Context, list []core.Statement, o core.ExecOptions) error {
	began := time.Now()
	got, err := r.api.database.Exec(ctx, r.api.settings.Namespace, list, o)
	if err != nil {
		return r.fault(err)
	}
	r.index = got.Provenance.Index
	took := time.Since(began) / time.Duration(len(list))
	for _, result := range got.Results {
		r.done = append(r.done, outcome{rows: result.Rows, result: result, failed: result.Error, took: took})
	}
	return nil
}

// fault makes an outcome of an error that is about the statements. Any other is
// about the database, and comes back.
func (r *run) fault(err error) error {
	switch core.CodeOf(err) {
	case core.Invalid, core.NotFound, core.Conflict, core.PreconditionFailed, core.TooLarge:
		r.done = append(r.done, outcome{failed: core.Sentence(err)})
		return nil
	case core.Unauthenticated, core.Denied, core.Limited, core.OutcomeUnknown, core.Unavailable, core.Internal:
	}
	return err
}

func (r *run) read(ctx context.Context, s core.Statement) error {
	if r.rowsLeft <= 0 || r.bytesLeft <= 0 {
		r.done = append(r.done, outcome{failed: "the answers before this one are as large as one request may have; send the statements apart"})
		return nil
	}
	began := time.Now()
	rows, err := r.api.database.Query(ctx, r.api.settings.Namespace, s, core.QueryOptions{
		ReadOptions: r.params.read, Timeout: r.params.readTimeout, MaxRows: r.rowsLeft, MaxBytes: r.bytesLeft,
	})
	if err != nil {
		return r.fault(err)
	}
	if rows.Truncated {
		r.done = append(r.done, outcome{failed: "the answer has more rows or bytes than one answer may have here; ask for less with LIMIT and OFFSET ('debros limits' prints the limits)"})
		return nil
	}
	r.index = rows.Provenance.Index
	r.rowsLeft -= len(rows.Values)
	for _, row := range rows.Values {
		for _, cell := range row {
			switch v := cell.(type) {
			case string:
				r.bytesLeft -= len(v)
			case []byte:
				r.bytesLeft -= len(v)
			}
			r.bytesLeft -= 8
		}
	}
	r.done = append(r.done, outcome{rows: rows, took: time.Since(began)})
	return nil
}
