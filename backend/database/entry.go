// One Raft entry: the statements of one or several callers, and whose result is whose.

package database

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rqlite/rqlite/v8/command/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// write is one caller's statements on their way through the group commit.
type write struct {
	statements []*proto.Statement
	shapes     []shape
	atomic     bool // all or none; false for a single statement, which is that anyway
	alone      bool // shares its entry with nobody
	held       bool // must be committed or rolled back by a second entry
	frees      bool // may run when the database is full
	bytes      int
	key        string // idempotency key, "" for none
	digest     []byte // of what the key stands for

	done    chan outcome // buffered; exactly one outcome is sent
	taken   bool         // guarded by the committer: it is in an entry now
	dropped bool         // likewise: the caller left before that
}

// outcome is what a caller gets.
type outcome struct {
	results []core.ExecResult
	index   uint64
	err     error
}

// newWrite checks statements and prepares them to be sent.
func newWrite(statements []core.Statement, o core.ExecOptions) (*write, error) {
	switch {
	case len(statements) == 0:
		return nil, core.Errorf(core.Invalid, "there is no statement to run")
	case len(statements) > MaxStatements:
		return nil, core.Errorf(core.TooLarge, "one request may have %d statements", MaxStatements)
	case len(o.IdempotencyOf) > core.MaxIdempotencyOfBytes:
		return nil, core.Errorf(core.TooLarge, "what an idempotency key stands for has at most %d bytes", core.MaxIdempotencyOfBytes)
	}
	w := &write{
		statements: make([]*proto.Statement, len(statements)),
		shapes:     make([]shape, len(statements)),
		atomic:     o.Atomic && len(statements) > 1,
		key:        o.IdempotencyKey,
		digest:     o.IdempotencyOf,
		frees:      true,
		done:       make(chan outcome, 1),
	}
	for i, s := range statements {
		if err := w.add(i, s); err != nil {
			return nil, err
		}
	}
	if w.bytes > MaxWriteBytes {
		return nil, core.Errorf(core.TooLarge, "one request may have %d bytes; send it in parts", MaxWriteBytes)
	}
	return w, w.identify()
}

func (w *write) add(i int, s core.Statement) error {
	if err := checkStatement(s); err != nil {
		return err
	}
	parameters, bytes, err := writeParameters(s)
	if err != nil {
		return err
	}
	sh := shapeOf(s.SQL)
	if sh.keyword == "" {
		return core.Errorf(core.Invalid, "statement %d is empty", i+1)
	}
	w.shapes[i] = sh
	text := s.SQL
	if sh.reads() { // one row more than allowed tells that there are more
		text = "SELECT * FROM (\n" + s.SQL[:sh.end] + "\n) LIMIT " + strconv.Itoa(MaxReadInWrite+1)
	}
	answers := sh.returning || sh.reads()
	w.statements[i] = &proto.Statement{Sql: text, Parameters: parameters, ForceQuery: answers}
	w.alone = w.alone || !sh.changesRows() || sh.reads()
	w.held = w.held || (w.atomic && answers)
	w.frees = w.frees && sh.frees()
	w.bytes += len(s.SQL) + bytes
	return nil
}

// The words around an atomic write. A write stands between savepoints so that a
// failure inside undoes exactly it, without a branch that a log entry cannot
// have. Each of its statements first releases the savepoint that the one before
// set after it succeeded. When that is missing the release fails, and rqlite
// leaves out the rest of that text; so one failure carries on to the end, where
// the last text, which undoes, finds the outer savepoint only if the release
// before it failed.
const (
	atomicOpen  = "SAVEPOINT _debros_tx; SAVEPOINT _debros_ok"
	atomicFirst = "RELEASE _debros_ok;\n"
	atomicLast  = "\n;SAVEPOINT _debros_ok"
	atomicKeep  = "RELEASE _debros_ok; RELEASE _debros_tx"
	atomicUndo  = "ROLLBACK TO _debros_tx; RELEASE _debros_tx"
)

// entry is a request to rqlite and the part that each caller has in it.
type entry struct {
	request []*proto.Statement
	mode    entryMode
	parts   []part
}

// part is one caller's share: the request's statements from first on.
type part struct {
	write *write
	first int
	keep  int // position of the atomic write's release, 0 when it is not atomic
}

// newEntry builds the entry of writes: one transaction around all of them, unless
// something in the schema or the statement forbids it.
func newEntry(writes []*write, now time.Time, seed []byte, shared bool) *entry {
	e := &entry{mode: modePlain}
	switch {
	case len(writes) == 1 && writes[0].held:
		e.mode = modeHeld
	case shared: // also of one: a transaction that is taken back tells a follower that it failed
		e.mode = modeShared
	}
	first := &proto.Statement{Sql: entryCall, Parameters: []*proto.Parameter{
		{Value: &proto.Parameter_I{I: now.UnixMilli()}},
		{Value: &proto.Parameter_Y{Y: seed}},
		{Value: &proto.Parameter_I{I: int64(e.mode)}},
	}}
	e.request = append(e.request, first)
	if e.mode != modePlain {
		e.text("BEGIN")
	}
	for _, w := range writes {
		e.add(w)
	}
	if e.mode == modeShared {
		e.text("COMMIT")
	}
	first.Parameters = append(first.Parameters, &proto.Parameter{Value: &proto.Parameter_I{I: checksum(e.request)}})
	return e
}

func (e *entry) text(sql string) { e.request = append(e.request, &proto.Statement{Sql: sql}) }

func (e *entry) add(w *write) {
	if !w.atomic || e.mode == modeHeld {
		e.parts = append(e.parts, part{write: w, first: len(e.request)})
		e.request = append(e.request, w.statements...)
		return
	}
	e.text(atomicOpen)
	p := part{write: w, first: len(e.request)}
	for _, s := range w.statements {
		e.request = append(e.request, &proto.Statement{Sql: atomicFirst + s.GetSql() + atomicLast, Parameters: s.GetParameters()})
	}
	p.keep = len(e.request)
	e.text(atomicKeep)
	e.text(atomicUndo)
	e.parts = append(e.parts, p)
}

// errWounded means that SQLite on this node could not do what the log says, so
// its file no longer says what the log does. It is rebuilt from the log.
var errWounded = errors.New("the database file does not follow its log")

// outcomes tells what each caller gets, from rqlite's responses. It returns
// errWounded, and no outcomes, when they cannot be believed.
func (e *entry) outcomes(responses []*proto.ExecuteQueryResponse, index uint64) ([]outcome, error) {
	if len(responses) != len(e.request) {
		return nil, fmt.Errorf("%w: %d responses to %d statements", errWounded, len(responses), len(e.request))
	}
	for i, r := range responses {
		text := r.GetError() + r.GetQ().GetError()
		if text == "" {
			continue
		}
		ours := i == 0 || (e.mode != modePlain && i == 1) || (e.mode == modeShared && i == len(responses)-1)
		if ours || machineFault(text) {
			return nil, fmt.Errorf("%w: statement %d: %s", errWounded, i, text)
		}
	}
	out := make([]outcome, len(e.parts))
	for i, p := range e.parts {
		out[i] = p.outcome(responses)
		out[i].index = index
	}
	return out, nil
}

// outcome reads one caller's share of the responses.
func (p part) outcome(responses []*proto.ExecuteQueryResponse) outcome {
	n := len(p.write.statements)
	results := make([]core.ExecResult, n)
	failed := -1
	for i := range n {
		results[i] = result(responses[p.first+i], p.write.shapes[i])
		if results[i].Error != "" && failed < 0 {
			failed = i
		}
	}
	switch {
	case failed < 0 && p.keep > 0 && responses[p.keep].GetError() != "": // a deferred constraint
		return outcome{err: core.Errorf(core.Invalid, "nothing was stored: %s", responses[p.keep].GetError())}
	case failed < 0:
		return outcome{results: results}
	case n == 1:
		return outcome{err: core.Errorf(core.Invalid, "%s", results[0].Error)}
	case p.write.atomic:
		return outcome{err: core.Errorf(core.Invalid, "nothing was stored: statement %d of %d: %s", failed+1, n, results[failed].Error)}
	}
	return outcome{results: results}
}

// result is one statement's.
func result(r *proto.ExecuteQueryResponse, s shape) core.ExecResult {
	switch v := r.GetResult().(type) {
	case *proto.ExecuteQueryResponse_E:
		if !s.changesRows() { // SQLite repeats the count of the statement before
			return core.ExecResult{}
		}
		return core.ExecResult{RowsAffected: v.E.GetRowsAffected(), LastInsertID: v.E.GetLastInsertId()}
	case *proto.ExecuteQueryResponse_Q:
		if v.Q.GetError() != "" {
			return core.ExecResult{Error: v.Q.GetError()}
		}
		rows := returned(v.Q)
		if s.reads() {
			if len(rows.Values) > MaxReadInWrite {
				return core.ExecResult{Error: fmt.Sprintf("a read between writes answers with at most %d rows; ask for fewer, or send it as a query", MaxReadInWrite)}
			}
			return core.ExecResult{Rows: rows}
		}
		return core.ExecResult{RowsAffected: int64(len(rows.Values)), Rows: rows}
	case *proto.ExecuteQueryResponse_Error:
		return core.ExecResult{Error: v.Error}
	}
	return core.ExecResult{}
}

// machineFault tells whether SQLite's sentence speaks of this computer and not
// of the statement: another replica would not have said it.
func machineFault(text string) bool {
	for _, sign := range []string{
		"disk I/O error", "database or disk is full", "database disk image is malformed", "out of memory",
		"unable to open database file", "attempt to write a readonly database", "database is locked", "file is not a database",
	} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
