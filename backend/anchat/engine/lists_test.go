package engine

// Whose devices are believed: certificates, lists, prekeys.

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// A device counts only for the wallet that signed for exactly its keys, on this
// computer, for this purpose. Each case is signed by the wallet all the same.
func TestLearn_certificates(t *testing.T) {
	w := newWorld(t)
	alice := newOwner(t, "alice")
	d := w.enrol(alice)
	genuine := w.known[alice.account].Certificates[0]
	other, err := New(alice.account, w.now)
	must(t, err)
	line := func(start, by string) func(*wire.Certificate) {
		return func(c *wire.Certificate) {
			lines := strings.Split(c.Text, "\n")
			for i, l := range lines {
				if strings.HasPrefix(l, start) {
					lines[i] = by
				}
			}
			if c.Text == strings.Join(lines, "\n") {
				t.Fatalf("the text has no line %q:\n%s", start, c.Text)
			}
			c.Text = strings.Join(lines, "\n")
			c.Signature = alice.sign(c.Text)
		}
	}
	cases := map[string]func(*wire.Certificate){
		"moved to other keys":      func(c *wire.Certificate) { c.Statement = other.Statement() },
		"for another time of keys": func(c *wire.Certificate) { c.CreatedAt = c.CreatedAt.Add(time.Second) },
		"of another wallet":        func(c *wire.Certificate) { c.Account = newOwner(t, "bob").account },
		"signed by another wallet": func(c *wire.Certificate) { c.Signature = newOwner(t, "bob").sign(c.Text) },
		"with no signature":        func(c *wire.Certificate) { c.Signature = "" },
		"won on a foreign site":    line(domain, strings.Replace(strings.Split(genuine.Text, "\n")[0], domain, "evil.example", 1)),
		"for another address":      line(alice.account.String(), newOwner(t, "bob").account.String()),
		"with another statement":   line("Add a device", "Sign in to the best site."),
		"with another code form":   line("Add a device", "Add a device to my chats. Check code 12345x. This moves no money."),
		"for another purpose":      line("URI:", "URI: http://"+domain),
		"of another version":       line("Version:", "Version: 2"),
		"on another chain":         line("Chain ID:", "Chain ID: testnet"),
		"for longer than a year":   line("Expiration Time:", "Expiration Time: 2037-03-01T12:00:00Z"),
		"issued at another time":   line("Issued At:", "Issued At: 2026-03-01T12:00:01Z"),
		"for another device":       line("- anchat://device/", "- anchat://device/"+wire.Fingerprint{1}.String()),
		"for no list":              line("- anchat://list/", "- anchat://list/x/"+wire.Hash{}.String()),
	}
	for name, change := range cases {
		c := genuine
		change(&c)
		reader, newErr := New(newOwner(t, "carol").account, w.now)
		must(t, newErr)
		news, learnErr := reader.Learn(alice.account, wire.Devices{Certificates: []wire.Certificate{c}, Lists: w.known[alice.account].Lists}, w.now)
		must(t, learnErr)
		if len(news.Refused) != 2 || len(reader.Devices(alice.account)) != 0 || len(news.Added) != 0 {
			t.Errorf("%s: %+v", name, news)
		}
		for _, refused := range news.Refused {
			isRefusal(t, refused)
		}
	}
	reader, err := New(newOwner(t, "carol").account, w.now)
	must(t, err)
	news, err := reader.Learn(alice.account, w.known[alice.account], w.now)
	if err != nil || len(news.Refused) != 0 || !news.First || !slices.Equal(news.Added, []wire.Fingerprint{d.Device()}) || len(news.Unapproved) != 0 {
		t.Errorf("the genuine one: %+v, %v", news, err)
	}
}

// The end of a certificate must not make history unverified, and must end writing.
func TestExpiry_history(t *testing.T) {
	w, alice, bob := pair(t)
	ref := alice.send("last year")
	rows := slices.Clone(w.mailbox)
	late := w.now.Add(wire.CertificateLife + time.Hour)
	carol := w.enrol(newOwner(t, "carol")) // reads all of it a year later
	w.now = late
	carol.certify()
	carol.learn(alice.Account(), bob.Account(), carol.Account())
	for _, s := range rows {
		if a, ok := s.row.(wire.Announce); ok {
			must(t, carol.Accept(w.room.last(), a, s.at))
		}
	}
	k, _ := alice.Key(ref.Session)
	_, err := carol.ImportKey(k)
	must(t, err)
	if _, err = carol.Open(w.room.last(), pick[wire.Message](rowsOf(w))[0], rows[len(rows)-1].at); err != nil {
		t.Errorf("history: %v", err)
	}
	if _, _, err = alice.Seal(w.room.last(), text("hello"), late); core.CodeOf(err) != core.Denied {
		t.Errorf("writing after the end: %v", err)
	}
	list, _ := alice.ListOf(alice.Account())
	for name, at := range map[string]time.Time{"announced after the end": late, "dated back": noon} {
		a, signErr := wire.Announce{
			Mailbox: w.room.last().Mailbox().Tag.Name(), Session: wire.Session{9}, Device: alice.Device(), Head: w.room.last().Head(),
			ListVersion: list.Version, ListHash: list.Hash(), At: at,
		}.SignBy(alice.Sign)
		must(t, signErr)
		t.Run(name, func(t *testing.T) { isRefusal(t, carol.Accept(w.room.last(), a, late)) })
	}
	alice.certify() // the renewal is of the same device, and needs no new list
	if n := len(w.known[alice.Account()].Lists); n != 1 {
		t.Errorf("a renewal made list %d", n)
	}
	alice.learn(w.room.accounts()...)
	bob.certify()
	if _, _, err = alice.Seal(w.room.last(), text("hello again"), late); err != nil {
		t.Errorf("writing after the renewal: %v", err)
	}
}

// A store that goes back to an older list, or shows two, must be noticed, and what
// was revoked stays so.
func TestLists_rolledBackAndForked(t *testing.T) {
	w, alice, phone, bob, _ := trio(t)
	alice.learn(alice.Account())
	bob.learn(alice.Account())
	old := w.known[alice.Account()]
	rows, err := alice.Revoke(phone.Device(), w.now)
	must(t, err)
	must(t, w.put(rows...))
	news := bob.learn(alice.Account())
	if !slices.Equal(news.Revoked, []wire.Fingerprint{phone.Device()}) || !news.Changed() || news.RolledBack || news.Forked {
		t.Errorf("revoked: %+v", news)
	}
	for name, d := range map[string]wire.Devices{"an older list": old, "no list at all": {Certificates: old.Certificates}} {
		back, learnErr := bob.Learn(alice.Account(), d, w.now)
		must(t, learnErr)
		if !back.RolledBack || back.Changed() {
			t.Errorf("%s: %+v", name, back)
		}
	}
	list, _ := alice.ListOf(alice.Account())
	fork, err := list.With(wire.Fingerprint{1}, w.now).SignBy(alice.Device(), alice.Sign)
	must(t, err)
	forked, err := bob.Learn(alice.Account(), wire.Devices{Certificates: old.Certificates, Lists: append(slices.Clone(old.Lists), fork)}, w.now)
	must(t, err)
	if !forked.Forked || forked.Changed() {
		t.Errorf("another list of the same version: %+v", forked)
	}
	if k, _ := bob.Lookup(phone.Device()); k.Live || k.RevokedAt.IsZero() {
		t.Errorf("the revoked device is back: %+v", k)
	}
}

// A list follows only when a device of the one before has signed it, or the wallet.
func TestLists_whoMaySign(t *testing.T) {
	w, alice, phone, bob, _ := trio(t)
	alice.learn(alice.Account())
	phone.learn(alice.Account())
	bob.learn(alice.Account())
	list, _ := alice.ListOf(alice.Account())
	next := list.With(wire.Fingerprint{1}, w.now)
	sign := func(l wire.List, d *device) wire.List {
		l, err := l.SignBy(d.Device(), d.Sign)
		must(t, err)
		return l
	}
	skipped, unsigned, foreign := next, next, next
	skipped.Version++
	foreign.Account = bob.Account()
	unsorted := next
	unsorted.Live = slices.Clone(next.Live)
	slices.Reverse(unsorted.Live)
	wrong := sign(next, alice)
	wrong.Signature = slices.Clone(wrong.Signature)
	wrong.Signature[0] ^= 1
	named := sign(next, alice)
	named.Signer = phone.Device()
	other := next
	other.Parent = wire.Hash{1}
	for name, l := range map[string]wire.List{
		"by a device of another wallet": sign(next, bob), "by nobody": unsigned, "with a version left out": sign(skipped, alice),
		"of another wallet": sign(foreign, alice), "with its devices in disorder": sign(unsorted, alice), "with a wrong signature": wrong,
		"in another's name": named, "after another one": sign(other, alice),
	} {
		news, err := bob.Learn(alice.Account(), wire.Devices{Certificates: w.known[alice.Account()].Certificates, Lists: append(slices.Clone(w.known[alice.Account()].Lists), l)}, w.now)
		must(t, err)
		if news.Changed() || len(news.Refused) != 1 {
			t.Errorf("%s: %+v", name, news)
		}
	}
}

// A device that the wallet added without a sibling is shown as such, until a sibling
// vouches for it; one that nobody has approved vouches for nobody.
func TestLists_approval(t *testing.T) {
	w := newWorld(t)
	o := newOwner(t, "alice")
	first := w.enrol(o)
	bob := w.enrol(newOwner(t, "bob"))
	bob.learn(o.account)
	ghost := w.enrol(o)
	news := bob.learn(o.account)
	if !slices.Equal(news.Unapproved, []wire.Fingerprint{ghost.Device()}) {
		t.Errorf("the ghost is not told of: %+v", news)
	}
	phantom := w.enrol(o)
	ghost.learn(o.account)
	rows, err := ghost.Approve(phantom.Device(), w.now)
	must(t, err)
	must(t, w.put(rows...))
	bob.learn(o.account)
	approved := func(f wire.Fingerprint) bool {
		k, ok := bob.Lookup(f)
		if !ok {
			t.Fatal("not known")
		}
		return k.Approved
	}
	if !approved(first.Device()) || approved(ghost.Device()) || approved(phantom.Device()) {
		t.Error("one that nobody approved vouched for another")
	}
	first.learn(o.account)
	rows, err = first.Approve(phantom.Device(), w.now)
	must(t, err)
	must(t, w.put(rows...))
	if bob.learn(o.account); !approved(phantom.Device()) {
		t.Error("a sibling approved in vain")
	}
	if _, err = first.Approve(bob.Device(), w.now); core.CodeOf(err) != core.NotFound {
		t.Errorf("approving another wallet's device: %v", err)
	}
	if _, err = first.Revoke(bob.Device(), w.now); core.CodeOf(err) != core.NotFound {
		t.Errorf("revoking another wallet's device: %v", err)
	}
}

// The wallet is above its devices: its list may go back behind what a stolen device
// has written, and that counts no more.
func TestLists_walletOverrules(t *testing.T) {
	w := newWorld(t)
	o := newOwner(t, "alice")
	alice, stolen := w.enrol(o), w.enrol(o)
	bob := w.enrol(newOwner(t, "bob"))
	w.room.set(false, o.account, bob.Account())
	good, _ := stolen.ListOf(o.account)
	stolen.learn(o.account)
	rows, err := stolen.Revoke(alice.Device(), w.now)
	must(t, err)
	must(t, w.put(rows...))
	ghost, err := New(o.account, w.now)
	must(t, err)
	bob.learn(o.account)
	if k, _ := bob.Lookup(alice.Device()); k.Live {
		t.Fatal("the thief could not revoke")
	}
	// The wallet names the version before as the parent, without the stolen device.
	head, _ := bob.ListOf(o.account)
	fresh := wire.List{Account: o.account, Version: head.Version + 1, Parent: good.Hash(), At: w.now, Live: slices.Clone(good.Live)}
	fresh.Live = slices.DeleteFunc(fresh.Live, func(f wire.Fingerprint) bool { return f == stolen.Device() })
	fresh.Live = append(fresh.Live, ghost.Device())
	slices.SortFunc(fresh.Live, func(a, b wire.Fingerprint) int { return strings.Compare(a.String(), b.String()) })
	fresh.Revoked = []wire.Revoked{{Device: stolen.Device(), At: w.now}}
	request := wire.Request{Device: ghost.Statement(), List: fresh, Domain: domain, Code: code, Nonce: nonce, IssuedAt: w.now}
	signed, err := request.Text()
	must(t, err)
	c := wire.Certificate{Statement: ghost.Statement(), Text: signed, Signature: o.sign(signed)}
	must(t, w.put(c, fresh))
	news := bob.learn(o.account)
	if !news.Overruled || len(news.Refused) > 0 {
		t.Errorf("news: %+v", news)
	}
	for name, want := range map[wire.Fingerprint]bool{alice.Device(): true, stolen.Device(): false, ghost.Device(): true} {
		if k, _ := bob.Lookup(name); k.Live != want {
			t.Errorf("%v lives: %v", name, k.Live)
		}
	}
	// A reader who has seen none of it comes to the same.
	carol := w.enrol(newOwner(t, "carol"))
	carol.learn(o.account)
	if k, _ := carol.Lookup(alice.Device()); !k.Live || !k.RevokedAt.IsZero() {
		t.Errorf("a fresh reader: %+v", k)
	}
	// What the thief announces by a list in between is refused.
	a, err := wire.Announce{
		Mailbox: w.room.last().Mailbox().Tag.Name(), Session: wire.Session{9}, Device: alice.Device(), Head: w.room.last().Head(),
		ListVersion: head.Version, ListHash: head.Hash(), At: w.now,
	}.SignBy(alice.Sign)
	must(t, err)
	isRefusal(t, bob.Accept(w.room.last(), a, w.now))
}

// A store that hides a revocation, or shows two lists, is given away by the next
// message: each carries its sender's list.
func TestLists_hiddenIsNoticed(t *testing.T) {
	w, alice, phone, bob, _ := trio(t)
	alice.send("hello")
	bob.sync()
	hidden := w.known[alice.Account()]
	rows, err := alice.Revoke(phone.Device(), w.now)
	must(t, err)
	must(t, w.put(rows...))
	alice.learn(w.room.accounts()...)
	w.now = w.now.Add(time.Second)

	shown := w.known[alice.Account()]
	w.known[alice.Account()] = hidden
	rows, _, err = alice.Seal(w.room.last(), text("the phone is lost"), w.now) // rotates
	must(t, err)
	var need *NeedDevices
	if err = bob.Accept(w.room.last(), pick[wire.Announce](rows)[0], w.now); !errors.As(err, &need) || !slices.Equal(need.Accounts, []wallet.Account{alice.Account()}) {
		t.Fatalf("a session that names a hidden list: %v", err)
	}
	w.known[alice.Account()] = shown
	bob.learn(alice.Account())
	must(t, w.put(rows...))
	bob.sync()

	// Within a session: alice gets a new device, and bob is not told.
	tablet := w.enrol(alice.owner)
	rows, err = alice.Approve(tablet.Device(), w.now)
	if err == nil {
		t.Fatalf("approved before it was learned: %v", rows)
	}
	alice.learn(w.room.accounts()...)
	rows, _, err = alice.Seal(w.room.last(), text("I have a tablet"), w.now)
	must(t, err)
	o, err := bob.Open(w.room.last(), pick[wire.Message](rows)[0], w.now)
	if err != nil || !o.NewerList || o.ForkedList {
		t.Errorf("with a list that is not known here: %+v, %v", o, err)
	}
	list, _ := alice.ListOf(alice.Account())
	fork := wire.List{Account: list.Account, Version: list.Version, Parent: list.Parent, Live: list.Live, Revoked: list.Revoked, At: list.At.Add(time.Second)}
	bob.people[alice.Account()].lists = append(bob.people[alice.Account()].lists, fork)
	bob.people[alice.Account()].settle()
	rows, _, err = alice.Seal(w.room.last(), text("still me"), w.now)
	must(t, err)
	if o, err = bob.Open(w.room.last(), pick[wire.Message](rows)[0], w.now); err != nil || !o.ForkedList || o.NewerList {
		t.Errorf("with another list than is known here: %+v, %v", o, err)
	}
}

// An account that has changed its list very often costs a bounded amount, and its
// newest list counts.
func TestLists_many(t *testing.T) {
	w, alice, bob := pair(t)
	d := w.known[alice.Account()]
	list, _ := alice.ListOf(alice.Account())
	for range MaxLists + 50 {
		next, err := list.With(alice.Device(), w.now).SignBy(alice.Device(), alice.Sign)
		must(t, err)
		d.Lists = append(d.Lists, next)
		list = next
	}
	news, err := bob.Learn(alice.Account(), d, w.now)
	must(t, err)
	if n := len(bob.people[alice.Account()].lists); n != MaxLists || len(news.Refused) > 0 || news.Forked {
		t.Errorf("%d lists are kept: %+v", n, news)
	}
	if have, _ := bob.ListOf(alice.Account()); have.Hash() != list.Hash() {
		t.Errorf("version %d counts", have.Version)
	}
	if k, _ := bob.Lookup(alice.Device()); !k.Live || !k.Approved || !k.RevokedAt.IsZero() {
		t.Errorf("the device: %+v", k)
	}
	if _, err = bob.Learn(alice.Account(), wire.Devices{Lists: make([]wire.List, MaxAnswer+1)}, w.now); core.CodeOf(err) != core.TooLarge {
		t.Errorf("an endless answer: %v", err)
	}
}
