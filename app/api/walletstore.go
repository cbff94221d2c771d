// This file says what the Wallet and Identity screens need from the rest of the
// program: the folder of wallets, the sign-in page, and who may do what.

package api

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Wallets are the built-in wallets of this user of the computer. They belong to
// no node, so they are there before one is. Package main joins them with package
// wallet.
type Wallets interface {
	List() ([]StoredWallet, error)
	Create(ctx context.Context, label string, passphrase core.Secret) (StoredWallet, error)
	Import(ctx context.Context, in WalletSecret) (StoredWallet, error)
	Rename(ctx context.Context, id, label string) (StoredWallet, error)
	Remove(ctx context.Context, id string) error
	ChangePassphrase(ctx context.Context, id string, old, next core.Secret) error
	// Export gives a wallet's secret in a form of [StoredWallet].Forms. file
	// protects a keystore file; "" means the wallet's own passphrase.
	Export(ctx context.Context, id, form string, passphrase, file core.Secret) (core.Secret, error)
	// Unlock opens a wallet that locks itself after idle without a signature. With
	// "" as passphrase the keychain of the system opens it.
	Unlock(ctx context.Context, id string, passphrase core.Secret, idle time.Duration) (Signer, error)
	// Keychain lets the keychain of the system open a wallet, or not.
	Keychain(ctx context.Context, id string, on bool, passphrase core.Secret) error
	GuessForm(secret core.Secret) string
	// CheckPhrase returns core.Invalid, which names no word, for what is no phrase.
	CheckPhrase(words core.Secret) error
	// ParseAddress reads an address as people write it. It returns core.Invalid for
	// one that is none, or whose checksum is wrong.
	ParseAddress(text string) (WalletAccount, error)
	// Verify tells whether a signature is the account's own over text.
	Verify(account WalletAccount, text, signature string) error
}

// StoredWallet is a wallet as its folder knows it, locked or not.
type StoredWallet struct {
	ID, Label, Kind string
	Accounts        []WalletAccount // Ethereum first
	Forms           []string        // in which it can be exported
	CreatedAt       time.Time
	Keychain        bool
	Problem         string // why it cannot be used; then only ID is set
}

// WalletSecret is a secret of another program that becomes a wallet here.
type WalletSecret struct {
	Label, Form string // Form "" guesses
	Secret      core.Secret
	// FilePassphrase is that of a keystore file; "" means Passphrase.
	FilePassphrase, Passphrase core.Secret
}

// Signer is an open wallet.
type Signer interface {
	// Sign signs a sign-in text or a nonce after confirm has agreed, and nothing else.
	Sign(ctx context.Context, account WalletAccount, text string, confirm func(context.Context, SigningText) error) (string, error)
	LockAfter(idle time.Duration)
	Locked() bool
	Lock()
}

// SigningText is what a person must see before it is signed.
type SigningText struct {
	Kind, Text             string // Text is all of it
	Domain, Statement, URI string // of a sign-in text, else ""
	ExpiresAt              time.Time
}

// SignInPages serve one page on loopback, for a wallet of the system's browser.
type SignInPages interface {
	Listen(ctx context.Context, j SignInJudge) (SignInPage, error)
}

// SignInJudge makes the text of a page and judges its signature. domain is the
// page's own host and port.
type SignInJudge interface {
	Begin(ctx context.Context, account WalletAccount, domain string) (text string, err error)
	Finish(ctx context.Context, account WalletAccount, domain, text, signature string) error
}

// SignInPage waits for one answer.
type SignInPage interface {
	URL() string
	Code() string // six digits, on both screens
	// Run serves until somebody signed in, time is over or ctx ends.
	Run(ctx context.Context) error
	Close() error
}

// Auth says who is who in the network and who may do what. *auth.Auth has it.
type Auth interface {
	Authenticate(ctx context.Context, credential core.Secret, address string) (core.Principal, error)
	Challenge(ctx context.Context, r core.ChallengeRequest) (core.Challenge, error)
	Verify(ctx context.Context, p core.Proof) (core.Tokens, error)
	Refresh(ctx context.Context, token core.Secret, ns core.Namespace, address string) (core.Tokens, error)
	Logout(ctx context.Context, token core.Secret) (int, error)
	LogoutAll(ctx context.Context, p core.Principal) (int, error)
	Sessions(ctx context.Context, p core.Principal) ([]core.Session, error)
	RevokeSession(ctx context.Context, p core.Principal, id string) error

	Namespaces(ctx context.Context, p core.Principal) ([]core.NamespaceGrant, error)
	CreateNamespace(ctx context.Context, p core.Principal, ns core.Namespace) (core.NamespaceGrant, error)
	Grants(ctx context.Context, p core.Principal, ns core.Namespace) ([]core.Grant, error)
	Grant(ctx context.Context, p core.Principal, ns core.Namespace, subject string, role core.Role) error

	Keys(ctx context.Context, p core.Principal, ns core.Namespace) ([]core.APIKey, error)
	CreateKey(ctx context.Context, p core.Principal, ns core.Namespace, o core.KeyOptions) (core.APIKey, error)
	RevokeKey(ctx context.Context, p core.Principal, ns core.Namespace, id string) error

	// Apps and DeleteApp check no right of the caller: Allow comes before them.
	Allow(ctx context.Context, p core.Principal, ns core.Namespace, need core.Permission) error
	Apps(ctx context.Context, ns core.Namespace) ([]core.App, error)
	CreateApp(ctx context.Context, p core.Principal, ns core.Namespace, name, publicKey string) (core.App, error)
	DeleteApp(ctx context.Context, p core.Principal, ns core.Namespace, id string) error
}
