package anchat

// This file answers invitations and goes out of rooms.

import (
	"context"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Accept comes into a room to which somebody invited. Whoever invited is a contact
// from then on.
func (c *Chat) Accept(ctx context.Context, roomID string) error {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return err
	}
	return s.accept(ctx, id)
}

func (s *session) accept(ctx context.Context, id wire.Room) error {
	r, err := s.room(id)
	if err != nil || r.local.State == core.ChatJoined {
		return err
	}
	m, in := r.state.Member(s.account)
	if !in { // the event that says so may not be read yet
		if err = s.readRoom(ctx, id); err != nil {
			return err
		}
		if r, err = s.room(id); err != nil {
			return err
		}
		m, in = r.state.Member(s.account)
	}
	if !in {
		return core.Errorf(core.NotFound, "this invitation was taken back; ask to be invited again")
	}
	if m.Invited {
		if err = s.event(ctx, id, room.Body{Kind: room.BodyAccept}); err != nil {
			return err
		}
	}
	return s.do(ctx, func(t *turn) error {
		return t.setPerson(m.By, func(p *person) { p.Contact = p.Contact || m.By != s.account })
	})
}

// Refuse says no to an invitation and forgets the room.
func (c *Chat) Refuse(ctx context.Context, roomID string) error {
	s, id, err := c.openRoom(roomID)
	if core.CodeOf(err) == core.NotFound && s != nil {
		return s.stopKnocking(ctx, id)
	}
	if err != nil {
		return err
	}
	r, err := s.room(id)
	if err != nil {
		return err
	}
	if r.local.State == core.ChatKnocked { // they were in it before
		if err = s.do(ctx, func(t *turn) error {
			return t.setLocal(id, func(l *vault.Local) { l.State = core.ChatLeft })
		}); err != nil {
			return err
		}
		return s.stopKnocking(ctx, id)
	}
	if r.local.State != core.ChatInvited {
		return core.Errorf(core.Conflict, "this invitation was answered already; leave the room instead")
	}
	err = s.event(ctx, id, room.Body{Kind: room.BodyLeave})
	switch core.CodeOf(err) {
	case "", core.Denied, core.NotFound, core.Conflict: // it is forgotten in any case
	default:
		return err
	}
	return s.do(ctx, func(t *turn) error {
		t.changed(core.ChatEventState, wire.Room{})
		return t.forget(id)
	})
}

// Leave goes out of a room. What was written stays readable here.
func (c *Chat) Leave(ctx context.Context, roomID string) error {
	return c.change(ctx, roomID, room.ActLeave, "this room is for your own devices and cannot be left", room.Body{Kind: room.BodyLeave})
}

// forget removes a room with all of its lines. Should somebody invite to it again, it
// is read from its beginning.
func (t *turn) forget(id wire.Room) error {
	r, err := t.room(id)
	if err != nil {
		return err
	}
	for _, m := range r.state.Mailboxes() {
		if err = t.SetCursor(m.Tag.Name().String(), 0); err != nil {
			return err
		}
	}
	t.rooms[id] = nil
	delete(t.dirty, id)
	t.changed(core.ChatEventRooms, id)
	return t.ForgetRoom(id)
}
