package anchat

// This file copes with nodes that hide something: rows, or whose they are.

import (
	"context"
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	// StallLimit is for how long a mailbox waits, while the program runs, for the device
	// that wrote a row in it.
	StallLimit = 24 * time.Hour

	kindGap = "gap" // where the nodes left rows out, by mailbox: the number before
)

// noteGap remembers where the nodes leave rows out. What comes after is taken in, and
// shows the hole; other nodes are asked for the rest, see begun.
func (s *session) noteGap(ctx context.Context, box mailbox, after uint64, rows []wire.Stored) error {
	for _, r := range rows {
		if r.Seq == after+1 {
			after = r.Seq
			continue
		}
		return s.do(ctx, func(t *turn) error {
			_, known, err := t.Get(kindGap, box.name.String())
			if err != nil || known {
				return err
			}
			t.refused("mailbox", box.room, "", core.Errorf(core.Denied, "the nodes leave out rows of this room"))
			return t.Put(kindGap, box.name.String(), strconv.AppendUint(nil, after, 10))
		})
	}
	return nil
}

// readGaps lets mailboxes be read again from where rows were left out: it may be
// other nodes that answer now.
func (s *session) readGaps(ctx context.Context) error {
	gaps, err := s.vault.List(ctx, kindGap)
	if err != nil || len(gaps) == 0 {
		return err
	}
	err = s.do(ctx, func(t *turn) error {
		for _, g := range gaps {
			after, parseErr := strconv.ParseUint(string(g.Value), 10, 64)
			if parseErr != nil {
				return core.Wrap(core.Internal, parseErr, "a gap of a mailbox cannot be read")
			}
			if err = t.SetCursor(g.ID, after); err != nil {
				return err
			}
			if err = t.Delete(kindGap, g.ID); err != nil {
				return err
			}
		}
		return nil
	})
	for _, g := range gaps {
		if err == nil {
			err = s.readGap(ctx, g.ID)
		}
	}
	return err
}

// readGap reads a mailbox again where a room lives or lived.
func (s *session) readGap(ctx context.Context, mailboxName string) error {
	name, err := wire.ParseName(mailboxName)
	if err != nil {
		return err
	}
	id, ok := s.roomAt(name)
	if !ok {
		return nil
	}
	r, err := s.room(id)
	if err != nil {
		return err
	}
	box, ok := boxOf(r.state, name)
	if !ok || !r.live() {
		return nil
	}
	return s.readMailbox(ctx, mailbox{room: id, tag: box.Tag, name: name})
}

// stall says that a mailbox is not read on: the nodes hide whose a row is. It passes
// when other nodes answer.
type stall struct{ why error }

// Error is a sentence.
func (*stall) Error() string {
	return "the nodes hide who wrote in this room; it goes on when others answer"
}

// Unwrap gives it its code.
func (s *stall) Unwrap() error { return core.Errorf(core.Unavailable, "%s", s.Error()) }

// stalls tells whether a mailbox is still to wait: a device may also be forgotten by
// everybody, and its row is passed over then.
func (s *session) stalls(name wire.Name, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, ok := s.stalled[name]
	if !ok {
		if len(s.stalled) >= wire.MaxFollowed {
			clear(s.stalled)
		}
		s.stalled[name] = now
		return true
	}
	return now.Sub(since) < StallLimit
}
