package anchat

// This file takes in what others changed of rooms.

import (
	"errors"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// warnForked is the warning of a room of which the nodes tell another chain.
const warnForked = "forked"

// event takes the next event of a room in.
func (t *turn) event(box mailbox, stored wire.Stored, e wire.Event) error {
	r, err := t.room(box.room)
	if err != nil {
		return err
	}
	if e.Mailbox != box.name || box.knocks {
		return core.Errorf(core.Denied, "this change of the room stands in another mailbox")
	}
	if r.state.KnownHead(e.Hash()) {
		return nil // made here
	}
	author, err := t.engine.CheckEvent(e, stored.At)
	if needsDevices(err) {
		return err
	}
	if err != nil {
		return errors.Join(err, t.skip(r, stored, e, wallet.Account{}))
	}
	at, ok := boxOf(r.state, e.Mailbox)
	if !ok {
		return core.Errorf(core.Denied, "the room does not live in this mailbox")
	}
	body, err := room.Open(at, e)
	if err != nil {
		return errors.Join(err, t.skip(r, stored, e, author))
	}
	return t.apply(r, stored, e, author, body)
}

// passEvent lets an event take its place whose device nobody knows, for a reason.
func (t *turn) passEvent(box mailbox, stored wire.Stored, e wire.Event, why error) error {
	r, err := t.room(box.room)
	if err != nil {
		return errors.Join(why, err)
	}
	return errors.Join(why, t.skip(r, stored, e, wallet.Account{}))
}

// skip lets an event take its place without any effect.
func (t *turn) skip(r chatRoom, stored wire.Stored, e wire.Event, author wallet.Account) error {
	next, err := r.state.Skip(e, author)
	if err != nil {
		return errors.Join(err, t.forked(r))
	}
	if err = t.setState(next); err != nil {
		return err
	}
	return t.AddRow(arrival(e.Mailbox, stored), vault.Notice{})
}

// apply changes a room by an event that holds.
func (t *turn) apply(r chatRoom, stored wire.Stored, e wire.Event, author wallet.Account, b room.Body) error {
	next, refused := r.state.Apply(e, author, b)
	if next == nil {
		return errors.Join(refused, t.forked(r))
	}
	if err := t.setState(next); err != nil {
		return err
	}
	notice := vault.Notice{}
	if refused == nil {
		notice = noticeOf(e, author, b)
	}
	if err := t.AddRow(arrival(e.Mailbox, stored), notice); err != nil {
		return err
	}
	t.changed(core.ChatEventMessages, next.ID())
	if e.Closes { // nothing that was heard there will be stored any more
		if _, err := t.ForgetHeard(next.ID(), t.now.Add(time.Second)); err != nil {
			return err
		}
	}
	if err := t.settleRoom(r.state, next); err != nil {
		return err
	}
	return refused
}

// settleRoom does what a change of a room means for its reader.
func (t *turn) settleRoom(before, now *room.State) error {
	r, err := t.room(now.ID())
	if err != nil {
		return err
	}
	state := r.local.State
	m, in := now.Member(t.s.account)
	switch {
	case in && !m.Invited:
		state = core.ChatJoined
	case in && state != core.ChatJoined:
		state = core.ChatInvited
	case !in && (state == core.ChatJoined || state == core.ChatInvited) && now.Kind() != "":
		if _, was := before.Member(t.s.account); was {
			state = core.ChatLeft
		}
	}
	if state == core.ChatJoined {
		if err = t.Delete(kindKnocked, now.ID().String()); err != nil {
			return err
		}
	}
	if state != r.local.State {
		if err = t.setLocal(now.ID(), func(l *vault.Local) { l.State = state }); err != nil {
			return err
		}
	}
	if closed, _, _ := now.Closed(); closed {
		return t.lead(now)
	}
	return nil
}

// forked notes that the nodes tell another chain than the one that is known.
func (t *turn) forked(r chatRoom) error {
	return t.setLocal(r.state.ID(), func(l *vault.Local) { l.Warning = warnForked })
}

func boxOf(s *room.State, name wire.Name) (room.Mailbox, bool) {
	for _, m := range append(s.Mailboxes(), s.Next()...) {
		if m.Tag.Name() == name {
			return m, true
		}
	}
	return room.Mailbox{}, false
}

func arrival(name wire.Name, stored wire.Stored) vault.Arrival {
	return vault.Arrival{Row: stored.Row, Mailbox: name, Seq: stored.Seq, Index: stored.Index, At: stored.At}
}

// noticeOf is what people are told of an event.
func noticeOf(e wire.Event, author wallet.Account, b room.Body) vault.Notice {
	what, by, about, text := b.Notice(author)
	n := vault.Notice{What: what, From: by, Device: e.Device, Text: text, At: e.At}
	for _, a := range about {
		n.Targets = append(n.Targets, wire.AccountID(a))
	}
	return n
}
