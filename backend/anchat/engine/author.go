package engine

// This file says whose a signed row is.

import (
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/wallet"
)

// author is a device that signed a row which was stored at a time: certified at the
// moments that matter, on a list that counts, and not revoked by any of these times.
func (e *Olm) author(f wire.Fingerprint, stored time.Time, moments ...time.Time) (*Known, wallet.Account, error) {
	a, ok := e.devices[f]
	if !ok {
		return nil, wallet.Account{}, &NeedDevices{Device: f}
	}
	k := e.people[a].devices[f]
	if k.Since.IsZero() {
		// Its list may be on its way, unless another took its place.
		if _, taken := e.people[a].chain[k.Certified.ListVersion]; taken {
			return nil, a, refuse(f, wire.Session{}, "the wallet's list does not name the device that made this")
		}
		return nil, a, &NeedDevices{Accounts: []wallet.Account{a}, Device: f}
	}
	for _, at := range moments {
		if !k.covers(at) {
			return nil, a, refuse(f, wire.Session{}, "the certificate of the device did not hold when this was made")
		}
	}
	if k.ended(stored) || slices.ContainsFunc(moments, k.ended) {
		return nil, a, refuse(f, wire.Session{}, "the device was revoked before this was made")
	}
	return k, a, nil
}

// CheckEvent says whose an event is that was stored at a time, once its signature
// and its device hold. Whether its author may do it is for the room to say.
func (e *Olm) CheckEvent(v wire.Event, at time.Time) (wallet.Account, error) {
	return e.check(v.Device, v.At, at, v.Verify)
}

// CheckKnock says whose a knock is.
func (e *Olm) CheckKnock(k wire.Knock, at time.Time) (wallet.Account, error) {
	return e.check(k.Device, k.At, at, k.Verify)
}

// CheckErase says who asks to empty a message.
func (e *Olm) CheckErase(r wire.Erase, at time.Time) (wallet.Account, error) {
	return e.check(r.Device, r.At, at, r.Verify)
}

// CheckFleeting says who tells what is never stored.
func (e *Olm) CheckFleeting(f wire.Fleeting, at time.Time) (wallet.Account, error) {
	return e.check(f.Device, f.At, at, f.Verify)
}

func (e *Olm) check(f wire.Fingerprint, signed, stored time.Time, verify func([32]byte) error) (wallet.Account, error) {
	k, a, err := e.author(f, stored, signed, stored)
	if err != nil {
		return wallet.Account{}, err
	}
	if verify(k.Statement.Signing) != nil {
		return wallet.Account{}, refuse(f, wire.Session{}, "the signature is not that of the device which is named")
	}
	return a, nil
}
