package inner

// This file has the bodies of messages and their readers.

import (
	"encoding/binary"
	"encoding/json"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Limits of bodies.
const (
	// MaxTimer is four weeks in seconds: the longest time until a text disappears.
	MaxTimer = 28 * 24 * 60 * 60
	// MaxStateBytes bounds one value of the room of one's own devices.
	MaxStateBytes = 8 << 10

	maxSign     = 40  // bytes; families of emoji take up to 28
	maxStateKey = 160 // bytes; a word and an account
	maxType     = 100 // bytes of a media type
	maxPixels   = 1e5 // of an image's side
	maxPrefix   = 24  // bytes of a file's nonce
	keyBytes    = 32  // of a file's key
	// A file's length is padded by at most an eighth.
	maxChunks = (wire.MaxFileBytes+wire.MaxFileBytes/8)/wire.ChunkBytes + 2
)

// Text is something that somebody wrote, with files or without.
type Text struct {
	Text     string
	ReplyTo  *Ref
	Mentions []string // accounts as CAIP-10
	Files    []File
	Timer    int64 // seconds until it disappears, 0: it stays
}

// File is an attachment: where it is, and what opens it.
type File struct {
	ID            wire.Hash // of the blob
	Key           [32]byte
	Prefix        []byte // of its chunks' nonces
	Name, Type    string
	Size          int64
	Chunks        uint32
	Width, Height int // of an image, in pixels
}

// Edit replaces the text of a message by the same author.
type Edit struct {
	Target   Ref
	Text     string
	Mentions []string
}

// Delete empties a message.
type Delete struct{ Target Ref }

// React puts a sign on a message, or takes it back.
type React struct {
	Target Ref
	Sign   string
	On     bool
}

// Receipt says how far its author has got in a mailbox.
type Receipt struct {
	Mailbox        wire.Name
	Read, Received uint64 // numbers in the mailbox
}

// State is one thing that the devices of a wallet share. Room is nil for what
// belongs to no room.
type State struct {
	Room  *wire.Room
	Key   string
	Value json.RawMessage
}

// textMore and fileMore are the JSON of a text.
type textMore struct {
	ReplyTo  *Ref       `json:"reply_to,omitempty"`
	Mentions []string   `json:"mentions,omitempty"`
	Files    []fileMore `json:"files,omitempty"`
	Timer    int64      `json:"timer,omitempty"`
}

type fileMore struct {
	ID     []byte `json:"id"`
	Key    []byte `json:"key"`
	Prefix []byte `json:"prefix"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	Chunks uint32 `json:"chunks"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

type stateMore struct {
	Room  []byte          `json:"room,omitempty"`
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Marshal writes a body: Text, Edit, Delete, React, Receipt or State. It checks
// what the readers check.
func Marshal(body any) ([]byte, error) {
	var (
		out []byte
		err error
	)
	switch b := body.(type) {
	case Text:
		b.Text = lines(b.Text)
		if err = b.check(); err == nil {
			out, err = appendMore(appendText(nil, b.Text), b.more())
		}
	case Edit:
		b.Text = lines(b.Text)
		if err = b.check(); err == nil {
			out, err = appendMore(appendText(appendRef(nil, b.Target), b.Text), textMore{Mentions: b.Mentions})
		}
	case Delete:
		out = appendRef(nil, b.Target)
	case React:
		if err = CheckSign(b.Sign); err == nil {
			out = appendShort(appendFlag(appendRef(nil, b.Target), b.On), b.Sign)
		}
	case Receipt:
		out = binary.BigEndian.AppendUint64(append(out, b.Mailbox[:]...), b.Read)
		out = binary.BigEndian.AppendUint64(out, b.Received)
	case State:
		if err = b.check(); err == nil {
			more := stateMore{Key: b.Key, Value: b.Value}
			if b.Room != nil {
				more.Room = b.Room[:]
			}
			out, err = appendMore(nil, more)
		}
	default:
		err = core.Errorf(core.Internal, "this is no body of a message")
	}
	switch {
	case err != nil:
		return nil, err
	case len(out) > MaxBodyBytes:
		return nil, errTooLarge()
	}
	return out, nil
}

// KindOf is the kind of a message with the body.
func KindOf(body any) Kind {
	switch body.(type) {
	case Text:
		return KindText
	case Edit:
		return KindEdit
	case Delete:
		return KindDelete
	case React:
		return KindReact
	case Receipt:
		return KindReceipt
	case State:
		return KindState
	}
	return ""
}

// Text reads the body of a KindText.
func (m Message) Text() (Text, error) {
	r, err := m.reader(KindText)
	if err != nil {
		return Text{}, err
	}
	t := Text{Text: r.text()}
	var more textMore
	r.more(&more)
	if err = r.end("text"); err != nil {
		return Text{}, err
	}
	t.ReplyTo, t.Mentions, t.Timer = more.ReplyTo, more.Mentions, more.Timer
	if len(more.Files) > core.MaxChatFiles {
		return Text{}, errFiles()
	}
	for _, f := range more.Files {
		if len(f.ID) != len(wire.Hash{}) || len(f.Key) != keyBytes {
			return Text{}, errFile()
		}
		t.Files = append(t.Files, File{
			ID: wire.Hash(f.ID), Key: [keyBytes]byte(f.Key), Prefix: f.Prefix, Name: f.Name, Type: f.Type,
			Size: f.Size, Chunks: f.Chunks, Width: f.Width, Height: f.Height,
		})
	}
	return t, t.check()
}

// Edit reads the body of a KindEdit.
func (m Message) Edit() (Edit, error) {
	r, err := m.reader(KindEdit)
	if err != nil {
		return Edit{}, err
	}
	e := Edit{Target: r.ref(), Text: r.text()}
	var more textMore
	r.more(&more)
	e.Mentions = more.Mentions
	if err = r.end("edit"); err != nil {
		return Edit{}, err
	}
	return e, e.check()
}

// Delete reads the body of a KindDelete.
func (m Message) Delete() (Delete, error) {
	r, err := m.reader(KindDelete)
	if err != nil {
		return Delete{}, err
	}
	d := Delete{Target: r.ref()}
	r.more(&struct{}{})
	return d, r.end("deletion")
}

// React reads the body of a KindReact.
func (m Message) React() (React, error) {
	r, err := m.reader(KindReact)
	if err != nil {
		return React{}, err
	}
	v := React{Target: r.ref(), On: r.flag(), Sign: r.short()}
	r.more(&struct{}{})
	if err = r.end("reaction"); err != nil {
		return React{}, err
	}
	return v, CheckSign(v.Sign)
}

// Receipt reads the body of a KindReceipt.
func (m Message) Receipt() (Receipt, error) {
	r, err := m.reader(KindReceipt)
	if err != nil {
		return Receipt{}, err
	}
	var v Receipt
	r.into(v.Mailbox[:])
	v.Read, v.Received = r.uint64(), r.uint64()
	r.more(&struct{}{})
	return v, r.end("receipt")
}

// State reads the body of a KindState.
func (m Message) State() (State, error) {
	r, err := m.reader(KindState)
	if err != nil {
		return State{}, err
	}
	var more stateMore
	r.more(&more)
	if err = r.end("state"); err != nil {
		return State{}, err
	}
	s := State{Key: more.Key, Value: more.Value}
	if more.Room != nil {
		if len(more.Room) != len(wire.Room{}) {
			return State{}, core.Errorf(core.Invalid, "the name of a room has %d bytes", len(wire.Room{}))
		}
		room := wire.Room(more.Room)
		s.Room = &room
	}
	return s, s.check()
}

func (m Message) reader(k Kind) (*reader, error) {
	if m.Kind != k {
		return nil, core.Errorf(core.Invalid, "this message is of another kind")
	}
	if len(m.Body) > MaxBodyBytes {
		return nil, errTooLarge()
	}
	return &reader{rest: m.Body}, nil
}

func (t Text) more() textMore {
	more := textMore{ReplyTo: t.ReplyTo, Mentions: t.Mentions, Timer: t.Timer}
	for _, f := range t.Files {
		more.Files = append(more.Files, fileMore{
			ID: f.ID[:], Key: f.Key[:], Prefix: f.Prefix, Name: f.Name, Type: f.Type,
			Size: f.Size, Chunks: f.Chunks, Width: f.Width, Height: f.Height,
		})
	}
	return more
}

func (t Text) check() error {
	switch {
	case strings.TrimSpace(t.Text) == "" && len(t.Files) == 0:
		return core.Errorf(core.Invalid, "write something, or attach a file")
	case t.Timer < 0 || t.Timer > MaxTimer:
		return core.Errorf(core.Invalid, "a message disappears after four weeks at most")
	case len(t.Files) > core.MaxChatFiles:
		return errFiles()
	}
	for _, f := range t.Files {
		if err := f.check(); err != nil {
			return err
		}
	}
	if err := CheckText(t.Text); err != nil {
		return err
	}
	return checkMentions(t.Mentions)
}

func (e Edit) check() error {
	if strings.TrimSpace(e.Text) == "" {
		return core.Errorf(core.Invalid, "write something, or delete the message")
	}
	if err := CheckText(e.Text); err != nil {
		return err
	}
	return checkMentions(e.Mentions)
}

func (f File) check() error {
	if err := CheckFileName(f.Name); err != nil {
		return err
	}
	switch {
	case f.Size < 0 || f.Size > core.MaxChatFileBytes || f.Chunks == 0 || int(f.Chunks) > maxChunks,
		len(f.Prefix) > maxPrefix,
		f.Width < 0 || f.Width > maxPixels || f.Height < 0 || f.Height > maxPixels,
		!isMediaType(f.Type):
		return errFile()
	}
	return nil
}

// isMediaType holds for "image/png" and the like.
func isMediaType(text string) bool {
	kind, sub, ok := strings.Cut(text, "/")
	if !ok || kind == "" || sub == "" || len(text) > maxType {
		return false
	}
	for _, c := range kind + sub {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune(".+-_", c) {
			return false
		}
	}
	return true
}

func checkMentions(accounts []string) error {
	if len(accounts) > core.MaxChatMembers {
		return core.Errorf(core.TooLarge, "a message names at most %d people", core.MaxChatMembers)
	}
	for _, a := range accounts {
		if _, err := wire.ParseAccountID(a); err != nil {
			return err
		}
	}
	return nil
}

func (s State) check() error {
	switch {
	case s.Key == "" || len(s.Key) > maxStateKey || wire.CheckName(s.Key) != nil:
		return core.Errorf(core.Invalid, "the key of a setting has 1 to %d bytes", maxStateKey)
	case len(s.Value) > MaxStateBytes:
		return core.Errorf(core.TooLarge, "a setting has at most %d bytes", MaxStateBytes)
	case !json.Valid(s.Value):
		return core.Errorf(core.Invalid, "the value of a setting is JSON")
	}
	return nil
}

// lines writes every line break in one way.
func lines(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
}

func errFiles() error {
	return core.Errorf(core.TooLarge, "a message has at most %d files", core.MaxChatFiles)
}

func errFile() error {
	return core.Errorf(core.Invalid, "what this message says of its file does not hold")
}
