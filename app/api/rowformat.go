// This file writes rows as CSV, JSON, JSON lines, SQL, Markdown and plain text.

package api

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// The formats that rows are written in; keys travel as csv and jsonl.
const (
	formatText     = "text" // between tabs, as a spreadsheet takes it
	formatCSV      = "csv"
	formatJSON     = "json"
	formatLines    = "jsonl"
	formatSQL      = "sql"
	formatMarkdown = "md"
)

// rowWriter writes row after row. The caller ends with end.
type rowWriter struct {
	to    *bufio.Writer
	names []string
	one   func(row []any) string
	last  string // what closes the text
	rows  int
}

// newRowWriter begins a text; table names the table of INSERT statements.
func newRowWriter(to io.Writer, format, table string, names []string) (*rowWriter, error) {
	w := &rowWriter{to: bufio.NewWriter(to), names: names}
	head := ""
	switch format {
	case formatText:
		w.one = func(row []any) string { return joined(row, "\t", plainText) + "\n" }
	case formatCSV:
		head = joined(names, ",", csvQuote) + "\r\n"
		w.one = func(row []any) string { return joined(row, ",", csvCell) + "\r\n" }
	case formatJSON:
		w.names, head, w.last = distinct(names), "[", "]\n"
		w.one = func(row []any) string {
			if w.rows == 0 {
				return "\n  " + w.object(row)
			}
			return ",\n  " + w.object(row)
		}
	case formatLines:
		w.names = distinct(names)
		w.one = func(row []any) string { return w.object(row) + "\n" }
	case formatSQL:
		if table == "" {
			table = "result"
		}
		into := "INSERT INTO " + quoteName(table) + " (" + joined(names, ", ", quoteName) + ") VALUES ("
		w.one = func(row []any) string { return into + joined(row, ", ", sqlLiteral) + ");\n" }
	case formatMarkdown:
		rule := strings.Repeat("| --- ", len(names)) + "|\n"
		head = "| " + joined(names, " | ", markdownText) + " |\n" + rule
		w.one = func(row []any) string { return "| " + joined(row, " | ", markdownCell) + " |\n" }
	default:
		return nil, core.Errorf(core.Invalid, "The format %q does not exist; use csv, json, jsonl, sql, md or text.", short(format))
	}
	_, err := w.to.WriteString(head)
	return w, err
}

func (w *rowWriter) row(values []any) error {
	_, err := w.to.WriteString(w.one(values))
	w.rows++
	return err
}

func (w *rowWriter) end() error {
	if w.last != "" && w.rows > 0 {
		w.last = "\n" + w.last
	}
	if _, err := w.to.WriteString(w.last); err != nil {
		return err
	}
	return w.to.Flush()
}

func joined[T any](list []T, between string, write func(T) string) string {
	var out strings.Builder
	for i, one := range list {
		if i > 0 {
			out.WriteString(between)
		}
		out.WriteString(write(one))
	}
	return out.String()
}

// plainText is a value without its kind; a blob is written as SQL does.
func plainText(v any) string {
	if b, ok := v.([]byte); ok {
		return "x'" + hex.EncodeToString(b) + "'"
	}
	return strings.NewReplacer("\t", " ", "\r\n", " ", "\n", " ").Replace(textOf(v))
}

// csvCell keeps NULL, which is nothing, apart from an empty text, which is "".
func csvCell(v any) string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return `""`
		}
		return csvQuote(v)
	case []byte:
		return "x'" + hex.EncodeToString(v) + "'"
	default:
		return textOf(v)
	}
}

func csvQuote(text string) string {
	if strings.ContainsAny(text, ",\"\r\n") {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

func (w *rowWriter) object(row []any) string {
	var out strings.Builder
	out.WriteString("{")
	for i, v := range row {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString(jsonText(w.names[i]) + ": " + jsonValue(v))
	}
	return out.String() + "}"
}

// jsonValue keeps every digit of a number; a blob is {"$base64": …}.
func jsonValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return jsonText(v)
	case []byte:
		return `{"$base64": "` + base64.StdEncoding.EncodeToString(v) + `"}`
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return jsonText(textOf(v))
		}
		return realLiteral(v)
	default:
		return textOf(v)
	}
}

func jsonText(text string) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil { // a text always encodes
		return `""`
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// distinct gives columns of the same name different ones: an object may not have
// two alike.
func distinct(names []string) []string {
	seen := map[string]int{}
	out := make([]string, 0, len(names))
	for _, name := range names {
		seen[name]++
		if n := seen[name]; n > 1 {
			name = fmt.Sprintf("%s_%d", name, n)
		}
		out = append(out, name)
	}
	return out
}

// sqlLiteral writes a value so that reading it gives the same value.
func sqlLiteral(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		if strings.ContainsRune(v, 0) { // SQLite ends a text at it
			return "CAST(x'" + hex.EncodeToString([]byte(v)) + "' AS TEXT)"
		}
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case []byte:
		return "x'" + hex.EncodeToString(v) + "'"
	case float64:
		switch {
		case math.IsInf(v, 1):
			return "9e999"
		case math.IsInf(v, -1):
			return "-9e999"
		}
		return realLiteral(v)
	default:
		return textOf(v)
	}
}

// realLiteral keeps a whole real a real.
func realLiteral(f float64) string {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

func markdownCell(v any) string {
	if v == nil {
		return "NULL"
	}
	if b, ok := v.([]byte); ok {
		return "`x'" + hex.EncodeToString(b) + "'`"
	}
	return markdownText(textOf(v))
}

func markdownText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "\r\n", "<br>", "\n", "<br>", "<", "&lt;").Replace(text)
}
