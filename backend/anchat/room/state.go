package room

// This file has what a room is at one point of its chain.

import (
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// maxNext bounds the mailboxes that one member says the room goes on in, so that
// nobody's word pushes out another's.
const maxNext = 4

// Member is somebody in a room.
type Member struct {
	Account wallet.Account
	Role    string
	// Invited: they have not accepted. They get keys, so that they can look at what
	// they are asked to; they may not write.
	Invited bool
	Called  string    // what they say their name is; anybody may say anything
	Since   time.Time // when they came or were invited, as the event says
	By      wallet.Account
}

// Link is an invite link with what became of it.
type Link struct {
	Invite
	By      wallet.Account
	Used    int
	Revoked bool
}

// Open tells whether the link still lets somebody in.
func (l Link) Open(at time.Time) bool {
	return !l.Revoked && l.Used < l.Uses && !at.After(l.ExpiresAt)
}

// State is a room at one point of its chain. It never changes: Apply makes the
// next one. Its methods may be called from any goroutine.
type State struct {
	id         wire.Room
	kind       string // "" before the room was created
	name       string
	topic      string
	history    string
	freeInvite bool
	timer      int64
	members    []Member
	banned     []wallet.Account
	links      []Link
	createdAt  time.Time

	boxes []Mailbox // the last is the present one
	next  []candidate
	seq   uint64 // in the present one
	head  wire.Hash
	chain *chain
	steps int // of the chain that are ours
	spans []span

	closed   bool
	closedBy wallet.Account
	wrongly  bool // who closed had no right to
}

// span is a time of somebody's membership, counted in events: from is the first
// that they are a member at, to the first that they are not, 0 when there is none.
type span struct {
	account  wallet.Account
	from, to int
}

// candidate is a place where somebody says that the room goes on.
type candidate struct {
	Mailbox
	by wallet.Account
}

// New is a room of which nothing is known but its name and its first mailbox.
func New(id wire.Room, first Mailbox) *State {
	return &State{id: id, boxes: []Mailbox{first}, chain: &chain{at: map[wire.Hash]int{}}}
}

// ID is the room's name.
func (s *State) ID() wire.Room { return s.id }

// Kind is core.ChatRoomGroup, ChatRoomDirect or ChatRoomSelf, "" before the first event.
func (s *State) Kind() string { return s.kind }

// Name is what the members call the room.
func (s *State) Name() string { return s.name }

// Topic is what it is about.
func (s *State) Topic() string { return s.topic }

// History is the rule for new members, core.ChatHistoryJoined or ChatHistoryAll.
func (s *State) History() string { return s.history }

// Timer is after how many seconds messages disappear, 0 when they stay.
func (s *State) Timer() int64 { return s.timer }

// FreeInvite says that every member may invite.
func (s *State) FreeInvite() bool { return s.freeInvite }

// CreatedAt is when the room was made, as its first event says.
func (s *State) CreatedAt() time.Time { return s.createdAt }

// Members are those who are in the room or invited, in the order of their coming.
func (s *State) Members() []Member { return slices.Clone(s.members) }

// Member is one of them.
func (s *State) Member(a wallet.Account) (Member, bool) {
	if i := s.find(a); i >= 0 {
		return s.members[i], true
	}
	return Member{}, false
}

// Role is the role of a member, "" of everybody else and of those who have not
// accepted.
func (s *State) Role(a wallet.Account) string {
	if i := s.find(a); i >= 0 && !s.members[i].Invited {
		return s.members[i].Role
	}
	return ""
}

// Banned are those who may not come back.
func (s *State) Banned() []wallet.Account { return slices.Clone(s.banned) }

// Links are the room's links, with those that are used up, expired or revoked
// until newer ones take their place.
func (s *State) Links() []Link { return slices.Clone(s.links) }

// Head is the hash of the last event, zero when there is none.
func (s *State) Head() wire.Hash { return s.head }

// Seq is the number of the last event in the present mailbox; 0 when it has none.
func (s *State) Seq() uint64 { return s.seq }

// Mailbox is where the room lives.
func (s *State) Mailbox() Mailbox { return s.boxes[len(s.boxes)-1] }

// Mailboxes are all places where it has lived, from the first on.
func (s *State) Mailboxes() []Mailbox { return slices.Clone(s.boxes) }

// Next are mailboxes that the room may have moved to: see WithMailbox.
func (s *State) Next() []Mailbox {
	out := make([]Mailbox, len(s.next))
	for i, c := range s.next {
		out[i] = c.Mailbox
	}
	return out
}

// Closed says that the present mailbox takes no more rows, who closed it, and
// whether without the right to.
func (s *State) Closed() (closed bool, by wallet.Account, wrongly bool) {
	return s.closed, s.closedBy, s.wrongly
}

// WithMailbox is the state that also knows of a place where a member says the room
// goes on. It becomes the room's when its first event is applied; the chain
// decides. What somebody says who is no member is passed over, and of too many
// places by one member the oldest is forgotten.
func (s *State) WithMailbox(m Mailbox, by wallet.Account) *State {
	known := func(c candidate) bool { return c.Mailbox == m }
	if s.find(by) < 0 || slices.Contains(s.boxes, m) || slices.ContainsFunc(s.next, known) {
		return s
	}
	n := *s
	n.next = append(slices.Clone(s.next), candidate{Mailbox: m, by: by})
	theirs := 0
	for _, c := range n.next {
		if c.by == by {
			theirs++
		}
	}
	if theirs > maxNext {
		oldest := slices.IndexFunc(n.next, func(c candidate) bool { return c.by == by })
		n.next = slices.Delete(n.next, oldest, oldest+1)
	}
	return &n
}

// KnownHead tells whether the chain has passed an event.
func (s *State) KnownHead(h wire.Hash) bool {
	_, ok := s.chain.find(h, s.steps)
	return ok
}

// MemberAt tells whether somebody was a member, who had accepted, right after an
// event. known is false when the chain has not passed it: it is ahead of us, or of
// a fork.
func (s *State) MemberAt(h wire.Hash, a wallet.Account) (member, known bool) {
	step, known := s.chain.find(h, s.steps)
	if !known {
		return false, false
	}
	for _, span := range s.spans {
		if span.account == a && span.from <= step && (span.to == 0 || step < span.to) {
			return true, true
		}
	}
	return false, true
}

// Past are those who were members and are not any more, so that what they wrote
// can still be told to be theirs.
func (s *State) Past() []wallet.Account {
	var out []wallet.Account
	for _, span := range s.spans {
		if span.to != 0 && s.find(span.account) < 0 && !slices.Contains(out, span.account) {
			out = append(out, span.account)
		}
	}
	return out
}

// After is the event that would come next in the present mailbox, for Seal.
func (s *State) After(device wire.Fingerprint, at time.Time) wire.Event {
	return wire.Event{Mailbox: s.Mailbox().Tag.Name(), Seq: s.seq + 1, Previous: s.head, Device: device, At: wire.Time(at)}
}

// First is the event that would come first in a mailbox that the room moves to
// after an event that closes the present one.
func First(to Mailbox, closing wire.Event, device wire.Fingerprint, at time.Time) wire.Event {
	return wire.Event{Mailbox: to.Tag.Name(), Seq: 1, Previous: closing.Hash(), Device: device, At: wire.Time(at)}
}

func (s *State) find(a wallet.Account) int {
	return slices.IndexFunc(s.members, func(m Member) bool { return m.Account == a })
}

func (s *State) link(id wire.Name) int {
	return slices.IndexFunc(s.links, func(l Link) bool { return l.ID() == id })
}

// owner is the room's owner; of a direct room the first.
func (s *State) owner() wallet.Account {
	for _, m := range s.members {
		if m.Role == core.ChatOwner {
			return m.Account
		}
	}
	return wallet.Account{}
}

// chain is the row of events' hashes. States that follow each other share one, and
// each looks only at the part before its own end. A state that goes another way
// than one that was made of the same before gets a copy.
type chain struct {
	mu   sync.RWMutex
	list []wire.Hash
	at   map[wire.Hash]int
}

func (c *chain) find(h wire.Hash, steps int) (int, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	i, ok := c.at[h]
	return i, ok && i < steps
}

// add puts a hash after the first so many.
func (c *chain) add(h wire.Hash, steps int) *chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) != steps {
		c = newChain(c.list[:steps])
	}
	c.at[h] = len(c.list)
	c.list = append(c.list, h)
	return c
}

func (c *chain) first(steps int) []wire.Hash {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.list[:steps])
}

func newChain(list []wire.Hash) *chain {
	c := &chain{list: slices.Clone(list), at: make(map[wire.Hash]int, len(list))}
	for i, h := range list {
		c.at[h] = i
	}
	return c
}
