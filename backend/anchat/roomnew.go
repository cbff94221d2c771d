package anchat

// This file makes rooms and finds those of two people.

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// MaxStrangersADay bounds the people to whom the reader writes for the first time
	// within a day: more is what only a nuisance does.
	MaxStrangersADay = 20

	kindReached = "reached" // by day: how many strangers were written to
	dayFormat   = "2006-01-02"
)

// NewRoom makes a group and invites people to it.
func (c *Chat) NewRoom(ctx context.Context, n core.ChatNewRoom) (core.ChatRoom, error) {
	s, err := c.current()
	if err != nil {
		return core.ChatRoom{}, err
	}
	if n.History == "" {
		n.History = core.ChatHistoryJoined
	}
	people, err := s.guests(ctx, n.Members)
	if err != nil {
		return core.ChatRoom{}, err
	}
	b := room.Body{
		RoomKind: core.ChatRoomGroup, Name: n.Name, Topic: n.Topic, History: n.History, FreeInvite: n.FreeInvite, Timer: n.Timer,
		Members: []room.Seat{{Account: s.account, Role: core.ChatOwner}},
	}
	for _, a := range people {
		b.Members = append(b.Members, room.Seat{Account: a, Role: core.ChatMember})
	}
	return s.found(ctx, b, people)
}

// guests are the accounts of addresses, each once and without the reader. All must
// have a device: nobody else could be told of the room.
func (s *session) guests(ctx context.Context, addresses []string) ([]wallet.Account, error) {
	var all []wallet.Account
	for _, address := range addresses {
		a, err := s.accountOf(strings.TrimSpace(address))
		if err != nil {
			return nil, err
		}
		if a != s.account && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	if len(all) >= core.MaxChatMembers {
		return nil, core.Errorf(core.TooLarge, "a room has at most %d people", core.MaxChatMembers)
	}
	if err := s.refresh(ctx, DevicesFresh, all...); err != nil {
		return nil, err
	}
	return all, s.look(ctx, func(t *turn) error {
		for _, a := range all {
			if len(liveOf(t.engine.Devices(a))) == 0 {
				return errNoDevices(a)
			}
		}
		return nil
	})
}

// found makes a room and tells people of it.
func (s *session) found(ctx context.Context, b room.Body, people []wallet.Account) (core.ChatRoom, error) {
	id, err := s.create(ctx, b)
	if err != nil {
		return core.ChatRoom{}, err
	}
	err = s.do(ctx, func(t *turn) error {
		for _, a := range people {
			if err = t.bringIn(id, a); err != nil {
				return err
			}
			if err = t.setPerson(a, func(p *person) { p.Contact = true }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return core.ChatRoom{}, err
	}
	return s.oneRoom(ctx, id)
}

// bringIn tells the devices of somebody who may come in where the room is, and gives
// them its past where its rule says so.
func (t *turn) bringIn(id wire.Room, a wallet.Account) error {
	r, err := t.room(id)
	if err != nil {
		return err
	}
	devices := t.live(a)
	if len(devices) == 0 {
		return errNoDevices(a)
	}
	if err = t.giveRoom(devices, r.state); err != nil {
		return err
	}
	if r.state.History() != core.ChatHistoryAll {
		return nil
	}
	rows, err := t.engine.Share(r.state, devices, nil, t.now)
	if core.CodeOf(err) == core.Unavailable || core.CodeOf(err) == core.NotFound {
		return nil // nothing to give, or nobody to reach: they ask
	}
	if err != nil {
		return err
	}
	return t.post(rows...)
}

// Direct finds or makes the room with one other wallet; with the own address it is
// the note to self. A request of the other one that waits is accepted by it.
func (c *Chat) Direct(ctx context.Context, address string) (core.ChatRoom, error) {
	s, a, err := c.account(address)
	if err != nil {
		return core.ChatRoom{}, err
	}
	if a == s.account {
		return s.ownRoom(ctx)
	}
	if s.book.of(a).Blocked {
		return core.ChatRoom{}, core.Errorf(core.Denied, "you have blocked this person; unblock them first")
	}
	if id, ok := s.directWith(a); ok {
		if err = s.accept(ctx, id); err != nil {
			return core.ChatRoom{}, err
		}
		return s.oneRoom(ctx, id)
	}
	people, err := s.guests(ctx, []string{address})
	if err != nil {
		return core.ChatRoom{}, err
	}
	if err = s.reach(ctx, a); err != nil {
		return core.ChatRoom{}, err
	}
	return s.found(ctx, room.Body{
		RoomKind: core.ChatRoomDirect, History: core.ChatHistoryJoined,
		Members: []room.Seat{{Account: s.account, Role: core.ChatOwner}, {Account: a, Role: core.ChatOwner}},
	}, people)
}

// ownRoom is the note to self.
func (s *session) ownRoom(ctx context.Context) (core.ChatRoom, error) {
	var (
		id wire.Room
		ok bool
	)
	err := s.look(ctx, func(t *turn) error {
		id, ok = t.selfRoom()
		return nil
	})
	if err != nil {
		return core.ChatRoom{}, err
	}
	if !ok {
		return core.ChatRoom{}, core.Errorf(core.Unavailable, "the room of your own devices is not here yet; let another device of yours let this one in, or try again in a moment")
	}
	return s.oneRoom(ctx, id)
}

// directWith is the room of two that both are in or asked to; the joined one first.
func (s *session) directWith(a wallet.Account) (found wire.Room, ok bool) {
	joined := false
	for _, r := range s.all() {
		_, there := r.state.Member(a)
		_, here := r.state.Member(s.account)
		if r.state.Kind() != core.ChatRoomDirect || !there || !here || !r.live() {
			continue
		}
		in := r.local.State == core.ChatJoined
		if !ok || in && !joined || in == joined && r.state.ID().String() < found.String() {
			found, ok, joined = r.state.ID(), true, in
		}
	}
	return found, ok
}

// reach counts those to whom the reader writes without knowing them.
func (s *session) reach(ctx context.Context, a wallet.Account) error {
	if s.book.of(a).Contact {
		return nil
	}
	return s.do(ctx, func(t *turn) error {
		day := t.now.UTC().Format(dayFormat)
		entries, err := t.List(kindReached)
		if err != nil {
			return err
		}
		count := 0
		for _, e := range entries {
			if e.ID == day {
				count, err = strconv.Atoi(string(e.Value))
			} else {
				err = t.Delete(kindReached, e.ID)
			}
			if err != nil {
				return core.Wrap(core.Internal, err, "the people you wrote to cannot be counted")
			}
		}
		if count >= MaxStrangersADay {
			return core.Errorf(core.Limited, "you have written to %d people for the first time today; go on tomorrow", count)
		}
		return t.Put(kindReached, day, []byte(strconv.Itoa(count+1)))
	})
}
