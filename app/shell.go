//go:build production || dev || bindings

// This file is what the page asks of the desktop; see api.Shell.

package main

import (
	"os"
	"runtime"
	"time"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/backend/core"
)

// OpenURL shows a web address in the person's browser.
func (d *desktop) OpenURL(address string) error { return d.wails().open(address) }

// CopyText puts text on the clipboard.
func (d *desktop) CopyText(text string) error {
	if err := d.wails().copy(text); err != nil {
		return core.Wrap(core.Unavailable, err, "The text could not be copied.")
	}
	return nil
}

// OpenFile asks the person for a file to read.
func (d *desktop) OpenFile(title string) (string, error) {
	d.dialog.Lock() // two at once mix their answers on Linux
	defer d.dialog.Unlock()
	path, err := d.wails().openFile(title)
	return path, dialogError(err)
}

// SaveFile asks the person where a file is to be written.
func (d *desktop) SaveFile(title, name string) (string, error) {
	d.dialog.Lock()
	defer d.dialog.Unlock()
	path, err := d.wails().saveFile(title, name)
	return path, dialogError(err)
}

func dialogError(err error) error {
	if err == nil {
		return nil
	}
	return core.Wrap(core.Unavailable, err, "The dialog for files could not be opened.")
}

// Desktop tells what there is around the window.
func (d *desktop) Desktop() api.DesktopState {
	d.mu.Lock()
	defer d.mu.Unlock()
	why := ""
	switch {
	case d.window.SafeGraphics:
		why = "asked"
	case d.safeGraphics:
		why = "unpainted"
	}
	return api.DesktopState{
		Window: true, Tray: d.tray != nil, Notifications: d.calls.notify != nil,
		LoginOffered: d.login.path != "", StartAtLogin: d.login.on(), SafeGraphics: why != "", SafeGraphicsWhy: why,
	}
}

// StartAtLogin makes the desktop start us, or no longer.
func (d *desktop) StartAtLogin(on bool) error { return d.login.set(on) }

// Close is the answer to the question that closing the window asked.
func (d *desktop) Close(how string) {
	d.window.Log.Info("closing was answered", "how", how)
	switch how {
	case api.CloseBackground:
		d.hide()
	case api.CloseQuit:
		d.quit()
	}
	d.asked.Store(false)
}

// Painted remembers that graphics work, and tells the log once how long the
// first picture took.
func (d *desktop) Painted() {
	if d.painted.Swap(true) {
		return
	}
	d.window.Log.Info("the window is painted", "took_ms", time.Since(d.began).Milliseconds())
	d.remember(func(s *windowState) { s.Unpainted = 0 })
}

// notify shows a notification, unless the person wants none.
func (d *desktop) notify(n notification) {
	show := d.wails().notify
	if show == nil || d.window.API.Settings().Quiet {
		return
	}
	if err := show(n); err != nil {
		d.window.Log.Debug("a notification was not shown", core.KeyError, err.Error())
	}
}

// loginOf is the place of this system.
func loginOf(lookup func(string) (string, bool)) login {
	executable, err := os.Executable()
	if err != nil {
		return login{}
	}
	path, text := loginFile(runtime.GOOS, executable, lookup)
	return login{path: path, text: text}
}
