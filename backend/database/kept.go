// The snapshot that may be relied on. rqlite closes its snapshot files without
// syncing them, and Raft cuts the log right after; so each snapshot is first put
// aside here: synced, with a checksum and a record of its own. The log is only
// ever cut behind it, and a group opens from it and from nothing else.

package database

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/raft"

	"git.debros.io/DeBros/network/backend/disk"
)

const (
	keptFolder = "kept"
	keptRecord = "snapshot.json"
	// maxRecordBytes bounds the record; the members of the group are in it.
	maxRecordBytes = 64 << 10
	// rqlite's names inside its folder of snapshots.
	metaFile       = "meta.json"
	fullNeededFile = "FULL_NEEDED"
	unfinished     = ".tmp"
)

// kept describes a snapshot that was put aside.
type kept struct {
	Meta raft.SnapshotMeta `json:"meta"`
	Size int64             `json:"size"`
	Sum  uint32            `json:"sum"` // CRC-32C of the file
}

// keptText is the record as it is written: what it says, and a checksum of that.
type keptText struct {
	Snapshot json.RawMessage `json:"snapshot"`
	Sum      uint32          `json:"sum"`
}

func castagnoli(text []byte) uint32 {
	return crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli))
}

// readKept reads the record; nil means that no snapshot was put aside yet.
func (f folder) readKept() (_ *kept, err error) {
	file, err := os.Open(filepath.Join(f.dir, keptFolder, keptRecord))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text := make([]byte, maxRecordBytes+1)
	n, err := io.ReadFull(file, text)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return parseKept(text[:n])
}

func parseKept(text []byte) (*kept, error) {
	if len(text) > maxRecordBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", keptRecord, maxRecordBytes)
	}
	var sealed keptText
	if err := json.Unmarshal(text, &sealed); err != nil {
		return nil, fmt.Errorf("%s: %w", keptRecord, err)
	}
	if sealed.Sum != castagnoli(sealed.Snapshot) {
		return nil, fmt.Errorf("the checksum of %s does not match", keptRecord)
	}
	var k kept
	if err := json.Unmarshal(sealed.Snapshot, &k); err != nil {
		return nil, fmt.Errorf("%s: %w", keptRecord, err)
	}
	if k.Meta.Index == 0 || k.Size <= 0 || !plainName(k.Meta.ID) {
		return nil, fmt.Errorf("%s lacks its index, size or name", keptRecord)
	}
	return &k, nil
}

// plainName tells whether id is a file name and nothing more.
func plainName(id string) bool {
	return id != "" && !strings.ContainsAny(id, `/\:`) && id != "." && id != ".."
}

// places are where the file of the kept snapshot may be: its own place, and
// rqlite's, which is the same file under another name.
func (f folder) places(k *kept) []string {
	return []string{
		filepath.Join(f.dir, keptFolder, k.Meta.ID+".db"),
		filepath.Join(f.dir, snapshotsFolder, k.Meta.ID+".db"),
	}
}

// findKept looks for a sound file of the kept snapshot.
func (f folder) findKept(k *kept) (path string, err error) {
	var first error
	for _, path := range f.places(k) {
		size, sum, err := measure(path)
		switch {
		case err != nil:
		case size != k.Size:
			err = fmt.Errorf("the snapshot has %d bytes, it was written with %d", size, k.Size)
		case sum != k.Sum:
			err = errors.New("the checksum of the snapshot does not match")
		default:
			return path, nil
		}
		if first == nil {
			first = err
		}
	}
	return "", first
}

// measure reads a file to its end and returns its size and checksum.
func measure(path string) (size int64, sum uint32, err error) {
	file, err := os.Open(path) //nolint:gosec // the group's own folder
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	h := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	size, err = io.Copy(h, file)
	return size, h.Sum32(), err
}

// keep puts the snapshot at path aside. When it returns nil, a power cut can no
// longer take it; the one that was kept before is gone then.
func (f folder) keep(path string, meta raft.SnapshotMeta) error {
	dir := filepath.Join(f.dir, keptFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder of kept snapshot: %w", err)
	}
	if err := f.raiseFormat(); err != nil {
		return err
	}
	place := filepath.Join(dir, meta.ID+".db")
	if err := linkOrCopy(path, place); err != nil {
		return fmt.Errorf("keep snapshot: %w", err)
	}
	if err := syncSnapshot(place); err != nil {
		return fmt.Errorf("sync snapshot: %w", err)
	}
	size, sum, err := measure(place)
	if err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	meta.Size = size
	if err := f.writeKept(kept{Meta: meta, Size: size, Sum: sum}); err != nil {
		return err
	}
	return f.forgetOthers(meta.ID)
}

// writeKept puts the record in place.
func (f folder) writeKept(k kept) error {
	inner, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	text, err := json.Marshal(keptText{Snapshot: inner, Sum: castagnoli(inner)})
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	dir := filepath.Join(f.dir, keptFolder)
	if err := errors.Join(disk.Write(filepath.Join(dir, keptRecord), text), disk.SyncFolder(f.dir)); err != nil {
		return fmt.Errorf("write record of kept snapshot: %w", err)
	}
	return nil
}

// forgetOthers removes kept files that the record no longer names.
func (f folder) forgetOthers(id string) error {
	dir := filepath.Join(f.dir, keptFolder)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name := entry.Name(); name != keptRecord && name != id+".db" {
			err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
		}
	}
	return err
}

// raiseFormat marks a folder of an older program, which could not read one with
// a cut log.
func (f folder) raiseFormat() error {
	m, found, err := readMarker(f.dir)
	if err != nil || !found || m.Format >= formatVersion {
		return err
	}
	m.Format = formatVersion
	return m.write(f.dir)
}

// linkOrCopy gives the file a second name; where the file system cannot, it
// copies it.
func linkOrCopy(from, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Link(from, to); err == nil {
		return os.Chmod(to, 0o600)
	}
	return copyFile(from, to)
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from) //nolint:gosec // the group's own folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // likewise
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// keepNewest keeps the newest finished snapshot of rqlite's: the one that was
// just received from the leader, or made of a restored backup.
func (f folder) keepNewest() error {
	dir := filepath.Join(f.dir, snapshotsFolder)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var newest *raft.SnapshotMeta
	for _, entry := range entries {
		if !entry.IsDir() || strings.HasSuffix(entry.Name(), unfinished) {
			continue
		}
		meta, err := readMeta(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		if newest == nil || newer(meta, newest) {
			newest = meta
		}
	}
	if newest == nil {
		return errors.New("there is no snapshot to keep")
	}
	return f.keep(filepath.Join(dir, newest.ID+".db"), *newest)
}

// newer orders snapshots as rqlite does.
func newer(a, b *raft.SnapshotMeta) bool {
	if a.Term != b.Term {
		return a.Term > b.Term
	}
	if a.Index != b.Index {
		return a.Index > b.Index
	}
	return a.ID > b.ID
}

// readMeta reads rqlite's description of a snapshot.
func readMeta(dir string) (_ *raft.SnapshotMeta, err error) {
	file, err := os.Open(filepath.Join(dir, metaFile)) //nolint:gosec // the group's own folder
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	meta := new(raft.SnapshotMeta)
	if err := json.NewDecoder(io.LimitReader(file, maxRecordBytes)).Decode(meta); err != nil {
		return nil, fmt.Errorf("%s: %w", metaFile, err)
	}
	return meta, nil
}

// restoreKept makes rqlite's folder of snapshots anew out of the kept one, nil
// for none. What else is there was never relied on: torn by a cut, or newer and
// not synced. inspect has made sure that the log goes on where the kept one ends.
func (f folder) restoreKept(k *kept) error {
	dir := filepath.Join(f.dir, snapshotsFolder)
	if k == nil {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove unfinished snapshots: %w", err)
		}
		return nil
	}
	found, err := f.findKept(k)
	if err != nil {
		return err
	}
	own := f.places(k)[0]
	if found != own { // only rqlite's name of it is left
		if err = errors.Join(linkOrCopy(found, own), syncSnapshot(own), disk.SyncFolder(filepath.Dir(own))); err != nil {
			err = errors.Join(err, os.Remove(own)) // the next try makes it anew
			return fmt.Errorf("put kept snapshot back: %w", err)
		}
	}
	meta, err := json.Marshal(k.Meta)
	if err != nil {
		return fmt.Errorf("encode snapshot's description: %w", err)
	}
	inside := filepath.Join(dir, k.Meta.ID)
	err = errors.Join(os.RemoveAll(dir), os.MkdirAll(inside, 0o700))
	if err == nil {
		err = errors.Join(disk.Write(filepath.Join(inside, metaFile), meta), linkOrCopy(own, inside+".db"))
	}
	if err != nil {
		return fmt.Errorf("put snapshot in place: %w", err)
	}
	return nil
}
