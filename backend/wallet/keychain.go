package wallet

// This file opens wallets by the keychain of the operating system. It is a
// second door: the passphrase stays the first, so a keychain that is lost takes
// nothing with it.

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/ethereum/go-ethereum/accounts/keystore"
	"github.com/zalando/go-keyring"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// KeychainWait bounds one question to the keychain. It may show a dialog of its
// own, and people need time to type there.
const KeychainWait = time.Minute

// The reasons for which the keychain does not open a wallet. After each the
// passphrase still does.
var (
	// ErrNoKeychain is for a system without a keychain, or one that does not answer.
	ErrNoKeychain error = core.Errorf(core.Unavailable, "this system has no keychain that answers; unlock the wallet with its passphrase")
	// ErrKeychainOff is for a wallet that was never given to the keychain.
	ErrKeychainOff error = core.Errorf(core.NotFound, "the keychain does not open this wallet; unlock it with its passphrase, then turn the keychain on for it")
	// ErrKeychainLost is for an entry that is gone or was changed.
	ErrKeychainLost error = core.Errorf(core.Unauthenticated, "the keychain has lost or changed what opens this wallet; unlock it with its passphrase, then turn the keychain on again")
)

const (
	keychainService     = "DeBros wallet"
	keychainSecretBytes = 32
)

// keychain keeps small secrets by name. Its errors are those of go-keyring.
type keychain interface {
	Get(name string) (string, error)
	Set(name, secret string) error
	Delete(name string) error
}

// systemKeychain is Keychain on macOS, Credential Manager on Windows and the
// Secret Service elsewhere.
type systemKeychain struct{}

func (systemKeychain) Get(name string) (string, error) { return keyring.Get(keychainService, name) }
func (systemKeychain) Set(name, secret string) error {
	return keyring.Set(keychainService, name, secret)
}
func (systemKeychain) Delete(name string) error { return keyring.Delete(keychainService, name) }

// keychainFile is the wallet's secret once more, under a passphrase that only
// the keychain has.
type keychainFile struct {
	Crypto keystore.CryptoJSON `json:"crypto"`
}

// TurnOnKeychain lets the system's keychain open a wallet from now on: it makes a
// random passphrase, keeps it there, and stores the secret a second time under
// it. The wallet's own passphrase is needed once. When it fails, all is as it was.
func (s *Store) TurnOnKeychain(ctx context.Context, id string, passphrase core.Secret) error {
	raw := make([]byte, keychainSecretBytes)
	defer clear(raw)
	if _, err := io.ReadFull(s.settings.random, raw); err != nil {
		return core.Wrap(core.Internal, err, "there is no randomness to make a passphrase of")
	}
	secret := hex.EncodeToString(raw)
	var data []byte
	err := s.withMaterial(ctx, id, passphrase, func(_ walletFile, m material, _ keys) error {
		sealed, err := seal(m.raw, core.Secret(secret), min(s.settings.scryptN, lightScryptN))
		if err != nil {
			return err
		}
		data, err = json.Marshal(keychainFile{sealed})
		return err
	})
	if err != nil {
		return err
	}
	// The entry goes first: without a keychain nothing must look turned on.
	_, err = s.askKeychain(ctx, func() (string, error) { return "", s.settings.keychain.Set(id, secret) })
	if err != nil {
		return err
	}
	return s.inTurn(ctx, func() error {
		if _, err := s.read(id); err != nil { // removed meanwhile
			return err
		}
		if err := disk.Write(s.path(id, keychainSuffix), append(data, '\n')); err != nil {
			return errDisk(err, "written")
		}
		return nil
	})
}

// TurnOffKeychain leaves the passphrase as the only way to open a wallet. The
// keychain's entry goes too where it answers; without the file it opens nothing.
func (s *Store) TurnOffKeychain(ctx context.Context, id string) error {
	err := s.inTurn(ctx, func() error { return s.removeKeychain(id) })
	if err != nil {
		return err
	}
	s.forgetKeychain(ctx, id)
	return nil
}

// UnlockFromKeychain opens a wallet for signing without a passphrase. It returns
// ErrNoKeychain, ErrKeychainOff, ErrKeychainLost, ErrDamaged or core.NotFound.
// It never exports: that takes the passphrase.
func (s *Store) UnlockFromKeychain(ctx context.Context, id string) (*Signer, error) {
	f, err := s.read(id)
	if err != nil {
		return nil, err
	}
	data, err := s.load(id, keychainSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrKeychainOff
	}
	if err != nil {
		return nil, err
	}
	var sealed keychainFile
	if json.Unmarshal(data, &sealed) != nil || checkCrypto(sealed.Crypto) != nil {
		return nil, ErrKeychainLost
	}
	secret, err := s.askKeychain(ctx, func() (string, error) { return s.settings.keychain.Get(id) })
	if err != nil {
		return nil, err
	}
	var signer *Signer
	err = s.inTurn(ctx, func() error {
		raw, wrong := unseal(sealed.Crypto, core.Secret(secret))
		if wrong != nil {
			return ErrKeychainLost
		}
		return f.withKeys(raw, func(f walletFile, m material, _ keys) (err error) {
			signer, err = f.signer(m, s.settings.now)
			return err
		})
	})
	return signer, err
}

// forgetKeychain deletes the keychain's entry, if it can.
func (s *Store) forgetKeychain(ctx context.Context, id string) {
	_, _ = s.askKeychain(ctx, func() (string, error) { return "", s.settings.keychain.Delete(id) }) //nolint:errcheck // what stays there opens nothing any more
}

type keychainAnswer struct {
	secret string
	err    error
}

// askKeychain asks the keychain one question. The library can wait for a dialog
// without end and takes no context. So a question that is not answered in time is
// left to itself; as it keeps its place, there is never more than one of them.
func (s *Store) askKeychain(ctx context.Context, question func() (string, error)) (string, error) {
	patience, cancel := context.WithTimeout(ctx, KeychainWait)
	defer cancel()
	select {
	case s.asking <- struct{}{}:
	case <-patience.Done():
		return "", unanswered(ctx)
	}
	answered := make(chan keychainAnswer, 1)
	go func() {
		defer func() { <-s.asking }()
		secret, err := question()
		answered <- keychainAnswer{secret, err}
	}()
	select {
	case a := <-answered:
		if a.err != nil {
			return "", keychainError(a.err)
		}
		return a.secret, nil
	case <-patience.Done():
		return "", unanswered(ctx)
	}
}

// unanswered tells a caller who gave up from a keychain that took too long.
func unanswered(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ask keychain: %w", err)
	}
	return ErrNoKeychain
}

// keychainError puts the library's error in our words. An entry that is not
// there is one that was lost, as each wallet's file says whether it has one.
func keychainError(err error) error {
	if errors.Is(err, keyring.ErrNotFound) {
		return ErrKeychainLost
	}
	return fmt.Errorf("%w: %w", ErrNoKeychain, err)
}
