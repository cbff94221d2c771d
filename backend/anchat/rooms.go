package anchat

// This file has the rooms as their reader sees them, and how they are made and changed.

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
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
