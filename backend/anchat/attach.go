package anchat

// This file has attachments: they are sealed when they are chosen, sent before the
// message that names them, and brought when somebody wants them.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/files"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	// AttachLife is how long a file waits for the message that it is to go with.
	AttachLife = 24 * time.Hour
	// MaxAttached bounds the files that wait at one time.
	MaxAttached = 100
	// MaxFilesKept bounds the sealed files that are kept on this computer; those that
	// were not used for the longest time go first, and can be fetched again.
	MaxFilesKept = 512 << 20

	kindAttach = "attach"    // files that are not stored by the nodes yet
	kindDrop   = "drop_blob" // files that the nodes are to remove

	filesSuffix = ".files"
	partSuffix  = ".part"
)

// attachment is a file that waits for its message.
type attachment struct {
	Room   string    `json:"room"`
	Name   string    `json:"name"`
	Type   string    `json:"type"`
	Size   int64     `json:"size"`
	Key    []byte    `json:"key"`
	Prefix []byte    `json:"prefix"`
	Chunks uint32    `json:"chunks"`
	Width  int       `json:"width,omitempty"`
	Height int       `json:"height,omitempty"`
	At     time.Time `json:"at"`
	// Sent says that the nodes have all of it; with its message stored, it is confirmed.
	Sent bool `json:"sent,omitempty"`
}

func (a attachment) file(id wire.Hash) inner.File {
	f := inner.File{ID: id, Prefix: a.Prefix, Name: a.Name, Type: a.Type, Size: a.Size, Chunks: a.Chunks, Width: a.Width, Height: a.Height}
	copy(f.Key[:], a.Key)
	return f
}

func (a attachment) shown(id wire.Hash) core.ChatAttachment {
	return core.ChatAttachment{ID: id.String(), Name: a.Name, Type: a.Type, Size: a.Size, Width: a.Width, Height: a.Height, Ready: true}
}

// sealedOf is what opens a file of a message.
func sealedOf(f inner.File) files.Sealed {
	s := files.Sealed{ID: f.ID, Key: f.Key, Size: f.Size, Chunks: f.Chunks}
	copy(s.Prefix[:], f.Prefix)
	return s
}

// Attach takes a file in for the next message of a room. Pictures lose what they
// tell besides the picture. It is sealed and kept here until it is sent or
// AttachLife has passed.
func (c *Chat) Attach(ctx context.Context, roomID, name string, size int64, r io.Reader) (core.ChatAttachment, error) {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return core.ChatAttachment{}, err
	}
	if err = inner.CheckFileName(name); err != nil {
		return core.ChatAttachment{}, err
	}
	if size < 0 || size > wire.MaxFileBytes {
		return core.ChatAttachment{}, core.Errorf(core.TooLarge, "a file has at most %d MiB; send a link to a larger one", wire.MaxFileBytes>>20)
	}
	data, err := io.ReadAll(io.LimitReader(r, size+1)) //nolint:forbidigo // it is the read with a limit
	if err != nil {
		return core.ChatAttachment{}, core.Wrap(core.Unavailable, err, "the file cannot be read")
	}
	if int64(len(data)) != size {
		return core.ChatAttachment{}, core.Errorf(core.Invalid, "the file is not as long as it said; it may be changing: send it again")
	}
	a := attachment{Room: id.String(), Name: name, Type: mediaType(data), At: s.now()}
	if p, ok := files.Clean(data); ok {
		data, a.Type, a.Width, a.Height = p.Data, p.Type, p.Width, p.Height
	}
	blob, err := s.sealFile(ctx, data)
	if err != nil {
		return core.ChatAttachment{}, err
	}
	a.Size, a.Key, a.Prefix, a.Chunks = blob.Size, blob.Key[:], blob.Prefix[:], blob.Chunks
	kept, err := json.Marshal(a)
	if err != nil {
		return core.ChatAttachment{}, fmt.Errorf("keep attachment: %w", err)
	}
	err = s.do(ctx, func(t *turn) error {
		waiting, err := t.List(kindAttach)
		if err != nil {
			return err
		}
		if len(waiting) >= MaxAttached {
			return core.Errorf(core.Limited, "%d files wait to be sent; send or remove some first", MaxAttached)
		}
		return t.Put(kindAttach, blob.ID.String(), kept)
	})
	if err != nil {
		return core.ChatAttachment{}, errors.Join(err, s.removeFile(blob.ID))
	}
	return a.shown(blob.ID), nil
}

// mediaType looks at the bytes: a name can say anything. What a browser could run
// is a plain file.
func mediaType(data []byte) string {
	kind, _, _ := strings.Cut(http.DetectContentType(data), ";")
	if strings.HasPrefix(kind, "text/") {
		return "text/plain"
	}
	if strings.HasPrefix(kind, "image/") { // none of those that are shown
		return files.TypeOther
	}
	return kind
}

// sealFile seals data into a folder that is named like the blob.
func (s *session) sealFile(ctx context.Context, data []byte) (sealed files.Sealed, err error) {
	if err = os.MkdirAll(s.filesDir(), 0o700); err != nil {
		return sealed, core.Wrap(core.Unavailable, err, "the chat's folder for files cannot be made")
	}
	dir, err := os.MkdirTemp(s.filesDir(), "new-*"+partSuffix)
	if err != nil {
		return sealed, core.Wrap(core.Unavailable, err, "the chat's folder for files cannot be written")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	sealed, err = files.Seal(bytes.NewReader(data), int64(len(data)), func(n uint32, chunk []byte) error {
		if errEnd := ctx.Err(); errEnd != nil {
			return fmt.Errorf("attach file: %w", errEnd)
		}
		if errWrite := disk.Write(filepath.Join(dir, chunkName(n)), chunk); errWrite != nil {
			return core.Wrap(core.Unavailable, errWrite, "the file cannot be kept; look at the free space of the disk")
		}
		return nil
	})
	if err != nil {
		return sealed, err
	}
	return sealed, s.settleFile(dir, sealed.ID)
}

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

// Unattach removes a file that waits for its message.
func (c *Chat) Unattach(ctx context.Context, roomID, file string) error {
	s, id, err := c.openRoom(roomID)
	if err != nil {
		return err
	}
	blob, err := parseBlob(file)
	if err != nil {
		return err
	}
	err = s.do(ctx, func(t *turn) error {
		if _, errFind := t.attachment(id, blob); errFind != nil {
			return errFind
		}
		used, errUse := t.queuedFiles()
		if errUse != nil {
			return errUse
		}
		if slices.Contains(used, blob) {
			return core.Errorf(core.Conflict, "a message that waits has this file; discard the message")
		}
		return t.Delete(kindAttach, blob.String())
	})
	if err != nil {
		return err
	}
	return s.removeFile(blob)
}

func parseBlob(text string) (wire.Hash, error) {
	f, err := wire.ParseFingerprint(text) // the same form
	if err != nil {
		return wire.Hash{}, core.Errorf(core.Invalid, "the name of a file has 64 hexadecimal digits")
	}
	return wire.Hash(f), nil
}

// attachment finds a file that waits, in the room that it was chosen for.
func (t *turn) attachment(id wire.Room, blob wire.Hash) (a attachment, err error) {
	raw, found, err := t.Get(kindAttach, blob.String())
	if err != nil {
		return a, err
	}
	if found {
		if err = json.Unmarshal(raw, &a); err != nil {
			return a, fmt.Errorf("read attachment: %w", err)
		}
	}
	if !found || a.Room != id.String() {
		return a, core.Errorf(core.NotFound, "this file does not wait for a message of this room; choose it again")
	}
	return a, nil
}

// queuedFiles are the files of messages that are not stored yet.
func (t *turn) queuedFiles() (used []wire.Hash, err error) {
	items, err := t.Outbox()
	if err != nil {
		return nil, err
	}
	for _, i := range items {
		if i.Message.Kind != inner.KindText {
			continue
		}
		text, err := i.Message.Text()
		if err != nil {
			return nil, err
		}
		for _, f := range text.Files {
			used = append(used, f.ID)
		}
	}
	return used, nil
}

// attached are the files of a draft.
func (s *session) attached(ctx context.Context, id wire.Room, names []string) (list []inner.File, err error) {
	if len(names) == 0 {
		return nil, nil
	}
	if len(names) > core.MaxChatFiles {
		return nil, core.Errorf(core.TooLarge, "a message has at most %d files", core.MaxChatFiles)
	}
	err = s.look(ctx, func(t *turn) error {
		list = nil
		for _, name := range names {
			blob, err := parseBlob(name)
			if err != nil {
				return err
			}
			a, err := t.attachment(id, blob)
			if err != nil {
				return err
			}
			list = append(list, a.file(blob))
		}
		return nil
	})
	return list, err
}

// uploadFiles brings the files of a message to the nodes: only what is not there.
func (s *session) uploadFiles(ctx context.Context, list []inner.File) error {
	for _, f := range list {
		if err := s.uploadFile(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) uploadFile(ctx context.Context, f inner.File) error {
	have, err := s.service.HaveChunks(ctx, f.ID)
	switch {
	case core.CodeOf(err) == core.NotFound:
		if err = s.beginFile(ctx, f); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	for n := range f.Chunks {
		if slices.Contains(have, n) {
			continue
		}
		sealed, err := s.keptChunk(f.ID, n)
		if err != nil {
			return err
		}
		if err = s.service.PutChunk(ctx, f.ID, n, f.Chunks, sealed); err != nil {
			return err
		}
	}
	return s.do(ctx, func(t *turn) error {
		raw, found, err := t.Get(kindAttach, f.ID.String())
		if err != nil || !found {
			return err
		}
		var a attachment
		if err = json.Unmarshal(raw, &a); err != nil {
			return fmt.Errorf("read attachment: %w", err)
		}
		a.Sent = true
		if raw, err = json.Marshal(a); err != nil {
			return fmt.Errorf("keep attachment: %w", err)
		}
		return t.Put(kindAttach, f.ID.String(), raw)
	})
}

// beginFile names the chunks, so that a wrong one is refused.
func (s *session) beginFile(ctx context.Context, f inner.File) error {
	hashes := make([]wire.Hash, 0, f.Chunks)
	for n := range f.Chunks {
		sealed, err := s.keptChunk(f.ID, n)
		if err != nil {
			return err
		}
		hashes = append(hashes, sha256.Sum256(sealed))
	}
	return s.service.BeginBlob(ctx, f.ID, hashes)
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

// filesStored says that the message of files is stored, so they are kept with it.
// What does not work now is tried again with the chores.
func (s *session) filesStored(ctx context.Context, list []inner.File) {
	for _, f := range list {
		err := s.confirmFile(ctx, f.ID)
		if err != nil && ctx.Err() == nil {
			s.chat.set.Log.Info("a file could not be confirmed yet", "error", err)
		}
	}
}

func (s *session) confirmFile(ctx context.Context, id wire.Hash) error {
	if err := s.service.ConfirmBlob(ctx, id); err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	return s.forgetEntry(ctx, kindAttach, id)
}

// dropFiles removes files that nobody needs any more, here and at the nodes.
func (t *turn) dropFiles(list []wire.Hash) error {
	for _, id := range list {
		if err := t.Put(kindDrop, id.String(), []byte{1}); err != nil {
			return err
		}
	}
	if len(list) > 0 {
		t.later(t.s.chest.ring)
	}
	return nil
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
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("fetch file: %w", err)
		}
		return s.chunk(ctx, sealed, n, whole)
	}, writerFunc(func(p []byte) (int, error) {
		n, err := w.Write(p)
		done.Done += int64(n)
		if progress != nil {
			progress(done)
		}
		return n, err
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
	used time.Time
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
		info, err := e.Info()
		if err != nil {
			continue // it is gone
		}
		f := keptFile{path: filepath.Join(s.filesDir(), e.Name()), used: info.ModTime()}
		chunks, err := os.ReadDir(f.path)
		if err != nil {
			continue
		}
		for _, c := range chunks {
			if info, err := c.Info(); err == nil {
				f.size += info.Size()
			}
		}
		total += f.size
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b keptFile) int { return a.used.Compare(b.used) })
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
