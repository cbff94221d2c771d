// This file decides what is worth a word while the window is away.

package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/backend/core"
)

// notification is a word while the window is away. Room is where a click on it
// leads, "" to the window alone.
type notification struct{ title, body, room string }

// longWork is how long a task must have run for its end to be news.
const longWork = 10 * time.Second

// trayState is what the icon and its menu say.
type trayState struct {
	node  string // core.StateOK, …; "" while the node starts
	peers int
}

// attendant follows the page's events for the desktop. Ring shows a
// notification, tray changes the icon; away tells whether nobody sees the page,
// open whether notifications of the chat may show who wrote what.
type attendant struct {
	ring func(notification)
	tray func(trayState)
	away func() bool
	open func() bool

	mu     sync.Mutex
	state  trayState
	node   string          // the state that was last told
	tasks  map[string]bool // that were running; bounded by api.MaxTasksRunning
	primed bool
}

// take hears one event.
func (a *attendant) take(payload any) {
	event, ok := payload.(api.Event)
	if !ok {
		return
	}
	switch data := event.Data.(type) {
	case api.NodeStatus:
		a.nodeIs(data)
	case []api.Task:
		a.tasksAre(data)
	case api.ChatEvent:
		a.chatSays(data)
	}
}

// chatSays tells of a message. Whoever looks over the shoulder learns neither
// room nor sender nor text, unless the person wants them shown.
func (a *attendant) chatSays(e api.ChatEvent) {
	if e.Kind != core.ChatEventNotify || !a.away() {
		return
	}
	n := notification{title: "New message", room: e.Room}
	if a.open() && e.Message != nil {
		n.title, n.body = e.Title, e.Message.FromName+": "+firstLine(e.Message.Text)
	}
	a.ring(n)
}

// maxPreview is how many letters of a message a notification shows.
const maxPreview = 120

func firstLine(text string) string {
	line, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	if letters := []rune(line); len(letters) > maxPreview {
		line, more = string(letters[:maxPreview]), true
	}
	if more {
		line += " …"
	}
	return line
}

func (a *attendant) nodeIs(s api.NodeStatus) {
	a.mu.Lock()
	next := trayState{node: s.State, peers: s.Peers}
	changed := next != a.state
	before := a.node
	a.state, a.node = next, s.State
	a.mu.Unlock()
	if changed {
		a.tray(next)
	}
	if before == "" || before == s.State || !a.away() {
		return
	}
	switch s.State {
	case core.StateOK:
		a.ring(notification{title: "The node is well again", body: "All its parts work."})
	case core.StateDegraded:
		a.ring(notification{title: "The node works with a loss", body: trouble(s)})
	default:
		a.ring(notification{title: "The node does not work", body: trouble(s)})
	}
}

// trouble names the first part that is not well.
func trouble(s api.NodeStatus) string {
	for _, c := range s.Checks {
		if c.State != core.StateOK && c.State != core.StateOff {
			return fmt.Sprintf("%s: %s", c.Name, c.Detail)
		}
	}
	return "Open it to see why."
}

func (a *attendant) tasksAre(list []api.Task) {
	a.mu.Lock()
	before, primed := a.tasks, a.primed
	a.tasks, a.primed = make(map[string]bool), true
	var ended []api.Task
	for _, t := range list {
		switch {
		case t.State == "running":
			a.tasks[t.ID] = true
		case before[t.ID]:
			ended = append(ended, t)
		}
	}
	a.mu.Unlock()
	if !primed || !a.away() {
		return
	}
	for _, t := range ended {
		if ran(t) < longWork || t.State == "cancelled" {
			continue
		}
		if t.State == "failed" {
			a.ring(notification{title: t.Title + ": failed", body: t.Error})
		} else {
			a.ring(notification{title: t.Title + ": done", body: t.Result})
		}
	}
}

func ran(t api.Task) time.Duration {
	from, errFrom := time.Parse(time.RFC3339Nano, t.StartedAt)
	to, errTo := time.Parse(time.RFC3339Nano, t.EndedAt)
	if errFrom != nil || errTo != nil {
		return 0
	}
	return to.Sub(from)
}
