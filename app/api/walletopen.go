// This file keeps open wallets and asks the person before one of them signs.

package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	// askedWords is how many words of a phrase are asked back.
	askedWords = 3
	// maxWordsWait is how long shown words can be asked back.
	maxWordsWait = 30 * time.Minute
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
	Kind      string `json:"kind"` // "sign-in" or "nonce"
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

// Words gives a wallet's phrase to be written down. It takes the passphrase, even
// when the wallet is open. Three words can then be asked back.
func (w *Wallet) Words(id, passphrase string) (string, error) {
	return guard(w.d, "Wallet.Words", MaxRunTime, func(ctx context.Context) (string, error) {
		secret, err := passphraseOf(passphrase)
		if err != nil {
			return "", err
		}
		words, err := w.d.wallets.store.Export(ctx, id, kindWords, secret, "")
		if err != nil {
			return "", err
		}
		w.d.wallets.words.show(id, words)
		return words.Reveal(), nil
	})
}

// WordAnswer is one word that the person typed again. Place counts from 1.
type WordAnswer struct {
	Place int    `json:"place"`
	Word  string `json:"word"`
}

// ConfirmWords takes three words of the phrase that Words showed, as JSON of
// []WordAnswer, and notes that they were written down. It returns invalid for a
// wrong one, without telling which word it should be.
func (w *Wallet) ConfirmWords(id, answers string) error {
	return act(w.d, "Wallet.ConfirmWords", MaxCallTime, func(context.Context) error {
		if err := w.d.wallets.words.check(id, answers); err != nil {
			return err
		}
		if err := w.d.wallets.notes.note(id, func(n *walletNote) { n.WordsChecked = true }); err != nil {
			return err
		}
		w.d.wallets.words.forget(id)
		w.d.wallets.touch()
		return nil
	})
}

// RemindLater puts the reminder to write the words down off for a day.
func (w *Wallet) RemindLater(id string) error {
	return act(w.d, "Wallet.RemindLater", MaxCallTime, func(context.Context) error {
		at := w.d.program.Now().Add(RemindAfter)
		if err := w.d.wallets.notes.note(id, func(n *walletNote) { n.RemindAt = at }); err != nil {
			return err
		}
		w.d.wallets.touch()
		return nil
	})
}

// wordCheck is what is kept of shown words: enough to judge an answer, under a
// salt of its own.
type wordCheck struct {
	salt   [16]byte
	digest [][sha256.Size]byte
	shown  time.Time
}

// wordChecks are the phrases that were shown; at most MaxOpenWallets.
type wordChecks struct {
	now func() time.Time

	mu  sync.Mutex
	all map[string]wordCheck
}

func (c wordCheck) of(place int, word string) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%x %d %s", c.salt, place, strings.ToLower(strings.TrimSpace(word))))
}

func (w *wordChecks) show(id string, words core.Secret) {
	c := wordCheck{shown: w.now()}
	_, _ = rand.Read(c.salt[:]) //nolint:errcheck // crypto/rand.Read never fails since Go 1.24
	for i, word := range strings.Fields(words.Reveal()) {
		c.digest = append(c.digest, c.of(i+1, word))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.all, func(_ string, old wordCheck) bool { return w.now().Sub(old.shown) > maxWordsWait })
	if len(w.all) < MaxOpenWallets {
		w.all[id] = c
	}
}

func (w *wordChecks) check(id, answers string) error {
	var typed []WordAnswer
	if len(answers) > maxSecretText || json.Unmarshal([]byte(answers), &typed) != nil {
		return core.Errorf(core.Invalid, "Three words with their places are needed.")
	}
	w.mu.Lock()
	c, shown := w.all[id]
	w.mu.Unlock()
	if !shown || w.now().Sub(c.shown) > maxWordsWait {
		return core.Errorf(core.Conflict, "Show the words first; they are asked back for %d minutes.", int(maxWordsWait/time.Minute))
	}
	right := map[int]bool{}
	for _, t := range typed {
		if t.Place < 1 || t.Place > len(c.digest) || len(t.Word) > 64 {
			return core.Errorf(core.Invalid, "The phrase has %d words.", len(c.digest))
		}
		got := c.of(t.Place, t.Word)
		if subtle.ConstantTimeCompare(got[:], c.digest[t.Place-1][:]) != 1 {
			return core.Errorf(core.Invalid, "That is not word %d; look at what you wrote down.", t.Place)
		}
		right[t.Place] = true
	}
	if len(right) < askedWords {
		return core.Errorf(core.Invalid, "%d different words are asked back.", askedWords)
	}
	return nil
}

func (w *wordChecks) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, id)
}
