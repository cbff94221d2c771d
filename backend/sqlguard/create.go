package sqlguard

// This file reads statements that change the schema.

func (p *parser) create() {
	p.expect("CREATE")
	if p.is("TEMP") || p.is("TEMPORARY") {
		p.refuse("temporary tables, views and triggers are not available: they would live on one connection of one node; use a table and delete it later")
		return
	}
	p.out.Verb = "CREATE " + p.tok.word
	switch {
	case p.accept("TABLE"):
		p.createTable()
	case p.accept("UNIQUE"):
		p.out.Verb = "CREATE INDEX"
		p.expect("INDEX")
		p.createIndex()
	case p.accept("INDEX"):
		p.createIndex()
	case p.accept("VIEW"):
		p.createView()
	case p.accept("TRIGGER"):
		p.createTrigger()
	case p.accept("VIRTUAL"):
		p.out.Verb = "CREATE VIRTUAL TABLE"
		p.createVirtual()
	default:
		p.unexpected()
	}
}

func (p *parser) ifNotExists() {
	if p.is("IF") && p.peek(1).word == "NOT" {
		p.expect("IF", "NOT", "EXISTS")
	}
}

func (p *parser) createTable() {
	p.ifNotExists()
	p.changes(p.qualified())
	if p.accept("AS") {
		p.query()
		return
	}
	p.expect("(")
	p.columnDefinition()
	for p.accept(",") {
		if p.tableConstraintNext() {
			p.tableConstraints()
			break
		}
		p.columnDefinition()
	}
	p.expect(")")
	for first := true; first || p.accept(","); first = false {
		if p.accept("WITHOUT") {
			p.name() // ROWID; SQLite knows no other
		} else if !p.accept("STRICT") && !first {
			p.unexpected()
		}
	}
}

func (p *parser) columnDefinition() {
	p.name()
	p.typeName()
	for p.err == nil && p.columnConstraint() {
		continue
	}
}

// typeName passes a column's type, if there is one: words and up to two numbers.
func (p *parser) typeName() {
	typed := false
	for p.tok.identifier() || p.tok.kind == tString {
		if p.is("GENERATED") {
			break
		}
		p.name()
		typed = true
	}
	if !typed || !p.accept("(") {
		return
	}
	p.signedNumber()
	if p.accept(",") {
		p.signedNumber()
	}
	p.expect(")")
}

func (p *parser) signedNumber() {
	p.acceptAny("+", "-")
	if p.tok.kind != tNumber {
		p.unexpected()
		return
	}
	p.advance()
}

// columnConstraint passes one constraint of a column, if there is one.
func (p *parser) columnConstraint() bool {
	switch {
	case p.accept("CONSTRAINT"):
		p.name()
	case p.accept("DEFAULT"):
		p.defaultValue()
	case p.accept("NULL"):
		p.onConflict()
	case p.accept("NOT"):
		if p.is("DEFERRABLE") {
			p.deferrable()
			break
		}
		p.expect("NULL")
		p.onConflict()
	case p.accept("PRIMARY"):
		p.expect("KEY")
		p.acceptAny("ASC", "DESC")
		p.onConflict()
		p.accept("AUTOINCREMENT")
	case p.accept("UNIQUE"):
		p.onConflict()
	case p.accept("CHECK"):
		p.condition()
	case p.is("REFERENCES"):
		p.references()
	case p.is("DEFERRABLE"):
		p.deferrable()
	case p.accept("COLLATE"):
		p.name()
	case p.accept("GENERATED"):
		p.expect("ALWAYS", "AS")
		p.generated()
	case p.accept("AS"):
		p.generated()
	default:
		return false
	}
	return true
}

func (p *parser) generated() {
	p.condition()
	p.acceptAny("STORED", "VIRTUAL")
}

// condition passes an expression in parentheses.
func (p *parser) condition() {
	p.expect("(")
	p.expr()
	p.expect(")")
}

func (p *parser) defaultValue() {
	if p.is("(") {
		p.condition()
		return
	}
	p.acceptAny("+", "-")
	switch {
	case p.tok.kind == tNumber, p.tok.kind == tBlob, p.tok.kind == tString, p.is("NULL"):
		p.advance()
	case p.is("CURRENT_DATE"), p.is("CURRENT_TIME"), p.is("CURRENT_TIMESTAMP"):
		p.calls(p.tok.text)
		p.advance()
	case p.tok.identifier():
		p.advance()
	default:
		p.unexpected()
	}
}

func (p *parser) onConflict() {
	if p.accept("ON") {
		p.expect("CONFLICT")
		p.resolution()
	}
}

// references passes a foreign key's other side.
func (p *parser) references() {
	p.expect("REFERENCES")
	name := p.name()
	p.judge(lower(name), forReading)
	p.note(name, lower(name))
	p.names()
	for p.err == nil {
		switch {
		case p.accept("MATCH"):
			p.name()
		case p.accept("ON"):
			p.referenceAction()
		case p.is("DEFERRABLE"), p.is("NOT") && p.peek(1).word == "DEFERRABLE":
			p.accept("NOT")
			p.deferrable()
		default:
			return
		}
	}
}

func (p *parser) referenceAction() {
	if !p.acceptAny("DELETE", "UPDATE", "INSERT") {
		p.unexpected()
		return
	}
	switch {
	case p.accept("SET"):
		if !p.acceptAny("NULL", "DEFAULT") {
			p.unexpected()
		}
	case p.acceptAny("CASCADE", "RESTRICT"):
	default:
		p.expect("NO", "ACTION")
	}
}

func (p *parser) deferrable() {
	p.expect("DEFERRABLE")
	if p.accept("INITIALLY") && !p.acceptAny("DEFERRED", "IMMEDIATE") {
		p.unexpected()
	}
}

func (p *parser) tableConstraintNext() bool {
	switch p.tok.word {
	case "CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN":
		return true
	}
	return false
}

// tableConstraints passes the constraints behind the columns. The comma between
// them may be missing, as in SQLite.
func (p *parser) tableConstraints() {
	for p.err == nil {
		switch {
		case p.accept("CONSTRAINT"):
			p.name()
		case p.accept("PRIMARY"):
			p.expect("KEY", "(")
			p.sorted()
			p.accept("AUTOINCREMENT")
			p.expect(")")
			p.onConflict()
		case p.accept("UNIQUE"):
			p.expect("(")
			p.sorted()
			p.expect(")")
			p.onConflict()
		case p.accept("CHECK"):
			p.condition()
			p.onConflict()
		case p.accept("FOREIGN"):
			p.expect("KEY")
			if !p.is("(") {
				p.unexpected()
			}
			p.names()
			p.references()
		default:
			return
		}
		p.accept(",")
	}
}

func (p *parser) createIndex() {
	p.ifNotExists()
	p.qualified()
	p.expect("ON")
	p.changes(p.name())
	p.expect("(")
	p.sorted()
	p.expect(")")
	if p.accept("WHERE") {
		p.expr()
	}
}

func (p *parser) createView() {
	p.ifNotExists()
	p.changes(p.qualified())
	p.names()
	p.expect("AS")
	p.query()
}

func (p *parser) createTrigger() {
	p.ifNotExists()
	p.qualified()
	if p.accept("INSTEAD") {
		p.expect("OF")
	} else {
		p.acceptAny("BEFORE", "AFTER")
	}
	switch {
	case p.acceptAny("DELETE", "INSERT"):
	case p.accept("UPDATE"):
		if p.accept("OF") {
			p.name()
			for p.accept(",") {
				p.name()
			}
		}
	default:
		p.unexpected()
	}
	p.expect("ON")
	p.changes(p.qualified())
	if p.accept("FOR") {
		p.expect("EACH", "ROW")
	}
	if p.accept("WHEN") {
		p.expr()
	}
	p.expect("BEGIN")
	p.triggerBody()
}

// triggerBody passes the statements of a trigger, which are judged like others.
func (p *parser) triggerBody() {
	for p.err == nil {
		p.rowStatement()
		p.expect(";")
		if p.accept("END") {
			break
		}
	}
	p.out.Verb, p.out.Returning, p.ended = "CREATE TRIGGER", false, false
}

// createVirtual passes a virtual table. Of the modules in the engine only fts5
// is open: the others are old, reach outside, or nobody has asked for them.
func (p *parser) createVirtual() {
	p.expect("TABLE")
	p.ifNotExists()
	p.changes(p.qualified())
	p.expect("USING")
	module := p.name()
	if p.err == nil && lower(module) != "fts5" {
		p.refuse("virtual tables of %s are not available; fts5 is", shown(module))
	}
	if !p.is("(") {
		return
	}
	from := p.tok.pos
	depth := 0
	for p.err == nil {
		switch {
		case p.is("("):
			depth++
		case p.is(")"):
			depth--
		case p.tok.kind == tEnd, p.is(";"):
			p.unexpected()
		}
		end := p.tok.pos
		p.advance()
		if depth == 0 {
			// The module reads this text by itself, so the whole of it is judged.
			if mentionsReserved(p.lex.text[from:end]) {
				p.refuseReserved()
			}
			return
		}
	}
}

func (p *parser) alter() {
	p.expect("ALTER", "TABLE")
	p.out.Verb = "ALTER TABLE"
	p.changes(p.qualified())
	switch {
	case p.accept("RENAME"):
		if p.accept("TO") {
			p.changes(p.name())
			return
		}
		p.accept("COLUMN")
		p.name()
		p.expect("TO")
		p.name()
	case p.accept("ADD"):
		p.accept("COLUMN")
		p.columnDefinition()
	case p.accept("DROP"):
		p.accept("COLUMN")
		p.name()
	default:
		p.unexpected()
	}
}

func (p *parser) drop() {
	p.expect("DROP")
	p.out.Verb = "DROP " + p.tok.word
	if !p.acceptAny("TABLE", "VIEW", "INDEX", "TRIGGER") {
		p.unexpected()
	}
	if p.is("IF") && p.peek(1).word == "EXISTS" {
		p.expect("IF", "EXISTS")
	}
	p.changes(p.qualified())
}

// maintain passes ANALYZE and REINDEX, of everything or of one name.
func (p *parser) maintain() {
	p.advance()
	if p.tok.name() {
		name, hasSchema := p.qualifiedName()
		if !hasSchema && lower(name) == "temp" {
			p.mainSchema(name) // a name alone may be a schema here
		}
		p.judge(lower(name), forReading)
		p.note(name, lower(name))
	}
}
