package gateway

// This file is the key-value store, several keys at a time.

import (
	"net/http"
	"net/url"
	"strconv"

	"git.debros.io/DeBros/network/backend/core"
)

type listRequest struct {
	inNamespace
	readFields
	Prefix    string `json:"prefix,omitempty"`
	Separator string `json:"separator,omitempty"`
	Limit     int    `json:"limit,omitempty"`
	Cursor    string `json:"cursor,omitempty"`
	Values    bool   `json:"values,omitempty"`
}

// listAnswer is one page. Items are there when they were asked for; prefixes
// when a separator was sent: the branches into which longer keys are folded.
type listAnswer struct {
	Keys       []string     `json:"keys"`
	Prefixes   []string     `json:"prefixes,omitempty"`
	Items      []itemAnswer `json:"items,omitempty"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

type itemAnswer struct {
	Key       string       `json:"key"`
	Size      int          `json:"size"`
	Version   core.Version `json:"version"`
	UpdatedAt string       `json:"updated_at"`           // RFC 3339
	ExpiresAt string       `json:"expires_at,omitempty"` // left out when it never does
}

type batchRequest struct {
	inNamespace
	Ops []batchOp `json:"ops"`
}

type batchOp struct {
	Op          string  `json:"op"` // "put" or "delete"
	Key         string  `json:"key"`
	ValueBase64 *string `json:"value_base64,omitempty"`
	Value       *string `json:"value,omitempty"`
	TTL         any     `json:"ttl,omitempty"`
	IfVersion   *uint64 `json:"if_version,omitempty"` // 0: only when there is no such key
	IfAbsent    bool    `json:"if_absent,omitempty"`
}

type batchAnswer struct {
	Status  string        `json:"status"`
	Results []batchResult `json:"results"` // one per operation, in order
}

type batchResult struct {
	Op      string       `json:"op"`
	Key     string       `json:"key"`
	Version core.Version `json:"version,omitempty"` // of a put
	Deleted *bool        `json:"deleted,omitempty"` // of a delete: whether there was one
}

func (g *Gateway) listKeys(c *call) error {
	o, values, err := c.readList(c.queries())
	if err != nil {
		return err
	}
	page, err := g.services.Storage.List(c.r.Context(), c.ns, o)
	if err != nil {
		return err
	}
	b := make([]byte, 0, 64+64*len(page.Items))
	b = append(b, `{"keys":[`...)
	for i, item := range page.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, item.Key)
	}
	b = append(b, ']')
	if o.Separator != "" {
		b = appendStrings(append(b, `,"prefixes":`...), page.Prefixes)
	}
	if values {
		b = append(b, `,"items":[`...)
		for i, item := range page.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendItem(b, item)
		}
		b = append(b, ']')
	}
	if page.Next != "" {
		b = appendString(append(b, `,"next_cursor":`...), page.Next)
	}
	return c.sendJSON(http.StatusOK, append(b, '}'))
}

func appendItem(b []byte, item core.Item) []byte {
	b = appendString(append(b, `{"key":`...), item.Key)
	b = strconv.AppendInt(append(b, `,"size":`...), int64(item.Size), 10)
	b = strconv.AppendUint(append(b, `,"version":`...), uint64(item.Version), 10)
	b = appendString(append(b, `,"updated_at":`...), stamp(item.UpdatedAt))
	if !item.ExpiresAt.IsZero() {
		b = appendString(append(b, `,"expires_at":`...), stamp(item.ExpiresAt))
	}
	return append(b, '}')
}

// readList reads the body, if there is one, and the query, which counts more.
func (c *call) readList(q url.Values) (o core.ListOptions, values bool, err error) {
	var r listRequest
	if err = c.decodeIfAny(&r); err != nil {
		return o, false, err
	}
	for name, field := range map[string]*string{"prefix": &r.Prefix, "separator": &r.Separator, "cursor": &r.Cursor} {
		if q.Has(name) {
			*field = q.Get(name)
		}
	}
	if q.Has("limit") {
		if r.Limit, err = whole(q, "limit"); err != nil {
			return o, false, err
		}
	}
	if q.Has("values") {
		if r.Values, err = yes(q, "values"); err != nil {
			return o, false, err
		}
	}
	o = core.ListOptions{Prefix: r.Prefix, Separator: r.Separator, Cursor: r.Cursor, Limit: r.Limit}
	o.ReadOptions, err = r.options(q)
	return o, r.Values, err
}

func (g *Gateway) batchKeys(c *call) error {
	var r batchRequest
	if err := c.decode(&r); err != nil {
		return err
	}
	if len(r.Ops) > core.MaxBatchOps {
		return core.Errorf(core.TooLarge, "a batch has at most %d operations; send it in parts", core.MaxBatchOps)
	}
	ops := make([]core.Op, len(r.Ops))
	for i, one := range r.Ops {
		var err error
		if ops[i], err = one.read(); err != nil {
			return core.Wrap(core.CodeOf(err), err, "operation %d: %s", i+1, core.Sentence(err))
		}
	}
	if len(ops) > 0 {
		ops[0].IdempotencyKey = c.idempotencyKey()
	}
	done, err := g.services.Storage.Batch(c.r.Context(), c.ns, ops)
	if err != nil {
		return err
	}
	answer := batchAnswer{Status: "ok", Results: make([]batchResult, len(ops))}
	for i, op := range ops {
		answer.Results[i] = batchResult{Op: r.Ops[i].Op, Key: op.Key, Version: done.Versions[i]}
		if op.Delete {
			answer.Results[i].Deleted = &done.Deleted[i]
		}
	}
	return c.answer(http.StatusOK, answer)
}

func (one batchOp) read() (op core.Op, err error) {
	op.Key = one.Key
	switch one.Op {
	case "put":
		if op.Value, err = bytesOf(one.Value, one.ValueBase64); err != nil {
			return op, err
		}
	case "delete":
		op.Delete = true
		if one.Value != nil || one.ValueBase64 != nil {
			return op, core.Errorf(core.Invalid, "a delete has no value")
		}
	default:
		return op, core.Errorf(core.Invalid, "op is \"put\" or \"delete\"")
	}
	op.IfAbsent = one.IfAbsent
	onVersion(&op.PutOptions, one.IfVersion)
	op.TTL, err = span("ttl", one.TTL)
	return op, err
}
