package membership

// This file is the text form of tickets: "debros1" and then, in base64url,
// two bytes of length, the fields below, and four bytes of checksum.

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	ticketPrefix  = "debros1"
	ticketFamily  = "debros"
	linkPrefix    = "debros://join/"
	ticketIDBytes = 8
	secretBytes   = 20 // 160 bits: nobody guesses it, however many tickets there are
	checkBytes    = 4
)

// Invitation is what the text of a ticket says. Whether the ticket still holds
// is for the network to decide, by the clock of the member that is asked.
type Invitation struct {
	Network   string
	ID        string
	Addresses []peer.AddrInfo // where members were when it was made
	ExpiresAt time.Time       // to the second
	secret    [secretBytes]byte
}

// String tells which ticket it is, without the secret.
func (i Invitation) String() string { return "ticket " + i.ID + " of network " + i.Network }

// Format prints String for every verb, so that no %v or %#v shows the secret.
func (i Invitation) Format(s fmt.State, _ rune) { fmt.Fprint(s, i.String()) }

// LogValue keeps the secret out of logs.
func (i Invitation) LogValue() slog.Value { return slog.StringValue(i.String()) }

// MarshalText keeps the secret out of JSON.
func (i Invitation) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// Text is the ticket in the form that people pass on. It holds the secret.
func (i Invitation) Text() (string, error) {
	id, err := hex.DecodeString(i.ID)
	if err != nil || len(id) != ticketIDBytes || !ValidID(i.Network) {
		return "", core.Errorf(core.Internal, "the ticket has a bad id")
	}
	body := append([]byte{0, 0, byte(len(i.Network))}, i.Network...) //nolint:gosec // ValidID bounds it
	body = append(body, id...)
	body = append(body, i.secret[:]...)
	body = binary.BigEndian.AppendUint64(body, uint64(max(i.ExpiresAt.Unix(), 0)))
	count := 0
	at := len(body)
	body = append(body, 0)
	for _, info := range i.Addresses {
		full, err := peer.AddrInfoToP2pAddrs(&info)
		if err != nil {
			return "", fmt.Errorf("write address: %w", err)
		}
		for _, addr := range full {
			raw := addr.Bytes()
			if count == MaxTicketAddresses || len(raw) > 255 {
				continue
			}
			count++
			body = append(append(body, byte(len(raw))), raw...) //nolint:gosec // bounded above
		}
	}
	body[at] = byte(count)
	binary.BigEndian.PutUint16(body, uint16(len(body)+checkBytes)) //nolint:gosec // six addresses of 255 bytes at most
	body = append(body, checksum(body)...)
	text := ticketPrefix + base64.RawURLEncoding.EncodeToString(body)
	if len(text) > MaxTicketBytes {
		return "", core.Errorf(core.TooLarge, "the ticket would have %d bytes, more than %d", len(text), MaxTicketBytes)
	}
	return text, nil
}

// Link is the ticket as a link that the operating system can open.
func Link(text string) string { return linkPrefix + text }

func checksum(body []byte) []byte {
	sum := sha256.Sum256(append([]byte(ticketPrefix), body...))
	return sum[:checkBytes]
}

// ParseTicket reads a ticket's text or link. Spaces and line breaks, which mail
// and terminals put into long texts, do not matter. The error is Invalid and
// says what is wrong with the text; it never repeats it.
func ParseTicket(text string) (Invitation, error) {
	if len(text) > 2*MaxTicketBytes {
		return Invitation{}, core.Errorf(core.Invalid, "this is no ticket: it has %d bytes, and a ticket has at most %d", len(text), MaxTicketBytes)
	}
	text = strings.Join(strings.Fields(text), "")
	text = strings.TrimSuffix(strings.TrimPrefix(text, linkPrefix), "/")
	encoded, ours := strings.CutPrefix(text, ticketPrefix)
	switch {
	case text == "":
		return Invitation{}, core.Errorf(core.Invalid, "the ticket is empty; paste the whole text that \"debros invite\" printed")
	case !ours && strings.HasPrefix(ticketPrefix, text):
		return Invitation{}, cutOff()
	case !ours && otherVersion(text):
		return Invitation{}, core.Errorf(core.Invalid, "this ticket was made by another version of debros; update this node, or ask for a ticket that it can read")
	case !ours:
		return Invitation{}, core.Errorf(core.Invalid, "this is no ticket; a ticket begins with %q", ticketPrefix)
	}
	// A text that was cut in the middle of four characters still has its length in front.
	whole := encoded
	if len(whole)%4 == 1 {
		whole = whole[:len(whole)-1]
	}
	body, err := base64.RawURLEncoding.DecodeString(whole)
	if err != nil {
		return Invitation{}, altered()
	}
	if len(body) < 2 {
		return Invitation{}, cutOff()
	}
	switch want := int(binary.BigEndian.Uint16(body)); {
	case len(body) < want:
		return Invitation{}, cutOff()
	case len(body) > want || want < 2+checkBytes || len(whole) != len(encoded):
		return Invitation{}, altered()
	}
	end := len(body) - checkBytes
	if string(checksum(body[:end])) != string(body[end:]) || base64.RawURLEncoding.EncodeToString(body) != encoded {
		return Invitation{}, altered()
	}
	return parseFields(body[2:end])
}

func parseFields(body []byte) (Invitation, error) {
	var i Invitation
	r := fields{rest: body}
	i.Network = string(r.take(r.byte()))
	i.ID = hex.EncodeToString(r.take(ticketIDBytes))
	copy(i.secret[:], r.take(secretBytes))
	if at := r.take(8); len(at) == 8 {
		seconds := binary.BigEndian.Uint64(at)
		if seconds > 1<<40 {
			return Invitation{}, altered()
		}
		i.ExpiresAt = time.Unix(int64(seconds), 0).UTC()
	}
	var addrs []ma.Multiaddr
	for range min(r.byte(), MaxTicketAddresses) {
		addr, err := ma.NewMultiaddrBytes(r.take(r.byte()))
		if err != nil {
			return Invitation{}, altered()
		}
		addrs = append(addrs, addr)
	}
	infos, err := peer.AddrInfosFromP2pAddrs(addrs...)
	if err != nil || r.short || len(r.rest) != 0 || !ValidID(i.Network) {
		return Invitation{}, altered()
	}
	i.Addresses = inOrder(addrs, infos)
	return i, nil
}

// inOrder gives the peers the order in which the ticket names them.
func inOrder(addrs []ma.Multiaddr, infos []peer.AddrInfo) []peer.AddrInfo {
	byID := map[peer.ID]peer.AddrInfo{}
	for _, info := range infos {
		byID[info.ID] = info
	}
	var list []peer.AddrInfo
	for _, addr := range addrs {
		_, id := peer.SplitAddr(addr)
		if info, ok := byID[id]; ok {
			list = append(list, info)
			delete(byID, id)
		}
	}
	return list
}

// fields takes bytes from the front and remembers when there were too few.
type fields struct {
	rest  []byte
	short bool
}

func (f *fields) take(n int) []byte {
	if n > len(f.rest) {
		f.short, f.rest = true, nil
		return nil
	}
	var taken []byte
	taken, f.rest = f.rest[:n], f.rest[n:]
	return taken
}

func (f *fields) byte() int {
	if b := f.take(1); len(b) == 1 {
		return int(b[0])
	}
	return 0
}

// otherVersion tells whether text looks like a ticket of another version.
func otherVersion(text string) bool {
	rest, ok := strings.CutPrefix(text, ticketFamily)
	return ok && rest != "" && rest[0] >= '0' && rest[0] <= '9'
}

func cutOff() error {
	return core.Errorf(core.Invalid, "the ticket is cut off; paste the whole text that \"debros invite\" printed")
}

func altered() error {
	return core.Errorf(core.Invalid, "the ticket is altered: its check does not fit; copy it again, whole")
}

// newInvitation makes a ticket with a fresh id and secret.
func newInvitation(network string, expires time.Time, addresses []peer.AddrInfo) (Invitation, error) {
	var id [ticketIDBytes]byte
	i := Invitation{Network: network, ExpiresAt: expires.UTC().Truncate(time.Second), Addresses: addresses}
	if _, err := rand.Read(id[:]); err != nil {
		return i, fmt.Errorf("make ticket id: %w", err)
	}
	if _, err := rand.Read(i.secret[:]); err != nil {
		return i, fmt.Errorf("make ticket secret: %w", err)
	}
	i.ID = hex.EncodeToString(id[:])
	return i, nil
}

// hashSecret is all that the network keeps of a secret. The secret is random and
// long, so a plain hash hides it.
func hashSecret(secret []byte) string {
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:])
}
