package cli

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/ethereum/go-ethereum/crypto"

	"git.debros.io/DeBros/network/backend/sandbox"
)

// passphraseIn writes a passphrase file and returns its path.
func passphraseIn(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(path, []byte(text+"\n"), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// typist answers what a person is asked for while a command runs.
func typist(answer func(printed string) string) func(printed func() string) *pastedSignature {
	return func(printed func() string) *pastedSignature { return &pastedSignature{text: printed, sign: answer} }
}

var (
	shownWord = regexp.MustCompile(`(?m)^ +(\d+)  ([a-z]+)$`)
	askedWord = regexp.MustCompile(`Word (\d+): $`)
)

// wordAnswers presses Enter below the words, then gives back those that are asked.
func wordAnswers(printed string) string {
	asked := askedWord.FindStringSubmatch(printed)
	if asked == nil {
		return ""
	}
	for _, shown := range shownWord.FindAllStringSubmatch(printed, -1) {
		if shown[1] == asked[1] {
			return shown[2]
		}
	}
	return "nothing"
}

// The whole way of a person without a browser wallet: make one, learn its words,
// sign in with it. Words and passphrase stay on the terminal.
func TestWallet_FromNewToSignedIn(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	s.at(t, g)
	s.person, s.secrets = true, []string{canary + "-pass", canary + "-pass"}
	s.typing = typist(wordAnswers)
	s.run("wallet", "new", "main", "-o", "json")
	if s.status != 0 || strings.Count(s.err, "Word ") != 3 || len(shownWord.FindAllString(s.err, -1)) != 12 {
		t.Fatalf("new: %d %s %s", s.status, s.out, s.err)
	}
	words := shownWord.FindAllStringSubmatch(s.err, -1)
	if strings.Contains(s.out, words[0][2]+" "+words[1][2]) || strings.Contains(s.out+s.err, canary) {
		t.Errorf("a secret left the terminal: %s %s", s.out, s.err)
	}
	s.secrets, s.typing = []string{canary + "-pass"}, typist(func(string) string { return "y" })
	s.run("auth", "login")
	if s.status != 0 || !strings.Contains(s.err, "wants you to sign in with your Ethereum account") || !strings.Contains(s.out, `"namespace": "shop"`) {
		t.Fatalf("login: %d %s %s", s.status, s.out, s.err)
	}
	s.secrets, s.typing = []string{canary + "-pass"}, typist(func(string) string { return "n" })
	if s.run("auth", "login", "--chain", "SOL"); s.status != 4 || !strings.Contains(s.err, "Solana account") {
		t.Errorf("a person who says no: %d %s", s.status, s.err)
	}
	s.secrets, s.typing = []string{"a wrong one"}, nil
	if s.run("auth", "login"); s.status != 4 || !strings.Contains(s.err, "passphrase is wrong") || strings.Contains(s.err, "DEBROS_CREDENTIAL") {
		t.Errorf("a wrong passphrase: %d %s", s.status, s.err)
	}
	s.person = false
	if s.run("auth", "login"); s.status != 2 || !strings.Contains(s.err, "--passphrase-file") {
		t.Errorf("nobody to ask: %d %s", s.status, s.err)
	}
	open := passphraseIn(t, canary+"-pass", 0o644)
	if s.run("auth", "login", "--passphrase-file", open); s.status != 4 || !strings.Contains(s.err, "chmod 600") {
		t.Errorf("a passphrase that others read: %d %s", s.status, s.err)
	}
	err := filepath.WalkDir(s.env[userDirVariable], func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), canary+"-pass") || strings.Contains(string(data), words[0][2]+" "+words[1][2]) {
			t.Errorf("%s holds a secret", path)
		}
		if info, infoErr := entry.Info(); infoErr != nil || openToOthers(info) {
			t.Errorf("%s can be read by others", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A wallet that was made elsewhere comes in, signs only what it should, and goes
// out into a file of its own.
func TestWallet_ImportSignExport(t *testing.T) {
	s := newScreen(t)
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	address := crypto.PubkeyToAddress(key.PublicKey).Hex()
	secret := hex.EncodeToString(crypto.FromECDSA(key))
	pass := passphraseIn(t, "correct horse", 0o600)
	if s.run("wallet", "import", secret, "--passphrase-file", pass); s.status != 2 || strings.Contains(s.err, secret) {
		t.Errorf("a key as an argument: %d %s", s.status, s.err)
	}
	s.stdin = sandbox.Phrase
	if s.run("wallet", "import", "--passphrase-file", pass); s.status != 4 || !strings.Contains(s.err, "known to everybody") {
		t.Errorf("the sandbox's words: %d %s", s.status, s.err)
	}
	s.stdin = secret + "\n"
	if s.run("wallet", "import", "--name", "old", "--passphrase-file", pass); s.status != 0 || !strings.Contains(s.out, address) || strings.Contains(s.out, secret) {
		t.Fatalf("import: %d %s %s", s.status, s.out, s.err)
	}
	nonce := "nonce" + strings.Repeat("7", 40)
	if s.run("wallet", "sign", nonce, "--passphrase-file", pass); s.status != 2 || !strings.Contains(s.err, nonce) || !strings.Contains(s.err, "--yes") {
		t.Errorf("signed unasked: %d %s", s.status, s.err)
	}
	s.run("wallet", "sign", nonce, "--passphrase-file", pass, "--yes", "-o", "raw")
	signature := strings.TrimSpace(s.out)
	if s.status != 0 || !strings.Contains(s.err, nonce) {
		t.Fatalf("sign: %d %s", s.status, s.err)
	}
	if s.run("wallet", "verify", address, signature, nonce); s.status != 0 {
		t.Errorf("verify: %d %s", s.status, s.err)
	}
	if s.run("wallet", "verify", address, signature, nonce+"7"); s.status != 4 {
		t.Errorf("verify another text: %d %s", s.status, s.err)
	}
	if s.run("wallet", "sign", "Pay 1 ETH to Mallory", "--passphrase-file", pass, "--yes"); s.status != 4 || s.out != "" {
		t.Errorf("a text that is no sign-in: %d %s", s.status, s.out)
	}
	out := filepath.Join(t.TempDir(), "key.hex")
	if s.run("wallet", "export", "old", "--form", "hex", "--out", out, "--passphrase-file", pass); s.status != 2 || exists(out) {
		t.Errorf("handed out unasked: %d", s.status)
	}
	if s.run("wallet", "export", "old", "--form", "hex", "--out", out, "--passphrase-file", pass, "--yes"); s.status != 0 || strings.Contains(s.out+s.err, secret) {
		t.Errorf("export: %d %s %s", s.status, s.out, s.err)
	}
	data, err := os.ReadFile(out)
	info, statErr := os.Stat(out)
	if err != nil || statErr != nil || !strings.Contains(string(data), secret) || openToOthers(info) {
		t.Errorf("the exported file: %v %v", err, statErr)
	}
	if s.run("wallet", "export", "old", "--form", "words", "--passphrase-file", pass, "--yes"); s.status != 2 {
		t.Errorf("a form that it does not have: %d %s", s.status, s.err)
	}
	if s.run("wallet", "rename", "old", "new"); s.status != 0 || !strings.Contains(s.out, `"in_use": true`) {
		t.Errorf("rename: %d %s %s", s.status, s.out, s.err)
	}
	if s.run("wallet", "rm", "new"); s.status != 2 {
		t.Errorf("removed unasked: %d", s.status)
	}
	if s.run("wallet", "rm", "new", "--yes"); s.status != 0 {
		t.Errorf("rm: %d %s", s.status, s.err)
	}
	if s.run("wallet", "ls"); s.status != 0 || s.out != "" {
		t.Errorf("ls: %d %s", s.status, s.out)
	}
	if s.run("wallet", "new"); s.status != 2 || !strings.Contains(s.err, "no terminal to show the words") {
		t.Errorf("new without a terminal: %d %s", s.status, s.err)
	}
}

// The browser's wallet signs in through the page on loopback, whose address
// holds its secret and goes to the browser only.
func TestLogin_Browser(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	s.at(t, g)
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	b := &browserFake{t: t, address: crypto.PubkeyToAddress(key.PublicKey).Hex(), sign: func(text string) string { return ethereumSign(t, key, text) }}
	s.page = func() fs.FS { return fstest.MapFS{} }
	s.open = b.open
	s.run("auth", "login", "--browser")
	b.ended.Wait()
	if s.status != 0 || !strings.Contains(s.out, b.address) {
		t.Fatalf("login: %d %s %s", s.status, s.out, s.err)
	}
	if !strings.Contains(s.err, "code "+b.code) || strings.Contains(s.out+s.err, b.secret) {
		t.Errorf("the screen: %s", s.err)
	}
	if b.refused == 0 {
		t.Error("the page took a signature by another key")
	}
	if s.run("auth", "whoami"); s.status != 0 || !strings.Contains(s.out, b.address) {
		t.Errorf("whoami: %d %s", s.status, s.err)
	}
	s.open = func(_ context.Context, _ string) error { return errors.New("no browser") }
	if s.run("auth", "login", "--browser"); s.status != 5 || !strings.Contains(s.err, "--paste") {
		t.Errorf("no browser: %d %s", s.status, s.err)
	}
}

// browserFake is a browser with a wallet: it does what the page's script does.
type browserFake struct {
	t            *testing.T
	address      string
	sign         func(text string) string
	ended        sync.WaitGroup
	code, secret string
	refused      int
	origin       string
}

func (b *browserFake) open(ctx context.Context, address string) error {
	b.origin, b.secret, _ = strings.Cut(address, "/#")
	b.ended.Go(func() {
		var shown struct{ Message, Code string }
		if status := b.post(ctx, "/challenge", map[string]string{"wallet": b.address, "chain_type": "ETH"}, &shown); status != http.StatusOK {
			b.t.Errorf("challenge: %d", status)
		}
		b.code = shown.Code
		wrong := "0x" + strings.Repeat("11", 64) + "1b"
		if b.post(ctx, "/answer", map[string]string{"wallet": b.address, "signature": wrong}, nil) != http.StatusOK {
			b.refused++
		}
		b.post(ctx, "/challenge", map[string]string{"wallet": b.address, "chain_type": "ETH"}, &shown)
		if status := b.post(ctx, "/answer", map[string]string{"wallet": b.address, "signature": b.sign(shown.Message)}, nil); status != http.StatusOK {
			b.t.Errorf("answer: %d", status)
		}
	})
	return nil
}

func (b *browserFake) post(ctx context.Context, path string, in, out any) int {
	raw, err := json.Marshal(in)
	if err != nil {
		b.t.Error(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.origin+path, bytes.NewReader(raw))
	if err != nil {
		b.t.Error(err)
		return 0
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Origin": b.origin, "Sec-Fetch-Site": "same-origin", "X-DeBros-Session": b.secret} {
		r.Header.Set(name, value)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Error(err)
		return 0
	}
	defer got.Body.Close() //nolint:errcheck // read below
	if out != nil {
		if err := json.NewDecoder(got.Body).Decode(out); err != nil {
			b.t.Error(err)
		}
	}
	return got.StatusCode
}
