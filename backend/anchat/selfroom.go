package anchat

// This file has the room of the reader's own devices. What they share stands there
// as messages of a kind of their own: the last one of a key counts.

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Keys of what is shared of a room.
const (
	stateRead     = "read"
	stateSettings = "settings"
	stateDraft    = "draft"

	kindSharedAt = "shared_at" // by key: the place of the value that counts
	kindMarker   = "marker"    // by room: the last place that the other devices were told of
)

// sharedSettings are those of a room.
type sharedSettings struct {
	Muted    bool   `json:"muted"`
	Notify   string `json:"notify"`
	Receipts bool   `json:"receipts"`
	Typing   bool   `json:"typing"`
	Presence bool   `json:"presence"`
}

// sharedPlace is how far the reader is, in a form that is the same on all devices.
type sharedPlace struct {
	Mailbox string `json:"mailbox"`
	Seq     uint64 `json:"seq"`
}

// share tells the other devices a value. One that waits to be sent under the same key
// is replaced. Without an own room it stays here.
func (t *turn) share(of *wire.Room, key string, value any) error {
	self, ok := t.selfRoom()
	if !ok {
		return nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return core.Wrap(core.Internal, err, "this cannot be told to your other devices")
	}
	body, err := inner.Marshal(inner.State{Room: of, Key: key, Value: raw})
	if err != nil {
		return err
	}
	waiting, err := t.sharing(of, key)
	if err != nil {
		return err
	}
	for _, i := range waiting {
		if i.State == vault.OutQueued {
			if err = t.Discard(i.ID); err != nil {
				return err
			}
		}
	}
	_, err = t.queue(self, inner.KindState, body)
	return err
}

// sharing are the values of a key that wait to be sent or stored.
func (t *turn) sharing(of *wire.Room, key string) ([]vault.Item, error) {
	all, err := t.Outbox()
	if err != nil {
		return nil, err
	}
	var out []vault.Item
	for _, i := range all {
		if i.Message.Kind != inner.KindState || i.State == vault.OutFailed {
			continue
		}
		s, err := i.Message.State()
		if err == nil && s.Key == key && sameRoom(s.Room, of) {
			out = append(out, i)
		}
	}
	return out, nil
}

// sharedAt takes in a stored message of the own room, this device's own too, where it
// stands in the order of the room.
func (t *turn) sharedAt(box mailbox, seq uint64, ref inner.Ref) error {
	r, err := t.room(box.room)
	if err != nil || r.state.Kind() != core.ChatRoomSelf {
		return err
	}
	found, err := t.Find(ref.String())
	if err != nil || found.Message.Kind != inner.KindState {
		return err // it waits for its key
	}
	position, err := t.PositionOf(box.name, seq)
	if err != nil {
		return err
	}
	return t.shared(r, found.Message, position)
}

func sameRoom(a, b *wire.Room) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// shared takes in what a device of the reader's shares, by its place in the own room.
// Keys come late and gossip in any order, so what stands before the last value that
// was taken in is passed over; and a value of this device that is still on its way will
// stand behind, and so counts already.
func (t *turn) shared(r chatRoom, m inner.Message, position int64) error {
	if r.state.Kind() != core.ChatRoomSelf {
		return core.Errorf(core.Denied, "settings are shared in the room of one's own devices alone")
	}
	if _, stored := vault.PlaceAt(position); !stored {
		return nil // it is taken in when it has its place
	}
	v, err := m.State()
	if err != nil {
		return err
	}
	if v.Room != nil && v.Key == stateRead {
		return t.sharedRead(*v.Room, v) // the furthest one counts
	}
	mine, err := t.sharing(v.Room, v.Key)
	if err != nil || len(mine) > 0 {
		return err
	}
	last, err := t.isLast(v, position)
	if err != nil || !last {
		return err
	}
	if v.Room != nil {
		return t.sharedOfRoom(*v.Room, v)
	}
	if id, ok := strings.CutPrefix(v.Key, statePerson); ok {
		a, err := wire.ParseAccountID(id)
		if err != nil {
			return err
		}
		p, err := decode[person](v.Value)
		if err != nil {
			return err
		}
		return t.keepPerson(a, p)
	}
	if id, ok := strings.CutPrefix(v.Key, stateDevice); ok {
		f, err := wire.ParseFingerprint(id)
		if err != nil {
			return err
		}
		name, err := decode[string](v.Value)
		if err != nil {
			return err
		}
		if err = wire.CheckName(name); err != nil {
			return err
		}
		t.changed(core.ChatEventState, wire.Room{})
		return t.Put(kindDeviceName, f.String(), []byte(name))
	}
	return nil // of a newer version
}

// isLast tells whether nothing under the same key stands behind a place, and notes it.
func (t *turn) isLast(v inner.State, position int64) (bool, error) {
	name := v.Key
	if v.Room != nil {
		name = v.Room.String() + "/" + v.Key
	}
	raw, ok, err := t.Get(kindSharedAt, name)
	if err != nil {
		return false, err
	}
	if ok && len(raw) == 8 && int64(binary.BigEndian.Uint64(raw)) > position { //nolint:gosec // written below
		return false, nil
	}
	return true, t.Put(kindSharedAt, name, binary.BigEndian.AppendUint64(nil, uint64(position))) //nolint:gosec // positions are above 0
}

// sharedRead takes in how far the reader is on another device.
func (t *turn) sharedRead(id wire.Room, v inner.State) error {
	at, err := decode[sharedPlace](v.Value)
	if err != nil {
		return err
	}
	name, err := wire.ParseName(at.Mailbox)
	if err != nil {
		return err
	}
	position, err := t.PositionOf(name, at.Seq)
	if core.CodeOf(err) == core.NotFound {
		return nil // in a mailbox that is not read yet; the next marker comes
	}
	if err != nil {
		return err
	}
	further, err := t.MarkRead(id, position)
	if err != nil || !further {
		return err
	}
	raw, err := json.Marshal(at)
	if err != nil {
		return core.Wrap(core.Internal, err, "how far you have read cannot be kept")
	}
	t.changed(core.ChatEventRooms, id)
	t.changed(core.ChatEventState, wire.Room{})
	return t.Put(kindMarker, id.String(), raw) // the others know
}

func (t *turn) sharedOfRoom(id wire.Room, v inner.State) error {
	if _, err := t.room(id); core.CodeOf(err) == core.NotFound {
		return nil // it was forgotten here
	}
	switch v.Key {
	case stateSettings:
		set, err := decode[sharedSettings](v.Value)
		if err != nil {
			return err
		}
		if !isNotify(set.Notify) {
			return core.Errorf(core.Invalid, "a room notifies of all, of mentions, or of nothing")
		}
		return t.setLocal(id, set.put)
	case stateDraft:
		return t.sharedDraft(id, v)
	}
	return nil // of a newer version
}

func (s sharedSettings) put(l *vault.Local) {
	l.Muted, l.Notify, l.Receipts, l.Typing, l.Presence = s.Muted, s.Notify, s.Receipts, s.Typing, s.Presence
}

func settingsOf(r chatRoom) sharedSettings {
	l := r.local
	return sharedSettings{Muted: l.Muted, Notify: notifyOf(r), Receipts: l.Receipts, Typing: l.Typing, Presence: l.Presence}
}

// notifyOf is when the room notifies. As long as nothing was chosen that is at what
// names the reader, and in direct rooms.
func notifyOf(r chatRoom) string {
	switch {
	case r.local.Notify != "":
		return r.local.Notify
	case r.state.Kind() == core.ChatRoomDirect:
		return core.ChatNotifyAll
	}
	return core.ChatNotifyMentions
}

func isNotify(text string) bool {
	return text == core.ChatNotifyAll || text == core.ChatNotifyMentions || text == core.ChatNotifyNone
}

// decode reads a value that one of the reader's devices wrote.
func decode[T any](raw []byte) (v T, err error) {
	if err = json.Unmarshal(raw, &v); err != nil {
		return v, core.Wrap(core.Invalid, err, "what your other device says cannot be read; it may be newer")
	}
	return v, nil
}

// shareMarkers tells the other devices how far the reader is in rooms.
func (s *session) shareMarkers(ctx context.Context, ids []wire.Room) error {
	for _, id := range ids {
		sum, err := s.vault.Summary(ctx, id)
		if core.CodeOf(err) == core.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if err = s.do(ctx, func(t *turn) error { return t.shareMarker(id, sum.Read) }); err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) shareMarker(id wire.Room, read int64) error {
	r, err := t.room(id)
	if err != nil {
		return nil //nolint:nilerr // it was forgotten meanwhile
	}
	at, ok := placeOf(r, read)
	if !ok {
		return nil
	}
	if _, ok = t.selfRoom(); !ok {
		return nil
	}
	raw, err := json.Marshal(at)
	if err != nil {
		return core.Wrap(core.Internal, err, "how far you have read cannot be told")
	}
	told, _, err := t.Get(kindMarker, id.String())
	if err != nil || bytes.Equal(told, raw) {
		return err
	}
	if err = t.Put(kindMarker, id.String(), raw); err != nil {
		return err
	}
	return t.share(&id, stateRead, at)
}

// placeOf is a position as a mailbox and a number in it; false for one that is not
// stored.
func placeOf(r chatRoom, position int64) (sharedPlace, bool) {
	p, ok := vault.PlaceAt(position)
	boxes := r.state.Mailboxes()
	if !ok || position == 0 || int(p.Epoch) >= len(boxes) {
		return sharedPlace{}, false
	}
	return sharedPlace{Mailbox: boxes[p.Epoch].Tag.Name().String(), Seq: p.Seq}, true
}
