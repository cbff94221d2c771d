package node_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// The whole path of the walking app, through the client as a program would go.
func TestNode_StoresQueriesAndTalks(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	c := n.operator(t)
	ctx := t.Context()

	value := []byte{0, 255, '\n', 0}
	if err := c.Storage().Put(ctx, "greeting", value); err != nil {
		t.Fatal(err)
	}
	got, err := c.Storage().Get(ctx, "greeting")
	if err != nil || !bytes.Equal(got, value) {
		t.Errorf("get: %q, %v", got, err)
	}
	keys, err := c.Storage().List(ctx, "gr")
	if err != nil || len(keys) != 1 || keys[0] != "greeting" {
		t.Errorf("list: %v, %v", keys, err)
	}
	if _, err = c.Database().Execute(ctx, "CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT)"); err != nil {
		t.Fatal(err)
	}
	if _, err = c.Database().Execute(ctx, "INSERT INTO people(name) VALUES (?)", "Ann"); err != nil {
		t.Fatal(err)
	}
	rows, err := c.Database().Query(ctx, "SELECT id, name FROM people")
	if err != nil || rows.Count != 1 || rows.Rows[0][1] != "Ann" {
		t.Errorf("query: %+v, %v", rows, err)
	}
	heard := make(chan string, 1)
	if err := c.PubSub().Subscribe(ctx, "news", func(_ string, data []byte) error {
		heard <- string(data)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.PubSub().Publish(ctx, "news", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if text := <-heard; text != "hello" {
		t.Errorf("heard %q", text)
	}
}

// What was acknowledged must be there after a restart, under the same identity.
func TestNode_RestartKeepsAll(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir, nil)
	c := first.operator(t)
	for i := range 50 {
		if err := c.Storage().Put(t.Context(), fmt.Sprintf("key/%02d", i), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	peerID := first.file.PeerID
	first.stop(t)
	if _, err := config.ReadRunFile(dir); core.CodeOf(err) != core.Unavailable {
		t.Errorf("run.json was left behind: %v", err)
	}
	second := start(t, dir, nil)
	if second.file.PeerID != peerID {
		t.Errorf("the peer id changed from %s to %s", peerID, second.file.PeerID)
	}
	keys, err := second.operator(t).Storage().List(t.Context(), "key/")
	if err != nil || len(keys) != 50 {
		t.Errorf("%d keys of 50, %v", len(keys), err)
	}
}

// A message that is published at one node must reach each subscriber of the
// other exactly once.
func TestNode_TwoNodesTalk(t *testing.T) {
	one := start(t, t.TempDir(), nil)
	two := start(t, t.TempDir(), func(c *config.Config) { c.Discovery.BootstrapPeers = one.file.P2P })
	if err := two.Connect(t.Context(), one.file.P2P[0]); err != nil {
		t.Fatal(err)
	}
	listener, speaker := two.operator(t), one.operator(t)
	const messages = 200
	var mu sync.Mutex
	seen := map[string]int{}
	all := make(chan struct{})
	if err := listener.PubSub().Subscribe(t.Context(), "news", func(_ string, data []byte) error {
		mu.Lock()
		defer mu.Unlock()
		seen[string(data)]++
		if len(seen) == messages {
			close(all)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i := range messages {
		if err := speaker.PubSub().Publish(t.Context(), "news", fmt.Appendf(nil, "message %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	<-all
	mu.Lock()
	defer mu.Unlock()
	for text, n := range seen {
		if n != 1 {
			t.Errorf("%s arrived %d times", text, n)
		}
	}
}

// Without this, everybody on the network could read and write everything.
func TestNode_Credentials(t *testing.T) {
	n := start(t, t.TempDir(), func(c *config.Config) {
		c.Gateway.APIKeys = []config.APIKey{{Key: "shop-key-0123456789abcdef", Namespace: "shop"}}
	})
	tests := map[string]struct {
		credential core.Secret
		namespace  string
		want       core.Code
	}{
		"none":                   {"", "shop", core.Unauthenticated},
		"unknown":                {"shop-key-0123456789abcdex", "shop", core.Unauthenticated},
		"key, own namespace":     {"shop-key-0123456789abcdef", "shop", ""},
		"key, other's namespace": {"shop-key-0123456789abcdef", "bank", core.Denied},
	}
	for name, test := range tests {
		c, err := n.tryClient(test.namespace, test.credential)
		if core.CodeOf(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if err := c.Storage().Put(t.Context(), "k", []byte("v")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.Network().ConnectToPeer(t.Context(), n.file.P2P[0]); core.CodeOf(err) != core.Denied {
			t.Errorf("%s: an API key may connect peers: %v", name, err)
		}
		if err := c.Disconnect(); err != nil {
			t.Error(err)
		}
	}
}

// On a machine of one's own, tools may do without a credential when asked to.
func TestNode_NoAuthOnLoopback(t *testing.T) {
	n := start(t, t.TempDir(), func(c *config.Config) { c.Gateway.RequireAuth, c.Gateway.Namespace = false, demo })
	c := n.client(t, "demo", "")
	if err := c.Storage().Put(t.Context(), "k", []byte("v")); err != nil {
		t.Error(err)
	}
	if err := c.Operator().Stop(t.Context()); core.CodeOf(err) != core.Denied {
		t.Errorf("a stranger may stop the node: %v", err)
	}
}

// A damaged file must be named and kept; a start that looks fine over lost data
// is the worst of all.
func TestNode_DamagedFiles(t *testing.T) {
	dir := t.TempDir()
	n := start(t, dir, nil)
	if err := n.operator(t).Storage().Put(t.Context(), "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	n.stop(t)
	for _, name := range []string{"identity.key", "operator.key", "format", "network"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("\x00garbage"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := tryStart(t, dir, nil); err == nil || !strings.Contains(core.Sentence(err), path) {
				t.Errorf("the error does not name the file: %v", err)
			}
			if kept, err := os.ReadFile(path); err != nil || string(kept) != "\x00garbage" {
				t.Errorf("the file was changed: %q, %v", kept, err)
			}
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	again := start(t, dir, nil)
	if got, err := again.operator(t).Storage().Get(t.Context(), "k"); err != nil || string(got) != "v" {
		t.Errorf("after all repairs: %q, %v", got, err)
	}
}

// A port that is taken must be told with its number and the way out.
func TestNode_TakenPorts(t *testing.T) {
	first := start(t, t.TempDir(), nil)
	tcp, _, _ := strings.Cut(first.file.P2P[0], "/p2p/")
	tests := map[string]func(*config.Config){
		"p2p":     func(c *config.Config) { c.Node.ListenAddresses = []string{tcp} },
		"gateway": func(c *config.Config) { c.Gateway.Addr = strings.TrimPrefix(first.file.Gateway, "http://") },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tryStart(t, t.TempDir(), change)
			if err == nil {
				t.Fatal("started on a taken port")
			}
			if !strings.Contains(err.Error(), "port 0") {
				t.Errorf("no way out is named: %v", err)
			}
		})
	}
}

// Load balancers and people ask these over HTTP.
func TestNode_GatewayAnswers(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	for path, field := range map[string]string{"/health": "status", "/v1/status": "network", "/v1/version": "version"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.file.Gateway+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var answer map[string]any
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != 200 || answer[field] == nil {
			t.Errorf("%s: %d %v %v", path, res.StatusCode, answer, err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// "debros node stop" ends the node as a signal would.
func TestNode_StopsWhenAsked(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	if err := n.operator(t).Operator().Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-n.ended; err != nil {
		t.Error(err)
	}
	n.ended <- nil // for the end of the test
}

// Nothing that a log or an answer shows may hold the key to the node.
func TestNode_ShowsNoSecret(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	key, err := config.LoadOperatorKey(n.dir)
	if err != nil {
		t.Fatal(err)
	}
	c := n.operator(t)
	status, err := c.Operator().Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	logs, err := c.Operator().Logs(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	seen := fmt.Sprintf("%+v %+v %+v", status, logs, n.ConfigValues())
	if strings.Contains(seen, key.Reveal()) {
		t.Error("the operator's key was shown")
	}
}

// A status that counts the command which asks for it says "1 peer" to somebody
// who is alone.
func TestNode_CountsNodesOnly(t *testing.T) {
	one := start(t, t.TempDir(), nil)
	c := one.operator(t)
	if status, err := c.Operator().Status(t.Context()); err != nil || status.Peers != 0 {
		t.Errorf("alone with a client: %d peers, %v", status.Peers, err)
	}
	two := start(t, t.TempDir(), nil)
	if err := two.Connect(t.Context(), one.file.P2P[0]); err != nil {
		t.Fatal(err)
	}
	for { // both ends tell each other what they speak just after connecting
		status, err := two.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if status.Peers == 1 {
			return
		}
		runtime.Gosched()
	}
}
