package anchat

// This file lets messages disappear when their time is over, asks the nodes to empty
// what was deleted, and forgets what was heard and never stored.

import (
	"context"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	// HeardLife is how long a message that was heard and is not stored is shown.
	HeardLife = time.Hour
	// fadeEvery bounds how long nobody looks: for what was heard, which makes no news
	// when its time is over, and for what failed.
	fadeEvery = HeardLife / 2
	// maxErased bounds the messages that the nodes are asked to empty in one turn.
	maxErased = 200
)

// fade does it until ctx ends. Deletions and new messages tell of themselves.
func (s *session) fade(ctx context.Context) {
	changes := s.chat.events.subscribe(ctx)
	var forgotten time.Time
	for ctx.Err() == nil {
		now := s.now()
		err := s.fadeOut(ctx)
		if err == nil && now.Sub(forgotten) >= fadeEvery {
			err, forgotten = s.forgetHeard(ctx, now.Add(-HeardLife)), now
		}
		if err != nil && ctx.Err() == nil {
			s.chat.set.Log.Warn("what is to disappear is still here", "error", err)
		}
		s.untilNextFade(ctx, changes)
	}
}

// untilNextFade waits for messages, or for the next one whose time is over.
func (s *session) untilNextFade(ctx context.Context, changes <-chan core.ChatEvent) {
	wait := fadeEvery
	if next, err := s.vault.NextExpiry(ctx); err == nil && !next.IsZero() {
		wait = max(0, min(wait, next.Sub(s.now())))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case e, ok := <-changes:
			if !ok || e.Kind == core.ChatEventMessages {
				return
			}
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// fadeOut empties what is due, here and at the nodes.
func (s *session) fadeOut(ctx context.Context) error {
	next, err := s.vault.NextExpiry(ctx)
	if err != nil {
		return err
	}
	for due := !next.IsZero() && !next.After(s.now()); due; {
		err = s.do(ctx, func(t *turn) (err error) {
			gone, err := t.Expire(t.now)
			due = len(gone) == vault.MaxExpired
			for _, g := range gone {
				t.changed(core.ChatEventMessages, g.Room)
				t.changed(core.ChatEventRooms, g.Room)
				if err == nil {
					err = t.dropFiles(g.Files)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	emptied, err := s.vault.List(ctx, vault.KindErase)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(emptied, maxErased) {
		if err = s.do(ctx, func(t *turn) error { return t.erase(part) }); err != nil {
			return err
		}
	}
	return nil
}

// erase asks the nodes to empty messages. One that another device of the reader sent
// is left to that one.
func (t *turn) erase(emptied []vault.Entry) error {
	for _, e := range emptied {
		ref, err := inner.ParseRef(e.ID)
		if err != nil {
			return err
		}
		row, err := t.engine.Erase(ref, t.now)
		if err == nil {
			err = t.post(row)
		}
		if err != nil && core.CodeOf(err) != core.Denied {
			return err
		}
		if err = t.Delete(vault.KindErase, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// forgetHeard removes what was heard before a time and that the nodes, which answer,
// do not have.
func (s *session) forgetHeard(ctx context.Context, before time.Time) error {
	s.mu.RLock()
	online := s.status.online
	s.mu.RUnlock()
	if !online {
		return nil
	}
	return s.do(ctx, func(t *turn) error {
		for _, r := range t.s.all() {
			n, err := t.ForgetHeard(r.state.ID(), before)
			if err != nil {
				return err
			}
			if n > 0 {
				t.changed(core.ChatEventMessages, r.state.ID())
			}
		}
		return nil
	})
}
