package anchat

import (
	"fmt"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/core"
)

// Limits lists the bounds that a user may meet on their own device.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "one chat message", Value: fmt.Sprintf("%d bytes", core.MaxChatTextBytes), Why: "messages are padded to few sizes"},
		{Name: "files of one chat message", Value: fmt.Sprint(core.MaxChatFiles), Why: "send more in another message"},
		{Name: "members of a room", Value: fmt.Sprint(core.MaxChatMembers), Why: "each of their devices gets every key"},
		{Name: "rooms of one wallet", Value: fmt.Sprint(core.MaxChatRooms), Why: "all are followed; leave one first"},
		{Name: "invitations that wait for an answer", Value: fmt.Sprint(MaxRequests), Why: "anybody may invite; accept or refuse some"},
		{Name: "open invite links of a room", Value: fmt.Sprint(room.MaxLinks), Why: "take one back first"},
		{Name: "moves of a room", Value: fmt.Sprint(room.MaxMailboxes), Why: "a new member is told all of its mailboxes at once; make a new room"},
		{Name: "messages that wait to be sent", Value: fmt.Sprint(vault.MaxOutbox), Why: "they lie on this computer alone"},
		{Name: "wallets with a chat on one node", Value: fmt.Sprint(MaxAccounts), Why: "forget one first"},
		{Name: "time that a wallet has to sign for a device", Value: "5 minutes", Why: "a text that was shown long ago is not to be signed"},
	}
}
