// Writes that may be repeated: what an idempotency key has done is kept in the
// transaction that did it, and a repetition gets the first answer.

package database

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rqlite/rqlite/v8/command/proto"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// requestTable keeps what keys have done. WITHOUT ROWID leaves the caller's
	// last_insert_rowid() alone.
	requestTable  = "_debros_requests"
	createKeptSQL = "CREATE TABLE IF NOT EXISTS " + requestTable +
		"(key TEXT PRIMARY KEY, digest BLOB NOT NULL, answer BLOB NOT NULL, at INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID"
	keepSQL   = "INSERT INTO " + requestTable + "(key, digest, answer, at, sum) VALUES (?, ?, ?, ?, ?)"
	lookupSQL = "SELECT digest, answer FROM " + requestTable + " WHERE key = ?"
	// forgetSQL forgets a bounded number of old keys, the same on each replica.
	forgetSQL = "DELETE FROM " + requestTable + " WHERE key IN (SELECT key FROM " + requestTable + " WHERE at < ? ORDER BY at, key LIMIT ?)"
	// maxForgotten bounds the keys that one entry forgets.
	maxForgotten = 1000
	// MaxKeptAnswer bounds the answer that is kept for a repetition: it is a row
	// on each replica.
	MaxKeptAnswer = 1 << 20
)

// identify checks the key and hashes what it stands for.
func (w *write) identify() error {
	if ignoreKeys {
		w.key = ""
	}
	if w.key == "" {
		return nil
	}
	if len(w.key) > core.MaxIdempotencyKeyBytes || strings.ContainsFunc(w.key, func(r rune) bool { return r < ' ' || r == 0x7f || r == '�' }) {
		return core.Errorf(core.Invalid, "an idempotency key has 1 to %d bytes of printable text", core.MaxIdempotencyKeyBytes)
	}
	// Its answer is known only when it has run, and is kept in the same
	// transaction: so it travels as a held write does.
	w.held = true
	h := sha256.New()
	if len(w.digest) > 0 { // the caller said what it stands for
		h.Write([]byte{2})
		h.Write(w.digest)
		w.digest = h.Sum(nil)
		return nil
	}
	if w.atomic {
		h.Write([]byte{1})
	}
	var buffer []byte
	for _, s := range w.statements {
		buffer = appendText(buffer[:0], s.GetSql())
		for _, p := range s.GetParameters() {
			buffer = appendValue(appendText(buffer, p.GetName()), p)
		}
		h.Write(appendText(nil, string(buffer)))
	}
	w.digest = h.Sum(nil)
	return nil
}

// keptAnswer is what is kept of an answer. Numbers and bytes of returned rows
// are marked by kind, as JSON has neither exact integers nor bytes.
type keptAnswer struct {
	Results []keptResult `json:"results"`
}

type keptResult struct {
	Affected int64         `json:"affected,omitempty"`
	LastID   int64         `json:"last_id,omitempty"`
	Error    string        `json:"error,omitempty"`
	Returned bool          `json:"returned,omitempty"`
	Columns  []string      `json:"columns,omitempty"`
	Types    []string      `json:"types,omitempty"`
	Rows     [][]keptValue `json:"rows,omitempty"`
}

type keptValue struct {
	Integer *int64   `json:"i,omitempty"`
	Real    *float64 `json:"r,omitempty"`
	Text    []byte   `json:"t,omitempty"`
	IsText  bool     `json:"s,omitempty"`
	Blob    []byte   `json:"b,omitempty"`
	IsBlob  bool     `json:"x,omitempty"`
}

func keepValue(v any) keptValue {
	switch v := v.(type) {
	case int64:
		return keptValue{Integer: &v}
	case float64:
		return keptValue{Real: &v}
	case string:
		return keptValue{Text: []byte(v), IsText: true}
	case []byte:
		return keptValue{Blob: v, IsBlob: true}
	}
	return keptValue{}
}

func (v keptValue) value() any {
	switch {
	case v.Integer != nil:
		return *v.Integer
	case v.Real != nil:
		return *v.Real
	case v.IsText:
		return string(v.Text)
	case v.IsBlob:
		return append([]byte{}, v.Blob...)
	}
	return nil
}

// keepAnswer is the statement that keeps what w has done.
func keepAnswer(w *write, o outcome) (*proto.Statement, error) {
	kept := keptAnswer{Results: make([]keptResult, len(o.results))}
	for i, r := range o.results {
		k := keptResult{Affected: r.RowsAffected, LastID: r.LastInsertID, Error: r.Error}
		if r.Rows != nil {
			k.Returned, k.Columns, k.Types = true, r.Rows.Columns, r.Rows.Types
			for _, row := range r.Rows.Values {
				cells := make([]keptValue, len(row))
				for j, cell := range row {
					cells[j] = keepValue(cell)
				}
				k.Rows = append(k.Rows, cells)
			}
		}
		kept.Results[i] = k
	}
	text, err := json.Marshal(kept)
	switch {
	case err != nil: // an infinite number
		return nil, core.Wrap(core.Invalid, err, "the answer cannot be kept for a repetition; nothing was stored; write without an idempotency key")
	case len(text) > MaxKeptAnswer:
		return nil, core.Errorf(core.TooLarge, "the answer has more than %d bytes and cannot be kept for a repetition; nothing was stored; return fewer rows, or write without an idempotency key", MaxKeptAnswer)
	}
	s := &proto.Statement{Sql: keepSQL, Parameters: []*proto.Parameter{
		{Value: &proto.Parameter_S{S: w.key}},
		{Value: &proto.Parameter_Y{Y: w.digest}},
		{Value: &proto.Parameter_Y{Y: text}},
		{Value: &proto.Parameter_I{I: time.Now().UnixMilli()}},
	}}
	s.Parameters = append(s.Parameters, &proto.Parameter{Value: &proto.Parameter_I{I: checksum([]*proto.Statement{s})}})
	return s, nil
}

// checkKept compares a statement of keepAnswer with its checksum.
func checkKept(s *proto.Statement) error {
	p := s.GetParameters()
	if len(p) != 5 || p[4].GetI() != checksum([]*proto.Statement{{Sql: s.GetSql(), Parameters: p[:4]}}) {
		return errors.New("its checksum does not match")
	}
	return nil
}

// remembered looks up what the write's key has done. Only the group's writer
// asks, after everything before it was applied here, so the answer is final.
func (g *group) remembered(w *write) (outcome, bool, error) {
	rows, err := g.readers.query(context.Background(), read{
		statement: core.Statement{SQL: lookupSQL, Args: []any{w.key}},
		maxRows:   1, maxBytes: 2 * MaxKeptAnswer, generation: g.schema.Load(),
	})
	if err != nil && strings.Contains(err.Error(), "no such table: "+requestTable) {
		return outcome{}, false, g.createKept()
	}
	if err != nil || len(rows.Values) == 0 {
		return outcome{}, false, err
	}
	digest, _ := rows.Values[0][0].([]byte) //nolint:errcheck // compared below
	text, _ := rows.Values[0][1].([]byte)   //nolint:errcheck // unmarshalled below
	if string(digest) != string(w.digest) {
		return outcome{}, false, core.Errorf(core.Conflict, "the idempotency key was used for another write before; nothing was stored; take a new key")
	}
	var kept keptAnswer
	if err := json.Unmarshal(text, &kept); err != nil {
		return outcome{}, false, fmt.Errorf("read kept answer: %w", err)
	}
	return outcome{results: kept.results(), index: g.store.DBAppliedIndex()}, true, nil
}

func (k keptAnswer) results() []core.ExecResult {
	out := make([]core.ExecResult, len(k.Results))
	for i, r := range k.Results {
		out[i] = core.ExecResult{RowsAffected: r.Affected, LastInsertID: r.LastID, Error: r.Error}
		if !r.Returned {
			continue
		}
		rows := &core.Rows{Columns: r.Columns, Types: r.Types, Values: make([][]any, len(r.Rows))}
		for j, row := range r.Rows {
			rows.Values[j] = make([]any, len(row))
			for c, cell := range row {
				rows.Values[j][c] = cell.value()
			}
		}
		out[i].Rows = rows
	}
	return out
}

// createKept makes the table of kept answers. The group's writer calls it, so it
// sends an entry of its own.
func (g *group) createKept() error {
	return g.proposeAlone(core.Statement{SQL: createKeptSQL})
}

// proposeAlone sends one statement in an entry of its own. Only the group's
// writer, or who holds its entries, may call it.
func (g *group) proposeAlone(s core.Statement) error {
	w, err := newWrite([]core.Statement{s}, core.ExecOptions{})
	if err != nil {
		return err
	}
	e := newEntry([]*write{w}, time.Now(), newSeed(), false)
	responses, index, err := g.writer.propose(e.request)
	if err != nil {
		return proposeError(err)
	}
	outcomes, err := e.outcomes(responses, index)
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the database is being opened again; nothing was stored; repeat in a moment")
	}
	g.schemaChanged()
	return outcomes[0].err
}

// forget drops keys that are older than the window. The leader calls it now and then.
func (g *group) forget(ctx context.Context, now time.Time) error {
	w, err := newWrite([]core.Statement{{
		SQL: forgetSQL, Args: []any{now.Add(-core.IdempotencyWindow).UnixMilli(), int64(maxForgotten)},
	}}, core.ExecOptions{})
	if err != nil {
		return err
	}
	_, _, err = g.writer.submit(ctx, w)
	if err != nil && strings.Contains(err.Error(), "no such table: "+requestTable) {
		return nil // no key was ever used
	}
	return err
}
