package vault

// This file seals cells and names rows.

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"

	"golang.org/x/crypto/chacha20poly1305"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	keyBytes  = 32
	nameBytes = 16
)

// name stands for something in a plain column: nobody without the key can tell
// what, or compare it with what is outside.
type name []byte

// sealer seals cells and makes names, each under a key of its own.
type sealer struct {
	aead  cipher.AEAD
	names []byte
}

func newSealer(key [keyBytes]byte) (*sealer, error) {
	cells, err := hkdf.Key(sha256.New, key[:], nil, wire.LabelLocal+" cells", keyBytes)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the keys of the chat's file could not be made")
	}
	defer clear(cells)
	names, err := hkdf.Key(sha256.New, key[:], nil, wire.LabelLocal+" names", keyBytes)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the keys of the chat's file could not be made")
	}
	aead, err := chacha20poly1305.NewX(cells)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the keys of the chat's file could not be made")
	}
	return &sealer{aead, names}, nil
}

// seal seals a cell for its place: the table and whatever names the row.
func (s *sealer) seal(table string, row, plain []byte) []byte {
	cell := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+s.aead.Overhead())
	_, _ = rand.Read(cell) //nolint:errcheck // it never fails; see crypto/rand
	return s.aead.Seal(cell, cell, plain, wire.Signed(wire.LabelLocal, []byte(table), row))
}

// open is the way back. It returns ErrDamaged for a cell that was changed or that
// belongs elsewhere.
func (s *sealer) open(table string, row, cell []byte) ([]byte, error) {
	if len(cell) < chacha20poly1305.NonceSizeX {
		return nil, ErrDamaged
	}
	nonce, sealed := cell[:chacha20poly1305.NonceSizeX], cell[chacha20poly1305.NonceSizeX:]
	plain, err := s.aead.Open(nil, nonce, sealed, wire.Signed(wire.LabelLocal, []byte(table), row))
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

func (s *sealer) sealJSON(table string, row []byte, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "this cannot be kept")
	}
	return s.seal(table, row, plain), nil
}

func (s *sealer) openJSON(table string, row, cell []byte, to any) error {
	plain, err := s.open(table, row, cell)
	if err != nil {
		return err
	}
	if json.Unmarshal(plain, to) != nil {
		return ErrDamaged
	}
	return nil
}

// name is the name of something of a kind.
func (s *sealer) name(kind string, parts ...[]byte) name {
	mac := hmac.New(sha256.New, s.names)
	mac.Write(wire.Signed(wire.LabelLocal+" "+kind, parts...))
	return mac.Sum(nil)[:nameBytes]
}

func (s *sealer) room(r wire.Room) name       { return s.name("room", r[:]) }
func (s *sealer) mailbox(n wire.Name) name    { return s.name("mailbox", n[:]) }
func (s *sealer) session(n wire.Session) name { return s.name("session", n[:]) }
func (s *sealer) account(id string) name      { return s.name("account", []byte(id)) }
func (s *sealer) entry(kind, id string) name  { return s.name("entry", []byte(kind), []byte(id)) }
func (s *sealer) entries(kind string) name    { return s.name("entries", []byte(kind)) }
func (s *sealer) target(r inner.Ref) name {
	return s.name("target", r.Session[:], number(int64(r.Index)))
}
func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) } //nolint:gosec // the bits count
func rowKey(n int64, more ...int64) (key []byte) {
	key = number(n)
	for _, m := range more {
		key = append(key, number(m)...)
	}
	return key
}
