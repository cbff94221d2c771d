// What is on disk, looked at before rqlite sees it. rqlite and Raft trust their
// files: damage ends the process or starts an empty database. So everything is
// read first, and what cannot be trusted is refused and left as it is.

package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"git.debros.io/DeBros/network/backend/core"
)

// Names inside a group's folder; all but the marker are rqlite's.
const (
	logFile         = "raft.db"
	liveFile        = "db.sqlite"
	snapshotsFolder = "rsnapshots"
)

// folder is one group's place on disk.
type folder struct {
	dir   string
	group string
	node  string
	first bool // this process has not opened it yet
}

// shown is the folder's name as an answer may show it: without the path to it.
func (f folder) shown(file string) string {
	return filepath.ToSlash(filepath.Join(filepath.Base(filepath.Dir(f.dir)), filepath.Base(f.dir), file))
}

// damaged is the error for a file that cannot be trusted.
func (f folder) damaged(file string, cause error) error {
	return core.Wrap(core.Unavailable, fmt.Errorf("%s: %w", filepath.Join(f.dir, file), cause),
		"the database %s is damaged: %s cannot be read; nothing was changed; stop the node, "+
			"put the whole folder %s back from a backup, or move it away to start with an empty database",
		f.group, f.shown(file), f.shown(""))
}

// unopened is the error for a folder that was sound when it was inspected and then
// could not be opened: mostly a disk that takes no writes.
func (f folder) unopened(cause error) error {
	return core.Wrap(core.Unavailable, fmt.Errorf("%s: %w", f.dir, cause),
		"the database %s cannot be opened: %s can be read but not used; what was acknowledged is kept; check the disk and the folder's rights, "+
			"then restart the node; if that does not help, put the whole folder %s back from a backup",
		f.group, f.shown(logFile), f.shown(""))
}

// inspect looks at the folder and returns its marker; fresh is true when no
// group was made here yet. It changes nothing.
func (f folder) inspect() (m marker, fresh bool, err error) {
	if _, err = os.Stat(f.dir); errors.Is(err, fs.ErrNotExist) {
		return marker{}, true, nil
	}
	m, found, err := readMarker(f.dir)
	if err != nil {
		return marker{}, false, f.damaged(markerFile, err)
	}
	if found {
		if err = f.fits(m); err != nil {
			return marker{}, false, err
		}
	}
	k, err := f.readKept()
	if err != nil {
		return marker{}, false, f.damaged(filepath.Join(keptFolder, keptRecord), err)
	}
	log, err := f.readLog(found || k != nil)
	if err != nil {
		return marker{}, false, err
	}
	if err = f.covered(m, found, k, log); err != nil {
		return marker{}, false, err
	}
	// Without either, it is a first start that ended before the group was made.
	return m, k == nil && log.last == 0, nil
}

// covered makes sure that the kept snapshot and the log behind it are all that
// the group ever held.
func (f folder) covered(m marker, found bool, k *kept, log logFacts) error {
	var base uint64
	if k != nil {
		if _, err := f.findKept(k); err != nil {
			return f.damaged(filepath.Join(keptFolder, k.Meta.ID+".db"), err)
		}
		base = k.Meta.Index
	}
	switch {
	case max(log.last, base) < m.Index:
		return f.damaged(logFile, fmt.Errorf("the log ends at %d, it was at %d before", max(log.last, base), m.Index))
	case log.last == 0 && base == 0 && found:
		return f.damaged(logFile, errors.New("the log is empty"))
	case log.last == 0 || log.last <= base:
		return nil
	case log.from <= base+1:
		return nil
	case k == nil:
		return f.damaged(filepath.Join(keptFolder, keptRecord), fmt.Errorf("the log starts at %d and there is no snapshot before it", log.first))
	}
	return f.damaged(logFile, fmt.Errorf("the log goes on at %d, the snapshot ends at %d", log.from, base))
}

// clearFounding removes the log of a founding that was cut short. It may have
// Raft's first term and lack the first entry, and Raft founds no group on that.
// Nobody can have led the group before, so there is no vote in it to remember.
func (f folder) clearFounding() error {
	if err := os.Remove(filepath.Join(f.dir, logFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readLog reads the whole log. A missing one is fine only where no group was made.
func (f folder) readLog(made bool) (logFacts, error) {
	path := filepath.Join(f.dir, logFile)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && made:
		return logFacts{}, f.damaged(logFile, errors.New("the file is missing"))
	case errors.Is(err, fs.ErrNotExist):
		return logFacts{}, nil
	case err != nil:
		return logFacts{}, f.damaged(logFile, err)
	case !info.Mode().IsRegular():
		return logFacts{}, f.damaged(logFile, errors.New("it is not a file"))
	case info.Size() == 0 && !made:
		return logFacts{}, nil
	case info.Size() == 0:
		return logFacts{}, f.damaged(logFile, errors.New("the file is empty"))
	}
	if f.first {
		if err = dropCached(path); err != nil {
			return logFacts{}, f.damaged(logFile, err)
		}
	}
	facts, err := readLog(path)
	if err != nil {
		return logFacts{}, f.damaged(logFile, err)
	}
	return facts, nil
}

// fits refuses a folder that a newer program made, or that belongs elsewhere.
func (f folder) fits(m marker) error {
	switch {
	case m.Format > formatVersion:
		return core.Errorf(core.Unavailable, "the database %s was written by a newer version of this program (format %d, this one knows %d); "+
			"nothing was changed; start the newer version again", f.group, m.Format, formatVersion)
	case m.Group != f.group:
		return core.Errorf(core.Unavailable, "%s says that the folder holds the database %s, not %s; nothing was changed; give the folder its own name back, or put the file back from a backup",
			f.shown(markerFile), m.Group, f.group)
	case m.Node != f.node:
		return core.Errorf(core.Unavailable, "the database %s belongs to node %s, and this node is %s; nothing was changed; "+
			"put back the identity.key that belongs to this data folder", f.group, m.Node, f.node)
	}
	return nil
}

// made tells whether a replica lives in the folder already.
func (f folder) made() bool {
	info, err := os.Stat(filepath.Join(f.dir, logFile))
	_, errMarker := os.Stat(filepath.Join(f.dir, markerFile))
	return (err == nil && info.Size() > 0) || errMarker == nil
}

// size is how many bytes the folder has on disk.
func (f folder) size() int64 {
	var total int64
	//nolint:errcheck // a size for people to look at; files come and go meanwhile
	_ = filepath.WalkDir(f.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // as above
		}
		if info, err := entry.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}
