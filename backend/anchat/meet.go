package anchat

// This file learns whose devices there are. Nothing that the nodes say of them is
// believed before the engine has judged it.

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// DevicesFresh is for how long an account's list of devices is taken as the
	// newest before something is sealed for it. Whoever is let in or revoked is
	// heard of by then, and sooner when one of theirs writes.
	DevicesFresh = 2 * time.Minute
	// askAtOnce bounds the questions for devices that are on their way together.
	askAtOnce = 8
	// maxStrangers bounds the devices that are remembered as nobody's.
	maxStrangers = 1000
)

// refresh learns the devices of accounts that were not asked for within age.
func (s *session) refresh(ctx context.Context, age time.Duration, accounts ...wallet.Account) error {
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		all  error
	)
	slots := make(chan struct{}, askAtOnce)
	for _, a := range accounts {
		if s.isFresh(a, age) {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if err := s.learn(ctx, a); err != nil {
				mu.Lock()
				all = errors.Join(all, err)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return all
}

// learn asks for the devices of one account and tells the engine.
func (s *session) learn(ctx context.Context, a wallet.Account) error {
	d, err := s.service.DevicesOf(ctx, a)
	if lasting(err) {
		// Somebody whose devices cannot be told keeps nobody else from anything.
		return s.do(ctx, func(t *turn) error {
			t.refused("devices", wire.Room{}, a.String(), err)
			t.later(func() { s.fresh(a, t.now) })
			return nil
		})
	}
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *turn) error {
		news, err := t.engine.Learn(a, d, t.now)
		if core.CodeOf(err) == core.Denied || core.CodeOf(err) == core.Invalid {
			// What was known before stays; whoever asked goes on with that.
			t.refused("devices", wire.Room{}, a.String(), err)
			err = nil
		}
		if err != nil {
			return err
		}
		t.later(func() { s.fresh(a, t.now) })
		return t.news(a, news)
	})
}

// meet brings what the engine asked for. It returns core.NotFound for a device that
// nobody knows.
func (s *session) meet(ctx context.Context, need *engine.NeedDevices) error {
	if len(need.Accounts) > 0 {
		return s.refresh(ctx, 0, need.Accounts...)
	}
	if s.isStranger(need.Device) {
		return errStranger()
	}
	account := need.Claimed
	if wire.AccountID(account) == "" {
		var err error
		account, err = s.service.AccountOf(ctx, need.Device)
		if lasting(err) {
			s.stranger(need.Device)
			return errStranger()
		}
		if err != nil {
			return err
		}
	}
	if err := s.learn(ctx, account); err != nil {
		return err
	}
	known := false
	if err := s.look(ctx, func(t *turn) error {
		_, known = t.engine.Lookup(need.Device)
		return nil
	}); err != nil {
		return err
	}
	if !known {
		s.stranger(need.Device)
		return errStranger()
	}
	return nil
}

// needsDevices tells whether an error says that somebody's devices are to be asked for.
func needsDevices(err error) bool {
	var need *engine.NeedDevices
	return errors.As(err, &need)
}

func errStranger() error {
	return core.Errorf(core.NotFound, "no wallet has certified the device that this comes from")
}

func (s *session) isFresh(a wallet.Account, age time.Duration) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, ok := s.learned[a]
	return ok && age > 0 && s.now().Before(at.Add(age))
}

func (s *session) fresh(a wallet.Account, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learned[a] = at
}

func (s *session) isStranger(f wire.Fingerprint) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, ok := s.strangers[f]
	return ok && s.now().Before(at.Add(DevicesFresh))
}

func (s *session) stranger(f wire.Fingerprint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.strangers) >= maxStrangers {
		clear(s.strangers)
	}
	s.strangers[f] = s.now()
}

// doubt notes that somebody knows newer devices of an account.
func (s *session) doubt(a wallet.Account) {
	s.mu.Lock()
	delete(s.learned, a)
	if !slices.Contains(s.stale, a) && len(s.stale) < maxStrangers {
		s.stale = append(s.stale, a)
	}
	s.mu.Unlock()
	s.syncs.ring()
}

func (s *session) takeStale() []wallet.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.stale
	s.stale = nil
	return all
}
