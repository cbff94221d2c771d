package engine

// Who reads from when until when, and what happens when several things happen at
// once.

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Whoever is removed must read nothing that is written later, even with every row
// and every envelope that there is; and who has not heard of it delivers all the same.
func TestRemoved_readNothingLater(t *testing.T) {
	w, alice, phone, bob, carol := trio(t)
	before := alice.send("carol is here")
	carol.sync()
	carol.has(before, "carol is here")
	bob.sync()
	stale := text("written under the old key")
	bob.learn(w.room.accounts()...)
	unheard := w.room.last() // as bob knows it
	rows, _, err := bob.Seal(unheard, stale, w.now)
	must(t, err)
	bob.save()

	w.room.set(true, alice.Account(), bob.Account()) // carol is removed, the room moves
	if err = w.put(rows...); core.CodeOf(err) != core.Conflict {
		t.Fatalf("the closed mailbox took it: %v", err)
	}
	rows, again, err := bob.Seal(w.room.last(), stale, w.now) // has read of it
	must(t, err)
	must(t, w.put(rows...))
	bob.note(again, "written under the old key")
	bob.save()
	if len(pick[wire.Announce](rows)) != 1 {
		t.Error("nothing was rotated")
	}
	after := alice.send("carol is gone")
	for _, d := range []*device{alice, phone, bob} {
		d.sync()
		d.has(after, "carol is gone")
		d.has(again, "written under the old key")
	}
	everything := slices.Concat(w.inbox[alice.Device()], w.inbox[bob.Device()], w.inbox[phone.Device()])
	for _, s := range everything {
		s.row = func() wire.Row { e := only[wire.Envelope](s.row); e.To = carol.Device(); return e }()
		carol.letter(s)
	}
	carol.sync()
	carol.hasNot(after)
	carol.hasNot(again)
}

// The same for a device that is revoked, although its owner stays.
func TestRevoked_readsNothingLater(t *testing.T) {
	w, alice, phone, bob, carol := trio(t)
	before := bob.send("to all")
	phone.sync()
	phone.has(before, "to all")
	held, _ := phone.seal("held back by a thief")
	w.now = w.now.Add(time.Minute)
	alice.learn(alice.Account())
	rows, err := alice.Revoke(phone.Device(), w.now)
	must(t, err)
	must(t, w.put(rows...))
	w.now = w.now.Add(time.Minute)
	for _, d := range []*device{alice, bob, carol} {
		ref := d.send("to all but one")
		phone.sync()
		phone.hasNot(ref)
	}
	if err = w.put(held...); err != nil { // a store that does not look
		t.Fatal(err)
	}
	bob.sync()
	if len(bob.refused) == 0 {
		t.Error("a revoked device writes on")
	}
	for _, body := range bob.read {
		if body == "held back by a thief" {
			t.Error("a revoked device was read")
		}
	}
	env, err := wire.Envelope{To: bob.Device(), From: phone.Device(), ID: wire.NewEnvelopeID(), At: noon, Suite: wire.SuiteOlm, Body: []byte("x")}.SignBy(phone.Sign)
	must(t, err)
	_, _, err = bob.OpenEnvelope(env, w.now)
	isRefusal(t, err)
	if _, err = bob.SealSecret([]wire.Fingerprint{phone.Device()}, note("x"), w.now); core.CodeOf(err) != core.Denied {
		t.Errorf("sealing for a revoked device: %v", err)
	}
	if _, err = bob.Share(w.room.last(), []wire.Fingerprint{phone.Device()}, nil, w.now); core.CodeOf(err) != core.Denied {
		t.Errorf("sharing with a revoked device: %v", err)
	}
}

// Somebody who leaves reads and writes nothing more, although the room stays where
// it is; what they wrote before stays readable, also when its key comes later.
func TestLeaver(t *testing.T) {
	w, alice, phone, bob, carol := trio(t)
	carol.sync()
	hello := carol.send("hello")
	alice.send("hi")
	phone.mail = len(w.inbox[phone.Device()]) + 10 // its letters come late
	letters := slices.Clone(w.inbox[phone.Device()])
	w.room.set(false, alice.Account(), bob.Account())
	after := alice.send("is she gone?")
	carol.sync()
	carol.hasNot(after)
	if _, _, err := carol.Seal(w.room.last(), text("still here"), w.now); core.CodeOf(err) != core.Denied {
		t.Errorf("sealing after leaving: %v", err)
	}
	rows, _, err := carol.Seal(view{w.room, 0}, text("as if I knew nothing"), w.now)
	must(t, err)
	must(t, w.put(rows...)) // a store that does not look
	for _, d := range []*device{alice, bob} {
		d.sync()
		d.has(hello, "hello")
		if len(d.refused) == 0 || slices.Contains(valuesOf(d.read), "as if I knew nothing") {
			t.Errorf("a leaver writes on; refused: %v", d.refused)
		}
	}
	phone.mail = len(w.inbox[phone.Device()])
	phone.sync()
	phone.hasNot(hello)
	for _, s := range letters {
		phone.letter(s)
	}
	phone.sync()
	phone.has(hello, "hello")
}

func valuesOf(m map[inner.Ref]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// Whoever comes in reads from then on, and what was before only where the room says
// so.
func TestJoiner(t *testing.T) {
	w, alice, _, bob, carol := trio(t)
	dave := w.enrol(newOwner(t, "dave"))
	first := alice.send("before dave")
	w.room.set(false, append(w.room.accounts(), dave.Account())...)
	second := alice.send("with dave")
	dave.sync()
	dave.hasNot(first)
	dave.has(second, "with dave")
	// bob is asked, and gives what dave is entitled to: nothing of before.
	bob.sync()
	bob.learn(dave.Account())
	rows, err := bob.Share(w.room.last(), []wire.Fingerprint{dave.Device()}, nil, w.now)
	if err != nil || len(rows) != 0 {
		t.Errorf("history for those who joined: %d rows, %v", len(rows), err)
	}
	w.room.history = core.ChatHistoryAll
	rows, err = bob.Share(w.room.last(), []wire.Fingerprint{dave.Device()}, nil, w.now)
	must(t, err)
	must(t, w.put(rows...))
	dave.sync()
	dave.has(first, "before dave")
	carol.sync()
	outsider := w.enrol(newOwner(t, "outsider"))
	carol.learn(outsider.Account())
	rows, err = carol.Share(w.room.last(), []wire.Fingerprint{outsider.Device()}, nil, w.now)
	if err != nil || len(rows) != 0 {
		t.Errorf("history for an outsider: %d rows, %v", len(rows), err)
	}
}

// A sibling gets all keys, in bundles that fit an envelope.
func TestShare_sibling(t *testing.T) {
	w, alice, bob := pair(t)
	var refs []inner.Ref
	for i := range inner.MaxHistoryKeys + 5 {
		refs = append(refs, alice.send(fmt.Sprint(i)))
		alice.DropOutbound(w.room.id)
	}
	bob.sync()
	tablet := w.enrol(newOwner(t, "bob"))
	bob.learn(bob.Account())
	rows, err := bob.Share(w.room.last(), []wire.Fingerprint{tablet.Device()}, nil, w.now)
	must(t, err)
	if len(rows) != 2 {
		t.Errorf("%d bundles", len(rows))
	}
	must(t, w.put(rows...))
	tablet.sync()
	for i, ref := range refs {
		tablet.has(ref, fmt.Sprint(i))
	}
	some, err := bob.Share(w.room.last(), []wire.Fingerprint{tablet.Device()}, []wire.Session{refs[0].Session, {1}}, w.now)
	if err != nil || len(some) != 1 {
		t.Errorf("one session asked for: %d rows, %v", len(some), err)
	}
}

// A backup brings everything back through the same door, before or after the
// mailboxes are read, once.
func TestBackup(t *testing.T) {
	w, alice, bob := pair(t)
	ref := alice.send("keep this")
	bob.sync()
	saved := bob.ExportKeys()
	if len(saved) != 1 || fmt.Sprint(saved[0]) != saved[0].Session.String()+" [secret]" {
		t.Fatalf("exported: %v", saved)
	}
	for name, before := range map[string]bool{"keys first": true, "mailbox first": false} {
		restored := w.enrol(newOwner(t, "bob"))
		if !before {
			restored.sync()
			restored.hasNot(ref)
		}
		for _, k := range saved {
			fresh, err := restored.ImportKey(k)
			if err != nil || !fresh {
				t.Fatalf("%s: %v, %v", name, fresh, err)
			}
			if fresh, err = restored.ImportKey(k); err != nil || fresh {
				t.Errorf("%s, again: %v, %v", name, fresh, err)
			}
		}
		restored.save()
		restored.restart()
		restored.sync()
		restored.has(ref, "keep this")
	}
}

// A session ends after a hundred messages, after a week, and when its sender says so;
// many devices make it last longer.
func TestRotation_due(t *testing.T) {
	w, alice, bob := pair(t)
	sessions := func() int { return len(w.named) }
	for i := range RotateMessages {
		alice.send(fmt.Sprint(i))
	}
	if sessions() != 1 {
		t.Fatalf("%d sessions for %d messages", sessions(), RotateMessages)
	}
	alice.send("one more")
	if sessions() != 2 {
		t.Errorf("%d sessions for %d messages", sessions(), RotateMessages+1)
	}
	w.now = w.now.Add(RotateAfter)
	alice.send("a week later")
	if sessions() != 3 {
		t.Error("a session outlives a week")
	}
	alice.DropOutbound(w.room.id)
	ref := alice.send("after a restore")
	if sessions() != 4 {
		t.Error("a session that was dropped is used")
	}
	if next, ok := alice.NextIndex(ref.Session); !ok || next != 1 {
		t.Errorf("next index %d, %v", next, ok)
	}
	alice.outbound[w.room.id].devices = ManyDevices + 1
	if o := alice.outbound[w.room.id]; o.due(w.room.last(), w.now) {
		t.Error("due at once")
	}
	w.now = w.now.Add(-2 * wire.MaxSkew)
	if o := alice.outbound[w.room.id]; !o.due(w.room.last(), w.now) {
		t.Error("a clock that went back keeps a session for ever")
	}
	bob.sync()
	if len(bob.read) != RotateMessages+3 {
		t.Errorf("%d read; refused %v", len(bob.read), bob.refused)
	}
}

// Two members who change something at the same time must end with two sessions, not
// with a split room: whatever order the rows come in, everybody reads everything.
func TestAtOnce(t *testing.T) {
	changes := map[string]func(w *world, by *device){
		"rotations": func(w *world, by *device) { by.DropOutbound(w.room.id) },
		"removals": func(w *world, _ *device) { // the service puts them in order
			w.room.set(true, slices.DeleteFunc(w.room.accounts(), func(a wallet.Account) bool { return a == w.room.accounts()[len(w.room.accounts())-1] })...)
		},
		"invites": func(w *world, _ *device) {
			w.room.set(false, append(w.room.accounts(), w.enrol(newOwner(w.t, fmt.Sprint("guest", len(w.room.steps)))).Account())...)
		},
	}
	for name, change := range changes {
		for _, turned := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, turned %v", name, turned), func(t *testing.T) {
				w, alice, phone, bob, _ := trio(t)
				extra := w.enrol(newOwner(t, "extra"))
				w.room.set(false, append(w.room.accounts(), extra.Account())...)
				alice.send("x")
				bob.send("y")
				change(w, alice)
				change(w, bob)
				a, first := alice.seal("from alice")
				b, second := bob.seal("from bob")
				if turned {
					a, b = b, a
				}
				must(t, w.put(a...))
				must(t, w.put(b...))
				for _, d := range []*device{alice, phone, bob} {
					d.sync()
					d.has(first, "from alice")
					d.has(second, "from bob")
					if len(d.refused) > 0 {
						t.Errorf("refused: %v", d.refused)
					}
				}
			})
		}
	}
}

// When the two ends of an Olm session no longer match, the next message begins a new
// one, and there are never more than a few.
func TestOlm_heals(t *testing.T) {
	w, alice, bob := pair(t)
	for i := range 3 {
		bob.reads(alice.letterTo(bob, "a"), "a")
		alice.reads(bob.letterTo(alice, "b"), "b")
		delete(bob.peers, alice.Device()) // bob's end is gone
		broken := alice.letterTo(bob, "does not open")
		_, _, err := bob.OpenEnvelope(broken, w.now)
		isRefusal(t, err)
		alice.reads(bob.letterTo(alice, "ask anew"), "ask anew") // begins a session
		bob.reads(alice.letterTo(bob, "it works"), "it works")
		if n := len(alice.peers[bob.Device()].sessions); n > MaxOlmSessions || n != min(i+2, MaxOlmSessions) {
			t.Errorf("%d sessions", n)
		}
		w.now = w.now.Add(RenewAfter)
	}
	// Where the session is there and does not open, it is replaced as well, once.
	bob.reads(alice.letterTo(bob, "fine"), "fine")
	env := alice.letterTo(bob, "x")
	bad := slices.Clone(env.Body)
	bad[len(bad)-1] ^= 1
	_, _, err := bob.OpenEnvelope(alice.forge(env, bad), w.now)
	isRefusal(t, err)
	if first := bob.letterTo(alice, "new session"); first.Type != 0 {
		t.Error("a session that does not open is used on")
	}
	_, _, err = bob.OpenEnvelope(alice.forge(env, bad), w.now)
	isRefusal(t, err)
	if bob.peers[alice.Device()].renew {
		t.Error("a peer makes us begin sessions as often as it likes")
	}
}

// An invitation by somebody unknown says who they claim to be, so that their devices
// can be asked for; nothing else of it is kept before they are known.
func TestInvitation_byUnknown(t *testing.T) {
	w := newWorld(t)
	alice, bob := w.enrol(newOwner(t, "alice")), w.enrol(newOwner(t, "bob"))
	alice.learn(bob.Account())
	body, err := inner.MarshalSecret(inner.Invitation{Kind: core.ChatRoomGroup, Name: "Tea", By: alice.Account(), Mailboxes: inner.Mailboxes{{Tag: wire.NewTag()}}})
	must(t, err)
	rows, err := alice.SealSecret([]wire.Fingerprint{bob.Device()}, inner.Secret{Kind: inner.SecretInvite, Room: w.room.id, Body: body}, w.now)
	must(t, err)
	env := pick[wire.Envelope](rows)[0]
	var need *NeedDevices
	err = bob.unchanged(func() error { _, _, openErr := bob.OpenEnvelope(env, w.now); return openErr })
	if !errors.As(err, &need) || need.Device != alice.Device() || need.Claimed != alice.Account() {
		t.Fatalf("got %v", err)
	}
	bob.learn(need.Claimed)
	s, from, err := bob.OpenEnvelope(env, w.now)
	if err != nil || from != alice.Account() || s.Kind != inner.SecretInvite {
		t.Errorf("got %v from %v, %v", s, from, err)
	}
}
