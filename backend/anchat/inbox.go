package anchat

// This file takes in what other devices send to this one: keys, invitations, and
// where rooms have moved to.

import (
	"context"
	"errors"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// MaxRequests bounds the rooms to which others have invited and that wait for an
// answer: anybody may invite.
const MaxRequests = 100

// readInbox reads the inbox from where it was left to its end.
func (s *session) readInbox(ctx context.Context) error {
	for ctx.Err() == nil {
		after, err := s.vault.Cursor(ctx, cursorInbox)
		if err != nil {
			return err
		}
		page, err := s.service.Inbox(ctx, after, wire.MaxPage)
		if err != nil {
			return err
		}
		if len(page.Rows) == 0 {
			return nil
		}
		if err = checkPage(page, after); err != nil {
			return err
		}
		err = s.take(ctx, cursorInbox, page.Rows, func(t *turn, r wire.Stored, last bool) error {
			return t.letter(r, last)
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// letter takes in one row of the inbox and lets the nodes remove it. What needs a
// newer program stays there.
func (t *turn) letter(stored wire.Stored, last bool) error {
	row, err := wire.Decode(stored.Row)
	env, ok := row.(wire.Envelope)
	if err != nil || !ok {
		return t.pass(row, wire.Room{}, core.Errorf(core.Invalid, "an inbox has envelopes alone"))
	}
	secret, from, err := t.engine.OpenEnvelope(env, stored.At)
	if needsDevices(err) && !last {
		return err
	}
	var newer *engine.NeedNewer
	if errors.As(err, &newer) {
		return t.pass(row, wire.Room{}, err)
	}
	if err == nil {
		if from == t.s.account { // it may have let this device in, or ended another
			t.later(func() { t.s.doubt(from) })
		}
		err = t.secret(env.From, from, secret)
	}
	t.acked = append(t.acked, env.ID)
	if errors.Is(err, engine.ErrKnown) {
		return nil
	}
	return t.pass(row, secret.Room, err)
}

// secret does what a secret is for.
func (t *turn) secret(device wire.Fingerprint, from wallet.Account, s inner.Secret) error {
	switch s.Kind {
	case inner.SecretSessionKey:
		return t.reopen(s.Session)
	case inner.SecretHistory:
		bundle, err := s.History()
		if err != nil {
			return err
		}
		for _, k := range bundle {
			if err = t.reopen(k.Session); err != nil {
				return err
			}
		}
		return nil
	case inner.SecretInvite:
		i, err := s.Invitation()
		if err != nil {
			return err
		}
		return t.invited(from, s.Room, i)
	case inner.SecretMailbox:
		boxes, err := s.Mailboxes()
		if err != nil {
			return err
		}
		return t.moved(from, s.Room, boxes)
	case inner.SecretKeyRequest:
		refs, err := s.KeyRequest()
		if err != nil {
			return err
		}
		return t.asked(device, s.Room, refs)
	case inner.SecretSelf, inner.SecretBackup:
		if from != t.s.account {
			return core.Errorf(core.Denied, "somebody else's device sends what only own devices may")
		}
		return t.sibling(s)
	case inner.SecretWithheld:
		return nil // it is said to the person when they ask why a message waits
	}
	return core.Errorf(core.Invalid, "what another device sends needs a newer version of the program")
}

// invited makes a room that the reader was told of. Its chain is read next and says
// whether it holds.
func (t *turn) invited(from wallet.Account, id wire.Room, i inner.Invitation) error {
	if len(i.Mailboxes) == 0 || i.By != from {
		return core.Errorf(core.Denied, "an invitation comes from who invites")
	}
	if t.s.book.of(from).Blocked {
		return core.Errorf(core.Denied, "somebody who is blocked invites")
	}
	if r, err := t.room(id); err == nil {
		if r.local.State != core.ChatLeft && r.local.State != core.ChatKnocked {
			return t.setPath(id, i.Mailboxes)
		}
		// They come back: the chain goes on where it was left.
		if err = t.setPath(id, i.Mailboxes); err != nil {
			return err
		}
		if err = t.lead(r.state); err != nil {
			return err
		}
		return t.setLocal(id, func(l *vault.Local) { l.State, l.InvitedBy = core.ChatInvited, from.String() })
	}
	if from != t.s.account && t.requests() >= MaxRequests {
		return core.Errorf(core.Limited, "%d invitations wait for an answer; accept or refuse some", MaxRequests)
	}
	if err := t.setPath(id, i.Mailboxes); err != nil {
		return err
	}
	if err := t.setState(room.New(id, room.Mailbox(i.Mailboxes[0]))); err != nil {
		return err
	}
	return t.setLocal(id, func(l *vault.Local) { l.State, l.InvitedBy = core.ChatInvited, from.String() })
}

// requests counts the rooms that wait to be accepted.
func (t *turn) requests() int {
	n := 0
	for _, r := range t.s.all() {
		if r.local.State == core.ChatInvited {
			n++
		}
	}
	for id, r := range t.rooms {
		if _, err := t.s.room(id); err != nil && r != nil && r.local.State == core.ChatInvited {
			n++
		}
	}
	return n
}

// moved keeps where a room goes on, as one of its members says.
func (t *turn) moved(from wallet.Account, id wire.Room, boxes inner.Mailboxes) error {
	r, err := t.room(id)
	if err != nil {
		return err
	}
	for _, m := range boxes {
		if err = t.addTold(id, room.Mailbox(m), from); err != nil {
			return err
		}
	}
	if closed, _, _ := r.state.Closed(); closed {
		return t.lead(r.state)
	}
	return nil
}
