// Real hosts on loopback, and what the tests do with them.

package pubsub

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for something that must happen.
const patience = 30 * time.Second

// party is one program of the network: a host and its pub/sub.
type party struct {
	*PubSub
	host host.Host
	stop func() // ends both; may be called twice
}

func newHost(t testing.TB, opts ...libp2p.Option) host.Host {
	t.Helper()
	h, err := libp2p.New(append([]libp2p.Option{
		libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(), libp2p.DisableMetrics(),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hangUp(t, h) })
	return h
}

func hangUp(t testing.TB, h host.Host) {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Errorf("close host: %v", err)
	}
}

// start runs pub/sub on a host until the test ends or stop is called.
func start(t testing.TB, h host.Host, settings Settings, change ...func(*PubSub)) *party {
	t.Helper()
	ps, err := New(settings, h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(ps)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		if err := ps.Run(ctx, func() { close(ready) }); err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	stop := func() {
		cancel()
		await(t, "the end of Run", ended)
		hangUp(t, h)
	}
	t.Cleanup(stop)
	await(t, "ready", ready)
	return &party{PubSub: ps, host: h, stop: stop}
}

func node(t testing.TB, change ...func(*PubSub)) *party {
	t.Helper()
	return start(t, newHost(t), Settings{Relay: true}, change...)
}

func client(t testing.TB, change ...func(*PubSub)) *party {
	t.Helper()
	return start(t, newHost(t, libp2p.NoListenAddrs), Settings{}, change...)
}

// hurried makes a part forget topics at once.
func hurried(p *PubSub) {
	p.pace = pace{sweep: 50 * time.Millisecond, beacon: 200 * time.Millisecond, linger: 100 * time.Millisecond}
}

// connect dials from a to each of the others.
func connect(t testing.TB, a *party, others ...*party) {
	t.Helper()
	for _, b := range others {
		if err := a.host.Connect(within(t), peer.AddrInfo{ID: b.host.ID(), Addrs: b.host.Addrs()}); err != nil {
			t.Fatal(err)
		}
	}
}

// within is a context that ends with the test's patience.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func await(t testing.TB, what string, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
}

// eventually waits for a state that no event announces.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for !is() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func subscribe(t testing.TB, p *party, ns core.Namespace, topic string) *Subscription {
	t.Helper()
	s, err := p.Subscribe(within(t), ns, topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func publish(t testing.TB, p *party, ns core.Namespace, topic, text string) {
	t.Helper()
	if err := p.Publish(within(t), ns, topic, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// read takes n messages and fails when one comes twice.
func read(t testing.TB, s *Subscription, n int) []core.Message {
	t.Helper()
	var got []core.Message
	ids := make(map[string]bool)
	deadline := time.After(patience)
	for len(got) < n {
		select {
		case m, open := <-s.Messages():
			if !open {
				t.Fatalf("%s ended after %d of %d messages: %v", s.Topic(), len(got), n, s.Err())
			}
			if ids[m.ID] {
				t.Fatalf("message %s came twice", m.ID)
			}
			ids[m.ID] = true
			got = append(got, m)
		case <-deadline:
			t.Fatalf("%s got %d of %d messages", s.Topic(), len(got), n)
		}
	}
	return got
}

// nothing publishes a last word and expects it to be the next message: whatever
// should not have come would have come before it.
func nothing(t testing.TB, by *party, s *Subscription) {
	t.Helper()
	publish(t, by, s.Namespace(), s.Topic(), "last word")
	if got := texts(read(t, s, 1)); got[0] != "last word" {
		t.Fatalf("got %q, which should not have come", got[0])
	}
}

func texts(messages []core.Message) []string {
	var list []string
	for _, m := range messages {
		list = append(list, string(m.Data))
	}
	return list
}

func numbered(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("message %d", i)
	}
	return list
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func newKey(t testing.TB) crypto.PrivKey {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
