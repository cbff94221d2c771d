package engine

// What a hostile peer, store or relay tries. Nothing of it may have an effect, and
// what is genuine has to go on.

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// pair is two devices that know each other, and what one wrote to the other.
func pair(t testing.TB) (w *world, alice, bob *device) {
	w = newWorld(t)
	alice, bob = w.enrol(newOwner(t, "alice")), w.enrol(newOwner(t, "bob"))
	alice.learn(bob.Account())
	bob.learn(alice.Account())
	alice.save()
	bob.save()
	w.room.set(false, alice.Account(), bob.Account())
	return w, alice, bob
}

func note(body string) inner.Secret { return inner.Secret{Kind: "note", Body: []byte(body)} }

func (d *device) letterTo(to *device, body string) wire.Envelope {
	d.w.t.Helper()
	rows, err := d.SealSecret([]wire.Fingerprint{to.Device()}, note(body), d.w.now)
	must(d.w.t, err)
	return pick[wire.Envelope](rows)[0]
}

func (d *device) reads(env wire.Envelope, body string) {
	d.w.t.Helper()
	s, _, err := d.OpenEnvelope(env, d.w.now)
	if err != nil || string(s.Body) != body {
		d.w.t.Fatalf("want %q, got %q, %v", body, s.Body, err)
	}
}

// forge is an envelope with another body, signed by its sender nevertheless: what
// Olm itself has to refuse.
func (d *device) forge(env wire.Envelope, body []byte) wire.Envelope {
	d.w.t.Helper()
	env.Body, env.ID = body, wire.NewEnvelopeID()
	env, err := env.SignBy(d.Sign)
	must(d.w.t, err)
	return env
}

// One forged message must not end what two devices have: the next genuine one opens,
// both ways. This is run again at every update of goolm.
func TestOlm_forgedDoesNotWedge(t *testing.T) {
	for name, letters := range map[string]int{"first message": 0, "later message": 3} {
		t.Run(name, func(t *testing.T) {
			_, alice, bob := pair(t)
			for i := range letters { // so that both sides have ratcheted
				bob.reads(alice.letterTo(bob, fmt.Sprint("a", i)), fmt.Sprint("a", i))
				alice.reads(bob.letterTo(alice, fmt.Sprint("b", i)), fmt.Sprint("b", i))
			}
			genuine := alice.letterTo(bob, "genuine")
			for i := range genuine.Body {
				for _, bit := range []byte{0x01, 0x80} {
					body := slices.Clone(genuine.Body)
					body[i] ^= bit
					forged := alice.forge(genuine, body)
					before := bob.people
					_, _, err := bob.OpenEnvelope(forged, bob.w.now)
					if err == nil {
						t.Fatalf("byte %d flipped: it opened", i)
					}
					if core.CodeOf(err) != core.Denied || !maps.Equal(before, bob.people) {
						t.Fatalf("byte %d flipped: %v", i, err)
					}
				}
			}
			bob.reads(genuine, "genuine")
			for i := range 3 {
				alice.reads(bob.letterTo(alice, fmt.Sprint("back", i)), fmt.Sprint("back", i))
				bob.reads(alice.letterTo(bob, fmt.Sprint("and forth", i)), fmt.Sprint("and forth", i))
			}
		})
	}
}

// The same with bytes that nobody thought of.
func FuzzOlm_forged(f *testing.F) {
	_, alice, bob := pair(f)
	first := alice.letterTo(bob, "first")
	f.Add(byte(0), first.Body)
	bob.reads(first, "first")
	later := bob.letterTo(alice, "later")
	f.Add(byte(1), later.Body)
	alice.reads(later, "later")
	alice.save()
	bob.save()
	f.Fuzz(func(t *testing.T, kind byte, body []byte) {
		if len(body) > wire.MaxEnvelopeBytes {
			return
		}
		alice.w.t, bob.w.t = t, t
		alice.restart()
		bob.restart()
		genuine := alice.letterTo(bob, "genuine")
		forged := genuine
		forged.Type = kind % 2
		if forged = alice.forge(forged, body); !bytes.Equal(body, genuine.Body) {
			if _, _, err := bob.OpenEnvelope(forged, noon); err == nil {
				t.Fatal("bytes of a stranger opened")
			}
		}
		bob.reads(genuine, "genuine")
		alice.reads(bob.letterTo(alice, "back"), "back")
		bob.reads(alice.letterTo(bob, "forth"), "forth")
	})
}

// What was taken in once must have no effect when it comes again.
func TestReplay(t *testing.T) {
	w, alice, bob := pair(t)
	first := alice.letterTo(bob, "first")
	bob.reads(first, "first")
	again := map[string]wire.Envelope{
		"the very same envelope":      first,
		"the same in a new envelope":  alice.forge(first, first.Body),
		"the same as a later message": func() wire.Envelope { e := first; e.Type = 1; return alice.forge(e, e.Body) }(),
	}
	for name, env := range again {
		_, _, err := bob.OpenEnvelope(env, w.now)
		if err == nil {
			t.Errorf("%s: opened twice", name)
		}
		if name == "the very same envelope" && !errors.Is(err, ErrKnown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The session that a first message made is forgotten after enough others: the
	// message does not make it again.
	for i := range MaxOlmSessions + 1 {
		alice.peers[bob.Device()].renew = true
		bob.reads(alice.letterTo(bob, fmt.Sprint(i)), fmt.Sprint(i))
	}
	if n := len(bob.peers[alice.Device()].sessions); n != MaxOlmSessions {
		t.Errorf("%d sessions are kept", n)
	}
	for range MaxRemembered {
		bob.reads(alice.letterTo(bob, "x"), "x")
	}
	if _, _, err := bob.OpenEnvelope(first, w.now); !errors.Is(err, ErrKnown) {
		t.Errorf("a first message of long ago: %v", err)
	}

	alice.send("Tea?")
	bob.sync()
	row, announcement := pick[wire.Message](rowsOf(w))[0], pick[wire.Announce](rowsOf(w))[0]
	before := bob.all()
	must(t, bob.Accept(w.room.last(), announcement, w.now))
	_, err := bob.Open(w.room.last(), row, w.now)
	if !errors.Is(err, ErrKnown) || !maps.EqualFunc(before, bob.all(), bytes.Equal) {
		t.Errorf("a message and its announcement again: %v", err)
	}
}

func rowsOf(w *world) []wire.Row {
	rows := make([]wire.Row, 0, len(w.mailbox))
	for _, s := range w.mailbox {
		rows = append(rows, s.row)
	}
	return rows
}

// A sender who puts two messages under one number must be noticed, and the first
// one stays.
func TestOpen_secondContent(t *testing.T) {
	w, alice, bob := pair(t)
	alice.send("zero")
	bob.sync()
	alice.save()
	one, ref := alice.seal("one")
	bob.sync()
	_, err := bob.Open(w.room.last(), pick[wire.Message](one)[0], w.now)
	must(t, err)
	// The sender goes back to a state that it has used already.
	o := alice.outbound[w.room.id]
	o.session.Ratchet.Counter--
	other, _, err := alice.Seal(w.room.last(), text("another one"), w.now)
	must(t, err)
	err = bob.unchanged(func() error {
		_, openErr := bob.Open(w.room.last(), pick[wire.Message](other)[0], w.now)
		return openErr
	})
	var second *SecondContent
	if !errors.As(err, &second) || second.Session != ref.Session || second.Index != ref.Index || second.Device != alice.Device() || second.Account != alice.Account() {
		t.Errorf("got %v", err)
	}
}

// What was sealed for one room, session, mailbox or device must not be readable as
// if it belonged to another.
func TestPaste(t *testing.T) {
	w, alice, bob := pair(t)
	other := newChain()
	other.set(false, alice.Account(), bob.Account())
	alice.send("in the first room")
	bob.sync()
	rows, _, err := alice.Seal(other.last(), text("in the other room"), w.now)
	must(t, err)
	for _, env := range pick[wire.Envelope](rows) {
		_, _, err = bob.OpenEnvelope(env, w.now)
		must(t, err)
	}
	must(t, bob.Accept(other.last(), pick[wire.Announce](rows)[0], w.now))
	genuine := pick[wire.Message](rows)[0]

	w.room.set(true, alice.Account(), bob.Account())
	paste := map[string]struct {
		room   Room
		change func(*wire.Message)
	}{
		"shown as the first room's":               {w.room.last(), func(*wire.Message) {}},
		"with the first room's mailbox":           {w.room.last(), func(m *wire.Message) { m.Mailbox = w.room.last().Mailbox().Tag.Name() }},
		"with the mailbox of a stranger":          {other.last(), func(m *wire.Message) { m.Mailbox = wire.Name{1} }},
		"with the session of the first room":      {other.last(), func(m *wire.Message) { m.Session = alice.outbound[w.room.id].name() }},
		"with a byte of its ciphertext changed":   {other.last(), func(m *wire.Message) { m.Body[9] ^= 1 }},
		"with a byte of its signature changed":    {other.last(), func(m *wire.Message) { m.Body[len(m.Body)-1] ^= 1 }},
		"with another index":                      {other.last(), func(m *wire.Message) { m.Body[2] ^= 1 }},
		"with bytes of a sender who pads nothing": {other.last(), func(m *wire.Message) { m.Body = m.Body[:len(m.Body)-1] }},
	}
	for name, c := range paste {
		m := genuine
		m.Body = slices.Clone(m.Body)
		c.change(&m)
		err = bob.unchanged(func() error {
			_, openErr := bob.Open(c.room, m, w.now)
			return openErr
		})
		t.Run(name, func(t *testing.T) { isRefusal(t, err) })
	}
	_, err = bob.Open(other.last(), genuine, w.now)
	must(t, err)

	// The announcement, shown as another room's.
	isRefusal(t, bob.unchanged(func() error { return bob.Accept(w.room.last(), pick[wire.Announce](rows)[0], w.now) }))
	moved := pick[wire.Announce](rows)[0]
	moved.Mailbox = w.room.last().Mailbox().Tag.Name()
	isRefusal(t, bob.unchanged(func() error { return bob.Accept(w.room.last(), moved, w.now) }))

	// The key, brought for another room.
	k, ok := bob.Key(genuine.Session)
	if !ok {
		t.Fatal("the key is not there")
	}
	k.Room = w.room.id
	isRefusal(t, bob.unchanged(func() error { _, importErr := bob.ImportKey(k); return importErr }))
}

// An envelope is for one device, from one device, and neither can be changed.
func TestPaste_envelopes(t *testing.T) {
	w, alice, bob := pair(t)
	mallory := w.enrol(newOwner(t, "mallory"))
	mallory.learn(alice.Account(), bob.Account())
	bob.learn(mallory.Account())
	env := alice.letterTo(bob, "for bob")

	toMallory := env
	toMallory.To = mallory.Device()
	fromMallory := env
	fromMallory.From = mallory.Device()
	signedByMallory, err := fromMallory.SignBy(mallory.Sign)
	must(t, err)
	// mallory writes with her own session, and says inside that she is alice.
	said := note("pay mallory")
	said.From, said.To, said.At = alice.Device(), bob.Device(), w.now
	plain, err := said.Encode()
	must(t, err)
	var pretended wire.Envelope
	must(t, mallory.atomic(func() error {
		pretended, err = mallory.sealFor(bob.Device(), plain, w.now)
		return err
	}))
	said.From, said.To = mallory.Device(), alice.Device()
	plain, err = said.Encode()
	must(t, err)
	var passedOn wire.Envelope
	must(t, mallory.atomic(func() error {
		passedOn, err = mallory.sealFor(bob.Device(), plain, w.now)
		return err
	}))
	later := env
	later.At = w.now.Add(48 * time.Hour)
	later, err = later.SignBy(alice.Sign)
	must(t, err)
	for name, c := range map[string]struct {
		reader *device
		env    wire.Envelope
	}{
		"for another device":                    {mallory, env},
		"with another receiver":                 {mallory, toMallory},
		"with another sender":                   {bob, fromMallory},
		"with another sender who signs for it":  {bob, signedByMallory},
		"from a device that says it is another": {bob, pretended},
		"written for another device":            {bob, passedOn},
		"from the future":                       {bob, later},
	} {
		_, _, err = c.reader.OpenEnvelope(c.env, w.now)
		t.Run(name, func(t *testing.T) { isRefusal(t, err) })
	}
	bob.reads(env, "for bob")
}

// A signature for one purpose must be worth nothing for another: each row, signed
// under each of the other labels.
func TestLabels(t *testing.T) {
	w, alice, bob := pair(t)
	other := func(label string) wire.Sign {
		return func(signed []byte) ([]byte, error) {
			_, fields, _ := bytes.Cut(signed, []byte{0})
			return alice.Sign(append(append([]byte(label), 0), fields...))
		}
	}
	list, _ := alice.ListOf(alice.Account())
	box := w.room.last().Mailbox().Tag.Name()
	genuine := alice.letterTo(bob, "genuine")
	rows := map[string]func(wire.Sign) error{
		wire.LabelList: func(sign wire.Sign) error {
			l, err := list.With(wire.Fingerprint{1}, w.now).SignBy(alice.Device(), sign)
			must(t, err)
			return bob.people[alice.Account()].judge(alice.Account(), l)
		},
		wire.LabelPrekey: func(sign wire.Sign) error {
			p, err := wire.Prekey{Device: alice.Device(), ID: 1 << 62, Key: [32]byte{9}, At: w.now}.SignBy(sign)
			must(t, err)
			var news News
			p2 := *bob.people[alice.Account()]
			p2.prekeys = maps.Clone(p2.prekeys)
			p2.prekey(p, w.now, &news)
			return errors.Join(news.Refused...)
		},
		wire.LabelSession: func(sign wire.Sign) error {
			a, err := wire.Announce{
				Mailbox: box, Session: wire.Session{5}, Device: alice.Device(), Head: w.room.last().Head(), ListVersion: list.Version, ListHash: list.Hash(), At: w.now,
			}.SignBy(sign)
			must(t, err)
			return bob.Accept(w.room.last(), a, w.now)
		},
		wire.LabelEvent: func(sign wire.Sign) error {
			v, err := wire.Event{Mailbox: box, Seq: 1, Device: alice.Device(), At: w.now}.SignBy(sign)
			must(t, err)
			_, err = bob.CheckEvent(v, w.now)
			return err
		},
		wire.LabelEnvelope: func(sign wire.Sign) error {
			env, err := genuine.SignBy(sign)
			must(t, err)
			_, _, err = bob.OpenEnvelope(env, w.now)
			return err
		},
		wire.LabelKnock: func(sign wire.Sign) error {
			k, err := wire.Knock{Mailbox: box, Device: alice.Device(), At: w.now}.SignBy(sign)
			must(t, err)
			_, err = bob.CheckKnock(k, w.now)
			return err
		},
		wire.LabelErase: func(sign wire.Sign) error {
			r, err := wire.Erase{Device: alice.Device(), At: w.now}.SignBy(sign)
			must(t, err)
			_, err = bob.CheckErase(r, w.now)
			return err
		},
		wire.LabelFleeting: func(sign wire.Sign) error {
			f, err := wire.Fleeting{Mailbox: box, Device: alice.Device(), At: w.now}.SignBy(sign)
			must(t, err)
			_, err = bob.CheckFleeting(f, w.now)
			return err
		},
		wire.LabelDoor: func(sign wire.Sign) error {
			signature, err := sign(wire.Signed(wire.LabelDoor, []byte("challenge")))
			must(t, err)
			return wire.Verify(alice.Statement().Signing, signature, wire.LabelDoor, []byte("challenge"))
		},
		wire.LabelAck: func(sign wire.Sign) error {
			a, err := wire.Ack{Device: alice.Device(), Envelopes: []wire.EnvelopeID{{1}}, At: w.now}.SignBy(sign)
			must(t, err)
			return a.Verify(alice.Statement().Signing)
		},
	}
	for right, check := range rows {
		t.Run(right, func(t *testing.T) {
			for _, label := range wire.Labels() {
				err := check(other(label))
				if label == right && err != nil {
					t.Errorf("under its own label: %v", err)
				}
				if label != right && core.CodeOf(err) != core.Denied {
					t.Errorf("signed for %s: %v", label, err)
				}
			}
		})
	}
}

// A message of a newer way of sealing is kept until there is a program for it.
func TestSuite_unknown(t *testing.T) {
	w, alice, bob := pair(t)
	rows, _ := alice.seal("hello")
	m := pick[wire.Message](rows)[0]
	m.Suite = 2
	env := alice.letterTo(bob, "hello")
	env.Suite = 2
	var newer *NeedNewer
	err := bob.unchanged(func() error { _, openErr := bob.Open(w.room.last(), m, w.now); return openErr })
	if !errors.As(err, &newer) || newer.Suite != 2 {
		t.Errorf("message: %v", err)
	}
	err = bob.unchanged(func() error { _, _, openErr := bob.OpenEnvelope(env, w.now); return openErr })
	if !errors.As(err, &newer) || newer.Suite != 2 {
		t.Errorf("envelope: %v", err)
	}
}
