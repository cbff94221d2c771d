// Frames: their form, and reading one without trusting it. doc.go has the table.

package rpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxFrameBytes bounds the body of one frame. It is small enough that a large
// answer lets small ones pass in between, and large enough that a value of
// 1 MiB needs only four.
const MaxFrameBytes = 256 << 10

const (
	lengthBytes = 4
	headerBytes = 16
)

type kind uint8

const (
	kindHello    kind = 1
	kindRequest  kind = 2
	kindResponse kind = 3
	kindError    kind = 4
	kindCancel   kind = 5
)

const (
	flagMore      = 1
	flagContinues = 2
)

type frame struct {
	kind      kind
	more      bool // another frame carries more of the body
	continues bool // an earlier frame carried the beginning
	method    method
	timeout   time.Duration // of a request; 0 when none was given
	id        uint64
	body      []byte
}

// appendFrame writes f behind buf. The body must fit into one frame.
func appendFrame(buf []byte, f frame) []byte {
	var flags byte
	if f.more {
		flags |= flagMore
	}
	if f.continues {
		flags |= flagContinues
	}
	//nolint:gosec // no body is larger than MaxFrameBytes: writer.send cuts them
	buf = binary.BigEndian.AppendUint32(buf, uint32(headerBytes+len(f.body)))
	buf = append(buf, byte(f.kind), flags)
	buf = binary.BigEndian.AppendUint16(buf, uint16(f.method))
	buf = binary.BigEndian.AppendUint32(buf, milliseconds(f.timeout))
	buf = binary.BigEndian.AppendUint64(buf, f.id)
	return append(buf, f.body...)
}

// milliseconds rounds up: a call with any time left must not look like one
// without a limit.
func milliseconds(d time.Duration) uint32 {
	if d <= 0 {
		return 0
	}
	ms := (d + time.Millisecond - 1) / time.Millisecond
	return uint32(min(ms, math.MaxUint32)) //nolint:gosec // bounded on both sides
}

// frameReader reads frames from a stream.
type frameReader struct {
	in   io.Reader
	head [lengthBytes + headerBytes]byte
}

// next reads one frame whose body has at most limit bytes. A stranger wrote the
// length, so it is judged before anything is allocated. It returns io.EOF when
// the stream ends between two frames, and a core.Error only when the frame is
// at fault: all other errors are the stream's.
func (r *frameReader) next(limit int) (frame, error) {
	if _, err := io.ReadFull(r.in, r.head[:lengthBytes]); err != nil {
		if errors.Is(err, io.EOF) { // only when nothing was read
			return frame{}, io.EOF
		}
		return frame{}, fmt.Errorf("read a frame's length: %w", err)
	}
	length := int64(binary.BigEndian.Uint32(r.head[:lengthBytes]))
	if length < headerBytes {
		return frame{}, core.Errorf(core.Invalid, "a frame has at least %d bytes", headerBytes)
	}
	if length > int64(headerBytes+limit) {
		return frame{}, core.Errorf(core.TooLarge, "a frame's body may have %d bytes here", limit)
	}
	if _, err := io.ReadFull(r.in, r.head[lengthBytes:]); err != nil {
		return frame{}, fmt.Errorf("read a frame's head: %w", noEOF(err))
	}
	f, err := parseHeader(r.head[lengthBytes:], length > headerBytes)
	if err != nil {
		return frame{}, err
	}
	// Else a body in parts of one byte would cost forty times its size.
	if f.more && length != headerBytes+MaxFrameBytes {
		return frame{}, core.Errorf(core.Invalid, "a part of a body that is not the last has %d bytes", MaxFrameBytes)
	}
	if length == headerBytes {
		return f, nil
	}
	f.body = make([]byte, length-headerBytes)
	if _, err := io.ReadFull(r.in, f.body); err != nil {
		return frame{}, fmt.Errorf("read a frame's body: %w", noEOF(err))
	}
	return f, nil
}

// noEOF names an end inside a frame what it is.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func parseHeader(h []byte, hasBody bool) (frame, error) {
	flags := h[1]
	f := frame{
		kind:      kind(h[0]),
		more:      flags&flagMore != 0,
		continues: flags&flagContinues != 0,
		method:    method(binary.BigEndian.Uint16(h[2:])),
		timeout:   time.Duration(binary.BigEndian.Uint32(h[4:])) * time.Millisecond,
		id:        binary.BigEndian.Uint64(h[8:]),
	}
	if flags&^(flagMore|flagContinues) != 0 {
		return frame{}, core.Errorf(core.Invalid, "a frame has unknown flags; speak protocol version %d", Version)
	}
	if (f.kind != kindRequest || f.continues) && (f.method != 0 || f.timeout != 0) {
		return frame{}, core.Errorf(core.Invalid, "only the first frame of a request has a method and a timeout")
	}
	switch f.kind {
	case kindRequest:
		if f.id == 0 {
			return frame{}, core.Errorf(core.Invalid, "a request has an id that is not 0")
		}
	case kindHello:
		if f.id != 0 || flags != 0 {
			return frame{}, core.Errorf(core.Invalid, "a hello is one frame of id 0")
		}
	case kindError:
		if flags != 0 {
			return frame{}, core.Errorf(core.Invalid, "an error is one frame")
		}
	case kindCancel:
		if f.id == 0 || flags != 0 || hasBody {
			return frame{}, core.Errorf(core.Invalid, "a cancel frame is one id and nothing else")
		}
	case kindResponse:
	default:
		return frame{}, core.Errorf(core.Invalid, "a frame has an unknown kind; speak protocol version %d", Version)
	}
	return f, nil
}
