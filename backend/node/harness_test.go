package node_test

// This file starts real nodes on loopback for the tests of this package.

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/logging"
	"git.debros.io/DeBros/network/backend/node"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(idleFolder); dir != "" {
		idle(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// running is a node that a test started.
type running struct {
	*node.Node
	dir    string
	file   config.RunFile
	cancel context.CancelFunc
	ended  chan error
}

// loopback is the configuration of a node that talks to nobody but this test.
func loopback(dir string) config.Loaded {
	c := config.Default()
	c.Node.DataDir = dir
	c.Node.ListenAddresses = []string{"/ip4/127.0.0.1/tcp/0"}
	c.Discovery.MDNS = false
	c.Gateway.Addr = "127.0.0.1:0"
	return config.Loaded{Config: c, Origins: map[string]config.Origin{}}
}

// start runs a node until stop, or the end of the test. change may be nil.
func start(t testing.TB, dir string, change func(*config.Config)) *running {
	t.Helper()
	r, err := tryStart(t, dir, change)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tryStart(t testing.TB, dir string, change func(*config.Config)) (*running, error) {
	t.Helper()
	return tryStartLogging(t, dir, change, logging.Settings{Level: "warn"}, io.Discard)
}

func tryStartLogging(t testing.TB, dir string, change func(*config.Config), log logging.Settings, to io.Writer) (*running, error) {
	t.Helper()
	loaded := loopback(dir)
	if change != nil {
		change(&loaded.Config)
	}
	folder, err := node.Claim(loaded.Config)
	if err != nil {
		return nil, err
	}
	logs, err := logging.New(log, to)
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(t.Context(), folder, loaded, node.Build{Version: "test"}, logs)
	if err != nil {
		return nil, errors.Join(err, logs.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Node: n, dir: dir, cancel: cancel, ended: make(chan error, 1)}
	ready := make(chan struct{})
	go func() {
		runErr := n.Run(ctx, nil, func() { close(ready) })
		r.ended <- errors.Join(runErr, logs.Close())
	}()
	select {
	case <-ready:
	case err = <-r.ended:
		cancel()
		return nil, errors.Join(errors.New("ended before it was ready"), err)
	}
	t.Cleanup(func() { r.stop(t) })
	if r.file, err = config.ReadRunFile(dir); err != nil {
		t.Fatal(err)
	}
	return r, nil
}

func (r *running) stop(t testing.TB) {
	t.Helper()
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.cancel = nil
	if err := <-r.ended; err != nil {
		t.Error(err)
	}
}

// operator is a client of namespace demo with the operator's key.
func (r *running) operator(t testing.TB) *client.Client {
	t.Helper()
	key, err := config.LoadOperatorKey(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	return r.client(t, "demo", key)
}

func (r *running) client(t testing.TB, ns string, credential core.Secret) *client.Client {
	t.Helper()
	c, err := r.tryClient(ns, credential)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Disconnect(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func (r *running) tryClient(ns string, credential core.Secret) (*client.Client, error) {
	cfg := client.DefaultClientConfig("test")
	cfg.BootstrapPeers = r.file.P2P
	cfg.Namespace = ns
	cfg.Credential = credential
	c, err := client.NewClient(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Connect(); err != nil {
		return nil, errors.Join(err, c.Disconnect())
	}
	return c, nil
}
