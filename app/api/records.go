// This file reads records out of CSV and JSON, one after another, however long
// the file is. Values are text, nil, or what JSON says.

package api

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxRecordBytes bounds one record of a file, as the database bounds a value.
	MaxRecordBytes = 16 << 20
	sniffBytes     = 64 << 10 // what the guesses look at
	namedRecords   = 100      // objects whose keys become columns
)

// records is a file that is read record by record. next ends with io.EOF.
type records interface {
	format() ImportFormat
	names() []string
	next() ([]any, error)
}

// newRecords opens a file; name helps to guess its format.
func newRecords(from io.Reader, name string, f ImportFormat) (records, error) {
	r := bufio.NewReaderSize(from, sniffBytes)
	if err := skipMark(r); err != nil {
		return nil, err
	}
	head, err := r.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, core.Wrap(core.Unavailable, err, "The file could not be read.")
	}
	if f.Format == "" {
		f.Format = "csv"
		end := strings.ToLower(filepath.Ext(name))
		if first := bytes.TrimSpace(head); end != ".csv" && end != ".tsv" && len(first) > 0 && (first[0] == '{' || first[0] == '[') {
			f.Format = "json"
		}
	}
	switch f.Format {
	case "csv":
		return newCSV(r, head, f)
	case "json":
		return newJSON(r)
	}
	return nil, core.Errorf(core.Invalid, "The format %q does not exist; choose csv or json.", short(f.Format))
}

// jsonRecords reads a list of objects, or objects one after another.
type jsonRecords struct {
	from  *json.Decoder
	bytes *metered
	list  bool
	title []string
	ahead []map[string]any
	done  int
}

func newJSON(from *bufio.Reader) (*jsonRecords, error) {
	m := &metered{from: from, left: MaxRecordBytes}
	r := &jsonRecords{from: json.NewDecoder(m), bytes: m}
	r.from.UseNumber()
	for {
		c, err := from.ReadByte()
		if err != nil {
			return nil, core.Errorf(core.Invalid, "The file is empty.")
		}
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			continue
		}
		if err := from.UnreadByte(); err != nil {
			return nil, err
		}
		r.list = c == '['
		break
	}
	if r.list {
		if _, err := r.from.Token(); err != nil {
			return nil, core.Errorf(core.Invalid, "The file is not JSON.")
		}
	}
	for len(r.ahead) < namedRecords {
		names, object, err := r.object()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if !slices.Contains(r.title, name) {
				r.title = append(r.title, name)
			}
		}
		if len(r.title) > MaxImportColumns {
			return nil, core.Errorf(core.TooLarge, "The objects have more than %d different names.", MaxImportColumns)
		}
		r.ahead = append(r.ahead, object)
	}
	if len(r.ahead) == 0 {
		return nil, core.Errorf(core.Invalid, "There is no object in the file.")
	}
	return r, nil
}

func (r *jsonRecords) format() ImportFormat { return ImportFormat{Format: "json"} }
func (r *jsonRecords) names() []string      { return r.title }

func (r *jsonRecords) next() ([]any, error) {
	var object map[string]any
	if len(r.ahead) > 0 {
		object, r.ahead = r.ahead[0], r.ahead[1:]
	} else {
		var err error
		if _, object, err = r.object(); err != nil {
			return nil, err
		}
	}
	row := make([]any, 0, len(r.title))
	for _, name := range r.title {
		row = append(row, object[name])
	}
	return row, nil
}

// object reads the next one, its names in the order in which they stand there.
func (r *jsonRecords) object() (names []string, object map[string]any, err error) {
	r.done++
	r.bytes.left = MaxRecordBytes
	if r.list && !r.from.More() {
		return nil, nil, io.EOF
	}
	var raw json.RawMessage
	if err := r.from.Decode(&raw); errors.Is(err, io.EOF) && !r.list {
		return nil, nil, io.EOF
	} else if err != nil {
		if core.CodeOf(err) == core.TooLarge {
			return nil, nil, err
		}
		return nil, nil, core.Errorf(core.Invalid, "Record %d is not JSON: %v.", r.done, err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, core.Errorf(core.Invalid, "Record %d is not an object; the file is a list of objects, or one object per line.", r.done)
	}
	object = map[string]any{}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, nil, core.Errorf(core.Invalid, "Record %d is not JSON.", r.done)
		}
		var v any
		if err = d.Decode(&v); err != nil {
			return nil, nil, core.Errorf(core.Invalid, "Record %d is not JSON.", r.done)
		}
		if object[name], err = jsonCell(v); err != nil {
			return nil, nil, err
		}
		names = append(names, name)
	}
	return names, object, nil
}

// jsonCell turns a value of JSON into one of SQLite; lists and objects stay JSON.
func jsonCell(v any) (any, error) {
	switch v := v.(type) {
	case nil, string:
		return v, nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case json.Number:
		if n, err := core.ParseNumber(v.String()); err == nil {
			return n, nil
		}
		return v.String(), nil // more digits than 64 bits hold: as text none is lost
	case map[string]any:
		if text, ok := v["$base64"].(string); ok && len(v) == 1 {
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
				return raw, nil
			}
		}
	}
	text, err := json.Marshal(v)
	return string(text), err
}

// metered refuses to read more than is left, which bounds one record.
type metered struct {
	from io.Reader
	left int
}

// Read reads on.
func (m *metered) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, core.Errorf(core.TooLarge, "A record has more than %d bytes.", MaxRecordBytes)
	}
	n, err := m.from.Read(p)
	m.left -= n
	return n, err
}

// guessType finds the type that all values of a column have.
func guessType(rows [][]any, column int) string {
	guess := ""
	for _, row := range rows {
		kind := "TEXT"
		switch v := at(row, column).(type) {
		case nil:
			continue
		case int64:
			kind = "INTEGER"
		case float64:
			kind = "REAL"
		case []byte:
			kind = "BLOB"
		case string:
			kind = textType(v)
		}
		switch {
		case guess == "" || guess == kind:
			guess = kind
		case guess == "INTEGER" && kind == "REAL", guess == "REAL" && kind == "INTEGER":
			guess = "REAL"
		default:
			return "TEXT"
		}
	}
	if guess == "" {
		return "TEXT"
	}
	return guess
}

// textType judges a text of CSV. A number that would not come out as it went in,
// such as a postcode with a nought in front, is a text.
func textType(text string) string {
	switch n := numberOrText(text).(type) {
	case int64:
		if strconv.FormatInt(n, 10) == text {
			return "INTEGER"
		}
	case float64:
		digits := strings.TrimLeft(text, "-")
		if !math.IsInf(n, 0) && !math.IsNaN(n) && len(digits) <= 17 && digits[0] >= '0' && digits[0] <= '9' &&
			(len(digits) == 1 || digits[0] != '0' || digits[1] == '.') {
			return "REAL"
		}
	}
	if blobText(text) != nil {
		return "BLOB"
	}
	return "TEXT"
}

// blobText reads a blob as this program writes it into CSV, else nil.
func blobText(text string) []byte {
	if len(text) < 3 || text[0]|0x20 != 'x' || text[1] != '\'' || text[len(text)-1] != '\'' {
		return nil
	}
	raw, err := hex.DecodeString(text[2 : len(text)-1])
	if err != nil {
		return nil
	}
	return raw
}

// typed reads a text of the file as the column's type; what does not fit stays as
// it is, so that nothing is lost.
func typed(v any, kind string) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	switch kind {
	case "INTEGER":
		if n, ok := numberOrText(strings.TrimSpace(text)).(int64); ok {
			return n
		}
	case "REAL":
		switch n := numberOrText(strings.TrimSpace(text)).(type) {
		case int64:
			return float64(n)
		case float64:
			if !math.IsInf(n, 0) && !math.IsNaN(n) {
				return n
			}
		}
	case "BLOB":
		if raw := blobText(text); raw != nil {
			return raw
		}
	}
	return text
}
