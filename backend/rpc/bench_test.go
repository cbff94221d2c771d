// What the way through the stream costs beside calling the service itself.
// go test ./backend/rpc -bench . -run '^$'

package rpc

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

func BenchmarkCalls(b *testing.B) {
	n := newFakeNode()
	_, conn := connected(b, n)
	if _, err := n.Put(b.Context(), "red", "key", make([]byte, 100), core.PutOptions{}); err != nil {
		b.Fatal(err)
	}
	ways := []struct {
		name    string
		service StorageService
	}{{"direct", n}, {"rpc", conn}}
	for _, callers := range []int{1, 32, 256} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("get/%s/%d", way.name, callers), func(b *testing.B) {
				share(b, callers, func() error {
					_, _, err := way.service.Get(b.Context(), "red", "key", core.ReadOptions{})
					return err
				})
			})
			b.Run(fmt.Sprintf("put/%s/%d", way.name, callers), func(b *testing.B) {
				value := make([]byte, 100)
				share(b, callers, func() error {
					_, err := way.service.Put(b.Context(), "red", "key", value, core.PutOptions{})
					return err
				})
			})
		}
	}
}

// A large answer shows what copying costs.
func BenchmarkLargeAnswer(b *testing.B) {
	n := newFakeNode()
	_, conn := connected(b, n)
	if _, err := n.Put(b.Context(), "red", "key", make([]byte, core.MaxValueBytes), core.PutOptions{}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(core.MaxValueBytes)
	share(b, 8, func() error {
		_, _, err := conn.Get(b.Context(), "red", "key", core.ReadOptions{})
		return err
	})
}

// share divides b.N calls among so many callers.
func share(b *testing.B, callers int, call func() error) {
	b.Helper()
	b.ReportAllocs()
	var taken atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range callers {
		all.Go(func() {
			for taken.Add(1) <= int64(b.N) {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
