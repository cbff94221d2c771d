// Restoring a backup: the file is received and checked first; only then, and in
// one step, it takes the place of what the group holds, on all replicas.

package database

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/hashicorp/raft"
	"github.com/mattn/go-sqlite3"

	"git.debros.io/DeBros/network/backend/core"
)

// restoreWait bounds how long a restore waits for Raft to take it, and then for
// a majority to have it.
const restoreWait = 10 * time.Minute

// Restore replaces everything that the namespace holds, on all its replicas, by
// what the backup r holds. The file may be of another namespace or network.
//
// The backup is received and checked before anything is changed: Invalid means
// that it is damaged or hostile. Conflict names what would be lost, when there
// is data and o does not allow to replace it. Unavailable, with the leader's
// name, tells that this node does not lead the group and cannot reach the one
// that does. OutcomeUnknown means that the leader was lost meanwhile: the group
// holds the one or the other, never a mixture.
func (d *Databases) Restore(ctx context.Context, ns core.Namespace, r io.Reader, o core.RestoreOptions, progress func(core.Progress)) (result core.TransferResult, err error) {
	if err = tenantNamespace(ns); err != nil {
		return result, err
	}
	info, err := ReadBackupInfo(r)
	if err != nil {
		return result, err
	}
	if limit := d.settings.MaxBytes; limit > 0 && info.Size > limit {
		return result, core.Errorf(core.TooLarge, "the backup holds %d MiB, and a database may have %d MiB here; nothing was changed; raise the limit", info.Size>>20, limit>>20)
	}
	if err = d.roomFor(3 * info.Size); err != nil { // the copy, the snapshot and the file in use
		return result, err
	}
	path, remove, err := d.workFile()
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err = receive(ctx, path, r, info, progress); err != nil {
		return result, err
	}
	tell(progress).at(core.PhaseCheck, 0, 0, "")
	if err = d.checkForeign(ctx, path); err != nil {
		return result, err
	}
	t, err := d.table()
	if err != nil {
		return result, err
	}
	g, err := t.acquire(ctx, ns)
	if err != nil {
		return result, err
	}
	defer g.release()
	if err = d.takeLead(ctx, ns, g.group); err != nil {
		return result, err
	}
	result.Backup = &info
	tell(progress).at(core.PhaseWrite, 0, info.Size, "bytes")
	result.Replaced, err = g.restore(ctx, path, info, o, progress)
	return result, err
}

// takeLead makes this node's replica the leader of its group, as only a leader
// can restore.
func (d *Databases) takeLead(ctx context.Context, ns core.Namespace, g *group) error {
	if g.lead.leads() != 0 {
		return nil
	}
	if _, err := d.caughtUp(ctx, ns, g); err != nil { // who lacks an entry is not elected
		return err
	}
	if g.lead.leads() != 0 {
		return nil
	}
	if err := g.campaign(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, changeWait)
	defer cancel()
	return g.lead.await(ctx, g)
}

// receive writes the backup's SQLite file to path and checks that it is whole.
func receive(ctx context.Context, path string, r io.Reader, info core.BackupInfo, progress tell) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // a work file of our own
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the backup cannot be received; nothing was changed")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	counted := &countingReader{
		Reader: io.LimitReader(contextReader{ctx, r}, info.Size+1), // one more tells that there is too much
		told:   func(n int64) { progress.at(core.PhaseReceive, n, info.Size, "bytes") },
	}
	n, err := io.Copy(io.MultiWriter(f, h), counted)
	switch {
	case ctx.Err() != nil:
		return core.Wrap(core.Unavailable, ctx.Err(), "the restore was cancelled; nothing was changed")
	case err != nil && core.CodeOf(err) != core.Internal:
		return err
	case err != nil:
		return core.Wrap(core.Unavailable, err, "the backup could not be received whole; nothing was changed; repeat")
	case n < info.Size:
		return errDamagedBackup(fmt.Errorf("it ends after %d of %d bytes", n, info.Size))
	case n > info.Size:
		return errDamagedBackup(errors.New("it is longer than it says"))
	case hex.EncodeToString(h.Sum(nil)) != info.SHA256:
		return errDamagedBackup(errors.New("its checksum does not fit"))
	}
	return nil
}

// restore swaps the group's data for the file at path, which was checked.
// Nobody else writes meanwhile.
func (g *group) restore(ctx context.Context, path string, info core.BackupInfo, o core.RestoreOptions, progress tell) (*core.Contents, error) {
	g.writer.entries.Lock()
	defer g.writer.entries.Unlock()
	if err := g.reads.wait(ctx); err != nil { // this node leads, and has all that was written
		return nil, err
	}
	lost, err := g.contents(ctx)
	if err != nil {
		return nil, err
	}
	if !lost.Empty() && !o.Replace {
		return nil, core.Errorf(core.Conflict, "the namespace holds %s, %s and %s (log entry %d), which the backup of %s would replace; nothing was changed; allow it to replace them if that is meant",
			core.Count(lost.Tables, "table"), core.Count(int(lost.Rows), "row"), core.Count(int(lost.Keys), "key"), lost.Index, info.CreatedAt.Format(time.RFC3339))
	}
	if err := g.keepVersions(ctx, path); err != nil {
		return nil, err
	}
	if err := g.swap(ctx, path, info, progress); err != nil {
		return nil, err
	}
	g.readers.renew()
	if fault := g.writer.fault(); fault != nil { // it could not be kept, see swapped
		return nil, core.Wrap(core.OutcomeUnknown, fault, "the backup took the place of the data, but could not be put on the disk for good; the group holds either the one or the other")
	}
	// Raft ends a restore with an entry that rqlite never sees. Until it sees a
	// later one, it waits in vain for it before each linearizable read.
	if err := g.replay(); err != nil { //nolint:contextcheck // a restore that was begun is finished
		return nil, core.Wrap(core.OutcomeUnknown, err, "the backup was restored, but the group lost its leader before it could be used again")
	}
	return &lost, nil
}

// swap hands the file to Raft, which keeps it as a snapshot and gives it to all
// replicas.
func (g *group) swap(ctx context.Context, path string, info core.BackupInfo, progress tell) (err error) {
	f, err := os.Open(path) //nolint:gosec // a work file of our own
	if err != nil {
		return fmt.Errorf("open checked backup: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("measure checked backup: %w", err)
	}
	if err = ctx.Err(); err != nil { // the last moment at which that changes nothing
		return core.Wrap(core.Unavailable, err, "the restore was cancelled; nothing was changed")
	}
	ra := g.raft.Load()
	if ra == nil {
		return core.Errorf(core.Unavailable, "the database has no leader at the moment; nothing was changed; repeat in a moment")
	}
	counted := &countingReader{Reader: f, told: func(n int64) { progress.at(core.PhaseWrite, n, size, "bytes") }}
	err = ra.Restore(&raft.SnapshotMeta{Version: raft.SnapshotVersionMax, Index: info.Index, Size: size}, counted, restoreWait)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrEnqueueTimeout), errors.Is(err, raft.ErrRaftShutdown):
		if counted.n == 0 {
			return core.Wrap(core.Unavailable, err, "the database has no leader at the moment; nothing was changed; repeat in a moment")
		}
	case counted.n == 0:
		return core.Wrap(core.Unavailable, err, "the members of the group are just changing; nothing was changed; repeat in a moment")
	}
	return core.Wrap(core.OutcomeUnknown, err, "the group lost its leader while restoring; it holds either the backup or what it held before")
}

// contents counts what the group holds.
func (g *group) contents(ctx context.Context) (core.Contents, error) {
	conn, err := openForeignLive(g)
	if err != nil {
		return core.Contents{}, core.Wrap(core.Unavailable, err, "the database cannot be read at the moment; repeat in a moment")
	}
	c, err := countContents(ctx, conn)
	c.Index = g.provenance().Index
	return c, errors.Join(err, conn.Close())
}

// openForeignLive opens the file in use for counting.
func openForeignLive(g *group) (*sqlite3.SQLiteConn, error) {
	r, err := openReader(g.readers.path)
	if err != nil {
		return nil, err
	}
	r.stop()
	return r.conn, r.interrupt.Close()
}

// keyTable is the table of key-value storage, whose counter numbers versions.
const keyTable = "_debros_kv"

func countContents(ctx context.Context, conn *sqlite3.SQLiteConn) (core.Contents, error) {
	var c core.Contents
	objects, err := readObjects(ctx, conn)
	if err != nil {
		return c, err
	}
	for _, o := range objects {
		switch {
		case o.kind != "table" || o.shadow || o.sqlites():
		case o.name == keyTable:
			c.Keys, err = countRows(ctx, conn, o.name)
		case !o.ours():
			var n int64
			n, err = countRows(ctx, conn, o.name)
			c.Tables, c.Rows = c.Tables+1, c.Rows+n
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

func countRows(ctx context.Context, conn *sqlite3.SQLiteConn, table string) (n int64, err error) {
	err = eachRow(ctx, conn, "SELECT count(*) FROM "+quoted(table), func(cells []driver.Value) error {
		n = numberOf(cells[0])
		return nil
	})
	return n, err
}

// keepVersions sees to it that no version of a key is given out twice: an old
// backup's counter continues where that of the data it replaces stands. It leaves
// one number out, by which those who watch keys see that they missed something.
func (g *group) keepVersions(ctx context.Context, path string) (err error) {
	live, err := openForeignLive(g)
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the database cannot be read at the moment; repeat in a moment")
	}
	last, err := lastVersion(ctx, live)
	if err = errors.Join(err, live.Close()); err != nil || last == 0 {
		return err
	}
	conn, err := openFile(path, "mode=rw&_sync=FULL&_journal_mode=DELETE", nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	has, err := lastVersion(ctx, conn)
	if err != nil {
		return err
	}
	last = max(last, has) + 1
	if has > 0 {
		return runPlain(ctx, conn, "UPDATE sqlite_sequence SET seq = ?1 WHERE name = ?2", numbered(last, keyTable)...)
	}
	sequence, err := hasTable(ctx, conn, "sqlite_sequence")
	if err != nil || !sequence { // no such table: storage makes a new one, with a counter of its own
		return err
	}
	return runPlain(ctx, conn, "INSERT INTO sqlite_sequence(name, seq) SELECT ?2, ?1 WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?2)", numbered(last, keyTable)...)
}

func numbered(values ...any) []driver.NamedValue {
	out := make([]driver.NamedValue, len(values))
	for i, v := range values {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out
}

func hasTable(ctx context.Context, conn *sqlite3.SQLiteConn, name string) (found bool, err error) {
	err = eachRow(ctx, conn, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", func([]driver.Value) error {
		found = true
		return nil
	}, numbered(name)...)
	return found, err
}

// lastVersion is the highest version that storage has given out, 0 for none.
func lastVersion(ctx context.Context, conn *sqlite3.SQLiteConn) (last int64, err error) {
	found, err := hasTable(ctx, conn, "sqlite_sequence")
	if err != nil || !found {
		return 0, err
	}
	err = eachRow(ctx, conn, "SELECT seq FROM sqlite_sequence WHERE name = ?1", func(cells []driver.Value) error {
		last = numberOf(cells[0])
		return nil
	}, numbered(keyTable)...)
	return last, err
}
