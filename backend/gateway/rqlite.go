package gateway

// This file has the routes under /v1/rqlite, which the older clients call: the
// same statements, with rows as objects.

import (
	"net/http"
	"strconv"

	"git.debros.io/DeBros/network/backend/core"
)

type execAnswer struct {
	RowsAffected int64 `json:"rows_affected"`
	LastInsertID int64 `json:"last_insert_id"`
}

// itemsAnswer is rows as objects; cells as in queryAnswer.
type itemsAnswer struct {
	Items     []map[string]any `json:"items"`
	Count     int              `json:"count"`
	Truncated bool             `json:"truncated,omitempty"` // a limit cut the rows
}

func (g *Gateway) rqliteRoutes() []route {
	read := needs(core.PermissionRead)
	return withService(g.services.Database != nil, []route{
		{
			methods: "POST", path: "/v1/rqlite/exec", access: read, body: jsonBody, request: queryRequest{}, response: execAnswer{}, serve: g.rqliteExec,
			summary: "Runs one statement that writes and counts its rows; the right to write is asked for.",
		},
		{
			methods: "POST", path: "/v1/rqlite/query", access: read, body: jsonBody, request: queryRequest{}, response: itemsAnswer{}, serve: g.rqliteQuery,
			summary: "Runs one statement and answers its rows as objects.",
		},
		{
			methods: "POST", path: "/v1/rqlite/transaction", access: read, body: jsonBody, request: transactionRequest{}, response: transactionAnswer{}, serve: g.transaction,
			summary: "Runs ops or statements as one transaction: all or none, and with an Idempotency-Key at most once.",
		},
		{
			methods: "POST", path: "/v1/rqlite/find", access: read, body: jsonBody, request: findRequest{}, response: itemsAnswer{}, serve: g.find,
			summary: "Answers a table's rows that match criteria.",
		},
		{
			methods: "POST", path: "/v1/rqlite/find-one", access: read, body: jsonBody, request: findRequest{}, response: map[string]any{}, serve: g.findOne,
			summary: "Answers the first row that matches criteria.",
		},
		{
			methods: "POST", path: "/v1/rqlite/select", access: read, body: jsonBody, request: selectRequest{}, response: itemsAnswer{}, serve: g.selectRows,
			summary: "Answers the rows of a SELECT that is put together from its parts.",
		},
	})
}

func (g *Gateway) rqliteExec(c *call) error {
	out, err := c.runBody()
	if err != nil {
		return err
	}
	return c.sendJSON(http.StatusOK, out.appendCounts(nil))
}

func (g *Gateway) rqliteQuery(c *call) error {
	out, err := c.runBody()
	if err != nil {
		return err
	}
	if out.rows == nil {
		out.rows = &core.Rows{}
	}
	return c.sendItems(out.rows)
}

func (c *call) runBody() (outcome, error) {
	var r queryRequest
	if err := c.decode(&r); err != nil {
		return outcome{}, err
	}
	s, o, err := r.read()
	if err != nil {
		return outcome{}, err
	}
	return c.run(s, o)
}

// sendItems answers an itemsAnswer.
func (c *call) sendItems(rows *core.Rows) error {
	b, err := appendItems(append(make([]byte, 0, sizeOf(rows)), `{"items":`...), rows)
	if err != nil {
		return err
	}
	b = strconv.AppendInt(append(b, `,"count":`...), int64(len(rows.Values)), 10)
	if rows.Truncated {
		b = append(b, `,"truncated":true`...)
	}
	return c.sendJSON(http.StatusOK, append(b, '}'))
}

// built runs a SELECT that was put together here. It must read, whatever its
// parts say.
func (c *call) built(s core.Statement, err error) (*core.Rows, error) {
	if err != nil {
		return nil, err
	}
	kind, err := c.g.services.Database.Kind(s.SQL)
	if err != nil {
		return nil, err
	}
	if kind != kindRead {
		return nil, core.Errorf(core.Invalid, "the parts of a SELECT may only read")
	}
	return c.g.services.Database.Query(c.r.Context(), c.ns, s, core.QueryOptions{})
}

func (g *Gateway) find(c *call) error {
	var r findRequest
	if err := c.decode(&r); err != nil {
		return err
	}
	rows, err := c.built(r.build())
	if err != nil {
		return err
	}
	return c.sendItems(rows)
}

func (g *Gateway) findOne(c *call) error {
	var r findRequest
	if err := c.decode(&r); err != nil {
		return err
	}
	one := 1
	r.Options.Limit = &one
	rows, err := c.built(r.build())
	if err != nil {
		return err
	}
	return c.sendRow(rows, false)
}

func (g *Gateway) selectRows(c *call) error {
	var r selectRequest
	if err := c.decode(&r); err != nil {
		return err
	}
	if r.One {
		one := 1
		r.Limit = &one
	}
	rows, err := c.built(r.build())
	if err != nil {
		return err
	}
	if r.One {
		return c.sendRow(rows, true)
	}
	return c.sendItems(rows)
}

// sendRow answers the first row as an object, with items also as a list beside
// its fields. A column named items gives way to that list.
func (c *call) sendRow(rows *core.Rows, items bool) (err error) {
	if len(rows.Values) == 0 {
		return core.Errorf(core.NotFound, "there is no such row")
	}
	b, except := []byte("{"), ""
	if items {
		if b, err = appendItems(append(b, `"items":`...), rows); err != nil {
			return err
		}
		except = "items"
	}
	before := len(b)
	if items {
		b = append(b, ',')
	}
	fields, err := membersOf(rows).appendFields(b, rows.Values[0], except)
	if err != nil {
		return err
	}
	if len(fields) == len(b) { // no field beside the list
		fields = fields[:before]
	}
	return c.sendJSON(http.StatusOK, append(fields, '}'))
}
