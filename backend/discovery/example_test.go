package discovery_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"git.debros.io/DeBros/network/backend/discovery"
	"git.debros.io/DeBros/network/backend/p2p"
)

// The first node of a network has nobody to look for and is content.
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
	host, err := p2p.New(p2p.Settings{Identity: identity, ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0"}}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer host.Close() //nolint:errcheck // the example ends
	finder, err := discovery.New(discovery.Settings{Interval: 15 * time.Second, MaxPeers: 50}, host, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	err = finder.Run(ctx, func() {
		fmt.Println(finder.Check().State, "-", finder.Check().Detail)
		stop()
	})
	fmt.Println("ended:", err)
	// Output:
	// ok - no bootstrap peers are configured; 0 peers connected
	// ended: <nil>
}
