package service

import (
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Which devices are a wallet's must be what the wallet and its devices have signed,
// in one order that nobody can fork or take back.
func TestLists(t *testing.T) {
	d := newDesk(t, Settings{})
	s, now := d.Service, d.clock.Now
	p := newPerson(t, now)
	first := p.enrolled(s)
	one := p.list
	second, third := p.newDevice(), p.newDevice()
	two := one.With(second.id, now())
	stranger := newPerson(t, now).enrolled(s)

	for name, test := range map[string]struct {
		rows []wire.Row
		want core.Code
	}{
		"first version again, other devices": {[]wire.Row{third.certify(wire.List{Account: p.account}.With(third.id, now())), wire.List{Account: p.account}.With(third.id, now())}, core.Conflict},
		"a version left out":                 {[]wire.Row{signList(first, func() wire.List { l := one.With(first.id, now()); l.Version = 3; return l }())}, core.Conflict},
		"other parent":                       {[]wire.Row{signList(first, func() wire.List { l := one.With(first.id, now()); l.Parent = wire.Hash{1}; return l }())}, core.Conflict},
		"device without a certificate":       {[]wire.Row{signList(first, one.With(p.newDevice().id, now()))}, core.NotFound},
		"signed by a device that is to come": {[]wire.Row{second.certify(two), signList(second, two)}, core.Denied},
		"signed by another wallet's device":  {[]wire.Row{signList(stranger, one.With(first.id, now()))}, core.Denied},
		"not signed, and in no certificate":  {[]wire.Row{one.Without(wire.Fingerprint{1}, now())}, core.Denied},
		"another wallet's device in it":      {[]wire.Row{signList(first, one.With(stranger.id, now()))}, core.NotFound},
		"eleven devices":                     {[]wire.Row{signList(first, tooMany(one, now()))}, core.Invalid},
		"certificate for another device":     {[]wire.Row{func() wire.Row { c := second.certify(two); c.Statement = third.Statement; return c }()}, core.Denied},
		"certificate signed by another wallet": {[]wire.Row{func() wire.Row {
			c := second.certify(two)
			c.Signature = stranger.certify(stranger.list).Signature
			return c
		}()}, core.Denied},
	} {
		receipts := puts(t, s, test.rows...)
		if last := receipts[len(receipts)-1]; last.Code != test.want || last.Why == "" {
			t.Errorf("%s: %q, want %q: %s", name, last.Code, test.want, last.Why)
		}
	}
	approved := signList(first, two)
	must(t, s, second.certify(two), approved)
	must(t, s, second.certify(two), approved)
	if got := puts(t, s, signList(first, one.Without(first.id, now())))[0].Code; got != core.Conflict {
		t.Errorf("a fork: %q", got)
	}
	three := signList(second, two.Without(first.id, now()))
	must(t, s, three)
	if got := puts(t, s, signList(first, three.Without(second.id, now())))[0].Code; got != core.Denied {
		t.Errorf("signed by a revoked device: %q", got)
	}
	// A thief has taken the second device and thrown the first one out. The wallet goes
	// back to before that, with a third one.
	back := one.With(third.id, now())
	back.Version = 4
	must(t, s, third.certify(back), back)
	known, err := s.As(wire.Caller{}).DevicesOf(t.Context(), p.account)
	if err != nil || len(known.Lists) != 4 || len(known.Certificates) != 4 {
		t.Fatalf("%d lists, %d certificates, %v", len(known.Lists), len(known.Certificates), err)
	}
	for i, l := range known.Lists {
		if l.Version != uint64(i+1) {
			t.Errorf("list %d has version %d", i, l.Version)
		}
	}
	for who, live := range map[*device]bool{first: true, second: false, third: true} {
		signing, errLive := s.Live(t.Context(), p.account, who.id)
		if (errLive == nil) != live || live && signing != who.Signing {
			t.Errorf("live: %v, want %v", errLive, live)
		}
	}
	if _, err = s.Live(t.Context(), stranger.account, first.id); core.CodeOf(err) != core.Denied {
		t.Errorf("under another wallet: %v", err)
	}
	if account, err := s.As(wire.Caller{}).AccountOf(t.Context(), second.id); err != nil || account != p.account {
		t.Errorf("%v %v", account, err)
	}
	if _, err := s.As(wire.Caller{}).AccountOf(t.Context(), wire.Fingerprint{1}); core.CodeOf(err) != core.NotFound {
		t.Errorf("nobody's device: %v", err)
	}
}

func tooMany(l wire.List, at time.Time) wire.List {
	for n := range byte(wire.MaxLiveDevices) {
		l = l.With(wire.Fingerprint{n + 1}, at)
	}
	l.Version, l.Parent = 2, wire.Hash{1}
	return l
}

// A certificate holds for a year. A device whose certificate is over writes nothing
// more, and goes on after it was certified anew; the old certificate stays, since
// what it wrote is judged by it.
func TestCertificates_End(t *testing.T) {
	d := newDesk(t, Settings{})
	s := d.Service
	alice := newPerson(t, d.clock.Now).enrolled(s)
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	must(t, s, k.announce(), k.message(0))
	late := alice.certify(alice.list)
	d.clock.Pass(wire.CertificateLife)
	if got := codes(puts(t, s, k.message(1), alice.talk(tag.Name()).announce())); !slices.Equal(got, []core.Code{core.Denied, core.Denied}) {
		t.Errorf("after the end: %v", got)
	}
	if got := puts(t, s, late)[0].Code; got != core.Denied {
		t.Errorf("a certificate that is over: %q", got)
	}
	alice.list = alice.list.With(alice.id, d.clock.Now())
	must(t, s, alice.certify(alice.list), alice.list, k.message(1))
	known, err := s.As(wire.Caller{}).DevicesOf(t.Context(), alice.account)
	if err != nil || len(known.Certificates) != 2 || known.Certificates[0].Text >= known.Certificates[1].Text {
		t.Errorf("%+v %v", known.Certificates, err)
	}
	d.clock.Pass(-3 * 24 * time.Hour)
	bob := newPerson(t, d.clock.Now)
	device := bob.newDevice()
	d.clock.Pass(3 * 24 * time.Hour)
	early := device.certify(bob.list.With(device.id, d.clock.Now()))
	d.clock.Pass(-3 * 24 * time.Hour)
	if got := puts(t, s, early)[0].Code; got != core.Denied {
		t.Errorf("a certificate of the future: %q", got)
	}
}

// Who writes to somebody for the first time takes the newest fallback key; the one
// before may be in an envelope on its way.
func TestPrekeys_TwoAreKept(t *testing.T) {
	d := newDesk(t, Settings{})
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	keyOf := func(id uint64) wire.Prekey {
		return signs(alice, wire.Prekey{Device: alice.id, ID: id, Key: [32]byte{byte(id)}, At: wire.Time(d.clock.Now())})
	}
	for id := range uint64(4) {
		must(t, d.Service, keyOf(id))
	}
	must(t, d.Service, keyOf(3))
	other := keyOf(3)
	other.Key = [32]byte{9}
	if got := codes(puts(t, d.Service, signs(alice, other), keyOf(1))); !slices.Equal(got, []core.Code{core.Conflict, core.Conflict}) {
		t.Errorf("%v", got)
	}
	known, err := d.As(wire.Caller{}).DevicesOf(t.Context(), alice.account)
	if err != nil || len(known.Prekeys) != PrekeysKept || known.Prekeys[0].ID != 2 || known.Prekeys[1].ID != 3 {
		t.Errorf("%+v %v", known.Prekeys, err)
	}
}
