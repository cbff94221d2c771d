package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// Who starts a node must get what the flags say, and see where it is.
func TestNodeStart(t *testing.T) {
	s := newScreen(t)
	var got NodeStart
	s.start = func(_ context.Context, n NodeStart, ready func(string)) error {
		got = n
		ready("http://127.0.0.1:3/login?once=x")
		return nil
	}
	s.run("node", "start", "--listen", "/ip4/127.0.0.1/tcp/0", "--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--gateway-addr", "127.0.0.1:0",
		"--mdns=false", "--open", "--log-level", "debug", "--require-auth=false")
	c := got.Loaded.Config
	if s.status != 0 || len(c.Node.ListenAddresses) != 2 || c.Discovery.MDNS || !c.UI.Enabled || !got.Open || c.Logging.Level != "debug" || c.Gateway.RequireAuth || c.Node.DataDir != s.dir {
		t.Errorf("%d %s: %+v", s.status, s.err, c)
	}
	for _, want := range []string{"12D3me", "/ip4/127.0.0.1/tcp/1/p2p/12D3me", "http://127.0.0.1:2", "once=x", s.dir} {
		if !strings.Contains(s.err, want) || s.out != "" {
			t.Errorf("%q is not announced: %q %q", want, s.err, s.out)
		}
	}
	for _, args := range [][]string{{"--join", "x"}, {"--listen", "nonsense"}, {"--require-auth=false"}} {
		if s.run(append([]string{"node", "start"}, args...)...); s.status != 2 {
			t.Errorf("%v: %d %s", args, s.status, s.err)
		}
	}
}

// A node that was told to end has ended when the command returns.
func TestNodeStop(t *testing.T) {
	s := newScreen(t)
	if s.run("node", "stop", "--timeout", "300ms"); s.status != 5 || !s.node.stopped || !strings.Contains(s.err, "still runs") {
		t.Errorf("a node that does not end: %d %s", s.status, s.err)
	}
	time.AfterFunc(200*time.Millisecond, func() {
		if err := config.RemoveRunFile(s.dir); err != nil {
			t.Error(err)
		}
	})
	if s.run("node", "stop"); s.status != 0 || !strings.Contains(s.out, `"stopped": true`) {
		t.Errorf("%d %s%s", s.status, s.out, s.err)
	}
}

// --wait bridges the moment until a node that was just started is there.
func TestNodeWait(t *testing.T) {
	s := newScreen(t)
	run, err := config.ReadRunFile(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := config.RemoveRunFile(s.dir); err != nil {
		t.Fatal(err)
	}
	if s.run("node", "wait", "--timeout", "200ms"); s.status != 5 {
		t.Errorf("without a node: %d %s", s.status, s.err)
	}
	time.AfterFunc(300*time.Millisecond, func() {
		if err := config.WriteRunFile(s.dir, run); err != nil {
			t.Error(err)
		}
	})
	if s.run("status", "--wait", "30s", "-o", "json"); s.status != 0 {
		t.Errorf("--wait: %d %s", s.status, s.err)
	}
	s.node.health.State = core.StateDown
	if s.run("health"); s.status != 5 {
		t.Errorf("a node that is down: %d", s.status)
	}
}

// The log tells what happened; following it must show what was missed.
func TestNodeLogs(t *testing.T) {
	s := newScreen(t)
	for i := range 5 {
		level := []string{"info", "warn"}[i%2]
		s.node.logs = append(s.node.logs, core.LogEntry{Seq: uint64(i + 1), Time: time.Unix(1700000000, 0), Level: level, Part: "p2p", Message: fmt.Sprintf("m%d", i), Attrs: map[string]string{"b": "2", "a": "x y"}})
	}
	if s.run("node", "logs", "--min-level", "warn", "--lines", "1"); !strings.Contains(s.out, `"message":"m3","attrs":{"a":"x y","b":"2"}`) || strings.Contains(s.out, "m1") {
		t.Errorf("%q", s.out)
	}
	if s.run("node", "logs", "-o", "table", "--search", "m4"); !strings.Contains(s.out, `INFO  p2p        m4 a="x y" b=2`) {
		t.Errorf("%q", s.out)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	s.ctx = ctx
	time.AfterFunc(2*logRhythm, func() { cancel(&SignalError{Signal: os.Interrupt}) })
	if s.run("node", "logs", "-f"); s.status != 130 || strings.Count(s.out, "\n") != 5 {
		t.Errorf("%d %q", s.status, s.out)
	}
}

// The configuration commands answer without a node.
func TestConfig(t *testing.T) {
	s := newScreen(t)
	path := filepath.Join(s.dir, "node.yaml")
	if s.run("config", "path"); s.out != path+"\n" {
		t.Errorf("%q", s.out)
	}
	if s.run("config", "init"); s.status != 0 {
		t.Error(s.err)
	}
	if s.run("config", "init"); s.status != 7 || !strings.Contains(s.err, "stays as it is") {
		t.Errorf("%d %s", s.status, s.err)
	}
	if s.run("config", "get", "gateway.addr"); s.out != "127.0.0.1:6001\n" {
		t.Errorf("%q", s.out)
	}
	if s.run("config", "show", "--changed", "--log-level", "debug", "-o", "csv"); s.out != "name,value,origin\nnode.data_dir,"+s.dir+",flag --data-dir\nlogging.level,debug,flag --log-level\n" {
		t.Errorf("%q %s", s.out, s.err)
	}
	if err := os.WriteFile(path, []byte("logging:\n  leevel: info\ndatabase:\n  rqlite_raft_port: 7001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.run("config", "check"); s.status != 2 || !strings.Contains(s.err, "logging.leevel (node.yaml line 2): there is no such key; did you mean logging.level?") {
		t.Errorf("%d %s", s.status, s.err)
	}
	if s.run("config", "check", "-o", "jsonl"); s.status != 2 || !strings.Contains(s.out, `"key":"logging.leevel","origin":"node.yaml line 2"`) {
		t.Errorf("%d %s %s", s.status, s.out, s.err)
	}
	// A running node stays reachable while its file is being edited.
	if s.run("status"); s.status != 0 {
		t.Error(s.err)
	}
	if err := os.WriteFile(path, []byte("database:\n  rqlite_raft_port: 7001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.run("config", "check"); s.status != 0 || !strings.Contains(s.err, "notice: database.rqlite_raft_port (node.yaml line 2) decides nothing: Raft runs on libp2p") {
		t.Errorf("%d %s", s.status, s.err)
	}
}

// Completion that hangs or writes errors spoils the prompt.
func TestCompletion(t *testing.T) {
	s := newScreen(t)
	s.run("kv", "put", "color", "red")
	s.node.peers = []core.Peer{{ID: "12D3a", Agent: "debros/1"}}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"kv", "get", "c"}, "color\n"},
		{[]string{"sql", "schema", ""}, "users\n"},
		{[]string{"pubsub", "sub", ""}, "jobs\n"},
		{[]string{"peers", "show", ""}, "12D3a\tdebros/1\n"},
		{[]string{"config", "get", "gate"}, "gateway.addr\t"},
		{[]string{"node", "start", "--log-level", ""}, "debug\n"},
		{[]string{"status", "-o", ""}, "jsonl\n"},
	} {
		if s.run(append([]string{"__complete"}, tt.args...)...); !strings.Contains(s.out, tt.want) {
			t.Errorf("%v: %q %q", tt.args, s.out, s.err)
		}
	}
	s.dir = t.TempDir()
	start := time.Now()
	if s.run("__complete", "kv", "get", ""); strings.Contains(s.out, "color") || time.Since(start) > time.Second {
		t.Errorf("without a node, after %v: %q", time.Since(start), s.out)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if s.run("completion", shell); s.status != 0 || len(s.out) < 1000 {
			t.Errorf("%s: %d %s", shell, s.status, s.err)
		}
	}
}
