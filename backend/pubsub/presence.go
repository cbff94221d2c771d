// Who is present in a topic: what callers see of it.

package pubsub

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxMembers bounds who is present in one topic, on all nodes together.
	// Somebody who is there twice counts twice.
	MaxMembers = 1000
	// maxEvents is how many comings and goings one Presence holds for its reader.
	maxEvents = 256
	// presenceLife is for how many of its renewals a member may be unheard of.
	presenceLife = 3
)

// Presence is one connection of a member to a topic.
type Presence struct {
	crowd  *crowd
	conn   uint64
	member core.PresenceMember
	events chan core.PresenceEvent
	once   sync.Once
}

// Events gives the comings and goings of others. A member who is there several
// times comes once and goes once. It is closed when the presence ends, also
// because it was not read.
func (p *Presence) Events() <-chan core.PresenceEvent { return p.events }

// Close ends the presence and tells the others. It may be called twice.
func (p *Presence) Close() { p.once.Do(func() { p.crowd.part(p) }) }

// Join makes a member present in a topic until Close. When it returns, the
// neighbours have been told. It needs the right to publish there: an author
// without gets core.Denied.
func (p *PubSub) Join(ctx context.Context, ns core.Namespace, topic string, m core.PresenceMember) (*Presence, error) {
	if err := core.CheckPresence(m); err != nil {
		return nil, err
	}
	meta, err := packMeta(m.Meta)
	if err != nil {
		return nil, err
	}
	conn, err := newConnection()
	if err != nil {
		return nil, err
	}
	place := &Presence{conn: conn, member: m, events: make(chan core.PresenceEvent, maxEvents)}
	for {
		c, err := p.crowd(ctx, ns, topic)
		if err != nil {
			return nil, err
		}
		known, err := c.join(ctx, place, meta)
		if err != nil {
			return nil, err
		}
		if known {
			return place, nil
		}
	}
}

// Presence lists who is present in a topic, wherever he is connected, in the
// order of their coming. Who is there several times is listed as he was the
// last time. The first call for a topic asks the other nodes and takes up to a
// second; later ones answer from memory.
func (p *PubSub) Presence(ctx context.Context, ns core.Namespace, topic string) ([]core.PresenceMember, error) {
	c, err := p.crowd(ctx, ns, topic)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.settled:
		return c.members(), nil
	case <-c.gone:
		if !c.isSettled() {
			return nil, errStopped()
		}
		return c.members(), nil // as it was a moment ago
	case <-ctx.Done():
		return nil, core.Wrap(core.Unavailable, ctx.Err(), "the call ended before the others had said who is present")
	}
}

func (p *PubSub) crowd(ctx context.Context, ns core.Namespace, topic string) (*crowd, error) {
	if _, err := qualify(ns, topic); err != nil {
		return nil, err
	}
	e := p.engine.Load()
	if e == nil {
		return nil, errStopped()
	}
	return e.crowds.enter(ctx, e, ns, topic)
}

// newConnection is a number that no other connection of this peer has.
func newConnection() (uint64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, core.Wrap(core.Internal, err, "there is no randomness")
	}
	return binary.BigEndian.Uint64(b[:]), nil
}

func packMeta(meta map[string]any) ([]byte, error) {
	if len(meta) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(meta)
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "a member's meta is a JSON object")
	}
	return raw, nil
}

// unpackMeta keeps whole numbers as they are. What is no object is nothing.
func unpackMeta(raw []byte) map[string]any {
	var meta map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if len(raw) == 0 || d.Decode(&meta) != nil {
		return nil
	}
	return meta
}

// place is one connection somewhere on the network.
type place struct {
	origin string // peer id of the node that it is connected to
	conn   uint64
}

// present is who is there.
type present struct {
	member string
	joined int64 // Unix milliseconds
	meta   []byte
	until  time.Time // zero for this peer's own
}

func (m present) visible() core.PresenceMember {
	return core.PresenceMember{MemberID: m.member, JoinedAt: time.UnixMilli(m.joined).UTC(), Meta: unpackMeta(m.meta)}
}

// members lists them: one entry for each id, that of its newest connection.
func (c *crowd) members() []core.PresenceMember {
	c.mu.Lock()
	newest := make(map[string]present, len(c.counts))
	for _, m := range c.table {
		if other, twice := newest[m.member]; !twice || m.joined > other.joined {
			newest[m.member] = m
		}
	}
	c.mu.Unlock()
	list := make([]core.PresenceMember, 0, len(newest))
	for _, m := range newest {
		list = append(list, m.visible())
	}
	slices.SortFunc(list, func(a, b core.PresenceMember) int {
		return cmp.Or(a.JoinedAt.Compare(b.JoinedAt), cmp.Compare(a.MemberID, b.MemberID))
	})
	return list
}
