package service

// This file remembers who has shown the tag of which mailbox. A mailbox's name is
// seen by every node that passes gossip on; with the name alone nobody shall begin
// to write there, or close it.

import (
	"sync"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// maxShown bounds what is remembered: 200 rooms of 1,000 devices.
const maxShown = 200_000

// shown is who has shown which tag at this node.
type shown struct {
	mu   sync.Mutex
	seen map[showing]bool // at most maxShown
}

type showing struct {
	device  wire.Fingerprint
	mailbox wire.Name
}

// add notes the mailboxes whose tags a device knows. Nobody in particular has none.
func (s *shown) add(device wire.Fingerprint, mailboxes ...wire.Name) {
	if device == (wire.Fingerprint{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range mailboxes {
		if len(s.seen) >= maxShown {
			clear(s.seen) // whoever is forgotten reads on, and shows its tags with that
		}
		s.seen[showing{device, m}] = true
	}
}

func (s *shown) has(device wire.Fingerprint, box []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(box) == len(wire.Name{}) && s.seen[showing{device, wire.Name(box)}]
}

// opens tells whether the row may only be put by who knows the tag: an event, and
// the announcement that messages refer to. A knock is a question to those inside.
func opens(k wire.Kind) bool { return k == wire.KindEvent || k == wire.KindAnnounce }

func errNotShown() error {
	return core.Errorf(core.Limited, "this node does not know yet that you may write into this mailbox; read it, then put the same row again")
}
