package storage_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/libp2p/go-libp2p"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/storage"
)

// Keys live in the database of their namespace; a version guards against a
// change that somebody else made meanwhile.
func Example() {
	dir, err := os.MkdirTemp("", "databases-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	host, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer host.Close() //nolint:errcheck // the example is over
	log := slog.New(slog.DiscardHandler)
	databases, err := database.New(database.Settings{Dir: dir, NodeID: host.ID().String()}, host, nil, nil, log)
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := storage.New(storage.Settings{}, databases.Internal(), log)
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	use := func() {
		defer stop()
		const shop core.Namespace = "shop"
		first, err := keys.Put(ctx, shop, "price/tea", []byte("3"), core.PutOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = keys.Put(ctx, shop, "price/tea", []byte("4"), core.PutOptions{IfVersion: first.Versions[0]})
		fmt.Println("changed:", err)
		_, err = keys.Put(ctx, shop, "price/tea", []byte("5"), core.PutOptions{IfVersion: first.Versions[0]})
		fmt.Println("changed again:", core.CodeOf(err))
		item, from, err := keys.Get(ctx, shop, "price/tea", core.ReadOptions{})
		fmt.Println(string(item.Value), from.Group, err)
	}
	// Package node starts parts one after the other, as is done here.
	fmt.Println(databases.Run(ctx, func() {
		if err := keys.Run(ctx, use); err != nil {
			fmt.Println(err)
		}
	}))
	// Output:
	// changed: <nil>
	// changed again: precondition_failed
	// 4 ns::shop <nil>
	// <nil>
}
