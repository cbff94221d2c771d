package anchat

// This file keeps sealed files on this computer: those that wait to be sent, and
// those that were brought.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/files"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// settleFile gives a whole file its name.
func (s *session) settleFile(dir string, id wire.Hash) error {
	err := os.Rename(dir, s.fileDir(id))
	if errors.Is(err, fs.ErrExist) { // somebody else has brought it meanwhile
		return os.RemoveAll(dir)
	}
	if err == nil {
		err = disk.SyncFolder(s.filesDir())
	}
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the file cannot be kept")
	}
	return nil
}

func (s *session) filesDir() string { return s.chat.base(s.account) + filesSuffix }

func (s *session) fileDir(id wire.Hash) string { return filepath.Join(s.filesDir(), id.String()) }

func chunkName(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// hasFile tells whether a whole file is on this computer.
func (s *session) hasFile(id wire.Hash) bool {
	_, err := os.Stat(s.fileDir(id))
	return err == nil
}

func (s *session) removeFile(id wire.Hash) error {
	if err := errors.Join(os.RemoveAll(s.fileDir(id)), os.RemoveAll(s.fileDir(id)+partSuffix)); err != nil {
		return core.Wrap(core.Unavailable, err, "a file of the chat cannot be removed")
	}
	return nil
}

func (s *session) keptChunk(id wire.Hash, n uint32) ([]byte, error) {
	sealed, err := readChunk(filepath.Join(s.fileDir(id), chunkName(n)))
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "the file is not on this computer any more; discard the message and choose the file again")
	}
	return sealed, nil
}

func readChunk(path string) (data []byte, err error) {
	f, err := os.Open(path) //nolint:gosec // its name is made of a hash and a number
	if err != nil {
		return nil, fmt.Errorf("read chunk: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, wire.MaxChunkBytes+1)) //nolint:forbidigo // it is the read with a limit
	if err == nil && len(data) > wire.MaxChunkBytes {
		err = core.Errorf(core.Invalid, "a part of a file is too large")
	}
	return data, err
}

// untidy are files about which something is to be done.
type untidy struct {
	drop    []wire.Hash // at the nodes and here
	confirm []wire.Hash // their message is stored
	stale   []wire.Hash // nobody has sent them
	needed  []wire.Hash // they are nowhere else
}

func (t *turn) untidyFiles() (u untidy, err error) {
	dropped, err := t.List(kindDrop)
	if err != nil {
		return u, err
	}
	for _, e := range dropped {
		if id, errName := parseBlob(e.ID); errName == nil {
			u.drop = append(u.drop, id)
		}
	}
	used, err := t.queuedFiles()
	if err != nil {
		return u, err
	}
	waiting, err := t.List(kindAttach)
	if err != nil {
		return u, err
	}
	for _, e := range waiting {
		id, err := parseBlob(e.ID)
		if err != nil {
			return u, err
		}
		var a attachment
		if err = json.Unmarshal(e.Value, &a); err != nil {
			return u, fmt.Errorf("read attachment: %w", err)
		}
		switch {
		case slices.Contains(used, id):
			u.needed = append(u.needed, id)
		case a.Sent:
			u.confirm = append(u.confirm, id)
		case t.now.Sub(a.At) > AttachLife:
			u.stale = append(u.stale, id)
		default:
			u.needed = append(u.needed, id)
		}
	}
	return u, nil
}

// tidyFiles confirms, drops and forgets what is due.
func (s *session) tidyFiles(ctx context.Context) error {
	var u untidy
	err := s.look(ctx, func(t *turn) (err error) {
		u, err = t.untidyFiles()
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range u.confirm {
		if err = s.confirmFile(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range u.drop {
		err = s.service.DropBlob(ctx, id)
		if code := core.CodeOf(err); err != nil && code != core.NotFound && code != core.Denied {
			return err
		}
		if err = errors.Join(s.removeFile(id), s.forgetEntry(ctx, kindDrop, id)); err != nil {
			return err
		}
	}
	for _, id := range u.stale {
		if err = s.forgetEntry(ctx, kindAttach, id); err != nil {
			return err
		}
	}
	return s.evictFiles(u.needed)
}

func (s *session) forgetEntry(ctx context.Context, kind string, id wire.Hash) error {
	return s.do(ctx, func(t *turn) error { return t.Delete(kind, id.String()) })
}

// Fetch brings a file of a message and writes it to w. What was brought is kept
// sealed on this computer. progress may be nil.
func (c *Chat) Fetch(ctx context.Context, roomID, message, file string, w io.Writer, progress func(core.ChatProgress)) error {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return err
	}
	blob, err := parseBlob(file)
	if err != nil {
		return err
	}
	f, err := s.vault.File(ctx, id, message, blob)
	if err != nil {
		return err
	}
	sealed := sealedOf(f)
	if err = sealed.Check(); err != nil {
		return err
	}
	whole := s.hasFile(blob)
	if !whole {
		if err = os.MkdirAll(s.fileDir(blob)+partSuffix, 0o700); err != nil {
			return core.Wrap(core.Unavailable, err, "the chat's folder for files cannot be made")
		}
	}
	done := core.ChatProgress{Total: f.Size}
	err = files.Open(sealed, func(n uint32) ([]byte, error) {
		if errEnd := ctx.Err(); errEnd != nil {
			return nil, fmt.Errorf("fetch file: %w", errEnd)
		}
		return s.chunk(ctx, sealed, n, whole)
	}, writerFunc(func(p []byte) (int, error) {
		n, errWrite := w.Write(p)
		done.Done += int64(n)
		if progress != nil {
			progress(done)
		}
		return n, errWrite
	}))
	if err != nil {
		return err
	}
	if !whole {
		if err = s.settleFile(s.fileDir(blob)+partSuffix, blob); err != nil {
			return err
		}
		s.chest.ring()
	}
	return nil
}

// writerFunc is a writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// chunk is a sealed chunk: from this computer, else from the nodes. One that does
// not open is not kept, so that the next try brings it anew.
func (s *session) chunk(ctx context.Context, f files.Sealed, n uint32, whole bool) ([]byte, error) {
	if whole {
		return s.keptChunk(f.ID, n)
	}
	path := filepath.Join(s.fileDir(f.ID)+partSuffix, chunkName(n))
	if kept, err := readChunk(path); err == nil {
		if _, err = f.OpenChunk(n, kept); err == nil {
			return kept, nil
		}
	}
	sealed, err := s.service.Chunk(ctx, f.ID, n)
	if err != nil {
		return nil, err
	}
	if _, err = f.OpenChunk(n, sealed); err != nil {
		return nil, err
	}
	if err = disk.Write(path, sealed); err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the file cannot be kept; look at the free space of the disk")
	}
	return sealed, nil
}

// keptFile is a file on this computer.
type keptFile struct {
	path string
	size int64
	came time.Time
}

// evictFiles keeps the files on this computer within MaxFilesKept. Those that are
// needed stay.
func (s *session) evictFiles(needed []wire.Hash) error {
	entries, err := os.ReadDir(s.filesDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the chat's folder for files cannot be read")
	}
	var all []keptFile
	var total int64
	for _, e := range entries {
		if id, errName := parseBlob(e.Name()); errName == nil && slices.Contains(needed, id) {
			continue
		}
		f, ok := keptFileOf(filepath.Join(s.filesDir(), e.Name()))
		if !ok {
			continue // it is gone
		}
		total += f.size
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b keptFile) int { return a.came.Compare(b.came) })
	for _, f := range all {
		if total <= MaxFilesKept {
			return nil
		}
		if err = os.RemoveAll(f.path); err != nil {
			return core.Wrap(core.Unavailable, err, "a file of the chat cannot be removed")
		}
		total -= f.size
	}
	return nil
}

// keptFileOf looks at a folder of chunks; false when it is none.
func keptFileOf(path string) (f keptFile, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return f, false
	}
	chunks, err := os.ReadDir(path)
	if err != nil {
		return f, false
	}
	f = keptFile{path: path, came: info.ModTime()}
	for _, c := range chunks {
		if size, errInfo := c.Info(); errInfo == nil {
			f.size += size.Size()
		}
	}
	return f, true
}
