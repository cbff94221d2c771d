// What the tests of this package share: databases in a temporary folder that end
// with the test.

package database

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

const red, blue = core.Namespace("red"), core.Namespace("blue")

func TestMain(m *testing.M) {
	if childMain() {
		return
	}
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/libp2p/go-libp2p/p2p/net/swarm.(*Swarm).backgroundDial"),
		// One per sql.DB that finds rqlite's driver; it ends a moment after its Close.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
	)
}

// closeQuietly closes what a test no longer looks at.
func closeQuietly(c io.Closer) func() {
	return func() {
		if err := c.Close(); err != nil {
			return
		}
	}
}

// node is a node's databases under test.
type node struct {
	*Databases
	stop func() error
}

// open starts the databases in dir. They end with the test, or with stop.
func open(t testing.TB, h host.Host, s Settings) *node {
	t.Helper()
	n, err := tryOpen(t, h, s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tryOpen is open for databases that may refuse to.
func tryOpen(t testing.TB, h host.Host, s Settings) (*node, error) {
	t.Helper()
	return tryOpenIn(t, h, s, nil, nil)
}

// tryOpenIn is tryOpen in a network of several nodes.
func tryOpenIn(t testing.TB, h host.Host, s Settings, directory Directory, remote Remote) (*node, error) {
	t.Helper()
	s.NodeID = h.ID().String()
	d, err := New(s, h, directory, remote, testLog(t))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- d.Run(ctx, func() { close(ready) }) }()
	var once error
	stopped := false
	stop := func() error {
		if !stopped {
			cancel()
			once, stopped = <-ended, true
		}
		return once
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("databases ended with %v", err)
		}
	})
	select {
	case <-ready:
		return &node{Databases: d, stop: stop}, nil
	case err := <-ended:
		cancel()
		stopped = true
		return nil, err
	case <-time.After(30 * time.Second):
		t.Fatal("databases are not ready after 30 s")
		return nil, nil
	}
}

func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// must runs statements, one after another, and fails the test with the first that fails.
func (n *node) must(t testing.TB, ns core.Namespace, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := n.Exec(t.Context(), ns, []core.Statement{{SQL: sql}}, core.ExecOptions{}); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// rows reads, and fails the test when it cannot.
func (n *node) rows(t testing.TB, ns core.Namespace, sql string, args ...any) [][]any {
	t.Helper()
	rows, err := n.Query(t.Context(), ns, core.Statement{SQL: sql, Args: args}, core.QueryOptions{})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rows.Values
}

// number reads one number from namespace red.
func (n *node) number(t testing.TB, sql string) int64 {
	t.Helper()
	rows := n.rows(t, red, sql)
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("%s: %v is not one number", sql, rows)
	}
	number, ok := rows[0][0].(int64)
	if !ok {
		t.Fatalf("%s: %T is not a number", sql, rows[0][0])
	}
	return number
}

// cutOff ends the connections between two hosts and lets neither find the other.
func cutOff(t testing.TB, a, b host.Host) {
	t.Helper()
	a.Peerstore().ClearAddrs(b.ID())
	b.Peerstore().ClearAddrs(a.ID())
	if err := errors.Join(a.Network().ClosePeer(b.ID()), b.Network().ClosePeer(a.ID())); err != nil {
		t.Fatal(err)
	}
}

// heal undoes cutOff.
func heal(a, b host.Host) { testkit.Introduce(a, b) }
