package room

// This file says who may do what. It is the only place that does.

import (
	"slices"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Act is something that a right is needed for.
type Act string

// The acts.
const (
	ActWrite   Act = "write"
	ActLeave   Act = "leave"
	ActCalled  Act = "called"  // say one's own name
	ActName    Act = "name"    // and topic
	ActTimer   Act = "timer"   // after which messages disappear
	ActHistory Act = "history" // what new members may read
	ActFree    Act = "free"    // whether every member may invite
	ActInvite  Act = "invite"  // and make links, and let in those who knock
	ActRemove  Act = "remove"  // a member; see MayRemove
	ActUnban   Act = "unban"
	ActRole    Act = "role"   // and pass the room on
	ActDelete  Act = "delete" // the messages of others
)

// May tells whether somebody may do something. In a direct room nobody comes or
// goes but by leaving; the own room has one member and no rules.
func (s *State) May(a wallet.Account, act Act) bool {
	i := s.find(a)
	if i < 0 {
		return false
	}
	if act == ActLeave {
		return s.kind != core.ChatRoomSelf
	}
	role := s.Role(a)
	if role == "" { // invited
		return false
	}
	if s.kind != core.ChatRoomGroup {
		return act == ActWrite || act == ActTimer || act == ActCalled && s.kind == core.ChatRoomDirect
	}
	switch act {
	case ActWrite, ActCalled:
		return true
	case ActInvite:
		return role != core.ChatMember || s.freeInvite
	case ActName, ActTimer, ActRemove, ActUnban, ActDelete:
		return role != core.ChatMember
	case ActHistory, ActFree, ActRole:
		return role == core.ChatOwner
	case ActLeave:
	}
	return false
}

// MayRemove tells whether somebody may remove another one: admins remove members,
// the owner removes admins, too. Nobody removes the owner or themselves.
func (s *State) MayRemove(by, whom wallet.Account) bool {
	i := s.find(whom)
	if i < 0 || by == whom || !s.May(by, ActRemove) {
		return false
	}
	switch s.members[i].Role {
	case core.ChatMember:
		return true
	case core.ChatAdmin:
		return s.Role(by) == core.ChatOwner
	}
	return false
}

// mayCarry tells whether somebody may carry a closed room on: who closed it with
// the right to, else the owner alone, so that it cannot go on at two places.
func (s *State) mayCarry(a wallet.Account) bool {
	if s.wrongly {
		return a == s.owner()
	}
	return a == s.closedBy
}

// MayCarry tells whether the room is closed and somebody may carry it on.
func (s *State) MayCarry(a wallet.Account) bool { return s.closed && s.mayCarry(a) }

func (s *State) isBanned(a wallet.Account) bool { return slices.Contains(s.banned, a) }

func denied(why string) error {
	return core.Errorf(core.Denied, "this change of the room does not count: %s", why)
}
