package backup

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// MinPassphrase is the least number of bytes of a passphrase.
const MinPassphrase = 8

// What a passphrase costs: about half a second. A wrapped key says its own cost, so
// that these may rise; what it says is bounded by the largest.
const (
	argonTime, argonMemory, argonThreads          = 3, 64 << 10, 4 // memory in KiB
	maxArgonTime, maxArgonMemory, maxArgonThreads = 10, 256 << 10, 16

	formatVersion = 1
	saltBytes     = 16
	wrappedBytes  = chacha20poly1305.NonceSizeX + keyBytes + chacha20poly1305.Overhead
	headBytes     = 1 + saltBytes + 4 + 4 + 1
	allBytes      = headBytes + 2*wrappedBytes
	keyBytes      = 32
)

// Key opens a backup. It prints as [secret].
type Key [keyBytes]byte

// String hides the key.
func (Key) String() string { return "[secret]" }

// GoString hides the key.
func (Key) GoString() string { return "[secret]" }

// NewKey is the key of a new backup.
func NewKey() (k Key) {
	_, _ = rand.Read(k[:]) //nolint:errcheck // it never fails; see crypto/rand
	return k
}

// errWrong is every reason for which a backup does not open: it tells nobody which
// part was right.
func errWrong() error {
	return core.Errorf(core.Unauthenticated, "neither a passphrase nor a recovery code of this backup; check for a typing mistake")
}

// Wrap seals the key of an account's version under a passphrase and a recovery
// code. It takes about half a second of a core and 64 MiB, or until ctx ends. It
// returns core.Invalid for a passphrase shorter than MinPassphrase.
func Wrap(ctx context.Context, k Key, account string, version uint64, passphrase, code core.Secret) ([]byte, error) {
	if len(passphrase.Reveal()) < MinPassphrase {
		return nil, core.Errorf(core.Invalid, "the passphrase of a backup has at least %d characters", MinPassphrase)
	}
	bits, err := readCode(code.Reveal())
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "the recovery code is not one that NewCode made")
	}
	head := make([]byte, 0, allBytes)
	head = append(head, formatVersion)
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) //nolint:errcheck // as above
	head = append(head, salt...)
	head = binary.BigEndian.AppendUint32(head, argonTime)
	head = binary.BigEndian.AppendUint32(head, argonMemory)
	head = append(head, argonThreads)
	stretched, err := stretch(ctx, passphrase, head)
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(head)
	for _, door := range []struct {
		kind string
		key  []byte
	}{{"passphrase", stretched}, {"code", derive(bits, "code", salt)}} {
		sealed, err := seal(door.key, k[:], bound(account, version, door.kind, head))
		if err != nil {
			return nil, err
		}
		out = append(out, sealed...)
	}
	return out, nil
}

// Unwrap opens what Wrap made with the passphrase or the recovery code. It returns
// core.Invalid for bytes that are no wrapped key, and core.Unauthenticated, always
// in the same words, for all else: a wrong secret, another account or version, or
// bytes that were changed.
func Unwrap(ctx context.Context, wrapped []byte, account string, version uint64, secret core.Secret) (Key, error) {
	if len(wrapped) != allBytes || wrapped[0] != formatVersion {
		return Key{}, core.Errorf(core.Invalid, "this backup is damaged, or a newer version of the program made it")
	}
	head, rest := wrapped[:headBytes], wrapped[headBytes:]
	if bits, err := readCode(secret.Reveal()); err == nil {
		if k, ok := open(derive(bits, "code", head[1:1+saltBytes]), rest[wrappedBytes:], bound(account, version, "code", head)); ok {
			return Key(k), nil
		}
	}
	stretched, err := stretch(ctx, secret, head)
	if err != nil {
		return Key{}, err
	}
	k, ok := open(stretched, rest[:wrappedBytes], bound(account, version, "passphrase", head))
	if !ok {
		return Key{}, errWrong()
	}
	return Key(k), nil
}

// stretch makes a key of a passphrase by what head says. Argon2 itself cannot be
// stopped half way.
func stretch(ctx context.Context, passphrase core.Secret, head []byte) ([]byte, error) {
	salt := head[1 : 1+saltBytes]
	cost := head[1+saltBytes:]
	passes, memory, threads := binary.BigEndian.Uint32(cost), binary.BigEndian.Uint32(cost[4:]), cost[8]
	if passes < 1 || passes > maxArgonTime || memory < 8*uint32(threads) || memory > maxArgonMemory || threads < 1 || threads > maxArgonThreads {
		return nil, core.Errorf(core.Invalid, "this backup is damaged, or a newer version of the program made it")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("stretch passphrase: %w", err)
	}
	return argon2.IDKey([]byte(passphrase.Reveal()), salt, passes, memory, threads, keyBytes), nil
}

// bound is what a wrapped key belongs to.
func bound(account string, version uint64, kind string, head []byte) []byte {
	return wire.Signed(wire.LabelBackupKey, []byte(account), binary.BigEndian.AppendUint64(nil, version), []byte(kind), head)
}

func derive(secret []byte, purpose string, salt []byte) []byte {
	key, err := hkdf.Key(sha256.New, secret, salt, wire.LabelBackupEntry+" "+purpose, keyBytes)
	if err != nil {
		panic(fmt.Sprintf("derive key: %v", err)) // only for lengths, which are constants
	}
	return key
}

// ID is the name of the entry for something: nobody without the key can tell for
// what.
func (k Key) ID(what []byte) wire.Hash {
	mac := hmac.New(sha256.New, derive(k[:], "id", nil))
	mac.Write(wire.Signed(wire.LabelBackupEntry, what))
	return wire.Hash(mac.Sum(nil))
}

// Seal seals an entry for its name. It returns core.TooLarge for one that a
// service would not keep.
func (k Key) Seal(id wire.Hash, entry []byte) ([]byte, error) {
	if len(entry)+chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead > wire.MaxBackupEntryBytes {
		return nil, core.Errorf(core.TooLarge, "an entry of a backup has at most %d bytes sealed", wire.MaxBackupEntryBytes)
	}
	return seal(derive(k[:], "entry", nil), entry, wire.Signed(wire.LabelBackupEntry, id[:]))
}

// Open opens an entry. It returns core.Invalid when it is not the one that was
// sealed under that name.
func (k Key) Open(id wire.Hash, sealed []byte) ([]byte, error) {
	entry, ok := open(derive(k[:], "entry", nil), sealed, wire.Signed(wire.LabelBackupEntry, id[:]))
	if !ok {
		return nil, core.Errorf(core.Invalid, "an entry of the backup is not the one that was kept")
	}
	return entry, nil
}

func seal(key, plain, belongs []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("seal backup: %w", err)
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	_, _ = rand.Read(nonce) //nolint:errcheck // it never fails; see crypto/rand
	return aead.Seal(nonce, nonce, plain, belongs), nil
}

func open(key, sealed, belongs []byte) ([]byte, bool) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil || len(sealed) < chacha20poly1305.NonceSizeX {
		return nil, false
	}
	plain, err := aead.Open(nil, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], belongs)
	return plain, err == nil
}
