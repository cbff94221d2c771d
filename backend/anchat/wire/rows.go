package wire

// This file has the rows and their bytes.

import (
	"crypto/ed25519"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Limits of rows.
const (
	// MaxRowBytes bounds a row: the largest is a message of 16 KiB of padded text
	// under suite 1, about 16,550 bytes.
	MaxRowBytes = 24 << 10
	// MaxEventBytes bounds the sealed part of a room's event. A room of 200 people
	// tells one thing at a time.
	MaxEventBytes = 16 << 10
	// MaxEnvelopeBytes bounds what one envelope carries. A session's key takes about
	// 500 bytes, a room's mailboxes and a bundle of history keys more.
	MaxEnvelopeBytes = 20 << 10
	// MaxMessageBytes bounds the ciphertext of a message.
	MaxMessageBytes = 17 << 10
	// MaxLiveDevices bounds the devices of an account that live at one time.
	MaxLiveDevices = 10
	// MaxRevokedDevices bounds those that a list remembers as revoked.
	MaxRevokedDevices = 200
	// MaxAcked bounds the envelopes that one receipt names.
	MaxAcked = 500
	// MaxTextBytes bounds the text of a certificate: hardware wallets show no more.
	MaxTextBytes = 640
	// MaxFleetingBytes bounds what is sent and never stored.
	MaxFleetingBytes = 512

	maxAccountBytes   = 96
	maxSignatureBytes = 200 // of a wallet, as text
)

// Suite says how a message is sealed.
type Suite byte

// SuiteOlm is Olm between devices and Megolm in rooms. It is the only suite yet.
const SuiteOlm Suite = 1

// Kind says what a row is.
type Kind byte

// The kinds.
const (
	KindCertificate Kind = 1
	KindList        Kind = 2
	KindPrekey      Kind = 3
	KindEvent       Kind = 4
	KindAnnounce    Kind = 5
	KindMessage     Kind = 6
	KindEnvelope    Kind = 7
	KindErase       Kind = 8
	KindAck         Kind = 9
	KindKnock       Kind = 10
	KindFleeting    Kind = 11 // gossip alone; the service refuses it
)

// String is the kind in the words of the HTTP interface.
func (k Kind) String() string {
	switch k {
	case KindCertificate:
		return "device_cert"
	case KindList:
		return "device_list"
	case KindPrekey:
		return "prekey"
	case KindEvent:
		return "room_event"
	case KindAnnounce:
		return "session_announce"
	case KindMessage:
		return "message"
	case KindEnvelope:
		return "key_envelope"
	case KindErase:
		return "erase"
	case KindAck:
		return "ack"
	case KindKnock:
		return "knock"
	case KindFleeting:
		return "fleeting"
	}
	return "row"
}

// Row is one of the types of this file.
type Row interface {
	Kind() Kind
	// Encode is the row's only form; Decode reads it.
	Encode() []byte
}

// Statement is what a device says of itself.
type Statement struct {
	Account   wallet.Account
	Signing   [32]byte // Ed25519
	Identity  [32]byte // Curve25519, for Olm
	CreatedAt time.Time
}

// Fingerprint is the device's name.
func (s Statement) Fingerprint() Fingerprint {
	return Fingerprint(Sum(LabelDevice, []byte(AccountID(s.Account)), s.Signing[:], s.Identity[:], moment(s.CreatedAt)))
}

// Certificate is a statement that the account's wallet has signed for.
type Certificate struct {
	Statement
	Text      string // what the wallet showed; see CertificateText
	Signature string // as wallet.Verify takes it
}

// List says which devices of an account live. Version counts from 1; Parent is
// the hash of the version before, zero for the first. It is signed by a device
// that lived in the parent, or, where Signer is zero, by the wallet: through the
// certificate of one of its devices, which names the list's version and hash.
type List struct {
	Account   wallet.Account
	Version   uint64
	Parent    Hash
	Live      []Fingerprint // sorted, at most MaxLiveDevices
	Revoked   []Revoked     // in the order of their end
	At        time.Time
	Signer    Fingerprint
	Signature []byte
}

// Revoked is a device that lives no more.
type Revoked struct {
	Device Fingerprint
	At     time.Time
}

// Prekey is a device's fallback key, with which a first Olm message is made.
type Prekey struct {
	Device    Fingerprint
	ID        uint64
	Key       [32]byte // Curve25519
	At        time.Time
	Signature []byte
}

// Event is one step of a room's state. Seq counts from 1 in each mailbox and
// Previous is the hash of the event before, which for the first of a mailbox is
// the last of the mailbox that the room lived in before, or zero.
type Event struct {
	Mailbox   Name
	Seq       uint64
	Previous  Hash
	Device    Fingerprint
	At        time.Time
	Closes    bool // the mailbox takes no row after this one
	Sealed    []byte
	Signature []byte
}

// Announce says that a device begins a sending session in a mailbox.
type Announce struct {
	Mailbox     Name
	Session     Session
	Device      Fingerprint
	Head        Hash // of the room's last event that the sender knew
	ListVersion uint64
	ListHash    Hash // of the sender's own list
	At          time.Time
	Signature   []byte
}

// Message is a sealed message. Its index and signature are inside Body.
type Message struct {
	Suite   Suite
	Mailbox Name
	Session Session
	Body    []byte
}

// Envelope carries a secret from one device to another.
type Envelope struct {
	To, From  Fingerprint
	ID        EnvelopeID
	At        time.Time
	Suite     Suite
	Type      byte // 0: the first message of an Olm session, 1: a later one
	Body      []byte
	Signature []byte
}

// Erase empties a message of the device's own.
type Erase struct {
	Session   Session
	Index     uint32
	Device    Fingerprint
	At        time.Time
	Signature []byte
}

// Ack says that a device has taken envelopes in; they are removed.
type Ack struct {
	Device    Fingerprint
	Envelopes []EnvelopeID
	At        time.Time
	Signature []byte
}

// Knock asks to be let into a room, at the mailbox of an invite.
type Knock struct {
	Mailbox   Name
	Device    Fingerprint
	At        time.Time
	Proof     [32]byte // KnockProof
	Signature []byte
}

// Fleeting is what is told and never stored: typing, presence.
type Fleeting struct {
	Mailbox   Name
	Device    Fingerprint
	At        time.Time
	Sealed    []byte
	Signature []byte
}

// Kind is KindCertificate.
func (Certificate) Kind() Kind { return KindCertificate }

// Kind is KindList.
func (List) Kind() Kind { return KindList }

// Kind is KindPrekey.
func (Prekey) Kind() Kind { return KindPrekey }

// Kind is KindEvent.
func (Event) Kind() Kind { return KindEvent }

// Kind is KindAnnounce.
func (Announce) Kind() Kind { return KindAnnounce }

// Kind is KindMessage.
func (Message) Kind() Kind { return KindMessage }

// Kind is KindEnvelope.
func (Envelope) Kind() Kind { return KindEnvelope }

// Kind is KindErase.
func (Erase) Kind() Kind { return KindErase }

// Kind is KindAck.
func (Ack) Kind() Kind { return KindAck }

// Kind is KindKnock.
func (Knock) Kind() Kind { return KindKnock }

// Kind is KindFleeting.
func (Fleeting) Kind() Kind { return KindFleeting }

func row(k Kind, list [][]byte, more ...[]byte) []byte {
	return appendFields(appendFields([]byte{byte(k)}, list...), more...)
}

// Encode is the row's bytes.
func (c Certificate) Encode() []byte {
	return row(KindCertificate, [][]byte{
		[]byte(AccountID(c.Account)), c.Signing[:], c.Identity[:], moment(c.CreatedAt), []byte(c.Text), []byte(c.Signature),
	})
}

func (l List) fields() [][]byte {
	live := make([]byte, 0, len(l.Live)*32)
	for _, f := range l.Live {
		live = append(live, f[:]...)
	}
	revoked := make([]byte, 0, len(l.Revoked)*40)
	for _, r := range l.Revoked {
		revoked = append(append(revoked, r.Device[:]...), moment(r.At)...)
	}
	return [][]byte{[]byte(AccountID(l.Account)), number(l.Version), l.Parent[:], live, revoked, moment(l.At)}
}

// Hash names this version of the list. Its signature is not part of it, so that
// a certificate can name the list that adds it.
func (l List) Hash() Hash { return Sum(LabelList, l.fields()...) }

// Encode is the row's bytes.
func (l List) Encode() []byte { return row(KindList, l.fields(), l.Signer[:], l.Signature) }

func (p Prekey) fields() [][]byte {
	return [][]byte{p.Device[:], number(p.ID), p.Key[:], moment(p.At)}
}

// Encode is the row's bytes.
func (p Prekey) Encode() []byte { return row(KindPrekey, p.fields(), p.Signature) }

func (e Event) fields() [][]byte {
	return [][]byte{e.Mailbox[:], number(e.Seq), e.Previous[:], e.Device[:], moment(e.At), flag(e.Closes), e.Sealed}
}

// Hash names the event for the one that follows.
func (e Event) Hash() Hash { return Sum(LabelEvent, e.fields()...) }

// Encode is the row's bytes.
func (e Event) Encode() []byte { return row(KindEvent, e.fields(), e.Signature) }

func (a Announce) fields() [][]byte {
	return [][]byte{a.Mailbox[:], a.Session[:], a.Device[:], a.Head[:], number(a.ListVersion), a.ListHash[:], moment(a.At)}
}

// Encode is the row's bytes.
func (a Announce) Encode() []byte { return row(KindAnnounce, a.fields(), a.Signature) }

// Encode is the row's bytes: 50 more than the ciphertext.
func (m Message) Encode() []byte {
	out := make([]byte, 0, messageHead+len(m.Body))
	out = append(out, byte(KindMessage), byte(m.Suite))
	out = append(append(out, m.Mailbox[:]...), m.Session[:]...)
	return append(out, m.Body...)
}

func (e Envelope) fields() [][]byte {
	return [][]byte{e.To[:], e.From[:], e.ID[:], moment(e.At), {byte(e.Suite)}, {e.Type}, e.Body}
}

// Encode is the row's bytes.
func (e Envelope) Encode() []byte { return row(KindEnvelope, e.fields(), e.Signature) }

func (e Erase) fields() [][]byte {
	return [][]byte{e.Session[:], number(uint64(e.Index)), e.Device[:], moment(e.At)}
}

// Encode is the row's bytes.
func (e Erase) Encode() []byte { return row(KindErase, e.fields(), e.Signature) }

func (a Ack) fields() [][]byte {
	ids := make([]byte, 0, len(a.Envelopes)*16)
	for _, id := range a.Envelopes {
		ids = append(ids, id[:]...)
	}
	return [][]byte{a.Device[:], ids, moment(a.At)}
}

// Encode is the row's bytes.
func (a Ack) Encode() []byte { return row(KindAck, a.fields(), a.Signature) }

func (k Knock) fields() [][]byte {
	return [][]byte{k.Mailbox[:], k.Device[:], moment(k.At), k.Proof[:]}
}

// Encode is the row's bytes.
func (k Knock) Encode() []byte { return row(KindKnock, k.fields(), k.Signature) }

func (f Fleeting) fields() [][]byte {
	return [][]byte{f.Mailbox[:], f.Device[:], moment(f.At), f.Sealed}
}

// Encode is the row's bytes.
func (f Fleeting) Encode() []byte { return row(KindFleeting, f.fields(), f.Signature) }

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
