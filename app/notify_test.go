package main

import (
	"slices"
	"testing"

	"git.debros.io/DeBros/network/app/api"
)

// While the window is away a person hears of trouble and of the end of long
// work, once each; while it is open the page says it.
func TestAttendant(t *testing.T) {
	var told []string
	var tray []trayState
	away, open := true, false
	a := &attendant{
		ring: func(n notification) { told = append(told, n.title+" | "+n.body+n.room) },
		tray: func(s trayState) { tray = append(tray, s) },
		away: func() bool { return away },
		open: func() bool { return open },
	}
	node := func(state string, peers int, checks ...api.Check) {
		a.take(api.Event{Data: api.NodeStatus{State: state, Peers: peers, Checks: checks}})
	}
	tasks := func(list ...api.Task) { a.take(api.Event{Data: list}) }
	expect := func(what string, want ...string) {
		t.Helper()
		if !slices.Equal(told, want) {
			t.Errorf("%s: told %q, want %q", what, told, want)
		}
		told = nil
	}

	node("ok", 0)
	node("ok", 2)
	expect("a good start")
	node("degraded", 2, api.Check{Name: "gateway", State: "ok"}, api.Check{Name: "disk", State: "degraded", Detail: "nearly full"})
	node("degraded", 1)
	expect("trouble", "The node works with a loss | disk: nearly full")
	node("ok", 1)
	expect("it went away", "The node is well again | All its parts work.")
	away = false
	node("down", 0)
	expect("the window is open")

	const start, soon, later = "2026-01-01T12:00:00Z", "2026-01-01T12:00:05Z", "2026-01-01T12:01:00Z"
	away = true
	tasks(api.Task{ID: "old", State: "done", Title: "Old", StartedAt: start, EndedAt: later})
	expect("what ended before")
	tasks(api.Task{ID: "a", State: "running"}, api.Task{ID: "b", State: "running"}, api.Task{ID: "c", State: "running"})
	tasks(
		api.Task{ID: "a", State: "done", Title: "Export", Result: "9 keys", StartedAt: start, EndedAt: later},
		api.Task{ID: "b", State: "failed", Title: "Import", Error: "Line 3.", StartedAt: start, EndedAt: later},
		api.Task{ID: "c", State: "done", Title: "Short", StartedAt: start, EndedAt: soon},
	)
	expect("ends", "Export: done | 9 keys", "Import: failed | Line 3.")

	message := api.ChatEvent{Kind: "notify", Room: " r1", Title: "garden", Message: &api.ChatMessage{FromName: "Bob", Text: "the roses\nare out"}}
	a.take(api.Event{Data: message})
	expect("a message", "New message |  r1")
	open = true
	a.take(api.Event{Data: message})
	expect("a message that may be shown", "garden | Bob: the roses … r1")
	a.take(api.Event{Data: api.ChatEvent{Kind: "rooms", Room: "r1"}})
	away = false
	a.take(api.Event{Data: message})
	expect("what is no message, and the window is open")

	if want := []trayState{{"ok", 0}, {"ok", 2}, {"degraded", 2}, {"degraded", 1}, {"ok", 1}, {"down", 0}}; !slices.Equal(tray, want) {
		t.Errorf("tray: %+v", tray)
	}
}
