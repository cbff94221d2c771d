// How a read and a write are served by their group.

package database

import (
	"context"
	"errors"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// query serves one read.
func (d *Databases) query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	began := time.Now()
	level, err := core.ParseLevel(string(o.Level))
	if err != nil {
		return nil, err
	}
	limit := atMost(o.Timeout, d.settings.ReadLimit)
	t, err := d.table()
	if err != nil {
		return nil, err
	}
	g, err := t.acquire(ctx, ns)
	if err != nil {
		return nil, err
	}
	defer g.release()
	inTime, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	rows, err := g.read(inTime, s, o, level)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, core.Wrap(core.Unavailable, ctx.Err(), "the read was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return nil, core.Wrap(core.Unavailable, err, "the read took longer than its limit of %v and was stopped; ask for less, or add an index", limit)
	default:
		return nil, err
	}
	rows.Provenance.Level, rows.Provenance.ElapsedMS = level, milliseconds(time.Since(began))
	return rows, nil
}

// read makes sure that the replica is fresh enough and reads from it.
func (g *group) read(ctx context.Context, s core.Statement, o core.QueryOptions, level core.Level) (*core.Rows, error) {
	var err error
	if level == core.LevelLinearizable {
		err = g.reads.wait(ctx)
	} else {
		err = g.reads.fresh(level, o.Freshness)
	}
	if err != nil {
		return nil, err
	}
	from := g.provenance() // before the read, so that it never claims too much
	rows, err := g.readers.query(ctx, read{
		statement:  s,
		maxRows:    atMost(o.MaxRows, MaxRows),
		maxBytes:   atMost(o.MaxBytes, MaxAnswerBytes),
		generation: g.schema.Load(),
	})
	if err != nil {
		return nil, err
	}
	rows.Provenance = from
	return rows, nil
}

// provenance says where an answer of this replica comes from.
func (g *group) provenance() core.Provenance {
	leader, _ := g.store.LeaderID()               //nolint:errcheck // "" when there is none
	leaderIndex, _ := g.store.LeaderCommitIndex() //nolint:errcheck // 0 when the group is closing
	p := core.Provenance{
		ServedBy: g.folder.node, Leader: leader, Group: g.name, How: "local",
		Index: g.applied(leaderIndex), LeaderIndex: leaderIndex,
	}
	if ra := g.raft.Load(); ra != nil && leader != g.folder.node {
		if heard := ra.LastContact(); !heard.IsZero() {
			p.AgeMS = time.Since(heard).Milliseconds()
		}
	}
	return p
}

// appliedPatience is how long an answer waits to learn that it lags only by
// entries which change nothing.
const appliedPatience = 20 * time.Microsecond

// applied is the last log entry that this replica's data contains. rqlite counts
// the entries that changed the data; behind them may stand some of Raft's own,
// which a replica has too once it has come past them.
func (g *group) applied(leaderIndex uint64) uint64 {
	changed := g.store.DBAppliedIndex()
	if changed >= leaderIndex {
		return changed
	}
	if passed, err := g.store.WaitForFSMIndex(leaderIndex, appliedPatience); err == nil {
		return max(changed, passed)
	}
	return changed
}

// exec serves one write.
func (d *Databases) exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	began := time.Now()
	w, err := newWrite(statements, o.Atomic)
	if err != nil {
		return nil, err
	}
	t, err := d.table()
	if err != nil {
		return nil, err
	}
	g, err := t.acquire(ctx, ns)
	if err != nil {
		return nil, err
	}
	defer g.release()
	results, index, err := g.writer.submit(ctx, w)
	if err != nil {
		return nil, err
	}
	answer := &core.ExecAnswer{Results: results, Provenance: g.provenance()}
	answer.Provenance.Level = core.LevelLinearizable
	answer.Provenance.Index = index
	answer.Provenance.ElapsedMS = milliseconds(time.Since(began))
	return answer, nil
}

// atMost is the wish, or the bound when nothing or more is wished for.
func atMost[T int | time.Duration](wish, bound T) T {
	if wish <= 0 || wish > bound {
		return bound
	}
	return wish
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
