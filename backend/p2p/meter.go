package p2p

// This file counts the bytes of streams, by peer and by protocol. libp2p's own
// counter has no bound on the names that strangers make up, and leaves a
// goroutine behind.

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// maxMetered bounds the peers, and the protocols, that are counted apart; the
	// rest is in the total only. Idle ones make room.
	maxMetered = 2048
	// meterIdle is how long a count outlives the last byte.
	meterIdle = time.Hour
	// rateOver is the time over which a rate is averaged.
	rateOver = 10 * time.Second
	// foldEvery is how exact it is in time: streams are read and written far more
	// often, and most of that should cost no more than an addition.
	foldEvery = 100 * time.Millisecond
)

// meter is a metrics.Reporter.
type meter struct {
	now func() time.Time

	mu        sync.Mutex
	total     tally
	peers     map[peer.ID]*tally
	protocols map[protocol.ID]*tally
}

// tally is one line of the meter.
type tally struct {
	in, out count
	used    time.Time
}

// count is an amount and how fast it grows.
type count struct {
	bytes  uint64
	rate   float64 // bytes a second, at the time at
	at     time.Time
	recent uint64 // bytes within foldEvery after that
}

var _ metrics.Reporter = (*meter)(nil)

func newMeter(now func() time.Time) *meter {
	return &meter{now: now, peers: make(map[peer.ID]*tally), protocols: make(map[protocol.ID]*tally)}
}

// add counts n bytes.
func (c *count) add(n int64, now time.Time) {
	if now.Sub(c.at) >= foldEvery {
		c.rate, c.at, c.recent = c.rateAt(now), now, 0
	}
	moved := uint64(max(n, 0))
	c.bytes += moved
	c.recent += moved
}

// rateAt grows by what came as if it had been spread over rateOver, and fades
// with the time that has passed.
func (c *count) rateAt(now time.Time) float64 {
	if c.at.IsZero() {
		return 0
	}
	return (c.rate + float64(c.recent)/rateOver.Seconds()) * math.Exp(-now.Sub(c.at).Seconds()/rateOver.Seconds())
}

func (t *tally) flow(name string, now time.Time) core.Flow {
	return core.Flow{Protocol: name, BytesIn: t.in.bytes, BytesOut: t.out.bytes, RateIn: t.in.rateAt(now), RateOut: t.out.rateAt(now)}
}

// LogSentMessage counts nothing: the next call says the same, and by whom.
func (m *meter) LogSentMessage(int64) {}

// LogRecvMessage likewise.
func (m *meter) LogRecvMessage(int64) {}

// LogSentMessageStream counts what was written to a stream.
func (m *meter) LogSentMessageStream(n int64, name protocol.ID, id peer.ID) {
	m.add(n, name, id, func(t *tally) *count { return &t.out })
}

// LogRecvMessageStream counts what was read from a stream.
func (m *meter) LogRecvMessageStream(n int64, name protocol.ID, id peer.ID) {
	m.add(n, name, id, func(t *tally) *count { return &t.in })
}

func (m *meter) add(n int64, name protocol.ID, id peer.ID, side func(*tally) *count) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range []*tally{&m.total, lineOf(m.peers, id), lineOf(m.protocols, name)} {
		if t != nil {
			side(t).add(n, now)
			t.used = now
		}
	}
}

// lineOf is the line of one name, nil when there is no room for another.
func lineOf[K comparable](lines map[K]*tally, name K) *tally {
	t := lines[name]
	if t == nil && len(lines) < maxMetered {
		t = &tally{}
		lines[name] = t
	}
	return t
}

// peer is what moved to and from one peer.
func (m *meter) peer(id peer.ID) core.Flow {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.peers[id]
	if t == nil {
		return core.Flow{}
	}
	return t.flow("", m.now())
}

// traffic is all that moved, the busiest protocol first.
func (m *meter) traffic() core.Traffic {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	out := core.Traffic{Total: m.total.flow("", now), Protocols: make([]core.Flow, 0, len(m.protocols))}
	for name, t := range m.protocols {
		if name != "" { // a stream that has not agreed on one yet
			out.Protocols = append(out.Protocols, t.flow(string(name), now))
		}
	}
	slices.SortFunc(out.Protocols, func(a, b core.Flow) int {
		if x, y := a.BytesIn+a.BytesOut, b.BytesIn+b.BytesOut; x != y {
			if x > y {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Protocol, b.Protocol)
	})
	return out
}

func (m *meter) stats(f core.Flow) metrics.Stats {
	return metrics.Stats{
		TotalIn: int64(f.BytesIn), TotalOut: int64(f.BytesOut), //nolint:gosec // nobody moves 2^63 bytes
		RateIn: f.RateIn, RateOut: f.RateOut,
	}
}

// GetBandwidthForPeer is libp2p's way to ask.
func (m *meter) GetBandwidthForPeer(id peer.ID) metrics.Stats { return m.stats(m.peer(id)) }

// GetBandwidthForProtocol likewise.
func (m *meter) GetBandwidthForProtocol(name protocol.ID) metrics.Stats {
	return m.GetBandwidthByProtocol()[name]
}

// GetBandwidthTotals likewise.
func (m *meter) GetBandwidthTotals() metrics.Stats { return m.stats(m.traffic().Total) }

// GetBandwidthByPeer likewise.
func (m *meter) GetBandwidthByPeer() map[peer.ID]metrics.Stats {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make(map[peer.ID]metrics.Stats, len(m.peers))
	for id, t := range m.peers {
		out[id] = m.stats(t.flow("", now))
	}
	return out
}

// GetBandwidthByProtocol likewise.
func (m *meter) GetBandwidthByProtocol() map[protocol.ID]metrics.Stats {
	out := make(map[protocol.ID]metrics.Stats)
	for _, f := range m.traffic().Protocols {
		out[protocol.ID(f.Protocol)] = m.stats(f)
	}
	return out
}

// Reset begins anew.
func (m *meter) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total = tally{}
	clear(m.peers)
	clear(m.protocols)
}

// TrimIdle forgets the lines that were not used since.
func (m *meter) TrimIdle(since time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	trim(m.peers, since)
	trim(m.protocols, since)
}

func trim[K comparable](lines map[K]*tally, since time.Time) {
	for name, t := range lines {
		if t.used.Before(since) {
			delete(lines, name)
		}
	}
}
