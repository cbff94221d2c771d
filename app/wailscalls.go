//go:build production || dev || bindings

// This file ties Wails' context into functions, so that no struct keeps it.

package main

import (
	"context"
	"runtime"

	wails_runtime "github.com/wailsapp/wails/v2/pkg/runtime"
)

// bindCalls makes the calls of a window that is up. Notify is nil without a
// session of the desktop, or when it shows no notifications.
func bindCalls(ctx, wctx context.Context, session bool) wailsCalls {
	calls := wailsCalls{
		clicked: func(func(string)) {},
		emit:    func(name string, payload any) { wails_runtime.EventsEmit(wctx, name, payload) },
		copy:    func(text string) error { return wails_runtime.ClipboardSetText(wctx, text) },
		open:    func(address string) error { return openAddress(ctx, address) },
		show: func() {
			wails_runtime.WindowUnminimise(wctx)
			wails_runtime.Show(wctx)
		},
		hide:     func() { wails_runtime.WindowHide(wctx) },
		minimise: func() { wails_runtime.WindowMinimise(wctx) },
		quit:     func() { wails_runtime.Quit(wctx) },
		measure: func(s *windowState) {
			s.Maximised = wails_runtime.WindowIsMaximised(wctx)
			if s.Maximised || wails_runtime.WindowIsMinimised(wctx) {
				return // its size is that of the screen, or nothing
			}
			s.Width, s.Height = wails_runtime.WindowGetSize(wctx)
			s.X, s.Y = wails_runtime.WindowGetPosition(wctx)
			s.Placed = true
		},
		openFile: func(title string) (string, error) {
			return wails_runtime.OpenFileDialog(wctx, wails_runtime.OpenDialogOptions{Title: title})
		},
		saveFile: func(title, name string) (string, error) {
			return wails_runtime.SaveFileDialog(wctx, wails_runtime.SaveDialogOptions{Title: title, DefaultFilename: name})
		},
	}
	if session && wails_runtime.InitializeNotifications(wctx) == nil {
		calls.notify = func(n notification) error {
			options := wails_runtime.NotificationOptions{ID: n.title + n.room, Title: n.title, Body: n.body}
			options.Data = map[string]any{notifiedRoom: n.room}
			return wails_runtime.SendNotification(wctx, options)
		}
		calls.clicked = func(tell func(room string)) {
			wails_runtime.OnNotificationResponse(wctx, func(r wails_runtime.NotificationResult) {
				if room, ok := r.Response.UserInfo[notifiedRoom].(string); ok && r.Error == nil {
					tell(room)
				}
			})
		}
	}
	return calls
}

// notifiedRoom is the name under which a notification carries its room.
const notifiedRoom = "room"

// session tells whether there is a desktop session to talk to. Without an
// address of it libraries would start one of their own, which would outlive us.
func session(lookup func(string) (string, bool)) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	address, _ := lookup("DBUS_SESSION_BUS_ADDRESS")
	return address != "" && address != "disabled:" // the latter is how one says so to GLib
}
