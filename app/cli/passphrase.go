package cli

// This file asks for passphrases: on the terminal, or from a file that nobody
// else can read. They are no arguments and no environment variables.

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// passphraseFlags are the flags of commands that open a wallet.
func (a *app) passphraseFlags(c *cobra.Command, file *string, keychain *bool) {
	c.Flags().StringVar(file, "passphrase-file", "", "file with the wallet's passphrase, readable by you only")
	c.Flags().BoolVar(keychain, "keychain", false, "open the wallet by the system's keychain")
	c.MarkFlagsMutuallyExclusive("passphrase-file", "keychain")
}

// passphrase reads one from file, else from the terminal.
func (a *app) passphrase(file, prompt string) (core.Secret, error) {
	if file != "" {
		return passphraseFile(file)
	}
	if a.env.Terminal.Secret == nil {
		return "", core.Errorf(core.Invalid, "a passphrase is needed and nobody is here to ask; add --passphrase-file FILE with a file that only you can read")
	}
	return a.env.Terminal.Secret(prompt)
}

// newPassphrase reads one that is not in use yet; on the terminal twice, as
// nobody sees what he types.
func (a *app) newPassphrase(file, prompt string) (core.Secret, error) {
	once, err := a.passphrase(file, prompt)
	if err != nil || file != "" {
		return once, err
	}
	again, err := a.env.Terminal.Secret("The same again: ")
	if err == nil && again != once {
		err = core.Errorf(core.Invalid, "the two passphrases are not the same; nothing was changed")
	}
	return once, err
}

// passphraseFile reads a file that holds a passphrase and at most one line end.
func passphraseFile(path string) (secret core.Secret, err error) {
	f, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return "", core.Wrap(core.NotFound, err, "the passphrase file %q cannot be opened", path)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", core.Wrap(core.Invalid, err, "the passphrase file %q cannot be read", path)
	case !info.Mode().IsRegular():
		return "", core.Errorf(core.Invalid, "the passphrase file %q is not a regular file", path)
	case openToOthers(info):
		return "", core.Errorf(core.Denied, "the passphrase file %q can be read by others; close it with: chmod 600 %s", path, path)
	}
	data, err := io.ReadAll(io.LimitReader(f, wallet.MaxPassphraseBytes+3)) //nolint:forbidigo // it is the read with a limit
	if err != nil {
		return "", core.Wrap(core.Invalid, err, "the passphrase file %q cannot be read", path)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" || len(text) > wallet.MaxPassphraseBytes {
		return "", core.Errorf(core.Invalid, "the passphrase file %q must hold 1 to %d bytes", path, wallet.MaxPassphraseBytes)
	}
	return core.Secret(text), nil
}
