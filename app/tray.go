//go:build (production || dev) && (linux || windows)

// This file is the icon in the desktop's status area. On Linux it speaks D-Bus
// and needs no other library.

package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"fyne.io/systray"

	"git.debros.io/DeBros/network/backend/core"
)

// tray is the icon with its menu. A nil tray does nothing: many desktops have no
// status area.
type tray struct {
	remove func() // the icon
	status *systray.MenuItem
	done   chan struct{}
	wg     sync.WaitGroup
	once   sync.Once
}

// newTray shows the icon. Open and quit are what its menu does.
func newTray(open, quit func()) (*tray, error) {
	if err := statusArea(); err != nil {
		return nil, err
	}
	t := &tray{done: make(chan struct{})}
	ready := make(chan struct{})
	start, end := systray.RunWithExternalLoop(func() {
		systray.SetTitle(windowTitle)
		t.status = systray.AddMenuItem("The node is starting", "")
		t.status.Disable()
		systray.AddSeparator()
		show := systray.AddMenuItem("Open debros", "Show the window")
		leave := systray.AddMenuItem("Quit debros", "End the node too")
		systray.SetOnTapped(open)
		t.wg.Go(func() {
			for {
				select {
				case <-show.ClickedCh:
					open()
				case <-leave.ClickedCh:
					quit()
				case <-t.done:
					return
				}
			}
		})
		close(ready)
	}, func() {})
	t.remove = end
	start()
	<-ready
	t.show(trayState{})
	return t, nil
}

// show paints a state.
func (t *tray) show(s trayState) {
	if t == nil {
		return
	}
	words := map[string]string{
		"": "The node is starting", core.StateOK: "All well", core.StateDegraded: "Works, with a loss", core.StateDown: "Not working",
	}
	text, ok := words[s.node]
	if !ok {
		text = s.node
	}
	if s.node != "" {
		text = fmt.Sprintf("%s · peers: %d", text, s.peers)
	}
	t.status.SetTitle(text)
	systray.SetTooltip("debros · " + text)
	picture, err := trayIcon(s.node)
	if err != nil { // memory always takes a picture
		return
	}
	if runtime.GOOS == "windows" {
		picture = ico(picture)
	}
	systray.SetIcon(picture)
}

// end takes the icon away.
func (t *tray) end() {
	if t == nil {
		return
	}
	t.once.Do(func() {
		close(t.done)
		t.wg.Wait()
		t.remove()
	})
}

var errNoStatusArea = errors.New("this desktop has no status area")
