// Damaged, missing and foreign files. Nothing may be started empty, nothing
// changed, and a tenant's damage is the tenant's alone.

package database

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"go.etcd.io/bbolt"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// damages are ways in which a closed group's folder can go wrong. Each names the
// file that the error must name; "" means that all data must be there.
func damages() map[string]struct {
	harm func(t *testing.T, dir string)
	name string
} {
	type damage = struct {
		harm func(t *testing.T, dir string)
		name string
	}
	overwrite := func(file string, at int64, what []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) { patch(t, filepath.Join(dir, file), at, what) }
	}
	truncate := func(size func(int64) int64) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, logFile)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, size(info.Size())); err != nil {
				t.Fatal(err)
			}
		}
	}
	replace := func(file, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(file string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
		}
	}
	noise := bytes.Repeat([]byte{0xa5, 0x5a, 0xff}, 1<<14)
	return map[string]damage{
		"log cut to half":           {truncate(func(n int64) int64 { return n / 2 }), "red/raft.db"},
		"log cut to a page":         {truncate(func(int64) int64 { return 4096 }), "red/raft.db"},
		"log cut to two pages":      {truncate(func(int64) int64 { return 8192 }), "red/raft.db"},
		"log cut to nothing":        {truncate(func(int64) int64 { return 0 }), "red/raft.db"},
		"log is noise":              {overwrite(logFile, 0, noise), "red/raft.db"},
		"log has a garbled middle":  {overwrite(logFile, 8192, noise[:16384]), "red/raft.db"},
		"log is missing":            {remove(logFile), "red/raft.db"},
		"log is text":               {replace(logFile, "hello"), "red/raft.db"},
		"log is a fresh one":        {freshLog, "red/raft.db"},
		"marker is noise":           {replace(markerFile, "{"), "red/group.json"},
		"marker is empty":           {replace(markerFile, "{}"), "red/group.json"},
		"marker is of a newer one":  {replace(markerFile, `{"format":99,"group":"ns::red","node":"x"}`), "newer version"},
		"marker is of another one":  {replace(markerFile, `{"format":1,"group":"ns::blue","node":"x"}`), "holds the database ns::blue"},
		"marker is of another node": {replace(markerFile, `{"format":1,"group":"ns::red","node":"x"}`), "identity.key"},
		"a snapshot was cut short":  {replace(snapshotsFolder+"/2-8-1/meta.json", "{"), ""},
		"database file is noise":    {replace(liveFile, "this is not a database"), ""},
		"database file is missing":  {remove(liveFile), ""},
		"write-ahead log is noise":  {replace(liveFile+"-wal", string(noise)), ""},
	}
}

// If damage ends the program, starts an empty database or destroys what is
// left, a user loses more than the disk took.
func TestDamage(t *testing.T) {
	for name, damage := range damages() {
		t.Run(name, func(t *testing.T) {
			h, dir := testkit.NewHost(t), t.TempDir()
			fill(t, h, dir)
			damage.harm(t, filepath.Join(dir, "red"))
			before := tree(t, filepath.Join(dir, "red"))
			n := open(t, h, Settings{Dir: dir})
			if damage.name == "" {
				if got := n.number(t, `SELECT count(*) FROM t`); got != 20 {
					t.Errorf("%d rows of 20", got)
				}
				return
			}
			for range 2 {
				_, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT count(*) FROM t`}, core.QueryOptions{})
				if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), damage.name) || strings.Contains(core.Sentence(err), dir) {
					t.Errorf("a query: %v", err)
				}
			}
			n.must(t, blue, `CREATE TABLE t (x)`)
			if check := n.Check(); check.State != core.StateDegraded || !strings.Contains(check.Detail, damage.name) {
				t.Errorf("the check is %+v", check)
			}
			if after := tree(t, filepath.Join(dir, "red")); after != before {
				t.Errorf("files were changed:\n%s\nthey were:\n%s", after, before)
			}
		})
	}
}

// If one bit that the disk lost becomes a row, nobody can trust any row. Whatever
// place it is at, all rows are there as they were, or the folder is refused.
func TestDamage_OfOneBit(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	fill(t, h, dir)
	n := open(t, h, Settings{Dir: dir})
	want := n.rows(t, red, `SELECT rowid, x FROM t`)
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	path, markerPath := filepath.Join(dir, "red", logFile), filepath.Join(dir, "red", markerFile)
	sound, err := os.ReadFile(path)
	marked, markerErr := os.ReadFile(markerPath)
	if err = errors.Join(err, markerErr); err != nil {
		t.Fatal(err)
	}
	refused := 0
	n = open(t, h, Settings{Dir: dir})
	for place, at := range places(sound) {
		if err := os.WriteFile(markerPath, marked, 0o600); err != nil {
			t.Fatal(err)
		}
		text := bytes.Clone(sound)
		text[at] ^= 1 << (place % 8)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		rows, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT rowid, x FROM t`}, core.QueryOptions{})
		switch {
		case err != nil && strings.Contains(core.Sentence(err), "red/raft.db"):
			refused++
		case err != nil:
			t.Errorf("bit at %d of %d: %v", at, len(sound), err)
		case !reflect.DeepEqual(rows.Values, want):
			t.Errorf("bit at %d of %d: the rows are others", at, len(sound))
		}
		n.groups.sleepIdle(time.Now().Add(time.Hour))
		waitFor(t, func() bool { return !awake(n, red) && !leaving(n) })
	}
	if refused < 10 {
		t.Errorf("only %d of 64 were noticed", refused)
	}
}

// places are 64 positions in a log: half of them anywhere, the rest in the text
// of statements. Many are in old copies of pages, where nothing can be lost.
func places(log []byte) []int {
	var all []int
	for i := range 32 {
		all = append(all, (i*len(log)+len(log)/2)/32)
	}
	for from := 0; len(all) < 64; {
		at := bytes.Index(log[from:], []byte("INSERT INTO"))
		if at < 0 {
			break
		}
		from += at + 1
		all = append(all, from+len(all)%16)
	}
	return all
}

func leaving(n *node) bool {
	n.groups.mu.Lock()
	defer n.groups.mu.Unlock()
	return n.groups.places[red] != nil
}

// If the network's own group is damaged and the node starts, it serves without
// knowing who may do what.
func TestDamage_OfTheSystemStopsTheNode(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	fill(t, h, dir)
	patch(t, filepath.Join(dir, "system", logFile), 0, bytes.Repeat([]byte{1}, 1<<15))
	_, err := tryOpen(t, h, Settings{Dir: dir})
	if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "system/raft.db") {
		t.Errorf("it ended with %v", err)
	}
}

// If a first start that was cut short cannot be repeated, the node never starts.
func TestOpen_AfterAFirstStartThatWasCutShort(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	fill(t, h, dir)
	for _, file := range []string{markerFile, logFile} { // the marker is written last, the log before it
		if err := os.Remove(filepath.Join(dir, "red", file)); err != nil {
			t.Fatal(err)
		}
		n := open(t, h, Settings{Dir: dir})
		n.must(t, red, `CREATE TABLE IF NOT EXISTS t (x)`)
		if file == markerFile {
			if got := n.number(t, `SELECT count(*) FROM t`); got != 20 {
				t.Errorf("%d rows of 20", got)
			}
		}
		if err := n.stop(); err != nil {
			t.Fatal(err)
		}
		if file == markerFile {
			if err := os.Remove(filepath.Join(dir, "red", markerFile)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// If the disk or the power fails between Raft's first term and its first entry,
// the group could never be founded, and without the network's own no node starts.
func TestOpen_AfterAFoundingThatWasCutShort(t *testing.T) {
	dir := t.TempDir()
	for _, ns := range []core.Namespace{core.SystemNamespace, red} {
		if err := os.MkdirAll(filepath.Join(dir, string(ns)), 0o700); err != nil {
			t.Fatal(err)
		}
		log, err := bbolt.Open(filepath.Join(dir, string(ns), logFile), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = log.Update(func(tx *bbolt.Tx) error {
			_, errLogs := tx.CreateBucket([]byte("logs"))
			conf, errConf := tx.CreateBucket([]byte("conf"))
			if errLogs != nil || errConf != nil {
				return errors.Join(errLogs, errConf)
			}
			return conf.Put([]byte(termKey), binary.BigEndian.AppendUint64(nil, 1))
		})
		if err = errors.Join(err, log.Close()); err != nil {
			t.Fatal(err)
		}
	}
	n := open(t, testkit.NewHost(t), Settings{Dir: dir})
	n.must(t, red, `CREATE TABLE t (x)`)
}

// If other users of the computer can read the folders, they read everything.
func TestFolders_AreTheOwnersAlone(t *testing.T) {
	h, dir := testkit.NewHost(t), filepath.Join(t.TempDir(), "databases")
	fill(t, h, dir)
	for _, name := range []string{".", "red", "system"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// fill makes namespace red with twenty rows and closes everything.
func fill(t *testing.T, h host.Host, dir string) {
	t.Helper()
	n := open(t, h, Settings{Dir: dir})
	n.must(t, red, `CREATE TABLE t (x)`)
	for range 20 {
		n.must(t, red, `INSERT INTO t VALUES (hex(randomblob(500)))`)
	}
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
}

// freshLog puts the log of a group that was just made in place of the real one.
func freshLog(t *testing.T, dir string) {
	other := t.TempDir()
	n := open(t, testkit.NewHost(t), Settings{Dir: other})
	n.must(t, red, `CREATE TABLE t (x)`)
	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(other, "red", logFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, logFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func patch(t *testing.T, path string, at int64, what []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(what, at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// tree is a folder's names and contents as one text.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		all.WriteString(path + ": " + fingerprint(text) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func fingerprint(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// If a foreign marker file can end the program, a swapped disk does.
func FuzzParseMarker(f *testing.F) {
	f.Add([]byte(`{"format":1,"group":"ns::red","node":"x","created":"2026-01-01T00:00:00Z","index":7}`))
	f.Add([]byte(`{"format":-1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if m, err := parseMarker(text); err == nil && (m.Format < 1 || m.Group == "" || m.Node == "") {
			t.Errorf("%q was taken for %+v", text, m)
		}
	})
}

// If a damaged entry ends the program, so does every start after it.
func FuzzCheckEntry(f *testing.F) {
	f.Add(uint64(1), []byte("\x85"))
	f.Fuzz(func(_ *testing.T, index uint64, value []byte) {
		defer func() {
			if recover() != nil { // readLog turns it into the error
				return
			}
		}()
		if err := checkEntry(index, value); err != nil {
			return
		}
	})
}
