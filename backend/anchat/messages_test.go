package anchat

import (
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

func (d *device) page(id wire.Room) core.ChatMessages {
	d.t.Helper()
	page, err := d.chat.Messages(d.t.Context(), core.ChatQuery{Room: id.String()})
	must(d.t, err)
	page.Messages = slices.DeleteFunc(page.Messages, func(m core.ChatMessage) bool { return m.Kind == core.ChatNotice })
	return page
}

func (d *device) state() core.ChatState {
	d.t.Helper()
	st, err := d.chat.State(d.t.Context())
	must(d.t, err)
	return st
}

// A reader would see addresses for names, counts that are wrong, or lose a draft.
func TestMessages_AsTheScreenHasThem(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ctx, in := t.Context(), id.String()
		ann.say(id, "where do we meet?")
		settle()
		first := ann.page(id).Messages[0]
		later(time.Hour)
		_, err := bob.chat.Send(ctx, core.ChatDraft{Room: in, Text: "at the harbour", ReplyTo: first.ID, Mentions: []string{ann.account.String()}})
		must(t, err)
		must(t, bob.chat.React(ctx, in, first.ID, "👍", true))
		settle()

		bobsName := ann.session().nameOf(id, bob.account)
		page := ann.page(id)
		answer := page.Messages[1]
		if answer.FromName != bobsName || !answer.ToMe || answer.ReplyTo == nil || answer.ReplyTo.Text != "where do we meet?" {
			t.Errorf("the answer is %+v", answer)
		}
		if r := page.Messages[0].Reactions; len(r) != 1 || !slices.Equal(r[0].By, []string{bobsName}) {
			t.Errorf("the reactions are %+v", r)
		}
		if st := ann.state(); st.Unread != 1 || st.Mentions != 1 {
			t.Errorf("%d unread, %d for her; want 1 and 1", st.Unread, st.Mentions)
		}
		must(t, ann.chat.MarkRead(ctx, in, answer.Position))
		if st := ann.state(); st.Unread != 0 || st.Mentions != 0 || st.Version <= page.Version {
			t.Errorf("after reading there are %d unread, version %d after %d", st.Unread, st.Version, page.Version)
		}
		hits, err := ann.chat.Search(ctx, core.ChatSearch{Words: "harb"})
		must(t, err)
		if len(hits) != 1 || hits[0].RoomName != "plans" || hits[0].FromName != bobsName || hits[0].Position != answer.Position {
			t.Errorf("found %+v", hits)
		}
		at, err := ann.chat.At(ctx, in, answer.StoredAt)
		must(t, err)
		if at != answer.Position {
			t.Errorf("at that time stands %d", at)
		}
		must(t, ann.chat.SaveDraft(ctx, in, "I will"))
		ann.restart()
		sum, err := ann.session().vault.Summary(ctx, id)
		must(t, err)
		if sum.Local.Draft != "I will" || sum.Unread != 0 {
			t.Errorf("after a restart the draft is %q and %d are unread", sum.Local.Draft, sum.Unread)
		}
		if err = ann.chat.SaveDraft(ctx, in, strings.Repeat("x", core.MaxChatTextBytes+1)); core.CodeOf(err) != core.TooLarge {
			t.Errorf("a draft that is too long gave %v", err)
		}
	})
}

// What was deleted, or whose time is over, would stay on a device or at the nodes.
func TestFade_DeletedAndDisappearing(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ctx := t.Context()
		ann.say(id, "a mistake")
		settle()
		mistake := ann.page(id).Messages[0]
		must(t, ann.chat.Delete(ctx, id.String(), mistake.ID))
		settle()
		want(t, id, []string{"(deleted)"}, ann, bob)
		must(t, ann.session().event(ctx, id, room.Body{Kind: room.BodyTimer, Timer: 300}))
		settle()
		bob.say(id, "for five minutes")
		settle()
		gone := bob.page(id).Messages[1]
		if gone.ExpiresAt.Sub(gone.StoredAt) != 5*time.Minute {
			t.Errorf("it disappears at %v, stored at %v", gone.ExpiresAt, gone.StoredAt)
		}
		later(4 * time.Minute)
		want(t, id, []string{"(deleted)", "for five minutes"}, ann, bob)
		later(2 * time.Minute)
		want(t, id, []string{"(deleted)"}, ann, bob)
		for _, m := range []core.ChatMessage{mistake, gone} {
			ref, err := inner.ParseRef(m.ID)
			must(t, err)
			if row := nodes.stored(ref); row.Kind() != wire.KindErase {
				t.Errorf("the nodes still have a %s of %q", row.Kind(), m.Text)
			}
		}
		if refused := append(ann.refusals(), bob.refusals()...); len(refused) > 0 {
			t.Errorf("refused: %q", refused)
		}
	})
}

// stored is what the nodes have in the place of a message.
func (m *memory) stored(ref inner.Ref) wire.Row {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.pairs[pair{ref.Session, ref.Index}]
	return mustDecode(m.boxes[at.box].rows[at.at].Row)
}

// What was begun on one device would have to be written anew on the other.
func TestDrafts_OnAllDevices(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		phone := ann.sibling(1)
		draft := func(d *device) string {
			t.Helper()
			sum, err := d.session().vault.Summary(t.Context(), id)
			must(t, err)
			return sum.Local.Draft
		}
		for _, text := range []string{"I beg", "I begin", ""} {
			must(t, ann.chat.SaveDraft(t.Context(), id.String(), text))
			later(2 * TellEvery)
			if got := draft(phone); got != text {
				t.Errorf("the phone has %q, want %q", got, text)
			}
		}
		must(t, phone.chat.SaveDraft(t.Context(), id.String(), "from the phone"))
		later(2 * TellEvery)
		if got := draft(ann); got != "from the phone" {
			t.Errorf("the laptop has %q", got)
		}
		for _, m := range bob.page(id).Messages {
			t.Errorf("a draft was sent: %+v", m)
		}
	})
}
