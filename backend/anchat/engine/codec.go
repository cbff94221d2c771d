package engine

// This file writes and reads records.

import (
	"encoding/binary"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// maxField bounds a field of a record: far above the largest, the lists of an
// account that has changed its devices a thousand times.
const maxField = 16 << 20

// record is written field by field, each after its length.
type record []byte

func (r record) bytes(b []byte) record {
	r = binary.AppendUvarint(r, uint64(len(b)))
	return append(r, b...)
}

func (r record) number(n uint64) record { return binary.AppendUvarint(r, n) }

func (r record) flag(on bool) record {
	if on {
		return append(r, 1)
	}
	return append(r, 0)
}

// time keeps whole milliseconds; the zero time is 0.
func (r record) time(t time.Time) record {
	if t.IsZero() {
		return r.number(0)
	}
	return r.number(uint64(t.UnixMilli()))
}

// hashes keeps the starts of hashes.
func (r record) hashes(list [][16]byte) record {
	r = r.number(uint64(len(list)))
	for _, h := range list {
		r = append(r, h[:]...)
	}
	return r
}

// reader takes fields from the front. The first fault stays.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number() uint64 {
	n, used := binary.Uvarint(r.rest)
	if r.bad || used <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[used:]
	return n
}

func (r *reader) bytes() []byte {
	n := r.number()
	if r.bad || n > maxField || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	field := append([]byte(nil), r.rest[:n]...)
	r.rest = r.rest[n:]
	return field
}

// into fills to, which has the field's exact size.
func (r *reader) into(to []byte) {
	if b := r.bytes(); len(b) == len(to) {
		copy(to, b)
		return
	}
	r.bad = true
}

func (r *reader) flag() bool {
	if r.bad || len(r.rest) == 0 || r.rest[0] > 1 {
		r.bad = true
		return false
	}
	on := r.rest[0] == 1
	r.rest = r.rest[1:]
	return on
}

func (r *reader) time() time.Time {
	n := r.number()
	if n == 0 || n > 1<<53 {
		return time.Time{}
	}
	return time.UnixMilli(int64(n)).UTC()
}

func (r *reader) hashes() [][16]byte {
	n := r.count()
	if r.bad || n > len(r.rest)/16 {
		r.bad = true
		return nil
	}
	var list [][16]byte
	for ; n > 0; n-- {
		list = append(list, [16]byte(r.rest[:16]))
		r.rest = r.rest[16:]
	}
	return list
}

// count is how many things follow, of at least one byte each.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return 0
	}
	return int(n) //nolint:gosec // bounded by the length of the record
}

func (r *reader) end() error {
	if r.bad || len(r.rest) > 0 {
		return core.Errorf(core.Internal, "a record of this chat is damaged; restore the chat from its backup")
	}
	return nil
}
