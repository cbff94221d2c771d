package anchat

// This file changes rooms: what they are, and who is in them.

import (
	"context"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// ChangeRoom changes a room for all of it, one thing after another.
func (c *Chat) ChangeRoom(ctx context.Context, n core.ChatRoomChange) error {
	s, id, err := c.openRoom(n.Room)
	if err != nil {
		return err
	}
	r, err := s.room(id)
	if err != nil {
		return err
	}
	type step struct {
		act  room.Act
		body room.Body
	}
	var steps []step
	if n.Name != nil && *n.Name != r.state.Name() {
		steps = append(steps, step{room.ActName, room.Body{Kind: room.BodyName, Name: *n.Name}})
	}
	if n.Topic != nil && *n.Topic != r.state.Topic() {
		steps = append(steps, step{room.ActName, room.Body{Kind: room.BodyTopic, Topic: *n.Topic}})
	}
	if n.History != nil && *n.History != r.state.History() {
		steps = append(steps, step{room.ActHistory, room.Body{Kind: room.BodyHistory, History: *n.History}})
	}
	if n.Timer != nil && *n.Timer != r.state.Timer() {
		steps = append(steps, step{room.ActTimer, room.Body{Kind: room.BodyTimer, Timer: *n.Timer}})
	}
	if n.FreeInvite != nil && *n.FreeInvite != r.state.FreeInvite() {
		steps = append(steps, step{room.ActFree, room.Body{Kind: room.BodyFreeInvite, FreeInvite: *n.FreeInvite}})
	}
	for _, one := range steps {
		if !r.state.May(s.account, one.act) {
			return core.Errorf(core.Denied, "your role in this room does not allow that; ask its owner")
		}
		if err = one.body.Check(); err != nil {
			return err
		}
	}
	for _, one := range steps {
		if err = s.event(ctx, id, one.body); err != nil {
			return err
		}
	}
	return nil
}

// SetRoom changes what a room is to its reader, on all of their devices, and what the
// others there are told that the reader is called.
func (c *Chat) SetRoom(ctx context.Context, n core.ChatRoomSettings) error {
	s, id, err := c.openRoom(n.Room)
	if err != nil {
		return err
	}
	if n.Notify != nil && !isNotify(*n.Notify) {
		return core.Errorf(core.Invalid, "a room notifies of %s, %s or %s", core.ChatNotifyAll, core.ChatNotifyMentions, core.ChatNotifyNone)
	}
	if n.MyName != nil {
		if err = c.callMe(ctx, n.Room, *n.MyName); err != nil {
			return err
		}
	}
	return s.do(ctx, func(t *turn) error {
		r, err := t.room(id)
		if err != nil {
			return err
		}
		now := settingsOf(r)
		err = t.setLocal(id, func(l *vault.Local) {
			for to, from := range map[*bool]*bool{
				&now.Muted: n.Muted, &now.Receipts: n.Receipts, &now.Typing: n.Typing, &now.Presence: n.Presence,
			} {
				if from != nil {
					*to = *from
				}
			}
			if n.Notify != nil {
				now.Notify = *n.Notify
			}
			now.put(l)
		})
		if err != nil {
			return err
		}
		t.changed(core.ChatEventState, wire.Room{})
		return t.share(&id, stateSettings, now)
	})
}

// callMe tells the others of a room what the reader is called there.
func (c *Chat) callMe(ctx context.Context, roomID, name string) error {
	if err := wire.CheckName(name); err != nil {
		return err
	}
	return c.change(ctx, roomID, room.ActCalled, "only members say in a room what they are called", room.Body{Kind: room.BodyCalled, Name: name})
}

// Invite asks people into a room. Those who were asked before are told again.
func (c *Chat) Invite(ctx context.Context, roomID string, addresses []string) error {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return err
	}
	r, err := s.room(id)
	if err != nil {
		return err
	}
	if !r.state.May(s.account, room.ActInvite) {
		return core.Errorf(core.Denied, "your role in this room does not allow to invite; ask its owner")
	}
	people, err := s.guests(ctx, addresses)
	if err != nil {
		return err
	}
	for _, a := range people {
		m, in := r.state.Member(a)
		if in && !m.Invited {
			continue
		}
		if !in {
			if err = s.event(ctx, id, room.Body{Kind: room.BodyAdd, Account: a}); err != nil {
				return err
			}
		}
		if err = s.do(ctx, func(t *turn) error { return t.bringIn(id, a) }); err != nil {
			return err
		}
	}
	return nil
}

// Remove takes somebody out of a room, which moves to a place that they do not know.
func (c *Chat) Remove(ctx context.Context, roomID, address string, ban bool) error {
	s, id, a, err := c.member(roomID, address)
	if err != nil {
		return err
	}
	r, err := s.room(id)
	if err != nil {
		return err
	}
	if _, in := r.state.Member(a); !in {
		return errNoMember()
	}
	if !r.state.MayRemove(s.account, a) {
		return core.Errorf(core.Denied, "admins remove members, and the owner removes admins; nobody else is removed")
	}
	if len(r.state.Mailboxes()) >= room.MaxMailboxes {
		return core.Errorf(core.Limited, "this room has moved %d times and can move no more; make a new room", room.MaxMailboxes)
	}
	var stay []wallet.Account
	for _, m := range r.state.Members() {
		if m.Account != a {
			stay = append(stay, m.Account)
		}
	}
	if err = s.refresh(ctx, DevicesFresh, stay...); err != nil { // all of their devices are told the new place
		return err
	}
	return s.event(ctx, id, room.Body{Kind: room.BodyRemove, Account: a, Ban: ban})
}

// Unban lets somebody come back, when they are invited.
func (c *Chat) Unban(ctx context.Context, roomID, address string) error {
	s, id, a, err := c.member(roomID, address)
	if err != nil {
		return err
	}
	r, err := s.room(id)
	if err != nil {
		return err
	}
	if !slices.Contains(r.state.Banned(), a) {
		return core.Errorf(core.NotFound, "this person is not banned from the room")
	}
	return c.change(ctx, id.String(), room.ActUnban, "only admins let somebody come back", room.Body{Kind: room.BodyUnban, Account: a})
}

// SetRole gives a member another role. With core.ChatOwner the room is theirs, and
// its owner becomes an admin.
func (c *Chat) SetRole(ctx context.Context, roomID, address, role string) error {
	s, id, a, err := c.member(roomID, address)
	if err != nil {
		return err
	}
	r, err := s.room(id)
	if err != nil {
		return err
	}
	m, in := r.state.Member(a)
	switch {
	case !in || a == s.account:
		return errNoMember()
	case m.Role == role:
		return nil
	}
	return c.change(ctx, id.String(), room.ActRole, "only the owner of a room gives roles", room.Body{Kind: room.BodyRole, Account: a, Role: role})
}

// change makes an event for which the reader needs a right.
func (c *Chat) change(ctx context.Context, roomID string, act room.Act, denied string, b room.Body) error {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return err
	}
	r, err := s.room(id)
	if err != nil {
		return err
	}
	if !r.state.May(s.account, act) {
		return core.Errorf(core.Denied, "%s", denied)
	}
	return s.event(ctx, id, b)
}

// member is the open session, a room and somebody's account.
func (c *Chat) member(roomID, address string) (*session, wire.Room, wallet.Account, error) {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return nil, id, wallet.Account{}, err
	}
	a, err := s.accountOf(address)
	return s, id, a, err
}

func errNoMember() error {
	return core.Errorf(core.NotFound, "this person is not another member of the room")
}
