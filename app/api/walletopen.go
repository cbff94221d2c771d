// This file keeps open wallets and asks the person before one of them signs.

package api

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxOpenWallets bounds the wallets that are open at once; their keys are in memory.
	MaxOpenWallets = 16
	// MaxSigningWait is how long a text waits for the person's answer.
	MaxSigningWait = 2 * time.Minute
	// maxSigning bounds the texts that wait at once: nobody reads a pile of them.
	maxSigning = 4
)

// walletDesk is what the Wallet and Identity screens share.
type walletDesk struct {
	store   Wallets
	pages   SignInPages
	notes   *notesFile
	open    *openWallets
	signing *signing
	words   *wordChecks
	account *accountKeeper
	browser *browserSignIn
	poke    func()

	mu       sync.Mutex
	revision uint64
}

func newWalletDesk(p Program, poke func()) *walletDesk {
	return &walletDesk{
		store: p.Wallets, pages: p.SignIn, notes: &notesFile{dir: p.UserDir}, open: &openWallets{all: map[string]Signer{}},
		signing: &signing{now: p.Now, poke: poke, waiting: map[string]*signRequest{}}, words: &wordChecks{now: p.Now, all: map[string]wordCheck{}},
		account: &accountKeeper{turn: make(chan struct{}, 1)}, browser: &browserSignIn{}, poke: poke,
	}
}

// touch tells every page that the list of wallets is another one.
func (w *walletDesk) touch() {
	w.mu.Lock()
	w.revision++
	w.mu.Unlock()
	w.poke()
}

func (w *walletDesk) version() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.revision
}

// WalletState is the wallet event: what changes by itself. Revision grows with
// each change of the list of wallets.
type WalletState struct {
	Open     []string      `json:"open"` // ids of wallets that are not locked
	Account  Account       `json:"account"`
	Requests []SignRequest `json:"requests"`
	Revision string        `json:"revision"`
}

func (d *desk) walletState() WalletState {
	w := d.wallets
	return WalletState{Open: w.open.ids(), Account: w.account.show(), Requests: w.signing.list(), Revision: number(w.version())}
}

// State is the newest wallet event.
func (w *Wallet) State() (WalletState, error) {
	return guard(w.d, "Wallet.State", MaxCallTime, func(context.Context) (WalletState, error) { return w.d.walletState(), nil })
}

// Unlock opens a wallet for signing in. With "" as passphrase the keychain of the
// system opens it.
func (w *Wallet) Unlock(id, passphrase string) error {
	return act(w.d, "Wallet.Unlock", MaxRunTime, func(ctx context.Context) error {
		if len(passphrase) > maxPassphraseText {
			return errPassphraseLength()
		}
		notes, err := w.d.wallets.notes.load()
		if err != nil {
			return err
		}
		signer, err := w.d.wallets.store.Unlock(ctx, id, core.Secret(passphrase), notes.idle())
		if err != nil {
			return err
		}
		defer w.d.wallets.touch()
		return w.d.wallets.open.add(id, signer)
	})
}

// Lock wipes the keys of an open wallet; it is no error when it is locked.
func (w *Wallet) Lock(id string) error {
	return act(w.d, "Wallet.Lock", MaxCallTime, func(context.Context) error {
		w.d.wallets.open.lock(id)
		w.d.wallets.touch()
		return nil
	})
}

// LockAll wipes the keys of all open wallets.
func (w *Wallet) LockAll() error {
	return act(w.d, "Wallet.LockAll", MaxCallTime, func(context.Context) error {
		w.d.wallets.open.lockAll()
		w.d.wallets.touch()
		return nil
	})
}

// openWallets are those whose keys are in memory.
type openWallets struct {
	mu  sync.Mutex
	all map[string]Signer
}

func (o *openWallets) add(id string, s Signer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pruneLocked()
	if before := o.all[id]; before != nil {
		before.Lock()
	} else if len(o.all) >= MaxOpenWallets {
		s.Lock()
		return core.Errorf(core.Limited, "At most %d wallets are open at once; lock one first.", MaxOpenWallets)
	}
	o.all[id] = s
	return nil
}

// pruneLocked forgets those that have locked themselves.
func (o *openWallets) pruneLocked() {
	maps.DeleteFunc(o.all, func(_ string, s Signer) bool { return s.Locked() })
}

func (o *openWallets) signer(id string) (Signer, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pruneLocked()
	if s := o.all[id]; s != nil {
		return s, nil
	}
	return nil, core.Errorf(core.Unauthenticated, "The wallet is locked; unlock it first.")
}

func (o *openWallets) has(id string) bool {
	_, err := o.signer(id)
	return err == nil
}

func (o *openWallets) ids() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pruneLocked()
	return list(slices.Sorted(maps.Keys(o.all)))
}

func (o *openWallets) lock(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := o.all[id]; s != nil {
		s.Lock()
		delete(o.all, id)
	}
}

func (o *openWallets) lockAll() {
	for _, id := range o.ids() {
		o.lock(id)
	}
}

func (o *openWallets) lockAfter(idle time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.all {
		s.LockAfter(idle)
	}
}

// SignRequest is a text that waits for the person's answer, in full.
type SignRequest struct {
	ID        string `json:"id"`
	WalletID  string `json:"wallet_id"`
	Label     string `json:"label"` // of the wallet
	Address   string `json:"address"`
	Chain     string `json:"chain"`
	Kind      string `json:"kind"` // "sign-in", "device" or "nonce"
	Text      string `json:"text"`
	Domain    string `json:"domain"` // who asks
	Statement string `json:"statement"`
	ExpiresAt string `json:"expires_at"` // of what the text allows
	Until     string `json:"until"`      // when the question is taken back
}

// Answer approves or refuses a text that waits. It returns not_found when it
// waits no longer.
func (w *Wallet) Answer(request string, approve bool) error {
	return act(w.d, "Wallet.Answer", MaxCallTime, func(context.Context) error {
		return w.d.wallets.signing.answer(request, approve)
	})
}

type signRequest struct {
	view  SignRequest
	asked time.Time
	reply chan bool // holds one
}

// signing keeps the texts that wait.
type signing struct {
	now  func() time.Time
	poke func()

	mu      sync.Mutex
	waiting map[string]*signRequest
}

// ask shows a text on every page and waits for one answer.
func (s *signing) ask(ctx context.Context, view SignRequest) error {
	ctx, cancel := context.WithTimeout(ctx, MaxSigningWait)
	defer cancel()
	r, err := s.add(view)
	if err != nil {
		return err
	}
	defer s.remove(r.view.ID)
	select {
	case approved := <-r.reply:
		if !approved {
			return core.Errorf(core.Denied, "You refused the signature; nothing was signed.")
		}
		return nil
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "Nobody answered within %d minutes, so nothing was signed.", int(MaxSigningWait/time.Minute))
	}
}

func (s *signing) add(view SignRequest) (*signRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) >= maxSigning {
		return nil, core.Errorf(core.Limited, "%d texts wait for your signature already; answer them first.", maxSigning)
	}
	view.ID, view.Until = newID(), stamp(s.now().Add(MaxSigningWait))
	r := &signRequest{view: view, asked: s.now(), reply: make(chan bool, 1)}
	s.waiting[view.ID] = r
	s.poke()
	return r, nil
}

func (s *signing) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
	s.poke()
}

func (s *signing) answer(id string, approve bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.waiting[id]
	if r == nil {
		return core.Errorf(core.NotFound, "This text waits for no answer any more; start the sign-in again.")
	}
	delete(s.waiting, id) // one answer counts
	r.reply <- approve
	return nil
}

func (s *signing) list() []SignRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := slices.Collect(maps.Values(s.waiting))
	slices.SortFunc(waiting, func(a, b *signRequest) int { return a.asked.Compare(b.asked) })
	out := []SignRequest{}
	for _, r := range waiting {
		out = append(out, r.view)
	}
	return out
}
