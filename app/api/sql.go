// This file is the SQL screen: a script is cut into statements, each is run as a
// read or a write, and long results are kept for paging.

package api

import (
	"context"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxScriptBytes bounds a script; SQLite's own limit for one statement is the same.
	MaxScriptBytes = 1 << 20
	// MaxStatements bounds the statements of one script.
	MaxStatements = 1000
	// MaxRuns bounds scripts that run at once.
	MaxRuns = 8

	maxRunIDBytes = 64
)

// The kinds of a statement, as core.Piece has them.
const (
	kindRead   = "read"
	kindWrite  = "write"
	kindSchema = "schema"
)

// SQL is bound as "SQL".
type SQL struct{ d *desk }

// RunRequest is a script to run. RunID is made by the page, so that it can cancel.
type RunRequest struct {
	RunID     string `json:"run_id"`
	Namespace string `json:"namespace"`
	Script    string `json:"script"`
	Level     string `json:"level"` // of the reads
	// FreshnessMS, with the level "none", refuses an answer that is older; 0 takes any.
	FreshnessMS int64   `json:"freshness_ms"`
	Atomic      bool    `json:"atomic"` // all statements in one transaction, writes only
	Params      []Param `json:"params"` // of all its statements
}

// RunAnswer has one result per statement that was tried: the last one may be a
// failure, and what follows it was not run. When an atomic script fails, the
// statement to blame is the only result, because nothing was applied.
type RunAnswer struct {
	Results   []StatementResult `json:"results"`
	ElapsedMS float64           `json:"elapsed_ms"`
}

// StatementResult is the outcome of one statement. Rows are the first ones;
// SQL.Rows gives the others by ResultID, which is "" when there are no rows.
type StatementResult struct {
	SQL          string     `json:"sql"`
	Offset       int        `json:"offset"` // in the script, in UTF-16 units as JavaScript counts
	Kind         string     `json:"kind"`   // "read", "write" or "schema"
	ResultID     string     `json:"result_id"`
	Columns      []string   `json:"columns"`
	Types        []string   `json:"types"`
	Rows         [][]Cell   `json:"rows"`
	Total        int        `json:"total"`
	Truncated    bool       `json:"truncated"` // a limit cut the result
	RowsAffected string     `json:"rows_affected"`
	LastInsertID string     `json:"last_insert_id"`
	Error        string     `json:"error"`
	Code         string     `json:"code"`
	RequestID    string     `json:"request_id"` // of a failure, as in the log
	ElapsedMS    float64    `json:"elapsed_ms"`
	Provenance   Provenance `json:"provenance"`
}

// Piece is one statement of a script, in UTF-16 units as JavaScript counts.
type Piece struct {
	Text    string `json:"text"`
	Offset  int    `json:"offset"`
	End     int    `json:"end"`
	Kind    string `json:"kind"`    // "" when it may not be run
	Problem string `json:"problem"` // why not
	// Params are its parameters in order; one without a name is "?" and its number.
	Params []string `json:"params"`
}

// Schema is the tenant's tables and views; see core.Schema.
type Schema struct {
	Tables []Table `json:"tables"`
}

// Table is a table or a view; see core.Table.
type Table struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	SQL     string   `json:"sql"`
	Columns []Column `json:"columns"`
	Indexes []Index  `json:"indexes"`
}

// Column is a column of a table; see core.Column.
type Column struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Nullable   bool   `json:"nullable"`
	Default    string `json:"default"`
	PrimaryKey bool   `json:"primary_key"`
}

// Index is an index of a table; see core.Index.
type Index struct {
	Name    string   `json:"name"`
	Unique  bool     `json:"unique"`
	Columns []string `json:"columns"`
	SQL     string   `json:"sql"`
}

// Run runs a script, statement by statement, until one fails. A failing
// statement is a result, not an error of the call.
func (s *SQL) Run(r RunRequest) (RunAnswer, error) {
	return guard(s.d, "SQL.Run", MaxRunTime, func(ctx context.Context) (RunAnswer, error) {
		b, err := s.d.node()
		if err != nil {
			return RunAnswer{}, err
		}
		run, err := s.prepare(b, r)
		if err != nil {
			return RunAnswer{}, err
		}
		ctx, end, err := s.d.runs.begin(ctx, r.RunID)
		if err != nil {
			return RunAnswer{}, err
		}
		defer end()
		start := time.Now()
		results := run.all(ctx, r.Atomic)
		return RunAnswer{Results: results, ElapsedMS: sinceMS(start)}, nil
	})
}

// Close drops a kept result; it is no error when there is none.
func (s *SQL) Close(resultID string) error {
	return act(s.d, "SQL.Close", MaxCallTime, func(context.Context) error {
		s.d.results.drop(resultID)
		return nil
	})
}

// Cancel stops a running script and tells whether there was one. A write that
// was under way may still be applied.
func (s *SQL) Cancel(runID string) (bool, error) {
	return guard(s.d, "SQL.Cancel", MaxCallTime, func(context.Context) (bool, error) {
		return s.d.runs.cancel(runID), nil
	})
}

// Schema returns the namespace's tables and views.
func (s *SQL) Schema(namespace string) (Schema, error) {
	return guard(s.d, "SQL.Schema", MaxCallTime, func(ctx context.Context) (Schema, error) {
		ns, err := core.ParseNamespace(namespace)
		if err != nil {
			return Schema{}, err
		}
		b, err := s.d.node()
		if err != nil {
			return Schema{}, err
		}
		schema, err := b.Database.Schema(ctx, ns)
		if err != nil {
			return Schema{}, err
		}
		return schemaOf(schema), nil
	})
}

// Split cuts a script for the editor. It returns invalid when it cannot be cut.
func (s *SQL) Split(script string) ([]Piece, error) {
	return guard(s.d, "SQL.Split", MaxCallTime, func(context.Context) ([]Piece, error) {
		b, err := s.d.node()
		if err != nil {
			return nil, err
		}
		return split(b, script)
	})
}

func split(b Backend, script string) ([]Piece, error) {
	if len(script) > MaxScriptBytes {
		return nil, core.Errorf(core.TooLarge, "A script has at most %d bytes; run larger ones with the command line.", MaxScriptBytes)
	}
	pieces, err := b.Machine.SplitSQL(script)
	if err != nil {
		return nil, err
	}
	if len(pieces) > MaxStatements {
		return nil, core.Errorf(core.TooLarge, "A script has at most %d statements; run larger ones with the command line.", MaxStatements)
	}
	units := unitCounter{text: script}
	out := make([]Piece, 0, len(pieces))
	for _, p := range pieces {
		out = append(out, Piece{Text: p.Text, Offset: units.upTo(p.Offset), End: units.upTo(p.End), Kind: p.Kind, Problem: p.Problem, Params: parameters(p.Text)})
	}
	return out, nil
}

// unitCounter turns byte offsets, which only grow, into UTF-16 ones.
type unitCounter struct {
	text        string
	bytes, unit int
}

func (u *unitCounter) upTo(offset int) int {
	for u.bytes < min(offset, len(u.text)) {
		r, size := utf8.DecodeRuneInString(u.text[u.bytes:])
		u.bytes += size
		u.unit++
		if r > 0xffff {
			u.unit++ // a surrogate pair
		}
	}
	return u.unit
}

func schemaOf(s core.Schema) Schema {
	out := Schema{Tables: []Table{}}
	for _, t := range s.Tables {
		table := Table{Name: t.Name, Kind: t.Kind, SQL: t.SQL, Columns: []Column{}, Indexes: []Index{}}
		for _, c := range t.Columns {
			table.Columns = append(table.Columns, Column(c))
		}
		for _, i := range t.Indexes {
			table.Indexes = append(table.Indexes, Index{Name: i.Name, Unique: i.Unique, Columns: list(i.Columns), SQL: i.SQL})
		}
		out.Tables = append(out.Tables, table)
	}
	return out
}

// runs knows the scripts that run, by the id that the page gave them.
type runs struct {
	mu   sync.Mutex
	stop map[string]context.CancelFunc
}

func newRuns() *runs { return &runs{stop: make(map[string]context.CancelFunc)} }

func (r *runs) begin(ctx context.Context, id string) (context.Context, func(), error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case id == "" || len(id) > maxRunIDBytes:
		return nil, nil, core.Errorf(core.Invalid, "A run needs an id of 1 to %d bytes.", maxRunIDBytes)
	case r.stop[id] != nil:
		return nil, nil, core.Errorf(core.Conflict, "A script with this id is running already.")
	case len(r.stop) >= MaxRuns:
		return nil, nil, core.Errorf(core.Limited, "%d scripts are running already; wait for one to end, or cancel one.", MaxRuns)
	}
	ctx, cancel := context.WithCancel(ctx)
	r.stop[id] = cancel
	return ctx, func() {
		cancel()
		r.mu.Lock()
		delete(r.stop, id)
		r.mu.Unlock()
	}, nil
}

func (r *runs) cancel(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	stop := r.stop[id]
	if stop == nil {
		return false
	}
	stop()
	return true
}

// decimal is strconv for the two signed numbers of a write.
func decimal(n int64) string { return strconv.FormatInt(n, 10) }
