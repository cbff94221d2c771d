// Live queries: a read that is run again when a table that it reads has changed.

package database

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

const (
	// LivePause is the least time between two readings of one live query: four in
	// a second are more than anybody reads, and a busy table changes more often.
	LivePause = 250 * time.Millisecond
	// laggingPause is the time until a replica is asked again that has not yet
	// what another one told of.
	laggingPause = 50 * time.Millisecond
)

// Live reads with one SELECT, for a tenant. With o.After it first waits until a
// table that the statement reads has changed after that entry, and answers
// without rows when none has within o.Wait. Rows come from any replica, as
// level none does, and are never older than o.After.
//
// Each caller is answered at most once in LivePause; what changes meanwhile is in
// one answer. Invalid says what cannot be watched, TooLarge that the answer has
// more than core.MaxLiveRows rows.
func (d *Databases) Live(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error) {
	if err := tenantNamespace(ns); err != nil {
		return core.LiveAnswer{}, err
	}
	st, err := d.checked.live(s)
	if err != nil {
		return core.LiveAnswer{}, err
	}
	var answer core.LiveAnswer
	if o.After > 0 {
		c, errWait := d.awaitChange(ctx, ns, st.Tables, o)
		answer.Changed, answer.Gap, answer.Index = c.Changed, c.Gap, c.Index
		if errWait != nil || !c.Changed {
			return answer, errWait
		}
	}
	answer.Rows, err = d.readFrom(ctx, ns, s, o, answer.Index)
	if err != nil {
		return core.LiveAnswer{}, err
	}
	if answer.Rows.Truncated {
		return core.LiveAnswer{}, core.Errorf(core.TooLarge, "a live query answers with at most %d rows and %d MiB; ask for fewer, with LIMIT", atMost(o.MaxRows, core.MaxLiveRows), MaxAnswerBytes>>20)
	}
	answer.Index = max(answer.Index, answer.Rows.Provenance.Index)
	return answer, nil
}

// awaitChange waits for a change of the tables, and for as long as a caller must
// wait between two answers.
func (d *Databases) awaitChange(ctx context.Context, ns core.Namespace, tables []string, o core.LiveOptions) (core.Change, error) {
	soonest := time.Now().Add(LivePause)
	tables, err := d.baseTables(ctx, ns, tables)
	if err != nil {
		return core.Change{}, err
	}
	c, err := d.changed(ctx, ns, o.After, tables, o.Wait)
	c.Index = max(c.Index, o.After)
	if err != nil || !c.Changed {
		return c, err
	}
	return c, pause(ctx, time.Until(soonest))
}

// readFrom reads at a replica that has come to the entry. The replica that told
// of a change and the one that is read need not be the same.
func (d *Databases) readFrom(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions, index uint64) (*core.Rows, error) {
	read := core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}, MaxRows: atMost(o.MaxRows, core.MaxLiveRows)}
	ctx, cancel := context.WithTimeout(ctx, d.settings.ReadLimit)
	defer cancel()
	for {
		rows, err := d.query(ctx, ns, s, read)
		if err != nil || rows.Provenance.Index >= index {
			return rows, err
		}
		if err := pause(ctx, laggingPause); err != nil {
			return nil, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "the wait for changes was ended")
	}
}

// baseTables are the names when each is a plain table, and else none, which
// stands for any table: a view reads others, and a full-text index is kept in others.
func (d *Databases) baseTables(ctx context.Context, ns core.Namespace, names []string) ([]string, error) {
	if len(names) == 0 || len(names) > maxWatchedTables {
		return nil, nil
	}
	ask := core.Statement{SQL: "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND lower(name) IN (lower(?)"}
	for i, name := range names {
		if i > 0 {
			ask.SQL += ", lower(?)"
		}
		ask.Args = append(ask.Args, name)
	}
	ask.SQL += ")"
	rows, err := d.query(ctx, ns, ask, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}})
	if err != nil || len(rows.Values) != len(names) {
		return nil, err
	}
	return names, nil
}

// live lets a tenant's live query pass.
func (c *checked) live(s core.Statement) (sqlguard.Statement, error) {
	if err := c.read(s); err != nil {
		return sqlguard.Statement{}, err
	}
	st, err := c.check(s.SQL)
	if err == nil && (st.Explain || st.Verb != "SELECT") {
		err = core.Errorf(core.Invalid, "only a SELECT can be watched")
	}
	return st, err
}
