package engine

// This file has what is known of other people's devices: certificates, lists,
// prekeys, and how they are judged.

import (
	"bytes"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Limits of what is kept of one account.
const (
	// MaxKnownDevices bounds the devices: live, revoked, and those of lists that were
	// overruled.
	MaxKnownDevices = 256
	// MaxCertificates bounds the certificates of one device: one a year.
	MaxCertificates = 16
	// MaxLists bounds the versions of a list. The oldest are forgotten first.
	MaxLists = 1000
	// MaxAnswer bounds the certificates, lists and prekeys of one answer.
	MaxAnswer = 4096
)

// Known is a device that its wallet has certified.
type Known struct {
	Statement wire.Statement
	Certified wire.Certified // of the certificate that lasts longest
	Live      bool           // the newest list names it
	Since     time.Time      // first list that names it; zero: none does
	RevokedAt time.Time      // zero: it was not
	// Approved says that a sibling has vouched for it by signing a list that names it,
	// or that it was there from the first list on.
	Approved bool

	certificates []wire.Certificate
	facts        []wire.Certified
}

// covers tells whether one of its certificates held at a time.
func (k Known) covers(at time.Time) bool {
	for _, c := range k.facts {
		if c.Covers(at) {
			return true
		}
	}
	return false
}

// ended tells whether it was revoked by a time.
func (k Known) ended(at time.Time) bool { return !k.RevokedAt.IsZero() && !at.Before(k.RevokedAt) }

// News is what Learn found out.
type News struct {
	First      bool // nothing was known of the account before
	Added      []wire.Fingerprint
	Revoked    []wire.Fingerprint
	Unapproved []wire.Fingerprint // of Added: no sibling has vouched for them
	// Overruled says that the wallet went back behind lists that devices had signed:
	// those count no more.
	Overruled  bool
	RolledBack bool    // the answer hides lists that are known here
	Forked     bool    // the answer has another list under a version that is known here
	Refused    []error // what of the answer does not hold
}

// Changed tells whether the devices are others than before.
func (n News) Changed() bool { return len(n.Added)+len(n.Revoked) > 0 }

// Learn takes in what the service has of an account. What does not hold is left
// out and told in the news; nothing ever goes back to an older list.
func (e *Olm) Learn(a wallet.Account, d wire.Devices, now time.Time) (news News, err error) {
	if wire.AccountID(a) == "" {
		return News{}, core.Errorf(core.Invalid, "devices belong to a wallet; none is named")
	}
	if len(d.Certificates) > MaxAnswer || len(d.Lists) > MaxAnswer || len(d.Prekeys) > MaxAnswer {
		return News{}, core.Errorf(core.TooLarge, "the answer about a wallet's devices is too long to be one")
	}
	err = e.atomic(func() error {
		p := e.people[a]
		news.First = p == nil
		if p != nil && p.same(d) {
			return nil // as nearly always
		}
		e.touch(keyPerson(a))
		if p == nil {
			p = newPerson()
		}
		before := p.head()
		for _, c := range d.Certificates {
			p.certificate(a, c, &news)
		}
		p.takeLists(a, d.Lists, &news)
		for _, k := range d.Prekeys {
			p.prekey(k, now, &news)
		}
		e.remember(a, p)
		p.tell(before, &news)
		e.changes++
		return nil
	})
	return news, err
}

// same tells whether an answer has nothing that is not here.
func (p *person) same(d wire.Devices) bool {
	head := p.head()
	if len(d.Lists) == 0 || d.Lists[len(d.Lists)-1].Version != head.Version || d.Lists[len(d.Lists)-1].Hash() != head.Hash() {
		return false
	}
	for _, c := range d.Certificates {
		k := p.devices[c.Fingerprint()]
		if k == nil || !slices.Contains(k.certificates, c) {
			return false
		}
	}
	for _, key := range d.Prekeys {
		if !slices.ContainsFunc(p.prekeys[key.Device], func(have wire.Prekey) bool { return have.ID >= key.ID }) {
			return false
		}
	}
	for _, l := range d.Lists {
		if have, ok := p.chain[l.Version]; ok && have.Hash() != l.Hash() {
			return false
		}
	}
	return true
}

// remember makes p what is known of an account.
func (e *Olm) remember(a wallet.Account, p *person) {
	p.settle()
	for f, k := range p.devices {
		e.devices[f] = a
		k.Live, k.Approved, k.Since, k.RevokedAt = p.head().Lives(f), p.approved[f], time.Time{}, time.Time{}
		if l := p.lives[f]; l != nil {
			k.Since, k.RevokedAt = l.since, l.ended
		}
	}
	e.people[a] = p
}

func (e *Olm) forget(a wallet.Account) {
	if p := e.people[a]; p != nil {
		for f := range p.devices {
			delete(e.devices, f)
		}
		delete(e.people, a)
	}
}

func (p *person) certificate(a wallet.Account, c wire.Certificate, news *News) {
	f := c.Fingerprint()
	k := p.devices[f]
	if k != nil && slices.Contains(k.certificates, c) {
		return
	}
	if c.Account != a {
		news.Refused = append(news.Refused, refuse(f, wire.Session{}, "the certificate of this device is of another wallet"))
		return
	}
	facts, err := c.Check()
	if err == nil && k == nil && len(p.devices) >= MaxKnownDevices {
		err = core.Errorf(core.TooLarge, "this wallet has had more devices than are remembered")
	}
	if err != nil {
		news.Refused = append(news.Refused, refuse(f, wire.Session{}, "%s", core.Sentence(err)))
		return
	}
	if k == nil {
		k = &Known{Statement: c.Statement}
		p.devices[f] = k
	}
	k.add(c, facts)
}

// add keeps the certificates sorted by their end.
func (k *Known) add(c wire.Certificate, facts wire.Certified) {
	at, _ := slices.BinarySearchFunc(k.facts, facts, func(a, b wire.Certified) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	k.facts, k.certificates = slices.Insert(k.facts, at, facts), slices.Insert(k.certificates, at, c)
	if over := len(k.facts) - MaxCertificates; over > 0 {
		k.facts, k.certificates = k.facts[over:], k.certificates[over:]
	}
	k.Certified = k.facts[len(k.facts)-1]
}

// prekey keeps the newest two of each device.
func (p *person) prekey(key wire.Prekey, now time.Time, news *News) {
	have := p.prekeys[key.Device]
	if slices.ContainsFunc(have, func(h wire.Prekey) bool { return h.ID >= key.ID }) {
		return
	}
	k := p.devices[key.Device]
	switch {
	case k == nil:
		news.Refused = append(news.Refused, refuse(key.Device, wire.Session{}, "a key is of a device without a certificate"))
		return
	case key.Verify(k.Statement.Signing) != nil:
		news.Refused = append(news.Refused, refuse(key.Device, wire.Session{}, "a key is not signed by its device"))
		return
	case key.At.After(now.Add(wire.MaxSkew)):
		news.Refused = append(news.Refused, refuse(key.Device, wire.Session{}, "a key of a device is from the future"))
		return
	}
	have = append(have, key)
	if len(have) > 2 {
		have = have[len(have)-2:]
	}
	p.prekeys[key.Device] = have
}

// ListOf is the newest list of an account; false when none is known.
func (e *Olm) ListOf(a wallet.Account) (wire.List, bool) {
	if p := e.people[a]; p != nil && len(p.lists) > 0 {
		return p.head(), true
	}
	return wire.List{Account: a}, false
}

// Devices lists the certified devices of an account, in the order of their making.
func (e *Olm) Devices(a wallet.Account) []Known {
	p := e.people[a]
	if p == nil {
		return nil
	}
	out := make([]Known, 0, len(p.devices))
	for _, k := range p.devices {
		out = append(out, *k)
	}
	slices.SortFunc(out, func(a, b Known) int {
		if c := a.Statement.CreatedAt.Compare(b.Statement.CreatedAt); c != 0 {
			return c
		}
		return bytes.Compare(a.Statement.Signing[:], b.Statement.Signing[:])
	})
	return out
}

// Lookup finds a certified device.
func (e *Olm) Lookup(f wire.Fingerprint) (Known, bool) {
	if p := e.people[e.devices[f]]; p != nil && p.devices[f] != nil {
		return *p.devices[f], true
	}
	return Known{}, false
}

// Revoked tells whether this device was revoked.
func (e *Olm) Revoked() bool {
	k, ok := e.Lookup(e.self.device)
	return ok && !k.RevokedAt.IsZero()
}
