// The beacon: by it a node tells all others which topics its users use.

package pubsub

import (
	"encoding/binary"

	"git.debros.io/DeBros/network/backend/core"
)

// The form of a beacon: one byte of version, then words. A word is one byte,
// '+' or '-', then the topic's length as a varint, then the topic.
const (
	beaconVersion  = 1
	wordUsed       = '+'
	wordGone       = '-'
	maxBeaconBytes = core.MaxMessageBytes / 2
	// maxWords bounds one beacon; a node with more topics sends several.
	maxWords = MaxLeasesPerNode
)

// word is one topic of a beacon: used there, or no longer.
type word struct {
	topic string
	gone  bool
}

// encodeBeacons packs words into as few beacons as they need.
func encodeBeacons(words []word) [][]byte {
	var beacons [][]byte
	b, n := []byte{beaconVersion}, 0
	for _, w := range words {
		if n == maxWords || len(b)+len(w.topic)+binary.MaxVarintLen64 > maxBeaconBytes {
			beacons = append(beacons, b)
			b, n = []byte{beaconVersion}, 0
		}
		kind := byte(wordUsed)
		if w.gone {
			kind = wordGone
		}
		b = append(b, kind)
		b = binary.AppendUvarint(b, uint64(len(w.topic)))
		b = append(b, w.topic...)
		n++
	}
	if n > 0 {
		beacons = append(beacons, b)
	}
	return beacons
}

// decodeBeacon reads what a stranger wrote: it accepts a whole beacon of valid
// topics or nothing.
func decodeBeacon(b []byte) ([]word, error) {
	if len(b) == 0 || b[0] != beaconVersion {
		return nil, core.Errorf(core.Invalid, "a beacon begins with its version, %d", beaconVersion)
	}
	var words []word
	for b = b[1:]; len(b) > 0; {
		if len(words) == maxWords {
			return nil, core.Errorf(core.TooLarge, "a beacon has at most %d words", maxWords)
		}
		kind := b[0]
		size, used := binary.Uvarint(b[1:])
		if kind != wordUsed && kind != wordGone || used <= 0 || size > maxBeaconBytes || int(size) > len(b)-1-used {
			return nil, core.Errorf(core.Invalid, "a beacon ends inside a word")
		}
		b = b[1+used:]
		topic := string(b[:size])
		if ns, _, ok := parseTopic(topic); !ok || ns == core.SystemNamespace {
			return nil, core.Errorf(core.Invalid, "a beacon names a topic of another form")
		}
		words = append(words, word{topic: topic, gone: kind == wordGone})
		b = b[size:]
	}
	return words, nil
}
