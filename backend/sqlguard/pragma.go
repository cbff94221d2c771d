package sqlguard

// This file is the list of PRAGMAs that only read.

// pragma passes PRAGMA [main .] name [= value | (value)].
func (p *parser) pragma() {
	p.expect("PRAGMA")
	name := lower(p.qualified())
	if p.err != nil {
		return
	}
	use := pragmaUse(name)
	if use == pragmaRefused {
		p.refuse("PRAGMA %s is not available: the node sets its connections itself; the ones that describe tables are, such as table_info(name)", shown(name))
		return
	}
	switch {
	case p.accept("="):
		p.pragmaValue(name, use)
	case p.accept("("):
		p.pragmaValue(name, use)
		p.expect(")")
	case use == pragmaOfTable:
		p.refuse("PRAGMA %s wants a name: PRAGMA %s(name)", name, name)
	}
}

func (p *parser) pragmaValue(name string, use pragmaKind) {
	if use == pragmaReads {
		p.refuse("PRAGMA %s can be read here but not set: the node sets its connections itself; keep values of your own in a table", name)
		return
	}
	if p.acceptAny("+", "-") || p.tok.kind == tNumber {
		p.signedNumber()
		return
	}
	p.name()
}

// pragmaKind says what a PRAGMA may be given.
type pragmaKind uint8

const (
	pragmaRefused pragmaKind = iota
	pragmaReads              // no value: with one it would set something
	pragmaOfTable            // the name of a table or index
	pragmaOfAny              // a name or nothing
)

func pragmaUse(name string) pragmaKind {
	switch name {
	case "table_info", "table_xinfo", "index_list", "index_info", "index_xinfo", "foreign_key_list":
		return pragmaOfTable
	case "table_list", "foreign_key_check", "integrity_check", "quick_check":
		return pragmaOfAny
	case "foreign_keys", "user_version", "schema_version", "application_id", "encoding", "page_size", "page_count",
		"freelist_count", "collation_list", "function_list", "compile_options":
		return pragmaReads
	}
	return pragmaRefused
}
