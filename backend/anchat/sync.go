package anchat

// This file keeps up with what others wrote: it reads the mailboxes and the inbox
// from where it stopped, and then whenever the nodes say that there is more.

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	// The pauses after failures double from the first to the last.
	firstPause = time.Second
	lastPause  = 30 * time.Second
	// cursorInbox is the name of the inbox's cursor; mailboxes have their own names.
	cursorInbox = "inbox"
)

// pause is how long to wait before the next try.
type pause struct{ last time.Duration }

// next doubles, with a random part so that not all come back at once.
func (p *pause) next() time.Duration {
	p.last = min(max(2*p.last, firstPause), lastPause)
	return p.last/2 + rand.N(p.last) //nolint:gosec // nothing secret
}

func (p *pause) reset() { p.last = 0 }

// sleep waits for a time, a bell, or the end.
func sleep(ctx context.Context, wait time.Duration, b bell) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b:
	case <-ctx.Done():
	}
}

// follow keeps up until ctx ends.
func (s *session) follow(ctx context.Context) {
	var wait pause
	f := &follower{s: s, read: map[wire.Name]bool{}, stalled: map[wire.Name]bool{}, told: map[wire.Name]bool{}}
	for ctx.Err() == nil {
		if err := f.round(ctx); err != nil {
			s.offline(ctx, err)
			sleep(ctx, wait.next(), nil)
			f.read, f.index = map[wire.Name]bool{}, 0 // whatever was missed meanwhile
			continue
		}
		wait.reset()
	}
}

// follower is what the present connection has seen.
type follower struct {
	s     *session
	read  map[wire.Name]bool // mailboxes that were read to their end once
	index uint64             // the log entry up to which everything was read
	// stalled are mailboxes of the running round that do not go on; told are those of
	// which diagnostics know.
	stalled, told map[wire.Name]bool
}

// round reads what was never read, then waits for the next change and reads that.
func (f *follower) round(ctx context.Context) error {
	s := f.s
	if err := s.refresh(ctx, 0, s.takeStale()...); err != nil {
		return err
	}
	if f.index == 0 {
		now, err := s.service.Follow(ctx, nil, 0, wire.MaxFollowWait)
		if err != nil {
			return err
		}
		if err = s.begun(ctx); err != nil {
			return err
		}
		if err = s.readInbox(ctx); err != nil {
			return err
		}
		f.index = max(now.Index, 1)
	}
	f.prune()
	for again := true; again; {
		again = false
		for _, box := range s.followed() {
			if f.read[box.name] {
				continue
			}
			if err := f.readMailbox(ctx, box); err != nil {
				return err
			}
			again = true // reading it may have shown another
		}
	}
	for name := range f.stalled { // the next round tries again
		delete(f.read, name)
	}
	clear(f.stalled)
	s.online()
	boxes := s.followed()
	tags := make([]wire.Tag, 0, len(boxes))
	for _, box := range boxes {
		tags = append(tags, box.tag)
	}
	change, err := f.wait(ctx, tags)
	if err != nil || change.Index == 0 {
		return err
	}
	if change.Inbox > 0 {
		if err = s.readInbox(ctx); err != nil {
			return err
		}
	}
	for _, box := range boxes {
		if _, changed := change.Mailboxes[box.name]; changed {
			if err = f.readMailbox(ctx, box); err != nil {
				return err
			}
		}
	}
	f.index = max(f.index, change.Index)
	return nil
}

// readMailbox reads one of them. A mailbox that does not go on keeps the others from
// nothing.
func (f *follower) readMailbox(ctx context.Context, box mailbox) error {
	err := f.s.readMailbox(ctx, box)
	var stalled *stall
	if errors.As(err, &stalled) || core.CodeOf(err) == core.Denied {
		f.stalled[box.name] = true
		f.read[box.name] = true
		if f.told[box.name] {
			return nil
		}
		f.told[box.name] = true
		return f.s.do(ctx, func(t *turn) error {
			t.refused("mailbox", box.room, "", err)
			return nil
		})
	}
	f.read[box.name] = true
	return err
}

// prune forgets mailboxes that are followed no more: should they come back, they are
// read anew.
func (f *follower) prune() {
	still := map[wire.Name]bool{}
	for _, box := range f.s.followed() {
		still[box.name] = true
	}
	for name := range f.read {
		if !still[name] {
			delete(f.read, name)
		}
	}
}

// wait asks for changes until there are some, or until something else is to be
// read; the change is empty then.
func (f *follower) wait(ctx context.Context, tags []wire.Tag) (wire.Change, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		change wire.Change
		err    error
	}
	answers := make(chan answer, 1)
	go func() { // it ends with ctx, and is waited for below
		change, err := f.s.service.Follow(ctx, tags, f.index, wire.MaxFollowWait)
		answers <- answer{change, err}
	}()
	select {
	case a := <-answers:
		return a.change, a.err
	case <-f.s.syncs:
		cancel()
		<-answers
		return wire.Change{}, nil
	}
}

// mailbox is one that is read, and where its rows go.
type mailbox struct {
	room wire.Room
	tag  wire.Tag
	name wire.Name
	// knocks says that people knock here to be let in by a link; the room's own rows
	// are elsewhere.
	knocks bool
}

// readMailbox reads a mailbox from where it was left to its end.
func (s *session) readMailbox(ctx context.Context, box mailbox) error {
	for ctx.Err() == nil {
		after, err := s.vault.Cursor(ctx, box.name.String())
		if err != nil {
			return err
		}
		page, err := s.service.Mailbox(ctx, box.tag, after, wire.MaxPage)
		if core.CodeOf(err) == core.NotFound {
			return nil // nothing was put there yet
		}
		if err != nil {
			return err
		}
		if len(page.Rows) == 0 {
			return s.withheld(ctx, box, after, page.Last)
		}
		if err = checkPage(page, after); err != nil {
			return err
		}
		if err = s.noteGap(ctx, box, after, page.Rows); err != nil {
			return err
		}
		s.counted(int64(page.Last-after), 0) //nolint:gosec // both are numbers of rows
		err = s.take(ctx, box.name.String(), page.Rows, func(t *turn, r wire.Stored, last bool) error {
			return t.row(box, r, last)
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// withheld notes that the nodes know of rows that they do not give.
func (s *session) withheld(ctx context.Context, box mailbox, after, last uint64) error {
	if last <= after {
		return nil
	}
	return s.do(ctx, func(t *turn) error {
		t.refused("mailbox", box.room, "", core.Errorf(core.Denied, "the nodes keep back %d rows of this room", last-after))
		return nil
	})
}

// checkPage returns core.Denied for a page that cannot be one.
func checkPage(page wire.Page, after uint64) error {
	if len(page.Rows) > wire.MaxPage {
		return core.Errorf(core.Denied, "the nodes answer with more rows than were asked for")
	}
	for _, r := range page.Rows {
		if r.Seq <= after || r.Seq > page.Last {
			return core.Errorf(core.Denied, "the nodes give rows in an order that cannot be")
		}
		after = r.Seq
	}
	return nil
}

// take takes rows in, one turn after another, and moves the cursor with them. Where
// the devices of somebody have to be asked for first, a turn ends before that row.
func (s *session) take(ctx context.Context, cursor string, rows []wire.Stored, one func(t *turn, r wire.Stored, last bool) error) error {
	count, last := len(rows), false
	for len(rows) > 0 {
		var need *engine.NeedDevices
		at := 0
		err := s.do(ctx, func(t *turn) error {
			for at = 0; at < count; at++ {
				if err := one(t, rows[at], last && at == 0); err != nil {
					return err
				}
			}
			return t.advance(cursor, rows[count-1].Seq)
		})
		switch {
		case err == nil:
			s.counted(0, int64(count))
			rows = rows[count:]
			count, last = len(rows), false
		case !errors.As(err, &need):
			return err
		case at > 0:
			count = at
		default:
			if err = s.meet(ctx, need); err != nil && core.CodeOf(err) != core.NotFound {
				return err
			}
			count, last = len(rows), true // what is still needed then is not to be had
		}
	}
	return nil
}

// advance moves a cursor on. It never goes back: two may read at the same time.
func (t *turn) advance(cursor string, to uint64) error {
	at, err := t.Cursor(cursor)
	if err != nil || at >= to {
		return err
	}
	return t.SetCursor(cursor, to)
}

// row takes in one stored row. It returns *engine.NeedDevices unless last is true:
// then what is not known never will be, and the row is refused. Rows that do not
// hold are refused and passed over; an error is one of this device.
func (t *turn) row(box mailbox, stored wire.Stored, last bool) error {
	row, err := wire.Decode(stored.Row)
	if err == nil {
		switch r := row.(type) {
		case wire.Event:
			err = t.event(box, stored, r)
		case wire.Announce:
			err = t.announce(box, stored, r)
		case wire.Message:
			err = t.stored(box, stored, r)
		case wire.Erase:
			err = t.erased(box, stored, r)
		case wire.Knock:
			err = t.knock(box, stored, r)
		default:
			err = core.Errorf(core.Invalid, "a mailbox has no rows of this kind")
		}
	}
	var need *engine.NeedDevices
	switch {
	case !errors.As(err, &need):
	case !last:
		return err
	case row.Kind() == wire.KindEvent || row.Kind() == wire.KindAnnounce || row.Kind() == wire.KindMessage:
		// The nodes took this row, so they know its device, and hide it. To go on would
		// leave this device behind the others for good.
		if t.s.stalls(box.name, t.now) {
			return &stall{err}
		}
		if event, ok := row.(wire.Event); ok {
			err = t.passEvent(box, stored, event, err)
		}
	}
	return t.pass(row, box.room, err)
}

// pass keeps an error about a row for diagnostics and goes on, so that no row can
// keep the others away. Only what is about this computer, and passes, is returned.
func (t *turn) pass(row wire.Row, room wire.Room, err error) error {
	if err == nil {
		return nil
	}
	code := core.CodeOf(err)
	if code == core.OutcomeUnknown || code == core.Unauthenticated || code == core.Unavailable && !isNeed(err) {
		return err
	}
	what := "row"
	if row != nil {
		what = row.Kind().String()
	}
	t.refused(what, room, deviceOf(row), err)
	return nil
}

// isNeed tells whether the engine waits for something else before it can judge.
func isNeed(err error) bool {
	var (
		state        *engine.NeedState
		announcement *engine.NeedAnnouncement
	)
	return needsDevices(err) || errors.As(err, &state) || errors.As(err, &announcement)
}

// deviceOf is who is said to have made a row; "" when it does not say.
func deviceOf(row wire.Row) string {
	switch r := row.(type) {
	case wire.Event:
		return r.Device.String()
	case wire.Announce:
		return r.Device.String()
	case wire.Knock:
		return r.Device.String()
	case wire.Erase:
		return r.Device.String()
	case wire.Envelope:
		return r.From.String()
	}
	return ""
}
