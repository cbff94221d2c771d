// Bursts, and the price of a message beside bare gossipsub.

package pubsub

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

// mesh makes n nodes, each connected to all others, and a reader on each.
func mesh(t testing.TB, n int) ([]*party, []*Subscription) {
	t.Helper()
	nodes := make([]*party, n)
	subs := make([]*Subscription, n)
	for i := range nodes {
		nodes[i] = node(t)
		connect(t, nodes[i], nodes[:i]...)
	}
	for i := range nodes {
		subs[i] = subscribe(t, nodes[i], "default", "burst")
	}
	return nodes, subs
}

// burst publishes count messages at once on the first node and returns how many
// each reader got, and how many of those twice.
func burst(t testing.TB, from *party, subs []*Subscription, count int) (got, twice int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*patience)
	defer cancel()
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, s := range subs {
		group.Go(func() {
			seen := make(map[uint64]bool)
			doubles := 0
			for len(seen) < count {
				select {
				case m, open := <-s.Messages():
					if !open {
						t.Errorf("a reader ended: %v", s.Err())
						return
					}
					n := binary.BigEndian.Uint64(m.Data)
					if seen[n] {
						doubles++
					}
					seen[n] = true
					continue
				case <-ctx.Done():
				}
				break
			}
			mu.Lock()
			defer mu.Unlock()
			got += len(seen)
			twice += doubles
		})
	}
	group.Go(func() {
		for i := range count {
			data := make([]byte, 256)
			binary.BigEndian.PutUint64(data, uint64(i))
			if err := from.Publish(ctx, "default", "burst", data); err != nil {
				t.Errorf("message %d: %v", i, err)
				return
			}
		}
	})
	group.Wait()
	return got, twice
}

// A program that writes a whole table to a topic must not lose half of it, and
// must not be made to slow down by hand.
func TestPubSub_BurstArrivesWhole(t *testing.T) {
	tests := map[string]struct{ hosts, messages int }{
		"on two hosts": {2, 5000},
		"on ten hosts": {10, 5000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if raceEnabled && tt.hosts > 2 {
				tt.messages = 500 // ten hosts check every signature ten times as slowly
			}
			nodes, subs := mesh(t, tt.hosts)
			began := time.Now()
			got, twice := burst(t, nodes[0], subs, tt.messages)
			if got != tt.hosts*tt.messages || twice > 0 {
				t.Errorf("%d of %d arrived, %d twice", got, tt.hosts*tt.messages, twice)
			}
			t.Logf("%d messages on %d hosts in %v", tt.messages, tt.hosts, time.Since(began))
			for i, n := range nodes {
				if s := n.Stats(); s.LostInbound+s.LostOutbound+s.SlowReaders+s.SlowPeers > 0 {
					t.Errorf("host %d: %+v", i, s)
				}
			}
		})
	}
}

// BenchmarkBurst publishes 5,000 messages at once to ten hosts.
func BenchmarkBurst(b *testing.B) {
	nodes, subs := mesh(b, 10)
	const count = 5000
	got, want := 0, 0
	for b.Loop() {
		arrived, _ := burst(b, nodes[0], subs, count)
		got, want = got+arrived, want+count*len(subs)
	}
	b.ReportMetric(float64(got)/float64(want), "delivered")
	b.ReportMetric(float64(got)/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkLatency measures publish to deliver between two hosts, by turns here
// and on bare gossipsub, and reports the ratio of the medians.
func BenchmarkLatency(b *testing.B) {
	ours, subs := mesh(b, 2)
	publishBare, bare := barePair(b)
	data := make([]byte, 256)
	ctx := b.Context()
	var here, there []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := ours[0].Publish(ctx, "default", "burst", data); err != nil {
			b.Fatal(err)
		}
		<-subs[1].Messages()
		here = append(here, time.Since(began))
		<-subs[0].Messages()

		began = time.Now()
		publishBare(data)
		if _, err := bare.Next(ctx); err != nil {
			b.Fatal(err)
		}
		there = append(there, time.Since(began))
	}
	slices.Sort(here)
	slices.Sort(there)
	at := func(list []time.Duration, q float64) float64 {
		return float64(list[int(q*float64(len(list)-1))].Microseconds())
	}
	b.ReportMetric(at(here, 0.5), "p50_us")
	b.ReportMetric(at(here, 0.99), "p99_us")
	b.ReportMetric(at(there, 0.5), "bare_p50_us")
	b.ReportMetric(at(there, 0.99), "bare_p99_us")
	b.ReportMetric(at(here, 0.5)/at(there, 0.5), "ratio")
}

// barePair is go-libp2p-pubsub as it comes, on two hosts.
func barePair(b *testing.B) (publish func([]byte), sub *gossip.Subscription) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b.Cleanup(cancel)
	var topics []*gossip.Topic
	h1, h2 := newHost(b), newHost(b)
	for _, h := range []host.Host{h1, h2} {
		ps, err := gossip.NewGossipSub(ctx, h)
		if err != nil {
			b.Fatal(err)
		}
		topic, err := ps.Join("bare")
		if err != nil {
			b.Fatal(err)
		}
		if sub, err = topic.Subscribe(); err != nil {
			b.Fatal(err)
		}
		topics = append(topics, topic)
	}
	if err := h1.Connect(ctx, peer.AddrInfo{ID: h2.ID(), Addrs: h2.Addrs()}); err != nil {
		b.Fatal(err)
	}
	eventually(b, "bare gossip has its mesh", func() bool { // which forms at a heartbeat
		if err := topics[0].Publish(ctx, nil); err != nil {
			b.Fatal(err)
		}
		short, done := context.WithTimeout(ctx, 100*time.Millisecond)
		defer done()
		_, err := sub.Next(short)
		return err == nil
	})
	return func(data []byte) {
		if err := topics[0].Publish(ctx, data); err != nil {
			b.Fatal(fmt.Errorf("bare: %w", err))
		}
	}, sub
}
