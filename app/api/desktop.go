// This file is the desktop around the window: what goes on when it is closed,
// starting at login, graphics. A browser has none of it.

package api

import (
	"context"
	"slices"

	"git.debros.io/DeBros/network/backend/core"
)

// What a person can say when the window is about to close.
const (
	CloseBackground = "background" // the window goes, the node stays
	CloseQuit       = "quit"       // both end
	CloseStay       = "stay"       // neither
)

// Desktop is bound as "Desktop".
type Desktop struct {
	d     *desk
	shell Shell
}

// DesktopState is what the desktop around the window offers.
type DesktopState struct {
	Window          bool   `json:"window"`            // false in a browser; then nothing below is offered
	Tray            bool   `json:"tray"`              // there is a status area with our icon
	Notifications   bool   `json:"notifications"`     // the desktop shows some
	LoginOffered    bool   `json:"login_offered"`     // this system can start us at login
	StartAtLogin    bool   `json:"start_at_login"`    // and does
	SafeGraphics    bool   `json:"safe_graphics"`     // the graphics card's shared buffers are not used
	SafeGraphicsWhy string `json:"safe_graphics_why"` // "asked", or "unpainted": earlier starts showed nothing
}

// State tells what the desktop offers.
func (x *Desktop) State() (DesktopState, error) {
	return guard(x.d, "Desktop.State", MaxCallTime, func(context.Context) (DesktopState, error) {
		if x.shell == nil {
			return DesktopState{}, nil
		}
		return x.shell.Desktop(), nil
	})
}

// StartAtLogin makes the system start the program in the background when the
// person logs in, or no longer.
func (x *Desktop) StartAtLogin(on bool) error {
	return x.act("Desktop.StartAtLogin", func() error { return x.shell.StartAtLogin(on) })
}

// Close answers the question that the closing event asked.
func (x *Desktop) Close(how string) error {
	return x.act("Desktop.Close", func() error {
		if !slices.Contains([]string{CloseBackground, CloseQuit, CloseStay}, how) {
			return core.Errorf(core.Invalid, "A window is closed as background, quit or stay, not as %q.", how)
		}
		x.shell.Close(how)
		return nil
	})
}

// Painted tells that the page was drawn, so that safe graphics are not needed.
func (x *Desktop) Painted() error {
	return x.act("Desktop.Painted", func() error { x.shell.Painted(); return nil })
}

func (x *Desktop) act(name string, do func() error) error {
	return act(x.d, name, MaxCallTime, func(context.Context) error {
		if x.shell == nil {
			return core.Errorf(core.Denied, "Only the window can do this; a browser's page has no desktop around it.")
		}
		return do()
	})
}

// AskClosing asks the page what closing the window is to mean.
func (a *API) AskClosing() { a.desk.events.send(EventClosing, func(Mode) any { return true }) }

// Settings are the person's choices, the defaults when they cannot be read.
func (a *API) Settings() Settings {
	s, err := a.desk.file.load()
	if err != nil {
		return defaultSettings()
	}
	return s
}
