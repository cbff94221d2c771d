package logging

// This file builds the log out of its outputs and keeps the level of each part.

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Limits of the log.
const (
	MaxParts      = 64       // a node has some fifteen; more is a mistake in a loop
	MaxAttrs      = 32       // attributes of one entry; more nobody reads
	MaxTextBytes  = 4 << 10  // of one message or attribute; the rest is cut off
	defaultSize   = 20 << 20 // of one file; opens in any editor
	defaultFormat = "console"
)

// Settings of a log. The zero value logs from "info" up, without colour and
// without a file.
type Settings struct {
	Level    string            // debug, info, warn or error; "" is info
	Levels   map[string]string // part → its own level
	Format   string            // of the console: "console" (also "") or "json"
	Color    bool              // of the console's format "console"
	File     string            // JSON goes here too; "" writes none. Missing folders are made
	MaxSize  int64             // of one file, in bytes; 0 means 20 MiB
	MaxFiles int               // finished files that are kept
	MaxAge   time.Duration     // how long they are kept; 0 is for ever
}

// Logging is a log with its outputs. Make one with New; Close it at the end.
type Logging struct {
	console output
	file    *rotating // nil when there is none
	recent  *Recent

	mu     sync.Mutex // guards what follows
	level  slog.Level // of parts without their own
	parts  map[string]*part
	wanted map[string]slog.Level // own levels, also of parts that do not exist yet
}

// part is one speaker of the log.
type part struct {
	name  string
	level slog.LevelVar // read without a lock, at each line
}

// New checks the settings and opens the file. It returns Invalid for an unknown
// level or format, and Unavailable when the file cannot be written.
func New(s Settings, stderr io.Writer) (*Logging, error) {
	l := &Logging{recent: newRecent(), parts: map[string]*part{}, wanted: map[string]slog.Level{}}
	var err error
	if l.level, err = parseLevel(s.Level); err != nil {
		return nil, err
	}
	for name, level := range s.Levels {
		if l.wanted[name], err = parseLevel(level); err != nil {
			return nil, err
		}
	}
	switch s.Format {
	case "", defaultFormat:
		l.console = &console{out: stderr, color: s.Color}
	case "json":
		l.console = newJSON(stderr)
	default:
		return nil, core.Errorf(core.Invalid, "the log format %q is not known; use console or json", s.Format)
	}
	if s.File != "" {
		if s.MaxSize <= 0 {
			s.MaxSize = defaultSize
		}
		if l.file, err = openRotating(s.File, s.MaxSize, s.MaxFiles, s.MaxAge); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Logger returns the logger of a part. Asked twice for one part it returns
// loggers of the same level. There are at most MaxParts parts; more share one
// that is called "other".
func (l *Logging) Logger(name string) *slog.Logger {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.parts[name]
	if !ok {
		if len(l.parts) >= MaxParts {
			name = "other"
		}
		p = &part{name: name}
		l.parts[name] = p
		l.applyLocked(p)
	}
	return slog.New(&handler{log: l, part: p})
}

// SetLevel changes the level of a part, or with part "" of all parts that have
// none of their own. With level "" the part loses its own level. It returns
// Invalid for an unknown part or level.
func (l *Logging) SetLevel(name, level string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.parts[name]; !ok && name != "" {
		return core.Errorf(core.Invalid, "the node has no part %q; its parts are %s", name, strings.Join(slices.Sorted(maps.Keys(l.parts)), ", "))
	}
	if level == "" && name != "" {
		delete(l.wanted, name)
		l.applyLocked(l.parts[name])
		return nil
	}
	parsed, err := parseLevel(level)
	if err != nil {
		return err
	}
	if name == "" {
		l.level = parsed
	} else {
		l.wanted[name] = parsed
	}
	for _, p := range l.parts {
		l.applyLocked(p)
	}
	return nil
}

func (l *Logging) applyLocked(p *part) {
	level, ok := l.wanted[p.name]
	if !ok {
		level = l.level
	}
	p.level.Set(level)
}

// Levels returns the level of every part; "" is that of parts without their own.
func (l *Logging) Levels() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	levels := map[string]string{"": levelName(l.level)}
	for name, p := range l.parts {
		levels[name] = levelName(p.level.Level())
	}
	return levels
}

// UnknownParts lists the parts that Settings.Levels named and nobody is, once
// all parts have their loggers: probably misspelt.
func (l *Logging) UnknownParts() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var unknown []string
	for name := range l.wanted {
		if _, ok := l.parts[name]; !ok {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// Recent is the log's end, kept in memory.
func (l *Logging) Recent() *Recent { return l.recent }

// Check is the state of the log file: it cannot be written when the disk is full.
func (l *Logging) Check() core.Check {
	c := core.Check{Name: "log", State: core.StateOff, Detail: "no log file is configured"}
	if l.file == nil {
		return c
	}
	c.State, c.Detail = core.StateOK, "written to "+l.file.path
	if lost, err := l.file.trouble(); err != nil {
		c.State, c.Detail = core.StateDegraded, fmt.Sprintf("%d lines could not be written to %s: %v", lost, l.file.path, err)
	}
	return c
}

// Close closes the file. What is logged afterwards still reaches the console.
// It may be called twice.
func (l *Logging) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Limits lists the bounds of the log.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "log entries in memory", Value: fmt.Sprintf("%d, %d MiB", MaxRecentEntries, MaxRecentBytes>>20), Why: "what 'debros node logs' and the page can show without reading the file"},
		{Name: "text of one log entry's message or attribute", Value: fmt.Sprintf("%d KiB", MaxTextBytes>>10), Why: "a stranger's text must not fill the log"},
		{Name: "followers of the log", Value: fmt.Sprint(MaxFollowers), Why: "each holds a queue"},
		{Name: "log file", Value: "20 MB, and 5 finished ones", Why: "the log must not fill the disk", Key: "logging.max_size"},
	}
}

// parseLevel reads a level; "" is info.
func parseLevel(text string) (slog.Level, error) {
	switch text {
	case "debug":
		return slog.LevelDebug, nil
	case "info", "":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, core.Errorf(core.Invalid, "the log level %q is not known; use debug, info, warn or error", text)
}

// levelName is the level's word; levels between two words count as the lower.
func levelName(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		return "debug"
	case level < slog.LevelWarn:
		return "info"
	case level < slog.LevelError:
		return "warn"
	}
	return "error"
}
