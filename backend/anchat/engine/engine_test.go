package engine

// What the engine is for: people write, everybody who may reads, nobody else does.

import (
	"bytes"
	"errors"
	"maps"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// trio is a room of alice with two devices, bob and carol.
func trio(t testing.TB) (w *world, alice, phone, bob, carol *device) {
	w = newWorld(t)
	a, b, c := newOwner(t, "alice"), newOwner(t, "bob"), newOwner(t, "carol")
	alice, bob, carol = w.enrol(a), w.enrol(b), w.enrol(c)
	phone = w.enrol(a)
	w.room.set(false, a.account, b.account, c.account)
	return w, alice, phone, bob, carol
}

// A message has to be read by every device of every member, siblings included.
func TestSeal_readByAll(t *testing.T) {
	_, alice, phone, bob, carol := trio(t)
	ref := alice.send("Tea?")
	for _, d := range []*device{alice, phone, bob, carol} {
		d.sync()
		d.has(ref, "Tea?")
	}
	answer := bob.send("At four.")
	for _, d := range []*device{alice, phone, bob, carol} {
		d.sync()
		d.has(answer, "At four.")
		if d.twice > 0 || len(d.refused) > 0 {
			t.Errorf("read twice: %d, refused: %v", d.twice, d.refused)
		}
	}
}

// The announcement goes first, then the keys, then the message: whoever stops
// reading in between misses nothing that they need. Later messages go alone.
func TestSeal_rows(t *testing.T) {
	_, alice, _, _, _ := trio(t)
	rows, _ := alice.seal("first")
	var kinds []wire.Kind
	for _, r := range rows {
		kinds = append(kinds, r.Kind())
	}
	if len(kinds) != 5 || kinds[0] != wire.KindAnnounce || kinds[1] != wire.KindEnvelope || kinds[4] != wire.KindMessage {
		t.Errorf("the rows are %v", kinds)
	}
	if rows, _ = alice.seal("second"); len(rows) != 1 {
		t.Errorf("the second message takes %d rows", len(rows))
	}
}

// Whoever has not learned the devices of a member must not send past them.
func TestSeal_needsDevices(t *testing.T) {
	w, alice, _, _, _ := trio(t)
	dave := newOwner(t, "dave")
	w.room.set(false, append(w.room.accounts(), dave.account)...)
	err := alice.unchanged(func() error {
		_, _, err := alice.Seal(w.room.last(), text("hello"), w.now)
		return err
	})
	var need *NeedDevices
	if !errors.As(err, &need) || len(need.Accounts) != 3 { // bob and carol were not learned either
		t.Errorf("got %v", err)
	}
}

// A device that nobody has certified, that was revoked, whose certificate has
// ended, or whose owner is no member must not write.
func TestSeal_notAllowed(t *testing.T) {
	w, alice, phone, bob, _ := trio(t)
	alice.seal("all is well")
	fresh, err := New(newOwner(t, "dave").account, w.now)
	must(t, err)
	seal := func(e *Olm, at time.Time) error {
		_, _, sealErr := e.Seal(w.room.last(), text("hello"), at)
		return sealErr
	}
	rows, err := alice.Revoke(phone.Device(), w.now)
	must(t, err)
	must(t, w.put(rows...))
	phone.learn(w.room.accounts()...)
	bob.learn(w.room.accounts()...)
	w.room.set(true, alice.Account(), newOwner(t, "carol").account)
	for name, err := range map[string]error{
		"not certified": seal(fresh, w.now),
		"revoked":       seal(phone.Olm, w.now),
		"no member":     seal(bob.Olm, w.now),
		"expired":       seal(alice.Olm, w.now.Add(wire.CertificateLife)),
	} {
		if core.CodeOf(err) != core.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A device that could not be reached gets the key once it has published its own.
func TestSeal_laterDevice(t *testing.T) {
	w, alice, _, bob, _ := trio(t)
	lost := w.known[bob.Account()]
	w.known[bob.Account()] = wire.Devices{Certificates: lost.Certificates, Lists: lost.Lists}
	first := alice.send("before")
	bob.sync()
	bob.hasNot(first)
	w.known[bob.Account()] = lost
	second := alice.send("after")
	bob.sync()
	bob.has(second, "after")
	bob.hasNot(first) // it gets the key from the present index on
	var missing *MissingKey
	_, err := bob.Open(w.room.last(), only[wire.Message](bob.late[0].row), w.now)
	if !errors.As(err, &missing) || missing.Index != 0 || missing.Account != alice.Account() {
		t.Errorf("got %v", err)
	}
}

// A call that fails, and a transaction that is rolled back, must leave no trace.
func TestRollback(t *testing.T) {
	w, alice, _, _, _ := trio(t)
	alice.send("one")
	before := alice.all()
	alice.learn(w.room.accounts()...)
	_, first, err := alice.Seal(w.room.last(), text("two"), w.now)
	must(t, err)
	alice.DropOutbound(w.room.id)
	alice.Rollback()
	if after := alice.all(); !maps.EqualFunc(after, before, bytes.Equal) {
		t.Errorf("a rollback left traces")
	}
	_, again, err := alice.Seal(w.room.last(), text("two"), w.now)
	must(t, err)
	if again != first {
		t.Errorf("after a rollback the message is %v, before %v", again, first)
	}
	alice.Dirty() // and the transaction fails
	alice.Unsaved()
	if after := alice.all(); !maps.EqualFunc(after, before, bytes.Equal) {
		t.Errorf("what could not be saved left traces")
	}
	alice.learn(w.room.accounts()...)
	_, again, err = alice.Seal(w.room.last(), text("two"), w.now)
	must(t, err)
	alice.save()
	alice.Rollback() // nothing to take back
	if _, third, sealErr := alice.Seal(w.room.last(), text("three"), w.now); sealErr != nil || third.Index != again.Index+1 {
		t.Errorf("what was saved was taken back: %v, %v", third, sealErr)
	}
}

// What one message saves has to be small: it is synced to the disk each time.
func TestDirty_small(t *testing.T) {
	w, alice, _, bob, _ := trio(t)
	alice.send("one")
	bob.sync()
	rows, _, err := alice.Seal(w.room.last(), text("two"), w.now)
	must(t, err)
	sum := func(records map[string][]byte) (n int) {
		for key, value := range records {
			n += len(key) + len(value)
		}
		return n
	}
	if dirty := alice.Dirty(); len(dirty) != 2 || sum(dirty) > 1500 {
		t.Errorf("sealing saves %d records of %d bytes", len(dirty), sum(dirty))
	}
	_, err = bob.Open(w.room.last(), pick[wire.Message](rows)[0], w.now)
	must(t, err)
	if dirty := bob.Dirty(); len(dirty) != 1 || sum(dirty) > 1500 {
		t.Errorf("opening saves %d records of %d bytes", len(dirty), sum(dirty))
	}
}

// Records that are damaged, or none, must not make half a device.
func TestLoad_damaged(t *testing.T) {
	_, alice, _, _, _ := trio(t)
	alice.send("one")
	if _, err := Load(nil); core.CodeOf(err) != core.NotFound {
		t.Errorf("no records: %v", err)
	}
	for key, value := range alice.records {
		for _, bad := range [][]byte{value[:len(value)-1], append(append([]byte{}, value...), 0), {}} {
			records := map[string][]byte{keySelf: alice.records[keySelf]}
			records[key] = bad
			if _, err := Load(records); err == nil {
				t.Errorf("%s of %d bytes instead of %d was read", key, len(bad), len(value))
			}
		}
	}
	if _, err := Load(map[string][]byte{keySelf: alice.records[keySelf], "future/1": {1}}); core.CodeOf(err) != core.Internal {
		t.Errorf("a record of a newer version: %v", err)
	}
}

// A device must sign for the purposes of the chat only, so that nobody can have it
// sign something else.
func TestSign_labelsOnly(t *testing.T) {
	_, alice, _, _, _ := trio(t)
	for _, signed := range [][]byte{nil, []byte("hello"), []byte("ssh-rsa\x00…"), wire.Signed("anchat/other/v1", []byte("x"))} {
		if _, err := alice.Sign(signed); core.CodeOf(err) != core.Invalid {
			t.Errorf("%q: %v", signed, err)
		}
	}
	signature, err := alice.Sign(wire.Signed(wire.LabelDoor, []byte("challenge")))
	must(t, err)
	must(t, wire.Verify(alice.Statement().Signing, signature, wire.LabelDoor, []byte("challenge")))
}

// Only the device that sent a message may have it erased, and receipts have a bound.
func TestRows_ofTheDevice(t *testing.T) {
	w, alice, phone, bob, _ := trio(t)
	ref := alice.send("oops")
	bob.sync()
	phone.sync()
	erase, err := alice.Erase(ref, w.now)
	must(t, err)
	if who, checkErr := bob.CheckErase(erase, w.now); checkErr != nil || who != alice.Account() {
		t.Errorf("erase by %v, %v", who, checkErr)
	}
	for _, d := range []*device{bob, phone} {
		if _, err = d.Erase(ref, w.now); core.CodeOf(err) != core.Denied {
			t.Errorf("erase by another device: %v", err)
		}
	}
	for _, n := range []int{0, wire.MaxAcked + 1} {
		if _, err = alice.Ack(make([]wire.EnvelopeID, n), w.now); core.CodeOf(err) != core.TooLarge {
			t.Errorf("%d acked: %v", n, err)
		}
	}
	ack, err := alice.Ack([]wire.EnvelopeID{{1}}, w.now)
	must(t, err)
	must(t, ack.Verify(alice.Statement().Signing))
	knock, err := alice.Knock(wire.Name{1}, [32]byte{2}, w.now)
	must(t, err)
	if who, checkErr := bob.CheckKnock(knock, w.now); checkErr != nil || who != alice.Account() {
		t.Errorf("knock by %v, %v", who, checkErr)
	}
	event, err := alice.SignEvent(wire.Event{Seq: 1, Sealed: []byte("x")}, w.now)
	must(t, err)
	if who, checkErr := bob.CheckEvent(event, w.now); checkErr != nil || who != alice.Account() {
		t.Errorf("event by %v, %v", who, checkErr)
	}
	event.Seq = 2
	_, err = bob.CheckEvent(event, w.now)
	isRefusal(t, err)
	fleeting, err := alice.SignFleeting(wire.Fleeting{Sealed: []byte("x")}, w.now)
	must(t, err)
	if who, checkErr := bob.CheckFleeting(fleeting, w.now); checkErr != nil || who != alice.Account() {
		t.Errorf("typing by %v, %v", who, checkErr)
	}
}
