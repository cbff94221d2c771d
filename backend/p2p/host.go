package p2p

// This file builds, runs and closes the host.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// saveInterval is how much of what was learned about peers a crash may lose.
	saveInterval = 5 * time.Minute
	// eventQueue holds events of connections while the host is busy with one.
	eventQueue = 256
)

// Host is a libp2p host with what people ask of it. Only New makes one. All
// methods may be used from any goroutine.
type Host struct {
	host.Host

	plan  plan
	log   *slog.Logger
	nat   *lateNAT
	book  *book
	state atomic.Int32 // built, running or closed

	reachability atomic.Int32 // a network.Reachability

	away   *away
	meter  *meter
	gauges *gauges
	nets   *nets
	looked atomic.Int64  // when somebody last looked at peers, Unix nanoseconds
	came   chan struct{} // one token: somebody came whose latency is not known yet

	closeOnce sync.Once
	closeErr  error
}

const (
	built int32 = iota
	running
	closed
)

// New checks the settings and builds a host that does not listen yet. Whoever
// does not Run it must Close it.
func New(s Settings, log *slog.Logger) (*Host, error) {
	p, err := s.check()
	if err != nil {
		return nil, err
	}
	if len(p.dropped) > 0 {
		log.Info("not listening by QUIC, because UDP would pass beside the proxy", core.KeyAddress, p.dropped)
	}
	known, err := openBook(s.PeerstoreDir, log)
	if err != nil {
		return nil, err
	}
	nat := &lateNAT{}
	h := &Host{
		plan: p, log: log, nat: nat, book: known, away: &away{until: make(map[peer.ID]time.Time)}, came: make(chan struct{}, 1),
		meter: newMeter(time.Now), gauges: newGauges(openTimeline(s.PeerstoreDir, time.Now(), log)), nets: newNets(),
	}
	opts, err := p.options(h)
	if err != nil {
		return nil, err
	}
	if h.Host, err = libp2p.New(opts...); err != nil {
		return nil, fmt.Errorf("build libp2p host: %w", err)
	}
	return h, nil
}

// Run listens, calls ready, and keeps watch until ctx ends. It then remembers
// the peers and closes the host. An address that is taken is core.Unavailable
// and names what holds it. A host runs once.
func (h *Host) Run(ctx context.Context, ready func()) (err error) {
	defer func() { err = errors.Join(err, h.Close()) }()
	if h.state.Load() != built {
		return core.Errorf(core.Unavailable, "this host has ended; build a new one")
	}
	events, err := h.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerConnectednessChanged), new(event.EvtLocalReachabilityChanged),
		new(event.EvtNATDeviceTypeChanged), new(event.EvtHostReachableAddrsChanged),
	}, eventbus.BufSize(eventQueue), eventbus.Name("p2p"))
	if err != nil {
		return fmt.Errorf("subscribe to events: %w", err)
	}
	defer events.Close() //nolint:errcheck // it only ends the subscription
	if err := h.listen(ctx); err != nil {
		return err
	}
	h.nat.start()
	for _, k := range h.Kept() {
		h.ConnManager().Protect(k.ID, keptTag)
	}
	if !h.state.CompareAndSwap(built, running) {
		return core.Errorf(core.Unavailable, "this host has ended; build a new one")
	}
	h.log.Info("listening for peers", core.KeyPeer, h.ID().String(), core.KeyAddress, h.FullAddresses())
	ready()
	var measuring sync.WaitGroup
	measuring.Go(func() { h.measure(ctx) })
	h.watch(ctx, events)
	measuring.Wait()
	return h.save(time.Now())
}

// save writes down what is to be known after a restart.
func (h *Host) save(now time.Time) error {
	return errors.Join(h.book.save(now), h.gauges.timeline.save(now))
}

// watch learns from libp2p's events until ctx ends.
func (h *Host) watch(ctx context.Context, events event.Subscription) {
	save := time.NewTicker(saveInterval)
	defer save.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-save.C:
			if err := h.save(time.Now()); err != nil {
				h.log.Warn("known peers were not saved; trying again later", core.KeyError, err)
			}
			h.meter.TrimIdle(time.Now().Add(-meterIdle))
		case e, open := <-events.Out():
			if !open {
				return
			}
			h.learn(e)
		}
	}
}

func (h *Host) learn(e any) {
	switch e := e.(type) {
	case event.EvtLocalReachabilityChanged:
		h.reachability.Store(int32(e.Reachability)) //nolint:gosec // one of three small numbers
	case event.EvtNATDeviceTypeChanged:
		h.nets.device(e)
	case event.EvtHostReachableAddrsChanged:
		h.nets.reachable(e)
	case event.EvtPeerIdentificationCompleted:
		h.book.seen(sighting{
			id: e.Peer, agent: e.AgentVersion, at: time.Now(), addresses: h.Peerstore().Addrs(e.Peer),
			dialled: e.Conn.Stat().Direction == network.DirOutbound && !e.Conn.Stat().Limited, by: e.Conn.RemoteMultiaddr(),
		})
		h.noteRoute(e.Peer)
		h.measureSoon()
	case event.EvtPeerConnectednessChanged:
		if e.Connectedness == network.NotConnected {
			h.book.left(e.Peer, time.Now())
		}
		h.noteRoute(e.Peer)
		h.log.Debug("connection changed", core.KeyPeer, e.Peer.String(), "state", e.Connectedness.String())
	}
}

// Close ends the host at once. Run does it by itself; only a host that never
// ran needs it. It may be called twice.
func (h *Host) Close() error {
	h.closeOnce.Do(func() {
		h.state.Store(closed)
		if err := h.Host.Close(); err != nil {
			h.closeErr = fmt.Errorf("close libp2p host: %w", err)
		}
	})
	return h.closeErr
}

// FullAddresses are the addresses under which others may dial this node, each
// ending in /p2p/<peer id>. There are none before Run listens.
func (h *Host) FullAddresses() []string {
	var full []string
	for _, addr := range h.Addrs() {
		if !isBareCircuit(addr) {
			full = append(full, addr.String()+"/p2p/"+h.ID().String())
		}
	}
	return full
}

// Reachability says whether strangers can dial this node: "public", "private"
// or, until others have tried, "unknown".
func (h *Host) Reachability() string {
	if h.plan.loopbackOnly {
		return "private"
	}
	switch network.Reachability(h.reachability.Load()) {
	case network.ReachabilityPublic:
		return "public"
	case network.ReachabilityPrivate:
		return "private"
	default:
		return "unknown"
	}
}

// LoopbackOnly says whether nothing of this host may leave this computer.
func (h *Host) LoopbackOnly() bool { return h.plan.loopbackOnly }

// MaxPeers is how many peers are worth looking for: above it connections are
// soon trimmed again.
func (h *Host) MaxPeers() int {
	low, _ := watermarks(h.plan.MaxConnections)
	return low
}

// Stored are the peers remembered from earlier, the last seen first. Their
// addresses may be out of date.
func (h *Host) Stored() []peer.AddrInfo { return h.book.infos() }

func (h *Host) usable() error {
	if h.state.Load() == running {
		return nil
	}
	return core.Errorf(core.Unavailable, "the peer-to-peer host is not running; start the node, or wait until it is ready")
}
