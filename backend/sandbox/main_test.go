package sandbox_test

// This file makes the test binary a program that runs nodes, so that the tests
// have real processes.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/gologshim"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/logging"
	"git.debros.io/DeBros/network/backend/node"
	"git.debros.io/DeBros/network/backend/sandbox"
)

// nodeMark in the environment makes this binary run "node start".
const nodeMark = "SANDBOX_TEST_PARENT"

func TestMain(m *testing.M) {
	if parent := os.Getenv(nodeMark); parent != "" {
		if err := runNode(parent); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// runNode is "node start --data-dir DIR", until a signal or the end of the test
// that started it.
func runNode(parent string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go orphaned(ctx, parent)
	if len(os.Args) != 5 || os.Args[3] != "--data-dir" {
		return fmt.Errorf("unexpected arguments %q", os.Args)
	}
	loaded, err := config.Load(config.Sources{Flags: map[string]string{"data-dir": os.Args[4]}})
	if err != nil {
		return err
	}
	folder, err := node.Claim(loaded.Config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Release()) }()
	logs, err := logging.New(logging.Settings{Level: loaded.Config.Logging.Level, Levels: map[string]string{"libp2p": "error"}}, os.Stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	gologshim.SetDefaultHandler(logs.Logger("libp2p").Handler())
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	os.Stderr = null // parts of rqlite know nothing else to write to
	n, err := node.Open(ctx, folder, loaded, node.Build{Version: "test"}, logs)
	if err != nil {
		return err
	}
	return n.Run(ctx, nil, func() {})
}

// orphaned ends the node when the test that started it is gone.
func orphaned(ctx context.Context, parent string) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if fmt.Sprint(os.Getppid()) != parent {
				os.Exit(3)
			}
		}
	}
}

// settings are those of a sandbox whose nodes are this test binary.
func settings(t testing.TB, nodes int) sandbox.Settings {
	t.Helper()
	return sandbox.Settings{
		DataDir: t.TempDir(), Nodes: nodes, Program: []string{os.Args[0]},
		Environ: append(os.Environ(), nodeMark+"="+fmt.Sprint(os.Getpid())),
	}
}

// up starts a sandbox and ends it with the test.
func up(t testing.TB, s sandbox.Settings) (*sandbox.Sandbox, sandbox.Report) {
	t.Helper()
	b, err := sandbox.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if downErr := b.Down(ctx); downErr != nil {
			t.Error(downErr)
		}
		if t.Failed() {
			logs(t, b)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), sandbox.DefaultTimeout)
	defer cancel()
	report, err := b.Up(ctx, func(step string) { t.Log(step) })
	if err != nil {
		logs(t, b)
		t.Fatal(err)
	}
	return b, report
}

// logs shows the end of every node's log.
func logs(t testing.TB, b *sandbox.Sandbox) {
	t.Helper()
	for _, n := range b.Nodes() {
		lines, err := n.Log(15)
		if err != nil {
			t.Error(err)
		}
		for _, line := range lines {
			t.Log(n.Name(), line)
		}
	}
}
