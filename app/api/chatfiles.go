// This file is the files of messages: taken in for the next one, shown in the
// room, written where the person wants them.

package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxChatPicture bounds a file that is shown in the room.
const MaxChatPicture = 8 << 20

// ChatAttach names a file that is to be a part of the next message of a room.
type ChatAttach struct {
	Room string `json:"room"`
	File File   `json:"file"` // of Files.Open or Files.Begin
}

// Attach seals a file for the next message. It stays here until that is sent, or
// for a day; nothing of it leaves this computer before.
func (m *ChatMessages) Attach(a ChatAttach) (ChatAttachment, error) {
	return chatAsk(m.d, "ChatMessages.Attach", MaxRunTime, func(ctx context.Context, c Chat) (_ ChatAttachment, err error) {
		file, name, size, err := m.d.files.read(a.File.ID)
		if err != nil {
			return ChatAttachment{}, err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		if size > core.MaxChatFileBytes {
			return ChatAttachment{}, core.Errorf(core.TooLarge, "A file of a message has at most %d MiB.", core.MaxChatFileBytes>>20)
		}
		out, err := c.Attach(ctx, a.Room, name, size, io.LimitReader(file, size))
		return chatAttachmentOf(out), err
	})
}

// Unattach drops a file that was not sent.
func (m *ChatMessages) Unattach(room, id string) error {
	return chatAct(m.d, "ChatMessages.Unattach", MaxCallTime, func(ctx context.Context, c Chat) error { return c.Unattach(ctx, room, id) })
}

// ChatFile names a file of a message.
type ChatFile struct {
	Room    string `json:"room"`
	Message string `json:"message"`
	File    string `json:"file"`
}

// Show returns a file in base64, for a picture in the room. It fetches it first
// where that is needed, so the person decides about large ones and strangers'.
func (m *ChatMessages) Show(f ChatFile) (string, error) {
	return chatAsk(m.d, "ChatMessages.Show", MaxRunTime, func(ctx context.Context, c Chat) (string, error) {
		var picture boundedBuffer
		if err := c.Fetch(ctx, f.Room, f.Message, f.File, &picture, nil); err != nil {
			return "", err
		}
		return base64.StdEncoding.EncodeToString(picture.kept.Bytes()), nil
	})
}

// boundedBuffer keeps at most MaxChatPicture bytes: what a message says about the
// size of its file is the sender's word.
type boundedBuffer struct{ kept bytes.Buffer }

func (b *boundedBuffer) Write(part []byte) (int, error) {
	if b.kept.Len()+len(part) > MaxChatPicture {
		return 0, core.Errorf(core.TooLarge, "A picture of more than %d MiB is not shown here; save it as a file.", MaxChatPicture>>20)
	}
	return b.kept.Write(part)
}

// Save starts a task that brings a file and writes it where the person chose, and
// returns the task's id.
func (m *ChatMessages) Save(f ChatFile, to File) (string, error) {
	return chatAsk(m.d, "ChatMessages.Save", MaxCallTime, func(ctx context.Context, c Chat) (string, error) {
		return m.d.tasks.start(ctx, work{
			kind: "chat.file", title: fmt.Sprintf("Save %s", to.Name), unit: "bytes", file: to,
			run: func(ctx context.Context, p *progress) (string, error) {
				p.phase("fetching")
				err := m.d.files.write(to.ID, func(w io.Writer) error {
					return c.Fetch(ctx, f.Room, f.Message, f.File, w, p.chat)
				})
				return "Saved", err
			},
		})
	})
}

// chat reports what the chat tells about its long work.
func (p *progress) chat(c core.ChatProgress) {
	p.change(func(t *Task) { t.Done, t.Total = c.Done, c.Total })
}
