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
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/files"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/vault"
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
	// came first go first, and can be fetched again.
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
		waiting, errList := t.List(kindAttach)
		if errList != nil {
			return errList
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
func (t *turn) attached(id wire.Room, names []string) (list []inner.File, err error) {
	if len(names) > core.MaxChatFiles {
		return nil, core.Errorf(core.TooLarge, "a message has at most %d files", core.MaxChatFiles)
	}
	for _, name := range names {
		blob, err := parseBlob(name)
		if err != nil {
			return nil, err
		}
		a, err := t.attachment(id, blob)
		if err != nil {
			return nil, err
		}
		list = append(list, a.file(blob))
	}
	return list, nil
}

// putFiles brings the files of a message to the nodes, before the message: only what
// is not there. ok is false when that will never work; it is noted with the message.
func (s *session) putFiles(ctx context.Context, i vault.Item) (ok bool, err error) {
	if i.Message.Kind != inner.KindText {
		return true, nil
	}
	text, err := i.Message.Text()
	if err != nil {
		return false, err
	}
	for _, f := range text.Files {
		if err = s.uploadFile(ctx, f); lasting(err) {
			return false, s.do(ctx, func(t *turn) error { return t.fail(i, err) })
		}
		if err != nil {
			return false, err
		}
	}
	if len(text.Files) > 0 {
		s.chest.ring()
	}
	return true, nil
}

func (s *session) uploadFile(ctx context.Context, f inner.File) error {
	have, err := s.service.HaveChunks(ctx, f.ID)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	if len(have) == 0 {
		if err = s.beginFile(ctx, f); err != nil {
			return err
		}
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

// confirmFile says that the message of a file is stored, so it is kept with it.
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
