package wire

import (
	"bytes"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// Every node can tell a message from noise without a key, so that gossip and the
// store carry no noise.
func TestMessage_Check(t *testing.T) {
	for _, size := range Sizes() {
		for _, index := range []uint32{0, 127, 128, 1 << 20, 1<<32 - 1} {
			m := message(index, size+paddingAES)
			if got, err := m.Check(); err != nil || got != index {
				t.Errorf("%d bytes at %d: %d, %v", size, index, got, err)
			}
			if over := len(m.Encode()) - len(m.Body); over > 60 {
				t.Errorf("a row takes %d bytes more than its ciphertext", over)
			}
			if _, err := Decode(m.Encode()); err != nil {
				t.Errorf("%d bytes at %d: %v", size, index, err)
			}
		}
	}
	good := message(5, Size256+paddingAES)
	tests := map[string]struct {
		change func(*Message)
		want   core.Code
	}{
		"a suite of the future":      {func(m *Message) { m.Suite = 9 }, core.Invalid},
		"under another session":      {func(m *Message) { m.Session = publicKey("other") }, core.Denied},
		"a byte changed":             {func(m *Message) { m.Body[40]++ }, core.Denied},
		"its index changed":          {func(m *Message) { m.Body[2]++ }, core.Denied},
		"its MAC changed":            {func(m *Message) { m.Body[len(m.Body)-70]++ }, core.Denied},
		"its signature changed":      {func(m *Message) { m.Body[len(m.Body)-1]++ }, core.Denied},
		"a version of the future":    {func(m *Message) { m.Body[0] = 4 }, core.Invalid},
		"cut":                        {func(m *Message) { m.Body = m.Body[:len(m.Body)-1] }, core.Invalid},
		"a byte more":                {func(m *Message) { m.Body = append(m.Body, 0) }, core.Invalid},
		"nearly nothing":             {func(m *Message) { m.Body = m.Body[:messageMin-1] }, core.Invalid},
		"another size":               {func(m *Message) { *m = message(5, 100) }, core.Invalid},
		"padding that is not sealed": {func(m *Message) { *m = message(5, Size256) }, core.Invalid},
		"an index in a long spelling": {func(m *Message) {
			m.Body = append(append(append([]byte{}, m.Body[:2]...), 0x85, 0x00), m.Body[3:]...)
		}, core.Invalid},
	}
	for name, test := range tests {
		m := good
		m.Body = bytes.Clone(good.Body)
		test.change(&m)
		if _, err := m.Check(); core.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

// Who knows the name of a mailbox, as gossip tells it, has not its tag; who knocks
// proves the secret for one device at one door.
func TestKnockProof(t *testing.T) {
	proof := KnockProof([32]byte{1}, Name{1}, Fingerprint{1})
	for name, other := range map[string][32]byte{
		"another secret": KnockProof([32]byte{2}, Name{1}, Fingerprint{1}),
		"another door":   KnockProof([32]byte{1}, Name{2}, Fingerprint{1}),
		"another device": KnockProof([32]byte{1}, Name{1}, Fingerprint{2}),
	} {
		if other == proof {
			t.Errorf("%s has the same proof", name)
		}
	}
}

// An account has one name, or rooms would count somebody twice.
func TestAccountID(t *testing.T) {
	for _, a := range purse(t).Accounts() {
		if back, err := ParseAccountID(AccountID(a)); err != nil || back != a {
			t.Errorf("%s came back as %v, %v", AccountID(a), back, err)
		}
	}
	for _, text := range []string{
		"", "bob", "eip155:1:0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "eip155:5:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
		"eip155:1:f39fd6e51aad88f6f4ce6ab8827279cfffb92266", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:", "eip155:1:0x0000000000000000000000000000000000000000",
	} {
		if _, err := ParseAccountID(text); !refused(err, core.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
