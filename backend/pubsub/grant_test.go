// Authors with and without the right to publish, on raw streams and real hosts.

package pubsub

import (
	"context"
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// members is the rule of a network: its members publish everywhere, all others
// where a proof for them says so.
func members(ids ...peer.ID) func(peer.ID, core.Namespace, []byte) bool {
	in := make(map[peer.ID]bool)
	for _, id := range ids {
		in[id] = true
	}
	return func(author peer.ID, ns core.Namespace, proof []byte) bool {
		return in[author] || string(proof) == grantFor(author, ns)
	}
}

// grantFor stands for a signed proof.
func grantFor(author peer.ID, ns core.Namespace) string {
	return fmt.Sprintf("%s may in %s", author, ns)
}

// network is two members, a connected to b.
func network2(t *testing.T) (a, b *party) {
	t.Helper()
	ha, hb := newHost(t), newHost(t)
	rule := members(ha.ID(), hb.ID())
	a, b = start(t, ha, Settings{Relay: true, Allow: rule}), start(t, hb, Settings{Relay: true, Allow: rule})
	connect(t, b, a)
	return a, b
}

// Whoever speaks gossip itself must not reach a tenant's subscribers without a
// grant, however it tries, and must not be listened to for long.
func TestPubSub_RawAuthorWithoutAProof(t *testing.T) {
	tests := map[string]func(evil *stranger) (topic string, data []byte){
		"without a proof":        func(*stranger) (string, []byte) { return "ns::red::news", []byte("buy") },
		"with junk as a proof":   func(*stranger) (string, []byte) { return "ns::red::news", seal([]byte("buy"), []byte("junk")) },
		"with a broken envelope": func(*stranger) (string, []byte) { return "ns::red::news", []byte(envelopeMark + "\xff\xff\xff") },
		"with a proof that is too": func(*stranger) (string, []byte) {
			return "ns::red::news", append([]byte(envelopeMark+"\x81\x08"), make([]byte, 1100)...)
		},
		"with another's proof": func(*stranger) (string, []byte) {
			return "ns::red::news", seal([]byte("buy"), []byte(grantFor("somebody else", "red")))
		},
		"with a proof for another namespace": func(evil *stranger) (string, []byte) {
			return "ns::red::news", seal([]byte("buy"), []byte(grantFor(evil.id, "blue")))
		},
		"as somebody present": func(*stranger) (string, []byte) {
			entry := presenceEntry{conn: 1, present: present{member: "ghost", joined: 1}}
			return "ns::red::" + presenceMark + "news", encodePresence(kindJoined, []presenceEntry{entry})[0]
		},
		"to all clients": func(*stranger) (string, []byte) { return clientsTopic, []byte("buy") },
	}
	for name, attack := range tests {
		t.Run(name, func(t *testing.T) {
			a, b := network2(t)
			s, far := subscribe(t, a, "red", "news"), subscribe(t, b, "red", "news")
			if _, err := a.Presence(within(t), "red", "news"); err != nil {
				t.Fatal(err)
			}
			evil := newStranger(t, a)
			topic, data := attack(evil)
			if topic == clientsTopic {
				c := client(t) // so that the node is in that topic at all
				connect(t, c, a)
				subscribe(t, c, "red", "news")
			}
			if err := evil.send(t, announce("ns::red::news", topic)); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				if err := evil.send(t, evil.message(t, topic, data, nil)); err != nil {
					t.Fatal(err)
				}
			}
			if topic != clientsTopic {
				eventually(t, "they are rejected", func() bool { return a.Stats().Rejected == 20 })
				if got := a.engine.Load().conduct.graylisted(evil.id); !got {
					t.Error("it is still listened to")
				}
			}
			publish(t, b, "red", "news", "honest")
			for _, at := range []*Subscription{s, far} {
				if got := texts(read(t, at, 1)); got[0] != "honest" {
					t.Errorf("got %q", got)
				}
			}
			nothing(t, b, s)
			nothing(t, a, far)
			if list, err := a.Presence(within(t), "red", "news"); err != nil || len(list) > 0 {
				t.Errorf("present are %v, %v", list, err)
			}
			if got := b.Stats().Rejected; got > 0 {
				t.Errorf("%d were handed on", got)
			}
		})
	}
}

// A client with a key for one namespace publishes there, and only there; what
// others get is its payload and not its proof.
func TestPubSub_ClientWithAProof(t *testing.T) {
	a, b := network2(t)
	h := newHost(t)
	asked := 0
	c := start(t, h, Settings{Proof: func(_ context.Context, ns core.Namespace) ([]byte, error) {
		asked++
		if ns != "red" {
			return nil, core.Errorf(core.Denied, "you may not publish there")
		}
		return []byte(grantFor(h.ID(), ns)), nil
	}})
	connect(t, c, a)
	s := subscribe(t, b, "red", "news")
	own := subscribe(t, c, "red", "news")
	for _, text := range []string{"hello", "", envelopeMark + "\x03abc"} {
		publish(t, c, "red", "news", text)
		for _, at := range []*Subscription{s, own} {
			if got := texts(read(t, at, 1)); got[0] != text {
				t.Errorf("%q came as %q", text, got)
			}
		}
	}
	if err := c.Publish(within(t), "blue", "news", []byte("hello")); core.CodeOf(err) != core.Denied {
		t.Errorf("publishing elsewhere: %v", err)
	}
	if asked != 4 {
		t.Errorf("the proof was asked for %d times", asked)
	}
	if got := a.Stats(); got.Rejected > 0 {
		t.Errorf("stats of its node are %+v", got)
	}
}
