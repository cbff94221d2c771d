package room_test

import (
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// A room begins with an event that is sealed, stored, opened again by every member
// and applied.
func Example() {
	olga, err := wallet.ParseAccount("0x00000000000000000000000000000000000000a1", wallet.ETH)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, box := wire.NewRoom(), room.NewMailbox()
	state := room.New(id, box)
	event, err := room.Seal(box, state.After(wire.Fingerprint{}, time.Now()), room.Body{
		Kind: room.BodyCreate, Room: id, RoomKind: core.ChatRoomGroup, Name: "Tea", History: core.ChatHistoryJoined,
		Members: []room.Seat{{Account: olga, Role: core.ChatOwner}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := room.Open(box, event)
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err = state.Apply(event, olga, body)
	fmt.Println(state.Name(), state.Role(olga), state.May(olga, room.ActRemove), err)
	// Output: Tea owner true <nil>
}
