//go:build bindings

// Command debros, built with the tag bindings, is what "make gen" runs: it writes
// the page's bindings into frontend/src/wailsjs and does nothing else.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"git.debros.io/DeBros/network/app/api"
)

func main() {
	if err := writeBindings(); err != nil {
		fmt.Fprintln(os.Stderr, "write bindings:", err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

// writeBindings opens no window: with the tag bindings Wails only writes.
func writeBindings() error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	page, err := api.New(api.Program{DataDir: "unused"}, log)
	if err != nil {
		return err
	}
	return openWindow(context.Background(), window{API: page, Log: log, Lookup: os.LookupEnv})
}
