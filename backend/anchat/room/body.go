package room

// This file has what events say, and the bytes of that.

import (
	"bytes"
	"encoding/json"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// BodyKind says what an event does.
type BodyKind string

// The kinds.
const (
	BodyCreate      BodyKind = "create"
	BodyName        BodyKind = "name"
	BodyTopic       BodyKind = "topic"
	BodyHistory     BodyKind = "history"
	BodyTimer       BodyKind = "timer"
	BodyFreeInvite  BodyKind = "free_invite"
	BodyAdd         BodyKind = "add"    // invites Account
	BodyAccept      BodyKind = "accept" // the author, who was invited, comes in
	BodyRemove      BodyKind = "remove" // of Account; closes the mailbox
	BodyUnban       BodyKind = "unban"
	BodyLeave       BodyKind = "leave" // also how an invitation is refused
	BodyRole        BodyKind = "role"
	BodyCalled      BodyKind = "called" // what the author is called here, Name; "" takes it back
	BodyLink        BodyKind = "link"
	BodyLinkUsed    BodyKind = "link_used" // lets Account in, who knocked
	BodyLinkRevoked BodyKind = "link_revoked"
	BodyMoved       BodyKind = "moved" // the first event of a mailbox after one that was closed
)

// Limits of rooms.
const (
	// MaxMailboxes bounds how often a room may move, because a new member is told all
	// places in one envelope.
	MaxMailboxes = 256
	// MaxLinks bounds the links of a room that are neither used up, expired nor revoked.
	MaxLinks = 50
	// MaxBanned bounds those who may not come back; the oldest is forgotten.
	MaxBanned = 1000
	// MinTimer and MaxTimer bound the time until messages disappear, in seconds.
	MinTimer = 5 * 60
	MaxTimer = 28 * 24 * 60 * 60
	// MaxLinkLife bounds how long a link is good.
	MaxLinkLife = 28 * 24 * time.Hour
)

// Seat is a member that a room begins with.
type Seat struct {
	Account wallet.Account
	Role    string // core.ChatOwner …
}

// Invite is a link as the members know it: whoever knocks at the mailbox of Tag
// with a proof made of Code, which is secret, is let in.
type Invite struct {
	Tag       wire.Tag
	Code      [32]byte
	ExpiresAt time.Time
	Uses      int
}

// ID names the link. It is the name of the mailbox to knock at.
func (i Invite) ID() wire.Name { return i.Tag.Name() }

// String hides the link.
func (Invite) String() string { return "[secret]" }

// GoString does, too.
func (Invite) GoString() string { return "[secret]" }

// Body is what an event says. Which fields count depends on Kind.
type Body struct {
	Kind       BodyKind
	Room       wire.Room      // create
	RoomKind   string         // create: core.ChatRoomGroup …
	Name       string         // create, name, called
	Topic      string         // create, topic
	History    string         // create, history: core.ChatHistoryJoined …
	FreeInvite bool           // create, free_invite
	Timer      int64          // create, timer; seconds
	Members    []Seat         // create, the author among them
	Account    wallet.Account // add, remove, unban, role, link_used
	Role       string         // role
	Ban        bool           // remove
	Invite     *Invite        // link
	Link       wire.Name      // link_used, link_revoked
}

// bodyJSON is a body as it is written. Accounts are packed: 200 of them have to
// fit one event.
type bodyJSON struct {
	Kind       BodyKind    `json:"kind"`
	Room       []byte      `json:"room,omitempty"`
	RoomKind   string      `json:"room_kind,omitempty"`
	Name       string      `json:"name,omitempty"`
	Topic      string      `json:"topic,omitempty"`
	History    string      `json:"history,omitempty"`
	FreeInvite bool        `json:"free_invite,omitempty"`
	Timer      int64       `json:"timer,omitempty"`
	Members    []byte      `json:"members,omitempty"`
	Account    []byte      `json:"account,omitempty"`
	Role       string      `json:"role,omitempty"`
	Ban        bool        `json:"ban,omitempty"`
	Invite     *inviteJSON `json:"invite,omitempty"`
	Link       []byte      `json:"link,omitempty"`
}

type inviteJSON struct {
	Tag       []byte    `json:"tag"`
	Code      []byte    `json:"code"`
	ExpiresAt time.Time `json:"expires_at"`
	Uses      int       `json:"uses"`
}

func (i Invite) json() *inviteJSON {
	return &inviteJSON{Tag: i.Tag[:], Code: i.Code[:], ExpiresAt: i.ExpiresAt, Uses: i.Uses}
}

func (j inviteJSON) invite() (Invite, error) {
	i := Invite{ExpiresAt: wire.Time(j.ExpiresAt), Uses: j.Uses}
	if len(j.Tag) != len(i.Tag) || len(j.Code) != len(i.Code) {
		return Invite{}, errBody()
	}
	copy(i.Tag[:], j.Tag)
	copy(i.Code[:], j.Code)
	return i, nil
}

// eventSizes are the sizes to which bodies are padded, with what sealing adds
// within the limit of rows.
func eventSizes() []int { return []int{256, 1 << 10, 4 << 10, wire.MaxEventBytes - sealOverhead} }

// encode writes the body, padded with spaces, which JSON passes over.
func (b Body) encode() ([]byte, error) {
	j := bodyJSON{
		Kind: b.Kind, RoomKind: b.RoomKind, Name: b.Name, Topic: b.Topic, History: b.History,
		FreeInvite: b.FreeInvite, Timer: b.Timer, Role: b.Role, Ban: b.Ban, Account: packAccount(b.Account),
	}
	if b.Room != (wire.Room{}) {
		j.Room = b.Room[:]
	}
	if b.Link != (wire.Name{}) {
		j.Link = b.Link[:]
	}
	if b.Invite != nil {
		j.Invite = b.Invite.json()
	}
	for _, seat := range b.Members {
		j.Members = append(append(j.Members, roleByte(seat.Role)), packAccount(seat.Account)...)
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "this event cannot be written as JSON")
	}
	for _, size := range eventSizes() {
		if len(text) <= size {
			return append(text, bytes.Repeat([]byte{' '}, size-len(text))...), nil
		}
	}
	return nil, core.Errorf(core.TooLarge, "this is too much for one event of a room; do it in parts")
}

// decodeBody reads what encode wrote, passing over fields of newer versions.
func decodeBody(text []byte) (Body, error) {
	var j bodyJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return Body{}, core.Wrap(core.Invalid, err, "this event of the room says nothing that this program understands; it may need a newer version")
	}
	b := Body{
		Kind: j.Kind, RoomKind: j.RoomKind, Name: j.Name, Topic: j.Topic, History: j.History,
		FreeInvite: j.FreeInvite, Timer: j.Timer, Role: j.Role, Ban: j.Ban,
	}
	if len(j.Room) != 0 && len(j.Room) != len(b.Room) || len(j.Link) != 0 && len(j.Link) != len(b.Link) {
		return Body{}, errBody()
	}
	copy(b.Room[:], j.Room)
	copy(b.Link[:], j.Link)
	if j.Invite != nil {
		i, err := j.Invite.invite()
		if err != nil {
			return Body{}, err
		}
		b.Invite = &i
	}
	if len(j.Account) > 0 {
		account, rest, err := unpackAccount(j.Account)
		if err != nil || len(rest) > 0 {
			return Body{}, errBody()
		}
		b.Account = account
	}
	for rest := j.Members; len(rest) > 0; {
		role := byteRole(rest[0])
		account, more, err := unpackAccount(rest[1:])
		if err != nil || role == "" || len(b.Members) == core.MaxChatMembers {
			return Body{}, errBody()
		}
		b.Members, rest = append(b.Members, Seat{Account: account, Role: role}), more
	}
	return b, nil
}

// Check judges what a body says by itself, whoever says it. Seal does, too.
func (b Body) Check() error {
	switch b.Kind {
	case BodyCreate:
		if b.Room == (wire.Room{}) || len(b.Members) == 0 || len(b.Members) > core.MaxChatMembers {
			return errBody()
		}
		if err := firstOf(wire.CheckName(b.Name), wire.CheckName(b.Topic), checkHistory(b.History), checkTimer(b.Timer)); err != nil {
			return err
		}
		return b.checkSeats()
	case BodyName, BodyCalled:
		return wire.CheckName(b.Name)
	case BodyTopic:
		return wire.CheckName(b.Topic)
	case BodyHistory:
		return checkHistory(b.History)
	case BodyTimer:
		return checkTimer(b.Timer)
	case BodyAdd, BodyRemove, BodyUnban:
		return checkAccount(b.Account)
	case BodyRole:
		if roleByte(b.Role) == 0 {
			return core.Errorf(core.Invalid, "a role is %s, %s or %s", core.ChatOwner, core.ChatAdmin, core.ChatMember)
		}
		return checkAccount(b.Account)
	case BodyLink:
		if b.Invite == nil || b.Invite.Uses < 1 || b.Invite.Uses > core.MaxChatMembers {
			return core.Errorf(core.Invalid, "a link lets in 1 to %d people", core.MaxChatMembers)
		}
		return nil
	case BodyLinkUsed:
		return checkAccount(b.Account)
	case BodyFreeInvite, BodyAccept, BodyLeave, BodyLinkRevoked, BodyMoved:
		return nil
	}
	return core.Errorf(core.Invalid, "this event of the room needs a newer version of the program")
}

// checkSeats judges whom a room begins with: nobody twice, and the owners that its
// kind has.
func (b Body) checkSeats() error {
	owners, seen := 0, map[wallet.Account]bool{}
	for _, seat := range b.Members {
		if seen[seat.Account] || checkAccount(seat.Account) != nil || roleByte(seat.Role) == 0 {
			return errBody()
		}
		seen[seat.Account] = true
		if seat.Role == core.ChatOwner {
			owners++
		}
	}
	switch b.RoomKind {
	case core.ChatRoomGroup:
		if owners == 1 {
			return nil
		}
	case core.ChatRoomDirect: // neither may do more than the other
		if owners == 2 && len(b.Members) == 2 {
			return nil
		}
	case core.ChatRoomSelf:
		if owners == 1 && len(b.Members) == 1 {
			return nil
		}
	}
	return errBody()
}

// firstOf is the first error that is one.
func firstOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func checkHistory(rule string) error {
	if rule != core.ChatHistoryJoined && rule != core.ChatHistoryAll {
		return core.Errorf(core.Invalid, "new members read from their coming on (%s), or all (%s)", core.ChatHistoryJoined, core.ChatHistoryAll)
	}
	return nil
}

func checkTimer(seconds int64) error {
	if seconds != 0 && (seconds < MinTimer || seconds > MaxTimer) {
		return core.Errorf(core.Invalid, "messages disappear after five minutes to four weeks")
	}
	return nil
}

func checkAccount(a wallet.Account) error {
	if a == (wallet.Account{}) {
		return errBody()
	}
	return nil
}

func errBody() error {
	return core.Errorf(core.Invalid, "this event of the room does not hold; the program that made it may be damaged or newer")
}

// Accounts are packed as a letter for the chain and the raw bytes.
const (
	packedETH, packedSOL = 'E', 'S'
	rawETH, rawSOL       = 20, 32
)

func packAccount(a wallet.Account) []byte {
	switch a.Chain() {
	case wallet.ETH:
		return append([]byte{packedETH}, a.Bytes()...)
	case wallet.SOL:
		return append([]byte{packedSOL}, a.Bytes()...)
	}
	return nil
}

func unpackAccount(b []byte) (a wallet.Account, rest []byte, err error) {
	chain, size := wallet.ETH, rawETH
	if len(b) > 0 && b[0] == packedSOL {
		chain, size = wallet.SOL, rawSOL
	}
	if len(b) < 1+size || b[0] != packedETH && b[0] != packedSOL {
		return wallet.Account{}, nil, errBody()
	}
	a, err = wallet.AccountFromBytes(chain, b[1:1+size])
	return a, b[1+size:], err
}

func roleByte(role string) byte {
	switch role {
	case core.ChatOwner:
		return 'o'
	case core.ChatAdmin:
		return 'a'
	case core.ChatMember:
		return 'm'
	}
	return 0
}

func byteRole(b byte) string {
	switch b {
	case 'o':
		return core.ChatOwner
	case 'a':
		return core.ChatAdmin
	case 'm':
		return core.ChatMember
	}
	return ""
}
