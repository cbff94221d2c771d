package cli

// This file prints what commands found, in the format of -o.

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"git.debros.io/DeBros/network/backend/core"
)

// schema is the version of the printed objects. Within it fields are only added.
const schema = 1

// The formats of -o.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatJSONL = "jsonl"
	formatCSV   = "csv"
	formatYAML  = "yaml"
	formatEnv   = "env"
	formatRaw   = "raw"
)

func formats() []string {
	return []string{formatTable, formatJSON, formatJSONL, formatCSV, formatYAML, formatEnv, formatRaw}
}

// field is one named value; record keeps its fields in order.
type (
	field struct {
		name  string
		value any
	}
	record []field
)

// MarshalJSON writes the fields in their order.
func (r record) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := encode(f.name)
		if err != nil {
			return nil, err
		}
		value, err := encode(portable(f.value))
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode writes JSON without the escapes that only web pages need.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// portable turns values that JSON does not know into ones that it does.
func portable(v any) any {
	switch x := v.(type) {
	case time.Time:
		if x.IsZero() {
			return nil
		}
		return x.UTC().Format(time.RFC3339Nano)
	case []byte:
		return map[string]any{"base64": x}
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return strconv.FormatFloat(x, 'g', -1, 64)
		}
	case []any:
		cells := make([]any, len(x))
		for i := range x {
			cells[i] = portable(x[i])
		}
		return cells
	case []string:
		if x == nil {
			return []string{}
		}
	}
	return v
}

// document is what a command prints: one object, or a list of records under a
// name. Commands fill in what they have.
type document struct {
	object  record   // one object
	name    string   // of a list, "" for an object
	rows    []record // of a list
	columns []string // of a table or CSV; nil: the first row's fields
	extra   record   // beside a list in JSON and YAML
	raw     []byte   // what -o raw prints
	hasRaw  bool
	rawIs   bool   // raw is also what goes to a pipe by default
	footer  string // for a person, under the table
}

// show writes d in the format that was asked for, or that fits the stream:
// a table on a terminal; else lines for a list, bytes for one value, JSON for
// one object.
func (a *app) show(d document) error {
	format := a.opts.output
	if format == "" {
		switch {
		case a.env.Terminal.Stdout:
			format = formatTable
		case d.name != "":
			format = formatJSONL
		case d.rawIs:
			format = formatRaw
		default:
			format = formatJSON
		}
	}
	var b bytes.Buffer
	if err := a.render(&b, d, format); err != nil {
		return err
	}
	if err := a.write(b.Bytes()); err != nil {
		return err
	}
	if d.footer != "" && format == formatTable && a.env.Terminal.Stderr && !a.opts.quiet {
		fmt.Fprintln(a.env.Stderr, a.paint(colorFaint, printable(d.footer)))
	}
	return nil
}

// write puts data, and nothing else, on standard output.
func (a *app) write(data []byte) error {
	if _, err := a.env.Stdout.Write(data); err != nil {
		return core.Wrap(core.Internal, err, "the output cannot be written: %v", err)
	}
	return nil
}

func (a *app) render(b *bytes.Buffer, d document, format string) error {
	switch format {
	case formatTable:
		if d.name == "" {
			a.objectTable(b, d.object)
			return nil
		}
		a.listTable(b, d)
		return nil
	case formatRaw:
		return rawOutput(b, d)
	case formatCSV:
		return csvOutput(b, d)
	case formatJSONL:
		return linesOutput(b, d)
	}
	whole, err := encode(d.whole())
	if err != nil {
		return err
	}
	switch format {
	case formatYAML:
		return yamlOutput(b, whole)
	case formatEnv:
		return envOutput(b, d, whole)
	}
	if err := json.Indent(b, whole, "", "  "); err != nil {
		return fmt.Errorf("indent: %w", err)
	}
	b.WriteByte('\n')
	return nil
}

// whole is the document as one object with its schema.
func (d document) whole() record {
	if d.name == "" {
		return append(record{{"schema", schema}}, d.object...)
	}
	rows := d.rows
	if rows == nil {
		rows = []record{}
	}
	return append(record{{"schema", schema}, {d.name, rows}}, d.extra...)
}

func linesOutput(b *bytes.Buffer, d document) error {
	rows := d.rows
	if d.name == "" {
		rows = []record{d.object}
	}
	for _, r := range rows {
		line, err := encode(append(record{{"schema", schema}}, r...))
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	return nil
}

// rawOutput writes the one value as it is; of a list, the first field of each row.
func rawOutput(b *bytes.Buffer, d document) error {
	switch {
	case d.hasRaw:
		b.Write(d.raw)
	case d.name != "":
		for _, r := range d.rows {
			if len(r) > 0 {
				b.WriteString(text(r[0].value) + "\n")
			}
		}
	default:
		return core.Errorf(core.Invalid, "this has more than one value, so there is no raw form; use -o json, yaml or env")
	}
	return nil
}

func csvOutput(b *bytes.Buffer, d document) error {
	rows := d.rows
	if d.name == "" {
		rows = []record{d.object}
	}
	w := csv.NewWriter(b)
	columns := d.columnNames(rows)
	err := w.Write(columns)
	for _, r := range rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = text(r.get(c))
		}
		err = errors.Join(err, w.Write(cells))
	}
	w.Flush()
	if err = errors.Join(err, w.Error()); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func (d document) columnNames(rows []record) []string {
	if d.columns != nil || len(rows) == 0 {
		return d.columns
	}
	names := make([]string, len(rows[0]))
	for i, f := range rows[0] {
		names[i] = f.name
	}
	return names
}

func (r record) get(name string) any {
	for _, f := range r {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// yamlOutput writes JSON as YAML, in the same order.
func yamlOutput(b io.Writer, whole []byte) error {
	node, err := jsonTree(whole)
	if err != nil {
		return err
	}
	plainStyle(node)
	e := yaml.NewEncoder(b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(node), e.Close()); err != nil {
		return fmt.Errorf("encode YAML: %w", err)
	}
	return nil
}

// jsonTree parses JSON, which is YAML, into a tree that keeps the order.
func jsonTree(whole []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(whole, &document); err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	return document.Content[0], nil
}

// plainStyle takes JSON's braces and quotes away; the encoder sets the quotes
// that are needed.
func plainStyle(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		plainStyle(c)
	}
}

// envOutput writes lines that a shell can read: NAME='value'.
func envOutput(b *bytes.Buffer, d document, whole []byte) error {
	if d.name != "" {
		return core.Errorf(core.Invalid, "-o env is for one object, and this is a list; use -o jsonl or csv")
	}
	node, err := jsonTree(whole)
	if err != nil {
		return err
	}
	writeEnv(b, "", node)
	return nil
}

func writeEnv(b *bytes.Buffer, prefix string, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			name := n.Content[i].Value
			if prefix != "" {
				name = prefix + "_" + name
			}
			writeEnv(b, name, n.Content[i+1])
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			writeEnv(b, prefix+"_"+strconv.Itoa(i), c)
		}
	default:
		value := n.Value
		if n.Tag == "!!null" {
			value = ""
		}
		fmt.Fprintf(b, "%s='%s'\n", envName(prefix), strings.ReplaceAll(value, "'", `'\''`))
	}
}

// envName makes a name that every shell takes.
func envName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9'):
			return r
		}
		return '_'
	}, name)
}

// text is a value as one cell.
func text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case []byte:
		if utf8.Valid(x) {
			return string(x)
		}
		return fmt.Sprintf("x'%x'", x)
	case time.Time:
		if x.IsZero() {
			return ""
		}
		return x.UTC().Format(time.RFC3339Nano)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case []string:
		return strings.Join(x, " ")
	case record:
		parts := make([]string, 0, len(x))
		for _, f := range x {
			parts = append(parts, f.name+"="+text(f.value))
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(v)
}
