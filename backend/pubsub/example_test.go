// How a node publishes and subscribes.

package pubsub_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/libp2p/go-libp2p"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/pubsub"
)

func Example() {
	h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close() //nolint:errcheck // the example is over
	ps, err := pubsub.New(pubsub.Settings{Relay: true}, h, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ready, ended := make(chan struct{}), make(chan error)
	go func() { ended <- ps.Run(ctx, func() { close(ready) }) }()
	<-ready

	news, err := ps.Subscribe(ctx, core.DefaultNamespace, "news")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := ps.Publish(ctx, core.DefaultNamespace, "news", []byte("hello")); err != nil {
		fmt.Println(err)
		return
	}
	m := <-news.Messages()
	fmt.Printf("%s: %s\n", m.Topic, m.Data)
	fmt.Println(ps.Topics(core.DefaultNamespace))

	stop()
	fmt.Println(<-ended, core.CodeOf(func() error { <-news.Messages(); return news.Err() }()))
	// Output:
	// news: hello
	// [news]
	// <nil> unavailable
}
