package engine

// This file has the lists of an account's devices: which one may follow, and what
// they say together.

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// life is from when to when lists named a device.
type life struct{ since, ended time.Time }

// person is what is known of an account.
type person struct {
	devices map[wire.Fingerprint]*Known
	lists   []wire.List // as they were accepted; the last one counts
	prekeys map[wire.Fingerprint][]wire.Prekey

	// Of the lists from the last one back to the first:
	chain    map[uint64]wire.List
	lives    map[wire.Fingerprint]*life
	approved map[wire.Fingerprint]bool
}

func newPerson() *person {
	p := &person{devices: map[wire.Fingerprint]*Known{}, prekeys: map[wire.Fingerprint][]wire.Prekey{}}
	p.settle()
	return p
}

// head is the list that counts, of version 0 when there is none.
func (p *person) head() wire.List {
	if len(p.lists) == 0 {
		return wire.List{}
	}
	return p.lists[len(p.lists)-1]
}

// settle works out what the lists say together.
func (p *person) settle() {
	p.chain, p.lives, p.approved = map[uint64]wire.List{}, map[wire.Fingerprint]*life{}, map[wire.Fingerprint]bool{}
	var path []wire.List // newest first
	for at := p.head(); at.Version > 0; {
		path = append(path, at)
		parent, ok := p.byHash(at.Parent, at.Version)
		if !ok {
			break
		}
		at = parent
	}
	var before wire.List
	for _, l := range slices.Backward(path) {
		p.chain[l.Version] = l
		for _, f := range l.Live {
			if p.lives[f] == nil {
				p.lives[f] = &life{since: l.At}
			}
		}
		for _, f := range before.Live {
			if !l.Lives(f) && p.lives[f].ended.IsZero() {
				p.lives[f].ended = l.At
				if at := l.RevokedAt(f); !at.IsZero() {
					p.lives[f].ended = at
				}
			}
		}
		p.vouch(before, l)
		before = l
	}
}

// vouch notes whom a list approves: the first one all that it names, later ones
// the same when an approved device signs. When no approved device is left alive,
// the wallet has begun anew.
func (p *person) vouch(before, l wire.List) {
	anew := before.Version == 0
	if l.Signer == (wire.Fingerprint{}) && !anew {
		anew = !slices.ContainsFunc(l.Live, func(f wire.Fingerprint) bool { return p.approved[f] })
	}
	if anew || p.approved[l.Signer] {
		for _, f := range l.Live {
			p.approved[f] = true
		}
	}
}

func (p *person) byHash(h wire.Hash, below uint64) (wire.List, bool) {
	for _, l := range slices.Backward(p.lists) {
		if l.Version < below && l.Hash() == h {
			return l, true
		}
	}
	return wire.List{}, false
}

// names tells whether a list that counts names a device, by the list's version and
// hash. known is false when there is no such list here yet.
func (p *person) names(version uint64, hash wire.Hash, f wire.Fingerprint) (named, known bool) {
	l, ok := p.chain[version]
	switch {
	case ok:
		return l.Hash() == hash && l.Lives(f), true
	case version > p.head().Version:
		return false, false
	}
	return false, true // overruled, or forgotten
}

// takeLists takes lists in, from the oldest. What they say together is worked out
// once, by remember.
func (p *person) takeLists(a wallet.Account, lists []wire.List, news *News) {
	lists = slices.SortedStableFunc(slices.Values(lists), func(a, b wire.List) int { return cmp.Compare(a.Version, b.Version) })
	if n := len(lists); p.head().Version > 0 && (n == 0 || lists[n-1].Version < p.head().Version) {
		news.RolledBack = true
	}
	for _, l := range lists {
		head := p.head()
		if l.Version <= head.Version {
			have, ok := p.chain[l.Version] // as it was before this answer
			if l.Version == head.Version {
				have, ok = head, true
			}
			news.Forked = news.Forked || ok && have.Hash() != l.Hash()
			continue
		}
		if err := p.judge(a, l); err != nil {
			news.Refused = append(news.Refused, err)
			continue
		}
		news.Overruled = news.Overruled || head.Version > 0 && l.Parent != head.Hash()
		p.lists = append(p.lists, l)
		if over := len(p.lists) - MaxLists; over > 0 {
			p.lists = p.lists[over:]
		}
	}
}

// judge returns a Refusal unless a list may follow: the next version, signed by a
// device of the version before, or any later one that the wallet signed for. The
// wallet is above its devices, so its list may go back behind theirs.
func (p *person) judge(a wallet.Account, l wire.List) error {
	head := p.head()
	no := func(why string) error {
		return refuse(l.Signer, wire.Session{}, "a list of devices does not hold: %s", why)
	}
	if l.Account != a {
		return no("it is of another wallet")
	}
	if err := l.Check(); err != nil {
		return refuse(l.Signer, wire.Session{}, "%s", core.Sentence(err))
	}
	if l.Signer == (wire.Fingerprint{}) {
		for _, f := range l.Live {
			if k := p.devices[f]; k != nil && slices.ContainsFunc(k.facts, func(c wire.Certified) bool { return c.Backs(l) }) {
				return nil
			}
		}
		return no("no certificate of the wallet names it")
	}
	k := p.devices[l.Signer]
	switch {
	case head.Version == 0 || l.Version != head.Version+1 || l.Parent != head.Hash():
		return no("it does not follow the one before")
	case !head.Lives(l.Signer):
		return no("the device that signed it was not in the one before")
	case k == nil:
		return no("the device that signed it has no certificate")
	case !k.covers(l.At):
		return no("the certificate of the device that signed it had ended")
	case l.Verify(k.Statement.Signing) != nil:
		return no("its signature is not that of its device")
	}
	return nil
}

// tell says how the head differs from the one before.
func (p *person) tell(before wire.List, news *News) {
	for _, f := range p.head().Live {
		if !before.Lives(f) {
			news.Added = append(news.Added, f)
			if !p.vouched(f) {
				news.Unapproved = append(news.Unapproved, f)
			}
		}
	}
	for _, f := range before.Live {
		if !p.head().Lives(f) {
			news.Revoked = append(news.Revoked, f)
		}
	}
}

// vouched tells whether a device was in the first list or approved by a sibling:
// stricter than approved, so that a wallet that begins anew is told of.
func (p *person) vouched(f wire.Fingerprint) bool {
	if !p.approved[f] {
		return false
	}
	first := slices.MinFunc(p.lists, func(a, b wire.List) int { return cmp.Compare(a.Version, b.Version) })
	if first.Lives(f) {
		return true
	}
	for _, l := range p.chain {
		if l.Signer != (wire.Fingerprint{}) && l.Signer != f && l.Lives(f) && p.approved[l.Signer] {
			return true
		}
	}
	return false
}

func (p *person) record() []byte {
	fingerprints := make([]wire.Fingerprint, 0, len(p.devices))
	for f := range p.devices {
		fingerprints = append(fingerprints, f)
	}
	slices.SortFunc(fingerprints, func(a, b wire.Fingerprint) int { return bytes.Compare(a[:], b[:]) })
	out := record(nil).number(uint64(len(fingerprints)))
	for _, f := range fingerprints {
		k := p.devices[f]
		out = out.number(uint64(len(k.facts)))
		for i, c := range k.certificates {
			facts := k.facts[i]
			out = out.bytes(c.Encode()).number(facts.ListVersion).bytes(facts.ListHash[:]).bytes([]byte(facts.Code)).time(facts.IssuedAt).time(facts.ExpiresAt)
		}
		out = out.number(uint64(len(p.prekeys[f])))
		for _, key := range p.prekeys[f] {
			out = out.bytes(key.Encode())
		}
	}
	out = out.number(uint64(len(p.lists)))
	for _, l := range p.lists {
		out = out.bytes(l.Encode())
	}
	return out
}

// readPerson believes the record: what is in it was judged before it was written.
func readPerson(r *reader) *person {
	p := newPerson()
	for n := r.count(); n > 0 && !r.bad; n-- {
		var f wire.Fingerprint
		for m := r.count(); m > 0 && !r.bad; m-- {
			c, ok := readRow[wire.Certificate](r)
			facts := wire.Certified{ListVersion: r.number()}
			r.into(facts.ListHash[:])
			facts.Code, facts.IssuedAt, facts.ExpiresAt = string(r.bytes()), r.time(), r.time()
			if !ok {
				return p
			}
			f = c.Fingerprint()
			facts.Device = f
			if p.devices[f] == nil {
				p.devices[f] = &Known{Statement: c.Statement}
			}
			p.devices[f].add(c, facts)
		}
		for m := r.count(); m > 0 && !r.bad; m-- {
			if key, ok := readRow[wire.Prekey](r); ok {
				p.prekeys[f] = append(p.prekeys[f], key)
			}
		}
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		if l, ok := readRow[wire.List](r); ok {
			p.lists = append(p.lists, l)
		}
	}
	return p
}

func readRow[R wire.Row](r *reader) (R, bool) {
	row, err := wire.Decode(r.bytes())
	out, ok := row.(R)
	if err != nil || !ok {
		r.bad = true
	}
	return out, ok
}
