// This file keeps what the person chose in <data_dir>/settings.json. A browser's
// own storage would not do: window and browser differ in origin.

package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	settingsName     = "settings.json"
	maxSettingsBytes = 64 << 10 // it has a handful of short fields
)

// Settings are the person's choices for the page.
type Settings struct {
	Theme     string `json:"theme"`     // "system", "dark", "light" or "contrast"
	Density   string `json:"density"`   // "comfortable" or "compact"
	Language  string `json:"language"`  // "system", "en" or "de"; "" is as "system"
	Namespace string `json:"namespace"` // the one that is open
	// Closing is what closing the window means: "" asks, or "background" or "quit".
	Closing string `json:"closing"`
	// Quiet keeps the desktop's notifications away.
	Quiet bool `json:"quiet"`
	// ChatPreview lets notifications of the chat show who wrote what.
	ChatPreview bool `json:"chat_preview"`
	// HidePlaces keeps names of places and pins off the screen, for pictures of it.
	HidePlaces bool `json:"hide_places"`
	// Welcomed says that the first steps are done; until then the page opens with them.
	Welcomed bool `json:"welcomed"`
	// ReadOnly are the namespaces that no page may change.
	ReadOnly []string `json:"read_only"`
	// Notice tells once why choices were lost; it is never stored.
	Notice string `json:"notice"`
}

func defaultSettings() Settings {
	return Settings{Theme: "system", Density: "comfortable", Language: "system", Namespace: string(core.DefaultNamespace), ReadOnly: []string{}}
}

func (s Settings) check() error {
	if themes := []string{"system", "dark", "light", "contrast"}; !slices.Contains(themes, s.Theme) {
		return core.Errorf(core.Invalid, "The theme %q does not exist; choose one of %v.", s.Theme, themes)
	}
	if densities := []string{"comfortable", "compact"}; !slices.Contains(densities, s.Density) {
		return core.Errorf(core.Invalid, "The density %q does not exist; choose one of %v.", s.Density, densities)
	}
	if languages := []string{"", "system", "en", "de"}; !slices.Contains(languages, s.Language) {
		return core.Errorf(core.Invalid, "The language %q does not exist; choose one of %v.", s.Language, languages)
	}
	if closings := []string{"", CloseBackground, CloseQuit}; !slices.Contains(closings, s.Closing) {
		return core.Errorf(core.Invalid, "Closing the window cannot mean %q; choose one of %q.", s.Closing, closings)
	}
	if len(s.ReadOnly) > MaxReadOnly {
		return core.Errorf(core.TooLarge, "At most %d namespaces can be set to read-only.", MaxReadOnly)
	}
	for _, ns := range append([]string{s.Namespace}, s.ReadOnly...) {
		if _, err := core.ParseNamespace(ns); err != nil {
			return err
		}
	}
	return nil
}

// settingsFile reads and writes the file, one at a time.
type settingsFile struct {
	dir string
	now func() time.Time
	log *slog.Logger
	mu  sync.Mutex // held during file work on purpose: two writers would mix
}

func newSettingsFile(dir string, now func() time.Time, log *slog.Logger) *settingsFile {
	return &settingsFile{dir: dir, now: now, log: log}
}

// load returns the stored choices. A damaged file is set aside, never
// overwritten: the defaults come with a notice that names where it went.
func (f *settingsFile) load() (Settings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loadLocked()
}

func (f *settingsFile) loadLocked() (Settings, error) {
	if f.dir == "" {
		return defaultSettings(), nil
	}
	path := filepath.Join(f.dir, settingsName)
	text, err := readAtMost(path, maxSettingsBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return defaultSettings(), nil
	}
	damage := err
	if damage == nil {
		s := defaultSettings()
		if damage = json.Unmarshal(text, &s); damage == nil {
			s.Notice, s.ReadOnly = "", list(s.ReadOnly)
			if damage = s.check(); damage == nil {
				return s, nil
			}
		}
	} else if core.CodeOf(err) != core.TooLarge {
		return Settings{}, core.Wrap(core.Unavailable, err, "The settings cannot be read; check the rights of %s.", settingsName)
	}
	kept := fmt.Sprintf("%s.damaged-%s", settingsName, f.now().UTC().Format("20060102T150405.000"))
	if err := os.Rename(path, filepath.Join(f.dir, kept)); err != nil {
		return Settings{}, core.Wrap(core.Unavailable, errors.Join(damage, err), "The settings in %s are damaged and cannot be set aside.", settingsName)
	}
	f.log.Warn("the page's settings were damaged; defaults are used", "kept_as", kept, core.KeyError, damage.Error())
	s := defaultSettings()
	s.Notice = fmt.Sprintf("%s could not be understood. It is kept as %s, and the defaults are used.", settingsName, kept)
	return s, nil
}

// save stores s so that a crash leaves either the old file or the new one.
func (f *settingsFile) save(s Settings) error {
	if err := s.check(); err != nil {
		return err
	}
	if f.dir == "" {
		return core.Errorf(core.Unavailable, "There is no data folder to store the settings in; see why the node did not start.")
	}
	s.Notice = ""
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.loadLocked(); err != nil { // sets a damaged file aside before it is replaced
		return err
	}
	if err := f.replace(append(text, '\n')); err != nil {
		return core.Wrap(core.Unavailable, err, "The settings could not be stored; check the space and rights of the data folder.")
	}
	return nil
}

func (f *settingsFile) replace(text []byte) error {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if err := disk.Write(filepath.Join(f.dir, settingsName), text); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	return nil
}

// readAtMost reads a small file; core.TooLarge when it is not.
func readAtMost(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the path is the data folder's own
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	var text bytes.Buffer
	n, err := io.Copy(&text, io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return nil, err
	case n > limit:
		return nil, core.Errorf(core.TooLarge, "the file has more than %d bytes", limit)
	}
	return text.Bytes(), nil
}
