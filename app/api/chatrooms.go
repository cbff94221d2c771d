// This file is the rooms of the chat: what they are, who is in them, and the
// links that lead into them.

package api

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// ChatRooms is bound as "ChatRooms".
type ChatRooms struct{ d *desk }

// List returns the rooms, those with the newest message first.
func (r *ChatRooms) List() ([]ChatRoom, error) {
	return chatAsk(r.d, "ChatRooms.List", MaxCallTime, func(ctx context.Context, c Chat) ([]ChatRoom, error) {
		all, err := c.Rooms(ctx)
		return each(all, chatRoomOf), err
	})
}

// ask runs what answers with a room.
func (r *ChatRooms) ask(method string, fn func(context.Context, Chat) (core.ChatRoom, error)) (ChatRoom, error) {
	return chatAsk(r.d, method, MaxRunTime, func(ctx context.Context, c Chat) (ChatRoom, error) {
		room, err := fn(ctx, c)
		return chatRoomOf(room), err
	})
}

// Room returns one room.
func (r *ChatRooms) Room(room string) (ChatRoom, error) {
	return r.ask("ChatRooms.Room", func(ctx context.Context, c Chat) (core.ChatRoom, error) { return c.Room(ctx, room) })
}

// Create makes a room and invites its members.
func (r *ChatRooms) Create(n ChatNewRoom) (ChatRoom, error) {
	return r.ask("ChatRooms.Create", func(ctx context.Context, c Chat) (core.ChatRoom, error) {
		return c.NewRoom(ctx, core.ChatNewRoom(n))
	})
}

// Direct finds or makes the room with one other wallet; with the own address it is
// the note to self.
func (r *ChatRooms) Direct(address string) (ChatRoom, error) {
	return r.ask("ChatRooms.Direct", func(ctx context.Context, c Chat) (core.ChatRoom, error) { return c.Direct(ctx, address) })
}

// Accept comes into a room that the person was invited to.
func (r *ChatRooms) Accept(room string) error {
	return chatAct(r.d, "ChatRooms.Accept", MaxRunTime, func(ctx context.Context, c Chat) error { return c.Accept(ctx, room) })
}

// Refuse drops an invitation.
func (r *ChatRooms) Refuse(room string) error {
	return chatAct(r.d, "ChatRooms.Refuse", MaxRunTime, func(ctx context.Context, c Chat) error { return c.Refuse(ctx, room) })
}

// Change changes a room for everybody in it.
func (r *ChatRooms) Change(change ChatRoomChange) error {
	return chatAct(r.d, "ChatRooms.Change", MaxRunTime, func(ctx context.Context, c Chat) error {
		return c.ChangeRoom(ctx, core.ChatRoomChange(change))
	})
}

// Set changes a room for the person alone, on all of their devices.
func (r *ChatRooms) Set(s ChatRoomSettings) error {
	return chatAct(r.d, "ChatRooms.Set", MaxRunTime, func(ctx context.Context, c Chat) error {
		return c.SetRoom(ctx, core.ChatRoomSettings(s))
	})
}

// People lists who is in a room, was invited to it or banned from it.
func (r *ChatRooms) People(room string) ([]ChatPerson, error) {
	return chatAsk(r.d, "ChatRooms.People", MaxCallTime, func(ctx context.Context, c Chat) ([]ChatPerson, error) {
		all, err := c.People(ctx, room)
		return each(all, chatPersonOf), err
	})
}

// Invite lets wallets come into a room.
func (r *ChatRooms) Invite(room string, addresses []string) error {
	return chatAct(r.d, "ChatRooms.Invite", MaxRunTime, func(ctx context.Context, c Chat) error { return c.Invite(ctx, room, addresses) })
}

// Remove puts a person out of a room; with ban they may not come back by a link.
func (r *ChatRooms) Remove(room, address string, ban bool) error {
	return chatAct(r.d, "ChatRooms.Remove", MaxRunTime, func(ctx context.Context, c Chat) error { return c.Remove(ctx, room, address, ban) })
}

// Unban lets a banned person be invited again.
func (r *ChatRooms) Unban(room, address string) error {
	return chatAct(r.d, "ChatRooms.Unban", MaxRunTime, func(ctx context.Context, c Chat) error { return c.Unban(ctx, room, address) })
}

// SetRole makes a person owner, admin or member of a room.
func (r *ChatRooms) SetRole(room, address, role string) error {
	return chatAct(r.d, "ChatRooms.SetRole", MaxRunTime, func(ctx context.Context, c Chat) error { return c.SetRole(ctx, room, address, role) })
}

// Leave goes out of a room.
func (r *ChatRooms) Leave(room string) error {
	return chatAct(r.d, "ChatRooms.Leave", MaxRunTime, func(ctx context.Context, c Chat) error { return c.Leave(ctx, room) })
}

// Links lists the invite links of a room.
func (r *ChatRooms) Links(room string) ([]ChatLink, error) {
	return chatAsk(r.d, "ChatRooms.Links", MaxCallTime, func(ctx context.Context, c Chat) ([]ChatLink, error) {
		all, err := c.Links(ctx, room)
		return each(all, chatLinkOf), err
	})
}

// MakeLink makes an invite link.
func (r *ChatRooms) MakeLink(o ChatLinkOptions) (ChatLink, error) {
	return chatAsk(r.d, "ChatRooms.MakeLink", MaxRunTime, func(ctx context.Context, c Chat) (ChatLink, error) {
		if o.ExpiresIn < 0 || o.ExpiresIn > int64(maxLinkLife/time.Second) {
			return ChatLink{}, core.Errorf(core.Invalid, "A link is good for at most four weeks.")
		}
		l, err := c.MakeLink(ctx, core.ChatLinkOptions{Room: o.Room, ExpiresIn: time.Duration(o.ExpiresIn) * time.Second, Uses: o.Uses})
		return chatLinkOf(l), err
	})
}

// maxLinkLife keeps seconds of a page from overflowing a duration.
const maxLinkLife = 28 * 24 * time.Hour

// RevokeLink ends a link before its time.
func (r *ChatRooms) RevokeLink(room, id string) error {
	return chatAct(r.d, "ChatRooms.RevokeLink", MaxRunTime, func(ctx context.Context, c Chat) error { return c.RevokeLink(ctx, room, id) })
}

// ReadLink says what a link is for. It asks nobody.
func (r *ChatRooms) ReadLink(url string) (ChatLink, error) {
	return chatAsk(r.d, "ChatRooms.ReadLink", MaxCallTime, func(ctx context.Context, c Chat) (ChatLink, error) {
		if err := checkLinkSize(url); err != nil {
			return ChatLink{}, err
		}
		l, err := c.ReadLink(ctx, url)
		return chatLinkOf(l), err
	})
}

// Join knocks at the room of a link.
func (r *ChatRooms) Join(url string) (ChatRoom, error) {
	return r.ask("ChatRooms.Join", func(ctx context.Context, c Chat) (core.ChatRoom, error) {
		if err := checkLinkSize(url); err != nil {
			return core.ChatRoom{}, err
		}
		return c.Join(ctx, url)
	})
}

func checkLinkSize(url string) error {
	if len(url) > MaxLinkBytes {
		return core.Errorf(core.TooLarge, "A debros: link has at most %d bytes.", MaxLinkBytes)
	}
	return nil
}
