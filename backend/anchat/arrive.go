package anchat

// This file takes in messages of rooms, live ones and stored ones, and opens them
// as soon as their keys are here.

import (
	"errors"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// maxReopened bounds the messages of a session that are opened in one turn when
// its key has come; the rest follows in the next.
const maxReopened = wire.MaxPage

// freshest is how old an answer about somebody's devices may be to be held against
// a message that knows newer ones.
const freshest = 5 * time.Second

// Flags of messages that the vault does not know of itself.
const (
	flagForked     = "forked"
	flagRolledBack = "list_rolled_back"
	flagUnapproved = "unapproved_device"
)

// announce takes in that a device begins a session.
func (t *turn) announce(box mailbox, stored wire.Stored, a wire.Announce) error {
	r, err := t.room(box.room)
	if err != nil {
		return err
	}
	if box.knocks || a.Mailbox != box.name {
		return core.Errorf(core.Denied, "the announcement of a session stands in another mailbox")
	}
	err = t.engine.Accept(r.state, a, stored.At)
	if stored.Seq > 0 && err == nil {
		err = t.AddRow(arrival(box.name, stored), vault.Notice{})
	}
	if err != nil {
		return err
	}
	return t.reopen(a.Session)
}

// stored takes in a message that the nodes have stored.
func (t *turn) stored(box mailbox, stored wire.Stored, m wire.Message) error {
	if box.knocks {
		return core.Errorf(core.Denied, "a message stands where people knock")
	}
	index, err := m.Check()
	if err != nil && m.Suite != wire.SuiteOlm {
		return errors.Join(err, t.AddRow(arrival(box.name, stored), vault.Notice{})) // for a newer version
	}
	if err != nil {
		return err
	}
	if next, own := t.engine.NextIndex(m.Session); own && index >= next {
		t.engine.DropOutbound(box.room) // a copy of this device has gone on
	}
	if err = t.merge(box, arrival(box.name, stored)); err != nil {
		return err
	}
	return t.sharedAt(box, stored.Seq, inner.Ref{Session: m.Session, Index: index})
}

// heard takes in a message that was told live. One of a session that was not
// announced is nothing to keep: anybody who knows the mailbox's name could make it.
func (t *turn) heard(box mailbox, raw []byte, m wire.Message) error {
	if box.knocks || m.Mailbox != box.name {
		return core.Errorf(core.Denied, "a message was told at another mailbox than its own")
	}
	r, err := t.room(box.room)
	if err != nil {
		return err
	}
	closed, _, _ := r.state.Closed()
	by, announced := t.engine.Announced(m.Session, box.room)
	switch {
	case !announced: // its stored copy comes after its announcement
		return nil
	case closed || box.name != r.state.Mailbox().Tag.Name(): // it will never be stored
		return nil
	case by == t.s.device: // what this device writes it has in its outbox
		return nil
	}
	return t.merge(box, vault.Arrival{Row: raw, Mailbox: box.name, At: t.now})
}

func (t *turn) merge(box mailbox, a vault.Arrival) error {
	ref, outcome, err := t.Merge(a)
	if err != nil {
		return err
	}
	switch outcome {
	case vault.Known:
		return nil
	case vault.Second:
		t.changed(core.ChatEventMessages, box.room)
		return core.Errorf(core.Denied, "a device sent a second message in the place of one that is here; the first one stays")
	case vault.Placed:
		t.changed(core.ChatEventMessages, box.room)
		t.changed(core.ChatEventState, wire.Room{})
		return t.reopen(ref.Session)
	case vault.Fresh:
	}
	return t.open(box, ref, a)
}

// open opens a message whose line is there.
func (t *turn) open(box mailbox, ref inner.Ref, a vault.Arrival) error {
	row, err := wire.Decode(a.Row)
	if err != nil {
		return err
	}
	m, ok := row.(wire.Message)
	if !ok {
		return core.Errorf(core.Internal, "a line of messages holds another row")
	}
	r, err := t.room(box.room)
	if err != nil {
		return err
	}
	opened, err := t.engine.Open(r.state, m, a.At)
	if errors.Is(err, engine.ErrKnown) { // and not kept: see Again
		opened, err = t.engine.Again(r.state, m, a.At)
	}
	t.changed(core.ChatEventMessages, box.room)
	if err == nil {
		return t.opened(r, ref, opened)
	}
	var (
		key   *engine.MissingKey
		ann   *engine.NeedAnnouncement
		state *engine.NeedState
		need  *engine.NeedDevices
		newer *engine.NeedNewer
	)
	switch {
	case errors.As(err, &key):
		t.later(t.s.asks.ring)
		return t.Await(ref, key.Account, key.Device)
	case errors.As(err, &need) && a.Seq > 0:
		return err
	case errors.As(err, &newer):
		return t.Postpone(ref)
	case errors.As(err, &ann), errors.As(err, &state), errors.As(err, &need):
		return nil // it waits: for the stored copy, for what comes before it
	}
	return errors.Join(err, t.Reject(ref, core.Sentence(err)))
}

// opened keeps what a message says.
func (t *turn) opened(r chatRoom, ref inner.Ref, o engine.Opened) error {
	var flags []string
	if o.ForkedList {
		flags = append(flags, flagForked)
	}
	if o.NewerList {
		if t.s.isFresh(o.Author, freshest) {
			flags = append(flags, flagRolledBack) // asked just now: somebody hides it
		}
		t.later(func() { t.s.doubt(o.Author) })
	}
	if k, ok := t.engine.Lookup(o.Device); ok && !k.Approved {
		flags = append(flags, flagUnapproved)
	}
	applied, err := t.Apply(vault.Opened{
		Ref: ref, Message: o.Message, Author: o.Author, Moderator: r.state.May(o.Author, room.ActDelete), Flags: flags,
	})
	if core.CodeOf(err) == core.Invalid {
		return errors.Join(err, t.Reject(ref, core.Sentence(err)))
	}
	if err != nil {
		return err
	}
	if err = t.dropFiles(applied.Files); err != nil {
		return err
	}
	if applied.Kind == inner.KindState {
		err = t.shared(r, o.Message, applied.Position)
	}
	if applied.Kind == inner.KindReceipt {
		t.changed(core.ChatEventState, wire.Room{})
	}
	if err == nil && applied.Shown && !applied.Mine {
		t.changed(core.ChatEventRooms, r.state.ID())
		body, bodyErr := o.Message.Text()
		if bodyErr == nil {
			t.notify(r, ref, o.Author, body, applied)
		}
	}
	return err
}

// reopen opens what waits of a session: its key or its announcement has come.
func (t *turn) reopen(session wire.Session) error { return t.reopenFrom(session, 0) }

// reopenFrom goes on at an index: what does not open stays, and is not tried in a
// circle.
func (t *turn) reopenFrom(session wire.Session, from uint32) error {
	waiting, err := t.Unopened(session, from, maxReopened)
	if err != nil {
		return err
	}
	var need error
	for _, w := range waiting {
		row, err := wire.Decode(w.Row)
		if err != nil {
			return err
		}
		m, ok := row.(wire.Message)
		if !ok {
			continue
		}
		box, ok := t.boxNamed(m.Mailbox)
		if !ok {
			continue
		}
		err = t.open(box, w.Ref, vault.Arrival{Row: w.Row, Mailbox: m.Mailbox, Seq: w.Place.Seq, At: w.At})
		if needsDevices(err) {
			need = err
			continue
		}
		if err = t.pass(m, box.room, err); err != nil {
			return err
		}
	}
	if len(waiting) == maxReopened {
		next := waiting[maxReopened-1].Ref.Index + 1
		t.later(func() { t.s.more(rest{session, next}) })
	}
	return need
}

// boxNamed is the mailbox of a name, where a room lives or lived.
func (t *turn) boxNamed(name wire.Name) (mailbox, bool) {
	id, ok := t.s.roomAt(name)
	if ok {
		return mailbox{room: id, name: name}, true
	}
	for id, r := range t.rooms {
		if r == nil {
			continue
		}
		if m, ok := boxOf(r.state, name); ok {
			return mailbox{room: id, tag: m.Tag, name: name}, true
		}
	}
	return mailbox{}, false
}

// erased takes in that the author of a message had it emptied.
func (t *turn) erased(box mailbox, stored wire.Stored, e wire.Erase) error {
	author, err := t.engine.CheckErase(e, stored.At)
	if err != nil {
		return err
	}
	files, err := t.Erase(arrival(box.name, stored), author)
	if err != nil {
		return err
	}
	t.changed(core.ChatEventMessages, box.room)
	return t.dropFiles(files)
}
