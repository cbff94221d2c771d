package anchat

// This file keeps where rooms go on, as somebody says, until their chain gets there.

import (
	"encoding/json"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	kindTold = "told" // mailboxes of a room that its chain has not reached
	kindPath = "path" // all mailboxes of a room to which somebody invited

	// maxToldBy bounds the mailboxes that one account tells of, maxTold all of a room.
	maxToldBy = 16
	maxTold   = 64 * maxToldBy
)

// told is a mailbox to which a room has moved, as somebody says.
type told struct {
	By  string   `json:"by"`
	Tag wire.Tag `json:"tag"`
	Key [32]byte `json:"key"`
}

// lead tells a closed room of the mailboxes where it may go on: those that members
// told of, and the next one of its path, when an invitation brought it.
func (t *turn) lead(now *room.State) error {
	list, err := t.toldOf(now.ID())
	if err != nil {
		return err
	}
	next := now
	for _, m := range list {
		by, idErr := wire.ParseAccountID(m.By)
		if idErr != nil {
			return core.Wrap(core.Internal, idErr, "a mailbox of this room has no teller")
		}
		next = next.WithMailbox(room.Mailbox{Tag: m.Tag, Key: m.Key}, by)
	}
	path, err := t.path(now.ID())
	if err != nil {
		return err
	}
	if i := slices.Index(path, inner.Mailbox(now.Mailbox())); i >= 0 && i+1 < len(path) && len(now.Members()) > 0 {
		next = next.WithMailbox(room.Mailbox(path[i+1]), now.Members()[0].Account)
	}
	if next == now {
		return nil
	}
	return t.setState(next)
}

func (t *turn) toldOf(id wire.Room) (list []told, err error) {
	raw, ok, err := t.Get(kindTold, id.String())
	if err != nil || !ok {
		return nil, err
	}
	if err = json.Unmarshal(raw, &list); err != nil {
		return nil, core.Wrap(core.Internal, err, "the mailboxes of a room cannot be read")
	}
	return list, nil
}

// addTold keeps a mailbox that somebody told of until the room's chain gets there.
// The oldest of too many by one of them are forgotten, then the oldest of all.
func (t *turn) addTold(id wire.Room, m room.Mailbox, by wallet.Account) error {
	list, err := t.toldOf(id)
	if err != nil {
		return err
	}
	mine := told{By: wire.AccountID(by), Tag: m.Tag, Key: m.Key}
	if slices.Contains(list, mine) {
		return nil
	}
	theirs := 0
	for _, have := range list {
		if have.By == mine.By {
			theirs++
		}
	}
	if theirs >= maxToldBy {
		oldest := slices.IndexFunc(list, func(have told) bool { return have.By == mine.By })
		list = slices.Delete(list, oldest, oldest+1)
	}
	list = append(list, mine)
	list = list[max(0, len(list)-maxTold):]
	raw, err := json.Marshal(list)
	if err != nil {
		return core.Wrap(core.Internal, err, "the mailboxes of a room cannot be kept")
	}
	return t.Put(kindTold, id.String(), raw)
}

// path are all mailboxes of a room, as an invitation brought them.
func (t *turn) path(id wire.Room) (inner.Mailboxes, error) {
	raw, ok, err := t.Get(kindPath, id.String())
	if err != nil || !ok {
		return nil, err
	}
	return (inner.Secret{Kind: inner.SecretMailbox, Body: raw}).Mailboxes()
}

func (t *turn) setPath(id wire.Room, path inner.Mailboxes) error {
	raw, err := inner.MarshalSecret(path)
	if err != nil {
		return err
	}
	return t.Put(kindPath, id.String(), raw)
}
