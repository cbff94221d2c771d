// Package paths lets the members of a network tell each other how they reach
// whom, so that each can draw the whole matrix.
//
// Every [ShareEvery] a member hands its own [report] to each member that it is
// connected with, over a stream of its own protocol, and gets the other's in
// return; while somebody looks it also asks for the reports of members that it is
// not connected with. A report is signed by its maker, so whoever passes it on
// can change nothing, and it is believed only when the maker is a member. It has
// ids and numbers, never an address, and at most [MaxReportBytes]. A node whose
// sharing is switched off says that, and nothing else. Strangers are cut off
// before a byte of theirs is read.
package paths

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// ShareEvery is the time between two rounds.
	ShareEvery = 30 * time.Second
	// LookEvery is that while somebody looks.
	LookEvery = 15 * time.Second
	// jitter spreads the rounds of members that started together.
	jitter = 0.2
	// heardLately is when another exchange with the same member would tell little;
	// heardNow is that for somebody who looks.
	heardLately = 20 * time.Second
	heardNow    = 5 * time.Second
	// KeepFor is how long a report is shown.
	KeepFor = 5 * time.Minute
	// maxExchanges bounds our exchanges under way.
	maxExchanges = 4
	// eventQueue holds libp2p's events while a round is under way.
	eventQueue = 64
)

// Settings say where a node's own report comes from, and who may read it. Every
// function answers from memory.
type Settings struct {
	Share   bool                     // false: tell only that nothing is told
	Network func() string            // id of the network in use, "" when this node is no member of one
	Members func() map[string]string // names of its members, by peer id
	// Measured are the connected peers as this node reaches them.
	Measured func() []Measured
	Standing func() Standing
	Looked   func() bool // somebody looks at the matrix now
}

// Measured is the way to one peer.
type Measured struct {
	Peer  string
	Name  string
	MS    float64 // 0: not measured
	Route string  // as core.Peer.Route
	At    time.Time
}

// Standing is how a node is connected to the world.
type Standing struct {
	NATTCP    string `json:"nat_tcp,omitempty"` // p2p.NATKeeps, p2p.NATChanges or ""
	NATUDP    string `json:"nat_udp,omitempty"`
	UDPLost   bool   `json:"udp_lost,omitempty"`
	Reachable bool   `json:"reachable,omitempty"`
	Proxied   bool   `json:"proxied,omitempty"`
	Tried     int    `json:"tried,omitempty"` // attempts to punch holes
	Punched   int    `json:"punched,omitempty"`
}

// Paths shares and gathers reports while it runs. Its other methods may be
// called at any time.
type Paths struct {
	settings Settings
	host     host.Host
	log      *slog.Logger
	now      func() time.Time
	self     string
	shelf    *shelf
	server   *server
	asked    chan struct{} // one token: somebody wants to see what is new
}

// New makes the part; Run starts it.
func New(s Settings, h host.Host, log *slog.Logger) (*Paths, error) {
	if h == nil || log == nil || s.Network == nil || s.Members == nil || s.Measured == nil || s.Standing == nil || s.Looked == nil {
		return nil, core.Errorf(core.Internal, "sharing paths needs a host, a log and all that it tells")
	}
	p := &Paths{
		settings: s, host: h, log: log, now: time.Now, self: h.ID().String(), shelf: newShelf(), asked: make(chan struct{}, 1),
	}
	p.server = newServer(p)
	return p, nil
}

// Run shares until ctx ends, and returns when every exchange has.
func (p *Paths) Run(ctx context.Context, ready func()) error {
	events, err := p.host.EventBus().Subscribe(new(event.EvtPeerIdentificationCompleted), eventbus.BufSize(eventQueue), eventbus.Name("paths"))
	if err != nil {
		return fmt.Errorf("subscribe to events: %w", err)
	}
	defer events.Close() //nolint:errcheck // it only ends the subscription
	stop := p.server.serve()
	defer stop()
	ready()
	for whole := true; ; {
		p.round(ctx, whole)
		pause := time.NewTimer(p.pause(rand.Float64())) //nolint:gosec // it spreads rounds, nothing more
		open := true
		select {
		case <-ctx.Done():
			open = false
		case <-pause.C:
			whole = true
		case <-p.asked:
			whole = true
		case _, open = <-events.Out(): // somebody came: only who was not heard is asked
			whole = false
		}
		pause.Stop()
		if !open {
			return nil
		}
	}
}

// pause is the time to the next round; random is 0 to 1.
func (p *Paths) pause(random float64) time.Duration {
	every := ShareEvery
	if p.settings.Looked() {
		every = LookEvery
	}
	return time.Duration(float64(every) * (1 + jitter*(2*random-1)))
}

// Ask makes a round begin at once: somebody looks.
func (p *Paths) Ask() {
	select {
	case p.asked <- struct{}{}:
	default: // one is due already
	}
}

// round exchanges reports with the connected members that were not heard lately.
// A whole one also asks for the reports of members that are not connected.
func (p *Paths) round(ctx context.Context, whole bool) {
	id, members, now := p.settings.Network(), p.settings.Members(), p.now()
	p.shelf.keepOnly(id, members, now)
	if id == "" {
		return
	}
	fresh := heardLately
	if p.settings.Looked() {
		fresh = heardNow
	}
	var missing []string
	if whole {
		missing = p.missing(members, now)
	}
	var exchanges sync.WaitGroup
	defer exchanges.Wait()
	places := make(chan struct{}, maxExchanges)
	for _, other := range p.host.Network().Peers() {
		if _, member := members[other.String()]; !member || !p.speaks(other) || (len(missing) == 0 && p.shelf.heard(other.String(), now) < fresh) {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case places <- struct{}{}:
		}
		exchanges.Go(func() {
			defer func() { <-places }()
			if err := p.ask(ctx, other, missing); err != nil {
				p.log.Debug("a member did not share its paths", core.KeyPeer, other.String(), core.KeyError, err)
			}
		})
	}
}

// missing are the members that nothing is known of and that cannot be asked
// themselves. Nobody needs them unless somebody looks.
func (p *Paths) missing(members map[string]string, now time.Time) []string {
	var list []string
	if !p.settings.Looked() {
		return nil
	}
	for id := range members {
		if id == p.self || len(list) == maxWanted || p.shelf.heard(id, now) < 2*LookEvery {
			continue
		}
		if other, err := peer.Decode(id); err == nil && p.host.Network().Connectedness(other) == network.NotConnected {
			list = append(list, id)
		}
	}
	return list
}

func (p *Paths) speaks(other peer.ID) bool {
	known, err := p.host.Peerstore().SupportsProtocols(other, Protocol)
	return err == nil && len(known) == 1
}

// own is this node's report as it is told now.
func (p *Paths) own(id string) ([]byte, error) {
	r := report{Version: version, Network: id, Node: p.self, At: p.now().UnixMilli(), Shared: p.settings.Share}
	if r.Shared {
		r.Standing = p.settings.Standing()
		r.Paths = waysOf(p.settings.Measured())
	}
	return r.seal(p.host.Peerstore().PrivKey(p.host.ID()))
}

// Clock tells how far this node's clock is from those of the members that were
// heard, and of how many; above zero it is ahead.
func (p *Paths) Clock() (offset time.Duration, from int) { return p.shelf.clock(p.now()) }

// StandingOf is what a member told of itself.
func (p *Paths) StandingOf(id string) (Standing, bool) {
	r, ok := p.shelf.of(id, p.now())
	return r.Standing, ok && r.Shared
}
