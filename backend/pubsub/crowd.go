// The people of one topic, as this peer hears of them. Each peer tells in a
// topic beside the topic who is connected to it, and repeats that as often as a
// beacon; who is not heard of for three of those times is gone.

package pubsub

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// The times of a question.
const (
	// maxAnswerDelay spreads the answers of many nodes to one question.
	maxAnswerDelay = 100 * time.Millisecond
	// minAnswerGap lets one answer serve all questions of that time.
	minAnswerGap = 250 * time.Millisecond
	// quietFor ends the wait for answers when none has come for so long and
	// nobody is known to owe one; MaxSettle ends it in any case.
	quietFor = 300 * time.Millisecond
	lookFor  = 50 * time.Millisecond
)

// crowds are those of one run. The zero value works.
type crowds struct {
	mu   sync.Mutex
	open map[string]*crowd // by the wire name of the topic beside the topic
}

// crowd keeps who is present in one topic, for as long as somebody here is, or
// has asked within the lingering time. A goroutine of its own hears and speaks.
type crowd struct {
	e     *engine
	ns    core.Namespace
	name  string
	self  string
	sub   *Subscription
	asked time.Time

	opened  chan struct{} // closed when sub or err is there
	err     error
	settled chan struct{} // closed when those who are present have been heard
	gone    chan struct{} // closed when it is over
	wake    chan struct{} // something is to be said
	wanted  time.Time     // last use; under crowds.mu

	mu     sync.Mutex
	ended  bool
	table  map[place]present
	counts map[string]int // connections of each member
	local  map[uint64]*Presence
	left   []presenceEntry // to be said

	// Owned by its goroutine.
	answered map[string]struct{}
	heardAt  time.Time
	answer   *time.Timer
	due      bool // an answer is
	lastSaid time.Time
}

// enter finds the crowd of a topic or begins one.
func (cs *crowds) enter(ctx context.Context, e *engine, ns core.Namespace, topic string) (*crowd, error) {
	label := presenceMark + topic
	name := ns.Qualify(label)
	cs.mu.Lock()
	c, known := cs.open[name]
	if !known {
		c = &crowd{
			e: e, ns: ns, name: name, self: e.host.ID().String(),
			opened: make(chan struct{}), settled: make(chan struct{}), gone: make(chan struct{}), wake: make(chan struct{}, 1),
			table: make(map[place]present), counts: make(map[string]int), local: make(map[uint64]*Presence),
			answered: make(map[string]struct{}),
		}
		if cs.open == nil {
			cs.open = make(map[string]*crowd)
		}
		cs.open[name] = c
	}
	c.wanted = time.Now()
	cs.mu.Unlock()
	if known {
		select {
		case <-c.opened:
			return c, c.err
		case <-ctx.Done():
			return nil, core.Wrap(core.Unavailable, ctx.Err(), "the call ended before the topic could be opened")
		}
	}
	// Others wait for this opening, so it does not end with its first caller.
	opening, cancel := context.WithTimeout(context.WithoutCancel(ctx), MaxPublishWait)
	defer cancel()
	if c.err = c.begin(opening, label); c.err != nil {
		cs.remove(c)
	}
	close(c.opened)
	return c, c.err
}

func (cs *crowds) remove(c *crowd) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.open[c.name] == c {
		delete(cs.open, c.name)
	}
}

// begin listens, asks who is there, and starts the goroutine.
func (c *crowd) begin(ctx context.Context, label string) (err error) {
	if c.sub, err = c.e.begin(ctx, c.ns, label, c.name); err != nil {
		return err
	}
	c.asked = time.Now()
	c.heardAt = c.asked
	err = c.say(ctx, kindAsk, nil)
	if err == nil && !c.e.tasks.start(func() { c.run(context.WithoutCancel(ctx)) }) {
		err = errStopped()
	}
	if err != nil {
		c.sub.Close()
	}
	return err
}

func (c *crowd) say(ctx context.Context, kind byte, entries []presenceEntry) error {
	for _, word := range encodePresence(kind, entries) {
		if err := c.e.publish(ctx, c.ns, c.name, word); err != nil {
			return err
		}
	}
	return nil
}

// run hears and speaks until nobody needs it any more, or the node stops.
func (c *crowd) run(ctx context.Context) {
	defer c.end()
	renew := time.NewTicker(c.e.pace.beacon)
	defer renew.Stop()
	sweep := time.NewTicker(c.e.pace.sweep)
	defer sweep.Stop()
	look := time.NewTicker(lookFor)
	defer look.Stop()
	c.answer = time.NewTimer(time.Hour)
	defer c.answer.Stop()
	for {
		select {
		case m, open := <-c.sub.Messages():
			if !open {
				return
			}
			c.hear(m)
		case <-c.wake:
			c.speak(ctx, false)
		case <-c.answer.C:
			c.due = false
			c.speak(ctx, true)
		case <-renew.C:
			c.speak(ctx, len(c.mine()) > 0)
		case <-sweep.C:
			c.expire(time.Now())
			if c.idle(time.Now()) {
				c.speak(ctx, false)
				return
			}
		case <-look.C:
			if c.settle(time.Now()) {
				look.Stop()
			}
		}
	}
}

// speak says who has left, and who is here. A word that cannot be said now is
// made good by the next renewal, or by time.
func (c *crowd) speak(ctx context.Context, present bool) {
	ctx, cancel := context.WithTimeout(ctx, MaxSettle)
	defer cancel()
	c.mu.Lock()
	left := c.left
	c.left = nil
	c.mu.Unlock()
	var err error
	if len(left) > 0 {
		err = c.say(ctx, kindLeft, left)
	}
	if present && err == nil {
		c.lastSaid = time.Now()
		err = c.say(ctx, kindPresent, c.mine())
	}
	if err != nil {
		c.e.log.Debug("who is present could not be said", core.KeyNamespace, c.ns, core.KeyError, err)
	}
}

func (c *crowd) mine() []presenceEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries := make([]presenceEntry, 0, len(c.local))
	for conn := range c.local {
		entries = append(entries, presenceEntry{conn: conn, present: c.table[place{c.self, conn}]})
	}
	return entries
}

// settle says whether those who are present have been heard.
func (c *crowd) settle(now time.Time) bool {
	if now.Sub(c.asked) < MaxSettle && c.e.interest.anybody() {
		if now.Sub(c.heardAt) < quietFor {
			return false
		}
		for _, id := range c.e.interest.servers(c.name) {
			if _, has := c.answered[id.String()]; !has {
				return false
			}
		}
	}
	close(c.settled)
	return true
}

// hear takes one word of another peer.
func (c *crowd) hear(m core.Message) {
	if m.From == c.self {
		return // applied when it was said
	}
	w, err := decodePresence(m.Data)
	if err != nil {
		c.e.log.Debug("a word about presence was not understood", core.KeyPeer, m.From, core.KeyError, err)
		return
	}
	switch now := time.Now(); w.kind {
	case kindAsk:
		if !c.due {
			c.due = true
			wait := time.Duration(rand.Int64N(int64(maxAnswerDelay))) //nolint:gosec // spreading load needs no secrecy
			c.answer.Reset(max(wait, minAnswerGap-now.Sub(c.lastSaid)))
		}
	case kindLeft:
		for _, e := range w.entries {
			c.remove(place{m.From, e.conn}, now)
		}
	default:
		c.heardAt = now
		if len(c.answered) < MaxLeases {
			c.answered[m.From] = struct{}{}
		}
		for _, e := range w.entries {
			e.until = now.Add(presenceLife * c.e.pace.beacon)
			e.joined = min(e.joined, now.UnixMilli())
			c.add(place{m.From, e.conn}, e.present, w.kind == kindJoined || c.isSettled(), now)
		}
	}
}

func (c *crowd) isSettled() bool {
	select {
	case <-c.settled:
		return true
	default:
		return false
	}
}

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

// join makes p present; known is false when the crowd ended meanwhile.
func (c *crowd) join(ctx context.Context, p *Presence, meta []byte) (known bool, err error) {
	now := time.Now()
	if p.member.JoinedAt.IsZero() {
		p.member.JoinedAt = now
	}
	entry := presenceEntry{conn: p.conn, present: present{member: p.member.MemberID, joined: p.member.JoinedAt.UnixMilli(), meta: meta}}
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return false, nil
	}
	p.crowd = c
	c.local[p.conn] = p
	if !c.addLocked(place{c.self, p.conn}, entry.present, true, now) {
		delete(c.local, p.conn)
		c.mu.Unlock()
		return true, core.Errorf(core.Limited, "the topic has %d members present; try again when some have left", MaxMembers)
	}
	c.mu.Unlock()
	if err = c.say(ctx, kindJoined, []presenceEntry{entry}); err != nil {
		p.Close()
	}
	return true, err
}

// part ends a presence.
func (c *crowd) part(p *Presence) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, here := c.local[p.conn]; !here {
		return
	}
	delete(c.local, p.conn)
	close(p.events)
	at := place{c.self, p.conn}
	last := c.counts[p.member.MemberID] == 1
	c.leaveLocked(p)
	if last {
		c.tellLocked(at, core.PresenceEvent{Member: p.member, Time: time.Now()})
	}
}

// idle says whether nobody has needed the crowd for a while; it is over then.
func (c *crowd) idle(now time.Time) bool {
	c.e.crowds.mu.Lock()
	defer c.e.crowds.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.local) > 0 || !c.isSettled() || now.Sub(c.wanted) < c.e.pace.linger {
		return false
	}
	c.ended = true
	delete(c.e.crowds.open, c.name)
	return true
}

// end closes what is open.
func (c *crowd) end() {
	c.e.crowds.remove(c)
	c.sub.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for _, p := range c.local {
		close(p.events)
	}
	clear(c.local)
	close(c.gone)
}
