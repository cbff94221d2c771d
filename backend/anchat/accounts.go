package anchat

// This file finds the wallets that have a device on this node.

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// MaxAccounts bounds the wallets with a device on one node.
	MaxAccounts = 50

	vaultSuffix = ".db"
	keySuffix   = ".key"
	nameBytes   = 12 // of the hashes that files are named after
)

// entry is a wallet's device on this node. All of it is public; the key file says it.
type entry struct {
	account  wallet.Account
	device   string
	keychain bool
	base     string // path of its files, without their ends
}

func (c *Chat) keys(base string) *vault.Keys { return vault.NewKeys(base+keySuffix, c.set.Keychain) }

// folder is the network's: its id may have any form.
func (c *Chat) folder() string {
	sum := sha256.Sum256([]byte(c.set.Network))
	return filepath.Join(c.set.Dir, hex.EncodeToString(sum[:nameBytes]))
}

// base is where an account's files are.
func (c *Chat) base(a wallet.Account) string {
	sum := sha256.Sum256([]byte(wire.AccountID(a)))
	return filepath.Join(c.folder(), hex.EncodeToString(sum[:nameBytes]))
}

// entries are the wallets with a device here, sorted by address. A key file that is
// damaged is left out: its wallet enrols anew.
func (c *Chat) entries() ([]entry, error) {
	files, err := os.ReadDir(c.folder())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the chat's folder cannot be read; check the data folder's permissions")
	}
	var all []entry
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), keySuffix)
		if !ok || len(all) == MaxAccounts {
			continue
		}
		e, readErr := c.entry(filepath.Join(c.folder(), name))
		if readErr != nil {
			c.set.Log.Warn("a key file of the chat was passed over", "error", readErr)
			continue
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.account.String(), b.account.String()) })
	return all, nil
}

func (c *Chat) entry(base string) (e entry, err error) {
	public, keychain, err := c.keys(base).ReadPublic()
	if err != nil {
		return e, err
	}
	e = entry{device: public.Device, keychain: keychain, base: base}
	if e.account, err = wire.ParseAccountID(public.Account); err != nil {
		return e, err
	}
	if c.base(e.account) != base {
		return e, core.Errorf(core.Invalid, "the file is another account's")
	}
	return e, nil
}

// find is the entry of an address. It returns core.NotFound.
func (c *Chat) find(address string) (entry, error) {
	all, err := c.entries()
	if err != nil {
		return entry{}, err
	}
	for _, e := range all {
		text := e.account.String()
		if text == address || e.account.Chain() == wallet.ETH && strings.EqualFold(text, address) {
			return e, nil
		}
	}
	return entry{}, core.Errorf(core.NotFound, "this wallet has no chat on this node; set it up first")
}

// removeVault deletes what lies beside a key file. Without the key it is worth
// nothing, so the key goes first.
func removeVault(base string) error {
	var all error
	for _, end := range []string{vaultSuffix, vaultSuffix + "-wal", vaultSuffix + "-shm"} {
		if err := os.Remove(base + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	if all != nil {
		return core.Wrap(core.Unavailable, all, "the chat's files could not all be removed; check the data folder's permissions")
	}
	return nil
}
