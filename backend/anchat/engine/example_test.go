package engine_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Example lets a wallet's new device write the first message of a room, and another
// device of the wallet, whose wallet signs for it too, read it.
func Example() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // in a wallet
	account, err := wallet.AccountFromBytes(wallet.SOL, key[32:])
	check(err)

	var service wire.Devices // what the nodes keep of the account
	enrol := func() *engine.Olm {
		e, newErr := engine.New(account, now)
		check(newErr)
		request, askErr := e.EnrolmentRequest(service, "127.0.0.1:8080", "123456", "abcdefgh12345678", now)
		check(askErr)
		text, textErr := request.Text()
		check(textErr)
		_, certErr := e.Certify(text, base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(text))), now)
		check(certErr)
		_, pubErr := e.Publish(now)
		check(pubErr)
		for _, row := range e.Own() {
			switch r := row.(type) {
			case wire.Certificate:
				service.Certificates = append(service.Certificates, r)
			case wire.List:
				service.Lists = append(service.Lists, r)
			case wire.Prekey:
				service.Prekeys = append(service.Prekeys, r)
			}
		}
		return e
	}
	laptop, phone := enrol(), enrol()
	for _, e := range []*engine.Olm{laptop, phone} {
		_, err = e.Learn(account, service, now)
		check(err)
	}

	// The room's first event, signed by the laptop.
	box := room.Mailbox{Tag: wire.NewTag()}
	id := wire.NewRoom()
	state := room.New(id, box)
	body := room.Body{Kind: room.BodyCreate, Room: id, RoomKind: core.ChatRoomSelf, History: core.ChatHistoryAll, Members: []room.Seat{{Account: account, Role: core.ChatOwner}}}
	event, err := room.Seal(box, state.After(laptop.Device(), now), body)
	check(err)
	state, err = state.Apply(event, account, body)
	check(err)

	text, err := inner.Marshal(inner.Text{Text: "Buy milk"})
	check(err)
	rows, _, err := laptop.Seal(state, inner.Message{Kind: inner.KindText, At: now, Body: text}, now)
	check(err)
	for _, row := range rows { // in the order in which they are stored
		fmt.Println(row.Kind())
		switch r := row.(type) {
		case wire.Announce:
			check(phone.Accept(state, r, now))
		case wire.Envelope:
			_, _, err = phone.OpenEnvelope(r, now)
			check(err)
		case wire.Message:
			opened, openErr := phone.Open(state, r, now)
			check(openErr)
			read, readErr := opened.Message.Text()
			check(readErr)
			fmt.Println(read.Text)
		}
	}
	// Output:
	// session_announce
	// key_envelope
	// message
	// Buy milk
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
