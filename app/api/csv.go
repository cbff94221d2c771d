// This file reads CSV, one record after another.

package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// csvRecords follows RFC 4180. It tells an empty field, which is NULL, from an
// empty text in quotes, as this program writes them.
type csvRecords struct {
	from   *bufio.Reader
	how    ImportFormat
	comma  byte
	title  []string
	first  []any // read ahead, when it is no header
	record int
}

// openCSV begins to read records; what the first of them means is not asked yet.
func openCSV(from *bufio.Reader, f ImportFormat) (*csvRecords, error) {
	if len(f.Delimiter) != 1 || strings.ContainsAny(f.Delimiter, "\"\r\n") || f.Delimiter[0] >= 0x80 {
		return nil, core.Errorf(core.Invalid, "The delimiter is one sign, such as , or ;")
	}
	return &csvRecords{from: from, how: f, comma: f.Delimiter[0]}, nil
}

// skipMark skips the mark of UTF-8 that spreadsheets begin a file with.
func skipMark(from *bufio.Reader) error {
	const mark = "\ufeff"
	head, err := from.Peek(len(mark))
	if err != nil && !errors.Is(err, io.EOF) {
		return core.Wrap(core.Unavailable, err, "The file could not be read.")
	}
	if string(head) == mark {
		_, err = from.Discard(len(mark))
		return err
	}
	return nil
}

func newCSV(from *bufio.Reader, head []byte, f ImportFormat) (*csvRecords, error) {
	if f.Delimiter == "" {
		f.Delimiter = guessDelimiter(head)
	}
	r, err := openCSV(from, f)
	if err != nil {
		return nil, err
	}
	first, err := r.read()
	if errors.Is(err, io.EOF) {
		return nil, core.Errorf(core.Invalid, "The file is empty.")
	}
	if err != nil {
		return nil, err
	}
	if len(first) > MaxImportColumns {
		return nil, core.Errorf(core.TooLarge, "The file has %d columns; at most %d can be imported.", len(first), MaxImportColumns)
	}
	if r.how.Header == "" {
		r.how.Header = "yes"
		for _, v := range first { // names are texts, each different
			text, ok := v.(string)
			if _, number := numberOrText(text).(string); !ok || text == "" || !number {
				r.how.Header = "no"
			}
		}
	}
	for i, v := range first {
		name, _ := v.(string) //nolint:errcheck // nil is no name
		if r.how.Header != "yes" || name == "" {
			name = fmt.Sprintf("column_%d", i+1)
		}
		r.title = append(r.title, name)
	}
	r.title = distinct(r.title)
	if r.how.Header != "yes" {
		r.first = first
	}
	return r, nil
}

// guessDelimiter takes the sign that is most frequent in the first line.
func guessDelimiter(head []byte) string {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best, most := ",", 0
	for _, sign := range []string{",", ";", "\t", "|"} {
		if n := bytes.Count(line, []byte(sign)); n > most {
			best, most = sign, n
		}
	}
	return best
}

func (r *csvRecords) format() ImportFormat { return r.how }
func (r *csvRecords) names() []string      { return r.title }

func (r *csvRecords) next() ([]any, error) {
	if first := r.first; first != nil {
		r.first = nil
		return first, nil
	}
	return r.read()
}

// read reads one record. A blank line is none.
func (r *csvRecords) read() ([]any, error) {
	r.record++
	var row []any
	var field []byte
	quoted, open, bytesRead := false, false, 0
	end := func() error {
		if !utf8.Valid(field) {
			return core.Errorf(core.Invalid, "Record %d is not UTF-8; save the file as UTF-8 first.", r.record)
		}
		if len(field) == 0 && !quoted {
			row = append(row, nil)
		} else {
			row = append(row, string(field))
		}
		field, quoted = field[:0], false
		return nil
	}
	for {
		c, readErr := r.from.ReadByte()
		if bytesRead++; bytesRead > MaxRecordBytes {
			return nil, core.Errorf(core.TooLarge, "Record %d has more than %d bytes; is a quote missing?", r.record, MaxRecordBytes)
		}
		switch {
		case errors.Is(readErr, io.EOF):
			if open {
				return nil, core.Errorf(core.Invalid, "Record %d ends inside quotes.", r.record)
			}
			if len(row) == 0 && len(field) == 0 && !quoted {
				return nil, io.EOF
			}
			err := end()
			return row, err
		case readErr != nil:
			return nil, core.Wrap(core.Unavailable, readErr, "The file could not be read to its end.")
		case open && c == '"':
			if next, err := r.from.Peek(1); err == nil && next[0] == '"' {
				field = append(field, '"')
				_, _ = r.from.ReadByte() //nolint:errcheck // it was peeked at
				continue
			}
			open = false
		case open:
			field = append(field, c)
		case c == '"' && len(field) == 0 && !quoted:
			open, quoted = true, true
		case c == r.comma:
			if err := end(); err != nil {
				return nil, err
			}
		case c == '\r':
			if next, err := r.from.Peek(1); err != nil || next[0] != '\n' {
				field = append(field, c)
			}
		case c == '\n':
			if len(row) == 0 && len(field) == 0 && !quoted {
				bytesRead = 0
				continue
			}
			err := end()
			return row, err
		default:
			field = append(field, c)
		}
	}
}
