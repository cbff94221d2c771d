package anchat

// This file changes rooms: it makes events and has the nodes store them.

import (
	"context"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
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

	kindMove   = "move"    // a room that this device closed and carries on
	kindMoveTo = "move_to" // the mailbox that it chose for that
)

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
