package anchat

// This file has the rooms as their reader sees them.

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Rooms are the rooms of the reader, newest first, with those that wait to be accepted
// and those at whose door they knock.
func (c *Chat) Rooms(ctx context.Context) ([]core.ChatRoom, error) {
	s, err := c.current()
	if err != nil {
		return nil, err
	}
	sums, err := s.vault.Summaries(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.knocked(ctx)
	if err != nil {
		return nil, err
	}
	err = s.look(ctx, func(t *turn) error {
		for _, r := range s.all() {
			if r.state.Kind() == "" || s.hidden(r) {
				continue
			}
			all = append(all, t.roomOf(r, sums[r.state.ID()]))
		}
		return nil
	})
	slices.SortFunc(all, func(a, b core.ChatRoom) int {
		if by := b.LastAt.Compare(a.LastAt); by != 0 {
			return by
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, err
}

// Room is one of them.
func (c *Chat) Room(ctx context.Context, roomID string) (core.ChatRoom, error) {
	s, id, err := c.openRoom(roomID)
	if core.CodeOf(err) == core.NotFound && s != nil {
		waiting, knockErr := s.knocked(ctx)
		if knockErr != nil {
			return core.ChatRoom{}, knockErr
		}
		for _, r := range waiting {
			if r.ID == roomID {
				return r, nil
			}
		}
	}
	if err != nil {
		return core.ChatRoom{}, err
	}
	out, err := s.oneRoom(ctx, id)
	if err == nil {
		s.hostsOf(ctx, id, &out)
	}
	return out, err
}

func (s *session) oneRoom(ctx context.Context, id wire.Room) (core.ChatRoom, error) {
	sum, err := s.vault.Summary(ctx, id)
	if err != nil {
		return core.ChatRoom{}, err
	}
	var out core.ChatRoom
	err = s.look(ctx, func(t *turn) error {
		r, unknown := t.room(id)
		if unknown == nil {
			out = t.roomOf(r, sum)
			if out.Warning == "" {
				out.Warning = t.lookAlike(r)
			}
		}
		return unknown
	})
	return out, err
}

// hidden tells whether the room is one with somebody who is blocked.
func (s *session) hidden(r chatRoom) bool {
	peer, ok := r.peer(s.account)
	return ok && s.book.of(peer).Blocked
}

// peer is the other one of a direct room.
func (r chatRoom) peer(me wallet.Account) (wallet.Account, bool) {
	if r.state.Kind() != core.ChatRoomDirect {
		return wallet.Account{}, false
	}
	for _, m := range r.state.Members() {
		if m.Account != me {
			return m.Account, true
		}
	}
	for _, a := range r.state.Past() {
		if a != me {
			return a, true
		}
	}
	return wallet.Account{}, false
}

// roomOf is a room as screens have it.
func (t *turn) roomOf(r chatRoom, sum vault.Summary) core.ChatRoom {
	me, id := t.s.account, r.state.ID()
	closed, _, _ := r.state.Closed()
	in := r.local.State == core.ChatJoined
	out := core.ChatRoom{
		ID: id.String(), Kind: r.state.Kind(), State: r.local.State, Name: r.state.Name(), Topic: r.state.Topic(),
		Members: len(r.state.Members()), History: r.state.History(), Timer: r.state.Timer(), FreeInvite: r.state.FreeInvite(),
		Unread: sum.Unread, Mentions: sum.Mentions, FirstUnread: sum.FirstUnread, Read: sum.Read, Last: sum.Last,
		Muted: r.local.Muted, Notify: notifyOf(r), Receipts: r.local.Receipts, Typing: r.local.Typing, Presence: r.local.Presence,
		Preview: sum.Preview, LastAt: sum.LastAt, Draft: r.local.Draft, InvitedBy: r.local.InvitedBy,
		MayWrite:  in && r.state.May(me, room.ActWrite) && !t.engine.Revoked(),
		MayInvite: in && !closed && r.state.May(me, room.ActInvite),
		MayManage: in && !closed && r.state.May(me, room.ActName),
		Hosts:     []string{}, Answering: []string{},
	}
	if m, ok := r.state.Member(me); ok {
		out.Role, out.MyName = m.Role, m.Called
	}
	if out.LastAt.IsZero() {
		out.LastAt = r.state.CreatedAt()
	}
	if from, err := t.s.accountOf(sum.LastFrom); err == nil {
		out.LastFrom = t.s.nameOf(id, from)
	}
	if peer, ok := r.peer(me); ok {
		out.Peer, out.Name = peer.String(), t.s.nameOf(id, peer)
	}
	out.Warning = t.warning(r)
	return out
}

// lookAlike warns of names in a room that look alike; "" when there are none. It is
// asked for one room at a time, because it looks at every letter.
func (t *turn) lookAlike(r chatRoom) string {
	var names []string
	for _, m := range r.state.Members() {
		names = append(names, t.s.nameOf(r.state.ID(), m.Account))
	}
	first := -1
	for i := range room.LookAlikes(names) {
		if first < 0 || i < first {
			first = i
		}
	}
	if first < 0 {
		return ""
	}
	return fmt.Sprintf("The name %q looks like another one in this room. Look at the addresses.", names[first])
}

// warning is what the reader should know before they write; the worst of it.
func (t *turn) warning(r chatRoom) string {
	id := r.state.ID()
	if r.local.Warning == warnForked {
		return "The nodes tell two histories of this room. Ask the others what they see before you write."
	}
	if closed, by, wrongly := r.state.Closed(); closed && wrongly {
		return fmt.Sprintf("%s closed this room without the right to. It goes on when its owner is here.", t.s.nameOf(id, by))
	}
	for _, m := range r.state.Members() {
		if _, changed := t.verified(m.Account, t.s.book.of(m.Account)); changed {
			return fmt.Sprintf("The devices of %s have changed since you compared numbers. Compare them again.", t.s.nameOf(id, m.Account))
		}
	}
	return ""
}
