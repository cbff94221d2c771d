package sandbox_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sandbox"
)

// What a sandbox promises to whoever starts it, with one node: it works when Up
// returns, keeps its data, is found by a later process, and goes when asked.
func TestSandbox_Life(t *testing.T) {
	s := settings(t, 1)
	b, report := up(t, s)
	if report.Running != 1 || report.Network == "" || !report.Nodes[0].Leader || !strings.HasPrefix(report.APIKey, "ak_") || len(report.Checks) != 3 {
		t.Errorf("report: %+v", report)
	}
	for _, n := range report.Nodes {
		if !strings.HasPrefix(n.P2P, "/ip4/127.0.0.1/") || !strings.HasPrefix(n.Gateway, "http://127.0.0.1:") {
			t.Errorf("%s is not on loopback: %s, %s", n.Name, n.P2P, n.Gateway)
		}
	}
	info, err := os.Stat(filepath.Join(report.Dir, "state.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("state.json holds the key: %v, %v", info.Mode(), err)
	}
	node := b.Nodes()[0]
	app, err := node.Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err = app.Storage().Put(t.Context(), "k", []byte("kept")); err != nil {
		t.Error(err)
	}
	if err = app.Disconnect(); err != nil {
		t.Error(err)
	}

	// A later process finds the running node and its own way around.
	later, err := sandbox.Find(s)
	if err != nil {
		t.Fatal(err)
	}
	status, err := later.Status(t.Context())
	if err != nil || status.Running != 1 || status.Nodes[0].PID != node.PID() || status.APIKey != report.APIKey {
		t.Errorf("found %+v, %v", status, err)
	}
	variables, err := later.Env(t.Context())
	if err != nil || len(variables) == 0 {
		t.Errorf("environment: %v, %v", variables, err)
	}
	if err = later.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err = b.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err = later.Env(t.Context()); core.CodeOf(err) != core.Unavailable {
		t.Errorf("environment of a stopped sandbox: %v", err)
	}

	// Killed, it starts again with what it had, under the same address.
	again, second := up(t, s)
	if err = again.Nodes()[0].Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err = again.Nodes()[0].Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := again.Nodes()[0].Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if value, err := c.Storage().Get(t.Context(), "k"); err != nil || string(value) != "kept" || second.Nodes[0].P2P != report.Nodes[0].P2P {
		t.Errorf("kept %q, %v at %s", value, err, second.Nodes[0].P2P)
	}
	if err := again.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(report.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", report.Dir, err)
	}
	if _, err := sandbox.Find(s); core.CodeOf(err) != core.NotFound {
		t.Errorf("found what was dropped: %v", err)
	}
}

// Whoever starts a sandbox that cannot start must see why.
func TestSandbox_FailedStartNamesTheNode(t *testing.T) {
	s := settings(t, 1)
	s.Config = map[string]string{"node.max_connections": "-5"}
	b, err := sandbox.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Up(t.Context(), nil)
	start, ok := errors.AsType[*sandbox.StartError](err)
	if !ok || start.Node != "node-1" || !strings.Contains(strings.Join(start.Tail, "\n"), "max_connections") {
		t.Errorf("%#v", err)
	}
	if b.Running() {
		t.Error("a failed start left a node behind")
	}
}

// A process that got the number of a node that died must not be touched.
func TestSandbox_SparesStrangers(t *testing.T) {
	s := settings(t, 1)
	b, _ := up(t, s)
	if err := b.Nodes()[0].Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(b.Dir(), "state.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// This very test is the stranger.
	text = []byte(strings.Replace(string(text), `"pid": `, `"pid": `+strconv.Itoa(os.Getpid())+`, "old": `, 1))
	if err = os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	later, err := sandbox.Find(s)
	if err != nil {
		t.Fatal(err)
	}
	if later.Running() {
		t.Error("takes a stranger for its node")
	}
	if err := later.Down(t.Context()); err != nil {
		t.Error(err)
	}
}

// A node that was paused hears nothing; Down must end it all the same, in time.
func TestSandbox_DownEndsPausedNodes(t *testing.T) {
	s := settings(t, 1)
	s.Ephemeral = true
	b, report := up(t, s)
	if err := b.Nodes()[0].Pause(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := b.Down(context.Background()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second || b.Running() {
		t.Errorf("took %v, running: %v", took, b.Running())
	}
	if _, err := os.Stat(report.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an ephemeral sandbox left %s: %v", report.Dir, err)
	}
}

func TestOpen_Refuses(t *testing.T) {
	for name, change := range map[string]func(*sandbox.Settings){
		"name": func(s *sandbox.Settings) { s.Name = "../x" }, "nodes": func(s *sandbox.Settings) { s.Nodes = 17 },
		"folder": func(s *sandbox.Settings) { s.DataDir = "here" }, "program": func(s *sandbox.Settings) { s.Program = nil },
	} {
		s := settings(t, 1)
		change(&s)
		if _, err := sandbox.Open(s); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
