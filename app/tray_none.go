//go:build bindings || ((production || dev) && !linux && !windows)

// This file stands in where no icon is shown: on macOS the Dock has the window.

package main

import "errors"

type tray struct{}

func newTray(_, _ func()) (*tray, error) {
	return nil, errors.New("this system has no status area of ours")
}

func (*tray) show(trayState) {}
func (*tray) end()           {}
