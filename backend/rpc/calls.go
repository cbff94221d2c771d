// The services' methods on a Conn.

package rpc

import (
	"context"

	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// A Conn stands for the services of the node at its other end.
var (
	_ DatabaseService = (*Conn)(nil)
	_ StorageService  = (*Conn)(nil)
	_ NodeService     = (*Conn)(nil)
)

// in makes a call in a namespace, which must be the stream's.
func (c *Conn) in(ctx context.Context, ns core.Namespace, m method, req, answer proto.Message) error {
	if ns != c.ns {
		return core.Errorf(core.Denied, "this connection is for the namespace %q; open another one for %q", c.ns, ns)
	}
	return c.call(ctx, m, req, answer)
}

// Query reads with one statement.
func (c *Conn) Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	req, err := fromQuery(s, o)
	if err != nil {
		return nil, err
	}
	var answer WireRows
	if err := c.in(ctx, ns, methodQuery, req, &answer); err != nil {
		return nil, err
	}
	return toRows(&answer)
}

// Exec writes with one or more statements. Rows of a RETURNING clause that are
// too many to send are left out and marked truncated.
func (c *Conn) Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	req, err := fromExec(statements, o)
	if err != nil {
		return nil, err
	}
	var answer WireExecAnswer
	if err := c.in(ctx, ns, methodExec, req, &answer); err != nil {
		return nil, err
	}
	return toExecAnswer(&answer)
}

// Schema returns the tables and views of the namespace.
func (c *Conn) Schema(ctx context.Context, ns core.Namespace) (schema core.Schema, err error) {
	err = c.document(ctx, ns, methodSchema, &WireNodeRequest{}, &schema)
	return schema, err
}

// Get reads one key.
func (c *Conn) Get(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error) {
	var answer WireItemAnswer
	if err := c.in(ctx, ns, methodGet, fromKey(key, o), &answer); err != nil {
		return core.Item{}, core.Provenance{}, err
	}
	return toItem(answer.GetItem()), toProvenance(answer.GetProvenance()), nil
}

// Put stores one value.
func (c *Conn) Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	return c.change(ctx, ns, methodPut, fromOp(core.Op{Key: key, Value: value, PutOptions: o}))
}

// Delete removes one key.
func (c *Conn) Delete(ctx context.Context, ns core.Namespace, key string) (core.WriteAnswer, error) {
	return c.change(ctx, ns, methodDelete, fromOp(core.Op{Key: key}))
}

// Batch does all operations or none.
func (c *Conn) Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	req, err := fromOps(ops)
	if err != nil {
		return core.WriteAnswer{}, err
	}
	return c.change(ctx, ns, methodBatch, req)
}

func (c *Conn) change(ctx context.Context, ns core.Namespace, m method, req proto.Message) (core.WriteAnswer, error) {
	var answer WireWriteAnswer
	if err := c.in(ctx, ns, m, req, &answer); err != nil {
		return core.WriteAnswer{}, err
	}
	return toWriteAnswer(&answer), nil
}

// List returns a page of keys.
func (c *Conn) List(ctx context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error) {
	var answer WirePage
	if err := c.in(ctx, ns, methodList, fromList(o), &answer); err != nil {
		return core.Page{}, err
	}
	return toPage(&answer), nil
}

// Exists says whether there is such a key.
func (c *Conn) Exists(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (bool, core.Provenance, error) {
	var answer WireExistsAnswer
	if err := c.in(ctx, ns, methodExists, fromKey(key, o), &answer); err != nil {
		return false, core.Provenance{}, err
	}
	return answer.GetExists(), toProvenance(answer.GetProvenance()), nil
}

// Status is what the node says about itself. Who is not its operator does not
// hear where its data is, nor of other namespaces.
func (c *Conn) Status(ctx context.Context) (status core.Status, err error) {
	err = c.document(ctx, c.ns, methodStatus, &WireNodeRequest{}, &status)
	return status, err
}

// Health is the state of the node's parts.
func (c *Conn) Health(ctx context.Context) (health core.Health, err error) {
	err = c.document(ctx, c.ns, methodHealth, &WireNodeRequest{}, &health)
	return health, err
}

// Peers are the peers that the node knows.
func (c *Conn) Peers(ctx context.Context) (peers []core.Peer, err error) {
	err = c.document(ctx, c.ns, methodPeers, &WireNodeRequest{}, &peers)
	return peers, err
}

// Connect makes the node dial a multiaddress. Operators only.
func (c *Conn) Connect(ctx context.Context, addr string) error {
	return c.document(ctx, c.ns, methodConnect, &WireNodeRequest{Target: addr}, nil)
}

// Disconnect makes the node drop a peer. Operators only.
func (c *Conn) Disconnect(ctx context.Context, id string) error {
	return c.document(ctx, c.ns, methodDisconnect, &WireNodeRequest{Target: id}, nil)
}

// Topics are the namespace's topics that somebody listens to.
func (c *Conn) Topics(ctx context.Context, ns core.Namespace) (topics []string, err error) {
	err = c.document(ctx, ns, methodTopics, &WireNodeRequest{}, &topics)
	return topics, err
}

// Logs returns up to limit log entries after a number; 0 and anything above
// MaxLogEntries mean MaxLogEntries. Operators only.
func (c *Conn) Logs(ctx context.Context, after uint64, limit int) (entries []core.LogEntry, err error) {
	req := &WireNodeRequest{After: after, Limit: int64(limit)}
	err = c.document(ctx, c.ns, methodLogs, req, &entries)
	return entries, err
}

// Limits are the node's bounds.
func (c *Conn) Limits(ctx context.Context) (limits []core.Limit, err error) {
	err = c.document(ctx, c.ns, methodLimits, &WireNodeRequest{}, &limits)
	return limits, err
}

// Stop ends the node. Operators only.
func (c *Conn) Stop(ctx context.Context) error {
	return c.document(ctx, c.ns, methodStop, &WireNodeRequest{}, nil)
}

// Open returns a one-time link to the node's page, which asks about the debros:
// link if there is one. Operators only.
func (c *Conn) Open(ctx context.Context, link string) (url string, err error) {
	err = c.document(ctx, c.ns, methodOpen, &WireNodeRequest{Target: link}, &url)
	return url, err
}

// document makes a call whose answer is JSON, and reads it into v unless v is nil.
func (c *Conn) document(ctx context.Context, ns core.Namespace, m method, req proto.Message, v any) error {
	var answer WireDocument
	if err := c.in(ctx, ns, m, req, &answer); err != nil {
		return err
	}
	if v == nil {
		return nil
	}
	return readDocument(&answer, v)
}

// Ask asks another member's replica; the answer is decoded into out, which may
// be nil.
func (c *Conn) Ask(ctx context.Context, verb string, out any) error {
	return c.document(ctx, c.ns, methodAsk, &WireNodeRequest{Target: verb}, out)
}
