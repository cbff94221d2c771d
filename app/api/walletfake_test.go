package api

// This file is a folder of wallets and a network's door that behave, in memory.

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	fakePassphrase = "canary passphrase 7731"
	fakePhrase     = "canary alpha bravo charlie delta echo"
	fakeAddress    = "0xA11CE"
)

// fakeWallets are wallets that all have one passphrase and one phrase.
type fakeWallets struct {
	mu    sync.Mutex
	all   []StoredWallet
	idle  time.Duration // of the last one that was opened
	open  []*fakeSigner
	clock func() time.Time
}

func (f *fakeWallets) List() ([]StoredWallet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all), nil
}

func (f *fakeWallets) Create(_ context.Context, label string, _ core.Secret) (StoredWallet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := StoredWallet{ID: "w" + label, Label: label, Kind: kindWords, Forms: []string{"words", "id.json"}, Accounts: []WalletAccount{{"ETH", fakeAddress}, {"SOL", "So1"}}}
	f.all = append(f.all, s)
	return s, nil
}

func (f *fakeWallets) Import(ctx context.Context, in WalletSecret) (StoredWallet, error) {
	return f.Create(ctx, in.Label, in.Passphrase)
}

func (f *fakeWallets) Rename(_ context.Context, id, label string) (StoredWallet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.IndexFunc(f.all, func(s StoredWallet) bool { return s.ID == id })
	f.all[at].Label = label
	return f.all[at], nil
}

func (f *fakeWallets) Remove(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = slices.DeleteFunc(f.all, func(s StoredWallet) bool { return s.ID == id })
	return nil
}

func (f *fakeWallets) ChangePassphrase(_ context.Context, _ string, old, _ core.Secret) error {
	return f.try(old)
}

func (f *fakeWallets) Export(_ context.Context, _, form string, passphrase, _ core.Secret) (core.Secret, error) {
	if form == formKeystore {
		return `{"crypto":"sealed"}`, f.try(passphrase)
	}
	return fakePhrase, f.try(passphrase)
}

func (f *fakeWallets) try(passphrase core.Secret) error {
	if passphrase != fakePassphrase {
		return core.Errorf(core.Unauthenticated, "the passphrase is wrong")
	}
	return nil
}

func (f *fakeWallets) Unlock(_ context.Context, _ string, passphrase core.Secret, idle time.Duration) (Signer, error) {
	s := &fakeSigner{clock: f.clock, used: f.clock(), idle: idle}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle, f.open = idle, append(f.open, s)
	return s, f.try(passphrase)
}

func (f *fakeWallets) Keychain(context.Context, string, bool, core.Secret) error { return nil }
func (f *fakeWallets) GuessForm(core.Secret) string                              { return formIDJSON }
func (f *fakeWallets) CheckPhrase(words core.Secret) error {
	if words != fakePhrase {
		return core.Errorf(core.Invalid, "word 2 is not on the list")
	}
	return nil
}

func (f *fakeWallets) ParseAddress(text string) (WalletAccount, error) {
	if !strings.HasPrefix(text, "0x") {
		return WalletAccount{}, core.Errorf(core.Invalid, "this is no address")
	}
	return WalletAccount{"ETH", text}, nil
}

func (f *fakeWallets) Verify(account WalletAccount, text, signature string) error {
	if signature != account.Address+" signs "+text {
		return core.Errorf(core.Unauthenticated, "the signature is another one's")
	}
	return nil
}

// fakeSigner signs by writing its name before the text.
type fakeSigner struct {
	clock func() time.Time

	mu     sync.Mutex
	used   time.Time
	idle   time.Duration
	locked bool
	signed []string
}

func (s *fakeSigner) Sign(ctx context.Context, account WalletAccount, text string, confirm func(context.Context, SigningText) error) (string, error) {
	if err := confirm(ctx, SigningText{Kind: "sign-in", Text: text, Domain: "debros.internal"}); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signed = append(s.signed, text)
	return account.Address + " signs " + text, nil
}

func (s *fakeSigner) LockAfter(idle time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = idle
}

func (s *fakeSigner) Locked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locked || s.clock().Sub(s.used) >= s.idle
}

func (s *fakeSigner) Lock() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locked = true
}

// fakeAuth is a network's door: sessions by their token, grants by subject.
type fakeAuth struct {
	Auth // what a test does not need panics

	mu      sync.Mutex
	live    map[string]string // access token → session
	count   int
	renewed int
	grants  []core.Grant
	asked   []core.Principal // who changed a grant
}

func (f *fakeAuth) Challenge(_ context.Context, r core.ChallengeRequest) (core.Challenge, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	return core.Challenge{Wallet: r.Wallet, Namespace: "default", Nonce: "n", Message: r.Wallet + " asks at " + r.Domain}, nil
}

func (f *fakeAuth) Verify(_ context.Context, p core.Proof) (core.Tokens, error) {
	if !strings.HasPrefix(p.Signature, p.Wallet+" signs ") {
		return core.Tokens{}, core.Errorf(core.Unauthenticated, "the proof does not hold")
	}
	return f.tokens("canary-session"), nil
}

func (f *fakeAuth) tokens(session string) core.Tokens {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.renewed++
	access := "canary-access-" + string(rune('0'+f.renewed))
	f.live = map[string]string{access: session}
	return core.Tokens{AccessToken: core.Secret(access), RefreshToken: "canary-refresh", ExpiresIn: 15 * time.Minute, SessionID: session, Namespace: "default"}
}

func (f *fakeAuth) Refresh(context.Context, core.Secret, core.Namespace, string) (core.Tokens, error) {
	f.mu.Lock()
	ended := len(f.live) == 0
	f.mu.Unlock()
	if ended {
		return core.Tokens{}, core.Errorf(core.Unauthenticated, "the session has ended")
	}
	return f.tokens("canary-session"), nil
}

func (f *fakeAuth) Authenticate(_ context.Context, credential core.Secret, _ string) (core.Principal, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	session, known := f.live[credential.Reveal()]
	if !known {
		return core.Principal{}, core.Errorf(core.Unauthenticated, "the session has ended")
	}
	return core.Principal{Subject: fakeAddress, Method: core.MethodJWT, Namespace: "default", SessionID: session}, nil
}

func (f *fakeAuth) Logout(context.Context, core.Secret) (int, error) {
	f.end()
	return 1, nil
}

func (f *fakeAuth) LogoutAll(context.Context, core.Principal) (int, error) {
	f.end()
	return 3, nil
}

func (f *fakeAuth) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.live = nil
}

func (f *fakeAuth) sessions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.live)
}

func (f *fakeAuth) Namespaces(context.Context, core.Principal) ([]core.NamespaceGrant, error) {
	return []core.NamespaceGrant{{Name: "shop", Role: core.GrantOwner}}, nil
}

func (f *fakeAuth) Grant(_ context.Context, p core.Principal, ns core.Namespace, subject string, role core.Role) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, p)
	f.grants = append(f.grants, core.Grant{Namespace: ns, Subject: subject, Role: role})
	return nil
}

func (f *fakeAuth) Allow(_ context.Context, p core.Principal, _ core.Namespace, _ core.Permission) error {
	if !p.Operator() {
		return core.Errorf(core.Denied, "you have no grant for that")
	}
	return nil
}

func (f *fakeAuth) Apps(context.Context, core.Namespace) ([]core.App, error) {
	return []core.App{{ID: "app_1"}}, nil
}

func (f *fakeAuth) CreateKey(_ context.Context, _ core.Principal, ns core.Namespace, o core.KeyOptions) (core.APIKey, error) {
	return core.APIKey{ID: "k1", Secret: "ak_once", Name: o.Name, Namespace: ns, Scopes: o.Scopes}, nil
}

// fakePage is a sign-in page whose person signs at once, as account.
type fakePage struct {
	judge   SignInJudge
	account WalletAccount
	forge   bool
}

func (p *fakePage) Listen(_ context.Context, j SignInJudge) (SignInPage, error) {
	p.judge = j
	return p, nil
}
func (p *fakePage) URL() string  { return "http://127.0.0.1:1/#canary-page" }
func (p *fakePage) Code() string { return "123456" }
func (p *fakePage) Close() error { return nil }
func (p *fakePage) Run(ctx context.Context) error {
	if p.account.Address == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	text, err := p.judge.Begin(ctx, p.account, "127.0.0.1:1")
	if err != nil {
		return err
	}
	signature := p.account.Address + " signs " + text
	if p.forge {
		signature = "forged"
	}
	return p.judge.Finish(ctx, p.account, "127.0.0.1:1", text, signature)
}

// walletPage is a page with one wallet, "home", and what is behind it.
type walletPage struct {
	api     *API
	wallets *fakeWallets
	auth    *fakeAuth
	page    *fakePage
	log     *bytes.Buffer
	now     *time.Time

	*Wallet
	identity *Identity
}

func newWalletPage(t testing.TB) *walletPage {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := &walletPage{auth: &fakeAuth{}, page: &fakePage{}, log: &bytes.Buffer{}, now: &now}
	p.wallets = &fakeWallets{clock: func() time.Time { return now }}
	a, err := New(
		Program{DataDir: t.TempDir(), UserDir: t.TempDir(), Wallets: p.wallets, SignIn: p.page, Now: func() time.Time { return now }},
		slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	)
	if err != nil {
		t.Fatal(err)
	}
	b := newFake().backend()
	b.Auth = p.auth
	a.Attach(b)
	a.Ready()
	p.api, p.Wallet, p.identity = a, bound[Wallet](a), bound[Identity](a)
	if _, err = p.Create("home", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	return p
}

// signInAs answers the text that comes up.
func (p *walletPage) signInAs(t testing.TB, approve bool) (Account, error) {
	t.Helper()
	type outcome struct {
		account Account
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		a, err := p.SignIn("whome", "ETH")
		done <- outcome{a, err}
	}()
	for {
		select {
		case o := <-done:
			return o.account, o.err
		case <-p.api.desk.events.woken:
			for _, r := range p.api.desk.walletState().Requests {
				if err := p.Answer(r.ID, approve); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
