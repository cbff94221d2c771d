package wire

// This file signs rows and checks signatures of devices.

import (
	"crypto/ed25519"

	"git.debros.io/DeBros/network/backend/core"
)

// Sign makes the signature of a device over bytes that Signed wrote.
type Sign func(signed []byte) ([]byte, error)

// Verify returns nil when signature is key's over the fields under a label, and
// core.Denied otherwise.
func Verify(key [32]byte, signature []byte, label string, parts ...[]byte) error {
	if len(signature) != ed25519.SignatureSize || !ed25519.Verify(key[:], Signed(label, parts...), signature) {
		return core.Errorf(core.Denied, "the signature is not that of the device which is named")
	}
	return nil
}

// SignBy signs the list as a device of the version before.
func (l List) SignBy(device Fingerprint, sign Sign) (_ List, err error) {
	l.Signer = device
	l.Signature, err = sign(Signed(LabelList, l.fields()...))
	return l, err
}

// Verify checks the signature with the key of Signer.
func (l List) Verify(key [32]byte) error { return Verify(key, l.Signature, LabelList, l.fields()...) }

// SignBy signs the key as its device.
func (p Prekey) SignBy(sign Sign) (_ Prekey, err error) {
	p.Signature, err = sign(Signed(LabelPrekey, p.fields()...))
	return p, err
}

// Verify checks the signature with the device's key.
func (p Prekey) Verify(key [32]byte) error {
	return Verify(key, p.Signature, LabelPrekey, p.fields()...)
}

// SignBy signs the event as its device.
func (e Event) SignBy(sign Sign) (_ Event, err error) {
	e.Signature, err = sign(Signed(LabelEvent, e.fields()...))
	return e, err
}

// Verify checks the signature with the device's key.
func (e Event) Verify(key [32]byte) error {
	return Verify(key, e.Signature, LabelEvent, e.fields()...)
}

// SignBy signs the announcement as its device.
func (a Announce) SignBy(sign Sign) (_ Announce, err error) {
	a.Signature, err = sign(Signed(LabelSession, a.fields()...))
	return a, err
}

// Verify checks the signature with the device's key.
func (a Announce) Verify(key [32]byte) error {
	return Verify(key, a.Signature, LabelSession, a.fields()...)
}

// SignBy signs the envelope as its sender.
func (e Envelope) SignBy(sign Sign) (_ Envelope, err error) {
	e.Signature, err = sign(Signed(LabelEnvelope, e.fields()...))
	return e, err
}

// Verify checks the signature with the sender's key.
func (e Envelope) Verify(key [32]byte) error {
	return Verify(key, e.Signature, LabelEnvelope, e.fields()...)
}

// SignBy signs as the device that wrote the message.
func (e Erase) SignBy(sign Sign) (_ Erase, err error) {
	e.Signature, err = sign(Signed(LabelErase, e.fields()...))
	return e, err
}

// Verify checks the signature with the device's key.
func (e Erase) Verify(key [32]byte) error {
	return Verify(key, e.Signature, LabelErase, e.fields()...)
}

// SignBy signs as the device that has taken the envelopes in.
func (a Ack) SignBy(sign Sign) (_ Ack, err error) {
	a.Signature, err = sign(Signed(LabelAck, a.fields()...))
	return a, err
}

// Verify checks the signature with the device's key.
func (a Ack) Verify(key [32]byte) error { return Verify(key, a.Signature, LabelAck, a.fields()...) }

// SignBy signs as the device that knocks.
func (k Knock) SignBy(sign Sign) (_ Knock, err error) {
	k.Signature, err = sign(Signed(LabelKnock, k.fields()...))
	return k, err
}

// Verify checks the signature with the device's key.
func (k Knock) Verify(key [32]byte) error {
	return Verify(key, k.Signature, LabelKnock, k.fields()...)
}

// SignBy signs as the device that tells.
func (f Fleeting) SignBy(sign Sign) (_ Fleeting, err error) {
	f.Signature, err = sign(Signed(LabelFleeting, f.fields()...))
	return f, err
}

// Verify checks the signature with the device's key.
func (f Fleeting) Verify(key [32]byte) error {
	return Verify(key, f.Signature, LabelFleeting, f.fields()...)
}
