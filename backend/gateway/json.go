package gateway

// This file writes rows as JSON, cell by cell and without reflection: answers to
// SQL are the largest that there are, and most calls want one.

import (
	"encoding/base64"
	"math"
	"net/http"
	"strconv"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// send answers with bytes that are made already.
func (c *call) send(status int, kind string, body []byte) error {
	h := c.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if _, err := c.w.Write(body); err != nil {
		c.g.log.Debug("answer not delivered", core.KeyRequestID, c.id, core.KeyError, err)
	}
	return nil
}

// sendJSON answers with a JSON text that is made already.
func (c *call) sendJSON(status int, text []byte) error {
	return c.send(status, string(jsonBody), append(text, '\n'))
}

const hexDigits = "0123456789abcdef"

// appendString adds s as a JSON string (RFC 8259, section 7). s is UTF-8.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		char := s[i]
		if char >= ' ' && char != '"' && char != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch char {
		case '"', '\\':
			b = append(b, '\\', char)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[char>>4], hexDigits[char&15])
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// appendFloat adds a REAL so that it reads as one again: 3 becomes 3.0. JSON has
// no infinity, so that becomes the text "Infinity" or "-Infinity", which
// JavaScript's Number reads; SQLite has no NaN.
func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	case math.IsNaN(f):
		return append(b, "null"...)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	for _, char := range b[start:] {
		if char == '.' || char == 'e' {
			return b
		}
	}
	return append(b, '.', '0')
}

// appendCell adds one cell. A BLOB is base64 text, as it always was for the older
// clients; text that is not UTF-8 has no form in JSON and is refused, because
// something like it would be a wrong answer.
func appendCell(b []byte, cell any, column string) ([]byte, error) {
	switch v := cell.(type) {
	case nil:
		return append(b, "null"...), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case float64:
		return appendFloat(b, v), nil
	case string:
		if !utf8.ValidString(v) {
			return b, core.Errorf(core.Invalid, "column %q holds text that is not UTF-8; read it with CAST(… AS BLOB)", column)
		}
		return appendString(b, v), nil
	case []byte:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, '"'), nil
	}
	return b, core.Errorf(core.Internal, "a cell is a %T", cell)
}

// appendStrings adds a list of strings.
func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// appendValues adds rows as lists of cells.
func appendValues(b []byte, rows *core.Rows) ([]byte, error) {
	var err error
	b = append(b, '[')
	for i, row := range rows.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, cell := range row {
			if j > 0 {
				b = append(b, ',')
			}
			if b, err = appendCell(b, cell, rows.Columns[j]); err != nil {
				return b, err
			}
		}
		b = append(b, ']')
	}
	return append(b, ']'), nil
}

// members are the columns as the members of an object: each name once. Of
// columns with one name the last counts, as it does for every reader of JSON.
type members struct {
	rows  *core.Rows
	names [][]byte // with quotes and colon; nil where a later column has the name
}

func membersOf(rows *core.Rows) members {
	m := members{rows: rows, names: make([][]byte, len(rows.Columns))}
	seen := make(map[string]bool, len(rows.Columns))
	for i := len(rows.Columns) - 1; i >= 0; i-- {
		if name := rows.Columns[i]; !seen[name] {
			seen[name] = true
			m.names[i] = append(appendString(nil, name), ':')
		}
	}
	return m
}

// appendFields adds the members of one row without the braces, without those
// named except.
func (m members) appendFields(b []byte, row []any, except string) ([]byte, error) {
	var err error
	first := true
	for j, cell := range row {
		if m.names[j] == nil || (except != "" && m.rows.Columns[j] == except) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, m.names[j]...)
		if b, err = appendCell(b, cell, m.rows.Columns[j]); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendItems adds rows as objects.
func appendItems(b []byte, rows *core.Rows) ([]byte, error) {
	m := membersOf(rows)
	var err error
	b = append(b, '[')
	for i, row := range rows.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if b, err = m.appendFields(b, row, ""); err != nil {
			return b, err
		}
		b = append(b, '}')
	}
	return append(b, ']'), nil
}

// typesOf are the columns' declared types, in lower case. An expression has none: its type is
// that of its first value that is not NULL, "" when there is none.
func typesOf(rows *core.Rows) []string {
	types := make([]string, len(rows.Columns))
	for i := range types {
		if i < len(rows.Types) {
			types[i] = rows.Types[i]
		}
		for at := 0; types[i] == "" && at < len(rows.Values); at++ {
			switch rows.Values[at][i].(type) {
			case int64:
				types[i] = "integer"
			case float64:
				types[i] = "real"
			case string:
				types[i] = "text"
			case []byte:
				types[i] = "blob"
			}
		}
	}
	return types
}

// sizeOf guesses the length of rows as JSON, so that the text is made in one piece.
func sizeOf(rows *core.Rows) int {
	size := 256
	for _, row := range rows.Values {
		size += 2
		for _, cell := range row {
			switch v := cell.(type) {
			case string:
				size += len(v) + 4
			case []byte:
				size += base64.StdEncoding.EncodedLen(len(v)) + 4
			default:
				size += 12
			}
		}
	}
	return size
}

// created is the status of what made something.
const created = http.StatusCreated
