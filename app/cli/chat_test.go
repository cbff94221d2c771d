package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	annWallet = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
	bobWallet = "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM"
)

// chatFake is the chat of the node in memory: what it answers, and what it was asked.
type chatFake struct {
	asked   []string // "Method [arguments as JSON]"
	ladders []core.ChatLadder
	pages   []core.ChatMessages
}

func (f *fake) Chat(_ context.Context, method string, in []any, out any) error {
	args, err := json.Marshal(in)
	if err != nil {
		return err
	}
	f.chat.asked = append(f.chat.asked, method+" "+string(args))
	if f.fail != nil || out == nil {
		return f.fail
	}
	var answer any
	switch method {
	case "State", "Enrol", "Unlock":
		answer = core.ChatState{State: core.ChatReady, Address: annWallet, Online: true, Accounts: []core.ChatAccount{{Address: annWallet}}}
	case "Enrolment":
		answer = core.ChatEnrolment{ID: "e1", Text: "127.0.0.1 wants you", Code: "123456"}
	case "Rooms":
		answer = []core.ChatRoom{
			{ID: "aa11" + strings.Repeat("0", 60), Name: "Plans", Unread: 2},
			{ID: "aa22" + strings.Repeat("0", 60), Name: "plans of old"},
			{ID: "bb11" + strings.Repeat("0", 60), Name: "twice"},
			{ID: "bb22" + strings.Repeat("0", 60), Name: "twice"},
		}
	case "Direct", "NewRoom", "Join", "Room":
		answer = core.ChatRoom{ID: "cc00" + strings.Repeat("0", 60), Name: "new"}
	case "MakeLink":
		answer = core.ChatLink{ID: "l1", URL: "debros://room?x#" + canary}
	case "Send":
		answer = core.ChatMessage{ID: "out:1", Room: "aa11", Step: core.ChatQueued}
	case "Ladder":
		answer, f.chat.ladders = f.chat.ladders[0], f.chat.ladders[1:]
	case "Messages":
		answer, f.chat.pages = f.chat.pages[0], f.chat.pages[1:]
	case "AttachFile":
		answer = core.ChatAttachment{ID: "f1"}
	case "Restore":
		answer = core.ChatRestored{Keys: 4}
	case "MakeBackup":
		answer = map[string]any{"code": canary, "version": 1}
	case "Search":
		answer = []core.ChatHit{{RoomName: "Plans", Text: "the boat", FromName: "Ann"}}
	default:
		answer = []struct{}{}
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

// last is what the chat was asked last.
func (f *fake) last() string {
	if len(f.chat.asked) == 0 {
		return ""
	}
	return f.chat.asked[len(f.chat.asked)-1]
}

// A room is found by its name, by the beginning of its id or by a wallet, and
// never guessed.
func TestChat_FindsTheRoomThatIsMeant(t *testing.T) {
	s := newScreen(t)
	plans := `"aa11` + strings.Repeat("0", 60) + `"`
	for room, want := range map[string]string{
		"plans":   "Leave [" + plans + "]",
		"AA11":    "Leave [" + plans + "]",
		bobWallet: `Leave ["cc00`,
	} {
		if s.run("chat", "leave", room, "--yes"); s.status != 0 || !strings.HasPrefix(s.node.last(), want) {
			t.Errorf("%s: %d %q %q", room, s.status, s.node.last(), s.err)
		}
	}
	for room, status := range map[string]int{"twice": 2, "aa": 3, "nowhere": 3} {
		if s.run("chat", "leave", room, "--yes"); s.status != status || strings.HasPrefix(s.node.last(), "Leave") {
			t.Errorf("%s: %d, asked %q", room, s.status, s.node.last())
		}
	}
}

// A message is stored when the command returns, or the command says what is known.
func TestChatSend_TellsHowFarItIs(t *testing.T) {
	s := newScreen(t)
	s.node.chat.ladders = []core.ChatLadder{{ID: "out:1", Step: core.ChatSent}, {ID: "ab:0", Step: core.ChatStored, StoredBy: []string{"node-1", "node-3"}, Replicas: []string{"node-1", "node-2", "node-3"}}}
	s.stdin = "the boat leaves at nine\n"
	s.run("chat", "send", "plans", "-o", "json")
	if s.status != 0 || !strings.Contains(s.out, `"step": "stored"`) || !strings.Contains(s.out, "node-3") {
		t.Errorf("%d %q %q", s.status, s.out, s.err)
	}
	if !strings.Contains(strings.Join(s.node.chat.asked, "\n"), `"text":"the boat leaves at nine"`) {
		t.Errorf("the text on its way: %q", s.node.chat.asked)
	}
	s.node.chat.ladders = []core.ChatLadder{{ID: "out:1", Step: core.ChatQueued, Place: 2}}
	if s.run("chat", "send", "plans", "x", "--until", "queued"); s.status != 0 || !strings.Contains(s.out, `"queued"`) {
		t.Errorf("--until queued: %d %q", s.status, s.out)
	}
	s.node.chat.ladders = []core.ChatLadder{{Step: core.ChatFailed, Failure: "you were removed"}}
	if s.run("chat", "send", "plans", "x"); s.status != 5 || !strings.Contains(s.err, "you were removed") {
		t.Errorf("a message that was refused: %d %q", s.status, s.err)
	}
	s.node.chat.ladders = make([]core.ChatLadder, 1000)
	for i := range s.node.chat.ladders {
		s.node.chat.ladders[i] = core.ChatLadder{ID: "ab:1", Step: core.ChatSent}
	}
	if s.run("chat", "send", "plans", "x", "--timeout", "150ms"); s.status != 6 || !strings.Contains(s.err, "ab:1") {
		t.Errorf("nobody answers: %d %q", s.status, s.err)
	}
}

func TestChatRead_PrintsForPeopleAndPrograms(t *testing.T) {
	page := core.ChatMessages{Messages: []core.ChatMessage{
		{ID: "a:0", Kind: core.ChatText, FromName: "Ann", Text: "look\x1b[2J", StoredAt: time.Now(), Position: 4, Edited: true},
		{Kind: core.ChatHole, FromName: "Bob", Missing: 2},
		{Kind: core.ChatText, FromName: "Bob", Waiting: "Bob"},
		{Kind: core.ChatText, FromName: "Ann", Text: "soon", Step: core.ChatQueued},
	}}
	s := newScreen(t)
	s.node.chat.pages = []core.ChatMessages{page, page}
	s.terminal = true
	s.run("chat", "read", "plans")
	for _, want := range []string{"Ann: look", "(edited)", "2 messages of Bob are missing", "waiting for the key from Bob", "soon (queued)"} {
		if !strings.Contains(s.out, want) {
			t.Errorf("%q is not in %q", want, s.out)
		}
	}
	if strings.Contains(s.out, "\x1b[2J") {
		t.Error("somebody's message moves the cursor")
	}
	s.terminal = false
	s.run("chat", "read", "plans", "--mark")
	if lines := strings.Count(s.out, "\n"); lines != 4 || s.node.last() != fmt.Sprintf(`MarkRead ["aa11%s",4]`, strings.Repeat("0", 60)) {
		t.Errorf("%d lines, asked %q", lines, s.node.last())
	}
}

// Secrets reach the node, and neither the screen nor the arguments.
func TestChat_KeepsSecretsOffTheScreen(t *testing.T) {
	s := newScreen(t)
	pass := passphraseIn(t, canary, 0o600)
	for _, words := range [][]string{
		{"chat", "unlock", "--chat-passphrase-file", pass},
		{"chat", "restore", "--secret-file", pass},
		{"chat", "export", "all.age", "--format", "age", "--passphrase-file", pass},
	} {
		s.run(words...)
		if s.status != 0 || strings.Contains(s.out+s.err, canary) || !strings.Contains(s.node.last(), canary) {
			t.Errorf("%v: %d %q %q", words, s.status, s.out, s.err)
		}
	}
	s.run("chat", "backup", "--passphrase-file", pass, "-o", "raw")
	if s.out != canary+"\n" {
		t.Errorf("the recovery code alone: %q", s.out)
	}
	s.stdin = "debros://room?x#" + canary + "\n"
	if s.run("chat", "join", "-"); s.status != 0 || strings.Contains(s.out+s.err, canary) {
		t.Errorf("%d %q %q", s.status, s.out, s.err)
	}
}

// Who has one wallet here need not name it.
func TestChatUnlock_TakesTheOnlyWallet(t *testing.T) {
	s := newScreen(t)
	s.run("chat", "unlock", "--chat-passphrase-file", passphraseIn(t, "a long passphrase", 0o600))
	if want := fmt.Sprintf("Unlock [%q,", annWallet); s.status != 0 || !strings.HasPrefix(s.node.last(), want) {
		t.Errorf("%d, asked %q %q", s.status, s.node.last(), s.err)
	}
}

func TestChatSet_ChangesWhatWasNamed(t *testing.T) {
	s := newScreen(t)
	s.run("chat", "set", "plans", "--name", "", "--muted=false", "--timer", "24h")
	asked := strings.Join(s.node.chat.asked, "\n")
	if s.status != 0 || !strings.Contains(asked, `"name":"","timer":86400}`) || !strings.Contains(asked, `"muted":false}`) {
		t.Errorf("%d %s %s", s.status, asked, s.err)
	}
	if s.run("chat", "set", "plans"); s.status != 2 {
		t.Errorf("nothing to change: %d", s.status)
	}
	if s.run("chat", "new", "x", "0x70997970c51812dC3A010C7d01b50e0d17dc79C8"); s.status != 2 || !strings.Contains(s.err, "capital letters") {
		t.Errorf("a mistyped address: %d %q", s.status, s.err)
	}
	if s.run("chat", "invite", "plans"); s.status != 2 {
		t.Errorf("nobody to invite: %d", s.status)
	}
	if s.run("chat", "invite", "plans", "--link", "-o", "raw"); s.out != "debros://room?x#"+canary+"\n" {
		t.Errorf("the link alone: %q %q", s.out, s.err)
	}
	if s.run("chat", "search", "boat", "--since", "yesterday"); s.status != 2 {
		t.Errorf("a time that is none: %d", s.status)
	}
}
