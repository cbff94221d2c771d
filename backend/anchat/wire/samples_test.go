package wire

// This file has the people, devices and rows that the tests speak of. They are the
// same in every run.

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	words  = "test test test test test test test test test test test junk"
	domain = "127.0.0.1:8080"
)

// purse is a wallet of both chains that signs whatever it is shown.
func purse(t testing.TB) *wallet.Signer {
	t.Helper()
	seed := wallet.Seed(words, "")
	eth, err := wallet.Ethereum(seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	sol, err := wallet.Solana(seed, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := wallet.NewSigner(eth, sol)
	t.Cleanup(s.Lock)
	return s
}

func signText(t testing.TB, s *wallet.Signer, a wallet.Account, text string) string {
	t.Helper()
	signature, err := s.Sign(t.Context(), a, text, func(context.Context, wallet.Request) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// deviceKey is the signing key of a device.
func deviceKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func publicKey(name string) (key [32]byte) {
	copy(key[:], deviceKey(name)[32:])
	return key
}

func signer(name string) Sign {
	return func(b []byte) ([]byte, error) { return ed25519.Sign(deviceKey(name), b), nil }
}

func statement(a wallet.Account, name string) Statement {
	return Statement{Account: a, Signing: publicKey(name), Identity: sha256.Sum256([]byte("identity of " + name)), CreatedAt: noon}
}

// request asks for a device as the first of its account.
func request(a wallet.Account, name string) Request {
	s := statement(a, name)
	return Request{
		Device: s, List: List{Account: a}.With(s.Fingerprint(), noon), Domain: domain, Code: "123456",
		Nonce: "abcdefgh12345678", IssuedAt: noon,
	}
}

func certificate(t testing.TB, s *wallet.Signer, a wallet.Account, name string) Certificate {
	t.Helper()
	text, err := request(a, name).Text()
	if err != nil {
		t.Fatal(err)
	}
	return Certificate{Statement: statement(a, name), Text: text, Signature: signText(t, s, a, text)}
}

// message is a sealed message as Megolm has it.
func message(index uint32, size int) Message {
	const name = "session"
	m := Message{Suite: SuiteOlm, Mailbox: Tag{9}.Name(), Session: publicKey(name)}
	body := []byte{megolmVersion, megolmIndexTag}
	body = appendVarint(body, uint64(index))
	body = append(body, megolmCipherTag)
	body = appendVarint(body, uint64(size))
	body = append(body, make([]byte, size+megolmMAC)...)
	m.Body = append(body, ed25519.Sign(deviceKey(name), body)...)
	return m
}

func appendVarint(b []byte, n uint64) []byte {
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// sample is a row with a name.
type sample struct {
	name string
	row  Row
}

// samples is one row of each kind, and more than one where that says more.
func samples(t testing.TB) []sample {
	t.Helper()
	s := purse(t)
	eth, sol := s.Accounts()[0], s.Accounts()[1]
	first := request(eth, "phone").List
	second, err := first.With(statement(eth, "laptop").Fingerprint(), noon.Add(time.Hour)).SignBy(statement(eth, "phone").Fingerprint(), signer("phone"))
	must(t, err)
	third, err := second.Without(statement(eth, "phone").Fingerprint(), noon.Add(2*time.Hour)).SignBy(statement(eth, "laptop").Fingerprint(), signer("laptop"))
	must(t, err)
	phone, laptop := statement(eth, "phone").Fingerprint(), statement(eth, "laptop").Fingerprint()
	prekey, err := Prekey{Device: phone, ID: 7, Key: [32]byte{1}, At: noon}.SignBy(signer("phone"))
	must(t, err)
	event, err := Event{Mailbox: Tag{9}.Name(), Seq: 2, Previous: Hash{2}, Device: phone, At: noon, Closes: true, Sealed: []byte("sealed")}.SignBy(signer("phone"))
	must(t, err)
	announce, err := Announce{
		Mailbox: Tag{9}.Name(), Session: publicKey("session"), Device: phone, Head: event.Hash(), ListVersion: 2, ListHash: second.Hash(), At: noon,
	}.SignBy(signer("phone"))
	must(t, err)
	envelope, err := Envelope{To: laptop, From: phone, ID: EnvelopeID{3}, At: noon, Suite: SuiteOlm, Type: 1, Body: []byte("olm")}.SignBy(signer("phone"))
	must(t, err)
	erase, err := Erase{Session: publicKey("session"), Index: 1<<32 - 1, Device: phone, At: noon}.SignBy(signer("phone"))
	must(t, err)
	ack, err := Ack{Device: laptop, Envelopes: []EnvelopeID{{3}, {4}}, At: noon}.SignBy(signer("laptop"))
	must(t, err)
	knock, err := Knock{Mailbox: Tag{8}.Name(), Device: phone, At: noon, Proof: KnockProof([32]byte{5}, Tag{8}.Name(), phone)}.SignBy(signer("phone"))
	must(t, err)
	fleeting, err := Fleeting{Mailbox: Tag{9}.Name(), Device: phone, At: noon, Sealed: []byte("typing")}.SignBy(signer("phone"))
	must(t, err)
	return []sample{
		{"certificate of Ethereum", certificate(t, s, eth, "phone")},
		{"certificate of Solana", certificate(t, s, sol, "phone")},
		{"first list", first},
		{"second list", second},
		{"third list", third},
		{"prekey", prekey},
		{"event", event},
		{"announcement", announce},
		{"message", message(300, Size256+paddingAES)},
		{"envelope", envelope},
		{"erasure", erase},
		{"receipt of envelopes", ack},
		{"knock", knock},
		{"fleeting", fleeting},
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused tells whether err has one of the codes.
func refused(err error, codes ...core.Code) bool {
	return err != nil && slices.Contains(codes, core.CodeOf(err))
}
