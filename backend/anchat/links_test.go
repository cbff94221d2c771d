package anchat

import (
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// A link lets in whoever has it, as often and as long as it says, and only when
// somebody of the room is there to open.
func TestLinks_LetInAsOftenAsTheySay(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 4)
		ann, bob, cid, dan := all[0], all[1], all[2], all[3]
		id := ann.found(core.ChatNewRoom{Name: "Tea", History: core.ChatHistoryAll})
		ann.say(id, "the kettle is on")
		settle()
		link, err := ann.chat.MakeLink(t.Context(), core.ChatLinkOptions{Room: id.String(), Uses: 2})
		must(t, err)

		read, err := bob.chat.ReadLink(t.Context(), link.URL)
		must(t, err)
		if read.RoomName != "Tea" || read.By != ann.account.String() || !read.Here || read.Uses != 2 || read.URL != "" {
			t.Errorf("the link says %+v", read)
		}
		ann.shutdown() // nobody is there to open
		waits, err := bob.chat.Join(t.Context(), link.URL)
		must(t, err)
		if waits.State != core.ChatKnocked || waits.InvitedBy != ann.account.String() || waits.Name != "Tea" {
			t.Errorf("while he waits bob sees %+v", waits)
		}
		later(time.Minute)
		if r := bob.room(id); r.State != core.ChatKnocked {
			t.Errorf("with nobody there bob is %s", r.State)
		}
		ann.start()
		ann.unlock()
		later(time.Minute)
		if r := bob.room(id); r.State != core.ChatJoined || !r.MayWrite {
			t.Fatalf("bob is %+v; refused at ann's: %v, at bob's: %v", r, ann.refusals(), bob.refusals())
		}
		page, err := ann.chat.Messages(t.Context(), core.ChatQuery{Room: id.String()})
		must(t, err)
		if n := page.Messages[len(page.Messages)-1]; n.Notice != "joined" || n.From != bob.account.String() {
			t.Errorf("ann is told %+v, want that bob came in", n)
		}
		bob.say(id, "smells good")
		later(time.Minute)
		want(t, id, []string{"the kettle is on", "smells good"}, ann, bob)

		_, err = cid.chat.Join(t.Context(), link.URL)
		must(t, err)
		later(time.Minute)
		_, err = dan.chat.Join(t.Context(), link.URL)
		must(t, err)
		later(time.Minute)
		if r := cid.room(id); r.State != core.ChatJoined {
			t.Errorf("the second one is %s", r.State)
		}
		if r := dan.room(id); r.State != core.ChatKnocked {
			t.Errorf("the third one of two is %s", r.State)
		}
		links, err := ann.chat.Links(t.Context(), id.String())
		must(t, err)
		if len(links) != 0 {
			t.Errorf("a link that is used up is listed: %+v", links)
		}
		must(t, dan.chat.Refuse(t.Context(), id.String())) // he gives up
		_, err = dan.chat.Room(t.Context(), id.String())
		wantCode(t, err, core.NotFound, "the room that he gave up")
	})
}

// A link that was taken back, has run out, was changed, or is for another network
// opens nothing, and says so.
func TestLinks_ThatOpenNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, bob := all[0], all[1]
		id := ann.found(core.ChatNewRoom{Name: "Tea"})
		made := func() core.ChatLink {
			link, err := ann.chat.MakeLink(t.Context(), core.ChatLinkOptions{Room: id.String(), ExpiresIn: time.Hour})
			must(t, err)
			return link
		}
		changed := func(change func(*room.Ticket)) string {
			ticket, err := room.ParseLink(made().URL)
			must(t, err)
			change(&ticket)
			return ticket.URL()
		}
		for name, test := range map[string]struct {
			url  string
			want core.Code
		}{
			"for more people":       {changed(func(l *room.Ticket) { l.Uses = 100 }), core.Denied},
			"for longer":            {changed(func(l *room.Ticket) { l.ExpiresAt = l.ExpiresAt.Add(time.Hour) }), core.Denied},
			"by somebody else":      {changed(func(l *room.Ticket) { l.Inviter = bob.account }), core.Denied},
			"by a made-up device":   {changed(func(l *room.Ticket) { l.Device[0]++ }), core.Denied},
			"under another name":    {changed(func(l *room.Ticket) { l.Name = "Win a prize" }), core.Denied},
			"of another network":    {changed(func(l *room.Ticket) { l.Network = "other" }), core.Invalid},
			"cut":                   {made().URL[:120], core.Invalid},
			"that is no link":       {"https://example.com", core.Invalid},
			"with another secret":   {changed(func(l *room.Ticket) { l.Code[0]++ }), core.Denied},
			"to another room":       {changed(func(l *room.Ticket) { l.Room[0]++ }), core.Denied},
			"to another mailbox":    {changed(func(l *room.Ticket) { l.Tag[0]++ }), core.Denied},
			"with nothing behind #": {strings.Split(made().URL, "#")[0], core.Invalid},
		} {
			_, err := bob.chat.Join(t.Context(), test.url)
			wantCode(t, err, test.want, name)
		}
		back, old := made(), made()
		must(t, ann.chat.RevokeLink(t.Context(), id.String(), back.ID))
		_, err := bob.chat.Join(t.Context(), back.URL) // he cannot know
		must(t, err)
		later(time.Minute)
		if r := bob.room(id); r.State != core.ChatKnocked {
			t.Errorf("by a link that was taken back bob is %s", r.State)
		}
		later(time.Hour)
		_, err = bob.chat.Join(t.Context(), old.URL)
		wantCode(t, err, core.Invalid, "an expired link")
	})
}

// Who knocks without the secret, or at a link of their own making, is not let in
// although their device is real.
func TestLinks_AKnockNeedsTheSecret(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, eve := all[0], all[1]
		id := ann.found(core.ChatNewRoom{Name: "Tea"})
		link, err := ann.chat.MakeLink(t.Context(), core.ChatLinkOptions{Room: id.String()})
		must(t, err)
		name, err := wire.ParseName(link.ID)
		must(t, err)
		var knock wire.Knock
		must(t, eve.session().do(t.Context(), func(t *turn) (err error) {
			knock, err = t.engine.Knock(name, [32]byte{1}, t.now)
			return err
		}))
		must(t, eve.session().putNow(t.Context(), knock))
		later(time.Minute)
		if r := ann.room(id); r.Members != 1 {
			t.Errorf("the room has %d members", r.Members)
		}
		if got := ann.refusals(); len(got) == 0 || !strings.Contains(got[0], "secret") {
			t.Errorf("ann is told %v", got)
		}
	})
}

// Only who may invite makes links, and members see only as much of them.
func TestLinks_NeedTheRight(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		all := people(t, nodes, 2)
		ann, bob := all[0], all[1]
		id := ann.found(core.ChatNewRoom{Name: "Tea"}, bob)
		accept(id, bob)
		_, err := bob.chat.MakeLink(t.Context(), core.ChatLinkOptions{Room: id.String()})
		wantCode(t, err, core.Denied, "a member makes a link")
		_, err = ann.chat.MakeLink(t.Context(), core.ChatLinkOptions{Room: id.String(), ExpiresIn: 60 * 24 * time.Hour})
		wantCode(t, err, core.Invalid, "a link for two months")
		_, err = ann.chat.MakeLink(t.Context(), core.ChatLinkOptions{Room: id.String(), Uses: 1000})
		wantCode(t, err, core.Invalid, "a link for a thousand")
	})
}
