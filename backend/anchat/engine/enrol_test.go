package engine

// How a device comes to be one, and what it publishes.

import (
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// A wallet has ten live devices at most, a revoked one never comes back, and what
// was not asked for is not taken.
func TestEnrolment_limits(t *testing.T) {
	w := newWorld(t)
	o := newOwner(t, "alice")
	devices := make([]*device, 0, wire.MaxLiveDevices)
	for range wire.MaxLiveDevices {
		devices = append(devices, w.enrol(o))
	}
	more, err := New(o.account, w.now)
	must(t, err)
	if _, err = more.EnrolmentRequest(w.known[o.account], domain, code, nonce, w.now); core.CodeOf(err) != core.TooLarge {
		t.Errorf("an eleventh device: %v", err)
	}
	devices[0].learn(o.account)
	rows, err := devices[0].Revoke(devices[1].Device(), w.now)
	must(t, err)
	must(t, w.put(rows...))
	if _, err = devices[1].EnrolmentRequest(w.known[o.account], domain, code, nonce, w.now); core.CodeOf(err) != core.Denied {
		t.Errorf("a revoked device comes back: %v", err)
	}
	if !devices[1].Revoked() || devices[0].Revoked() {
		t.Error("who was revoked is not told right")
	}
	devices[0].learn(o.account)
	if _, err = devices[0].Approve(devices[1].Device(), w.now); core.CodeOf(err) != core.Denied {
		t.Errorf("approving a revoked device: %v", err)
	}
	request, err := more.EnrolmentRequest(w.known[o.account], domain, code, nonce, w.now)
	must(t, err)
	asked, err := request.Text()
	must(t, err)
	if _, err = more.Certify(asked+" ", o.sign(asked+" "), w.now); core.CodeOf(err) != core.Conflict {
		t.Errorf("another text: %v", err)
	}
	if _, err = more.Certify(asked, newOwner(t, "bob").sign(asked), w.now); core.CodeOf(err) != core.Denied {
		t.Errorf("another wallet's signature: %v", err)
	}
	if _, err = more.EnrolmentRequest(w.known[o.account], "evil.example", code, nonce, w.now); core.CodeOf(err) != core.Invalid {
		t.Errorf("on a foreign site: %v", err)
	}
	if _, err = more.EnrolmentRequest(w.known[o.account], domain, code, nonce, w.now); err != nil {
		t.Errorf("again: %v", err)
	}
	if _, err = New(wallet.Account{}, w.now); core.CodeOf(err) != core.Invalid {
		t.Errorf("a device of nobody: %v", err)
	}
}

// A prekey is a week old at most, and an old one never takes the place of a newer.
func TestPrekeys(t *testing.T) {
	w, alice, bob := pair(t)
	old := w.known[alice.Account()].Prekeys[0]
	if rows, err := alice.Publish(w.now.Add(PrekeyLife - time.Second)); err != nil || len(rows) > 0 {
		t.Errorf("before a week is over: %v, %v", rows, err)
	}
	before := bob.letterTo(alice, "made with the first one")
	for week := 1; week <= 2; week++ {
		rows, err := alice.Publish(w.now.Add(time.Duration(week) * PrekeyLife))
		if err != nil || len(rows) != 1 {
			t.Fatalf("week %d: %v, %v", week, rows, err)
		}
		must(t, w.put(rows...))
		if week == 1 {
			alice.restart() // the keys are not saved: what was published is repeated
			if rows, err = alice.Publish(w.now.Add(PrekeyLife)); err != nil || len(rows) != 1 {
				t.Fatalf("after a kill: %v, %v", rows, err)
			}
			alice.save()
			alice.reads(before, "made with the first one")
		}
	}
	w.now = w.now.Add(2 * PrekeyLife)
	bob.learn(alice.Account())
	newest := bob.prekeyOf(alice.Device()).ID
	if _, err := bob.Learn(alice.Account(), wire.Devices{Certificates: w.known[alice.Account()].Certificates, Lists: w.known[alice.Account()].Lists, Prekeys: []wire.Prekey{old}}, w.now); err != nil {
		t.Fatal(err)
	}
	if id := bob.prekeyOf(alice.Device()).ID; id != newest {
		t.Errorf("an old key %d took the place of %d", id, newest)
	}
	future, err := wire.Prekey{Device: alice.Device(), ID: 1 << 62, Key: [32]byte{1}, At: w.now.Add(2 * wire.MaxSkew)}.SignBy(alice.Sign)
	must(t, err)
	stranger := future
	stranger.Device = wire.Fingerprint{7}
	forged := future
	forged.At = w.now
	for name, key := range map[string]wire.Prekey{"from the future": future, "of an unknown device": stranger, "forged": forged} {
		d := w.known[alice.Account()]
		d.Prekeys = append(slices.Clone(d.Prekeys), key)
		news, learnErr := bob.Learn(alice.Account(), d, w.now)
		if learnErr != nil || len(news.Refused) != 1 {
			t.Errorf("%s: %+v, %v", name, news, learnErr)
		}
	}
}
