package sqlguard

// This file reads queries: SELECT, VALUES, WITH and what stands in FROM.

// selects says whether a query begins here.
func (p *parser) selects() bool {
	return p.is("SELECT") || p.is("VALUES") || p.is("WITH")
}

// query passes [WITH …] and the selects that UNION and its like join, with their
// order and limit.
func (p *parser) query() {
	p.enter()
	defer func() { p.depth-- }()
	if p.with() {
		defer p.leaveScope()
	}
	p.compound()
}

func (p *parser) compound() {
	for {
		switch {
		case p.accept("SELECT"):
			p.core()
		case p.accept("VALUES"):
			p.rows()
		default:
			p.unexpected()
		}
		if p.accept("UNION") {
			p.accept("ALL")
		} else if !p.acceptAny("INTERSECT", "EXCEPT") {
			break
		}
	}
	ordered, limited := p.orderBy(), p.limit()
	if p.depth == 0 { // the statement itself
		p.out.Ordered = ordered
	}
	p.out.Loose = p.out.Loose || limited && !ordered
}

// with passes common table expressions and opens their scope, which the caller
// leaves when the statement they belong to has been read.
func (p *parser) with() bool {
	if !p.accept("WITH") {
		return false
	}
	scope := map[string]bool{}
	p.scopes = append(p.scopes, scope)
	if p.is("RECURSIVE") && p.peek(1).name() {
		p.advance()
	}
	for {
		low := lower(p.name())
		scope[low] = true
		p.names()
		p.expect("AS")
		if p.accept("NOT") {
			p.expect("MATERIALIZED")
		} else {
			p.accept("MATERIALIZED")
		}
		p.open = append(p.open, low)
		p.expect("(")
		p.query()
		p.expect(")")
		p.open = p.open[:len(p.open)-1]
		if !p.accept(",") {
			return true
		}
	}
}

func (p *parser) leaveScope() { p.scopes = p.scopes[:len(p.scopes)-1] }

// core passes what follows SELECT up to WINDOW.
func (p *parser) core() {
	p.acceptAny("DISTINCT", "ALL")
	p.resultColumns()
	if p.accept("FROM") {
		p.joined()
	}
	if p.accept("WHERE") {
		p.expr()
	}
	if p.accept("GROUP") {
		p.expect("BY")
		p.expr()
		for p.accept(",") {
			p.expr()
		}
	}
	if p.accept("HAVING") {
		p.expr()
	}
	if p.windowClause() {
		p.expect("WINDOW")
		p.namedWindow()
		for p.accept(",") {
			p.namedWindow()
		}
	}
}

func (p *parser) namedWindow() {
	p.name()
	p.expect("AS")
	p.window()
}

// windowClause tells the keyword WINDOW from a column or alias of that name, the
// way SQLite does: by the two tokens behind it.
func (p *parser) windowClause() bool {
	return p.is("WINDOW") && p.peek(1).name() && p.peek(2).word == "AS"
}

// rows passes the rows of VALUES.
func (p *parser) rows() {
	for {
		p.expect("(")
		p.list(")")
		if !p.accept(",") {
			return
		}
	}
}

// resultColumns passes the columns of a SELECT or a RETURNING.
func (p *parser) resultColumns() {
	for {
		switch {
		case p.accept("*"):
		case p.tok.name() && p.peek(1).word == "." && p.peek(2).word == "*":
			p.name()
			p.expect(".", "*")
		default:
			p.expr()
			p.alias()
		}
		if !p.accept(",") {
			return
		}
	}
}

// alias passes [AS] name, if there is one.
func (p *parser) alias() {
	if p.accept("AS") {
		p.name()
		return
	}
	if (p.tok.identifier() || p.tok.kind == tString) && !p.windowClause() {
		p.name()
	}
}

// joined passes the tables of a FROM with their joins.
func (p *parser) joined() {
	p.enter()
	defer func() { p.depth-- }()
	p.source()
	for p.err == nil && p.join() {
		p.source()
		if p.accept("ON") {
			p.expr()
		} else if p.accept("USING") {
			if !p.is("(") {
				p.unexpected()
			}
			p.names()
		}
	}
}

// join passes a comma or the words of a join.
func (p *parser) join() bool {
	if p.acceptAny(",", "JOIN") {
		return true
	}
	joins := false
	for p.acceptAny("CROSS", "FULL", "INNER", "LEFT", "NATURAL", "OUTER", "RIGHT") {
		joins = true
	}
	if joins {
		p.expect("JOIN")
	}
	return joins
}

// source passes one table, table function, sub-query or joined group.
func (p *parser) source() {
	if p.accept("(") {
		if p.selects() {
			p.out.Sources++
			p.query()
		} else {
			p.joined()
		}
		p.expect(")")
		p.alias()
		return
	}
	name, schema := p.qualifiedName()
	p.reads(name, schema)
	if p.accept("(") {
		p.tableFunction(name)
		p.alias()
		return
	}
	p.alias()
	p.indexed()
}

// indexed passes INDEXED BY name and NOT INDEXED.
func (p *parser) indexed() {
	if p.accept("INDEXED") {
		p.expect("BY")
		p.name()
	} else if p.is("NOT") && p.peek(1).word == "INDEXED" {
		p.expect("NOT", "INDEXED")
	}
}

// tableFunction passes the arguments of a table function. A PRAGMA's may name a
// table by a string.
func (p *parser) tableFunction(name string) {
	if p.tok.kind == tString && isReserved(unquote(p.tok)) && isPragmaFunction(lower(name)) {
		p.refuseReserved()
		return
	}
	p.list(")")
}

func (p *parser) orderBy() bool {
	if !p.accept("ORDER") {
		return false
	}
	p.expect("BY")
	p.sorted()
	return true
}

// sorted passes expressions with their directions.
func (p *parser) sorted() {
	for {
		p.expr()
		p.acceptAny("ASC", "DESC")
		if p.accept("NULLS") && !p.acceptAny("FIRST", "LAST") {
			p.unexpected()
		}
		if !p.accept(",") {
			return
		}
	}
}

func (p *parser) limit() bool {
	if !p.accept("LIMIT") {
		return false
	}
	p.expr()
	if p.acceptAny("OFFSET", ",") {
		p.expr()
	}
	return true
}
