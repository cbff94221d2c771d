package room

// This file has the number that two people compare to know that nobody is between
// them.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// safetyRounds makes it dear to look for devices whose number is nearly another's.
	safetyRounds = 5200
	safetyGroups = 6 // of five digits, for each side
	safetyPrefix = "debros-safety:1:"
)

// Side is one of two people: the wallet and its devices that live.
type Side struct {
	Account wallet.Account
	Devices []wire.Fingerprint
}

// sum stands for the side. The order of devices does not count.
func (s Side) sum() [sha256.Size]byte {
	devices := slices.Clone(s.Devices)
	slices.SortFunc(devices, func(a, b wire.Fingerprint) int { return bytes.Compare(a[:], b[:]) })
	fields := [][]byte{[]byte(wire.AccountID(s.Account))}
	for _, f := range slices.Compact(devices) {
		fields = append(fields, bytes.Clone(f[:]))
	}
	data := wire.Signed(wire.LabelSafety, fields...)
	sum := sha256.Sum256(data)
	for range safetyRounds - 1 {
		sum = sha256.Sum256(append(sum[:], data...))
	}
	return sum
}

// digits are 30 of the side.
func (s Side) digits() string {
	sum := s.sum()
	groups := make([]string, safetyGroups)
	for i := range groups {
		var n uint64
		for _, b := range sum[i*5 : i*5+5] {
			n = n<<8 | uint64(b)
		}
		groups[i] = fmt.Sprintf("%05d", n%100000)
	}
	return strings.Join(groups, " ")
}

// SafetyNumber is the same on both screens: 60 digits in groups of five.
func SafetyNumber(a, b Side) string {
	first, second := a.digits(), b.digits()
	if bytes.Compare([]byte(wire.AccountID(a.Account)), []byte(wire.AccountID(b.Account))) > 0 {
		first, second = second, first
	}
	return first + " " + second
}

// SafetyQR is what the screen of mine shows to theirs.
func SafetyQR(mine, theirs Side) string {
	part := func(s Side) string {
		sum := s.sum()
		return wire.AccountID(s.Account) + "/" + hex.EncodeToString(sum[:])
	}
	return safetyPrefix + part(mine) + "/" + part(theirs)
}

// CheckSafetyQR compares what was read from the other's screen. It returns
// core.Invalid for what is no such code or is for other people, and core.Denied
// when one of the two sees other devices.
func CheckSafetyQR(qr string, mine, theirs Side) error {
	rest, ok := strings.CutPrefix(strings.TrimSpace(qr), safetyPrefix)
	parts := strings.Split(rest, "/")
	if !ok || len(qr) > MaxLinkBytes || len(parts) != 4 {
		return core.Errorf(core.Invalid, "this is no safety code; let the other open the same page")
	}
	if parts[0] != wire.AccountID(theirs.Account) || parts[2] != wire.AccountID(mine.Account) {
		return core.Errorf(core.Invalid, "this safety code is for other people; open the page of the right person on both sides")
	}
	if strings.TrimSpace(qr) != SafetyQR(theirs, mine) {
		return core.Errorf(core.Denied, "the codes differ: one of you sees other devices; do not write before you know why")
	}
	return nil
}
