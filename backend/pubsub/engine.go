// One run of gossip: the goroutine that keeps the topics, and how it decides
// which to carry.

package pubsub

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"git.debros.io/DeBros/network/backend/core"
)

// pace is how often things happen; tests are in a hurry.
type pace struct {
	sweep, beacon, linger time.Duration
}

// maxNotices bounds what gossipsub's loop leaves to the keeper.
const maxNotices = 64

// engine is what exists between start and end of one Run.
type engine struct {
	p        *PubSub
	host     host.Host
	log      *slog.Logger
	gossip   *gossip.PubSub
	wire     *wire
	flow     *flow
	interest *interest
	conduct  *conduct
	trace    *tracer
	healer   *healer
	inFlight *inFlight
	arrivals *arrivals
	view     *view
	pace     pace

	calls   chan func()   // run by the keeper, one after another
	news    chan struct{} // something in interest changed
	notices chan func()   // from gossipsub's loop, which must not wait
	stopped chan struct{} // closed when the keeper takes no more calls
	tasks   tasks
	crowds  crowds
	asks    chan struct{} // a place for each question being answered

	open          sync.Map     // name → *topic, for publishers; written by the keeper
	subscriptions atomic.Int64 // open ones

	// Owned by the keeper.
	topics map[string]*topic
	scored map[string]struct{}
	score  *gossip.TopicScoreParams
	told   map[string]struct{} // topics of our users in the last beacon
}

// newEngine starts gossipsub; it lives until life ends.
func newEngine(life context.Context, p *PubSub) (*engine, error) {
	e := &engine{
		p: p, host: p.host, log: p.log, pace: p.pace,
		flow: newFlow(), conduct: newConduct(), inFlight: newInFlight(p.host.ID()), view: newView(),
		calls: make(chan func()), news: make(chan struct{}, 1), notices: make(chan func(), maxNotices),
		stopped: make(chan struct{}),
		asks:    make(chan struct{}, MaxAsks),
		topics:  make(map[string]*topic), scored: make(map[string]struct{}),
		score: topicScore(), told: make(map[string]struct{}),
	}
	e.interest = newInterest(e.conduct, e.poke)
	e.wire = newWire(p.host, e.flow, e.interest)
	e.trace = &tracer{e: e, joined: make(map[string]struct{})}
	e.arrivals = newArrivals(e.interest)
	params, err := peerScore(e.conduct.score)
	if err != nil {
		return nil, fmt.Errorf("weigh peers: %w", err)
	}
	router := gossip.DefaultGossipSubRouter(e.wire)
	e.healer = &healer{router: router, spent: make(map[peer.ID]int)}
	e.gossip, err = gossip.NewGossipSubWithRouter(life, e.wire, router, append(e.options(params), router.WithDefaultTagTracer())...)
	if err != nil {
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	return e, nil
}

func (e *engine) options(params *gossip.PeerScoreParams) []gossip.Option {
	router := gossip.DefaultGossipSubParams()
	// A topic that somebody leaves and enters again is soon whole again; the
	// default of ten seconds is meant for larger networks than ours.
	router.UnsubscribeBackoff = time.Second
	// A machine with two cores may be busy for some seconds in a burst; its
	// answers are late then, not broken.
	router.IWantFollowupTime = 10 * time.Second
	router.MaxIHaveLength = MaxOfferedByPeers
	return []gossip.Option{
		gossip.WithGossipSubParams(router),
		// Plain floodsub and gossipsub 1.0 are not spoken: the one has no mesh,
		// the other no back-off, and both would be ways round the scores.
		gossip.WithGossipSubProtocols(gossipProtocols(), gossip.GossipSubDefaultFeatures),
		gossip.WithMessageSignaturePolicy(gossip.StrictSign),
		// Author and sequence number: every publication has its own id.
		gossip.WithMessageIdFn(e.inFlight.id),
		gossip.WithMaxMessageSize(MaxFrameBytes),
		gossip.WithValidateQueueSize(MaxValidate),
		// One goroutine checks signatures: what one author says arrives in the
		// order in which it was said, and strangers can burn one core at most.
		gossip.WithValidateWorkers(1),
		gossip.WithPeerOutboundQueueSize(MaxOutbound),
		// One's own messages go to every neighbour in the topic, not only to the
		// mesh: it costs one upload per neighbour, and in return a publisher that
		// has just connected, or is being eclipsed, is heard at once.
		gossip.WithFloodPublish(true),
		gossip.WithPeerScore(params, thresholds()),
		gossip.WithPeerScoreInspect(e.view.scored, scoresEvery),
		// There is no peer gater: it drops at random when the queue for
		// checking overflows, by network address. Here a stream is read more
		// slowly before that, by peer, and nothing is dropped (flow.go).
		gossip.WithSubscriptionFilter(e.interest),
		gossip.WithAppSpecificRpcInspector(e.trace.inspect),
		gossip.WithRawTracer(e.trace), // after the scores, whose tracers may ask for a message's id
		gossip.WithDefaultValidator(gossip.ValidatorEx(e.validate), gossip.WithValidatorInline(true)),
		gossip.WithLogger(slog.New(slog.DiscardHandler)), // it logs what strangers send; we count it
	}
}

func gossipProtocols() []protocol.ID {
	return []protocol.ID{gossip.GossipSubID_v13, gossip.GossipSubID_v12, gossip.GossipSubID_v11}
}

// validate judges a message whose signature is good. gossipsub punishes whoever
// sent one that is rejected.
func (e *engine) validate(_ context.Context, from peer.ID, m *gossip.Message) gossip.ValidationResult {
	ns, topic, ok := parseTopic(m.GetTopic())
	payload, proof, err := unseal(m.GetData())
	if !ok || err != nil || len(m.GetSeqno()) != 8 || m.GetTopic() == clientsTopic {
		return gossip.ValidationReject
	}
	author := m.GetFrom()
	if e.allowed(author, ns, proof) && e.sound(author, ns, topic, payload) {
		if author == e.host.ID() { // gossipsub traces those of others only
			e.healer.recent.add(m.GetTopic(), m.ID, time.Now())
		}
		return gossip.ValidationAccept
	}
	if from == author {
		return gossip.ValidationReject
	}
	// Another node may know of a grant later or earlier than we do, or of a form
	// that we do not, so whoever hands such a message on is blamed mildly: only one
	// that keeps doing it is cut off.
	e.conduct.blame(from, blameNoGrant)
	return gossip.ValidationIgnore
}

// allowed lets every node send its beacons, a guest too: without them nobody
// knows what is in use. Everywhere else the node's own rule decides.
func (e *engine) allowed(author peer.ID, ns core.Namespace, proof []byte) bool {
	return ns == core.SystemNamespace || e.p.settings.Allow == nil || e.p.settings.Allow(author, ns, proof)
}

// sound asks the node's rule about what a message carries.
func (e *engine) sound(author peer.ID, ns core.Namespace, topic string, payload []byte) bool {
	return ns == core.SystemNamespace || e.p.settings.Check == nil || e.p.settings.Check(author, ns, topic, payload) == nil
}

// poke makes the keeper look at interest again. It never waits.
func (e *engine) poke() {
	select {
	case e.news <- struct{}{}:
	default:
	}
}

// keep is the keeper goroutine: it alone joins and leaves topics.
func (e *engine) keep(ctx context.Context) {
	defer close(e.stopped)
	sweep := time.NewTicker(e.pace.sweep)
	defer sweep.Stop()
	beacon := time.NewTicker(e.pace.beacon)
	defer beacon.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case call := <-e.calls:
			call()
		case notice := <-e.notices:
			notice()
		case <-e.news:
			e.reconcile(ctx, time.Now())
		case <-sweep.C:
			now := time.Now()
			e.conduct.fade(now)
			e.interest.expire(now)
			e.arrivals.prune(now)
			e.inFlight.expire(now)
			e.reconcile(ctx, now)
		case <-beacon.C:
			clear(e.told) // say everything again
			e.tell(ctx)
		}
	}
}

// notice lets the keeper do what gossipsub's loop must not wait for. It is left
// undone when too much of it piles up.
func (e *engine) notice(fn func()) {
	select {
	case e.notices <- fn:
	default:
	}
}

// do runs fn on the keeper and waits for it.
func (e *engine) do(ctx context.Context, fn func() error) error {
	done := make(chan error, 1)
	select {
	case e.calls <- func() { done <- fn() }:
	case <-e.stopped:
		return errStopped()
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "the call ended before the topic could be opened")
	}
	return <-done // the keeper never drops a call that it took
}

// reconcile joins what others want carried, leaves what nobody has wanted for a
// while, and tells other nodes what our users use.
func (e *engine) reconcile(ctx context.Context, now time.Time) {
	if e.p.settings.Relay {
		e.carry(e.interest.wanted(now), now)
	}
	for name, t := range e.topics {
		if name == e.home() {
			continue
		}
		if len(t.readers.all()) > 0 {
			t.since = now
			continue
		}
		t.mute()
		if now.Sub(t.since) < e.pace.linger || now.Sub(time.Unix(0, t.used.Load())) < e.pace.linger {
			continue
		}
		e.drop(t)
	}
	e.tell(ctx)
}

func (e *engine) carry(names []string, now time.Time) {
	carried := e.carriedCount()
	for _, name := range names {
		t, known := e.topics[name]
		if !known {
			if carried >= MaxCarried {
				continue // it is looked at again when another one is left
			}
			var err error
			if t, err = e.enter(name); err != nil {
				continue // full of our own users' topics, or gossipsub is ending
			}
			carried++
		}
		t.since = now
		if err := t.join(); err != nil {
			e.log.Debug("a topic could not be joined", core.KeyTopic, name, core.KeyError, err)
		}
	}
	e.interest.changed.ring() // somebody may wait for one of them to be carried
}

// carriedCount is the number of topics without a local reader.
func (e *engine) carriedCount() int {
	n := 0
	for _, t := range e.topics {
		if len(t.readers.all()) == 0 {
			n++
		}
	}
	return n
}

// enter opens a topic without announcing it.
func (e *engine) enter(name string) (*topic, error) {
	if t, known := e.topics[name]; known {
		return t, nil
	}
	if len(e.topics) >= e.maxTopics() && !e.dropIdle() {
		return nil, core.Errorf(core.Limited, "%d topics are in use here already; leave one, or try again in a minute", e.maxTopics())
	}
	handle, err := e.gossip.Join(name)
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the topic cannot be opened now; try again")
	}
	if _, known := e.scored[name]; !known && len(e.scored) < MaxScored {
		if err := handle.SetScoreParams(e.score); err != nil {
			return nil, core.Wrap(core.Unavailable, err, "the topic cannot be opened now; try again")
		}
		e.scored[name] = struct{}{}
	}
	_, label, _ := parseTopic(name)
	t := &topic{name: name, label: label, handle: handle, since: time.Now()}
	e.topics[name] = t
	e.open.Store(name, t)
	return t, nil
}

// maxTopics counts the part's own topic too.
func (e *engine) maxTopics() int {
	if e.p.settings.Relay {
		return MaxTopics
	}
	return MaxTopicsPerClient
}

// dropIdle makes place by leaving the topic that has been idle longest.
func (e *engine) dropIdle() bool {
	var oldest *topic
	for name, t := range e.topics {
		if name == e.home() || len(t.readers.all()) > 0 || e.p.settings.Relay && t.carried.Load() {
			continue
		}
		if oldest == nil || t.since.Before(oldest.since) {
			oldest = t
		}
	}
	if oldest == nil {
		return false
	}
	e.drop(oldest)
	return true
}

func (e *engine) drop(t *topic) {
	delete(e.topics, t.name)
	e.open.Delete(t.name)
	if err := t.leave(); err != nil {
		e.log.Debug("a topic could not be left", core.KeyTopic, t.name, core.KeyError, err)
	}
}

// home is the topic that says what this peer is.
func (e *engine) home() string {
	if e.p.settings.Relay {
		return nodesTopic
	}
	return clientsTopic
}

// settleIn enters the home topic; a node listens to the beacons in it.
func (e *engine) settleIn() error {
	t, err := e.enter(e.home())
	if err != nil {
		return err
	}
	if e.p.settings.Relay {
		if err := t.listen(e.hear); err != nil {
			return err
		}
	}
	return t.join()
}

// hear takes the beacon of another node.
func (e *engine) hear(m *gossip.Message) {
	if m.GetFrom() == e.host.ID() {
		return
	}
	words, err := decodeBeacon(m.GetData())
	if err != nil {
		e.conduct.blame(m.ReceivedFrom, blameBadMessage)
		return
	}
	e.interest.lease(m.GetFrom(), words, time.Now())
}

// tell sends what changed since the last beacon. Everything is told again every
// BeaconEvery, so one that is lost does no harm.
func (e *engine) tell(ctx context.Context) {
	if !e.p.settings.Relay {
		return
	}
	words, now := e.words()
	for _, b := range encodeBeacons(words) {
		if err := e.topics[nodesTopic].handle.Publish(ctx, b); err != nil {
			e.log.Debug("a beacon could not be sent", core.KeyError, err)
			return
		}
	}
	e.told = now
}

func (e *engine) words() (words []word, used map[string]struct{}) {
	used = make(map[string]struct{})
	for _, name := range e.interest.clients() {
		used[name] = struct{}{}
	}
	for name, t := range e.topics {
		if name != nodesTopic && len(t.readers.all()) > 0 {
			used[name] = struct{}{}
		}
	}
	for name := range used {
		if _, known := e.told[name]; !known && len(words) < MaxLeasesPerNode {
			words = append(words, word{topic: name})
		}
	}
	for name := range e.told {
		if _, known := used[name]; !known {
			words = append(words, word{topic: name, gone: true})
		}
	}
	return words, used
}

// finish ends the local readers, lets what is queued go out, and ends the
// streams. end ends gossipsub itself.
func (e *engine) finish(end func()) {
	e.flush()
	for _, t := range e.topics {
		for _, s := range t.readers.all() {
			s.end(errStopped())
		}
	}
	end()
	e.wire.end()
	e.tasks.end()
}

// flush waits a moment for published messages to be written.
func (e *engine) flush() {
	// gossipsub's loop takes one of its inputs at random each time. After so
	// many turns with ours it has also emptied its queue of 32 publications.
	for range 200 {
		e.gossip.GetTopics()
	}
	deadline := time.NewTimer(MaxSettle)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !e.flow.idle(time.Now()) {
		select {
		case <-again.C:
		case <-deadline.C:
			return
		}
	}
}

func errStopped() error {
	return core.Errorf(core.Unavailable, "this node's pub/sub is not running; start it, or wait until it has started")
}
