package service

// This file judges a row by itself: its form, its signature and its time.

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// facts are what the rows of a request are judged by, and never change.
type facts struct {
	now      time.Time
	keys     map[wire.Fingerprint]key
	certs    map[*entry]wire.Certified
	sessions map[wire.Session]session // those whose messages are to be erased
}

// session is what its announcement said.
type session struct {
	box    []byte
	device wire.Fingerprint
}

// keysFor reads what the rows are judged by. A certificate in the same request
// counts: should it be refused, its device is not live either.
func (p *put) keysFor(ctx context.Context, entries []*entry) (*facts, error) {
	f := &facts{now: p.settings.Now(), certs: map[*entry]wire.Certified{}}
	devices, sessions := map[wire.Fingerprint]bool{}, map[wire.Session]bool{}
	for _, e := range entries {
		if d := signer(e.row); d != (wire.Fingerprint{}) {
			devices[d] = true
		}
		if r, ok := e.row.(wire.Erase); ok {
			sessions[r.Session] = true
		}
	}
	list := make([]wire.Fingerprint, 0, len(devices))
	for d := range devices {
		list = append(list, d)
	}
	var err error
	if f.keys, err = p.signers(ctx, list); err != nil {
		return nil, err
	}
	if f.sessions, err = p.sessionsOf(ctx, sessions); err != nil {
		return nil, err
	}
	for _, e := range entries {
		c, ok := e.row.(wire.Certificate)
		if !ok {
			continue
		}
		if certified, err := c.Check(); err == nil {
			f.certs[e] = certified
			f.keys[certified.Device] = key{c.Account, c.Signing}
		}
	}
	return f, nil
}

// signer is the device that signed a row; zero for those that no device signs.
func signer(row wire.Row) (device wire.Fingerprint) {
	switch r := row.(type) {
	case wire.List:
		return r.Signer
	case wire.Prekey:
		return r.Device
	case wire.Event:
		return r.Device
	case wire.Announce:
		return r.Device
	case wire.Envelope:
		return r.From
	case wire.Erase:
		return r.Device
	case wire.Ack:
		return r.Device
	case wire.Knock:
		return r.Device
	}
	return device
}

func (p *put) sessionsOf(ctx context.Context, wanted map[wire.Session]bool) (map[wire.Session]session, error) {
	found := map[wire.Session]session{}
	if len(wanted) == 0 {
		return found, nil
	}
	ids := make([]any, 0, len(wanted))
	for s := range wanted {
		ids = append(ids, s[:])
	}
	rows, err := p.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT session, box, device FROM sessions WHERE session IN (`+marks(len(ids))+`)`, ids...))
	if err != nil {
		return nil, err
	}
	for _, row := range rows.Values {
		var (
			id wire.Session
			s  = session{box: raw(row[1])}
		)
		copy(id[:], raw(row[0]))
		copy(s.device[:], raw(row[2]))
		found[id] = s
	}
	return found, nil
}

// box is where the entry's row is kept; nil for those that are kept elsewhere.
func (f *facts) box(e *entry) []byte {
	switch r := e.row.(type) {
	case wire.Event:
		return r.Mailbox[:]
	case wire.Announce:
		return r.Mailbox[:]
	case wire.Message:
		return r.Mailbox[:]
	case wire.Knock:
		return r.Mailbox[:]
	case wire.Envelope:
		return r.To[:]
	case wire.Erase:
		return f.sessions[r.Session].box
	}
	return nil
}

// judge fills in what the entry's statement needs and says what is wrong with it
// by itself.
func (p *put) judge(e *entry, f *facts) error {
	switch r := e.row.(type) {
	case wire.Certificate:
		return f.certificate(e, r)
	case wire.List:
		if err := r.Check(); err != nil {
			return err
		}
		if r.Signer == (wire.Fingerprint{}) {
			return f.soon(r.At)
		}
		return f.signed(r, r.At, r.Verify)
	case wire.Prekey:
		if r.ID > maxNumber {
			return core.Errorf(core.Invalid, "the number of this key is too large")
		}
		return f.signed(r, r.At, r.Verify)
	case wire.Event:
		if r.Seq == 0 || r.Seq > maxNumber {
			return core.Errorf(core.Invalid, "events count from 1")
		}
		hash := r.Hash()
		e.key, e.author, e.hash = binary.BigEndian.AppendUint64(append([]byte{}, r.Mailbox[:]...), r.Seq), r.Device[:], hash[:]
		return f.signed(r, r.At, r.Verify)
	case wire.Announce:
		e.key, e.author = r.Session[:], r.Device[:]
		return f.signed(r, r.At, r.Verify)
	case wire.Message:
		index, err := r.Check()
		e.key, e.author, e.index = messageKey(r.Session, index), r.Session[:], index
		return err
	case wire.Envelope:
		if r.Suite != wire.SuiteOlm || r.Type > 1 {
			return core.Errorf(core.Invalid, "this envelope is sealed in a newer way; update the program")
		}
		e.key, e.author = envelopeKey(r.To, r.ID), r.From[:]
		return f.signed(r, r.At, r.Verify)
	case wire.Erase:
		s, ok := f.sessions[r.Session]
		switch {
		case !ok:
			return core.Errorf(core.NotFound, "the message that is to be erased is not stored here")
		case s.device != r.Device:
			return core.Errorf(core.Denied, "only the device that wrote a message can erase it")
		}
		e.key, e.author = messageKey(r.Session, r.Index), r.Device[:]
		return f.signed(r, r.At, r.Verify)
	case wire.Ack:
		return f.signed(r, r.At, r.Verify)
	case wire.Knock:
		sum := sha256.Sum256(e.encoded)
		e.key, e.author = sum[:], r.Device[:]
		return f.signed(r, r.At, r.Verify)
	}
	return core.Errorf(core.Invalid, "a row of this kind is told to those who listen, and not stored")
}

// maxNumber is the highest number that fits into the tables.
const maxNumber = 1<<63 - 1

func messageKey(s wire.Session, index uint32) []byte {
	return binary.BigEndian.AppendUint32(append([]byte{}, s[:]...), index)
}

func (f *facts) certificate(e *entry, c wire.Certificate) error {
	certified, ok := f.certs[e]
	if !ok {
		_, err := c.Check()
		return err
	}
	if !certified.Covers(f.now) {
		return core.Errorf(core.Denied, "this certificate is over, or its time has not come; check the clock, then certify the device anew")
	}
	return nil
}

// signed checks the signature of the row's device, and its time.
func (f *facts) signed(row wire.Row, at time.Time, verify func(key [32]byte) error) error {
	k, ok := f.keys[signer(row)]
	if !ok {
		return errNotLive()
	}
	if err := verify(k.signing); err != nil {
		return err
	}
	return f.soon(at)
}

func errNotLive() error {
	return core.Errorf(core.Denied, "the device that signed this is not a live device of its account")
}

// soon refuses times that are still to come.
func (f *facts) soon(at time.Time) error {
	if at.After(f.now.Add(wire.MaxSkew)) {
		return core.Errorf(core.Invalid, "this was written in the future; check the clock of the device")
	}
	return nil
}
