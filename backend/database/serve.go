// How a read and a write are served by their group.

package database

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// query serves one read, here or at another node.
func (d *Databases) query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	began := time.Now()
	level, err := core.ParseLevel(string(o.Level))
	if err != nil {
		return nil, err
	}
	rows, err := route(ctx, d, call[*core.Rows]{
		ns: ns, replica: level == core.LevelNone || readStale, repeatable: true,
		here: func(ctx context.Context, g *group) (*core.Rows, error) { return d.readHere(ctx, g, s, o, level) },
		there: func(ctx context.Context, node string) (*core.Rows, error) {
			return d.remote.Query(ctx, node, ns, s, o)
		},
	})
	if err != nil {
		return nil, err
	}
	finish(&rows.Provenance, level, d.settings.NodeID, level == core.LevelNone, began)
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
	maxRows, maxBytes := MaxRows, MaxAnswerBytes
	if o.Large {
		maxRows, maxBytes = MaxLargeRows, MaxLargeBytes
	}
	from := g.provenance() // before the read, so that it never claims too much
	rows, err := g.readers.query(ctx, read{
		statement:  s,
		maxRows:    atMost(o.MaxRows, maxRows),
		maxBytes:   atMost(o.MaxBytes, maxBytes),
		generation: g.schema.Load(),
		follows:    g.lead.leads() == 0,
	})
	if err != nil {
		return nil, err
	}
	rows.Provenance = from
	// After the read: an answer whose two positions are the same holds that entry
	// and nothing beyond it, so that it can be compared with another replica's.
	rows.Provenance.LeaderIndex = max(from.LeaderIndex, g.committed())
	return rows, nil
}

// committed is the last entry that this replica knows to be decided.
func (g *group) committed() uint64 {
	ra := g.raft.Load()
	if ra == nil {
		return 0
	}
	return ra.CommitIndex()
}

// provenance says where an answer of this replica comes from.
func (g *group) provenance() core.Provenance {
	leader, _ := g.store.LeaderID()               //nolint:errcheck // "" when there is none
	leaderIndex, _ := g.store.LeaderCommitIndex() //nolint:errcheck // 0 when the group is closing
	p := core.Provenance{
		ServedBy: g.folder.node, Leader: leader, Group: g.name, How: "local",
		Index: g.applied(leaderIndex), LeaderIndex: leaderIndex,
	}
	if leader != g.folder.node {
		p.AgeMS = g.age()
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

// exec serves one write, here or at another node.
func (d *Databases) exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	began := time.Now()
	w, err := newWrite(statements, o) // what is wrong everywhere need not travel
	if err != nil {
		return nil, err
	}
	answer, err := route(ctx, d, call[*core.ExecAnswer]{
		ns: ns, repeatable: o.IdempotencyKey != "",
		here: func(ctx context.Context, g *group) (*core.ExecAnswer, error) {
			if first := w; first != nil {
				w = nil
				return writeHere(ctx, g, first)
			}
			again, errAgain := newWrite(statements, o)
			if errAgain != nil {
				return nil, errAgain
			}
			return writeHere(ctx, g, again)
		},
		there: func(ctx context.Context, node string) (*core.ExecAnswer, error) {
			return d.remote.Exec(ctx, node, ns, statements, o)
		},
	})
	if err != nil {
		return nil, err
	}
	finish(&answer.Provenance, core.LevelLinearizable, d.settings.NodeID, false, began)
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
