// This file keeps the node's numbers of the last ten minutes, so that a curve is
// there when somebody opens the screen after the trouble.

package api

import (
	"context"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// SampleEvery is the time between two looks at the numbers.
	SampleEvery = 5 * time.Second
	// MaxSamples bounds what is kept: ten minutes.
	MaxSamples = 120
)

// Moment is the node at one moment. Rates are those since the one before.
type Moment struct {
	Time        string  `json:"time"`
	Requests    float64 `json:"requests"`   // of the gateway, per second
	LatencyMS   float64 `json:"latency_ms"` // mean time to answer one, 0 when there was none
	Entries     float64 `json:"entries"`    // of the replicated log, per second
	Messages    float64 `json:"messages"`   // of gossip, per second
	Lost        float64 `json:"lost"`       // messages that a full queue dropped, per second
	InFlight    int     `json:"in_flight"`
	Sockets     int     `json:"sockets"`
	Behind      int64   `json:"behind"` // log entries that are committed and not applied here yet
	Peers       int     `json:"peers"`
	Goroutines  int     `json:"goroutines"`
	Descriptors int     `json:"descriptors"`  // 0 when unknown
	Memory      int64   `json:"memory_bytes"` // below 2^53 on any computer
}

// history is a ring of samples.
type history struct {
	mu      sync.Mutex
	samples []Moment // oldest first
	last    core.Measures
	at      time.Time // of last; zero before the first look
}

// History returns the samples that are kept, oldest first.
func (n *Node) History() ([]Moment, error) {
	return guard(n.d, "Node.History", MaxCallTime, func(context.Context) ([]Moment, error) {
		if _, err := n.d.node(); err != nil {
			return nil, err
		}
		return n.d.history.all(), nil
	})
}

func (h *history) all() []Moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Moment{}, h.samples...)
}

// run looks until ctx ends, whether or not a page is open.
func (h *history) run(ctx context.Context, d *desk) {
	tick := time.NewTicker(SampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if b, err := d.node(); err == nil {
				h.add(d.program.Now(), b.Panel.Measures(), measureProcess())
			}
		}
	}
}

// add keeps one look at the numbers. The first only gives the others their start.
func (h *history) add(now time.Time, m core.Measures, p process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seconds := now.Sub(h.at).Seconds()
	before := h.last
	first := h.at.IsZero()
	h.last, h.at = m, now
	if first || seconds <= 0 {
		return
	}
	rate := func(after, old uint64) float64 {
		if after < old { // a group went to sleep, and its entries with it
			return 0
		}
		return float64(after-old) / seconds
	}
	s := Moment{
		Time: stamp(now), Requests: rate(m.Requests, before.Requests), Entries: rate(m.Entries, before.Entries),
		Messages: rate(m.Messages, before.Messages), Lost: rate(m.Lost, before.Lost), InFlight: m.InFlight, Sockets: m.Sockets,
		Behind: exact(m.Behind), Peers: m.Peers, Goroutines: p.goroutines, Descriptors: p.descriptors, Memory: exact(p.memory),
	}
	if count := m.Requests - min(before.Requests, m.Requests); count > 0 {
		s.LatencyMS = float64((m.RequestTime - before.RequestTime).Microseconds()) / 1000 / float64(count)
	}
	h.samples = append(h.samples[max(0, len(h.samples)+1-MaxSamples):], s)
}

// exact is a number that JavaScript holds without rounding.
func exact(n uint64) int64 {
	const most = 1 << 53
	return int64(min(n, most)) //nolint:gosec // it is at most 2^53
}
