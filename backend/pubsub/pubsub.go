// What the rest of the program sees of pub/sub.

package pubsub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// Settings say what kind of peer this is.
type Settings struct {
	// Relay makes it a node: it carries every topic that it hears is in use.
	// Without, it is a client, which carries only its own and needs a node.
	Relay bool
	// Allow says whether an author may publish in a namespace; nil allows all.
	// It is asked for every message that passes, also for those of this peer,
	// from several goroutines, and must not wait for anything. proof is what came
	// with the message, at most MaxProofBytes, nil for none; a stranger wrote it
	// and it must not be kept.
	// It is not asked about the system namespace, in which every node tells which
	// topics are in use.
	Allow func(author peer.ID, ns core.Namespace, proof []byte) bool
	// Check judges what an allowed message carries; nil takes everything. It is
	// asked as Allow is, and data must not be kept. A message that it refuses goes
	// no further: its author is punished for it, and who only handed it on is blamed
	// mildly, as other versions of the program may know more forms than this one.
	Check func(author peer.ID, ns core.Namespace, topic string, data []byte) error
	// Proof gives what to send along with each message of this peer, so that the
	// Allow of others says yes. nil is for members of the network, which need
	// none. It is asked for each publication and should answer from memory.
	Proof func(ctx context.Context, ns core.Namespace) ([]byte, error)
}

// PubSub is this peer's part in the network's topics. Its methods may be called
// from any goroutine; while Run does not run they answer core.Unavailable.
type PubSub struct {
	settings Settings
	host     host.Host
	log      *slog.Logger
	pace     pace
	stats    counters
	running  atomic.Bool
	engine   atomic.Pointer[engine] // nil before ready and after the end
}

// New makes the part; Run starts it.
func New(settings Settings, h host.Host, log *slog.Logger) (*PubSub, error) {
	if h == nil || log == nil {
		return nil, core.Errorf(core.Internal, "pub/sub needs a host and a logger")
	}
	return &PubSub{
		settings: settings, host: h, log: log,
		pace: pace{sweep: time.Second, beacon: BeaconEvery, linger: Linger},
	}, nil
}

// Run takes part in the network until ctx ends. Then it takes no more
// publications, lets those that it took go out, ends all subscriptions with
// core.Unavailable, and returns when nothing of it is left.
func (p *PubSub) Run(ctx context.Context, ready func()) error {
	if !p.running.CompareAndSwap(false, true) {
		return core.Errorf(core.Internal, "pub/sub runs already")
	}
	defer p.running.Store(false)
	// gossipsub outlives ctx by a moment: what is queued still goes out.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	e, err := newEngine(life, p)
	if err != nil {
		return err
	}
	watching := make(chan error, 1)
	e.tasks.start(func() { watching <- e.arrivals.watch(life, p.host, func() { watching <- nil }) })
	err = errors.Join(<-watching, e.settleIn())
	if err == nil {
		p.host.SetStreamHandler(notedProtocol, func(s network.Stream) {
			if !e.tasks.start(func() { e.answer(life, s) }) {
				reset(s) // the node is ending
			}
		})
		p.engine.Store(e)
		p.log.Info("pub/sub is ready")
		ready()
		e.keep(ctx)
		p.engine.Store(nil)
		p.host.RemoveStreamHandler(notedProtocol)
	}
	e.finish(end)
	_, _, refused := e.interest.counts()
	p.stats.refused.Add(refused)
	return err
}

// Publish sends data to everybody who subscribes to the topic. nil means that
// every neighbour in the topic will be sent it; the caller may reuse data. It
// waits for room in their queues for MaxPublishWait at most and then returns
// core.Limited. A client also waits for a node that relays the topic, and
// returns core.Unavailable when there is none. An author without a grant gets
// core.Denied.
func (p *PubSub) Publish(ctx context.Context, ns core.Namespace, topic string, data []byte) error {
	name, err := qualify(ns, topic)
	if err != nil {
		return err
	}
	return p.publish(ctx, ns, name, data)
}

func (p *PubSub) publish(ctx context.Context, ns core.Namespace, name string, data []byte) error {
	if len(data) > core.MaxMessageBytes {
		return core.Errorf(core.TooLarge, "a message has at most %d bytes; store larger things and publish their key", core.MaxMessageBytes)
	}
	e := p.engine.Load()
	if e == nil {
		return errStopped()
	}
	return e.publish(ctx, ns, name, data)
}

func (e *engine) publish(ctx context.Context, ns core.Namespace, name string, payload []byte) error {
	proof, err := e.proof(ctx, ns)
	if err != nil {
		return err
	}
	err = e.send(ctx, name, seal(payload, proof))
	if core.CodeOf(err) == core.Limited {
		e.p.stats.limited.Add(1)
	}
	return err
}

func (e *engine) proof(ctx context.Context, ns core.Namespace) ([]byte, error) {
	if e.p.settings.Proof == nil {
		return nil, nil
	}
	proof, err := e.p.settings.Proof(ctx, ns)
	if err == nil && len(proof) > MaxProofBytes {
		err = core.Errorf(core.Internal, "an author's proof has at most %d bytes", MaxProofBytes)
	}
	return proof, err
}

func (e *engine) send(ctx context.Context, name string, data []byte) error {
	if err := e.arrivals.wait(ctx); err != nil {
		return err
	}
	for {
		t, err := e.publisher(ctx, name)
		if err != nil {
			return err
		}
		if !e.p.settings.Relay {
			if err = e.awaitRelay(ctx, name); err != nil {
				return err
			}
		}
		if err = e.flow.awaitRoom(ctx, func() []peer.ID { return e.interest.in(name) }); err != nil {
			return err
		}
		err = t.handle.Publish(ctx, data)
		if errors.Is(err, gossip.ErrTopicClosed) {
			continue // it was left just now for want of use
		}
		if err != nil {
			return publishError(err)
		}
		e.p.stats.published.Add(1)
		return nil
	}
}

func publishError(err error) error {
	if refused, is := errors.AsType[gossip.ValidationError](err); is {
		return core.Wrap(core.Denied, refused, "this peer may not publish in the namespace; ask its owner for a grant")
	}
	return core.Wrap(core.Unavailable, err, "the message was not published; try again")
}

// publisher finds or opens the topic. A client announces it too, so that its
// node carries it.
func (e *engine) publisher(ctx context.Context, name string) (*topic, error) {
	if v, known := e.open.Load(name); known {
		t := v.(*topic) //nolint:errcheck // open holds nothing else
		if e.p.settings.Relay || t.carried.Load() {
			t.used.Store(time.Now().UnixNano())
			return t, nil
		}
	}
	var t *topic
	err := e.do(ctx, func() (err error) {
		if t, err = e.enter(name); err != nil {
			return err
		}
		t.used.Store(time.Now().UnixNano())
		if e.p.settings.Relay {
			return nil
		}
		return t.join()
	})
	return t, err
}

// awaitRelay waits until a neighbour takes the topic's messages.
func (e *engine) awaitRelay(ctx context.Context, name string) error {
	if len(e.interest.in(name)) > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, MaxPublishWait)
	defer cancel()
	for {
		rung := e.interest.changed.next()
		if len(e.interest.in(name)) > 0 {
			return nil
		}
		select {
		case <-rung:
		case <-e.stopped:
			return errStopped()
		case <-ctx.Done():
			return errNoNode(ctx.Err())
		}
	}
}

// Subscribe begins to listen to a topic. When it returns, neighbouring nodes
// have taken note, so that nothing published afterwards is missed: a client
// waits for one node, until ctx ends or MaxPublishWait has passed, and returns
// core.Unavailable when there is none; a node waits for MaxSettle at most. The
// caller closes the subscription; ctx bounds only the beginning.
func (p *PubSub) Subscribe(ctx context.Context, ns core.Namespace, topic string) (*Subscription, error) {
	name, err := qualify(ns, topic)
	if err != nil {
		return nil, err
	}
	return p.subscribe(ctx, ns, topic, name)
}

func (p *PubSub) subscribe(ctx context.Context, ns core.Namespace, topic, name string) (*Subscription, error) {
	e := p.engine.Load()
	if e == nil {
		return nil, errStopped()
	}
	return e.begin(ctx, ns, topic, name)
}

// Internal is the door for packages of this program.
func (p *PubSub) Internal() *Internal { return &Internal{p} }

// Internal publishes and subscribes also in the chat's namespace, which tenants
// and operators do not reach.
type Internal struct{ p *PubSub }

// Publish is as PubSub.Publish.
func (i *Internal) Publish(ctx context.Context, ns core.Namespace, topic string, data []byte) error {
	name, err := qualifyOwn(ns, topic)
	if err != nil {
		return err
	}
	return i.p.publish(ctx, ns, name, data)
}

// Subscribe is as PubSub.Subscribe.
func (i *Internal) Subscribe(ctx context.Context, ns core.Namespace, topic string) (*Subscription, error) {
	name, err := qualifyOwn(ns, topic)
	if err != nil {
		return nil, err
	}
	return i.p.subscribe(ctx, ns, topic, name)
}

func (e *engine) begin(ctx context.Context, ns core.Namespace, label, name string) (*Subscription, error) {
	if err := e.arrivals.wait(ctx); err != nil {
		return nil, err
	}
	var s *Subscription
	var t *topic
	if err := e.do(ctx, func() (err error) {
		s, t, err = e.subscribe(ns, label, name)
		return err
	}); err != nil {
		return nil, err
	}
	if e.p.settings.Relay {
		// One question serves all subscribers of a topic that follow each other,
		// such as the thousands of a gateway.
		if !t.settled.Load() && e.settle(ctx, name) {
			t.settled.Store(true)
		}
		return s, nil
	}
	if err := e.settleClient(ctx, name); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// subscribe runs on the keeper.
func (e *engine) subscribe(ns core.Namespace, label, name string) (*Subscription, *topic, error) {
	if e.subscriptions.Load() >= MaxSubscriptions {
		return nil, nil, core.Errorf(core.Limited, "there are %d subscribers on this node; close one first", MaxSubscriptions)
	}
	t, err := e.enter(name)
	if err != nil {
		return nil, nil, err
	}
	if len(t.readers.all()) >= MaxSubscribersPerTopic {
		return nil, nil, core.Errorf(core.Limited, "the topic has %d subscribers on this node; close one first", MaxSubscribersPerTopic)
	}
	if err := errors.Join(t.join(), t.listen(func(m *gossip.Message) { t.readers.deliver(t.message(m)) })); err != nil {
		return nil, nil, core.Wrap(core.Unavailable, err, "the topic cannot be opened now; try again")
	}
	var s *Subscription
	s = newSubscription(ns, label, &e.tasks, func() { e.ended(t, s) })
	t.readers.add(s)
	e.subscriptions.Add(1)
	e.poke()
	return s, t, nil
}

// ended runs once for each subscription, on whatever goroutine ended it.
func (e *engine) ended(t *topic, s *Subscription) {
	t.readers.remove(s)
	e.subscriptions.Add(-1)
	if core.CodeOf(s.Err()) == core.Limited {
		e.p.stats.slowReaders.Add(1)
		e.notice(func() {
			e.log.Warn("a subscriber was too slow and was cut off", core.KeyNamespace, s.namespace, core.KeyTopic, s.topic)
		})
	}
	e.poke()
}

// Topics lists the topics of a namespace that somebody on the network
// subscribes to, as this peer hears, without the namespace and sorted. There
// are at most MaxListed.
func (p *PubSub) Topics(ns core.Namespace) []string {
	e := p.engine.Load()
	if _, err := core.ParseNamespace(string(ns)); e == nil || err != nil {
		return nil
	}
	topics := e.interest.used(ns, p.settings.Relay, time.Now())
	e.open.Range(func(_, v any) bool {
		t := v.(*topic) //nolint:errcheck // open holds nothing else
		if name, ours := ns.Unqualify(t.name); ours && !hidden(name) && len(t.readers.all()) > 0 {
			topics = append(topics, name)
		}
		return true
	})
	slices.Sort(topics)
	topics = slices.Compact(topics)
	return topics[:min(len(topics), MaxListed)]
}

// Stats are the counters since New.
func (p *PubSub) Stats() Stats {
	s := p.stats.stats()
	if e := p.engine.Load(); e != nil {
		_, _, refused := e.interest.counts()
		s.Refused += refused
	}
	return s
}

// Check tells how the part is: degraded for a minute after a message was lost
// for want of room.
func (p *PubSub) Check() core.Check {
	c := core.Check{Name: "pubsub", State: core.StateDown, Detail: "not running"}
	e := p.engine.Load()
	if e == nil {
		return c
	}
	neighbours, nodes, _ := e.interest.counts()
	topics := 0
	e.open.Range(func(_, v any) bool {
		if t := v.(*topic); !hidden(t.label) { //nolint:errcheck // open holds nothing else
			topics++
		}
		return true
	})
	s := p.Stats()
	c.State = core.StateOK
	c.Detail = fmt.Sprintf("%s, %s here; heard by %s and %s",
		core.Count(topics-1, "topic"), core.Count(int(e.subscriptions.Load()), "subscriber"), // less the part's own topic
		core.Count(nodes, "node"), core.Count(neighbours-nodes, "client"))
	if lost := s.LostInbound + s.LostOutbound; lost > 0 {
		c.Detail += fmt.Sprintf("; %d messages were not passed on because a queue was full", lost)
	}
	if time.Since(time.Unix(0, p.stats.lastLoss.Load())) < time.Minute {
		c.State = core.StateDegraded
	}
	return c
}
