// This file is what the window needs around it, whether or not this build has
// one: the node runs beside it and ends with it.

package main

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"runtime"
	"runtime/debug"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/backend/core"
)

// window is what openWindow is given.
type window struct {
	API *api.API
	// Node opens and runs the node until ctx ends, in one call: node.Open, then
	// API.Attach, then Run with the given face and API.Ready. When it returns an
	// error the window stays and shows it; when it returns nil the window closes.
	Node func(ctx context.Context, in face) error
	Log  *slog.Logger
	// DataDir is where the window's size is remembered, "" when there is none.
	DataDir string
	// Lookup reads an environment variable.
	Lookup func(string) (string, bool)
	// Background starts without showing the window, as at login.
	Background bool
	// SafeGraphics draws without the graphics card's shared buffers, which leave
	// the window blank on some computers.
	SafeGraphics bool
}

// face is the open window as the node knows it; it is a node.Face.
type face interface {
	Run(ctx context.Context, ready func()) error
	URL() string
	Open(ctx context.Context, link string) (url string, err error)
}

// displayProblem says why no window can be shown here, or returns nil. Lookup
// reads an environment variable.
func displayProblem(lookup func(string) (string, bool)) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY"} {
		if value, _ := lookup(name); value != "" {
			return nil
		}
	}
	return core.Errorf(core.Unavailable, "there is no display here (DISPLAY and WAYLAND_DISPLAY are not set); use the page in a browser: debros node start --ui")
}

// companions are the node and the page's watcher while the window is open.
type companions struct {
	cancel context.CancelFunc
	ended  chan struct{} // closed when the node ended without an error
	done   chan struct{} // closed when both have returned
	err    error         // of the node; read after done
}

// startCompanions starts the node and what watches it for the page.
func startCompanions(ctx context.Context, w window, in face) *companions {
	ctx, cancel := context.WithCancel(ctx)
	c := &companions{cancel: cancel, ended: make(chan struct{}), done: make(chan struct{})}
	watched := make(chan error, 1)
	go func() { watched <- w.API.Run(ctx, func() {}) }()
	go func() {
		defer close(c.done)
		c.err = runNode(ctx, w, in)
		if c.err != nil {
			w.Log.Error("the node ended with an error", core.KeyError, c.err.Error())
			w.API.Failed(c.err)
		} else {
			close(c.ended)
		}
		<-ctx.Done()
		if err := <-watched; err != nil && c.err == nil {
			c.err = err
		}
	}()
	return c
}

// runNode keeps a panic in the node's start from taking the window with it: the
// person should read what happened.
func runNode(ctx context.Context, w window, in face) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = core.Wrap(core.Internal, fmt.Errorf("panic: %v\n%s", p, debug.Stack()), "the node stopped by a fault in the program")
		}
	}()
	return w.Node(ctx, in)
}

// stop ends both and returns the node's error.
func (c *companions) stop() error {
	c.cancel()
	<-c.done
	return c.err
}

// openAddress shows a web address, already checked, in the person's browser.
func openAddress(ctx context.Context, address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // a fixed program; the address is its one argument and starts with http
	if err := cmd.Start(); err != nil {
		return core.Wrap(core.Unavailable, err, "the browser could not be started; copy the address instead")
	}
	go func() {
		_ = cmd.Wait() //nolint:errcheck // only so that no dead process stays; a browser may run on for hours, so nobody waits for this
	}()
	return nil
}
