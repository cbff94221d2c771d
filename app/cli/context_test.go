package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

const peerOfLab = "/ip4/203.0.113.7/tcp/4001/p2p/12D3lab"

// A command that goes to another place than the person thinks changes the wrong
// data.
func TestContext_DecidesWhereCommandsGo(t *testing.T) {
	s := newScreen(t)
	s.noDir = true
	s.run("context", "add", "lab", "--peer", peerOfLab, "--namespace", "red")
	if s.status != 0 {
		t.Fatalf("add: %d %s", s.status, s.err)
	}
	const local = "/ip4/127.0.0.1/tcp/1/p2p/12D3me"
	went := func(wantAddress, wantNamespace string, args ...string) {
		t.Helper()
		s.node.dialled = target{}
		s.run(append([]string{"kv", "ls"}, args...)...)
		if d := s.node.dialled; s.status != 0 || d.addresses[0] != wantAddress || string(d.namespace) != wantNamespace {
			t.Errorf("%v went to %v %q: %d %s", args, d.addresses, d.namespace, s.status, s.err)
		}
	}
	went(local, "default")
	went(peerOfLab, "red", "--context", "lab")
	went(peerOfLab, "blue", "--context", "lab", "-n", "blue")
	s.env["DEBROS_CONTEXT"] = "lab"
	went(peerOfLab, "red")
	went(local, "default", "--context", "local")
	delete(s.env, "DEBROS_CONTEXT")
	s.run("context", "use", "lab")
	went(peerOfLab, "red")
	went(local, "default", "--data-dir", s.dir)
	s.run("ns", "use", "green")
	went(peerOfLab, "green")
	if s.run("context", "ls", "-o", "csv"); !strings.Contains(s.out, "lab,true,,"+peerOfLab+",green") || !strings.Contains(s.out, "local,false") {
		t.Errorf("ls: %s", s.out)
	}
	s.run("context", "use", "local")
	s.run("ns", "use", "mine")
	went(local, "mine")
	s.run("context", "use", "lab")
	s.run("context", "rm", "lab")
	went(local, "mine")
	for args, want := range map[string]int{
		"context use nowhere": 3, "context rm nowhere": 3, "kv ls --context nowhere": 3, "context add lab": 2,
		"context add local --peer " + peerOfLab: 2, "context add A/B --peer " + peerOfLab: 2,
	} {
		if s.run(strings.Fields(args)...); s.status != want {
			t.Errorf("%s: %d, want %d: %s", args, s.status, want, s.err)
		}
	}
}

// The operator's key opens everything on its node, so no other node may see it.
func TestContext_KeepsCredentialsApart(t *testing.T) {
	s := newScreen(t)
	s.run("context", "add", "lab", "--peer", peerOfLab)
	if s.run("kv", "ls", "--context", "lab"); s.node.dialled.credential != "" {
		t.Error("the operator's key went to another node")
	}
	s.stdin = canary + "\n"
	if s.run("auth", "login", "--key", "--context", "lab"); s.status != 0 || s.node.dialled.credential.Reveal() != canary || strings.Contains(s.out+s.err, canary) {
		t.Errorf("login with a key: %d %s %s", s.status, s.out, s.err)
	}
	if s.run("kv", "ls", "--context", "lab"); s.node.dialled.credential.Reveal() != canary {
		t.Error("the key of the context was not used")
	}
	if s.run("kv", "ls", "--context", "lab", "--peer", "/ip4/10.0.0.1/tcp/1/p2p/12D3x"); s.node.dialled.credential != "" {
		t.Error("the key of the context went to a node that is not in it")
	}
	if s.run("kv", "ls"); s.node.dialled.credential.Reveal() == canary {
		t.Error("the key of the context went to the local node")
	}
	s.run("context", "add", "lab", "--peer", "/ip4/10.0.0.9/tcp/1/p2p/12D3y")
	if s.run("kv", "ls", "--context", "lab"); s.node.dialled.addresses[0] == peerOfLab || s.node.dialled.credential != "" {
		t.Error("the key went to other nodes that took over the name")
	}
	if s.run("node", "stop", "--context", "lab"); s.status != 0 || !s.node.stopped {
		t.Errorf("stop another node: %d %s", s.status, s.err)
	}
}

// A URL that loses the credential on the way is refused before it is used.
func TestContext_GatewayURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://Gateway.Example:6001/": "https://gateway.example:6001", "http://127.0.0.1:6001": "http://127.0.0.1:6001", "http://[::1]:6001": "http://[::1]:6001", "http://localhost:6001": "http://localhost:6001",
		"http://gateway.example": "", "http://127.0.0.1.evil.example": "", "http://localhost.evil.example": "", "ftp://127.0.0.1": "", "gateway.example:6001": "",
		"https://ann:secret@gateway.example": "", "https://gateway.example/path": "", "https://gateway.example?x=1": "", "https://": "",
	} {
		got, err := gatewayBase(text, false)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
		if err != nil && strings.Contains(core.Sentence(err), "secret") {
			t.Errorf("%s: a password is repeated", text)
		}
	}
	if got, err := gatewayBase("http://10.0.0.1:6001", true); err != nil || got != "http://10.0.0.1:6001" {
		t.Errorf("with --allow-clear: %q, %v", got, err)
	}
}

// What others can read or change is not believed, and a damaged file is named.
func TestUserFiles(t *testing.T) {
	s := newScreen(t)
	s.run("context", "add", "lab", "--peer", peerOfLab)
	path := filepath.Join(s.env[userDirVariable], profileName)
	for _, p := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(p)
		if err != nil || openToOthers(info) {
			t.Errorf("%s: %v %v", p, info.Mode(), err)
		}
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.run("kv", "ls"); s.status != 2 || !strings.Contains(s.err, path) {
		t.Errorf("a damaged file: %d %s", s.status, s.err)
	}
	s.env = map[string]string{}
	if s.run("version"); s.status != 0 {
		t.Errorf("without a home: %d %s", s.status, s.err)
	}
	if s.run("context", "add", "lab", "--peer", peerOfLab); s.status != 2 || !strings.Contains(s.err, userDirVariable) {
		t.Errorf("without a home nothing is saved: %d %s", s.status, s.err)
	}
}
