package inner

// This file reads and writes the binary parts.

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// latest bounds times as rows do, in milliseconds: the last day of the year 9999,
// so that everybody can print them.
const latest = 253402214400000

// reader takes parts from the front. The first fault stays.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.rest) {
		r.bad = true
		return nil
	}
	part := r.rest[:n:n]
	r.rest = r.rest[n:]
	return part
}

func (r *reader) into(to []byte) { copy(to, r.take(len(to))) }

func (r *reader) byte() byte {
	var b [1]byte
	r.into(b[:])
	return b[0]
}

func (r *reader) uint16() int {
	var b [2]byte
	r.into(b[:])
	return int(binary.BigEndian.Uint16(b[:]))
}

func (r *reader) uint32() uint32 {
	var b [4]byte
	r.into(b[:])
	return binary.BigEndian.Uint32(b[:])
}

func (r *reader) uint64() uint64 {
	var b [8]byte
	r.into(b[:])
	return binary.BigEndian.Uint64(b[:])
}

func (r *reader) time() time.Time {
	n := int64(r.uint64()) //nolint:gosec // the next line refuses what does not fit
	if n < 0 || n > latest {
		r.bad = true
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// flag is a byte that is 0 or 1.
func (r *reader) flag() bool {
	b := r.byte()
	r.bad = r.bad || b > 1
	return b == 1
}

// short is a text after its length in one byte.
func (r *reader) short() string { return string(r.take(int(r.byte()))) }

// text is a text after its length in two bytes.
func (r *reader) text() string { return string(r.take(r.uint16())) }

// blob is a copy of bytes after their length in two bytes.
func (r *reader) blob() []byte { return append([]byte(nil), r.take(r.uint16())...) }

// more reads the JSON object that may stand at the end.
func (r *reader) more(to any) {
	if r.bad || len(r.rest) == 0 {
		return
	}
	if r.rest[0] != '{' || json.Unmarshal(r.rest, to) != nil {
		r.bad = true
	}
	r.rest = nil
}

// end says whether all was read and nothing is left.
func (r *reader) end(what string) error {
	if r.bad || len(r.rest) > 0 {
		return core.Errorf(core.Invalid, "these bytes are no %s; the program that made them may be damaged or newer", what)
	}
	return nil
}

func appendShort(out []byte, text string) []byte {
	return append(append(out, byte(len(text))), text...) //nolint:gosec // callers bound it by 255
}

func appendText(out []byte, text string) []byte {
	out = binary.BigEndian.AppendUint16(out, uint16(len(text))) //nolint:gosec // callers bound it by 65,535
	return append(out, text...)
}

func appendTime(out []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(out, uint64(t.UnixMilli()))
}

func appendFlag(out []byte, on bool) []byte {
	if on {
		return append(out, 1)
	}
	return append(out, 0)
}

// appendMore writes the JSON object of a body, and nothing for an empty one.
func appendMore(out []byte, more any) ([]byte, error) {
	text, err := json.Marshal(more)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "this cannot be written as JSON")
	}
	if string(text) == "{}" {
		return out, nil
	}
	return append(out, text...), nil
}

// printable tells whether a time fits a row.
func printable(t time.Time) bool { return t.UnixMilli() >= 0 && t.UnixMilli() <= latest }
