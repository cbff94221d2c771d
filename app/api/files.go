// This file is how files come from a page to the node and back. The window asks
// with the desktop's own dialogs and names a path; a browser sends and fetches
// the bytes, which lie in the data folder meanwhile. Work only sees an id.

package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxFiles bounds the files that are under way at once.
	MaxFiles = 32
	// MaxFileBytes bounds a file that a browser sends.
	MaxFileBytes = 4 << 30
	// MaxFileAge is how long a file of a browser is kept after its last use.
	MaxFileAge = time.Hour
	// MaxFilePart bounds one part of a file on its way.
	MaxFilePart = 1 << 20

	filesDir       = "page-files"
	maxFileNameLen = 200
)

// Files is bound as "Files".
type Files struct {
	d     *desk
	shell Shell
}

// File is a file on its way. The id stands for it in the methods that read or
// write one; it is "" when the person closed the dialog.
type File struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Size string `json:"size"` // bytes, "0" of one that is still to be written
	// Fetch says that the page has to fetch what was written: GET /api/file/ID.
	Fetch bool `json:"fetch"`
}

func (f File) fetchID() string {
	if f.Fetch {
		return f.ID
	}
	return ""
}

// Open asks the person for a file to read; window only.
func (f *Files) Open(title string) (File, error) {
	return guard(f.d, "Files.Open", MaxDialogTime, func(context.Context) (File, error) {
		if f.shell == nil {
			return File{}, core.Errorf(core.Denied, "Only the window can ask for a file; send its bytes here.")
		}
		path, err := f.shell.OpenFile(title)
		if err != nil || path == "" {
			return File{}, err
		}
		return f.d.files.addSource(path)
	})
}

// Save returns where a result named name is to be written: in the window a place
// that the person chooses, in a browser a file that it fetches afterwards.
func (f *Files) Save(title, name string) (File, error) {
	return guard(f.d, "Files.Save", MaxDialogTime, func(context.Context) (File, error) {
		name = plainName(name)
		if f.shell == nil {
			return f.d.files.addTarget("", name)
		}
		path, err := f.shell.SaveFile(title, name)
		if err != nil || path == "" {
			return File{}, err
		}
		return f.d.files.addTarget(path, filepath.Base(path))
	})
}

// Begin opens a file that a browser is about to send in parts.
func (f *Files) Begin(name string) (File, error) {
	return guard(f.d, "Files.Begin", MaxCallTime, func(context.Context) (File, error) {
		return f.d.files.addUpload(plainName(name))
	})
}

// Append adds the part that begins at offset. Parts come one after another: an
// offset that is not the end so far is a conflict, and changes nothing.
func (f *Files) Append(id string, offset int64, partBase64 string) error {
	return act(f.d, "Files.Append", MaxCallTime, func(context.Context) error {
		if base64.StdEncoding.DecodedLen(len(partBase64)) > MaxFilePart+2 {
			return core.Errorf(core.TooLarge, "A part of a file has at most %d bytes.", MaxFilePart)
		}
		part, err := base64.StdEncoding.DecodeString(partBase64)
		if err != nil {
			return core.Errorf(core.Invalid, "The part is not base64 text.")
		}
		return f.d.files.append(id, offset, part)
	})
}

// Drop forgets a file. One that a browser sent or did not fetch is deleted, one
// that the person chose in a dialog stays as it is.
func (f *Files) Drop(id string) error {
	return act(f.d, "Files.Drop", MaxCallTime, func(context.Context) error { return f.d.files.drop(id) })
}

// plainName keeps the last part of a name, without what no system allows.
func plainName(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, name)
	if len(name) > maxFileNameLen {
		name = strings.ToValidUTF8(name[:maxFileNameLen], "")
	}
	if name == "" || name == "." || name == ".." {
		return "file"
	}
	return name
}

// entry is one file on its way.
type entry struct {
	path, name string
	own        bool // in our folder, and ours to delete
	source     bool // to be read, else to be written
	size       int64
	used       time.Time
}

// files knows the files on their way.
type files struct {
	dir string
	now func() time.Time

	mu      sync.Mutex // also held while a part is written: two would mix
	swept   bool       // what a crash left was removed
	entries map[string]*entry
}

func newFiles(dataDir string, now func() time.Time) *files {
	dir := ""
	if dataDir != "" {
		dir = filepath.Join(dataDir, filesDir)
	}
	return &files{dir: dir, now: now, entries: make(map[string]*entry)}
}

func (f *files) addSource(path string) (File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return File{}, core.Wrap(core.Unavailable, err, "The file cannot be read; check its rights.")
	}
	if !info.Mode().IsRegular() {
		return File{}, core.Errorf(core.Invalid, "%q is not a file.", filepath.Base(path))
	}
	return f.add(&entry{path: path, name: filepath.Base(path), source: true, size: info.Size()})
}

func (f *files) addTarget(path, name string) (File, error) {
	return f.add(&entry{path: path, name: name})
}

func (f *files) addUpload(name string) (File, error) { return f.add(&entry{name: name, source: true}) }

func (f *files) add(e *entry) (File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.pruneLocked(); err != nil {
		return File{}, err
	}
	if len(f.entries) >= MaxFiles {
		return File{}, core.Errorf(core.Limited, "%d files are under way already; wait for a task to end.", MaxFiles)
	}
	id := newID()
	if e.path == "" {
		if f.dir == "" {
			return File{}, core.Errorf(core.Unavailable, "There is no data folder to keep files in; see why the node did not start.")
		}
		e.own, e.path = true, filepath.Join(f.dir, id)
		if err := os.WriteFile(e.path, nil, 0o600); err != nil {
			return File{}, core.Wrap(core.Unavailable, err, "The file cannot be kept; check the space and rights of the data folder.")
		}
	}
	e.used = f.now()
	f.entries[id] = e
	return File{ID: id, Name: e.name, Size: decimal(e.size), Fetch: e.own && !e.source}, nil
}

// pruneLocked drops what nobody came back for, and once what a crash left.
func (f *files) pruneLocked() error {
	var errs []error
	oldest := f.now().Add(-MaxFileAge)
	for id, e := range f.entries {
		if e.used.Before(oldest) {
			errs = append(errs, f.dropLocked(id))
		}
	}
	if !f.swept && f.dir != "" {
		errs = append(errs, os.RemoveAll(f.dir), os.MkdirAll(f.dir, 0o700))
		f.swept = true
	}
	if err := errors.Join(errs...); err != nil {
		return core.Wrap(core.Unavailable, err, "The folder for files cannot be used; check the space and rights of the data folder.")
	}
	return nil
}

func (f *files) append(id string, offset int64, part []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.entries[id]
	switch {
	case e == nil || !e.own || !e.source:
		return errNoFile()
	case offset != e.size:
		return core.Errorf(core.Conflict, "The next part begins at %d, not at %d.", e.size, offset)
	case e.size+int64(len(part)) > MaxFileBytes:
		return core.Errorf(core.TooLarge, "A file from a browser has at most %d bytes; use the command line for a larger one.", int64(MaxFileBytes))
	}
	file, err := os.OpenFile(e.path, os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open upload: %w", err)
	}
	n, err := file.WriteAt(part, offset)
	if err = errors.Join(err, file.Close()); err != nil {
		return core.Wrap(core.Unavailable, err, "The part could not be stored; check the space of the data folder.")
	}
	e.size, e.used = e.size+int64(n), f.now()
	return nil
}

func errNoFile() error {
	return core.Errorf(core.NotFound, "The file is not there any more; choose it again.")
}

// read opens a chosen or sent file. The caller closes it.
func (f *files) read(id string) (_ *os.File, name string, size int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.entries[id]
	if e == nil || !e.source {
		return nil, "", 0, errNoFile()
	}
	e.used = f.now()
	file, err := os.Open(e.path)
	if err != nil {
		return nil, "", 0, core.Wrap(core.Unavailable, err, "The file %q cannot be read; check its rights.", e.name)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, "", 0, errors.Join(fmt.Errorf("look at file: %w", err), file.Close())
	}
	return file, e.name, info.Size(), nil
}

// write fills a target with what fill writes. A failure leaves what was there
// before: the bytes go to a file beside it that takes its place at the end.
func (f *files) write(id string, fill func(w io.Writer) error) (err error) {
	f.mu.Lock()
	e := f.entries[id]
	f.mu.Unlock()
	if e == nil || e.source {
		return errNoFile()
	}
	part, err := os.CreateTemp(filepath.Dir(e.path), "."+filepath.Base(e.path)+".part-*")
	if err != nil {
		return core.Wrap(core.Unavailable, err, "The file %q cannot be written; check the space and rights of its folder.", e.name)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part.Name())) //nolint:gosec // beside a path that the person chose, or in our own folder
		}
	}()
	if err = fill(part); err != nil {
		return errors.Join(err, part.Close())
	}
	if err = errors.Join(part.Sync(), part.Close()); err != nil {
		return core.Wrap(core.Unavailable, err, "The file %q could not be written; check the space of its folder.", e.name)
	}
	if err = os.Rename(part.Name(), e.path); err != nil { //nolint:gosec // as above
		return core.Wrap(core.Unavailable, err, "The file %q could not be put in its place.", e.name)
	}
	f.mu.Lock()
	e.used = f.now()
	f.mu.Unlock()
	return nil
}

// OpenFile opens what a task wrote for a browser to fetch. The caller closes it.
func (a *API) OpenFile(id string) (_ *os.File, name string, err error) {
	f := a.desk.files
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.entries[id]
	if e == nil || e.source || !e.own {
		return nil, "", errNoFile()
	}
	e.used = f.now()
	file, err := os.Open(e.path)
	if err != nil {
		return nil, "", core.Wrap(core.Unavailable, err, "The file %q cannot be read any more; run the task again.", e.name)
	}
	return file, e.name, nil
}

func (f *files) drop(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dropLocked(id)
}

func (f *files) dropLocked(id string) error {
	e := f.entries[id]
	delete(f.entries, id)
	if e == nil || !e.own {
		return nil
	}
	if err := os.Remove(e.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove file: %w", err)
	}
	return nil
}

// close removes what belongs to this run.
func (f *files) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dir == "" || !f.swept {
		return nil
	}
	clear(f.entries)
	if err := os.RemoveAll(f.dir); err != nil {
		return fmt.Errorf("remove files of the page: %w", err)
	}
	return nil
}
