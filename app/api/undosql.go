// This file writes the statements that take rows back.

package api

import (
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// undoneOne fails, and so undoes the batch, unless the statement before it changed
// exactly one row: SQLite has no other word for it outside of triggers.
const undoneOne = `SELECT CASE WHEN changes() = 1 THEN 1 ELSE json('a row was changed since') END`

// inverse are the statements that take changes back, each with its check: first
// what came goes, then what changed is as it was, then what went comes again.
func (u *undo) inverse(changes []change) []core.Statement {
	var out []core.Statement
	add := func(s core.Statement) { out = append(out, s, core.Statement{SQL: undoneOne}) }
	for _, c := range changes {
		if c.before == nil {
			where, args := u.where(c.after, nil)
			add(core.Statement{SQL: "DELETE FROM " + quoteName(u.table) + " WHERE " + where, Args: args})
		}
	}
	for _, c := range changes {
		if c.before != nil && c.after != nil {
			add(u.restore(c))
		}
	}
	for _, c := range changes {
		if c.after == nil {
			names := make([]string, 0, len(u.columns))
			for _, name := range u.columns {
				names = append(names, quoteName(name))
			}
			add(core.Statement{
				SQL: "INSERT INTO " + quoteName(u.table) + " (" + strings.Join(names, ", ") + ") VALUES (?" +
					strings.Repeat(", ?", len(names)-1) + ")",
				Args: c.before,
			})
		}
	}
	return out
}

// restore gives the changed cells their old values, where the new ones still stand.
func (u *undo) restore(c change) core.Statement {
	altered := differing([][]any{c.before, c.after})
	var set []string
	var args []any
	for _, i := range altered {
		set, args = append(set, quoteName(u.columns[i])+" = ?"), append(args, c.before[i])
	}
	where, more := u.where(c.after, altered)
	return core.Statement{SQL: "UPDATE " + quoteName(u.table) + " SET " + strings.Join(set, ", ") + " WHERE " + where, Args: append(args, more...)}
}

// where finds a row by its key and, of those columns, its values; nil stands for all.
func (u *undo) where(row []any, columns []int) (string, []any) {
	var parts []string
	var args []any
	take := func(i int) {
		parts, args = append(parts, quoteName(u.columns[i])+" IS ?"), append(args, row[i])
	}
	for _, k := range u.key {
		take(k)
	}
	if columns == nil {
		for i := range u.columns {
			columns = append(columns, i)
		}
	}
	for _, i := range columns {
		take(i)
	}
	return strings.Join(parts, " AND "), args
}

// inText writes a statement with its values, for a person to read.
func inText(s core.Statement) string {
	text := s.SQL
	var out strings.Builder
	for _, a := range s.Args {
		head, tail, _ := strings.Cut(text, "?")
		out.WriteString(head + sqlLiteral(a))
		text = tail
	}
	return out.String() + text + ";"
}
