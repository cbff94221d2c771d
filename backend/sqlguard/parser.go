package sqlguard

// This file is the frame of the parser: tokens, names, errors and scopes. Once
// an error is set every token reads as the end, so no loop needs to ask for it.

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

type parser struct {
	lex    lexer
	tok    token    // the one being looked at
	ahead  [2]token // lexed already
	queued int      // how many of ahead are in use
	tokens int      // how many were lexed, for the test of linear work
	steps  int      // how often a token was looked at, for the same
	ended  bool     // a semicolon was passed

	depth     int
	open      []string // common table expressions whose bodies are being read, lower case
	scopes    []map[string]bool
	recursive bool // one of them reads itself
	writes    bool // the statement, even if only explained, would write
	params    parameters
	tables    map[string]bool
	functions map[string]bool
	out       Statement
	err       *core.Error
}

// parameters counts the values that a statement wants, as SQLite numbers them.
type parameters struct {
	highest int
	named   map[string]bool
}

// advance moves to the next token and refuses what must not appear anywhere.
func (p *parser) advance() {
	if p.err != nil {
		p.tok = token{kind: tEnd, pos: len(p.lex.text)}
		return
	}
	if p.queued > 0 {
		p.tok = p.ahead[0]
		p.ahead[0] = p.ahead[1]
		p.queued--
	} else {
		p.tok = p.lexed()
	}
	switch p.tok.kind {
	case tBad:
		p.refuse("%s", p.tok.text)
	case tParam:
		p.countParameter(p.tok.text)
	case tWord, tQuoted:
		if isReserved(unquote(p.tok)) {
			p.refuseReserved()
		}
	case tEnd, tString, tBlob, tNumber, tSign:
	}
}

func (p *parser) lexed() token {
	p.tokens++
	return p.lex.next()
}

// peek looks n tokens past the present one; n is 1 or 2.
func (p *parser) peek(n int) token {
	for p.queued < n {
		p.ahead[p.queued] = p.lexed()
		p.queued++
	}
	return p.ahead[n-1]
}

func (p *parser) is(word string) bool {
	p.steps++
	return p.tok.word == word
}

// accept passes the keyword or sign if it is there.
func (p *parser) accept(word string) bool {
	if !p.is(word) || p.err != nil {
		return false
	}
	if word == ";" {
		p.ended = true
	}
	p.advance()
	return true
}

// acceptAny passes one of the words if it is there.
func (p *parser) acceptAny(words ...string) bool {
	return slices.ContainsFunc(words, p.accept)
}

// expect passes the words in order, or sets the error.
func (p *parser) expect(words ...string) {
	for _, w := range words {
		if !p.accept(w) {
			p.unexpected()
			return
		}
	}
}

// refuse sets the first error; what comes later is only its consequence.
func (p *parser) refuse(format string, args ...any) {
	p.fail(core.Errorf(core.Invalid, format, args...))
}

func (p *parser) fail(err *core.Error) {
	if p.err == nil {
		p.err = err
		p.tok = token{kind: tEnd, pos: len(p.lex.text)}
	}
}

func (p *parser) refuseReserved() {
	p.refuse("names that begin with %q belong to the node; choose another name", ReservedPrefix)
}

// unexpected says where the text stops being SQL.
func (p *parser) unexpected() {
	if p.tok.kind == tEnd {
		p.refuse("the statement is not complete")
		return
	}
	line := 1 + strings.Count(p.lex.text[:p.tok.pos], "\n")
	p.refuse("line %d: near %s: this is not SQL that the database takes; check the spelling just before it", line, shown(p.tok.text))
}

// shown is a token as an error quotes it: short and printable.
func shown(text string) string {
	const most = 40
	if len(text) > most {
		cut := most
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return strconv.Quote(text)
}

// enter goes one level deeper; the caller leaves with p.depth--.
func (p *parser) enter() {
	p.depth++
	if p.depth > MaxNesting {
		p.fail(core.Errorf(core.TooLarge, "a statement nests at most %d levels; build it up with common table expressions", MaxNesting))
	}
}

// name passes a name and returns it without quotes. A string literal is one too
// in such a place, so only here it is judged.
func (p *parser) name() string {
	if !p.tok.name() {
		p.unexpected()
		return ""
	}
	n := unquote(p.tok)
	if p.tok.kind == tString && isReserved(n) {
		p.refuseReserved()
		return ""
	}
	p.advance()
	return n
}

// qualified passes [main .] name and refuses every other schema.
func (p *parser) qualified() string {
	name, _ := p.qualifiedName()
	return name
}

func (p *parser) qualifiedName() (name string, hasSchema bool) {
	name = p.name()
	if !p.accept(".") {
		return name, false
	}
	p.mainSchema(name)
	return p.name(), true
}

func (p *parser) mainSchema(schema string) {
	if p.err == nil && lower(schema) != "main" {
		p.refuse("schema %s is not there: a namespace is one database, whose schema is main; leave the schema out", shown(schema))
	}
}

// names passes a list of column names in parentheses, if there is one.
func (p *parser) names() {
	if !p.accept("(") {
		return
	}
	p.name()
	for p.accept(",") {
		p.name()
	}
	p.expect(")")
}

// isReserved says whether name is one of this program's own.
func isReserved(name string) bool {
	const bare = len(ReservedPrefix) - 1
	if len(name) < bare || name[0] != '_' || lower(name[:bare]) != ReservedPrefix[:bare] {
		return false
	}
	return len(name) == bare || name[bare] == '_'
}

func (p *parser) countParameter(text string) {
	n := p.params.highest + 1
	switch {
	case text == "?":
	case text[0] == '?':
		given, err := strconv.Atoi(text[1:])
		if err != nil || given < 1 || given > MaxParameters {
			p.fail(core.Errorf(core.TooLarge, "a parameter's number is 1 to %d", MaxParameters))
			return
		}
		n = max(given, p.params.highest)
	case p.params.named[text]:
		return
	default:
		if p.params.named == nil {
			p.params.named = map[string]bool{}
		}
		p.params.named[text] = true
	}
	p.params.highest = n
	if n > MaxParameters {
		p.fail(core.Errorf(core.TooLarge, "a statement has at most %d parameters; use a batch of statements", MaxParameters))
	}
}

// reads notes a table that is read from. An unqualified name may be a common
// table expression instead.
func (p *parser) reads(name string, hasSchema bool) {
	p.out.Sources++
	low := lower(name)
	if !hasSchema {
		for _, o := range p.open {
			if o == low {
				p.recursive = true
			}
		}
		for _, scope := range p.scopes {
			if scope[low] {
				return
			}
		}
	}
	p.judge(low, forReading)
	p.note(name, low)
}

// changes notes a table whose rows or definition are changed.
func (p *parser) changes(name string) {
	p.writes = true
	low := lower(name)
	p.judge(low, forWriting)
	p.note(name, low)
}

func (p *parser) note(name, low string) {
	if p.err != nil || p.tables[low] {
		return
	}
	if p.tables == nil {
		p.tables = map[string]bool{}
	}
	p.tables[low] = true
	p.out.Tables = append(p.out.Tables, name)
}

func (p *parser) calls(name string) {
	low := lower(name)
	if p.err != nil || p.functions[low] {
		return
	}
	if why := functionRefusal(low); why != "" {
		p.refuse("function %s is not available: %s", shown(name), why)
		return
	}
	if low == "last_insert_rowid" || low == "changes" {
		p.out.Session = true
	}
	if p.functions == nil {
		p.functions = map[string]bool{}
	}
	p.functions[low] = true
	p.out.Functions = append(p.out.Functions, low)
}
