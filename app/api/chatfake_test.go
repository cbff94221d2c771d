package api

// This file is a chat that behaves, in memory.

import (
	"context"
	"io"
	"strings"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeChat has one room and believes every signature of a text that it made. Its
// backup has three keys, of which it refuses one.
type fakeChat struct {
	Chat // what a test does not need panics
	node *fake

	mu       sync.Mutex
	domains  []string
	enrolled core.ChatEnrol
	attached string
	content  string // of every file
	events   chan core.ChatEvent
}

func newFakeChat(f *fake) *fakeChat {
	return &fakeChat{node: f, content: "picture", events: make(chan core.ChatEvent, 4)}
}

func (f *fakeChat) State(ctx context.Context) (core.ChatState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := core.ChatState{State: core.ChatNone}
	if f.enrolled.ID != "" {
		s.State, s.Address = core.ChatReady, f.enrolled.ID
	}
	return s, f.node.enter(ctx)
}

// Enrolment is named by its address.
func (f *fakeChat) Enrolment(ctx context.Context, address, _, domain string) (core.ChatEnrolment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.domains = append(f.domains, domain)
	return core.ChatEnrolment{ID: address, Text: address + " adds a device at " + domain, Code: "123456", Address: address}, f.node.enter(ctx)
}

func (f *fakeChat) Enrol(ctx context.Context, e core.ChatEnrol) (core.ChatState, error) {
	if !strings.HasPrefix(e.Signature, e.ID+" signs "+e.ID+" adds a device at ") {
		return core.ChatState{}, core.Errorf(core.Denied, "this signature is for another text")
	}
	f.mu.Lock()
	f.enrolled = e
	f.mu.Unlock()
	return f.State(ctx)
}

func (f *fakeChat) Unlock(ctx context.Context, _ string, passphrase core.Secret) (core.ChatState, error) {
	if passphrase != fakePassphrase {
		return core.ChatState{}, core.Errorf(core.Unauthenticated, "the passphrase is wrong")
	}
	return f.State(ctx)
}

func (f *fakeChat) Events(ctx context.Context) <-chan core.ChatEvent {
	out := make(chan core.ChatEvent)
	go func() {
		defer close(out)
		for {
			select {
			case e := <-f.events:
				out <- e
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func (f *fakeChat) Rooms(ctx context.Context) ([]core.ChatRoom, error) {
	return []core.ChatRoom{{ID: "r1", Kind: core.ChatRoomGroup, Name: "garden"}}, f.node.enter(ctx)
}

func (f *fakeChat) Room(ctx context.Context, room string) (core.ChatRoom, error) {
	return core.ChatRoom{ID: room}, f.node.enter(ctx)
}

func (f *fakeChat) People(ctx context.Context, _ string) ([]core.ChatPerson, error) {
	return []core.ChatPerson{{Address: fakeAddress}}, f.node.enter(ctx)
}

func (f *fakeChat) MakeLink(ctx context.Context, o core.ChatLinkOptions) (core.ChatLink, error) {
	return core.ChatLink{Room: o.Room, RoomName: o.ExpiresIn.String()}, f.node.enter(ctx)
}

func (f *fakeChat) Messages(ctx context.Context, q core.ChatQuery) (core.ChatMessages, error) {
	return core.ChatMessages{Messages: []core.ChatMessage{{ID: "m1", Room: q.Room, Kind: core.ChatText, ReplyTo: &core.ChatQuote{ID: "m0"}}}}, f.node.enter(ctx)
}

func (f *fakeChat) Send(ctx context.Context, d core.ChatDraft) (core.ChatMessage, error) {
	return core.ChatMessage{Room: d.Room, Text: d.Text}, f.node.enter(ctx)
}

func (f *fakeChat) Search(ctx context.Context, s core.ChatSearch) ([]core.ChatHit, error) {
	return []core.ChatHit{{Text: s.Words, At: s.Since}}, f.node.enter(ctx)
}

func (f *fakeChat) Ladder(ctx context.Context, _, id string) (core.ChatLadder, error) {
	return core.ChatLadder{ID: id, Steps: []core.ChatStep{{Step: core.ChatQueued}}}, f.node.enter(ctx)
}

func (f *fakeChat) Activity(ctx context.Context, room string) (core.ChatActivity, error) {
	return core.ChatActivity{Room: room}, f.node.enter(ctx)
}

func (f *fakeChat) Attach(ctx context.Context, _, name string, size int64, r io.Reader) (core.ChatAttachment, error) {
	all, err := io.ReadAll(r)
	if err != nil {
		return core.ChatAttachment{}, err
	}
	f.mu.Lock()
	f.attached = string(all)
	f.mu.Unlock()
	return core.ChatAttachment{ID: "f1", Name: name, Size: size}, f.node.enter(ctx)
}

func (f *fakeChat) Fetch(ctx context.Context, _, _, _ string, w io.Writer, progress func(core.ChatProgress)) error {
	if err := f.node.enter(ctx); err != nil {
		return err
	}
	n, err := io.WriteString(w, f.content)
	if progress != nil {
		progress(core.ChatProgress{Done: int64(n), Total: int64(n)})
	}
	return err
}

func (f *fakeChat) Person(ctx context.Context, address string) (core.ChatPerson, error) {
	return core.ChatPerson{Address: address}, f.node.enter(ctx)
}

func (f *fakeChat) Contacts(ctx context.Context) ([]core.ChatPerson, error) {
	return nil, f.node.enter(ctx)
}

func (f *fakeChat) Safety(ctx context.Context, address string) (core.ChatSafety, error) {
	return core.ChatSafety{Address: address}, f.node.enter(ctx)
}

func (f *fakeChat) Devices(ctx context.Context) ([]core.ChatDevice, error) {
	return nil, f.node.enter(ctx)
}

func (f *fakeChat) MakeBackup(ctx context.Context, _ core.Secret) (core.ChatBackupMade, error) {
	return core.ChatBackupMade{Code: "canary-code", Version: 1}, f.node.enter(ctx)
}

func (f *fakeChat) Restore(ctx context.Context, secret core.Secret, progress func(core.ChatProgress)) (core.ChatRestored, error) {
	if secret != fakePassphrase {
		return core.ChatRestored{}, core.Errorf(core.Unauthenticated, "neither the passphrase nor the recovery code is right")
	}
	progress(core.ChatProgress{Done: 3, Total: 3, Refused: 1})
	return core.ChatRestored{Keys: 2, Messages: 40, Rooms: 1, Refused: 1, Reasons: []string{"its announcement is missing"}}, f.node.enter(ctx)
}

func (f *fakeChat) Export(ctx context.Context, e core.ChatExport, w io.Writer, progress func(core.ChatProgress)) error {
	if err := f.node.enter(ctx); err != nil {
		return err
	}
	_, err := io.WriteString(w, e.Format+" of "+e.Room)
	progress(core.ChatProgress{Done: 7, Total: 7})
	return err
}

func (f *fakeChat) Refusals(ctx context.Context) ([]core.ChatRefusal, error) {
	return nil, f.node.enter(ctx)
}
