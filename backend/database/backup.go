// Backups: a namespace as one file that says what it holds and proves that it
// is whole.

package database

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// A backup is the line backupMagic, four bytes with the length of a
// [core.BackupInfo] as JSON, that JSON, and an SQLite file.
const (
	backupMagic  = "debros backup\n"
	backupFormat = 1
	// maxManifestBytes bounds the JSON; a real one has some three hundred bytes.
	maxManifestBytes = 16 << 10
	// BackupSuffix ends the names of backup files.
	BackupSuffix = ".debros"
)

// Backup writes everything that the namespace holds to w. Every write that was
// acknowledged before the call is in it; writes go on meanwhile. It returns
// NotFound when there is no such namespace, and asks another member when this
// node keeps no replica.
func (d *Databases) Backup(ctx context.Context, ns core.Namespace, w io.Writer, progress func(core.Progress)) (core.BackupInfo, error) {
	var info core.BackupInfo
	err := d.withCopy(ctx, ns, progress, func(path string, index uint64) (err error) {
		info, err = d.describe(ctx, path, ns, index)
		if err != nil {
			return err
		}
		return sendBackup(ctx, w, info, path, progress)
	})
	return info, err
}

// withCopy makes a consistent copy of the namespace's file and gives its path
// and the log entry up to which it certainly holds everything.
func (d *Databases) withCopy(ctx context.Context, ns core.Namespace, progress tell, use func(path string, index uint64) error) (err error) {
	if err = d.exists(ctx, ns); err != nil {
		return err
	}
	t, err := d.table()
	if err != nil {
		return err
	}
	g, err := t.acquire(ctx, ns)
	if err != nil {
		return err
	}
	defer g.release()
	index, err := d.caughtUp(ctx, ns, g.group)
	if err != nil {
		return err
	}
	if err = d.roomFor(g.fileBytes()); err != nil {
		return err
	}
	path, remove, err := d.workFile()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err := copyDatabase(ctx, filepath.Join(g.folder.dir, liveFile), path, progress); err != nil {
		if ctx.Err() != nil {
			return core.Wrap(core.Unavailable, ctx.Err(), "the copy was cancelled")
		}
		return core.Wrap(core.Unavailable, err, "the database cannot be copied at the moment; repeat in a moment")
	}
	return use(path, index)
}

// caughtUp waits until this node's replica holds everything that was
// acknowledged before the call, and returns the entry up to which it does.
func (d *Databases) caughtUp(ctx context.Context, ns core.Namespace, g *group) (uint64, error) {
	rows, err := d.query(ctx, ns, core.Statement{SQL: "SELECT 1"}, core.QueryOptions{})
	if err != nil || g.lead.leads() != 0 {
		return g.provenance().Index, err
	}
	index := rows.Provenance.Index
	if _, err := g.store.WaitForFSMIndex(index, d.settings.ReadLimit); err != nil {
		return 0, core.Wrap(core.Unavailable, err, "this node's replica of %s has not caught up; repeat in a moment", g.name)
	}
	return index, nil
}

// exists refuses to make a namespace by looking at it.
func (d *Databases) exists(_ context.Context, ns core.Namespace) error {
	if err := tenantNamespace(ns); err != nil {
		return err
	}
	if !slices.Contains(d.Namespaces(), ns) {
		return core.Errorf(core.NotFound, "there is no namespace %q", ns)
	}
	return nil
}

// describe says what a copy is.
func (d *Databases) describe(ctx context.Context, path string, ns core.Namespace, index uint64) (core.BackupInfo, error) {
	hash, size, err := hashFile(ctx, path)
	if err != nil {
		return core.BackupInfo{}, err
	}
	return core.BackupInfo{
		Format: backupFormat, Namespace: ns, Network: d.settings.Network, Index: index, CreatedAt: time.Now().UTC(),
		Size: size, SHA256: hash, Version: d.settings.Version,
	}, nil
}

func hashFile(ctx context.Context, path string) (_ string, size int64, err error) {
	f, err := os.Open(path) //nolint:gosec // a copy of our own
	if err != nil {
		return "", 0, fmt.Errorf("open copy: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	size, err = io.Copy(h, contextReader{ctx, f})
	if err != nil {
		return "", 0, fmt.Errorf("read copy: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

func sendBackup(ctx context.Context, w io.Writer, info core.BackupInfo, path string, progress tell) error {
	head, err := packManifest(info)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("send backup: %w", err)
	}
	return sendFile(ctx, w, path, progress)
}

// sendFile writes a copy to the caller.
func sendFile(ctx context.Context, w io.Writer, path string, progress tell) (err error) {
	f, err := os.Open(path) //nolint:gosec // a copy of our own
	if err != nil {
		return fmt.Errorf("open copy: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at copy: %w", err)
	}
	counted := &countingReader{Reader: contextReader{ctx, f}, told: func(n int64) { progress.at(core.PhaseSend, n, info.Size(), "bytes") }}
	if _, err := io.Copy(w, counted); err != nil {
		return fmt.Errorf("send copy: %w", err)
	}
	return nil
}

func packManifest(info core.BackupInfo) ([]byte, error) {
	text, err := json.Marshal(info)
	if err != nil {
		return nil, fmt.Errorf("describe backup: %w", err)
	}
	head := append([]byte(backupMagic), 0, 0, 0, 0)
	binary.BigEndian.PutUint32(head[len(backupMagic):], uint32(len(text))) //nolint:gosec // a few hundred bytes
	return append(head, text...), nil
}

// ReadBackupInfo reads the beginning of a backup and says what the rest claims
// to hold. It returns Invalid for what is no backup, or one of a newer program.
func ReadBackupInfo(r io.Reader) (core.BackupInfo, error) {
	head := make([]byte, len(backupMagic)+4)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.HasPrefix(head, []byte(backupMagic)) {
		return core.BackupInfo{}, core.Errorf(core.Invalid, "this is no backup of a namespace; nothing was changed (an SQLite file or SQL text is imported instead)")
	}
	length := binary.BigEndian.Uint32(head[len(backupMagic):])
	if length > maxManifestBytes {
		return core.BackupInfo{}, errDamagedBackup(errors.New("its description is too long"))
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return core.BackupInfo{}, errDamagedBackup(err)
	}
	var info core.BackupInfo
	if err := json.Unmarshal(text, &info); err != nil {
		return core.BackupInfo{}, errDamagedBackup(err)
	}
	_, nameErr := core.ParseNamespace(string(info.Namespace))
	switch {
	case info.Format > backupFormat:
		return core.BackupInfo{}, core.Errorf(core.Invalid, "the backup was made by a newer version of this program (format %d, this one knows %d); nothing was changed; use the newer version",
			info.Format, backupFormat)
	case info.Format < 1 || info.Size < 0 || len(info.SHA256) != hex.EncodedLen(sha256.Size) || nameErr != nil:
		return core.BackupInfo{}, errDamagedBackup(errors.New("its description makes no sense"))
	}
	return info, nil
}

func errDamagedBackup(cause error) error {
	return core.Wrap(core.Invalid, cause, "the file is damaged: %s; nothing was changed; take another one", cause)
}

// BackupAll writes one file for each namespace with a replica on this node into
// dir, in place of none: names carry the time. Files are readable by their
// owner only, and are there whole or not at all. It goes on after a namespace
// that fails, whose error is in the one it returns.
func (d *Databases) BackupAll(ctx context.Context, dir string, progress func(ns core.Namespace, p core.Progress)) ([]core.BackupInfo, error) {
	var made []core.BackupInfo
	var errs []error
	for _, ns := range d.Namespaces() {
		info, _, err := d.BackupFile(ctx, ns, dir, func(p core.Progress) {
			if progress != nil {
				progress(ns, p)
			}
		})
		if err != nil {
			errs = append(errs, core.Wrap(core.CodeOf(err), err, "namespace %s: %s", ns, core.Sentence(err)))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		made = append(made, info)
	}
	return made, errors.Join(errs...)
}

// BackupFile writes a backup of the namespace into dir and returns its path. The
// folder is made when it is missing.
func (d *Databases) BackupFile(ctx context.Context, ns core.Namespace, dir string, progress func(core.Progress)) (info core.BackupInfo, path string, err error) {
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return info, "", core.Wrap(core.Unavailable, err, "the folder for backups cannot be made; check its rights and the space on the disk")
	}
	path = filepath.Join(dir, BackupName(ns, time.Now()))
	err = disk.WriteFrom(path, func(w io.Writer) (err error) {
		info, err = d.Backup(ctx, ns, w, progress)
		return err
	})
	return info, path, err
}

// backupTime is the time in a backup's name: it sorts, and no file system
// minds it.
const backupTime = "20060102T150405.000Z"

// BackupName is the name of a backup file of ns.
func BackupName(ns core.Namespace, at time.Time) string {
	return string(ns) + "-" + at.UTC().Format(backupTime) + BackupSuffix
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context //nolint:containedctx // lives for one copy
	io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p) //nolint:wrapcheck // a reader hands its error on
}

// countingReader tells how much was read.
type countingReader struct {
	io.Reader
	n    int64
	told func(n int64)
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += int64(n)
	if n > 0 {
		r.told(r.n)
	}
	return n, err //nolint:wrapcheck // a reader hands its error on
}
