package anchat

// This file has what people tell while they are there: that they type, that they are
// present. It is told where the reader wants it to be, in small rooms, and is never
// stored.

import (
	"context"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// TypingLasts is for how long somebody types who said so.
	TypingLasts = 6 * time.Second
	// PresenceLasts is for how long somebody is there who said so.
	PresenceLasts = 90 * time.Second
	// PresenceEvery is how often it is said.
	PresenceEvery = 60 * time.Second
	// MaxSmallRoom is up to how many members of a room tell such things: in larger
	// ones it would be more than what they write.
	MaxSmallRoom = 50

	typingAgain = 3 * time.Second // nobody types more often than that
)

// signs are what people told a moment ago.
type signs struct {
	mu    sync.Mutex
	rooms map[wire.Room]map[wallet.Account]sign
	typed map[wire.Room]time.Time // the reader
}

// sign is until when somebody types and is there.
type sign struct{ typing, present time.Time }

func (s *signs) put(id wire.Room, a wallet.Account, change func(*sign)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms == nil {
		s.rooms = map[wire.Room]map[wallet.Account]sign{}
	}
	if s.rooms[id] == nil {
		s.rooms[id] = map[wallet.Account]sign{}
	}
	now := s.rooms[id][a]
	change(&now)
	s.rooms[id][a] = now
}

// all are the people who do something in a room now.
func (s *signs) all(id wire.Room, does func(sign) bool) []wallet.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []wallet.Account
	for a, now := range s.rooms[id] {
		if does(now) {
			out = append(out, a)
		}
	}
	room.SortAccounts(out)
	return out
}

func (s *signs) typing(id wire.Room, now time.Time) []wallet.Account {
	return s.all(id, func(v sign) bool { return now.Before(v.typing) })
}

func (s *signs) present(id wire.Room, now time.Time) []wallet.Account {
	return s.all(id, func(v sign) bool { return now.Before(v.present) })
}

// over forgets what is over, and returns the rooms where something was, and when the
// next thing will be; zero when nothing is left.
func (s *signs) over(now time.Time) (rooms []wire.Room, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, people := range s.rooms {
		ended := false
		for a, v := range people {
			for _, until := range []*time.Time{&v.typing, &v.present} {
				switch {
				case until.IsZero():
				case now.Before(*until):
					next = sooner(next, *until)
				default:
					*until, ended = time.Time{}, true
				}
			}
			if people[a] = v; v == (sign{}) {
				delete(people, a)
			}
		}
		if ended {
			rooms = append(rooms, id)
		}
		if len(people) == 0 {
			delete(s.rooms, id)
		}
	}
	return rooms, next
}

// mayType tells whether the reader's typing is told now, and takes note of it.
func (s *signs) mayType(id wire.Room, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.typed == nil {
		s.typed = map[wire.Room]time.Time{}
	}
	if now.Before(s.typed[id].Add(typingAgain)) {
		return false
	}
	s.typed[id] = now
	return true
}

// small tells whether such things are told in the room at all.
func (r chatRoom) small(me wallet.Account) bool {
	return r.local.State == core.ChatJoined && r.state.Kind() != core.ChatRoomSelf && r.state.May(me, room.ActWrite) &&
		len(r.state.Members()) <= MaxSmallRoom
}

// signalled takes in what somebody tells who is in the room.
func (t *turn) signalled(r chatRoom, author wallet.Account, what room.Signal) error {
	if !r.small(t.s.account) || author == t.s.account || t.s.book.of(author).Blocked {
		return nil
	}
	id, now := r.state.ID(), t.now
	change := func(v *sign) { v.present = now.Add(PresenceLasts) }
	switch what.Kind {
	case room.SignalPresent:
	case room.SignalTyping:
		change = func(v *sign) { v.typing = now.Add(TypingLasts) }
	case room.SignalStopped:
		change = func(v *sign) { v.typing = time.Time{} }
	default:
		return nil // of a newer version
	}
	t.later(func() { t.s.signs.put(id, author, change) })
	t.changed(core.ChatEventActivity, id)
	return nil
}

// Type tells the others that the reader types, where the reader wants that. Nothing
// leaves this computer otherwise. Whether it arrives matters to nobody, so that it
// does not is no error.
func (c *Chat) Type(ctx context.Context, roomID string) error {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return err
	}
	r, err := s.room(id)
	if err != nil || !r.local.Typing || !r.small(s.account) || !s.signs.mayType(id, s.now()) {
		return err
	}
	s.signalOrNot(ctx, id, room.SignalTyping)
	return nil
}

// tellPresence tells the others that the reader is there, where the reader wants that.
func (s *session) tellPresence(ctx context.Context) {
	for _, r := range s.all() {
		if r.local.Presence && r.small(s.account) {
			s.signalOrNot(ctx, r.state.ID(), room.SignalPresent)
		}
	}
}

func (s *session) signalOrNot(ctx context.Context, id wire.Room, kind string) {
	if err := s.signal(ctx, id, room.Signal{Kind: kind}); err != nil && ctx.Err() == nil {
		s.chat.set.Log.Debug("a room was not told what its reader does", "error", err)
	}
}

// Activity is what others do in a room now.
func (c *Chat) Activity(_ context.Context, roomID string) (core.ChatActivity, error) {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return core.ChatActivity{}, err
	}
	out := core.ChatActivity{Room: roomID, Typing: []string{}, Present: []string{}}
	for _, a := range s.signs.typing(id, s.now()) {
		out.Typing = append(out.Typing, s.nameOf(id, a))
	}
	for _, a := range s.signs.present(id, s.now()) {
		out.Present = append(out.Present, a.String())
	}
	return out, nil
}
