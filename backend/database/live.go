// What this package learns from inside rqlite: that another file took the place
// of the one in use, that an entry begins, that SQLite took back what an entry
// did.

package database

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/mattn/go-sqlite3"
)

// live is the file that a group has in use. rqlite's connections to it are tied
// to it by its path, as the driver that opens them knows nothing else.
type live struct {
	path    string
	entries atomic.Uint64 // that have begun since the last snapshot
	blind   blindness     // entries of which rqlite's capture does not tell all
	held    atomic.Bool   // the file must not change: a snapshot reads it
	every   uint64        // wakes the keeper after so many entries
	wake    chan struct{}

	// swapped is called when another file has taken the place, before anything is
	// written to it; an error keeps rqlite from using it.
	swapped func() error
	// began is called once, with rqlite's first connection to the file: its log is
	// open then, and its Raft has not started.
	began func() error

	mu      sync.Mutex
	file    os.FileInfo // nil before the first connection
	opening int         // how many files rqlite still puts in place while it opens
	fence   func(error) // nil until the group can be given up
	pending error
}

// lives are all files in use by their paths.
//
//nolint:gochecknoglobals // rqlite has one driver per process, see installWriterLock
var lives sync.Map

// blindness says which transactions changed more than rqlite captured: those that
// changed the schema, and those that began in one entry and ended in a later
// one, of which it forgets the first part.
type blindness struct {
	applied func() uint64 // the last entry that was applied before the present one

	mu       sync.Mutex
	set      bool
	from, to uint64 // the first transaction after an entry in between
}

// note is called while such an entry is being applied.
func (b *blindness) note() {
	if b.applied == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = b.applied()
	if !b.set {
		b.set, b.from = true, b.to
	}
}

// at tells whether the transaction that an entry committed may be such a one. It
// is asked for each in order, and not at the time when the entry is applied.
func (b *blindness) at(index uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	blind := b.set && index > b.from
	if blind && index > b.to {
		b.set = false
	}
	return blind
}

// register makes the file known, under the name that SQLite will find for it.
func (l *live) register() {
	for _, path := range l.names() {
		lives.Store(path, l)
	}
}

func (l *live) forget() {
	for _, path := range l.names() {
		lives.CompareAndDelete(path, l)
	}
}

func (l *live) names() []string {
	names := []string{l.path}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(l.path)); err == nil {
		names = append(names, filepath.Join(dir, filepath.Base(l.path)))
	}
	return names
}

// liveOf finds the file of a connection, nil for one that no group uses.
func liveOf(conn *sqlite3.SQLiteConn) *live {
	if found, ok := lives.Load(filepath.FromSlash(conn.GetFilename("main"))); ok {
		if l, ok := found.(*live); ok {
			return l
		}
	}
	return nil
}

// connected is called for each new connection of rqlite's. An opening puts an
// empty file in place and then the kept snapshot, if there is one; each file
// after that is news.
func (l *live) connected() error {
	info, err := os.Stat(l.path)
	if err != nil {
		return fmt.Errorf("look at database file: %w", err)
	}
	l.mu.Lock()
	first := l.file == nil
	news := first || !os.SameFile(l.file, info)
	l.file = info
	if news {
		l.opening--
	}
	news = news && l.opening < 0
	l.mu.Unlock()
	if first && l.began != nil {
		if err := l.began(); err != nil {
			return err
		}
	}
	if news {
		return l.swapped()
	}
	return nil
}

// giveUp fences the group: its file no longer says what its log does.
func (l *live) giveUp(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fence == nil {
		l.pending = errors.Join(l.pending, cause)
		return
	}
	l.fence(cause)
}

// full tells whether the disk has no room for a few pages.
func (l *live) full() bool {
	free, known := freeBytes(filepath.Dir(l.path))
	return known && free < fullBytes
}

// onFault sets who is told; a fault from before is told at once.
func (l *live) onFault(fence func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fence = fence
	if l.pending != nil {
		fence(l.pending)
	}
}

const (
	// foldingOn is SQLite's own number of pages after which a writer folds the
	// write-ahead log into the file.
	foldingOn  = "PRAGMA wal_autocheckpoint=1000"
	foldingOff = "PRAGMA wal_autocheckpoint=0"
)

// begins is called when an entry begins on the writing connection. It is the one
// moment at which the folding of the write-ahead log can be stopped before the
// next write: a snapshot that was taken just before is copied from the file
// while writing goes on, and the file must not change meanwhile.
func (l *live) begins(c *entryClock) error {
	if want := l.held.Load(); want != c.unfolded {
		text := foldingOn
		if want {
			text = foldingOff
		}
		c.ours = true
		_, err := c.conn.Exec(text, nil)
		c.ours = false
		if err != nil {
			return fmt.Errorf("hold the database file: %w", err)
		}
		c.unfolded = want
	}
	if l.entries.Add(1) >= l.every {
		l.ring()
	}
	return nil
}

// ring wakes the keeper.
func (l *live) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
