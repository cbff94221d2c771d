package cli

import (
	"crypto/ecdsa"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/crypto"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// savedFile is the one saved sign-in.
func (s *screen) savedFile(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.env[userDirVariable], credentialFolder, "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("saved sign-ins: %v, %v", files, err)
	}
	return files[0]
}

// at makes the fake gateway the context in use.
func (s *screen) at(t *testing.T, g *gatewayFake) {
	t.Helper()
	s.noDir = true
	if s.run("context", "add", "work", "--gateway", g.URL, "--peer", peerOfLab, "-n", "shop"); s.status != 0 {
		t.Fatal(s.err)
	}
	if s.run("context", "use", "work"); s.status != 0 {
		t.Fatal(s.err)
	}
}

// signedIn is a saved session of somebody, as "auth login" leaves it.
func (s *screen) signedIn(t *testing.T, g *gatewayFake) {
	t.Helper()
	s.at(t, g)
	g.space = "shop"
	raw, err := json.Marshal(g.tokens("0xAnn"))
	if err != nil {
		t.Fatal(err)
	}
	var tokens tokensAnswer
	if err = json.Unmarshal(raw, &tokens); err != nil {
		t.Fatal(err)
	}
	a := &app{env: Env{Lookup: func(name string) (string, bool) { v, ok := s.env[name]; return v, ok }}}
	if err = a.saveCredential(tokens.credential(g.URL, time.Now())); err != nil {
		t.Fatal(err)
	}
}

// pastedSignature signs the text that a run prints, as another program would.
type pastedSignature struct {
	text   func() string
	sign   func(text string) string
	answer *strings.Reader
}

func (p *pastedSignature) Read(b []byte) (int, error) {
	if p.answer == nil || p.answer.Len() == 0 {
		p.answer = strings.NewReader(p.sign(p.text()) + "\n")
	}
	return p.answer.Read(b)
}

// textToSign is the sign-in text in what was printed.
func textToSign(printed string) string {
	_, text, _ := strings.Cut(printed, "\n\n")
	text, _, _ = strings.Cut(text, "\n\nSignature: ")
	return text
}

// ethereumSign is personal_sign of EIP-191.
func ethereumSign(t *testing.T, key *ecdsa.PrivateKey, text string) string {
	t.Helper()
	signature, err := crypto.Sign(accounts.TextHash([]byte(text)), key)
	if err != nil {
		t.Fatal(err)
	}
	return "0x" + hex.EncodeToString(signature)
}

// A wallet on another device signs what the terminal shows; only its signature
// comes back, and the session that it gives is closed to others.
func TestLogin_Paste(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	s.at(t, g)
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	address := crypto.PubkeyToAddress(key.PublicKey).Hex()
	s.typing = func(printed func() string) *pastedSignature {
		return &pastedSignature{text: func() string { return textToSign(printed()) }, sign: func(text string) string { return ethereumSign(t, key, text) }}
	}
	s.run("auth", "login", "--paste", "--address", address)
	if s.status != 0 || !strings.Contains(s.out, `"subject": "`+address+`"`) || !strings.Contains(s.out, `"namespace": "shop"`) {
		t.Fatalf("login: %d %s %s", s.status, s.out, s.err)
	}
	if info, statErr := os.Stat(s.savedFile(t)); statErr != nil || openToOthers(info) {
		t.Errorf("the sign-in: %v %v", info.Mode(), statErr)
	}
	s.typing = nil
	if s.run("auth", "whoami"); s.status != 0 || !strings.Contains(s.out, address) {
		t.Errorf("whoami: %d %s %s", s.status, s.out, s.err)
	}
	if s.run("kv", "ls"); s.node.dialled.credential.Reveal() == "" || s.node.dialled.addresses[0] != peerOfLab {
		t.Errorf("the nodes of the context did not get the session: %v", s.node.dialled)
	}
	s.stdin = "0x00\n"
	if s.run("auth", "login", "--paste", "--address", address); s.status != 2 {
		t.Errorf("a signature that is none: %d %s", s.status, s.err)
	}
	if s.run("auth", "login", "--paste", "--address", "0xnobody"); s.status != 2 {
		t.Errorf("an address that is none: %d %s", s.status, s.err)
	}
}

// A hostile gateway hands on the text of another one, to be there whoever signs it.
func TestLogin_RefusesTextOfAnotherGateway(t *testing.T) {
	g := newGatewayFake(t)
	g.domain = "bank.example"
	s := newScreen(t)
	s.at(t, g)
	s.stdin = "0x00\n"
	s.run("auth", "login", "--paste", "--address", "0x52908400098527886E0F7030069857D2E4169EE7")
	if s.status != 4 || !strings.Contains(s.err, "bank.example") || strings.Contains(s.err, "wants you to sign in") {
		t.Errorf("%d %s", s.status, s.err)
	}
}

// An access token lives for minutes and a sign-in for weeks: nobody should see
// the difference, and a token that was used up ends the sign-in in words.
func TestSession_IsRenewed(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	g.life = time.Second // old at once
	s.signedIn(t, g)
	before := g.refresh
	g.life = time.Hour
	if s.run("__complete", "app", "show", ""); g.refresh != before {
		t.Error("a completion, which nobody waits for, renewed the sign-in")
	}
	if s.run("auth", "whoami"); s.status != 0 || g.refresh == before {
		t.Fatalf("an old token: %d %s", s.status, s.err)
	}
	if s.run("auth", "whoami"); s.status != 0 || strings.Count(strings.Join(g.asked, " "), "/refresh") != 1 {
		t.Errorf("a fresh token was renewed: %v", g.asked)
	}
	clear(g.access) // the gateway forgot it, before its time
	g.access["other"] = "0xAnn"
	if s.run("auth", "whoami"); s.status != 0 {
		t.Errorf("a token that is refused early: %d %s", s.status, s.err)
	}
	g.access, g.refresh = map[string]string{}, ""
	if s.run("auth", "whoami"); s.status != 4 || !strings.Contains(s.err, "has ended; sign in again with 'debros auth login'") {
		t.Errorf("a session that was ended elsewhere: %d %s", s.status, s.err)
	}
	if s.run("kv", "ls"); s.status != 0 { // the token itself is not old, so the node decides
		t.Errorf("kv: %d %s", s.status, s.err)
	}
}

// Two commands at once must not use one refresh token twice: the gateway would
// take the second for a thief and end the session.
func TestSession_RenewedByAnotherCommand(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	g.life = time.Second
	s.signedIn(t, g)
	a := &app{env: Env{Lookup: func(name string) (string, bool) { v, ok := s.env[name]; return v, ok }}}
	old, found, err := a.loadCredential(g.URL)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	g.life = time.Hour
	s.run("auth", "whoami") // the other command
	slow := a.newGateway(g.URL, g.URL, false)
	if err := slow.use(t.Context(), old); err != nil || slow.credential == old.secret() {
		t.Errorf("the slower command: %v", err)
	}
	if strings.Count(strings.Join(g.asked, " "), "/refresh") != 1 {
		t.Errorf("asked: %v", g.asked)
	}
}

// Whoever signs out is out: the gateway knows, and nothing is left here.
func TestLogout(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	s.signedIn(t, g)
	g.fail = core.Errorf(core.Unavailable, "no leader")
	if s.run("auth", "logout"); s.status != 5 || !strings.Contains(s.err, "still signed in") {
		t.Errorf("a gateway that cannot: %d %s", s.status, s.err)
	}
	g.fail = nil
	if s.run("auth", "logout"); s.status != 0 || g.refresh != "" || len(g.access) != 0 {
		t.Errorf("logout: %d %s", s.status, s.err)
	}
	if s.run("auth", "logout"); s.status != 3 {
		t.Errorf("twice: %d %s", s.status, s.err)
	}
	s.signedIn(t, g)
	if s.run("auth", "logout", "--all"); s.status != 0 || g.refresh != "" {
		t.Errorf("everywhere: %d %s", s.status, s.err)
	}
	s.signedIn(t, g)
	if err := os.WriteFile(s.savedFile(t), []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.run("auth", "whoami"); s.status != 2 || strings.Contains(s.err, canary) {
		t.Errorf("a damaged file: %d %s", s.status, s.err)
	}
	if s.run("auth", "logout", "--forget"); s.status != 0 {
		t.Errorf("forget a damaged file: %d %s", s.status, s.err)
	}
	s.signedIn(t, g)
	if err := os.Chmod(s.savedFile(t), 0o644); err != nil {
		t.Fatal(err)
	}
	if s.run("auth", "whoami"); s.status != 4 || !strings.Contains(s.err, "read by others") {
		t.Errorf("a file that others read: %d %s", s.status, s.err)
	}
}

// Tokens, keys and refresh tokens appear where they were asked for and nowhere
// else: not in a list, an error or the address of a request.
func TestAuth_SecretsStayHidden(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	s.signedIn(t, g)
	var seen strings.Builder
	for _, args := range []string{
		"auth whoami -v", "auth whoami -o json", "auth sessions ls", "auth sessions revoke s-1", "auth audit", "auth key ls", "context ls -o json",
		"ns ls", "ns new blog", "ns new taken", "ns grants", "ns grant 0xBob writer", "ns revoke 0xBob", "app ls", "app new shop", "app show a-1", "app show a-9", "app rm a-1",
		"auth key revoke k-9 -v", "kv ls", "auth login extra", "auth login --key " + canary,
	} {
		s.run(strings.Fields(args)...)
		seen.WriteString(s.out + s.err)
	}
	g.fail = core.Errorf(core.Internal, "Something went wrong.")
	if s.run("auth", "whoami", "-v"); s.status != 1 || !strings.Contains(s.err, "r-1") {
		t.Errorf("a fault of the gateway: %d %s", s.status, s.err)
	}
	seen.WriteString(s.err + strings.Join(g.asked, " "))
	g.fail = core.Errorf(core.Denied, "that is not yours")
	if s.run("app", "ls", "-n", "blog"); s.status != 4 || !strings.Contains(s.err, "that is not yours; you are signed in to shop: sign in to blog with") {
		t.Errorf("another namespace: %d %s", s.status, s.err)
	}
	g.fail = nil
	if strings.Contains(seen.String(), canary) {
		t.Errorf("a secret is shown: %s", seen.String())
	}
	if s.run("auth", "token"); s.status != 0 || strings.Count(s.out, "\n") != 1 || g.access[strings.TrimSpace(s.out)] != "0xAnn" {
		t.Errorf("token: %d %q %s", s.status, s.out, s.err)
	}
	s.run("auth", "key", "new", "--name", "backup", "--scope", "read,write", "--expires", "30d", "-o", "raw")
	secret := strings.TrimSpace(s.out)
	if s.status != 0 || g.secrets[secret] != "k-1" || len(g.keys[0].Scopes) != 2 || time.Until(g.keys[0].ExpiresAt) < 29*24*time.Hour {
		t.Errorf("key new: %d %q %s", s.status, s.out, s.err)
	}
	s.env[credentialVariable] = secret
	if s.run("auth", "whoami"); !strings.Contains(s.out, "key:k-1") {
		t.Errorf("the environment's key comes first: %s", s.out)
	}
	if s.run("auth", "token"); s.status != 0 || !strings.Contains(s.out, "exchanged") {
		t.Errorf("a token for a key: %d %s %s", s.status, s.out, s.err)
	}
	delete(s.env, credentialVariable)
	s.run("auth", "key", "revoke", "k-1")
	if s.run("auth", "key", "ls", "-o", "csv"); !strings.Contains(s.out, "k-1,backup,revoked") {
		t.Errorf("key ls: %s", s.out)
	}
	s.stdin = secret + "\n"
	if s.run("auth", "login", "--key", "-"); s.status != 0 || !strings.Contains(s.out, "key:k-1") || strings.Contains(s.out+s.err, secret) {
		t.Errorf("login with a key: %d %s %s", s.status, s.out, s.err)
	}
	s.stdin = canary + "wrong\n"
	if s.run("auth", "login", "--key", "-"); s.status != 4 {
		t.Errorf("login with a wrong key: %d %s", s.status, s.err)
	}
	if s.run("auth", "whoami"); !strings.Contains(s.out, "key:k-1") {
		t.Errorf("a wrong key took the place of the good one: %s", s.out)
	}
}

// Without a sign-in the local gateway knows the operator; a gateway elsewhere
// must never see his key.
func TestGateway_OperatorStaysAtHome(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	run, err := config.ReadRunFile(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	run.Gateway = strings.Replace(g.URL, "127.0.0.1", "0.0.0.0", 1)
	if err = config.WriteRunFile(s.dir, run); err != nil {
		t.Fatal(err)
	}
	if s.run("auth", "whoami"); s.status != 0 || !strings.Contains(s.out, `"operator"`) {
		t.Errorf("the local gateway: %d %s %s", s.status, s.out, s.err)
	}
	if s.run("auth", "token"); s.status != 2 || s.out != "" {
		t.Errorf("a token for the operator: %d %s", s.status, s.out)
	}
	if s.run("ns", "ls", "--mine"); s.status != 0 || !strings.Contains(s.out, `"role":"owner"`) {
		t.Errorf("ns ls --mine: %d %s %s", s.status, s.out, s.err)
	}
	if s.run("ns", "ls"); s.status != 0 || !strings.Contains(s.out, `"replicas":2`) {
		t.Errorf("ns ls: %d %s %s", s.status, s.out, s.err)
	}
	s.run("context", "add", "away", "--gateway", g.URL)
	if s.run("auth", "whoami", "--context", "away"); s.status != 4 || !strings.Contains(s.err, "debros auth login") {
		t.Errorf("another gateway: %d %s", s.status, s.err)
	}
	if s.run("kv", "ls", "--context", "away"); s.status != 2 || !strings.Contains(s.err, "context add away --gateway "+g.URL+" --peer ADDRESS") {
		t.Errorf("kv at a gateway: %d %s", s.status, s.err)
	}
	run.Gateway = ""
	if err = config.WriteRunFile(s.dir, run); err != nil {
		t.Fatal(err)
	}
	if s.run("auth", "whoami"); s.status != 5 || !strings.Contains(s.err, "gateway.enabled") {
		t.Errorf("a gateway that is off: %d %s", s.status, s.err)
	}
}

// A script branches on the exit status, whatever goes wrong on the way.
func TestGateway_ExitStatus(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	s.signedIn(t, g)
	for _, code := range core.Codes() {
		if code == core.Unauthenticated {
			continue // TestSession_IsRenewed
		}
		g.fail = core.Errorf(code, "a sentence")
		if s.run("app", "new", "x"); s.status != code.ExitStatus() || !strings.HasPrefix(s.err, "error: a sentence") {
			t.Errorf("%s: %d %q", code, s.status, s.err)
		}
	}
	g.fail = nil
	for name, serve := range map[string]http.HandlerFunc{
		"a page": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, g.URL+"/v1/auth/whoami", http.StatusFound)
		},
		"an error of something else": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "nginx", http.StatusBadGateway) },
	} {
		other := httptest.NewServer(serve)
		asked := len(g.asked)
		s.run("context", "add", "other", "--gateway", other.URL)
		s.env[credentialVariable] = canary
		if s.run("auth", "whoami", "--context", "other"); s.status != 5 || len(g.asked) != asked {
			t.Errorf("%s: %d %s", name, s.status, s.err)
		}
		delete(s.env, credentialVariable)
		other.Close()
		if s.run("app", "new", "x", "--context", "other"); s.status != 5 || !strings.Contains(s.err, "nobody answers") {
			t.Errorf("nobody there: %d %s", s.status, s.err)
		}
	}
	strange := httptest.NewTLSServer(http.NotFoundHandler())
	defer strange.Close()
	s.run("context", "add", "strange", "--gateway", strange.URL)
	if s.run("app", "new", "x", "--context", "strange"); s.status != 5 || !strings.Contains(s.err, "certificate") {
		t.Errorf("a certificate of nobody: %d %s", s.status, s.err)
	}
	s.run("context", "add", "clear", "--gateway", strings.Replace(g.URL, "http:", "https:", 1))
	if s.run("app", "new", "x", "--context", "clear"); s.status != 5 || !strings.Contains(s.err, "does not speak HTTPS") {
		t.Errorf("HTTPS at a gateway in clear: %d %s", s.status, s.err)
	}
	ended := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-ended }))
	defer silent.Close()
	defer close(ended)
	s.run("context", "add", "silent", "--gateway", silent.URL)
	if s.run("app", "ls", "--context", "silent", "--timeout", "50ms"); s.status != 5 {
		t.Errorf("a read without an answer: %d %s", s.status, s.err)
	}
	if s.run("app", "new", "x", "--context", "silent", "--timeout", "50ms"); s.status != 6 {
		t.Errorf("a write without an answer: %d %s", s.status, s.err)
	}
}
