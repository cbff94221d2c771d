package gateway

// This file keeps the last requests for whoever runs the node: what was asked
// and how it ended, without anything that the caller wrote.

import (
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxRequestsKept bounds the requests that are remembered: some screens full, in
// about 100 KB.
const MaxRequestsKept = 500

// requests is a ring of them; the zero value is empty.
type requests struct {
	mu   sync.Mutex
	last uint64 // Seq of the newest
	kept [MaxRequestsKept]core.GatewayRequest
}

func (q *requests) add(r core.GatewayRequest) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last++
	r.Seq = q.last
	q.kept[q.last%MaxRequestsKept] = r
}

// after returns those that are kept with a larger Seq, oldest first.
func (q *requests) after(seq uint64) []core.GatewayRequest {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.last > MaxRequestsKept {
		seq = max(seq, q.last-MaxRequestsKept)
	}
	out := make([]core.GatewayRequest, 0, q.last-min(seq, q.last))
	for seq++; seq <= q.last; seq++ {
		out = append(out, q.kept[seq%MaxRequestsKept])
	}
	return out
}

// Requests returns the last requests whose Seq is greater than after, oldest first.
func (g *Gateway) Requests(after uint64) []core.GatewayRequest { return g.requests.after(after) }

// Totals are the requests that were answered, and how long they took together.
func (g *Gateway) Totals() (count uint64, took time.Duration) {
	return g.metrics.count.Load(), time.Duration(g.metrics.nanos.Load())
}

// Busy is how many requests are being answered, and how many sockets are open.
func (g *Gateway) Busy() (requests, sockets int) {
	return int(g.metrics.busy.Load()), int(g.sockets.count.Load())
}

// Open says whether the gateway can be reached from other computers.
func (g *Gateway) Open() bool { return g.listener != nil && !loopbackHost(g.Address()) }

// Encrypts says whether the gateway has a certificate of its own.
func (g *Gateway) Encrypts() bool { return g.tls != nil }
