// This file keeps what the person wrote on the SQL screen: tabs and history in
// one file, and saved queries as .sql files of their own, which any editor opens.

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	// MaxTabs bounds the open tabs.
	MaxTabs = 20
	// MaxHistory bounds what was run before.
	MaxHistory = 200
	// MaxPastBytes bounds one script in the history; a longer one is not kept there.
	MaxPastBytes = 16 << 10
	// MaxWorkspaceBytes bounds tabs and history together: a browser sends them in
	// one call.
	MaxWorkspaceBytes = 3 << 19
	// MaxSaved bounds the saved queries.
	MaxSaved = 500

	workspaceName = "sql-tabs.json"
	savedDir      = "queries"
	savedEnd      = ".sql"
	maxSavedName  = 80
)

// Queries is bound as "Queries".
type Queries struct{ d *desk }

// Workspace is what the SQL screen looks like when it is opened again.
type Workspace struct {
	Tabs    []WorkTab `json:"tabs"`
	Active  int       `json:"active"`
	History []Past    `json:"history"`
	// Completion is "" or "off".
	Completion string `json:"completion"`
}

// WorkTab is one tab: a text, or with Table the rows of a table.
type WorkTab struct {
	Title     string `json:"title"`
	Text      string `json:"text"`
	Saved     string `json:"saved"` // the saved query that it is, "" for none
	Table     string `json:"table"`
	Namespace string `json:"namespace"` // of the table
}

// Past is one line of the history.
type Past struct {
	Time      string `json:"time"`
	Namespace string `json:"namespace"`
	Script    string `json:"script"`
	OK        bool   `json:"ok"`
}

// SavedQuery is one file.
type SavedQuery struct {
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	ChangedAt string `json:"changed_at"`
}

// Load returns the kept workspace; an empty one when there is none, or when it
// cannot be understood, which costs drafts and nothing else.
func (q *Queries) Load() (Workspace, error) {
	return guard(q.d, "Queries.Load", MaxCallTime, func(context.Context) (Workspace, error) {
		var w Workspace
		if q.d.program.DataDir != "" {
			text, err := readAtMost(filepath.Join(q.d.program.DataDir, workspaceName), MaxWorkspaceBytes)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				q.d.log.Warn("the tabs of the SQL screen could not be read", core.KeyError, err.Error())
			}
			if err == nil {
				if err = json.Unmarshal(text, &w); err != nil {
					q.d.log.Warn("the tabs of the SQL screen could not be understood", core.KeyError, err.Error())
					w = Workspace{}
				}
			}
		}
		w.Tabs, w.History = list(w.Tabs), list(w.History)
		return w, nil
	})
}

// Save keeps a workspace in place of the one before.
func (q *Queries) Save(w Workspace) error {
	return act(q.d, "Queries.Save", MaxCallTime, func(context.Context) error {
		if len(w.Tabs) > MaxTabs {
			return core.Errorf(core.TooLarge, "At most %d tabs are kept; close some.", MaxTabs)
		}
		w.History = slices.DeleteFunc(w.History, func(p Past) bool { return len(p.Script) > MaxPastBytes })
		w.History = w.History[:min(MaxHistory, len(w.History))]
		text, err := json.Marshal(w)
		if err != nil {
			return fmt.Errorf("encode tabs: %w", err)
		}
		if len(text) > MaxWorkspaceBytes {
			return core.Errorf(core.TooLarge, "Tabs and history have more than %d bytes together and are not kept; save some as files and close them.", MaxWorkspaceBytes)
		}
		return q.write(workspaceName, text)
	})
}

// List returns the saved queries by name.
func (q *Queries) List() ([]SavedQuery, error) {
	return guard(q.d, "Queries.List", MaxCallTime, func(context.Context) ([]SavedQuery, error) {
		out := []SavedQuery{}
		if q.d.program.DataDir == "" {
			return out, nil
		}
		found, err := os.ReadDir(filepath.Join(q.d.program.DataDir, savedDir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, core.Wrap(core.Unavailable, err, "The saved queries cannot be read; check the rights of the data folder.")
		}
		for _, entry := range found {
			name, ok := strings.CutSuffix(entry.Name(), savedEnd)
			info, err := entry.Info()
			if !ok || err != nil || !info.Mode().IsRegular() || len(out) == MaxSaved {
				continue
			}
			out = append(out, SavedQuery{Name: name, Size: info.Size(), ChangedAt: stamp(info.ModTime())})
		}
		return out, nil
	})
}

// Open returns the text of a saved query.
func (q *Queries) Open(name string) (string, error) {
	return guard(q.d, "Queries.Open", MaxCallTime, func(context.Context) (string, error) {
		path, err := q.path(name)
		if err != nil {
			return "", err
		}
		text, err := readAtMost(path, MaxScriptBytes)
		if err != nil {
			return "", savedError(err, name)
		}
		return scriptText(text, name)
	})
}

// Store saves a text under a name. Without replace a name that is taken is a
// conflict.
func (q *Queries) Store(name, text string, replace bool) error {
	return act(q.d, "Queries.Store", MaxCallTime, func(context.Context) error {
		path, err := q.path(name)
		if err != nil {
			return err
		}
		if len(text) > MaxScriptBytes {
			return core.Errorf(core.TooLarge, "A saved query has at most %d bytes.", MaxScriptBytes)
		}
		if _, err := os.Stat(path); err == nil && !replace {
			return core.Errorf(core.Conflict, "There is a saved query %q already; choose another name, or replace it.", name)
		}
		return q.write(filepath.Join(savedDir, name+savedEnd), []byte(text))
	})
}

// Rename gives a saved query another name; one that is taken is a conflict.
func (q *Queries) Rename(from, to string) error {
	return act(q.d, "Queries.Rename", MaxCallTime, func(context.Context) error {
		old, err := q.path(from)
		if err != nil {
			return err
		}
		next, err := q.path(to)
		if err != nil {
			return err
		}
		if _, err := os.Stat(next); err == nil {
			return core.Errorf(core.Conflict, "There is a saved query %q already; choose another name.", to)
		}
		return savedError(os.Rename(old, next), from)
	})
}

// Delete removes a saved query; it is no error when there is none.
func (q *Queries) Delete(name string) error {
	return act(q.d, "Queries.Delete", MaxCallTime, func(context.Context) error {
		path, err := q.path(name)
		if err != nil {
			return err
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return savedError(err, name)
		}
		return nil
	})
}

// Import returns the text of a file that the person chose.
func (q *Queries) Import(fileID string) (string, error) {
	return guard(q.d, "Queries.Import", MaxCallTime, func(context.Context) (_ string, err error) {
		file, name, size, err := q.d.files.read(fileID)
		if err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		if size > MaxScriptBytes {
			return "", core.Errorf(core.TooLarge, "A script here has at most %d bytes; run larger ones with \"debros sql batch\".", MaxScriptBytes)
		}
		text := make([]byte, size)
		if _, err = io.ReadFull(file, text); err != nil {
			return "", core.Wrap(core.Unavailable, err, "%q could not be read to its end.", name)
		}
		return scriptText(text, name)
	})
}

// Export writes a text to the place that the person chose.
func (q *Queries) Export(file File, text string) error {
	return act(q.d, "Queries.Export", MaxCallTime, func(context.Context) error {
		return q.d.files.write(file.ID, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	})
}

func scriptText(text []byte, name string) (string, error) {
	if !utf8.Valid(text) || slices.Contains(text, 0) {
		return "", core.Errorf(core.Invalid, "%q is not a text in UTF-8.", name)
	}
	return strings.TrimPrefix(string(text), "\ufeff"), nil
}

// path is where a saved query lies. Its name is that of a plain file.
func (q *Queries) path(name string) (string, error) {
	switch {
	case q.d.program.DataDir == "":
		return "", core.Errorf(core.Unavailable, "There is no data folder to keep queries in; see why the node did not start.")
	case name == "" || len(name) > maxSavedName || plainName(name+savedEnd) != name+savedEnd || strings.HasPrefix(name, ".") || strings.TrimSpace(name) != name:
		return "", core.Errorf(core.Invalid, "A saved query's name has 1 to %d bytes and none of < > : \" / \\ | ? *", maxSavedName)
	}
	return filepath.Join(q.d.program.DataDir, savedDir, name+savedEnd), nil
}

func savedError(err error, name string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return core.Errorf(core.NotFound, "There is no saved query %q any more.", name)
	case core.CodeOf(err) == core.TooLarge:
		return core.Errorf(core.TooLarge, "%q has more than %d bytes; run it with \"debros sql batch\".", name, MaxScriptBytes)
	}
	return core.Wrap(core.Unavailable, err, "The saved query %q cannot be reached; check the rights of the data folder.", name)
}

// write replaces a file of the data folder as a whole.
func (q *Queries) write(name string, text []byte) error {
	if q.d.program.DataDir == "" {
		return core.Errorf(core.Unavailable, "There is no data folder to keep queries in; see why the node did not start.")
	}
	path := filepath.Join(q.d.program.DataDir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = disk.Write(path, text)
	}
	if err != nil {
		return core.Wrap(core.Unavailable, err, "The text could not be stored; check the space and rights of the data folder.")
	}
	return nil
}
