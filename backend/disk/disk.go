// Package disk writes small files so that a crash or a power cut leaves the old
// file or the new one, never a part and never nothing. What it writes can be
// read by its owner only.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ErrSync marks that the disk did not confirm what was written. What is there is
// not known then, and a later sync that succeeds says nothing about it.
var ErrSync = errors.New("the disk did not confirm what was written")

// Sync waits until what was written to f is on the disk. Its error is an [ErrSync].
func Sync(f *os.File) error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("%w: %w", ErrSync, err)
	}
	return nil
}

// Write puts data into path in place of what was there. When it returns nil,
// the bytes and the name are on the disk.
func Write(path string, data []byte) error { return write(path, data, os.Rename) }

// Create is Write for a file that must not be there yet: of several at once one
// wins, and the others get fs.ErrExist.
func Create(path string, data []byte) error { return write(path, data, linkNew) }

// WriteFrom is Write for what is too large to be held in memory: fill writes
// it. When fill fails, its error is returned and what was there stays.
func WriteFrom(path string, fill func(w io.Writer) error) error {
	return writeFrom(path, fill, os.Rename)
}

func write(path string, data []byte, place func(from, to string) error) error {
	return writeFrom(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err //nolint:wrapcheck // wrapped by writeFrom
	}, place)
}

func writeFrom(path string, fill func(w io.Writer) error, place func(from, to string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	defer func() {
		if removeErr := os.Remove(f.Name()); removeErr != nil && !errors.Is(removeErr, fs.ErrNotExist) { //nolint:gosec // CreateTemp chose the name
			err = errors.Join(err, removeErr)
		}
	}()
	err = fill(f)
	if err = errors.Join(err, Sync(f), f.Close()); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if err = place(f.Name(), path); err != nil {
		return fmt.Errorf("put file in place: %w", err)
	}
	return SyncFolder(filepath.Dir(path))
}

// linkNew gives a file its name without ever replacing another.
func linkNew(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, statErr := os.Lstat(to); !errors.Is(statErr, fs.ErrNotExist) {
		return errors.Join(fs.ErrExist, statErr)
	}
	return os.Rename(from, to) //nolint:gosec // for a file system without hard links; the path is the caller's
}

// SyncFolder makes the names in a folder survive a power cut. Windows does it by
// itself and refuses to be asked.
func SyncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path) //nolint:gosec // the caller's own folder
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	if err := errors.Join(Sync(f), f.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
