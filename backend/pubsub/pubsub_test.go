// What users of topics rely on, on real hosts.

package pubsub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// A message that comes twice is an order placed twice; one that does not come
// is a person not answered.
func TestPubSub_EveryMessageOnceToEverySubscriber(t *testing.T) {
	tests := map[string]int{"one node": 1, "two nodes": 2, "three nodes in a ring": 3}
	for name, n := range tests {
		t.Run(name, func(t *testing.T) {
			nodes := make([]*party, n)
			for i := range nodes {
				nodes[i] = node(t)
				connect(t, nodes[i], nodes[:i]...)
			}
			var subs []*Subscription
			for _, p := range nodes {
				subs = append(subs, subscribe(t, p, "default", "news"), subscribe(t, p, "default", "news"))
			}
			var want []string
			for i, p := range nodes {
				for _, text := range numbered(20) {
					text = fmt.Sprintf("node %d: %s", i, text)
					want = append(want, text)
					publish(t, p, "default", "news", text)
				}
			}
			for _, s := range subs {
				if got := texts(read(t, s, len(want))); !sameSet(got, want) {
					t.Errorf("got %q", got)
				}
			}
			publish(t, nodes[0], "default", "news", "last word")
			for _, s := range subs { // what came twice would come before it
				if got := texts(read(t, s, 1)); got[0] != "last word" {
					t.Errorf("got %q once more", got)
				}
			}
		})
	}
}

// One window of a gateway with many browser tabs: each must see everything, and
// two people saying "yes" are two messages.
func TestPubSub_FiftySubscribersAndEqualPayloads(t *testing.T) {
	a, b := node(t), node(t)
	connect(t, a, b)
	subs := make([]*Subscription, 50)
	for i := range subs {
		subs[i] = subscribe(t, a, "default", "votes")
	}
	for range 3 {
		publish(t, a, "default", "votes", "yes")
		publish(t, b, "default", "votes", "yes")
	}
	for _, s := range subs {
		got := read(t, s, 6)
		from := make(map[string]int)
		for _, m := range got {
			from[m.From]++
			if m.Topic != "votes" || string(m.Data) != "yes" || m.ReceivedAt.IsZero() {
				t.Fatalf("got %+v", m)
			}
		}
		if from[a.host.ID().String()] != 3 || from[b.host.ID().String()] != 3 {
			t.Fatalf("authors are %v", from)
		}
	}
}

// A tenant that sees another tenant's messages is a leak.
func TestPubSub_NamespacesDoNotMix(t *testing.T) {
	a, b := node(t), node(t)
	connect(t, a, b)
	red, blue := subscribe(t, a, "red", "news"), subscribe(t, a, "blue", "news")
	publish(t, b, "red", "news", "for red")
	publish(t, b, "blue", "news", "for blue")
	if got := texts(read(t, red, 1)); got[0] != "for red" {
		t.Errorf("red got %q", got)
	}
	if got := texts(read(t, blue, 1)); got[0] != "for blue" {
		t.Errorf("blue got %q", got)
	}
	nothing(t, b, red)
	nothing(t, b, blue)
	if got := b.Topics("red"); !slices.Equal(got, []string{"news"}) {
		t.Errorf("topics of red are %q", got)
	}
	if got := b.Topics("green"); len(got) != 0 {
		t.Errorf("topics of green are %q", got)
	}
}

// A browser tab that hangs must neither stop the others nor lose messages
// without knowing it.
func TestPubSub_SlowSubscriberIsCutOff(t *testing.T) {
	a := node(t)
	slow, quick := subscribe(t, a, "default", "news"), subscribe(t, a, "default", "news")
	n := MaxQueued + outBuffer + 10
	seen := make(chan int)
	go func() {
		got := 0
		for range quick.Messages() {
			if got++; got == n {
				break
			}
		}
		seen <- got
	}()
	for i := range n {
		publish(t, a, "default", "news", fmt.Sprint(i))
	}
	select {
	case got := <-seen:
		if got != n {
			t.Errorf("the quick one got %d of %d: %v", got, n, quick.Err())
		}
	case <-time.After(patience):
		t.Fatal("the quick one waits")
	}
	got := 0
	for range slow.Messages() {
		got++
	}
	if err := slow.Err(); core.CodeOf(err) != core.Limited || !strings.Contains(err.Error(), "too slow") {
		t.Errorf("the slow one ended with %v", err)
	}
	if got > 2*outBuffer {
		t.Errorf("the slow one still got %d messages", got)
	}
	if s := a.Stats(); s.SlowReaders != 1 {
		t.Errorf("stats are %+v", s)
	}
}

// Clients behind two different nodes are the ordinary case; what is published
// once the subscriber has been told that it is subscribed must arrive.
func TestPubSub_ClientsTalkThroughNodes(t *testing.T) {
	tests := map[string]struct {
		nodes int
		shape func(t *testing.T, nodes []*party, a, b *party)
	}{
		"both at one node": {1, func(t *testing.T, nodes []*party, a, b *party) {
			connect(t, a, nodes[0])
			connect(t, b, nodes[0])
		}},
		"at two neighbours": {2, func(t *testing.T, nodes []*party, a, b *party) {
			connect(t, nodes[0], nodes[1])
			connect(t, a, nodes[0])
			connect(t, b, nodes[1])
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			nodes := make([]*party, tt.nodes)
			for i := range nodes {
				nodes[i] = node(t)
			}
			a, b := client(t), client(t)
			tt.shape(t, nodes, a, b)
			s := subscribe(t, a, "default", "chat")
			for _, text := range numbered(10) { // from the first one on
				publish(t, b, "default", "chat", text)
			}
			if got := texts(read(t, s, 10)); !slices.Equal(got, numbered(10)) {
				t.Errorf("got %q", got)
			}
			own := subscribe(t, b, "default", "chat")
			publish(t, b, "default", "chat", "own")
			if got := texts(read(t, own, 1)); got[0] != "own" {
				t.Errorf("own message came back as %q", got)
			}
			read(t, s, 1)
			nothing(t, b, s)
		})
	}
}

// A publisher that has only just connected must not speak into the void: the
// command line connects, publishes once and ends.
func TestPubSub_FirstWordAfterConnecting(t *testing.T) {
	n := node(t)
	s := subscribe(t, n, "default", "news")
	for i := range 10 {
		var p *party
		if i%2 == 0 {
			p = client(t)
		} else {
			p = node(t)
		}
		connect(t, p, n)
		publish(t, p, "default", "news", fmt.Sprint(i))
		p.stop() // at once
		if got := texts(read(t, s, 1)); got[0] != fmt.Sprint(i) {
			t.Fatalf("got %q, want %d", got, i)
		}
	}
}

// Without a node a client must say so in time instead of hanging or lying.
func TestPubSub_ClientWithoutNode(t *testing.T) {
	c := client(t)
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(within(t), 100*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	err := c.Publish(short(), "default", "news", nil)
	if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "no node") {
		t.Errorf("publish: %v", err)
	}
	_, err = c.Subscribe(short(), "default", "news")
	if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "no node") {
		t.Errorf("subscribe: %v", err)
	}
}

// A client that waits for its node must go on when the node comes.
func TestPubSub_ClientWaitsForNode(t *testing.T) {
	c, n := client(t), node(t)
	s := subscribe(t, n, "default", "news")
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() {
		if err := c.Publish(within(t), "default", "news", []byte("early")); err != nil {
			t.Error(err)
		}
	})
	connect(t, c, n)
	if got := texts(read(t, s, 1)); got[0] != "early" {
		t.Errorf("got %q", got)
	}
}

// The node between two others is updated and comes back: they must hear each
// other again without anybody subscribing anew.
func TestPubSub_MiddleNodeRestarts(t *testing.T) {
	a, b := node(t), node(t)
	key := newKey(t)
	middle := start(t, newHost(t, libp2p.Identity(key)), Settings{Relay: true})
	connect(t, a, middle)
	connect(t, b, middle)
	s := subscribe(t, a, "default", "news")
	publish(t, b, "default", "news", "before")
	read(t, s, 1)

	address := middle.host.Addrs()[0].String()
	middle.stop()
	eventually(t, "both have noticed", func() bool {
		return len(a.host.Network().Peers()) == 0 && len(b.host.Network().Peers()) == 0
	})
	publish(t, b, "default", "news", "meanwhile") // may be late or lost

	middle = start(t, newHost(t, libp2p.Identity(key), libp2p.ListenAddrStrings(address)), Settings{Relay: true})
	connect(t, a, middle)
	connect(t, b, middle)
	eventually(t, "the middle carries the topic again", func() bool {
		return slices.Contains(middle.Topics("default"), "news") && slices.Contains(b.Topics("default"), "news")
	})
	publish(t, b, "default", "news", "after")
	got := texts(read(t, s, 1))
	if got[0] == "meanwhile" {
		got = texts(read(t, s, 1))
	}
	if got[0] != "after" {
		t.Errorf("got %q", got)
	}
}

// A topic that nobody uses any more must go, everywhere: nodes that carried it
// for each other would otherwise keep it for ever.
func TestPubSub_UnusedTopicIsLeftEverywhere(t *testing.T) {
	nodes := []*party{node(t, hurried), node(t, hurried), node(t, hurried)}
	connect(t, nodes[0], nodes[1], nodes[2])
	connect(t, nodes[1], nodes[2])
	c := client(t, hurried)
	connect(t, c, nodes[0])
	s := subscribe(t, c, "default", "news")
	for _, n := range nodes {
		eventually(t, "all carry it", func() bool { return n.engine.Load().carries("ns::default::news") })
	}
	s.Close()
	if _, open := <-s.Messages(); open || s.Err() != nil {
		t.Errorf("a closed subscription ended with %v", s.Err())
	}
	s.Close()
	// Neighbours' words count for a while; here they are made to run out.
	for _, n := range nodes {
		eventually(t, "the client is gone", func() bool { return len(n.engine.Load().interest.clients()) == 0 })
		n.engine.Load().interest.expire(time.Now().Add(ProvisionalFor))
	}
	for _, n := range nodes {
		eventually(t, "all have left it", func() bool {
			_, open := n.engine.Load().open.Load("ns::default::news")
			return !open && len(n.Topics("default")) == 0
		})
	}
}

// A beacon keeps a topic alive after neighbours' words have run out.
func TestPubSub_BeaconKeepsTopicAlive(t *testing.T) {
	a, b, c := node(t, hurried), node(t, hurried), node(t, hurried)
	connect(t, b, a, c)
	s := subscribe(t, a, "default", "news")
	for _, n := range []*party{b, c} {
		eventually(t, "the beacon is heard", func() bool {
			in := n.engine.Load().interest
			in.mu.Lock()
			defer in.mu.Unlock()
			u := in.topics["ns::default::news"]
			return u != nil && len(u.leases) == 1
		})
		in := n.engine.Load().interest
		in.mu.Lock()
		in.unsponsorLocked(in.topics["ns::default::news"])
		in.mu.Unlock()
		n.engine.Load().poke()
	}
	publish(t, c, "default", "news", "hello")
	if got := texts(read(t, s, 1)); got[0] != "hello" {
		t.Errorf("got %q", got)
	}
}

// Whoever has no grant must not be heard, and whoever hands its messages on all
// the time must be cut off.
func TestPubSub_AuthorWithoutGrant(t *testing.T) {
	stranger := node(t)
	keyed := func(author peer.ID, ns core.Namespace, _ []byte) bool {
		return ns != "red" || author != stranger.host.ID()
	}
	a := start(t, newHost(t), Settings{Relay: true, Allow: keyed})
	connect(t, stranger, a)
	s, free := subscribe(t, a, "red", "news"), subscribe(t, a, "blue", "news")
	publish(t, stranger, "red", "news", "forbidden")
	publish(t, stranger, "blue", "news", "allowed")
	if got := texts(read(t, free, 1)); got[0] != "allowed" {
		t.Errorf("got %q", got)
	}
	nothing(t, a, s)
	for range 20 { // it does not stop
		publish(t, stranger, "red", "news", "forbidden")
	}
	eventually(t, "they are rejected", func() bool { return a.Stats().Rejected >= 3 })
	self := start(t, newHost(t), Settings{Relay: true, Allow: func(peer.ID, core.Namespace, []byte) bool { return false }})
	if err := self.Publish(within(t), "red", "news", nil); core.CodeOf(err) != core.Denied {
		t.Errorf("publishing without a grant: %v", err)
	}
}

// Bad names and sizes must be named, not sent.
func TestPubSub_BadRequests(t *testing.T) {
	a := node(t)
	big := make([]byte, core.MaxMessageBytes+1)
	tests := map[string]struct {
		ns    core.Namespace
		topic string
		data  []byte
		want  core.Code
	}{
		"the largest message":       {"default", "news", big[1:], ""},
		"a larger message":          {"default", "news", big, core.TooLarge},
		"no topic":                  {"default", "", nil, core.Invalid},
		"a very long topic":         {"default", strings.Repeat("x", core.MaxTopicBytes+1), nil, core.TooLarge},
		"a topic with a line break": {"default", "a\nb", nil, core.Invalid},
		"no namespace":              {"", "news", nil, core.Invalid},
		"the system's namespace":    {core.SystemNamespace, "topics", nil, core.Invalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := a.Publish(within(t), tt.ns, tt.topic, tt.data); core.CodeOf(err) != tt.want {
				t.Errorf("publish: %v, want %q", err, tt.want)
			}
			if len(tt.data) > 0 {
				return
			}
			if _, err := a.Subscribe(within(t), tt.ns, tt.topic); core.CodeOf(err) != tt.want {
				t.Errorf("subscribe: %v, want %q", err, tt.want)
			}
		})
	}
}

// A part that is asked too early or too late must say so; what it ends with
// must reach its readers.
func TestPubSub_OutsideOfRun(t *testing.T) {
	a := node(t)
	s := subscribe(t, a, "default", "news")
	if got := a.Check(); got.State != core.StateOK || !strings.Contains(got.Detail, "1 topic, 1 subscriber here") {
		t.Errorf("check is %+v", got)
	}
	a.stop()
	if _, open := <-s.Messages(); open || core.CodeOf(s.Err()) != core.Unavailable {
		t.Errorf("the subscription ended with %v", s.Err())
	}
	if err := a.Publish(within(t), "default", "news", nil); core.CodeOf(err) != core.Unavailable {
		t.Errorf("publish: %v", err)
	}
	if _, err := a.Subscribe(within(t), "default", "news"); core.CodeOf(err) != core.Unavailable {
		t.Errorf("subscribe: %v", err)
	}
	if got := a.Topics("default"); got != nil {
		t.Errorf("topics are %q", got)
	}
	if got := a.Check(); got.State != core.StateDown {
		t.Errorf("check is %+v", got)
	}
}

// Bounds that are not kept are not bounds: one client must not fill a node.
func TestPubSub_TopicsOfOneClientAreBounded(t *testing.T) {
	n, c := node(t), client(t)
	connect(t, c, n)
	var err error
	count := 0
	for ; err == nil && count < 2*MaxTopicsPerClient; count++ {
		_, err = c.Subscribe(within(t), "default", fmt.Sprint("topic ", count))
	}
	if core.CodeOf(err) != core.Limited || count != MaxTopicsPerClient {
		t.Errorf("after %d topics: %v", count, err)
	}
}

// Somebody who gives up must not be kept waiting.
func TestPubSub_CancelledCallsReturn(t *testing.T) {
	c := client(t)
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 2)
	go func() { failed <- c.Publish(ctx, "default", "news", nil) }()
	go func() { _, err := c.Subscribe(ctx, "default", "news"); failed <- err }()
	cancel()
	for range 2 {
		select {
		case err := <-failed:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		case <-time.After(patience):
			t.Fatal("a cancelled call still waits")
		}
	}
}
