package anchat

// This file tells others how far the reader is, in rooms where the reader wants that.
// A receipt is a sealed, stored message as any other.

import (
	"bytes"
	"context"
	"encoding/binary"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const kindReceipt = "receipt" // by room: the last one that was sent

// sendReceipts tells how far the reader is in rooms.
func (s *session) sendReceipts(ctx context.Context, ids []wire.Room) error {
	for _, id := range ids {
		r, err := s.room(id)
		if err != nil || !r.local.Receipts || r.local.State != core.ChatJoined || r.state.Kind() == core.ChatRoomSelf ||
			!r.state.May(s.account, room.ActWrite) {
			continue
		}
		sum, err := s.vault.Summary(ctx, id)
		if core.CodeOf(err) == core.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if err = s.do(ctx, func(t *turn) error { return t.receipt(id, sum.Read, sum.Last) }); err != nil {
			return err
		}
	}
	return nil
}

// receipt queues a receipt unless the last one said as much. Both numbers are of the
// mailbox that the newest line stands in: what was read in an older one is none of
// this one.
func (t *turn) receipt(id wire.Room, read, last int64) error {
	r, err := t.room(id)
	if err != nil {
		return nil //nolint:nilerr // it was forgotten meanwhile
	}
	newest, ok := placeOf(r, last)
	if !ok {
		return nil
	}
	name, err := wire.ParseName(newest.Mailbox)
	if err != nil {
		return err
	}
	say := inner.Receipt{Mailbox: name, Received: newest.Seq}
	if at, stored := placeOf(r, read); stored && at.Mailbox == newest.Mailbox {
		say.Read = at.Seq
	}
	raw := binary.BigEndian.AppendUint64(name[:], say.Read)
	raw = binary.BigEndian.AppendUint64(raw, say.Received)
	told, _, err := t.Get(kindReceipt, id.String())
	if err != nil || bytes.Equal(told, raw) {
		return err
	}
	waiting, err := t.Outbox()
	if err != nil {
		return err
	}
	for _, i := range waiting { // this one says as much
		if i.Room == id && i.Message.Kind == inner.KindReceipt && i.State == vault.OutQueued {
			if err = t.Discard(i.ID); err != nil {
				return err
			}
		}
	}
	if err = t.Put(kindReceipt, id.String(), raw); err != nil {
		return err
	}
	body, err := inner.Marshal(say)
	if err != nil {
		return err
	}
	_, err = t.queue(id, inner.KindReceipt, body)
	return err
}
