package rpc_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peerstore"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// A node serves its parts, and a client calls them as if they were its own.
// Only the calls that are used are written here; a node has all of them.
func Example() {
	node, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	check(err)
	defer func() { check(node.Close()) }()
	server, err := rpc.NewServer(rpc.Services{
		Authorize: func(_ context.Context, credential core.Secret, _ core.Namespace) (rpc.Caller, error) {
			if credential != "open sesame" {
				return rpc.Caller{}, core.Errorf(core.Unauthenticated, "this key is not known")
			}
			return rpc.Caller{Subject: "a friend"}, nil
		},
		Database: noDatabase{}, Storage: shelf{items: map[string]string{"color": "red"}}, Node: noNode{},
	}, node, slog.New(slog.DiscardHandler))
	check(err)
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error)
	go func() { ended <- server.Run(ctx, func() { close(ready) }) }()
	<-ready

	client, err := libp2p.New(libp2p.NoListenAddrs)
	check(err)
	defer func() { check(client.Close()) }()
	client.Peerstore().AddAddrs(node.ID(), node.Addrs(), peerstore.TempAddrTTL)

	_, err = rpc.Dial(ctx, client, node.ID(), rpc.Credentials{Credential: "please", Namespace: "demo"})
	fmt.Println(core.CodeOf(err))

	conn, err := rpc.Dial(ctx, client, node.ID(), rpc.Credentials{Credential: "open sesame", Namespace: "demo"})
	check(err)
	item, _, err := conn.Get(ctx, "demo", "color", core.ReadOptions{})
	check(err)
	fmt.Printf("%s\n", item.Value)
	check(conn.Close())

	stop()
	check(<-ended)
	// Output:
	// unauthenticated
	// red
}

// shelf is a storage that only knows how to get. The embedded interfaces below
// stand for the calls that this example leaves out.
type shelf struct {
	rpc.StorageService
	items map[string]string
}

type noDatabase struct{ rpc.DatabaseService }

type noNode struct{ rpc.NodeService }

func (s shelf) Get(_ context.Context, _ core.Namespace, key string, _ core.ReadOptions) (core.Item, core.Provenance, error) {
	return core.Item{Key: key, Value: []byte(s.items[key])}, core.Provenance{}, nil
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
