// How a statement is written, as far as the way it travels depends on it. What
// it may do is not decided here: that is package sqlguard's and the lock's.

package database

import "strings"

// shape is what the group commit needs to know of a statement.
type shape struct {
	keyword   string // first word in capitals, "" when there is none
	returning bool   // a RETURNING clause may follow
	unsettled bool   // its end cannot be told: a string or comment stays open
	verb      string // keyword, or behind WITH and its expressions what they serve
	end       int    // of the last thing that is neither comment nor semicolon
}

// reads tells whether the statement answers rows and changes none.
func (s shape) reads() bool {
	return !s.unsettled && (s.verb == "SELECT" || s.verb == "VALUES")
}

// changesRows tells whether the statement only changes rows, so that it may
// share an entry with others. All else travels alone.
func (s shape) changesRows() bool {
	switch s.keyword {
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH":
		return !s.unsettled
	}
	return false
}

// frees tells whether a database that is full may still run the statement.
func (s shape) frees() bool { return s.keyword == "DELETE" || s.keyword == "DROP" }

// shapeOf reads the words of a statement, without those in strings, names in
// quotes and comments.
func shapeOf(sql string) shape {
	var s shape
	depth := 0 // of brackets
	for i := 0; i < len(sql); {
		next, word, open := token(sql, i)
		if open {
			s.unsettled = true
			return s
		}
		switch sql[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if word != "" {
			s.word(strings.ToUpper(word), depth)
		}
		if !blank(sql[i:next]) {
			s.end = next
		}
		i = next
	}
	return s
}

func (s *shape) word(upper string, depth int) {
	if s.keyword == "" {
		s.keyword, s.verb = upper, upper
	}
	if s.verb == "WITH" && depth == 0 {
		switch upper {
		case "SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE":
			s.verb = upper
		}
	}
	s.returning = s.returning || upper == "RETURNING"
}

// blank tells whether a token says nothing: a comment, a semicolon or white space.
func blank(token string) bool {
	switch token[0] {
	case ';', ' ', '\t', '\n', '\r', '\f':
		return true
	}
	return strings.HasPrefix(token, "--") || strings.HasPrefix(token, "/*")
}

// token returns where the token at i ends, and its text if it is a word. open is
// true when a string or comment never ends.
func token(sql string, i int) (next int, word string, open bool) {
	switch c := sql[i]; {
	case c == '\'' || c == '"' || c == '`':
		return closing(sql, i, string(c))
	case c == '[':
		return closing(sql, i, "]")
	case strings.HasPrefix(sql[i:], "--"):
		if end := strings.IndexByte(sql[i:], '\n'); end >= 0 {
			return i + end + 1, "", false
		}
		return len(sql), "", false
	case strings.HasPrefix(sql[i:], "/*"):
		if end := strings.Index(sql[i+2:], "*/"); end >= 0 {
			return i + end + 4, "", false
		}
		return len(sql), "", true
	case isWord(c):
		end := i
		for end < len(sql) && isWord(sql[end]) {
			end++
		}
		return end, sql[i:end], false
	}
	return i + 1, "", false
}

// closing finds the end of what is quoted from i on. A doubled quote reads as
// two quoted parts next to each other, which ends at the same place.
func closing(sql string, i int, quote string) (next int, word string, open bool) {
	end := strings.Index(sql[i+1:], quote)
	if end < 0 {
		return len(sql), "", true
	}
	return i + end + 2, "", false
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
}
