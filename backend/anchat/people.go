package anchat

// This file has the people: what their reader calls them, whom they trust, block
// and compared numbers with. All of it is the reader's own, and goes to their other
// devices through the own room.

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	kindPerson  = "person"  // by account
	statePerson = "person/" // key in the own room, followed by the account
	// Ends of an address that a person without a nickname is shown by.
	addressHead, addressTail = 6, 4
)

// person is what the reader says of somebody.
type person struct {
	Nickname string `json:"nickname,omitempty"`
	Contact  bool   `json:"contact,omitempty"`
	Blocked  bool   `json:"blocked,omitempty"`
	// Verified are the fingerprints of the devices that they had when the reader
	// compared numbers with them.
	Verified []string `json:"verified,omitempty"`
}

// check judges what a device, of the reader's own or not, says of somebody.
func (p person) check() error {
	if len(p.Verified) > wire.MaxLiveDevices {
		return core.Errorf(core.Invalid, "somebody has more devices than there can be")
	}
	for _, f := range p.Verified {
		if _, err := wire.ParseFingerprint(f); err != nil {
			return err
		}
	}
	return wire.CheckName(p.Nickname)
}

// book is what is known of people, at hand for names.
type book struct {
	mu     sync.RWMutex
	people map[wallet.Account]person
}

func (b *book) of(a wallet.Account) person {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.people[a]
}

func (b *book) put(a wallet.Account, p person) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.people == nil {
		b.people = map[wallet.Account]person{}
	}
	b.people[a] = p
}

// accounts are those of whom the reader said something.
func (b *book) accounts() []wallet.Account {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []wallet.Account
	for a := range b.people {
		all = append(all, a)
	}
	room.SortAccounts(all)
	return all
}

// loadPeople reads the people when the session begins.
func (s *session) loadPeople(ctx context.Context) error {
	stored, err := s.vault.List(ctx, kindPerson)
	if err != nil {
		return err
	}
	for _, e := range stored {
		a, err := wire.ParseAccountID(e.ID)
		if err != nil {
			return core.Wrap(core.Internal, err, "somebody in this chat has no account")
		}
		var p person
		if err = json.Unmarshal(e.Value, &p); err != nil {
			return core.Wrap(core.Internal, err, "what you said of somebody cannot be read")
		}
		s.book.put(a, p)
	}
	return nil
}

// setPerson changes what the reader says of somebody, on all of their devices.
func (t *turn) setPerson(a wallet.Account, change func(p *person)) error {
	p := t.s.book.of(a)
	p.Verified = slices.Clone(p.Verified)
	change(&p)
	if err := t.keepPerson(a, p); err != nil {
		return err
	}
	return t.share(nil, statePerson+wire.AccountID(a), p)
}

func (t *turn) keepPerson(a wallet.Account, p person) error {
	if err := p.check(); err != nil {
		return err
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return core.Wrap(core.Internal, err, "what you say of somebody cannot be kept")
	}
	t.later(func() { t.s.book.put(a, p) })
	t.changed(core.ChatEventRooms, wire.Room{})
	return t.Put(kindPerson, wire.AccountID(a), raw)
}

// nameOf is what somebody is called in a room: the nickname that the reader gave
// them; else what they say their name is, with a mark, as anybody may say anything;
// else the ends of the address.
func (s *session) nameOf(id wire.Room, a wallet.Account) string {
	if name := s.book.of(a).Nickname; name != "" {
		return name
	}
	if r, err := s.room(id); err == nil {
		if m, ok := r.state.Member(a); ok && m.Called != "" {
			return room.Claim + m.Called
		}
	}
	address := a.String()
	if len(address) <= addressHead+addressTail {
		return address
	}
	return address[:addressHead] + "…" + address[len(address)-addressTail:]
}

// People are the members of a room, those who are invited and those who are banned.
func (c *Chat) People(ctx context.Context, roomID string) ([]core.ChatPerson, error) {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return nil, err
	}
	r, err := s.room(id)
	if err != nil {
		return nil, err
	}
	seen, err := s.seenAt(ctx, id)
	if err != nil {
		return nil, err
	}
	present := s.signs.present(id, s.now())
	var all []core.ChatPerson
	err = s.look(ctx, func(t *turn) error {
		all = nil
		var p core.ChatPerson
		for _, m := range r.state.Members() {
			if p, err = t.personOf(m.Account); err != nil {
				return err
			}
			p.Role, p.Invited, p.Name = m.Role, m.Invited, s.nameOf(id, m.Account)
			p.SeenAt, p.Present = seen[m.Account], slices.Contains(present, m.Account)
			all = append(all, p)
		}
		for _, a := range r.state.Banned() {
			if p, err = t.personOf(a); err != nil {
				return err
			}
			p.Banned = true
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range lookAlikes(all) {
		all[i].LookAlike = true
	}
	return all, nil
}

func lookAlikes(people []core.ChatPerson) map[int]bool {
	names := make([]string, len(people))
	for i, p := range people {
		names[i] = p.Name
	}
	return room.LookAlikes(names)
}

// seenAt is when the people of a room were last heard of.
func (s *session) seenAt(ctx context.Context, id wire.Room) (map[wallet.Account]time.Time, error) {
	readers, err := s.vault.Readers(ctx, id)
	if err != nil {
		return nil, err
	}
	seen := make(map[wallet.Account]time.Time, len(readers))
	for _, r := range readers {
		seen[r.Account] = r.SeenAt
	}
	return seen, nil
}

// personOf is somebody as screens have them.
func (t *turn) personOf(a wallet.Account) (core.ChatPerson, error) {
	p := t.s.book.of(a)
	devices, err := t.devices(a)
	if err != nil {
		return core.ChatPerson{}, err
	}
	out := core.ChatPerson{
		Address: a.String(), Name: t.s.nameOf(wire.Room{}, a), Nickname: p.Nickname, Me: a == t.s.account,
		Blocked: p.Blocked, Contact: p.Contact, Devices: devices,
	}
	out.Verified, out.Changed = t.verified(a, p)
	return out, nil
}

// verified tells whether the reader compared numbers with somebody, and whether
// their devices are others since.
func (t *turn) verified(a wallet.Account, p person) (verified, changed bool) {
	if len(p.Verified) == 0 {
		return false, false
	}
	if slices.Equal(p.Verified, hexes(liveOf(t.engine.Devices(a)))) {
		return true, false
	}
	return false, true
}

// liveOf are the fingerprints of those that live.
func liveOf(devices []engine.Known) []wire.Fingerprint {
	var live []wire.Fingerprint
	for _, k := range devices {
		if k.Live {
			live = append(live, k.Statement.Fingerprint())
		}
	}
	return live
}

// hexes are fingerprints as text, sorted.
func hexes(list []wire.Fingerprint) []string {
	all := make([]string, len(list))
	for i, f := range list {
		all[i] = f.String()
	}
	slices.Sort(all)
	return all
}

// Person is somebody with a wallet, whether they share a room with the reader or not.
func (c *Chat) Person(ctx context.Context, address string) (core.ChatPerson, error) {
	s, a, err := c.account(address)
	if err != nil {
		return core.ChatPerson{}, err
	}
	// Without an answer those devices that are known are told.
	if err = s.refresh(ctx, DevicesFresh, a); err != nil && core.CodeOf(err) != core.Unavailable {
		return core.ChatPerson{}, err
	}
	var p core.ChatPerson
	err = s.look(ctx, func(t *turn) error {
		p, err = t.personOf(a)
		return err
	})
	if err != nil {
		return p, err
	}
	for _, r := range s.all() {
		m, in := r.state.Member(a)
		if !in || r.state.Kind() == "" {
			continue
		}
		if r.state.Kind() == core.ChatRoomDirect {
			p.Name = s.nameOf(r.state.ID(), m.Account)
		}
		seen, err := s.seenAt(ctx, r.state.ID())
		if err != nil {
			return p, err
		}
		if at := seen[a]; at.After(p.SeenAt) {
			p.SeenAt = at
		}
		p.Present = p.Present || slices.Contains(s.signs.present(r.state.ID(), s.now()), a)
	}
	return p, nil
}

// Contacts are the people whom the reader wrote to, let in, or gave a name, sorted by
// that; and those who are blocked.
func (c *Chat) Contacts(ctx context.Context) ([]core.ChatPerson, error) {
	s, err := c.current()
	if err != nil {
		return nil, err
	}
	all := []core.ChatPerson{}
	err = s.look(ctx, func(t *turn) error {
		all = all[:0]
		for _, a := range s.book.accounts() {
			if p := s.book.of(a); !p.Contact && !p.Blocked && p.Nickname == "" {
				continue
			}
			one, unknown := t.personOf(a)
			if unknown != nil {
				return unknown
			}
			all = append(all, one)
		}
		return nil
	})
	slices.SortFunc(all, func(a, b core.ChatPerson) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	for i := range lookAlikes(all) {
		all[i].LookAlike = true
	}
	return all, err
}

// Nickname says what the reader calls somebody; "" takes it back.
func (c *Chat) Nickname(ctx context.Context, address, name string) error {
	s, a, err := c.account(address)
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *turn) error {
		return t.setPerson(a, func(p *person) {
			p.Nickname = name
			p.Contact = p.Contact || name != ""
		})
	})
}

// Block keeps somebody's invitations and signals away, and hides the room of the two.
// They are not told. Requests of theirs that wait are forgotten.
func (c *Chat) Block(ctx context.Context, address string, on bool) error {
	s, a, err := c.account(address)
	if err != nil {
		return err
	}
	if a == s.account {
		return core.Errorf(core.Invalid, "nobody blocks themselves")
	}
	return s.do(ctx, func(t *turn) error {
		if err := t.setPerson(a, func(p *person) { p.Blocked = on }); err != nil || !on {
			return err
		}
		for _, r := range s.all() {
			if r.local.State == core.ChatInvited && r.local.InvitedBy == a.String() {
				if err := t.forget(r.state.ID()); err != nil {
					return err
				}
			}
		}
		t.changed(core.ChatEventState, wire.Room{})
		return nil
	})
}

// Safety is what two people compare, by eye or by camera.
func (c *Chat) Safety(ctx context.Context, address string) (core.ChatSafety, error) {
	s, a, err := c.account(address)
	if err != nil {
		return core.ChatSafety{}, err
	}
	mine, theirs, err := s.sides(ctx, a)
	if err != nil {
		return core.ChatSafety{}, err
	}
	out := core.ChatSafety{Address: a.String(), Number: room.SafetyNumber(mine, theirs), QR: room.SafetyQR(mine, theirs)}
	err = s.look(ctx, func(t *turn) error {
		out.Verified, _ = t.verified(a, s.book.of(a))
		out.Devices, err = t.devices(a)
		return err
	})
	return out, err
}

// sides are the reader and somebody else with their devices, as the nodes tell them
// now.
func (s *session) sides(ctx context.Context, a wallet.Account) (mine, theirs room.Side, err error) {
	if a == s.account {
		return mine, theirs, core.Errorf(core.Invalid, "numbers are compared with somebody else")
	}
	if err = s.refresh(ctx, DevicesFresh, a, s.account); err != nil && core.CodeOf(err) != core.Unavailable {
		return mine, theirs, err
	}
	err = s.look(ctx, func(t *turn) error {
		mine = room.Side{Account: s.account, Devices: liveOf(t.engine.Devices(s.account))}
		theirs = room.Side{Account: a, Devices: liveOf(t.engine.Devices(a))}
		return nil
	})
	if err == nil && len(theirs.Devices) == 0 {
		err = errNoDevices(a)
	}
	return mine, theirs, err
}

// Verify says that the numbers were compared and are equal, or takes it back.
func (c *Chat) Verify(ctx context.Context, address string, on bool) error {
	s, a, err := c.account(address)
	if err != nil {
		return err
	}
	if !on {
		return s.do(ctx, func(t *turn) error { return t.setPerson(a, func(p *person) { p.Verified = nil }) })
	}
	_, theirs, err := s.sides(ctx, a)
	if err != nil {
		return err
	}
	return s.verify(ctx, theirs)
}

// verify keeps the very devices that were compared: one that came meanwhile counts
// as changed.
func (s *session) verify(ctx context.Context, theirs room.Side) error {
	return s.do(ctx, func(t *turn) error {
		return t.setPerson(theirs.Account, func(p *person) { p.Verified, p.Contact = hexes(theirs.Devices), true })
	})
}

// CheckSafety compares what a camera read from the other's screen; when it is the
// same, they are verified.
func (c *Chat) CheckSafety(ctx context.Context, address, qr string) error {
	s, a, err := c.account(address)
	if err != nil {
		return err
	}
	mine, theirs, err := s.sides(ctx, a)
	if err != nil {
		return err
	}
	if err = room.CheckSafetyQR(qr, mine, theirs); err != nil {
		return err
	}
	return s.verify(ctx, theirs)
}

// account is the open session and the account of an address.
func (c *Chat) account(address string) (*session, wallet.Account, error) {
	s, err := c.current()
	if err != nil {
		return nil, wallet.Account{}, err
	}
	a, err := s.accountOf(address)
	return s, a, err
}

func errNoDevices(a wallet.Account) error {
	return core.Errorf(core.NotFound, "%s has not opened Anchat in this network yet; send them an invite link for when they have", a)
}
