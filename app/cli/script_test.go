package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/gologshim"
	"github.com/rogpeppe/go-internal/testscript"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/logging"
	nodepkg "git.debros.io/DeBros/network/backend/node"
	"git.debros.io/DeBros/network/backend/sandbox"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"debros": debros})
}

// debros is the program as the transcripts run it: this package with a real
// node, but without a page.
func debros() {
	ctx, stop := NotifyContext(context.Background())
	env := SystemEnv()
	env.Program = Program{
		Build: Build{Version: "1.2.3-test", Commit: "abc"}, Start: startReal, SplitSQL: nodepkg.SplitSQL, Limits: nodepkg.Limits,
		Executable: func() (string, error) { return exec.LookPath("debros") },
		OpenURL:    func(context.Context, string) error { return core.Errorf(core.Unavailable, "there is no browser here") },
	}
	status := Main(ctx, env)
	stop()
	os.Exit(status)
}

func startReal(ctx context.Context, s NodeStart, ready func(string)) (err error) {
	c := s.Loaded.Config
	folder, err := nodepkg.Claim(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Release()) }()
	logs, err := logging.New(logging.Settings{Level: c.Logging.Level, Format: c.Logging.Format, File: c.LogFile(), Color: s.Color}, s.Console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	gologshim.SetDefaultHandler(logs.Logger("libp2p").Handler())
	n, err := nodepkg.Open(ctx, folder, s.Loaded, nodepkg.Build{Version: "1.2.3-test"}, logs)
	if err != nil {
		return err
	}
	return n.Run(ctx, nil, func() { ready("") })
}

// What a person types, with a real node behind it. A transcript that breaks is
// a promise of the manual that broke. "go test ./app/cli -run Transcripts/NAME"
// runs one.
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DEBROS_DATA_DIR", e.WorkDir+"/node")
			e.Setenv("DEBROS_NODE_LISTEN_ADDRESSES", "/ip4/127.0.0.1/tcp/0")
			e.Setenv("DEBROS_DISCOVERY_MDNS", "false")
			e.Setenv("GATEWAY_ADDR", "127.0.0.1:0")
			e.Setenv(userDirVariable, e.WorkDir+"/user")
			e.Setenv("FAKE_GATEWAY", newGatewayFake(t).URL)
			e.Defer(func() { endSandbox(t, e.WorkDir+"/node") })
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": status, "address": address, "absent": absent,
		},
	})
}

// endSandbox ends what a transcript that failed left running.
func endSandbox(t *testing.T, dataDir string) {
	b, err := sandbox.Find(sandbox.Settings{DataDir: dataDir, Program: []string{"debros"}})
	if core.CodeOf(err) == core.NotFound {
		return
	}
	if err == nil {
		err = b.Reset(context.Background())
	}
	if err != nil {
		t.Error(err)
	}
}

// status runs a command and compares its exit status: "status 3 debros kv get x".
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// address puts the address of the node on a data folder into a variable:
// "address A $WORK/a".
func address(ts *testscript.TestScript, _ bool, args []string) {
	run, err := config.ReadRunFile(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Setenv(args[0], run.P2P[0])
}

// absent fails when a text is in one of the files: "absent TEXT FILE…".
func absent(ts *testscript.TestScript, _ bool, args []string) {
	for _, file := range args[1:] {
		if strings.Contains(ts.ReadFile(file), args[0]) {
			ts.Fatalf("%s holds %q", file, args[0])
		}
	}
}
