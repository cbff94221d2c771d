// Snapshots and the log behind them: what is kept, what opens from it, and what
// is refused.

package database

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

const everyFew = 30 // entries; small, so that a test takes many snapshots

// insert puts rows from..to into namespace red's table t.
func insert(t testing.TB, n *node, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if _, err := n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t VALUES (?, hex(randomblob(50)))`, Args: []any{i}}}, core.ExecOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// keptOf reads the record of namespace red's snapshot; nil when there is none.
func keptOf(t testing.TB, dir string) *kept {
	t.Helper()
	k, err := folder{dir: filepath.Join(dir, "red")}.readKept()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// snapshotted makes a folder whose log was cut and returns how many rows it has.
func snapshotted(t testing.TB, dir string) (n *node, rows int) {
	t.Helper()
	n = open(t, testkit.NewHost(t), Settings{Dir: dir, SnapshotEvery: everyFew})
	n.must(t, red, `CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)`)
	for keptOf(t, dir) == nil || rows < 6*everyFew {
		insert(t, n, rows, rows+1)
		if rows++; rows > 100*everyFew {
			t.Fatal("no snapshot was kept")
		}
	}
	return n, rows
}

// If the log grows for ever, so does the time that a restart takes; if it is cut
// without the snapshot, rows are gone.
func TestSnapshot_CutsTheLogAndKeepsTheRows(t *testing.T) {
	dir := t.TempDir()
	n, rows := snapshotted(t, dir)
	var facts logFacts
	waitFor(t, func() bool { // rounds come one after another; the log is cut at the end of each
		insert(t, n, rows, rows+1)
		rows++
		return keptOf(t, dir).Meta.Index > 3*everyFew
	})
	want := n.rows(t, red, `SELECT * FROM t`)
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	facts, err := readLog(filepath.Join(dir, "red", logFile))
	if err != nil || facts.first == 1 {
		t.Errorf("the log starts at %d, %v", facts.first, err)
	}
	n = open(t, n.host, Settings{Dir: dir, SnapshotEvery: everyFew})
	if got := n.rows(t, red, `SELECT * FROM t`); fmt.Sprint(got) != fmt.Sprint(want) || len(got) != rows {
		t.Errorf("%d rows of %d, or others", len(got), rows)
	}
	n.must(t, red, `CREATE TABLE more (y)`)
	insert(t, n, rows, rows+2*everyFew)
	if bad := n.rows(t, red, `PRAGMA integrity_check`); fmt.Sprint(bad) != "[[ok]]" {
		t.Errorf("integrity: %v", bad)
	}
}

// If a torn snapshot of rqlite's is believed, the rows behind it are gone.
func TestSnapshot_OpensFromTheKeptOneOnly(t *testing.T) {
	dir := t.TempDir()
	n, rows := snapshotted(t, dir)
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	k := keptOf(t, dir)
	snapshots := filepath.Join(dir, "red", snapshotsFolder)
	torn := fmt.Sprintf("%d-%d-9", k.Meta.Term, k.Meta.Index+5)
	for name, text := range map[string]string{
		torn + ".db":             "SQLite format 3\x00torn",
		torn + "/meta.json":      "",
		"9-9-9.tmp/9-9-9.data":   "x",
		k.Meta.ID + "/meta.json": "{",
		fullNeededFile:           "",
	} {
		path := filepath.Join(snapshots, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n = open(t, n.host, Settings{Dir: dir})
	if got := n.number(t, `SELECT count(*) FROM t`); got != int64(rows) {
		t.Errorf("%d rows of %d", got, rows)
	}
}

// If a damaged snapshot opens, or an open changes it, nobody can repair it.
func TestSnapshot_DamageIsNamed(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, dir string, k *kept) string{
		"a bit of the snapshot": func(t *testing.T, dir string, k *kept) string {
			patch(t, filepath.Join(dir, keptFolder, k.Meta.ID+".db"), k.Size/2, []byte{0xa5, 0x5a})
			return "red/kept/" + k.Meta.ID + ".db"
		},
		"a record that is cut": func(t *testing.T, dir string, _ *kept) string {
			if err := os.Truncate(filepath.Join(dir, keptFolder, keptRecord), 40); err != nil {
				t.Fatal(err)
			}
			return "red/kept/snapshot.json"
		},
		"no record": func(t *testing.T, dir string, _ *kept) string {
			if err := os.RemoveAll(filepath.Join(dir, keptFolder)); err != nil {
				t.Fatal(err)
			}
			return "red/kept/snapshot.json"
		},
		"no log": func(t *testing.T, dir string, _ *kept) string {
			if err := os.Remove(filepath.Join(dir, logFile)); err != nil {
				t.Fatal(err)
			}
			return "red/raft.db"
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			n, rows := snapshotted(t, dir)
			waitFor(t, func() bool { // until the log is cut
				insert(t, n, rows, rows+1)
				rows++
				return keptOf(t, dir).Meta.Index > 3*everyFew
			})
			if err := n.stop(); err != nil {
				t.Fatal(err)
			}
			file := harm(t, filepath.Join(dir, "red"), keptOf(t, dir))
			before := tree(t, filepath.Join(dir, "red"))
			n = open(t, n.host, Settings{Dir: dir})
			_, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT 1`}, core.QueryOptions{})
			if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), file) {
				t.Errorf("%v does not name %s", err, file)
			}
			if after := tree(t, filepath.Join(dir, "red")); after != before {
				t.Error("files were changed")
			}
		})
	}
}

// If SQLite's file changes while a snapshot is copied, the copy is torn. Writes
// go on all the time here, and each snapshot must be a sound database.
func TestSnapshot_IsWholeWhileWriting(t *testing.T) {
	dir := t.TempDir()
	n := open(t, testkit.NewHost(t), Settings{Dir: dir, SnapshotEvery: everyFew})
	n.must(t, red, `CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)`)
	seen := map[string]bool{}
	for i := 0; len(seen) < 5; i++ {
		if _, err := n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t(x) VALUES (hex(randomblob(200000)))`}}, core.ExecOptions{}); err != nil {
			t.Fatal(err)
		}
		if i > 100*everyFew {
			t.Fatal("no snapshots")
		}
		k := keptOf(t, dir)
		if k == nil || seen[k.Meta.ID] {
			continue
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := os.Link(filepath.Join(dir, "red", keptFolder, k.Meta.ID+".db"), copied); err != nil {
			continue // the next one has just taken its place
		}
		seen[k.Meta.ID] = true
		size, sum, err := measure(copied)
		if err != nil || size != k.Size || sum != k.Sum {
			t.Errorf("the kept file has changed: %v", err)
		}
	}
}
