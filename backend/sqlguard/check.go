package sqlguard

// This file is the door: Check, and what it tells about a statement that may run.

import (
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// ReservedPrefix begins the names of this program's own tables, which live in
// the same database as the tenant's. Check refuses such a name in every quoting
// style, and also the name "_debros" itself, because the helper tables of a
// full-text index of that name would begin with the prefix.
const ReservedPrefix = "_debros_"

// Kind says what a statement does and so which way it must go.
type Kind string

// The kinds.
const (
	Read   Kind = "read"   // changes nothing; may run on any replica under a time limit
	Write  Kind = "write"  // changes rows; goes through the log
	Schema Kind = "schema" // changes the schema; goes through the log alone
)

// Statement tells what a checked statement is.
type Statement struct {
	Kind Kind
	// Verb is its first words in upper case: "SELECT", "INSERT", "CREATE TABLE",
	// "PRAGMA". It is that of the inner statement under EXPLAIN.
	Verb string
	// Explain tells that the statement is only explained; its Kind is Read.
	Explain bool
	// Returning tells that a write answers with rows.
	Returning bool
	// Tables are the tables and views (or the index of REINDEX and DROP INDEX) that it names, without quotes and schema,
	// each once, in the order of their appearance. The names of common table
	// expressions are left out where they are known already.
	Tables []string
	// Functions are the SQL functions it calls, in lower case, each once, in the
	// order of appearance; current_timestamp and its like count as functions.
	Functions []string
	// Parameters is how many values it wants bound.
	Parameters int
	// Sources counts the tables, views, sub-queries and table functions that a
	// statement reads from. The work of a write with more than one may be the
	// product of their sizes, which no shape can bound.
	Sources int
	// Ordered tells that a query sorts its answer, Loose that it, or one inside of
	// it, takes a part of its rows without sorting them first: which part is
	// the engine's choice then.
	Ordered, Loose bool
	// Recursive tells that a common table expression reads itself. Only a read can
	// have one.
	Recursive bool
	// Session tells that it asks for last_insert_rowid() or changes(). Both
	// belong to a connection: they mean something only after an earlier write of
	// the same atomic batch, and differ between replicas otherwise.
	Session bool
}

// Check reads sql, which must be exactly one statement (comments and a trailing
// semicolon do not count), and tells what it is. It returns core.Invalid with
// the reason and the remedy when a tenant may not run it or it is not SQL, and
// core.TooLarge when it passes one of the limits. What SQLite alone can know (such
// as whether a column exists) is left to SQLite.
func Check(sql string) (Statement, error) {
	p := parser{lex: lexer{text: sql}}
	return p.check()
}

func (p *parser) check() (Statement, error) {
	sql := p.lex.text
	switch {
	case len(sql) > MaxTextBytes:
		return Statement{}, core.Errorf(core.TooLarge, "a statement has at most 1 MiB of text; send values as parameters")
	case strings.IndexByte(sql, 0) >= 0:
		return Statement{}, core.Errorf(core.Invalid, "a statement holds no zero byte; send such a value as a parameter")
	case !utf8.ValidString(sql):
		return Statement{}, core.Errorf(core.Invalid, "a statement is UTF-8 text; send other bytes as a parameter")
	}
	p.advance()
	if p.tok.kind == tEnd && p.err == nil {
		return Statement{}, core.Errorf(core.Invalid, "there is no statement; write one")
	}
	p.statement()
	for p.accept(";") {
		continue
	}
	if p.err == nil && p.tok.kind != tEnd {
		p.afterEnd()
	}
	if p.err == nil && p.recursive && (p.writes || p.out.Kind != Read) {
		p.refuse("a recursive common table expression works in a plain SELECT only, because a write cannot be stopped; read first, then write the rows")
	}
	if p.err != nil {
		return Statement{}, p.err
	}
	p.out.Parameters, p.out.Recursive = p.params.highest, p.recursive
	return p.out, nil
}

// afterEnd explains text behind the statement: a second one, or a mistake in the first.
func (p *parser) afterEnd() {
	if p.ended {
		p.refuse("only one statement at a time; send several as a list of statements, atomic if they belong together")
		return
	}
	p.unexpected()
}
