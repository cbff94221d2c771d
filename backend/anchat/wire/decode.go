package wire

// This file reads rows.

import (
	"crypto/ed25519"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// messageHead is kind, suite, mailbox and session.
const messageHead = 1 + 1 + 16 + 32

// Decode reads a row. It returns core.TooLarge above MaxRowBytes and core.Invalid
// for all that Encode would not write. No signature is checked.
func Decode(b []byte) (Row, error) {
	if len(b) > MaxRowBytes {
		return nil, core.Errorf(core.TooLarge, "a row has at most %d bytes, this one has %d", MaxRowBytes, len(b))
	}
	if len(b) == 0 {
		return nil, core.Errorf(core.Invalid, "a row without bytes is none")
	}
	f := &fields{rest: b[1:]}
	kind := Kind(b[0])
	var r Row
	switch kind {
	case KindCertificate:
		c := Certificate{Statement: Statement{Account: f.account()}}
		f.into(c.Signing[:])
		f.into(c.Identity[:])
		c.CreatedAt = f.time()
		c.Text, c.Signature = string(f.next(MaxTextBytes)), string(f.next(maxSignatureBytes))
		r = c
	case KindList:
		r = f.list()
	case KindPrekey:
		var p Prekey
		f.into(p.Device[:])
		p.ID = f.number()
		f.into(p.Key[:])
		p.At, p.Signature = f.time(), f.signature()
		r = p
	case KindEvent:
		var e Event
		f.into(e.Mailbox[:])
		e.Seq = f.number()
		f.into(e.Previous[:])
		f.into(e.Device[:])
		e.At, e.Closes = f.time(), f.flag()
		e.Sealed, e.Signature = f.bytes(MaxEventBytes), f.signature()
		r = e
	case KindAnnounce:
		var a Announce
		f.into(a.Mailbox[:])
		f.into(a.Session[:])
		f.into(a.Device[:])
		f.into(a.Head[:])
		a.ListVersion = f.number()
		f.into(a.ListHash[:])
		a.At, a.Signature = f.time(), f.signature()
		r = a
	case KindMessage:
		return decodeMessage(b)
	case KindEnvelope:
		r = f.envelope()
	case KindErase:
		r = f.erase()
	case KindAck:
		r = f.ack()
	case KindKnock:
		var k Knock
		f.into(k.Mailbox[:])
		f.into(k.Device[:])
		k.At = f.time()
		f.into(k.Proof[:])
		k.Signature = f.signature()
		r = k
	case KindFleeting:
		var g Fleeting
		f.into(g.Mailbox[:])
		f.into(g.Device[:])
		g.At = f.time()
		g.Sealed, g.Signature = f.bytes(MaxFleetingBytes), f.signature()
		r = g
	default:
		return nil, core.Errorf(core.Invalid, "this row needs a newer version of the program: its kind is %d", kind)
	}
	return r, f.end(kind)
}

func (f *fields) account() wallet.Account {
	a, err := ParseAccountID(string(f.next(maxAccountBytes)))
	f.bad = f.bad || err != nil
	return a
}

// signature is one of Ed25519; a row that is not signed yet has none.
func (f *fields) signature() []byte {
	s := f.bytes(ed25519.SignatureSize)
	if len(s) != 0 && len(s) != ed25519.SignatureSize {
		f.bad = true
	}
	return s
}

func (f *fields) list() List {
	l := List{Account: f.account(), Version: f.number()}
	f.into(l.Parent[:])
	live := f.next(MaxLiveDevices * 32)
	revoked := f.next(MaxRevokedDevices * 40)
	if len(live)%32 != 0 || len(revoked)%40 != 0 {
		f.bad = true
		return l
	}
	for ; len(live) > 0; live = live[32:] {
		l.Live = append(l.Live, Fingerprint(live[:32]))
	}
	for ; len(revoked) > 0; revoked = revoked[40:] {
		at := fields{rest: appendFields(nil, revoked[32:40])}
		l.Revoked = append(l.Revoked, Revoked{Device: Fingerprint(revoked[:32]), At: at.time()})
		f.bad = f.bad || at.bad
	}
	l.At = f.time()
	f.into(l.Signer[:])
	l.Signature = f.signature()
	return l
}

func (f *fields) envelope() Envelope {
	var e Envelope
	f.into(e.To[:])
	f.into(e.From[:])
	f.into(e.ID[:])
	e.At = f.time()
	var b [1]byte
	f.into(b[:])
	e.Suite = Suite(b[0])
	f.into(b[:])
	e.Type = b[0]
	e.Body, e.Signature = f.bytes(MaxEnvelopeBytes), f.signature()
	return e
}

func (f *fields) erase() Erase {
	var e Erase
	f.into(e.Session[:])
	index := f.number()
	if index > 1<<32-1 {
		f.bad = true
	}
	e.Index = uint32(index) //nolint:gosec // checked above
	f.into(e.Device[:])
	e.At, e.Signature = f.time(), f.signature()
	return e
}

func (f *fields) ack() Ack {
	var a Ack
	f.into(a.Device[:])
	ids := f.next(MaxAcked * 16)
	if len(ids)%16 != 0 {
		f.bad = true
		return a
	}
	for ; len(ids) > 0; ids = ids[16:] {
		a.Envelopes = append(a.Envelopes, EnvelopeID(ids[:16]))
	}
	a.At, a.Signature = f.time(), f.signature()
	return a
}

func decodeMessage(b []byte) (Row, error) {
	if len(b) <= messageHead || len(b) > messageHead+MaxMessageBytes {
		return nil, core.Errorf(core.Invalid, "these bytes are no message; the program that made them may be damaged or newer")
	}
	m := Message{Suite: Suite(b[1]), Body: append([]byte{}, b[messageHead:]...)}
	copy(m.Mailbox[:], b[2:])
	copy(m.Session[:], b[18:])
	return m, nil
}
