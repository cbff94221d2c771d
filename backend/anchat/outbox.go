package anchat

// This file sends: what waits is sealed at the first attempt, and the same bytes
// are put until it is certain what became of them.

import (
	"context"
	"errors"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// maxSealed bounds the messages that are sealed and put together.
const maxSealed = 32

// deliver puts what waits until ctx ends: first the rows that nobody waits for, then
// messages in the order in which they were written.
func (s *session) deliver(ctx context.Context) {
	var wait pause
	for ctx.Err() == nil {
		err := errors.Join(s.chores(ctx), s.putPosts(ctx), s.putMessages(ctx))
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.offline(ctx, err)
			sleep(ctx, wait.next(), nil)
			continue
		}
		wait.reset()
		select {
		case <-s.posts:
		case <-ctx.Done():
		}
	}
}

// putMessages puts all messages that wait. It returns the first error that will
// pass by itself; what will not is noted with its message.
func (s *session) putMessages(ctx context.Context) error {
	tried := map[int64]bool{}
	for ctx.Err() == nil {
		items, err := s.vault.Outbox(ctx)
		if err != nil {
			return err
		}
		var batch []vault.Item
		for _, i := range items {
			if i.State != vault.OutFailed && !tried[i.ID] && len(batch) < maxSealed {
				batch = append(batch, i)
			}
		}
		if len(batch) == 0 {
			return nil
		}
		if err = s.refresh(ctx, DevicesFresh, s.readers(batch)...); err != nil {
			return err
		}
		sealed, err := s.seal(ctx, batch)
		if err != nil {
			return err
		}
		for _, i := range sealed {
			again, err := s.putMessage(ctx, i)
			if err != nil {
				return err
			}
			tried[i.ID] = !again
		}
		for _, i := range batch {
			if _, seen := tried[i.ID]; !seen {
				tried[i.ID] = true // it failed, or waits for its room
			}
		}
	}
	return ctx.Err()
}

// readers are the members of the rooms that messages are for.
func (s *session) readers(items []vault.Item) []wallet.Account {
	seen := map[wallet.Account]bool{}
	var all []wallet.Account
	for _, i := range items {
		r, err := s.room(i.Room)
		if err != nil || i.State != vault.OutQueued {
			continue
		}
		for _, m := range r.state.Members() {
			if !seen[m.Account] {
				seen[m.Account] = true
				all = append(all, m.Account)
			}
		}
	}
	return all
}

// seal seals what was not sealed before and returns what is to be put. The new
// state of the sessions is kept with the bytes, before one of them leaves.
func (s *session) seal(ctx context.Context, items []vault.Item) (sealed []vault.Item, err error) {
	err = s.do(ctx, func(t *turn) error {
		sealed = nil
		for _, i := range items {
			if i.State != vault.OutQueued {
				sealed = append(sealed, i)
				continue
			}
			now, err := t.Item(i.ID)
			if core.CodeOf(err) == core.NotFound || err == nil && now.State != vault.OutQueued {
				continue // discarded meanwhile
			}
			if err != nil {
				return err
			}
			ref, err := t.sealItem(now)
			switch {
			case core.CodeOf(err) == core.Unavailable:
				continue // its room is moving, or its members are not known yet
			case lasting(err):
				if err = t.fail(i, err); err != nil {
					return err
				}
				continue
			case err != nil:
				return err
			}
			i.State, i.Ref = vault.OutSealed, ref
			sealed = append(sealed, i)
		}
		return nil
	})
	return sealed, err
}

// sealItem seals one message and keeps its rows.
func (t *turn) sealItem(i vault.Item) (inner.Ref, error) {
	r, err := t.room(i.Room)
	if err != nil {
		return inner.Ref{}, err
	}
	if closed, _, _ := r.state.Closed(); closed {
		return inner.Ref{}, core.Errorf(core.Unavailable, "this room is moving; the message is sent when it has")
	}
	rows, ref, err := t.engine.Seal(r.state, i.Message, t.now)
	if err != nil {
		return ref, err
	}
	raw := make([][]byte, 0, len(rows))
	for _, row := range rows {
		raw = append(raw, row.Encode())
	}
	t.changed(core.ChatEventMessages, i.Room)
	return ref, t.Seal(i.ID, ref, raw)
}

// putMessage puts the rows of a sealed message. again says that it has to be sealed
// anew. An error will pass by itself: the same bytes are put later.
func (s *session) putMessage(ctx context.Context, i vault.Item) (again bool, err error) {
	rows, err := s.vault.Rows(ctx, i.ID)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	last := rows[len(rows)-1]
	if i.State == vault.OutSent { // perhaps it is there
		if done, err := s.foundStored(ctx, i, last.Row); done || err != nil {
			return false, err
		}
	}
	if ok, err := s.putFiles(ctx, i); !ok || err != nil {
		return false, err
	}
	s.publish(ctx, rows)
	for len(rows) > 0 {
		raw := make([][]byte, 0, len(rows))
		for _, r := range rows {
			raw = append(raw, r.Row)
		}
		n := oneRequest(raw)
		receipts, err := s.service.Put(ctx, raw[:n])
		if core.CodeOf(err) == core.OutcomeUnknown {
			return false, errors.Join(err, s.do(ctx, func(t *turn) error { return t.sent(i) }))
		}
		if err == nil && len(receipts) != n {
			err = core.Errorf(core.Unavailable, "the nodes answered for %d rows of %d", len(receipts), n)
		}
		if err != nil {
			return false, err
		}
		again, stop, err := s.settleRows(ctx, i, rows[:n], receipts)
		if again || stop || err != nil {
			return again, err
		}
		rows = rows[n:]
	}
	return false, nil
}

// settleRows notes what became of rows of a message. stop says that the rest is
// not put.
func (s *session) settleRows(ctx context.Context, i vault.Item, rows []vault.OutRow, receipts []wire.Receipt) (again, stop bool, err error) {
	var wait error
	closed := false
	err = s.do(ctx, func(t *turn) error {
		again, stop, wait = false, false, nil
		var delivered []int
		for n, r := range receipts {
			row, err := wire.Decode(rows[n].Row)
			if err != nil {
				return err
			}
			m, isMessage := row.(wire.Message)
			_, isEnvelope := row.(wire.Envelope)
			switch {
			case r.Code == "" && isMessage:
				stored := wire.Stored{Seq: r.Seq, Index: r.Index, At: t.now, Row: rows[n].Row}
				box := mailbox{room: i.Room, name: m.Mailbox}
				if err = t.merge(box, arrival(m.Mailbox, stored)); err != nil {
					return err
				}
			case r.Code == "":
				delivered = append(delivered, rows[n].N)
			case r.Code == core.Limited || r.Code == core.Unavailable || r.Code == core.OutcomeUnknown:
				wait = core.Errorf(r.Code, "%s", r.Why)
			case isEnvelope: // a device that was revoked meanwhile gets no key
				delivered = append(delivered, rows[n].N)
				t.refused(row.Kind().String(), i.Room, "", core.Errorf(r.Code, "%s", r.Why))
			case r.Code == core.PreconditionFailed || r.Code == core.Conflict:
				// The room has moved, or another copy of this device has used the place.
				again, closed = true, true
			default:
				stop = true
				if err = t.fail(i, core.Errorf(r.Code, "%s", r.Why)); err != nil {
					return err
				}
			}
			if again || stop {
				break
			}
		}
		if again {
			t.engine.DropOutbound(i.Room)
			t.changed(core.ChatEventMessages, i.Room)
			return t.Requeue(i.ID)
		}
		return t.Delivered(i.ID, delivered...)
	})
	if err == nil && closed {
		err = s.readRoom(ctx, i.Room)
	}
	if err == nil && !again && !stop {
		err = wait
	}
	return again, stop, err
}

// foundStored asks whether a message is stored of which nobody knows.
func (s *session) foundStored(ctx context.Context, i vault.Item, row []byte) (bool, error) {
	held, err := s.service.StoredAt(ctx, i.Ref.Session, i.Ref.Index)
	if core.CodeOf(err) == core.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m, err := wire.Decode(row)
	if err != nil {
		return false, err
	}
	message, ok := m.(wire.Message)
	if !ok {
		return false, core.Errorf(core.Internal, "the last row of a message is another one")
	}
	// The rows before it are stored, too: the nodes take none without its announcement.
	return true, s.do(ctx, func(t *turn) error {
		stored := wire.Stored{Seq: held.Seq, Index: held.Index, At: t.now, Row: row}
		return t.merge(mailbox{room: i.Room, name: message.Mailbox}, arrival(message.Mailbox, stored))
	})
}

// publish tells a message live. It is a hint, so errors do not matter.
func (s *session) publish(ctx context.Context, rows []vault.OutRow) {
	for _, r := range rows {
		row, err := wire.Decode(r.Row)
		if err != nil {
			continue
		}
		var name wire.Name
		switch m := row.(type) {
		case wire.Announce:
			name = m.Mailbox
		case wire.Message:
			name = m.Mailbox
		default:
			continue
		}
		if err = s.gossip.Publish(ctx, name, r.Row); err != nil {
			s.chat.set.Log.Debug("a message was not told live", "error", err)
		}
	}
}

// sent notes that nobody knows whether a message is stored.
func (t *turn) sent(i vault.Item) error {
	t.changed(core.ChatEventMessages, i.Room)
	if i.State == vault.OutSent {
		return nil
	}
	return t.Sent(i.ID)
}

// fail notes that a message will not be stored as it is.
func (t *turn) fail(i vault.Item, why error) error {
	t.changed(core.ChatEventMessages, i.Room)
	t.changed(core.ChatEventState, wire.Room{})
	return t.Fail(i.ID, why)
}

// lasting tells whether a message that was not sealed for a reason never will be.
func lasting(err error) bool {
	if _, need := errors.AsType[*engine.NeedDevices](err); need {
		return false
	}
	switch core.CodeOf(err) {
	case core.Denied, core.Invalid, core.TooLarge, core.NotFound:
		return true
	}
	return false
}
