package anchat

// This file says how far a message of one's own is, and what shows it. It never
// claims more than is known: who holds it is asked for, and told with the time of
// the answer.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// MaxNamedReaders is up to how many others in a room each is told by name; above
// there are counts.
const MaxNamedReaders = 20

// Ladder is how far a message of the reader's own is.
func (c *Chat) Ladder(ctx context.Context, roomID, id string) (core.ChatLadder, error) {
	s, inRoom, err := c.openRoom(roomID)
	if err != nil {
		return core.ChatLadder{}, err
	}
	f, err := s.vault.Facts(ctx, inRoom, id)
	if err != nil {
		return core.ChatLadder{}, err
	}
	l := core.ChatLadder{ID: id, Place: f.Place, Failure: f.Failure}
	if f.Sealed {
		l.ID = f.Ref.String()
	}
	reach(&l, core.ChatQueued, f.QueuedAt, "on the disk of this computer")
	if !f.OutAt.IsZero() {
		reach(&l, core.ChatSent, f.OutAt, "handed to another node")
	}
	if f.StoredAt.IsZero() {
		if f.Waits && f.State == vault.OutFailed {
			reach(&l, core.ChatFailed, time.Time{}, f.Failure)
		}
		return l, nil
	}
	s.replicas(ctx, &l, f)
	reach(&l, core.ChatStored, f.StoredAt, storedBy(l, f))
	return l, s.readersOf(ctx, &l, inRoom, f)
}

func reach(l *core.ChatLadder, step string, at time.Time, evidence string) {
	l.Step = step
	l.Steps = append(l.Steps, core.ChatStep{Step: step, At: at, Evidence: evidence})
}

// replicas asks which nodes hold the message. When they do not answer, the step
// stays what it was: stored, with nothing said of now.
func (s *session) replicas(ctx context.Context, l *core.ChatLadder, f vault.Facts) {
	held, err := s.service.StoredAt(ctx, f.Ref.Session, f.Ref.Index)
	if err != nil {
		return
	}
	l.StoredBy, l.Replicas, l.CheckedAt = held.By, held.All, s.now()
	err = s.do(ctx, func(t *turn) error { return t.Held(f.Ref, len(held.By), len(held.All)) })
	if err != nil {
		s.chat.set.Log.Debug("who holds a message was not noted", "error", err)
	}
}

func storedBy(l core.ChatLadder, f vault.Facts) string {
	switch {
	case l.CheckedAt.IsZero() && f.Index > 0:
		return fmt.Sprintf("log entry %d", f.Index)
	case l.CheckedAt.IsZero():
		return "read from the nodes that keep the room"
	}
	text := fmt.Sprintf("%d of %d", len(l.StoredBy), len(l.Replicas))
	if len(l.StoredBy) > 0 {
		text += ": " + strings.Join(l.StoredBy, ", ")
	}
	return text
}

// readersOf tells who has said that they have seen the message.
func (s *session) readersOf(ctx context.Context, l *core.ChatLadder, id wire.Room, f vault.Facts) error {
	r, err := s.room(id)
	if err != nil {
		return err
	}
	readers, err := s.vault.Readers(ctx, id)
	if err != nil {
		return err
	}
	known := map[string]vault.Reader{}
	for _, reader := range readers {
		known[wire.AccountID(reader.Account)] = reader
	}
	var first time.Time
	for _, m := range r.state.Members() {
		if m.Account == s.account || m.Invited {
			continue
		}
		l.Members++
		reader, ok := known[wire.AccountID(m.Account)]
		read := core.ChatRead{Address: m.Account.String(), Name: s.nameOf(id, m.Account), State: core.ChatReadUnknown, SeenAt: reader.SeenAt}
		switch {
		case ok && reader.Read >= f.Position:
			read.State, read.At = core.ChatReadSeen, reader.ReadAt
			l.Seen++
			if first.IsZero() || reader.ReadAt.Before(first) {
				first = reader.ReadAt
			}
		case ok && reader.Received >= f.Position:
			read.State, read.At = core.ChatReadReceived, reader.GotAt
			l.Received++
		case ok && (reader.Read > 0 || reader.Received > 0):
			read.State = core.ChatReadNot
		case ok && reader.SeenAt.After(f.StoredAt):
			read.State = core.ChatReadSilent // they have written since, and told nothing
		}
		l.People = append(l.People, read)
	}
	if l.Members > MaxNamedReaders {
		l.People = nil
	}
	if l.Seen > 0 {
		reach(l, core.ChatSeen, first, fmt.Sprintf("%d of %d", l.Seen, l.Members))
	}
	return nil
}
