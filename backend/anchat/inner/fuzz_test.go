package inner

import (
	"bytes"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/wire"
)

// Members send what they like. Whatever it is, it is read as one thing or refused.
func FuzzDecode(f *testing.F) {
	for _, body := range bodies() {
		padded, err := message(f, body).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(padded)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		again, err := m.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("read from one spelling, written in another: %v", err)
		}
		if body, readErr := read(m); readErr == nil && m.Kind.Known() {
			if _, err = Marshal(body); err != nil {
				t.Errorf("%+v was read and cannot be written: %v", body, err)
			}
		}
	})
}

// The same for what comes in envelopes.
func FuzzDecodeSecret(f *testing.F) {
	for kind, body := range secretBodies(f) {
		raw, err := MarshalSecret(body)
		if err != nil {
			f.Fatal(err)
		}
		b, err := Secret{Kind: kind, Room: wire.Room{1}, At: noon, Body: raw}.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeSecret(b)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("read from one spelling, written in another: %v", err)
		}
		if s.Kind == SecretSessionKey || !s.Kind.Known() {
			return
		}
		if body, readErr := readSecret(s); readErr == nil {
			if raw, marshalErr := MarshalSecret(body); marshalErr != nil || !bytes.Equal(raw, s.Body) {
				t.Errorf("%T was read and is written otherwise: %v", body, marshalErr)
			}
		}
	})
}
