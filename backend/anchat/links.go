package anchat

// This file has invite links: who makes one, who knocks, and who lets them in.

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/json"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// kindKnock is a knock that waits to be answered, under the room's name, a slash
	// and the fingerprint of the device.
	kindKnock = "knock"
	// kindKnocked is where this device knocked, by room.
	kindKnocked = "knocked"
	// kindLink is the text of a link that this device made, by the link's name.
	kindLink = "link"

	// MaxKnocks bounds the knocks that wait to be answered.
	MaxKnocks = 2 * core.MaxChatMembers

	defaultLinkLife = 7 * 24 * time.Hour
)

// MakeLink makes a link that lets people into a room without being invited by name.
func (c *Chat) MakeLink(ctx context.Context, o core.ChatLinkOptions) (core.ChatLink, error) {
	s, id, err := c.openRoom(o.Room)
	if err != nil {
		return core.ChatLink{}, err
	}
	if o.ExpiresIn == 0 {
		o.ExpiresIn = defaultLinkLife
	}
	if o.Uses == 0 {
		o.Uses = 1
	}
	if o.ExpiresIn < 0 || o.ExpiresIn > room.MaxLinkLife {
		return core.ChatLink{}, core.Errorf(core.Invalid, "a link lasts four weeks at most")
	}
	r, err := s.room(id)
	if err != nil {
		return core.ChatLink{}, err
	}
	if r.state.Kind() != core.ChatRoomGroup || !r.state.May(s.account, room.ActInvite) {
		return core.ChatLink{}, core.Errorf(core.Denied, "links are made in groups, by who may invite")
	}
	invite := room.Invite{Tag: wire.NewTag(), ExpiresAt: wire.Time(s.now().Add(o.ExpiresIn)), Uses: o.Uses}
	_, _ = rand.Read(invite.Code[:]) //nolint:errcheck // it never fails; see crypto/rand
	if err = s.event(ctx, id, room.Body{Kind: room.BodyLink, Invite: &invite}); err != nil {
		return core.ChatLink{}, err
	}
	ticket := room.Ticket{Network: c.set.Network, Inviter: s.account, Device: s.device, Room: id, Invite: invite, Name: r.state.Name()}
	err = s.do(ctx, func(t *turn) error {
		if ticket, err = ticket.SignBy(t.engine.Sign); err != nil {
			return err
		}
		return t.Put(kindLink, invite.ID().String(), []byte(ticket.URL()))
	})
	if err != nil {
		return core.ChatLink{}, err
	}
	return s.linkOf(ticket, ticket.URL()), nil
}

// linkOf is a link as screens have it.
func (s *session) linkOf(t room.Ticket, url string) core.ChatLink {
	return core.ChatLink{
		ID: t.ID().String(), Room: t.Room.String(), RoomName: t.Name, URL: url, By: t.Inviter.String(), ByName: s.nameOf(t.Room, t.Inviter),
		ExpiresAt: t.ExpiresAt, Uses: t.Uses, Network: t.Network, Here: t.Network == s.chat.set.Network,
	}
}

// Links are the links of a room that still let somebody in.
func (c *Chat) Links(ctx context.Context, roomID string) ([]core.ChatLink, error) {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return nil, err
	}
	r, err := s.room(id)
	if err != nil {
		return nil, err
	}
	all := []core.ChatLink{}
	for _, l := range r.state.Links() {
		if !l.Open(s.now()) {
			continue
		}
		url, _, err := s.vault.Get(ctx, kindLink, l.ID().String())
		if err != nil {
			return nil, err
		}
		one := s.linkOf(room.Ticket{Network: c.set.Network, Inviter: l.By, Room: id, Invite: l.Invite, Name: r.state.Name()}, string(url))
		one.Used = l.Used
		all = append(all, one)
	}
	return all, nil
}

// RevokeLink takes a link back.
func (c *Chat) RevokeLink(ctx context.Context, roomID, link string) error {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return err
	}
	name, err := wire.ParseName(link)
	if err != nil {
		return err
	}
	if err = s.event(ctx, id, room.Body{Kind: room.BodyLinkRevoked, Link: name}); err != nil {
		return err
	}
	return s.do(ctx, func(t *turn) error { return t.Delete(kindLink, name.String()) })
}

// ReadLink says what a link is for. It asks nobody, so nothing of it is proved yet.
func (c *Chat) ReadLink(_ context.Context, url string) (core.ChatLink, error) {
	s, err := c.current()
	if err != nil {
		return core.ChatLink{}, err
	}
	ticket, err := room.ParseLink(url)
	if err != nil {
		return core.ChatLink{}, err
	}
	return s.linkOf(ticket, ""), nil
}

// knocking is a door at which this device has knocked.
type knocking struct {
	Link string    `json:"link"`
	Name string    `json:"name"`
	By   string    `json:"by"` // address of who made the link
	At   time.Time `json:"at"`
}

// Join knocks at a room by a link. The first device of the room that is up and may
// invite lets the reader in; until then the room says whom it waits for.
func (c *Chat) Join(ctx context.Context, url string) (core.ChatRoom, error) {
	s, err := c.current()
	if err != nil {
		return core.ChatRoom{}, err
	}
	ticket, err := room.ParseLink(url)
	if err != nil {
		return core.ChatRoom{}, err
	}
	if r, roomErr := s.room(ticket.Room); roomErr == nil && (r.local.State == core.ChatJoined || r.local.State == core.ChatInvited) {
		return s.oneRoom(ctx, ticket.Room)
	}
	if err = s.checkTicket(ctx, ticket); err != nil {
		return core.ChatRoom{}, err
	}
	var knock wire.Knock
	err = s.do(ctx, func(t *turn) error {
		knock, err = t.engine.Knock(ticket.ID(), ticket.Code, t.now)
		return err
	})
	if err != nil {
		return core.ChatRoom{}, err
	}
	if err = s.putNow(ctx, knock); err != nil {
		return core.ChatRoom{}, err
	}
	raw, err := json.Marshal(knocking{Link: ticket.ID().String(), Name: ticket.Name, By: ticket.Inviter.String(), At: s.now()})
	if err != nil {
		return core.ChatRoom{}, core.Wrap(core.Internal, err, "the link cannot be kept")
	}
	err = s.do(ctx, func(t *turn) error {
		t.changed(core.ChatEventRooms, wire.Room{})
		if _, unknown := t.room(ticket.Room); unknown == nil { // they were in it before
			if err = t.setLocal(ticket.Room, func(l *vault.Local) { l.State = core.ChatKnocked }); err != nil {
				return err
			}
		}
		return t.Put(kindKnocked, ticket.Room.String(), raw)
	})
	if err != nil {
		return core.ChatRoom{}, err
	}
	return c.Room(ctx, ticket.Room.String())
}

// checkTicket asks the nodes whether the one who is named made the link.
func (s *session) checkTicket(ctx context.Context, ticket room.Ticket) error {
	switch {
	case ticket.Network != s.chat.set.Network:
		return core.Errorf(core.Invalid, "this link is of another network; join that one first")
	case !s.now().Before(ticket.ExpiresAt):
		return core.Errorf(core.Invalid, "this link has expired; ask for a new one")
	}
	if err := s.refresh(ctx, DevicesFresh, ticket.Inviter); err != nil {
		return err
	}
	return s.look(ctx, func(t *turn) error {
		k, ok := t.engine.Lookup(ticket.Device)
		if !ok || k.Statement.Account != ticket.Inviter {
			return core.Errorf(core.Denied, "this link was not made by who it says; ask for a new one")
		}
		return ticket.Verify(k.Statement.Signing)
	})
}

// knocked are the rooms at whose door this device waits, as screens have them. Those
// that have opened are forgotten by and by.
func (s *session) knocked(ctx context.Context) ([]core.ChatRoom, error) {
	waiting, err := s.vault.List(ctx, kindKnocked)
	if err != nil {
		return nil, err
	}
	all := []core.ChatRoom{}
	for _, w := range waiting {
		id, err := wire.ParseRoom(w.ID)
		if err != nil {
			return nil, core.Wrap(core.Internal, err, "a link that was followed cannot be read")
		}
		if _, err = s.room(id); err == nil {
			continue // it is listed as what it is now
		}
		k, err := decode[knocking](w.Value)
		if err != nil {
			return nil, err
		}
		all = append(all, core.ChatRoom{
			ID: w.ID, Kind: core.ChatRoomGroup, State: core.ChatKnocked, Name: k.Name, InvitedBy: k.By, LastAt: k.At,
			Notify: core.ChatNotifyAll, Hosts: []string{}, Answering: []string{},
		})
	}
	return all, nil
}

// stopKnocking forgets a link that was followed.
func (s *session) stopKnocking(ctx context.Context, id wire.Room) error {
	return s.do(ctx, func(t *turn) error {
		if _, ok, err := t.Get(kindKnocked, id.String()); err != nil || !ok {
			return errOr(err, errRoom())
		}
		t.changed(core.ChatEventRooms, wire.Room{})
		return t.Delete(kindKnocked, id.String())
	})
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// knock keeps a knock of a certified device that knows the link's secret.
func (t *turn) knock(box mailbox, stored wire.Stored, k wire.Knock) error {
	if !box.knocks || k.Mailbox != box.name {
		return core.Errorf(core.Denied, "somebody knocks where nobody is let in")
	}
	if _, err := t.engine.CheckKnock(k, stored.At); err != nil {
		return err
	}
	r, err := t.room(box.room)
	if err != nil {
		return err
	}
	if _, err = opened(r.state, k, t.now); err != nil {
		return err
	}
	waiting, err := t.List(kindKnock)
	if err != nil {
		return err
	}
	if len(waiting) >= MaxKnocks {
		return core.Errorf(core.Limited, "%d people knock already; they are let in first", MaxKnocks)
	}
	t.later(t.s.posts.ring)
	return t.Put(kindKnock, box.room.String()+"/"+k.Device.String(), stored.Row)
}

// answerKnocks lets in those who knocked and know the secret of a link that is still
// good. The chain of the room judges count and end, so that of several devices which
// answer at once one is enough.
func (s *session) answerKnocks(ctx context.Context) error {
	waiting, err := s.vault.List(ctx, kindKnock)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		err = s.answerKnock(ctx, w)
		switch core.CodeOf(err) {
		case "":
		case core.Denied, core.Invalid, core.NotFound, core.TooLarge:
			name, _, _ := strings.Cut(w.ID, "/")
			id, parseErr := wire.ParseRoom(name)
			if parseErr != nil {
				return core.Wrap(core.Internal, parseErr, "a knock cannot be read")
			}
			why := err
			if err = s.do(ctx, func(t *turn) error {
				t.refused("knock", id, "", why)
				return t.Delete(kindKnock, w.ID)
			}); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

func (s *session) answerKnock(ctx context.Context, w vault.Entry) error {
	row, err := wire.Decode(w.Value)
	if err != nil {
		return err
	}
	k, ok := row.(wire.Knock)
	if !ok {
		return core.Errorf(core.Invalid, "this is no knock")
	}
	name, _, _ := strings.Cut(w.ID, "/")
	id, err := wire.ParseRoom(name)
	if err != nil {
		return err
	}
	r, err := s.room(id)
	if err != nil {
		return err
	}
	link, err := opened(r.state, k, s.now())
	if err != nil {
		return err
	}
	var known wallet.Account
	err = s.look(ctx, func(t *turn) error {
		device, ok := t.engine.Lookup(k.Device)
		if !ok {
			return errDevice()
		}
		known = device.Statement.Account
		return nil
	})
	if err != nil {
		return err
	}
	if err = s.refresh(ctx, 0, known); err != nil {
		return err
	}
	if !r.state.May(s.account, room.ActInvite) {
		return core.Errorf(core.Denied, "who is to let somebody in may not invite")
	}
	if _, in := r.state.Member(known); !in {
		if err = s.event(ctx, id, room.Body{Kind: room.BodyLinkUsed, Link: link, Account: known}); err != nil {
			return err
		}
	}
	return s.do(ctx, func(t *turn) error {
		if err := t.bringIn(id, known); err != nil {
			return err
		}
		return t.Delete(kindKnock, w.ID)
	})
}

// opened is the link that a knock opens.
func opened(state *room.State, k wire.Knock, now time.Time) (wire.Name, error) {
	for _, l := range state.Links() {
		if l.ID() != k.Mailbox {
			continue
		}
		if !l.Open(now) {
			return k.Mailbox, core.Errorf(core.Denied, "the link is used up, expired or taken back")
		}
		proof := wire.KnockProof(l.Code, k.Mailbox, k.Device)
		if !hmac.Equal(proof[:], k.Proof[:]) {
			return k.Mailbox, core.Errorf(core.Denied, "who knocks does not know the link's secret")
		}
		return k.Mailbox, nil
	}
	return k.Mailbox, core.Errorf(core.NotFound, "there is no such link")
}
