package node_test

// Figures of the whole node: start, memory, and that nothing grows.

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// BenchmarkStart measures from opening an existing data folder to ready.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	n := start(b, dir, nil)
	if err := n.operator(b).Storage().Put(b.Context(), "k", []byte("v")); err != nil {
		b.Fatal(err)
	}
	n.stop(b)
	for b.Loop() {
		n := start(b, dir, nil)
		b.StopTimer()
		n.stop(b)
		b.StartTimer()
	}
}

// BenchmarkRequests runs requests through a client over the wire and reports
// what the process holds afterwards: descriptors and goroutines that grew, and
// the heap. Run it with -benchtime 100000x to see the figure of the promise.
func BenchmarkRequests(b *testing.B) {
	n := start(b, b.TempDir(), nil)
	c := n.operator(b)
	warm := func(i int) {
		key := fmt.Sprintf("key/%d", i%100)
		if i%10 == 0 {
			if err := c.Storage().Put(b.Context(), key, []byte("value")); err != nil {
				b.Fatal(err)
			}
		} else if _, err := c.Storage().Exists(b.Context(), key); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 1000 {
		warm(i)
	}
	files, goroutines := descriptors(b), runtime.NumGoroutine()
	i := 0
	for b.Loop() {
		warm(i)
		i++
	}
	b.ReportMetric(float64(descriptors(b)-files), "descriptors-grown")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines-grown")
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/1e6, "heap-MB")
}

func descriptors(b *testing.B) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		b.Skip("this system does not list descriptors")
	}
	return len(entries)
}
