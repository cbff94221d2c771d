package files

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"golang.org/x/crypto/chacha20poly1305"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// PrefixBytes is the length of the random part of the nonces of a file.
const PrefixBytes = chacha20poly1305.NonceSizeX - 5

// maxChunks is how many chunks the largest file has.
const maxChunks = wire.MaxFileBytes/wire.ChunkBytes + 1

// Sealed is what opens a file. All of it but ID is secret.
type Sealed struct {
	ID     wire.Hash
	Key    [chacha20poly1305.KeySize]byte
	Prefix [PrefixBytes]byte
	Size   int64 // of the file itself, without padding
	Chunks uint32
}

// Padded is how many bytes are stored for a file of a size: the size with only its
// highest bits, rounded up, so that it tells less than an eighth (Padmé of
// Nikitin and others, 2019). An empty file takes one byte.
func Padded(size int64) int64 {
	if size < 2 {
		return 1
	}
	exponent := bits.Len64(uint64(size)) - 1
	keep := bits.Len(uint(exponent)) //nolint:gosec // at most 63
	step := int64(1) << max(0, exponent-keep)
	return (size + step - 1) / step * step
}

// Chunks is how many chunks a file of a size has.
func Chunks(size int64) uint32 {
	return uint32((Padded(size) + wire.ChunkBytes - 1) / wire.ChunkBytes) //nolint:gosec // sizes are bounded by MaxFileBytes
}

// Seal reads size bytes and hands each sealed chunk to put, in order; put may keep
// it. It returns core.TooLarge above [wire.MaxFileBytes], core.Invalid when r has
// another number of bytes than size, and put's error as it is.
func Seal(r io.Reader, size int64, put func(chunk uint32, sealed []byte) error) (Sealed, error) {
	if size < 0 || size > wire.MaxFileBytes {
		return Sealed{}, core.Errorf(core.TooLarge, "a file has at most %d MiB; send a link to a larger one", wire.MaxFileBytes>>20)
	}
	s := Sealed{Size: size, Chunks: Chunks(size)}
	_, _ = rand.Read(s.Key[:])    //nolint:errcheck // it never fails; see crypto/rand
	_, _ = rand.Read(s.Prefix[:]) //nolint:errcheck // as above
	aead, err := chacha20poly1305.NewX(s.Key[:])
	if err != nil {
		return Sealed{}, fmt.Errorf("seal file: %w", err)
	}
	left, stored := size, Padded(size)
	plain := make([]byte, wire.ChunkBytes)
	hashes := make([]wire.Hash, 0, s.Chunks)
	for n := range s.Chunks {
		length := min(stored, wire.ChunkBytes)
		clear(plain)
		if _, err = io.ReadFull(r, plain[:min(length, left)]); err != nil {
			return Sealed{}, errLength(err)
		}
		sealed := aead.Seal(nil, s.nonce(n), plain[:length], nil)
		hashes = append(hashes, sha256.Sum256(sealed))
		if err = put(n, sealed); err != nil {
			return Sealed{}, err
		}
		left -= min(length, left)
		stored -= length
	}
	if n, errMore := io.ReadFull(r, plain[:1]); n > 0 || !errors.Is(errMore, io.EOF) {
		return Sealed{}, errLength(errMore)
	}
	s.ID = wire.BlobID(hashes)
	return s, nil
}

func errLength(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return core.Errorf(core.Invalid, "the file is not as long as it said; it may be changing: send it again")
	}
	return fmt.Errorf("read file: %w", err)
}

// nonce is that of a chunk.
func (s Sealed) nonce(chunk uint32) []byte {
	nonce := append(make([]byte, 0, chacha20poly1305.NonceSizeX), s.Prefix[:]...)
	nonce = binary.BigEndian.AppendUint32(nonce, chunk)
	if chunk+1 == s.Chunks {
		return append(nonce, 1)
	}
	return append(nonce, 0)
}

// Check judges what a message says of a file before anything is fetched. It
// returns core.Invalid.
func (s Sealed) Check() error {
	if s.Size < 0 || s.Size > wire.MaxFileBytes || s.Chunks != Chunks(s.Size) || s.Chunks > maxChunks {
		return core.Errorf(core.Invalid, "what the message says of its file cannot be; ask for it again")
	}
	return nil
}

// OpenChunk opens one chunk and leaves padding away. It returns core.Invalid when
// these are not the bytes that were sealed.
func (s Sealed) OpenChunk(chunk uint32, sealed []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(s.Key[:])
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	return s.open(aead, chunk, sealed)
}

func (s Sealed) open(aead cipher.AEAD, chunk uint32, sealed []byte) ([]byte, error) {
	plain, err := aead.Open(nil, s.nonce(chunk), sealed, nil)
	if err != nil || int64(len(plain)) != min(Padded(s.Size)-int64(chunk)*wire.ChunkBytes, wire.ChunkBytes) {
		return nil, core.Errorf(core.Invalid, "a part of the file is not what was sent; fetch it again")
	}
	left := max(0, s.Size-int64(chunk)*wire.ChunkBytes)
	return plain[:min(left, int64(len(plain)))], nil
}

// Open gets the chunks in order and writes the file to w. It returns core.Invalid
// when a chunk was cut, swapped, dropped or is another file's: what was written
// until then is right, and the file is not whole.
func Open(s Sealed, get func(chunk uint32) ([]byte, error), w io.Writer) error {
	if err := s.Check(); err != nil {
		return err
	}
	aead, err := chacha20poly1305.NewX(s.Key[:])
	if err != nil {
		return fmt.Errorf("open file: %w", err)
	}
	hashes := make([]wire.Hash, 0, s.Chunks)
	for n := range s.Chunks {
		sealed, err := get(n)
		if err != nil {
			return err
		}
		plain, err := s.open(aead, n, sealed)
		if err != nil {
			return err
		}
		hashes = append(hashes, sha256.Sum256(sealed))
		if _, err = io.Copy(w, bytes.NewReader(plain)); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
	}
	if wire.BlobID(hashes) != s.ID {
		return core.Errorf(core.Invalid, "the file is not the one that the message names")
	}
	return nil
}
