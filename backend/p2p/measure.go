package p2p

// This file measures how far the connected peers are, more often while somebody
// looks.

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// pingInterval keeps the figures from growing old; lookInterval is for a
	// screen, while somebody looks at it. Both are spread by pingJitter, so that
	// nodes which started together do not measure together.
	pingInterval = time.Minute
	lookInterval = 15 * time.Second
	pingJitter   = 0.2
	// lookFor is how long a look counts.
	lookFor     = 30 * time.Second
	pingTimeout = 10 * time.Second
	// maxPings bounds pings under way, so that a round is spread out.
	maxPings = 4
)

// Look says that somebody looks at peers now: for half a minute more is measured.
func (h *Host) Look() {
	before := h.looked.Swap(time.Now().UnixNano())
	if time.Since(time.Unix(0, before)) > lookFor {
		h.measureSoon()
	}
}

// LookedAt says whether somebody looked a short while ago.
func (h *Host) LookedAt() bool { return time.Since(time.Unix(0, h.looked.Load())) <= lookFor }

// measureSoon makes a round of pings due.
func (h *Host) measureSoon() {
	select {
	case h.came <- struct{}{}:
	default: // one is due already
	}
}

// measure pings the connected peers now and then.
func (h *Host) measure(ctx context.Context) {
	for {
		h.pingAll(ctx)
		pause := time.NewTimer(h.pause(rand.Float64())) //nolint:gosec // it spreads pings, nothing more
		select {
		case <-ctx.Done():
		case <-pause.C:
		case <-h.came:
		}
		pause.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// pause is the time to the next round; random is 0 to 1.
func (h *Host) pause(random float64) time.Duration {
	interval := pingInterval
	if h.LookedAt() {
		interval = lookInterval
	}
	return time.Duration(float64(interval) * (1 + pingJitter*(2*random-1)))
}

func (h *Host) pingAll(ctx context.Context) {
	var round sync.WaitGroup
	defer round.Wait()
	places := make(chan struct{}, maxPings)
	for _, id := range h.Network().Peers() {
		select {
		case <-ctx.Done():
			return
		case places <- struct{}{}:
		}
		round.Go(func() {
			defer func() { <-places }()
			_, _ = h.pingOne(ctx, id) //nolint:errcheck // a peer that does not answer simply has no figure
			h.noteRoute(id)
		})
	}
}

// Ping measures once how long a connected peer takes to answer.
func (h *Host) Ping(ctx context.Context, id string) (time.Duration, error) {
	if err := h.usable(); err != nil {
		return 0, err
	}
	p, err := decodePeer(id)
	if err != nil {
		return 0, err
	}
	if h.Network().Connectedness(p) == network.NotConnected {
		return 0, core.Errorf(core.NotFound, "there is no connection with the peer %s; connect it first", p)
	}
	took, err := h.pingOne(ctx, p)
	if err != nil {
		return 0, core.Wrap(core.Unavailable, err, "the peer does not answer; it may be busy or gone")
	}
	return took, nil
}

// pingOne pings once and keeps the answer; libp2p itself keeps the moving average.
func (h *Host) pingOne(ctx context.Context, id peer.ID) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(network.WithAllowLimitedConn(network.WithNoDial(ctx, "measuring only"), "measuring"), pingTimeout)
	defer cancel()
	answers := ping.Ping(ctx, h, id)
	first, open := <-answers
	cancel()
	for more := open; more; { // libp2p closes it when its goroutine has ended
		_, more = <-answers
	}
	if !open || first.Error != nil {
		if first.Error == nil {
			first.Error = context.DeadlineExceeded
		}
		return 0, first.Error
	}
	h.gauges.answered(id, first.RTT, time.Now())
	return first.RTT, nil
}

// noteRoute keeps the timeline of a peer that is no passing client.
func (h *Host) noteRoute(id peer.ID) {
	if !h.book.has(id) {
		return
	}
	now, route := time.Now(), core.RouteOffline
	if c, ok := h.bestConnections()[id]; ok {
		route = h.describe(id, c, h.ownIPs(), now).Route()
	}
	h.gauges.routed(id, route, now)
}

// PathChanges lists the changes of paths after a time, oldest first.
func (h *Host) PathChanges(since time.Time) []core.PathChange { return h.gauges.timeline.since(since) }

// MeasuredAt is when a peer last answered, zero when it never did.
func (h *Host) MeasuredAt(id peer.ID) time.Time { return h.gauges.answeredAt(id) }

// Punches are the last attempts to reach a peer directly, oldest first.
func (h *Host) Punches(id peer.ID) []Punch { return h.gauges.punches(id) }

// Traffic is what was moved since the host was made, by protocol.
func (h *Host) Traffic() core.Traffic { return h.meter.traffic() }
