package anchat

// This file has what a backup consists of.

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// item is one thing of a backup: the key of a session, or one mailbox of a room.
type item struct {
	Room    wire.Room
	Session wire.Session
	Index   uint32
	Key     []byte // of a session

	Mailbox inner.Mailbox
	Kind    string // of the room
	Name    string
	Number  uint32 // of the mailbox in its room
	Of      uint32 // how many there are
}

// name is what the item is about; a later one of the same name takes its place.
func (i item) name() []byte {
	if i.Key != nil {
		return append([]byte("session "), i.Session[:]...)
	}
	return binary.BigEndian.AppendUint32(append([]byte("room "), i.Room[:]...), i.Number)
}

// mark says how good the item is: when it changes, the item is kept anew.
func (i item) mark() string {
	if i.Key != nil {
		return fmt.Sprint(i.Index)
	}
	return fmt.Sprint(i.Of)
}

// savedItem is the item as it is sealed.
type savedItem struct {
	Room    []byte `json:"room"`
	Session []byte `json:"session,omitempty"`
	Index   uint32 `json:"index,omitempty"`
	Key     []byte `json:"key,omitempty"`
	Tag     []byte `json:"tag,omitempty"`
	Box     []byte `json:"box,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Name    string `json:"name,omitempty"`
	Number  uint32 `json:"number,omitempty"`
	Of      uint32 `json:"of,omitempty"`
}

func (i item) encode() ([]byte, error) {
	e := savedItem{Room: i.Room[:]}
	if i.Key != nil {
		e.Session, e.Index, e.Key = i.Session[:], i.Index, i.Key
	} else {
		e.Tag, e.Box, e.Kind, e.Name, e.Number, e.Of = i.Mailbox.Tag[:], i.Mailbox.Key[:], i.Kind, i.Name, i.Number, i.Of
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("write backup: %w", err)
	}
	return raw, nil
}

func decodeItem(raw []byte) (i item, err error) {
	var e savedItem
	bad := core.Errorf(core.Invalid, "an entry of the backup needs a newer version of the program")
	if json.Unmarshal(raw, &e) != nil || len(e.Room) != len(i.Room) {
		return i, bad
	}
	copy(i.Room[:], e.Room)
	if e.Key != nil {
		if len(e.Session) != len(i.Session) {
			return i, bad
		}
		copy(i.Session[:], e.Session)
		i.Index, i.Key = e.Index, e.Key
		return i, nil
	}
	if len(e.Tag) != len(i.Mailbox.Tag) || len(e.Box) != len(i.Mailbox.Key) || e.Number >= e.Of || e.Of > vault.MaxEpochs {
		return i, bad
	}
	copy(i.Mailbox.Tag[:], e.Tag)
	copy(i.Mailbox.Key[:], e.Box)
	i.Kind, i.Name, i.Number, i.Of = e.Kind, e.Name, e.Number, e.Of
	return i, nil
}

// items is all that belongs into a backup now.
func (t *turn) items() ([]item, error) {
	var all []item
	for _, k := range t.engine.ExportKeys() {
		all = append(all, item{Room: k.Room, Session: k.Session, Index: k.Index, Key: k.Key})
	}
	for _, r := range t.s.all() {
		if r.local.State == core.ChatInvited || r.local.State == core.ChatKnocked {
			continue // nobody has said yet that they want it
		}
		path, err := t.path(r.state.ID()) // may know more than has been read yet
		if err != nil {
			return nil, err
		}
		if boxes := r.state.Mailboxes(); len(boxes) > len(path) {
			path = nil
			for _, m := range boxes {
				path = append(path, inner.Mailbox(m))
			}
		}
		for n, m := range path {
			all = append(all, item{
				Room: r.state.ID(), Mailbox: m, Kind: r.state.Kind(), Name: r.state.Name(), Number: uint32(n), Of: uint32(len(path)), //nolint:gosec // MaxEpochs bounds them
			})
		}
	}
	return all, nil
}
