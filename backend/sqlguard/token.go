package sqlguard

// This file says what a token is and which words are keywords.

// kind is the class of a token.
type kind uint8

const (
	tEnd    kind = iota
	tWord        // bare word: a keyword or an identifier
	tQuoted      // "x", `x` or [x]
	tString      // 'x'
	tBlob        // x'00'
	tNumber
	tParam // ?, ?1, :a, @a, $a
	tSign  // operators and punctuation
	tBad   // nothing that SQLite reads; text says why
)

// token is one lexeme. word is the upper-case keyword of a bare word, or the sign
// of an operator, and "" for everything else, so that a quoted "SELECT" can never
// be taken for the keyword.
type token struct {
	kind     kind
	reserved bool   // the keyword can never be an identifier
	word     string // see above
	text     string // as written
	pos      int    // byte offset
}

// identifier says whether SQLite takes the token where it wants an identifier
// that is not one of the words of a join.
func (t token) identifier() bool {
	return t.kind == tQuoted || t.kind == tWord && !t.reserved
}

// name says whether SQLite takes the token as the name of a table, column or
// index: identifiers, words of a join, and (an old courtesy) string literals.
func (t token) name() bool {
	return t.identifier() || t.kind == tString || t.kind == tWord && joinWord(t.word)
}

// joinWord lists keywords that are reserved as an alias but not as a name.
func joinWord(w string) bool {
	switch w {
	case "CROSS", "FULL", "INNER", "LEFT", "NATURAL", "OUTER", "RIGHT", "INDEXED":
		return true
	}
	return false
}

// maxKeyword is the length of the longest keyword, CURRENT_TIMESTAMP.
const maxKeyword = 17

// keyword finds the keyword that word spells in any case, or "".
func keyword(word string) (upper string, reserved bool) {
	if len(word) < 2 || len(word) > maxKeyword {
		return "", false
	}
	var buf [maxKeyword]byte
	for i := range len(word) {
		c := word[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		buf[i] = c
	}
	if w := reservedWord(string(buf[:len(word)])); w != "" {
		return w, true
	}
	return softWord(string(buf[:len(word)])), false
}

// reservedWord lists the keywords that SQLite never takes for an identifier.
func reservedWord(w string) string {
	switch w {
	case "ADD", "ALL", "ALTER", "AND", "AS", "AUTOINCREMENT", "BETWEEN", "CASE", "CHECK", "COLLATE", "COMMIT",
		"CONSTRAINT", "CREATE", "CROSS", "DEFAULT", "DEFERRABLE", "DELETE", "DISTINCT", "DROP", "ELSE", "ESCAPE",
		"EXCEPT", "EXISTS", "FOREIGN", "FROM", "FULL", "GROUP", "HAVING", "IN", "INDEX", "INDEXED", "INNER",
		"INSERT", "INTERSECT", "INTO", "IS", "ISNULL", "JOIN", "LEFT", "LIMIT", "NATURAL", "NOT", "NOTHING",
		"NOTNULL", "NULL", "ON", "OR", "ORDER", "OUTER", "PRIMARY", "REFERENCES", "RETURNING", "RIGHT", "SELECT",
		"SET", "TABLE", "THEN", "TO", "TRANSACTION", "UNION", "UNIQUE", "UPDATE", "USING", "VALUES", "WHEN", "WHERE":
		return w
	}
	return ""
}

// softWord lists the keywords that the grammar looks for and that are
// identifiers everywhere else.
func softWord(w string) string {
	switch w {
	case "ABORT", "ACTION", "AFTER", "ANALYZE", "ASC", "ATTACH", "BEFORE", "BEGIN", "BY", "CASCADE", "CAST",
		"COLUMN", "CONFLICT", "CURRENT", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "DEFERRED", "DESC",
		"DETACH", "DO", "EACH", "END", "EXCLUDE", "EXPLAIN", "FAIL", "FILTER", "FIRST", "FOLLOWING", "FOR", "GENERATED", "ALWAYS", "GLOB",
		"GROUPS", "IF", "IGNORE", "IMMEDIATE", "INITIALLY", "INSTEAD", "KEY", "LAST", "LIKE", "MATCH",
		"MATERIALIZED", "NO", "NULLS", "OF", "OFFSET", "OTHERS", "OVER", "PARTITION", "PLAN", "PRAGMA",
		"PRECEDING", "QUERY", "RAISE", "RANGE", "RECURSIVE", "REGEXP", "REINDEX", "RELEASE", "RENAME", "REPLACE",
		"RESTRICT", "ROLLBACK", "ROW", "ROWID", "ROWS", "SAVEPOINT", "STRICT", "TEMP", "TEMPORARY", "TIES",
		"STORED", "TRIGGER", "UNBOUNDED", "VACUUM", "VIEW", "VIRTUAL", "WINDOW", "WITH", "WITHIN", "WITHOUT":
		return w
	}
	return ""
}
