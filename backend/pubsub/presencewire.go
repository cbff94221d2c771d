// What nodes tell each other about who is present.

package pubsub

import (
	"encoding/binary"
	"encoding/json"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// The form of a presence word: one byte of version, one of kind, then entries.
// An entry is the connection's number, eight bytes; but for those who left also
// the time of joining in Unix milliseconds, eight bytes, then the member's id
// and its meta as JSON, each with its length as a varint before it. Numbers are
// big-endian.
const (
	presenceVersion = 1
	kindAsk         = '?' // who is present?
	kindJoined      = '+' // has come just now
	kindPresent     = '=' // is still there; the answer to a question, also without entries
	kindLeft        = '-'
)

// presenceWord is one of them.
type presenceWord struct {
	kind    byte
	entries []presenceEntry
}

type presenceEntry struct {
	conn uint64
	present
}

// encodePresence packs entries into as few words as they need, one at least.
func encodePresence(kind byte, entries []presenceEntry) [][]byte {
	var words [][]byte
	b := []byte{presenceVersion, kind}
	for n, e := range entries {
		if n > 0 && len(b)+len(e.member)+len(e.meta)+64 > maxBeaconBytes {
			words = append(words, b)
			b = []byte{presenceVersion, kind}
		}
		b = binary.BigEndian.AppendUint64(b, e.conn)
		if kind == kindLeft {
			continue
		}
		b = binary.BigEndian.AppendUint64(b, uint64(e.joined)) //nolint:gosec // read back the same way
		b = binary.AppendUvarint(b, uint64(len(e.member)))
		b = append(b, e.member...)
		b = binary.AppendUvarint(b, uint64(len(e.meta)))
		b = append(b, e.meta...)
	}
	return append(words, b)
}

// decodePresence reads what a stranger wrote: a whole word or nothing.
func decodePresence(b []byte) (presenceWord, error) {
	if len(b) < 2 || b[0] != presenceVersion {
		return presenceWord{}, errPresence()
	}
	w := presenceWord{kind: b[1]}
	switch w.kind {
	case kindAsk:
		if len(b) > 2 {
			return presenceWord{}, errPresence()
		}
	case kindJoined, kindPresent, kindLeft:
	default:
		return presenceWord{}, errPresence()
	}
	for b = b[2:]; len(b) > 0; {
		if len(w.entries) == MaxMembers {
			return presenceWord{}, core.Errorf(core.TooLarge, "a topic has at most %d members", MaxMembers)
		}
		e, rest, ok := decodeEntry(w.kind, b)
		if !ok {
			return presenceWord{}, errPresence()
		}
		w.entries, b = append(w.entries, e), rest
	}
	return w, nil
}

func decodeEntry(kind byte, b []byte) (e presenceEntry, rest []byte, ok bool) {
	if len(b) < 8 {
		return e, nil, false
	}
	e.conn, b = binary.BigEndian.Uint64(b), b[8:]
	if kind == kindLeft {
		return e, b, true
	}
	if len(b) < 8 {
		return e, nil, false
	}
	e.joined, b = int64(binary.BigEndian.Uint64(b)), b[8:] //nolint:gosec // written the same way
	id, b, ok := cutBytes(b, core.MaxMemberIDBytes)
	if !ok || len(id) == 0 || !utf8.Valid(id) {
		return e, nil, false
	}
	meta, b, ok := cutBytes(b, core.MaxPresenceMetaBytes)
	if !ok || len(meta) > 0 && (meta[0] != '{' || !json.Valid(meta)) {
		return e, nil, false
	}
	// Copies, so that the message does not stay in memory for their sake.
	e.member, e.meta = string(id), append([]byte(nil), meta...)
	return e, b, true
}

// cutBytes takes a length, judges it, and takes as many bytes.
func cutBytes(b []byte, limit int) (part, rest []byte, ok bool) {
	size, used := binary.Uvarint(b)
	if used <= 0 || size > uint64(limit) || int(size) > len(b)-used { //nolint:gosec // size is below limit there
		return nil, nil, false
	}
	b = b[used:]
	return b[:size], b[size:], true
}

func errPresence() error {
	return core.Errorf(core.Invalid, "a word about presence ends too early or is of another form")
}
