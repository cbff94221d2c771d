package wallet

// This file has the folder of the built-in wallets: what can be done with them.
// How they lie on the disk is in folder.go.

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of a folder and of what people type.
const (
	// MaxWallets of a folder. People have a handful; each list reads them all.
	MaxWallets = 200
	// MaxLabelBytes of a wallet's name.
	MaxLabelBytes = 64
	// MinPassphraseBytes of a new passphrase. What is shorter is tried out in hours
	// even at a second for each guess.
	MinPassphraseBytes = 8
	// MaxPassphraseBytes of any passphrase.
	MaxPassphraseBytes = 1024
	// IdleLock is how long an open wallet stays open without a signature.
	IdleLock = 5 * time.Minute
	// MaxIdleLock is the longest that a person can choose instead: a working day.
	MaxIdleLock = 8 * time.Hour
)

// Store is one folder of built-in wallets. It belongs to a user of the computer
// and serves all networks. Its methods may be called from any goroutine and from
// several processes; those that take a passphrase need a second and 256 MB, so
// only one of them runs at a time and the others wait, as long as their context
// does. They work on the wallet that was asked for or leave everything as it was.
type Store struct {
	dir      string
	settings settings
	turn     chan struct{} // held by whoever derives a key or writes
	asking   chan struct{} // held while the keychain is asked
}

// settings are what tests set differently.
type settings struct {
	scryptN  int
	random   io.Reader
	now      func() time.Time
	keychain keychain
}

// Info is what is known of a wallet while it is locked.
type Info struct {
	ID        string    `json:"id"`
	Label     string    `json:"label"` // for people
	Kind      Kind      `json:"kind"`
	Accounts  []Account `json:"accounts"` // Ethereum first
	Number    uint32    `json:"account"`  // which account of its words
	CreatedAt time.Time `json:"created_at"`
	Keychain  bool      `json:"keychain"` // the keychain of the system can open it too
	// Problem says why the wallet cannot be used and what to do; else it is "".
	// Then only ID is set.
	Problem string `json:"problem,omitempty"`
}

// Account is the wallet's account on a chain; false when it has none there.
func (i Info) Account(chain Chain) (Account, bool) {
	for _, a := range i.Accounts {
		if a.chain == chain {
			return a, true
		}
	}
	return Account{}, false
}

// New says what wallet to create.
type New struct {
	Label      string // "" takes "wallet 1" or the next that is free
	Words      int    // 12 or 24; 0 means 12
	Number     uint32 // account of the words; 0 is the one that other wallets show first
	Passphrase core.Secret
}

// Import says what secret to take over.
type Import struct {
	Label  string
	Secret core.Secret // a phrase, a key, or the content of a key file
	Form   Form        // "" guesses
	Number uint32      // account of a phrase
	// FilePassphrase is that of a keystore file; "" means Passphrase.
	FilePassphrase core.Secret
	Passphrase     core.Secret // protects it from now on
}

// Open opens the folder of wallets at dir and makes it when it is not there. The
// folder and its files become readable by their owner only.
func Open(dir string) (*Store, error) {
	return open(dir, settings{scryptN: scryptN, random: rand.Reader, now: time.Now, keychain: systemKeychain{}})
}

func open(dir string, set settings) (*Store, error) {
	if err := secureFolder(dir); err != nil {
		return nil, err
	}
	return &Store{dir: dir, settings: set, turn: make(chan struct{}, 1), asking: make(chan struct{}, 1)}, nil
}

// List tells the wallets, oldest first. A file that cannot be read is in it with
// its Problem and hides no other.
func (s *Store) List() ([]Info, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	all := []Info{}
	for _, id := range ids {
		f, err := s.read(id)
		if core.CodeOf(err) == core.NotFound { // removed meanwhile
			continue
		}
		if err != nil {
			all = append(all, Info{ID: id, Problem: core.Sentence(err)})
			continue
		}
		all = append(all, f.info)
	}
	slices.SortStableFunc(all, func(a, b Info) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, nil
}

// Find returns the wallet with this id, label or address. It returns
// core.NotFound when there is none, and core.Conflict when a label fits several.
func (s *Store) Find(name string) (Info, error) {
	all, err := s.List()
	if err != nil {
		return Info{}, err
	}
	account, err := ParseAccount(name, "")
	isAddress := err == nil
	var found []Info
	for _, info := range all {
		switch {
		case info.ID == name:
			return info, nil
		case info.Problem != "":
		case strings.EqualFold(info.Label, name), isAddress && slices.Contains(info.Accounts, account):
			found = append(found, info)
		}
	}
	switch len(found) {
	case 0:
		return Info{}, errNoWallet()
	case 1:
		return found[0], nil
	default:
		return Info{}, core.Errorf(core.Conflict, "several wallets have this label; name one by its address")
	}
}

// Create makes a wallet of new words. It returns them to be shown and written
// down; later only Export gives them. It is an identity, not meant for funds.
func (s *Store) Create(ctx context.Context, n New) (Info, core.Secret, error) {
	words := n.Words
	if words == 0 {
		words = minWords
	}
	if words != minWords && words != maxWords {
		return Info{}, "", core.Errorf(core.Invalid, "a new wallet has %d or %d words", minWords, maxWords)
	}
	m := material{KindWords, make([]byte, words/3*4)}
	defer m.wipe()
	if _, err := io.ReadFull(s.settings.random, m.raw); err != nil {
		return Info{}, "", core.Wrap(core.Internal, err, "there is no randomness to make a wallet of")
	}
	phrase, err := phraseOf(m.raw)
	if err != nil {
		return Info{}, "", err
	}
	info, err := s.add(ctx, m, walletPart{Label: n.Label, Number: n.Number}, n.Passphrase)
	if err != nil {
		return Info{}, "", err
	}
	return info, phrase, nil
}

// Import takes over a secret of another wallet. It returns core.Conflict when
// one of its accounts is here already, core.Invalid when the secret is none of
// its form, and ErrPassphrase for a keystore file that does not open.
func (s *Store) Import(ctx context.Context, in Import) (Info, error) {
	if err := checkNewPassphrase(in.Passphrase); err != nil {
		return Info{}, err
	}
	form := in.Form
	if form == "" {
		form = GuessForm(in.Secret)
	}
	filePassphrase := in.FilePassphrase
	if filePassphrase == "" {
		filePassphrase = in.Passphrase
	}
	var m material
	err := s.inTurn(ctx, func() (err error) {
		m, err = parseSecret(form, in.Secret, filePassphrase)
		return err
	})
	if err != nil {
		return Info{}, err
	}
	defer m.wipe()
	part := walletPart{Label: in.Label}
	if m.kind == KindWords {
		part.Number = in.Number
	}
	return s.add(ctx, m, part, in.Passphrase)
}

// Rename gives a wallet another label. It returns core.Conflict when another
// wallet has it.
func (s *Store) Rename(ctx context.Context, id, label string) (Info, error) {
	var f walletFile
	err := s.inTurn(ctx, func() (err error) {
		if f, err = s.read(id); err != nil {
			return err
		}
		if f.file.Wallet.Label, err = s.freeLabel(label, id); err != nil {
			return err
		}
		f.info.Label = f.file.Wallet.Label
		return s.replace(f)
	})
	return f.info, err
}

// Remove deletes a wallet for good, and its entry in the keychain where that
// answers. Who has neither words nor a backup has lost its accounts.
func (s *Store) Remove(ctx context.Context, id string) error {
	var hadKeychain bool
	err := s.inTurn(ctx, func() (err error) {
		hadKeychain, err = s.remove(id)
		return err
	})
	if err == nil && hadKeychain {
		s.forgetKeychain(ctx, id)
	}
	return err
}

// add stores a wallet that is not there yet.
func (s *Store) add(ctx context.Context, m material, part walletPart, passphrase core.Secret) (Info, error) {
	if err := checkNewPassphrase(passphrase); err != nil {
		return Info{}, err
	}
	k, err := m.keys(part.Number)
	if err != nil {
		return Info{}, err
	}
	accounts := k.accounts()
	k.wipe()
	id, err := newID(s.settings.random)
	if err != nil {
		return Info{}, err
	}
	part.Kind, part.CreatedAt = m.kind, s.settings.now().UTC().Truncate(time.Second)
	var info Info
	err = s.inTurn(ctx, func() (err error) {
		if err = s.checkRoom(accounts); err != nil {
			return err
		}
		if part.Label, err = s.freeLabel(part.Label, ""); err != nil {
			return err
		}
		sealed, err := seal(m.raw, passphrase, s.settings.scryptN)
		if err != nil {
			return err
		}
		info, err = s.create(keyFile{Crypto: sealed, ID: id, Wallet: &part}, accounts)
		return err
	})
	return info, err
}

// checkRoom tells whether a wallet with these accounts may be added.
func (s *Store) checkRoom(accounts []Account) error {
	all, err := s.List()
	if err != nil {
		return err
	}
	if len(all) >= MaxWallets {
		return core.Errorf(core.Limited, "a folder holds at most %d wallets; remove one first", MaxWallets)
	}
	for _, info := range all {
		for _, a := range accounts {
			if slices.Contains(info.Accounts, a) {
				return core.Errorf(core.Conflict, "the wallet %q has this account already; use that one", info.Label)
			}
		}
	}
	return nil
}

// freeLabel checks a label that wallet id wants, or finds one for "".
func (s *Store) freeLabel(label, id string) (string, error) {
	all, err := s.List()
	if err != nil {
		return "", err
	}
	return pickLabel(label, func(label string) bool {
		return slices.ContainsFunc(all, func(i Info) bool { return i.ID != id && strings.EqualFold(i.Label, label) })
	})
}

func checkLabel(label string) error {
	bad := func(r rune) bool { return !unicode.IsPrint(r) }
	if label == "" || len(label) > MaxLabelBytes || !utf8.ValidString(label) || strings.ContainsFunc(label, bad) || strings.TrimSpace(label) != label {
		return core.Errorf(core.Invalid, "a label has 1 to %d bytes that can be printed, and no space at its ends", MaxLabelBytes)
	}
	return nil
}

func checkNewPassphrase(passphrase core.Secret) error {
	if len(passphrase) < MinPassphraseBytes || len(passphrase) > MaxPassphraseBytes {
		return core.Errorf(core.Invalid, "a passphrase has %d to %d bytes; a few words are best", MinPassphraseBytes, MaxPassphraseBytes)
	}
	return nil
}

func errNoWallet() error {
	return core.Errorf(core.NotFound, "there is no such wallet; list them to see which there are")
}
