package gateway

// This file is a live query as a WebSocket: the rows of a SELECT, and again
// whenever a commit has touched a table that it reads.

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// maxLiveMessage bounds what the client of a live query sends: it has nothing to say.
const maxLiveMessage = 1 << 10

// liveAnswer is one text frame of a live query. A frame with Gap may come after
// states that were missed; its rows are the present ones.
type liveAnswer struct {
	queryAnswer
	Index uint64 `json:"index"` // log entry that the rows have come to
	Gap   bool   `json:"gap,omitempty"`
}

// subscribe reads once before it answers 101, so that a refusal has a status.
func (g *Gateway) subscribe(c *call) error {
	s, err := c.readLive()
	if err != nil {
		return err
	}
	began := time.Now()
	first, err := g.services.Feed.Live(c.r.Context(), c.ns, s, core.LiveOptions{})
	if err != nil {
		return err
	}
	text, err := appendLive(nil, first, time.Since(began))
	if err != nil {
		return err
	}
	ns, after := c.ns, first.Index
	return c.serveSocket(socketUse{need: core.PermissionRead, maxMessage: maxLiveMessage, run: func(ctx context.Context, to *socket) error {
		to.text(text)
		text = nil // a client may stay for long
		return g.follow(ctx, ns, s, after, to)
	}})
}

// follow sends each state until ctx ends or the query cannot go on. The socket's
// own queue and pings see to a client that does not read.
func (g *Gateway) follow(ctx context.Context, ns core.Namespace, s core.Statement, after uint64, to *socket) error {
	for {
		began := time.Now()
		next, err := g.services.Feed.Live(ctx, ns, s, core.LiveOptions{After: after, Wait: core.MaxChangeWait})
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
		after = next.Index
		if next.Rows == nil {
			continue
		}
		text, err := appendLive(nil, next, time.Since(began))
		if err != nil {
			return err
		}
		to.text(text)
	}
}

func (c *call) readLive() (core.Statement, error) {
	q := c.queries()
	s := statement{SQL: q.Get("sql")}
	if args := q.Get("args"); args != "" {
		d := json.NewDecoder(strings.NewReader(args))
		d.UseNumber()
		if err := d.Decode(&s.Args); err != nil || d.More() {
			return core.Statement{}, core.Wrap(core.Invalid, err, "args is a JSON list of the statement's values")
		}
	}
	return s.values()
}

func appendLive(b []byte, a core.LiveAnswer, took time.Duration) ([]byte, error) {
	b, err := outcome{rows: a.Rows, took: took}.append(b)
	if err != nil {
		return b, err
	}
	b = strconv.AppendUint(append(b[:len(b)-1], `,"index":`...), a.Index, 10)
	if a.Gap {
		b = append(b, `,"gap":true`...)
	}
	if b = append(b, '}'); len(b) > MaxSocketQueuedBytes {
		return b, core.Errorf(core.TooLarge, "a live query answers with at most %d MiB of JSON; ask for fewer rows or columns", MaxSocketQueuedBytes>>20)
	}
	return b, nil
}
