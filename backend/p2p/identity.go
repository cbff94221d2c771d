package p2p

// This file keeps the key that names this node: it is made once, never
// overwritten, and refused when it is damaged or readable by others.

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/libp2p/go-libp2p/core/crypto"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// MaxIdentityBytes bounds what is read as an identity; an Ed25519 key takes 68.
const MaxIdentityBytes = 4 << 10

const identityRemedy = "restore it from a backup, or move it away to get a new identity with a new peer id"

// LoadIdentity reads the Ed25519 key at path, in libp2p's own encoding. When
// there is no such file it makes one, whole or not at all, readable by its
// owner only. An existing file is never changed: one that is empty, damaged, of
// another kind or readable by others is refused with its name and the remedy.
func LoadIdentity(path string) (crypto.PrivKey, error) {
	key, err := readIdentity(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeIdentity(path); err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the identity file %s cannot be made; make its folder writable", path)
	}
	// Read back what is on the disk: it may be another process's key, if that
	// one was faster, and it is what the next start will find.
	return readIdentity(path)
}

func readIdentity(path string) (crypto.PrivKey, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("find identity: %w", err)
	case err != nil:
		return nil, core.Wrap(core.Unavailable, err, "the identity file %s cannot be read; check the rights of its folder", path)
	case !info.Mode().IsRegular():
		return nil, core.Errorf(core.Invalid, "the identity file %s is not a file but a %s; %s", path, kindOf(info.Mode()), identityRemedy)
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows":
		return nil, core.Errorf(core.Invalid, "the identity file %s may be used by others (mode %04o); run chmod 600 on it, or move it away if somebody may have copied it", path, info.Mode().Perm())
	case info.Size() == 0:
		return nil, core.Errorf(core.Invalid, "the identity file %s is empty; %s", path, identityRemedy)
	case info.Size() > MaxIdentityBytes:
		return nil, core.Errorf(core.Invalid, "the identity file %s is no key: it has more than %d bytes; %s", path, MaxIdentityBytes, identityRemedy)
	}
	file, err := os.Open(path) //nolint:gosec // the path is the operator's own configuration
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the identity file %s cannot be opened; check its owner and rights", path)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	body := make([]byte, info.Size())
	if _, err := io.ReadFull(file, body); err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the identity file %s cannot be read", path)
	}
	return parseIdentity(path, body)
}

func parseIdentity(path string, body []byte) (crypto.PrivKey, error) {
	key, err := crypto.UnmarshalPrivateKey(body)
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "the identity file %s is damaged; %s", path, identityRemedy)
	}
	if key.Type() != crypto.Ed25519 {
		return nil, core.Errorf(core.Invalid, "the identity file %s holds a key of type %s, but a node needs Ed25519; %s", path, key.Type(), identityRemedy)
	}
	raw, err := key.Raw()
	if err != nil || len(raw) != ed25519.PrivateKeySize || !bytes.Equal(ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize]), raw) {
		// The second half can be computed from the first: libp2p does not check
		// it, and one wrong bit on the disk would give the node another name.
		return nil, core.Errorf(core.Invalid, "the identity file %s is damaged: its halves do not belong together; %s", path, identityRemedy)
	}
	return key, nil
}

// makeIdentity writes a new key, and leaves one alone that somebody else made
// meanwhile.
func makeIdentity(path string) error {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return fmt.Errorf("generate key: %w", err)
	}
	body, err := crypto.MarshalPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	if err = os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err = disk.Create(path, body); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}

func kindOf(mode fs.FileMode) string {
	if mode.IsDir() {
		return "folder"
	}
	return "special file"
}
