// Snapshots: taken by us, one replica at a time, so that the log can be cut and
// a group opens without replaying its whole life.

package database

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// DefaultSnapshotEvery is after how many log entries a replica takes a
	// snapshot. As many stay in the log behind it, for replicas that lag.
	DefaultSnapshotEvery = 8192
	// maxLogGrowth is how much the file of the log may grow before a snapshot is
	// taken however few entries it has.
	maxLogGrowth = 64 << 20
	// maxClosingSnapshot bounds the file that is copied before a group sleeps.
	maxClosingSnapshot = 64 << 20
	// keepEvery is how often the keeper looks at the log's size, and how long it
	// waits after a failure.
	keepEvery = 30 * time.Second
	// readersPatience bounds how long a snapshot waits for a moment without
	// readers: SQLite has to fold its write-ahead log in first, and a reader in
	// the middle of it would hold up the writers.
	readersPatience = 5 * time.Second
)

// fatalLine begins what rqlite says before it ends the program, without cleaning
// up, because it could not note that the next snapshot must be a whole one.
const fatalLine = "failed to set full snapshot needed"

// persistedLine is what rqlite logs when a snapshot's bytes are written, on
// Raft's own goroutine: after them and before it puts the snapshot in place and
// cuts the log. If it ever stops to say so, no log is cut any more.
const persistedLine = "persisted snapshot "

// keeper takes one group's snapshots.
type keeper struct {
	folder folder
	live   *live
	raft   func() *raft.Raft
	calm   func(context.Context) // waits a moment for readers to end
	look   func()                // looks at the schema anew, after a swap
	log    *slog.Logger
	every  uint64
	gate   *gate // shut when the disk has failed; what is on it then is left as it is

	// trailing is how many entries the snapshot under way leaves behind it; 0 when
	// none is under way. Only the goroutine that takes it and the call of
	// persisted inside use it.
	trailing uint64
	problem  error
	cut      bool

	swapped atomic.Bool // since the schema was last looked at

	mu     sync.Mutex // one snapshot at a time
	size   int64      // of the log's file after the last one
	cancel context.CancelFunc
	done   chan struct{}
}

func newKeeper(f folder, every uint64, g *gate, logger *slog.Logger) *keeper {
	if every == 0 {
		every = DefaultSnapshotEvery
	}
	k := &keeper{folder: f, every: every, gate: g, log: logger, calm: func(context.Context) {}, look: func() {}}
	k.live = &live{path: filepath.Join(f.dir, liveFile), every: every, wake: make(chan struct{}, 1)}
	return k
}

// start begins to take snapshots by itself, until end.
func (k *keeper) start() {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel, k.done = cancel, make(chan struct{})
	k.size = logSize(k.folder)
	go func() {
		defer close(k.done)
		k.run(ctx)
	}()
}

// end takes a last snapshot when it is worth it, and stops. For a replica among
// several it always is, as far as the file is small: what stands in the log alone
// cannot be read before a leader has said that it counts, and a node that starts
// again without a network has nobody to say so.
func (k *keeper) end(several bool) {
	if k.cancel == nil {
		return
	}
	k.cancel()
	<-k.done
	if k.gate.fault() != nil {
		return
	}
	info, err := os.Stat(k.live.path)
	worth := max(k.every/2, 1)
	if several {
		worth = 1
	}
	if err != nil || info.Size() > maxClosingSnapshot || k.live.entries.Load() < worth {
		return
	}
	if err := k.takeNow(); err != nil {
		k.log.Warn("no snapshot before the group sleeps", core.KeyError, err)
	}
}

func (k *keeper) run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.gate.lost:
			return
		case <-tick.C:
		case <-k.live.wake:
		}
		if k.swapped.Swap(false) {
			k.look()
		}
		if !k.due() {
			continue
		}
		if err := k.take(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("a snapshot failed; the log keeps growing until the next one", core.KeyError, err)
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
}

func (k *keeper) due() bool {
	entries := k.live.entries.Load()
	return entries >= k.every || (entries > 0 && logSize(k.folder)-k.size > maxLogGrowth)
}

func logSize(f folder) int64 {
	info, err := os.Stat(filepath.Join(f.dir, logFile))
	if err != nil {
		return 0
	}
	return info.Size()
}

// take waits for a calm moment and takes a snapshot.
func (k *keeper) take(ctx context.Context) error {
	k.calm(ctx)
	return k.takeNow()
}

// takeNow takes one snapshot, keeps it, and cuts the log behind it.
func (k *keeper) takeNow() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.gate.refusal(); err != nil {
		return err
	}
	ra := k.raft()
	if ra == nil {
		return errors.New("raft is not up yet")
	}
	began, entries := time.Now(), k.live.entries.Load()
	k.trailing, k.problem, k.cut = max(1, min(entries, k.every)), nil, false
	k.live.held.Store(true)
	defer k.live.held.Store(false)
	// Always the whole file: rqlite would write a smaller step into the file of
	// the snapshot before, which is the kept one.
	if err := os.WriteFile(filepath.Join(k.folder.dir, snapshotsFolder, fullNeededFile), nil, 0o600); err != nil {
		return fmt.Errorf("ask for a whole snapshot: %w", err)
	}
	err := ra.Snapshot().Error()
	k.trailing = 0
	err = errors.Join(err, setTrailing(ra, never), k.problem)
	k.gate.distrust(err)
	switch {
	case errors.Is(err, raft.ErrNothingNewToSnapshot):
		return nil
	case err != nil:
		return fmt.Errorf("take snapshot: %w", err)
	case !k.cut:
		return errors.New("take snapshot: rqlite did not say that it wrote it; the log was not cut")
	}
	// Raft knows by now which entry the members are from.
	if err := k.folder.settleKept(); err != nil {
		k.gate.distrust(err)
		return err
	}
	k.live.entries.Add(-entries)
	k.size = logSize(k.folder)
	k.log.Debug("snapshot kept", "took", time.Since(began))
	return nil
}

// persisted is called when the bytes of snapshot id are written and not synced.
// Only when they are kept is Raft allowed to cut the log.
func (k *keeper) persisted(id string) {
	if k.trailing == 0 {
		return // not ours: rqlite takes none by itself, and then nothing is cut
	}
	k.problem = func() error {
		ra := k.raft()
		var term, index, at uint64
		if _, err := fmt.Sscanf(id, "%d-%d-%d", &term, &index, &at); err != nil {
			return fmt.Errorf("snapshot's name %q: %w", id, err)
		}
		members := ra.GetConfiguration()
		if err := members.Error(); err != nil {
			return err
		}
		meta := raft.SnapshotMeta{
			Version: raft.SnapshotVersionMax, ID: id, Index: index, Term: term,
			Configuration: members.Configuration(), ConfigurationIndex: index,
		}
		data := filepath.Join(k.folder.dir, snapshotsFolder, id+unfinished, id+".data")
		if err := k.folder.keep(data, meta); err != nil {
			return err
		}
		k.cut = true
		return setTrailing(ra, k.trailing)
	}()
}

// settleKept writes the kept snapshot's record again with what Raft says about
// it: exact members, and the entry that they are from.
func (f folder) settleKept() error {
	k, err := f.readKept()
	if err != nil || k == nil {
		return errors.Join(err, errors.New("the kept snapshot has no record"))
	}
	meta, err := readMeta(filepath.Join(f.dir, snapshotsFolder, k.Meta.ID))
	if errors.Is(err, os.ErrNotExist) { // a newer one has arrived from the leader
		return nil
	}
	if err != nil {
		return fmt.Errorf("read snapshot's description: %w", err)
	}
	k.Meta = *meta
	return f.writeKept(*k)
}

// setTrailing tells Raft how many entries to leave behind a snapshot.
func setTrailing(ra *raft.Raft, n uint64) error {
	c := ra.ReloadableConfig()
	c.TrailingLogs = n
	if err := ra.ReloadConfig(c); err != nil {
		return fmt.Errorf("set raft's trailing logs: %w", err)
	}
	return nil
}

// storeLog is rqlite's logger of one store. It passes lines on and listens for
// the one that says that a snapshot is written.
func (k *keeper) storeLog(out io.Writer) *log.Logger {
	return log.New(listener{out, k}, "", 0)
}

type listener struct {
	out    io.Writer
	keeper *keeper
}

func (l listener) Write(line []byte) (int, error) {
	if rest, found := strings.CutPrefix(string(line), persistedLine); found {
		id, _, _ := strings.Cut(rest, " ")
		l.keeper.persisted(id)
	}
	if strings.HasPrefix(string(line), fatalLine) {
		l.keeper.log.Error("the program ends now: the folder of a database cannot be written; check the disk, its free space "+
			"and the number of files that may be open, then start the node again; what was acknowledged is kept", "rqlite", strings.TrimSpace(string(line)))
	}
	return l.out.Write(line)
}
