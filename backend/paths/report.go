package paths

// This file is the report itself: how it is made, signed and judged. It has no
// stream and no clock.

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	version = 1
	// MaxReportBytes bounds a report with its signature.
	MaxReportBytes = 8 << 10
	// MaxWays bounds the peers in one, the nearest.
	MaxWays = 64
	// MaxClockGap is how far the maker's clock may be from ours: an older report
	// may be one that somebody kept to mislead.
	MaxClockGap = 10 * time.Minute
	// maxMS is where a figure is no measurement any more.
	maxMS = 60_000

	// domain keeps a signature from meaning anything elsewhere.
	domain = "debros paths 1\n"
	// sigBytes is the length of the signature's length.
	sigBytes = 2
)

// report is what a member tells of itself.
type report struct {
	Version  int    `json:"v"`
	Network  string `json:"network"`
	Node     string `json:"node"`
	At       int64  `json:"at"`     // the maker's clock, Unix milliseconds; a later one replaces an earlier one
	Shared   bool   `json:"shared"` // false: the maker tells nothing
	Standing `json:"standing,omitzero"`
	Paths    []way `json:"paths,omitempty"`
}

// way is how the maker reaches a peer.
type way struct {
	Peer string  `json:"p"`
	MS   float64 `json:"ms,omitempty"`
	Way  string  `json:"w"`
}

// routes are the words that a way may have.
func routes() []string {
	return []string{core.RouteComputer, core.RouteLAN, core.RouteTCP, core.RouteQUIC, core.RoutePunched, core.RouteRelayed}
}

// waysOf are the nearest of the peers that were measured; those without a figure
// come last.
func waysOf(measured []Measured) []way {
	list := slices.Clone(measured)
	slices.SortStableFunc(list, func(a, b Measured) int { return cmp.Compare(far(a), far(b)) })
	ways := []way{}
	for _, m := range list[:min(len(list), MaxWays)] {
		ways = append(ways, way{Peer: m.Peer, MS: math.Round(m.MS*100) / 100, Way: m.Route})
	}
	return ways
}

func far(m Measured) float64 {
	if m.MS == 0 {
		return math.Inf(1)
	}
	return m.MS
}

// seal packs and signs the report: the length of the signature, the signature,
// the report as JSON.
func (r report) seal(key crypto.PrivKey) ([]byte, error) {
	if key == nil {
		return nil, core.Errorf(core.Internal, "a report cannot be signed without the node's key")
	}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	signature, err := key.Sign(append([]byte(domain), body...))
	if err != nil {
		return nil, fmt.Errorf("sign report: %w", err)
	}
	out := binary.BigEndian.AppendUint16(nil, uint16(len(signature))) //nolint:gosec // a signature has some hundred bytes
	out = append(append(out, signature...), body...)
	if len(out) > MaxReportBytes {
		return nil, core.Errorf(core.Internal, "a report has %d bytes, more than %d", len(out), MaxReportBytes)
	}
	return out, nil
}

// judge reads a report that somebody else wrote. Who may have made it: a member
// of the network that this node is in.
type judge struct {
	network string
	members map[string]string
	now     time.Time
}

func (j judge) open(sealed []byte) (report, error) {
	if len(sealed) > MaxReportBytes {
		return report{}, core.Errorf(core.TooLarge, "a report may have %d bytes", MaxReportBytes)
	}
	if len(sealed) < sigBytes || len(sealed) < sigBytes+int(binary.BigEndian.Uint16(sealed)) {
		return report{}, core.Errorf(core.Invalid, "the report is cut short")
	}
	size := sigBytes + int(binary.BigEndian.Uint16(sealed))
	signature, body := sealed[sigBytes:size], sealed[size:]
	var r report
	if err := json.Unmarshal(body, &r); err != nil {
		return report{}, core.Wrap(core.Invalid, err, "the report cannot be read")
	}
	if err := j.mayTell(r); err != nil {
		return report{}, err
	}
	id, err := peer.Decode(r.Node)
	if err != nil {
		return report{}, core.Wrap(core.Invalid, err, "the report's maker is no peer")
	}
	key, err := id.ExtractPublicKey()
	if err != nil {
		return report{}, core.Wrap(core.Invalid, err, "the report's maker has no key in its id")
	}
	if good, err := key.Verify(append([]byte(domain), body...), signature); err != nil || !good {
		return report{}, core.Errorf(core.Denied, "the report is not signed by its maker")
	}
	return r, r.check()
}

// mayTell judges who says it and when, before the costly signature.
func (j judge) mayTell(r report) error {
	_, member := j.members[r.Node]
	gap := j.now.Sub(time.UnixMilli(r.At))
	switch {
	case r.Version != version:
		return core.Errorf(core.Invalid, "the report has version %d, not %d", r.Version, version)
	case j.network == "" || r.Network != j.network:
		return core.Errorf(core.Denied, "the report is about another network")
	case !member:
		return core.Errorf(core.Denied, "the report's maker is no member")
	case gap > MaxClockGap || gap < -MaxClockGap:
		return core.Errorf(core.Invalid, "the report's time is %s from ours", gap.Round(time.Second))
	}
	return nil
}

// check judges what it says.
func (r report) check() error {
	if len(r.Paths) > MaxWays || (!r.Shared && (len(r.Paths) > 0 || r.Standing != Standing{})) {
		return core.Errorf(core.Invalid, "the report tells more than it may")
	}
	seen := make(map[string]bool, len(r.Paths))
	for _, w := range r.Paths {
		_, err := peer.Decode(w.Peer)
		if err != nil || seen[w.Peer] || w.Peer == r.Node || math.IsNaN(w.MS) || w.MS < 0 || w.MS > maxMS || !slices.Contains(routes(), w.Way) {
			return core.Errorf(core.Invalid, "the report has a path that cannot be")
		}
		seen[w.Peer] = true
	}
	return nil
}
