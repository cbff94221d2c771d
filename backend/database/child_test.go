// A node that is killed: the test's own binary, started again as a child.

package database

import (
	"bufio"
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	childFolder  = "DEBROS_TEST_DATABASE_CHILD"
	childWriters = 8
	childEvery   = 300                          // entries from one snapshot to the next
	childText    = "DEBROS_TEST_DATABASE_TEXT"  // a number of bytes for each row
	childPeers   = "DEBROS_TEST_DATABASE_PEERS" // the addresses of those that it follows
	kills        = 5
)

// If a write that was acknowledged is gone after kill -9, the promise is broken.
func TestKill_LosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	for range kills {
		for _, line := range runChild(t, dir) {
			acknowledged[line] = true
		}
	}
	if len(acknowledged) < kills*childWriters {
		t.Fatalf("only %d rows were acknowledged", len(acknowledged))
	}
	h := childHost(t.Fatal)
	t.Cleanup(closeQuietly(h))
	there := lookAfterChild(t, h, dir, acknowledged)
	t.Logf("%d kills, %d acknowledged, %d there", kills, len(acknowledged), there)
}

// lookAfterChild opens what a child left: all that it acknowledged is there,
// whole, in a sound file. It returns how many rows there are.
func lookAfterChild(t *testing.T, h host.Host, dir string, acknowledged map[string]bool) int {
	t.Helper()
	n := open(t, h, Settings{Dir: dir})
	there := map[string]bool{}
	for last := int64(0); ; {
		rows := n.rows(t, red, `SELECT rowid, name FROM t WHERE rowid > ? ORDER BY rowid LIMIT 5000`, last)
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			last, there[fmt.Sprint(row[1])] = numberOf(row[0]), true
		}
	}
	lost := 0
	for name := range acknowledged {
		if !there[name] {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d rows of %d were acknowledged and are gone", lost, len(acknowledged))
	}
	if odd := n.number(t, `SELECT count(*) FROM (SELECT pair FROM pairs GROUP BY pair HAVING count(*) <> 2)`); odd != 0 {
		t.Errorf("%d transactions are there by half", odd)
	}
	if bad := n.rows(t, red, `PRAGMA integrity_check`); fmt.Sprint(bad) != "[[ok]]" {
		t.Errorf("the file is not sound: %v", bad)
	}
	if err := n.stop(); err != nil {
		t.Error(err)
	}
	return len(there)
}

// runChild starts a child, kills it while it writes and returns what it said
// was stored.
func runChild(t *testing.T, dir string) (lines []string) {
	child := childCommand(dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	read := bufio.NewScanner(out)
	var kill *time.Timer
	for read.Scan() {
		if kill == nil {
			kill = time.AfterFunc(50*time.Millisecond+rand.N(250*time.Millisecond), closeQuietly(killer{child.Process}))
		}
		lines = append(lines, read.Text())
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return lines
}

// childCommand is the test's own binary as a child that writes into dir.
func childCommand(dir string) *exec.Cmd {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+dir)
	child.Stderr = os.Stderr
	return child
}

// killer kills a process when it is closed.
type killer struct{ process *os.Process }

func (k killer) Close() error { return k.process.Kill() }

// childMain runs the child and tells whether this process is one. It writes
// until it is killed, and prints the name of each row once it is acknowledged.
func childMain() bool {
	dir := os.Getenv(childFolder)
	if dir == "" {
		return false
	}
	h := childHost(func(args ...any) { panic(fmt.Sprint(args...)) })
	if os.Getenv(childFails) != "" {
		os.Exit(failingMain(h, dir))
	}
	if peers := os.Getenv(childPeers); peers != "" {
		panic(followMain(h, dir, strings.Fields(peers)))
	}
	d, err := New(Settings{Dir: dir, NodeID: h.ID().String(), SnapshotEvery: childEvery}, h, nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	run := fmt.Sprint(time.Now().UnixNano())
	bytes, err := strconv.Atoi(cmp.Or(os.Getenv(childText), "10"))
	if err != nil {
		panic(err)
	}
	err = d.Run(context.Background(), func() {
		for _, sql := range []string{`CREATE TABLE IF NOT EXISTS t (name TEXT, text BLOB)`, `CREATE TABLE IF NOT EXISTS pairs (pair TEXT)`} {
			childExec(d, core.ExecOptions{}, core.Statement{SQL: sql})
		}
		for worker := range childWriters {
			go childWrite(d, fmt.Sprintf("%s-%d", run, worker), bytes)
		}
	})
	panic(err)
}

// childWrite stores a row and a pair that belongs together, again and again.
func childWrite(d *Databases, worker string, bytes int) {
	for i := 0; ; i++ {
		name := fmt.Sprintf("%s-%d", worker, i)
		childExec(d, core.ExecOptions{Atomic: true},
			core.Statement{SQL: `INSERT INTO pairs (pair) VALUES (?)`, Args: []any{name}},
			core.Statement{SQL: `INSERT INTO t (name, text) VALUES (?, randomblob(?))`, Args: []any{name, bytes}},
			core.Statement{SQL: `INSERT INTO pairs (pair) VALUES (?)`, Args: []any{name}})
		fmt.Println(name)
	}
}

func childExec(d *Databases, o core.ExecOptions, statements ...core.Statement) {
	if _, err := d.Exec(context.Background(), red, statements, o); err != nil {
		panic(err)
	}
}

// childHost is a host with the same identity in every process.
func childHost(fail func(...any)) host.Host {
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		fail(err)
	}
	h, err := libp2p.New(libp2p.Identity(key), libp2p.NoListenAddrs)
	if err != nil {
		fail(err)
	}
	return h
}
