// The calls that wait for changes, and the history of keys.

package rpc

import (
	"context"
	"encoding/json"
	"time"

	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// FeedService tells what changes in a namespace. Watch, Live and Changed are long
// polls: they answer once there is something to tell, or when the time they were
// given for it is up.
type FeedService interface {
	// Watch returns changes of keys, in commit order.
	Watch(ctx context.Context, ns core.Namespace, o core.WatchOptions) (core.Changes, error)
	// History returns what is kept of a key's past.
	History(ctx context.Context, ns core.Namespace, key string, limit int) (core.History, error)
	// Live reads again once a table that the statement reads has changed.
	Live(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error)
}

// ChangedService is what a member asks another one's replica.
type ChangedService interface {
	Changed(ctx context.Context, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error)
}

// The numbers are on the wire, as those in service.go.
const (
	methodWatch   method = 70
	methodHistory method = 71
	methodLive    method = 72
	methodChanged method = 73 // among members
)

// feeds tells whether a call belongs to the change feed.
func (m method) feeds() bool { return m >= methodWatch && m <= methodChanged }

// waits tells whether a call spends its time waiting. Such calls have a bound of
// their own, so that many watchers leave room for those who work.
func (m method) waits() bool {
	return m == methodWatch || m == methodLive || m == methodChanged
}

// errWaits refuses one waiting call too many.
func errWaits() error {
	return core.Errorf(core.Limited, "%d calls wait for changes on this stream; end some, or open another connection", MaxWaits)
}

// changedRequest is a Changed call in JSON.
type changedRequest struct {
	After  uint64        `json:"after"`
	Tables []string      `json:"tables,omitempty"`
	Wait   time.Duration `json:"wait"`
}

// liveRequest is a Live call in JSON. The statement is a WireQueryRequest, which
// keeps the types of its parameters.
type liveRequest struct {
	Query []byte        `json:"query"`
	After uint64        `json:"after"`
	Wait  time.Duration `json:"wait"`
}

// liveAnswer is the answer; its rows are a WireRows, nil for none.
type liveAnswer struct {
	Rows    []byte `json:"rows,omitempty"`
	Changed bool   `json:"changed"`
	Gap     bool   `json:"gap"`
	Index   uint64 `json:"index"`
}

func (d dispatcher) feed(ctx context.Context, m method, body []byte) (proto.Message, error) {
	var req WireNodeRequest
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	if m == methodChanged {
		return d.changed(ctx, req.GetTarget())
	}
	if d.services.Feed == nil {
		return nil, core.Errorf(core.Unavailable, "this node tells nobody of changes")
	}
	switch m {
	case methodHistory:
		limit, err := toInt(req.GetLimit())
		if err != nil {
			return nil, err
		}
		history, err := d.services.Feed.History(ctx, d.ns, req.GetTarget(), limit)
		return documentOr(err, history)
	case methodLive:
		return d.live(ctx, req.GetTarget())
	default:
		var o core.WatchOptions
		if err := readRequest(req.GetTarget(), &o); err != nil {
			return nil, err
		}
		changes, err := d.services.Feed.Watch(ctx, d.ns, o)
		return documentOr(err, changes)
	}
}

func readRequest(text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return core.Wrap(core.Invalid, err, "the request cannot be read")
	}
	return nil
}

func (d dispatcher) changed(ctx context.Context, text string) (proto.Message, error) {
	var req changedRequest
	if err := readRequest(text, &req); err != nil {
		return nil, err
	}
	replicas, ok := d.services.Replicas.(ChangedService)
	if !ok {
		return nil, core.Errorf(core.Denied, "this is for members of the network")
	}
	change, err := replicas.Changed(ctx, d.ns, req.After, req.Tables, req.Wait)
	return documentOr(err, change)
}

func (d dispatcher) live(ctx context.Context, text string) (proto.Message, error) {
	var req liveRequest
	if err := readRequest(text, &req); err != nil {
		return nil, err
	}
	var query WireQueryRequest
	if err := unmarshal(req.Query, &query, plainEntries); err != nil {
		return nil, err
	}
	statement, options, err := toQuery(&query)
	if err != nil {
		return nil, err
	}
	answer, err := d.services.Feed.Live(ctx, d.ns, statement, core.LiveOptions{After: req.After, Wait: req.Wait, MaxRows: options.MaxRows})
	if err != nil {
		return nil, err
	}
	out := liveAnswer{Changed: answer.Changed, Gap: answer.Gap, Index: answer.Index}
	if answer.Rows != nil {
		rows, err := fromRows(answer.Rows)
		if err != nil {
			return nil, err
		}
		if out.Rows, err = marshal(rows); err != nil {
			return nil, err
		}
	}
	return document(out)
}

var _ FeedService = (*Conn)(nil)

// request sends a request in JSON and reads the answer into v.
func (c *Conn) request(ctx context.Context, ns core.Namespace, m method, req, v any) error {
	text, err := json.Marshal(req)
	if err != nil {
		return core.Wrap(core.Invalid, err, "the request cannot be sent")
	}
	return c.document(ctx, ns, m, &WireNodeRequest{Target: string(text)}, v)
}

// Watch returns changes of keys, or waits for the first.
func (c *Conn) Watch(ctx context.Context, ns core.Namespace, o core.WatchOptions) (changes core.Changes, err error) {
	err = c.request(ctx, ns, methodWatch, o, &changes)
	keepEmpty(changes.Changes)
	return changes, err
}

// History returns what is kept of a key's past.
func (c *Conn) History(ctx context.Context, ns core.Namespace, key string, limit int) (history core.History, err error) {
	err = c.document(ctx, ns, methodHistory, &WireNodeRequest{Target: key, Limit: int64(limit)}, &history)
	keepEmpty(history.Versions)
	return history, err
}

// keepEmpty tells a value of no bytes from none, which JSON does not.
func keepEmpty(changes []core.KVChange) {
	for i := range changes {
		if c := &changes[i]; c.Operation == core.OperationPut && c.Value == nil {
			c.Value = []byte{}
		}
	}
}

// Live reads, or waits until the answer may have changed.
func (c *Conn) Live(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error) {
	query, err := fromQuery(s, core.QueryOptions{MaxRows: o.MaxRows})
	if err != nil {
		return core.LiveAnswer{}, err
	}
	req := liveRequest{After: o.After, Wait: o.Wait}
	if req.Query, err = marshal(query); err != nil {
		return core.LiveAnswer{}, err
	}
	var got liveAnswer
	if err = c.request(ctx, ns, methodLive, req, &got); err != nil {
		return core.LiveAnswer{}, err
	}
	answer := core.LiveAnswer{Changed: got.Changed, Gap: got.Gap, Index: got.Index}
	if got.Rows == nil {
		return answer, nil
	}
	var rows WireRows
	if err = unmarshal(got.Rows, &rows, answerEntries); err != nil {
		return core.LiveAnswer{}, err
	}
	answer.Rows, err = toRows(&rows)
	return answer, err
}

// Changed waits at another member's replica.
func (c *Conn) Changed(ctx context.Context, ns core.Namespace, after uint64, tables []string, wait time.Duration) (change core.Change, err error) {
	err = c.request(ctx, ns, methodChanged, changedRequest{After: after, Tables: tables, Wait: wait}, &change)
	return change, err
}
