package room

// This file has invite links: what they say, and how they are written.

import (
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// LinkHost is the second part of debros://room.
	LinkHost   = "room"
	linkScheme = "debros"
	// MaxLinkBytes bounds a link as text; a QR code shows it.
	MaxLinkBytes    = 1200
	maxNetworkBytes = 128
	signatureBytes  = 64
)

// Ticket is a link into a room as it is passed on. All behind the "#" of its URL
// is secret: what opens the mailbox, what proves that one has the link, the
// room and its name.
type Ticket struct {
	Network   string // its id
	Inviter   wallet.Account
	Device    wire.Fingerprint // of the inviter, which signed
	Room      wire.Room
	Invite           // Tag, Code, ExpiresAt, Uses
	Name      string // of the room
	Signature []byte
}

// String hides the link.
func (Ticket) String() string { return "[secret]" }

// GoString does, too.
func (Ticket) GoString() string { return "[secret]" }

func (t Ticket) fields() [][]byte {
	return [][]byte{
		[]byte(t.Network), []byte(wire.AccountID(t.Inviter)), t.Device[:], t.Room[:], t.Tag[:], t.Code[:],
		binary.BigEndian.AppendUint64(nil, uint64(t.ExpiresAt.UnixMilli())),
		binary.BigEndian.AppendUint64(nil, uint64(t.Uses)), //nolint:gosec // bounded by the members of a room
		[]byte(t.Name),
	}
}

// SignBy signs the link as the inviter's device.
func (t Ticket) SignBy(sign wire.Sign) (_ Ticket, err error) {
	t.Signature, err = sign(wire.Signed(wire.LabelInvite, t.fields()...))
	return t, err
}

// Verify checks the signature with the key of Device. It returns core.Denied.
func (t Ticket) Verify(key [32]byte) error {
	return wire.Verify(key, t.Signature, wire.LabelInvite, t.fields()...)
}

// URL is the link as text.
func (t Ticket) URL() string {
	q := url.Values{
		"network": {t.Network},
		"by":      {wire.AccountID(t.Inviter)},
		"until":   {strconv.FormatInt(t.ExpiresAt.UnixMilli(), 10)},
		"uses":    {strconv.Itoa(t.Uses)},
	}
	var secret []byte
	for _, part := range [][]byte{t.Device[:], t.Room[:], t.Tag[:], t.Code[:], t.Signature, []byte(t.Name)} {
		secret = append(secret, part...)
	}
	return linkScheme + "://" + LinkHost + "?" + q.Encode() + "#" + base64.RawURLEncoding.EncodeToString(secret)
}

// ParseLink reads a URL. It asks nobody: whether the signature holds is seen when
// the inviter's device is known. It returns core.Invalid.
func ParseLink(text string) (Ticket, error) {
	bad := core.Errorf(core.Invalid, "this is no link into a room; copy all of it, from debros:// to its end")
	text = strings.TrimSpace(text)
	if len(text) > MaxLinkBytes {
		return Ticket{}, bad
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != linkScheme || u.Host != LinkHost || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return Ticket{}, bad
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Ticket{}, bad
	}
	t := Ticket{Network: q.Get("network")}
	inviter, errInviter := wire.ParseAccountID(q.Get("by"))
	until, errUntil := strconv.ParseInt(q.Get("until"), 10, 64)
	uses, errUses := strconv.ParseUint(q.Get("uses"), 10, 16)
	secret, errSecret := base64.RawURLEncoding.Strict().DecodeString(u.Fragment)
	fixed := len(t.Device) + len(t.Room) + len(t.Tag) + len(t.Code) + signatureBytes
	switch {
	case firstOf(errInviter, errUntil, errUses, errSecret) != nil,
		t.Network == "", len(t.Network) > maxNetworkBytes, len(secret) < fixed,
		uses == 0, uses > core.MaxChatMembers, until < 0, until > latest:
		return Ticket{}, bad
	}
	t.Inviter, t.ExpiresAt, t.Uses = inviter, time.UnixMilli(until).UTC(), int(uses)
	for _, to := range [][]byte{t.Device[:], t.Room[:], t.Tag[:], t.Code[:]} {
		secret = secret[copy(to, secret):]
	}
	t.Signature, t.Name = secret[:signatureBytes:signatureBytes], string(secret[signatureBytes:])
	if wire.CheckName(t.Name) != nil {
		return Ticket{}, bad
	}
	return t, nil
}

// latest bounds times, in milliseconds: the last day of the year 9999.
const latest = 253402214400000
