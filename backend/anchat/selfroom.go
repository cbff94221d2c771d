package anchat

// This file has what the devices of a wallet share in their own room.

import (
	"encoding/json"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// shared takes in one thing that a device of the reader's own tells the others.
// Rows of the own room come in the order in which they were stored, so that the
// last one counts on all devices.
func (t *turn) shared(r chatRoom, m inner.Message) error {
	if r.state.Kind() != core.ChatRoomSelf {
		return core.Errorf(core.Denied, "what own devices share stands in another room")
	}
	st, err := m.State()
	if err != nil {
		return err
	}
	if device, ok := strings.CutPrefix(st.Key, stateDevice); ok {
		return t.sharedName(device, st.Value)
	}
	return nil // of a newer version
}

func (t *turn) sharedName(device string, value json.RawMessage) error {
	f, err := wire.ParseFingerprint(device)
	if err != nil {
		return err
	}
	var name string
	if err = json.Unmarshal(value, &name); err != nil {
		return core.Wrap(core.Invalid, err, "the name of a device is none")
	}
	if err = wire.CheckName(name); err != nil {
		return err
	}
	t.changed(core.ChatEventState, wire.Room{})
	return t.Put(kindDeviceName, f.String(), []byte(name))
}
