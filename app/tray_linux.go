//go:build production || dev

package main

import (
	"fmt"

	"github.com/godbus/dbus/v5"
)

// statusWatcher is who keeps the icons; see the StatusNotifierItem specification.
const statusWatcher = "org.kde.StatusNotifierWatcher"

// statusArea returns an error when nobody would show an icon.
func statusArea() error {
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		return fmt.Errorf("reach the session: %w", err)
	}
	defer bus.Close() //nolint:errcheck // it was only asked
	var owned bool
	if err := bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, statusWatcher).Store(&owned); err != nil {
		return fmt.Errorf("ask the session: %w", err)
	}
	if !owned {
		return errNoStatusArea
	}
	return nil
}
