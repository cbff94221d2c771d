package service

// This file tells followers what is new. One goroutine watches for all of them.

import (
	"bytes"
	"context"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	// watchPause is how long the watch rests when the database does not answer.
	watchPause = time.Second
	// maxHeads bounds the heads that one look reads.
	maxHeads = 5000
)

// hub is who follows what at this node.
type hub struct {
	wanted chan struct{} // somebody follows

	mu        sync.Mutex
	running   bool
	followers map[string]map[*follower]bool // by box
	count     int
	boxes     int // of all followers together
}

// follower waits for one answer.
type follower struct {
	boxes map[string]bool
	after uint64
	news  chan struct{} // closed once, when there is something or the service ends
	told  map[string]head
	at    uint64
}

// head is the newest number of a box, and when it changed.
type head struct{ last, change uint64 }

func newHub() *hub {
	return &hub{wanted: make(chan struct{}, 1), followers: map[string]map[*follower]bool{}}
}

func (h *hub) open() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = true
}

// close sends everybody away.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = false
	for _, set := range h.followers {
		for f := range set {
			h.removeLocked(f)
			close(f.news)
		}
	}
}

func (h *hub) add(f *follower) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !h.running:
		return core.Errorf(core.Unavailable, "the chat's service is not running; ask again in a moment")
	case h.count >= MaxFollowers || h.boxes+len(f.boxes) > MaxFollowedBoxes:
		return core.Errorf(core.Limited, "too many follow at this node; ask again in a moment, or at another node")
	}
	h.count++
	h.boxes += len(f.boxes)
	for box := range f.boxes {
		if h.followers[box] == nil {
			h.followers[box] = map[*follower]bool{}
		}
		h.followers[box][f] = true
	}
	select {
	case h.wanted <- struct{}{}:
	default:
	}
	return nil
}

// remove may be called for one that was removed already.
func (h *hub) remove(f *follower) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.removeLocked(f)
}

func (h *hub) removeLocked(f *follower) {
	removed := false
	for box := range f.boxes {
		if h.followers[box][f] {
			removed = true
			delete(h.followers[box], f)
		}
		if len(h.followers[box]) == 0 {
			delete(h.followers, box)
		}
	}
	if removed {
		h.count--
		h.boxes -= len(f.boxes)
	}
}

func (h *hub) empty() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count == 0
}

// tell answers those who follow one of the boxes; position is up to where heads
// holds all changes.
func (h *hub) tell(heads map[string]head, position uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	told := map[*follower]bool{}
	for box, now := range heads {
		for f := range h.followers[box] {
			if now.change > f.after {
				f.told[box] = now
				f.at = max(position, f.after)
				told[f] = true
			}
		}
	}
	for f := range told {
		h.removeLocked(f)
		close(f.news)
	}
}

// Follow waits for changes. Change.Index is the number of the log's last row, which
// all replicas share, and one more: 0 asks where things are.
func (c *caller) Follow(ctx context.Context, tags []wire.Tag, after uint64, wait time.Duration) (wire.Change, error) {
	if len(tags) > wire.MaxFollowed {
		return wire.Change{}, core.Errorf(core.TooLarge, "one follower follows at most %d mailboxes", wire.MaxFollowed)
	}
	begin := after == 0
	after = max(after, 1) - 1
	f := &follower{boxes: make(map[string]bool, len(tags)+1), after: after, news: make(chan struct{}), told: map[string]head{}}
	for _, t := range tags {
		name := t.Name()
		f.boxes[string(name[:])] = true
		c.shown.add(c.Device, name)
	}
	if c.Device != (wire.Fingerprint{}) {
		f.boxes[string(c.Device[:])] = true
	}
	if !begin { // before the look, so that nothing falls in between
		if err := c.hub.add(f); err != nil {
			return wire.Change{}, err
		}
		defer c.hub.remove(f)
	}
	heads, position, err := c.headsOf(ctx, f.boxes, after)
	switch {
	case err != nil:
		return wire.Change{}, err
	case position < after:
		return wire.Change{}, core.Errorf(core.Unavailable, "the database was set back to an earlier state; follow it from the start")
	case len(heads) > 0 || begin:
		return c.change(heads, position), nil
	}
	over := time.NewTimer(min(max(wait, 0), wire.MaxFollowWait))
	defer over.Stop()
	select {
	case <-f.news:
		if len(f.told) == 0 {
			return wire.Change{}, core.Errorf(core.Unavailable, "the chat's service ends; ask again in a moment")
		}
		return c.change(f.told, f.at), nil
	case <-over.C:
		return wire.Change{Index: after + 1}, nil
	case <-ctx.Done():
		return wire.Change{}, core.Wrap(core.Unavailable, ctx.Err(), "the question was taken back")
	}
}

func (c *caller) change(heads map[string]head, position uint64) wire.Change {
	out := wire.Change{Index: position + 1, Mailboxes: map[wire.Name]uint64{}}
	for box, h := range heads {
		if bytes.Equal([]byte(box), c.Device[:]) {
			out.Inbox = h.last
			continue
		}
		var name wire.Name
		copy(name[:], box)
		out.Mailboxes[name] = h.last
	}
	return out
}

// headsOf reads the heads of boxes that changed after a position, and how far this
// replica is, at one moment.
func (s *Service) headsOf(ctx context.Context, boxes map[string]bool, after uint64) (map[string]head, uint64, error) {
	list := make([][]byte, 0, len(boxes))
	for box := range boxes {
		list = append(list, []byte(box))
	}
	var b builder
	b.add(`SELECT box, last, change FROM heads WHERE change > ? AND box IN `, min(after, maxNumber))
	b.in(list)
	b.add(` UNION ALL SELECT NULL, 0, coalesce(max(change), 0) FROM heads`)
	st := stmt(b.sql.String(), b.args...)
	rows, err := s.near(ctx, core.QueryOptions{}, st)
	if err != nil {
		return nil, 0, err
	}
	heads, position := readHeads(rows)
	if position >= after {
		return heads, position, nil
	}
	// This replica is behind the one that the follower asked before. Or the database
	// was restored: then the leader is behind, too.
	if rows, err = s.atLeader(ctx, core.QueryOptions{}, st); err != nil {
		return nil, 0, err
	}
	heads, position = readHeads(rows)
	return heads, position, nil
}

// readHeads reads the heads and, from the row without a box, the position.
func readHeads(rows *core.Rows) (heads map[string]head, position uint64) {
	heads = map[string]head{}
	for _, row := range rows.Values {
		if row[0] == nil {
			position = count(row[2])
			continue
		}
		heads[string(raw(row[0]))] = head{count(row[1]), count(row[2])}
	}
	return heads, position
}

// watch looks at the heads when they change, as long as somebody follows: the
// group may sleep while nobody does.
func (s *Service) watch(ctx context.Context) {
	var position, index uint64
	for ctx.Err() == nil {
		if s.hub.empty() {
			select {
			case <-s.hub.wanted:
			case <-ctx.Done():
				return
			}
		}
		more, err := s.look(ctx, &position, &index)
		switch {
		case err != nil:
			s.rest(ctx)
		case !more:
			if _, err = s.db.Changed(ctx, wire.Namespace, index, []string{"heads"}, core.MaxChangeWait); err != nil {
				s.rest(ctx)
			}
		}
	}
}

// rest waits until the database may answer again.
func (s *Service) rest(ctx context.Context) {
	pause := time.NewTimer(watchPause)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}

const newHeadsSQL = `SELECT box, last, change FROM (SELECT box, last, change FROM heads WHERE change > ?1 ORDER BY change LIMIT ?2)
 UNION ALL SELECT NULL, 0, coalesce(max(change), 0) FROM heads`

// look reads at this node's replica what changed after position, tells the
// followers, and says whether there is more. index is the log entry to wait after.
func (s *Service) look(ctx context.Context, position, index *uint64) (more bool, err error) {
	rows, err := s.query(ctx, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}}, stmt(newHeadsSQL, *position, maxHeads))
	if err != nil {
		return false, err
	}
	heads, last := readHeads(rows)
	*index = rows.Provenance.Index
	if more = len(heads) == maxHeads; more { // the oldest of them, so that the rest comes next
		last = 0
		for _, h := range heads {
			last = max(last, h.change)
		}
	}
	*position = last // lower than before when the database was restored
	s.hub.tell(heads, last)
	return more, nil
}
