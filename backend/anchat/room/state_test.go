package room

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// person is a made-up wallet of either chain.
func person(n byte) wallet.Account {
	chain, size := wallet.ETH, rawETH
	if n%2 == 0 {
		chain, size = wallet.SOL, rawSOL
	}
	raw := make([]byte, size)
	raw[0], raw[size-1] = n, 1
	a, err := wallet.AccountFromBytes(chain, raw)
	if err != nil {
		panic(err)
	}
	return a
}

var olga, adam, mia, ivan, zoe = person(1), person(2), person(3), person(4), person(5)

// house is a room as one member follows it, with what they hold of its events.
type house struct {
	t *testing.T
	*State
	at time.Time
}

// newHouse is a group of olga, who owns it, adam, an admin, mia, a member, and ivan,
// who is invited.
func newHouse(t *testing.T) *house {
	h := &house{t: t, State: New(wire.Room{1}, NewMailbox()), at: noon}
	h.must(olga, Body{
		Kind: BodyCreate, Room: wire.Room{1}, RoomKind: core.ChatRoomGroup, Name: "Tea", History: core.ChatHistoryJoined,
		Members: []Seat{{olga, core.ChatOwner}, {adam, core.ChatAdmin}, {mia, core.ChatMember}, {ivan, core.ChatMember}},
	})
	h.must(adam, Body{Kind: BodyAccept})
	h.must(mia, Body{Kind: BodyAccept})
	return h
}

// event seals what comes next.
func (h *house) event(b Body) wire.Event {
	h.t.Helper()
	h.at = h.at.Add(time.Minute)
	e, err := Seal(h.Mailbox(), h.After(wire.Fingerprint{9}, h.at), b)
	if err != nil {
		h.t.Fatalf("%s: %v", b.Kind, err)
	}
	e.Closes = b.Kind == BodyRemove
	if e.Closes { // the mark is under the seal
		if e, err = Seal(h.Mailbox(), e, b); err != nil {
			h.t.Fatal(err)
		}
	}
	return e
}

// do opens an event of somebody's and applies it.
func (h *house) do(author wallet.Account, b Body) error {
	h.t.Helper()
	return h.take(h.event(b), author)
}

func (h *house) take(e wire.Event, author wallet.Account) error {
	h.t.Helper()
	for _, m := range append(h.Mailboxes(), h.Next()...) {
		if m.Tag.Name() != e.Mailbox {
			continue
		}
		b, err := Open(m, e)
		if err != nil {
			h.t.Fatalf("open: %v", err)
		}
		next, err := h.Apply(e, author, b)
		if next != nil {
			h.State = next
		}
		return err
	}
	h.t.Fatal("the event is of a mailbox that nobody knows")
	return nil
}

func (h *house) must(author wallet.Account, b Body) {
	h.t.Helper()
	if err := h.do(author, b); err != nil {
		h.t.Fatalf("%s: %v", b.Kind, err)
	}
}

// move carries a closed room on.
func (h *house) move(author wallet.Account, closing wire.Event) {
	h.t.Helper()
	to := NewMailbox()
	e, err := Seal(to, First(to, closing, wire.Fingerprint{9}, h.at), Body{Kind: BodyMoved})
	if err != nil {
		h.t.Fatal(err)
	}
	h.State = h.WithMailbox(to, author)
	if err = h.take(e, author); err != nil {
		h.t.Fatalf("move: %v", err)
	}
}

func roles(s *State) map[wallet.Account]string {
	out := map[wallet.Account]string{}
	for _, m := range s.Members() {
		out[m.Account] = m.Role
		if m.Invited {
			out[m.Account] = "invited"
		}
	}
	return out
}

// Whoever could do more than their role says could read what is not meant for them.
func TestState_rights(t *testing.T) {
	invite := &Invite{Tag: wire.Tag{1}, Code: [32]byte{2}, ExpiresAt: noon.Add(24 * time.Hour), Uses: 1}
	acts := map[string]Body{
		"renames it":              {Kind: BodyName, Name: "Coffee"},
		"sets its topic":          {Kind: BodyTopic, Topic: "milk?"},
		"sets the timer":          {Kind: BodyTimer, Timer: MinTimer},
		"opens its history":       {Kind: BodyHistory, History: core.ChatHistoryAll},
		"lets all invite":         {Kind: BodyFreeInvite, FreeInvite: true},
		"invites":                 {Kind: BodyAdd, Account: zoe},
		"removes a member":        {Kind: BodyRemove, Account: mia},
		"removes an invited one":  {Kind: BodyRemove, Account: ivan},
		"removes an admin":        {Kind: BodyRemove, Account: adam},
		"removes the owner":       {Kind: BodyRemove, Account: olga},
		"bans a member":           {Kind: BodyRemove, Account: mia, Ban: true},
		"makes a member an admin": {Kind: BodyRole, Account: mia, Role: core.ChatAdmin},
		"takes the room over":     {Kind: BodyRole, Account: mia, Role: core.ChatOwner},
		"makes a link":            {Kind: BodyLink, Invite: invite},
		"makes it anew":           {Kind: BodyCreate, Room: wire.Room{1}, RoomKind: core.ChatRoomSelf, History: core.ChatHistoryAll, Members: []Seat{{zoe, core.ChatOwner}}},
		"comes in":                {Kind: BodyAccept},
		"leaves":                  {Kind: BodyLeave},
		"says a name":             {Kind: BodyCalled, Name: "Me"},
		"says that it moved":      {Kind: BodyMoved},
	}
	people := []struct {
		name string
		who  wallet.Account
		may  []string
	}{
		{"the owner", olga, []string{
			"renames it", "sets its topic", "sets the timer", "opens its history", "lets all invite", "invites", "removes a member",
			"removes an invited one", "removes an admin", "bans a member", "makes a member an admin", "takes the room over", "makes a link", "leaves", "says a name",
		}},
		{"an admin", adam, []string{
			"renames it", "sets its topic", "sets the timer", "invites", "removes a member", "removes an invited one", "bans a member", "makes a link", "leaves", "says a name",
		}},
		{"a member", mia, []string{"leaves", "says a name"}},
		{"an invited one", ivan, []string{"comes in", "leaves"}},
		{"a stranger", zoe, nil},
	}
	for _, p := range people {
		for act, body := range acts {
			h := newHouse(t)
			before := h.State
			err := h.do(p.who, body)
			want := slices.Contains(p.may, act)
			if want != (err == nil) || !want && core.CodeOf(err) != core.Denied {
				t.Errorf("%s %s: %v", p.name, act, err)
			}
			if h.Seq() != before.Seq()+1 {
				t.Errorf("%s %s: the chain stops", p.name, act)
			}
			if !want && (!reflect.DeepEqual(roles(h.State), roles(before)) || h.Name() != before.Name() || h.Topic() != before.Topic() ||
				h.Timer() != before.Timer() || h.History() != before.History() || h.FreeInvite() != before.FreeInvite() || len(h.Links()) > 0 || len(h.Banned()) > 0) {
				t.Errorf("%s %s and it has an effect", p.name, act)
			}
		}
	}
}

// A room that is full, or a person who was sent away, must stay so.
func TestState_coming(t *testing.T) {
	h := newHouse(t)
	h.must(olga, Body{Kind: BodyFreeInvite, FreeInvite: true})
	h.must(mia, Body{Kind: BodyAdd, Account: zoe})
	for n := byte(10); len(h.Members()) < core.MaxChatMembers; n++ {
		h.must(mia, Body{Kind: BodyAdd, Account: person(n)})
	}
	for name, account := range map[string]wallet.Account{"one above the limit": person(9), "one who is in": adam} {
		if err := h.do(olga, Body{Kind: BodyAdd, Account: account}); core.CodeOf(err) != core.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	closing := h.event(Body{Kind: BodyRemove, Account: zoe, Ban: true})
	if err := h.take(closing, adam); err != nil {
		t.Fatal(err)
	}
	h.move(adam, closing)
	if err := h.do(mia, Body{Kind: BodyAdd, Account: zoe}); core.CodeOf(err) != core.Denied {
		t.Errorf("who was banned is invited: %v", err)
	}
	h.must(adam, Body{Kind: BodyUnban, Account: zoe})
	h.must(mia, Body{Kind: BodyAdd, Account: zoe})
}

// A room without an owner could never be changed again.
func TestState_ownership(t *testing.T) {
	h := newHouse(t)
	h.must(olga, Body{Kind: BodyRole, Account: mia, Role: core.ChatOwner})
	if h.Role(mia) != core.ChatOwner || h.Role(olga) != core.ChatAdmin {
		t.Fatalf("after passing it on: %v", roles(h.State))
	}
	h.must(mia, Body{Kind: BodyLeave})
	if h.Role(olga) != core.ChatOwner { // the admin who came first
		t.Fatalf("after the owner left: %v", roles(h.State))
	}
	h.must(olga, Body{Kind: BodyLeave})
	h.must(adam, Body{Kind: BodyLeave})
	if h.Role(ivan) != "" {
		t.Fatal("who has not come in owns the room")
	}
	h.must(ivan, Body{Kind: BodyAccept})
	if h.Role(ivan) != core.ChatOwner {
		t.Errorf("who alone is left does not own the room: %v", roles(h.State))
	}
}

// Between two people nobody is above the other, and no third one comes in.
func TestState_direct(t *testing.T) {
	h := &house{t: t, State: New(wire.Room{2}, NewMailbox()), at: noon}
	h.must(olga, Body{
		Kind: BodyCreate, Room: wire.Room{2}, RoomKind: core.ChatRoomDirect, History: core.ChatHistoryAll,
		Members: []Seat{{olga, core.ChatOwner}, {adam, core.ChatOwner}},
	})
	if h.May(adam, ActWrite) {
		t.Error("a stranger's room is written in before it is accepted")
	}
	h.must(adam, Body{Kind: BodyAccept})
	h.must(adam, Body{Kind: BodyTimer, Timer: MinTimer})
	for _, b := range []Body{
		{Kind: BodyAdd, Account: mia},
		{Kind: BodyRemove, Account: adam},
		{Kind: BodyName, Name: "x"},
		{Kind: BodyLink, Invite: &Invite{ExpiresAt: noon.Add(time.Hour), Uses: 1}},
	} {
		before := h.State
		if err := h.do(olga, b); core.CodeOf(err) != core.Denied {
			t.Errorf("%s in a direct room: %v", b.Kind, err)
		}
		h.State = before
	}
	h.must(adam, Body{Kind: BodyLeave})
	if h.Role(olga) != core.ChatOwner || len(h.Members()) != 1 {
		t.Errorf("after one left: %v", roles(h.State))
	}
}

// Two who change the room at once: the second is told, looks again and tries again,
// and all who follow come to the same room in either order.
func TestState_atOnce(t *testing.T) {
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		h := newHouse(t)
		authors := []wallet.Account{olga, adam}
		bodies := []Body{{Kind: BodyRemove, Account: mia}, {Kind: BodyRemove, Account: ivan}}
		events := []wire.Event{h.event(bodies[0]), h.event(bodies[1])}
		first, second := order[0], order[1]
		if err := h.take(events[first], authors[first]); err != nil {
			t.Fatal(err)
		}
		kept := h.State
		if err := h.take(events[second], authors[second]); core.CodeOf(err) != core.Conflict || h.State != kept {
			t.Fatalf("the second of two changes at once: %v", err)
		}
		h.move(authors[first], events[first])
		again := h.event(bodies[second])
		if err := h.take(again, authors[second]); err != nil {
			t.Fatalf("tried again: %v", err)
		}
		h.move(authors[second], again)
		if got := roles(h.State); len(got) != 2 || got[olga] != core.ChatOwner || got[adam] != core.ChatAdmin {
			t.Errorf("both were removed, order %v: %v", order, got)
		}
		if len(h.Mailboxes()) != 3 {
			t.Errorf("the room has lived in %d mailboxes", len(h.Mailboxes()))
		}
	}
}

// A chain with a hole, a fork or an event of another place is not a chain.
func TestState_chainFaults(t *testing.T) {
	h := newHouse(t)
	one := h.event(Body{Kind: BodyName, Name: "One"})
	other := h.event(Body{Kind: BodyName, Name: "Other"})
	base := h.State
	if err := h.take(one, olga); err != nil {
		t.Fatal(err)
	}
	two := h.event(Body{Kind: BodyName, Name: "Two"})
	tests := map[string]struct {
		on *State
		e  wire.Event
	}{
		"a fork":               {h.State, other},
		"the same again":       {h.State, one},
		"one with a hole":      {base, two},
		"a wrong number":       {h.State, func() wire.Event { e := two; e.Seq++; return e }()},
		"of another mailbox":   {h.State, func() wire.Event { e := two; e.Mailbox[0]++; return e }()},
		"a wrong event before": {h.State, func() wire.Event { e := two; e.Previous[0]++; return e }()},
	}
	for name, test := range tests {
		for how, apply := range map[string]func() (*State, error){
			"apply": func() (*State, error) { return test.on.Apply(test.e, olga, Body{Kind: BodyName, Name: "x"}) },
			"skip":  func() (*State, error) { return test.on.Skip(test.e, olga) },
		} {
			if next, err := apply(); core.CodeOf(err) != core.Conflict || next != nil {
				t.Errorf("%s, %s: %v", name, how, err)
			}
		}
	}
	// A fork is still followed by who is on it, and the two do not mix.
	fork, err := base.Apply(other, olga, Body{Kind: BodyName, Name: "Other"})
	if err != nil {
		t.Fatal(err)
	}
	if fork.KnownHead(one.Hash()) || !fork.KnownHead(other.Hash()) || h.KnownHead(other.Hash()) || !h.KnownHead(one.Hash()) {
		t.Error("the two sides of a fork know each other's events")
	}
}

// An event that nobody can read must not end the room.
func TestState_Skip(t *testing.T) {
	h := newHouse(t)
	e := h.After(wire.Fingerprint{9}, noon)
	e.Sealed = []byte("no seal of ours")
	next, err := h.Skip(e, wallet.Account{})
	if err != nil {
		t.Fatal(err)
	}
	h.State = next
	h.must(olga, Body{Kind: BodyName, Name: "Still here"})
}

// Somebody who is not in the room, or has no right to, closes its mailbox: all see
// who it was, and the owner carries the room on.
func TestState_closedWithoutRight(t *testing.T) {
	for name, b := range map[string]Body{
		"a member removes the owner":     {Kind: BodyRemove, Account: olga},
		"an admin renames with the mark": {Kind: BodyName, Name: "x"},
	} {
		h := newHouse(t)
		by := mia
		if b.Kind == BodyName {
			by = adam
		}
		e := h.After(wire.Fingerprint{9}, h.at)
		e.Closes = true
		e, err := Seal(h.Mailbox(), e, b)
		if err != nil {
			t.Fatal(err)
		}
		if err = h.take(e, by); err != nil && core.CodeOf(err) != core.Denied {
			t.Fatal(err)
		}
		closed, who, wrongly := h.Closed()
		if !closed || who != by || !wrongly {
			t.Fatalf("%s: closed %v by %v, wrongly %v", name, closed, who, wrongly)
		}
		if h.MayCarry(mia) || h.MayCarry(adam) || !h.MayCarry(olga) {
			t.Errorf("%s: not the owner carries the room on", name)
		}
		h.move(olga, e)
		h.must(olga, Body{Kind: BodyTopic, Topic: "again"})
	}
}

// A removed member knows the closing event. That must not be enough to take the
// others to a place of their own.
func TestState_moved(t *testing.T) {
	h := newHouse(t)
	closing := h.event(Body{Kind: BodyRemove, Account: mia})
	if err := h.take(closing, adam); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Apply(h.After(wire.Fingerprint{9}, noon), olga, Body{Kind: BodyName, Name: "x"}); core.CodeOf(err) != core.Conflict {
		t.Errorf("an event after the closing one: %v", err)
	}
	trap := NewMailbox()
	trapped := First(trap, closing, wire.Fingerprint{9}, noon)
	if h.WithMailbox(trap, mia) != h.State {
		t.Error("a place named by who was removed is looked at")
	}
	for name, test := range map[string]struct {
		author wallet.Account
		kind   BodyKind
	}{
		"by who was removed":           {mia, BodyMoved},
		"by another admin":             {olga, BodyMoved},
		"without saying that it moved": {adam, BodyTopic},
	} {
		if _, err := h.WithMailbox(trap, olga).Apply(trapped, test.author, Body{Kind: test.kind}); core.CodeOf(err) != core.Conflict {
			t.Errorf("carried on %s: %v", name, err)
		}
	}
	for range maxNext + 1 { // somebody's many places do not push out another's
		h.State = h.WithMailbox(NewMailbox(), olga)
	}
	if len(h.Next()) != maxNext {
		t.Errorf("%d places of one member are kept", len(h.Next()))
	}
	h.move(adam, closing)
	if len(h.Next()) != 0 || h.Seq() != 1 || h.Role(mia) != "" {
		t.Errorf("after the move: %d places, seq %d", len(h.Next()), h.Seq())
	}
	if closed, _, _ := h.Closed(); closed {
		t.Error("the new mailbox is closed")
	}
}

// A message is judged by what its sender knew. Who was removed cannot write by an
// old head after we know of the removal, and what was written before stays theirs.
func TestState_MemberAt(t *testing.T) {
	h := newHouse(t)
	in := h.Head()
	h.must(mia, Body{Kind: BodyLeave})
	out := h.Head()
	h.must(adam, Body{Kind: BodyAdd, Account: mia})
	asked := h.Head()
	h.must(mia, Body{Kind: BodyAccept})
	back := h.Head()
	raw, err := h.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*State{"live": h.State, "loaded": loaded} {
		for at, test := range map[wire.Hash]bool{in: true, out: false, asked: false, back: true} {
			if member, known := s.MemberAt(at, mia); !known || member != test {
				t.Errorf("%s: at %s… she is a member: %v, known %v", name, at.String()[:6], member, known)
			}
		}
		if member, known := s.MemberAt(in, ivan); member || !known {
			t.Errorf("%s: who is only invited counts as a member", name)
		}
		if _, known := s.MemberAt(wire.Hash{1}, mia); known {
			t.Errorf("%s: a head that never was is known", name)
		}
	}
}

// What comes back from the disk is the same room, in every field.
func TestState_Marshal(t *testing.T) {
	h := newHouse(t)
	h.must(olga, Body{Kind: BodyLink, Invite: &Invite{Tag: wire.Tag{1}, Code: [32]byte{2}, ExpiresAt: noon.Add(24 * time.Hour), Uses: 2}})
	h.must(olga, Body{Kind: BodyCalled, Name: "Olga"})
	closing := h.event(Body{Kind: BodyRemove, Account: mia, Ban: true})
	if err := h.take(closing, adam); err != nil {
		t.Fatal(err)
	}
	h.State = h.WithMailbox(NewMailbox(), olga)
	raw, err := h.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := loaded.Marshal()
	if err != nil || string(again) != string(raw) {
		t.Fatalf("written twice, it differs: %v\n%s\n%s", err, raw, again)
	}
	h.State = loaded
	h.move(adam, closing)
	for name, damaged := range map[string]string{"cut": string(raw[:len(raw)-9]), "empty": "{}", "no": ""} {
		if _, err = Unmarshal([]byte(damaged)); err == nil {
			t.Errorf("%s state was read", name)
		}
	}
}

// A link that lets in more, or longer, than it says is an open door.
func TestState_links(t *testing.T) {
	h := newHouse(t)
	invite := Invite{Tag: wire.Tag{1}, Code: [32]byte{2}, ExpiresAt: noon.Add(24 * time.Hour), Uses: 2}
	h.must(adam, Body{Kind: BodyLink, Invite: &invite})
	use := func(author, who wallet.Account) error {
		return h.do(author, Body{Kind: BodyLinkUsed, Link: invite.ID(), Account: who})
	}
	base := h.State
	if err := use(mia, zoe); core.CodeOf(err) != core.Denied {
		t.Errorf("a member lets somebody in: %v", err)
	}
	h.State = base
	if err := use(olga, zoe); err != nil || h.Role(zoe) != core.ChatMember {
		t.Fatalf("a link that is good: %v", err)
	}
	if err := use(olga, zoe); core.CodeOf(err) != core.Denied {
		t.Errorf("the same person twice: %v", err)
	}
	if err := use(adam, person(8)); err != nil {
		t.Errorf("the second use: %v", err)
	}
	if err := use(adam, person(10)); core.CodeOf(err) != core.Denied {
		t.Errorf("a third use of a link for two: %v", err)
	}
	if got := h.Links()[0].Used; got != 2 {
		t.Errorf("used %d times", got)
	}

	h.State, h.at = base, noon.Add(25*time.Hour)
	if err := use(olga, zoe); core.CodeOf(err) != core.Denied {
		t.Errorf("an expired link: %v", err)
	}
	h.State, h.at = base, noon
	h.must(olga, Body{Kind: BodyLinkRevoked, Link: invite.ID()})
	if err := use(olga, zoe); core.CodeOf(err) != core.Denied {
		t.Errorf("a revoked link: %v", err)
	}
	if err := h.do(mia, Body{Kind: BodyLinkRevoked, Link: invite.ID()}); core.CodeOf(err) != core.Denied {
		t.Errorf("a member takes back the link of an admin: %v", err)
	}
	h.State = base
	for name, i := range map[string]Invite{
		"for five weeks": {Tag: wire.Tag{3}, ExpiresAt: noon.Add(35 * 24 * time.Hour), Uses: 1},
		"that is past":   {Tag: wire.Tag{3}, ExpiresAt: noon, Uses: 1},
		"known already":  invite,
	} {
		if err := h.do(adam, Body{Kind: BodyLink, Invite: &i}); core.CodeOf(err) != core.Denied {
			t.Errorf("a link %s: %v", name, err)
		}
	}
	for n := len(h.Links()); n < MaxLinks; n++ {
		h.must(adam, Body{Kind: BodyLink, Invite: &Invite{Tag: wire.Tag{4, byte(n)}, ExpiresAt: noon.Add(24 * time.Hour), Uses: 1}})
	}
	last := Body{Kind: BodyLink, Invite: &Invite{Tag: wire.Tag{5}, ExpiresAt: noon.Add(72 * time.Hour), Uses: 1}}
	if err := h.do(adam, last); core.CodeOf(err) != core.Denied {
		t.Errorf("one link too many: %v", err)
	}
	h.at = noon.Add(48 * time.Hour) // the others have expired and make room
	h.must(adam, last)
	if len(h.Links()) != 1 {
		t.Errorf("%d links are kept", len(h.Links()))
	}
}

// A chain of ten thousand events is followed without copying it for each.
func BenchmarkState_Apply(b *testing.B) {
	s := New(wire.Room{1}, NewMailbox())
	create := Body{
		Kind: BodyCreate, Room: wire.Room{1}, RoomKind: core.ChatRoomGroup, History: core.ChatHistoryAll, Members: []Seat{{olga, core.ChatOwner}},
	}
	s, err := s.Apply(s.After(wire.Fingerprint{}, noon), olga, create)
	if err != nil {
		b.Fatal(err)
	}
	for n := byte(10); n < 210; n++ {
		if s, err = s.Apply(s.After(wire.Fingerprint{}, noon), olga, Body{Kind: BodyAdd, Account: person(n)}); err != nil {
			break // the room is full
		}
	}
	for i := 0; b.Loop(); i++ {
		if s, err = s.Apply(s.After(wire.Fingerprint{}, noon), olga, Body{Kind: BodyName, Name: fmt.Sprint(i)}); err != nil {
			b.Fatal(err)
		}
	}
}
