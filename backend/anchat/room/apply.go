package room

// This file applies events.

import (
	"bytes"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Apply is the state after the next event. The caller has checked that author's
// device signed it and was certified at the time.
//
// It returns core.Conflict, and no state, when the event does not follow: another
// one came first, the chain forks, or one between is missing. It returns
// core.Denied *with* the next state when the author had no right to it: the event
// changed nothing, and the chain goes on behind it.
func (s *State) Apply(e wire.Event, author wallet.Account, b Body) (*State, error) {
	n, err := s.step(e, author, b.Kind == BodyMoved)
	if err != nil {
		return nil, err
	}
	after, err := n.effect(e, author, b)
	if err != nil {
		after = n
	}
	after.settle()
	if e.Closes {
		after.closed, after.closedBy = true, author
		after.wrongly = err != nil || b.Kind != BodyRemove
	}
	return after, err
}

// Skip is the state after an event that could not be read, or whose signature or
// author did not hold. It changes nothing but the chain. author may be nobody.
func (s *State) Skip(e wire.Event, author wallet.Account) (*State, error) {
	n, err := s.step(e, author, false)
	if err != nil {
		return nil, err
	}
	if e.Closes {
		n.closed, n.closedBy, n.wrongly = true, author, true
	}
	return n, nil
}

// step moves the head of the chain.
func (s *State) step(e wire.Event, author wallet.Account, moves bool) (*State, error) {
	n := *s
	switch {
	case e.Previous != s.head:
		return nil, core.Errorf(core.Conflict, "somebody has changed this room at the same time; look at it again, then decide")
	case e.Mailbox == s.Mailbox().Tag.Name():
		if s.closed || e.Seq != s.seq+1 {
			return nil, core.Errorf(core.Conflict, "this is not the next change of the room; read the ones before it")
		}
	default:
		i := slices.IndexFunc(s.next, func(c candidate) bool { return c.Tag.Name() == e.Mailbox })
		if i < 0 || !s.closed || e.Seq != 1 || !moves || !s.mayCarry(author) || len(s.boxes) == MaxMailboxes {
			return nil, core.Errorf(core.Conflict, "the room does not go on in this mailbox")
		}
		n.boxes = append(slices.Clone(s.boxes), s.next[i].Mailbox)
		n.next = nil
		n.closed, n.closedBy, n.wrongly = false, wallet.Account{}, false
	}
	n.seq, n.head = e.Seq, e.Hash()
	n.chain, n.steps = s.chain.add(n.head, s.steps), s.steps+1
	return &n, nil
}

// effect is the state with what the body says.
func (s *State) effect(e wire.Event, author wallet.Account, b Body) (*State, error) {
	if err := b.Check(); err != nil {
		return nil, core.Wrap(core.Denied, err, "this change of the room does not count: what it says does not hold")
	}
	n := *s
	if s.kind == "" {
		return &n, n.create(e, author, b)
	}
	switch b.Kind {
	case BodyCreate:
		return nil, denied("the room is there already")
	case BodyMoved:
		if e.Seq != 1 || len(s.boxes) == 1 {
			return nil, denied("the room has not moved")
		}
	case BodyAccept:
		return &n, n.accept(author)
	case BodyLeave:
		if !s.May(author, ActLeave) {
			return nil, denied("who leaves is not in it")
		}
		n.drop(author)
	case BodyCalled:
		if !s.May(author, ActCalled) {
			return nil, denied("who says a name has not come in")
		}
		n.members = slices.Clone(s.members)
		n.members[n.find(author)].Called = b.Name
	case BodyRemove:
		return &n, n.remove(e, author, b)
	case BodyUnban:
		if !s.May(author, ActUnban) || !s.isBanned(b.Account) {
			return nil, denied("who lets somebody come back has to be an admin")
		}
		n.banned = slices.DeleteFunc(slices.Clone(s.banned), func(a wallet.Account) bool { return a == b.Account })
	case BodyAdd:
		if !s.May(author, ActInvite) {
			return nil, denied("who invites has not the right to")
		}
		return &n, n.add(Member{Account: b.Account, Role: core.ChatMember, Invited: true, Since: e.At, By: author})
	case BodyRole:
		return &n, n.setRole(author, b)
	case BodyLink, BodyLinkUsed, BodyLinkRevoked:
		return &n, n.changeLinks(e, author, b)
	default:
		return &n, n.set(author, b)
	}
	return &n, nil
}

func (s *State) create(e wire.Event, author wallet.Account, b Body) error {
	if b.Kind != BodyCreate || b.Room != s.id {
		return denied("it is not the beginning of this room")
	}
	mine := slices.IndexFunc(b.Members, func(seat Seat) bool { return seat.Account == author })
	if mine < 0 || b.Members[mine].Role != core.ChatOwner {
		return denied("who makes a room owns it")
	}
	s.kind, s.name, s.topic, s.history, s.freeInvite, s.timer = b.RoomKind, b.Name, b.Topic, b.History, b.FreeInvite, b.Timer
	s.createdAt = e.At
	for _, seat := range b.Members {
		s.members = append(s.members, Member{
			Account: seat.Account, Role: seat.Role, Invited: seat.Account != author, Since: e.At, By: author,
		})
	}
	return nil
}

// set changes what the room says of itself.
func (s *State) set(author wallet.Account, b Body) error {
	act := ActName
	switch b.Kind {
	case BodyTimer:
		act = ActTimer
	case BodyHistory:
		act = ActHistory
	case BodyFreeInvite:
		act = ActFree
	default:
	}
	if !s.May(author, act) {
		return denied("its author has not the right to")
	}
	switch b.Kind {
	case BodyName:
		s.name = b.Name
	case BodyTopic:
		s.topic = b.Topic
	case BodyTimer:
		s.timer = b.Timer
	case BodyHistory:
		s.history = b.History
	case BodyFreeInvite:
		s.freeInvite = b.FreeInvite
	default:
	}
	return nil
}

func (s *State) accept(author wallet.Account) error {
	i := s.find(author)
	if i < 0 || !s.members[i].Invited {
		return denied("who comes in was not invited")
	}
	s.members = slices.Clone(s.members)
	s.members[i].Invited = false
	if s.kind == core.ChatRoomGroup && s.owner() == (wallet.Account{}) { // all who were in it have left
		s.members[i].Role = core.ChatOwner
	}
	return nil
}

func (s *State) add(m Member) error {
	switch {
	case s.kind != core.ChatRoomGroup:
		return denied("nobody else comes into this room")
	case s.find(m.Account) >= 0:
		return denied("who is to come is in it already")
	case s.isBanned(m.Account):
		return denied("who is to come is banned; let them come back first")
	case len(s.members) >= core.MaxChatMembers:
		return denied("the room is full")
	}
	s.members = append(slices.Clone(s.members), m)
	return nil
}

func (s *State) remove(e wire.Event, author wallet.Account, b Body) error {
	switch {
	case !s.MayRemove(author, b.Account):
		return denied("who removes somebody has not the right to")
	case !e.Closes:
		return denied("who removes somebody has to close the mailbox that they know")
	}
	s.drop(b.Account)
	if b.Ban {
		s.banned = append(slices.Clone(s.banned), b.Account)
		if len(s.banned) > MaxBanned {
			s.banned = s.banned[1:]
		}
	}
	return nil
}

// drop takes somebody out. A room whose owner goes belongs to the admin who came
// first, else to the member who did.
func (s *State) drop(a wallet.Account) {
	i := s.find(a)
	owned := s.members[i].Role == core.ChatOwner
	s.members = slices.Delete(slices.Clone(s.members), i, i+1)
	if !owned || s.kind != core.ChatRoomGroup {
		return
	}
	for _, role := range []string{core.ChatAdmin, core.ChatMember} {
		heir := slices.IndexFunc(s.members, func(m Member) bool { return m.Role == role && !m.Invited })
		if heir >= 0 {
			s.members[heir].Role = core.ChatOwner
			return
		}
	}
}

// setRole gives somebody another role. Passing the room on makes its owner an admin.
func (s *State) setRole(author wallet.Account, b Body) error {
	i := s.find(b.Account)
	switch {
	case !s.May(author, ActRole):
		return denied("only the owner gives roles")
	case i < 0 || b.Account == author:
		return denied("who gets the role is not another member")
	case b.Role == core.ChatOwner && s.members[i].Invited:
		return denied("who is to own the room has not come in yet")
	}
	s.members = slices.Clone(s.members)
	s.members[i].Role = b.Role
	if b.Role == core.ChatOwner {
		s.members[s.find(author)].Role = core.ChatAdmin
	}
	return nil
}

func (s *State) changeLinks(e wire.Event, author wallet.Account, b Body) error {
	if b.Kind == BodyLink {
		return s.addLink(e, author, *b.Invite)
	}
	i := s.link(b.Link)
	if i < 0 {
		return denied("there is no such link")
	}
	link := s.links[i]
	if b.Kind == BodyLinkRevoked {
		if author != link.By && !s.May(author, ActRemove) || s.Role(author) == "" {
			return denied("a link is taken back by who made it, or by an admin")
		}
		link.Revoked = true
	} else {
		switch {
		case !s.May(author, ActInvite):
			return denied("who lets somebody in has not the right to")
		case !link.Open(e.At):
			return denied("the link is used up, expired or taken back")
		}
		if err := s.add(Member{Account: b.Account, Role: core.ChatMember, Since: e.At, By: link.By}); err != nil {
			return err
		}
		link.Used++
	}
	s.links = slices.Clone(s.links)
	s.links[i] = link
	return nil
}

func (s *State) addLink(e wire.Event, author wallet.Account, i Invite) error {
	switch {
	case s.kind != core.ChatRoomGroup || !s.May(author, ActInvite):
		return denied("who makes a link has not the right to invite")
	case !i.ExpiresAt.After(e.At) || i.ExpiresAt.Sub(e.At) > MaxLinkLife:
		return denied("a link lasts four weeks at most")
	case s.link(i.ID()) >= 0:
		return denied("there is such a link already")
	}
	links := slices.Clone(s.links)
	if len(links) >= MaxLinks {
		links = slices.DeleteFunc(links, func(l Link) bool { return !l.Open(e.At) })
	}
	if len(links) >= MaxLinks {
		return denied("the room has too many links; take one back first")
	}
	s.links = append(links, Link{Invite: i, By: author})
	return nil
}

// settle writes down who is a member now.
func (s *State) settle() {
	step := s.steps - 1
	spans := slices.Clone(s.spans)
	open := map[wallet.Account]bool{}
	for i, span := range spans {
		if span.to != 0 {
			continue
		}
		if s.Role(span.account) == "" {
			spans[i].to = step
			continue
		}
		open[span.account] = true
	}
	for _, m := range s.members {
		if !m.Invited && !open[m.Account] {
			spans = append(spans, span{account: m.Account, from: step})
		}
	}
	s.spans = spans
}

// SortAccounts puts accounts in an order that is the same everywhere.
func SortAccounts(accounts []wallet.Account) {
	slices.SortFunc(accounts, func(a, b wallet.Account) int {
		return bytes.Compare([]byte(wire.AccountID(a)), []byte(wire.AccountID(b)))
	})
}
