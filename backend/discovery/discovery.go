// Package discovery finds the other nodes of a network and keeps enough of them
// connected.
//
// A [Discovery] knows peers from four places: the configured bootstrap peers,
// the peers remembered by package p2p, other peers (peer exchange, see
// exchange.go) and, when asked for, the local network (mDNS). Bootstrap peers
// are dialled again for ever, the others a few times; in between it waits
// longer and longer (plan.go). When the last connection is lost it tries all of
// them again at once.
//
// Nobody is trusted here: whoever answers is proven by libp2p to be the peer
// that was meant, and being connected gives no right to anything.
package discovery

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/p2p"
)

const (
	// MaxBootstrap bounds the configured bootstrap peers.
	MaxBootstrap = 100
	// MaxDials bounds dials under way at one time.
	MaxDials = 8
	// askedPerRound is how many peers are asked for others each interval.
	askedPerRound = 3
	// eventQueue holds libp2p's events while the loop is busy.
	eventQueue = 256
	// maxFound holds peers that were found and not yet looked at; more are
	// dropped, because they will be found again.
	maxFound = 64
)

// Settings say where to look. MaxPeers above what the host holds counts as that.
type Settings struct {
	Bootstrap   []string      // multiaddresses with /p2p/<peer id>
	Interval    time.Duration // between two rounds of peer exchange
	MDNS        bool          // also look on the local network
	NetworkName string        // only nodes with the same name meet by mDNS
	MaxPeers    int           // above it nobody new is looked for
}

// Discovery finds peers while it runs. Check may be called at any time.
type Discovery struct {
	settings Settings
	host     *p2p.Host
	log      *slog.Logger
	keeper   *keeper
	exchange *exchange
	found    chan []peer.AddrInfo
	wishes   chan struct{} // one token: whom to keep has changed
	running  atomic.Bool
}

// New checks the settings. The host's own address among the bootstrap peers is
// left out, so that all nodes of a network can share one list.
func New(s Settings, h *p2p.Host, log *slog.Logger) (*Discovery, error) {
	if s.Interval <= 0 {
		return nil, core.Errorf(core.Invalid, "discovery.discovery_interval must be longer than 0; 15s is usual")
	}
	if s.MaxPeers <= 0 {
		return nil, core.Errorf(core.Invalid, "discovery needs room for at least one peer; raise node.max_connections")
	}
	if len(s.Bootstrap) > MaxBootstrap {
		return nil, core.Errorf(core.Invalid, "discovery.bootstrap_peers may name %d peers; name fewer", MaxBootstrap)
	}
	s.MaxPeers = min(s.MaxPeers, h.MaxPeers())
	plan := newPlan(rand.Float64)
	for _, text := range s.Bootstrap {
		info, err := p2p.ParseAddress(text)
		if err != nil {
			return nil, core.Wrap(core.Invalid, err, "discovery.bootstrap_peers: %s", core.Sentence(err))
		}
		if len(info.Addrs) == 0 {
			return nil, core.Errorf(core.Invalid, "discovery.bootstrap_peers: %q has no address; write it like /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…", text)
		}
		if info.ID != h.ID() {
			plan.addBootstrap(info)
		}
	}
	d := &Discovery{settings: s, host: h, log: log, found: make(chan []peer.AddrInfo, maxFound), wishes: make(chan struct{}, 1)}
	d.keeper = &keeper{
		plan: plan, maxPeers: s.MaxPeers, log: log,
		dial: h.DialPeer, peers: func() int { return len(h.Network().Peers()) }, avoid: h.HungUp, stored: h.Stored, kept: h.Kept,
		connected: func(p peer.ID) bool { return h.Network().Connectedness(p) != network.NotConnected },
	}
	d.exchange = newExchange(h, log)
	return d, nil
}

// Run looks for peers until ctx ends. It is ready at once: a network of one
// node has nobody to find.
func (d *Discovery) Run(ctx context.Context, ready func()) error {
	events, err := d.host.EventBus().Subscribe([]any{
		new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerConnectednessChanged),
	}, eventbus.BufSize(eventQueue), eventbus.Name("discovery"))
	if err != nil {
		return fmt.Errorf("subscribe to events: %w", err)
	}
	defer events.Close() //nolint:errcheck // it only ends the subscription
	ctx, cancel := context.WithCancel(ctx)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	stopServing := d.exchange.serve()
	defer stopServing()
	stopMDNS := d.startMDNS()
	defer stopMDNS()

	d.recall()
	signals := make(chan signal, eventQueue)
	parts.Go(func() { d.keeper.run(ctx, signals) })
	parts.Go(func() { d.askInRounds(ctx) })
	d.running.Store(true)
	defer d.running.Store(false)
	ready()
	d.watch(ctx, events, signals, &parts)
	return nil
}

// recall plans the remembered peers, and notes who connected before.
func (d *Discovery) recall() {
	now := time.Now()
	d.keeper.keep(now)
	d.keeper.plan.add(now, d.host.Stored()...)
	for _, p := range d.host.Network().Peers() {
		d.keeper.plan.joined(p, now)
		d.keeper.company = now
	}
}

// watch turns libp2p's events into what the keeper and the exchange act on.
func (d *Discovery) watch(ctx context.Context, events event.Subscription, signals chan<- signal, parts *sync.WaitGroup) {
	asking := make(chan struct{}, MaxDials)
	for {
		var s signal
		select {
		case <-ctx.Done():
			return
		case found := <-d.found:
			s = signal{found: found}
		case <-d.wishes:
			s = signal{wished: true}
		case e, open := <-events.Out():
			if !open {
				return
			}
			switch e := e.(type) {
			case event.EvtPeerConnectednessChanged:
				s = signal{peer: e.Peer, joined: e.Connectedness != network.NotConnected, left: e.Connectedness == network.NotConnected}
			case event.EvtPeerIdentificationCompleted:
				d.askNewcomer(ctx, e, asking, parts)
				// It is dialled again when it is lost, like every node.
				info := peer.AddrInfo{ID: e.Peer, Addrs: d.host.Peerstore().Addrs(e.Peer)}
				s = signal{peer: e.Peer, joined: true, found: []peer.AddrInfo{info}}
			}
		}
		select {
		case <-ctx.Done():
			return
		case signals <- s:
		}
	}
}

// askNewcomer asks a peer that just connected whom it knows: so a late joiner
// learns of the others without waiting for the next round.
func (d *Discovery) askNewcomer(ctx context.Context, e event.EvtPeerIdentificationCompleted, asking chan struct{}, parts *sync.WaitGroup) {
	if e.Conn.Stat().Direction != network.DirOutbound || !slices.Contains(e.Protocols, protocol.ID(Protocol)) {
		return // who dialled us will ask us, and is asked in a round
	}
	select {
	case asking <- struct{}{}:
	default:
		return // the next round will do
	}
	parts.Go(func() {
		defer func() { <-asking }()
		d.ask(ctx, e.Peer)
	})
}

// askInRounds asks a few connected peers each interval.
func (d *Discovery) askInRounds(ctx context.Context) {
	tick := time.NewTicker(d.settings.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		peers := d.host.Network().Peers()
		rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
		for _, p := range peers[:min(len(peers), askedPerRound)] {
			if d.knowsExchange(p) {
				d.ask(ctx, p)
			}
		}
	}
}

func (d *Discovery) knowsExchange(p peer.ID) bool {
	known, err := d.host.Peerstore().SupportsProtocols(p, Protocol)
	return err == nil && len(known) == 1
}

// ask learns peers from p, when there is still room for any.
func (d *Discovery) ask(ctx context.Context, p peer.ID) {
	room := d.settings.MaxPeers - len(d.host.Network().Peers())
	if room <= 0 {
		return
	}
	infos, err := d.exchange.ask(ctx, p, min(room+1, MaxPeersPerAnswer))
	if err != nil {
		d.log.Debug("a peer did not tell whom it knows", core.KeyPeer, p.String(), core.KeyError, err)
		return
	}
	d.offer(infos)
}

// offer hands found peers to the loop; when that is busy they are dropped.
func (d *Discovery) offer(infos []peer.AddrInfo) {
	infos = slices.DeleteFunc(infos, func(i peer.AddrInfo) bool { return i.ID == d.host.ID() || len(i.Addrs) == 0 })
	if len(infos) == 0 {
		return
	}
	select {
	case d.found <- infos:
	default:
	}
}

// Wished says that the host's list of peers to keep has changed.
func (d *Discovery) Wished() {
	select {
	case d.wishes <- struct{}{}:
	default: // it will be read anew as it is
	}
}

// Bootstraps tells how it stands with each configured peer.
func (d *Discovery) Bootstraps() []core.Bootstrap { return d.keeper.plan.bootstraps() }

// Check tells how many of the bootstrap peers are connected and, when one is
// not, when it is tried again and why it failed.
func (d *Discovery) Check() core.Check {
	check := core.Check{Name: "discovery", State: core.StateOK}
	if !d.running.Load() {
		check.State, check.Detail = core.StateDown, "not running"
		return check
	}
	peers := d.keeper.peers()
	sum := d.keeper.plan.summary(time.Now())
	var text strings.Builder
	if sum.bootstrap == 0 {
		fmt.Fprintf(&text, "no bootstrap peers are configured; %d %s connected", peers, plural(peers, "peer"))
	} else {
		fmt.Fprintf(&text, "%d of %d bootstrap %s connected", sum.connected, sum.bootstrap, plural(sum.bootstrap, "peer"))
	}
	if sum.connected < sum.bootstrap {
		check.State = core.StateDegraded
		if peers == 0 {
			check.State = core.StateDown
		}
		switch {
		case sum.reason == "":
			text.WriteString("; dialling")
		case sum.wait <= 0:
			fmt.Fprintf(&text, "; trying again now: %s", sum.reason)
		default:
			fmt.Fprintf(&text, "; next try in %d s: %s", int64(sum.wait.Round(time.Second)/time.Second), sum.reason)
		}
	}
	check.Detail = text.String()
	return check
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// Limits lists the bounds of this package that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "bootstrap peers", Value: fmt.Sprint(MaxBootstrap), Why: "each is dialled for ever", Key: "discovery.bootstrap_peers"},
		{Name: "dials of discovery at one time", Value: fmt.Sprint(MaxDials), Why: "a burst of dials looks like an attack to routers"},
		{Name: "wait before a peer is dialled again", Value: fmt.Sprintf("%s, doubled up to %s", firstWait, MaxWait), Why: "a peer that is away must not cost anything"},
		{Name: "found peers waiting to be dialled", Value: fmt.Sprint(MaxCandidates), Why: "strangers choose how many they name"},
		{Name: "peers in one peer exchange", Value: fmt.Sprintf("%d with %d addresses each", MaxPeersPerAnswer, MaxAddressesPerPeer), Why: "enough to find a network, too little to map it"},
		{Name: "peer exchanges of one peer", Value: fmt.Sprintf("%d a minute", MaxAsksPerMinute), Why: "answering must cost less than asking"},
	}
}
