package anchat

import (
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Anybody who knows the name of a mailbox can tell something there. Whatever it is,
// the chat goes on, and nothing of it is in the room.
func FuzzHeardRow(f *testing.F) {
	nodes := newMemory()
	signer := benchSigner(f, 1)
	f.Cleanup(signer.Lock)
	chat, stop := openFor(f, nodes, signer, wallet.ETH)
	f.Cleanup(stop)
	s, err := chat.current()
	check(f, err)
	id, err := s.create(f.Context(), room.Body{
		RoomKind: core.ChatRoomGroup, History: core.ChatHistoryJoined, Members: []room.Seat{{Account: s.account, Role: core.ChatOwner}},
	})
	check(f, err)
	r, err := s.room(id)
	check(f, err)
	box := r.mailboxes(s.account)[0]
	nodes.mu.Lock()
	for _, row := range nodes.boxes[box.name].rows {
		f.Add(row.Row)
	}
	nodes.mu.Unlock()
	message := append([]byte{byte(wire.KindMessage), byte(wire.SuiteOlm)}, box.name[:]...)
	f.Add(append(message, make([]byte, 32+400)...))
	f.Add(wire.Fleeting{Mailbox: box.name, Device: s.device, Sealed: make([]byte, 300)}.Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		_ = s.heardRow(t.Context(), box, raw) //nolint:errcheck // nearly all is refused
		page, err := chat.Messages(t.Context(), core.ChatQuery{Room: id.String()})
		if err != nil || len(page.Messages) != 1 { // the notice that the room was made
			t.Fatalf("the room has %d lines: %v", len(page.Messages), err)
		}
	})
}
