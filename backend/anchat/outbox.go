package anchat

// This file sends: what waits is sealed at the first attempt, and the same bytes
// are put until it is certain what became of them.

import (
	"context"
	"errors"
	"time"

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
	// choreEvery is the longest rest: a key may be due, or a message waits for a room
	// that has not moved on.
	choreEvery = time.Minute
)

// deliver puts what waits until ctx ends: first the rows that nobody waits for, then
// messages in the order in which they were written.
func (s *session) deliver(ctx context.Context) {
	s.serve(ctx, s.posts, func(ctx context.Context) error {
		s.heavy.ring()
		light := func(i vault.Item) bool { return !hasFiles(i) }
		return errors.Join(s.chores(ctx), s.putPosts(ctx), s.putMessages(ctx, light))
	})
}

// deliverFiles puts messages with files, which take long and keep no other waiting.
func (s *session) deliverFiles(ctx context.Context) {
	s.serve(ctx, s.heavy, func(ctx context.Context) error { return s.putMessages(ctx, hasFiles) })
}

// serve does something whenever a bell rings, and again after a while.
func (s *session) serve(ctx context.Context, b bell, do func(ctx context.Context) error) {
	var wait pause
	for ctx.Err() == nil {
		err := do(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.offline(ctx, err)
			sleep(ctx, wait.next(), nil)
			continue
		}
		wait.reset()
		sleep(ctx, choreEvery, b)
	}
}

// putMessages puts all messages of a class that wait. It returns the first error that
// will pass by itself; what will not is noted with its message.
func (s *session) putMessages(ctx context.Context, class func(i vault.Item) bool) error {
	tries := map[int64]int{}
	for ctx.Err() == nil {
		items, err := s.vault.Outbox(ctx)
		if err != nil {
			return err
		}
		var batch []vault.Item
		for _, i := range items {
			if i.State != vault.OutFailed && tries[i.ID] < maxSealings && len(batch) < maxSealed && class(i) {
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

// hasFiles tells whether files have to be put before a message.
func hasFiles(i vault.Item) bool {
	if i.Message.Kind != inner.KindText {
		return false
	}
	text, err := i.Message.Text()
	return err == nil && len(text.Files) > 0
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
	if needsDevices(err) {
		return false
	}
	code := core.CodeOf(err)
	return code == core.Denied || code == core.Invalid || code == core.TooLarge || code == core.NotFound
}
