package anchat

// This file puts sealed messages, many in one request where that works.

import (
	"context"
	"errors"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

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
		if there, err := s.putFiles(ctx, i); err != nil {
			return nil, err
		} else if there {
			parcels = append(parcels, parcel{i, rows})
		}
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
			alone, aloneErr := s.putAlone(ctx, p)
			if aloneErr != nil {
				return verdicts, aloneErr
			}
			verdicts = append(verdicts, alone...)
		}
		return verdicts, nil
	}
	err = s.do(ctx, func(t *turn) error {
		verdicts = nil
		left := receipts
		for _, p := range parcels {
			v, settleErr := t.settleRows(p.item, p.rows, left[:len(p.rows)])
			if settleErr != nil {
				return settleErr
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
		if err == nil && (v.again || core.CodeOf(v.wait) == core.Limited) {
			// It has moved, was written by a copy of this device, or this node has not seen
			// yet that the device knows it.
			err = s.readRoom(ctx, p.item.Room)
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
				if sentErr := t.sent(p.item); sentErr != nil {
					return sentErr
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
			t.engine.DropOutbound(i.Room) // its place stays empty; others would miss a message before the next
			return v, t.fail(i, core.Errorf(r.Code, "%s", r.Why))
		}
	}
	return v, t.Delivered(i.ID, delivered...)
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
