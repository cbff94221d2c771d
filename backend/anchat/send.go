package anchat

// This file has what the reader does with messages. Each is written to the outbox;
// outbox.go sends it.

import (
	"context"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Send queues a message. It is on the disk when Send returns.
func (c *Chat) Send(ctx context.Context, d core.ChatDraft) (core.ChatMessage, error) {
	s, id, err := c.openRoom(d.Room)
	if err != nil {
		return core.ChatMessage{}, err
	}
	body := inner.Text{Text: d.Text}
	if body.Mentions, err = s.mentions(id, d.Mentions); err != nil {
		return core.ChatMessage{}, err
	}
	if d.ReplyTo != "" {
		ref, parseErr := inner.ParseRef(d.ReplyTo)
		if parseErr != nil {
			return core.ChatMessage{}, parseErr
		}
		body.ReplyTo = &ref
	}
	r, err := s.room(id)
	if err != nil {
		return core.ChatMessage{}, err
	}
	body.Timer = r.state.Timer()
	var item vault.Item
	err = s.do(ctx, func(t *turn) error {
		if body.Files, err = t.attached(id, d.Files); err != nil {
			return err
		}
		raw, marshalErr := inner.Marshal(body)
		if marshalErr != nil {
			return marshalErr
		}
		item, err = t.queue(id, inner.KindText, raw)
		return err
	})
	if err != nil {
		return core.ChatMessage{}, err
	}
	return s.message(ctx, id, vault.OutID(item.ID))
}

// Edit replaces the text of a message of the reader's own.
func (c *Chat) Edit(ctx context.Context, roomID, id, text string, mentions []string) error {
	s, found, err := c.named(ctx, roomID, id)
	if err != nil {
		return err
	}
	if !found.Mine || found.Gone || found.Message.Kind != inner.KindText {
		return core.Errorf(core.Denied, "only your own messages can be edited, as long as they are here")
	}
	accounts, err := s.mentions(found.Room, mentions)
	if err != nil {
		return err
	}
	return s.send(ctx, found.Room, inner.Edit{Target: found.Ref, Text: text, Mentions: accounts})
}

// Delete empties a message for all: one's own, or as an admin anybody's. The nodes
// are asked to erase what this device sent.
func (c *Chat) Delete(ctx context.Context, roomID, id string) error {
	s, found, err := c.named(ctx, roomID, id)
	if err != nil {
		return err
	}
	r, err := s.room(found.Room)
	if err != nil {
		return err
	}
	if !found.Mine && !r.state.May(s.account, room.ActDelete) {
		return core.Errorf(core.Denied, "only admins delete what others wrote")
	}
	if found.Gone {
		return nil
	}
	return s.send(ctx, found.Room, inner.Delete{Target: found.Ref})
}

// React puts a sign on a message, or takes it back.
func (c *Chat) React(ctx context.Context, roomID, id, sign string, on bool) error {
	s, found, err := c.named(ctx, roomID, id)
	if err != nil {
		return err
	}
	if found.Gone {
		return core.Errorf(core.NotFound, "this message was deleted")
	}
	return s.send(ctx, found.Room, inner.React{Target: found.Ref, Sign: sign, On: on})
}

// Resend queues a message that failed anew.
func (c *Chat) Resend(ctx context.Context, roomID, id string) error {
	return c.waiting(ctx, roomID, id, func(t *turn, out int64) error {
		i, err := t.Item(out)
		if err != nil {
			return err
		}
		if i.State != vault.OutFailed {
			return nil // it is on its way
		}
		return t.Requeue(out)
	})
}

// Discard removes a message that was not sent yet, or failed.
func (c *Chat) Discard(ctx context.Context, roomID, id string) error {
	return c.waiting(ctx, roomID, id, func(t *turn, out int64) error { return t.Discard(out) })
}

// waiting does something with a message of the outbox.
func (c *Chat) waiting(ctx context.Context, roomID, id string, do func(t *turn, out int64) error) error {
	s, inRoom, err := c.openRoom(roomID)
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *turn) error {
		found, err := t.Find(id)
		if err != nil {
			return err
		}
		if found.Room != inRoom || found.Out == 0 {
			return core.Errorf(core.NotFound, "this message does not wait any more: it is stored, or it was discarded")
		}
		t.changed(core.ChatEventMessages, inRoom)
		t.changed(core.ChatEventState, wire.Room{})
		t.later(t.s.posts.ring)
		return do(t, found.Out)
	})
}

// Refusals are what was not believed, newest first.
func (c *Chat) Refusals(ctx context.Context) ([]core.ChatRefusal, error) {
	s, err := c.current()
	if err != nil {
		return nil, err
	}
	return s.vault.Refusals(ctx)
}

// openRoom is the open session and the room of an id.
func (c *Chat) openRoom(id string) (*session, wire.Room, error) {
	s, err := c.current()
	if err != nil {
		return nil, wire.Room{}, err
	}
	r, err := wire.ParseRoom(id)
	if err != nil {
		return nil, r, err
	}
	_, err = s.room(r)
	return s, r, err
}

// named finds a message that was sealed, in the room that is named with it.
func (c *Chat) named(ctx context.Context, roomID, id string) (*session, vault.Found, error) {
	s, inRoom, err := c.openRoom(roomID)
	if err != nil {
		return nil, vault.Found{}, err
	}
	var found vault.Found
	err = s.look(ctx, func(t *turn) (err error) {
		found, err = t.Find(id)
		return err
	})
	switch {
	case err != nil:
		return nil, found, err
	case found.Room != inRoom:
		return nil, found, core.Errorf(core.NotFound, "this message is in another room")
	case !found.Sealed:
		return nil, found, core.Errorf(core.Conflict, "this message waits to be sent; discard it instead, or wait")
	}
	return s, found, nil
}

// send queues a body for a room: inner.Text, Edit, Delete, React, Receipt or State.
func (s *session) send(ctx context.Context, id wire.Room, body any) error {
	raw, err := inner.Marshal(body)
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *turn) error {
		_, err = t.queue(id, inner.KindOf(body), raw)
		return err
	})
}

// queue writes a message to the outbox within a turn.
func (t *turn) queue(id wire.Room, kind inner.Kind, body []byte) (vault.Item, error) {
	r, err := t.room(id)
	if err != nil {
		return vault.Item{}, err
	}
	if !r.state.May(t.s.account, room.ActWrite) {
		return vault.Item{}, core.Errorf(core.Denied, "only members write in a room; accept the invitation first, or ask to be let in again")
	}
	t.changed(core.ChatEventMessages, id)
	t.changed(core.ChatEventRooms, id)
	t.changed(core.ChatEventState, wire.Room{})
	t.later(t.s.posts.ring)
	return t.Queue(vault.Draft{
		Room: id, Message: inner.Message{Kind: kind, Device: t.s.device, At: t.now, Body: body},
		Moderator: r.state.May(t.s.account, room.ActDelete),
	})
}

// mentions are the accounts of addresses, which must be members.
func (s *session) mentions(id wire.Room, addresses []string) ([]string, error) {
	if len(addresses) == 0 {
		return nil, nil
	}
	r, err := s.room(id)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, address := range addresses {
		a, err := s.accountOf(address)
		if err != nil {
			return nil, err
		}
		if _, in := r.state.Member(a); !in {
			return nil, core.Errorf(core.Invalid, "only members of the room can be mentioned")
		}
		if text := wire.AccountID(a); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all, nil
}

// accountOf reads an address of either chain.
func (s *session) accountOf(address string) (wallet.Account, error) {
	if a, err := wallet.ParseAccount(address, wallet.ETH); err == nil {
		return a, nil
	}
	a, err := wallet.ParseAccount(address, wallet.SOL)
	if err != nil {
		return a, core.Errorf(core.Invalid, "this is no address of Ethereum or Solana")
	}
	return a, nil
}
