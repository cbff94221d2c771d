package anchat

// This file puts rows that have to arrive and that nobody waits for: envelopes,
// receipts, prekeys. They are kept with what made them until they are stored.

import (
	"context"
	"fmt"
	"strconv"

	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	kindPost = "post"
	// MaxPosts bounds the rows that wait. A key for a room of 200 people with ten
	// devices each takes 2,000.
	MaxPosts = 20_000
)

// post keeps rows with the turn; they are put in their order, as often as it takes.
func (t *turn) post(rows ...wire.Row) error {
	for _, row := range rows {
		if t.s.posted.Load()-t.s.sent.Load() >= MaxPosts {
			return core.Errorf(core.Limited, "too much waits to be sent; go on when the nodes answer again")
		}
		id := fmt.Sprintf("%020d", t.s.posted.Add(1))
		if err := t.Put(kindPost, id, row.Encode()); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		t.later(t.s.posts.ring)
	}
	return nil
}

// loadPosts goes on with the numbers of what waits.
func (s *session) loadPosts(ctx context.Context) error {
	waiting, err := s.vault.List(ctx, kindPost)
	if err != nil || len(waiting) == 0 {
		return err
	}
	first, err := strconv.ParseUint(waiting[0].ID, 10, 63)
	if err != nil {
		return core.Wrap(core.Internal, err, "what waits to be sent has no number")
	}
	last, err := strconv.ParseUint(waiting[len(waiting)-1].ID, 10, 63)
	if err != nil {
		return core.Wrap(core.Internal, err, "what waits to be sent has no number")
	}
	s.sent.Store(first - 1)
	s.posted.Store(last)
	return nil
}

// putPosts puts all that waits. It returns the first error that will pass.
func (s *session) putPosts(ctx context.Context) error {
	for ctx.Err() == nil {
		waiting, err := s.vault.List(ctx, kindPost)
		if err != nil || len(waiting) == 0 {
			return err
		}
		var rows [][]byte
		for _, w := range waiting {
			rows = append(rows, w.Value)
		}
		n := oneRequest(rows)
		receipts, err := s.service.Put(ctx, rows[:n])
		if err != nil {
			return err
		}
		if err = s.settlePosts(ctx, waiting[:n], receipts); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// settlePosts removes what is stored, and what never will be.
func (s *session) settlePosts(ctx context.Context, posts []vault.Entry, receipts []wire.Receipt) error {
	if len(receipts) != len(posts) {
		return core.Errorf(core.Unavailable, "the nodes answered for %d rows of %d", len(receipts), len(posts))
	}
	var wait error
	err := s.do(ctx, func(t *turn) error {
		for i, r := range receipts {
			if r.Code == core.Limited || r.Code == core.Unavailable {
				wait = core.Errorf(r.Code, "%s", r.Why)
				return nil
			}
			if r.Code != "" {
				t.refused("row", wire.Room{}, s.chat.set.Node, core.Errorf(r.Code, "%s", r.Why))
			}
			if err := t.Delete(kindPost, posts[i].ID); err != nil {
				return err
			}
			t.later(func() { s.sent.Add(1) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	return wait
}

// oneRequest is how many of the rows fit one Put.
func oneRequest(rows [][]byte) int {
	size := 0
	for i, r := range rows {
		size += 4 + len(r)
		if i == wire.MaxPutRows || size > wire.MaxPutBytes {
			return i
		}
	}
	return len(rows)
}
