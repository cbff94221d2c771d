package anchat

// This file tells the person of new messages, as far as they want to be told.

import (
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// NotifyWithin is how old a message may be to be told as new: what came while the
// person was away for longer is shown as unread and nothing else.
const NotifyWithin = 24 * time.Hour

// notify tells of a message that came. Its text is in the event; whether it is
// shown is for the screen to decide.
func (t *turn) notify(r chatRoom, ref inner.Ref, author wallet.Account, body inner.Text, a vault.Applied) {
	if !r.wants(a.ToMe) || t.s.book.of(author).Blocked || t.now.Sub(a.At) > NotifyWithin {
		return
	}
	id := r.state.ID()
	title := r.state.Name()
	name := t.s.nameOf(id, author)
	if title == "" {
		title = name
	}
	t.events = append(t.events, core.ChatEvent{Kind: core.ChatEventNotify, Room: id.String(), Title: title, Message: &core.ChatMessage{
		ID: ref.String(), Position: a.Position, Room: id.String(), Kind: core.ChatText, From: author.String(), FromName: name,
		Text: body.Text, ToMe: a.ToMe, SentAt: a.At,
	}})
}

// wants tells whether the reader wants to be told of a message of the room.
func (r chatRoom) wants(toMe bool) bool {
	if r.local.State != core.ChatJoined || r.local.Muted || r.state.Kind() == core.ChatRoomSelf {
		return false
	}
	switch notifyOf(r) {
	case core.ChatNotifyNone:
		return false
	case core.ChatNotifyAll:
		return true
	}
	return toMe
}
