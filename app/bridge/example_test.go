package bridge_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing/fstest"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/app/bridge"
)

// The page is served on loopback; a link that works once lets a browser in.
func Example() {
	log := slog.New(slog.DiscardHandler)
	page, err := api.New(api.Program{DataDir: "unused"}, log)
	if err != nil {
		fmt.Println(err)
		return
	}
	dist := fstest.MapFS{"index.html": {Data: []byte("<html></html>")}} // frontend.Dist() in the program
	b, err := bridge.New(bridge.Settings{Address: "127.0.0.1:0", Dist: dist}, page, log)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	err = b.Run(ctx, func() {
		link, linkErr := b.Open(ctx, "")
		fmt.Println(strings.HasPrefix(link, b.URL()+"/login?once="), linkErr)
		stop()
	})
	fmt.Println(err)
	// Output:
	// true <nil>
	// <nil>
}
