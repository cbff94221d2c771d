// Packed SQL values: a tag byte, then the value. A message per cell would cost
// two allocations each, and protobuf's string refuses text that is not UTF-8,
// which SQLite keeps.

package rpc

import (
	"encoding/binary"
	"math"
	"slices"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxCells bounds the cells of one answer. A cell of one byte on the wire
	// takes sixteen and more in memory, so bytes alone do not bound it.
	MaxCells = 4 << 20
	// MaxArgs bounds the parameters of one statement; SQLite itself takes 32,766.
	MaxArgs = 32766
)

const (
	tagNull   = 0
	tagFalse  = 1
	tagTrue   = 2
	tagInt    = 3
	tagFloat  = 4
	tagString = 5
	tagBytes  = 6
)

// appendValue packs v behind buf.
func appendValue(buf []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(buf, tagNull), nil
	case bool:
		if v {
			return append(buf, tagTrue), nil
		}
		return append(buf, tagFalse), nil
	case int64:
		return binary.AppendVarint(append(buf, tagInt), v), nil
	case float64:
		return binary.BigEndian.AppendUint64(append(buf, tagFloat), math.Float64bits(v)), nil
	case string:
		buf = binary.AppendUvarint(append(buf, tagString), uint64(len(v)))
		return append(buf, v...), nil
	case []byte:
		buf = binary.AppendUvarint(append(buf, tagBytes), uint64(len(v)))
		return append(buf, v...), nil
	}
	return nil, core.Errorf(core.Invalid, "a value of type %T cannot be sent; use nil, bool, int64, float64, string or []byte", v)
}

// takeValue unpacks the first value of buf and returns the rest. The value
// shares no memory with buf.
func takeValue(buf []byte) (v any, rest []byte, err error) {
	if len(buf) == 0 {
		return nil, nil, errPacked("ends early")
	}
	tag, buf := buf[0], buf[1:]
	switch tag {
	case tagNull:
		return nil, buf, nil
	case tagFalse, tagTrue:
		return tag == tagTrue, buf, nil
	case tagInt:
		n, size := binary.Varint(buf)
		if size <= 0 {
			return nil, nil, errPacked("has a bad number")
		}
		return n, buf[size:], nil
	case tagFloat:
		if len(buf) < 8 {
			return nil, nil, errPacked("ends early")
		}
		return math.Float64frombits(binary.BigEndian.Uint64(buf)), buf[8:], nil
	case tagString:
		text, rest, err := takeText(buf)
		return string(text), rest, err
	case tagBytes:
		text, rest, err := takeText(buf)
		if err != nil {
			return nil, nil, err
		}
		return append(make([]byte, 0, len(text)), text...), rest, nil
	}
	return nil, nil, errPacked("has an unknown type")
}

// takeText takes a length and that many bytes; they belong to buf.
func takeText(buf []byte) (text, rest []byte, err error) {
	n, size := binary.Uvarint(buf)
	if size <= 0 {
		return nil, nil, errPacked("has a bad length")
	}
	buf = buf[size:]
	if n > uint64(len(buf)) {
		return nil, nil, errPacked("ends early")
	}
	return buf[:n], buf[n:], nil
}

func errPacked(what string) error { return core.Errorf(core.Invalid, "a packed value %s", what) }

func packArgs(args []any) (buf []byte, err error) {
	if len(args) > MaxArgs {
		return nil, core.Errorf(core.TooLarge, "a statement takes at most %d parameters", MaxArgs)
	}
	for _, v := range args {
		if buf, err = appendValue(buf, v); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

func unpackArgs(buf []byte) (args []any, err error) {
	for len(buf) > 0 {
		if len(args) == MaxArgs {
			return nil, core.Errorf(core.TooLarge, "a statement takes at most %d parameters", MaxArgs)
		}
		var v any
		if v, buf, err = takeValue(buf); err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	return args, nil
}

// packNamed writes the pairs in the order of their names, so that equal
// statements are equal bytes.
func packNamed(named map[string]any) (buf []byte, err error) {
	if len(named) > MaxArgs {
		return nil, core.Errorf(core.TooLarge, "a statement takes at most %d parameters", MaxArgs)
	}
	names := make([]string, 0, len(named))
	for name := range named {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		buf = append(binary.AppendUvarint(buf, uint64(len(name))), name...)
		if buf, err = appendValue(buf, named[name]); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

func unpackNamed(buf []byte) (named map[string]any, err error) {
	for len(buf) > 0 {
		if len(named) == MaxArgs {
			return nil, core.Errorf(core.TooLarge, "a statement takes at most %d parameters", MaxArgs)
		}
		var name []byte
		if name, buf, err = takeText(buf); err != nil {
			return nil, err
		}
		if _, twice := named[string(name)]; twice {
			return nil, core.Errorf(core.Invalid, "a named parameter is given twice")
		}
		var v any
		if v, buf, err = takeValue(buf); err != nil {
			return nil, err
		}
		if named == nil {
			named = make(map[string]any)
		}
		named[string(name)] = v
	}
	return named, nil
}

// packRows packs all cells, row by row. Every row must have width cells.
func packRows(rows [][]any, width int) (buf []byte, err error) {
	if len(rows)*width > MaxCells {
		return nil, errTooManyCells()
	}
	for _, row := range rows {
		if len(row) != width {
			return nil, core.Errorf(core.Internal, "a row has %d cells for %d columns", len(row), width)
		}
		for _, v := range row {
			if buf, err = appendValue(buf, v); err != nil {
				return nil, err
			}
		}
	}
	return buf, nil
}

// unpackRows is the reverse of packRows. Each cell takes a byte at least, so
// the promised count is judged before anything is allocated for it.
func unpackRows(buf []byte, count uint64, width int) ([][]any, error) {
	switch {
	case count == 0 && len(buf) == 0:
		return [][]any{}, nil
	case width == 0:
		return nil, errPacked("has no column")
	case count > MaxCells:
		return nil, errTooManyCells()
	}
	n := int(count) // at most MaxCells
	switch {
	case n > MaxCells/width:
		return nil, errTooManyCells()
	case n*width > len(buf):
		return nil, errPacked("ends early")
	}
	cells := make([]any, n*width)
	for i := range cells {
		var err error
		if cells[i], buf, err = takeValue(buf); err != nil {
			return nil, err
		}
	}
	if len(buf) > 0 {
		return nil, errPacked("is followed by something else")
	}
	rows := make([][]any, n)
	for i := range rows {
		rows[i] = cells[i*width : (i+1)*width : (i+1)*width]
	}
	return rows, nil
}

func errTooManyCells() error {
	return core.Errorf(core.TooLarge, "an answer may have %d cells; ask for fewer rows with LIMIT", MaxCells)
}
