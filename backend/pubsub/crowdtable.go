// The table of one crowd: who comes, who goes, and who is told.

package pubsub

import (
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// add notes a connection and says whether there was room. Those who were there
// before this peer began to listen are no news.
func (c *crowd) add(at place, m present, news bool, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addLocked(at, m, news, now)
}

func (c *crowd) addLocked(at place, m present, news bool, now time.Time) bool {
	old, again := c.table[at]
	if again && old.member != m.member {
		return true // a connection is one member's
	}
	if !again && len(c.table) >= MaxMembers {
		return false
	}
	c.table[at] = m
	if again {
		return true
	}
	c.counts[m.member]++
	if c.counts[m.member] == 1 && news {
		c.tellLocked(at, core.PresenceEvent{Joined: true, Member: m.visible(), Time: now})
	}
	return true
}

func (c *crowd) remove(at place, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removeLocked(at, now)
}

func (c *crowd) removeLocked(at place, now time.Time) {
	m, known := c.table[at]
	if !known {
		return
	}
	delete(c.table, at)
	if c.counts[m.member]--; c.counts[m.member] > 0 {
		return
	}
	delete(c.counts, m.member)
	c.tellLocked(at, core.PresenceEvent{Member: m.visible(), Time: now})
}

// tellLocked tells those who are present here, but not the one whom it is about.
// Whoever does not read is no longer told.
func (c *crowd) tellLocked(about place, e core.PresenceEvent) {
	for conn, p := range c.local {
		if about == (place{c.self, conn}) {
			continue
		}
		select {
		case p.events <- e:
		default:
			close(p.events)
			delete(c.local, conn)
			c.leaveLocked(p)
		}
	}
}

// leaveLocked lets the others be told that a connection of this peer is over.
func (c *crowd) leaveLocked(p *Presence) {
	c.left = append(c.left, presenceEntry{conn: p.conn})
	delete(c.table, place{c.self, p.conn})
	if c.counts[p.member.MemberID]--; c.counts[p.member.MemberID] <= 0 {
		delete(c.counts, p.member.MemberID)
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// expire drops those who have not been heard of.
func (c *crowd) expire(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, m := range c.table {
		if !m.until.IsZero() && now.After(m.until) {
			c.removeLocked(at, now)
		}
	}
}
