package node

// This file prepares the data folder: who may write in it, which format it
// has, and that one process at a time uses it.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
	"git.debros.io/DeBros/network/backend/membership"
)

// FormatVersion is the version of the data folder's layout that this program
// writes. A folder of a newer version is refused untouched.
const FormatVersion = 1

const maxSmallFile = 4 << 10 // format and network files are a few bytes

// Folder is a data folder that this process holds the lock of.
type Folder struct {
	path      string
	databases string // a folder per network, named after its id
	lock      *flock.Flock
	fresh     bool // there was no data at the claim

	mu      sync.Mutex
	network string // id of the network in use
}

// Fresh tells whether the folder had no data when it was claimed: this is the
// first start of an installation.
func (f *Folder) Fresh() bool { return f.fresh }

// inUse is the id of the network that the node is in.
func (f *Folder) inUse() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.network
}

func (f *Folder) setNetwork(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.network = id
}

// Claim creates or opens the data folder, locks it and checks its format. It
// comes before anything else is opened: before the log, and before a window.
// Nothing in a folder that it refuses is changed. It returns ErrLocked when
// another process holds the folder. Open takes the folder over; whoever claims
// and does not open must Release.
func Claim(c config.Config) (*Folder, error) {
	path, databases := c.Node.DataDir, c.DatabaseDir()
	if err := checkWritable(path); err != nil {
		return nil, err
	}
	if err := checkFormat(path); err != nil {
		return nil, err
	}
	if err := checkOurs(c); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(path, "lock"), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the data folder %s cannot be locked; is it on a file system without locks?", path)
	}
	if !held {
		return nil, lockedBy(path)
	}
	f := &Folder{path: path, databases: databases, lock: lock}
	if err := f.stamp(); err != nil {
		return nil, errors.Join(err, f.Release())
	}
	return f, nil
}

// ErrLocked says that another process runs a node on the data folder. Compare
// with errors.Is: the error that Claim returns names the process where it can.
var ErrLocked = core.Errorf(core.Conflict, "a node already runs on this data folder; use it, or give this one a folder of its own with --data-dir")

// lockedBy is ErrLocked with the process that holds the folder, which it has
// written down when it was ready.
func lockedBy(path string) error {
	run, err := config.ReadRunFile(path)
	if err != nil {
		return ErrLocked // it is still starting, or not a node
	}
	return core.Wrap(core.Conflict, ErrLocked, "a node already runs on the data folder %s: process %d, since %s; use it, or give this one a folder of its own with --data-dir",
		path, run.PID, run.StartedAt.Local().Format("2 January 15:04"))
}

func checkWritable(path string) error {
	if path == "" {
		return core.Errorf(core.Invalid, "node.data_dir is empty; name a folder with --data-dir")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return core.Wrap(core.Unavailable, err, "the data folder %s cannot be made; choose another with --data-dir, or have its owner allow it", path)
	}
	probe, err := os.CreateTemp(path, ".probe-*")
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the data folder %s cannot be written; choose another with --data-dir, or have its owner allow it", path)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil { //nolint:gosec // the name that CreateTemp chose
		return core.Wrap(core.Unavailable, err, "the data folder %s does not keep files", path)
	}
	return nil
}

func checkFormat(path string) error {
	name := filepath.Join(path, "format")
	text, err := readSmall(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(text)
	switch {
	case err != nil || version < 1:
		return core.Errorf(core.Invalid, "the file %s is damaged: it must hold a format number; put it back from a backup, or write %d into it if this program made the folder", name, FormatVersion)
	case version > FormatVersion:
		return core.Errorf(core.Invalid, "the data folder %s was written by a newer debros (format %d, this one knows %d); nothing was changed: start the newer version", path, version, FormatVersion)
	}
	return nil
}

// checkOurs refuses a folder of somebody else: a mistyped --data-dir must not
// close a home folder to others and mix our files with theirs. A new folder may
// hold what is put there before the first start, and what a disk brings itself.
func checkOurs(c config.Config) error {
	path := c.Node.DataDir
	entries, err := os.ReadDir(path)
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the data folder %s cannot be read; choose another with --data-dir, or have its owner allow it", path)
	}
	foreign := ""
	for _, entry := range entries {
		switch name := entry.Name(); {
		case slices.Contains(ownNames(), name) || name == filepath.Base(c.IdentityFile()) || name == filepath.Base(c.DatabaseDir()):
			return nil
		case name[0] == '.' || name == "lost+found":
		default:
			foreign = name
		}
	}
	if foreign != "" {
		return core.Errorf(core.Invalid, "the folder %s holds other files, such as %s, and no data of debros; nothing was changed: name a new or empty folder with --data-dir", path, foreign)
	}
	return nil
}

// ownNames are what makes a folder ours.
func ownNames() []string {
	return []string{
		"format", "network", "lock", "db", "backups", "sandbox", "logs", "console.log", "identity.key", "peers.json", "settings.json",
		config.FileName, config.RunFileName, config.OperatorKeyName,
	}
}

// stamp writes what a new folder needs: its format, and a network of its own.
func (f *Folder) stamp() error {
	if err := os.Chmod(f.path, 0o700); err != nil { //nolint:gosec // a folder needs the x bit
		return core.Wrap(core.Unavailable, err, "the data folder %s cannot be closed to others; choose one that you own with --data-dir", f.path)
	}
	if err := writeOnce(filepath.Join(f.path, "format"), strconv.Itoa(FormatVersion)); err != nil {
		return err
	}
	name := filepath.Join(f.path, "network")
	id, err := membership.NewID()
	if err != nil {
		return err
	}
	if _, errStat := os.Stat(f.databases); errors.Is(errStat, fs.ErrNotExist) {
		f.fresh = true
		if err = writeOnce(name, id); err != nil {
			return err
		}
	}
	text, err := readSmall(name)
	if errors.Is(err, fs.ErrNotExist) {
		return core.Wrap(core.Invalid, err, "the file %s is gone, but data is there: write the name of the folder below %s into it", name, f.databases)
	}
	if err != nil {
		return err
	}
	if !membership.ValidID(text) {
		return core.Errorf(core.Invalid, "the file %s is damaged: it must hold the name of one folder below %s; write that name into it",
			name, f.databases)
	}
	f.network = text
	return nil
}

// Release gives the folder back. It may be called twice.
func (f *Folder) Release() error {
	if err := f.lock.Unlock(); err != nil {
		return fmt.Errorf("unlock data folder: %w", err)
	}
	return nil
}

// Run holds the lock until ctx ends: it is the first part to start and the
// last to stop.
func (f *Folder) Run(ctx context.Context, ready func()) error {
	ready()
	<-ctx.Done()
	return f.Release()
}

func readSmall(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if info.Size() > maxSmallFile {
		return "", core.Errorf(core.Invalid, "the file %s is damaged: it has %d bytes where a few are expected; put it back from a backup", name, info.Size())
	}
	text, err := os.ReadFile(name) //nolint:gosec // a file of our own data folder
	if err != nil {
		return "", core.Wrap(core.Unavailable, err, "the file %s cannot be read", name)
	}
	return strings.TrimSpace(string(text)), nil
}

// writeOnce writes a small file that does not exist yet, whole or not at all.
func writeOnce(name, text string) error {
	if _, err := os.Lstat(name); err == nil {
		return nil
	}
	if err := disk.Write(name, []byte(text+"\n")); err != nil {
		return core.Wrap(core.Unavailable, err, "the file %s cannot be written", name)
	}
	return nil
}
