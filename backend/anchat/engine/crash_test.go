package engine

// Kills between any two steps, copied folders, and a store that loses the order.

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
)

// killer ends a device before the step of a number.
type killer struct {
	step, at int
	device   *device
}

// dies tells whether the device is killed here; it comes back with what was saved.
func (k *killer) dies() bool {
	k.step++
	if k.step != k.at {
		return false
	}
	k.device.restart()
	return true
}

// A kill between any two steps of sending must lose nothing, send nothing twice, and
// use no number twice: state and rows are saved together, and what was saved is sent
// again with the same bytes.
func TestKill_whileSending(t *testing.T) {
	for at := 1; ; at++ {
		w, alice, bob := pair(t)
		k := &killer{at: at, device: alice}
		var outbox [][]wire.Row
		for i := range 3 {
			if i == 2 {
				w.room.set(true, w.room.accounts()...) // rotates
			}
			for saved := false; !saved; {
				rows, _, err := alice.Seal(w.room.last(), text(fmt.Sprint("message ", i)), w.now)
				must(t, err)
				if k.dies() { // before it was saved: as if it never was
					continue
				}
				alice.save()
				outbox = append(outbox, rows)
				saved = true
				k.dies()
			}
			for len(outbox) > 0 {
				if k.dies() {
					continue
				}
				must(t, w.put(outbox[0]...))
				if k.dies() { // before it heard that it is stored: the same bytes again
					if err := w.put(outbox[0]...); err == nil {
						t.Fatal("stored twice")
					}
				}
				outbox = outbox[1:]
			}
		}
		bob.sync()
		if len(bob.read) != 3 || bob.twice > 0 || len(bob.refused) > 0 {
			t.Fatalf("killed at %d: %d read, %d twice, refused %v", at, len(bob.read), bob.twice, bob.refused)
		}
		if k.step < at {
			if at < 12 {
				t.Errorf("only %d steps", at)
			}
			return
		}
	}
}

// The same for receiving: each row is taken in and saved, or comes again.
func TestKill_whileReceiving(t *testing.T) {
	for at := 1; ; at++ {
		w, alice, bob := pair(t)
		for i := range 3 {
			alice.send(fmt.Sprint("message ", i))
			alice.DropOutbound(w.room.id)
		}
		k := &killer{at: at, device: bob}
		read := map[string]int{}
		letters, rows := w.inbox[bob.Device()], w.mailbox
		for i := 0; i < len(letters); {
			_, _, err := bob.OpenEnvelope(only[wire.Envelope](letters[i].row), w.now)
			must(t, err)
			if k.dies() {
				continue
			}
			bob.save()
			i++
			k.dies()
		}
		for i := 0; i < len(rows); {
			var body string
			switch r := rows[i].row.(type) {
			case wire.Announce:
				must(t, bob.Accept(w.room.last(), r, w.now))
			case wire.Message:
				o, err := bob.Open(w.room.last(), r, w.now)
				must(t, err)
				written, err := o.Message.Text()
				must(t, err)
				body = written.Text
			}
			if k.dies() {
				continue
			}
			bob.save()
			if body != "" {
				read[body]++
			}
			i++
			k.dies()
		}
		bob.reads(alice.letterTo(bob, "and on"), "and on")
		alice.reads(bob.letterTo(alice, "it goes"), "it goes")
		if want := map[string]int{"message 0": 1, "message 1": 1, "message 2": 1}; !maps.Equal(read, want) {
			t.Fatalf("killed at %d: read %v", at, read)
		}
		if k.step < at {
			if at < 12 {
				t.Errorf("only %d steps", at)
			}
			return
		}
	}
}

// A kill between any two steps of enrolling and restoring leaves a device that can go
// on.
func TestKill_whileEnrolling(t *testing.T) {
	w, alice, bob := pair(t)
	ref := alice.send("keep this")
	bob.sync()
	keys := bob.ExportKeys()
	for at := 1; ; at++ {
		e, err := New(bob.Account(), w.now)
		must(t, err)
		d := &device{Olm: e, w: w, owner: bob.owner, records: map[string][]byte{}, read: map[inner.Ref]string{}}
		d.save() // before anything leaves
		k := &killer{at: at, device: d}
		known := w.known[bob.Account()]
		var rows []wire.Row
		for rows == nil { // the wallet is asked again when the first answer was lost
			request, askErr := d.EnrolmentRequest(known, domain, code, nonce, w.now)
			must(t, askErr)
			asked, textErr := request.Text()
			must(t, textErr)
			made, certErr := d.Certify(asked, d.owner.sign(asked), w.now)
			must(t, certErr)
			if k.dies() {
				continue
			}
			d.save()
			rows = made
			k.dies()
		}
		must(t, w.put(d.Own()...)) // what was saved, as often as it takes
		for published := false; !published; {
			d.learn(alice.Account(), bob.Account())
			more, pubErr := d.Publish(w.now)
			must(t, pubErr)
			if k.dies() {
				continue
			}
			d.save()
			published = len(more) > 0 || len(d.Own()) > 2
		}
		must(t, w.put(d.Own()[2:]...))
		for _, key := range keys {
			for taken := false; !taken; {
				_, err = d.ImportKey(key)
				must(t, err)
				if k.dies() {
					continue
				}
				d.save()
				taken = true
			}
		}
		k.dies()
		d.sync()
		d.has(ref, "keep this")
		w.known[bob.Account()] = known // the next round begins anew
		if k.step < at {
			if at < 5 {
				t.Errorf("only %d steps", at)
			}
			return
		}
	}
}

// A data folder that is copied, or comes back from last week, must never make two
// messages of one number: the service would refuse, and readers would see a forgery.
func TestCopiedState(t *testing.T) {
	w, alice, bob := pair(t)
	alice.send("one")
	bob.reads(alice.letterTo(bob, "a letter"), "a letter")
	alice.reads(bob.letterTo(alice, "an answer"), "an answer")
	alice.save()
	old := maps.Clone(alice.records)
	alice.send("two")
	alice.send("three")
	copied := &device{w: w, owner: alice.owner, records: maps.Clone(alice.records), read: map[inner.Ref]string{}}
	lastWeek := &device{w: w, owner: alice.owner, records: old, read: map[inner.Ref]string{}}
	all := []*device{alice, copied, lastWeek}
	alice.restart()
	for _, d := range all[1:] {
		d.restart()
		d.Restored()
		d.learn(bob.Account())
		d.Rollback() // takes back what came after, and not that
		d.Dirty()
		d.Unsaved() // the disk is full
		d.save()
		d.restart()
	}
	for i := range 4 {
		for j, d := range all {
			d.send(fmt.Sprint("message ", i, " of copy ", j)) // world refuses a number twice
			bob.reads(d.letterTo(bob, "letter"), "letter")
		}
	}
	bob.sync()
	if w.clashes > 0 || len(bob.read) != 3+4*len(all) || bob.twice > 0 || len(bob.refused) > 0 {
		t.Errorf("%d read, %d twice, refused %v", len(bob.read), bob.twice, bob.refused)
	}
}

// Five thousand messages in any order, a third of the live ones lost, some twice:
// every device shows each once, and all the same.
func TestOrder_random(t *testing.T) {
	const messages = 5000
	w, alice, bob := pair(t)
	carol := w.enrol(newOwner(t, "carol"))
	w.room.set(false, append(w.room.accounts(), carol.Account())...)
	for _, d := range []*device{alice, bob, carol} {
		d.learn(w.room.accounts()...)
	}
	sent := map[string]bool{}
	for i := range messages {
		from := []*device{alice, bob, carol}[i%3]
		body := fmt.Sprint("message ", i)
		from.send(body)
		sent[body] = true
		w.now = w.now.Add(time.Second)
	}
	chance := rand.New(rand.NewPCG(1, 2))
	for _, d := range []*device{alice, bob, carol} {
		for _, s := range w.inbox[d.Device()] {
			d.letter(s)
		}
		for _, s := range w.mailbox {
			if s.row.Kind() == wire.KindAnnounce {
				d.row(s)
			}
		}
		live := slices.Clone(w.mailbox)
		chance.Shuffle(len(live), func(i, j int) { live[i], live[j] = live[j], live[i] })
		for _, s := range live {
			if s.row.Kind() == wire.KindMessage && chance.IntN(100) >= 30 {
				d.row(s)
			}
		}
		d.mail = len(w.inbox[d.Device()])
		d.sync() // the stored ones, in their order
		got := map[string]bool{}
		for _, body := range d.read {
			got[body] = true
		}
		if !maps.Equal(got, sent) || d.twice > 0 || len(d.refused) > 0 {
			t.Errorf("%d of %d read, %d twice, refused %v", len(got), messages, d.twice, d.refused)
		}
	}
}
