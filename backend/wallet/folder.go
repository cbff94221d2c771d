package wallet

// This file has the store's files: <id>.json for a wallet, <id>.keychain for the
// second way to open it. All are replaced as a whole and never in part.

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	walletSuffix   = ".json"
	keychainSuffix = ".keychain"

	idBytes = 16
	idText  = 36

	// maxNames bounds what is read of a folder. Besides wallets it holds what a
	// crash left of writes, and what people put there.
	maxNames = 10 * MaxWallets
)

// walletFile is a wallet as it was read.
type walletFile struct {
	info Info
	file keyFile
	data []byte // as it lies on the disk
}

// withKeys derives the keys of raw, checks that they are those that the file
// names, and hands them to use. raw and the keys are wiped afterwards.
func (f walletFile) withKeys(raw []byte, use func(walletFile, material, keys) error) error {
	m := material{f.info.Kind, raw}
	defer m.wipe()
	k, err := m.keys(f.info.Number)
	if err != nil {
		return ErrDamaged
	}
	defer k.wipe()
	// The protection covers neither its own start value nor what stands beside it.
	if !slices.Equal(k.accounts(), f.info.Accounts) {
		return ErrDamaged
	}
	return use(f, m, k)
}

// signer opens the wallet with keys of its own, as those of withKeys are wiped.
func (f walletFile) signer(m material, now func() time.Time) (*Signer, error) {
	k, err := m.keys(f.info.Number)
	if err != nil {
		return nil, err
	}
	return newSigner(k, now), nil
}

// secureFolder makes the folder, and closes it and its files to other users.
func secureFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return errDisk(err, "made")
	}
	if runtime.GOOS == "windows" {
		return nil // the profile's own rights keep others out
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder
		return errDisk(err, "closed to other users")
	}
	names, err := folderNames(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		// Only our own plain files: a link would change the rights of another file.
		if info, err := os.Lstat(path); !isOurs(name) || err != nil || !info.Mode().IsRegular() {
			continue
		}
		if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errDisk(err, "closed to other users")
		}
	}
	return nil
}

func folderNames(dir string) ([]string, error) {
	f, err := os.Open(dir) //nolint:gosec // the user's own folder
	if err != nil {
		return nil, errDisk(err, "opened")
	}
	names, err := f.Readdirnames(maxNames)
	if err = errors.Join(ignoreEOF(err), f.Close()); err != nil {
		return nil, errDisk(err, "read")
	}
	if len(names) == maxNames { // some may be missing, and which of them are wallets nobody knows
		return nil, core.Errorf(core.Limited, "the folder of the wallets has %d files or more; give the wallets a folder of their own", maxNames)
	}
	slices.Sort(names)
	return names, nil
}

// ids lists the ids that files are named after.
func (s *Store) ids() ([]string, error) {
	names, err := folderNames(s.dir)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, name := range names {
		if id, ok := strings.CutSuffix(name, walletSuffix); ok && isID(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// read loads a wallet. It returns core.NotFound or ErrDamaged.
func (s *Store) read(id string) (walletFile, error) {
	data, err := s.load(id, walletSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return walletFile{}, errNoWallet()
	}
	if err != nil {
		return walletFile{}, err
	}
	file, accounts, err := parseKeyFile(data)
	if err != nil {
		return walletFile{}, err
	}
	if file.ID != id {
		return walletFile{}, ErrDamaged
	}
	part := file.Wallet
	info := Info{ID: id, Label: part.Label, Kind: part.Kind, Accounts: accounts, Number: part.Number, CreatedAt: part.CreatedAt}
	_, err = os.Lstat(s.path(id, keychainSuffix))
	info.Keychain = err == nil
	return walletFile{info: info, file: file, data: data}, nil
}

// load reads one of a wallet's files; fs.ErrNotExist when it is not there.
func (s *Store) load(id, suffix string) ([]byte, error) {
	if !isID(id) { // it becomes a path
		return nil, fs.ErrNotExist
	}
	f, err := os.Open(s.path(id, suffix))
	if err != nil {
		return nil, errDisk(err, "read")
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxKeyFileBytes+1)) //nolint:forbidigo // limited
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errDisk(err, "read")
	}
	if len(data) > MaxKeyFileBytes {
		return nil, ErrDamaged
	}
	return data, nil
}

// create writes a new wallet's file.
func (s *Store) create(file keyFile, accounts []Account) (Info, error) {
	data, err := file.marshal(accounts)
	if err != nil {
		return Info{}, err
	}
	if err = disk.Create(s.path(file.ID, walletSuffix), data); err != nil {
		return Info{}, errDisk(err, "written")
	}
	f, err := s.read(file.ID)
	return f.info, err
}

// replace writes a changed wallet in place of the one that was read. It looks
// again whether that is still there, as another process may have changed its
// passphrase or removed it meanwhile.
func (s *Store) replace(f walletFile) error {
	now, err := s.load(f.info.ID, walletSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return errNoWallet()
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(now, f.data) {
		return core.Errorf(core.Conflict, "the wallet was changed by another program meanwhile; repeat")
	}
	data, err := f.file.marshal(f.info.Accounts)
	if err != nil {
		return err
	}
	if err = disk.Write(s.path(f.info.ID, walletSuffix), data); err != nil {
		return errDisk(err, "written")
	}
	return nil
}

// remove deletes a wallet's files, a damaged one's too. The way by the keychain
// goes first, so that a crash leaves a wallet and not a key to nothing.
func (s *Store) remove(id string) (hadKeychain bool, err error) {
	if !isID(id) {
		return false, errNoWallet()
	}
	switch err = s.removeKeychain(id); {
	case err == nil:
		hadKeychain = true
	case !errors.Is(err, ErrKeychainOff):
		return false, err
	}
	switch err = os.Remove(s.path(id, walletSuffix)); {
	case errors.Is(err, fs.ErrNotExist):
		return hadKeychain, errNoWallet()
	case err != nil:
		return hadKeychain, errDisk(err, "removed")
	}
	if err = disk.SyncFolder(s.dir); err != nil {
		return hadKeychain, errDisk(err, "removed")
	}
	return hadKeychain, nil
}

// removeKeychain deletes the second way to open a wallet.
func (s *Store) removeKeychain(id string) error {
	if !isID(id) {
		return ErrKeychainOff
	}
	err := os.Remove(s.path(id, keychainSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrKeychainOff
	}
	if err == nil {
		err = disk.SyncFolder(s.dir)
	}
	if err != nil {
		return errDisk(err, "removed")
	}
	return nil
}

func (s *Store) path(id, suffix string) string { return filepath.Join(s.dir, id+suffix) }

// newID makes a random UUID (RFC 9562, version 4): keystore files need one.
func newID(random io.Reader) (string, error) {
	raw := make([]byte, idBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", core.Wrap(core.Internal, err, "there is no randomness to make an id of")
	}
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	digits := hex.EncodeToString(raw)
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:], nil
}

// isID tells whether text is an id, which is also safe in a file's name.
func isID(text string) bool {
	if len(text) != idText {
		return false
	}
	for i := range len(text) {
		c := text[i]
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// isOurs tells whether a name is one that the store gives.
func isOurs(name string) bool {
	id, isWallet := strings.CutSuffix(name, walletSuffix)
	if !isWallet {
		id = strings.TrimSuffix(name, keychainSuffix)
	}
	return isID(id)
}

// pickLabel checks label, or finds the first of "wallet 1", "wallet 2" … that is
// not taken.
func pickLabel(label string, taken func(string) bool) (string, error) {
	if label != "" {
		if err := checkLabel(label); err != nil {
			return "", err
		}
		if taken(label) {
			return "", core.Errorf(core.Conflict, "another wallet has this label; choose a different one")
		}
		return label, nil
	}
	for n := 1; ; n++ { // ends: at most MaxWallets labels are taken
		if label = "wallet " + strconv.Itoa(n); !taken(label) {
			return label, nil
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// errDisk keeps the path, which says who the user is, out of the sentence.
func errDisk(err error, what string) error {
	return core.Wrap(core.Unavailable, fmt.Errorf("wallet folder: %w", err), "the wallet's file or folder could not be %s; look at the folder's rights and the free space", what)
}
