// This file keeps what the page remembers about the wallets of a user: whether
// their words were written down, and when open ones lock. It holds no secret.

package api

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	walletNotesName     = "wallet-notes.json"
	maxWalletNotesBytes = 256 << 10 // a folder has at most 200 wallets, of a hundred bytes each

	// DefaultLockMinutes is when an open wallet locks without a signature.
	DefaultLockMinutes = 15
	// MaxLockMinutes bounds the choice: a wallet is not left open over night.
	MaxLockMinutes = 8 * 60
	// RemindAfter is how long a reminder to write the words down can be put off.
	RemindAfter = 24 * time.Hour
)

// walletNote is what is remembered of one wallet.
type walletNote struct {
	WordsChecked bool      `json:"words_checked,omitempty"`
	RemindAt     time.Time `json:"remind_at,omitzero"`
}

// walletNotes is the content of the file.
type walletNotes struct {
	LockMinutes int                   `json:"lock_minutes"`
	Wallets     map[string]walletNote `json:"wallets"`
}

func (n walletNotes) idle() time.Duration { return time.Duration(n.LockMinutes) * time.Minute }

// notesFile reads and writes the file; dir is the user's folder, "" for none.
type notesFile struct {
	dir string
	mu  sync.Mutex // held during file work on purpose: two writers would mix
}

func (f *notesFile) load() (walletNotes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loadLocked()
}

// loadLocked takes a damaged file for an empty one: what is lost is asked again.
func (f *notesFile) loadLocked() (walletNotes, error) {
	empty := walletNotes{LockMinutes: DefaultLockMinutes, Wallets: map[string]walletNote{}}
	if f.dir == "" {
		return empty, nil
	}
	text, err := readAtMost(filepath.Join(f.dir, walletNotesName), maxWalletNotesBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist), core.CodeOf(err) == core.TooLarge:
		return empty, nil
	case err != nil:
		return empty, core.Wrap(core.Unavailable, err, "What is remembered of your wallets cannot be read; check the rights of %s.", walletNotesName)
	}
	n := walletNotes{}
	if damage := json.Unmarshal(text, &n); damage != nil || n.LockMinutes < 1 || n.LockMinutes > MaxLockMinutes {
		return empty, nil //nolint:nilerr // as said above
	}
	if n.Wallets == nil {
		n.Wallets = map[string]walletNote{}
	}
	return n, nil
}

func (f *notesFile) change(edit func(*walletNotes)) error {
	if f.dir == "" {
		return errNoUserFolder()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.loadLocked()
	if err != nil {
		return err
	}
	edit(&n)
	text, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return core.Wrap(core.Internal, err, "What is remembered of your wallets cannot be written.")
	}
	err = os.MkdirAll(f.dir, 0o700)
	if err == nil {
		err = disk.Write(filepath.Join(f.dir, walletNotesName), append(text, '\n'))
	}
	if err != nil {
		return core.Wrap(core.Unavailable, err, "What is remembered of your wallets could not be stored; check the space and rights of your folder of settings.")
	}
	return nil
}

// note changes what is remembered of one wallet.
func (f *notesFile) note(id string, edit func(*walletNote)) error {
	return f.change(func(n *walletNotes) {
		w := n.Wallets[id]
		edit(&w)
		n.Wallets[id] = w
	})
}

func errNoUserFolder() error {
	return core.Errorf(core.Unavailable, "There is no folder for wallets on this computer; name one with DEBROS_USER_DIR and start again.")
}
