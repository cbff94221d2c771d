package database

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// everything fills namespace red with one of each kind that SQLite has.
func everything(t *testing.T, n *node) {
	t.Helper()
	n.must(t, red,
		`CREATE TABLE "child; -- x"(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id), "od""d" TEXT)`,
		`CREATE TABLE parent(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, twice AS (id*2) STORED) -- a remark; with a semicolon
			`,
		`CREATE TABLE cells(k TEXT PRIMARY KEY, v) WITHOUT ROWID`,
		`CREATE UNIQUE INDEX by_name ON parent(name) WHERE name IS NOT NULL`,
		`CREATE VIEW both AS SELECT * FROM parent /* ; */ JOIN "child; -- x" ON parent = parent.id`,
		`CREATE TABLE log(x)`,
		`CREATE TRIGGER noted AFTER INSERT ON parent BEGIN INSERT INTO log VALUES ('a;b'); SELECT CASE WHEN 1 THEN 2 END; END`,
		`CREATE VIRTUAL TABLE words USING fts5(body, tokenize='porter')`,
		`INSERT INTO parent(id, name) VALUES (7, 'it''s'), (9223372036854775807, NULL)`,
		`INSERT INTO "child; -- x" VALUES (1, 7, 'x
y;z')`,
		`INSERT INTO words(rowid, body) VALUES (42, 'running dogs'), (7, 'sleeping cats')`,
	)
	cells := map[string]any{
		"max": int64(math.MaxInt64), "min": int64(math.MinInt64), "text": "it's; -- \n\"quoted\" ünï", "empty": "", "blob": []byte{0, 1, 255, '\''},
		"no bytes": []byte{}, "tenth": 0.1, "huge": math.MaxFloat64, "tiny": math.SmallestNonzeroFloat64, "whole": 3.0, "inf": math.Inf(1), "-inf": math.Inf(-1),
		"null": nil, "long": strings.Repeat("it's long; ", 200_000), "long blob": bytes.Repeat([]byte{0, 255}, 1_000_000), "zero": "a\x00b",
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		cells[fmt.Sprintf("random %d", i)] = math.Float64frombits(dice.Uint64()&^(0x7ff<<52) | uint64(dice.IntN(2046))<<52)
	}
	for k, v := range cells {
		if _, err := n.Exec(t.Context(), red, []core.Statement{{SQL: "INSERT INTO cells VALUES (?, ?)", Args: []any{k, v}}}, core.ExecOptions{}); err != nil {
			t.Fatalf("%s: %v", k, err)
		}
	}
	n.must(t, red, "INSERT INTO cells VALUES ('odd text', CAST(X'ff00fe' AS TEXT))")
}

// same compares two namespaces by what a tenant can see of them.
func same(t *testing.T, a, b *node, ns core.Namespace) {
	t.Helper()
	for _, sql := range []string{
		`SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '\_debros%' ESCAPE '\' AND name NOT LIKE 'words\_%' ESCAPE '\' ORDER BY type, name`,
		`SELECT * FROM parent ORDER BY id`, `SELECT * FROM "child; -- x" ORDER BY id`, `SELECT x FROM log`, `SELECT * FROM both`,
		`SELECT rowid, body FROM words ORDER BY rowid`, `SELECT rowid FROM words WHERE words MATCH 'dog'`,
		`SELECT k, typeof(v), v FROM cells ORDER BY k`,
	} {
		was, is := a.rows(t, red, sql), b.rows(t, ns, sql)
		if len(was) != len(is) {
			t.Errorf("%s: %d rows, were %d\n%v\n%v", sql, len(is), len(was), is, was)
			continue
		}
		for i := range was {
			if !reflect.DeepEqual(was[i], is[i]) {
				t.Errorf("%s, row %d:\n%.200v, was\n%.200v", sql, i, is[i], was[i])
			}
		}
	}
}

// Who moves away with an export must arrive with everything.
func TestExport_ArrivesWhole(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	everything(t, n)
	if _, err := n.Internal().Exec(t.Context(), red, []core.Statement{{SQL: "CREATE TABLE _debros_kv(version INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT)"}}, core.ExecOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Internal().Exec(t.Context(), red, []core.Statement{{SQL: "INSERT INTO _debros_kv(key) VALUES ('CANARY')"}}, core.ExecOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{core.TransferSQL, core.TransferSQLite} {
		t.Run(kind, func(t *testing.T) {
			var file bytes.Buffer
			out, err := n.Export(t.Context(), red, kind, &file, nil)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(file.Bytes(), []byte("CANARY")) {
				t.Error("a key's bytes are in the export of the tables")
			}
			ns := core.Namespace("in-" + kind)
			in, err := n.Import(t.Context(), ns, core.Transfer{Kind: kind}, &file, nil)
			if err != nil {
				t.Fatal(err)
			}
			if in.Rows != out.Rows && kind == core.TransferSQL {
				t.Errorf("%d rows exported, %d imported", out.Rows, in.Rows)
			}
			same(t, n, n, ns)
		})
	}
}

// A second import over what is there does what it was told to.
func TestImport_Existing(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, "CREATE TABLE a(x)", "CREATE INDEX i ON a(x)", "INSERT INTO a VALUES (1), (2)")
	for _, kind := range []string{core.TransferSQL, core.TransferSQLite} {
		var file bytes.Buffer
		if _, err := n.Export(t.Context(), red, kind, &file, nil); err != nil {
			t.Fatal(err)
		}
		for existing, want := range map[string]int64{core.ExistingFail: 1, core.ExistingAppend: 3, core.ExistingReplace: 2} {
			t.Run(kind+" "+existing, func(t *testing.T) {
				ns := core.Namespace(kind + "-" + existing)
				n.must(t, ns, "CREATE TABLE a(x)", "INSERT INTO a VALUES (0)")
				_, err := n.Import(t.Context(), ns, core.Transfer{Kind: kind, Existing: existing}, bytes.NewReader(file.Bytes()), nil)
				if (err != nil) != (existing == core.ExistingFail) {
					t.Fatal(err)
				}
				if got := n.rows(t, ns, "SELECT count(*) FROM a")[0][0]; got != any(want) {
					t.Errorf("%v rows, want %d", got, want)
				}
			})
		}
	}
}

// What the sqlite3 program writes is the form in which most databases arrive.
func TestImport_OtherDumps(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	dump := "\xef\xbb\xbfPRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE IF NOT EXISTS \"t\" (id INTEGER PRIMARY KEY AUTOINCREMENT, v);\n" +
		"INSERT INTO t VALUES(1,'one');\nINSERT INTO t VALUES(2,replace('a\\nb','\\n',char(10)));\n" +
		"DELETE FROM sqlite_sequence;\nINSERT INTO sqlite_sequence VALUES('t',9);\nCREATE INDEX i ON t(v);\nCOMMIT;\n"
	result, err := n.Import(t.Context(), red, core.Transfer{Kind: core.TransferSQL}, strings.NewReader(dump), nil)
	if err != nil || result.Rows != 2 || len(result.Notes) == 0 {
		t.Fatal(result, err)
	}
	if got := n.rows(t, red, "SELECT v FROM t ORDER BY id"); got[1][0] != "a\nb" {
		t.Fatal(got)
	}
}

// Who imports a million lines and has a mistake in one must learn which, and
// what is in the database now.
func TestImport_StopsAndTells(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	for name, c := range map[string]struct {
		bad, want string
		code      core.Code
	}{
		"a row that does not fit":    {"INSERT INTO t VALUES(3, 'x');", "line 1203: UNIQUE constraint failed: t.id; stored before it: 1 table, 1200 rows and 1201 statements", core.Invalid},
		"a statement of no tenant":   {"ATTACH 'x' AS y;", "line 1203:", core.Invalid},
		"something that is no SQL":   {"nonsense;", "line 1203:", core.Invalid},
		"a schema that is written":   {"PRAGMA writable_schema=ON;", "line 1203:", core.Invalid},
		"the end of a failed dump":   {"ROLLBACK; -- due to errors", "line 1203:", core.Invalid},
		"a text that never ends":     {"INSERT INTO t VALUES(5000, 'x", "line 1203:", core.Invalid},
		"a table that nobody made":   {"INSERT INTO u VALUES(1, 'x');", "line 1203: no such table: u; stored before it: 1 table, 1200 rows", core.Invalid},
		"a trigger on our own table": {"CREATE TRIGGER r AFTER INSERT ON _debros_kv BEGIN SELECT 1; END;", "line 1203:", core.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			ns := core.Namespace(strings.ToLower(strings.ReplaceAll(name, " ", "-")))
			var script strings.Builder
			script.WriteString("-- made by hand\nCREATE TABLE t(id INTEGER PRIMARY KEY, v);\n")
			for i := range 1200 {
				fmt.Fprintf(&script, "INSERT INTO t VALUES(%d, 'x');\n", i)
			}
			script.WriteString(c.bad)
			if !strings.HasSuffix(c.bad, "'x") {
				script.WriteString("\nINSERT INTO t VALUES(9999, 'after the fault');\n")
			}
			result, err := n.Import(t.Context(), ns, core.Transfer{Kind: core.TransferSQL}, strings.NewReader(script.String()), nil)
			if core.CodeOf(err) != c.code || !strings.Contains(core.Sentence(err), c.want) {
				t.Fatalf("%v", err)
			}
			rows := n.rows(t, ns, "SELECT count(*) FROM t")
			if rows[0][0] != any(int64(1200)) || result.Rows != 1200 {
				t.Fatalf("%v rows are there, %d are told", rows, result.Rows)
			}
		})
	}
}

// An SQLite file from a stranger is checked before its first row is stored.
func TestImport_HostileFile(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	file := hostile(t, "CREATE TABLE t(x)", "INSERT INTO t VALUES (1)", "CREATE VIRTUAL TABLE v USING dbstat")
	info, err := ReadBackupInfo(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.Import(t.Context(), red, core.Transfer{Kind: core.TransferSQLite}, bytes.NewReader(file[int64(len(file))-info.Size:]), nil)
	if core.CodeOf(err) != core.Invalid {
		t.Fatal(err)
	}
	if matches, err := filepath.Glob(filepath.Join(n.settings.Dir, "red", "*")); err != nil || len(matches) > 0 {
		t.Error("a refused file made a namespace", matches, err)
	}
}
