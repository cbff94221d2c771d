package engine

// What the engine costs; anchat.md section 13 has the targets.

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Target: 0.2 ms.
func BenchmarkSeal(b *testing.B) {
	w, alice, _ := pair(b)
	alice.send("warm")
	m := text("Tea?")
	for b.Loop() {
		_, _, err := alice.Seal(w.room.last(), m, w.now)
		must(b, err)
		alice.Dirty()
	}
}

// Target: 0.2 ms in order, 0.5 ms at random among 5,000 messages.
func BenchmarkOpen(b *testing.B) {
	for _, order := range []string{"in order", "at random"} {
		b.Run(order, func(b *testing.B) {
			w, alice, bob := pair(b)
			rows, _, err := alice.Seal(w.room.last(), text("first"), w.now)
			must(b, err)
			must(b, bob.Accept(w.room.last(), pick[wire.Announce](rows)[0], w.now))
			for _, env := range pick[wire.Envelope](rows) {
				_, _, err = bob.OpenEnvelope(env, w.now)
				must(b, err)
			}
			messages := make([]wire.Message, 0, 5000)
			for range 5000 {
				messages = append(messages, alice.sealOn(text("Tea?")))
			}
			if order == "at random" {
				rand.New(rand.NewPCG(1, 1)).Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
			}
			i := 0
			for b.Loop() {
				if i == len(messages) {
					b.StopTimer()
					clear(bob.seen)
					i = 0
					b.StartTimer()
				}
				_, err = bob.Open(w.room.last(), messages[i], w.now)
				must(b, err)
				bob.Dirty()
				i++
			}
		})
	}
}

// sealOn seals in a session that has outlived its messages, so that it has 5,000.
func (d *device) sealOn(m inner.Message) wire.Message {
	r, o := d.w.room.last(), d.outbound[d.w.room.id]
	list, _ := d.ListOf(d.Account())
	m.Room, m.Session, m.Device, m.Head, m.ListVersion, m.ListHash = r.ID(), o.name(), d.Device(), r.Head(), list.Version, list.Hash()
	padded, err := m.Encode()
	must(d.w.t, err)
	sealed, err := o.session.Encrypt(padded)
	must(d.w.t, err)
	body, err := base64.RawStdEncoding.DecodeString(string(sealed))
	must(d.w.t, err)
	return wire.Message{Suite: wire.SuiteOlm, Mailbox: o.mailbox, Session: o.name(), Body: body}
}

// Targets: 100 devices 100 ms for the first time; 2,000 devices 1.5 s for the first
// time, and 0.3 s when there are sessions with them.
func BenchmarkRotate(b *testing.B) {
	for _, n := range []int{10, 100, 400, 2000} {
		w := newWorld(b)
		alice := w.enrol(newOwner(b, "alice"))
		owners := []owner{alice.owner}
		for i := 0; i < n; i += wire.MaxLiveDevices {
			o := newOwner(b, fmt.Sprint("person ", i))
			owners = append(owners, o)
			for range min(wire.MaxLiveDevices, n-i) {
				w.enrol(o)
			}
		}
		for _, o := range owners {
			alice.learn(o.account)
			w.room.set(false, append(accountsOf(w), o.account)...)
		}
		alice.save()
		known := alice.records
		rotate := func() {
			alice.DropOutbound(w.room.id)
			rows, _, err := alice.Seal(w.room.last(), text("hello"), w.now)
			must(b, err)
			if got := len(pick[wire.Envelope](rows)); got != n {
				b.Fatalf("%d envelopes for %d devices", got, n)
			}
			alice.Dirty()
		}
		b.Run(fmt.Sprint(n, " devices, first time"), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				alice.records = known
				alice.restart()
				b.StartTimer()
				rotate()
			}
		})
		b.Run(fmt.Sprint(n, " devices, sessions known"), func(b *testing.B) {
			rotate()
			for b.Loop() {
				rotate()
			}
		})
	}
}

func accountsOf(w *world) []wallet.Account {
	if len(w.room.steps) == 0 {
		return nil
	}
	return w.room.accounts()
}

// Unlocking: 20,000 sessions and what is known of 200 people's devices.
func BenchmarkLoad(b *testing.B) {
	_, alice, bob := pair(b)
	alice.send("hello")
	bob.sync()
	bob.save()
	records := map[string][]byte{}
	for key, value := range bob.records {
		records[key] = value
		if strings.HasPrefix(key, kindStream) {
			for i := range 20_000 {
				name := wire.Session{byte(i), byte(i >> 8), 1}
				records[keyStream(name)] = value
			}
		}
	}
	for b.Loop() {
		_, err := Load(records)
		must(b, err)
	}
}

// The sizes of rows and records, against the limits of anchat.md section 13.
func TestSizes(t *testing.T) {
	w, alice, _, bob, _ := trio(t)
	rows, _ := alice.seal("Tea?")
	must(t, w.put(rows...))
	bob.sync()
	alice.sync()
	alice.reads(bob.letterTo(alice, "answered"), "answered")
	alice.DropOutbound(w.room.id)
	again, _ := alice.seal("Tea?")
	largest := func(list [][]byte) (n int) {
		for _, b := range list {
			n = max(n, len(b))
		}
		return n
	}
	var first, later [][]byte
	for _, env := range pick[wire.Envelope](rows) {
		first = append(first, env.Encode())
	}
	for _, env := range pick[wire.Envelope](again) {
		if env.Type == 1 {
			later = append(later, env.Encode())
		}
	}
	var sessions, peers [][]byte
	for key, value := range bob.records {
		if strings.HasPrefix(key, kindStream) {
			sessions = append(sessions, value)
		}
		if strings.HasPrefix(key, kindPeer) {
			peers = append(peers, value)
		}
	}
	certificate := w.known[alice.Account()].Certificates[0].Encode()
	for _, c := range []struct {
		what        string
		bytes, most int
	}{
		{"message of 5 bytes of text, padded to 256", len(pick[wire.Message](rows)[0].Encode()), 350 + 60},
		{"envelope with a key, first message", largest(first), 730},
		{"envelope with a key, later message", largest(later), 700},
		{"announcement", len(pick[wire.Announce](rows)[0].Encode()), 275},
		{"certificate", len(certificate), 792},
		{"record of a session with its announcement", largest(sessions), 670},
		{"record of a peer with one session", largest(peers), 700},
	} {
		t.Logf("%-45s %5d bytes, at most %d", c.what, c.bytes, c.most)
		if c.bytes == 0 || c.bytes > c.most {
			t.Errorf("%s: %d bytes, at most %d", c.what, c.bytes, c.most)
		}
	}
}
