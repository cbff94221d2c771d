package api

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// Tabs and history are there again after the program was ended, and a damaged
// file costs drafts only.
func TestQueries_Workspace(t *testing.T) {
	a := newAPI(t)
	q := bound[Queries](a)
	if w, err := q.Load(); err != nil || len(w.Tabs) != 0 || w.History == nil {
		t.Fatalf("at first: %+v, %v", w, err)
	}
	kept := Workspace{
		Tabs: []WorkTab{{Title: "SQL 1", Text: "SELECT 'ü'"}, {Title: "t", Table: "t", Namespace: "shop"}}, Active: 1,
		History: []Past{{Time: "2026-01-01T00:00:00Z", Namespace: "shop", Script: "SELECT 1", OK: true}, {Script: strings.Repeat("x", MaxPastBytes+1)}},
	}
	if err := q.Save(kept); err != nil {
		t.Fatal(err)
	}
	got, err := q.Load()
	if err != nil || !slices.Equal(got.Tabs, kept.Tabs) || got.Active != 1 || len(got.History) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if err = q.Save(Workspace{Tabs: make([]WorkTab, MaxTabs+1)}); codeOf(t, err) != core.TooLarge {
		t.Errorf("too many tabs: %v", err)
	}
	if err = q.Save(Workspace{Tabs: []WorkTab{{Text: strings.Repeat("x", MaxWorkspaceBytes)}}}); codeOf(t, err) != core.TooLarge {
		t.Errorf("too long a text: %v", err)
	}
	if err = os.WriteFile(filepath.Join(a.desk.program.DataDir, workspaceName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err = q.Load(); err != nil || len(got.Tabs) != 0 {
		t.Errorf("damaged: %+v, %v", got, err)
	}
}

// A saved query is a plain .sql file in its folder, and no name leads out of it.
func TestQueries_Saved(t *testing.T) {
	a := newAPI(t)
	q := bound[Queries](a)
	if err := q.Store("orders of May", "SELECT 1;", false); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(a.desk.program.DataDir, "queries", "orders of May.sql")
	if text, err := os.ReadFile(file); err != nil || string(text) != "SELECT 1;" {
		t.Errorf("%q, %v", text, err)
	}
	if err := q.Store("orders of May", "SELECT 2;", false); codeOf(t, err) != core.Conflict {
		t.Errorf("a name that is taken: %v", err)
	}
	for _, name := range []string{"", "../x", `a\b`, ".hidden", "a/b", " a", "a?", strings.Repeat("x", 81), "a\x00"} {
		if err := q.Store(name, "x", true); codeOf(t, err) != core.Invalid {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := q.Store("b", "b", true); err != nil {
		t.Fatal(err)
	}
	if err := q.Rename("b", "orders of May"); codeOf(t, err) != core.Conflict {
		t.Errorf("renamed onto another: %v", err)
	}
	if err := q.Rename("b", "c"); err != nil {
		t.Fatal(err)
	}
	list, err := q.List()
	if err != nil || len(list) != 2 || list[0].Name != "c" || list[1].Size != 9 {
		t.Errorf("%+v, %v", list, err)
	}
	if err = q.Delete("c"); err != nil {
		t.Fatal(err)
	}
	if _, err = q.Open("c"); codeOf(t, err) != core.NotFound {
		t.Errorf("one that is gone: %v", err)
	}
	if err = os.WriteFile(file, []byte("\xff\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = q.Open("orders of May"); codeOf(t, err) != core.Invalid {
		t.Errorf("no text: %v", err)
	}
}
