package node

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeChat is a chat that says what it was told.
type fakeChat struct {
	chatClient // the calls that no test makes

	told   []string
	events chan core.ChatEvent
}

func (f *fakeChat) Unlock(_ context.Context, address string, passphrase core.Secret) (core.ChatState, error) {
	f.told = append(f.told, address+" with "+passphrase.Reveal())
	return core.ChatState{State: core.ChatReady}, nil
}

func (f *fakeChat) React(_ context.Context, room, id, sign string, on bool) error {
	f.told = append(f.told, strings.Join([]string{room, id, sign}, " "))
	if !on {
		return core.Errorf(core.NotFound, "there is no such sign")
	}
	return nil
}

func (f *fakeChat) MakeBackup(context.Context, core.Secret) (core.ChatBackupMade, error) {
	return core.ChatBackupMade{Code: "abcd-efgh", Version: 2}, nil
}

func (f *fakeChat) Attach(_ context.Context, room, name string, size int64, r io.Reader) (core.ChatAttachment, error) {
	text, err := io.ReadAll(r)
	f.told = append(f.told, room+" "+name+" "+string(text))
	return core.ChatAttachment{Name: name, Size: size}, err
}

func (f *fakeChat) Fetch(_ context.Context, _, _, file string, w io.Writer, _ func(core.ChatProgress)) error {
	if file == "broken" {
		return errors.Join(core.Errorf(core.Unavailable, "a chunk is missing"), ignore(io.WriteString(w, "half")))
	}
	return ignore(io.WriteString(w, "whole"))
}

func ignore(_ int, err error) error { return err }

func (f *fakeChat) Events(ctx context.Context) <-chan core.ChatEvent {
	out := make(chan core.ChatEvent)
	go func() {
		defer close(out)
		for {
			select {
			case e := <-f.events:
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// call is a call whose arguments are JSON.
func call(t *testing.T, own *chats, name, in string) (string, error) {
	t.Helper()
	out, err := own.CallChat(t.Context(), name, json.RawMessage(in))
	return string(out), err
}

// A command that says something else than its person, or that a method was left
// out of, would be found by that person.
func TestChatCall_SaysWhatWasSaid(t *testing.T) {
	own, chat := &chats{}, &fakeChat{}
	if _, err := call(t, own, "Rooms", `[]`); core.CodeOf(err) != core.Unavailable {
		t.Errorf("without a chat: %v", err)
	}
	own.set(chat)
	tests := map[string]struct {
		name, in, want string
		code           core.Code
	}{
		"a secret arrives as it is":   {"Unlock", `["0xaa","open sesame"]`, `"state":"ready"`, ""},
		"nothing to answer":           {"React", `["r","m","👍",true]`, `null`, ""},
		"an error keeps its code":     {"React", `["r","m","👍",false]`, ``, core.NotFound},
		"the code is shown once":      {"MakeBackup", `["words"]`, `{"code":"abcd-efgh","version":2}`, ""},
		"too few arguments":           {"React", `["r"]`, ``, core.Invalid},
		"too many":                    {"Rooms", `[1]`, ``, core.Invalid},
		"another form":                {"Unlock", `["0xaa",{"a":1}]`, ``, core.Invalid},
		"no list":                     {"Rooms", `{}`, ``, core.Invalid},
		"a call that nobody knows":    {"Shutdown", `[]`, ``, core.Invalid},
		"a call that is for the page": {"Attach", `["r","n",1]`, ``, core.Invalid},
	}
	for name, tt := range tests {
		out, err := call(t, own, tt.name, tt.in)
		if core.CodeOf(err) != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%s: %s, %v", name, out, err)
		}
		if err != nil && strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: the error repeats it: %v", name, err)
		}
	}
	if !slices.Contains(chat.told, "0xaa with open sesame") {
		t.Errorf("told: %q", chat.told)
	}
	streams := map[string]string{"Attach": "AttachFile", "Fetch": "FetchFile", "Export": "ExportFile", "Events": "Messages"}
	table, all := chatCalls(), reflect.TypeFor[chatClient]()
	for method := range all.Methods() {
		name := method.Name
		if other, is := streams[name]; is {
			name = other
		}
		if table[name] == nil {
			t.Errorf("%s cannot be called", name)
		}
	}
}

// What a command writes must not take the place of anything, be read by others, or
// stay when it is not whole.
func TestChatCall_Files(t *testing.T) {
	own, chat, dir := &chats{}, &fakeChat{}, t.TempDir()
	own.set(chat)
	path := func(name string) string { return filepath.Join(dir, name) }
	list := func(args ...string) string {
		raw, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if err := os.WriteFile(path("note.txt"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := call(t, own, "AttachFile", list("r", path("note.txt"))); err != nil || !strings.Contains(out, `"size":5`) || chat.told[0] != "r note.txt hello" {
		t.Errorf("attached %s, %q, %v", out, chat.told, err)
	}
	if _, err := call(t, own, "AttachFile", list("r", dir)); core.CodeOf(err) != core.Invalid {
		t.Errorf("a folder: %v", err)
	}
	if _, err := call(t, own, "AttachFile", list("r", path("none"))); core.CodeOf(err) != core.NotFound {
		t.Errorf("no file: %v", err)
	}
	if _, err := call(t, own, "FetchFile", list("r", "m", "whole", path("new"))); err != nil {
		t.Errorf("fetched: %v", err)
	}
	if info, err := os.Stat(path("new")); err != nil || info.Size() != 5 || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if _, err := call(t, own, "FetchFile", list("r", "m", "whole", path("note.txt"))); core.CodeOf(err) != core.Conflict {
		t.Errorf("over another file: %v", err)
	}
	if _, err := call(t, own, "FetchFile", list("r", "m", "broken", path("half"))); core.CodeOf(err) != core.Unavailable {
		t.Errorf("one that breaks off: %v", err)
	}
	if _, err := os.Stat(path("half")); !os.IsNotExist(err) {
		t.Errorf("half of a file stays: %v", err)
	}
}

// A page that listens must hear of the chat of the network that the node changes to.
func TestChats_EventsFollowTheNetwork(t *testing.T) {
	own, chat := &chats{}, &fakeChat{events: make(chan core.ChatEvent)}
	own.set(chat)
	ctx, cancel := context.WithCancel(t.Context())
	events := own.Events(ctx)
	for range 3 {
		chat.events <- core.ChatEvent{Kind: core.ChatEventRooms, Version: 7}
		if e := <-events; e.Kind != core.ChatEventRooms || e.Version != 7 {
			t.Errorf("of the chat comes %+v", e)
		}
		chat = &fakeChat{events: make(chan core.ChatEvent)}
		for _, next := range []chatClient{nil, chat} {
			own.set(next)
			if e := <-events; e.Kind != core.ChatEventState {
				t.Errorf("at a change comes %+v", e)
			}
		}
	}
	cancel()
	for range events {
		t.Error("something comes after the end")
	}
}
