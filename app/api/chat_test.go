package api

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// chatPage is a page with a chat and one wallet, "home".
type chatPage struct {
	*walletPage
	chat *fakeChat

	anchat   *Anchat
	rooms    *ChatRooms
	messages *ChatMessages
	people   *ChatPeople
	devices  *ChatDevices
}

func newChatPage(t testing.TB) *chatPage {
	t.Helper()
	p := &chatPage{walletPage: newWalletPage(t)}
	f := newFake()
	p.chat = newFakeChat(f)
	b := f.backend()
	b.Auth, b.Chat = p.auth, p.chat
	p.api.Attach(b)
	a := p.api
	p.anchat, p.rooms, p.messages, p.people, p.devices = bound[Anchat](a), bound[ChatRooms](a), bound[ChatMessages](a), bound[ChatPeople](a), bound[ChatDevices](a)
	return p
}

// file is a file that a browser sent.
func (p *chatPage) file(t testing.TB, content string) File {
	t.Helper()
	f, err := bound[Files](p.api).Begin("leaf.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err = bound[Files](p.api).Append(f.ID, 0, base64.StdEncoding.EncodeToString([]byte(content))); err != nil {
		t.Fatal(err)
	}
	return f
}

// enrol has the built-in wallet asked and answers for the person.
func (p *chatPage) enrol(t testing.TB, approve bool) (ChatState, SignRequest, error) {
	t.Helper()
	type outcome struct {
		state ChatState
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		s, err := p.anchat.EnrolWallet("whome", "ETH", ChatEnrolOptions{DeviceName: "desk"}, fakePassphrase)
		done <- outcome{s, err}
	}()
	var shown SignRequest
	for {
		select {
		case o := <-done:
			return o.state, shown, o.err
		case <-p.api.desk.events.woken:
			for _, r := range p.api.desk.walletState().Requests {
				shown = r
				if err := p.Answer(r.ID, approve); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// The wallet signs what the person read, once; a refusal makes no device.
func TestAnchat_EnrolsWithABuiltInWallet(t *testing.T) {
	p := newChatPage(t)
	if _, _, err := p.enrol(t, true); codeOf(t, err) != core.Unauthenticated {
		t.Fatalf("a locked wallet: %v", err)
	}
	if err := p.Unlock("whome", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.enrol(t, false); codeOf(t, err) != core.Denied || p.chat.enrolled.ID != "" {
		t.Fatalf("refused: %v, %+v", err, p.chat.enrolled)
	}
	s, shown, err := p.enrol(t, true)
	if err != nil || s.State != core.ChatReady || s.Address != fakeAddress {
		t.Fatalf("approved: %+v, %v", s, err)
	}
	if want := fakeAddress + " adds a device at " + enrolDomain; shown.Text != want || shown.Address != fakeAddress {
		t.Errorf("the person read %+v", shown)
	}
	if e := p.chat.enrolled; e.Passphrase != fakePassphrase || e.DeviceName != "desk" || e.Keychain {
		t.Errorf("enrolled with %+v", e)
	}
	if strings.Contains(p.log.String(), "canary") {
		t.Errorf("the log tells secrets: %s", p.log)
	}
}

// A wallet of the browser certifies this device by the page's own address; a text
// and its signature that are carried by hand do, too, and a forged one does not.
func TestAnchat_EnrolsElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		page fakePage
		want core.Code
	}{
		"signed by the account": {page: fakePage{account: WalletAccount{"ETH", "0xB0B"}}},
		"signed by another":     {page: fakePage{account: WalletAccount{"ETH", "0xB0B"}, forge: true}, want: core.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			p := newChatPage(t)
			*p.page = c.page
			heard := make(chan Event, 1)
			defer p.api.Subscribe(ModeBrowser, chatEar(heard))()
			page, err := p.anchat.EnrolBrowser(ChatEnrolOptions{Keychain: true}, "")
			if err != nil || page.Code != "123456" {
				t.Fatalf("%+v, %v", page, err)
			}
			s, err := p.anchat.EnrolWait(page.ID)
			if code := codeOf(t, err); code != c.want || (code == "") != (s.State == core.ChatReady && p.chat.enrolled.Keychain) {
				t.Errorf("%+v, %v", s, err)
			}
			if e, ok := (<-heard).Data.(ChatEvent); !ok || e.Kind != EventChatCode || e.Title != "123456" {
				t.Errorf("nobody can compare the text's code: %+v", e)
			}
			p.api.desk.closeWallets(t.Context())
		})
	}
	p := newChatPage(t)
	e, err := p.anchat.EnrolText(fakeAddress)
	if err != nil || e.Code != "123456" {
		t.Fatalf("%+v, %v", e, err)
	}
	if _, err = p.anchat.EnrolSigned(e.ID, "0x00", ChatEnrolOptions{}, fakePassphrase); codeOf(t, err) != core.Denied {
		t.Errorf("forged: %v", err)
	}
	if s, err := p.anchat.EnrolSigned(e.ID, fakeAddress+" signs "+e.Text, ChatEnrolOptions{}, fakePassphrase); err != nil || s.State != core.ChatReady {
		t.Errorf("%+v, %v", s, err)
	}
}

// Whoever gave up is not left waiting, and no page outlives the program.
func TestAnchat_EnrolmentEnds(t *testing.T) {
	p := newChatPage(t)
	page, err := p.anchat.EnrolBrowser(ChatEnrolOptions{}, fakePassphrase)
	if err != nil {
		t.Fatal(err)
	}
	if err = p.anchat.EnrolCancel(page.ID); err != nil {
		t.Fatal(err)
	}
	if _, err = p.anchat.EnrolWait(page.ID); codeOf(t, err) != core.Unavailable {
		t.Error(err)
	}
	p.api.desk.closeWallets(t.Context())
	if _, err = p.anchat.EnrolBrowser(ChatEnrolOptions{}, fakePassphrase); codeOf(t, err) != core.Unavailable {
		t.Errorf("a page opens while the program ends: %v", err)
	}
}

// A node without a chat says so; a page must not fall over it.
func TestAnchat_NodeWithoutChat(t *testing.T) {
	p := newWalletPage(t)
	b := newFake().backend()
	b.Chat = nil
	p.api.Attach(b)
	if _, err := bound[Anchat](p.api).State(); codeOf(t, err) != core.Unavailable {
		t.Error(err)
	}
}

// What a page sends is measured before the chat sees it.
func TestChat_Bounds(t *testing.T) {
	p := newChatPage(t)
	long := strings.Repeat("x", core.MaxChatTextBytes+1)
	try := map[string]func() error{
		"a passphrase":         func() error { _, err := p.anchat.Unlock(fakeAddress, long); return err },
		"an enrolment":         func() error { _, err := p.anchat.EnrolWallet("whome", "", ChatEnrolOptions{}, long); return err },
		"a device's name":      func() error { _, err := p.anchat.EnrolBrowser(ChatEnrolOptions{DeviceName: long}, ""); return err },
		"a signature":          func() error { _, err := p.anchat.EnrolSigned("e", long, ChatEnrolOptions{}, ""); return err },
		"a text":               func() error { _, err := p.messages.Send(ChatDraft{Text: long}); return err },
		"an edit":              func() error { return p.messages.Edit("r", "m", long, nil) },
		"a draft":              func() error { return p.messages.SaveDraft("r", long) },
		"a search":             func() error { _, err := p.messages.Search(ChatSearch{Words: long}); return err },
		"a search without end": func() error { _, err := p.messages.Search(ChatSearch{Limit: core.MaxChatPage + 1}); return err },
		"a page without end":   func() error { _, err := p.messages.List(ChatQuery{Limit: core.MaxChatPage + 1}); return err },
		"too many files": func() error {
			_, err := p.messages.Send(ChatDraft{Files: make([]string, core.MaxChatFiles+1)})
			return err
		},
		"a time that is none":   func() error { _, err := p.messages.At("r", "yesterday"); return err },
		"a link":                func() error { _, err := p.rooms.Join(long); return err },
		"a link for ever":       func() error { _, err := p.rooms.MakeLink(ChatLinkOptions{ExpiresIn: 1 << 62}); return err },
		"a safety number":       func() error { return p.people.CheckSafety(fakeAddress, long) },
		"a device's code":       func() error { _, err := p.devices.Approve(long); return err },
		"a backup with nothing": func() error { _, err := p.devices.MakeBackup(""); return err },
		"a recovery code":       func() error { _, err := p.devices.Restore(long); return err },
		"a sealed file with none": func() error {
			_, err := p.devices.Export(ChatExportOptions{Format: core.ChatExportAge}, "")
			return err
		},
		"a format that is none": func() error { _, err := p.devices.Export(ChatExportOptions{Format: "pdf"}, ""); return err },
	}
	for name, call := range try {
		if code := codeOf(t, call()); code != core.TooLarge && code != core.Invalid {
			t.Errorf("%s: %v", name, code)
		}
	}
	if a, err := p.anchat.ReadAddress(long); err != nil || a.Problem == "" {
		t.Errorf("an address: %+v, %v", a, err)
	}
	p.chat.content = strings.Repeat("x", MaxChatPicture+1)
	if _, err := p.messages.Show(ChatFile{}); codeOf(t, err) != core.TooLarge {
		t.Errorf("a picture that is larger than its sender said: %v", err)
	}
}

// Times come as text, with none as "", and lists are never null.
func TestChat_Converts(t *testing.T) {
	p := newChatPage(t)
	rooms, err := p.rooms.List()
	if err != nil || len(rooms) != 1 || rooms[0].LastAt != "" || rooms[0].Hosts == nil {
		t.Errorf("%+v, %v", rooms, err)
	}
	hits, err := p.messages.Search(ChatSearch{Words: "leaf", Since: "2026-03-01T12:00:00Z"})
	if err != nil || hits[0].At != "2026-03-01T12:00:00Z" || hits[0].Text != "leaf" {
		t.Errorf("%+v, %v", hits, err)
	}
	page, err := p.messages.List(ChatQuery{Room: "r1"})
	if err != nil || page.Messages[0].ReplyTo.ID != "m0" || page.Messages[0].Files == nil {
		t.Errorf("%+v, %v", page, err)
	}
	link, err := p.rooms.MakeLink(ChatLinkOptions{Room: "r1", ExpiresIn: 3600})
	if err != nil || link.RoomName != time.Hour.String() {
		t.Errorf("%+v, %v", link, err)
	}
}

// A file of a message is taken in whole, shown, and written where the person chose.
func TestChat_Files(t *testing.T) {
	p := newChatPage(t)
	a, err := p.messages.Attach(ChatAttach{Room: "r1", File: p.file(t, "green")})
	if err != nil || p.chat.attached != "green" || a.Name != "leaf.txt" || a.Size != 5 {
		t.Errorf("%+v, %q, %v", a, p.chat.attached, err)
	}
	if picture, errShow := p.messages.Show(ChatFile{Room: "r1"}); errShow != nil || picture != base64.StdEncoding.EncodeToString([]byte("picture")) {
		t.Errorf("%q, %v", picture, err)
	}
	to, err := bound[Files](p.api).Save("", "leaf.png")
	if err != nil {
		t.Fatal(err)
	}
	id, err := p.messages.Save(ChatFile{Room: "r1"}, to)
	task := finished(t, p.api, id, err)
	if task.State != taskDone || task.Done != 7 || task.FileID != to.ID {
		t.Errorf("%+v", task)
	}
	if text, err := os.ReadFile(filepath.Join(p.api.desk.files.dir, to.ID)); err != nil || string(text) != "picture" {
		t.Errorf("%q, %v", text, err)
	}
}

// A restore and an export say what they did, counted, and what they did not do.
func TestChat_LongWork(t *testing.T) {
	p := newChatPage(t)
	id, err := p.devices.Restore("wrong")
	if task := finished(t, p.api, id, err); task.State != taskFailed || task.Code != string(core.Unauthenticated) {
		t.Errorf("%+v", task)
	}
	id, err = p.devices.Restore(fakePassphrase)
	want := "2 keys of 1 rooms, 40 messages are readable; 1 keys were refused: its announcement is missing"
	if task := finished(t, p.api, id, err); task.State != taskDone || task.Total != 3 || task.Result != want {
		t.Errorf("%+v", task)
	}
	to, err := bound[Files](p.api).Save("", "all.age")
	if err != nil {
		t.Fatal(err)
	}
	id, err = p.devices.Export(ChatExportOptions{Room: "r1", Format: core.ChatExportAge, File: to}, fakePassphrase)
	if task := finished(t, p.api, id, err); task.State != taskDone || task.Result != "7 messages written" || task.FileID != to.ID {
		t.Errorf("%+v", task)
	}
	if strings.Contains(p.log.String(), "canary") {
		t.Errorf("the log tells secrets: %s", p.log)
	}
}

// What the chat tells reaches every page in order, and a clicked notification
// leads to its room.
func TestChat_Events(t *testing.T) {
	p := newChatPage(t)
	heard := make(chan Event, 4)
	remove := p.api.Subscribe(ModeBrowser, chatEar(heard))
	defer remove()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.api.Run(ctx, func() {}) }()
	p.chat.events <- core.ChatEvent{Kind: core.ChatEventRooms, Version: 1}
	p.chat.events <- core.ChatEvent{Kind: core.ChatEventNotify, Room: "r1", Message: &core.ChatMessage{Text: "hello", SentAt: *p.now}}
	first, second := <-heard, <-heard
	p.api.OpenRoom("r1")
	third := <-heard
	if e, ok := first.Data.(ChatEvent); !ok || e.Kind != core.ChatEventRooms || first.Seq != 1 {
		t.Errorf("%+v", first)
	}
	if e, ok := second.Data.(ChatEvent); !ok || e.Message.Text != "hello" || e.Message.SentAt != "2026-03-01T12:00:00Z" || second.Seq != 2 {
		t.Errorf("%+v", second)
	}
	if e, ok := third.Data.(ChatEvent); !ok || e.Kind != EventChatOpen || e.Room != "r1" {
		t.Errorf("%+v", third)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// chatEar hears the chat's events alone.
type chatEar chan Event

func (chatEar) Listening() bool { return true }

func (e chatEar) Emit(name string, payload any) {
	if event, ok := payload.(Event); ok && name == EventChat {
		e <- event
	}
}
