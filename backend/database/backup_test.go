package database

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// A backup that lacks a write which its writer was told is stored is a lie that
// comes out on the worst of days.
func TestBackup_HoldsEveryAcknowledgedWrite(t *testing.T) {
	from := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir(), Network: "one", Version: "test"})
	to := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	from.must(t, red, "CREATE TABLE a(id INTEGER PRIMARY KEY, pad TEXT)")
	var next, acknowledged atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	seen := sync.Map{}
	for range 32 {
		writers.Go(func() {
			for ctx.Err() == nil {
				id := next.Add(1)
				_, err := from.Exec(t.Context(), red, []core.Statement{{SQL: "INSERT INTO a VALUES (?, ?)", Args: []any{id, strings.Repeat("x", 500)}}}, core.ExecOptions{})
				if err != nil {
					t.Errorf("write: %v", err)
					return
				}
				seen.Store(id, true)
				acknowledged.Add(1)
			}
		})
	}
	defer writers.Wait()
	defer cancel()
	for round := range 10 {
		for before := acknowledged.Load(); acknowledged.Load() < before+200; {
			if t.Failed() {
				return
			}
			from.number(t, "SELECT 1")
		}
		var must []int64
		seen.Range(func(k, _ any) bool {
			must = append(must, k.(int64)) //nolint:errcheck // only numbers go in
			return true
		})
		var file bytes.Buffer
		info, err := from.Backup(t.Context(), red, &file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if info.Namespace != red || info.Network != "one" || info.Version != "test" || info.Index == 0 {
			t.Fatalf("backup says %+v", info)
		}
		ns := core.Namespace(fmt.Sprintf("round-%d", round))
		if _, err := to.Restore(t.Context(), ns, &file, core.RestoreOptions{}, nil); err != nil {
			t.Fatal(err)
		}
		has := map[int64]bool{}
		for after := int64(0); ; {
			rows := to.rows(t, ns, "SELECT id FROM a WHERE id > ? ORDER BY id LIMIT 10000", after)
			if len(rows) == 0 {
				break
			}
			for _, row := range rows {
				after = row[0].(int64) //nolint:errcheck // a number, or the test ends here
				has[after] = true
			}
		}
		for _, id := range must {
			if !has[id] {
				t.Fatalf("round %d: row %d was acknowledged before the backup and is not in it", round, id)
			}
		}
		to.must(t, ns, "INSERT INTO a VALUES (-1, 'goes on')", "CREATE TABLE more(x)")
	}
}

// A restore over data that somebody still wants must be asked for, and after it
// the namespace works as before: reads see the new file, versions never repeat.
func TestRestore_Replaces(t *testing.T) {
	h := testkit.NewHost(t)
	dir := t.TempDir()
	n := open(t, h, Settings{Dir: dir})
	n.must(t, red, "CREATE TABLE a(x)", "INSERT INTO a VALUES (1)")
	keys := func(sql string) {
		t.Helper()
		if _, err := n.Internal().Exec(t.Context(), red, []core.Statement{{SQL: sql}}, core.ExecOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	keys("CREATE TABLE _debros_kv(version INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB)")
	keys("INSERT INTO _debros_kv(key) VALUES ('one')")
	var file bytes.Buffer
	if _, err := n.Backup(t.Context(), red, &file, nil); err != nil {
		t.Fatal(err)
	}
	n.must(t, red, "INSERT INTO a VALUES (2)", "CREATE TABLE b(y)")
	keys("INSERT INTO _debros_kv(key) VALUES ('two')")
	saved := file.Bytes()

	_, err := n.Restore(t.Context(), red, bytes.NewReader(saved), core.RestoreOptions{}, nil)
	if core.CodeOf(err) != core.Conflict || !strings.Contains(err.Error(), "2 tables, 2 rows and 2 keys") {
		t.Fatalf("restore over data without leave: %v", err)
	}
	if n.number(t, "SELECT count(*) FROM a") != 2 {
		t.Fatal("a refused restore changed something")
	}
	result, err := n.Restore(t.Context(), red, bytes.NewReader(saved), core.RestoreOptions{Replace: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Replaced.Rows != 2 || result.Replaced.Keys != 2 {
		t.Fatalf("replaced %+v", result.Replaced)
	}
	if n.number(t, "SELECT count(*) FROM a") != 1 || n.number(t, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'") != 0 {
		t.Fatal("what was there before is still there")
	}
	keys("INSERT INTO _debros_kv(key) VALUES ('three')")
	rows, err := n.Internal().Query(t.Context(), red, core.Statement{SQL: "SELECT version FROM _debros_kv WHERE key = 'three'"}, core.QueryOptions{})
	if err != nil || rows.Values[0][0] != any(int64(4)) { // 3 is left out, for those who watch
		t.Fatalf("version %v, %v: it was given out before, or follows on what it does not", rows, err)
	}
}

// Who can make somebody restore a file must not gain more than what the file
// may hold: every such file is refused, and nothing has changed.
func TestRestore_RefusesDamagedAndHostile(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir(), OwnSchema: map[string]string{"_debros_kv": "CREATE TABLE IF NOT EXISTS _debros_kv(version INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB)"}})
	n.must(t, red, "CREATE TABLE a(x)", "INSERT INTO a VALUES ('as it was')")
	var good bytes.Buffer
	if _, err := n.Backup(t.Context(), red, &good, nil); err != nil {
		t.Fatal(err)
	}
	change := func(at int) []byte {
		bad := bytes.Clone(good.Bytes())
		bad[at] ^= 0x55
		return bad
	}
	files := map[string][]byte{
		"empty":                        {},
		"an SQLite file":               []byte("SQLite format 3\x00"),
		"cut":                          good.Bytes()[:good.Len()-1],
		"longer":                       append(bytes.Clone(good.Bytes()), 0),
		"one bit in the data":          change(good.Len() - 10),
		"one bit in the description":   change(len(backupMagic) + 6),
		"a huge description":           append([]byte(backupMagic), 0xff, 0xff, 0xff, 0xff),
		"noise with a right checksum":  wrap(t, bytes.Repeat([]byte("noise"), 1000)),
		"of a newer program":           bytes.Replace(bytes.Clone(good.Bytes()), []byte(`"format":1`), []byte(`"format":9`), 1),
		"a virtual table of a module":  hostile(t, "CREATE VIRTUAL TABLE v USING dbstat"),
		"a view that reads our tables": hostile(t, "CREATE TABLE _debros_kv(version INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB)", "CREATE VIEW v AS SELECT * FROM _debros_kv"),
		"a trigger on our tables":      hostile(t, "CREATE TABLE _debros_kv(version INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB)", "CREATE TRIGGER t AFTER INSERT ON _debros_kv BEGIN DELETE FROM _debros_kv; END"),
		"a view under our name":        hostile(t, "CREATE VIEW _debros_x AS SELECT 1"),
		"our table with other columns": hostile(t, "CREATE TABLE _debros_kv(key BLOB, value BLOB)"),
		"a function that reads files":  hostile(t, "CREATE TABLE t(x)", "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT load_extension('x'); END"),
		"an endless view":              hostile(t, "CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x FROM c"),
		"another name for SQLite's": hostile(t, "PRAGMA writable_schema=ON",
			"CREATE TABLE t(a,b)", "UPDATE sqlite_schema SET sql = 'CREATE TABLE sqlite_sequence(a, b)', name = 'sqlite_sequence', tbl_name = 'sqlite_sequence' WHERE name = 't'"),
		"a definition that is none": hostile(t, "CREATE TABLE t(a)", "PRAGMA writable_schema=ON", "UPDATE sqlite_schema SET sql = 'DELETE FROM t'"),
		"text in UTF-16":            hostile(t, "PRAGMA encoding='UTF-16'", "CREATE TABLE t(x)"),
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			_, err := n.Restore(t.Context(), red, bytes.NewReader(file), core.RestoreOptions{Replace: true}, nil)
			if core.CodeOf(err) != core.Invalid {
				t.Fatalf("restored, or refused for a wrong reason: %v", err)
			}
			t.Log(core.Sentence(err))
			if rows := n.rows(t, red, "SELECT x FROM a"); len(rows) != 1 || rows[0][0] != "as it was" {
				t.Fatalf("a refused backup changed the data: %v", rows)
			}
		})
	}
	left, err := os.ReadDir(filepath.Join(n.settings.Dir, workFolder))
	if err != nil || len(left) > 0 {
		t.Errorf("copies are left behind: %v %v", left, err)
	}
}

// hostile is a backup of a file that these statements made.
func hostile(t *testing.T, statements ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bad")
	conn, err := openFile(path, "mode=rwc", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range statements {
		if err = runPlain(t.Context(), conn, sql); err != nil {
			t.Fatal(err)
		}
	}
	if err = conn.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return wrap(t, data)
}

// wrap makes a backup of any bytes, with all that belongs to it.
func wrap(t *testing.T, data []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(data)
	head, err := packManifest(core.BackupInfo{Format: 1, Namespace: red, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
	if err != nil {
		t.Fatal(err)
	}
	return append(head, data...)
}

// Backups of all namespaces are files that only their owner may read, and half
// a file is never among them.
func TestBackupAll(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, "CREATE TABLE a(x)")
	n.must(t, blue, "CREATE TABLE b(x)")
	dir := filepath.Join(t.TempDir(), "backups")
	made, err := n.BackupAll(t.Context(), dir, nil)
	if err != nil || len(made) != 2 {
		t.Fatal(made, err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.Mode().Perm() != 0o600 || !strings.HasSuffix(f.Name(), BackupSuffix) {
			t.Error(f.Name(), info.Mode(), err)
		}
	}
}
