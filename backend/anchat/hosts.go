package anchat

// This file says which nodes keep a room.

import (
	"context"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	// hostsFresh is for how long an answer is told again.
	hostsFresh = 30 * time.Second
	// hostsPatience is how long a screen waits for it; it shows the room without then.
	hostsPatience = 2 * time.Second
	// hostsLookBack bounds the lines among which a stored message is looked for.
	hostsLookBack = 20
)

// hosted is which nodes are to keep a room, and which have its newest message.
type hosted struct {
	all, by []string
	at      time.Time
}

// hosts remembers the answers for a while.
type hosts struct {
	mu    sync.Mutex
	rooms map[wire.Room]hosted
}

func (h *hosts) get(id wire.Room, now time.Time) (hosted, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	have, ok := h.rooms[id]
	return have, ok && now.Before(have.at.Add(hostsFresh))
}

func (h *hosts) put(id wire.Room, now hosted) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms == nil {
		h.rooms = map[wire.Room]hosted{}
	}
	h.rooms[id] = now
}

// hostsOf fills in the nodes that keep a room: those that keep its newest stored
// message. Without an answer nobody is named.
func (s *session) hostsOf(ctx context.Context, id wire.Room, out *core.ChatRoom) {
	have, ok := s.hosts.get(id, s.now())
	if !ok {
		if ref, stored := s.newestStored(ctx, id); stored {
			ask, cancel := context.WithTimeout(ctx, hostsPatience)
			defer cancel()
			if held, err := s.service.StoredAt(ask, ref.Session, ref.Index); err == nil {
				have = hosted{all: held.All, by: held.By, at: s.now()}
				s.hosts.put(id, have)
			}
		}
	}
	out.Hosts, out.Answering = append(out.Hosts, have.all...), append(out.Answering, have.by...)
}

// newestStored is the newest message of a room that has a place there.
func (s *session) newestStored(ctx context.Context, id wire.Room) (inner.Ref, bool) {
	page, err := s.vault.Messages(ctx, core.ChatQuery{Room: id.String(), Limit: hostsLookBack})
	if err != nil {
		return inner.Ref{}, false
	}
	for _, m := range slices.Backward(page.Messages) {
		if ref, err := inner.ParseRef(m.ID); err == nil && !m.StoredAt.IsZero() {
			return ref, true
		}
	}
	return inner.Ref{}, false
}
