// What messages may carry, and the chat's namespace.

package pubsub

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// even is a rule about what the chat's messages carry.
func even(_ peer.ID, ns core.Namespace, _ string, data []byte) error {
	if ns == core.ChatNamespace && len(data)%2 != 0 {
		return core.Errorf(core.Invalid, "an odd message")
	}
	return nil
}

// Rows that no node would store must not travel, whoever may publish.
func TestPubSub_CheckStopsWhatIsUnsound(t *testing.T) {
	a := start(t, newHost(t), Settings{Relay: true, Check: even})
	b := start(t, newHost(t), Settings{Relay: true, Check: even})
	connect(t, b, a)
	s, err := a.Internal().Subscribe(within(t), core.ChatNamespace, "room")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err = b.Internal().Publish(within(t), core.ChatNamespace, "room", []byte("odd")); core.CodeOf(err) != core.Denied {
		t.Errorf("published: %v", err)
	}
	evil := newStranger(t, a)
	if err = evil.send(t, announce("ns::anchat::room")); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err = evil.send(t, evil.message(t, "ns::anchat::room", []byte("odd"), nil)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "they are rejected", func() bool { return a.Stats().Rejected == 20 })
	if !a.engine.Load().conduct.graylisted(evil.id) {
		t.Error("who wrote them is still listened to")
	}
	if err = b.Internal().Publish(within(t), core.ChatNamespace, "room", []byte("even")); err != nil {
		t.Fatal(err)
	}
	if got := texts(read(t, s, 1)); got[0] != "even" {
		t.Errorf("got %q", got)
	}
}

// A tenant, an owner or an operator who names the chat's namespace gets nowhere.
func TestPubSub_ChatIsClosedToTenants(t *testing.T) {
	a := node(t)
	s, err := a.Internal().Subscribe(within(t), core.ChatNamespace, "room")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err = a.Publish(within(t), core.ChatNamespace, "room", []byte("x")); core.CodeOf(err) != core.Invalid {
		t.Errorf("publish: %v", err)
	}
	if _, err = a.Subscribe(within(t), core.ChatNamespace, "room"); core.CodeOf(err) != core.Invalid {
		t.Errorf("subscribe: %v", err)
	}
	if _, err = a.Presence(within(t), core.ChatNamespace, "room"); core.CodeOf(err) != core.Invalid {
		t.Errorf("presence: %v", err)
	}
	if _, err = a.Join(within(t), core.ChatNamespace, "room", core.PresenceMember{MemberID: "m"}); core.CodeOf(err) != core.Invalid {
		t.Errorf("join: %v", err)
	}
	if list := a.Topics(core.ChatNamespace); len(list) > 0 {
		t.Errorf("topics: %v", list)
	}
	if _, _, ok := parseTopic("ns::anchat::" + presenceMark + "room"); ok {
		t.Error("somebody may be present in a room")
	}
}
