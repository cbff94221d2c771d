package vault

import (
	"errors"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// seal gives a queued message its bytes, as the engine would.
func (b *bench) seal(i Item, w *writer) *sealed {
	b.t.Helper()
	m := w.raw(i.Message.Kind, i.Message.Body)
	b.do(func(tx *Tx) error {
		return tx.Seal(i.ID, m.ref, [][]byte{wire.Announce{Mailbox: m.box, Session: m.ref.Session, At: m.at}.Encode(), m.row})
	})
	return m
}

func (b *bench) only() core.ChatMessage {
	b.t.Helper()
	all := b.read(core.ChatQuery{}).Messages
	if len(all) != 1 {
		b.t.Fatalf("the room has %d lines, want one", len(all))
	}
	return all[0]
}

// A message would look further on its way than it is, be sent twice, or be lost on
// the way.
func TestOutbox_Ladder(t *testing.T) {
	b := open(t, alice)
	w := b.writer(alice, 1)
	item := b.queue("hello")
	b.queue("after it")
	steps := func(step string, place int) {
		t.Helper()
		m := b.read(core.ChatQuery{}).Messages[0]
		if m.Text != "hello" || m.Step != step || m.Place != place || !m.Mine {
			t.Errorf("%q is %s at place %d, want %s at %d", m.Text, m.Step, m.Place, step, place)
		}
	}
	steps(core.ChatQueued, 1)
	if m := b.read(core.ChatQuery{}).Messages[1]; m.Place != 2 || m.ID != OutID(m.Position-queuedFrom) {
		t.Errorf("the second waits as %q at place %d", m.ID, m.Place)
	}
	m := b.seal(item, w)
	b.again() // nothing is sealed twice after a crash
	steps(core.ChatQueued, 1)
	rows, err := b.Rows(t.Context(), item.ID)
	if err != nil || len(rows) != 2 || string(rows[1].Row) != string(m.row) {
		t.Fatalf("the bytes to send are %v (%v)", rows, err)
	}
	b.do(func(tx *Tx) error { return errors.Join(tx.Sent(item.ID), tx.Delivered(item.ID, 0)) })
	steps(core.ChatSent, 0)
	if err = b.Update(t.Context(), func(tx *Tx) error { return tx.Discard(item.ID) }); core.CodeOf(err) != core.Conflict {
		t.Errorf("what is under way was discarded: %v", err)
	}
	b.receive(m.heard()) // its own gossip
	steps(core.ChatSent, 0)
	b.receive(m.store(b))
	steps(core.ChatStored, 0)
	outbox, err := b.Outbox(t.Context())
	if err != nil || len(outbox) != 1 {
		t.Errorf("the outbox still has %v (%v)", outbox, err)
	}
	b.do(func(tx *Tx) error { return tx.Held(m.ref, 2, 3) })
	b.receive(b.writer(bob, 2).write(inner.Receipt{Mailbox: m.box, Read: m.seq, Received: m.seq}).store(b))
	steps(core.ChatSeen, 0)
	facts, err := b.Facts(t.Context(), b.room, OutID(item.ID))
	if err != nil || facts.Ref != m.ref || facts.Held != 2 || facts.Waits || facts.QueuedAt.IsZero() || facts.OutAt.IsZero() || !facts.StoredAt.Equal(m.at) {
		t.Errorf("the facts are %+v (%v)", facts, err)
	}
	readers, err := b.Readers(t.Context(), b.room)
	if err != nil || len(readers) != 2 {
		t.Fatalf("the readers are %+v (%v)", readers, err)
	}
	for _, r := range readers {
		if r.Account == bob && r.Read != facts.Position {
			t.Errorf("Bob read up to %d, want %d", r.Read, facts.Position)
		}
	}
}

// A message that was refused could neither be sent again nor thrown away.
func TestOutbox_FailedResendDiscard(t *testing.T) {
	b := open(t, alice)
	w := b.writer(alice, 1)
	item := b.queue("hello")
	b.seal(item, w)
	b.do(func(tx *Tx) error { return tx.Fail(item.ID, core.Errorf(core.Denied, "you are no member any more")) })
	if m := b.only(); m.Step != core.ChatFailed || m.Failure != "you are no member any more" {
		t.Errorf("it is %s: %q", m.Step, m.Failure)
	}
	b.do(func(tx *Tx) error { return tx.Requeue(item.ID) })
	if m := b.only(); m.Step != core.ChatQueued || m.ID != OutID(item.ID) {
		t.Errorf("it is %s as %s", m.Step, m.ID)
	}
	b.seal(item, w)
	b.do(func(tx *Tx) error { return tx.Fail(item.ID, core.Errorf(core.Denied, "no")) })
	b.do(func(tx *Tx) error { return tx.Discard(item.ID) })
	b.want()
	if err := b.Update(t.Context(), func(tx *Tx) error { _, err := tx.Item(item.ID); return err }); core.CodeOf(err) != core.NotFound {
		t.Errorf("a discarded message gave %v", err)
	}
}

// A copied folder has used the same number: what was written here must not vanish
// behind what the copy sent.
func TestOutbox_NumberTakenByACopy(t *testing.T) {
	b := open(t, alice)
	w := b.writer(alice, 1)
	item := b.queue("mine")
	b.seal(item, w)
	w.next--
	b.receive(w.text("the copy's").store(b))
	b.want("the copy's", "mine")
	if m := b.read(core.ChatQuery{}).Messages[1]; m.Step != core.ChatQueued {
		t.Errorf("it is %s, want it queued to be sealed anew", m.Step)
	}
}

// One's own edits would show only after the store has answered, or stay after they
// were discarded.
func TestOutbox_EditsShowAtOnce(t *testing.T) {
	b := open(t, alice)
	m := b.writer(alice, 1).text("one").store(b)
	b.receive(m)
	queue := func(body any) (item Item) {
		t.Helper()
		raw, err := inner.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		b.do(func(tx *Tx) (err error) {
			item, err = tx.Queue(Draft{Room: b.room, Message: inner.Message{Kind: inner.KindOf(body), At: b.clock, Body: raw}})
			return err
		})
		return item
	}
	edit := queue(inner.Edit{Target: m.ref, Text: "two"})
	b.want("two")
	b.do(func(tx *Tx) error { return tx.Discard(edit.ID) })
	b.want("one")
	del := queue(inner.Delete{Target: m.ref})
	b.want("<deleted>")
	b.do(func(tx *Tx) error {
		return errors.Join(tx.Fail(del.ID, core.Errorf(core.Denied, "no")), tx.Discard(del.ID))
	})
	b.want("one") // nothing was taken away before the store had it
}

// Counts of unread messages would be wrong, or run backwards.
func TestSummary_Unread(t *testing.T) {
	b := open(t, alice)
	his, hers := b.writer(bob, 2), b.writer(alice, 1)
	mine := hers.text("mine")
	b.receive(mine.store(b), his.text("one").store(b), his.write(inner.React{Target: mine.ref, Sign: "👍", On: true}).store(b),
		his.write(inner.Text{Text: "two", Mentions: []string{wire.AccountID(alice)}}).store(b), his.write(inner.Text{Text: "three", ReplyTo: &mine.ref}).store(b))
	heard := his.text("four")
	b.receive(heard.heard())
	want := func(unread, mentions int, preview string) {
		t.Helper()
		s, err := b.Summary(t.Context(), b.room)
		if err != nil || s.Unread != unread || s.Mentions != mentions || s.Preview != preview {
			t.Errorf("%d unread, %d of them for her, last %q (%v); want %d, %d, %q", s.Unread, s.Mentions, s.Preview, err, unread, mentions, preview)
		}
	}
	want(4, 2, "four")
	all := b.read(core.ChatQuery{}).Messages
	if q := all[3].ReplyTo; q == nil || q.Text != "mine" || q.From != alice.String() || q.Position != all[0].Position {
		t.Errorf("the quote is %+v", q)
	}
	mark := func(position int64, went bool) {
		t.Helper()
		b.do(func(tx *Tx) error {
			on, err := tx.MarkRead(b.room, position)
			if on != went {
				t.Errorf("marking up to %d went on: %v", position, on)
			}
			return err
		})
	}
	mark(all[2].Position, true)
	want(2, 1, "four")
	mark(all[1].Position, false)
	want(2, 1, "four")
	mark(all[4].Position, true) // what is only heard, too
	want(0, 0, "four")
	b.receive(heard.store(b)) // it has another position now
	want(0, 0, "four")
	b.receive(his.text("five").store(b))
	want(1, 0, "five")
	if s, err := b.Summary(t.Context(), b.room); err != nil || s.FirstUnread != s.Last {
		t.Errorf("the first unread is %d, the last %d (%v)", s.FirstUnread, s.Last, err)
	}
}

// A message whose key is on its way would look like an error, or never open.
func TestMerge_WaitsForItsKey(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	one, two := w.text("one").store(b), w.write(inner.Receipt{Mailbox: b.boxes[0], Read: 1}).store(b)
	b.do(func(tx *Tx) error {
		for _, m := range []*sealed{one, two} {
			ref, _, err := tx.Merge(Arrival{Row: m.row, Mailbox: m.box, Seq: m.seq, At: m.at})
			if err = errors.Join(err, tx.Await(ref, bob, wire.Fingerprint{2})); err != nil {
				return err
			}
		}
		return nil
	})
	b.want("<waiting>", "<waiting>")
	awaited, err := b.Awaited(t.Context())
	if err != nil || len(awaited) != 1 || awaited[0].First != one.ref || awaited[0].Device != (wire.Fingerprint{2}) {
		t.Errorf("awaited: %+v (%v)", awaited, err)
	}
	b.do(func(tx *Tx) error {
		waiting, err := tx.Unopened(w.session, 0, 10)
		if err != nil {
			return err
		}
		if rest, fault := tx.Unopened(w.session, 1, 10); fault != nil || len(rest) != 1 {
			t.Errorf("from the second on wait %+v (%v)", rest, fault)
		}
		for i, m := range []*sealed{one, two} {
			if string(waiting[i].Row) != string(m.row) || waiting[i].Ref != m.ref {
				t.Errorf("message %d waits as %+v", i, waiting[i])
			}
			if _, err = tx.Apply(Opened{Ref: m.ref, Message: m.inside, Author: m.author}); err != nil {
				return err
			}
		}
		return nil
	})
	b.want("one")
	if got := b.only(); got.Position != (Place{0, 1}).Position() {
		t.Errorf("it stands at %d, not in its place", got.Position)
	}
}

// The store's empty place of an erased message would be a hole, or somebody could
// erase what others wrote.
func TestErase(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	one, two, three := w.text("one").store(b), w.text("two").store(b), w.text("three").store(b)
	b.receive(one, three)
	erase := func(m *sealed, seq uint64, from *writer) error {
		row := wire.Erase{Session: m.ref.Session, Index: m.ref.Index, Device: wire.Fingerprint{2}, At: b.clock}.Encode()
		return b.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.Erase(Arrival{Row: row, Mailbox: m.box, Seq: seq, At: b.clock}, from.account)
			return err
		})
	}
	if err := erase(one, 4, b.writer(carol, 3)); core.CodeOf(err) != core.Denied {
		t.Errorf("erasing another's message gave %v", err)
	}
	if err := erase(two, two.seq, w); err != nil { // never seen: no hole is left
		t.Fatal(err)
	}
	b.want("one", "<deleted>", "three")
	if err := erase(one, 4, w); err != nil {
		t.Fatal(err)
	}
	b.want("<deleted>", "<deleted>", "three")
	b.receive(one, two) // a store that brings them back
	b.want("<deleted>", "<deleted>", "three")
}

// Notices would stand in the wrong place, or twice.
func TestNotices(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	b.seq[0]++
	event := Arrival{Row: wire.Event{Mailbox: b.boxes[0], Seq: 1, At: b.clock}.Encode(), Mailbox: b.boxes[0], Seq: 1, At: b.clock}
	for range 2 {
		b.do(func(tx *Tx) error { return tx.AddRow(event, Notice{What: "created", From: bob, Text: "Room"}) })
	}
	other := event
	other.Row = wire.Event{Mailbox: b.boxes[0], Seq: 1, At: b.clock, Closes: true}.Encode()
	err := b.Update(t.Context(), func(tx *Tx) error { return tx.AddRow(other, Notice{What: "left"}) })
	if core.CodeOf(err) != core.Conflict {
		t.Errorf("another event in a place that is taken gave %v", err)
	}
	b.receive(w.text("hello").store(b))
	for range 9 {
		b.do(func(tx *Tx) error { return tx.AddNotice(b.room, Notice{What: "device", From: bob, At: b.clock}) })
	}
	b.receive(w.text("goodbye").store(b))
	b.want("<created>", "hello", "<device>", "<device>", "<device>", "<device>", "<device>", "<device>", "goodbye")
	if m := b.read(core.ChatQuery{}).Messages[0]; m.Text != "Room" || m.From != bob.String() {
		t.Errorf("the notice is %+v", m)
	}
	at, err := b.At(t.Context(), b.room, b.clock.Add(-time.Millisecond))
	if err != nil || at != b.read(core.ChatQuery{Limit: 1}).Messages[0].Position {
		t.Errorf("at that time stands %d (%v)", at, err)
	}
}

// A message of a newer version would be lost to those who update later.
func TestMerge_WaitsForANewerVersion(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	m := w.text("from the future").store(b)
	b.do(func(tx *Tx) error {
		ref, _, err := tx.Merge(Arrival{Row: m.row, Mailbox: m.box, Seq: m.seq, At: m.at})
		return errors.Join(err, tx.Postpone(ref))
	})
	if got := b.only(); !slices.Equal(got.Flags, []string{"newer_version"}) || got.Text != "" {
		t.Errorf("it is shown as %+v", got)
	}
	sessions, err := b.Postponed(t.Context())
	if err != nil || !slices.Equal(sessions, []wire.Session{w.session}) {
		t.Errorf("after an update %v are tried again (%v)", sessions, err)
	}
	b.do(func(tx *Tx) error {
		_, err := tx.Apply(Opened{Ref: m.ref, Message: m.inside, Author: m.author})
		return err
	})
	if got := b.only(); len(got.Flags) > 0 || got.Text != "from the future" {
		t.Errorf("opened it is %+v", got)
	}
	// A kind that this version does not know is shown, too, and nothing of it is lost.
	b.receive(w.raw("poll", []byte("what for lunch?")).store(b))
	if got := b.read(core.ChatQuery{}).Messages[1]; !slices.Equal(got.Flags, []string{"newer_version"}) {
		t.Errorf("it is shown as %+v", got)
	}
}
