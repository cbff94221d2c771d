// This file is the Wallet screen: the built-in wallets of this user.

package api

import (
	"context"
	"io"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// maxSecretText bounds a phrase, a key or a key file that is typed or pasted.
	maxSecretText = 16 << 10
	// maxPassphraseText bounds a passphrase, before anything is derived from it.
	maxPassphraseText = 1 << 10
)

// Wallet is bound as "Wallet".
type Wallet struct {
	d     *desk
	shell Shell
}

// WalletAccount is a wallet's address on a chain, "ETH" or "SOL".
type WalletAccount struct {
	Chain   string `json:"chain"`
	Address string `json:"address"`
}

// WalletInfo is one wallet. Problem says why it cannot be used; then only ID is
// set. Remind says that its words should be written down now.
type WalletInfo struct {
	ID           string          `json:"id"`
	Label        string          `json:"label"`
	Kind         string          `json:"kind"` // "words", "ethereum" or "solana"
	Accounts     []WalletAccount `json:"accounts"`
	Forms        []string        `json:"forms"` // in which it can be exported
	Locked       bool            `json:"locked"`
	WordsChecked bool            `json:"words_checked"`
	Remind       bool            `json:"remind"`
	Keychain     bool            `json:"keychain"`
	CreatedAt    string          `json:"created_at"`
	Problem      string          `json:"problem"`
}

// WalletImport says what a secret is that is taken over; the secret itself is an
// argument of its own.
type WalletImport struct {
	Label string `json:"label"`
	Form  string `json:"form"` // "words", "keystore", "hex", "idjson", "base58", or "" to guess
}

// The form of Solana's id.json as the page spells it.
const (
	formIDJSON     = "id.json"
	formIDJSONPage = "idjson"
)

// List tells the wallets, oldest first. It needs no node.
func (w *Wallet) List() ([]WalletInfo, error) {
	return guard(w.d, "Wallet.List", MaxCallTime, func(context.Context) ([]WalletInfo, error) {
		all, err := w.d.wallets.store.List()
		if err != nil {
			return nil, err
		}
		notes, err := w.d.wallets.notes.load()
		if err != nil {
			return nil, err
		}
		out := make([]WalletInfo, len(all))
		for i, s := range all {
			out[i] = w.d.walletInfo(s, notes)
		}
		return out, nil
	})
}

func (d *desk) walletInfo(s StoredWallet, notes walletNotes) WalletInfo {
	note := notes.Wallets[s.ID]
	info := WalletInfo{
		ID: s.ID, Label: s.Label, Kind: s.Kind, Accounts: list(s.Accounts), Forms: []string{}, Locked: !d.wallets.open.has(s.ID),
		WordsChecked: note.WordsChecked || s.Kind != kindWords, Keychain: s.Keychain, CreatedAt: stamp(s.CreatedAt), Problem: s.Problem,
	}
	info.Remind = s.Problem == "" && !info.WordsChecked && !d.program.Now().Before(note.RemindAt)
	for _, form := range s.Forms {
		if form == formIDJSON {
			form = formIDJSONPage
		}
		info.Forms = append(info.Forms, form)
	}
	return info
}

// kindWords is the kind of wallet that has a phrase.
const kindWords = "words"

// change runs what changes the folder and tells every page that it did.
func (w *Wallet) change(method string, do func(context.Context) (StoredWallet, error)) (WalletInfo, error) {
	return guard(w.d, method, MaxRunTime, func(ctx context.Context) (WalletInfo, error) {
		s, err := do(ctx)
		if err != nil {
			return WalletInfo{}, err
		}
		w.d.wallets.touch()
		notes, err := w.d.wallets.notes.load()
		return w.d.walletInfo(s, notes), err
	})
}

// Create makes a wallet of twelve new words. They are not shown: Words does.
func (w *Wallet) Create(label, passphrase string) (WalletInfo, error) {
	return w.change("Wallet.Create", func(ctx context.Context) (StoredWallet, error) {
		secret, err := passphraseOf(passphrase)
		if err != nil {
			return StoredWallet{}, err
		}
		return w.d.wallets.store.Create(ctx, label, secret)
	})
}

// Import takes over a wallet of another program. A keystore file opens with the
// passphrase that protects it here afterwards; ImportKeystore takes two.
func (w *Wallet) Import(in WalletImport, secret, passphrase string) (WalletInfo, error) {
	return w.importSecret("Wallet.Import", in, secret, "", passphrase)
}

// ImportKeystore takes over a keystore file that has a passphrase of its own.
func (w *Wallet) ImportKeystore(in WalletImport, secret, filePassphrase, passphrase string) (WalletInfo, error) {
	in.Form = formKeystore
	return w.importSecret("Wallet.ImportKeystore", in, secret, filePassphrase, passphrase)
}

func (w *Wallet) importSecret(method string, in WalletImport, secret, filePassphrase, passphrase string) (WalletInfo, error) {
	return w.change(method, func(ctx context.Context) (StoredWallet, error) {
		own, err := passphraseOf(passphrase)
		if err != nil {
			return StoredWallet{}, err
		}
		if len(secret) > maxSecretText || len(filePassphrase) > maxPassphraseText {
			return StoredWallet{}, core.Errorf(core.TooLarge, "A key or phrase has at most %d bytes.", maxSecretText)
		}
		if in.Form == formIDJSONPage {
			in.Form = formIDJSON
		}
		s, err := w.d.wallets.store.Import(ctx, WalletSecret{
			Label: in.Label, Form: in.Form, Secret: core.Secret(secret), FilePassphrase: core.Secret(filePassphrase), Passphrase: own,
		})
		if err != nil || s.Kind != kindWords {
			return s, err
		}
		// Whoever could type the words has them.
		return s, w.d.wallets.notes.note(s.ID, func(n *walletNote) { n.WordsChecked = true })
	})
}

// GuessForm tells what a secret is by its looks; whether it is one, Import tells.
func (w *Wallet) GuessForm(secret string) (string, error) {
	return guard(w.d, "Wallet.GuessForm", MaxCallTime, func(context.Context) (string, error) {
		if len(secret) > maxSecretText {
			return "", core.Errorf(core.TooLarge, "A key or phrase has at most %d bytes.", maxSecretText)
		}
		form := w.d.wallets.store.GuessForm(core.Secret(secret))
		if form == formIDJSON {
			form = formIDJSONPage
		}
		return form, nil
	})
}

// CheckPhrase says what is wrong with words, in a sentence that repeats none of
// them; "" when a wallet can be made of them.
func (w *Wallet) CheckPhrase(words string) (string, error) {
	return guard(w.d, "Wallet.CheckPhrase", MaxCallTime, func(context.Context) (string, error) {
		if len(words) > maxSecretText {
			return "", core.Errorf(core.TooLarge, "A phrase has at most %d bytes.", maxSecretText)
		}
		if err := w.d.wallets.store.CheckPhrase(core.Secret(words)); err != nil {
			return core.Sentence(err), nil
		}
		return "", nil
	})
}

// Rename gives a wallet another label.
func (w *Wallet) Rename(id, label string) (WalletInfo, error) {
	return w.change("Wallet.Rename", func(ctx context.Context) (StoredWallet, error) {
		return w.d.wallets.store.Rename(ctx, id, label)
	})
}

// Remove deletes a wallet from this computer, for good. It is locked first, and
// its sign-in ends.
func (w *Wallet) Remove(id string) error {
	return act(w.d, "Wallet.Remove", MaxRunTime, func(ctx context.Context) error {
		if err := w.d.wallets.store.Remove(ctx, id); err != nil {
			return err
		}
		defer w.d.wallets.touch()
		w.d.wallets.open.lock(id)
		if w.d.wallets.account.of() == id {
			w.d.signOut(ctx)
		}
		return w.d.wallets.notes.change(func(n *walletNotes) { delete(n.Wallets, id) })
	})
}

// ChangePassphrase protects a wallet with another passphrase.
func (w *Wallet) ChangePassphrase(id, old, next string) error {
	return act(w.d, "Wallet.ChangePassphrase", MaxRunTime, func(ctx context.Context) error {
		secret, err := passphraseOf(old)
		if err != nil {
			return err
		}
		if len(next) > maxPassphraseText {
			return errPassphraseLength()
		}
		return w.d.wallets.store.ChangePassphrase(ctx, id, secret, core.Secret(next))
	})
}

// Keychain lets the system's keychain open a wallet, or not; passphrase is needed
// to turn it on.
func (w *Wallet) Keychain(id string, on bool, passphrase string) error {
	return act(w.d, "Wallet.Keychain", MaxRunTime, func(ctx context.Context) error {
		if len(passphrase) > maxPassphraseText {
			return errPassphraseLength()
		}
		defer w.d.wallets.touch()
		return w.d.wallets.store.Keychain(ctx, id, on, core.Secret(passphrase))
	})
}

// formKeystore is the one form that is written to a file: it is encrypted. In a
// browser a file lies in the data folder until it is fetched.
const formKeystore = "keystore"

// ExportKeystore writes a wallet's Ethereum key into a file that the person
// chose, protected by the wallet's own passphrase.
func (w *Wallet) ExportKeystore(id, file, passphrase string) error {
	return act(w.d, "Wallet.ExportKeystore", MaxRunTime, func(ctx context.Context) error {
		secret, err := passphraseOf(passphrase)
		if err != nil {
			return err
		}
		text, err := w.d.wallets.store.Export(ctx, id, formKeystore, secret, "")
		if err != nil {
			return err
		}
		return w.d.files.write(file, func(to io.Writer) error {
			_, err := io.WriteString(to, text.Reveal()+"\n")
			return err
		})
	})
}

// WalletOptions are the person's choices about all wallets.
type WalletOptions struct {
	LockMinutes int `json:"lock_minutes"` // without a signature
}

// Options tells the choices.
func (w *Wallet) Options() (WalletOptions, error) {
	return guard(w.d, "Wallet.Options", MaxCallTime, func(context.Context) (WalletOptions, error) {
		n, err := w.d.wallets.notes.load()
		return WalletOptions{LockMinutes: n.LockMinutes}, err
	})
}

// SetOptions keeps the choices; wallets that are open follow them at once.
func (w *Wallet) SetOptions(o WalletOptions) error {
	return act(w.d, "Wallet.SetOptions", MaxCallTime, func(context.Context) error {
		if o.LockMinutes < 1 || o.LockMinutes > MaxLockMinutes {
			return core.Errorf(core.Invalid, "Wallets lock after 1 to %d minutes.", MaxLockMinutes)
		}
		if err := w.d.wallets.notes.change(func(n *walletNotes) { n.LockMinutes = o.LockMinutes }); err != nil {
			return err
		}
		w.d.wallets.open.lockAfter(time.Duration(o.LockMinutes) * time.Minute)
		return nil
	})
}

// passphraseOf bounds what a page sent before anything is derived from it.
func passphraseOf(text string) (core.Secret, error) {
	if text == "" {
		return "", core.Errorf(core.Invalid, "A passphrase is needed; type the one of this wallet.")
	}
	if len(text) > maxPassphraseText {
		return "", errPassphraseLength()
	}
	return core.Secret(text), nil
}

func errPassphraseLength() error {
	return core.Errorf(core.TooLarge, "A passphrase has at most %d bytes.", maxPassphraseText)
}
