package anchat_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"git.debros.io/DeBros/network/backend/anchat"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// A node makes one chat and runs it beside its other parts. Until a wallet has a
// device there it says so.
func ExampleChat() {
	dir, err := os.MkdirTemp("", "anchat")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of this example

	chat, err := anchat.New(anchat.Settings{
		Dir: dir, Network: "net-1", Node: "node-1", Log: slog.New(slog.DiscardHandler),
		Open: func(wire.Caller, wire.Sign) (wire.Service, wire.Gossip, error) {
			return nil, nil, core.Errorf(core.Unavailable, "this example has no nodes")
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- chat.Run(ctx, func() {}) }()

	state, err := chat.State(ctx)
	fmt.Println(state.State, err)
	_, err = chat.Devices(ctx)
	fmt.Println(core.CodeOf(err))
	stop()
	fmt.Println(<-ended)
	// Output:
	// none <nil>
	// unauthenticated
	// <nil>
}
