// This file makes this node a device of a wallet: the wallet signs one text, once
// a year. Where the wallet is, the person chooses: here, in the system's browser,
// or anywhere else, with the text and its signature carried by hand.

package api

import (
	"context"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// enrolDomain stands in the text where no page of the browser asks for it.
	enrolDomain = "localhost"
	// maxSignatureText bounds a pasted signature; the longest has 132 letters.
	maxSignatureText = 1 << 10
)

// ChatEnrolOptions say how this device keeps its keys, and what it is called on
// the person's other devices.
type ChatEnrolOptions struct {
	Keychain   bool   `json:"keychain"` // the system's keychain opens the chat
	DeviceName string `json:"device_name"`
}

func (o ChatEnrolOptions) with(id, signature, passphrase string) core.ChatEnrol {
	return core.ChatEnrol{ID: id, Signature: signature, Passphrase: core.Secret(passphrase), Keychain: o.Keychain, DeviceName: o.DeviceName}
}

func (o ChatEnrolOptions) check(passphrase string) error {
	switch {
	case len(passphrase) > maxPassphraseText:
		return errPassphraseLength()
	case len(o.DeviceName) > core.MaxChatNameBytes:
		return core.Errorf(core.TooLarge, "The name of a device has at most %d bytes.", core.MaxChatNameBytes)
	}
	return nil
}

// EnrolWallet has a built-in wallet that is open certify this device, and opens
// the chat. It shows the text on every page and waits for the person's answer.
func (a *Anchat) EnrolWallet(wallet, chain string, o ChatEnrolOptions, passphrase string) (ChatState, error) {
	return chatAsk(a.d, "Anchat.EnrolWallet", maxSignInTime, func(ctx context.Context, c Chat) (ChatState, error) {
		if err := o.check(passphrase); err != nil {
			return ChatState{}, err
		}
		account, sign, err := a.d.signerOf(wallet, chain)
		if err != nil {
			return ChatState{}, err
		}
		e, err := c.Enrolment(ctx, account.Address, account.Chain, enrolDomain)
		if err != nil {
			return ChatState{}, err
		}
		signature, err := sign(ctx, e.Text)
		if err != nil {
			return ChatState{}, err
		}
		s, err := c.Enrol(ctx, o.with(e.ID, signature, passphrase))
		return chatStateOf(s), err
	})
}

// EnrolBrowser opens a page for a wallet of the system's browser, as
// [Wallet.BrowserBegin] does for signing in. EnrolWait tells how it ended.
func (a *Anchat) EnrolBrowser(o ChatEnrolOptions, passphrase string) (BrowserSignIn, error) {
	return chatAsk(a.d, "Anchat.EnrolBrowser", MaxCallTime, func(ctx context.Context, c Chat) (BrowserSignIn, error) {
		if err := o.check(passphrase); err != nil {
			return BrowserSignIn{}, err
		}
		judge := &enrolJudge{d: a.d, chat: c, options: o, passphrase: core.Secret(passphrase), open: map[string]string{}}
		return a.d.openPage(ctx, a.d.enrolling, judge, a.shell)
	})
}

// EnrolWait returns how the chat is once a wallet signed on a page.
func (a *Anchat) EnrolWait(id string) (ChatState, error) {
	return chatAsk(a.d, "Anchat.EnrolWait", maxBrowserWait, func(ctx context.Context, c Chat) (ChatState, error) {
		if err := a.d.enrolling.wait(ctx, id); err != nil {
			return ChatState{}, err
		}
		return chatState(ctx, c)
	})
}

// EnrolCancel closes a page; it is no error when it is closed.
func (a *Anchat) EnrolCancel(id string) error {
	return act(a.d, "Anchat.EnrolCancel", MaxCallTime, func(context.Context) error {
		a.d.enrolling.cancel(id)
		return nil
	})
}

// EnrolText makes the text for a wallet that is in neither place. It is good for
// five minutes; EnrolSigned takes its signature.
func (a *Anchat) EnrolText(address string) (ChatEnrolment, error) {
	return chatAsk(a.d, "Anchat.EnrolText", MaxCallTime, func(ctx context.Context, c Chat) (ChatEnrolment, error) {
		if len(address) > maxAddressText {
			return ChatEnrolment{}, core.Errorf(core.Invalid, "This is too long for an address.")
		}
		account, err := a.d.wallets.store.ParseAddress(address)
		if err != nil {
			return ChatEnrolment{}, err
		}
		e, err := c.Enrolment(ctx, account.Address, account.Chain, enrolDomain)
		return chatEnrolmentOf(e), err
	})
}

// EnrolSigned finishes what EnrolText began.
func (a *Anchat) EnrolSigned(id, signature string, o ChatEnrolOptions, passphrase string) (ChatState, error) {
	return chatAsk(a.d, "Anchat.EnrolSigned", MaxRunTime, func(ctx context.Context, c Chat) (ChatState, error) {
		if err := o.check(passphrase); err != nil {
			return ChatState{}, err
		}
		if len(signature) > maxSignatureText {
			return ChatState{}, core.Errorf(core.Invalid, "This is too long for a signature; copy it again from the wallet.")
		}
		s, err := c.Enrol(ctx, o.with(id, signature, passphrase))
		return chatStateOf(s), err
	})
}

// enrolJudge has a device's text signed on one page. The page calls it from
// several goroutines, and for a bounded number of texts.
type enrolJudge struct {
	d          *desk
	chat       Chat
	options    ChatEnrolOptions
	passphrase core.Secret

	mu   sync.Mutex
	open map[string]string // the enrolment's id, by text
}

// Begin makes the text for an account that was chosen on the page.
func (j *enrolJudge) Begin(ctx context.Context, account WalletAccount, domain string) (string, error) {
	e, err := j.chat.Enrolment(ctx, account.Address, account.Chain, domain)
	if err != nil {
		return "", err
	}
	j.mu.Lock()
	j.open[e.Text] = e.ID
	j.mu.Unlock()
	j.d.events.send(EventChat, func(Mode) any { return ChatEvent{Kind: EventChatCode, Title: e.Code} })
	return e.Text, nil
}

// Finish judges a signature and opens the chat.
func (j *enrolJudge) Finish(ctx context.Context, account WalletAccount, _, text, signature string) error {
	j.mu.Lock()
	id, found := j.open[text]
	delete(j.open, text)
	j.mu.Unlock()
	if !found {
		return core.Errorf(core.Conflict, "No text waits for this signature; choose the account again.")
	}
	if err := j.d.wallets.store.Verify(account, text, signature); err != nil {
		return err
	}
	_, err := j.chat.Enrol(ctx, j.options.with(id, signature, j.passphrase.Reveal()))
	return err
}
