// This file is the program itself as the page sees it: what it is, its
// settings, and the two things that only a desktop can do.

package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	maxURLBytes  = 2 << 10 // longer addresses are refused by some desktops
	maxCopyBytes = 1 << 20 // one value; more belongs in a file
)

// App is bound as "App".
type App struct {
	d     *desk
	mode  Mode
	shell Shell
	asked sync.Once
}

// Info is the program and the state of its node.
type Info struct {
	Version   string `json:"version"`
	Commit    string `json:"commit"`
	Mode      string `json:"mode"` // "window" or "browser"
	DataDir   string `json:"data_dir"`
	State     string `json:"state"`   // "starting", "ready" or "failed"
	Failure   string `json:"failure"` // why it failed, for the person who runs it
	StartedAt string `json:"started_at"`
}

// Limit is a bound that a user may meet; see core.Limit.
type Limit struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Why   string `json:"why"`
	Key   string `json:"key"`
}

// Info never fails because of the node: the page asks it first. The log says
// once that it did, which proves that page and bindings work.
func (a *App) Info() (Info, error) {
	return guard(a.d, "App.Info", MaxCallTime, func(context.Context) (Info, error) {
		a.asked.Do(func() { a.d.log.Info("a page is open", "mode", string(a.mode)) })
		return a.d.info(a.mode), nil
	})
}

func (d *desk) info(mode Mode) Info {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Info{
		Version: d.program.Version, Commit: d.program.Commit, Mode: string(mode), DataDir: d.program.DataDir,
		State: d.state, Failure: d.failure, StartedAt: stamp(d.startedAt),
	}
}

// maxLastLog bounds what is shown of the log when the node did not start.
const maxLastLog = 32 << 10

// LastLog returns the end of the log file, "" when there is none. It is for the
// page that says why the node did not start: the node itself cannot be asked.
func (a *App) LastLog() (string, error) {
	return guard(a.d, "App.LastLog", MaxCallTime, func(context.Context) (string, error) {
		if a.d.program.LogFile == "" {
			return "", nil
		}
		text, err := readEnd(a.d.program.LogFile, maxLastLog)
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
		if err != nil {
			return "", core.Wrap(core.Unavailable, err, "The log file cannot be read; check the rights of the data folder.")
		}
		return text, nil
	})
}

// readEnd reads the last whole lines of a file, at most limit bytes.
func readEnd(path string, limit int64) (_ string, err error) {
	file, err := os.Open(path) //nolint:gosec // the log file of the configuration
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	text := make([]byte, min(limit, info.Size()))
	n, err := file.ReadAt(text, info.Size()-int64(len(text)))
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	text = text[:n]
	if int64(n) < info.Size() {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return strings.ToValidUTF8(string(text), "\ufffd"), nil
}

// Namespaces lists those with data on this node, sorted, and always "default".
func (a *App) Namespaces() ([]string, error) {
	return guard(a.d, "App.Namespaces", MaxCallTime, func(context.Context) ([]string, error) {
		b, err := a.d.node()
		if err != nil {
			return nil, err
		}
		names := []string{string(core.DefaultNamespace)}
		for _, ns := range b.Machine.Namespaces() {
			names = append(names, string(ns))
		}
		slices.Sort(names)
		return slices.Compact(names), nil
	})
}

// Limits lists every bound of the node and of the page.
func (a *App) Limits() ([]Limit, error) {
	return guard(a.d, "App.Limits", MaxCallTime, func(ctx context.Context) ([]Limit, error) {
		b, err := a.d.node()
		if err != nil {
			return nil, err
		}
		all, err := b.Machine.Limits(ctx)
		if err != nil {
			return nil, err
		}
		out := []Limit{}
		for _, l := range slices.Concat(all, Limits()) {
			out = append(out, Limit(l))
		}
		return out, nil
	})
}

// Settings returns what the person chose, or the defaults. It works without a node.
func (a *App) Settings() (Settings, error) {
	return guard(a.d, "App.Settings", MaxCallTime, func(context.Context) (Settings, error) {
		return a.d.file.load()
	})
}

// SaveSettings checks and keeps s; it returns invalid for a choice that does not exist.
func (a *App) SaveSettings(s Settings) error {
	return act(a.d, "App.SaveSettings", MaxCallTime, func(context.Context) error {
		return a.d.file.save(s)
	})
}

// OpenURL opens a web address in the person's browser; window only.
func (a *App) OpenURL(address string) error {
	return act(a.d, "App.OpenURL", MaxCallTime, func(context.Context) error {
		if a.shell == nil {
			return core.Errorf(core.Denied, "Only the window can open another program; use a link here.")
		}
		if err := checkURL(address); err != nil {
			return err
		}
		return a.shell.OpenURL(address)
	})
}

// CopyText puts text on the clipboard; window only.
func (a *App) CopyText(text string) error {
	return act(a.d, "App.CopyText", MaxCallTime, func(context.Context) error {
		switch {
		case a.shell == nil:
			return core.Errorf(core.Denied, "Only the window can copy for the page; use the browser's clipboard here.")
		case len(text) > maxCopyBytes:
			return core.Errorf(core.TooLarge, "At most %d bytes can be copied at once.", maxCopyBytes)
		}
		return a.shell.CopyText(text)
	})
}

// checkURL lets web addresses pass only: others start programs.
func checkURL(address string) error {
	if len(address) > maxURLBytes {
		return core.Errorf(core.TooLarge, "An address has at most %d bytes.", maxURLBytes)
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return core.Errorf(core.Invalid, "Only plain http and https addresses are opened.")
	}
	return nil
}
