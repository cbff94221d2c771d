package p2p

// This file is what a person here wants of a peer: a name for it, to stay
// connected, or never to meet it again. It is kept in the book.

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// keptTag keeps the connections of kept peers when others are trimmed.
const keptTag = "kept"

// wish is empty for a peer that nobody wants anything of.
type wish struct {
	name    string
	keep    bool
	blocked bool
}

func checkName(name string) error {
	if len(name) > core.MaxPeerName || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return core.Errorf(core.Invalid, "a peer's name is one line of at most %d bytes", core.MaxPeerName)
	}
	return nil
}

// SetName gives a peer a name that only this installation knows; "" takes it back.
func (h *Host) SetName(id, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return h.wish(id, func(w *wish) { w.name = name })
}

// SetKeep says whether a peer is to stay connected. Discovery dials whom
// [Host.Kept] lists.
func (h *Host) SetKeep(id string, on bool) error {
	p, err := decodePeer(id)
	if err != nil {
		return err
	}
	if on {
		h.away.remove(p)
	}
	err = h.wish(id, func(w *wish) {
		if w.keep = on; on {
			w.blocked = false
		}
	})
	if on && core.CodeOf(err) != core.Limited {
		h.ConnManager().Protect(p, keptTag)
	} else {
		h.ConnManager().Unprotect(p, keptTag)
	}
	return err
}

// SetBlocked says whether a peer is neither dialled nor let in. What is open
// with it is closed.
func (h *Host) SetBlocked(id string, on bool) error {
	p, err := decodePeer(id)
	if err != nil {
		return err
	}
	err = h.wish(id, func(w *wish) {
		if w.blocked = on; on {
			w.keep = false
		}
	})
	if err != nil || !on {
		return err
	}
	h.ConnManager().Unprotect(p, keptTag)
	return h.closePeer(p)
}

// Forget drops all that is remembered of a peer that is not connected.
func (h *Host) Forget(id string) error {
	p, err := decodePeer(id)
	if err != nil {
		return err
	}
	if h.Network().Connectedness(p) != network.NotConnected {
		return core.Errorf(core.Conflict, "the peer is connected; disconnect it first")
	}
	had := h.book.forget(p)
	if !had && len(h.Peerstore().Addrs(p)) == 0 {
		return core.Errorf(core.NotFound, "nothing is remembered of the peer %s", p)
	}
	h.Peerstore().ClearAddrs(p)
	h.Peerstore().RemovePeer(p)
	h.gauges.drop(p)
	return h.keepBook()
}

// Kept are the peers that are to stay connected.
func (h *Host) Kept() []peer.AddrInfo {
	var list []peer.AddrInfo
	for _, k := range h.book.all() {
		if k.wish.keep {
			list = append(list, peer.AddrInfo{ID: k.id, Addrs: parsed(k.addresses)})
		}
	}
	return list
}

// Names are the names that a person here gave to peers, by id.
func (h *Host) Names() map[string]string { return h.book.names() }

// wish changes what is wanted of a peer and writes it down.
func (h *Host) wish(id string, change func(*wish)) error {
	if h.state.Load() == closed {
		return h.usable()
	}
	p, err := decodePeer(id)
	if err != nil {
		return err
	}
	if p == h.ID() {
		return core.Errorf(core.Invalid, "that is this node itself; name another peer")
	}
	if err = h.book.wish(p, texts(h.Peerstore().Addrs(p)), change); err != nil {
		return err
	}
	return h.keepBook()
}

// keepBook writes the book at once: a person's wish must outlast a crash.
func (h *Host) keepBook() error {
	if err := h.book.save(time.Now()); err != nil {
		return core.Wrap(core.Unavailable, err, "it holds until the node ends, but could not be written down; check the space and the rights of the data folder")
	}
	return nil
}

func decodePeer(id string) (peer.ID, error) {
	p, err := peer.Decode(id)
	if err != nil {
		return "", core.Wrap(core.Invalid, err, "%q is not a peer id; peer ids look like 12D3KooW… and stand in the list of peers", shorten(id))
	}
	return p, nil
}

// wish changes one peer's, which enters the book when it is not in it. heard are
// the addresses that others told of it.
func (b *book) wish(id peer.ID, heard []string, change func(*wish)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, there := b.peers[id]
	if !there {
		k = known{id: id, addresses: heard[:min(len(heard), MaxStoredAddresses)]}
	}
	before := k.wish
	change(&k.wish)
	switch empty := (wish{}); {
	case k.wish == before:
		return nil
	case before == empty && b.wishesLocked() >= MaxWishes:
		return core.Errorf(core.Limited, "%d peers have a name, are kept or blocked; take that back from one first", MaxWishes)
	case k.wish == empty && k.lastSeen.IsZero(): // it was never met, nor is it wanted now
		delete(b.peers, id)
	default:
		b.peers[id] = k
	}
	b.changed = true
	if len(b.peers) > MaxStoredPeers {
		b.makeRoomLocked()
	}
	return nil
}

func (b *book) wishesLocked() int {
	n := 0
	for _, k := range b.peers {
		if k.wish != (wish{}) {
			n++
		}
	}
	return n
}

func (b *book) names() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := map[string]string{}
	for _, k := range b.peers {
		if k.wish.name != "" {
			names[k.id.String()] = k.wish.name
		}
	}
	return names
}

func (b *book) forget(id peer.ID) (had bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, had = b.peers[id]
	delete(b.peers, id)
	b.changed = b.changed || had
	return had
}

// blocked tells whether a person wants never to meet the peer.
func (b *book) blocked(id peer.ID) bool {
	return b.wanted(id).blocked
}

// wanted is what is wanted of one peer.
func (b *book) wanted(id peer.ID) wish {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.peers[id].wish
}

func (b *book) has(id peer.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, there := b.peers[id]
	return there
}
