package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The program's path may hold anything: the desktop must start that program and no other.
func TestLoginFile(t *testing.T) {
	environment := map[string]string{"HOME": "/home/ann", "APPDATA": `C:\Users\Ann\AppData\Roaming`}
	lookup := func(name string) (string, bool) { v, ok := environment[name]; return v, ok }
	tests := map[string]struct{ goos, executable, path, line string }{
		"linux":         {"linux", "/opt/debros", "/home/ann/.config/autostart/debros.desktop", `Exec="/opt/debros" --background` + "\n"},
		"linux, quoted": {"linux", `/opt/my $(x) "d`, "/home/ann/.config/autostart/debros.desktop", `Exec="/opt/my \\$(x) \\"d" --background` + "\n"},
		"macOS":         {"darwin", "/Applications/a&b.app/debros", "/home/ann/Library/LaunchAgents/io.debros.debros.plist", "<string>/Applications/a&amp;b.app/debros</string><string>--background</string>"},
	}
	for name, tt := range tests {
		path, text := loginFile(tt.goos, tt.executable, lookup)
		if path != tt.path || !strings.Contains(text, tt.line) {
			t.Errorf("%s: %s\n%s", name, path, text)
		}
	}
	if _, text := loginFile("windows", `C:\100%\debros.exe`, lookup); text != "@start \"\" \"C:\\100%%\\debros.exe\" --background\r\n" {
		t.Errorf("windows: %q", text)
	}
	if path, _ := loginFile("plan9", "/bin/debros", lookup); path != "" {
		t.Errorf("an unknown system has %s", path)
	}
}

// Turning it off leaves nothing behind, also when it was never on.
func TestLogin_Set(t *testing.T) {
	l := login{path: filepath.Join(t.TempDir(), "autostart", "debros.desktop"), text: "x"}
	if err := l.set(false); err != nil || l.on() {
		t.Fatalf("off: %v", err)
	}
	if err := l.set(true); err != nil || !l.on() {
		t.Fatalf("on: %v", err)
	}
	if err := l.set(false); err != nil || l.on() {
		t.Fatalf("off again: %v", err)
	}
	if _, err := os.Stat(l.path); err == nil {
		t.Error("the file stayed")
	}
}
