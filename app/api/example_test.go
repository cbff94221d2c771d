package api

import (
	"fmt"
	"log/slog"
)

// The page's structs exist before the node does.
func Example() {
	page, err := New(Program{Version: "1.0.0", DataDir: "unused"}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	app, ok := page.Bound(ModeBrowser, nil)[0].(*App)
	if !ok {
		return
	}
	info, err := app.Info()
	fmt.Println(info.State, err)

	page.Attach(newFake().backend()) // a node, as package node makes it
	page.Ready()
	info, err = app.Info()
	fmt.Println(info.State, err)
	// Output:
	// starting <nil>
	// ready <nil>
}
