package api

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// undoScreen is the SQL screen over a real database, with its undo.
func undoScreen(t *testing.T) (*SQL, *Undo, *database.Databases) {
	t.Helper()
	d := realDatabase(t)
	a := newAPI(t)
	f := newFake()
	b := f.backend()
	b.Database, b.Replicas, b.Machine = d, writing{&replicaFake{fake: f}}, splitting{f}
	a.Attach(b)
	a.Ready()
	return bound[SQL](a), bound[Undo](a), d
}

// writing knows the table t only; splitting takes a script for one statement.
type writing struct{ *replicaFake }

func (writing) Writes(sql string) (string, error) {
	if strings.HasPrefix(sql, "CREATE") || strings.HasPrefix(sql, "SELECT") {
		return "", nil
	}
	return "t", nil
}

type splitting struct{ *fake }

func (splitting) SplitSQL(script string) ([]core.Piece, error) {
	return []core.Piece{{Text: script, End: len(script), Kind: "write"}}, nil
}

func runOne(t *testing.T, s *SQL, sql string) StatementResult {
	t.Helper()
	answer, err := s.Run(RunRequest{RunID: "r", Namespace: "default", Script: sql})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Results[0]
}

func content(t *testing.T, d *database.Databases) string {
	t.Helper()
	rows, err := d.Query(t.Context(), "default", core.Statement{SQL: "SELECT * FROM t ORDER BY id"}, core.QueryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(rows.Values)
}

// An undo that leaves anything else than the state before is worse than none.
func TestUndo_GivesTheStateBefore(t *testing.T) {
	sql, undo, d := undoScreen(t)
	if r := runOne(t, sql, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b BLOB, n REAL)"); r.Error != "" {
		t.Fatal(r.Error)
	}
	dice := rand.New(rand.NewPCG(7, 7))
	undone := 0
	for range 120 {
		n := dice.IntN(30)
		statement := []string{
			fmt.Sprintf("INSERT INTO t VALUES (%d, 'v%d', x'00%02x', %d.5)", n, dice.IntN(30), n, n),
			fmt.Sprintf("INSERT OR REPLACE INTO t VALUES (%d, 'v%d', NULL, NULL)", n, dice.IntN(30)),
			fmt.Sprintf("UPDATE t SET n = n + 1, b = NULL WHERE id < %d", n),
			fmt.Sprintf("UPDATE t SET id = id + 100 WHERE id = %d", n),
			fmt.Sprintf("DELETE FROM t WHERE id > %d AND id < 100", n+10),
			"INSERT INTO t (a) VALUES ('same'), ('same')",
		}[dice.IntN(6)]
		before := content(t, d)
		r := runOne(t, sql, statement)
		if r.Error != "" {
			if strings.Contains(r.Error, "statement") || content(t, d) != before {
				t.Fatalf("%s failed with %q and left %s", statement, r.Error, content(t, d))
			}
			continue
		}
		if after := content(t, d); after == before {
			continue
		}
		offer, err := undo.Of("default", r.Provenance.Index)
		if err != nil || !offer.Offered || offer.SinceCount != 0 || offer.Script == "" {
			t.Fatalf("%s: %+v, %v", statement, offer, err)
		}
		if _, err = undo.Run("default", r.Provenance.Index, false); err != nil {
			t.Fatalf("%s: %v\n%s", statement, err, offer.Script)
		}
		if got := content(t, d); got != before {
			t.Fatalf("%s: after the undo\n%s, not\n%s", statement, got, before)
		}
		undone++
		if _, err = undo.Run("default", r.Provenance.Index, false); codeOf(t, err) != core.NotFound {
			t.Fatalf("undone twice: %v", err)
		}
		if dice.IntN(2) == 0 { // go on from another state
			runOne(t, sql, statement)
		}
	}
	if undone < 30 {
		t.Errorf("only %d statements were taken back", undone)
	}
}

// What somebody else wrote since must not be lost by an undo.
func TestUndo_KeepsWhatWasChangedSince(t *testing.T) {
	sql, undo, d := undoScreen(t)
	runOne(t, sql, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
	runOne(t, sql, "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
	r := runOne(t, sql, "UPDATE t SET a = 'x'")
	if r.RowsAffected != "3" {
		t.Errorf("%s rows affected", r.RowsAffected)
	}
	if _, err := d.Exec(context.Background(), "default", []core.Statement{{SQL: "UPDATE t SET a = 'theirs' WHERE id = 2"}}, core.ExecOptions{}); err != nil {
		t.Fatal(err)
	}
	offer, err := undo.Of("default", r.Provenance.Index)
	if err != nil || offer.Rows != 3 || offer.SinceCount != 1 || offer.Since[0] != "2" {
		t.Fatalf("%+v, %v", offer, err)
	}
	if _, err = undo.Run("default", r.Provenance.Index, false); codeOf(t, err) != core.Conflict {
		t.Errorf("took it back over theirs: %v", err)
	}
	if n, errOthers := undo.Run("default", r.Provenance.Index, true); errOthers != nil || n != 2 || content(t, d) != "[[1 a] [2 theirs] [3 c]]" {
		t.Errorf("the others: %d, %v, %s", n, errOthers, content(t, d))
	}
}

// What cannot be taken back is said before somebody counts on it.
func TestUndo_SaysWhyNot(t *testing.T) {
	tests := map[string]struct{ table, more, reason string }{
		"no key":   {"CREATE TABLE t (id INTEGER, a TEXT)", "", "no primary key"},
		"triggers": {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = 'y'; END", "triggers"},
		"cascades": {"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)", "CREATE TABLE u (t INTEGER REFERENCES t(id) ON DELETE CASCADE)", "foreign keys"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			sql, undo, _ := undoScreen(t)
			for _, s := range []string{tt.table, tt.more} {
				if s == "" {
					continue
				}
				if r := runOne(t, sql, s); r.Error != "" {
					t.Fatal(r.Error)
				}
			}
			r := runOne(t, sql, "INSERT INTO t VALUES (1, 'a')")
			offer, err := undo.Of("default", r.Provenance.Index)
			if err != nil || offer.Offered || !strings.Contains(offer.Reason, tt.reason) || r.RowsAffected != "1" {
				t.Errorf("%+v, %v", offer, err)
			}
		})
	}
}
