// This file keeps what the page did for its person, in <data_dir>/activity.jsonl:
// on this computer only, one line per act, the oldest dropped first.

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	// MaxActivities bounds the lines that are kept.
	MaxActivities = 2000
	// maxActivityText bounds one text of a line.
	maxActivityText = 500
	// activitySlack is how many lines more the file may have before it is written
	// anew without the oldest.
	activitySlack = 200
	// maxActivityBytes is what so many lines can weigh.
	maxActivityBytes = (MaxActivities + activitySlack) * 4 * maxActivityText

	activityName = "activity.jsonl"
)

// Activity is one thing that the page did.
type Activity struct {
	Time      string `json:"time"`
	Failed    bool   `json:"failed"`
	Text      string `json:"text"` // what was done, or why not
	Namespace string `json:"namespace"`
	Index     string `json:"index"` // of the write in the log, "" when there was none
}

// activityLog is the file.
type activityLog struct {
	path string // "" keeps nothing
	now  func() time.Time

	mu    sync.Mutex // held during file work on purpose: two writers would mix
	lines []Activity // oldest first; nil until the file was read
	extra int        // lines in the file beyond those that are kept
}

func newActivityLog(dir string, now func() time.Time) *activityLog {
	l := &activityLog{now: now}
	if dir != "" {
		l.path = filepath.Join(dir, activityName)
	}
	return l
}

// NoteActivity keeps one line; its time is that of this computer.
func (a *App) NoteActivity(line Activity) error {
	return act(a.d, "App.NoteActivity", MaxCallTime, func(context.Context) error { return a.d.activity.add(line) })
}

// Activities returns the newest lines whose text or namespace holds search in any
// case, newest first.
func (a *App) Activities(search string, limit int) ([]Activity, error) {
	return guard(a.d, "App.Activities", MaxCallTime, func(context.Context) ([]Activity, error) {
		return a.d.activity.find(search, limit)
	})
}

// ForgetActivities deletes all lines.
func (a *App) ForgetActivities() error {
	return act(a.d, "App.ForgetActivities", MaxCallTime, func(context.Context) error { return a.d.activity.forget() })
}

func (l *activityLog) add(line Activity) error {
	line.Time = stamp(l.now())
	for _, text := range []*string{&line.Text, &line.Namespace, &line.Index} {
		*text = cutText(*text, maxActivityText)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readLocked(); err != nil {
		return err
	}
	l.lines = append(l.lines, line)
	if over := len(l.lines) - MaxActivities; over > 0 {
		l.lines = append([]Activity{}, l.lines[over:]...)
		l.extra += over
	}
	if l.path == "" {
		return nil
	}
	if l.extra > activitySlack {
		return l.rewriteLocked()
	}
	file, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return errActivity(err)
	}
	text, err := encodeLines([]Activity{line})
	if err == nil {
		_, err = file.Write(text)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errActivity(err)
	}
	return nil
}

func (l *activityLog) find(search string, limit int) ([]Activity, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.readLocked(); err != nil {
		return nil, err
	}
	search = strings.ToLower(strings.TrimSpace(search))
	out := []Activity{}
	for i := len(l.lines) - 1; i >= 0 && len(out) < min(max(limit, 1), MaxActivities); i-- {
		line := l.lines[i]
		if strings.Contains(strings.ToLower(line.Text+" "+line.Namespace), search) {
			out = append(out, line)
		}
	}
	return out, nil
}

func (l *activityLog) forget() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines, l.extra = []Activity{}, 0
	if l.path == "" {
		return nil
	}
	if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errActivity(err)
	}
	return nil
}

// readLocked reads the file once. A line that cannot be read, as after a crash in
// the middle of it, is left out.
func (l *activityLog) readLocked() error {
	if l.lines != nil {
		return nil
	}
	lines := []Activity{}
	if l.path != "" {
		text, err := readAtMost(l.path, maxActivityBytes)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errActivity(err)
		}
		for line := range bytes.Lines(text) {
			var one Activity
			if json.Unmarshal(line, &one) == nil {
				lines = append(lines, one)
			}
		}
	}
	l.extra = max(0, len(lines)-MaxActivities)
	l.lines = lines[l.extra:]
	return nil
}

func (l *activityLog) rewriteLocked() error {
	text, err := encodeLines(l.lines)
	if err == nil {
		err = disk.Write(l.path, text)
	}
	if err != nil {
		return errActivity(err)
	}
	l.extra = 0
	return nil
}

func encodeLines(lines []Activity) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for _, line := range lines {
		if err := encoder.Encode(line); err != nil {
			return nil, fmt.Errorf("encode activity: %w", err)
		}
	}
	return text.Bytes(), nil
}

func errActivity(err error) error {
	return core.Wrap(core.Unavailable, err, "The list of what was done cannot be kept; check the space and rights of %s in the data folder.", activityName)
}
