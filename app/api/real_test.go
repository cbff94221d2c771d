package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// realDatabase is a database that runs until the test ends.
func realDatabase(t *testing.T) *database.Databases {
	t.Helper()
	host, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		t.Fatal(err)
	}
	d, err := database.New(database.Settings{Dir: t.TempDir(), NodeID: host.ID().String()}, host, nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- d.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, host.Close()); err != nil {
			t.Error(err)
		}
	})
	<-ready
	return d
}

// realSQL is the SQL screen over a real database, in the namespace "shop".
func realSQL(t *testing.T) (*SQL, *API) {
	t.Helper()
	a := newAPI(t)
	b := newFake().backend()
	b.Database = realDatabase(t)
	a.Attach(b)
	a.Ready()
	t.Cleanup(a.desk.tasks.close)
	return bound[SQL](a), a
}

func exec(t *testing.T, s *SQL, statements ...string) {
	t.Helper()
	b, err := s.d.node()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range statements {
		if _, err := b.Database.Exec(t.Context(), "shop", []core.Statement{{SQL: text}}, core.ExecOptions{}); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// shown reads everything of a table as plain text, rows between commas.
func shown(t *testing.T, s *SQL, table string) string {
	t.Helper()
	text, err := s.Text(Span{View: View{Namespace: "shop", Table: table, Shape: Shape{Sort: -1}}, Count: 1000, Columns: columnsOf(t, s, table)}, "text", "")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(text), "\n", ", "), "\t", " ")
}

func columnsOf(t *testing.T, s *SQL, table string) []int {
	t.Helper()
	info, err := s.Open("shop", table)
	if err != nil {
		t.Fatal(err)
	}
	out := []int{}
	for i := range info.Columns {
		out = append(out, i)
	}
	return out
}

// finished waits for a task and returns it.
func finished(t *testing.T, a *API, id string, err error) Task {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	a.desk.tasks.wg.Wait()
	for _, task := range a.desk.tasks.list() {
		if task.ID == id {
			return task
		}
	}
	t.Fatal("the task is gone")
	return Task{}
}

func valued(column, kind, value string) NamedCell {
	return NamedCell{Column: column, Cell: Cell{K: kind, V: value}}
}

// Two people edit the same table: what one of them did not see is never
// overwritten, and a batch with one stale row leaves no trace at all.
func TestSQL_ApplyIsAllOrNothing(t *testing.T) {
	s, _ := realSQL(t)
	exec(t, s, `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, n REAL, b BLOB)`,
		`INSERT INTO t VALUES (1, 'Ann', 1.5, x'00ff'), (2, NULL, NULL, NULL), (3, 'Cid', 3, x'')`)
	before := shown(t, s, "t")
	first := Edit{Kind: editUpdate, Old: []NamedCell{valued("id", "i", "1"), valued("name", "t", "Ann")}, Set: []NamedCell{valued("name", "t", "Änne")}}
	tests := map[string]struct {
		edit     Edit
		conflict bool
		says     string
	}{
		"a value that changed":       {Edit{Kind: editUpdate, Old: []NamedCell{valued("id", "i", "2"), valued("name", "t", "Bob")}, Set: []NamedCell{valued("name", "t", "x")}}, true, "changed or deleted"},
		"another case of letters":    {Edit{Kind: editUpdate, Old: []NamedCell{valued("id", "i", "3"), valued("name", "t", "CID")}, Set: []NamedCell{valued("name", "t", "x")}}, true, "changed or deleted"},
		"a row that is gone":         {Edit{Kind: editDelete, Old: []NamedCell{valued("id", "i", "9")}}, true, "changed or deleted"},
		"a key that is taken":        {Edit{Kind: editInsert, Set: []NamedCell{valued("id", "i", "3")}}, false, "UNIQUE constraint failed"},
		"a key that is taken by now": {Edit{Kind: editUpdate, Old: []NamedCell{valued("id", "i", "2")}, Set: []NamedCell{valued("id", "i", "3")}}, false, "UNIQUE constraint failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := s.Apply(EditRequest{Namespace: "shop", Table: "t", Edits: []Edit{first, tt.edit}})
			if err != nil || got.Blamed != 1 || got.Conflict != tt.conflict || !strings.Contains(got.Error, tt.says) {
				t.Errorf("%+v, %v", got, err)
			}
			if after := shown(t, s, "t"); after != before {
				t.Errorf("the batch left something behind:\n%s\n%s", before, after)
			}
		})
	}
	got, err := s.Apply(EditRequest{Namespace: "shop", Table: "t", Edits: []Edit{
		first,
		{Kind: editUpdate, Old: []NamedCell{valued("id", "i", "2"), valued("name", "n", "")}, Set: []NamedCell{valued("name", "t", ""), valued("n", "r", "2.5")}},
		{Kind: editDelete, Old: []NamedCell{valued("id", "i", "3"), valued("b", "b", "")}},
		{Kind: editInsert, Set: []NamedCell{valued("b", "b", "AP8=")}},
	}})
	if err != nil || got.Blamed != -1 || !slices.Equal(got.InsertIDs, []string{"", "", "", "3"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if after := shown(t, s, "t"); after != "1 Änne 1.5 x'00ff', 2  2.5 , 3   x'00ff'" {
		t.Error(after)
	}
}

// The statements are shown before they run, as they are going to run.
func TestSQL_Plan(t *testing.T) {
	s := bound[SQL](newFake().page(t))
	got, err := s.Plan(EditRequest{Namespace: "shop", Table: `a"b`, Edits: []Edit{
		{Kind: editUpdate, Old: []NamedCell{valued("id?", "i", "1"), valued("x", "n", "")}, Set: []NamedCell{valued("x", "t", "it's")}},
	}})
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if want := `UPDATE "a""b" SET "x" = ? WHERE "id?" IS ? COLLATE BINARY AND "x" IS ? COLLATE BINARY`; got[0].SQL != want {
		t.Error(got[0].SQL)
	}
	if want := `UPDATE "a""b" SET "x" = 'it''s' WHERE "id?" IS 1 COLLATE BINARY AND "x" IS NULL COLLATE BINARY`; got[0].Script != want {
		t.Error(got[0].Script)
	}
	for name, edit := range map[string]Edit{
		"no row":    {Kind: editDelete},
		"no change": {Kind: editUpdate, Old: []NamedCell{valued("id", "i", "1")}},
		"no number": {Kind: editInsert, Set: []NamedCell{valued("id", "i", "one")}},
	} {
		if _, err := s.Plan(EditRequest{Namespace: "shop", Table: "t", Edits: []Edit{edit}}); codeOf(t, err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A table is shown part by part, sorted and filtered, also without a key of its
// own; a result of one table knows that it can be edited.
func TestSQL_Tables(t *testing.T) {
	s, _ := realSQL(t)
	exec(t, s, `CREATE TABLE city (name TEXT PRIMARY KEY) WITHOUT ROWID`, `INSERT INTO city VALUES ('Bonn'), ('Ulm')`,
		`CREATE TABLE p (rowid TEXT, city TEXT REFERENCES city(name), age)`, `CREATE VIEW v AS SELECT * FROM p`,
		`INSERT INTO p VALUES ('a', 'Bonn', 30), ('b', 'Ulm', NULL), ('c', 'Bonn', 9)`)
	info, err := s.Open("shop", "p")
	if err != nil || info.RowID != "_rowid_" || !info.Editable || !slices.Equal(info.References, []Reference{{"city", "city", "name"}}) {
		t.Fatalf("%+v, %v", info, err)
	}
	v := View{Namespace: "shop", Table: "p", Shape: Shape{Sort: 3, Down: true, Filters: []Filter{{Column: 2, Op: "is", Value: "Bonn"}, {Column: -1, Op: "has", Value: "BON"}}}}
	page, err := s.Rows(v, 0, 1)
	if err != nil || page.Total != 2 || page.Rows[0][1].V != "a" {
		t.Errorf("%+v, %v", page, err)
	}
	if page, err = s.Rows(v, 1, 5); err != nil || page.Total != -1 || page.Rows[0][1].V != "c" {
		t.Errorf("%+v, %v", page, err)
	}
	if n, err := s.Count("shop", "v", "none"); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	for statement, want := range map[string]bool{
		"SELECT name FROM city": true,
		`select "name" from [city] where name > 'A' order by 1 limit 1;`: true,
		"SELECT name AS other FROM city":                                 false,
		"SELECT upper(name) FROM city":                                   false,
		"SELECT name FROM city, p":                                       false,
		"SELECT name FROM city JOIN p":                                   false,
		"SELECT name FROM city GROUP BY name":                            false,
		"SELECT name FROM city UNION SELECT age FROM p":                  false,
		"SELECT DISTINCT name FROM city":                                 false,
		"WITH city AS (SELECT 1 AS name) SELECT name FROM city":          false,
		"SELECT name FROM gone":                                          false,
	} {
		if got, err := s.Source("shop", statement, []string{"name"}); err != nil || got.Editable && got.Name == "city" != want {
			t.Errorf("%s: %+v, %v", statement, got, err)
		} else if got.Editable != want {
			t.Errorf("%s: editable is %v", statement, got.Editable)
		}
	}
	if got, err := s.Source("shop", "SELECT rowid, city, age FROM p", []string{"rowid", "city", "age"}); err != nil || got.Editable {
		t.Errorf("rows without their key: %+v, %v", got, err)
	}
}

// What is remembered of a table is forgotten when this page changes it, and soon
// enough when somebody else does.
func TestSQL_TablesAreRemembered(t *testing.T) {
	s, a := realSQL(t)
	exec(t, s, `CREATE TABLE t (a)`)
	now := time.Unix(0, 0)
	a.desk.program.Now = func() time.Time { return now }
	columns := func() int { return len(columnsOf(t, s, "t")) }
	before := columns()
	exec(t, s, `ALTER TABLE t ADD COLUMN b`)
	if got := columns(); got != before {
		t.Errorf("%d columns at once, want %d: each part asks for the schema", got, before)
	}
	now = now.Add(maxTableAge)
	if got := columns(); got != before+1 {
		t.Errorf("%d columns later", got)
	}
	r := &run{d: s.d, ns: "shop", budget: maxAnswerBytes}
	var err error
	if r.b, err = s.d.node(); err != nil {
		t.Fatal(err)
	}
	if _, err = r.one(t.Context(), Piece{Text: `ALTER TABLE t ADD COLUMN c`, Kind: kindSchema}); err != nil {
		t.Fatal(err)
	}
	if got := columns(); got != before+2 {
		t.Errorf("%d columns after this page changed it", got)
	}
}

// What is exported and imported again is the same to the last bit, NULL and
// empty texts and all.
func TestSQL_ExportAndImport(t *testing.T) {
	s, a := realSQL(t)
	exec(t, s, `CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT, n, b BLOB)`,
		`INSERT INTO t VALUES (1, '', 9007199254740993, x'00ff'), (2, NULL, 0.5, NULL), (9, 'a,"b"'||char(10)||'c', -1, x'')`)
	want := shown(t, s, "t")
	for _, format := range []string{"csv", "json", "jsonl"} {
		t.Run(format, func(t *testing.T) {
			place := filepath.Join(t.TempDir(), "t."+format)
			target, err := a.desk.files.addTarget(place, "t."+format)
			if err != nil {
				t.Fatal(err)
			}
			id, err := s.Export(ExportRequest{View: View{Namespace: "shop", Table: "t", Shape: Shape{Sort: -1}}, Format: format, File: target, Title: "t"})
			if task := finished(t, a, id, err); task.Result != "3 rows were written." {
				t.Fatalf("%+v", task)
			}
			source, err := a.desk.files.addSource(place)
			if err != nil {
				t.Fatal(err)
			}
			preview, err := s.Preview(source.ID, ImportFormat{})
			if err != nil || len(preview.Columns) != 4 || len(preview.Rows) != 3 || preview.Columns[0].Type != "INTEGER" || preview.Columns[3].Type != "BLOB" {
				t.Fatalf("%+v, %v", preview, err)
			}
			preview.Columns[2].Type = "REAL"
			if format != "csv" {
				preview.Columns[2].Type = "TEXT" // JSON says what is a number
			}
			id, err = s.Import(ImportRequest{
				FileID: source.ID, Namespace: "shop", Table: "copy " + format, Create: true, Format: preview.Format,
				Columns: []ImportColumn{preview.Columns[0], preview.Columns[1], preview.Columns[3]}, Conflict: "fail", Title: "t",
			})
			if task := finished(t, a, id, err); task.State != "done" || task.Result != `3 rows were stored in "copy `+format+`".` {
				t.Fatalf("%+v", task)
			}
			text, err := s.Text(Span{View: View{Namespace: "shop", Table: "copy " + format, Shape: Shape{Sort: -1}}, Count: 9, Columns: []int{1, 2, 3}}, "json", "")
			same, errWant := s.Text(Span{View: View{Namespace: "shop", Table: "t", Shape: Shape{Sort: -1}}, Count: 9, Columns: []int{0, 1, 3}}, "json", "")
			if err = errors.Join(err, errWant); err != nil || text != same {
				t.Errorf("%s\n%s\n%v", text, same, err)
			}
		})
	}
	if got := shown(t, s, "t"); got != want {
		t.Error(got)
	}
}

// A row that is there already stops an import, is skipped or is replaced, as the
// person said; what failed names the row and leaves nothing.
func TestSQL_ImportConflicts(t *testing.T) {
	s, a := realSQL(t)
	for rule, want := range map[string]string{
		"fail":    "1 old|failed|Row 2: UNIQUE constraint failed: t_fail.id. Nothing was stored.",
		"skip":    `1 old, 2 new|done|1 rows were stored in "t_skip". 1 were there already and were skipped.`,
		"replace": `1 new, 2 new|done|2 rows were stored in "t_replace".`,
	} {
		table := "t_" + rule
		exec(t, s, "CREATE TABLE "+table+" (id INTEGER PRIMARY KEY, x)", "INSERT INTO "+table+" VALUES (1, 'old')")
		place := filepath.Join(t.TempDir(), "in.csv")
		if err := os.WriteFile(place, []byte("id;x\n2;new\n1;new\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := a.desk.files.addSource(place)
		if err != nil {
			t.Fatal(err)
		}
		id, err := s.Import(ImportRequest{
			FileID: file.ID, Namespace: "shop", Table: table, Conflict: rule, Title: "t",
			Columns: []ImportColumn{{Source: 0, Name: "id", Type: "INTEGER"}, {Source: 1, Name: "x", Type: "TEXT"}},
		})
		task := finished(t, a, id, err)
		if got := shown(t, s, table) + "|" + task.State + "|" + task.Error + task.Result; !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", rule, got)
		}
	}
}

// More rows than are kept of a result still get into a file, as one answer.
func TestSQL_ExportStatement(t *testing.T) {
	s, a := realSQL(t)
	exec(t, s, `CREATE TABLE d (v)`, `INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)`)
	place := filepath.Join(t.TempDir(), "all.csv")
	target, err := a.desk.files.addTarget(place, "all.csv")
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.Export(ExportRequest{
		View: View{Namespace: "shop"}, Format: "csv", File: target, Title: "t", Params: []Param{{Name: ":x", Kind: "i", Value: "7"}},
		Statement: "SELECT a.v + :x AS n FROM d a, d b, d c, d e, d f -- all of it",
	})
	if task := finished(t, a, id, err); task.Result != "100000 rows were written." {
		t.Fatalf("%+v", task)
	}
	file, err := os.Open(place)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(file)
	if err = errors.Join(err, file.Close()); err != nil || strings.Count(string(text), "\n") != 100_001 || !strings.HasPrefix(string(text), "n\r\n7\r\n") {
		t.Errorf("%d lines, %v", strings.Count(string(text), "\n"), err)
	}
}

// Parameters reach the database as values of their kind, whatever their names.
func TestSQL_Params(t *testing.T) {
	s, _ := realSQL(t)
	r := &run{d: s.d, ns: "shop", budget: maxAnswerBytes, params: []Param{
		{":a", "t", "1"}, {"@b", "i", "9007199254740993"}, {"$c", "b", "00 ff"}, {"?4", "n", ""}, {"?5", "r", "0.5"},
	}}
	var err error
	if r.b, err = s.d.node(); err != nil {
		t.Fatal(err)
	}
	text := `SELECT :a, @b, $c, ?, ?5, :a, ':no', "?" -- :neither`
	got, err := r.one(t.Context(), Piece{Text: text, Kind: kindRead, Params: parameters(text)})
	want := []Cell{{"t", "1"}, {"i", "9007199254740993"}, {"b", "AP8="}, {"n", ""}, {"r", "0.5"}, {"t", "1"}, {"t", ":no"}, {"t", "?"}}
	if err != nil || len(got.Rows) != 1 || !slices.Equal(got.Rows[0], want) {
		t.Errorf("%+v, %v", got.Rows, err)
	}
	r.params = r.params[1:]
	if _, err = r.one(t.Context(), Piece{Text: text, Kind: kindRead, Params: parameters(text)}); core.CodeOf(err) != core.Invalid || !strings.Contains(core.Sentence(err), ":a") {
		t.Errorf("a value is missing: %v", err)
	}
}

// An answer for the screen may be far larger than one for the network.
func TestSQL_LargeResult(t *testing.T) {
	s, _ := realSQL(t)
	exec(t, s, `CREATE TABLE d (v)`, `INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)`)
	r := &run{d: s.d, ns: "shop", budget: maxAnswerBytes}
	var err error
	if r.b, err = s.d.node(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := r.one(ctx, Piece{Text: "SELECT a.v FROM d a, d b, d c, d e, d f, (VALUES (1), (2))", Kind: kindRead})
	if err != nil || got.Total != MaxResultRows || !got.Truncated || len(got.Rows) != maxFirstRows {
		t.Errorf("%d rows, %v", got.Total, err)
	}
}
