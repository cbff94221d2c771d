package vault_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// A device keeps a room, writes a message while it is offline, and finds it again.
func Example() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "vault")
	check(err)
	defer func() { check(os.RemoveAll(folder)) }()
	me, err := wallet.ParseAccount("0x00000000000000000000000000000000000000aa", wallet.ETH)
	check(err)

	keys := vault.NewKeys(filepath.Join(folder, "me.key"), nil)
	unlocked, err := keys.New(ctx, vault.Public{Account: wire.AccountID(me)}, "correct horse battery", false)
	check(err)
	v, err := vault.Open(ctx, vault.Settings{Path: filepath.Join(folder, "me.db"), Key: unlocked.Key, Account: me, Create: true, Now: time.Now})
	check(err)
	defer func() { check(v.Close()) }()

	room := wire.NewRoom()
	body, err := inner.Marshal(inner.Text{Text: "Is anybody there?"})
	check(err)
	check(v.Update(ctx, func(tx *vault.Tx) error {
		check(tx.PutRoom(vault.Room{ID: room, Mailboxes: []wire.Name{wire.NewTag().Name()}}))
		_, err = tx.Queue(vault.Draft{Room: room, Message: inner.Message{Kind: inner.KindText, At: time.Now(), Body: body}})
		return err
	}))
	check(v.Fill(ctx, nil))

	hits, err := v.Search(ctx, core.ChatSearch{Words: "anybody"})
	check(err)
	page, err := v.Messages(ctx, core.ChatQuery{Room: room.String()})
	check(err)
	fmt.Println(len(hits), "found;", page.Messages[0].Text, "is", page.Messages[0].Step)
	// Output: 1 found; Is anybody there? is queued
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
