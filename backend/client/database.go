// SQL.

package client

import (
	"context"
	"math"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// Database is the namespace's SQL database.
type Database struct{ client *Client }

// Database returns the namespace's SQL database.
func (c *Client) Database() *Database { return &Database{c} }

// QueryResult is the answer to a read. A cell is nil, int64, float64, string or
// []byte, as SQLite stores it.
type QueryResult struct {
	Columns    []string        `json:"columns"`
	Types      []string        `json:"types"` // as declared, "" for an expression
	Rows       [][]any         `json:"rows"`
	Count      int64           `json:"count"`
	Truncated  bool            `json:"truncated,omitempty"` // a limit of the node cut it
	Provenance core.Provenance `json:"provenance"`
}

// Query reads with one statement, linearizably. args bind to its ? parameters:
// nil, bools, numbers, strings and []byte. A statement that writes is refused;
// use Execute. QueryStatement takes named parameters, levels and limits.
func (d *Database) Query(ctx context.Context, sql string, args ...any) (*QueryResult, error) {
	bound, err := bind(args)
	if err != nil {
		return nil, err
	}
	rows, err := d.QueryStatement(ctx, core.Statement{SQL: sql, Args: bound}, core.QueryOptions{})
	if err != nil {
		return nil, err
	}
	return &QueryResult{
		Columns: rows.Columns, Types: rows.Types, Rows: rows.Values, Count: int64(len(rows.Values)),
		Truncated: rows.Truncated, Provenance: rows.Provenance,
	}, nil
}

// QueryStatement reads with all that can be said about a read.
func (d *Database) QueryStatement(ctx context.Context, s core.Statement, o core.QueryOptions) (rows *core.Rows, err error) {
	err = d.client.call(ctx, func(conn *rpc.Conn) (err error) {
		rows, err = conn.Query(ctx, d.client.Namespace(), s, o)
		return err
	})
	return rows, err
}

// Execute writes with one statement and returns when that is durable.
func (d *Database) Execute(ctx context.Context, sql string, args ...any) (*core.ExecResult, error) {
	bound, err := bind(args)
	if err != nil {
		return nil, err
	}
	answer, err := d.Exec(ctx, []core.Statement{{SQL: sql, Args: bound}}, core.ExecOptions{})
	if err != nil {
		return nil, err
	}
	if len(answer.Results) != 1 {
		return nil, core.Errorf(core.Internal, "the node answered with %d results for one statement", len(answer.Results))
	}
	return &answer.Results[0], nil
}

// Exec writes with several statements. Each fails alone and says so in its
// result, unless the options make them one transaction.
func (d *Database) Exec(ctx context.Context, statements []core.Statement, o core.ExecOptions) (answer *core.ExecAnswer, err error) {
	err = d.client.call(ctx, func(conn *rpc.Conn) (err error) {
		answer, err = conn.Exec(ctx, d.client.Namespace(), statements, o)
		return err
	})
	return answer, err
}

// Transaction writes with all statements or, when one fails, with none. The
// error is that of the one that failed. For parameters use Exec with Atomic set.
func (d *Database) Transaction(ctx context.Context, queries []string) error {
	statements := make([]core.Statement, len(queries))
	for i, sql := range queries {
		statements[i] = core.Statement{SQL: sql}
	}
	_, err := d.Exec(ctx, statements, core.ExecOptions{Atomic: true})
	return err
}

// CreateTable runs a CREATE TABLE statement.
func (d *Database) CreateTable(ctx context.Context, schema string) error {
	_, err := d.Execute(ctx, schema)
	return err
}

// DropTable removes a table. The name is taken as it is, whatever is in it.
func (d *Database) DropTable(ctx context.Context, name string) error {
	_, err := d.Execute(ctx, `DROP TABLE "`+strings.ReplaceAll(name, `"`, `""`)+`"`)
	return err
}

// GetSchema lists the tables and views of the namespace.
func (d *Database) GetSchema(ctx context.Context) (*core.Schema, error) {
	var schema core.Schema
	err := d.client.call(ctx, func(conn *rpc.Conn) (err error) {
		schema, err = conn.Schema(ctx, d.client.Namespace())
		return err
	})
	if err != nil {
		return nil, err
	}
	return &schema, nil
}

// bind turns the number types of Go into the two that SQLite has.
func bind(args []any) ([]any, error) {
	bound := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case nil, bool, int64, float64, string, []byte:
			bound[i] = v
		case int:
			bound[i] = int64(v)
		case int8:
			bound[i] = int64(v)
		case int16:
			bound[i] = int64(v)
		case int32:
			bound[i] = int64(v)
		case uint8:
			bound[i] = int64(v)
		case uint16:
			bound[i] = int64(v)
		case uint32:
			bound[i] = int64(v)
		case uint:
			if uint64(v) > math.MaxInt64 {
				return nil, errTooBig(i)
			}
			bound[i] = int64(v)
		case uint64:
			if v > math.MaxInt64 {
				return nil, errTooBig(i)
			}
			bound[i] = int64(v)
		case float32:
			bound[i] = float64(v)
		default:
			return nil, core.Errorf(core.Invalid,
				"parameter %d has type %T; use nil, a bool, a number, a string or []byte (a time as text or as its Unix number)", i+1, arg)
		}
	}
	return bound, nil
}

func errTooBig(i int) error {
	return core.Errorf(core.Invalid, "parameter %d is above SQLite's largest integer; send it as text", i+1)
}
