package anchat

// This file opens, locks and forgets a wallet's chat on this node.

import (
	"context"
	"errors"
	"os"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Unlock opens the chat of a wallet; an empty passphrase asks the keychain. Another
// wallet that is open is locked.
func (c *Chat) Unlock(ctx context.Context, address string, passphrase core.Secret) (core.ChatState, error) {
	if err := c.enter(ctx); err != nil {
		return core.ChatState{}, err
	}
	defer c.leave()
	e, err := c.find(address)
	if err != nil {
		return core.ChatState{}, err
	}
	if s, lockedErr := c.current(); lockedErr == nil && s.account == e.account {
		return c.State(ctx)
	}
	keys := c.keys(e.base)
	u, err := keys.Open(ctx, passphrase)
	if err != nil {
		return core.ChatState{}, err
	}
	defer clear(u.Key[:])
	if err = c.halt(ctx); err != nil {
		return core.ChatState{}, err
	}
	v, err := vault.Open(ctx, c.vaultOf(e, u, false))
	if err != nil {
		return core.ChatState{}, err
	}
	s, err := c.load(ctx, e, v, keys, u.Copied)
	if err == nil {
		err = c.begin(ctx, s)
	}
	if err != nil {
		return core.ChatState{}, errors.Join(err, v.Close()) //nolint:contextcheck // closing takes milliseconds and is not given up
	}
	return c.State(ctx)
}

func (c *Chat) vaultOf(e entry, u vault.Unlocked, create bool) vault.Settings {
	return vault.Settings{Path: e.base + vaultSuffix, Key: u.Key, Account: e.account, Create: create, Now: c.set.Now}
}

// load makes a session of what the vault has.
func (c *Chat) load(ctx context.Context, e entry, v *vault.Vault, keys *vault.Keys, copied bool) (*session, error) {
	records, err := v.Records(ctx)
	if err != nil {
		return nil, err
	}
	device, err := engine.Load(records)
	if err != nil {
		return nil, err
	}
	if copied {
		if err = restored(ctx, v, device); err != nil {
			return nil, err
		}
	}
	// Only now is this folder the one that others are copies of: a crash before leaves
	// it to be restored at the next start.
	marked, err := keys.Started(ctx)
	if err == nil && !marked && !copied {
		err = restored(ctx, v, device)
	}
	if err != nil {
		return nil, err
	}
	s, err := c.newSession(e.account, device, v)
	if err != nil {
		return nil, err
	}
	return s, s.load(ctx)
}

// restored has the device begin everything anew that it sends with. It is kept at
// once: a turn that only looks takes back what was not kept before it.
func restored(ctx context.Context, v *vault.Vault, device *engine.Olm) error {
	device.Restored()
	return v.Update(ctx, func(tx *vault.Tx) error { return tx.PutRecords(device.Dirty()) })
}

// newSession is a session that run serves. The device signs what the nodes ask for
// in turns of its own, like everything else that uses it.
func (c *Chat) newSession(account wallet.Account, device *engine.Olm, v *vault.Vault) (*session, error) {
	s := &session{
		chat: c, account: account, device: device.Device(), vault: v, engine: device,
		work: make(chan job), stop: make(chan struct{}), done: make(chan struct{}),
		posts: make(bell, 1), heavy: make(bell, 1), syncs: make(bell, 1), ears: make(bell, 1), asks: make(bell, 1), chest: make(bell, 1),
		rooms: map[wire.Room]chatRoom{}, boxes: map[wire.Name]wire.Room{},
		learned: map[wallet.Account]time.Time{}, strangers: map[wire.Fingerprint]time.Time{}, stalled: map[wire.Name]time.Time{},
	}
	var err error
	s.service, s.gossip, err = c.set.Open(wire.Caller{Account: account, Device: s.device}, s.sign)
	return s, err
}

// sign is wire.Sign for the nodes.
func (s *session) sign(signed []byte) (signature []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), signPatience)
	defer cancel()
	err = s.look(ctx, func(t *turn) error {
		signature, err = t.engine.Sign(signed)
		return err
	})
	return signature, err
}

// newVault makes the files of a new device.
func (c *Chat) newVault(ctx context.Context, e entry, p *enrolment, enrol core.ChatEnrol) (s *session, err error) {
	if err = os.MkdirAll(c.folder(), 0o700); err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the chat's folder cannot be made; check the data folder's permissions")
	}
	if err = removeVault(e.base); err != nil { // what was cut off before its key was kept
		return nil, err
	}
	keys := c.keys(e.base)
	u, err := keys.New(ctx, vault.Public{Account: wire.AccountID(e.account), Device: e.device}, enrol.Passphrase, enrol.Keychain)
	if err != nil {
		return nil, err
	}
	defer clear(u.Key[:])
	v, err := vault.Open(ctx, c.vaultOf(e, u, true))
	if err != nil {
		return nil, errors.Join(err, keys.Remove(ctx), removeVault(e.base))
	}
	if s, err = c.newSession(e.account, p.device, v); err == nil {
		p.used = true
		err = v.Update(ctx, func(tx *vault.Tx) error {
			if enrol.DeviceName != "" {
				if putErr := tx.Put(kindDeviceName, e.device, []byte(enrol.DeviceName)); putErr != nil {
					return putErr
				}
			}
			return tx.PutRecords(p.device.Dirty())
		})
	}
	if err != nil {
		return nil, errors.Join(err, v.Close(), keys.Remove(ctx), removeVault(e.base)) //nolint:contextcheck // closing takes milliseconds and is not given up
	}
	return s, nil
}

// Lock closes the open chat. What waits to be sent goes on when it is opened again.
func (c *Chat) Lock(ctx context.Context) error {
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.leave()
	return c.halt(ctx)
}

// halt ends the open session, if there is one, and waits for its end.
func (c *Chat) halt(ctx context.Context) error {
	s, err := c.current()
	if err != nil {
		return nil //nolint:nilerr // none is open
	}
	s.halt()
	select {
	case <-s.done:
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "the chat is being locked; wait for it")
	}
	c.closed(s)
	return nil
}

// Forget removes a wallet's device from this node. When the chat is open the device
// is revoked, too, so that nothing is sealed for it any more; otherwise another
// device of the wallet has to do that.
func (c *Chat) Forget(ctx context.Context, address string) error {
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.leave()
	e, err := c.find(address)
	if err != nil {
		return err
	}
	if s, err := c.current(); err == nil && s.account == e.account {
		if err = s.revoke(ctx, s.device); err != nil {
			c.set.Log.Warn("a device that is forgotten could not be revoked; another device of its wallet can do that", "error", err)
		}
		if err = c.halt(ctx); err != nil {
			return err
		}
	}
	return c.drop(ctx, e)
}

// drop removes a device's files.
func (c *Chat) drop(ctx context.Context, e entry) error {
	if err := c.keys(e.base).Remove(ctx); err != nil {
		return err
	}
	c.events.tell(core.ChatEvent{Kind: core.ChatEventState})
	return removeVault(e.base)
}

// load reads the rooms when the session begins.
func (s *session) load(ctx context.Context) error {
	stored, err := s.vault.Rooms(ctx)
	if err != nil {
		return err
	}
	for _, r := range stored {
		state, readErr := room.Unmarshal(r.State)
		if readErr != nil {
			return readErr
		}
		s.rooms[r.ID] = chatRoom{state: state, local: r.Local}
		for _, name := range r.Mailboxes {
			s.boxes[name] = r.ID
		}
	}
	postponed, err := s.vault.Postponed(ctx)
	if err != nil {
		return err
	}
	for _, session := range postponed {
		s.more(rest{session: session}) // perhaps this version is new enough
	}
	if err = s.loadPeople(ctx); err != nil {
		return err
	}
	return s.loadPosts(ctx)
}
