package sqlguard

// This file takes a script apart that is too long to be held in memory.

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// Scanner is [Split] for a script that is read bit by bit. It holds one
// statement at a time.
type Scanner struct {
	from *bufio.Reader
	most int
	line int

	text  strings.Builder
	word  []byte
	shape triggerShape
	start int  // line of the statement's first token, 0 before it
	some  bool // there was a token
}

// ScannedPiece is one statement of a script, without the semicolon behind it.
type ScannedPiece struct {
	Text string
	Line int // of its first word; the first line is 1
}

// NewScanner reads statements of at most most bytes from r.
func NewScanner(r io.Reader, most int) *Scanner {
	return &Scanner{from: bufio.NewReaderSize(r, 64<<10), most: most, line: 1}
}

// Next returns the next statement, or io.EOF when there is none. It returns
// core.TooLarge for one that is too long; what r failed with is in the chain.
func (s *Scanner) Next() (ScannedPiece, error) {
	s.text.Reset()
	s.word, s.shape, s.start, s.some = s.word[:0], triggerShape{}, 0, false
	if mark, err := s.from.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = s.from.Discard(3) //nolint:errcheck // they were just seen
	}
	for {
		c, err := s.read()
		if errors.Is(err, io.EOF) {
			s.endWord()
			if !s.some {
				return ScannedPiece{}, io.EOF
			}
			return s.piece(), nil
		}
		if err != nil {
			return ScannedPiece{}, err
		}
		if s.text.Len() > s.most {
			return ScannedPiece{}, s.tooLong()
		}
		done, err := s.take(c)
		if err != nil {
			return ScannedPiece{}, err
		}
		if done {
			return s.piece(), nil
		}
	}
}

func (s *Scanner) piece() ScannedPiece {
	return ScannedPiece{Text: strings.TrimSpace(s.text.String()), Line: s.start}
}

// take follows one byte and tells whether it ended a statement.
func (s *Scanner) take(c byte) (done bool, err error) {
	switch {
	case wordByte(c):
		s.mark()
		s.word = append(s.word, c)
		if len(s.word) > 64 { // no keyword is so long
			s.word = append(s.word[:0], '_')
		}
		s.text.WriteByte(c)
		return false, nil
	case c == ';':
		s.endWord()
		if s.shape.closed() {
			if s.some {
				return true, nil
			}
			s.text.Reset()
			return false, nil
		}
		s.shape.see(";")
		s.text.WriteByte(c)
		return false, nil
	}
	s.endWord()
	switch c {
	case ' ', '\t', '\n', '\r', '\f':
		s.keep(c)
		return false, nil
	case '\'', '"', '`', '[':
		s.token()
		return false, s.quote(c)
	case '-', '/':
		return false, s.comment(c)
	}
	s.token()
	s.text.WriteByte(c)
	return false, nil
}

// comment leaves a comment before a statement out, and takes what only looked
// like one as it is.
func (s *Scanner) comment(c byte) error {
	next, err := s.from.Peek(1)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read script: %w", err)
	}
	switch {
	case c == '-' && len(next) == 1 && next[0] == '-':
		return s.skip(c, func(_, c byte) bool { return c == '\n' })
	case c == '/' && len(next) == 1 && next[0] == '*':
		if _, err := s.read(); err != nil {
			return err
		}
		s.keep('/')
		return s.skip('*', func(before, c byte) bool { return before == '*' && c == '/' })
	}
	s.token()
	s.text.WriteByte(c)
	return nil
}

// skip reads the rest of a comment, of which first was read, until end says so.
func (s *Scanner) skip(first byte, end func(before, c byte) bool) error {
	s.keep(first)
	var before byte
	for {
		c, err := s.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if s.text.Len() > s.most {
			return s.tooLong()
		}
		s.keep(c)
		if end(before, c) {
			return nil
		}
		before = c
	}
}

// keep takes a byte of a comment or blank if it stands inside a statement.
func (s *Scanner) keep(c byte) {
	if s.some {
		s.text.WriteByte(c)
	}
}

func (s *Scanner) tooLong() error {
	return core.Errorf(core.TooLarge, "the statement in line %d has more than %d MiB", max(s.start, 1), s.most>>20)
}

// quote takes what is quoted. A doubled quote reads as two quoted parts.
func (s *Scanner) quote(c byte) error {
	end := c
	if c == '[' {
		end = ']'
	}
	s.text.WriteByte(c)
	for {
		c, err := s.read()
		if errors.Is(err, io.EOF) {
			return nil // broken text as it comes; whoever runs it says what is wrong
		}
		if err != nil {
			return err
		}
		if s.text.Len() > s.most {
			return s.tooLong()
		}
		s.text.WriteByte(c)
		if c == end {
			return nil
		}
	}
}

func (s *Scanner) read() (byte, error) {
	c, err := s.from.ReadByte()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return 0, io.EOF
		}
		return 0, fmt.Errorf("read script: %w", err)
	}
	if c == '\n' {
		s.line++
	}
	return c, nil
}

func (s *Scanner) mark() {
	if !s.some {
		s.some, s.start = true, s.line
	}
}

// token notes one that is no word.
func (s *Scanner) token() {
	s.mark()
	s.shape.see("")
}

func (s *Scanner) endWord() {
	if len(s.word) > 0 {
		s.shape.see(strings.ToUpper(string(s.word)))
		s.word = s.word[:0]
	}
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
}
