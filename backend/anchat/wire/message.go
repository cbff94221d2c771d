package wire

// This file reads what everybody may see of a sealed message: its index and its
// signature. The form is Megolm's: a version byte, then protocol buffers' fields
// 1 (index) and 2 (ciphertext), 8 bytes of MAC, 64 of signature.

import (
	"crypto/ed25519"
	"encoding/binary"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	megolmVersion   = 3
	megolmIndexTag  = 0x08
	megolmCipherTag = 0x12
	megolmMAC       = 8
	messageTail     = megolmMAC + ed25519.SignatureSize
	messageMin      = 5 + messageTail // version, two tags, two numbers of a byte
	paddingAES      = 16
)

// The sizes to which what is inside a message is padded. Nothing else is sent.
const (
	Size256 = 256
	Size1K  = 1 << 10
	Size4K  = 4 << 10
	Size16K = 16 << 10
)

// Sizes lists the sizes, from the smallest.
func Sizes() []int { return []int{Size256, Size1K, Size4K, Size16K} }

// Check judges a message without any secret: suite, form, one of the sizes, and
// the signature, whose key is the session's name. It returns the message's index.
// Errors are core.Invalid and core.Denied.
func (m Message) Check() (index uint32, err error) {
	if m.Suite != SuiteOlm {
		return 0, core.Errorf(core.Invalid, "this message is sealed in a newer way (%d); update the program", m.Suite)
	}
	index, cipher, err := m.parse()
	if err != nil {
		return 0, err
	}
	ok := false
	for _, size := range Sizes() {
		ok = ok || cipher == size+paddingAES
	}
	if !ok {
		return 0, core.Errorf(core.Invalid, "this message is not padded to one of the sizes that are sent")
	}
	signed, signature := m.Body[:len(m.Body)-ed25519.SignatureSize], m.Body[len(m.Body)-ed25519.SignatureSize:]
	if !ed25519.Verify(m.Session[:], signed, signature) {
		return 0, core.Errorf(core.Denied, "this message is not signed by the session that it names")
	}
	return index, nil
}

// Index is the message's place in its session.
func (m Message) Index() (uint32, error) {
	index, _, err := m.parse()
	return index, err
}

// parse reads the index and the length of the ciphertext, and accepts one
// spelling only.
func (m Message) parse() (index uint32, cipher int, err error) {
	bad := core.Errorf(core.Invalid, "these bytes are no sealed message")
	body := m.Body
	if len(body) < messageMin || body[0] != megolmVersion || body[1] != megolmIndexTag {
		return 0, 0, bad
	}
	body = body[2 : len(body)-messageTail]
	n, used := binary.Uvarint(body)
	if used <= 0 || n > 1<<32-1 || used != varintLen(n) || len(body) <= used || body[used] != megolmCipherTag {
		return 0, 0, bad
	}
	body = body[used+1:]
	size, used := binary.Uvarint(body)
	if used <= 0 || used != varintLen(size) || size != uint64(len(body)-used) { //nolint:gosec // used is at most the length
		return 0, 0, bad
	}
	return uint32(n), int(size), nil //nolint:gosec // both were checked
}

func varintLen(n uint64) int { return len(binary.AppendUvarint(nil, n)) }
