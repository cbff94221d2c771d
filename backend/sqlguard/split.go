package sqlguard

// This file takes a script apart for editors.

import "git.debros.io/DeBros/network/backend/core"

// Piece is one statement of a script as it stands there, without the semicolon
// behind it.
type Piece struct {
	Text   string
	Offset int // byte offset of Text in the script
}

// Split takes a script apart at the semicolons between its statements: not at
// those in strings, names, comments or the body of a trigger. It judges nothing
// and takes broken text as it comes: what cannot be read belongs to the last
// piece. Pieces that hold only blanks and comments are left out. It returns
// core.TooLarge for more than MaxScriptBytes.
func Split(script string) ([]Piece, error) {
	if len(script) > MaxScriptBytes {
		return nil, core.Errorf(core.TooLarge, "a script has at most 16 MiB; run it in parts")
	}
	var (
		pieces     []Piece
		lex        = lexer{text: script}
		shape      triggerShape
		start, end = -1, 0
	)
	for {
		t := lex.next()
		if t.kind == tEnd || t.word == ";" && shape.closed() {
			if start >= 0 {
				pieces = append(pieces, Piece{Text: script[start:end], Offset: start})
			}
			if t.kind == tEnd {
				return pieces, nil
			}
			start, shape = -1, triggerShape{}
			continue
		}
		if start < 0 {
			start = t.pos
		}
		end = lex.pos
		shape.see(t.word)
	}
}

// triggerShape follows one statement just far enough to know whether a
// semicolon ends it: in a trigger only the one behind "; END" does.
type triggerShape struct {
	seen    int    // words so far, EXPLAIN and its like not counted
	creates bool   // the first was CREATE
	trigger bool   // CREATE [TEMP] TRIGGER
	before  string // the two words before
	last    string
}

func (s *triggerShape) see(word string) {
	if !s.trigger {
		switch {
		case s.seen == 0 && (word == "EXPLAIN" || word == "QUERY" || word == "PLAN"):
			return
		case s.seen == 0:
			s.creates = word == "CREATE"
		case s.seen <= 2 && s.creates && word == "TRIGGER":
			s.trigger = true
		case s.seen == 1 && word != "TEMP" && word != "TEMPORARY":
			s.creates = false
		}
		s.seen++
	}
	s.before, s.last = s.last, word
}

func (s *triggerShape) closed() bool {
	return !s.trigger || s.before == ";" && s.last == "END"
}
