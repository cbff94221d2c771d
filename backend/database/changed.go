// Waiting for changes of a namespace, here or at another node.

package database

import (
	"context"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// maxWatchedTables bounds the tables that one watcher names. More count as all.
const maxWatchedTables = 64

// Changed waits until one of the tables has changed after a log entry, and
// returns at once when that is so already. No tables means any. The end of wait
// (at most core.MaxChangeWait, which 0 means too) answers with nothing changed.
//
// With Gap set the feed does not know: the replica was opened, or its file
// replaced, after that entry. The caller then reads everything anew. Unavailable
// also means that the group was put to sleep: ask again. Limited names the
// bound on watchers.
//
// The group may sleep while somebody waits, as it may when nobody does; but as
// each new question wakes it, one with watchers stays awake as long as there is room.
func (i *Internal) Changed(ctx context.Context, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error) {
	if err := knownNamespace(ns); err != nil {
		return core.Change{}, err
	}
	return i.d.changed(ctx, ns, after, tables, wait)
}

// watching is where a watcher goes on: at a feed of this node, or with another
// node's answer.
type watching struct {
	feed   *feed
	change core.Change
}

func (d *Databases) changed(ctx context.Context, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error) {
	tables, wait = watchedTables(tables), atMost(wait, core.MaxChangeWait)
	w, err := route(ctx, d, call[watching]{
		ns: ns, replica: true, repeatable: true,
		here: func(_ context.Context, g *group) (watching, error) { return watching{feed: g.feed}, nil },
		there: func(ctx context.Context, node string) (watching, error) {
			c, err := d.remote.Changed(ctx, node, ns, after, tables, wait)
			return watching{change: c}, err
		},
	})
	if err != nil || w.feed == nil {
		return w.change, err
	}
	return w.feed.wait(ctx, after, tables, wait)
}

// watchedTables writes names as the feed knows them; too many are any.
func watchedTables(tables []string) []string {
	if len(tables) > maxWatchedTables {
		return nil
	}
	low := make([]string, len(tables))
	for i, t := range tables {
		low[i] = strings.ToLower(t)
	}
	return low
}

// Changed waits at this node's replica, see [Internal.Changed]. NotFound means
// that it keeps none.
func (r *Replicas) Changed(ctx context.Context, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error) {
	l, err := r.lease(ctx, ns)
	if err != nil {
		return core.Change{}, err
	}
	f, informed := l.feed, l.informed()
	l.release()
	if !informed {
		return core.Change{}, errNoLeader(ns)
	}
	return f.wait(ctx, after, watchedTables(tables), atMost(wait, core.MaxChangeWait))
}
