package wire

// This file reads and writes the fields of rows.

import (
	"encoding/binary"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func moment(t time.Time) []byte { return number(uint64(t.UnixMilli())) }

func flag(on bool) []byte {
	if on {
		return []byte{1}
	}
	return []byte{0}
}

// fields takes the fields of a row one after another. The first fault stays.
type fields struct {
	rest []byte
	bad  bool
}

// next is the next field, of at most limit bytes.
func (f *fields) next(limit int) []byte {
	if f.bad || len(f.rest) < 4 {
		f.bad = true
		return nil
	}
	size := binary.BigEndian.Uint32(f.rest)
	if uint64(size) > uint64(limit) || uint64(size) > uint64(len(f.rest)-4) { //nolint:gosec // limits are constants above 0
		f.bad = true
		return nil
	}
	field := f.rest[4 : 4+size : 4+size]
	f.rest = f.rest[4+size:]
	return field
}

// into fills to, which has the field's exact size.
func (f *fields) into(to []byte) {
	field := f.next(len(to))
	if len(field) != len(to) {
		f.bad = true
		return
	}
	copy(to, field)
}

func (f *fields) number() uint64 {
	var b [8]byte
	f.into(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// latest bounds times, in milliseconds: the last day of the year 9999, so that
// everybody can print them.
const latest = 253402214400000

func (f *fields) time() time.Time {
	n := int64(f.number()) //nolint:gosec // the next line refuses what does not fit
	if n < 0 || n > latest {
		f.bad = true
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

func (f *fields) flag() bool {
	var b [1]byte
	f.into(b[:])
	if b[0] > 1 {
		f.bad = true
	}
	return b[0] == 1
}

// bytes is a copy of the next field.
func (f *fields) bytes(limit int) []byte { return append([]byte{}, f.next(limit)...) }

// end says whether all was read and nothing is left.
func (f *fields) end(what Kind) error {
	if f.bad || len(f.rest) > 0 {
		return core.Errorf(core.Invalid, "these bytes are no %s; the program that made them may be damaged or newer", what)
	}
	return nil
}
