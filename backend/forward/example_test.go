package forward_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/forward"
)

// One node keeps a replica, another asks it.
func Example() {
	dir, err := os.MkdirTemp("", "databases-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	keeper, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer keeper.Close() //nolint:errcheck // the example is over
	asker, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer asker.Close() //nolint:errcheck // the example is over

	log := slog.New(slog.DiscardHandler)
	databases, err := database.New(database.Settings{Dir: dir, NodeID: keeper.ID().String()}, keeper, nil, nil, log)
	if err != nil {
		fmt.Println(err)
		return
	}
	isMember := func(id peer.ID) bool { return id == asker.ID() }
	server, err := forward.NewServer(databases.Replicas(), isMember, keeper, log)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := forward.NewClient(asker, nil, log)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ask := func() {
		defer stop()
		if err := asker.Connect(ctx, peer.AddrInfo{ID: keeper.ID(), Addrs: keeper.Addrs()}); err != nil {
			fmt.Println(err)
			return
		}
		if _, err := databases.Exec(ctx, "shop", []core.Statement{{SQL: `CREATE TABLE orders (what TEXT)`}}, core.ExecOptions{}); err != nil {
			fmt.Println(err)
			return
		}
		rows, err := client.Query(ctx, keeper.ID().String(), "shop", core.Statement{SQL: `SELECT count(*) FROM orders`}, core.QueryOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(rows.Values, rows.Provenance.ServedBy == keeper.ID().String(), rows.Provenance.Path)
	}
	// Package node starts parts one after the other, as is done here.
	fmt.Println(databases.Run(ctx, func() {
		clientEnded, serverEnded := make(chan error, 1), make(chan error, 1)
		up := make(chan struct{})
		go func() { clientEnded <- client.Run(ctx, func() {}) }()
		go func() { serverEnded <- server.Run(ctx, func() { close(up) }) }()
		<-up
		ask()
		if err := <-clientEnded; err != nil {
			fmt.Println(err)
		}
		if err := <-serverEnded; err != nil {
			fmt.Println(err)
		}
	}))
	// Output:
	// [[0]] true direct
	// <nil>
}
