package vault

// This file asks the keychain of the operating system.

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"

	"git.debros.io/DeBros/network/backend/core"
)

// KeychainWait bounds one question to the keychain. It may show a dialog of its
// own, and people need time to type there.
const KeychainWait = time.Minute

// The reasons for which the keychain does not open a vault. After each a
// passphrase still does, where one was chosen.
var (
	// ErrNoKeychain is for a system without a keychain, or one that does not answer.
	ErrNoKeychain error = core.Errorf(core.Unavailable, "this system has no keychain that answers; use a passphrase for the chat")
	// ErrKeychainOff is for a vault that was never given to the keychain.
	ErrKeychainOff error = core.Errorf(core.Unauthenticated, "the keychain does not open this chat; type its passphrase")
	// ErrKeychainLost is for an entry that is gone or was changed.
	ErrKeychainLost error = core.Errorf(core.Unauthenticated, "the keychain has lost or changed what opens this chat; type its passphrase, then turn the keychain on again")
)

const keychainService = "DeBros chat"

// Keychain keeps small secrets by name. Its errors are those of go-keyring.
type Keychain interface {
	Get(name string) (string, error)
	Set(name, secret string) error
	Delete(name string) error
}

// SystemKeychain is Keychain on macOS, Credential Manager on Windows and the
// Secret Service elsewhere.
type SystemKeychain struct{}

// Get reads a secret.
func (SystemKeychain) Get(name string) (string, error) { return keyring.Get(keychainService, name) }

// Set keeps one.
func (SystemKeychain) Set(name, secret string) error {
	return keyring.Set(keychainService, name, secret)
}

// Delete removes one.
func (SystemKeychain) Delete(name string) error { return keyring.Delete(keychainService, name) }

// Names in the keychain: what opens the key, and the mark of the last start.
func (f keyFile) secretName() string { return f.ID }
func (f keyFile) markName() string   { return f.ID + " start" }

// sealByKeychain makes a secret, gives it to the keychain and seals the key under it.
func (k *Keys) sealByKeychain(ctx context.Context, key [keyBytes]byte, f keyFile) (*door, error) {
	if k.keychain == nil {
		return nil, ErrNoKeychain
	}
	secret := make([]byte, keyBytes)
	defer clear(secret)
	_, _ = rand.Read(secret) //nolint:errcheck // it never fails; see crypto/rand
	sealed, err := wrap(secret, "keychain", key, f.Public)
	if err != nil {
		return nil, err
	}
	_, err = k.ask(ctx, func() (string, error) { return "", k.keychain.Set(f.secretName(), hex.EncodeToString(secret)) })
	return &door{Sealed: sealed}, err
}

func (k *Keys) openByKeychain(ctx context.Context, f keyFile) (key [keyBytes]byte, err error) {
	switch {
	case f.Keychain == nil:
		return key, ErrKeychainOff
	case k.keychain == nil:
		return key, ErrNoKeychain
	}
	text, err := k.ask(ctx, func() (string, error) { return k.keychain.Get(f.secretName()) })
	if err != nil {
		return key, err
	}
	secret, err := hex.DecodeString(text)
	if err != nil || len(secret) != keyBytes {
		return key, ErrKeychainLost
	}
	defer clear(secret)
	if key, err = unwrap(secret, "keychain", f.Keychain.Sealed, f.Public); err != nil {
		return key, ErrKeychainLost
	}
	return key, nil
}

// lastStarted tells whether this folder, and no copy of it, was the last to start.
// Without the keychain's word it is not.
func (k *Keys) lastStarted(ctx context.Context, f keyFile) bool {
	if k.keychain == nil || f.Keychain == nil {
		return false
	}
	mark, err := k.ask(ctx, func() (string, error) { return k.keychain.Get(f.markName()) })
	return err == nil && same(mark, f.Mark)
}

// remember leaves the mark of this start in the keychain, where it opens the vault,
// and tells whether it is there. A keychain that fails costs new sessions, so it is
// no fault.
func (k *Keys) remember(ctx context.Context, f keyFile) (bool, error) {
	if k.keychain == nil || f.Keychain == nil {
		return false, nil
	}
	_, err := k.ask(ctx, func() (string, error) { return "", k.keychain.Set(f.markName(), f.Mark) })
	if ctx.Err() != nil {
		return false, err
	}
	return err == nil, nil
}

// forget removes what the keychain has, if it can: it opens nothing any more.
func (k *Keys) forget(ctx context.Context, f keyFile) {
	if k.keychain == nil {
		return
	}
	for _, entry := range []string{f.secretName(), f.markName()} {
		_, _ = k.ask(ctx, func() (string, error) { return "", k.keychain.Delete(entry) }) //nolint:errcheck // see above
	}
}

// ask asks the keychain one question. The library takes no context and can wait for
// a dialog without end. So a question that is not answered in time is left to
// itself; as it keeps its place, there is never more than one of them.
func (k *Keys) ask(ctx context.Context, question func() (string, error)) (string, error) {
	patience, cancel := context.WithTimeout(ctx, KeychainWait)
	defer cancel()
	select {
	case k.asking <- struct{}{}:
	case <-patience.Done():
		return "", unanswered(ctx)
	}
	type answer struct {
		text string
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		defer func() { <-k.asking }()
		text, err := question()
		answered <- answer{text, err}
	}()
	select {
	case a := <-answered:
		switch {
		case a.err == nil:
			return a.text, nil
		case errors.Is(a.err, keyring.ErrNotFound):
			return "", ErrKeychainLost
		}
		return "", fmt.Errorf("%w: %w", ErrNoKeychain, a.err)
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
