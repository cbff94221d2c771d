package logging

// This file writes the log file: one that is in use, and finished ones beside
// it with the time of their end in the name.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// stamp is the time in the name of a finished file. It sorts as text.
const stamp = "20060102T150405.000000000"

// rotating is a log file of at most maxSize bytes. A full one is renamed to
// debros-<time>.log, of which the newest maxFiles are kept.
type rotating struct {
	path     string
	maxSize  int64
	maxFiles int
	maxAge   time.Duration
	format   *jsonOutput

	mu     sync.Mutex
	file   *os.File
	size   int64
	closed bool
	lost   int   // lines since the last good one
	err    error // why
	chores error // what went wrong with finished files; costs no line
}

func openRotating(path string, maxSize int64, maxFiles int, maxAge time.Duration) (*rotating, error) {
	r := &rotating{path: path, maxSize: maxSize, maxFiles: maxFiles, maxAge: maxAge}
	r.format = newJSON(r)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the folder of the log file %s cannot be made; choose another with --log-file", path)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.openLocked(); err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the log file %s cannot be written; choose another with --log-file, or --log-file '' for none", path)
	}
	return r, nil
}

// log writes an entry. What goes wrong is kept for trouble: a full disk must
// not stop the node, and cannot be logged.
func (r *rotating) log(ctx context.Context, e entry) {
	err := r.format.write(ctx, e)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.err = err
	if err == nil {
		r.lost = 0
	} else {
		r.lost++
	}
}

// trouble says how many lines were lost since the last good one, and why.
func (r *rotating) trouble() (lost int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost, errors.Join(r.err, r.chores)
}

// Write appends one line, into a new file when this one would be too large.
func (r *rotating) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0, fs.ErrClosed
	}
	if r.file == nil || (r.size > 0 && r.size+int64(len(line)) > r.maxSize) {
		if err := r.nextLocked(); err != nil {
			return 0, err
		}
	}
	n, err := r.file.Write(line)
	r.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("write: %w", err)
	}
	return n, nil
}

// Close ends the file. It may be called twice.
func (r *rotating) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return r.closeLocked()
}

func (r *rotating) closeLocked() error {
	if r.file == nil {
		return nil
	}
	file := r.file
	r.file = nil
	if err := file.Close(); err != nil {
		return fmt.Errorf("close log file: %w", err)
	}
	return nil
}

// openLocked opens the file in use to append to it, for its owner only.
func (r *rotating) openLocked() error {
	file, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.Mode().Perm()&0o077 != 0 && info.Mode().IsRegular() {
		err = file.Chmod(0o600) // it may have been made by hand
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	r.file, r.size = file, info.Size()
	return nil
}

// nextLocked finishes the file in use and begins a new one. When the old one
// cannot be put aside it grows on: a log that is too large beats none.
func (r *rotating) nextLocked() error {
	r.chores = nil
	if r.file != nil {
		r.chores = r.closeLocked()
		if err := os.Rename(r.path, r.finishedName(time.Now())); err != nil {
			r.chores = errors.Join(r.chores, fmt.Errorf("rename: %w", err))
		}
	}
	if err := r.openLocked(); err != nil {
		return err
	}
	r.chores = errors.Join(r.chores, r.pruneLocked(time.Now()))
	return nil
}

func (r *rotating) finishedName(now time.Time) string {
	ext := filepath.Ext(r.path)
	return strings.TrimSuffix(r.path, ext) + "-" + now.UTC().Format(stamp) + ext
}

// pruneLocked removes finished files that are too many or too old. Only names
// with a well-formed time are touched: others are not ours.
func (r *rotating) pruneLocked(now time.Time) error {
	ext := filepath.Ext(r.path)
	base := strings.TrimSuffix(filepath.Base(r.path), ext) + "-"
	entries, err := os.ReadDir(filepath.Dir(r.path))
	if err != nil {
		return fmt.Errorf("list finished files: %w", err)
	}
	kept := 0
	for _, e := range slices.Backward(entries) { // names sort by time: the newest first
		middle, ok := strings.CutPrefix(e.Name(), base)
		ended, err := time.Parse(stamp, strings.TrimSuffix(middle, ext))
		if !ok || err != nil || !strings.HasSuffix(middle, ext) {
			continue
		}
		if kept < r.maxFiles && (r.maxAge <= 0 || now.Sub(ended) < r.maxAge) {
			kept++
			continue
		}
		if err := os.Remove(filepath.Join(filepath.Dir(r.path), e.Name())); err != nil {
			return fmt.Errorf("remove finished file: %w", err)
		}
	}
	return nil
}
