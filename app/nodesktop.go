//go:build !production && !dev && !bindings

// This file stands in for the window in builds without one ("make build-headless",
// go test). It links no GTK and no WebKit.

package main

import (
	"context"
	"errors"

	"git.debros.io/DeBros/network/backend/core"
)

// errNoWindow marks that no window could be made; the node was not started.
var errNoWindow = errors.New("the window could not be made")

// openWindow always fails: see desktop.go for the build that has a window.
func openWindow(context.Context, window) error {
	return core.Wrap(core.Unavailable, errNoWindow, "this build has no window; use the page in a browser: debros node start --ui")
}
