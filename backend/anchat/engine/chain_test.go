package engine

// This file has the room of the tests: who is in it after each event, and nothing else.

import (
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// step is a room after one event.
type step struct {
	head    wire.Hash
	members []room.Member
	boxes   int
}

// chain is a room's events; a view is the room after the first of them.
type chain struct {
	id      wire.Room
	history string
	boxes   []room.Mailbox
	steps   []step
	at      map[wire.Hash]int
}

type view struct {
	*chain
	n int
}

func newChain() *chain {
	return &chain{id: wire.NewRoom(), history: core.ChatHistoryJoined, boxes: []room.Mailbox{{Tag: wire.NewTag()}}, at: map[wire.Hash]int{}}
}

// set makes the next event: who is in the room then. moves says that it lives in a
// new mailbox from there on.
func (c *chain) set(moves bool, members ...wallet.Account) {
	if moves {
		c.boxes = append(c.boxes, room.Mailbox{Tag: wire.NewTag()})
	}
	s := step{head: wire.Sum(wire.LabelEvent, c.id[:], []byte{byte(len(c.steps)), byte(len(c.steps) >> 8)}), boxes: len(c.boxes)}
	for _, a := range members {
		s.members = append(s.members, room.Member{Account: a, Role: core.ChatMember})
	}
	c.at[s.head] = len(c.steps)
	c.steps = append(c.steps, s)
}

func (c *chain) last() view { return view{c, len(c.steps) - 1} }

func (c *chain) accounts() []wallet.Account {
	var out []wallet.Account
	for _, m := range c.last().Members() {
		out = append(out, m.Account)
	}
	return out
}

func (v view) ID() wire.Room             { return v.id }
func (v view) Head() wire.Hash           { return v.steps[v.n].head }
func (v view) Members() []room.Member    { return v.steps[v.n].members }
func (v view) History() string           { return v.history }
func (v view) Mailbox() room.Mailbox     { return v.boxes[v.steps[v.n].boxes-1] }
func (v view) Mailboxes() []room.Mailbox { return v.boxes[:v.steps[v.n].boxes] }

func (v view) MemberAt(head wire.Hash, a wallet.Account) (member, known bool) {
	n, ok := v.at[head]
	if !ok || n > v.n {
		return false, false
	}
	return slices.ContainsFunc(v.steps[n].members, func(m room.Member) bool { return m.Account == a }), true
}
