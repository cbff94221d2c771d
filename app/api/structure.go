// This file is what a namespace's tables are made of, beyond their columns, and
// how the engine would run a statement.

package api

import (
	"context"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxRelations bounds the foreign keys that are told of.
	MaxRelations = 2000
	// MaxPlanSteps bounds a plan; SQLite itself joins at most 64 tables.
	MaxPlanSteps = 500
)

// Structure is bound as "Structure".
type Structure struct{ d *desk }

// Relations is what belongs to the tables of a namespace beside their columns.
type Relations struct {
	Keys     []ForeignKey `json:"keys"`
	Triggers []Trigger    `json:"triggers"`
}

// ForeignKey is one, with its columns in pairs. To are empty when the key refers
// to the other table's primary key without naming it.
type ForeignKey struct {
	Table    string   `json:"table"`
	Target   string   `json:"target"`
	From     []string `json:"from"`
	To       []string `json:"to"`
	OnUpdate string   `json:"on_update"`
	OnDelete string   `json:"on_delete"`
}

// Trigger is one, with its SQL.
type Trigger struct {
	Name  string `json:"name"`
	Table string `json:"table"`
	SQL   string `json:"sql"`
}

// PlanStep is one line of a plan; Parent is the id of the step around it, 0 for none.
type PlanStep struct {
	ID     int64  `json:"id"`
	Parent int64  `json:"parent"`
	Detail string `json:"detail"`
}

const (
	relationsSQL = `SELECT m.name, f.id, f."table", f."from", f."to", f.on_update, f.on_delete
  FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f
 WHERE m.type = 'table' AND m.name NOT LIKE '\_debros\_%' ESCAPE '\' ORDER BY m.name, f.id, f.seq`
	triggersSQL = `SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' AND name NOT LIKE '\_debros\_%' ESCAPE '\' ORDER BY name`
)

// Relations lists foreign keys and triggers.
func (s *Structure) Relations(namespace string) (Relations, error) {
	return guard(s.d, "Structure.Relations", MaxCallTime, func(ctx context.Context) (Relations, error) {
		b, ns, err := (&Compare{d: s.d}).open(namespace)
		if err != nil {
			return Relations{}, err
		}
		out := Relations{Keys: []ForeignKey{}, Triggers: []Trigger{}}
		o := core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelWeak}, MaxRows: MaxRelations}
		rows, err := b.Database.Query(ctx, ns, core.Statement{SQL: relationsSQL}, o)
		if err != nil {
			return Relations{}, err
		}
		before := ""
		for _, row := range rows.Values {
			t := texts(row)
			if name := t[0] + " " + t[1]; name != before {
				before = name
				out.Keys = append(out.Keys, ForeignKey{Table: t[0], Target: t[2], From: []string{}, To: []string{}, OnUpdate: t[5], OnDelete: t[6]})
			}
			key := &out.Keys[len(out.Keys)-1]
			key.From = append(key.From, t[3])
			if t[4] != "" {
				key.To = append(key.To, t[4])
			}
		}
		if rows, err = b.Database.Query(ctx, ns, core.Statement{SQL: triggersSQL}, o); err != nil {
			return Relations{}, err
		}
		for _, row := range rows.Values {
			t := texts(row)
			out.Triggers = append(out.Triggers, Trigger{Name: t[0], Table: t[1], SQL: t[2]})
		}
		return out, nil
	})
}

// texts writes the cells of a row of known width; NULL is "".
func texts(row []any) []string {
	out := make([]string, 0, len(row))
	for _, v := range row {
		out = append(out, cellOf(v).V)
	}
	return out
}

// TableSurvey is what would be lost with a table.
type TableSurvey struct {
	Rows  string `json:"rows"`
	Nodes int    `json:"nodes"` // replicas; 0 when it is not known
}

// Survey counts what would be lost with a table.
func (s *Structure) Survey(namespace, table string) (TableSurvey, error) {
	return guard(s.d, "Structure.Survey", MaxRunTime, func(ctx context.Context) (TableSurvey, error) {
		b, ns, err := (&Compare{d: s.d}).open(namespace)
		if err != nil {
			return TableSurvey{}, err
		}
		rows, err := countRows(ctx, b, ns, table)
		if err != nil {
			return TableSurvey{}, err
		}
		out := TableSurvey{Rows: rows}
		if nodes, errNodes := b.Replicas.Keepers(ctx, ns); errNodes == nil {
			out.Nodes = len(nodes)
		}
		return out, nil
	})
}

// Change runs statements that change tables, all or none.
func (s *Structure) Change(namespace string, statements []string) error {
	return act(s.d, "Structure.Change", MaxRunTime, func(ctx context.Context) error {
		b, ns, err := (&Compare{d: s.d}).open(namespace)
		if err != nil {
			return err
		}
		if len(statements) == 0 || len(statements) > MaxStatements {
			return core.Errorf(core.Invalid, "A change has 1 to %d statements.", MaxStatements)
		}
		list := make([]core.Statement, 0, len(statements))
		for _, text := range statements {
			list = append(list, core.Statement{SQL: text})
		}
		_, err = b.Database.Exec(ctx, ns, list, core.ExecOptions{Atomic: len(list) > 1})
		return err
	})
}

// Plan asks the engine how it would run one statement, without running it.
// Parameters count as NULL, which changes no plan that is made beforehand.
func (s *Structure) Plan(namespace, sql string) ([]PlanStep, error) {
	return guard(s.d, "Structure.Plan", MaxCallTime, func(ctx context.Context) ([]PlanStep, error) {
		b, ns, err := (&Compare{d: s.d}).open(namespace)
		if err != nil {
			return nil, err
		}
		if len(sql) > MaxScriptBytes {
			return nil, core.Errorf(core.TooLarge, "A statement has at most %d bytes.", MaxScriptBytes)
		}
		text := "EXPLAIN QUERY PLAN " + strings.TrimSpace(sql)
		params, err := b.Replicas.Parameters(text)
		if err != nil {
			return nil, err
		}
		rows, err := b.Database.Query(ctx, ns, core.Statement{SQL: text, Args: make([]any, params)}, core.QueryOptions{
			ReadOptions: core.ReadOptions{Level: core.LevelWeak}, MaxRows: MaxPlanSteps,
		})
		if err != nil {
			return nil, err
		}
		out := []PlanStep{}
		for _, row := range rows.Values {
			if len(row) != 4 {
				return nil, core.Errorf(core.Internal, "A plan has four columns.")
			}
			id, okID := row[0].(int64)
			parent, okParent := row[1].(int64)
			if !okID || !okParent {
				return nil, core.Errorf(core.Internal, "The steps of a plan have numbers.")
			}
			out = append(out, PlanStep{ID: id, Parent: parent, Detail: cellOf(row[3]).V})
		}
		return out, nil
	})
}
