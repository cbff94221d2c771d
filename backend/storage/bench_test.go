package storage

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// BenchmarkStorage is one node's put, get and list at 1 and 32 callers.
func BenchmarkStorage(b *testing.B) {
	f := open(b, Settings{})
	ctx := context.Background()
	f.fill("d%03d/%06d", 100_000)
	value := make([]byte, 100)
	var seq atomic.Int64
	work := map[string]func() error{
		"put": func() error {
			_, err := f.Put(ctx, f.ns(), fmt.Sprintf("put/%d", seq.Add(1)%10_000), value, core.PutOptions{})
			return err
		},
		"get": func() error {
			i := seq.Add(7919) % 100_000
			_, _, err := f.Get(ctx, f.ns(), fmt.Sprintf("d%03d/%06d", i/1000, i), core.ReadOptions{})
			return err
		},
		"get none": func() error {
			i := seq.Add(7919) % 100_000
			_, _, err := f.Get(ctx, f.ns(), fmt.Sprintf("d%03d/%06d", i/1000, i), core.ReadOptions{Level: core.LevelNone})
			return err
		},
		"list 100": func() error {
			_, err := f.List(ctx, f.ns(), core.ListOptions{Prefix: fmt.Sprintf("d%03d/", seq.Add(1)%100)})
			return err
		},
		"list 100 branches": func() error {
			_, err := f.List(ctx, f.ns(), core.ListOptions{Separator: "/"})
			return err
		},
	}
	for _, name := range []string{"put", "get", "get none", "list 100", "list 100 branches"} {
		for _, callers := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s/%d", name, callers), func(b *testing.B) {
				var left atomic.Int64
				left.Store(int64(b.N))
				var wg sync.WaitGroup
				b.ResetTimer()
				for range callers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							if err := work[name](); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
			})
		}
	}
}
