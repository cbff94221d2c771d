// Following what changes: loops that ask again, and go on at another node.

package client

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// watchPause is the least time before a question that failed is asked again.
const watchPause = 100 * time.Millisecond

// Watch calls handler with the changes of the keys that begin with prefix, in
// the order in which they were committed, until ctx ends, which is no error, or
// handler fails, whose error it returns. since is the version after which to
// begin; 0 begins with what comes now.
//
// It goes on by itself after the connection was lost, at another node too: no
// change is told twice, and when some are not kept any more, Gap is set.
// A call of handler ends before the next begins.
func (s *Storage) Watch(ctx context.Context, prefix string, since core.Version, handler func(core.Changes) error) error {
	if handler == nil {
		return core.Errorf(core.Invalid, "a watch needs a handler")
	}
	o := core.WatchOptions{Prefix: prefix, Since: since, FromNow: since == 0, Limit: core.MaxWatchChanges}
	return s.client.repeat(ctx, func(ctx context.Context, conn *rpc.Conn) (func() error, error) {
		changes, err := conn.Watch(ctx, s.client.Namespace(), o)
		if err != nil {
			return nil, err
		}
		o.Since, o.FromNow = changes.Next, false
		o.Wait = core.MaxChangeWait // the first question only tells the position
		if len(changes.Changes) == 0 && !changes.Gap {
			return nil, nil
		}
		return func() error { return handler(changes) }, nil
	})
}

// History returns what is kept of a key's past, newest first, and since when that
// is complete.
func (s *Storage) History(ctx context.Context, key string) (core.History, error) {
	return s.HistoryOf(ctx, key, 0)
}

// HistoryOf is History with a number of versions; 0 means 100.
func (s *Storage) HistoryOf(ctx context.Context, key string, limit int) (history core.History, err error) {
	err = s.client.call(ctx, func(conn *rpc.Conn) (err error) {
		history, err = conn.History(ctx, s.client.Namespace(), key, limit)
		return err
	})
	return history, err
}

// Watch calls handler with the answer to a SELECT, now and whenever a table that
// it reads has changed, until ctx ends, which is no error, or handler fails,
// whose error it returns. args are as Query's.
//
// Answers come at most four times a second, and the last state is always told.
// It goes on by itself after the connection was lost; Gap says that states
// between may have been missed.
func (d *Database) Watch(ctx context.Context, sql string, handler func(core.LiveAnswer) error, args ...any) error {
	bound, err := bind(args)
	if err != nil {
		return err
	}
	return d.WatchStatement(ctx, core.Statement{SQL: sql, Args: bound}, handler)
}

// WatchStatement is Watch with all that can be said of a statement.
func (d *Database) WatchStatement(ctx context.Context, s core.Statement, handler func(core.LiveAnswer) error) error {
	if handler == nil {
		return core.Errorf(core.Invalid, "a watch needs a handler")
	}
	o := core.LiveOptions{Wait: core.MaxChangeWait}
	return d.client.repeat(ctx, func(ctx context.Context, conn *rpc.Conn) (func() error, error) {
		answer, err := conn.Live(ctx, d.client.Namespace(), s, o)
		if err != nil {
			return nil, err
		}
		o.After = max(answer.Index, 1) // 0 would read again at once
		if answer.Rows == nil {
			return nil, nil
		}
		return func() error { return handler(answer) }, nil
	})
}

// repeat asks again and again until ctx ends, and runs what each answer asks for.
// What may get better is tried again, the later the more often it failed.
func (c *Client) repeat(ctx context.Context, ask func(context.Context, *rpc.Conn) (func() error, error)) error {
	for failed := 0; ctx.Err() == nil; {
		var tell func() error
		err := c.call(ctx, func(conn *rpc.Conn) (err error) {
			tell, err = ask(ctx, conn)
			return err
		})
		switch code := core.CodeOf(err); {
		case err == nil:
			failed = 0
			if tell != nil {
				if err = tell(); err != nil {
					return err
				}
			}
		case ctx.Err() != nil:
		case code != core.Unavailable && code != core.Limited && code != core.OutcomeUnknown:
			return err
		default:
			if _, gone := c.current(); gone != nil {
				return gone
			}
			failed++
			sleep(ctx, max(watchPause, backOff(c.settings.RetryDelay, failed)))
		}
	}
	return nil
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
