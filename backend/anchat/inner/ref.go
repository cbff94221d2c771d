package inner

import (
	"encoding/binary"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Ref names a message: its session and its place in there. It is the same on all
// devices.
type Ref struct {
	Session wire.Session
	Index   uint32
}

// String is the session in hex, a colon and the index.
func (r Ref) String() string {
	return r.Session.String() + ":" + strconv.FormatUint(uint64(r.Index), 10)
}

// ParseRef reads what String wrote, and no other spelling.
func ParseRef(text string) (Ref, error) {
	session, index, _ := strings.Cut(text, ":")
	n, err := strconv.ParseUint(index, 10, 32)
	if err == nil {
		var r Ref
		if r.Session, err = wire.ParseSession(session); err == nil {
			r.Index = uint32(n)
			if r.String() == text {
				return r, nil
			}
		}
	}
	return Ref{}, core.Errorf(core.Invalid, "a message's id is a session in hexadecimal digits, a colon and a number")
}

// MarshalText writes the reference for JSON.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads it.
func (r *Ref) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRef(string(text))
	return err
}

func appendRef(out []byte, r Ref) []byte {
	return binary.BigEndian.AppendUint32(append(out, r.Session[:]...), r.Index)
}

func (r *reader) ref() (to Ref) {
	r.into(to.Session[:])
	to.Index = r.uint32()
	return to
}
