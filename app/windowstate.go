// This file remembers the window between two starts.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"git.debros.io/DeBros/network/backend/disk"
)

const (
	windowStateName = "window.json"

	defaultWidth, defaultHeight = 1280, 800
	minWidth, minHeight         = 720, 480
	// maxWindowSide refuses sizes that no screen has; the file may be damaged.
	maxWindowSide = 16384
)

// windowState is the window as it was left.
type windowState struct {
	Width     int  `json:"width"`
	Height    int  `json:"height"`
	X         int  `json:"x"`
	Y         int  `json:"y"`
	Placed    bool `json:"placed"` // X and Y are known; Wayland does not tell
	Maximised bool `json:"maximised"`
	// Unpainted counts starts since the page was last drawn.
	Unpainted int `json:"unpainted"`
	// ToldBackground says that the person knows that the node runs on.
	ToldBackground bool `json:"told_background"`
}

// loadWindowState reads the file in the data folder. A file that is missing or
// damaged gives the defaults: a window is no reason to stop.
func loadWindowState(dir string) windowState {
	s := windowState{Width: defaultWidth, Height: defaultHeight}
	text, err := os.ReadFile(filepath.Join(dir, windowStateName)) //nolint:gosec // the path is the data folder's own
	if dir == "" || err != nil || json.Unmarshal(text, &s) != nil {
		return windowState{Width: defaultWidth, Height: defaultHeight}
	}
	if s.Width < minWidth || s.Height < minHeight || s.Width > maxWindowSide || s.Height > maxWindowSide {
		s.Width, s.Height, s.Placed = defaultWidth, defaultHeight, false
	}
	return s
}

// save writes the file; without a data folder there is nothing to remember.
func (s windowState) save(dir string) error {
	if dir == "" {
		return nil
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode window state: %w", err)
	}
	if err = disk.Write(filepath.Join(dir, windowStateName), append(text, '\n')); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write window state: %w", err)
	}
	return nil
}

// screen is the size of a screen in the units of the window.
type screen struct{ width, height int }

// fit makes the window no larger than the largest screen, and forgets a place
// that would leave its title outside: the screen it was on may be gone.
func (s windowState) fit(screens []screen) windowState {
	var width, height, across, down int
	for _, one := range screens {
		width, height = max(width, one.width), max(height, one.height)
		across, down = across+one.width, down+one.height // side by side, or above each other
	}
	if width == 0 || height == 0 { // the desktop does not tell
		return s
	}
	s.Width, s.Height = max(minWidth, min(s.Width, width)), max(minHeight, min(s.Height, height))
	const grip = 80 // of the title bar that has to be within reach
	if s.X > across-grip || s.Y > down-grip || s.X+s.Width < grip || s.Y < 0 {
		s.Placed = false
	}
	return s
}
