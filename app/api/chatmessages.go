// This file is the lines of the chat's rooms: reading, writing and finding them.

package api

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// ChatMessages is bound as "ChatMessages".
type ChatMessages struct{ d *desk }

// List returns a part of a room.
func (m *ChatMessages) List(q ChatQuery) (ChatPage, error) {
	return chatAsk(m.d, "ChatMessages.List", MaxCallTime, func(ctx context.Context, c Chat) (ChatPage, error) {
		if q.Limit < 0 || q.Limit > core.MaxChatPage {
			return ChatPage{}, core.Errorf(core.Invalid, "At most %d messages are read at once.", core.MaxChatPage)
		}
		page, err := c.Messages(ctx, core.ChatQuery(q))
		return chatPageOf(page), err
	})
}

// At is the position of the first message at or after a time.
func (m *ChatMessages) At(room, at string) (int64, error) {
	return chatAsk(m.d, "ChatMessages.At", MaxCallTime, func(ctx context.Context, c Chat) (int64, error) {
		when, err := chatTime(at)
		if err != nil {
			return 0, err
		}
		return c.At(ctx, room, when)
	})
}

// chatTime reads a time of the page; "" is none.
func chatTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, core.Errorf(core.Invalid, "%q is no time; write it like 2026-01-31T12:00:00Z.", short(text))
	}
	return at, nil
}

// Send puts a message in the queue; it is sent from there, also later.
func (m *ChatMessages) Send(draft ChatDraft) (ChatMessage, error) {
	return chatAsk(m.d, "ChatMessages.Send", MaxCallTime, func(ctx context.Context, c Chat) (ChatMessage, error) {
		if err := checkChatText(draft.Text); err != nil {
			return ChatMessage{}, err
		}
		if len(draft.Files) > core.MaxChatFiles {
			return ChatMessage{}, core.Errorf(core.TooLarge, "A message has at most %d files.", core.MaxChatFiles)
		}
		sent, err := c.Send(ctx, core.ChatDraft(draft))
		return chatMessageOf(sent), err
	})
}

func checkChatText(text string) error {
	if len(text) > core.MaxChatTextBytes {
		return core.Errorf(core.TooLarge, "A message has at most %d bytes; send the text as a file.", core.MaxChatTextBytes)
	}
	return nil
}

// Edit changes the text of an own message.
func (m *ChatMessages) Edit(room, id, text string, mentions []string) error {
	return chatAct(m.d, "ChatMessages.Edit", MaxCallTime, func(ctx context.Context, c Chat) error {
		if err := checkChatText(text); err != nil {
			return err
		}
		return c.Edit(ctx, room, id, text, mentions)
	})
}

// Delete takes a message out of the room.
func (m *ChatMessages) Delete(room, id string) error {
	return chatAct(m.d, "ChatMessages.Delete", MaxCallTime, func(ctx context.Context, c Chat) error { return c.Delete(ctx, room, id) })
}

// React puts a sign on a message, or takes it back.
func (m *ChatMessages) React(room, id, sign string, on bool) error {
	return chatAct(m.d, "ChatMessages.React", MaxCallTime, func(ctx context.Context, c Chat) error { return c.React(ctx, room, id, sign, on) })
}

// Resend tries a message again that was not delivered.
func (m *ChatMessages) Resend(room, id string) error {
	return chatAct(m.d, "ChatMessages.Resend", MaxCallTime, func(ctx context.Context, c Chat) error { return c.Resend(ctx, room, id) })
}

// Discard drops a message that was not sent yet or not delivered.
func (m *ChatMessages) Discard(room, id string) error {
	return chatAct(m.d, "ChatMessages.Discard", MaxCallTime, func(ctx context.Context, c Chat) error { return c.Discard(ctx, room, id) })
}

// MarkRead says up to which position the person has read.
func (m *ChatMessages) MarkRead(room string, position int64) error {
	return chatAct(m.d, "ChatMessages.MarkRead", MaxCallTime, func(ctx context.Context, c Chat) error { return c.MarkRead(ctx, room, position) })
}

// SaveDraft keeps a text that was not sent.
func (m *ChatMessages) SaveDraft(room, text string) error {
	return chatAct(m.d, "ChatMessages.SaveDraft", MaxCallTime, func(ctx context.Context, c Chat) error {
		if err := checkChatText(text); err != nil {
			return err
		}
		return c.SaveDraft(ctx, room, text)
	})
}

// Search finds messages by their words.
func (m *ChatMessages) Search(s ChatSearch) ([]ChatHit, error) {
	return chatAsk(m.d, "ChatMessages.Search", MaxCallTime, func(ctx context.Context, c Chat) ([]ChatHit, error) {
		since, err := chatTime(s.Since)
		if err != nil {
			return nil, err
		}
		until, err := chatTime(s.Until)
		if err != nil {
			return nil, err
		}
		if s.Limit < 0 || s.Limit > core.MaxChatPage {
			return nil, core.Errorf(core.Invalid, "At most %d messages are found at once.", core.MaxChatPage)
		}
		if err = checkChatText(s.Words); err != nil {
			return nil, err
		}
		hits, err := c.Search(ctx, core.ChatSearch{Words: s.Words, Room: s.Room, From: s.From, Since: since, Until: until, Limit: s.Limit})
		return each(hits, chatHitOf), err
	})
}

// Ladder tells how far an own message is, and what shows it.
func (m *ChatMessages) Ladder(room, id string) (ChatLadder, error) {
	return chatAsk(m.d, "ChatMessages.Ladder", MaxCallTime, func(ctx context.Context, c Chat) (ChatLadder, error) {
		l, err := c.Ladder(ctx, room, id)
		return chatLadderOf(l), err
	})
}

// Type tells the room that the person types, where they allow it.
func (m *ChatMessages) Type(room string) error {
	return chatAct(m.d, "ChatMessages.Type", MaxCallTime, func(ctx context.Context, c Chat) error { return c.Type(ctx, room) })
}

// Activity tells what others do in a room now.
func (m *ChatMessages) Activity(room string) (ChatActivity, error) {
	return chatAsk(m.d, "ChatMessages.Activity", MaxCallTime, func(ctx context.Context, c Chat) (ChatActivity, error) {
		a, err := c.Activity(ctx, room)
		return chatActivityOf(a), err
	})
}
