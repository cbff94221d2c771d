package engine

// How the simulator ends: everybody reads to the end, asks for the keys that they
// miss, and is compared with the model.

import (
	"slices"

	"maunium.net/go/mautrix/crypto/goolm/message"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
)

// judge compares what was read with what may be read.
func (s *sim) judge() {
	for _, a := range s.actors {
		s.catchUp(a)
	}
	for range 3 {
		for _, a := range s.actors {
			s.ask(a)
		}
		for _, a := range s.actors {
			s.catchUp(a)
		}
	}
	for _, a := range s.actors {
		s.compare(a)
	}
	if s.w.clashes > 0 {
		s.t.Errorf("%d numbers were used twice", s.w.clashes)
	}
	for _, th := range s.thiefs {
		s.compareThief(th)
	}
}

// ask gets a device the keys that it misses, from whoever has them.
func (s *sim) ask(a *actor) {
	if a.dead || !s.isMember(a.Account()) {
		return
	}
	var missing []wire.Session
	for _, row := range a.late {
		m := only[wire.Message](row.row)
		index, err := m.Index()
		must(s.t, err)
		if s.sent[inner.Ref{Session: m.Session, Index: index}].readers[a.Device()] && !slices.Contains(missing, m.Session) {
			missing = append(missing, m.Session)
		}
	}
	for _, h := range s.helpers(a) {
		if len(missing) == 0 {
			return
		}
		rows, err := a.SealSecret([]wire.Fingerprint{h.Device()}, inner.Secret{Kind: inner.SecretKeyRequest, Room: s.w.room.id, Body: []byte("please")}, s.w.now)
		if err != nil {
			continue
		}
		must(s.t, s.w.put(rows...))
		s.catchUp(h)
		if rows, err = h.Share(s.w.room.last(), []wire.Fingerprint{a.Device()}, missing, s.w.now); err == nil {
			must(s.t, s.w.put(rows...))
		}
		a.save()
		h.save()
	}
}

func (s *sim) helpers(a *actor) []*actor {
	var out []*actor
	for _, h := range s.actors {
		if h != a && !h.dead && s.isMember(h.Account()) {
			out = append(out, h)
		}
	}
	return out
}

func (s *sim) compare(a *actor) {
	if a.twice > 0 {
		s.t.Errorf("%d messages were read twice", a.twice)
	}
	for ref, body := range a.read {
		m := s.sent[ref]
		switch {
		case m == nil:
			s.t.Errorf("%q was read and never sent", body)
		case m.body != body:
			s.t.Errorf("%q was read as %q", m.body, body)
		case !m.readers[a.Device()] && !s.bySibling(a, m):
			s.t.Errorf("%q was read by a device of somebody who was no member, or that was revoked", body)
		}
	}
	if a.dead || !s.isMember(a.Account()) {
		return
	}
	for ref, m := range s.sent {
		if _, ok := a.read[ref]; ok || m.void || !m.readers[a.Device()] {
			continue
		}
		if !a.lost {
			s.t.Errorf("%q is missing although no letter was lost; refused: %v", m.body, a.refused)
			continue
		}
		for _, h := range s.helpers(a) {
			k, has := h.Key(ref.Session)
			from, entitled := h.entitled(s.w.room.last(), a.Account(), ref.Session)
			if has && k.Index <= ref.Index && entitled && from <= ref.Index {
				s.t.Errorf("%q is missing although somebody could give its key; refused: %v", m.body, a.refused)
				break
			}
		}
	}
}

// bySibling tells whether a device may have a message's key from a sibling.
func (s *sim) bySibling(a *actor, m *sent) bool {
	return !a.dead && slices.ContainsFunc(s.actors, func(b *actor) bool { return b.Account() == a.Account() && m.readers[b.Device()] })
}

// compareThief looks at what a stolen folder is worth: nothing that came before by
// Olm, but first messages while their prekey lives, and nothing that was sealed by whoever knew that the device was revoked.
func (s *sim) compareThief(th *thief) {
	for _, env := range th.before {
		k, ok := th.d.Lookup(env.From)
		if !ok || th.d.holdsKeyOf(env) {
			continue
		}
		err := th.d.atomic(func() error {
			_, openErr := th.d.openFrom(&k, env)
			return openErr
		})
		if err == nil {
			s.t.Error("stolen state opens an Olm message of before")
		}
	}
	for _, o := range s.owners {
		th.d.learn(o.account)
	}
	th.d.box = 0
	th.d.sync()
	for ref, body := range th.d.read {
		if m := s.sent[ref]; m == nil || !m.readers[th.of.Device()] {
			s.t.Errorf("a thief read %q", body)
		}
	}
}

// holdsKeyOf tells whether a letter is the first of a session that began with a
// prekey which is still here: such a one is protected by that key's life only.
func (d *device) holdsKeyOf(env wire.Envelope) bool {
	var first message.PreKeyMessage
	if env.Type != 0 || first.Decode(env.Body) != nil {
		return false
	}
	return d.self.account.CurrentFallbackKey.Key.PublicKey.Equal(first.OneTimeKey) || d.self.account.PrevFallbackKey.Key.PublicKey.Equal(first.OneTimeKey)
}
