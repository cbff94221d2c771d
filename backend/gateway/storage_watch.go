package gateway

// This file tells changes of keys as server-sent events (HTML standard, section
// 9.2): a page needs nothing but EventSource to follow them.

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// watchBeat is the longest silence of a stream: proxies cut what is silent for
	// half a minute.
	watchBeat = 15 * time.Second
	// MaxStallTime is how long a stream waits for a reader or a sender who does
	// nothing, before it is cut. It holds nobody else up.
	MaxStallTime = 30 * time.Second
	// watchPage is how many changes are asked for at once.
	watchPage = 500
)

// events writes server-sent events.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     []byte
}

// begin sends the head of the answer.
func (e *events) begin() error {
	h := e.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // proxies would keep events until there are many
	e.w.WriteHeader(http.StatusOK)
	e.buf = append(e.buf, ": hello\n\n"...)
	return e.flush()
}

// add puts one event behind those that wait. data is one line; id is left out
// when it is 0.
func (e *events) add(name string, id core.Version, data []byte) {
	if id > 0 {
		e.buf = strconv.AppendUint(append(e.buf, "id: "...), uint64(id), 10)
		e.buf = append(e.buf, '\n')
	}
	e.buf = append(append(append(e.buf, "event: "...), name...), "\ndata: "...)
	e.buf = append(append(e.buf, data...), "\n\n"...)
}

// beat shows that the stream lives and where it is.
func (e *events) beat(id core.Version) {
	e.buf = append(e.buf, ": beat\n"...)
	if id > 0 {
		e.buf = strconv.AppendUint(append(e.buf, "id: "...), uint64(id), 10)
		e.buf = append(e.buf, '\n')
	}
	e.buf = append(e.buf, '\n')
}

func (e *events) flush() error {
	if err := e.control.SetWriteDeadline(time.Now().Add(MaxStallTime)); err != nil {
		return err
	}
	_, err := e.w.Write(e.buf)
	e.buf = e.buf[:0]
	if err != nil {
		return err
	}
	return e.control.Flush()
}

// watchKeys follows the changes until the caller leaves or his right ends. Each
// event's id is the version of its change, so that whoever comes back with it
// goes on there; "gap" tells that changes in between are not kept any more.
func (g *Gateway) watchKeys(c *call) error {
	o, err := c.readWatch()
	if err != nil {
		return err
	}
	ctx, cancel := g.services.Auth.Until(c.r.Context(), c.who, c.ns, core.PermissionRead)
	defer cancel()
	changes, err := g.services.Feed.Watch(ctx, c.ns, o) // answers at once, so that a refusal still has a status
	if err != nil {
		return err
	}
	e := &events{w: c.w, control: http.NewResponseController(c.w)}
	if err = e.begin(); err != nil {
		c.left(err)
		return nil
	}
	for o.FromNow, o.Wait = false, watchBeat; ; {
		e.tell(changes)
		o.Since = changes.Next
		if err = e.flush(); err != nil {
			c.left(err)
			return nil
		}
		if changes, err = g.services.Feed.Watch(ctx, c.ns, o); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = ended(cause)
			}
			c.left(e.end(c, err))
			return nil
		}
	}
}

// left is for a reader who went away or stopped to read: nobody is there to be told.
func (c *call) left(err error) {
	if err != nil {
		c.g.log.DebugContext(c.r.Context(), "stream ended", core.KeyError, err)
	}
}

func (c *call) readWatch() (o core.WatchOptions, err error) {
	q := c.queries()
	o = core.WatchOptions{Prefix: q.Get("prefix"), Limit: watchPage}
	since, name := c.r.Header.Get("Last-Event-ID"), "Last-Event-ID"
	if since == "" {
		since, name = q.Get("since"), "since"
	}
	if since == "" {
		o.FromNow = true
		return o, nil
	}
	o.Since, err = version(name, since)
	return o, err
}

// tell adds what one answer of the feed says.
func (e *events) tell(changes core.Changes) {
	if changes.Gap {
		var id core.Version // whoever comes back must get the changes that follow
		if len(changes.Changes) == 0 {
			id = changes.Next
		}
		e.add("gap", id, append(strconv.AppendUint([]byte(`{"next":`), uint64(changes.Next), 10), '}'))
	}
	for _, change := range changes.Changes {
		name := string(core.OperationDelete) // also of what expired
		if change.Operation == core.OperationPut {
			name = string(core.OperationPut)
		}
		e.add(name, change.Version, appendChange(nil, change))
	}
	if len(changes.Changes) == 0 && !changes.Gap {
		e.beat(changes.Next)
	}
}

// appendChange adds {operation, key, version, size?, updated_at, expires_at?}.
func appendChange(b []byte, change core.KVChange) []byte {
	b = appendString(append(b, `{"operation":`...), string(change.Operation))
	b = appendString(append(b, `,"key":`...), change.Key)
	b = strconv.AppendUint(append(b, `,"version":`...), uint64(change.Version), 10)
	b = appendString(append(b, `,"updated_at":`...), stamp(change.UpdatedAt))
	if change.Operation == core.OperationPut {
		b = strconv.AppendInt(append(b, `,"size":`...), int64(change.Size), 10)
		if !change.ExpiresAt.IsZero() {
			b = appendString(append(b, `,"expires_at":`...), stamp(change.ExpiresAt))
		}
	}
	return append(b, '}')
}

// end tells why the stream ends.
func (e *events) end(c *call, err error) error {
	b := appendString([]byte(`{"error":`), core.Sentence(err))
	b = appendString(append(b, `,"code":`...), string(core.CodeOf(err)))
	b = appendString(append(b, `,"request_id":`...), c.id)
	e.add("error", 0, append(b, '}'))
	if core.CodeOf(err) == core.Internal {
		c.g.log.ErrorContext(c.r.Context(), "stream failed", core.KeyRequestID, c.id, core.KeyError, err)
	}
	return e.flush()
}
