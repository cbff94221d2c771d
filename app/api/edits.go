// This file writes staged edits: all of them in one transaction, each only if the
// row is still as the person saw it.

package api

import (
	"context"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxEdits bounds the rows that are edited at once; each is two statements.
const MaxEdits = 1000

// The kinds of an edit.
const (
	editUpdate = "update"
	editInsert = "insert"
	editDelete = "delete"
)

// EditRequest is a batch of edits of one table.
type EditRequest struct {
	Namespace string `json:"namespace"`
	Table     string `json:"table"`
	Edits     []Edit `json:"edits"`
}

// Edit is the change of one row. Kind is "update", "insert" or "delete".
type Edit struct {
	Kind string `json:"kind"`
	// Old are columns as they were seen, the whole key among them: the row that has
	// exactly these values is meant. Empty for an insert.
	Old []NamedCell `json:"old"`
	// Set are the new values. Empty for a delete.
	Set []NamedCell `json:"set"`
}

// NamedCell is the value of one column.
type NamedCell struct {
	Column string `json:"column"`
	Cell   Cell   `json:"cell"`
}

// Planned is a statement as it is going to run, with its values.
type Planned struct {
	SQL  string `json:"sql"`
	Args []Cell `json:"args"`
	// Script is the same with the values written into it, for a terminal.
	Script string `json:"script"`
}

// EditAnswer tells how a batch went. A batch that failed changed nothing.
type EditAnswer struct {
	// Blamed is the edit that stopped the batch, -1 when it was applied. Conflict
	// says that its row was changed or deleted by somebody else.
	Blamed     int        `json:"blamed"`
	Conflict   bool       `json:"conflict"`
	Error      string     `json:"error"`
	Code       string     `json:"code"`
	InsertIDs  []string   `json:"insert_ids"` // the number of each inserted row, "" for other edits
	Provenance Provenance `json:"provenance"`
}

// oneRow fails, and so undoes the batch, unless the statement before it changed
// exactly one row. SQLite has no word for "fail" outside of triggers; a text that
// is no JSON does it.
const oneRow = `SELECT CASE WHEN changes() = 1 THEN 1 ELSE json('row is not as it was') END`

// Plan shows the statements of a batch without running them.
func (s *SQL) Plan(r EditRequest) ([]Planned, error) {
	return guard(s.d, "SQL.Plan", MaxCallTime, func(context.Context) ([]Planned, error) {
		statements, err := r.statements()
		if err != nil {
			return nil, err
		}
		out := make([]Planned, 0, len(statements))
		for _, one := range statements {
			p := Planned{SQL: one.SQL, Args: []Cell{}, Script: spelled(one)}
			for _, v := range one.Args {
				p.Args = append(p.Args, cellOf(v))
			}
			out = append(out, p)
		}
		return out, nil
	})
}

// Apply runs a batch: all of its edits, or none. A row that is not as it was seen
// is an answer, not an error of the call.
func (s *SQL) Apply(r EditRequest) (EditAnswer, error) {
	return guard(s.d, "SQL.Apply", MaxRunTime, func(ctx context.Context) (EditAnswer, error) {
		ns, err := core.ParseNamespace(r.Namespace)
		if err != nil {
			return EditAnswer{}, err
		}
		b, err := s.d.node()
		if err != nil {
			return EditAnswer{}, err
		}
		statements, err := r.statements()
		if err != nil {
			return EditAnswer{}, err
		}
		answer, err := b.Database.Exec(ctx, ns, statements, core.ExecOptions{Atomic: true})
		if err != nil {
			return s.d.editFailed(r, statements, err)
		}
		out := EditAnswer{Blamed: -1, InsertIDs: []string{}, Provenance: provenanceOf(answer.Provenance)}
		if len(answer.Results) != len(statements) {
			return EditAnswer{}, errResults
		}
		for i, e := range r.Edits {
			id := ""
			if e.Kind == editInsert {
				id = decimal(answer.Results[2*i].LastInsertID)
			}
			out.InsertIDs = append(out.InsertIDs, id)
		}
		return out, nil
	})
}

// editFailed finds the edit that a failure is about. Nobody knows that of an
// outcome that is not known: that stays an error.
func (d *desk) editFailed(r EditRequest, statements []core.Statement, err error) (EditAnswer, error) {
	if code := core.CodeOf(err); code != core.Invalid && code != core.Conflict {
		return EditAnswer{}, err
	}
	at := blamed(err, len(statements))
	f := d.fail("SQL.Apply", err)
	out := EditAnswer{Blamed: at / 2, Error: cause(err, len(statements)), Code: string(f.Code), InsertIDs: []string{}, Provenance: provenanceOf(core.Provenance{})}
	if at%2 == 1 {
		out.Conflict, out.Code = true, string(core.Conflict)
		out.Error = "This row was changed or deleted by somebody else. Nothing was stored; load it again, then decide."
		if r.Edits[at/2].Kind == editInsert {
			out.Error = "The row was not added: the table does something else with new rows. Nothing was stored."
		}
	}
	return out, nil
}

// statements are two for each edit: what it does, and the check that it did it.
func (r EditRequest) statements() ([]core.Statement, error) {
	switch {
	case len(r.Edits) == 0:
		return nil, core.Errorf(core.Invalid, "There is no edit to apply.")
	case len(r.Edits) > MaxEdits:
		return nil, core.Errorf(core.TooLarge, "At most %d rows can be edited at once; apply some first.", MaxEdits)
	case r.Table == "":
		return nil, core.Errorf(core.Invalid, "Edits need a table.")
	}
	out := make([]core.Statement, 0, 2*len(r.Edits))
	for _, e := range r.Edits {
		s, err := e.statement(r.Table)
		if err != nil {
			return nil, err
		}
		out = append(out, s, core.Statement{SQL: oneRow})
	}
	return out, nil
}

func (e Edit) statement(table string) (out core.Statement, err error) {
	set, values, err := assigned(e.Set)
	if err != nil {
		return out, err
	}
	where, olds, err := matched(e.Old)
	if err != nil {
		return out, err
	}
	switch {
	case e.Kind == editInsert && len(set) == 0:
		out.SQL = "INSERT INTO " + quoteName(table) + " DEFAULT VALUES"
	case e.Kind == editInsert:
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(set)), ", ")
		out.SQL = "INSERT INTO " + quoteName(table) + " (" + strings.Join(set, ", ") + ") VALUES (" + marks + ")"
		out.Args = values
	case len(where) == 0:
		return out, core.Errorf(core.Invalid, "An edit names the row that it is about.")
	case e.Kind == editUpdate && len(set) > 0:
		out.SQL = "UPDATE " + quoteName(table) + " SET " + strings.Join(set, " = ?, ") + " = ? WHERE " + strings.Join(where, " AND ")
		out.Args = slices.Concat(values, olds)
	case e.Kind == editDelete:
		out.SQL = "DELETE FROM " + quoteName(table) + " WHERE " + strings.Join(where, " AND ")
		out.Args = olds
	default:
		return out, core.Errorf(core.Invalid, "An edit is an update with new values, an insert or a delete.")
	}
	return out, nil
}

func assigned(cells []NamedCell) (names []string, values []any, err error) {
	for _, c := range cells {
		v, err := c.Cell.valueOf()
		if err != nil {
			return nil, nil, core.Wrap(core.Invalid, err, "Column %q: %s", c.Column, core.Sentence(err))
		}
		names, values = append(names, quoteName(c.Column)), append(values, v)
	}
	return names, values, nil
}

// matched compares bytes, whatever the column's own order takes for equal, and
// NULL with NULL.
func matched(cells []NamedCell) (where []string, values []any, err error) {
	names, values, err := assigned(cells)
	for _, name := range names {
		where = append(where, name+" IS ? COLLATE BINARY")
	}
	return where, values, err
}

// spelled puts the values into a statement's text, whose only quotes are those
// around names.
func spelled(s core.Statement) string {
	var out strings.Builder
	inName, i := false, 0
	for _, c := range s.SQL {
		if c == '"' {
			inName = !inName
		}
		if c == '?' && !inName && i < len(s.Args) {
			out.WriteString(sqlLiteral(s.Args[i]))
			i++
			continue
		}
		out.WriteRune(c)
	}
	return out.String()
}
