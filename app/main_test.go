//go:build !bindings

package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/app/cli"
)

// Whoever types "debros" a second time wants to see the page, not an error.
func TestRun_SecondStartShowsThePage(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	environment := map[string]string{
		"DEBROS_DATA_DIR": data, "GATEWAY_ADDR": "127.0.0.1:0",
		"DEBROS_NODE_LISTEN_ADDRESSES": "/ip4/127.0.0.1/tcp/0", "DEBROS_DISCOVERY_MDNS": "false",
	}
	env := func(out io.Writer) cli.Env {
		return cli.Env{
			Stdin: strings.NewReader(""), Stdout: out, Stderr: out,
			Lookup: func(name string) (string, bool) { v, ok := environment[name]; return v, ok },
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan int, 1)
	go func() { ended <- runCommand(ctx, env(&signalWriter{text: "Ctrl+C ends it", seen: ready})) }()
	<-ready
	var out bytes.Buffer
	if status := runCommand(t.Context(), env(&out)); status != 0 || !strings.Contains(out.String(), "/login?once=") {
		t.Errorf("exit status %d, output %s", status, &out)
	}
	cancel()
	<-ended
}

// signalWriter closes seen when text was written to it.
type signalWriter struct {
	text string
	seen chan struct{}
	all  bytes.Buffer
	told bool
}

func (w *signalWriter) Write(p []byte) (int, error) {
	n, err := w.all.Write(p)
	if !w.told && strings.Contains(w.all.String(), w.text) {
		w.told = true
		close(w.seen)
	}
	return n, err
}
