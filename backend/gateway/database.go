package gateway

// This file is SQL as the HTTP contract has it, section 5.

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// The kinds of a statement, as Database.Kind names them.
const (
	kindRead   = "read"
	kindWrite  = "write"
	kindSchema = "schema"
)

// queryRequest is one statement; see statement for the values.
type queryRequest struct {
	inNamespace
	readFields
	SQL     string         `json:"sql"`
	Args    []any          `json:"args,omitempty"`
	Named   map[string]any `json:"named,omitempty"`
	Timeout any            `json:"timeout,omitempty"`  // seconds, or "2s"; at most the node's own limit
	MaxRows int            `json:"max_rows,omitempty"` // cuts the answer earlier than the node does
}

// queryAnswer is what one statement came to. Types are the columns' declared
// types in lower case, or those of the values where an expression has none. A BLOB is base64
// text and an infinite number "Infinity" or "-Infinity", because JSON has
// neither; a REAL always has a point or an exponent. Time is in seconds.
type queryAnswer struct {
	Columns      []string `json:"columns"`
	Types        []string `json:"types,omitempty"`
	Rows         [][]any  `json:"rows"`
	Count        int      `json:"count"`
	Truncated    bool     `json:"truncated,omitempty"` // a limit cut the rows
	RowsAffected *int64   `json:"rows_affected,omitempty"`
	LastInsertID *int64   `json:"last_insert_id,omitempty"`
	Time         float64  `json:"time"`
}

type transactionRequest struct {
	inNamespace
	// Statements are texts, or objects with sql and args.
	Statements []statement `json:"statements,omitempty"`
	// Ops are the statements of the older clients, whose kind decides the form of
	// the results; they are answered only with return_results.
	Ops           []statement `json:"ops,omitempty"`
	ReturnResults bool        `json:"return_results,omitempty"`
	Timeout       any         `json:"timeout,omitempty"`
}

type transactionAnswer struct {
	Status  string        `json:"status"`
	Results []queryAnswer `json:"results"`
}

type createTableRequest struct {
	inNamespace
	Schema string `json:"schema"` // one CREATE statement
}

type dropTableRequest struct {
	inNamespace
	Table string `json:"table"` // one name; no error when there is no such table
}

func (g *Gateway) databaseRoutes() []route {
	read, schema := needs(core.PermissionRead), needs(core.PermissionSchema)
	list := []route{
		{
			methods: "POST", path: "/v1/db/query", access: read, body: jsonBody, request: queryRequest{}, response: queryAnswer{}, serve: g.query,
			summary: "Runs one statement, a read or a write. A write needs the right to write, one that makes or drops tables the right to do that.",
		},
		{
			methods: "POST", path: "/v1/db/transaction", access: read, body: jsonBody, request: transactionRequest{}, response: transactionAnswer{}, serve: g.transaction,
			summary: "Runs statements as one transaction: all or none, and with an Idempotency-Key at most once.",
		},
		{
			methods: "GET", path: "/v1/db/subscribe", access: read, upgrade: true, stream: true, response: liveAnswer{}, serve: g.subscribe,
			summary: "A WebSocket that tells the rows of a SELECT, and again whenever a table that it reads has changed.",
			params: []param{
				{name: "sql", help: "One SELECT.", required: true},
				{name: "args", help: "Its values, as a JSON list."},
			},
		},
	}
	for _, prefix := range []string{"/v1/db", "/v1/rqlite"} {
		list = append(list,
			route{
				methods: "POST", path: prefix + "/create-table", access: schema, body: jsonBody, summary: "Runs one CREATE statement.",
				request: createTableRequest{}, response: okAnswer{}, status: created, serve: g.createTable,
			},
			route{
				methods: "POST", path: prefix + "/drop-table", access: schema, body: jsonBody, summary: "Drops a table.",
				request: dropTableRequest{}, response: okAnswer{}, serve: g.dropTable,
			},
			route{
				methods: "GET POST", path: prefix + "/schema", access: read, body: rawBody, summary: "Lists the namespace's tables with their columns and indexes.",
				response: core.Schema{}, serve: g.schema,
			})
	}
	return withService(g.services.Database != nil && g.services.Feed != nil, list)
}

// permissionFor is what a kind of statement needs.
func permissionFor(kind string) core.Permission {
	switch kind {
	case kindRead:
		return core.PermissionRead
	case kindSchema:
		return core.PermissionSchema
	}
	return core.PermissionWrite
}

// outcome is what one statement came to: rows, or a count, or both.
type outcome struct {
	rows    *core.Rows
	written *core.ExecResult // nil of a read
	took    time.Duration
}

// run runs one statement on the way that it needs, when the caller may.
func (c *call) run(s core.Statement, o core.QueryOptions) (outcome, error) {
	kind, err := c.g.services.Database.Kind(s.SQL)
	if err != nil {
		return outcome{}, err
	}
	began := time.Now()
	if kind == kindRead {
		rows, errRead := c.g.services.Database.Query(c.r.Context(), c.ns, s, o)
		return outcome{rows: rows, took: time.Since(began)}, errRead
	}
	if err = c.allow(permissionFor(kind)); err != nil {
		return outcome{}, err
	}
	ctx, cancel := within(c.r.Context(), o.Timeout)
	defer cancel()
	done, err := c.g.services.Database.Exec(ctx, c.ns, []core.Statement{s}, core.ExecOptions{IdempotencyKey: c.idempotencyKey()})
	if err != nil {
		return outcome{}, err
	}
	return outcome{rows: done.Results[0].Rows, written: &done.Results[0], took: time.Since(began)}, nil
}

// within is ctx with a limit of time, when there is one.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// read makes the statement and the options out of the request.
func (r queryRequest) read() (s core.Statement, o core.QueryOptions, err error) {
	if s, err = (statement{SQL: r.SQL, Args: r.Args, Named: r.Named}).values(); err != nil {
		return s, o, err
	}
	if o.ReadOptions, err = r.options(nil); err != nil {
		return s, o, err
	}
	if r.MaxRows < 0 {
		return s, o, core.Errorf(core.Invalid, "max_rows is a whole number")
	}
	o.MaxRows = r.MaxRows
	o.Timeout, err = span("timeout", r.Timeout)
	return s, o, err
}

func (g *Gateway) query(c *call) error {
	var r queryRequest
	if err := c.decode(&r); err != nil {
		return err
	}
	s, o, err := r.read()
	if err != nil {
		return err
	}
	out, err := c.run(s, o)
	if err != nil {
		return err
	}
	b, err := out.append(nil)
	if err != nil {
		return err
	}
	return c.sendJSON(http.StatusOK, b)
}

// append adds the outcome as a queryAnswer. A write without rows answers with
// its counts as the one row, which the older clients read.
func (o outcome) append(b []byte) (_ []byte, err error) {
	if o.rows == nil {
		b = append(b, `{"columns":["rows_affected","last_insert_id"],"rows":[[`...)
		b = strconv.AppendInt(b, o.written.RowsAffected, 10)
		b = strconv.AppendInt(append(b, ','), o.written.LastInsertID, 10)
		b = append(b, `]],"count":1`...)
	} else {
		if b == nil {
			b = make([]byte, 0, sizeOf(o.rows))
		}
		b = appendStrings(append(b, `{"columns":`...), o.rows.Columns)
		b = appendStrings(append(b, `,"types":`...), typesOf(o.rows))
		if b, err = appendValues(append(b, `,"rows":`...), o.rows); err != nil {
			return b, err
		}
		b = strconv.AppendInt(append(b, `,"count":`...), int64(len(o.rows.Values)), 10)
		if o.rows.Truncated {
			b = append(b, `,"truncated":true`...)
		}
	}
	if o.written != nil {
		b = strconv.AppendInt(append(b, `,"rows_affected":`...), o.written.RowsAffected, 10)
		if o.rows == nil {
			b = strconv.AppendInt(append(b, `,"last_insert_id":`...), o.written.LastInsertID, 10)
		}
	}
	b = strconv.AppendFloat(append(b, `,"time":`...), o.took.Seconds(), 'f', 6, 64)
	return append(b, '}'), nil
}

// createTable runs one CREATE statement; that it is one and no more, sqlguard has
// said when its kind is known.
func (g *Gateway) createTable(c *call) error {
	var r createTableRequest
	if err := c.decode(&r); err != nil {
		return err
	}
	kind, err := g.services.Database.Kind(r.Schema)
	if err != nil {
		return err
	}
	if kind != kindSchema || !strings.EqualFold(firstWord(r.Schema), "CREATE") {
		return core.Errorf(core.Invalid, "schema is one CREATE statement; send others to /v1/db/query")
	}
	if err = c.change(core.Statement{SQL: r.Schema}); err != nil {
		return err
	}
	return c.ok(created)
}

func (g *Gateway) dropTable(c *call) error {
	var r dropTableRequest
	if err := c.decode(&r); err != nil {
		return err
	}
	name, err := quoteName(r.Table)
	if err != nil {
		return err
	}
	if err = c.change(core.Statement{SQL: "DROP TABLE IF EXISTS " + name}); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

// change runs one statement whose counts nobody asks for.
func (c *call) change(s core.Statement) error {
	_, err := c.g.services.Database.Exec(c.r.Context(), c.ns, []core.Statement{s}, core.ExecOptions{IdempotencyKey: c.idempotencyKey()})
	return err
}

func (g *Gateway) schema(c *call) error {
	if err := c.decodeIfAny(&inNamespace{}); err != nil {
		return err
	}
	s, err := g.services.Database.Schema(c.r.Context(), c.ns)
	if err != nil {
		return err
	}
	if s.Tables == nil {
		s.Tables = []core.Table{}
	}
	for i := range s.Tables { // empty lists are [], never null
		if s.Tables[i].Columns == nil {
			s.Tables[i].Columns = []core.Column{}
		}
		if s.Tables[i].Indexes == nil {
			s.Tables[i].Indexes = []core.Index{}
		}
	}
	return c.answer(http.StatusOK, s)
}

// firstWord is the first word of a statement, behind blanks and comments.
func firstWord(sql string) string {
	for {
		sql = strings.TrimLeft(sql, " \t\r\n\f\ufeff")
		var found bool
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, found = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			_, sql, found = strings.Cut(sql[2:], "*/")
		default:
			end := strings.IndexFunc(sql, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
			if end < 0 {
				return sql
			}
			return sql[:end]
		}
		if !found {
			return ""
		}
	}
}
