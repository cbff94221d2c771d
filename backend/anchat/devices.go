package anchat

// This file has the devices of the reader's wallet, and what is heard of those of
// others.

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// codePrefix begins what a new device shows to the one that lets it in.
	codePrefix = "anchat-device:"

	kindDeviceName = "device_name" // by fingerprint
	kindNewDevice  = "new_device"  // by fingerprint: came since the reader last looked
	stateDevice    = "device/"     // key of a name in the own room
)

// Devices are those of the reader's own wallet, oldest first.
func (c *Chat) Devices(ctx context.Context) ([]core.ChatDevice, error) {
	s, err := c.current()
	if err != nil {
		return nil, err
	}
	// Without an answer those that are known are told.
	if err = s.refresh(ctx, DevicesFresh, s.account); err != nil && core.CodeOf(err) != core.Unavailable {
		return nil, err
	}
	var all []core.ChatDevice
	err = s.do(ctx, func(t *turn) error {
		all, err = t.devices(s.account)
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.New {
				if err = t.Delete(kindNewDevice, d.Fingerprint); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return all, err
}

// devices are the devices of an account as screens have them.
func (t *turn) devices(a wallet.Account) ([]core.ChatDevice, error) {
	all := []core.ChatDevice{}
	for _, k := range t.engine.Devices(a) {
		f := k.Statement.Fingerprint()
		d := core.ChatDevice{
			Fingerprint: f.String(), This: f == t.s.device, CreatedAt: k.Statement.CreatedAt, ExpiresAt: k.Certified.ExpiresAt,
			RevokedAt: k.RevokedAt, Approved: k.Approved,
		}
		name, _, err := t.Get(kindDeviceName, d.Fingerprint)
		if err != nil {
			return nil, err
		}
		if a == t.s.account {
			d.Name = string(name)
		}
		if _, d.New, err = t.Get(kindNewDevice, d.Fingerprint); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// NameDevice gives a device of the reader's a name that their own devices see.
func (c *Chat) NameDevice(ctx context.Context, fingerprint, name string) error {
	s, f, err := c.device(fingerprint)
	if err != nil {
		return err
	}
	if err = wire.CheckName(name); err != nil {
		return err
	}
	value, err := json.Marshal(name)
	if err != nil {
		return core.Wrap(core.Internal, err, "the name cannot be kept")
	}
	body, err := inner.Marshal(inner.State{Key: stateDevice + f.String(), Value: value})
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *turn) error {
		if k, ok := t.engine.Lookup(f); !ok || k.Statement.Account != s.account {
			return errDevice()
		}
		t.changed(core.ChatEventState, wire.Room{})
		if err = t.Put(kindDeviceName, f.String(), []byte(name)); err != nil {
			return err
		}
		self, ok := t.selfRoom()
		if !ok {
			return nil // the others are told when there is a place for it
		}
		_, err = t.queue(self, inner.KindState, body)
		return err
	})
}

// RevokeDevice ends a device of the reader's: nothing is sealed for it any more, and
// what it writes is refused.
func (c *Chat) RevokeDevice(ctx context.Context, fingerprint string) error {
	s, f, err := c.device(fingerprint)
	if err != nil {
		return err
	}
	return s.revoke(ctx, f)
}

func (s *session) revoke(ctx context.Context, f wire.Fingerprint) error {
	return s.nextList(ctx, func(t *turn) ([]wire.Row, error) { return t.engine.Revoke(f, t.now) })
}

// nextList puts the next list of the reader's devices. When a sibling was faster, it
// is made anew.
func (s *session) nextList(ctx context.Context, list func(t *turn) ([]wire.Row, error)) error {
	for range maxEventTries {
		if err := s.learn(ctx, s.account); err != nil {
			return err
		}
		var rows []wire.Row
		err := s.do(ctx, func(t *turn) (err error) {
			rows, err = list(t)
			return err
		})
		if err != nil {
			return err
		}
		err = s.putNow(ctx, rows...)
		if core.CodeOf(err) == core.Conflict {
			continue
		}
		if err != nil {
			return err
		}
		return s.learn(ctx, s.account)
	}
	return core.Errorf(core.Conflict, "another device changes the list of devices all the time; try again")
}

// DeviceCode is what this device shows so that a sibling lets it in. Nothing of it
// is secret: the sibling looks the device up and finds the wallet's signature.
func (c *Chat) DeviceCode(context.Context) (string, error) {
	s, err := c.current()
	if err != nil {
		return "", err
	}
	return codePrefix + s.device.String(), nil
}

// Approve lets in the device whose code was read: it is vouched for, and gets the
// rooms with all keys that are here. It returns core.NotFound for a device that this
// wallet has not certified.
func (c *Chat) Approve(ctx context.Context, code string) (core.ChatDevice, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(code), codePrefix)
	if !ok {
		return core.ChatDevice{}, core.Errorf(core.Invalid, "this is not the code of a device; it begins with %q", codePrefix)
	}
	s, f, err := c.device(text)
	if err != nil {
		return core.ChatDevice{}, err
	}
	if f == s.device {
		return core.ChatDevice{}, core.Errorf(core.Invalid, "this is the code of this device; read the one that the new device shows")
	}
	err = s.nextList(ctx, func(t *turn) ([]wire.Row, error) {
		if k, ok := t.engine.Lookup(f); !ok || k.Statement.Account != s.account || !k.Live {
			return nil, errDevice()
		}
		return t.engine.Approve(f, t.now)
	})
	if err != nil {
		return core.ChatDevice{}, err
	}
	var device core.ChatDevice
	err = s.do(ctx, func(t *turn) error {
		if err = t.welcome(f); err != nil {
			return err
		}
		all, listErr := t.devices(s.account)
		if listErr != nil {
			return listErr
		}
		i := slices.IndexFunc(all, func(d core.ChatDevice) bool { return d.Fingerprint == f.String() })
		if i < 0 {
			return errDevice()
		}
		device = all[i]
		return t.Delete(kindNewDevice, f.String())
	})
	return device, err
}

// welcome sends a sibling all rooms, the own one first, and all keys. It is posted
// in one turn, so that all of it arrives or is sent again.
func (t *turn) welcome(f wire.Fingerprint) error {
	rooms := t.s.all()
	slices.SortFunc(rooms, func(a, b chatRoom) int {
		if aSelf, bSelf := a.state.Kind() == core.ChatRoomSelf, b.state.Kind() == core.ChatRoomSelf; aSelf != bSelf {
			if aSelf {
				return -1
			}
			return 1
		}
		return strings.Compare(a.state.ID().String(), b.state.ID().String())
	})
	for _, r := range rooms {
		if r.state.Kind() == "" || r.local.State == core.ChatLeft {
			continue
		}
		if err := t.giveRoom([]wire.Fingerprint{f}, r.state); err != nil {
			return err
		}
		rows, err := t.engine.Share(r.state, []wire.Fingerprint{f}, nil, t.now)
		if err != nil {
			return err
		}
		if err = t.post(rows...); err != nil {
			return err
		}
	}
	return t.giveBackup(f)
}

// giveRoom tells devices where a room lives and has lived: an invitation to others,
// to siblings what they need to follow it.
func (t *turn) giveRoom(to []wire.Fingerprint, state *room.State) error {
	boxes := make(inner.Mailboxes, 0, len(state.Mailboxes()))
	for _, m := range state.Mailboxes() {
		boxes = append(boxes, inner.Mailbox(m))
	}
	secret := inner.Secret{Kind: inner.SecretInvite, Room: state.ID()}
	body := any(inner.Invitation{Kind: state.Kind(), Name: state.Name(), By: t.s.account, Mailboxes: boxes})
	if state.Kind() == core.ChatRoomSelf {
		secret.Kind, body = inner.SecretSelf, boxes
	}
	var err error
	if secret.Body, err = inner.MarshalSecret(body); err != nil {
		return err
	}
	return t.tell(to, secret)
}

// news notes what was learned of somebody's devices: in the rooms they share with
// the reader, and for the reader's own.
func (t *turn) news(a wallet.Account, n engine.News) error {
	for _, err := range n.Refused {
		t.refused("devices", wire.Room{}, a.String(), err)
	}
	if n.RolledBack || n.Forked || n.Overruled {
		what := "the nodes hide newer devices of this wallet"
		if n.Overruled {
			what = "the wallet has taken back what its devices changed since an earlier list"
		} else if n.Forked {
			what = "the nodes tell different lists of this wallet's devices"
		}
		t.refused("devices", wire.Room{}, a.String(), core.Errorf(core.Denied, "%s", what))
	}
	if !n.Changed() || n.First && a != t.s.account {
		return nil
	}
	t.changed(core.ChatEventState, wire.Room{})
	if a == t.s.account && !n.First {
		for _, f := range n.Added {
			if f == t.s.device {
				continue
			}
			if err := t.Put(kindNewDevice, f.String(), []byte{1}); err != nil {
				return err
			}
		}
	}
	if n.First {
		return nil
	}
	for _, r := range t.s.all() {
		if _, in := r.state.Member(a); !in || !r.live() || r.state.Kind() == "" {
			continue
		}
		if err := t.noticeDevices(r.state.ID(), a, n); err != nil {
			return err
		}
	}
	return nil
}

// noticeDevices tells the reader of a room whose devices changed.
func (t *turn) noticeDevices(id wire.Room, a wallet.Account, n engine.News) error {
	notice := func(what string, list []wire.Fingerprint) error {
		for _, f := range list {
			err := t.AddNotice(id, vault.Notice{What: what, From: a, Device: f, Targets: []string{wire.AccountID(a)}, Text: f.String(), At: t.now})
			if err != nil {
				return err
			}
		}
		return nil
	}
	t.changed(core.ChatEventMessages, id)
	if err := notice("device", n.Added); err != nil {
		return err
	}
	return notice("device_revoked", n.Revoked)
}

// device is the open session and the device of a fingerprint.
func (c *Chat) device(fingerprint string) (*session, wire.Fingerprint, error) {
	s, err := c.current()
	if err != nil {
		return nil, wire.Fingerprint{}, err
	}
	f, err := wire.ParseFingerprint(fingerprint)
	return s, f, err
}

func errDevice() error {
	return core.Errorf(core.NotFound, "your wallet has no such device; sign in on the new device first")
}
