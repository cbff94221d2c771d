package node_test

// T13, H8, K1: every secret that passes through a node, looked for in everything
// that the node writes or says.

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/logging"
)

// secrets by name, and where one is meant to be kept: a part of a path in the data
// folder.
type secrets struct {
	texts map[string]string
	kept  map[string]string
}

// forms are the ways in which a text may have been written.
func forms(text string) [][]byte {
	raw := []byte(text)
	list := [][]byte{raw, []byte(hex.EncodeToString(raw)), []byte(strings.ToUpper(hex.EncodeToString(raw))), []byte(url.QueryEscape(text))}
	if b, err := hex.DecodeString(strings.TrimPrefix(text, "0x")); err == nil {
		list = append(list, b, []byte(strings.TrimPrefix(text, "0x")))
	}
	for _, to := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 { // at whichever place in a longer text it begins
			encoded := to.EncodeToString(append(make([]byte, shift), raw...))
			list = append(list, []byte(encoded[(shift*8+5)/6:len(encoded)-2]))
		}
	}
	return list
}

// find looks for the secrets in what has a name. A path in the data folder may
// hold those that are meant to be there.
func (s secrets) find(t *testing.T, name string, in []byte) {
	t.Helper()
	for _, secret := range slices.Sorted(maps.Keys(s.texts)) {
		if s.kept[secret] != "" && strings.Contains(name, s.kept[secret]) {
			continue
		}
		for i, form := range forms(s.texts[secret]) {
			if at := bytes.Index(in, form); at >= 0 {
				t.Errorf("%s is in %s (form %d): …%q…", secret, name, i, in[max(0, at-60):min(len(in), at+20)])
				break
			}
		}
	}
}

// A secret in a log, a file, a number or an error sooner or later reaches somebody
// who uses it.
func TestCanary_NoSecretIsWritten(t *testing.T) {
	dir := t.TempDir()
	printed := redirected(t)
	configured := "Configured-canary-4711-0815-2342"
	n, err := tryStartLogging(t, dir, func(c *config.Config) {
		c.Gateway.APIKeys = []config.APIKey{{Key: core.Secret(configured), Namespace: "tools"}}
	}, logging.Settings{Level: "debug", File: filepath.Join(dir, "logs", "node.log")}, printed)
	if err != nil {
		t.Fatal(err)
	}
	s := secrets{
		texts: map[string]string{"the configured key": configured, "the operator's key": n.operatorKey(t)},
		kept: map[string]string{
			"the operator's key": "operator.key", // for the command line on this computer
			"the signing seed":   "token.key",
			// That a nonce was spent is remembered by its name; alone it is worth nothing.
			"the spent nonce": string(filepath.Separator) + "system" + string(filepath.Separator),
		},
	}
	said := n.useEverySecret(t, s.texts)
	for _, key := range n.seeds(t) { // there since somebody signed in
		s.texts["the signing seed"] = string(key.Seed())
	}
	for _, path := range []string{"/metrics", "/openapi.json", "/docs", "/health", "/status", "/v1/version", "/v1/auth/jwks"} {
		said[path] = n.visit().must(t, http.StatusOK, http.MethodGet, path, nil).body
	}
	n.stop(t)
	for name, text := range said {
		s.find(t, "the answer of "+name, text)
	}
	if _, err = printed.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(printed.Name())
	if err != nil {
		t.Fatal(err)
	}
	s.find(t, "the log", text)
	files := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		s.find(t, strings.TrimPrefix(path, dir), raw)
		files++
		return err
	})
	if err != nil || files < 10 || bytes.Count(text, []byte("route=/v1/auth/verify")) < 2 {
		t.Errorf("%d files, %d bytes of log, %v: too little was looked at", files, len(text), err)
	}
	for secret, place := range s.kept { // the search finds what is there
		if !found(t, dir, place, s.texts[secret]) {
			t.Errorf("%s is not in %s, where it is meant to be", secret, place)
		}
	}
	t.Logf("%d secrets, %d answers, %d files, %d bytes of log", len(s.texts), len(said), files, len(text))
}

// redirected is a file that gets what the node and its libraries print.
func redirected(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "printed"))
	if err != nil {
		t.Fatal(err)
	}
	out, errs := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = f, f
	t.Cleanup(func() {
		os.Stdout, os.Stderr = out, errs
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func found(t *testing.T, dir, place, secret string) bool {
	t.Helper()
	there := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.Contains(path, place) {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, form := range forms(secret) {
			there = there || bytes.Contains(raw, form)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// useEverySecret does what callers do with their secrets, rightly and wrongly, and
// returns the answers that have no business with them. The secrets get their names.
func (r *running) useEverySecret(t *testing.T, texts map[string]string) map[string][]byte {
	t.Helper()
	v, said := r.visit(), map[string][]byte{}
	body := v.proof(t, ethereumPerson(t), "shop", true)
	verified := v.must(t, http.StatusOK, http.MethodPost, "/v1/auth/verify", body)
	next := v.must(t, http.StatusOK, http.MethodPost, "/v1/auth/refresh", refreshBody(verified.text("refresh_token")))
	owner := v.with(next.text("access_token"))
	unspent := v.proof(t, solanaPerson(t), "shop", false)
	key := owner.must(t, http.StatusCreated, http.MethodPost, "/v1/auth/keys", map[string]any{})
	ticket := owner.must(t, http.StatusOK, http.MethodPost, "/v1/ws-ticket", map[string]any{}).text("ticket")
	invited, err := r.Invite(t.Context(), core.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{
		"the spent nonce": body["nonce"], "the signature": body["signature"], "a nonce": unspent["nonce"], "a signature of Solana": unspent["signature"],
		"an access token": verified.text("access_token"), "another access token": next.text("access_token"), "a refresh token": verified.text("refresh_token"),
		"another refresh token": next.text("refresh_token"), "an API key": key.text("api_key"), "a socket's ticket": ticket,
		"a key's token": v.with(key.text("api_key")).must(t, http.StatusOK, http.MethodPost, "/v1/auth/token", map[string]any{}).text("access_token"),
		"an invitation": invited.Text,
	} {
		if texts[name], _ = value.(string); len(texts[name]) < 16 { //nolint:errcheck // what is no text is too short
			t.Fatalf("%s is %q", name, value)
		}
	}
	// As they should be sent, and over a socket also where older clients put them.
	for _, path := range []string{"token=" + owner.credential, "api_key=" + key.text("api_key")} {
		if conn, status := v.socket(t, "/v1/pubsub/ws?topic=t&"+path); conn == nil {
			t.Errorf("no socket: %d", status)
		}
	}
	dialer := websocket.Dialer{Subprotocols: []string{"debros.raw.v1", "ticket." + ticket}}
	conn, resp, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(v.base, "http")+"/v1/pubsub/ws?topic=t", nil) //nolint:bodyclose // the socket has taken it
	if err != nil {
		t.Fatal(err)
	}
	said["a socket by ticket"] = fmt.Append(nil, resp.Header)
	if err = conn.Close(); err != nil {
		t.Error(err)
	}
	c := r.operator(t)
	if err = c.Storage().Put(t.Context(), "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	// In wrong places, altered, and too often: an error does not repeat it.
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		text := texts[name]
		for what, answer := range map[string]reply{
			"as a credential, cut":  v.with(text[:len(text)-1]).trying(t, http.MethodGet, "/v1/storage/get?key=k", nil),
			"as a longer one":       v.with(text+"x").trying(t, http.MethodGet, "/v1/auth/whoami", nil),
			"in a path":             v.trying(t, http.MethodGet, "/v1/"+url.PathEscape(text), nil),
			"in a query":            v.trying(t, http.MethodGet, "/v1/storage/get?key=k&api_key="+url.QueryEscape(text)+"&token="+url.QueryEscape(text), nil),
			"as a namespace":        owner.trying(t, http.MethodGet, "/v1/storage/get?key=k&namespace="+url.QueryEscape(text), nil),
			"as a refresh token":    v.trying(t, http.MethodPost, "/v1/auth/refresh", refreshBody(text[:len(text)-1]+"~")),
			"in a broken body":      v.trying(t, http.MethodPost, "/v1/auth/verify", `{"nonce":"`+url.QueryEscape(text)+`"`),
			"as a nonce":            v.trying(t, http.MethodPost, "/v1/auth/verify", map[string]any{"wallet": ethereumPerson(t).wallet(), "nonce": text + "x", "signature": text}),
			"as a wallet":           v.trying(t, http.MethodPost, "/v1/auth/challenge", map[string]any{"wallet": text}),
			"as a key's id":         owner.trying(t, http.MethodDelete, "/v1/auth/keys/"+url.PathEscape(text), nil),
			"as a session's id":     owner.trying(t, http.MethodDelete, "/v1/auth/sessions/"+url.PathEscape(text), nil),
			"as an app's id":        owner.trying(t, http.MethodPut, "/v1/apps/"+url.PathEscape(text), map[string]any{"name": "x"}),
			"as a new namespace":    owner.trying(t, http.MethodPost, "/v1/namespaces", map[string]any{"name": text}),
			"as somebody's wallet":  owner.trying(t, http.MethodPost, "/v1/namespaces/shop/grants", map[string]any{"subject": text, "role": "reader"}),
			"as SQL":                owner.trying(t, http.MethodPost, "/v1/db/query", map[string]any{"sql": "SELECT '" + text}),
			"as a method of a call": v.trying(t, "BREW", "/v1/storage/get?token="+url.QueryEscape(text), nil),
		} {
			if answer.status < http.StatusBadRequest {
				t.Errorf("%s %s: %d", name, what, answer.status)
			}
			said[name+" "+what] = answer.body
		}
	}
	v.must(t, http.StatusOK, http.MethodPost, "/v1/auth/logout", refreshBody(next.text("refresh_token")))
	return said
}

// trying is send for what is to be refused, also where no request can be made of it.
func (v visitor) trying(t *testing.T, method, path string, body any) reply {
	t.Helper()
	r, err := v.trySend(t, method, path, body)
	if err != nil {
		return reply{status: http.StatusBadRequest, body: []byte("the client refused it")}
	}
	return r
}

// What is in the data folder is for the person who runs the node and for nobody
// else on the computer.
func TestCanary_FilesAreForTheOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	n, err := tryStartLogging(t, dir, nil, logging.Settings{Level: "debug", File: filepath.Join(dir, "logs", "node.log")}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n.visit().signedIn(t, ethereumPerson(t), "shop").must(t, http.StatusCreated, http.MethodPost, "/v1/storage/put?key=k", []byte("v"))
	if info, errStat := os.Stat(dir); errStat != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data folder: %v, %v", info.Mode(), errStat)
	}
	files, groups := 0, 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if _, errStat := os.Stat(filepath.Join(path, "raft.db")); errStat == nil && info.Mode().Perm() == 0o700 {
			groups++
			return filepath.SkipDir // the engine makes its files as it likes; nobody else gets into their folder
		}
		files++
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", strings.TrimPrefix(path, dir), info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil || files < 10 || groups != 2 {
		t.Errorf("%d files, %d groups, %v", files, groups, err)
	}
}
