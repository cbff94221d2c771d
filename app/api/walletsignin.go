// This file signs a wallet in to the node's network and keeps what came of it.
// The tokens stay here, in memory: no page, no event and no file has them.

package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// maxSignInTime bounds a sign-in: the person reads, then the network writes.
	maxSignInTime = MaxSigningWait + MaxCallTime
	// renewBefore is how long an access token must still be good to be used.
	renewBefore = time.Minute
	// lastWords bounds the end of the session when the program ends.
	lastWords = 2 * time.Second
	// signInHere is what the audit of the network says where this sign-in was made.
	signInHere = "this node's page"
)

// Account is the wallet that is signed in; Address is "" when none is. Whoever
// has the page open runs the node and may do all that its operator may; the
// account is beside that.
type Account struct {
	Address    string          `json:"address"`
	Chain      string          `json:"chain"`
	WalletID   string          `json:"wallet_id"` // "" for a wallet of the browser
	SessionID  string          `json:"session_id"`
	SignedInAt string          `json:"signed_in_at"`
	Namespaces []NamespaceRole `json:"namespaces"` // of Current; the event leaves them out
}

// NamespaceRole is a namespace that somebody may use, and his role in it.
type NamespaceRole struct {
	Name      string `json:"name"`
	Role      string `json:"role"`
	CreatedAt string `json:"created_at"`
}

// signedIn is a session; the zero value is none.
type signedIn struct {
	view    Account
	access  core.Secret
	refresh core.Secret
	expires time.Time // of access
}

// accountKeeper keeps the one session of the page.
type accountKeeper struct {
	turn chan struct{} // held by whoever changes the tokens: one that comes twice ends the session

	mu  sync.Mutex
	now signedIn
}

func (k *accountKeeper) get() signedIn {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

func (k *accountKeeper) set(s signedIn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now = s
}

// show is the account without its namespaces.
func (k *accountKeeper) show() Account {
	a := k.get().view
	a.Namespaces = []NamespaceRole{}
	return a
}

// of is the wallet that is signed in.
func (k *accountKeeper) of() string { return k.get().view.WalletID }

// inTurn runs do while nobody else changes the tokens.
func (k *accountKeeper) inTurn(ctx context.Context, do func() error) error {
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "The sign-in is busy; try again.")
	}
	defer func() { <-k.turn }()
	return do()
}

// auth is the node's door to sessions, grants and keys.
func (d *desk) auth() (Auth, error) {
	b, err := d.node()
	return b.Auth, err
}

// SignIn signs an open wallet in to the node's network. It shows the text that
// is signed on every page and waits for Answer.
func (w *Wallet) SignIn(id, chain string) (Account, error) {
	return guard(w.d, "Wallet.SignIn", maxSignInTime, func(ctx context.Context) (Account, error) {
		account, sign, err := w.d.signerOf(id, chain)
		if err != nil {
			return Account{}, err
		}
		return w.d.signIn(ctx, id, account, "", func(text string) (string, error) { return sign(ctx, text) })
	})
}

// signerOf is an account of an open wallet, of its first chain for "", and what
// signs a text with it once the person has agreed.
func (d *desk) signerOf(id, chain string) (WalletAccount, func(ctx context.Context, text string) (string, error), error) {
	s, err := d.stored(id)
	if err != nil {
		return WalletAccount{}, nil, err
	}
	at := slices.IndexFunc(s.Accounts, func(a WalletAccount) bool { return a.Chain == chain || chain == "" })
	if at < 0 {
		return WalletAccount{}, nil, core.Errorf(core.NotFound, "This wallet has no account on that chain.")
	}
	account := s.Accounts[at]
	signer, err := d.wallets.open.signer(id)
	if err != nil {
		return WalletAccount{}, nil, err
	}
	return account, func(ctx context.Context, text string) (string, error) {
		return signer.Sign(ctx, account, text, func(ctx context.Context, t SigningText) error {
			return d.wallets.signing.ask(ctx, SignRequest{
				WalletID: id, Label: s.Label, Address: account.Address, Chain: account.Chain,
				Kind: t.Kind, Text: t.Text, Domain: t.Domain, Statement: t.Statement, ExpiresAt: stamp(t.ExpiresAt),
			})
		})
	}, nil
}

func (d *desk) stored(id string) (StoredWallet, error) {
	all, err := d.wallets.store.List()
	if err != nil {
		return StoredWallet{}, err
	}
	at := slices.IndexFunc(all, func(s StoredWallet) bool { return s.ID == id })
	switch {
	case at < 0:
		return StoredWallet{}, core.Errorf(core.NotFound, "There is no such wallet any more.")
	case all[at].Problem != "":
		return StoredWallet{}, core.Errorf(core.Invalid, "%s", all[at].Problem)
	}
	return all[at], nil
}

// signIn has the network's text signed and changes the signature for tokens.
func (d *desk) signIn(ctx context.Context, id string, account WalletAccount, domain string, sign func(text string) (string, error)) (Account, error) {
	a, err := d.auth()
	if err != nil {
		return Account{}, err
	}
	c, err := a.Challenge(ctx, core.ChallengeRequest{Wallet: account.Address, ChainType: account.Chain, Purpose: "sign-in", Domain: domain})
	if err != nil {
		return Account{}, err
	}
	signature, err := sign(c.Message)
	if err != nil {
		return Account{}, err
	}
	return d.verify(ctx, id, account, core.Proof{
		Wallet: account.Address, ChainType: account.Chain, Namespace: c.Namespace, Nonce: c.Nonce, Signature: signature, Domain: domain, Address: signInHere,
	})
}

// verify makes the session of a proof, in place of the one before.
func (d *desk) verify(ctx context.Context, id string, account WalletAccount, p core.Proof) (Account, error) {
	a, err := d.auth()
	if err != nil {
		return Account{}, err
	}
	err = d.wallets.account.inTurn(ctx, func() error {
		tokens, wrong := a.Verify(ctx, p)
		if wrong != nil {
			return wrong
		}
		before, now := d.wallets.account.get(), d.program.Now()
		d.wallets.account.set(signedIn{
			view: Account{
				Address: account.Address, Chain: account.Chain, WalletID: id, SessionID: tokens.SessionID, SignedInAt: stamp(now), Namespaces: []NamespaceRole{},
			},
			access: tokens.AccessToken, refresh: tokens.RefreshToken, expires: now.Add(tokens.ExpiresIn),
		})
		d.endSession(ctx, before)
		return nil
	})
	if err != nil {
		return Account{}, err
	}
	d.wallets.poke()
	return d.current(ctx)
}

// endSession tells the network that a session is over. It may be already; then
// there is nothing to tell anybody.
func (d *desk) endSession(ctx context.Context, s signedIn) {
	if s.refresh == "" {
		return
	}
	a, err := d.auth()
	if err == nil {
		_, err = a.Logout(ctx, s.refresh)
	}
	if err != nil {
		d.log.Info("a session could not be ended; it ends by itself", core.KeyError, err.Error())
	}
}

// Current is the account that is signed in, with its roles.
func (w *Wallet) Current() (Account, error) {
	return guard(w.d, "Wallet.Current", MaxCallTime, w.d.current)
}

func (d *desk) current(ctx context.Context) (Account, error) {
	out := d.wallets.account.show()
	if out.Address == "" {
		return out, nil
	}
	a, err := d.auth()
	if err != nil {
		return Account{}, err
	}
	p, err := d.signedInAs(ctx, a)
	if core.CodeOf(err) == core.Unauthenticated {
		return d.wallets.account.show(), nil // it ended meanwhile
	}
	if err != nil {
		return Account{}, err
	}
	grants, err := a.Namespaces(ctx, p)
	if err != nil {
		return Account{}, err
	}
	out.Namespaces = roles(grants)
	return out, nil
}

func roles(grants []core.NamespaceGrant) []NamespaceRole {
	out := make([]NamespaceRole, len(grants))
	for i, g := range grants {
		out[i] = NamespaceRole{Name: string(g.Name), Role: string(g.Role), CreatedAt: stamp(g.CreatedAt)}
	}
	return out
}

// signedInAs is the principal of the session, with a token that is fresh. It
// forgets a session that has ended and returns unauthenticated.
func (d *desk) signedInAs(ctx context.Context, a Auth) (p core.Principal, err error) {
	err = d.wallets.account.inTurn(ctx, func() (ended error) {
		if p, ended = d.prove(ctx, a); core.CodeOf(ended) == core.Unauthenticated {
			d.forget()
		}
		return ended
	})
	return p, err
}

// prove renews the tokens where they are old and has the network look at them.
func (d *desk) prove(ctx context.Context, a Auth) (core.Principal, error) {
	s := d.wallets.account.get()
	if s.access == "" {
		return core.Principal{}, core.Errorf(core.Unauthenticated, "No wallet is signed in; sign in first.")
	}
	if now := d.program.Now(); now.After(s.expires.Add(-renewBefore)) {
		tokens, err := a.Refresh(ctx, s.refresh, "", signInHere)
		if err != nil {
			return core.Principal{}, err
		}
		s.access, s.refresh, s.expires = tokens.AccessToken, tokens.RefreshToken, now.Add(tokens.ExpiresIn)
		d.wallets.account.set(s)
	}
	return a.Authenticate(ctx, s.access, "")
}

// forget drops a session that has ended.
func (d *desk) forget() {
	d.wallets.account.set(signedIn{})
	d.wallets.poke()
}

// SignOut ends the session here and in the network.
func (w *Wallet) SignOut() error {
	return act(w.d, "Wallet.SignOut", MaxCallTime, func(ctx context.Context) error {
		w.d.signOut(ctx)
		return nil
	})
}

func (d *desk) signOut(ctx context.Context) {
	s := d.wallets.account.get()
	d.wallets.account.set(signedIn{})
	d.endSession(ctx, s)
	d.wallets.poke()
}

// closeWallets ends what belongs to this run: the keys are wiped and the session ends,
// as its tokens are kept nowhere.
func (d *desk) closeWallets(ctx context.Context) {
	d.wallets.browser.close()
	d.enrolling.close()
	d.wallets.open.lockAll()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	d.signOut(ctx)
}
