package vault

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/core"
)

func (b *bench) want(all ...string) {
	b.t.Helper()
	if got := b.texts(); !slices.Equal(got, all) {
		b.t.Errorf("the room reads %q, want %q", got, all)
	}
}

// A room would lose messages, show some twice, or in an order that the others do
// not have.
func TestMerge_5000MessagesInRandomOrderWithLostGossip(t *testing.T) {
	const messages = 5000
	script := open(t, alice) // only makes the rows
	writers := []*writer{script.writer(alice, 1), script.writer(bob, 2), script.writer(carol, 3)}
	var log []*sealed
	var want []string
	for i := range messages {
		if i == messages/2 {
			script.move()
		}
		text := strconv.Itoa(i)
		log = append(log, writers[i%len(writers)].text(text).store(script))
		want = append(want, text)
	}
	var before []core.ChatMessage
	for device := range 2 {
		b := open(t, bob)
		b.room = script.room
		b.boxes, b.seq = nil, nil
		b.move()
		b.move()
		random := rand.New(rand.NewPCG(7, uint64(device)))
		arrivals := slices.Clone(log)
		for _, m := range log {
			if random.IntN(10) >= 3 {
				arrivals = append(arrivals, m.heard())
			}
		}
		random.Shuffle(len(arrivals), func(i, j int) { arrivals[i], arrivals[j] = arrivals[j], arrivals[i] })
		for part := range slices.Chunk(arrivals, 500) {
			b.do(func(tx *Tx) error {
				for _, m := range part {
					// Gossip that finds too many lines waiting is lost like any other.
					if _, err := take(tx, m); err != nil && core.CodeOf(err) != core.Limited {
						return err
					}
				}
				return nil
			})
		}
		var got []core.ChatMessage
		for q := (core.ChatQuery{Limit: core.MaxChatPage}); ; {
			page := b.read(q)
			got = append(page.Messages, got...)
			if !page.Older {
				break
			}
			q.Before = page.Messages[0].Position
		}
		var texts []string
		for i := range got {
			texts = append(texts, got[i].Text)
			got[i].Mine = false
		}
		if !slices.Equal(texts, want) {
			t.Fatalf("device %d shows %d lines that are not the %d of the store, in its order", device, len(texts), len(want))
		}
		if before != nil && !reflect.DeepEqual(before, got) {
			t.Error("two devices show something different")
		}
		before = got
	}
}

// Whoever seals two texts under one number could show one to some people and the
// other to others.
func TestMerge_OtherBytesUnderAKnownNumber(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	first := w.text("first")
	w.next--
	second := w.text("second")

	b.receive(first.heard())
	b.receive(second.store(b)) // the stored one counts
	b.want("second")
	b.receive(first.heard())
	first.store(b)
	b.receive(first)
	b.want("second")
	if m := b.read(core.ChatQuery{}).Messages[0]; !slices.Contains(m.Flags, "second_content") {
		t.Errorf("the flags are %q, and nobody is told", m.Flags)
	}
}

// A message pasted into another room could hide the true one, or blame its author.
func TestMerge_PastedFromAnotherRoom(t *testing.T) {
	b := open(t, alice)
	m := b.writer(bob, 2).text("hello").store(b)
	b.move() // stands for another room: its mailbox is another
	pasted := *m
	pasted.box = b.boxes[1]
	b.do(func(tx *Tx) error {
		_, _, err := tx.Merge(Arrival{Row: pasted.row, Mailbox: pasted.box, At: pasted.at})
		if core.CodeOf(err) != core.Invalid {
			t.Errorf("a row of another mailbox gave %v", err)
		}
		return nil
	})
	b.receive(m)
	b.want("hello")
}

// A message that the store held back would be missed by nobody.
func TestMerge_MissingMessagesLeaveAHole(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	all := []*sealed{w.text("0").store(b), w.text("1").store(b), w.text("2").store(b), w.text("3").store(b)}
	b.receive(all[0], all[3])
	b.want("0", "<hole>", "3")
	page := b.read(core.ChatQuery{})
	if hole := page.Messages[1]; hole.Missing != 2 || hole.From != bob.String() {
		t.Errorf("the hole is %+v, want 2 messages of Bob", hole)
	}
	if next := b.read(core.ChatQuery{After: page.Messages[1].Position}).Messages; len(next) != 1 || next[0].Text != "3" {
		t.Errorf("after the hole come %+v", next)
	}
	b.receive(all[2])
	b.want("0", "<hole>", "2", "3")
	b.receive(all[1])
	b.want("0", "1", "2", "3")
}

// A message that was told live and never stored would hide for ever that it is missing.
func TestForgetHeard_LeavesAHole(t *testing.T) {
	b := open(t, alice)
	w := b.writer(bob, 2)
	zero, one, two := w.text("0").store(b), w.text("1"), w.text("2").store(b)
	b.receive(zero, one.heard(), two)
	b.want("0", "2", "1")
	b.do(func(tx *Tx) error {
		n, err := tx.ForgetHeard(b.room, one.at.Add(time.Second))
		if n != 1 {
			t.Errorf("%d lines were forgotten, want one", n)
		}
		return err
	})
	b.want("0", "<hole>", "2")
}

// Edits and deletions of strangers would count, or those that come early would not.
func TestApply_EditsDeletionsAndReactions(t *testing.T) {
	b := open(t, alice)
	hers, his := b.writer(alice, 1), b.writer(bob, 2)
	admin := b.writer(carol, 3)
	admin.strong = true
	text := his.text("one")
	edit := his.write(inner.Edit{Target: text.ref, Text: "two"})
	stranger := hers.write(inner.Edit{Target: text.ref, Text: "not mine"})
	notHers := hers.write(inner.Delete{Target: text.ref})
	signs := []*sealed{
		hers.write(inner.React{Target: text.ref, Sign: "👍", On: true}),
		admin.write(inner.React{Target: text.ref, Sign: "👍", On: true}),
		admin.write(inner.React{Target: text.ref, Sign: "🎉", On: true}),
		admin.write(inner.React{Target: text.ref, Sign: "🎉", On: false}),
		hers.write(inner.React{Target: text.ref, Sign: "👍", On: true}),
	}
	log := append([]*sealed{text, edit, stranger, notHers}, signs...)
	for _, m := range log {
		m.store(b)
	}
	late := slices.Clone(log)
	slices.Reverse(late) // every one before its target
	b.receive(late...)
	b.want("two")
	m := b.read(core.ChatQuery{}).Messages[0]
	if !m.Edited || len(m.Earlier) != 1 || m.Earlier[0].Text != "one" {
		t.Errorf("earlier texts are %+v, want one", m.Earlier)
	}
	want := []core.ChatReaction{{Sign: "👍", By: []string{alice.String(), carol.String()}, Mine: true}}
	if !reflect.DeepEqual(m.Reactions, want) {
		t.Errorf("the reactions are %+v, want %+v", m.Reactions, want)
	}
	b.receive(admin.write(inner.Delete{Target: text.ref}).store(b))
	b.want("<deleted>")
	if m = b.read(core.ChatQuery{}).Messages[0]; m.DeletedBy != carol.String() || m.Text != "" || len(m.Earlier) > 0 {
		t.Errorf("what is left of a deleted message is %+v", m)
	}
	b.receive(his.write(inner.Edit{Target: text.ref, Text: "three"}).store(b))
	b.want("<deleted>")
}
