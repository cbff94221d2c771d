package anchat

// This file tells others, after a while, what the reader did: how far they have read,
// that they are there.

import (
	"context"
	"errors"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// TellEvery is how often at most a room, and the reader's other devices, are told how
// far the reader is.
const TellEvery = 10 * time.Second

// attend tells it until ctx ends. It learns what changed as the screens do.
func (s *session) attend(ctx context.Context) {
	changes := s.chat.events.subscribe(ctx)
	present := time.NewTicker(PresenceEvery)
	defer present.Stop()
	again, quiet := time.NewTimer(0), time.NewTimer(0)
	defer again.Stop()
	defer quiet.Stop()
	due := map[wire.Room]bool{}
	rests := true // again will fire, and what is due waits for it
	for {
		select {
		case e, ok := <-changes:
			if !ok {
				return
			}
			if e.Kind == core.ChatEventActivity {
				quiet.Reset(0)
				continue
			}
			s.touched(e, due)
			if rests {
				continue
			}
		case <-again.C:
			rests = false
		case <-quiet.C:
			if next := s.tellQuiet(); !next.IsZero() {
				quiet.Reset(next.Sub(s.now()))
			}
			continue
		case <-present.C:
			s.tellPresence(ctx)
			continue
		}
		if len(due) == 0 {
			continue
		}
		if err := s.tellProgress(ctx, due); err != nil && ctx.Err() == nil {
			s.chat.set.Log.Warn("how far the reader is was not told", "error", err)
		}
		clear(due)
		rests = true
		again.Reset(TellEvery)
	}
}

// touched notes the rooms that an event is about.
func (s *session) touched(e core.ChatEvent, due map[wire.Room]bool) {
	if e.Kind != core.ChatEventRooms && e.Kind != core.ChatEventMessages {
		return
	}
	if id, err := wire.ParseRoom(e.Room); err == nil {
		due[id] = true
	}
}

// tellProgress tells how far the reader is in rooms.
func (s *session) tellProgress(ctx context.Context, due map[wire.Room]bool) error {
	ids := make([]wire.Room, 0, len(due))
	for id := range due {
		ids = append(ids, id)
	}
	return errors.Join(s.shareMarkers(ctx, ids), s.shareDrafts(ctx, ids), s.sendReceipts(ctx, ids))
}

// tellQuiet tells the screens that somebody does something no more, and returns when
// that is next.
func (s *session) tellQuiet() time.Time {
	rooms, next := s.signs.over(s.now())
	for _, id := range rooms {
		s.chat.events.tell(core.ChatEvent{Kind: core.ChatEventActivity, Room: id.String()})
	}
	return next
}
