package api

import (
	"context"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// planned answers as the engine does, and remembers what it was asked.
type planned struct {
	*fake
	asked *core.Statement
}

func (p planned) Query(_ context.Context, _ core.Namespace, s core.Statement, _ core.QueryOptions) (*core.Rows, error) {
	*p.asked = s
	rows := &core.Rows{}
	switch {
	case strings.HasPrefix(s.SQL, "EXPLAIN"):
		rows.Values = [][]any{{int64(3), int64(0), int64(216), "SCAN t"}, {int64(7), int64(3), int64(0), "SEARCH u"}}
	case strings.Contains(s.SQL, "foreign_key_list"):
		rows.Values = [][]any{
			{"line", int64(0), "invoice", "year", "year", "NO ACTION", "CASCADE"},
			{"line", int64(0), "invoice", "number", "number", "NO ACTION", "CASCADE"},
			{"line", int64(1), "item", "item", nil, "NO ACTION", "NO ACTION"},
		}
	default:
		rows.Values = [][]any{{"log", "line", "CREATE TRIGGER log …"}}
	}
	return rows, nil
}

// A plan that is asked for without its parameters is refused by the engine; a key
// of two columns drawn as two keys is another schema.
func TestStructure(t *testing.T) {
	f := newReplicas()
	a := newAPI(t)
	b := f.backend()
	var asked core.Statement
	b.Replicas, b.Database = f, planned{f.fake, &asked}
	a.Attach(b)
	a.Ready()
	s := bound[Structure](a)
	steps, err := s.Plan("default", "SELECT * FROM t WHERE a = ? AND b = ?")
	if err != nil || len(steps) != 2 || steps[1] != (PlanStep{ID: 7, Parent: 3, Detail: "SEARCH u"}) || len(asked.Args) != 2 {
		t.Errorf("plan: %+v, %v, asked %+v", steps, err, asked)
	}
	r, err := s.Relations("default")
	if err != nil || len(r.Keys) != 2 || strings.Join(r.Keys[0].From, ",") != "year,number" || len(r.Keys[1].To) != 0 || r.Triggers[0].Table != "line" {
		t.Errorf("relations: %+v, %v", r, err)
	}
}

// A table that is half changed is worse than one that is not.
func TestStructure_ChangesAllOrNothing(t *testing.T) {
	f := newReplicas()
	a := newAPI(t)
	b := f.backend()
	b.Replicas = f
	a.Attach(b)
	a.Ready()
	s := bound[Structure](a)
	if err := s.Change("default", []string{"create", "fail", "drop"}); codeOf(t, err) != core.Invalid || len(f.writes) != 0 {
		t.Errorf("a failing change: %v, wrote %v", err, f.writes)
	}
	if err := s.Change("default", []string{"create", "drop"}); err != nil || len(f.writes) != 2 {
		t.Errorf("a change: %v, wrote %v", err, f.writes)
	}
	if err := s.Change("default", nil); codeOf(t, err) != core.Invalid {
		t.Errorf("nothing to do: %v", err)
	}
}
