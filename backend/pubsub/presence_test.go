// Who is present: on real hosts.

package pubsub

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

func join(t *testing.T, p *party, id string, meta map[string]any) *Presence {
	t.Helper()
	place, err := p.Join(within(t), "default", "room", core.PresenceMember{MemberID: id, Meta: meta})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(place.Close)
	return place
}

// who lists the members' ids as p knows them.
func who(t *testing.T, p *party) string {
	t.Helper()
	members, err := p.Presence(within(t), "default", "room")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range members {
		ids = append(ids, m.MemberID)
	}
	return strings.Join(ids, " ")
}

// next takes one event, as "+id" or "-id".
func next(t *testing.T, p *Presence) string {
	t.Helper()
	select {
	case e, open := <-p.Events():
		if !open {
			t.Fatal("the presence ended")
		}
		if e.Joined {
			return "+" + e.Member.MemberID
		}
		return "-" + e.Member.MemberID
	case <-time.After(patience):
		t.Fatal("waited in vain for an event")
		return ""
	}
}

// line is three nodes of which the outer ones are not connected to each other.
func line(t *testing.T, change ...func(*PubSub)) (a, b, c *party) {
	t.Helper()
	a, b, c = node(t, change...), node(t, change...), node(t, change...)
	connect(t, a, b)
	connect(t, c, b)
	return a, b, c
}

// Two people on two gateways must see each other, whoever came first, with what
// they say of themselves.
func TestPresence_AcrossNodes(t *testing.T) {
	a, b, c := line(t)
	ann := join(t, a, "ann", map[string]any{"age": json.Number("9007199254740993"), "tags": []any{"x"}})
	if got := who(t, c); got != "ann" {
		t.Errorf("a node that nobody of the room is connected to says %q", got)
	}
	carl := join(t, c, "carl", nil)
	if got := next(t, ann); got != "+carl" {
		t.Errorf("ann hears %q", got)
	}
	members, err := c.Presence(within(t), "default", "room")
	if err != nil || len(members) != 2 {
		t.Fatalf("members are %v, %v", members, err)
	}
	want := map[string]any{"age": json.Number("9007199254740993"), "tags": []any{"x"}}
	if got := members[0]; got.MemberID != "ann" || !reflect.DeepEqual(got.Meta, want) || got.JoinedAt.IsZero() {
		t.Errorf("ann is %+v", got)
	}
	ann.Close()
	if got := next(t, carl); got != "-ann" {
		t.Errorf("carl hears %q", got)
	}
	if _, open := <-ann.Events(); open {
		t.Error("ann still hears something")
	}
	if got := who(t, b); got != "carl" {
		t.Errorf("then there is %q", got)
	}
	// What is told about presence is nobody's message and nobody's topic.
	if got := b.Topics("default"); len(got) > 0 {
		t.Errorf("topics are %q", got)
	}
}

// Two tabs of one person are one person, until the last one is closed.
func TestPresence_SameMemberTwice(t *testing.T) {
	a, b, _ := line(t)
	watcher := join(t, b, "watcher", nil)
	first := join(t, a, "ann", map[string]any{"tab": "1"})
	if got := next(t, watcher); got != "+ann" {
		t.Fatalf("heard %q", got)
	}
	again, err := a.Join(within(t), "default", "room", core.PresenceMember{
		MemberID: "ann", JoinedAt: time.Now().Add(time.Second), Meta: map[string]any{"tab": "2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	if got := who(t, a); got != "watcher ann" {
		t.Errorf("after one of two has gone there is %q", got)
	}
	members, err := a.Presence(within(t), "default", "room")
	if err != nil || members[len(members)-1].Meta["tab"] != "2" {
		t.Errorf("members are %v, %v", members, err)
	}
	again.Close()
	if got := next(t, watcher); got != "-ann" { // the only word in between would be one too many
		t.Errorf("heard %q", got)
	}
}

// A node that loses its power must not leave ghosts.
func TestPresence_GoneWithoutAWord(t *testing.T) {
	a, b, c := line(t, hurried)
	ann, carl := join(t, a, "ann", nil), join(t, c, "carl", nil)
	if got := next(t, ann); got != "+carl" {
		t.Fatalf("heard %q", got)
	}
	eventually(t, "both are known", func() bool { return len(strings.Fields(who(t, b))) == 2 })
	hangUp(t, a.host) // nothing is said any more
	got := next(t, carl)
	if got == "+ann" { // her answer came after a second of waiting
		got = next(t, carl)
	}
	if got != "-ann" {
		t.Errorf("heard %q", got)
	}
	eventually(t, "she is gone everywhere", func() bool { return who(t, b) == "carl" })
}

// A crowd is bounded; what does not fit is told.
func TestPresence_Bounds(t *testing.T) {
	a := node(t)
	big := map[string]any{"x": strings.Repeat("y", core.MaxPresenceMetaBytes)}
	tests := map[string]struct {
		member core.PresenceMember
		want   core.Code
	}{
		"no id":          {core.PresenceMember{}, core.Invalid},
		"a very long id": {core.PresenceMember{MemberID: strings.Repeat("x", core.MaxMemberIDBytes+1)}, core.Invalid},
		"too much meta":  {core.PresenceMember{MemberID: "x", Meta: big}, core.TooLarge},
	}
	for name, tt := range tests {
		if _, err := a.Join(within(t), "default", "room", tt.member); core.CodeOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range MaxMembers {
		read := make(chan struct{})
		t.Cleanup(func() { <-read }) // runs after the place was closed
		place := join(t, a, fmt.Sprint(n), nil)
		go func() {
			defer close(read)
			for range place.Events() { //nolint:revive // who does not read is cut off
			}
		}()
	}
	if _, err := a.Join(within(t), "default", "room", core.PresenceMember{MemberID: "one more"}); core.CodeOf(err) != core.Limited {
		t.Errorf("one more: %v", err)
	}
	if got := len(strings.Fields(who(t, a))); got != MaxMembers {
		t.Errorf("there are %d", got)
	}
}

// A node that was asked a thousand times must not shout a thousand times.
func TestPresence_OneAnswerForManyQuestions(t *testing.T) {
	a, b := node(t), node(t)
	connect(t, a, b)
	join(t, a, "ann", nil)
	if got := who(t, b); got != "ann" {
		t.Fatalf("there is %q", got)
	}
	before := a.Stats().Published
	for range 200 {
		if err := b.engine.Load().publish(within(t), "default", "ns::default::"+presenceMark+"room", encodePresence(kindAsk, nil)[0]); err != nil {
			t.Fatal(err)
		}
	}
	s := subscribe(t, a, "default", "end")
	publish(t, b, "default", "end", "all asked")
	read(t, s, 1)
	if got := a.Stats().Published - before; got > 20 {
		t.Errorf("%d answers", got)
	}
}

// Whoever makes a node believe nonsense about presence owns its lists.
func FuzzDecodePresence(f *testing.F) {
	entries := []presenceEntry{
		{conn: 1, present: present{member: "ann", joined: 5, meta: []byte(`{"a":1}`)}},
		{conn: 2, present: present{member: "bob"}},
	}
	for _, kind := range []byte{kindJoined, kindPresent, kindLeft} {
		for _, w := range encodePresence(kind, entries) {
			f.Add(w)
			f.Add(w[:len(w)-1])
		}
	}
	f.Add(encodePresence(kindAsk, nil)[0])
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := decodePresence(b)
		if err != nil {
			return
		}
		var again []presenceEntry
		for _, part := range encodePresence(w.kind, w.entries) {
			more, err := decodePresence(part)
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, more.entries...)
		}
		if len(w.entries) != len(again) || len(again) > 0 && !reflect.DeepEqual(w.entries, again) {
			t.Errorf("%v became %v", w, again)
		}
		for _, e := range w.entries {
			if w.kind != kindLeft && (core.CheckPresence(e.visible()) != nil && !tooLongAgain(e)) {
				t.Errorf("it believes in %+v", e)
			}
		}
	})
}

// tooLongAgain says whether meta is larger only because it was written anew.
func tooLongAgain(e presenceEntry) bool {
	var err *core.Error
	return errors.As(core.CheckPresence(e.visible()), &err) && err.Code == core.TooLarge
}

// A payload must come out as it went in, whatever it looks like.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte("hello"), []byte("proof"))
	f.Add([]byte(envelopeMark+"\x02xx"), []byte(nil))
	f.Add([]byte{}, bytes.Repeat([]byte{1}, MaxProofBytes))
	f.Fuzz(func(t *testing.T, payload, proof []byte) {
		if _, _, err := unseal(payload); err == nil && len(payload) > core.MaxMessageBytes+maxEnvelopeBytes {
			t.Error("more than a message is one")
		}
		if len(proof) > MaxProofBytes || len(payload) > core.MaxMessageBytes {
			return
		}
		gotPayload, gotProof, err := unseal(seal(payload, proof))
		if err != nil || !bytes.Equal(gotPayload, payload) || !bytes.Equal(gotProof, proof) {
			t.Errorf("%q with %q became %q with %q: %v", payload, proof, gotPayload, gotProof, err)
		}
	})
}
