package vault

// This file keeps a vault's key: sealed under a passphrase, under a secret in the
// system's keychain, or under both.

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// How a passphrase is made into a key. The numbers belong to the file's format:
// none is read from a file, so a changed file can neither weaken nor stall it.
const (
	argonTime     = 3
	argonMemory   = 64 << 10 // KiB
	argonThreads  = 4
	saltBytes     = 16
	markBytes     = 16
	keyFileFormat = 1

	maxKeyFileBytes = 16 << 10
	// MinPassphrase is how many characters a passphrase has at least,
	// MaxPassphraseBytes how many bytes at most.
	MinPassphrase      = 8
	MaxPassphraseBytes = 1024
)

// The reasons for which a key does not open.
var (
	// ErrPassphrase does not tell a wrong passphrase from a changed file: whoever
	// guesses learns nothing.
	ErrPassphrase error = core.Errorf(core.Unauthenticated, "the passphrase is wrong, or the chat's key file was changed; type it again, or take the file from a backup")
	// ErrNoPassphrase is for a chat that only the keychain opens.
	ErrNoPassphrase error = core.Errorf(core.PreconditionFailed, "this chat is opened by the keychain alone; choose a passphrase for it first")
	// ErrNoKey is for a key file that is not there, or is none.
	ErrNoKey error = core.Errorf(core.NotFound, "the key file of this chat is missing or damaged; take the data folder from a backup, or set this device up anew")
)

// Public is what is known of a locked vault: what the screen for unlocking shows.
type Public struct {
	Account string `json:"account"` // as CAIP-10
	Device  string `json:"device"`  // fingerprint in hex
}

// Keys is the key file of a vault. Use one for one file: it asks the keychain one
// question at a time.
type Keys struct {
	path     string
	keychain Keychain
	asking   chan struct{}
}

// NewKeys is the key file at a path, which need not be there. keychain may be nil:
// then only passphrases open it.
func NewKeys(path string, keychain Keychain) *Keys {
	return &Keys{path, keychain, make(chan struct{}, 1)}
}

// Unlocked is a key that was opened.
type Unlocked struct {
	Key [keyBytes]byte
	Public
	// Copied says that the folder may be a copy, or an older one: another was started
	// since, or nobody can tell, as there is no keychain. Sending sessions must not be
	// used again.
	Copied bool
}

// keyFile is a key file on the disk.
type keyFile struct {
	Format     int    `json:"format"`
	ID         string `json:"id"` // names it in the keychain, for its copies, too
	Public     Public `json:"public"`
	Passphrase *door  `json:"passphrase,omitempty"`
	Keychain   *door  `json:"keychain,omitempty"`
	// Mark is what the last start of this folder left here and in the keychain.
	Mark string `json:"mark"`
}

// door is the key, sealed in one way.
type door struct {
	Salt   []byte `json:"salt,omitempty"`
	Sealed []byte `json:"sealed"`
}

// New makes a key and its file, which must not be there. One way of opening it is
// needed: a passphrase, the keychain, or both.
func (k *Keys) New(ctx context.Context, p Public, passphrase core.Secret, keychain bool) (u Unlocked, err error) {
	if passphrase == "" && !keychain {
		return u, core.Errorf(core.Invalid, "choose a passphrase, or let the keychain open the chat")
	}
	u.Public = p
	_, _ = rand.Read(u.Key[:]) //nolint:errcheck // it never fails; see crypto/rand
	f := keyFile{Format: keyFileFormat, ID: random(), Public: p}
	if passphrase != "" {
		if f.Passphrase, err = sealByPassphrase(u.Key, passphrase, p); err != nil {
			return u, err
		}
	}
	if keychain {
		if f.Keychain, err = k.sealByKeychain(ctx, u.Key, f); err != nil {
			return u, err
		}
	}
	f.Mark = random()
	data, err := f.encode()
	if err != nil {
		return u, err
	}
	if err = disk.Create(k.path, data); errors.Is(err, fs.ErrExist) {
		return u, core.Wrap(core.Conflict, err, "this wallet has a chat here already; unlock it")
	}
	if err != nil {
		return u, errKeyDisk(err)
	}
	_, err = k.remember(ctx, f)
	return u, err
}

// Open opens the key: with a passphrase, or, where it is "", by the keychain. It
// returns ErrPassphrase, ErrNoPassphrase, ErrNoKey, ErrNoKeychain, ErrKeychainOff
// or ErrKeychainLost.
func (k *Keys) Open(ctx context.Context, passphrase core.Secret) (u Unlocked, err error) {
	f, err := k.load()
	if err != nil {
		return u, err
	}
	u.Public = f.Public
	if passphrase != "" {
		u.Key, err = openByPassphrase(f, passphrase)
	} else {
		u.Key, err = k.openByKeychain(ctx, f)
	}
	if err != nil {
		return Unlocked{}, err
	}
	u.Copied = !k.lastStarted(ctx, f)
	return u, nil
}

// Started says that this folder goes on from here, so that every copy of it is one
// from now on. It is called after Open, when what Copied asks for is on the disk, and
// before anything is sent. marked is false where no mark can be left: copies will not
// be noticed, so that the sending sessions of this folder must not be used again.
func (k *Keys) Started(ctx context.Context) (marked bool, err error) {
	f, err := k.load()
	if err != nil {
		return false, err
	}
	// The file goes first: when the keychain's part fails, the marks differ, which
	// costs new sessions and nothing else.
	f.Mark = random()
	if err = k.write(f); err != nil {
		return false, err
	}
	return k.remember(ctx, f)
}

// ReadPublic tells whose vault it is, and whether the keychain opens it.
func (k *Keys) ReadPublic() (p Public, keychain bool, err error) {
	f, err := k.load()
	return f.Public, f.Keychain != nil, err
}

// ChangePassphrase seals the key under another passphrase. With old "" the keychain
// opens it.
func (k *Keys) ChangePassphrase(ctx context.Context, old, passphrase core.Secret) error {
	f, err := k.load()
	if err != nil {
		return err
	}
	var key [keyBytes]byte
	if old != "" {
		key, err = openByPassphrase(f, old)
	} else {
		key, err = k.openByKeychain(ctx, f)
	}
	if err != nil {
		return err
	}
	defer clear(key[:])
	if f.Passphrase, err = sealByPassphrase(key, passphrase, f.Public); err != nil {
		return err
	}
	return k.write(f)
}

// UseKeychain lets the keychain open the vault from now on, or no more. The
// passphrase opens it in any case, so it must have one.
func (k *Keys) UseKeychain(ctx context.Context, passphrase core.Secret, on bool) error {
	f, err := k.load()
	if err != nil {
		return err
	}
	key, err := openByPassphrase(f, passphrase)
	if err != nil {
		return err
	}
	defer clear(key[:])
	f.Keychain = nil
	if on {
		if f.Keychain, err = k.sealByKeychain(ctx, key, f); err != nil {
			return err
		}
	}
	if err = k.write(f); err != nil || on {
		return err
	}
	k.forget(ctx, f)
	return nil
}

// Remove deletes the key file, and what the keychain has. Without it the vault
// cannot be opened ever again.
func (k *Keys) Remove(ctx context.Context) error {
	f, err := k.load()
	if err == nil {
		k.forget(ctx, f)
	}
	if err = os.Remove(k.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errKeyDisk(err)
	}
	return nil
}

func (k *Keys) load() (f keyFile, err error) {
	file, err := os.Open(k.path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return f, ErrNoKey
		}
		return f, errKeyDisk(err)
	}
	defer file.Close()                                             //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(file, maxKeyFileBytes)) //nolint:forbidigo // limited right here
	if err != nil {
		return f, errKeyDisk(err)
	}
	if json.Unmarshal(data, &f) != nil || f.Format == 0 || f.ID == "" {
		return keyFile{}, ErrNoKey
	}
	if f.Format > keyFileFormat {
		return keyFile{}, core.Errorf(core.Invalid, "the key file of this chat was written by a newer version of the program; use that version")
	}
	if _, err = wire.ParseAccountID(f.Public.Account); err != nil {
		return keyFile{}, ErrNoKey
	}
	return f, nil
}

func (k *Keys) write(f keyFile) error {
	data, err := f.encode()
	if err != nil {
		return err
	}
	if err = disk.Write(k.path, data); err != nil {
		return errKeyDisk(err)
	}
	return nil
}

func (f keyFile) encode() ([]byte, error) {
	data, err := json.Marshal(f)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the key file of this chat could not be written")
	}
	return append(data, '\n'), nil
}

func random() string {
	var b [markBytes]byte
	_, _ = rand.Read(b[:]) //nolint:errcheck // it never fails
	return hex.EncodeToString(b[:])
}

func sealByPassphrase(key [keyBytes]byte, passphrase core.Secret, p Public) (*door, error) {
	if err := CheckPassphrase(passphrase); err != nil {
		return nil, err
	}
	d := &door{Salt: make([]byte, saltBytes)}
	_, _ = rand.Read(d.Salt) //nolint:errcheck // it never fails
	kek := derive(passphrase, d.Salt)
	defer clear(kek)
	var err error
	d.Sealed, err = wrap(kek, "passphrase", key, p)
	return d, err
}

func openByPassphrase(f keyFile, passphrase core.Secret) (key [keyBytes]byte, err error) {
	if f.Passphrase == nil {
		return key, ErrNoPassphrase
	}
	if len(passphrase) > MaxPassphraseBytes || len(f.Passphrase.Salt) != saltBytes {
		return key, ErrPassphrase
	}
	kek := derive(passphrase, f.Passphrase.Salt)
	defer clear(kek)
	if key, err = unwrap(kek, "passphrase", f.Passphrase.Sealed, f.Public); err != nil {
		return key, ErrPassphrase
	}
	return key, nil
}

// derive takes a third to half of a second and 64 MiB.
func derive(passphrase core.Secret, salt []byte) []byte {
	return argon2.IDKey([]byte(passphrase.Reveal()), salt, argonTime, argonMemory, argonThreads, keyBytes)
}

// CheckPassphrase judges a passphrase that somebody chooses.
func CheckPassphrase(p core.Secret) error {
	switch {
	case utf8.RuneCountInString(p.Reveal()) < MinPassphrase:
		return core.Errorf(core.Invalid, "a passphrase has at least %d characters", MinPassphrase)
	case len(p) > MaxPassphraseBytes:
		return core.Errorf(core.TooLarge, "a passphrase has at most %d bytes", MaxPassphraseBytes)
	}
	return nil
}

// wrap seals the key for one way of opening it and one account.
func wrap(kek []byte, way string, key [keyBytes]byte, p Public) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(kek)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the chat's key could not be sealed")
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+keyBytes+aead.Overhead())
	_, _ = rand.Read(nonce) //nolint:errcheck // it never fails
	return aead.Seal(nonce, nonce, key[:], wire.Signed(wire.LabelLocal, []byte("key"), []byte(way), []byte(p.Account))), nil
}

func unwrap(kek []byte, way string, sealed []byte, p Public) (key [keyBytes]byte, err error) {
	aead, err := chacha20poly1305.NewX(kek)
	if err != nil {
		return key, ErrPassphrase
	}
	if len(sealed) != aead.NonceSize()+keyBytes+aead.Overhead() {
		return key, ErrPassphrase
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], wire.Signed(wire.LabelLocal, []byte("key"), []byte(way), []byte(p.Account)))
	if err != nil {
		return key, ErrPassphrase
	}
	defer clear(plain)
	return [keyBytes]byte(plain), nil
}

// same compares secrets without telling how much of them is alike.
func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func errKeyDisk(err error) error {
	return core.Wrap(core.Unavailable, err, "the key file of this chat cannot be read or written; check the data folder's permissions and the free space")
}
