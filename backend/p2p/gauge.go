package p2p

// This file keeps what was measured of each peer: its last latencies, how it was
// reached, and how attempts to reach it directly went.

import (
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxLatencies bounds the latencies kept of one peer: a line on a screen.
	MaxLatencies = 60
	// MaxPunches bounds the attempts kept of one peer.
	MaxPunches = 10
	// punchNoted is the longest time between a connection and the news of how it
	// was made.
	punchNoted = 10 * time.Second
	// maxGauges bounds the peers that something is kept of.
	maxGauges = 2048
)

// Punch is one attempt to reach a relayed peer directly.
type Punch struct {
	At     time.Time
	Direct bool // a plain dial; else both sides dialled at once
	OK     bool
	Reason string // why not
}

// gauge is one peer's.
type gauge struct {
	latencies []float64 // milliseconds, oldest first
	answered  time.Time // the last of them
	route     string    // "" before the first look
	punches   []Punch   // oldest first
	used      time.Time
}

// gauges are all of them, and the timeline of routes.
type gauges struct {
	timeline *timeline

	mu    sync.Mutex
	peers map[peer.ID]*gauge
}

func newGauges(t *timeline) *gauges { return &gauges{timeline: t, peers: make(map[peer.ID]*gauge)} }

// ofLocked is a peer's gauge. When there are too many, the one that was not used
// for longest makes room.
func (g *gauges) ofLocked(id peer.ID, now time.Time) *gauge {
	one := g.peers[id]
	if one == nil {
		if len(g.peers) >= maxGauges {
			g.makeRoomLocked()
		}
		one = &gauge{}
		g.peers[id] = one
	}
	one.used = now
	return one
}

func (g *gauges) makeRoomLocked() {
	var oldest peer.ID
	for id, one := range g.peers {
		if oldest == "" || one.used.Before(g.peers[oldest].used) {
			oldest = id
		}
	}
	delete(g.peers, oldest)
}

func (g *gauges) answered(id peer.ID, took time.Duration, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.ofLocked(id, now)
	one.answered = now
	one.latencies = lastOf(append(one.latencies, milliseconds(took)), MaxLatencies)
}

// routed notes how a peer is reached now. Before the first time it was offline.
func (g *gauges) routed(id peer.ID, route string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := core.RouteOffline
	if one := g.peers[id]; one != nil && one.route != "" {
		before = one.route
	}
	g.ofLocked(id, now).route = route
	if before == route {
		return
	}
	g.timeline.add(core.PathChange{At: now, Peer: id.String(), From: before, To: route})
}

func (g *gauges) latencies(id peer.ID) []float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one := g.peers[id]; one != nil {
		return slices.Clone(one.latencies)
	}
	return nil
}

func (g *gauges) answeredAt(id peer.ID) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one := g.peers[id]; one != nil {
		return one.answered
	}
	return time.Time{}
}

func (g *gauges) punches(id peer.ID) []Punch {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one := g.peers[id]; one != nil {
		return slices.Clone(one.punches)
	}
	return nil
}

// punchedThrough tells whether a connection opened at that time is the fruit of
// an attempt that went well: it is noted a moment after the connection.
func (g *gauges) punchedThrough(id peer.ID, opened time.Time) bool {
	return slices.ContainsFunc(g.punches(id), func(p Punch) bool {
		return p.OK && !p.Direct && !p.At.Before(opened) && p.At.Sub(opened) < punchNoted
	})
}

// punched counts the attempts with all peers.
func (g *gauges) punched() (tried, ok int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, one := range g.peers {
		for _, p := range one.punches {
			tried++
			if p.OK {
				ok++
			}
		}
	}
	return tried, ok
}

func (g *gauges) drop(id peer.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.peers, id)
}

// Trace takes libp2p's news of hole punching.
func (g *gauges) Trace(e *holepunch.Event) {
	p := Punch{At: time.Unix(0, e.Timestamp)}
	switch evt := e.Evt.(type) {
	case *holepunch.EndHolePunchEvt:
		p.OK, p.Reason = evt.Success, evt.Error
	case *holepunch.DirectDialEvt:
		p.Direct, p.OK, p.Reason = true, evt.Success, evt.Error
	case *holepunch.ProtocolErrorEvt:
		p.Reason = evt.Error
	default:
		return
	}
	p.Reason = shorten(p.Reason)
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.ofLocked(e.Remote, p.At)
	one.punches = lastOf(append(one.punches, p), MaxPunches)
}

func lastOf[T any](list []T, most int) []T {
	if len(list) <= most {
		return list
	}
	return slices.Clone(list[len(list)-most:])
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
