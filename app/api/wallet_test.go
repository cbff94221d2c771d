package api

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Nothing is signed that the person did not read: the text waits, whole, for one
// answer, and a refusal signs nothing.
func TestWallet_SignsWhatWasApproved(t *testing.T) {
	p := newWalletPage(t)
	if _, err := p.SignIn("whome", "ETH"); codeOf(t, err) != core.Unauthenticated {
		t.Fatalf("a locked wallet signs in: %v", err)
	}
	if err := p.Unlock("whome", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	if _, err := p.signInAs(t, false); codeOf(t, err) != core.Denied {
		t.Errorf("refused: %v", err)
	}
	if signed := p.wallets.open[0].signed; len(signed) > 0 || p.auth.sessions() > 0 {
		t.Errorf("refused, and yet signed: %q", signed)
	}
	account, err := p.signInAs(t, true)
	if err != nil || account.Address != fakeAddress || account.WalletID != "whome" || len(account.Namespaces) != 1 {
		t.Fatalf("approved: %+v, %v", account, err)
	}
	if err := p.Answer("gone", true); codeOf(t, err) != core.NotFound {
		t.Errorf("an answer to nothing: %v", err)
	}
}

// A text that nobody looks at must not wait for ever, nor be signed later.
func TestWallet_UnansweredIsNotSigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newWalletPage(t)
		if err := p.Unlock("whome", fakePassphrase); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := p.SignIn("whome", "")
		if codeOf(t, err) != core.Unavailable || time.Since(began) != MaxSigningWait {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		if len(p.wallets.open[0].signed) > 0 || len(p.api.desk.walletState().Requests) > 0 {
			t.Error("the text is signed, or still shown")
		}
	})
}

// Whoever reads a log, an event, or a file that the page writes must find no
// passphrase, word or token there.
func TestWallet_SecretsStayInside(t *testing.T) {
	p := newWalletPage(t)
	if err := p.Unlock("whome", "canary wrong passphrase"); codeOf(t, err) != core.Unauthenticated {
		t.Fatal(err)
	}
	if err := p.Unlock("whome", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	words, err := p.Words("whome", fakePassphrase)
	if err != nil || words != fakePhrase {
		t.Fatal(words, err)
	}
	if err = p.ConfirmWords("whome", `[{"place":1,"word":"canary"}]`); codeOf(t, err) != core.Invalid {
		t.Fatal(err)
	}
	if _, err = p.signInAs(t, true); err != nil {
		t.Fatal(err)
	}
	seen := p.log.String()
	for _, v := range []any{p.api.desk.walletState(), p.api.desk.tasks.list()} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		seen += strings.ReplaceAll(string(text), "canary-session", "") // an id, which is no secret
	}
	for _, dir := range []string{p.api.desk.program.DataDir, p.api.desk.program.UserDir} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			seen += string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if at := strings.Index(seen, "canary"); at >= 0 {
		t.Errorf("a secret came out: …%s…", seen[max(0, at-80):min(len(seen), at+40)])
	}
	if !strings.Contains(seen, "a call of the page failed") || !strings.Contains(seen, fakeAddress) {
		t.Error("nothing was logged and no event has the account, so this proves nothing")
	}
}

// Words count as written down when three of them come back right, and not before
// they were shown.
func TestWallet_ConfirmWords(t *testing.T) {
	p := newWalletPage(t)
	right := `[{"place":2,"word":"alpha"},{"place":4,"word":" Charlie "},{"place":6,"word":"echo"}]`
	if err := p.ConfirmWords("whome", right); codeOf(t, err) != core.Conflict {
		t.Fatalf("not shown yet: %v", err)
	}
	if _, err := p.Words("whome", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	for name, answers := range map[string]string{
		"no JSON":         "alpha",
		"two words":       `[{"place":2,"word":"alpha"},{"place":6,"word":"echo"}]`,
		"one word thrice": `[{"place":2,"word":"alpha"},{"place":2,"word":"alpha"},{"place":2,"word":"alpha"}]`,
		"one is wrong":    strings.Replace(right, "echo", "delta", 1),
		"no such place":   strings.Replace(right, "6", "7", 1),
	} {
		if err := p.ConfirmWords("whome", answers); codeOf(t, err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, err := p.List(); err != nil || all[0].WordsChecked || !all[0].Remind {
		t.Errorf("%+v, %v", all, err)
	}
	if err := p.ConfirmWords("whome", right); err != nil {
		t.Fatal(err)
	}
	if all, err := p.List(); err != nil || !all[0].WordsChecked || all[0].Remind {
		t.Errorf("after a restart too: %+v, %v", all, err)
	}
}

// The reminder to write the words down rests for a day, and no longer.
func TestWallet_RemindsEachDay(t *testing.T) {
	p := newWalletPage(t)
	if err := p.RemindLater("whome"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		want  bool
	}{{RemindAfter - time.Second, false}, {time.Second, true}} {
		*p.now = p.now.Add(c.after)
		if all, err := p.List(); err != nil || all[0].Remind != c.want {
			t.Errorf("%v later: %v, %v", c.after, all[0].Remind, err)
		}
	}
}

// A wallet that nobody uses locks itself, by the minutes that the person chose.
func TestWallet_LocksByChoice(t *testing.T) {
	p := newWalletPage(t)
	for _, minutes := range []int{0, MaxLockMinutes + 1} {
		if err := p.SetOptions(WalletOptions{LockMinutes: minutes}); codeOf(t, err) != core.Invalid {
			t.Errorf("%d minutes: %v", minutes, err)
		}
	}
	if err := p.Unlock("whome", fakePassphrase); err != nil || p.wallets.idle != DefaultLockMinutes*time.Minute {
		t.Fatalf("it locks after %v, %v", p.wallets.idle, err)
	}
	if err := p.SetOptions(WalletOptions{LockMinutes: 2}); err != nil {
		t.Fatal(err)
	}
	*p.now = p.now.Add(2*time.Minute - time.Second)
	if open := p.api.desk.walletState().Open; len(open) != 1 {
		t.Errorf("it is locked too early")
	}
	*p.now = p.now.Add(time.Second)
	if open := p.api.desk.walletState().Open; len(open) != 0 {
		t.Errorf("it is still open: %v", open)
	}
}

// A wallet that is removed signs nothing more, and is nobody's account.
func TestWallet_RemoveEndsItAll(t *testing.T) {
	p := newWalletPage(t)
	if err := p.Unlock("whome", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	if _, err := p.signInAs(t, true); err != nil {
		t.Fatal(err)
	}
	if err := p.Remove("whome"); err != nil {
		t.Fatal(err)
	}
	state := p.api.desk.walletState()
	if len(state.Open) > 0 || state.Account.Address != "" || p.auth.sessions() > 0 || !p.wallets.open[0].Locked() {
		t.Errorf("after it: %+v, %d sessions", state, p.auth.sessions())
	}
}

// The end of the program wipes the keys and ends the session, as nobody could use
// it any more.
func TestWallet_EndsWithTheProgram(t *testing.T) {
	p := newWalletPage(t)
	if err := p.Unlock("whome", fakePassphrase); err != nil {
		t.Fatal(err)
	}
	if _, err := p.signInAs(t, true); err != nil {
		t.Fatal(err)
	}
	if _, err := p.BrowserBegin(); err != nil {
		t.Fatal(err)
	}
	p.api.desk.closeWallets(t.Context())
	if !p.wallets.open[0].Locked() || p.auth.sessions() > 0 {
		t.Error("a key or a session is left")
	}
	if _, err := p.BrowserBegin(); codeOf(t, err) != core.Unavailable {
		t.Errorf("a page opens while the program ends: %v", err)
	}
}

// A wallet of the browser signs in by the page's own address, and a forged
// signature does not.
func TestWallet_BrowserSignIn(t *testing.T) {
	tests := map[string]struct {
		page fakePage
		want core.Code
	}{
		"signed by the account": {page: fakePage{account: WalletAccount{"ETH", "0xB0B"}}},
		"signed by another":     {page: fakePage{account: WalletAccount{"ETH", "0xB0B"}, forge: true}, want: core.Unauthenticated},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			p := newWalletPage(t)
			*p.page = c.page
			s, err := p.BrowserBegin()
			if err != nil || s.Code != "123456" || s.Opened {
				t.Fatalf("%+v, %v", s, err)
			}
			account, err := p.BrowserWait(s.ID)
			if code := codeOf(t, err); code != c.want || (code == "" && (account.Address != "0xB0B" || account.WalletID != "")) {
				t.Errorf("%+v, %v", account, err)
			}
			p.api.desk.closeWallets(t.Context())
		})
	}
}

// Who gave the browser up is not left waiting.
func TestWallet_BrowserCancel(t *testing.T) {
	p := newWalletPage(t)
	s, err := p.BrowserBegin()
	if err != nil {
		t.Fatal(err)
	}
	if err = p.BrowserCancel(s.ID); err != nil {
		t.Fatal(err)
	}
	if _, err = p.BrowserWait(s.ID); codeOf(t, err) != core.Unavailable {
		t.Error(err)
	}
	if _, err = p.BrowserWait("another"); codeOf(t, err) != core.NotFound {
		t.Error(err)
	}
}

// A key that leaves the page as a file is encrypted, and lies where the person said.
func TestWallet_ExportsKeystore(t *testing.T) {
	p := newWalletPage(t)
	file, err := p.api.desk.files.addTarget("", "home.json")
	if err != nil {
		t.Fatal(err)
	}
	if err = p.ExportKeystore("whome", file.ID, "wrong"); codeOf(t, err) != core.Unauthenticated {
		t.Error(err)
	}
	if err = p.ExportKeystore("whome", file.ID, fakePassphrase); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(p.api.desk.files.dir, file.ID))
	if err != nil || string(text) != `{"crypto":"sealed"}`+"\n" {
		t.Errorf("%q, %v", text, err)
	}
}
