// What the group commit, the readers and the two locks cost and bring, against
// the bare store in the same process, on the same disk, in the same run.

package database

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/mattn/go-sqlite3"
	"github.com/rqlite/rqlite/v8/command/proto"
	"github.com/rqlite/rqlite/v8/store"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

const (
	benchTable  = `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, amount INTEGER)`
	benchInsert = `INSERT INTO t (name, amount) VALUES (?, ?)`
	benchSelect = `SELECT id, name, amount FROM t WHERE id = ?`
	benchSlice  = 400 * time.Millisecond // one measured stretch
	benchRounds = 5                      // stretches of each, taking turns
)

// BenchmarkExec reports ratio: our writes a second over the bare store's.
// Targets: 0.9 at 1 caller, 1 at 32, 1.5 at 256.
func BenchmarkExec(b *testing.B) {
	ours, bare := benchPair(b)
	for _, callers := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			benchCompare(b, callers, func(i int64) error {
				_, err := ours.Exec(context.Background(), red, []core.Statement{{SQL: benchInsert, Args: []any{"name", i}}}, core.ExecOptions{})
				return err
			}, func(i int64) error {
				responses, _, err := bare.Execute(&proto.ExecuteRequest{Request: &proto.Request{Statements: []*proto.Statement{{
					Sql: benchInsert, Parameters: []*proto.Parameter{{Value: &proto.Parameter_S{S: "name"}}, {Value: &proto.Parameter_I{I: i}}},
				}}}})
				if err == nil && responses[0].GetError() != "" {
					err = fmt.Errorf("%s", responses[0].GetError())
				}
				return err
			})
		})
	}
}

// BenchmarkQuery reports ratio: our reads a second over the bare store's. Target: 0.7.
func BenchmarkQuery(b *testing.B) {
	ours, bare := benchPair(b)
	levels := map[core.Level]proto.QueryRequest_Level{
		core.LevelNone:         proto.QueryRequest_QUERY_REQUEST_LEVEL_NONE,
		core.LevelLinearizable: proto.QueryRequest_QUERY_REQUEST_LEVEL_LINEARIZABLE,
	}
	for _, level := range []core.Level{core.LevelNone, core.LevelLinearizable} {
		for _, callers := range []int{1, 32, 256} {
			b.Run(fmt.Sprintf("%s/%d", level, callers), func(b *testing.B) {
				benchCompare(b, callers, func(i int64) error {
					_, err := ours.Query(context.Background(), red, core.Statement{SQL: benchSelect, Args: []any{i%1000 + 1}},
						core.QueryOptions{ReadOptions: core.ReadOptions{Level: level}})
					return err
				}, func(i int64) error {
					_, _, err := bare.Query(&proto.QueryRequest{Level: levels[level], Request: &proto.Request{Statements: []*proto.Statement{{
						Sql: benchSelect, Parameters: []*proto.Parameter{{Value: &proto.Parameter_I{I: i%1000 + 1}}},
					}}}})
					return err
				})
			})
		}
	}
}

// benchCompare runs both by turns and reports the ratio of their rates. It
// measures by the clock, so b.N is of no use to it.
func benchCompare(b *testing.B, callers int, ours, bare func(i int64) error) {
	driver, err := rqliteDriver()
	if err != nil {
		b.Fatal(err)
	}
	locked := driver.ConnectHook
	defer func() { driver.ConnectHook = locked }()
	var mine, theirs float64
	for range benchRounds {
		driver.ConnectHook = unlocked // the bare store opens readers as it goes
		theirs += benchRate(b, callers, bare)
		driver.ConnectHook = locked
		mine += benchRate(b, callers, ours)
	}
	b.ReportMetric(mine/benchRounds, "ours/s")
	b.ReportMetric(theirs/benchRounds, "bare/s")
	b.ReportMetric(mine/theirs, "ratio")
	b.ReportMetric(0, "ns/op")
}

// benchRate measures operations a second.
func benchRate(b *testing.B, callers int, op func(i int64) error) float64 {
	var done atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	end := began.Add(benchSlice)
	for range callers {
		wg.Go(func() {
			for time.Now().Before(end) {
				if err := op(done.Add(1)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

// benchPair opens our databases and a bare store, each with a filled table.
func benchPair(b *testing.B) (*node, *store.Store) {
	h := testkit.NewHost(b)
	n := open(b, h, Settings{Dir: b.TempDir()})
	n.must(b, red, benchTable)
	bare := bareStore(b)
	for _, sql := range []string{benchTable} {
		if _, _, err := bare.Execute(&proto.ExecuteRequest{Request: &proto.Request{Statements: []*proto.Statement{{Sql: sql}}}}); err != nil {
			b.Fatal(err)
		}
	}
	fill := []core.Statement{}
	rows := []*proto.Statement{}
	for i := range 1000 {
		sql := fmt.Sprintf(`INSERT INTO t (name, amount) VALUES ('name', %d)`, i)
		fill, rows = append(fill, core.Statement{SQL: sql}), append(rows, &proto.Statement{Sql: sql})
	}
	if _, err := n.Exec(b.Context(), red, fill, core.ExecOptions{Atomic: true}); err != nil {
		b.Fatal(err)
	}
	if _, _, err := bare.Execute(&proto.ExecuteRequest{Request: &proto.Request{Statements: rows, Transaction: true}}); err != nil {
		b.Fatal(err)
	}
	return n, bare
}

// storeCloser closes a store as others are closed.
type storeCloser struct{ *store.Store }

func (c storeCloser) Close() error { return c.Store.Close(true) }

// unlocked is rqlite's own connect hook.
func unlocked(conn *sqlite3.SQLiteConn) error { return conn.DBConfigNoCkptOnClose() }

// bareStore is rqlite's store as it comes, of one node.
func bareStore(b *testing.B) *store.Store {
	driver, err := rqliteDriver()
	if err != nil {
		b.Fatal(err)
	}
	locked := driver.ConnectHook
	driver.ConnectHook = unlocked
	defer func() { driver.ConnectHook = locked }()
	h := testkit.NewHost(b)
	ly := listenLayer(h, "bare", func(peer.ID) bool { return false }, nil)
	s := store.New(ly, &store.Config{DBConf: &store.DBConfig{FKConstraints: true}, Dir: b.TempDir(), ID: h.ID().String(), Logger: stdLogger(testLog(b))})
	s.SnapshotThreshold, s.SnapshotInterval = 8192, 24*time.Hour
	if err := openStore(s.Open); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(closeQuietly(storeCloser{s}))
	if err := s.Bootstrap(&store.Server{ID: h.ID().String(), Addr: ly.Addr().String()}); err != nil {
		b.Fatal(err)
	}
	if err := standForElection(ly, h.ID().String()); err != nil {
		b.Fatal(err)
	}
	if _, err := s.WaitForLeader(5 * time.Second); err != nil {
		b.Fatal(err)
	}
	return s
}
