package gateway

// This file counts what the gateway does, in a registry of its own, and shows it
// to whoever runs the node (the text format of Prometheus).

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec   // by route and status
	latency  *prometheus.HistogramVec // by route, seconds
	inFlight prometheus.Gauge
	limited  *prometheus.CounterVec // by rate
	panics   prometheus.Counter

	count       atomic.Uint64 // the same in sum, for the node's own history
	nanos, busy atomic.Int64
}

// newMetrics also shows how many sockets are open, and what others gather; nil is
// none.
func newMetrics(open func() float64, others prometheus.Gatherer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "debros_gateway_requests_total", Help: "Requests by route and status."}, []string{"route", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "debros_gateway_request_seconds", Help: "Time from a request's headers to the end of its answer.",
			Buckets: []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10},
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "debros_gateway_requests_in_flight", Help: "Requests that are being answered."}),
		limited:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "debros_gateway_rate_limited_total", Help: "Requests that a rate refused."}, []string{"rate"}),
		panics:   prometheus.NewCounter(prometheus.CounterOpts{Name: "debros_gateway_panics_total", Help: "Faults of the program that one request met."}),
	}
	own := prometheus.NewRegistry()
	sockets := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "debros_gateway_websockets", Help: "Open WebSockets."}, open)
	own.MustRegister(m.requests, m.latency, m.inFlight, sockets, m.limited, m.panics)
	all := prometheus.Gatherers{own}
	if others != nil {
		all = append(all, others)
	}
	m.handler = promhttp.HandlerFor(all, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return m
}

// observe counts one request. Both labels come from fixed lists, so the number
// of series is bounded.
func (m *metrics) observe(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	if status != http.StatusSwitchingProtocols { // a socket lives for hours and says nothing of speed
		m.latency.WithLabelValues(route).Observe(took.Seconds())
		m.nanos.Add(int64(took))
		m.count.Add(1)
	}
}

func (g *Gateway) metricsRoutes() []route {
	return []route{{
		methods: "GET", path: "/metrics", access: local, here: true, summary: "Shows the node's numbers in the text format of Prometheus.", mediaType: "text/plain",
		serve: func(c *call) error { g.metrics.handler.ServeHTTP(c.w, c.r); return nil },
	}}
}
