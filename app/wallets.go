//go:build !bindings

// This file joins the page with the wallets of this user and with the sign-in
// page for wallets of the system's browser.

package main

import (
	"context"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/app/cli"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sandbox"
	"git.debros.io/DeBros/network/backend/signin"
	"git.debros.io/DeBros/network/backend/wallet"
)

// walletFolder is the folder of wallets, which "debros wallet" uses too. It is
// made when it is first needed: a node without a page has no use for one.
type walletFolder struct {
	userDir string // "" when there is none

	mu     sync.Mutex
	opened *wallet.Store
}

// walletsName is the folder's name in the user's; see package cli.
const walletsName = "wallets"

func (f *walletFolder) store() (*wallet.Store, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opened != nil {
		return f.opened, nil
	}
	if f.userDir == "" {
		return nil, core.Errorf(core.Unavailable, "There is no folder for wallets on this computer; name one with DEBROS_USER_DIR and start again.")
	}
	s, err := wallet.Open(filepath.Join(f.userDir, walletsName))
	f.opened = s
	return s, err
}

func walletOf(i wallet.Info) api.StoredWallet {
	s := api.StoredWallet{ID: i.ID, Label: i.Label, Kind: string(i.Kind), CreatedAt: i.CreatedAt, Keychain: i.Keychain, Problem: i.Problem}
	for _, a := range i.Accounts {
		s.Accounts = append(s.Accounts, accountOf(a))
	}
	for _, form := range i.Kind.Forms() {
		s.Forms = append(s.Forms, string(form))
	}
	return s
}

func accountOf(a wallet.Account) api.WalletAccount {
	return api.WalletAccount{Chain: string(a.Chain()), Address: a.String()}
}

// List is api.Wallets.
func (f *walletFolder) List() ([]api.StoredWallet, error) {
	store, err := f.store()
	if err != nil {
		return nil, err
	}
	all, err := store.List()
	out := make([]api.StoredWallet, len(all))
	for i, info := range all {
		out[i] = walletOf(info)
	}
	return out, err
}

// Create is api.Wallets.
func (f *walletFolder) Create(ctx context.Context, label string, passphrase core.Secret) (api.StoredWallet, error) {
	store, err := f.store()
	if err != nil {
		return api.StoredWallet{}, err
	}
	info, _, err := store.Create(ctx, wallet.New{Label: label, Passphrase: passphrase})
	return walletOf(info), err
}

// Import is api.Wallets. The sandbox's test people are refused: everybody has
// their keys.
func (f *walletFolder) Import(ctx context.Context, in api.WalletSecret) (api.StoredWallet, error) {
	store, err := f.store()
	if err != nil {
		return api.StoredWallet{}, err
	}
	if strings.EqualFold(strings.Join(strings.Fields(in.Secret.Reveal()), " "), sandbox.Phrase) {
		return api.StoredWallet{}, errTestPerson()
	}
	info, err := store.Import(ctx, wallet.Import{
		Label: in.Label, Secret: in.Secret, Form: wallet.Form(in.Form), FilePassphrase: in.FilePassphrase, Passphrase: in.Passphrase,
	})
	if err != nil {
		return api.StoredWallet{}, err
	}
	known, err := isTestPerson(info)
	if err != nil || !known {
		return walletOf(info), err
	}
	if err = store.Remove(ctx, info.ID); err != nil {
		return api.StoredWallet{}, err
	}
	return api.StoredWallet{}, errTestPerson()
}

func errTestPerson() error {
	return core.Errorf(core.Denied, "This key is the sandbox's and known to everybody, so it is no wallet; make a new one.")
}

// isTestPerson tells whether a wallet has an account of one of them, in whatever
// form its key came.
func isTestPerson(info wallet.Info) (bool, error) {
	people, err := sandbox.Wallets()
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(info.Accounts, func(a wallet.Account) bool {
		return slices.ContainsFunc(people, func(p sandbox.Wallet) bool { return a.String() == p.Ethereum || a.String() == p.Solana })
	}), nil
}

// Rename is api.Wallets.
func (f *walletFolder) Rename(ctx context.Context, id, label string) (api.StoredWallet, error) {
	store, err := f.store()
	if err != nil {
		return api.StoredWallet{}, err
	}
	info, err := store.Rename(ctx, id, label)
	return walletOf(info), err
}

// Remove is api.Wallets.
func (f *walletFolder) Remove(ctx context.Context, id string) error {
	store, err := f.store()
	if err != nil {
		return err
	}
	if err = store.Remove(ctx, id); err != nil {
		return err
	}
	return cli.ForgetWallet(f.userDir, id)
}

// ChangePassphrase is api.Wallets.
func (f *walletFolder) ChangePassphrase(ctx context.Context, id string, old, next core.Secret) error {
	store, err := f.store()
	if err != nil {
		return err
	}
	return store.ChangePassphrase(ctx, id, wallet.PassphraseChange{Old: old, New: next})
}

// Export is api.Wallets.
func (f *walletFolder) Export(ctx context.Context, id, form string, passphrase, file core.Secret) (core.Secret, error) {
	store, err := f.store()
	if err != nil {
		return "", err
	}
	return store.Export(ctx, id, wallet.Export{Passphrase: passphrase, Form: wallet.Form(form), FilePassphrase: file})
}

// Unlock is api.Wallets.
func (f *walletFolder) Unlock(ctx context.Context, id string, passphrase core.Secret, idle time.Duration) (api.Signer, error) {
	store, err := f.store()
	if err != nil {
		return nil, err
	}
	var opened *wallet.Signer
	if passphrase == "" {
		opened, err = store.UnlockFromKeychain(ctx, id)
	} else {
		opened, err = store.Unlock(ctx, id, passphrase)
	}
	if err != nil {
		return nil, err
	}
	opened.LockAfter(idle)
	return signer{opened}, nil
}

// Keychain is api.Wallets.
func (f *walletFolder) Keychain(ctx context.Context, id string, on bool, passphrase core.Secret) error {
	store, err := f.store()
	switch {
	case err != nil:
		return err
	case on:
		return store.TurnOnKeychain(ctx, id, passphrase)
	}
	return store.TurnOffKeychain(ctx, id)
}

// GuessForm is api.Wallets.
func (f *walletFolder) GuessForm(secret core.Secret) string { return string(wallet.GuessForm(secret)) }

// CheckPhrase is api.Wallets.
func (f *walletFolder) CheckPhrase(words core.Secret) error { return wallet.CheckWords(words) }

// ParseAddress is api.Wallets.
func (f *walletFolder) ParseAddress(text string) (api.WalletAccount, error) {
	account, err := wallet.ParseAccount(text, "")
	if err != nil {
		return api.WalletAccount{}, err
	}
	return accountOf(account), wallet.CheckEIP55(text)
}

// Verify is api.Wallets.
func (f *walletFolder) Verify(account api.WalletAccount, text, signature string) error {
	own, err := wallet.ParseAccount(account.Address, wallet.Chain(account.Chain))
	if err != nil {
		return err
	}
	return wallet.Verify(own, text, signature)
}

// signer is an open wallet as the page uses it.
type signer struct{ *wallet.Signer }

// Sign is api.Signer.
func (s signer) Sign(ctx context.Context, account api.WalletAccount, text string, confirm func(context.Context, api.SigningText) error) (string, error) {
	own, err := wallet.ParseAccount(account.Address, wallet.Chain(account.Chain))
	if err != nil {
		return "", err
	}
	return s.Signer.Sign(ctx, own, text, func(ctx context.Context, r wallet.Request) error {
		shown := api.SigningText{Kind: string(r.Kind), Text: r.Text}
		if r.SignIn != nil {
			shown.Domain, shown.Statement, shown.URI, shown.ExpiresAt = r.SignIn.Domain, r.SignIn.Statement, r.SignIn.URI, r.SignIn.ExpirationTime
		}
		return confirm(ctx, shown)
	})
}

// signInPages opens sign-in pages on loopback.
type signInPages struct {
	dist fs.FS
	log  *slog.Logger
}

// Listen is api.SignInPages.
func (p signInPages) Listen(ctx context.Context, j api.SignInJudge) (api.SignInPage, error) {
	page := &signInPage{}
	server, err := signin.Listen(ctx, signin.Settings{
		Dist: p.dist,
		Begin: func(ctx context.Context, proposal signin.Proposal) (string, error) {
			account, err := chosen(proposal.Account)
			if err != nil {
				return "", err
			}
			return j.Begin(ctx, account, page.domain())
		},
		Finish: func(ctx context.Context, answer signin.Answer) error {
			account, err := chosen(answer.Account)
			if err != nil {
				return err
			}
			return j.Finish(ctx, account, page.domain(), answer.Text, answer.Signature)
		},
	}, p.log)
	if err != nil {
		return nil, err
	}
	page.Server = server
	return page, nil
}

// chosen reads the account that a browser's wallet named.
func chosen(a signin.Account) (api.WalletAccount, error) {
	account, err := wallet.ParseAccount(a.Wallet, wallet.Chain(a.ChainType))
	return accountOf(account), err
}

// signInPage is a page whose own address stands in the text, as wallets compare
// the two.
type signInPage struct{ *signin.Server }

func (p *signInPage) domain() string {
	address, _, _ := strings.Cut(strings.TrimPrefix(p.URL(), "http://"), "/")
	return address
}

// Run is api.SignInPage.
func (p *signInPage) Run(ctx context.Context) error {
	_, err := p.Server.Run(ctx)
	return err
}
