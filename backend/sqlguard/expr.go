package sqlguard

// This file reads expressions. Precedence does not matter here, only which token
// is a name, a call or a sub-query: an expression is operands with operators
// between them, so long chains cost no stack.

// expr passes one expression.
func (p *parser) expr() {
	p.enter()
	defer func() { p.depth-- }()
	p.operand()
	for p.err == nil {
		switch {
		case p.accept("COLLATE"):
			p.name()
		case p.acceptAny("ISNULL", "NOTNULL"):
		case p.accept("IN"):
			p.inside()
		case p.is("NOT"):
			p.negated()
		case p.accept("IS"):
			p.accept("NOT")
			if p.accept("DISTINCT") {
				p.expect("FROM")
			}
			p.operand()
		case p.operator():
			p.operand()
		default:
			return
		}
	}
}

// operator passes one operator that stands between two operands.
func (p *parser) operator() bool {
	switch p.tok.word {
	case "AND", "OR", "LIKE", "GLOB", "REGEXP", "MATCH", "BETWEEN", "ESCAPE",
		"+", "-", "*", "/", "%", "&", "|", "<<", ">>", "<", "<=", ">", ">=", "=", "==", "!=", "<>", "||", "->", "->>":
		p.advance()
		return true
	}
	return false
}

// negated passes what NOT begins behind an operand.
func (p *parser) negated() {
	p.expect("NOT")
	switch {
	case p.accept("NULL"):
	case p.accept("IN"):
		p.inside()
	case p.acceptAny("LIKE", "GLOB", "REGEXP", "MATCH", "BETWEEN"):
		p.operand()
	default:
		p.unexpected()
	}
}

// inside passes what follows IN: a list, a sub-query, a table or a table function.
func (p *parser) inside() {
	if p.is("(") {
		p.parenthesis(true)
		return
	}
	name, schema := p.qualifiedName()
	p.reads(name, schema)
	if p.accept("(") {
		p.tableFunction(name)
	}
}

// operand passes prefix operators and what they stand before.
func (p *parser) operand() {
	for p.acceptAny("NOT", "-", "+", "~") {
		continue
	}
	switch {
	case p.is("("):
		p.parenthesis(false)
	case p.accept("EXISTS"):
		p.subquery()
	case p.accept("CASE"):
		p.cases()
	case p.accept("NULL"):
	case p.tok.kind == tNumber, p.tok.kind == tBlob, p.tok.kind == tParam:
		p.advance()
	case p.tok.kind == tString && p.peek(1).word != ".":
		p.advance()
	case p.is("CAST") && p.peek(1).word == "(":
		p.cast()
	case p.is("RAISE") && p.peek(1).word == "(":
		p.raise()
	case p.tok.kind != tString && p.tok.name() && p.peek(1).word == "(":
		p.call()
	case p.is("CURRENT_DATE"), p.is("CURRENT_TIME"), p.is("CURRENT_TIMESTAMP"):
		p.calls(p.tok.text)
		p.advance()
	default:
		p.column()
	}
}

// column passes [[schema .] table .] column.
func (p *parser) column() {
	first := p.name()
	if !p.accept(".") {
		return
	}
	p.name()
	if p.accept(".") {
		p.mainSchema(first)
		p.name()
	}
}

// parenthesis passes a sub-query, a row value or an expression in parentheses.
func (p *parser) parenthesis(emptyToo bool) {
	p.expect("(")
	switch {
	case p.selects():
		p.out.Sources++
		p.query()
		p.expect(")")
	case emptyToo && p.accept(")"):
	default:
		p.list(")")
	}
}

// list passes expressions up to end, and end. There may be none.
func (p *parser) list(end string) {
	if p.accept(end) {
		return
	}
	p.expr()
	for p.accept(",") {
		p.expr()
	}
	p.expect(end)
}

func (p *parser) subquery() {
	p.out.Sources++
	p.expect("(")
	p.query()
	p.expect(")")
}

func (p *parser) cases() {
	if !p.is("WHEN") {
		p.expr()
	}
	for p.accept("WHEN") {
		p.expr()
		p.expect("THEN")
		p.expr()
	}
	if p.accept("ELSE") {
		p.expr()
	}
	p.expect("END")
}

func (p *parser) cast() {
	p.expect("CAST", "(")
	p.expr()
	p.expect("AS")
	p.typeName()
	p.expect(")")
}

// raise passes RAISE(…) of a trigger. Its ROLLBACK would end the transaction
// that other callers share.
func (p *parser) raise() {
	p.expect("RAISE", "(")
	if !p.accept("IGNORE") {
		p.refuseRollback()
		if !p.acceptAny("ABORT", "FAIL") {
			p.unexpected()
		}
		p.expect(",")
		p.expr()
	}
	p.expect(")")
}

func (p *parser) refuseRollback() {
	if p.is("ROLLBACK") {
		p.refuse("ROLLBACK would undo the writes of other callers too; use ABORT, and run what belongs together as one atomic batch")
	}
}

// call passes a function with its arguments, FILTER and OVER.
func (p *parser) call() {
	p.calls(unquote(p.tok))
	p.advance()
	p.expect("(")
	if p.accept("*") {
		p.expect(")")
	} else {
		p.acceptAny("DISTINCT", "ALL")
		p.arguments()
	}
	if p.is("FILTER") && p.peek(1).word == "(" {
		p.expect("FILTER", "(", "WHERE")
		p.expr()
		p.expect(")")
	}
	if p.is("OVER") && (p.peek(1).word == "(" || p.peek(1).identifier()) {
		p.expect("OVER")
		if p.is("(") {
			p.window()
		} else {
			p.name()
		}
	}
}

func (p *parser) arguments() {
	if p.accept(")") {
		return
	}
	p.expr()
	for p.accept(",") {
		p.expr()
	}
	p.orderBy()
	p.expect(")")
}

// window passes the definition of a window in parentheses.
func (p *parser) window() {
	p.expect("(")
	switch p.tok.word {
	case "PARTITION", "ORDER", "RANGE", "ROWS", "GROUPS", ")":
	default:
		p.name() // a window to build on
	}
	if p.accept("PARTITION") {
		p.expect("BY")
		p.expr()
		for p.accept(",") {
			p.expr()
		}
	}
	p.orderBy()
	if p.acceptAny("RANGE", "ROWS", "GROUPS") {
		p.frame()
	}
	p.expect(")")
}

func (p *parser) frame() {
	if p.accept("BETWEEN") {
		p.bound()
		p.expect("AND")
	}
	p.bound()
	if !p.accept("EXCLUDE") {
		return
	}
	switch {
	case p.accept("NO"):
		p.expect("OTHERS")
	case p.accept("CURRENT"):
		p.expect("ROW")
	case p.acceptAny("GROUP", "TIES"):
	default:
		p.unexpected()
	}
}

// bound passes one end of a frame. Its amount is an operand without operators
// unless in parentheses, because AND parts the two ends.
func (p *parser) bound() {
	switch {
	case p.accept("CURRENT"):
		p.expect("ROW")
		return
	case p.is("UNBOUNDED"):
		p.advance()
	default:
		p.amount()
	}
	if !p.acceptAny("PRECEDING", "FOLLOWING") {
		p.unexpected()
	}
}

func (p *parser) amount() {
	p.operand()
	for !p.is("AND") && p.operator() {
		p.operand()
	}
}
