package vault

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// written fills a room with messages as catching up does.
func (b *bench) written(n int) {
	b.t.Helper()
	words := []string{"network", "node", "meeting", "tomorrow", "coffee", "release", "patch", "Größe", "backup", "key", "quick", "fox", "ticket", "peer", "wallet"}
	w := []*writer{b.writer(bob, 2), b.writer(carol, 3), b.writer(alice, 1)}
	for i := 0; i < n; {
		var page []*sealed
		for ; len(page) < 500 && i < n; i++ {
			text := fmt.Sprintf("message %d about the %s and the %s of %s, see %s", i, words[i%15], words[i/3%15], words[i/7%15], words[i/11%15])
			page = append(page, w[i%3].text(text).store(b))
		}
		b.receive(page...)
	}
}

// Target: the newest page of a room of 20,000 messages within 200 ms.
func BenchmarkOpenRoom20000(b *testing.B) {
	room := open(b, alice)
	room.written(20_000)
	for b.Loop() {
		if page := room.read(core.ChatQuery{}); len(page.Messages) != 50 || page.Total != 20_000 {
			b.Fatal("the page is wrong")
		}
	}
}

// Target: 1,000 messages within a second, opening them included, which takes 75 µs each.
func BenchmarkCatchUp1000(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		room := open(b, alice)
		b.StartTimer()
		room.written(1000)
	}
}

// Target: the index of 100,000 messages ready within 3 s, searches p95 within 20 ms.
func BenchmarkSearch100000(b *testing.B) {
	room := open(b, alice)
	room.written(100_000)
	room.again()
	began := time.Now()
	if err := room.Fill(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	filled := time.Since(began)
	searches := []core.ChatSearch{
		{Words: "quick fox"},
		{Words: "me"},
		{Words: "message 4711"},
		{Words: "grosse"},
		{Words: `"the network and"`},
		{Words: "nothing"},
		{Words: "coffee", From: bob.String()},
		{Words: "wallet", Room: room.room.String()},
		{Words: "backup", Until: room.clock.Add(-24 * time.Hour)},
	}
	var took []time.Duration
	for b.Loop() {
		for _, s := range searches {
			start := time.Now()
			if _, err := room.Search(b.Context(), s); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
	}
	b.ReportMetric(filled.Seconds(), "s-to-fill")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms-p95")
}

// The list of rooms is read after every change.
func BenchmarkSummary20000(b *testing.B) {
	room := open(b, alice)
	room.written(20_000)
	for b.Loop() {
		if all, err := room.Summaries(b.Context()); err != nil || len(all) != 1 {
			b.Fatal(err)
		}
	}
}
