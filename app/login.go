// This file starts the program when the person logs in: one file that the
// desktop reads, in the place of each system.

package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// flagBackground starts without showing the window.
const flagBackground = "--background"

// loginFile is where the desktop looks for what to start, and what to write
// there; lookup reads an environment variable. Path is "" on a system that has
// no such file.
func loginFile(goos, executable string, lookup func(string) (string, bool)) (path, text string) {
	home, _ := lookup("HOME")
	switch goos {
	case "linux":
		config, _ := lookup("XDG_CONFIG_HOME")
		if config == "" && home != "" {
			config = filepath.Join(home, ".config")
		}
		if config == "" {
			return "", ""
		}
		return filepath.Join(config, "autostart", "debros.desktop"),
			"[Desktop Entry]\nType=Application\nName=debros\nComment=A node of a peer-to-peer network\nExec=" + desktopWord(executable) + " " + flagBackground +
				"\nIcon=debros\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
	case "darwin":
		if home == "" {
			return "", ""
		}
		var program strings.Builder
		if err := xml.EscapeText(&program, []byte(executable)); err != nil {
			return "", ""
		}
		return filepath.Join(home, "Library", "LaunchAgents", "io.debros.debros.plist"),
			`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>io.debros.debros</string>
<key>ProgramArguments</key><array><string>` + program.String() + `</string><string>` + flagBackground + `</string></array>
<key>RunAtLoad</key><true/>
</dict></plist>
`
	case "windows":
		data, _ := lookup("APPDATA")
		if data == "" {
			return "", ""
		}
		// A script of one line in the start-up folder needs no library and no rights.
		return filepath.Join(data, `Microsoft\Windows\Start Menu\Programs\Startup`, "debros.cmd"),
			"@start \"\" \"" + strings.ReplaceAll(executable, "%", "%%") + "\" " + flagBackground + "\r\n"
	}
	return "", ""
}

// desktopWord quotes a program for the Exec line of a desktop entry: first as a
// quoted argument, then its backslashes as the file's own; see the Desktop Entry
// Specification 1.5.
func desktopWord(s string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`, "%", "%%").Replace(s)
	return `"` + strings.ReplaceAll(quoted, `\`, `\\`) + `"`
}

// login is the place of one system.
type login struct{ path, text string }

// on tells whether the desktop starts a program from there.
func (l login) on() bool {
	if l.path == "" {
		return false
	}
	_, err := os.Stat(l.path)
	return err == nil
}

// set writes the file or takes it away.
func (l login) set(on bool) error {
	if l.path == "" {
		return core.Errorf(core.Unavailable, "This system has no place for programs that start at login.")
	}
	err := l.write(on)
	if err != nil {
		return core.Wrap(core.Unavailable, err, "Starting at login could not be changed; check the rights of %s.", filepath.Dir(l.path))
	}
	return nil
}

func (l login) write(on bool) error {
	if !on {
		if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", l.path, err)
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o755); err != nil { //nolint:gosec // the desktop's own folder, with its usual rights
		return fmt.Errorf("make folder: %w", err)
	}
	if err := os.WriteFile(l.path, []byte(l.text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", l.path, err)
	}
	return nil
}
