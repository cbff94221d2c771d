package anchat

// This file changes rooms: it takes events in, and makes new ones.

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// maxEventTries bounds how often a change is made anew because somebody else was
	// faster. Members of a room rarely change it at once.
	maxEventTries = 8
	// maxSameTries bounds how often the very same rows are put because nobody knows
	// whether they are stored.
	maxSameTries = 3

	kindTold = "told" // mailboxes of a room that its chain has not reached
	kindPath = "path" // all mailboxes of a room to which somebody invited
	kindMove = "move" // a room that this device closed and carries on
	// kindMoveTo is the mailbox that it chose for that.
	kindMoveTo = "move_to"

	maxToldBy = 16
	maxTold   = 64 * maxToldBy

	warnForked = "forked"
)

// event takes the next event of a room in.
func (t *turn) event(box mailbox, stored wire.Stored, e wire.Event) error {
	r, err := t.room(box.room)
	if err != nil {
		return err
	}
	if e.Mailbox != box.name || box.knocks {
		return core.Errorf(core.Denied, "this change of the room stands in another mailbox")
	}
	if r.state.KnownHead(e.Hash()) {
		return nil // made here
	}
	author, err := t.engine.CheckEvent(e, stored.At)
	if needsDevices(err) {
		return err
	}
	if err != nil {
		return errors.Join(err, t.skip(r, stored, e, wallet.Account{}))
	}
	at, ok := boxOf(r.state, e.Mailbox)
	if !ok {
		return core.Errorf(core.Denied, "the room does not live in this mailbox")
	}
	body, err := room.Open(at, e)
	if err != nil {
		return errors.Join(err, t.skip(r, stored, e, author))
	}
	return t.apply(r, stored, e, author, body)
}

// passEvent lets an event take its place whose device nobody knows, for a reason.
func (t *turn) passEvent(box mailbox, stored wire.Stored, e wire.Event, why error) error {
	r, err := t.room(box.room)
	if err != nil {
		return errors.Join(why, err)
	}
	return errors.Join(why, t.skip(r, stored, e, wallet.Account{}))
}

// skip lets an event take its place without any effect.
func (t *turn) skip(r chatRoom, stored wire.Stored, e wire.Event, author wallet.Account) error {
	next, err := r.state.Skip(e, author)
	if err != nil {
		return errors.Join(err, t.forked(r))
	}
	if err = t.setState(next); err != nil {
		return err
	}
	return t.AddRow(arrival(e.Mailbox, stored), vault.Notice{})
}

// apply changes a room by an event that holds.
func (t *turn) apply(r chatRoom, stored wire.Stored, e wire.Event, author wallet.Account, b room.Body) error {
	next, refused := r.state.Apply(e, author, b)
	if next == nil {
		return errors.Join(refused, t.forked(r))
	}
	if err := t.setState(next); err != nil {
		return err
	}
	notice := vault.Notice{}
	if refused == nil {
		notice = noticeOf(e, author, b)
	}
	if err := t.AddRow(arrival(e.Mailbox, stored), notice); err != nil {
		return err
	}
	t.changed(core.ChatEventMessages, next.ID())
	if e.Closes { // nothing that was heard there will be stored any more
		if _, err := t.ForgetHeard(next.ID(), t.now.Add(time.Second)); err != nil {
			return err
		}
	}
	if err := t.settleRoom(r.state, next); err != nil {
		return err
	}
	return refused
}

// settleRoom does what a change of a room means for its reader.
func (t *turn) settleRoom(before, now *room.State) error {
	r, err := t.room(now.ID())
	if err != nil {
		return err
	}
	state := r.local.State
	m, in := now.Member(t.s.account)
	switch {
	case in && !m.Invited:
		state = core.ChatJoined
	case in && state != core.ChatJoined:
		state = core.ChatInvited
	case !in && (state == core.ChatJoined || state == core.ChatInvited) && now.Kind() != "":
		if _, was := before.Member(t.s.account); was {
			state = core.ChatLeft
		}
	}
	if state == core.ChatJoined {
		if err = t.Delete(kindKnocked, now.ID().String()); err != nil {
			return err
		}
	}
	if state != r.local.State {
		if err = t.setLocal(now.ID(), func(l *vault.Local) { l.State = state }); err != nil {
			return err
		}
	}
	if closed, _, _ := now.Closed(); closed {
		return t.lead(now)
	}
	return nil
}

// told is a mailbox to which a room has moved, as somebody says.
type told struct {
	By  string   `json:"by"`
	Tag wire.Tag `json:"tag"`
	Key [32]byte `json:"key"`
}

// lead tells a closed room of the mailboxes where it may go on: those that members
// told of, and the next one of its path, when an invitation brought it.
func (t *turn) lead(now *room.State) error {
	list, err := t.toldOf(now.ID())
	if err != nil {
		return err
	}
	next := now
	for _, m := range list {
		by, idErr := wire.ParseAccountID(m.By)
		if idErr != nil {
			return core.Wrap(core.Internal, idErr, "a mailbox of this room has no teller")
		}
		next = next.WithMailbox(room.Mailbox{Tag: m.Tag, Key: m.Key}, by)
	}
	path, err := t.path(now.ID())
	if err != nil {
		return err
	}
	if i := slices.Index(path, inner.Mailbox(now.Mailbox())); i >= 0 && i+1 < len(path) && len(now.Members()) > 0 {
		next = next.WithMailbox(room.Mailbox(path[i+1]), now.Members()[0].Account)
	}
	if next == now {
		return nil
	}
	return t.setState(next)
}

func (t *turn) toldOf(id wire.Room) (list []told, err error) {
	raw, ok, err := t.Get(kindTold, id.String())
	if err != nil || !ok {
		return nil, err
	}
	if err = json.Unmarshal(raw, &list); err != nil {
		return nil, core.Wrap(core.Internal, err, "the mailboxes of a room cannot be read")
	}
	return list, nil
}

// addTold keeps a mailbox that somebody told of until the room's chain gets there.
// The oldest of too many by one of them are forgotten, then the oldest of all.
func (t *turn) addTold(id wire.Room, m room.Mailbox, by wallet.Account) error {
	list, err := t.toldOf(id)
	if err != nil {
		return err
	}
	mine := told{By: wire.AccountID(by), Tag: m.Tag, Key: m.Key}
	if slices.Contains(list, mine) {
		return nil
	}
	theirs := 0
	for _, have := range list {
		if have.By == mine.By {
			theirs++
		}
	}
	if theirs >= maxToldBy {
		oldest := slices.IndexFunc(list, func(have told) bool { return have.By == mine.By })
		list = slices.Delete(list, oldest, oldest+1)
	}
	list = append(list, mine)
	list = list[max(0, len(list)-maxTold):]
	raw, err := json.Marshal(list)
	if err != nil {
		return core.Wrap(core.Internal, err, "the mailboxes of a room cannot be kept")
	}
	return t.Put(kindTold, id.String(), raw)
}

// path are all mailboxes of a room, as an invitation brought them.
func (t *turn) path(id wire.Room) (inner.Mailboxes, error) {
	raw, ok, err := t.Get(kindPath, id.String())
	if err != nil || !ok {
		return nil, err
	}
	return (inner.Secret{Kind: inner.SecretMailbox, Body: raw}).Mailboxes()
}

func (t *turn) setPath(id wire.Room, path inner.Mailboxes) error {
	raw, err := inner.MarshalSecret(path)
	if err != nil {
		return err
	}
	return t.Put(kindPath, id.String(), raw)
}

// forked notes that the nodes tell another chain than the one that is known.
func (t *turn) forked(r chatRoom) error {
	return t.setLocal(r.state.ID(), func(l *vault.Local) { l.Warning = warnForked })
}

func boxOf(s *room.State, name wire.Name) (room.Mailbox, bool) {
	for _, m := range append(s.Mailboxes(), s.Next()...) {
		if m.Tag.Name() == name {
			return m, true
		}
	}
	return room.Mailbox{}, false
}

func arrival(name wire.Name, stored wire.Stored) vault.Arrival {
	return vault.Arrival{Row: stored.Row, Mailbox: name, Seq: stored.Seq, Index: stored.Index, At: stored.At}
}

// noticeOf is what people are told of an event.
func noticeOf(e wire.Event, author wallet.Account, b room.Body) vault.Notice {
	what, by, about, text := b.Notice(author)
	n := vault.Notice{What: what, From: by, Device: e.Device, Text: text, At: e.At}
	for _, a := range about {
		n.Targets = append(n.Targets, wire.AccountID(a))
	}
	return n
}

// event changes a room, and returns once the nodes have stored it. When somebody
// else was faster, their change is read and this one is tried again. A removal
// closes the mailbox, and the room moves. It returns core.Denied when the reader
// has no right to it, and core.Unavailable when the nodes do not answer.
func (s *session) event(ctx context.Context, id wire.Room, b room.Body) error {
	var wait pause
	for try := range maxEventTries {
		err := s.tryEvent(ctx, id, b)
		switch core.CodeOf(err) {
		case core.Conflict, core.PreconditionFailed: // somebody was faster
		case core.Denied: // a moment ago it may have become right
			if try > 0 {
				return err
			}
		case core.Limited: // the node has not seen yet that this device knows the room
		default:
			return err
		}
		if err = s.readRoom(ctx, id); err != nil {
			return err
		}
		r, err := s.room(id)
		if err != nil {
			return err
		}
		if closed, _, _ := r.state.Closed(); closed {
			sleep(ctx, wait.next(), nil) // whoever closed it says where it goes on
		}
	}
	return core.Errorf(core.Conflict, "others change this room all the time; try again")
}

// tryEvent returns core.Conflict when the change has to be made anew.
func (s *session) tryEvent(ctx context.Context, id wire.Room, b room.Body) error {
	var (
		e      wire.Event
		before chatRoom
	)
	err := s.do(ctx, func(t *turn) (err error) {
		if before, err = t.room(id); err != nil {
			return err
		}
		if closed, _, _ := before.state.Closed(); closed {
			return core.Errorf(core.Conflict, "this room is moving; try again when it has")
		}
		head := before.state.After(s.device, t.now)
		head.Closes = b.Kind == room.BodyRemove
		if e, err = room.Seal(before.state.Mailbox(), head, b); err != nil {
			return err
		}
		if e, err = t.engine.SignEvent(e, t.now); err != nil {
			return err
		}
		if _, err = before.state.Apply(e, s.account, b); err != nil { // a rehearsal
			return err
		}
		if head.Closes {
			return t.Put(kindMove, id.String(), []byte{1})
		}
		return nil
	})
	if err != nil {
		return err
	}
	receipt, err := s.putSame(ctx, e)
	if err != nil {
		return err
	}
	err = s.do(ctx, func(t *turn) error {
		r, roomErr := t.room(id)
		if roomErr != nil || r.state.KnownHead(e.Hash()) {
			return roomErr
		}
		stored := wire.Stored{Seq: receipt.Seq, Index: receipt.Index, At: t.now, Row: e.Encode()}
		return t.apply(r, stored, e, s.account, b)
	})
	if err != nil || !e.Closes {
		return err
	}
	if err = s.carry(ctx, id); lasting(err) {
		return err
	}
	s.posts.ring() // what did not work goes on by itself, see moveRooms
	return nil
}

// create makes a room. invite is the body of its first event; Room is filled in.
func (s *session) create(ctx context.Context, b room.Body) (wire.Room, error) {
	b.Kind, b.Room = room.BodyCreate, wire.NewRoom()
	state := room.New(b.Room, room.NewMailbox())
	var e wire.Event
	err := s.do(ctx, func(t *turn) (err error) {
		if e, err = room.Seal(state.Mailbox(), state.After(s.device, t.now), b); err != nil {
			return err
		}
		if e, err = t.engine.SignEvent(e, t.now); err != nil {
			return err
		}
		_, err = state.Apply(e, s.account, b)
		return err
	})
	if err != nil {
		return b.Room, err
	}
	receipt, err := s.putFirst(ctx, state.Mailbox(), e)
	if err != nil {
		return b.Room, err
	}
	return b.Room, s.do(ctx, func(t *turn) error {
		if err := t.setState(state); err != nil {
			return err
		}
		stored := wire.Stored{Seq: receipt.Seq, Index: receipt.Index, At: t.now, Row: e.Encode()}
		if err := t.apply(chatRoom{state: state}, stored, e, s.account, b); err != nil {
			return err
		}
		return t.SetCursor(e.Mailbox.String(), receipt.Seq)
	})
}

// carry moves a room that this device closed: everybody who stays is told the new
// mailbox, then its first event is stored. It can be begun again after any step.
func (s *session) carry(ctx context.Context, id wire.Room) error {
	var (
		e  wire.Event
		to room.Mailbox
	)
	err := s.do(ctx, func(t *turn) (err error) {
		r, err := t.room(id)
		if err != nil {
			return err
		}
		if !r.state.MayCarry(s.account) {
			return t.Delete(kindMove, id.String())
		}
		to, err = t.moveTo(r)
		if err != nil {
			return err
		}
		head := wire.Event{Mailbox: to.Tag.Name(), Seq: 1, Previous: r.state.Head(), Device: s.device, At: wire.Time(t.now)}
		if e, err = room.Seal(to, head, room.Body{Kind: room.BodyMoved}); err != nil {
			return err
		}
		e, err = t.engine.SignEvent(e, t.now)
		return err
	})
	if err != nil || e.Seq == 0 {
		return err
	}
	receipt, err := s.putFirst(ctx, to, e)
	if core.CodeOf(err) == core.Conflict { // stored before, and not noted then
		return s.readRoom(ctx, id)
	}
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *turn) error {
		r, err := t.room(id)
		if err != nil || r.state.KnownHead(e.Hash()) {
			return err
		}
		stored := wire.Stored{Seq: receipt.Seq, Index: receipt.Index, At: t.now, Row: e.Encode()}
		if err = t.apply(r, stored, e, s.account, room.Body{Kind: room.BodyMoved}); err != nil {
			return err
		}
		return t.Delete(kindMove, id.String())
	})
}

// moveTo is the mailbox that a closed room moves to. It is chosen once, and all
// devices of those who stay are told in the same turn.
func (t *turn) moveTo(r chatRoom) (room.Mailbox, error) {
	id := r.state.ID()
	raw, ok, err := t.Get(kindMoveTo, id.String())
	if err != nil {
		return room.Mailbox{}, err
	}
	if ok {
		boxes, readErr := (inner.Secret{Kind: inner.SecretMailbox, Body: raw}).Mailboxes()
		if readErr == nil && len(boxes) == 1 && !slices.Contains(r.state.Mailboxes(), room.Mailbox(boxes[0])) {
			return room.Mailbox(boxes[0]), nil
		}
	}
	to := room.NewMailbox()
	body, err := inner.MarshalSecret(inner.Mailboxes{inner.Mailbox(to)})
	if err != nil {
		return to, err
	}
	if err = t.Put(kindMoveTo, id.String(), body); err != nil {
		return to, err
	}
	if err = t.setState(r.state.WithMailbox(to, t.s.account)); err != nil {
		return to, err
	}
	return to, t.tell(t.devicesOf(r.state), inner.Secret{Kind: inner.SecretMailbox, Room: id, Body: body})
}

// devicesOf are the other live devices of a room's members and of those invited.
func (t *turn) devicesOf(state *room.State) []wire.Fingerprint {
	var all []wire.Fingerprint
	for _, m := range state.Members() {
		all = append(all, t.live(m.Account)...)
	}
	return all
}

// live are the live devices of an account but for this one.
func (t *turn) live(a wallet.Account) []wire.Fingerprint {
	var all []wire.Fingerprint
	for _, k := range t.engine.Devices(a) {
		if f := k.Statement.Fingerprint(); k.Live && f != t.s.device {
			all = append(all, f)
		}
	}
	return all
}

// tell seals a secret for devices and posts it. Devices that cannot be reached yet
// are left out: they ask.
func (t *turn) tell(to []wire.Fingerprint, secret inner.Secret) error {
	if len(to) == 0 {
		return nil
	}
	rows, err := t.engine.SealSecret(to, secret, t.now)
	if core.CodeOf(err) == core.Unavailable {
		return nil
	}
	if err != nil {
		return err
	}
	return t.post(rows...)
}

// putFirst puts the first event of a mailbox, which is shown to the nodes before.
func (s *session) putFirst(ctx context.Context, to room.Mailbox, e wire.Event) (wire.Receipt, error) {
	if _, err := s.service.Mailbox(ctx, to.Tag, 0, 1); err != nil && core.CodeOf(err) != core.NotFound {
		return wire.Receipt{}, err
	}
	return s.putSame(ctx, e)
}

// putSame puts one row and, as long as nobody knows whether it is stored, the very
// same again.
func (s *session) putSame(ctx context.Context, row wire.Row) (wire.Receipt, error) {
	receipts, err := s.putAll(ctx, [][]byte{row.Encode()})
	if err != nil {
		return wire.Receipt{}, err
	}
	if r := receipts[0]; r.Code != "" {
		return r, core.Errorf(r.Code, "%s", r.Why)
	}
	return receipts[0], nil
}

// putNow puts rows that somebody waits for. The first that is refused is the error.
func (s *session) putNow(ctx context.Context, rows ...wire.Row) error {
	raw := make([][]byte, 0, len(rows))
	for _, r := range rows {
		raw = append(raw, r.Encode())
	}
	receipts, err := s.putAll(ctx, raw)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		if r.Code != "" {
			return core.Errorf(r.Code, "%s", r.Why)
		}
	}
	return nil
}

func (s *session) putAll(ctx context.Context, rows [][]byte) (receipts []wire.Receipt, err error) {
	var wait pause
	for range maxSameTries {
		receipts, err = s.service.Put(ctx, rows)
		if core.CodeOf(err) != core.OutcomeUnknown {
			break
		}
		sleep(ctx, wait.next(), nil)
	}
	if err == nil && len(receipts) != len(rows) {
		err = core.Errorf(core.Unavailable, "the nodes answered for %d rows of %d", len(receipts), len(rows))
	}
	return receipts, err
}

// readRoom reads what others did to a room.
func (s *session) readRoom(ctx context.Context, id wire.Room) error {
	r, err := s.room(id)
	if err != nil {
		return err
	}
	for _, box := range r.mailboxes(s.account) {
		if err = s.readMailbox(ctx, box); err != nil {
			return err
		}
	}
	return nil
}
