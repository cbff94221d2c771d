package gateway

// This file runs several statements as one transaction.

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxTransactionStatements bounds a transaction; its results are kept in memory.
	MaxTransactionStatements = 1000
	// MaxTransactionBytes bounds the rows that a transaction of reads answers with,
	// all together.
	MaxTransactionBytes = 16 << 20
	// MaxTransactionTime is how long the reads of one may take, all together.
	MaxTransactionTime = 10 * time.Second
	// snapshotTries is how often reads are repeated until no write came between
	// them: on a busy namespace several reads in a row seldom see one state.
	snapshotTries = 5
)

// transaction runs statements all or none. Those with a write go through the log
// as one; reads among them see what the statements before them did. Reads alone
// write nothing: they are repeated until all of them have seen one state.
func (g *Gateway) transaction(c *call) error {
	var r transactionRequest
	if err := c.decode(&r); err != nil {
		return err
	}
	list, writes, err := c.prepare(&r)
	if err != nil {
		return err
	}
	limit, err := span("timeout", r.Timeout)
	if err != nil {
		return err
	}
	ctx, cancel := within(c.r.Context(), limit)
	defer cancel()
	var done []outcome
	if writes {
		done, err = c.writeAll(ctx, list)
	} else {
		done, err = c.readAll(ctx, list)
	}
	if err != nil {
		return err
	}
	b, err := r.append(done)
	if err != nil {
		return err
	}
	return c.sendJSON(http.StatusOK, b)
}

// prepare makes statements of the request and asks for the rights they need.
func (c *call) prepare(r *transactionRequest) (list []core.Statement, writes bool, err error) {
	from := r.Statements
	if len(from) > 0 && len(r.Ops) > 0 {
		return nil, false, core.Errorf(core.Invalid, "a transaction has statements or ops, not both")
	}
	if len(r.Ops) > 0 {
		from = r.Ops
	}
	switch {
	case len(from) == 0:
		return nil, false, core.Errorf(core.Invalid, `statements is missing: a list of "sql" or {"sql": …, "args": […]}`)
	case len(from) > MaxTransactionStatements:
		return nil, false, core.Errorf(core.TooLarge, "a transaction has at most %d statements", MaxTransactionStatements)
	}
	list = make([]core.Statement, len(from))
	asked := map[core.Permission]bool{core.PermissionRead: true} // by the route
	for i, s := range from {
		if s.Kind != "" && s.Kind != "exec" && s.Kind != "query" {
			return nil, false, core.Errorf(core.Invalid, `statement %d: kind is "exec" or "query"`, i+1)
		}
		kind := ""
		if list[i], err = s.values(); err == nil {
			kind, err = c.g.services.Database.Kind(s.SQL)
		}
		if err != nil {
			return nil, false, core.Wrap(core.CodeOf(err), err, "nothing was stored: statement %d of %d: %s", i+1, len(from), core.Sentence(err))
		}
		writes = writes || kind != kindRead
		if need := permissionFor(kind); !asked[need] {
			asked[need] = true
			if err = c.allow(need); err != nil {
				return nil, false, err
			}
		}
	}
	return list, writes, nil
}

func (c *call) writeAll(ctx context.Context, list []core.Statement) ([]outcome, error) {
	began := time.Now()
	answer, err := c.g.services.Database.Exec(ctx, c.ns, list, core.ExecOptions{Atomic: true, IdempotencyKey: c.idempotencyKey()})
	if err != nil {
		return nil, err
	}
	took := time.Since(began) / time.Duration(len(list))
	done := make([]outcome, len(list))
	for i := range answer.Results {
		done[i] = outcome{rows: answer.Results[i].Rows, written: &answer.Results[i], took: took}
		if done[i].rows != nil && isRead(c, list[i]) {
			done[i].written = nil
		}
	}
	return done, nil
}

func isRead(c *call, s core.Statement) bool {
	kind, err := c.g.services.Database.Kind(s.SQL)
	return err == nil && kind == kindRead
}

// readAll reads one state. Each answer tells the log entry that its data had when
// it began; when the last one and one more behind it still tell the first one's,
// nothing was written in between.
func (c *call) readAll(ctx context.Context, list []core.Statement) ([]outcome, error) {
	if len(list) > 1 {
		list = append(list[:len(list):len(list)], core.Statement{SQL: "SELECT 1"})
	}
	ctx, cancel := context.WithTimeout(ctx, MaxTransactionTime)
	defer cancel()
	for range snapshotTries {
		done, err := c.readEach(ctx, list)
		if err != nil {
			return nil, err
		}
		first, same := done[0].rows.Provenance, true
		for _, o := range done {
			same = same && o.rows.Provenance.Index == first.Index && o.rows.Provenance.ServedBy == first.ServedBy
		}
		if same {
			return done[:max(1, len(done)-1)], nil
		}
	}
	return nil, core.Errorf(core.Conflict, "the data changed while it was read, %d times in a row; repeat, or read with one statement", snapshotTries)
}

// readEach reads one after another, within the bound of all their rows.
func (c *call) readEach(ctx context.Context, list []core.Statement) ([]outcome, error) {
	done := make([]outcome, len(list))
	left := MaxTransactionBytes
	for i, s := range list {
		if left <= 0 {
			return nil, core.Errorf(core.TooLarge, "the answers of one transaction have at most %d MiB; read less, or in parts", MaxTransactionBytes>>20)
		}
		began := time.Now()
		rows, err := c.g.services.Database.Query(ctx, c.ns, s, core.QueryOptions{MaxBytes: left})
		if err != nil {
			return nil, core.Wrap(core.CodeOf(err), err, "statement %d: %s", i+1, core.Sentence(err))
		}
		left -= sizeOf(rows)
		done[i] = outcome{rows: rows, took: time.Since(began)}
	}
	return done, nil
}

// append adds the results, in the form that the request has.
func (r *transactionRequest) append(done []outcome) (b []byte, err error) {
	b = append(b, `{"status":"ok"`...)
	if len(r.Ops) > 0 && !r.ReturnResults {
		return append(b, '}'), nil
	}
	b = append(b, `,"results":[`...)
	for i, o := range done {
		if i > 0 {
			b = append(b, ',')
		}
		switch {
		case len(r.Ops) == 0:
			b, err = o.append(b)
		case r.Ops[i].Kind == "query":
			b, err = o.appendItems(b)
		default:
			b = o.appendCounts(b)
		}
		if err != nil {
			return b, err
		}
	}
	return append(b, "]}"...), nil
}

// appendCounts adds {rows_affected, last_insert_id}.
func (o outcome) appendCounts(b []byte) []byte {
	var w core.ExecResult
	if o.written != nil {
		w = *o.written
	}
	b = strconv.AppendInt(append(b, `{"rows_affected":`...), w.RowsAffected, 10)
	b = strconv.AppendInt(append(b, `,"last_insert_id":`...), w.LastInsertID, 10)
	return append(b, '}')
}

// appendItems adds the rows as objects.
func (o outcome) appendItems(b []byte) ([]byte, error) {
	if o.rows == nil {
		return append(b, "[]"...), nil
	}
	return appendItems(b, o.rows)
}
