package anchat

// This file has what the session knows of its rooms, and how a turn changes it.

import (
	"errors"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// chatRoom is a room as the session knows it. Of one whose chain was not read yet
// the state has no kind.
type chatRoom struct {
	state *room.State
	local vault.Local
}

// live tells whether the room is still followed.
func (r chatRoom) live() bool { return r.local.State != core.ChatLeft }

// mailboxes are those of the room that may have rows which were not read: where it
// lives, where it has moved to, and where people knock.
func (r chatRoom) mailboxes(me wallet.Account) []mailbox {
	if !r.live() {
		return nil
	}
	places := []room.Mailbox{r.state.Mailbox()}
	if closed, _, _ := r.state.Closed(); closed {
		places = append(places, r.state.Next()...)
	}
	var all []mailbox
	for _, p := range places {
		all = append(all, mailbox{room: r.state.ID(), tag: p.Tag, name: p.Tag.Name()})
	}
	if r.state.May(me, room.ActInvite) {
		for _, l := range r.state.Links() {
			if !l.Revoked && l.Used < l.Uses {
				all = append(all, mailbox{room: r.state.ID(), tag: l.Tag, name: l.ID(), knocks: true})
			}
		}
	}
	return all
}

// room is a room as it is known now. It returns core.NotFound.
func (s *session) room(id wire.Room) (chatRoom, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, ok := s.rooms[id]
	if !ok {
		return chatRoom{}, errRoom()
	}
	return r, nil
}

// all are the rooms as they are known now, in no order.
func (s *session) all() []chatRoom {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]chatRoom, 0, len(s.rooms))
	for _, r := range s.rooms {
		all = append(all, r)
	}
	return all
}

// followed are the mailboxes to hear and to follow, at most wire.MaxFollowed.
func (s *session) followed() []mailbox {
	var all []mailbox
	for _, r := range s.all() {
		all = append(all, r.mailboxes(s.account)...)
	}
	return all[:min(len(all), wire.MaxFollowed)]
}

// roomAt is the room that lives or lived in a mailbox.
func (s *session) roomAt(name wire.Name) (wire.Room, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.boxes[name]
	return id, ok
}

func (s *session) now() time.Time { return s.chat.set.Now() }

// keep takes over what a turn changed of the rooms.
func (s *session) keep(changed map[wire.Room]*chatRoom) {
	if len(changed) == 0 {
		return
	}
	s.mu.Lock()
	for id, r := range changed {
		if r == nil {
			delete(s.rooms, id)
			continue
		}
		s.rooms[id] = *r
		for _, m := range r.state.Mailboxes() {
			s.boxes[m.Tag.Name()] = id
		}
	}
	s.mu.Unlock()
	s.ears.ring()
	s.syncs.ring()
	s.posts.ring()
}

// room is a room as the turn sees it.
func (t *turn) room(id wire.Room) (chatRoom, error) {
	if r, ok := t.rooms[id]; ok {
		if r == nil {
			return chatRoom{}, errRoom()
		}
		return *r, nil
	}
	return t.s.room(id)
}

// setState changes a room's state. It is written at the end of the turn, or now
// when rows of a new place could come before that.
func (t *turn) setState(next *room.State) error {
	before, err := t.room(next.ID())
	fresh := core.CodeOf(err) == core.NotFound
	if err != nil && !fresh {
		return err
	}
	after := before
	after.state = next
	t.rooms[next.ID()] = &after
	t.changed(core.ChatEventRooms, next.ID())
	if fresh || len(before.state.Mailboxes()) != len(next.Mailboxes()) {
		return t.write(next.ID())
	}
	t.dirty[next.ID()] = true
	return nil
}

// setLocal changes what a room is to its reader.
func (t *turn) setLocal(id wire.Room, change func(l *vault.Local)) error {
	r, err := t.room(id)
	if err != nil {
		return err
	}
	if err = t.SetLocal(id, func(l *vault.Local) {
		change(l)
		r.local = *l
	}); err != nil {
		return err
	}
	t.rooms[id] = &r
	t.changed(core.ChatEventRooms, id)
	return nil
}

// write keeps a room's state in the vault.
func (t *turn) write(id wire.Room) error {
	r := t.rooms[id]
	delete(t.dirty, id)
	if r == nil {
		return nil
	}
	state, err := r.state.Marshal()
	if err != nil {
		return err
	}
	kept := vault.Room{ID: id, State: state, Local: r.local}
	for _, m := range r.state.Mailboxes() {
		kept.Mailboxes = append(kept.Mailboxes, m.Tag.Name())
	}
	// What others wrote of it in this turn or before counts.
	err = t.SetLocal(id, func(l *vault.Local) { kept.Local = *l })
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	return t.PutRoom(kept)
}

// end writes what the turn left to its end.
func (t *turn) end() error {
	if err := t.dropFiles(t.Emptied()); err != nil {
		return err
	}
	for id := range t.dirty {
		if err := t.write(id); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(t.acked, wire.MaxAcked) {
		ack, err := t.engine.Ack(part, t.now)
		if err != nil {
			return err
		}
		if err = t.post(ack); err != nil {
			return err
		}
	}
	return t.failed
}

// changed tells the screens, once the turn is durable. room may be "".
func (t *turn) changed(kind string, id wire.Room) {
	e := core.ChatEvent{Kind: kind}
	if id != (wire.Room{}) {
		e.Room = id.String()
	}
	for _, have := range t.events {
		if have.Kind == e.Kind && have.Room == e.Room && e.Kind != core.ChatEventNotify {
			return
		}
	}
	t.events = append(t.events, e)
}

// later runs f once the turn is durable.
func (t *turn) later(f func()) { t.after = append(t.after, f) }

// refused keeps, for diagnostics, that something was not believed.
func (t *turn) refused(what string, id wire.Room, from string, why error) {
	r := core.ChatRefusal{At: t.now, What: what, From: from, Reason: core.Sentence(why)}
	if id != (wire.Room{}) {
		r.Room = id.String()
	}
	if err := t.Refuse(r); err != nil {
		t.failed = errors.Join(t.failed, err)
	}
}

func errRoom() error {
	return core.Errorf(core.NotFound, "there is no such room in this chat")
}
