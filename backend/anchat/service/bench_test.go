package service

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// BenchmarkPut is a message until it is committed on one node, one at a time and
// from 100 devices at once.
func BenchmarkPut(b *testing.B) {
	for _, writers := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d_at_once", writers), func(b *testing.B) {
			d := newDesk(b, lifted())
			putMessages(b, writers, func(int) *Service { return d.Service })
		})
	}
}

// BenchmarkPutThreeReplicas is the same until a message is on two of three
// replicas at least, with the writers at all of them.
func BenchmarkPutThreeReplicas(b *testing.B) {
	for _, writers := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d_at_once", writers), func(b *testing.B) { putMessages(b, writers, newVillage(b, lifted()).at) })
	}
}

// putMessages reports messages a second, and how long each took.
func putMessages(b *testing.B, writers int, at func(i int) *Service) {
	alice := newPerson(b, at(0).settings.Now).enrolled(at(0))
	tag := wire.NewTag()
	talks := make([]*talk, writers)
	for i := range talks {
		talks[i] = alice.talk(tag.Name())
		must(b, at(0), talks[i].announce())
	}
	each := (b.N + writers - 1) / writers
	rows := make([][]wire.Row, writers)
	for i, k := range talks {
		for n := range each {
			rows[i] = append(rows[i], k.message(uint32(n)))
		}
	}
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		took []time.Duration
	)
	b.ResetTimer()
	began := time.Now()
	for i := range talks {
		all.Go(func() {
			for _, row := range rows[i] {
				start := time.Now()
				must(b, at(i), row)
				mu.Lock()
				took = append(took, time.Since(start))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(len(took))/time.Since(began).Seconds(), "messages/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkFollowThreeReplicas is from the put of a message at one node until a
// follower at another has heard of it.
func BenchmarkFollowThreeReplicas(b *testing.B) {
	v := newVillage(b, lifted())
	testkit.Run(b, v.at(1).Run)
	alice := newPerson(b, time.Now).enrolled(v.at(0))
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	must(b, v.at(0), k.announce())
	follower := v.at(1).As(alice.caller())
	after, err := follower.Follow(b.Context(), []wire.Tag{tag}, 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	at := after.Index
	var took []time.Duration
	for n := uint32(0); b.Loop(); n++ {
		heard := make(chan error, 1)
		go func() {
			c, errFollow := follower.Follow(b.Context(), []wire.Tag{tag}, at, wire.MaxFollowWait)
			at = c.Index
			heard <- errFollow
		}()
		start := time.Now()
		must(b, v.at(0), k.message(n))
		if err = <-heard; err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkCatchUp reads 1,000 messages of a mailbox, page by page.
func BenchmarkCatchUp(b *testing.B) {
	d := newDesk(b, lifted())
	alice := newPerson(b, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	must(b, d.Service, k.announce())
	for n := range uint32(10) {
		var rows []wire.Row
		for i := range uint32(100) {
			rows = append(rows, k.message(n*100+i))
		}
		must(b, d.Service, rows...)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(box(b, d.Service, tag)); n != 1001 {
			b.Fatal(n)
		}
	}
}

// BenchmarkEnvelopes is a new session's key for a room of 500 devices.
func BenchmarkEnvelopes(b *testing.B) {
	d := newDesk(b, lifted())
	alice := newPerson(b, d.clock.Now).enrolled(d.Service)
	others := make([]*device, 500)
	for i := range others {
		others[i] = newPerson(b, d.clock.Now).enrolled(d.Service)
	}
	for b.Loop() {
		b.StopTimer()
		rows := make([]wire.Row, len(others))
		for i, o := range others {
			rows[i] = alice.envelope(o.id)
		}
		b.StartTimer()
		must(b, d.Service, rows...)
	}
}
