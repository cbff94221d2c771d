//go:build window

// This file drives what the desktop does around the window: the question at its
// closing, a journey by keyboard, the status area, links, a second start.

package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

// A person works in the window with the keyboard alone, and what they store is
// in the node. Closing asks first, and the answer is kept.
func TestWindow_JourneyByKeyboard(t *testing.T) {
	d := newDisplay(t)
	p := d.start(t)
	p.waitFor(t, "the window is painted")
	p.waitFor(t, "ready")
	id := d.window(t)
	d.do(t, "windowactivate", "--sync", id)
	eventually(t, "a key that was typed is in the node", func() bool {
		// On a slow computer the screen may be late; Escape and again is what a person does, too.
		d.keys(t, "Escape", "ctrl+2", "n")
		d.write(t, "color")
		d.keys(t, "Tab")
		d.write(t, "blue")
		d.shoot(t, id, "journey")
		d.keys(t, "shift+Tab", "Return")
		return p.command(t, "kv", "get", "color") == "blue"
	})
	eventually(t, "the person chooses Quit", func() bool {
		asked, answered := strings.Count(p.log(), "the page asks what closing means"), strings.Count(p.log(), `"how":"stay"`)
		if asked == answered { // not asked yet, or the keys came before the question and said Cancel
			d.keys(t, "alt+F4")
			return false
		}
		d.shoot(t, id, "closing")
		d.keys(t, "Tab", "Return") // from Cancel, where the focus is, to Quit
		return strings.Contains(p.log(), `"how":"quit"`)
	})
	if status := p.wait(t); status != 0 {
		t.Errorf("exit status %d; the log:\n%s", status, p.log())
	}
	var kept windowState
	text, err := os.ReadFile(filepath.Join(p.home, "data", windowStateName))
	if err != nil || json.Unmarshal(text, &kept) != nil || kept.Unpainted != 0 || kept.Width < minWidth {
		t.Errorf("the window is remembered as %s, %v", text, err)
	}
}

// With a status area the node outlives its window; the icon, its menu, a second
// start and a link bring the window back, and Quit in the menu ends it.
func TestWindow_StatusArea(t *testing.T) {
	d := newDisplay(t)
	area := newSessionBus(t)
	p := d.start(t, "DBUS_SESSION_BUS_ADDRESS="+area.address)
	p.waitFor(t, "the window is painted")
	p.waitFor(t, "ready")
	eventually(t, "the icon is there", func() bool { return area.icon() != "" })
	id := d.window(t)
	p.setting(t, `"closing":"background"`)
	d.do(t, "windowactivate", "--sync", id)
	eventually(t, "the window hides", func() bool {
		d.keys(t, "alt+F4")
		return !d.visible(t)
	})
	eventually(t, "the person is told, once", func() bool { return len(area.told()) == 1 })
	if got := p.command(t, "kv", "put", "color", "red"); got == "" {
		t.Error("the node ended with its window")
	}

	area.click(t)
	eventually(t, "a click brings the window back", func() bool { return d.visible(t) })
	eventually(t, "the window hides again", func() bool {
		d.keys(t, "alt+F4")
		return !d.visible(t)
	})
	second := d.startIn(t, p.home, nil, "debros://peer/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN")
	if status := second.wait(t); status != 0 {
		t.Errorf("the second start ended with %d:\n%s", status, second.log())
	}
	eventually(t, "a link brings the window back", func() bool { return d.visible(t) })
	p.waitFor(t, "a link waits for the person's word")
	d.do(t, "windowactivate", "--sync", id)
	eventually(t, "the person refuses what the link wants", func() bool {
		d.shoot(t, id, "link")
		d.keys(t, "Return") // on "Do nothing", where the focus is
		return p.says("a link was decided")
	})
	for range 2 {
		eventually(t, "the window hides once more", func() bool {
			d.keys(t, "alt+F4")
			return !d.visible(t)
		})
	}
	if told := area.told(); len(told) != 1 {
		t.Errorf("told %q", told)
	}
	area.choose(t, "Quit debros")
	if status := p.wait(t); status != 0 {
		t.Errorf("exit status %d; the log:\n%s", status, p.log())
	}
}

// keys presses keys, one after another.
func (d *display) keys(t *testing.T, names ...string) {
	t.Helper()
	d.do(t, append([]string{"key", "--clearmodifiers", "--delay", "80"}, names...)...)
}

func (d *display) write(t *testing.T, text string) {
	t.Helper()
	d.do(t, "type", "--delay", "40", text)
}

func (d *display) visible(t *testing.T) bool {
	t.Helper()
	return d.do(t, "search", "--onlyvisible", "--name", "^debros$") != ""
}

// shoot keeps a picture in the folder DEBROS_SHOTS, to look at it.
func (d *display) shoot(t *testing.T, id, name string) {
	t.Helper()
	if dir := os.Getenv("DEBROS_SHOTS"); dir != "" {
		save(t, filepath.Join(dir, name+".png"), d.shot(t, id))
	}
}

// command runs a command against the node and returns what it prints, "" when it fails.
func (p *process) command(t *testing.T, words ...string) string {
	t.Helper()
	cmd := exec.Command(os.Getenv("DEBROS_BIN"), words...)
	cmd.Env = p.cmd.Env
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// setting changes the page's choices as the page does; the window reads them anew.
func (p *process) setting(t *testing.T, field string) {
	t.Helper()
	text := strings.Replace(welcomedJSON, "{", "{"+field+",", 1)
	if err := os.WriteFile(filepath.Join(p.home, "data", "settings.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sessionBus is a desktop's session with a status area and notifications, as
// the StatusNotifierItem and Desktop Notifications specifications have them.
type sessionBus struct {
	address string
	bus     *dbus.Conn

	mu     sync.Mutex
	item   string // who shows an icon
	bodies []string
}

func newSessionBus(t *testing.T) *sessionBus {
	t.Helper()
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address")
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	background(t, daemon)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus-daemon did not start: %v", err)
	}
	a := &sessionBus{address: strings.TrimSpace(address)}
	if a.bus, err = dbus.Connect(a.address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, a.bus) })
	for name, path := range map[string]dbus.ObjectPath{"org.kde.StatusNotifierWatcher": "/StatusNotifierWatcher", "org.freedesktop.Notifications": "/org/freedesktop/Notifications"} {
		if err := a.bus.Export(a, path, name); err != nil {
			t.Fatal(err)
		}
		if _, err := a.bus.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// RegisterStatusNotifierItem is called by who shows an icon.
func (a *sessionBus) RegisterStatusNotifierItem(sender dbus.Sender, _ string) *dbus.Error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.item = string(sender)
	return nil
}

// Notify is called by who shows a notification.
func (a *sessionBus) Notify(_ string, _ uint32, _, summary, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bodies = append(a.bodies, summary+": "+body)
	return uint32(len(a.bodies)), nil
}

func (a *sessionBus) icon() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.item
}

func (a *sessionBus) told() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.bodies...)
}

// click is the person's click on the icon.
func (a *sessionBus) click(t *testing.T) {
	t.Helper()
	if err := a.bus.Object(a.icon(), "/StatusNotifierItem").Call("org.kde.StatusNotifierItem.Activate", 0, int32(0), int32(0)).Err; err != nil {
		t.Fatal(err)
	}
}

// layout is an entry of a menu; see com.canonical.dbusmenu.
type layout struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

// choose clicks an entry of the icon's menu.
func (a *sessionBus) choose(t *testing.T, title string) {
	t.Helper()
	menu := a.bus.Object(a.icon(), "/StatusNotifierItem/menu")
	var revision uint32
	var root layout
	if err := menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
		t.Fatal(err)
	}
	for _, child := range root.Children {
		var entry layout
		if err := dbus.Store([]any{child.Value()}, &entry); err != nil {
			t.Fatal(err)
		}
		if entry.Properties["label"].Value() == title {
			if err := menu.Call("com.canonical.dbusmenu.Event", 0, entry.ID, "clicked", dbus.MakeVariant(""), uint32(0)).Err; err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("the menu has no %q: %+v", title, root)
}
