package anchat

// This file reads rooms for the screens: pages of messages, searching, read markers.

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Messages reads a part of a room, oldest first.
func (c *Chat) Messages(ctx context.Context, q core.ChatQuery) (core.ChatMessages, error) {
	s, id, err := c.openRoom(q.Room)
	if err != nil {
		return core.ChatMessages{}, err
	}
	version := c.events.now() // before the room is read: what changes meanwhile is read again
	page, err := s.vault.Messages(ctx, q)
	if err != nil {
		return core.ChatMessages{}, err
	}
	page.Version = version
	names := s.namesIn(id)
	for i := range page.Messages {
		names.fill(&page.Messages[i])
		s.fillFiles(&page.Messages[i])
	}
	return page, nil
}

// AskAbove is the size from which on a file is fetched only when the reader asks;
// those of strangers always are.
const AskAbove = 1 << 20

// fillFiles tells which files of a message are here, and which are fetched only when
// the reader asks.
func (s *session) fillFiles(m *core.ChatMessage) {
	if len(m.Files) == 0 {
		return
	}
	author, err := wallet.ParseAccount(m.From, "")
	stranger := !m.Mine && (err != nil || !s.book.of(author).Contact)
	for i := range m.Files {
		f := &m.Files[i]
		id, err := parseBlob(f.ID)
		f.Ready = err == nil && s.hasFile(id)
		f.Ask = !f.Ready && (stranger || f.Size > AskAbove)
	}
}

// message is one message as screens have it.
func (s *session) message(ctx context.Context, id wire.Room, message string) (core.ChatMessage, error) {
	m, err := s.vault.Message(ctx, id, message)
	if err == nil {
		s.namesIn(id).fill(&m)
		s.fillFiles(&m)
	}
	return m, err
}

// names are how the people of a room are called, each looked up once.
type names struct {
	s    *session
	room wire.Room
	by   map[string]string // by address
}

func (s *session) namesIn(id wire.Room) names { return names{s, id, map[string]string{}} }

// of is how the owner of an address is called; what is no address stays as it is.
func (n names) of(address string) string {
	if name, ok := n.by[address]; ok || address == "" {
		return name
	}
	name := address
	if a, err := wallet.ParseAccount(address, ""); err == nil {
		name = n.s.nameOf(n.room, a)
	}
	n.by[address] = name
	return name
}

// fill puts names into a message. Whom a notice is about stays addresses: the
// screen writes the sentence.
func (n names) fill(m *core.ChatMessage) {
	m.FromName, m.Waiting, m.DeletedBy = n.of(m.From), n.of(m.Waiting), n.of(m.DeletedBy)
	if m.ReplyTo != nil {
		m.ReplyTo.FromName = n.of(m.ReplyTo.From)
	}
	for i := range m.Reactions {
		for j, who := range m.Reactions[i].By {
			m.Reactions[i].By[j] = n.of(who)
		}
	}
}

// At is the position of the first message at or after a time.
func (c *Chat) At(ctx context.Context, roomID string, at time.Time) (int64, error) {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return 0, err
	}
	return s.vault.At(ctx, id, at)
}

// MarkRead says that a room was read up to a position. It never goes back.
func (c *Chat) MarkRead(ctx context.Context, roomID string, position int64) error {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return err
	}
	if position <= 0 {
		return core.Errorf(core.Invalid, "a position is above 0")
	}
	return s.do(ctx, func(t *turn) error {
		on, err := t.MarkRead(id, position)
		if on {
			t.changed(core.ChatEventRooms, id)
			t.changed(core.ChatEventState, wire.Room{})
		}
		return err
	})
}

// Search finds messages by words, newest first.
func (c *Chat) Search(ctx context.Context, q core.ChatSearch) ([]core.ChatHit, error) {
	s, err := c.current()
	if err != nil {
		return nil, err
	}
	hits, err := s.vault.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	people := map[string]names{}
	for i := range hits {
		h := &hits[i]
		if _, ok := people[h.Room]; !ok {
			id, err := wire.ParseRoom(h.Room)
			if err != nil {
				return nil, err
			}
			people[h.Room] = s.namesIn(id)
		}
		h.FromName = people[h.Room].of(h.From)
		if r, err := s.room(people[h.Room].room); err == nil {
			h.RoomName = s.titleOf(r)
		}
	}
	return hits, nil
}

// titleOf is how a room is called: a direct one by the other's name.
func (s *session) titleOf(r chatRoom) string {
	if peer, ok := r.peer(s.account); ok {
		return s.nameOf(r.state.ID(), peer)
	}
	return r.state.Name()
}
