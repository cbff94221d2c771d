// SQL on the wire: statements, rows and what a write did.

package rpc

import (
	"git.debros.io/DeBros/network/backend/core"
)

func fromStatement(s core.Statement) (*WireStatement, error) {
	args, err := packArgs(s.Args)
	if err != nil {
		return nil, err
	}
	named, err := packNamed(s.Named)
	if err != nil {
		return nil, err
	}
	return &WireStatement{Sql: []byte(s.SQL), Args: args, Named: named}, nil
}

func toStatement(s *WireStatement) (core.Statement, error) {
	args, err := unpackArgs(s.GetArgs())
	if err != nil {
		return core.Statement{}, err
	}
	named, err := unpackNamed(s.GetNamed())
	if err != nil {
		return core.Statement{}, err
	}
	return core.Statement{SQL: string(s.GetSql()), Args: args, Named: named}, nil
}

func fromQuery(s core.Statement, o core.QueryOptions) (*WireQueryRequest, error) {
	statement, err := fromStatement(s)
	if err != nil {
		return nil, err
	}
	return &WireQueryRequest{
		Statement: statement, Read: fromRead(o.ReadOptions),
		TimeoutNs: int64(o.Timeout), MaxRows: int64(o.MaxRows), MaxBytes: int64(o.MaxBytes),
	}, nil
}

func toQuery(r *WireQueryRequest) (s core.Statement, o core.QueryOptions, err error) {
	if s, err = toStatement(r.GetStatement()); err != nil {
		return s, o, err
	}
	if o.ReadOptions, err = toRead(r.GetRead()); err != nil {
		return s, o, err
	}
	if o.Timeout, err = toDuration(r.GetTimeoutNs()); err != nil {
		return s, o, err
	}
	if o.MaxRows, err = toInt(r.GetMaxRows()); err != nil {
		return s, o, err
	}
	o.MaxBytes, err = toInt(r.GetMaxBytes())
	return s, o, err
}

func fromExec(statements []core.Statement, o core.ExecOptions) (*WireExecRequest, error) {
	if len(statements) > MaxStatements {
		return nil, core.Errorf(core.TooLarge, "a write takes at most %d statements; send it in parts", MaxStatements)
	}
	r := &WireExecRequest{Atomic: o.Atomic, IdempotencyKey: o.IdempotencyKey, IdempotencyOf: o.IdempotencyOf, Statements: make([]*WireStatement, len(statements))}
	for i, s := range statements {
		var err error
		if r.Statements[i], err = fromStatement(s); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func toExec(r *WireExecRequest) ([]core.Statement, core.ExecOptions, error) {
	statements := make([]core.Statement, len(r.GetStatements()))
	for i, s := range r.GetStatements() {
		var err error
		if statements[i], err = toStatement(s); err != nil {
			return nil, core.ExecOptions{}, err
		}
	}
	return statements, core.ExecOptions{Atomic: r.GetAtomic(), IdempotencyKey: r.GetIdempotencyKey(), IdempotencyOf: r.GetIdempotencyOf()}, nil
}

func fromRows(rows *core.Rows) (*WireRows, error) {
	cells, err := packRows(rows.Values, len(rows.Columns))
	if err != nil {
		return nil, err
	}
	return &WireRows{
		Columns: toTexts(rows.Columns), Types: toTexts(rows.Types),
		Count: uint64(len(rows.Values)), Cells: cells,
		Truncated: rows.Truncated, Provenance: fromProvenance(rows.Provenance),
	}, nil
}

func toRows(r *WireRows) (*core.Rows, error) {
	values, err := unpackRows(r.GetCells(), r.GetCount(), len(r.GetColumns()))
	if err != nil {
		return nil, err
	}
	return &core.Rows{
		Columns: fromTexts(r.GetColumns()), Types: fromTexts(r.GetTypes()), Values: values,
		Truncated: r.GetTruncated(), Provenance: toProvenance(r.GetProvenance()),
	}, nil
}

// fromExecAnswer packs what a write did. With bare set the rows of RETURNING
// clauses are left out and marked truncated: the write is done and must be
// acknowledged even when its rows are too many to send.
func fromExecAnswer(a *core.ExecAnswer, bare bool) (*WireExecAnswer, error) {
	out := &WireExecAnswer{
		Results:    make([]*WireExecResult, len(a.Results)),
		Provenance: fromProvenance(a.Provenance),
	}
	for i, r := range a.Results {
		out.Results[i] = &WireExecResult{
			RowsAffected: r.RowsAffected, LastInsertId: r.LastInsertID, Error: []byte(r.Error),
		}
		if r.Rows == nil {
			continue
		}
		rows := r.Rows
		if bare {
			rows = &core.Rows{Columns: rows.Columns, Types: rows.Types, Truncated: true, Provenance: rows.Provenance}
		}
		var err error
		if out.Results[i].Rows, err = fromRows(rows); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func toExecAnswer(a *WireExecAnswer) (*core.ExecAnswer, error) {
	out := &core.ExecAnswer{
		Results:    make([]core.ExecResult, len(a.GetResults())),
		Provenance: toProvenance(a.GetProvenance()),
	}
	for i, r := range a.GetResults() {
		out.Results[i] = core.ExecResult{
			RowsAffected: r.GetRowsAffected(), LastInsertID: r.GetLastInsertId(), Error: string(r.GetError()),
		}
		if r.GetRows() == nil {
			continue
		}
		var err error
		if out.Results[i].Rows, err = toRows(r.GetRows()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func toTexts(in []string) [][]byte {
	out := make([][]byte, len(in))
	for i, s := range in {
		out[i] = []byte(s)
	}
	return out
}

func fromTexts(in [][]byte) []string {
	out := make([]string, len(in))
	for i, b := range in {
		out[i] = string(b)
	}
	return out
}
