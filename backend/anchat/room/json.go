package room

// This file writes states for the vault, which seals them.

import (
	"encoding/json"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

type stateJSON struct {
	ID         []byte       `json:"id"`
	Kind       string       `json:"kind"`
	Name       string       `json:"name"`
	Topic      string       `json:"topic"`
	History    string       `json:"history"`
	FreeInvite bool         `json:"free_invite"`
	Timer      int64        `json:"timer"`
	CreatedAt  time.Time    `json:"created_at"`
	Members    []memberJSON `json:"members"`
	Banned     [][]byte     `json:"banned"`
	Links      []linkJSON   `json:"links"`
	Boxes      []boxJSON    `json:"boxes"`
	Next       []boxJSON    `json:"next"`
	Seq        uint64       `json:"seq"`
	Chain      []byte       `json:"chain"`
	Spans      []spanJSON   `json:"spans"`
	Closed     bool         `json:"closed"`
	ClosedBy   []byte       `json:"closed_by"`
	Wrongly    bool         `json:"wrongly"`
}

type memberJSON struct {
	Account []byte    `json:"account"`
	Role    string    `json:"role"`
	Invited bool      `json:"invited"`
	Called  string    `json:"called,omitempty"`
	Since   time.Time `json:"since"`
	By      []byte    `json:"by"`
}

type linkJSON struct {
	inviteJSON
	By      []byte `json:"by"`
	Used    int    `json:"used"`
	Revoked bool   `json:"revoked"`
}

type boxJSON struct {
	Tag []byte `json:"tag"`
	Key []byte `json:"key"`
	By  []byte `json:"by,omitempty"`
}

type spanJSON struct {
	Account []byte `json:"account"`
	From    int    `json:"from"`
	To      int    `json:"to"`
}

// Marshal writes the state with the keys of its mailboxes: keep it sealed.
func (s *State) Marshal() ([]byte, error) {
	j := stateJSON{
		ID: s.id[:], Kind: s.kind, Name: s.name, Topic: s.topic, History: s.history, FreeInvite: s.freeInvite,
		Timer: s.timer, CreatedAt: s.createdAt, Seq: s.seq, Closed: s.closed, ClosedBy: packAccount(s.closedBy), Wrongly: s.wrongly,
	}
	for _, m := range s.members {
		j.Members = append(j.Members, memberJSON{Account: packAccount(m.Account), Role: m.Role, Invited: m.Invited, Called: m.Called, Since: m.Since, By: packAccount(m.By)})
	}
	for _, a := range s.banned {
		j.Banned = append(j.Banned, packAccount(a))
	}
	for _, l := range s.links {
		j.Links = append(j.Links, linkJSON{inviteJSON: *l.json(), By: packAccount(l.By), Used: l.Used, Revoked: l.Revoked})
	}
	for _, m := range s.boxes {
		j.Boxes = append(j.Boxes, boxJSON{Tag: m.Tag[:], Key: m.Key[:]})
	}
	for _, c := range s.next {
		j.Next = append(j.Next, boxJSON{Tag: c.Tag[:], Key: c.Key[:], By: packAccount(c.by)})
	}
	for _, h := range s.chain.first(s.steps) {
		j.Chain = append(j.Chain, h[:]...)
	}
	for _, sp := range s.spans {
		j.Spans = append(j.Spans, spanJSON{Account: packAccount(sp.account), From: sp.from, To: sp.to})
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the state of this room cannot be written")
	}
	return text, nil
}

// Unmarshal reads what Marshal wrote.
func Unmarshal(text []byte) (*State, error) {
	var j stateJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return nil, core.Wrap(core.Internal, err, "the state of this room is damaged; it is read again from the nodes")
	}
	r := &unpacker{}
	s := &State{
		kind: j.Kind, name: j.Name, topic: j.Topic, history: j.History, freeInvite: j.FreeInvite, timer: j.Timer,
		createdAt: j.CreatedAt, seq: j.Seq, closed: j.Closed, closedBy: r.nobody(j.ClosedBy), wrongly: j.Wrongly,
	}
	r.into(s.id[:], j.ID)
	for _, m := range j.Members {
		s.members = append(s.members, Member{Account: r.account(m.Account), Role: m.Role, Invited: m.Invited, Called: m.Called, Since: m.Since, By: r.nobody(m.By)})
	}
	for _, a := range j.Banned {
		s.banned = append(s.banned, r.account(a))
	}
	for _, l := range j.Links {
		invite, err := l.invite()
		r.bad = r.bad || err != nil
		s.links = append(s.links, Link{Invite: invite, By: r.account(l.By), Used: l.Used, Revoked: l.Revoked})
	}
	for _, b := range j.Boxes {
		s.boxes = append(s.boxes, r.box(b))
	}
	for _, b := range j.Next {
		s.next = append(s.next, candidate{Mailbox: r.box(b), by: r.account(b.By)})
	}
	for _, sp := range j.Spans {
		s.spans = append(s.spans, span{account: r.account(sp.Account), from: sp.From, to: sp.To})
	}
	list := make([]wire.Hash, len(j.Chain)/len(wire.Hash{}))
	for i := range list {
		copy(list[i][:], j.Chain[i*len(wire.Hash{}):])
	}
	s.chain, s.steps = newChain(list), len(list)
	if len(list) > 0 {
		s.head = list[len(list)-1]
	}
	if r.bad || len(s.boxes) == 0 || len(j.Chain)%len(wire.Hash{}) != 0 {
		return nil, core.Errorf(core.Internal, "the state of this room is damaged; it is read again from the nodes")
	}
	return s, nil
}

// unpacker reads fields of fixed sizes. The first fault stays.
type unpacker struct{ bad bool }

func (r *unpacker) into(to, from []byte) {
	r.bad = r.bad || copy(to, from) != len(to) || len(from) != len(to)
}

func (r *unpacker) account(b []byte) wallet.Account {
	a, rest, err := unpackAccount(b)
	r.bad = r.bad || err != nil || len(rest) > 0
	return a
}

// nobody is an account that may be missing.
func (r *unpacker) nobody(b []byte) wallet.Account {
	if len(b) == 0 {
		return wallet.Account{}
	}
	return r.account(b)
}

func (r *unpacker) box(b boxJSON) (m Mailbox) {
	r.into(m.Tag[:], b.Tag)
	r.into(m.Key[:], b.Key)
	return m
}
