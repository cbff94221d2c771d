//go:build system && linux

// Rows C1 and C4: a full disk, and damaged files at start. Run with
//
//	go test -tags system -run 'TestSystemC' ./backend/database    (C1 as root)

package database

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/faults"
)

const (
	fills       = 10
	fullDisk    = 256 << 20
	spacePasses = 30 * time.Second // until writes are back once there is space
	damagedRuns = 200
	refuseLimit = 5 * time.Second
)

// C1: if a full disk ends the program, or writes do not come back when there is
// space again, a user loses more than the disk took.
func TestSystemC1_DiskFull(t *testing.T) {
	d := faults.NewDisk(t, fullDisk)
	n := open(t, testkit.NewHost(t), Settings{Dir: filepath.Join(d.Dir, "databases"), SnapshotEvery: childEvery})
	defer func() { // before the disk goes away
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	}()
	n.must(t, red, `CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)`)
	write := func() error {
		_, err := n.Exec(context.Background(), red, []core.Statement{{SQL: `INSERT INTO t(x) VALUES ('x')`}}, core.ExecOptions{})
		return err
	}
	acknowledged, slowest := 0, time.Duration(0)
	for range fills {
		var writers sync.WaitGroup
		var mu sync.Mutex
		full := make(chan struct{})
		for range 4 {
			writers.Go(func() {
				for {
					err := write()
					select {
					case <-full:
						if err != nil {
							if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "no space") {
								t.Errorf("a write on a full disk: %v", err)
							}
							return
						}
					default:
						if err != nil && !strings.Contains(core.Sentence(err), "no space") {
							t.Errorf("a write: %v", err)
							return
						}
					}
					if err == nil {
						mu.Lock()
						acknowledged++
						mu.Unlock()
					}
				}
			})
		}
		if err := d.Fill(); err != nil {
			t.Fatal(err)
		}
		close(full)
		writers.Wait()
		if got := n.number(t, `SELECT count(*) FROM t`); got != int64(acknowledged) {
			t.Fatalf("%d rows, %d acknowledged", got, acknowledged)
		}
		if err := d.Free(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for write() != nil {
			if time.Since(began) > spacePasses {
				t.Fatal("writes are not back")
			}
			<-time.After(10 * time.Millisecond)
		}
		acknowledged++
		slowest = max(slowest, time.Since(began))
	}
	t.Logf("C1: %d fills, %d acknowledged and there, writes back after at most %v", fills, acknowledged, slowest)
}

// C4, databases: whatever file is damaged in whatever way, all data is there, or
// the folder is refused by the file's name and left as it is.
func TestSystemC4_DamagedDatabases(t *testing.T) {
	random, seed := seeded(t)
	h, sound := testkit.NewHost(t), t.TempDir()
	n := open(t, h, Settings{Dir: sound, SnapshotEvery: everyFew})
	for _, ns := range []core.Namespace{red, blue} {
		n.must(t, ns, `CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)`)
	}
	for i := range 8 * everyFew {
		for _, ns := range []core.Namespace{red, blue} {
			n.must(t, ns, fmt.Sprintf(`INSERT INTO t VALUES (%d, '%s' || hex(randomblob(100)))`, i, ns))
		}
	}
	waitFor(t, func() bool { return keptOf(t, sound) != nil && keptOf(t, sound).Meta.Index > 3*everyFew })
	want := fmt.Sprint(n.rows(t, red, `SELECT * FROM t`))
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	id := keptOf(t, sound).Meta.ID
	files := []string{
		logFile, logFile, markerFile, liveFile, liveFile + "-wal", filepath.Join(keptFolder, keptRecord),
		filepath.Join(keptFolder, id+".db"), filepath.Join(snapshotsFolder, id+".db"), filepath.Join(snapshotsFolder, id, metaFile),
	}
	there, refused, slowest := 0, 0, time.Duration(0)
	for round := range rounds(damagedRuns) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(sound)); err != nil {
			t.Fatal(err)
		}
		file := files[round%len(files)]
		how := harm(t, random, filepath.Join(dir, "red", file), filepath.Join(dir, "blue", file))
		before := tree(t, filepath.Join(dir, "red"))
		m := open(t, h, Settings{Dir: dir})
		began := time.Now()
		rows, err := m.Query(t.Context(), red, core.Statement{SQL: `SELECT * FROM t`}, core.QueryOptions{})
		took := time.Since(began)
		slowest = max(slowest, took)
		switch {
		case err == nil && fmt.Sprint(rows.Values) == want:
			there++
		case err == nil:
			t.Errorf("round %d, %s, %s: the rows are others (seed %d)", round, file, how, seed)
		case core.CodeOf(err) == core.Unavailable && strings.Contains(core.Sentence(err), "red/") && took < refuseLimit:
			refused++
			if tree(t, filepath.Join(dir, "red")) != before {
				t.Errorf("round %d, %s, %s: files were changed (seed %d)", round, file, how, seed)
			}
		default:
			t.Errorf("round %d, %s, %s: %v after %v (seed %d)", round, file, how, err, took, seed)
		}
		if err := m.stop(); err != nil {
			t.Errorf("round %d, %s, %s: %v", round, file, how, err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("C4 seed %d: %d starts, %d with all data, %d refused, slowest %v", seed, there+refused, there, refused, slowest)
}

// harm damages the file at path and says how.
func harm(t *testing.T, random *rand.Rand, path, neighbour string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "it is not there"
	}
	if err != nil {
		t.Fatal(err)
	}
	how := []string{"cut", "a bit", "a bit", "a bit", "deleted", "a neighbour's", "a zeroed page"}[random.IntN(7)]
	at := 0
	if len(text) > 0 {
		at = random.IntN(len(text))
	}
	switch how {
	case "cut":
		text = text[:at]
	case "a bit":
		if len(text) > 0 {
			text[at] ^= 1 << random.IntN(8)
		}
	case "deleted":
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return how
	case "a neighbour's":
		if other, err := os.ReadFile(neighbour); err == nil {
			text = other
		}
	case "a zeroed page":
		at -= at % 4096
		copy(text[at:], bytes.Repeat([]byte{0}, 4096))
	}
	if err := os.Remove(path); err != nil { // not through a hard link
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s at %d", how, at)
}
