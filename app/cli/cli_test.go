package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

func thisProcess() int { return os.Getpid() }

// Scripts branch on the exit status; a wrong one makes them repeat what must
// not be repeated.
func TestMain_ExitStatus(t *testing.T) {
	for _, code := range core.Codes() {
		s := newScreen(t)
		s.node.fail = core.Errorf(code, "a sentence")
		if s.run("kv", "put", "k", "v"); s.status != code.ExitStatus() || s.out != "" || !strings.HasPrefix(s.err, "error: a sentence\n") {
			t.Errorf("%s: exit status %d, want %d; %q %q", code, s.status, code.ExitStatus(), s.out, s.err)
		}
	}
	tests := map[string]struct {
		args []string
		want int
	}{
		"a command that works":       {[]string{"kv", "put", "k", "v"}, 0},
		"no command":                 {nil, 0},
		"a group":                    {[]string{"kv"}, 0},
		"help":                       {[]string{"kv", "get", "--help"}, 0},
		"an unknown command":         {[]string{"kw"}, 2},
		"an unknown verb":            {[]string{"kv", "gte", "k"}, 2},
		"an unknown flag":            {[]string{"kv", "get", "k", "--colour"}, 2},
		"an unknown shared flag":     {[]string{"--nonsense"}, 2},
		"a missing argument":         {[]string{"kv", "get"}, 2},
		"an argument too many":       {[]string{"kv", "get", "a", "b"}, 2},
		"an unknown format":          {[]string{"status", "-o", "xml"}, 2},
		"an unknown level":           {[]string{"kv", "get", "k", "--level", "good"}, 2},
		"a bad duration":             {[]string{"status", "--timeout", "5"}, 2},
		"freshness without none":     {[]string{"kv", "ls", "--freshness", "1s"}, 2},
		"a bad namespace":            {[]string{"kv", "ls", "-n", "Bad!"}, 2},
		"the system's namespace":     {[]string{"kv", "ls", "-n", "system"}, 2},
		"flags that exclude":         {[]string{"kv", "put", "k", "v", "--if-absent", "--if-version", "3"}, 2},
		"a key that is not there":    {[]string{"kv", "get", "none"}, 3},
		"exists of one not there":    {[]string{"kv", "exists", "none"}, 3},
		"a file that is not there":   {[]string{"kv", "put", "k", "@/no/such/file"}, 3},
		"raw output of many values":  {[]string{"status", "-o", "raw"}, 2},
		"env output of a list":       {[]string{"peers", "ls", "-o", "env"}, 2},
		"a peer nobody knows":        {[]string{"peers", "show", "x"}, 3},
		"a prefix without --yes":     {[]string{"kv", "del", "--prefix", "a"}, 2},
		"an unknown key":             {[]string{"config", "get", "node.nonsense"}, 3},
		"SQL that may not be run":    {[]string{"sql", "batch", "ATTACH 'x' AS y"}, 2},
		"SQL that fails":             {[]string{"sql", "exec", "INSERT INTO nonsense VALUES (1)"}, 2},
		"a script that fails partly": {[]string{"sql", "batch", "--keep-going", "INSERT INTO a; INSERT INTO nonsense"}, 8},
		"a script that fails wholly": {[]string{"sql", "batch", "--keep-going", "INSERT INTO nonsense"}, 2},
		"a batch of nothing":         {[]string{"kv", "batch"}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t)
			if s.run(tt.args...); s.status != tt.want {
				t.Errorf("exit status %d, want %d: %s%s", s.status, tt.want, s.out, s.err)
			}
			if tt.want != 0 && tt.want != 3 && !strings.HasPrefix(s.err, "error: ") {
				t.Errorf("no word of error: %q", s.err)
			}
		})
	}
}

// 130 and 143 tell a calling script that it was ended and did not fail.
func TestMain_Signals(t *testing.T) {
	for signal, want := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&SignalError{Signal: signal})
		s := newScreen(t)
		s.ctx = ctx
		if s.run("pubsub", "sub", "news"); s.status != want {
			t.Errorf("%v: exit status %d, want %d", signal, s.status, want)
		}
		// A node's ordinary end is a signal.
		s.start = func(ctx context.Context, _ NodeStart, _ func(string)) error {
			<-ctx.Done()
			return nil
		}
		if s.run("node", "start"); s.status != 0 {
			t.Errorf("node start ended by %v: exit status %d: %s", signal, s.status, s.err)
		}
	}
}

// Who mistypes must be told what to type.
func TestErrors_SayWhatToTypeNext(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"a mistyped group":  {[]string{"psub"}, "there is no command 'debros psub'; did you mean 'debros pubsub'?"},
		"a mistyped verb":   {[]string{"kv", "lst"}, "did you mean 'debros kv ls'?"},
		"nothing near":      {[]string{"xyzzy"}, "see 'debros --help'"},
		"a mistyped flag":   {[]string{"kv", "get", "k", "--lvel=none"}, "unknown flag: --lvel; see 'debros kv get --help'"},
		"a missing word":    {[]string{"kv", "put"}, "KEY is missing; write 'debros kv put KEY [VALUE]'"},
		"one word too many": {[]string{"pubsub", "pub", "t", "a", "b"}, `"b" is one argument too many; write 'debros pubsub pub TOPIC [DATA]' (text with spaces needs quotes)`},
		"a flag's value":    {[]string{"node", "start", "--mdns", "false"}, "a flag is turned off with '=': --mdns=false"},
		"a bare number":     {[]string{"status", "--timeout", "5"}, "write a number with a unit, such as 30s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if s := newScreen(t).run(tt.args...); !strings.Contains(s.err, tt.want) {
				t.Errorf("%q lacks %q", s.err, tt.want)
			}
		})
	}
	t.Run("no node", func(t *testing.T) {
		s := newScreen(t)
		s.dir = t.TempDir()
		if s.run("status"); s.status != 5 || !strings.Contains(s.err, "start one with 'debros node start'") {
			t.Errorf("exit status %d: %s", s.status, s.err)
		}
	})
	t.Run("a node that crashed", func(t *testing.T) {
		s := newScreen(t)
		if err := config.WriteRunFile(s.dir, config.RunFile{PeerID: "x", PID: 1<<31 - 1}); err != nil {
			t.Fatal(err)
		}
		if s.run("status"); s.status != 5 || !strings.Contains(s.err, "ended without a word") {
			t.Errorf("exit status %d: %s", s.status, s.err)
		}
	})
	t.Run("a raw Go error", func(t *testing.T) {
		s := newScreen(t)
		s.node.fail = errors.New("dial tcp: lookup xyz")
		if s.run("status"); s.status != 1 || strings.Contains(s.err, "lookup") {
			t.Errorf("exit status %d: %s", s.status, s.err)
		}
		if s.run("status", "-v"); !strings.Contains(s.err, "cause: dial tcp: lookup xyz") {
			t.Errorf("-v does not tell the cause: %s", s.err)
		}
	})
	t.Run("as JSON", func(t *testing.T) {
		s := newScreen(t).run("kv", "get", "none", "-o", "json")
		var object struct {
			Schema      int
			Error, Code string
		}
		if err := json.Unmarshal([]byte(s.err), &object); err != nil || object.Schema != 1 || object.Code != "not_found" || object.Error == "" {
			t.Errorf("%q %v", s.err, err)
		}
	})
}

// A stranger's text on a terminal must stay text.
func TestTerminal_KeepsControlSequencesOut(t *testing.T) {
	s := newScreen(t)
	s.terminal = true
	s.env["NO_COLOR"] = "1"
	evil := "\x1b[2J\x07evil\u009b"
	s.node.items[evil] = core.Item{Key: evil, Value: []byte(evil)}
	s.node.peers = []core.Peer{{ID: "12D3", Agent: evil, Connected: true}}
	s.node.logs = []core.LogEntry{{Seq: 1, Message: "m", Attrs: map[string]string{"agent": evil}}}
	for _, args := range [][]string{{"kv", "ls"}, {"kv", "get", evil}, {"peers"}, {"peers", "show", "12D3"}, {"node", "logs"}, {"sql", "query", "SELECT 1"}, {"kv", "get", evil + "none"}} {
		if s.run(args...); strings.ContainsAny(s.out+s.err, "\x1b\x07\u009b") {
			t.Errorf("%q: %q %q", args, s.out, s.err)
		}
	}
}

// Colours are for terminals, and for nobody who said no.
func TestColor(t *testing.T) {
	tests := map[string]struct {
		terminal bool
		env      string
		flag     string
		want     bool
	}{
		"a terminal":              {true, "", "", true},
		"a pipe":                  {false, "", "", false},
		"NO_COLOR":                {true, "1", "", false},
		"NO_COLOR, but always":    {true, "1", "always", true},
		"a pipe, but always":      {false, "", "always", true},
		"a terminal, but never":   {true, "", "never", false},
		"a terminal, by decision": {true, "", "auto", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t)
			s.terminal = tt.terminal
			s.env["NO_COLOR"] = tt.env
			args := []string{"health", "-o", "table"}
			if tt.flag != "" {
				args = append(args, "--color", tt.flag)
			}
			if s.run(args...); strings.Contains(s.out, "\x1b[") != tt.want {
				t.Errorf("%q", s.out)
			}
		})
	}
}

// The credential goes to the node and nowhere else.
func TestCredential_IsNeverShown(t *testing.T) {
	s := newScreen(t)
	key, err := config.LoadOperatorKey(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.run("status"); s.node.dialled.credential != key || s.node.dialled.addresses[0] != "/ip4/127.0.0.1/tcp/1/p2p/12D3me" {
		t.Errorf("dialled %v", s.node.dialled)
	}
	s.env["DEBROS_CREDENTIAL"] = canary
	s.env["GATEWAY_API_KEYS"] = canary + canary + ":shop"
	s.env["DEBROS_PROXY_PASSWORD"] = canary
	s.env["ANYONE_SOCKS5"] = "127.0.0.1:9050"
	if s.run("status", "-v"); s.node.dialled.credential.Reveal() != canary {
		t.Error("DEBROS_CREDENTIAL was not used")
	}
	var seen strings.Builder
	for _, args := range [][]string{
		{"config", "show"},
		{"config", "show", "-o", "json"},
		{"config", "get", "gateway.api_keys"},
		{"config", "get", "proxy.password", "-o", "json"},
		{"config", "check"},
		{"status", "-v"},
		{"status", "-o", "json"},
		{"health"},
		{"peer-id", "-o", "yaml"},
		{"node", "logs"},
		{"version"},
	} {
		s.run(args...)
		if s.status != 0 {
			t.Errorf("%v: %s", args, s.err)
		}
		seen.WriteString(s.out + s.err)
	}
	s.node.fail = core.Wrap(core.Denied, fmt.Errorf("credential %v", core.Secret(canary)), "no")
	s.run("status", "-v")
	seen.WriteString(s.out + s.err)
	if text := seen.String(); strings.Contains(text, canary) || strings.Contains(text, key.Reveal()) {
		t.Errorf("a secret is shown: %s", text)
	}
	if err := os.Chmod(filepath.Join(s.dir, config.OperatorKeyName), 0o644); err != nil {
		t.Fatal(err)
	}
	delete(s.env, "DEBROS_CREDENTIAL")
	if s.run("status"); s.status != 4 || !strings.Contains(s.err, "read by others") {
		t.Errorf("a key that others can read: %d %s", s.status, s.err)
	}
}

// --peer reaches another node, and needs no data folder.
func TestPeerFlag(t *testing.T) {
	s := newScreen(t)
	s.dir = filepath.Join(t.TempDir(), "none")
	s.env["DEBROS_NAMESPACE"] = "shop"
	if s.run("status", "--peer", "/ip4/10.0.0.1/tcp/1/p2p/12D3x"); s.status != 0 || s.node.dialled.addresses[0] != "/ip4/10.0.0.1/tcp/1/p2p/12D3x" || s.node.dialled.namespace != "shop" {
		t.Errorf("%d %s, dialled %v", s.status, s.err, s.node.dialled)
	}
}

// The names of the original command line still work, and are not advertised.
func TestOldNames(t *testing.T) {
	s := newScreen(t)
	s.node.peers = []core.Peer{{ID: "12D3a", Connected: true}}
	for _, args := range [][]string{
		{"storage", "put", "k", "v"},
		{"storage", "get", "k"},
		{"storage", "list"},
		{"storage", "exists", "k"},
		{"storage", "delete", "k"},
		{"query", "SELECT 1"},
		{"connect", "/ip4/10.0.0.1/tcp/1/p2p/12D3x"},
		{"peers"},
		{"pubsub", "topics"},
	} {
		if s.run(args...); s.status != 0 {
			t.Errorf("%v: %d %s", args, s.status, s.err)
		}
	}
	s.run("--help")
	for _, old := range []string{"storage", "\n  query", "\n  connect"} {
		if strings.Contains(s.out, old) {
			t.Errorf("the help lists %q", old)
		}
	}
}
