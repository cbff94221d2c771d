package p2p_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"git.debros.io/DeBros/network/backend/p2p"
)

// A host gets its lasting name from a file and runs until its context ends.
func Example() {
	dir, err := os.MkdirTemp("", "debros")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // an example's own folder
	identity, err := p2p.LoadIdentity(filepath.Join(dir, "identity.key"))
	if err != nil {
		fmt.Println(err)
		return
	}
	host, err := p2p.New(p2p.Settings{
		Identity:    identity,
		ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0"},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	err = host.Run(ctx, func() {
		fmt.Println("addresses:", len(host.FullAddresses()), "reachability:", host.Reachability())
		stop()
	})
	fmt.Println("ended:", err)
	// Output:
	// addresses: 1 reachability: private
	// ended: <nil>
}
