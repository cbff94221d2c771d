// This file signs in with a wallet of the system's browser: a page on loopback
// shows the text, and the same six digits stand on both screens.

package api

import (
	"context"
	"errors"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// maxBrowserWait bounds the wait for a page; the page itself lives five minutes.
const maxBrowserWait = 6 * time.Minute

// BrowserSignIn is a page that waits for a wallet of the browser. Its address is
// a secret of this person. Opened says that the browser was started with it.
type BrowserSignIn struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Code   string `json:"code"` // six digits
	Opened bool   `json:"opened"`
}

// browserSignIn is the one page that is open.
type browserSignIn struct {
	mu     sync.Mutex
	closed bool
	open   *browserPage
	wg     sync.WaitGroup
}

type browserPage struct {
	id   string
	stop context.CancelFunc
	done chan struct{}
	err  error // read after done
}

// BrowserBegin opens a sign-in page and, in the window, the system's browser with
// it. One that was open before is closed. BrowserWait tells how it ended.
func (w *Wallet) BrowserBegin() (BrowserSignIn, error) {
	return guard(w.d, "Wallet.BrowserBegin", MaxCallTime, func(ctx context.Context) (BrowserSignIn, error) {
		if _, err := w.d.auth(); err != nil {
			return BrowserSignIn{}, err
		}
		return w.d.openPage(ctx, w.d.wallets.browser, &browserJudge{d: w.d, open: map[string]core.Challenge{}}, w.shell)
	})
}

// openPage serves a page of judge, in place of the one that in had open.
func (d *desk) openPage(ctx context.Context, in *browserSignIn, judge SignInJudge, shell Shell) (BrowserSignIn, error) {
	page, err := d.wallets.pages.Listen(ctx, judge)
	if err != nil {
		return BrowserSignIn{}, err
	}
	out := BrowserSignIn{ID: newID(), URL: page.URL(), Code: page.Code()}
	if err := in.start(ctx, out.ID, page); err != nil {
		return BrowserSignIn{}, err
	}
	if shell != nil {
		if err := shell.OpenURL(out.URL); err != nil {
			d.log.Info("the browser was not opened", core.KeyError, err.Error())
		} else {
			out.Opened = true
		}
	}
	return out, nil
}

// BrowserWait returns who signed in on a page, once somebody did.
func (w *Wallet) BrowserWait(id string) (Account, error) {
	return guard(w.d, "Wallet.BrowserWait", maxBrowserWait, func(ctx context.Context) (Account, error) {
		if err := w.d.wallets.browser.wait(ctx, id); err != nil {
			return Account{}, err
		}
		return w.d.current(ctx)
	})
}

// BrowserCancel closes a page; it is no error when it is closed.
func (w *Wallet) BrowserCancel(id string) error {
	return act(w.d, "Wallet.BrowserCancel", MaxCallTime, func(context.Context) error {
		w.d.wallets.browser.cancel(id)
		return nil
	})
}

// wait returns when somebody signed on a page, or why nobody will.
func (b *browserSignIn) wait(ctx context.Context, id string) error {
	p := b.find(id)
	if p == nil {
		return core.Errorf(core.NotFound, "This sign-in page is closed; start the sign-in again.")
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "Nobody signed in; start the sign-in again.")
	}
	if errors.Is(p.err, context.Canceled) {
		return core.Errorf(core.Unavailable, "The sign-in in the browser was given up.")
	}
	return p.err
}

// cancel closes a page; one that is closed does not mind.
func (b *browserSignIn) cancel(id string) {
	if p := b.find(id); p != nil {
		p.stop()
	}
}

// start serves a page in the background until it has its answer.
func (b *browserSignIn) start(ctx context.Context, id string, page SignInPage) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errors.Join(core.Errorf(core.Unavailable, "The program is ending."), page.Close())
	}
	if b.open != nil {
		b.open.stop()
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &browserPage{id: id, stop: cancel, done: make(chan struct{})}
	b.open = p
	b.wg.Go(func() {
		defer cancel()
		defer close(p.done)
		p.err = errors.Join(page.Run(ctx), page.Close())
	})
	return nil
}

func (b *browserSignIn) find(id string) *browserPage {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil || b.open.id != id {
		return nil
	}
	return b.open
}

// close ends the page and waits for it.
func (b *browserSignIn) close() {
	b.mu.Lock()
	b.closed = true
	if b.open != nil {
		b.open.stop()
	}
	b.mu.Unlock()
	b.wg.Wait()
}

// browserJudge has the network's texts signed on one page. The page calls it from
// several goroutines, and for a bounded number of texts.
type browserJudge struct {
	d *desk

	mu   sync.Mutex
	open map[string]core.Challenge // by text
}

// Begin makes the text for an account that was chosen on the page.
func (j *browserJudge) Begin(ctx context.Context, account WalletAccount, domain string) (string, error) {
	a, err := j.d.auth()
	if err != nil {
		return "", err
	}
	c, err := a.Challenge(ctx, core.ChallengeRequest{Wallet: account.Address, ChainType: account.Chain, Purpose: "sign-in", Domain: domain})
	if err != nil {
		return "", err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open[c.Message] = c
	return c.Message, nil
}

// Finish judges a signature, here and then in the network.
func (j *browserJudge) Finish(ctx context.Context, account WalletAccount, domain, text, signature string) error {
	j.mu.Lock()
	c, found := j.open[text]
	delete(j.open, text)
	j.mu.Unlock()
	if !found {
		return core.Errorf(core.Conflict, "No text waits for this signature; choose the account again.")
	}
	if err := j.d.wallets.store.Verify(account, text, signature); err != nil {
		return err
	}
	_, err := j.d.verify(ctx, "", account, core.Proof{
		Wallet: account.Address, ChainType: account.Chain, Namespace: c.Namespace, Nonce: c.Nonce, Signature: signature, Domain: domain, Address: signInHere,
	})
	return err
}
