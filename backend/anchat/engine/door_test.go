package engine

// The one door: announcements and keys, whoever brings them.

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// An announcement that is missing, forged, or of another's session must make nobody
// the author of what they did not write.
func TestAnnouncement(t *testing.T) {
	w, alice, bob := pair(t)
	mallory := w.enrol(newOwner(t, "mallory"))
	w.room.set(false, alice.Account(), bob.Account(), mallory.Account())
	for _, d := range []*device{alice, bob, mallory} {
		d.learn(w.room.accounts()...)
	}
	rows, ref := alice.seal("mine")
	genuine, message := pick[wire.Announce](rows)[0], pick[wire.Message](rows)[0]
	for _, env := range pick[wire.Envelope](rows) {
		if env.To == bob.Device() {
			_, _, err := bob.OpenEnvelope(env, w.now)
			must(t, err)
		}
	}
	var need *NeedAnnouncement
	_, err := bob.Open(w.room.last(), message, w.now)
	if !errors.As(err, &need) || need.Session != ref.Session {
		t.Errorf("without an announcement: %v", err)
	}

	forged := genuine
	forged, err = forged.SignBy(mallory.Sign)
	must(t, err)
	isRefusal(t, bob.unchanged(func() error { return bob.Accept(w.room.last(), forged, w.now) }))
	stranger := w.enrol(newOwner(t, "stranger"))
	bob.learn(stranger.Account())
	list, _ := stranger.ListOf(stranger.Account())
	foreign := genuine
	foreign.Device, foreign.ListVersion, foreign.ListHash = stranger.Device(), list.Version, list.Hash()
	foreign, err = foreign.SignBy(stranger.Sign)
	must(t, err)
	isRefusal(t, bob.unchanged(func() error { return bob.Accept(w.room.last(), foreign, w.now) }))
	unknown := genuine
	unknown.Head = wire.Hash{1}
	unknown, err = unknown.SignBy(alice.Sign)
	must(t, err)
	var state *NeedState
	if err = bob.Accept(w.room.last(), unknown, w.now); !errors.As(err, &state) {
		t.Errorf("a head that is not known: %v", err)
	}

	// mallory announces alice's session as hers, and is faster.
	theft := genuine
	theft.Device = mallory.Device()
	list, _ = mallory.ListOf(mallory.Account())
	theft.ListVersion, theft.ListHash = list.Version, list.Hash()
	theft, err = theft.SignBy(mallory.Sign)
	must(t, err)
	must(t, bob.Accept(w.room.last(), theft, w.now))
	isRefusal(t, bob.unchanged(func() error { _, openErr := bob.Open(w.room.last(), message, w.now); return openErr }))
	must(t, bob.Accept(w.room.last(), genuine, w.now))
	o, err := bob.Open(w.room.last(), message, w.now)
	if err != nil || o.Author != alice.Account() || o.Device != alice.Device() {
		t.Errorf("author %v, %v", o.Author, err)
	}
}

// A key is believed because of its announcement, not because of who brings it: one
// from a stranger is as good as a friend's, and a wrong one does no harm.
func TestKey_fromAnybody(t *testing.T) {
	w, alice, bob := pair(t)
	stranger := w.enrol(newOwner(t, "stranger"))
	stranger.learn(bob.Account())
	bob.learn(stranger.Account())
	rows, ref := alice.seal("hello")
	must(t, bob.Accept(w.room.last(), pick[wire.Announce](rows)[0], w.now))
	message := pick[wire.Message](rows)[0]
	good, ok := alice.Key(ref.Session)
	if !ok {
		t.Fatal("the sender has no key")
	}
	bring := func(key []byte) error {
		body, err := inner.MarshalSecret(inner.History{{Session: ref.Session, Key: key}})
		must(t, err)
		letters, err := stranger.SealSecret([]wire.Fingerprint{bob.Device()}, inner.Secret{Kind: inner.SecretHistory, Room: w.room.id, Body: body}, w.now)
		must(t, err)
		_, _, err = bob.OpenEnvelope(pick[wire.Envelope](letters)[0], w.now)
		return err
	}
	var missing *MissingKey
	for i := range MaxCandidates + 2 {
		wrong := slices.Clone(good.Key)
		wrong[10] ^= byte(i + 1)
		must(t, bring(wrong))
		if _, err := bob.Open(w.room.last(), message, w.now); !errors.As(err, &missing) {
			t.Fatalf("with a wrong key: %v", err)
		}
	}
	if _, ok = bob.Key(ref.Session); ok {
		t.Error("a key that nothing has proved is passed on")
	}
	if n := len(bob.streams[ref.Session].keys); n != MaxCandidates {
		t.Errorf("%d keys are kept", n)
	}
	isRefusal(t, bring([]byte("no key at all")))
	other := slices.Clone(good.Key)
	other[exportBytes-1] ^= 1
	isRefusal(t, bring(other))
	must(t, bring(good.Key))
	o, err := bob.Open(w.room.last(), message, w.now)
	if err != nil || o.Author != alice.Account() {
		t.Fatalf("with the key of a stranger: %v", err)
	}
	wrong := slices.Clone(good.Key)
	wrong[10] ^= 1
	must(t, bring(wrong)) // nothing new about it: the right one is known
	if k, has := bob.Key(ref.Session); !has || !bytes.Equal(k.Key, good.Key) {
		t.Error("a wrong key took the place of the right one")
	}
}

// Whatever bytes are brought as a key: no panic, no key of another session, nothing
// that stays when they are refused.
func FuzzKey(f *testing.F) {
	w, alice, bob := pair(f)
	ref := alice.send("hello")
	bob.sync()
	bob.save()
	good, _ := alice.Key(ref.Session)
	f.Add(good.Key)
	signed, err := alice.outbound[w.room.id].export()
	must(f, err)
	f.Add(signed)
	f.Fuzz(func(t *testing.T, raw []byte) {
		bob.w.t = t
		bob.restart()
		name := ref.Session
		if len(raw) >= exportBytes {
			name = wire.Session(raw[exportBytes-32 : exportBytes])
		}
		if _, err := bob.ImportKey(Key{Room: w.room.id, Session: name, Key: raw}); err != nil && len(bob.Dirty()) > 0 {
			t.Fatal("a key that was refused left traces")
		}
		if k, ok := bob.Key(ref.Session); !ok || !bytes.Equal(k.Key, good.Key) {
			t.Fatal("the right key is gone")
		}
		bob.Dirty()
		if _, err := Load(bob.records); err != nil {
			t.Fatal(err)
		}
	})
}

// Strangers who bring keys of sessions that nobody has announced must not keep those
// of friends out, and cost only so much.
func TestKey_waitingIsBounded(t *testing.T) {
	w, alice, bob := pair(t)
	stranger := w.enrol(newOwner(t, "stranger"))
	stranger.learn(bob.Account())
	bob.learn(stranger.Account())
	n := 0
	var err error
	for err == nil && n < 2*MaxBrought {
		bundle := make(inner.History, inner.MaxHistoryKeys)
		for i := range bundle {
			n++
			bundle[i].Key = make([]byte, exportBytes)
			bundle[i].Key[0] = keyVersion
			bundle[i].Session = wire.Session{1, byte(n), byte(n >> 8)}
			copy(bundle[i].Key[exportBytes-32:], bundle[i].Session[:])
		}
		body, marshalErr := inner.MarshalSecret(bundle)
		must(t, marshalErr)
		letters, sealErr := stranger.SealSecret([]wire.Fingerprint{bob.Device()}, inner.Secret{Kind: inner.SecretHistory, Room: w.room.id, Body: body}, w.now)
		must(t, sealErr)
		_, _, err = bob.OpenEnvelope(pick[wire.Envelope](letters)[0], w.now)
	}
	if core.CodeOf(err) != core.Limited || bob.waiting != MaxBrought {
		t.Fatalf("%d keys wait: %v", bob.waiting, err)
	}
	bob.save()
	bob.restart()
	if bob.waiting != MaxBrought || bob.brought[stranger.Account()] != MaxBrought {
		t.Errorf("after a restart %d keys wait", bob.waiting)
	}
	ref := alice.send("from a friend")
	bob.sync()
	bob.has(ref, "from a friend")
	if bob.waiting != MaxBrought {
		t.Errorf("%d keys wait after a friend's was announced", bob.waiting)
	}
}
