package anchat

// This file keeps what the reader has begun to write, on all of their devices.

import (
	"context"
	"encoding/json"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// kindDraftTold is, by room, the draft that the other devices know.
const kindDraftTold = "draft_told"

// SaveDraft keeps what the reader has begun to write in a room; "" when it is sent.
func (c *Chat) SaveDraft(ctx context.Context, roomID, text string) error {
	s, id, err := c.openRoom(roomID)
	switch {
	case err != nil:
		return err
	case len(text) > core.MaxChatTextBytes:
		return core.Errorf(core.TooLarge, "a message has at most %d bytes", core.MaxChatTextBytes)
	case !utf8.ValidString(text):
		return core.Errorf(core.Invalid, "a draft is UTF-8")
	}
	return s.do(ctx, func(t *turn) error {
		r, err := t.room(id)
		if err != nil || r.local.Draft == text {
			return err
		}
		return t.setLocal(id, func(l *vault.Local) { l.Draft = text })
	})
}

// shareDrafts tells the other devices of drafts that they do not know. One that is
// too long for that stays here.
func (s *session) shareDrafts(ctx context.Context, ids []wire.Room) error {
	for _, id := range ids {
		r, err := s.room(id)
		if err != nil {
			continue // it was forgotten meanwhile
		}
		told, _, err := s.vault.Get(ctx, kindDraftTold, id.String())
		if err != nil {
			return err
		}
		if string(told) == r.local.Draft {
			continue
		}
		if err = s.do(ctx, func(t *turn) error { return t.shareDraft(id) }); err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) shareDraft(id wire.Room) error {
	r, err := t.room(id)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	raw, err := json.Marshal(r.local.Draft)
	if err != nil {
		return core.Wrap(core.Internal, err, "a draft cannot be told to your other devices")
	}
	if _, ok := t.selfRoom(); !ok || len(raw) > inner.MaxStateBytes {
		return nil
	}
	if err = t.Put(kindDraftTold, id.String(), []byte(r.local.Draft)); err != nil {
		return err
	}
	return t.share(&id, stateDraft, r.local.Draft)
}

// sharedDraft takes in a draft of another device.
func (t *turn) sharedDraft(id wire.Room, v inner.State) error {
	text, err := decode[string](v.Value)
	if err != nil {
		return err
	}
	if err = t.Put(kindDraftTold, id.String(), []byte(text)); err != nil {
		return err
	}
	return t.setLocal(id, func(l *vault.Local) { l.Draft = text })
}
