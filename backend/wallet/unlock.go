package wallet

// This file has what takes a wallet's passphrase.

import (
	"context"

	"git.debros.io/DeBros/network/backend/core"
)

// Export says how a wallet's secret is to leave it.
type Export struct {
	Passphrase core.Secret // the wallet's own, again: an open wallet is not enough
	Form       Form
	// FilePassphrase protects a keystore file; "" means Passphrase.
	FilePassphrase core.Secret
}

// PassphraseChange has both passphrases of a change.
type PassphraseChange struct{ Old, New core.Secret }

// Unlock opens a wallet for signing. It returns ErrPassphrase, ErrDamaged, or
// core.NotFound.
func (s *Store) Unlock(ctx context.Context, id string, passphrase core.Secret) (*Signer, error) {
	var signer *Signer
	err := s.withMaterial(ctx, id, passphrase, func(f walletFile, m material, _ keys) (err error) {
		signer, err = f.signer(m, s.settings.now)
		return err
	})
	return signer, err
}

// Export gives a wallet's secret in a form that other wallets read. The caller
// shows it to the person who typed the passphrase, and stores it nowhere.
func (s *Store) Export(ctx context.Context, id string, e Export) (core.Secret, error) {
	filePassphrase := e.FilePassphrase
	if filePassphrase == "" {
		filePassphrase = e.Passphrase
	}
	if e.Form == FormKeystore {
		if err := checkNewPassphrase(filePassphrase); err != nil {
			return "", err
		}
	}
	fileID, err := newID(s.settings.random)
	if err != nil {
		return "", err
	}
	var secret core.Secret
	err = s.withMaterial(ctx, id, e.Passphrase, func(_ walletFile, m material, k keys) (err error) {
		secret, err = writeSecret(m, k, e.Form, filePassphrase, s.settings.scryptN, fileID)
		return err
	})
	return secret, err
}

// ChangePassphrase protects a wallet with another passphrase. Copies of the file
// made before still open with the old one. The keychain still opens it.
func (s *Store) ChangePassphrase(ctx context.Context, id string, change PassphraseChange) error {
	if err := checkNewPassphrase(change.New); err != nil {
		return err
	}
	return s.withMaterial(ctx, id, change.Old, func(f walletFile, m material, _ keys) error {
		sealed, err := seal(m.raw, change.New, s.settings.scryptN)
		if err != nil {
			return err
		}
		f.file.Crypto = sealed
		return s.replace(f)
	})
}

// withMaterial opens a wallet for the time of use, which must not keep
// what it is given.
func (s *Store) withMaterial(ctx context.Context, id string, passphrase core.Secret, use func(walletFile, material, keys) error) error {
	if passphrase == "" || len(passphrase) > MaxPassphraseBytes {
		return ErrPassphrase
	}
	return s.inTurn(ctx, func() error {
		f, err := s.read(id)
		if err != nil {
			return err
		}
		raw, err := unseal(f.file.Crypto, passphrase)
		if err != nil {
			return err
		}
		return f.withKeys(raw, use)
	})
}

// inTurn runs do while no other caller of the store derives keys or writes.
func (s *Store) inTurn(ctx context.Context, do func() error) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "the wallets were busy; repeat")
	}
	defer func() { <-s.turn }()
	if err := ctx.Err(); err != nil {
		return core.Wrap(core.Unavailable, err, "the wallets were not asked; repeat")
	}
	return do()
}
