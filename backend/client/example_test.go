package client_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/p2p"
	"git.debros.io/DeBros/network/backend/pubsub"
	"git.debros.io/DeBros/network/backend/rpc"
)

// An application stores a value, reads it back and hears its own message. In a
// program the address is that of a node which runs somewhere.
func Example() {
	address, stop := smallNode()
	defer stop()

	config := client.DefaultClientConfig("my-app")
	config.BootstrapPeers = []string{address}
	config.APIKey = "my-app's key"
	c, err := client.NewClient(config)
	check(err)
	check(c.Connect())
	defer func() { check(c.Disconnect()) }()

	ctx := context.Background()
	check(c.Storage().Put(ctx, "color", []byte("red")))
	data, err := c.Storage().Get(ctx, "color")
	check(err)
	fmt.Printf("color: %s\n", data)

	heard := make(chan string, 1)
	check(c.PubSub().Subscribe(ctx, "news", func(topic string, data []byte) error {
		heard <- topic + ": " + string(data)
		return nil
	}))
	check(c.PubSub().Publish(ctx, "news", []byte("hello")))
	fmt.Println(<-heard)
	// Output:
	// color: red
	// news: hello
}

// What the caller should do stands in the error's code.
func ExampleStorage_Get_errors() {
	address, stop := smallNode()
	defer stop()
	config := client.DefaultClientConfig("my-app")
	config.BootstrapPeers = []string{address}
	c, err := client.NewClient(config)
	check(err)
	_, err = c.Storage().Get(context.Background(), "color")
	fmt.Println(core.CodeOf(err), "-", core.Sentence(err))
	check(c.Connect())
	defer func() { check(c.Disconnect()) }()
	_, err = c.Storage().Get(context.Background(), "color")
	fmt.Println(core.CodeOf(err), "-", core.Sentence(err))
	// Output:
	// unavailable - the client is not connected; call Connect first
	// not_found - there is no key "color"
}

// What is not set may come from the environment; what is set wins.
func ExampleClientConfig_FromEnv() {
	config := client.DefaultClientConfig("my-app")
	config.FromEnv(func(name string) (string, bool) { // a program passes os.LookupEnv
		return "/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWAoryfkTyySSoFjKBeetKEX2WbmkM6C7fbvjddPToqGSk", name == "BOOTSTRAP_PEERS"
	})
	fmt.Println(len(config.BootstrapPeers), "bootstrap peer")
	// Output:
	// 1 bootstrap peer
}

// smallNode runs a node that knows keys and topics only.
func smallNode() (address string, stop func()) {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	check(err)
	log := slog.New(slog.DiscardHandler)
	host, err := p2p.New(p2p.Settings{Identity: key, ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0"}}, log)
	check(err)
	gossip, err := pubsub.New(pubsub.Settings{Relay: true}, host, log)
	check(err)
	server, err := rpc.NewServer(rpc.Services{
		Authorize: func(context.Context, core.Secret, core.Namespace) (rpc.Caller, error) {
			return rpc.Caller{Subject: "anyone"}, nil
		},
		AuthorProof: func(context.Context, rpc.Caller, core.Namespace, string) ([]byte, time.Time, error) {
			return nil, time.Now().Add(time.Hour), nil // everybody may publish
		},
		Database: noDatabase{}, Storage: &drawer{items: map[string][]byte{}}, Node: noNode{},
	}, host, log)
	check(err)
	var stops []func()
	for _, run := range []func(context.Context, func()) error{host.Run, gossip.Run, server.Run} {
		ctx, cancel := context.WithCancel(context.Background())
		ready, ended := make(chan struct{}), make(chan error, 1)
		go func() { ended <- run(ctx, func() { close(ready) }) }()
		<-ready
		stops = append(stops, func() { cancel(); check(<-ended) })
	}
	return host.FullAddresses()[0], func() {
		for i := len(stops) - 1; i >= 0; i-- {
			stops[i]()
		}
	}
}

// drawer is a storage that only knows how to get and put. The embedded
// interfaces stand for the calls that these examples leave out.
type drawer struct {
	rpc.StorageService
	items map[string][]byte
}

func (d *drawer) Get(_ context.Context, _ core.Namespace, key string, _ core.ReadOptions) (core.Item, core.Provenance, error) {
	value, found := d.items[key]
	if !found {
		return core.Item{}, core.Provenance{}, core.Errorf(core.NotFound, "there is no key %q", key)
	}
	return core.Item{Key: key, Value: value}, core.Provenance{}, nil
}

func (d *drawer) Put(_ context.Context, _ core.Namespace, key string, value []byte, _ core.PutOptions) (core.WriteAnswer, error) {
	d.items[key] = value
	return core.WriteAnswer{Versions: []core.Version{1}}, nil
}

type noDatabase struct{ rpc.DatabaseService }

type noNode struct{ rpc.NodeService }

func check(err error) {
	if err != nil {
		panic(err)
	}
}
