// A client on loopback beside the node's own storage and database, in the same
// run. go test ./backend/client -bench . -run '^$'

package client

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

func BenchmarkCalls(b *testing.B) {
	const ns = core.Namespace("my-app")
	d := startDatabase(b)
	s := startStorage(b, d)
	c := connect(b, configFor(startNode(b, nodeSettings{database: d, storage: s})))
	ctx, value := b.Context(), make([]byte, 100)
	if err := c.Storage().Put(ctx, "key", value); err != nil {
		b.Fatal(err)
	}
	read := core.Statement{SQL: "SELECT 1"}
	none := core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}}
	calls := []struct {
		name   string
		direct func(ctx context.Context) error
		client func(ctx context.Context) error
	}{
		{
			"get", func(ctx context.Context) error { _, _, err := s.Get(ctx, ns, "key", core.ReadOptions{}); return err },
			func(ctx context.Context) error { _, err := c.Storage().Get(ctx, "key"); return err },
		},
		{
			"put", func(ctx context.Context) error { _, err := s.Put(ctx, ns, "key", value, core.PutOptions{}); return err },
			func(ctx context.Context) error { return c.Storage().Put(ctx, "key", value) },
		},
		{
			"query-none", func(ctx context.Context) error { _, err := d.Query(ctx, ns, read, none); return err },
			func(ctx context.Context) error { _, err := c.Database().QueryStatement(ctx, read, none); return err },
		},
	}
	for _, call := range calls {
		for _, callers := range []int{1, 32, 256} {
			b.Run(fmt.Sprintf("%s/direct/%d", call.name, callers), func(b *testing.B) { share(b, callers, call.direct) })
			b.Run(fmt.Sprintf("%s/client/%d", call.name, callers), func(b *testing.B) { share(b, callers, call.client) })
		}
	}
}

// share divides b.N calls among so many callers.
func share(b *testing.B, callers int, call func(ctx context.Context) error) {
	b.Helper()
	var taken atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range callers {
		all.Go(func() {
			for taken.Add(1) <= int64(b.N) {
				if err := call(b.Context()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
