package p2p

// This file keeps how the ways to peers changed in the last day, also over a
// restart.

import (
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

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	// MaxPathChanges bounds the timeline.
	MaxPathChanges = 2000
	// MaxPathAge is how far back it goes.
	MaxPathAge = 24 * time.Hour

	timelineFile    = "paths.json"
	timelineVersion = 1
	// maxTimelineBytes bounds the file that is read: every change takes some 150.
	maxTimelineBytes = 1 << 20
	maxRouteBytes    = 16 // the longest word has twelve
)

// timeline is the changes, oldest first, and the folder where they are kept, ""
// for memory only.
type timeline struct {
	folder string

	mu      sync.Mutex
	changes []core.PathChange
	changed bool
}

type storedTimeline struct {
	Version int           `json:"version"`
	At      time.Time     `json:"at"` // when it was written: what is open then is taken for lost
	Changes []storedRoute `json:"changes"`
}

type storedRoute struct {
	At   time.Time `json:"at"`
	Peer string    `json:"peer"`
	From string    `json:"from"`
	To   string    `json:"to"`
}

// openTimeline reads what is kept in folder. It is history that nothing depends
// on, so a file that cannot be used is set aside, if possible, and forgotten.
func openTimeline(folder string, now time.Time, log *slog.Logger) *timeline {
	t := &timeline{folder: folder}
	if folder == "" {
		return t
	}
	path := filepath.Join(folder, timelineFile)
	err := t.load(path, now)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return t
	}
	t.changes = nil
	kept, errAside := setAside(path, now)
	log.Warn("the timeline of paths was damaged; it starts afresh", "kept", kept, core.KeyError, errors.Join(err, errAside))
	return t
}

func (t *timeline) load(path string, now time.Time) error {
	file, err := os.Open(path) //nolint:gosec // the node's own data folder
	if err != nil {
		return fmt.Errorf("open timeline: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	return t.read(io.LimitReader(file, maxTimelineBytes), now)
}

// read decodes the file. Ways that were open when it was written ended with the
// node, at that time.
func (t *timeline) read(from io.Reader, now time.Time) error {
	var stored storedTimeline
	if err := json.NewDecoder(from).Decode(&stored); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if stored.Version != timelineVersion || len(stored.Changes) > MaxPathChanges {
		return fmt.Errorf("version %d with %d changes", stored.Version, len(stored.Changes))
	}
	open := map[string]string{}
	var order []string // of the ids in open, so that the outcome is the same each time
	for _, c := range stored.Changes {
		if _, err := peer.Decode(c.Peer); err != nil || len(c.From) > maxRouteBytes || len(c.To) > maxRouteBytes {
			return errors.New("a change that cannot be")
		}
		if _, seen := open[c.Peer]; !seen {
			order = append(order, c.Peer)
		}
		open[c.Peer] = c.To
		t.changes = append(t.changes, core.PathChange{At: c.At, Peer: c.Peer, From: c.From, To: c.To})
	}
	for _, id := range order {
		if way := open[id]; way != core.RouteOffline {
			t.changes = append(t.changes, core.PathChange{At: stored.At, Peer: id, From: way, To: core.RouteOffline})
		}
	}
	slices.SortStableFunc(t.changes, func(a, b core.PathChange) int { return a.At.Compare(b.At) })
	t.changes = lastOf(t.changes, MaxPathChanges)
	t.dropOldLocked(now)
	return nil
}

func (t *timeline) add(c core.PathChange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dropOldLocked(c.At)
	t.changes = lastOf(append(t.changes, c), MaxPathChanges)
	t.changed = true
}

func (t *timeline) dropOldLocked(now time.Time) {
	first := 0
	for first < len(t.changes) && now.Sub(t.changes[first].At) > MaxPathAge {
		first++
	}
	t.changes = t.changes[first:]
}

// since lists the changes after a time, oldest first.
func (t *timeline) since(after time.Time) []core.PathChange {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, _ := slices.BinarySearchFunc(t.changes, after, func(c core.PathChange, after time.Time) int { return c.At.Compare(after) })
	return slices.Clone(t.changes[i:])
}

// save writes the timeline when it changed.
func (t *timeline) save(now time.Time) error {
	if t.folder == "" {
		return nil
	}
	t.mu.Lock()
	stored := storedTimeline{Version: timelineVersion, At: now.UTC(), Changes: make([]storedRoute, 0, len(t.changes))}
	for _, c := range t.changes {
		stored.Changes = append(stored.Changes, storedRoute{c.At.UTC(), c.Peer, c.From, c.To})
	}
	changed := t.changed
	t.changed = false
	t.mu.Unlock()
	if !changed {
		return nil
	}
	body, err := json.Marshal(stored)
	if err == nil {
		err = disk.Write(filepath.Join(t.folder, timelineFile), body)
	}
	if err != nil {
		t.mu.Lock()
		t.changed = true
		t.mu.Unlock()
		return fmt.Errorf("save timeline: %w", err)
	}
	return nil
}
