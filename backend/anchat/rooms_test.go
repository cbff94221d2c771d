package anchat

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// people are devices of different wallets, each enrolled.
func people(t *testing.T, nodes *memory, n int) []*device {
	t.Helper()
	all := make([]*device, n)
	for i := range all {
		chain := wallet.ETH
		if i%2 == 1 {
			chain = wallet.SOL
		}
		all[i] = newDevice(t, nodes, byte(i+1), chain).enrol()
	}
	return all
}

// found makes a room as the screen does.
func (d *device) found(n core.ChatNewRoom, others ...*device) wire.Room {
	d.t.Helper()
	for _, o := range others {
		n.Members = append(n.Members, o.account.String())
	}
	r, err := d.chat.NewRoom(d.t.Context(), n)
	must(d.t, err)
	settle()
	id, err := wire.ParseRoom(r.ID)
	must(d.t, err)
	return id
}

func (d *device) room(id wire.Room) core.ChatRoom {
	d.t.Helper()
	r, err := d.chat.Room(d.t.Context(), id.String())
	must(d.t, err)
	return r
}

// accept comes into rooms.
func accept(id wire.Room, all ...*device) {
	for _, d := range all {
		d.t.Helper()
		must(d.t, d.chat.Accept(d.t.Context(), id.String()))
		settle()
	}
}

func wantCode(t *testing.T, err error, code core.Code, what string) {
	t.Helper()
	if core.CodeOf(err) != code {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

// An invitation waits until it is answered: whoever did not say yes neither writes
// nor is told anything, and who said no has it gone.
func TestRooms_AnInvitationIsAcceptedOrRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 3)
		ann, bob, cid := all[0], all[1], all[2]
		id := ann.found(core.ChatNewRoom{Name: "Tea", Topic: "at four"}, bob, cid)
		asked := bob.room(id)
		if asked.State != core.ChatInvited || asked.Name != "Tea" || asked.Topic != "at four" || asked.InvitedBy != ann.account.String() || asked.MayWrite {
			t.Fatalf("bob is asked %+v", asked)
		}
		st, err := bob.chat.State(t.Context())
		must(t, err)
		if st.Requests != 1 {
			t.Errorf("bob has %d requests", st.Requests)
		}
		_, err = bob.chat.Send(t.Context(), core.ChatDraft{Room: id.String(), Text: "too soon"})
		wantCode(t, err, core.Denied, "writing before coming in")

		accept(id, bob)
		accept(id, bob) // twice is once
		must(t, cid.chat.Refuse(t.Context(), id.String()))
		settle()
		bob.say(id, "here")
		settle()
		want(t, id, []string{"here"}, ann, bob)
		if r := ann.room(id); r.Members != 2 || r.Role != core.ChatOwner || !r.MayManage || r.Preview != "here" || r.LastFrom == "" || len(r.Hosts) == 0 {
			t.Errorf("ann's room is %+v", r)
		}
		rooms, err := cid.chat.Rooms(t.Context())
		must(t, err)
		if slices.ContainsFunc(rooms, func(r core.ChatRoom) bool { return r.ID == id.String() }) {
			t.Errorf("who refused still has the room: %+v", rooms)
		}
		must(t, ann.chat.Invite(t.Context(), id.String(), []string{cid.account.String()}))
		settle()
		accept(id, cid)
		cid.say(id, "after all")
		settle()
		want(t, id, []string{"here", "after all"}, ann, bob)
		want(t, id, []string{"(waits for its key)", "after all"}, cid) // it was said before
	})
}

// Whoever has no device cannot be told of a room, and the inviter has to know that
// before there is one.
func TestRooms_NobodyWithoutADeviceIsInvited(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH).enrol()
		_, err := ann.chat.NewRoom(t.Context(), core.ChatNewRoom{Name: "x", Members: []string{"0x00000000000000000000000000000000000000a1"}})
		wantCode(t, err, core.NotFound, "a room with nobody")
		_, err = ann.chat.Direct(t.Context(), "0x00000000000000000000000000000000000000a1")
		wantCode(t, err, core.NotFound, "writing to nobody")
		_, err = ann.chat.NewRoom(t.Context(), core.ChatNewRoom{Name: "a\u202eb"})
		wantCode(t, err, core.Invalid, "a name to deceive")
		rooms, err := ann.chat.Rooms(t.Context())
		must(t, err)
		if len(rooms) != 1 || rooms[0].Kind != core.ChatRoomSelf {
			t.Errorf("there are %+v, want the own room alone", rooms)
		}
	})
}

// New members read what was before where the room says so, and not where it does not.
func TestRooms_HistoryForNewMembers(t *testing.T) {
	for _, rule := range []string{core.ChatHistoryAll, core.ChatHistoryJoined} {
		inWorld(t, func(t *testing.T, nodes *memory) {
			all := people(t, nodes, 3)
			ann, bob, cid := all[0], all[1], all[2]
			id := ann.found(core.ChatNewRoom{Name: "Tea", History: rule}, bob)
			accept(id, bob)
			ann.say(id, "before")
			settle()
			bob.say(id, "you came")
			later(time.Second)
			must(t, ann.chat.Invite(t.Context(), id.String(), []string{cid.account.String()}))
			settle()
			accept(id, cid)
			ann.say(id, "welcome")
			later(time.Minute)
			before := []string{"before", "you came"}
			if rule == core.ChatHistoryJoined {
				before = []string{"(waits for its key)", "(waits for its key)"}
			}
			want(t, id, append(before, "welcome"), cid)
			want(t, id, []string{"before", "you came", "welcome"}, ann, bob)
		})
	}
}

// Who was removed reads nothing later and does not find the place where the room goes
// on; who stays loses nothing, and writes to it what they wrote meanwhile.
func TestRooms_RemovedOnesAreOut(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 4)
		ann, bob, cid, dan := all[0], all[1], all[2], all[3]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, bob, cid, dan)
		accept(id, bob, cid, dan)
		ann.say(id, "all of us")
		settle()
		wantCode(t, bob.chat.Remove(t.Context(), id.String(), cid.account.String(), false), core.Denied, "a member removes somebody")
		must(t, ann.chat.SetRole(t.Context(), id.String(), bob.account.String(), core.ChatAdmin))
		settle()
		wantCode(t, bob.chat.Remove(t.Context(), id.String(), ann.account.String(), false), core.Denied, "an admin removes the owner")
		must(t, bob.chat.Remove(t.Context(), id.String(), cid.account.String(), true))
		dan.say(id, "who was that")
		later(time.Minute)
		ann.say(id, "three of us")
		cid.session() // still running
		later(time.Minute)
		want(t, id, []string{"all of us", "who was that", "three of us"}, ann, bob, dan)
		want(t, id, []string{"all of us"}, cid)
		if r := cid.room(id); r.State != core.ChatLeft || r.MayWrite {
			t.Errorf("who was removed has %+v", r)
		}
		state := func(d *device) int {
			r, err := d.session().room(id)
			must(t, err)
			return len(r.state.Mailboxes())
		}
		if state(ann) != 2 || state(cid) != 1 {
			t.Errorf("mailboxes known: ann %d, who was removed %d", state(ann), state(cid))
		}

		wantCode(t, ann.chat.Invite(t.Context(), id.String(), []string{cid.account.String()}), core.Denied, "inviting who is banned")
		must(t, bob.chat.Unban(t.Context(), id.String(), cid.account.String()))
		must(t, ann.chat.Invite(t.Context(), id.String(), []string{cid.account.String()}))
		settle()
		accept(id, cid)
		cid.say(id, "back")
		later(time.Minute)
		want(t, id, []string{"all of us", "who was that", "three of us", "back"}, ann, bob, dan)
		want(t, id, []string{"all of us", "(waits for its key)", "(waits for its key)", "back"}, cid)
	})
}

// What a room is has to be the same for all its members, and only those change it who
// may.
func TestRooms_ChangesAreForAll(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, bob := all[0], all[1]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, bob)
		accept(id, bob)
		name, topic, rule, timer, free := "Coffee", "milk?", core.ChatHistoryAll, int64(600), true
		change := core.ChatRoomChange{Room: id.String(), Name: &name, Topic: &topic, History: &rule, Timer: &timer, FreeInvite: &free}
		wantCode(t, bob.chat.ChangeRoom(t.Context(), change), core.Denied, "a member changes the room")
		must(t, ann.chat.ChangeRoom(t.Context(), change))
		settle()
		for i, d := range all {
			if r := d.room(id); r.Name != name || r.Topic != topic || r.History != rule || r.Timer != timer || !r.FreeInvite || !r.MayInvite {
				t.Errorf("device %d has %+v", i, r)
			}
		}
		bad := "x\ny"
		wantCode(t, ann.chat.ChangeRoom(t.Context(), core.ChatRoomChange{Room: id.String(), Topic: &bad}), core.Invalid, "a topic of two lines")
		must(t, ann.chat.SetRole(t.Context(), id.String(), bob.account.String(), core.ChatOwner))
		settle()
		must(t, ann.chat.Leave(t.Context(), id.String()))
		settle()
		bob.say(id, "alone")
		later(time.Minute)
		if r := bob.room(id); r.Role != core.ChatOwner || r.Members != 1 {
			t.Errorf("bob has %+v", r)
		}
		if r := ann.room(id); r.State != core.ChatLeft {
			t.Errorf("who left has %+v", r)
		}
		if lines := ann.lines(id); slices.Contains(lines, "alone") {
			t.Error("who left reads what was said later")
		}
	})
}

// One wallet writes to another without a room to think of; with one's own address it
// is a note to self.
func TestRooms_Direct(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, bob := all[0], all[1]
		made, err := ann.chat.Direct(t.Context(), bob.account.String())
		must(t, err)
		id, err := wire.ParseRoom(made.ID)
		must(t, err)
		ann.say(id, "hello, we have not met")
		settle()
		if r := bob.room(id); r.State != core.ChatInvited || r.Peer != ann.account.String() || r.Kind != core.ChatRoomDirect {
			t.Fatalf("bob is asked %+v", r)
		}
		want(t, id, []string{"hello, we have not met"}, bob) // so that he can judge it
		again, err := bob.chat.Direct(t.Context(), ann.account.String())
		must(t, err)
		if again.ID != made.ID || again.State != core.ChatJoined {
			t.Errorf("writing back opens %+v", again)
		}
		again, err = ann.chat.Direct(t.Context(), bob.account.String())
		must(t, err)
		if again.ID != made.ID {
			t.Error("the second time it is another room")
		}
		wantCode(t, ann.chat.Invite(t.Context(), made.ID, []string{bob.account.String()}), core.Denied, "inviting into a room of two")
		self, err := ann.chat.Direct(t.Context(), ann.account.String())
		must(t, err)
		if self.Kind != core.ChatRoomSelf || !self.MayWrite {
			t.Errorf("the note to self is %+v", self)
		}
		wantCode(t, ann.chat.Leave(t.Context(), self.ID), core.Denied, "leaving the own room")
	})
}

// Somebody who writes to hundreds of strangers is a nuisance, and stopped at home.
func TestRooms_FewStrangersADay(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH).enrol()
		s := ann.session()
		stranger := func(n int) wallet.Account {
			raw := make([]byte, 20)
			raw[0], raw[1] = byte(n), 1
			a, err := wallet.AccountFromBytes(wallet.ETH, raw)
			must(t, err)
			return a
		}
		for n := range MaxStrangersADay {
			must(t, s.reach(t.Context(), stranger(n)))
		}
		wantCode(t, s.reach(t.Context(), stranger(200)), core.Limited, "one too many")
		later(24 * time.Hour)
		must(t, s.reach(t.Context(), stranger(200)))
	})
}

// Two members who change the room at once must end with one room, whoever was faster.
func TestRooms_ChangesAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 5)
		ann, bob := all[0], all[1]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, all[1:]...)
		accept(id, all[1:]...)
		must(t, ann.chat.SetRole(t.Context(), id.String(), bob.account.String(), core.ChatAdmin))
		settle()
		done := make(chan error, 2)
		go func() { done <- ann.chat.Remove(t.Context(), id.String(), all[3].account.String(), false) }()
		go func() { done <- bob.chat.Remove(t.Context(), id.String(), all[4].account.String(), false) }()
		for range 2 {
			must(t, <-done)
		}
		later(time.Minute)
		var heads []string
		for _, d := range all[:3] {
			r, err := d.session().room(id)
			must(t, err)
			heads = append(heads, fmt.Sprintf("%s %d", r.state.Head(), len(r.state.Members())))
		}
		if heads[0] != heads[1] || heads[1] != heads[2] {
			t.Errorf("they have %q", heads)
		}
		all[2].say(id, "three are left")
		later(time.Minute)
		want(t, id, []string{"three are left"}, all[:3]...)
	})
}

// Somebody in a room breaks it on purpose: they close its mailbox without the right
// to. All are told who it was, and the room goes on with its owner.
func TestRooms_ClosedWithoutTheRight(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 3)
		ann, bob, eve := all[0], all[1], all[2]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, bob, eve)
		accept(id, bob, eve)
		mend := nodes.cut(ann)
		var e wire.Event
		must(t, eve.session().look(t.Context(), func(t *turn) error {
			r, err := t.room(id)
			if err != nil {
				return err
			}
			head := r.state.After(t.s.device, t.now)
			head.Closes = true
			if e, err = room.Seal(r.state.Mailbox(), head, room.Body{Kind: room.BodyName, Name: "Mine"}); err != nil {
				return err
			}
			e, err = t.engine.SignEvent(e, t.now)
			return err
		}))
		must(t, eve.session().putNow(t.Context(), e))
		settle()
		if r := bob.room(id); r.Name != "Tea" || r.Warning == "" || r.MayInvite {
			t.Errorf("while it is closed bob sees %+v", r)
		}
		bob.say(id, "who did that")
		later(time.Minute)
		mend()
		later(2 * time.Minute)
		ann.say(id, "we go on")
		later(time.Minute)
		want(t, id, []string{"who did that", "we go on"}, ann, bob, eve)
		if r := bob.room(id); r.Warning != "" {
			t.Errorf("afterwards bob is warned: %s", r.Warning)
		}
	})
}
