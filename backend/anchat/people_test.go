package anchat

import (
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// sibling is another device of somebody, let in.
func (d *device) sibling(seed byte) *device {
	d.t.Helper()
	other := newDevice(d.t, d.nodes, seed, d.account.Chain()).enrol()
	code, err := other.chat.DeviceCode(d.t.Context())
	must(d.t, err)
	_, err = d.chat.Approve(d.t.Context(), code)
	must(d.t, err)
	later(time.Minute)
	return other
}

func (d *device) person(who *device) core.ChatPerson {
	d.t.Helper()
	p, err := d.chat.Person(d.t.Context(), who.account.String())
	must(d.t, err)
	return p
}

// The number that two people compare is equal on both screens, and as soon as a
// device is added it is another, which the one who compared is told.
func TestPeople_SafetyNumbers(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, bob := all[0], all[1]
		r, err := ann.chat.Direct(t.Context(), bob.account.String())
		must(t, err)
		settle()
		mine, err := ann.chat.Safety(t.Context(), bob.account.String())
		must(t, err)
		theirs, err := bob.chat.Safety(t.Context(), ann.account.String())
		must(t, err)
		if mine.Number != theirs.Number || len(mine.Number) != 71 || mine.QR == theirs.QR || mine.Verified {
			t.Errorf("ann compares %+v, bob %+v", mine, theirs)
		}
		must(t, ann.chat.CheckSafety(t.Context(), bob.account.String(), theirs.QR))
		if p := ann.person(bob); !p.Verified || p.Changed || !p.Contact {
			t.Errorf("after comparing bob is %+v", p)
		}
		wantCode(t, bob.chat.CheckSafety(t.Context(), ann.account.String(), theirs.QR), core.Invalid, "his own code")

		newDevice(t, nodes, 2, wallet.SOL).enrol()
		later(DevicesFresh)
		if p := ann.person(bob); p.Verified || !p.Changed || len(p.Devices) != 2 {
			t.Errorf("with a new device bob is %+v", p)
		}
		again, err := ann.chat.Room(t.Context(), r.ID)
		must(t, err)
		if again.Warning == "" {
			t.Error("the room of the two does not warn")
		}
		wantCode(t, ann.chat.CheckSafety(t.Context(), bob.account.String(), theirs.QR), core.Denied, "the code from before")
		must(t, ann.chat.Verify(t.Context(), bob.account.String(), true))
		if p := ann.person(bob); !p.Verified || p.Changed {
			t.Errorf("compared again bob is %+v", p)
		}
		must(t, ann.chat.Verify(t.Context(), bob.account.String(), false))
		if p := ann.person(bob); p.Verified || p.Changed {
			t.Errorf("taken back bob is %+v", p)
		}
		_, err = ann.chat.Safety(t.Context(), ann.account.String())
		wantCode(t, err, core.Invalid, "comparing with oneself")
	})
}

// A nickname is the reader's word, and stands everywhere; two that look alike are
// marked, because one may be a trap.
func TestPeople_Names(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 3)
		ann, bob, cid := all[0], all[1], all[2]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, bob, cid)
		accept(id, bob, cid)
		must(t, ann.chat.Nickname(t.Context(), bob.account.String(), "Bob"))
		bob.say(id, "hello")
		settle()
		if r := ann.room(id); r.LastFrom != "Bob" {
			t.Errorf("the last one was %q", r.LastFrom)
		}
		list := func() []core.ChatPerson {
			list, err := ann.chat.People(t.Context(), id.String())
			must(t, err)
			return list
		}
		if got := list(); len(got) != 3 || got[0].Role != core.ChatOwner || !got[0].Me || got[1].Name != "Bob" || got[1].LookAlike || got[1].SeenAt.IsZero() {
			t.Errorf("the people are %+v", got)
		}
		must(t, ann.chat.Nickname(t.Context(), cid.account.String(), "Воb")) // the first letter is Cyrillic
		if got := list(); !got[1].LookAlike || !got[2].LookAlike || ann.room(id).Warning == "" {
			t.Errorf("names that look alike are not marked: %+v", got)
		}
		wantCode(t, ann.chat.Nickname(t.Context(), bob.account.String(), "a\u202eb"), core.Invalid, "a name to deceive")

		// What somebody calls themselves is a claim: the reader's word wins, and it never
		// looks like it.
		mine, taken := "Cid", "Bob"
		must(t, ann.chat.Nickname(t.Context(), cid.account.String(), ""))
		must(t, cid.chat.SetRoom(t.Context(), core.ChatRoomSettings{Room: id.String(), MyName: &mine}))
		settle()
		if got := list(); got[2].Name != "~Cid" || got[1].LookAlike || cid.room(id).MyName != "Cid" {
			t.Errorf("with a name of his own he is %+v", got[2])
		}
		must(t, cid.chat.SetRoom(t.Context(), core.ChatRoomSettings{Room: id.String(), MyName: &taken}))
		settle()
		if got := list(); got[2].Name != "~Bob" || !got[1].LookAlike || !got[2].LookAlike {
			t.Errorf("with the name of another he is %+v", got[2])
		}
		bad := "x\ny"
		wantCode(t, cid.chat.SetRoom(t.Context(), core.ChatRoomSettings{Room: id.String(), MyName: &bad}), core.Invalid, "a name of two lines")
		contacts, err := ann.chat.Contacts(t.Context())
		must(t, err)
		if len(contacts) != 2 || contacts[1].Nickname != "Bob" {
			t.Errorf("the contacts are %+v", contacts)
		}
	})
}

// Who is blocked is not heard: no invitation, no signal, no room of the two.
func TestPeople_Blocked(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, eve := all[0], all[1]
		asked := eve.found(core.ChatNewRoom{Name: "Win a prize"}, ann)
		must(t, ann.chat.Block(t.Context(), eve.account.String(), true))
		_, err := ann.chat.Room(t.Context(), asked.String())
		wantCode(t, err, core.NotFound, "the request of who is blocked now")
		eve.found(core.ChatNewRoom{Name: "Win another"}, ann)
		_, err = eve.chat.Direct(t.Context(), ann.account.String())
		must(t, err) // she is not told
		later(time.Minute)
		rooms, err := ann.chat.Rooms(t.Context())
		must(t, err)
		if len(rooms) != 1 {
			t.Errorf("ann has %+v, want the own room alone", rooms)
		}
		st, err := ann.chat.State(t.Context())
		must(t, err)
		if st.Requests != 0 {
			t.Errorf("%d requests wait", st.Requests)
		}
		_, err = ann.chat.Direct(t.Context(), eve.account.String())
		wantCode(t, err, core.Denied, "writing to who is blocked")
		list, err := ann.chat.Contacts(t.Context())
		must(t, err)
		if len(list) != 1 || !list[0].Blocked {
			t.Errorf("ann's list is %+v, want the one who is blocked", list)
		}
		wantCode(t, ann.chat.Block(t.Context(), ann.account.String(), true), core.Invalid, "blocking oneself")
		must(t, ann.chat.Block(t.Context(), eve.account.String(), false))
		_, err = ann.chat.Direct(t.Context(), eve.account.String())
		must(t, err)
	})
}

// What the reader settles on one device holds on all of theirs, the new ones too.
func TestSelfRoom_DevicesShare(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, bob := all[0], all[1]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, bob)
		accept(id, bob)
		must(t, ann.chat.Nickname(t.Context(), bob.account.String(), "Bob"))
		settle()
		phone := ann.sibling(1)
		if p := phone.person(bob); p.Nickname != "Bob" || !p.Contact {
			t.Errorf("on the phone bob is %+v", p)
		}
		on, mentions := true, core.ChatNotifyMentions
		must(t, phone.chat.SetRoom(t.Context(), core.ChatRoomSettings{Room: id.String(), Muted: &on, Notify: &mentions, Receipts: &on}))
		must(t, phone.chat.Block(t.Context(), bob.account.String(), true))
		settle()
		if r := ann.room(id); !r.Muted || r.Notify != mentions || !r.Receipts || r.Typing {
			t.Errorf("on the laptop the room is %+v", r)
		}
		if p := ann.person(bob); !p.Blocked || p.Nickname != "Bob" {
			t.Errorf("on the laptop bob is %+v", p)
		}
		bad := "sometimes"
		wantCode(t, ann.chat.SetRoom(t.Context(), core.ChatRoomSettings{Room: id.String(), Notify: &bad}), core.Invalid, "notifying sometimes")

		must(t, phone.session().do(t.Context(), func(t *turn) error {
			return t.setLocal(id, func(l *vault.Local) { l.Draft = "half a sent" })
		}))
		later(time.Minute)
		if r := ann.room(id); r.Draft != "half a sent" || !slices.Equal(r.Hosts, r.Answering) {
			t.Errorf("on the laptop the draft is %q, hosts %v, answering %v", r.Draft, r.Hosts, r.Answering)
		}

		// Both change the same at once; afterwards both have the same.
		must(t, ann.chat.Nickname(t.Context(), bob.account.String(), "Robert"))
		must(t, phone.chat.Nickname(t.Context(), bob.account.String(), "Bobby"))
		later(time.Minute)
		if a, p := ann.person(bob).Nickname, phone.person(bob).Nickname; a != p || a == "Bob" {
			t.Errorf("bob is %q on the laptop and %q on the phone", a, p)
		}
	})
}

// What was read on one device is read on the other, and says so at most once in ten
// seconds.
func TestSelfRoom_ReadMarkers(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, bob := all[0], all[1]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, bob)
		accept(id, bob)
		phone := ann.sibling(1)
		self, err := ann.chat.Direct(t.Context(), ann.account.String())
		must(t, err)
		own, err := wire.ParseRoom(self.ID)
		must(t, err)
		count := func() uint64 {
			r, err := ann.session().room(own)
			must(t, err)
			nodes.mu.Lock()
			defer nodes.mu.Unlock()
			return nodes.boxes[r.state.Mailbox().Tag.Name()].last
		}
		var before uint64
		for n := range 20 {
			bob.say(id, "line")
			settle()
			r := ann.room(id)
			must(t, ann.session().do(t.Context(), func(t *turn) error {
				_, err := t.MarkRead(id, r.Last)
				t.changed(core.ChatEventRooms, id)
				return err
			}))
			later(time.Second)
			if n == 0 {
				before = count()
			}
		}
		later(time.Minute)
		if r := phone.room(id); r.Unread != 0 {
			t.Errorf("on the phone %d are unread; refused: %v", r.Unread, phone.refusals())
		}
		if wrote := count() - before; wrote > 3 {
			t.Errorf("within 20 seconds of reading the nodes got %d rows", wrote)
		}
	})
}

// Receipts tell only where the reader wants them to.
func TestReceipts_AreOptIn(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, bob := all[0], all[1]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, bob)
		accept(id, bob)
		rows := func() uint64 {
			r, err := ann.session().room(id)
			must(t, err)
			nodes.mu.Lock()
			defer nodes.mu.Unlock()
			return nodes.boxes[r.state.Mailbox().Tag.Name()].last
		}
		read := func() {
			r := bob.room(id)
			must(t, bob.session().do(t.Context(), func(t *turn) error {
				_, err := t.MarkRead(id, r.Last)
				t.changed(core.ChatEventRooms, id)
				return err
			}))
			later(time.Minute)
		}
		sent := ann.say(id, "did you see this")
		settle()
		before := rows()
		read()
		if got := rows(); got != before {
			t.Errorf("with receipts off the nodes got %d rows", got-before)
		}
		on := true
		must(t, bob.chat.SetRoom(t.Context(), core.ChatRoomSettings{Room: id.String(), Receipts: &on}))
		read()
		page, err := ann.session().vault.Messages(t.Context(), core.ChatQuery{Room: id.String()})
		must(t, err)
		last := page.Messages[len(page.Messages)-1]
		ladder, err := ann.chat.Ladder(t.Context(), id.String(), last.ID)
		must(t, err)
		if last.Text != sent.Text || ladder.Step != core.ChatSeen || ladder.Seen != 1 || len(ladder.People) != 1 || ladder.People[0].State != core.ChatReadSeen {
			t.Errorf("ann is told %+v; refused: %v", ladder, ann.refusals())
		}
		before = rows()
		later(10 * time.Minute)
		if got := rows(); got != before {
			t.Errorf("receipts for receipts: the nodes got %d rows with nobody writing", got-before)
		}
	})
}

// Typing and presence are told live where the reader wants it, end by themselves, and
// nothing leaves where they are off or the room is large.
func TestFleeting_IsOptInAndEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, bob := all[0], all[1]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, bob)
		accept(id, bob)
		told := 0
		nodes.mu.Lock()
		nodes.lose = func(row []byte) bool { // under the lock
			if row[0] == byte(wire.KindFleeting) {
				told++
			}
			return false
		}
		nodes.mu.Unlock()
		must(t, bob.chat.Type(t.Context(), id.String()))
		later(5 * time.Minute)
		if told != 0 {
			t.Errorf("with all of it off %d signals left", told)
		}
		on := true
		must(t, bob.chat.SetRoom(t.Context(), core.ChatRoomSettings{Room: id.String(), Typing: &on}))
		must(t, bob.chat.Type(t.Context(), id.String()))
		must(t, bob.chat.Type(t.Context(), id.String())) // at once again: not told
		settle()
		activity := func() core.ChatActivity {
			a, err := ann.chat.Activity(t.Context(), id.String())
			must(t, err)
			return a
		}
		if a := activity(); told != 1 || len(a.Typing) != 1 || len(a.Present) != 0 {
			t.Errorf("after typing: %d told, %+v", told, a)
		}
		events := ann.chat.Events(t.Context())
		later(TypingLasts)
		if a := activity(); len(a.Typing) != 0 {
			t.Errorf("bob types for ever: %+v", a)
		}
		if e := <-events; e.Kind != core.ChatEventActivity {
			t.Errorf("the screen is told %+v, want that typing is over", e)
		}
		must(t, bob.chat.SetRoom(t.Context(), core.ChatRoomSettings{Room: id.String(), Presence: &on}))
		later(PresenceEvery)
		if a := activity(); !slices.Equal(a.Present, []string{bob.account.String()}) {
			t.Errorf("present are %+v", a)
		}
		bob.shutdown()
		later(PresenceLasts)
		if a := activity(); len(a.Present) != 0 {
			t.Errorf("who is gone is there: %+v", a)
		}
	})
}

// In a large room such signals would be more than what is written.
func TestFleeting_OffInLargeRooms(t *testing.T) {
	state := room.New(wire.Room{1}, room.NewMailbox())
	member := func(n int) wallet.Account {
		raw := make([]byte, 20)
		raw[0], raw[19] = byte(n), 1
		a, err := wallet.AccountFromBytes(wallet.ETH, raw)
		must(t, err)
		return a
	}
	body := room.Body{Kind: room.BodyCreate, Room: wire.Room{1}, RoomKind: core.ChatRoomGroup, History: core.ChatHistoryJoined}
	for n := range MaxSmallRoom {
		body.Members = append(body.Members, room.Seat{Account: member(n), Role: core.ChatMember})
	}
	body.Members[0].Role = core.ChatOwner
	state, err := state.Apply(state.After(wire.Fingerprint{}, time.Unix(0, 0)), member(0), body)
	must(t, err)
	r := chatRoom{state: state}
	r.local.State = core.ChatJoined
	if !r.small(member(0)) {
		t.Errorf("a room of %d is large", MaxSmallRoom)
	}
	if r.state, err = state.Apply(state.After(wire.Fingerprint{}, time.Unix(0, 0)), member(0), room.Body{Kind: room.BodyAdd, Account: member(200)}); err != nil {
		t.Fatal(err)
	}
	if r.small(member(0)) {
		t.Errorf("a room of %d is small", MaxSmallRoom+1)
	}
}
