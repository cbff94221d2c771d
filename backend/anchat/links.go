package anchat

// This file lets people in who knock at a link.

import (
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// kindKnock is a knock that waits to be answered, under the room's name, a slash and
// the fingerprint of the device.
const kindKnock = "knock"

// knock keeps a knock whose device is certified.
func (t *turn) knock(box mailbox, stored wire.Stored, k wire.Knock) error {
	if !box.knocks || k.Mailbox != box.name {
		return core.Errorf(core.Denied, "somebody knocks where nobody is let in")
	}
	if _, err := t.engine.CheckKnock(k, stored.At); err != nil {
		return err
	}
	t.later(t.s.posts.ring)
	return t.Put(kindKnock, box.room.String()+"/"+k.Device.String(), stored.Row)
}
