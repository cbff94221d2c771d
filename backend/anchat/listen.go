package anchat

// This file hears what is told live. It is a hint: the same bytes come from the
// nodes that keep the rows, and those count.

import (
	"context"
	"errors"
	"sync"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// listen hears the mailboxes of all rooms until ctx ends.
func (s *session) listen(ctx context.Context) {
	var ears sync.WaitGroup
	defer ears.Wait()
	deaf := map[wire.Name]context.CancelFunc{}
	for {
		want := map[wire.Name]bool{}
		for _, box := range s.followed() {
			want[box.name] = true
			if deaf[box.name] == nil {
				ear, cancel := context.WithCancel(ctx)
				deaf[box.name] = cancel
				ears.Go(func() { s.hear(ear, box) })
			}
		}
		for name, cancel := range deaf {
			if !want[name] {
				cancel()
				delete(deaf, name)
			}
		}
		select {
		case <-s.ears:
		case <-ctx.Done():
			for _, cancel := range deaf {
				cancel()
			}
			return
		}
	}
}

// hear takes in what is told at one mailbox.
func (s *session) hear(ctx context.Context, box mailbox) {
	var wait pause
	for ctx.Err() == nil {
		rows, end, err := s.gossip.Listen(ctx, box.name)
		if err == nil {
			wait.reset()
			s.hearRows(ctx, box, rows)
			err = end()
		}
		if err != nil {
			s.chat.set.Log.Debug("a room is not heard live", "error", err)
		}
		sleep(ctx, wait.next(), nil)
	}
}

func (s *session) hearRows(ctx context.Context, box mailbox, rows <-chan []byte) {
	for {
		select {
		case raw, ok := <-rows:
			if !ok {
				return
			}
			if err := s.heardRow(ctx, box, raw); err != nil && ctx.Err() == nil {
				s.chat.set.Log.Debug("something that was heard was not taken in", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// heardRow takes one row in. What cannot be judged yet is left to the stored copy.
func (s *session) heardRow(ctx context.Context, box mailbox, raw []byte) error {
	row, err := wire.Decode(raw)
	if err != nil {
		return err
	}
	take := func(*turn) error { return nil }
	switch r := row.(type) {
	case wire.Message:
		if _, err = r.Check(); err != nil {
			return err
		}
		take = func(t *turn) error { return t.heard(box, raw, r) }
	case wire.Announce:
		take = func(t *turn) error { return t.announce(box, wire.Stored{At: t.now}, r) }
	case wire.Fleeting:
		take = func(t *turn) error { return t.fleeting(box, r) }
	}
	err = s.do(ctx, take)
	if need, ok := errors.AsType[*engine.NeedDevices](err); ok {
		if err = s.meet(ctx, need); err == nil {
			err = s.do(ctx, take)
		}
	}
	if core.CodeOf(err) == core.Limited {
		return nil // more was heard than is kept without being stored
	}
	return err
}
