package sandbox_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"git.debros.io/DeBros/network/backend/sandbox"
)

// A sandbox is prepared by Open and works when Up returns.
func Example() {
	dir, err := filepath.Abs("data")
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := sandbox.Open(sandbox.Settings{DataDir: dir, Name: "demo", Nodes: 3, Program: []string{"debros"}, Environ: os.Environ()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Name(), len(b.Nodes()), b.Nodes()[0].Name())
	// report, err := b.Up(ctx, nil)
	fmt.Println(b.Down(context.Background()))
	// Output:
	// demo 3 node-1
	// <nil>
}
