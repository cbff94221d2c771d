package p2p

// This file makes and ends connections at a user's or discovery's wish, and
// puts libp2p's reasons into sentences.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxAddressBytes bounds the text of one address that is parsed.
	MaxAddressBytes = 1024
	// MaxDialTime bounds one dial, over all addresses of the peer.
	MaxDialTime = 20 * time.Second
	// hangupRest is how long discovery leaves a peer alone that was sent away.
	hangupRest = 5 * time.Minute
	// maxHungUp bounds the peers that are left alone at one time.
	maxHungUp = 1000
)

// Dial connects to the peer at addr, a multiaddress that ends in
// /p2p/<peer id>. It returns core.Invalid when the address can never work or
// another peer answers there, core.Conflict when it is blocked, core.Limited when there is no room for one more
// connection, and core.Unavailable, with the reason, when nobody answers.
func (h *Host) Dial(ctx context.Context, addr string) error {
	info, err := ParseAddress(addr)
	if err != nil {
		return err
	}
	h.away.remove(info.ID)
	return h.DialPeer(ctx, info)
}

// DialPeer is Dial for a parsed address. Without addresses it tries those that
// are known. A peer that is connected already is no error.
func (h *Host) DialPeer(ctx context.Context, info peer.AddrInfo) error {
	if err := h.usable(); err != nil {
		return err
	}
	if info.ID == h.ID() {
		return core.Errorf(core.Invalid, "that is the address of this node itself; give another peer's")
	}
	if h.book.blocked(info.ID) {
		return core.Errorf(core.Conflict, "the peer %s is blocked; unblock it first", info.ID)
	}
	var allowed []ma.Multiaddr
	var refusal error
	for _, addr := range info.Addrs {
		if err := h.plan.fenced(addr); err != nil {
			refusal = err
			continue
		}
		allowed = append(allowed, addr)
	}
	if len(allowed) == 0 && refusal != nil {
		return refusal
	}
	if len(info.Addrs) == 0 {
		allowed = h.book.addresses(info.ID)
	}
	ctx, cancel := context.WithTimeout(network.WithAllowLimitedConn(ctx, "a peer behind NAT is reached by relay"), MaxDialTime)
	defer cancel()
	if s, ok := h.Network().(*swarm.Swarm); ok {
		// Who asks means now. Discovery keeps a back-off of its own, and libp2p's
		// would hide the real reason behind "a moment ago".
		s.Backoff().Clear(info.ID)
	}
	err := explain(info.ID, h.Connect(ctx, peer.AddrInfo{ID: info.ID, Addrs: allowed}))
	if core.CodeOf(err) == core.Invalid { // another peer's address: not to be tried or told again
		h.Peerstore().SetAddrs(info.ID, allowed, 0)
	}
	return err
}

// Hangup ends every connection with a peer. For five minutes, or until the next
// Dial, discovery leaves it alone and its own dials are refused.
func (h *Host) Hangup(id string) error {
	if err := h.usable(); err != nil {
		return err
	}
	p, err := decodePeer(id)
	if err != nil {
		return err
	}
	if h.Network().Connectedness(p) == network.NotConnected {
		return core.Errorf(core.NotFound, "there is no connection with the peer %s", p)
	}
	h.away.add(p, time.Now())
	return h.closePeer(p)
}

func (h *Host) closePeer(p peer.ID) error {
	if err := h.Network().ClosePeer(p); err != nil {
		return fmt.Errorf("close connections: %w", err)
	}
	return nil
}

// HungUp says whether a user sent this peer away a short while ago, or blocked it.
func (h *Host) HungUp(p peer.ID) bool { return h.away.has(p, time.Now()) || h.book.blocked(p) }

// away are the peers that a user sent away, and until when.
type away struct {
	mu    sync.Mutex
	until map[peer.ID]time.Time
}

func (a *away) has(p peer.ID, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return now.Before(a.until[p])
}

func (a *away) add(p peer.ID, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, until := range a.until {
		if now.After(until) {
			delete(a.until, id)
		}
	}
	if len(a.until) < maxHungUp {
		a.until[p] = now.Add(hangupRest)
	}
}

func (a *away) remove(p peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.until, p)
}

// ParseAddress reads a multiaddress that ends in /p2p/<peer id>, or
// /p2p/<peer id> alone for a peer whose addresses are known. It returns
// core.Invalid with what is wrong.
func ParseAddress(text string) (peer.AddrInfo, error) {
	text = strings.TrimSpace(text)
	if len(text) > MaxAddressBytes {
		return peer.AddrInfo{}, core.Errorf(core.TooLarge, "an address has at most %d bytes", MaxAddressBytes)
	}
	addr, err := ma.NewMultiaddr(text)
	if err != nil {
		return peer.AddrInfo{}, core.Wrap(core.Invalid, err, "%q is not a multiaddress; write it like /ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…", shorten(text))
	}
	info, err := peer.AddrInfoFromP2pAddr(addr)
	if err != nil {
		return peer.AddrInfo{}, core.Wrap(core.Invalid, err, "the address %q does not say whose it is; add /p2p/<peer id> at its end (debros peer-id prints it there)", shorten(text))
	}
	return *info, nil
}

// explain gives a failed dial its code and a sentence.
func explain(id peer.ID, err error) error {
	if err == nil {
		return nil
	}
	if other, ok := errors.AsType[sec.ErrPeerIDMismatch](err); ok {
		return core.Wrap(core.Invalid, err, "another peer answers at that address: it is %s, not %s; correct the /p2p part or the address", other.Actual, id)
	}
	if strings.Contains(err.Error(), "peer id mismatch") { // QUIC keeps the text only
		return core.Wrap(core.Invalid, err, "another peer than %s answers at that address; correct the /p2p part or the address", id)
	}
	if errors.Is(err, network.ErrResourceLimitExceeded) {
		return core.Wrap(core.Limited, err, "this node has no room for one more connection; raise node.max_connections or disconnect another peer")
	}
	if coded, ok := errors.AsType[*core.Error](err); ok { // the proxy's own words
		return core.Wrap(coded.Code, err, "the peer %s cannot be reached: %s", id, coded.Msg)
	}
	return core.Wrap(core.Unavailable, err, "the peer %s cannot be reached: %s", id, reason(err))
}

func reason(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, swarm.ErrNoAddresses):
		return "no address of it is known; give its full address"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there; check that it runs, and its port"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no route to it; check this computer's network"
	case errors.Is(err, swarm.ErrGaterDisallowedConnection):
		return "this node listens on loopback only and so dials nothing beyond this computer"
	case errors.Is(err, swarm.ErrNoTransport):
		return "none of its addresses is of a kind that this node speaks (TCP, or QUIC without a proxy)"
	case errors.Is(err, swarm.ErrDialBackoff):
		return "it did not answer a moment ago; try again in a few seconds"
	case errors.Is(err, context.Canceled):
		return "the dial was cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "it does not answer; check its address and the firewalls between"
	}
	return "the connection failed; the log says why"
}

// shorten keeps foreign text in a message short.
func shorten(text string) string {
	const most = 120
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
