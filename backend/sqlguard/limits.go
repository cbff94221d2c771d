package sqlguard

// This file names the bounds of a statement, with their reasons.

import (
	"strconv"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of one statement.
const (
	// MaxTextBytes bounds one statement's text. The engine is compiled with the
	// same bound, so a longer one could not run anyway.
	MaxTextBytes = 1 << 20
	// MaxParameters is SQLite's own bound of a statement's parameters.
	MaxParameters = 32766
	// MaxNesting bounds parentheses, sub-queries and CASE inside one another.
	// People write fewer than 30; SQLite's own bound of 1,000 would let a stranger
	// spend a megabyte of stack.
	MaxNesting = 200
	// MaxScriptBytes bounds a script that Split takes apart: an editor holds no more.
	MaxScriptBytes = 16 << 20
)

// Limits lists the bounds that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "text of one SQL statement", Value: "1 MiB", Why: "the engine is compiled with this bound; send values as parameters"},
		{Name: "parameters of one SQL statement", Value: strconv.Itoa(MaxParameters), Why: "SQLite's own bound; use a batch of statements"},
		{Name: "nesting in one SQL statement", Value: strconv.Itoa(MaxNesting), Why: "keeps the stack of a parse small"},
		{Name: "script that is split into statements", Value: "16 MiB", Why: "an editor holds no more; import larger data in parts"},
	}
}
