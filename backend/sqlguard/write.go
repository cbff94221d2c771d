package sqlguard

// This file reads whole statements and those that change rows.

// statement passes one statement and fills in what it is.
func (p *parser) statement() {
	if p.is("EXPLAIN") {
		p.advance()
		p.out.Explain = true
		if p.accept("QUERY") {
			p.expect("PLAN")
		}
	}
	p.out.Verb = p.tok.word
	switch p.tok.word {
	case "SELECT", "VALUES", "WITH", "INSERT", "REPLACE", "UPDATE", "DELETE":
		p.out.Kind = p.rowStatement()
	case "CREATE":
		p.out.Kind = Schema
		p.create()
	case "ALTER":
		p.out.Kind = Schema
		p.alter()
	case "DROP":
		p.out.Kind = Schema
		p.drop()
	case "ANALYZE", "REINDEX":
		p.out.Kind = Schema
		p.maintain()
	case "PRAGMA":
		p.out.Kind = Read
		p.pragma()
	default:
		p.refuseVerb()
	}
	if p.out.Explain {
		p.writes = p.writes || p.out.Kind != Read
		p.out.Kind = Read
	}
}

// refuseVerb gives the reason for statements that people do try.
func (p *parser) refuseVerb() {
	switch p.tok.word {
	case "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE":
		p.refuse("%s is not available, because every caller shares one connection; run what belongs together as one atomic batch", p.tok.word)
	case "ATTACH", "DETACH":
		p.refuse("%s is not available: a namespace is one database; use another namespace for other data", p.tok.word)
	case "VACUUM":
		p.refuse("VACUUM is not available: the node keeps the file compact, and its backup makes copies")
	case ";":
		p.refuse("the first statement is empty; remove the semicolon before it")
	default:
		p.unexpected()
	}
}

// rowStatement passes a query, INSERT, UPDATE or DELETE.
func (p *parser) rowStatement() Kind {
	if p.with() {
		defer p.leaveScope()
		p.out.Verb = p.tok.word
	}
	switch {
	case p.is("SELECT"), p.is("VALUES"):
		p.compound()
		return Read
	case p.is("INSERT"), p.is("REPLACE"):
		p.insert()
	case p.is("UPDATE"):
		p.update()
	case p.is("DELETE"):
		p.remove()
	default:
		p.unexpected()
	}
	return Write
}

// orConflict passes OR with what to do on a conflict.
func (p *parser) orConflict() {
	if p.accept("OR") {
		p.resolution()
	}
}

func (p *parser) resolution() {
	p.refuseRollback()
	if !p.acceptAny("ABORT", "FAIL", "IGNORE", "REPLACE") {
		p.unexpected()
	}
}

func (p *parser) insert() {
	if !p.accept("REPLACE") {
		p.expect("INSERT")
		p.orConflict()
	}
	p.expect("INTO")
	p.changes(p.qualified())
	if p.accept("AS") {
		p.name()
	}
	p.names()
	if p.accept("DEFAULT") {
		p.expect("VALUES")
	} else {
		p.query()
		for p.accept("ON") {
			p.upsert()
		}
	}
	p.returning()
}

// upsert passes what follows ON of ON CONFLICT.
func (p *parser) upsert() {
	p.expect("CONFLICT")
	if p.accept("(") {
		p.sorted()
		p.expect(")")
		if p.accept("WHERE") {
			p.expr()
		}
	}
	p.expect("DO")
	if p.accept("NOTHING") {
		return
	}
	p.expect("UPDATE", "SET")
	p.assignments()
	if p.accept("WHERE") {
		p.expr()
	}
}

func (p *parser) assignments() {
	for {
		if p.is("(") {
			p.names()
		} else {
			p.name()
		}
		p.expect("=")
		p.expr()
		if !p.accept(",") {
			return
		}
	}
}

// target passes the table that UPDATE or DELETE works on.
func (p *parser) target() {
	p.changes(p.qualified())
	if p.accept("AS") {
		p.name()
	}
	p.indexed()
}

func (p *parser) update() {
	p.expect("UPDATE")
	p.orConflict()
	p.target()
	p.expect("SET")
	p.assignments()
	if p.accept("FROM") {
		p.joined()
	}
	p.tail()
}

func (p *parser) remove() {
	p.expect("DELETE", "FROM")
	p.target()
	p.tail()
}

// tail passes what UPDATE and DELETE may end with. The engine is built without
// their ORDER BY and LIMIT.
func (p *parser) tail() {
	if p.accept("WHERE") {
		p.expr()
	}
	p.returning()
}

func (p *parser) returning() {
	if p.accept("RETURNING") {
		p.out.Returning = true
		p.resultColumns()
	}
}
