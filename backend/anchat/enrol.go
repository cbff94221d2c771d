package anchat

// This file makes this node one of a wallet's devices, and renews what its wallet
// signed a year ago.

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// EnrolmentLife is how long a wallet may take to sign.
	EnrolmentLife = 5 * time.Minute
	// MaxEnrolments bounds those that wait; the oldest is forgotten.
	MaxEnrolments = 8

	checkCodes = 1_000_000
)

// enrolment is what a wallet is being asked to sign.
type enrolment struct {
	id      string
	at      time.Time
	account wallet.Account
	text    string
	first   bool        // no device of the wallet is known anywhere
	device  *engine.Olm // new keys; nil for a renewal
	rows    []wire.Row  // that make it one of its wallet's, once the wallet has signed
	used    bool        // the keys are in a vault, or were on their way into one
	session *session    // of a renewal
}

// Enrolment prepares a device for a wallet, or renews the certificate of the one
// that is here. domain is the loopback address of the page that shows the text. It
// is forgotten after EnrolmentLife.
func (c *Chat) Enrolment(ctx context.Context, address, chain, domain string) (core.ChatEnrolment, error) {
	account, err := wallet.ParseAccount(address, wallet.Chain(chain))
	if err != nil {
		return core.ChatEnrolment{}, err
	}
	e := &enrolment{id: rand.Text(), at: c.set.Now(), account: account}
	code, err := checkCode()
	if err != nil {
		return core.ChatEnrolment{}, err
	}
	s, err := c.current()
	if err == nil && s.account == account {
		e.session = s
		err = s.requestRenewal(ctx, e, domain, code)
	} else {
		err = c.requestDevice(ctx, e, domain, code)
	}
	if err != nil {
		return core.ChatEnrolment{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var oldest *enrolment
	for id, p := range c.pending {
		if e.at.Sub(p.at) > EnrolmentLife {
			delete(c.pending, id)
		} else if oldest == nil || p.at.Before(oldest.at) {
			oldest = p
		}
	}
	if len(c.pending) >= MaxEnrolments {
		delete(c.pending, oldest.id)
	}
	c.pending[e.id] = e
	return core.ChatEnrolment{ID: e.id, Text: e.text, Code: code, Address: account.String(), Renewal: e.session != nil}, nil
}

// requestDevice asks for a device with new keys.
func (c *Chat) requestDevice(ctx context.Context, e *enrolment, domain, code string) error {
	if _, err := c.find(e.account.String()); core.CodeOf(err) != core.NotFound {
		if err != nil {
			return err
		}
		return core.Errorf(core.Conflict, "this wallet has a chat on this node; unlock it, or forget it first")
	}
	device, err := engine.New(e.account, e.at)
	if err != nil {
		return err
	}
	service, _, err := c.set.Open(wire.Caller{Account: e.account, Device: device.Device()}, device.Sign)
	if err != nil {
		return err
	}
	known, err := service.DevicesOf(ctx, e.account)
	if err != nil {
		return err
	}
	request, err := device.EnrolmentRequest(known, domain, code, rand.Text(), e.at)
	if err != nil {
		return err
	}
	e.device, e.first = device, len(known.Lists) == 0
	e.text, err = request.Text()
	return err
}

// requestRenewal asks for the next certificate of the open device.
func (s *session) requestRenewal(ctx context.Context, e *enrolment, domain, code string) error {
	known, err := s.service.DevicesOf(ctx, s.account)
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *turn) error {
		request, err := t.engine.EnrolmentRequest(known, domain, code, rand.Text(), t.now)
		if err != nil {
			return err
		}
		e.text, err = request.Text()
		return err
	})
}

// Enrol finishes what Enrolment began, with the wallet's signature of its text.
func (c *Chat) Enrol(ctx context.Context, e core.ChatEnrol) (core.ChatState, error) {
	c.mu.Lock()
	p := c.pending[e.ID]
	c.mu.Unlock()
	if p == nil || c.set.Now().Sub(p.at) > EnrolmentLife {
		return core.ChatState{}, core.Errorf(core.NotFound, "the wallet took too long to sign; begin again")
	}
	if len(e.DeviceName) > core.MaxChatNameBytes {
		return core.ChatState{}, core.Errorf(core.TooLarge, "the name of a device has at most %d bytes", core.MaxChatNameBytes)
	}
	if err := c.enter(ctx); err != nil {
		return core.ChatState{}, err
	}
	defer c.leave()
	var err error
	if p.session != nil {
		err = p.session.renew(ctx, p.text, e.Signature)
	} else {
		err = c.enrol(ctx, p, e)
	}
	if err == nil || p.used {
		c.mu.Lock()
		delete(c.pending, e.ID)
		c.mu.Unlock()
	}
	if err != nil {
		return core.ChatState{}, err
	}
	return c.State(ctx)
}

// renew puts the next certificate.
func (s *session) renew(ctx context.Context, text, signature string) error {
	var rows []wire.Row
	err := s.do(ctx, func(t *turn) (err error) {
		rows, err = t.engine.Certify(text, signature, t.now)
		return err
	})
	if err != nil {
		return err
	}
	if err = s.putNow(ctx, rows...); err != nil {
		return err
	}
	return s.learn(ctx, s.account)
}

// enrol keeps the new device before anybody hears of it: a device whose keys are
// lost would be on its wallet's list for nothing. What the nodes refuse is removed
// again.
func (c *Chat) enrol(ctx context.Context, p *enrolment, e core.ChatEnrol) error {
	if err := p.certify(e.Signature, c.set.Now()); err != nil {
		return err
	}
	here := entry{account: p.account, device: p.device.Device().String(), base: c.base(p.account)}
	if _, err := c.find(p.account.String()); core.CodeOf(err) != core.NotFound {
		return core.Errorf(core.Conflict, "this wallet has a chat on this node; unlock it, or forget it first")
	}
	if err := c.halt(ctx); err != nil {
		return err
	}
	s, err := c.newVault(ctx, here, p, e)
	if err != nil {
		return err
	}
	return c.announceDevice(ctx, s, here, p.rows, p.first)
}

// certify takes the wallet's signature in, once: whoever chose too short a
// passphrase does not sign again.
func (p *enrolment) certify(signature string, now time.Time) error {
	if p.rows != nil {
		return nil
	}
	rows, err := p.device.Certify(p.text, signature, now)
	if err != nil {
		return err
	}
	more, err := p.device.Publish(now)
	if err != nil {
		return err
	}
	p.rows = append(rows, more...)
	return nil
}

// announceDevice starts the session and puts the rows that make the device one of
// its wallet's. When the nodes refuse them, or nothing was done, the device is gone
// again; when nobody knows, the rows are put until they are stored.
func (c *Chat) announceDevice(ctx context.Context, s *session, here entry, rows []wire.Row, first bool) error {
	if err := c.begin(ctx, s); err != nil {
		return errors.Join(err, s.vault.Close(), c.drop(ctx, here)) //nolint:contextcheck // closing takes milliseconds and is not given up
	}
	err := s.putNow(ctx, rows...)
	if err != nil && core.CodeOf(err) != core.OutcomeUnknown {
		return errors.Join(err, c.halt(ctx), c.drop(ctx, here))
	}
	if err == nil {
		err = s.learn(ctx, s.account)
	}
	return s.do(ctx, func(t *turn) error {
		if first {
			if putErr := t.Put(kindWish, wishSelf, []byte{1}); putErr != nil {
				return putErr
			}
		}
		t.later(t.s.posts.ring)
		if err != nil {
			return t.post(rows...)
		}
		return nil
	})
}

// checkCode is six digits, evenly spread.
func checkCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(checkCodes))
	if err != nil {
		return "", core.Wrap(core.Internal, err, "there is no randomness to make a check code of")
	}
	return fmt.Sprintf("%06d", n), nil
}
