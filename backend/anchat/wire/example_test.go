package wire_test

import (
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
)

// A row is written once. The bytes that are stored, gossiped and compared are the
// same ones.
func Example() {
	tag := wire.NewTag()
	event := wire.Event{Mailbox: tag.Name(), Seq: 1, At: time.Unix(0, 0), Sealed: []byte("…")}
	row, err := wire.Decode(event.Encode())
	if err != nil {
		fmt.Println(err)
		return
	}
	back, ok := row.(wire.Event)
	fmt.Println(row.Kind(), ok, back.Hash() == event.Hash(), tag)
	// Output: room_event true true [secret]
}
