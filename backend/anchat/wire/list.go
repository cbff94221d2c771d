package wire

// This file has what a list of devices must be like, whoever signed it.

import (
	"bytes"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Check judges the form of a list: its devices are sorted and named once, and none
// is both live and revoked. It returns core.Invalid.
func (l List) Check() error {
	refuse := func(why string) error {
		return core.Errorf(core.Invalid, "this list of devices does not hold: %s", why)
	}
	switch {
	case l.Version == 0 || l.Version > 1<<63-1:
		return refuse("versions count from 1")
	case (l.Version == 1) != (l.Parent == Hash{}):
		return refuse("only the first has no version before it")
	case len(l.Live) > MaxLiveDevices:
		return refuse("it has too many devices; revoke one first")
	case len(l.Revoked) > MaxRevokedDevices:
		return refuse("it has too many revoked devices")
	case (l.Signer == Fingerprint{}) != (len(l.Signature) == 0):
		return refuse("it says half of who signed it")
	}
	for i, f := range l.Live {
		if i > 0 && bytes.Compare(l.Live[i-1][:], f[:]) >= 0 {
			return refuse("its devices are not in order")
		}
		if l.RevokedAt(f) != (time.Time{}) {
			return refuse("a device is both live and revoked")
		}
	}
	return nil
}

// Lives tells whether the list names a device as live.
func (l List) Lives(f Fingerprint) bool { return slices.Contains(l.Live, f) }

// RevokedAt is when a device was revoked, the zero time when it was not.
func (l List) RevokedAt(f Fingerprint) time.Time {
	for _, r := range l.Revoked {
		if r.Device == f {
			return r.At
		}
	}
	return time.Time{}
}

// With is the next version with a device more. It is not signed yet.
func (l List) With(f Fingerprint, at time.Time) List {
	next := l.next(at)
	next.Live = append(next.Live, f)
	slices.SortFunc(next.Live, func(a, b Fingerprint) int { return bytes.Compare(a[:], b[:]) })
	next.Live = slices.Compact(next.Live)
	return next
}

// Without is the next version with a device revoked. It is not signed yet. The
// oldest revoked devices are forgotten when there are too many.
func (l List) Without(f Fingerprint, at time.Time) List {
	next := l.next(at)
	next.Live = slices.DeleteFunc(next.Live, func(have Fingerprint) bool { return have == f })
	next.Revoked = append(next.Revoked, Revoked{Device: f, At: Time(at)})
	if over := len(next.Revoked) - MaxRevokedDevices; over > 0 {
		next.Revoked = next.Revoked[over:]
	}
	return next
}

// next is the version after l: the first one when l is of no version, of which
// only the account is known.
func (l List) next(at time.Time) List {
	next := List{Account: l.Account, Version: l.Version + 1, At: Time(at), Live: slices.Clone(l.Live), Revoked: slices.Clone(l.Revoked)}
	if l.Version > 0 {
		next.Parent = l.Hash()
	}
	return next
}
