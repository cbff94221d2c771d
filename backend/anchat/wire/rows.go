package wire

// This file has the rows and their bytes.

import (
	"time"

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
