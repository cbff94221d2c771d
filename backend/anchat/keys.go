package anchat

// This file asks for keys that are missing, and answers others who ask.

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	// KeyPatience is how long a key may be on its way before somebody is asked by a
	// request that is stored.
	KeyPatience = 10 * time.Second
	// KeyAgain is after how long the same key is asked for anew.
	KeyAgain = 24 * time.Hour
	// MaxKeyAnswers bounds the requests that wait to be answered.
	MaxKeyAnswers = 100
	// KeyAnswerPause is the longest time before an answer: whoever is faster, answers.
	KeyAnswerPause = 4 * time.Second
	// KeyAnswerOnce is for how long the same device gets the same key no second time.
	KeyAnswerOnce = 10 * time.Minute

	maxSignalRefs = room.MaxSignalBytes / signalRefBytes
	// signalRefBytes is a session and an index.
	signalRefBytes = 32 + 4
	maxAskedOthers = 4 // devices of others that are asked besides the author's and one's own
	maxAnswered    = 10_000
)

// question is when a key was asked for.
type question struct{ told, stored time.Time }

// answer is a request that waits for its turn.
type answer struct {
	device   wire.Fingerprint
	room     wire.Room
	sessions []wire.Session
	due      time.Time
}

// answered names a key that a device was given.
type answered struct {
	device  wire.Fingerprint
	session wire.Session
}

// askForKeys asks and answers until ctx ends.
func (s *session) askForKeys(ctx context.Context) {
	asked := map[wire.Session]question{}
	given := map[answered]time.Time{}
	for ctx.Err() == nil {
		err := s.openMore(ctx)
		var next time.Time
		if err == nil {
			next, err = s.askAll(ctx, asked)
		}
		if err == nil {
			var due time.Time
			due, err = s.answerAll(ctx, given)
			next = sooner(next, due)
		}
		if err != nil && ctx.Err() == nil {
			s.chat.set.Log.Debug("missing keys were not asked for", "error", err)
			next = s.now().Add(KeyPatience)
		}
		if next.IsZero() {
			next = s.now().Add(KeyAgain)
		}
		sleep(ctx, next.Sub(s.now()), s.asks)
	}
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// askAll asks for what is due and returns when something is due next.
func (s *session) askAll(ctx context.Context, asked map[wire.Session]question) (next time.Time, err error) {
	missing, err := s.vault.Awaited(ctx)
	if err != nil {
		return next, err
	}
	now := s.now()
	tell, store := map[wire.Room][]inner.Ref{}, map[wire.Room][]vault.Awaited{}
	here := map[wire.Session]bool{}
	for _, m := range missing {
		here[m.First.Session] = true
		id, ok := s.roomOf(ctx, m.First)
		if !ok {
			continue
		}
		q := asked[m.First.Session]
		if q.told.IsZero() {
			q.told = now
			tell[id] = append(tell[id], m.First)
		}
		if q.stored.IsZero() && !now.Before(q.told.Add(KeyPatience)) || !q.stored.IsZero() && !now.Before(q.stored.Add(KeyAgain)) {
			q.stored = now
			store[id] = append(store[id], m)
		}
		asked[m.First.Session] = q
		due := q.told.Add(KeyPatience)
		if !q.stored.IsZero() {
			due = q.stored.Add(KeyAgain)
		}
		next = sooner(next, due)
	}
	for session := range asked {
		if !here[session] {
			delete(asked, session)
		}
	}
	for id, refs := range tell {
		if err = s.tellMissing(ctx, id, refs); err != nil {
			return next, err
		}
	}
	for id, waiting := range store {
		if err = s.requestKeys(ctx, id, waiting); err != nil {
			return next, err
		}
	}
	return next, nil
}

// roomOf is the room of a message.
func (s *session) roomOf(ctx context.Context, ref inner.Ref) (id wire.Room, ok bool) {
	err := s.look(ctx, func(t *turn) error {
		found, err := t.Find(ref.String())
		id = found.Room
		return err
	})
	return id, err == nil
}

// tellMissing asks whoever listens in the room now.
func (s *session) tellMissing(ctx context.Context, id wire.Room, refs []inner.Ref) error {
	for part := range slices.Chunk(refs, maxSignalRefs) {
		body := make([]byte, 0, len(part)*signalRefBytes)
		for _, r := range part {
			body = binary.BigEndian.AppendUint32(append(body, r.Session[:]...), r.Index)
		}
		if err := s.signal(ctx, id, room.Signal{Kind: room.SignalKeys, Body: body}); err != nil {
			return err
		}
	}
	return nil
}

// signal tells something fleeting in a room.
func (s *session) signal(ctx context.Context, id wire.Room, what room.Signal) error {
	var f wire.Fleeting
	err := s.look(ctx, func(t *turn) error {
		r, err := t.room(id)
		if err != nil {
			return err
		}
		at := r.state.Mailbox()
		f, err = room.SealFleeting(at, wire.Fleeting{Mailbox: at.Tag.Name(), Device: s.device, At: wire.Time(t.now)}, what)
		if err != nil {
			return err
		}
		f, err = t.engine.SignFleeting(f, t.now)
		return err
	})
	if err != nil {
		return err
	}
	return s.gossip.Publish(ctx, f.Mailbox, f.Encode())
}

// requestKeys asks the authors' devices, the reader's own, and a few others.
func (s *session) requestKeys(ctx context.Context, id wire.Room, missing []vault.Awaited) error {
	return s.do(ctx, func(t *turn) error {
		r, err := t.room(id)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(missing, inner.MaxRequested) {
			var (
				refs inner.KeyRequest
				to   []wire.Fingerprint
			)
			add := func(f wire.Fingerprint) bool {
				k, ok := t.engine.Lookup(f)
				if !ok || !k.Live || f == s.device || slices.Contains(to, f) {
					return false
				}
				to = append(to, f)
				return true
			}
			for _, m := range part {
				refs = append(refs, m.First)
				add(m.Device)
			}
			for _, f := range t.live(s.account) {
				add(f)
			}
			others := 0
			for _, f := range t.devicesOf(r.state) {
				if others < maxAskedOthers && add(f) {
					others++
				}
			}
			body, err := inner.MarshalSecret(refs)
			if err != nil {
				return err
			}
			if err = t.tell(to, inner.Secret{Kind: inner.SecretKeyRequest, Room: id, Body: body}); err != nil {
				return err
			}
		}
		return nil
	})
}

// asked notes that a device asks for keys. Whether it may have them is judged when
// it is answered.
func (t *turn) asked(device wire.Fingerprint, id wire.Room, refs []inner.Ref) error {
	if _, err := t.room(id); err != nil {
		return err
	}
	a := answer{device: device, room: id, due: t.now.Add(rand.N(KeyAnswerPause))} //nolint:gosec // nothing secret
	for _, r := range refs {
		a.sessions = append(a.sessions, r.Session)
	}
	t.later(func() { t.s.toAnswer(a) })
	return nil
}

func (s *session) toAnswer(a answer) {
	s.mu.Lock()
	if len(s.answers) < MaxKeyAnswers {
		s.answers = append(s.answers, a)
	}
	s.mu.Unlock()
	s.asks.ring()
}

// answerAll answers what is due and returns when something is due next.
func (s *session) answerAll(ctx context.Context, given map[answered]time.Time) (next time.Time, err error) {
	now := s.now()
	s.mu.Lock()
	var due []answer
	s.answers = slices.DeleteFunc(s.answers, func(a answer) bool {
		if !now.Before(a.due) {
			due = append(due, a)
			return true
		}
		next = sooner(next, a.due)
		return false
	})
	s.mu.Unlock()
	for key, at := range given {
		if now.Sub(at) > KeyAnswerOnce || len(given) > maxAnswered {
			delete(given, key)
		}
	}
	for _, a := range due {
		var wanted []wire.Session
		for _, session := range a.sessions {
			key := answered{a.device, session}
			if _, done := given[key]; !done && !slices.Contains(wanted, session) {
				wanted = append(wanted, session)
			}
		}
		if len(wanted) == 0 {
			continue
		}
		shared, err := s.answer(ctx, a, wanted)
		if err != nil {
			return next, err
		}
		if shared {
			for _, session := range wanted {
				given[answered{a.device, session}] = now
			}
		}
	}
	return next, nil
}

// rest is what is left to open of a session, from an index on.
type rest struct {
	session wire.Session
	from    uint32
}

// more notes that a session has more messages to open than one turn took.
func (s *session) more(r rest) {
	s.mu.Lock()
	s.unopened = append(s.unopened, r)
	s.mu.Unlock()
	s.asks.ring()
}

// openMore goes on with them.
func (s *session) openMore(ctx context.Context) error {
	s.mu.Lock()
	all := s.unopened
	s.unopened = nil
	s.mu.Unlock()
	for _, r := range all {
		err := s.do(ctx, func(t *turn) error { return t.reopenFrom(r.session, r.from) })
		if err != nil && !needsDevices(err) {
			return err
		}
	}
	return nil
}

// answer gives a device the keys that it may have. The engine says which.
func (s *session) answer(ctx context.Context, a answer, wanted []wire.Session) (shared bool, err error) {
	err = s.do(ctx, func(t *turn) error {
		r, roomErr := t.room(a.room)
		if roomErr != nil {
			return nil //nolint:nilerr // the reader has left it meanwhile
		}
		rows, shareErr := t.engine.Share(r.state, []wire.Fingerprint{a.device}, wanted, t.now)
		switch core.CodeOf(shareErr) {
		case "":
		case core.Denied, core.NotFound, core.Unavailable, core.TooLarge:
			t.refused("key_request", a.room, a.device.String(), shareErr)
			return nil
		default:
			return shareErr
		}
		shared = len(rows) > 0
		return t.post(rows...)
	})
	return shared, err
}

// fleeting takes in what is told live and never stored.
func (t *turn) fleeting(box mailbox, f wire.Fleeting) error {
	r, err := t.room(box.room)
	if err != nil {
		return err
	}
	at, ok := boxOf(r.state, f.Mailbox)
	if !ok || f.Mailbox != box.name || box.knocks {
		return core.Errorf(core.Denied, "this was told at another room")
	}
	author, err := t.engine.CheckFleeting(f, t.now)
	if err != nil {
		return err
	}
	if _, in := r.state.Member(author); !in || f.Device == t.s.device {
		return nil
	}
	what, err := room.OpenFleeting(at, f, t.now)
	if err != nil {
		return err
	}
	if what.Kind != room.SignalKeys {
		return t.signalled(r, author, what)
	}
	var refs []inner.Ref
	for b := what.Body; len(b) >= signalRefBytes; b = b[signalRefBytes:] {
		refs = append(refs, inner.Ref{Session: wire.Session(b[:32]), Index: binary.BigEndian.Uint32(b[32:])})
	}
	return t.asked(f.Device, box.room, refs)
}
