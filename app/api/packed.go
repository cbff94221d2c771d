// This file packs the rows of a result into a few large blocks: as values of
// their own, three million cells would cost five times as much, and the collector
// would walk over all of them again and again.

package api

import (
	"encoding/binary"
	"math"
)

const (
	packedBlock  = 256 << 10 // rows are cut out of blocks of this size
	packedRowTax = 24        // what a row costs beside its bytes
)

// packer lays rows one after another into blocks.
type packer struct{ block []byte }

// row packs values. What it returns does not change any more.
func (p *packer) row(values []any) []byte {
	if size := packedSize(values); cap(p.block)-len(p.block) < size {
		p.block = make([]byte, 0, max(size, packedBlock))
	}
	from := len(p.block)
	for _, v := range values {
		p.block = appendCell(p.block, v)
	}
	return p.block[from:len(p.block):len(p.block)]
}

// packedSize is at least what the values need.
func packedSize(values []any) int {
	n := 0
	for _, v := range values {
		n += 1 + binary.MaxVarintLen64
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		}
	}
	return n
}

// appendCell writes a kind letter, as in Cell, and the value.
func appendCell(to []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return binary.AppendVarint(append(to, 'i'), v)
	case bool:
		if v {
			return append(to, 'i', 2) // the varint of 1
		}
		return append(to, 'i', 0)
	case float64:
		return binary.LittleEndian.AppendUint64(append(to, 'r'), math.Float64bits(v))
	case string:
		to = binary.AppendUvarint(append(to, 't'), uint64(len(v)))
		return append(to, v...)
	case []byte:
		to = binary.AppendUvarint(append(to, 'b'), uint64(len(v)))
		return append(to, v...)
	default: // nil: core.Rows promises that there is no other
		return append(to, 'n')
	}
}

// unpack gives a row's values back; blobs still lie in the row and are not to be
// changed.
func unpack(row []byte) []any {
	var out []any
	for len(row) > 0 {
		var v any
		v, row = nextCell(row)
		out = append(out, v)
	}
	return out
}

// cellAt gives one value of a row back, nil when the row has no such column.
func cellAt(row []byte, column int) any {
	for ; len(row) > 0; column-- {
		var v any
		if v, row = nextCell(row); column == 0 {
			return v
		}
	}
	return nil
}

func nextCell(row []byte) (any, []byte) {
	kind, rest := row[0], row[1:]
	switch kind {
	case 'i':
		v, n := binary.Varint(rest)
		return v, rest[n:]
	case 'r':
		return math.Float64frombits(binary.LittleEndian.Uint64(rest)), rest[8:]
	case 't', 'b':
		length, n := binary.Uvarint(rest)
		end := n + int(length) //nolint:gosec // a length that appendCell wrote
		if kind == 't' {
			return string(rest[n:end]), rest[end:]
		}
		return rest[n:end:end], rest[end:]
	default:
		return nil, rest
	}
}
