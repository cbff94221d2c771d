// The form of a message's data on the wire: a payload, and for some authors the
// proof that they may publish.

package pubsub

import (
	"encoding/binary"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxProofBytes bounds an author's proof: a token of some 500 bytes.
	MaxProofBytes = 1 << 10

	// envelopeMark begins data that is more than a payload. All other data is a
	// payload as it stands, so an ordinary libp2p peer can read what members say.
	// After the mark come the proof's length as a varint, the proof, the payload.
	envelopeMark = "\x00debros.envelope.1\x00"
	// maxEnvelopeBytes is how much larger than its payload a message's data may be.
	maxEnvelopeBytes = len(envelopeMark) + binary.MaxVarintLen64 + MaxProofBytes
)

// seal makes data of a payload, which is not kept. A payload that begins like an
// envelope is put into one, so that nothing is ever taken for a proof.
func seal(payload, proof []byte) []byte {
	if len(proof) == 0 && !strings.HasPrefix(string(payload[:min(len(payload), len(envelopeMark))]), envelopeMark) {
		return slices.Clone(payload)
	}
	data := make([]byte, 0, maxEnvelopeBytes-MaxProofBytes+len(proof)+len(payload))
	data = append(data, envelopeMark...)
	data = binary.AppendUvarint(data, uint64(len(proof)))
	data = append(data, proof...)
	return append(data, payload...)
}

// unseal takes data apart without copying it. A stranger wrote it.
func unseal(data []byte) (payload, proof []byte, err error) {
	payload = data
	if len(data) >= len(envelopeMark) && string(data[:len(envelopeMark)]) == envelopeMark {
		rest := data[len(envelopeMark):]
		size, used := binary.Uvarint(rest)
		if used <= 0 || size > MaxProofBytes || int(size) > len(rest)-used {
			return nil, nil, core.Errorf(core.Invalid, "a message's envelope ends inside its proof")
		}
		rest = rest[used:]
		payload, proof = rest[size:], rest[:size]
	}
	if len(payload) > core.MaxMessageBytes {
		return nil, nil, core.Errorf(core.TooLarge, "a message has at most %d bytes", core.MaxMessageBytes)
	}
	return payload, proof, nil
}
