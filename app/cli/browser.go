package cli

// This file signs in with a wallet in the system's browser.

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/signin"
	"git.debros.io/DeBros/network/backend/wallet"
)

// browserLogin is one sign-in by the page. The page's calls come from several
// goroutines.
type browserLogin struct {
	gateway   *gateway
	namespace core.Namespace

	mu   sync.Mutex
	open map[string]challenge // by their text; at most signin.MaxChoices
	done credential
}

func (a *app) loginByBrowser(ctx context.Context, g *gateway, ns core.Namespace) (credential, error) {
	if a.env.Program.Page == nil {
		return credential{}, core.Errorf(core.Unavailable, "this program was built without its page; use --paste")
	}
	l := &browserLogin{gateway: g, namespace: ns, open: map[string]challenge{}}
	server, err := signin.Listen(ctx, signin.Settings{Dist: a.env.Program.Page(), Begin: l.begin, Finish: l.finish}, slog.New(slog.DiscardHandler))
	if err != nil {
		return credential{}, err
	}
	if err = a.showPage(ctx, server); err != nil {
		return credential{}, errors.Join(err, server.Close())
	}
	_, err = server.Run(ctx)
	if err = errors.Join(err, server.Close()); err != nil {
		return credential{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done, nil
}

// showPage opens the browser, and says by what its page is known.
func (a *app) showPage(ctx context.Context, server *signin.Server) error {
	a.tell("The sign-in page opens in your browser. It is the right one only if it shows the code %s.", server.Code())
	err := a.env.Program.OpenURL(ctx, server.URL())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		// The address is a secret of this user, and a terminal is his.
		if !a.env.Terminal.Stderr {
			return core.Wrap(core.Unavailable, err, "no browser could be opened here; use --paste")
		}
		a.tell("No browser could be opened. Open this address in one on this computer:\n  %s", server.URL())
	}
	return nil
}

// begin makes the text for the account that was chosen on the page.
func (l *browserLogin) begin(ctx context.Context, p signin.Proposal) (string, error) {
	account, err := wallet.ParseAccount(p.Wallet, wallet.Chain(p.ChainType))
	if err != nil {
		return "", err
	}
	c, err := l.gateway.challenge(ctx, account, l.namespace)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c.Message] = c
	return c.Message, nil
}

// finish judges what the wallet signed, here and then at the gateway.
func (l *browserLogin) finish(ctx context.Context, given signin.Answer) error {
	l.mu.Lock()
	c, found := l.open[given.Text]
	delete(l.open, given.Text)
	l.mu.Unlock()
	if !found {
		return core.Errorf(core.Conflict, "no text waits for this signature; choose the account again")
	}
	account, err := wallet.ParseAccount(c.Wallet, c.chain)
	if err != nil {
		return err
	}
	if err = wallet.Verify(account, c.Message, given.Signature); err != nil {
		return err
	}
	done, err := l.gateway.verify(ctx, c, given.Signature)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = done
	return nil
}
