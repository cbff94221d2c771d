package sqlguard

// This file cuts text into tokens exactly as SQLite's tokenizer does, so that
// the two never disagree about where a comment or a string ends.

import "strings"

// lexer walks over text once, from the front to the end.
type lexer struct {
	text string
	pos  int
}

// next returns the next token that is neither space nor comment. At the end it
// returns tEnd for ever.
func (l *lexer) next() token {
	l.skipSpace()
	start := l.pos
	if start >= len(l.text) {
		return token{kind: tEnd, pos: len(l.text)}
	}
	t := l.scan()
	t.pos = start
	if t.text == "" {
		t.text = l.text[start:l.pos]
	}
	return t
}

// skipSpace passes blanks, byte order marks and comments. A block comment that
// is never closed runs to the end, as in SQLite.
func (l *lexer) skipSpace() {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case isSpace(rest[0]):
			l.pos++
		case strings.HasPrefix(rest, "\xef\xbb\xbf"):
			l.pos += 3
		case strings.HasPrefix(rest, "--"):
			l.pos += through(rest, "\n", 2)
		case strings.HasPrefix(rest, "/*") && len(rest) > 2:
			l.pos += through(rest, "*/", 2)
		default:
			return
		}
	}
}

// through is the length of rest up to and including the first end after skip bytes.
func through(rest, end string, skip int) int {
	if i := strings.Index(rest[skip:], end); i >= 0 {
		return skip + i + len(end)
	}
	return len(rest)
}

func (l *lexer) scan() token {
	c := l.text[l.pos]
	switch {
	case (c == 'x' || c == 'X') && l.at(1) == '\'':
		return l.blob()
	case isWordByte(c) && c != '$' && !isDigit(c):
		return l.word()
	case isDigit(c), c == '.' && isDigit(l.at(1)):
		return l.number()
	}
	switch c {
	case '\'':
		return l.quoted('\'', tString)
	case '"', '`':
		return l.quoted(c, tQuoted)
	case '[':
		end := strings.IndexByte(l.text[l.pos:], ']')
		if end < 0 {
			return l.bad("a name in [ ] is not closed")
		}
		l.pos += end + 1
		return token{kind: tQuoted}
	case '?':
		l.pos++
		l.digits()
		return token{kind: tParam}
	case ':', '@', '$':
		return l.param()
	}
	return l.sign()
}

// at returns the byte n places ahead, or 0 past the end; text holds no zero byte.
func (l *lexer) at(n int) byte {
	if l.pos+n < len(l.text) {
		return l.text[l.pos+n]
	}
	return 0
}

// bad ends the text here: nothing after it can be read reliably.
func (l *lexer) bad(why string) token {
	l.pos = len(l.text)
	return token{kind: tBad, text: why}
}

func (l *lexer) word() token {
	start := l.pos
	for l.pos < len(l.text) && isWordByte(l.text[l.pos]) {
		l.pos++
	}
	t := token{kind: tWord, text: l.text[start:l.pos]}
	t.word, t.reserved = keyword(t.text)
	return t
}

func (l *lexer) blob() token {
	start := l.pos
	for l.pos += 2; isHex(l.at(0)); {
		l.pos++
	}
	if l.at(0) != '\'' || (l.pos-start)%2 != 0 {
		return l.bad("a blob is x'…' with an even number of hexadecimal digits")
	}
	l.pos++
	return token{kind: tBlob}
}

// quoted reads up to the closing quote; a doubled one stands for itself.
func (l *lexer) quoted(quote byte, k kind) token {
	for l.pos++; ; l.pos++ {
		end := strings.IndexByte(l.text[l.pos:], quote)
		if end < 0 {
			return l.bad("a quote is not closed")
		}
		l.pos += end + 1
		if l.at(0) != quote {
			return token{kind: k}
		}
	}
}

func (l *lexer) number() token {
	if l.at(0) == '0' && (l.at(1) == 'x' || l.at(1) == 'X') && isHex(l.at(2)) {
		for l.pos += 2; isHex(l.at(0)) || l.at(0) == '_'; {
			l.pos++
		}
	} else {
		l.decimal()
	}
	if isWordByte(l.at(0)) {
		return l.bad("a number runs into a word")
	}
	return token{kind: tNumber}
}

func (l *lexer) decimal() {
	l.digits()
	if l.at(0) == '.' {
		l.pos++
		l.digits()
	}
	if c := l.at(0); c == 'e' || c == 'E' {
		switch n := l.at(1); {
		case isDigit(n):
			l.pos++
		case (n == '+' || n == '-') && isDigit(l.at(2)):
			l.pos += 2
		}
		if isDigit(l.at(0)) {
			l.digits()
		}
	}
}

// digits passes digits and the underscores between them.
func (l *lexer) digits() {
	for isDigit(l.at(0)) || l.at(0) == '_' && isDigit(l.at(1)) {
		l.pos++
	}
}

// param reads a named parameter. SQLite's Tcl forms ($a::b, $a(b)) are refused:
// nobody needs them, and their ends are odd.
func (l *lexer) param() token {
	start := l.pos
	for l.pos++; isWordByte(l.at(0)); {
		l.pos++
	}
	if l.pos == start+1 {
		return l.bad("a parameter needs a name")
	}
	if l.at(0) == '(' || l.at(0) == ':' && l.at(1) == ':' {
		return l.bad("a parameter's name is letters, digits and _ only")
	}
	return token{kind: tParam}
}

func (l *lexer) sign() token {
	rest := l.text[l.pos:]
	for _, s := range [...]string{"->>", "->", "||", "==", "!=", "<>", "<=", ">=", "<<", ">>"} {
		if strings.HasPrefix(rest, s) {
			l.pos += len(s)
			return token{kind: tSign, word: s}
		}
	}
	if strings.IndexByte("-+*/%=<>|&~(),;.", rest[0]) < 0 {
		return l.bad("a character here means nothing in SQL")
	}
	l.pos++
	return token{kind: tSign, word: rest[:1]}
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// isWordByte is SQLite's IdChar: every byte above ASCII belongs to a word.
func isWordByte(c byte) bool {
	return c >= 0x80 || c == '_' || c == '$' || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// unquote returns the name or text that a token stands for.
func unquote(t token) string {
	s := t.text
	if t.kind != tQuoted && t.kind != tString || len(s) < 2 {
		return s
	}
	if s[0] == '[' {
		return s[1 : len(s)-1]
	}
	quote := s[:1]
	return strings.ReplaceAll(s[1:len(s)-1], quote+quote, quote)
}

// lower folds ASCII only, as SQLite does for names.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
