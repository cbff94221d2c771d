package sandbox_test

// Figures of a network of three nodes on one machine, beside rqlited and etcd
// in the same run:
//
//	build/bench/peers.sh DIR && DEBROS_PEERS=DIR go test ./backend/sandbox -run '^$' -bench . -benchtime 1x

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit/load"
	"git.debros.io/DeBros/network/backend/sandbox"
)

// benchTime is how long one figure is measured.
const benchTime = 3 * time.Second

var benchValue = strings.Repeat("v", 100)

// rate lets so many callers call for benchTime and returns calls a second.
func rate(b *testing.B, callers int, call func(context.Context) error) float64 {
	b.Helper()
	var done atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range callers {
		all.Go(func() {
			for time.Since(began) < benchTime && b.Context().Err() == nil {
				if err := call(b.Context()); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

// figure makes one rate a benchmark of its own.
func figure(b *testing.B, name string, measure func(b *testing.B) float64) {
	b.Run(name, func(b *testing.B) {
		var value float64
		for range b.N {
			value = measure(b)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(value, "ops/s")
	})
}

// BenchmarkNetwork measures writes and strong reads at 1, 32 and 256 callers,
// through the leader and through a follower, and the same of others.
func BenchmarkNetwork(b *testing.B) {
	s, _ := up(b, settings(b, 3))
	leader, err := s.Node(b.Context(), "leader")
	if err != nil {
		b.Fatal(err)
	}
	follower, err := s.Node(b.Context(), "follower")
	if err != nil {
		b.Fatal(err)
	}
	dial := func(n *sandbox.Node) *client.Client {
		c, err := n.Dial(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.Disconnect() }) //nolint:errcheck // the figures are in
		return c
	}
	at, through := dial(leader), dial(follower)
	ctx := b.Context()
	if _, err := at.Database().Execute(ctx, "CREATE TABLE bench (id INTEGER PRIMARY KEY, v TEXT)"); err != nil {
		b.Fatal(err)
	}
	if err := at.Storage().Put(ctx, "key", []byte(benchValue)); err != nil {
		b.Fatal(err)
	}
	if _, err := at.Database().Execute(ctx, "INSERT INTO bench (v) VALUES (?)", benchValue); err != nil {
		b.Fatal(err)
	}
	rqlite, etcd := rqliteNodes(b), etcdNodes(b)
	if rqlite != nil {
		if err := rqliteInsert(rqlite[0])(ctx); err != nil {
			b.Fatal(err)
		}
	}
	var turn atomic.Int64
	put := func(c *client.Client) func(context.Context) error {
		return func(ctx context.Context) error {
			return c.Storage().Put(ctx, fmt.Sprintf("key/%d", turn.Add(1)%25600), []byte(benchValue))
		}
	}
	insert := func(c *client.Client) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Database().Execute(ctx, "INSERT INTO bench (v) VALUES (?)", benchValue)
			return err
		}
	}
	get := func(c *client.Client, level core.Level) func(context.Context) error {
		return func(ctx context.Context) error {
			_, _, err := c.Storage().GetItem(ctx, "key", core.ReadOptions{Level: level})
			return err
		}
	}
	query := func(c *client.Client) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Database().Query(ctx, "SELECT v FROM bench WHERE id = 1")
			return err
		}
	}
	for _, callers := range []int{1, 32, 256} {
		ours := func(name string, call func(context.Context) error) {
			figure(b, fmt.Sprintf("%s/%d", name, callers), func(b *testing.B) float64 { return rate(b, callers, call) })
		}
		ours("insert/debros-leader", insert(at))
		ours("insert/debros-follower", insert(through))
		if rqlite != nil {
			ours("insert/rqlited-leader", rqliteInsert(rqlite[0]))
			ours("insert/rqlited-follower", rqliteInsert(rqlite[1]))
		}
		theirs := func(name, endpoint, op string) {
			figure(b, fmt.Sprintf("%s/%d", name, callers), func(b *testing.B) float64 { return etcdRate(b, endpoint, op, callers) })
		}
		ours("put/debros-leader", put(at))
		ours("put/debros-follower", put(through))
		if etcd != nil {
			theirs("put/etcd-leader", etcd[0], "put")
			theirs("put/etcd-follower", etcd[1], "put")
		}
		ours("read/debros-query-leader", query(at))
		ours("read/debros-get-leader", get(at, core.LevelLinearizable))
		ours("read/debros-get-follower", get(through, core.LevelLinearizable))
		ours("read/debros-get-none", get(through, core.LevelNone))
		if rqlite != nil {
			ours("read/rqlited-leader", rqliteRead(rqlite[0]))
			ours("read/rqlited-follower", rqliteRead(rqlite[1]))
		}
		if etcd != nil {
			theirs("read/etcd-leader", etcd[0], "get")
			theirs("read/etcd-follower", etcd[1], "get")
		}
	}
}

// BenchmarkLeaderDeath measures how long nobody can write after the leader was
// killed: from the kill to the first acknowledgement of a write begun after it.
func BenchmarkLeaderDeath(b *testing.B) {
	const kills = 11
	s, _ := up(b, settings(b, 3))
	l, err := load.Start(b.Context(), load.Settings{Dial: workers(s), Seed: 1, Pace: time.Millisecond})
	if err != nil {
		b.Fatal(err)
	}
	var gaps []time.Duration
	for range kills {
		progress(b, l, 300)
		leader, err := s.Node(b.Context(), "leader")
		if err != nil {
			b.Fatal(err)
		}
		killed := time.Now()
		if err = leader.Kill(b.Context()); err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
		gap, err := l.Back(ctx, killed)
		cancel()
		if err != nil {
			b.Fatal(err)
		}
		gaps = append(gaps, gap)
		if err := leader.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	l.Stop()
	slices.Sort(gaps)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(gaps[kills/2].Milliseconds()), "ms-p50")
	b.ReportMetric(float64(gaps[kills-1].Milliseconds()), "ms-max")
}
