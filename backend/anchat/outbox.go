package anchat

// This file sends: what waits is sealed at the first attempt, and the same bytes
// are put until it is certain what became of them.

import (
	"context"
	"errors"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// maxSealed bounds the messages that are sealed and put together.
	maxSealed = 32
	// maxSealings bounds how often a message is sealed anew in a row: its room has
	// moved each time.
	maxSealings = 4
)

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
	tries := map[int64]int{}
	for ctx.Err() == nil {
		items, err := s.vault.Outbox(ctx)
		if err != nil {
			return err
		}
		var batch []vault.Item
		for _, i := range items {
			if i.State != vault.OutFailed && tries[i.ID] < maxSealings && len(batch) < maxSealed {
				batch = append(batch, i)
			}
		}
		if len(batch) == 0 {
			return nil
		}
		if err = s.refresh(ctx, DevicesFresh, s.readers(batch)...); err != nil {
			return err
		}
		parcels, err := s.pack(ctx, batch)
		if err != nil {
			return err
		}
		again, err := s.putParcels(ctx, parcels)
		if err != nil {
			return err
		}
		for _, i := range batch {
			if tries[i.ID]++; !again[i.ID] {
				tries[i.ID] = maxSealings // it is stored or has failed, or waits for its room
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
			now, itemErr := t.Item(i.ID)
			if core.CodeOf(itemErr) == core.NotFound || itemErr == nil && now.State != vault.OutQueued {
				continue // discarded meanwhile
			}
			if itemErr != nil {
				return itemErr
			}
			ref, sealErr := t.sealItem(now)
			switch {
			case core.CodeOf(sealErr) == core.Unavailable:
				continue // its room is moving, or its members are not known yet
			case lasting(sealErr):
				if failErr := t.fail(i, sealErr); failErr != nil {
					return failErr
				}
				continue
			case sealErr != nil:
				return sealErr
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

// parcel is a sealed message with its rows that are not stored yet.
type parcel struct {
	item vault.Item
	rows []vault.OutRow
}

// pack seals messages and reads their rows. Those that turn out to be stored, of
// which nobody knew, are left out.
func (s *session) pack(ctx context.Context, batch []vault.Item) (parcels []parcel, err error) {
	sealed, err := s.seal(ctx, batch)
	if err != nil {
		return nil, err
	}
	for _, i := range sealed {
		rows, err := s.vault.Rows(ctx, i.ID)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			continue
		}
		if i.State == vault.OutSent {
			stored, err := s.foundStored(ctx, i, rows[len(rows)-1].Row)
			if err != nil {
				return nil, err
			}
			if stored {
				continue
			}
		}
		parcels = append(parcels, parcel{i, rows})
	}
	return parcels, nil
}

// putParcels puts sealed messages, as many as fit in one request. again are those
// that have to be sealed anew. An error will pass by itself: the same bytes are put
// later.
func (s *session) putParcels(ctx context.Context, parcels []parcel) (again map[int64]bool, err error) {
	again = map[int64]bool{}
	for len(parcels) > 0 {
		var raw [][]byte
		n := 0
		for _, p := range parcels {
			more := append(slices.Clip(raw), p.bytes()...)
			if n > 0 && oneRequest(more) < len(more) {
				break
			}
			raw = more
			n++
		}
		s.publish(ctx, parcels[:n])
		var verdicts []verdict
		if n == 1 {
			verdicts, err = s.putAlone(ctx, parcels[0])
		} else {
			verdicts, err = s.putTogether(ctx, parcels[:n], raw)
		}
		if err != nil {
			return again, err
		}
		for k, v := range verdicts {
			again[parcels[k].item.ID] = v.again
			if v.wait != nil {
				return again, v.wait
			}
		}
		parcels = parcels[n:]
	}
	return again, nil
}

func (p parcel) bytes() [][]byte {
	raw := make([][]byte, 0, len(p.rows))
	for _, r := range p.rows {
		raw = append(raw, r.Row)
	}
	return raw
}

// putTogether puts messages in one request. When one is refused they are put one by
// one, as a refused row keeps others of its mailbox out.
func (s *session) putTogether(ctx context.Context, parcels []parcel, raw [][]byte) (verdicts []verdict, err error) {
	receipts, err := s.put(ctx, parcels, raw)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(receipts, func(r wire.Receipt) bool { return r.Code != "" }) {
		for _, p := range parcels {
			alone, err := s.putAlone(ctx, p)
			if err != nil {
				return verdicts, err
			}
			verdicts = append(verdicts, alone...)
		}
		return verdicts, nil
	}
	err = s.do(ctx, func(t *turn) error {
		verdicts = nil
		left := receipts
		for _, p := range parcels {
			v, err := t.settleRows(p.item, p.rows, left[:len(p.rows)])
			if err != nil {
				return err
			}
			verdicts = append(verdicts, v)
			left = left[len(p.rows):]
		}
		return nil
	})
	return verdicts, err
}

// putAlone puts one message, whose rows may take several requests.
func (s *session) putAlone(ctx context.Context, p parcel) ([]verdict, error) {
	var v verdict
	for len(p.rows) > 0 {
		raw := p.bytes()
		n := oneRequest(raw)
		receipts, err := s.put(ctx, []parcel{p}, raw[:n])
		if err != nil {
			return nil, err
		}
		err = s.do(ctx, func(t *turn) error {
			v, err = t.settleRows(p.item, p.rows[:n], receipts)
			return err
		})
		if err == nil && v.again {
			err = s.readRoom(ctx, p.item.Room) // it has moved, or was written by a copy
		}
		if v.again || v.stop || v.wait != nil || err != nil {
			return []verdict{v}, err
		}
		p.rows = p.rows[n:]
	}
	return []verdict{v}, nil
}

// put puts rows of messages and notes when nobody knows what became of them.
func (s *session) put(ctx context.Context, parcels []parcel, raw [][]byte) ([]wire.Receipt, error) {
	receipts, err := s.service.Put(ctx, raw)
	if core.CodeOf(err) == core.OutcomeUnknown {
		return nil, errors.Join(err, s.do(ctx, func(t *turn) error {
			for _, p := range parcels {
				if err := t.sent(p.item); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	if err == nil && len(receipts) != len(raw) {
		err = core.Errorf(core.Unavailable, "the nodes answered for %d rows of %d", len(receipts), len(raw))
	}
	return receipts, err
}

// verdict is what became of a message.
type verdict struct {
	again bool  // it is to be sealed anew
	stop  bool  // it has failed
	wait  error // it is to be put again later
}

// settleRows notes what became of rows of a message.
func (t *turn) settleRows(i vault.Item, rows []vault.OutRow, receipts []wire.Receipt) (v verdict, err error) {
	var delivered []int
	for n, r := range receipts {
		row, err := wire.Decode(rows[n].Row)
		if err != nil {
			return v, err
		}
		m, isMessage := row.(wire.Message)
		_, isEnvelope := row.(wire.Envelope)
		switch {
		case r.Code == "" && isMessage:
			stored := wire.Stored{Seq: r.Seq, Index: r.Index, At: t.now, Row: rows[n].Row}
			if err = t.merge(mailbox{room: i.Room, name: m.Mailbox}, arrival(m.Mailbox, stored)); err != nil {
				return v, err
			}
		case r.Code == "":
			delivered = append(delivered, rows[n].N)
		case r.Code == core.Limited || r.Code == core.Unavailable || r.Code == core.OutcomeUnknown:
			v.wait = core.Errorf(r.Code, "%s", r.Why)
		case isEnvelope: // a device that was revoked meanwhile gets no key
			delivered = append(delivered, rows[n].N)
			t.refused(row.Kind().String(), i.Room, "", core.Errorf(r.Code, "%s", r.Why))
		case r.Code == core.PreconditionFailed || r.Code == core.Conflict:
			// The room has moved, or another copy of this device has used the place.
			v.again = true
			t.engine.DropOutbound(i.Room)
			t.changed(core.ChatEventMessages, i.Room)
			return v, t.Requeue(i.ID)
		default:
			v.stop = true
			return v, t.fail(i, core.Errorf(r.Code, "%s", r.Why))
		}
	}
	return v, t.Delivered(i.ID, delivered...)
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

// publish tells messages live. It is a hint, so errors do not matter.
func (s *session) publish(ctx context.Context, parcels []parcel) {
	for _, p := range parcels {
		for _, r := range p.rows {
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
	code := core.CodeOf(err)
	return code == core.Denied || code == core.Invalid || code == core.TooLarge || code == core.NotFound
}
