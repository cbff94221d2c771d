package anchat

// This file says how the chat is.

import (
	"context"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// State is how the chat is: which wallets have a device here, which is open, and
// how far it is with what others wrote.
func (c *Chat) State(ctx context.Context) (core.ChatState, error) {
	st := core.ChatState{State: core.ChatNone, Network: c.set.Network, Version: c.events.now(), Accounts: []core.ChatAccount{}}
	all, err := c.entries()
	if err != nil {
		return st, err
	}
	for _, e := range all {
		st.State = core.ChatLocked
		st.Accounts = append(st.Accounts, core.ChatAccount{
			Address: e.account.String(), Chain: string(e.account.Chain()), Device: e.device, Keychain: e.keychain,
		})
	}
	s, err := c.current()
	if err != nil {
		return st, nil //nolint:nilerr // no wallet is open
	}
	st.State, st.Address, st.Chain, st.Device = core.ChatReady, s.account.String(), string(s.account.Chain()), s.device.String()
	return st, s.describe(ctx, &st)
}

// describe fills in what the open session knows.
func (s *session) describe(ctx context.Context, st *core.ChatState) error {
	s.mu.RLock()
	now := s.status
	s.mu.RUnlock()
	st.Online, st.Problem, st.SyncDone, st.SyncTotal = now.online, now.problem, now.syncDone, now.syncTotal
	err := s.look(ctx, func(t *turn) error {
		k, ok := t.engine.Lookup(s.device)
		if ok {
			st.ExpiresAt, st.Approved = k.Certified.ExpiresAt, k.Approved
			st.RenewDue = !t.now.Before(k.Certified.ExpiresAt.Add(-wire.RenewBefore))
		}
		st.Revoked = t.engine.Revoked()
		return nil
	})
	if err != nil {
		return err
	}
	st.Backup = s.safe.state()
	if st.Outbox, err = s.vault.Waiting(ctx); err != nil {
		return err
	}
	sums, err := s.vault.Summaries(ctx)
	if err != nil {
		return err
	}
	for id, sum := range sums {
		r, err := s.room(id)
		if err != nil || r.state.Kind() == "" || s.hidden(r) {
			continue
		}
		switch r.local.State {
		case core.ChatInvited:
			st.Requests++
		case core.ChatJoined:
			st.Mentions += sum.Mentions
			if !sum.Local.Muted {
				st.Unread += sum.Unread
			}
		}
	}
	return nil
}

// online notes that the nodes answer. What waits is sent now.
func (s *session) online() {
	s.mu.RLock()
	was := s.status.online
	s.mu.RUnlock()
	if !was {
		s.posts.ring()
	}
	s.setStatus(func(st *status) bool {
		if st.online && st.problem == "" {
			return false
		}
		st.online, st.problem = true, ""
		return true
	})
}

// offline notes why the nodes do not answer.
func (s *session) offline(ctx context.Context, why error) {
	if ctx.Err() != nil {
		return
	}
	s.chat.set.Log.Debug("the chat could not go on", "error", why)
	sentence := core.Sentence(why)
	s.setStatus(func(st *status) bool {
		// Too much at once is said by nodes that answer.
		online := st.online && core.CodeOf(why) == core.Limited
		if st.online == online && st.problem == sentence {
			return false
		}
		st.online, st.problem = online, sentence
		return true
	})
}

// counted adds to what there was to catch up with, and to what is done.
func (s *session) counted(total, done int64) {
	s.setStatus(func(st *status) bool {
		st.syncTotal, st.syncDone = max(st.syncTotal, st.syncDone+total), st.syncDone+done
		return total+done > 0
	})
}

func (s *session) setStatus(change func(st *status) bool) {
	s.mu.Lock()
	changed := change(&s.status)
	s.mu.Unlock()
	if changed {
		s.chat.events.tell(core.ChatEvent{Kind: core.ChatEventState})
	}
}

// index makes what searching needs, newest messages first.
func (s *session) index(ctx context.Context) {
	if err := s.vault.Fill(ctx, nil); err != nil && ctx.Err() == nil {
		s.chat.set.Log.Warn("the index for searching could not be made", "error", err)
	}
}
