// This file reads keys from a file: JSON lines as they are, CSV by a mapping of
// its columns. A preview shows the first rows before anything is stored.

package api

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	kvPreviewRows = 8
	kvPreviewCell = 120 // bytes shown of one cell
	maxColumns    = 256
	previewBytes  = 1 << 20 // looked at for a preview
)

// KeyPreview is the beginning of a file of keys. The columns are those of CSV;
// KeyColumn and the others are a guess, -1 when there is none.
type KeyPreview struct {
	Format         string     `json:"format"`
	Separator      string     `json:"separator"`
	Header         bool       `json:"header"`
	Columns        []string   `json:"columns"`
	Rows           [][]string `json:"rows"` // of JSON lines: key, value, encoding, expires_at
	KeyColumn      int        `json:"key_column"`
	ValueColumn    int        `json:"value_column"`
	EncodingColumn int        `json:"encoding_column"`
	ExpiresColumn  int        `json:"expires_column"`
	Problem        string     `json:"problem"` // why it cannot be read any further
}

// KeyImport says how a file becomes keys. The columns, the separator and the
// header matter for CSV only; -1 is no column.
type KeyImport struct {
	Namespace      string `json:"namespace"`
	FileID         string `json:"file_id"`
	Format         string `json:"format"`
	Existing       string `json:"existing"` // keys that are there: "fail", "skip" or "replace"
	Separator      string `json:"separator"`
	Header         bool   `json:"header"`
	KeyColumn      int    `json:"key_column"`
	ValueColumn    int    `json:"value_column"`
	EncodingColumn int    `json:"encoding_column"` // says of each row "text" or "base64"
	ExpiresColumn  int    `json:"expires_column"`  // seconds to live, or a time of RFC 3339; empty is for ever
	Base64         bool   `json:"base64"`          // all values are base64
}

// Preview looks at the beginning of a file.
func (k *KV) Preview(fileID string) (KeyPreview, error) {
	return guard(k.d, "KV.Preview", MaxCallTime, func(context.Context) (KeyPreview, error) {
		file, name, _, err := k.d.files.read(fileID)
		if err != nil {
			return KeyPreview{}, err
		}
		defer file.Close() //nolint:errcheck // it was only read
		head := bufio.NewReaderSize(io.LimitReader(file, previewBytes), 64<<10)
		first, err := head.Peek(32 << 10)
		if err != nil && !errors.Is(err, io.EOF) {
			return KeyPreview{}, core.Wrap(core.Unavailable, err, "The file cannot be read.")
		}
		if text := bytes.TrimLeft(first, " \t\r\n\ufeff"); bytes.HasPrefix(text, []byte("{")) || strings.EqualFold(filepath.Ext(name), ".jsonl") {
			return previewLines(head), nil
		}
		return previewCSV(head, first), nil
	})
}

func previewLines(r io.Reader) KeyPreview {
	out := KeyPreview{Format: formatLines, Columns: csvColumns(), Rows: [][]string{}, KeyColumn: 0, ValueColumn: 1, EncodingColumn: 2, ExpiresColumn: 3}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, previewBytes)
	for number := 1; len(out.Rows) < kvPreviewRows && lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var l kvLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil || l.Key == "" || (l.Text == nil) == (l.Base64 == nil) {
			out.Problem = fmt.Sprintf("Line %d is no key: each line is an object with key, and text or base64.", number)
			return out
		}
		row := []string{l.Key, "", "text", l.ExpiresAt}
		if l.Text != nil {
			row[1] = *l.Text
		} else {
			row[1], row[2] = *l.Base64, "base64"
		}
		out.Rows = append(out.Rows, cutRow(row))
	}
	return out
}

func previewCSV(r io.Reader, first []byte) KeyPreview {
	out := KeyPreview{Format: formatCSV, Columns: []string{}, Rows: [][]string{}, Separator: guessDelimiter(first)}
	rows, err := newKeyRows(r, out.Separator)
	if err != nil {
		out.Problem = core.Sentence(err)
		return out
	}
	for len(out.Rows) <= kvPreviewRows {
		row, err := rows.next()
		if err != nil {
			if !errors.Is(err, io.EOF) && len(out.Rows) < kvPreviewRows {
				out.Problem = core.Sentence(err)
			}
			break
		}
		out.Rows = append(out.Rows, cutRow(row))
	}
	if len(out.Rows) == 0 {
		return out
	}
	find := func(names ...string) int {
		return slices.IndexFunc(out.Rows[0], func(cell string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(cell))) })
	}
	out.KeyColumn, out.ValueColumn = find("key", "name", "id"), find("value", "data", "text")
	out.EncodingColumn, out.ExpiresColumn = find("encoding"), find("expires_at", "expires", "ttl")
	out.Header = out.KeyColumn >= 0
	if out.Header {
		out.Columns, out.Rows = out.Rows[0], out.Rows[1:]
	} else {
		out.KeyColumn = 0
		for i := range out.Rows[0] {
			out.Columns = append(out.Columns, strconv.Itoa(i+1))
		}
	}
	if out.ValueColumn < 0 && len(out.Columns) > 1 {
		out.ValueColumn = slices.IndexFunc([]int{0, 1}, func(i int) bool { return i != out.KeyColumn })
	}
	out.Rows = out.Rows[:min(len(out.Rows), kvPreviewRows)]
	return out
}

func cutRow(row []string) []string {
	out := make([]string, 0, len(row))
	for _, cell := range row[:min(len(row), maxColumns)] {
		out = append(out, strings.ToValidUTF8(cutText(cell, kvPreviewCell), "\ufffd"))
	}
	return out
}

// Import starts a task that stores the keys of a file, and returns its id. One
// that fails names the line, and what was stored before it stays.
func (k *KV) Import(r KeyImport) (string, error) {
	return guard(k.d, "KV.Import", MaxCallTime, func(ctx context.Context) (string, error) {
		b, ns, err := k.open(r.Namespace)
		if err != nil {
			return "", err
		}
		switch {
		case r.Format != formatLines && r.Format != formatCSV:
			return "", core.Errorf(core.Invalid, "Keys are read from jsonl or csv, not from %q.", r.Format)
		case r.Format == formatCSV && (r.KeyColumn < 0 || r.ValueColumn < 0):
			return "", core.Errorf(core.Invalid, "Say which column holds the keys and which the values.")
		}
		file, name, size, err := k.d.files.read(r.FileID)
		if err != nil {
			return "", err
		}
		id, err := k.d.tasks.start(ctx, work{
			kind: "kv.import", title: fmt.Sprintf("Import keys from %s into %s", name, ns), unit: "bytes",
			run: func(ctx context.Context, p *progress) (string, error) {
				p.total(size)
				p.phase("writing")
				lines := &keyLines{r: r, file: &counted{from: file, tell: p.add}, now: k.d.program.Now}
				result, errImport := b.Transfer.Import(ctx, ns, core.Transfer{Kind: core.TransferKV, Existing: r.Existing}, false, lines)
				if lines.fault != nil { // the backend only knows that it could not read on
					errImport = core.Wrap(core.CodeOf(lines.fault), lines.fault, "%s %d keys were stored before.", core.Sentence(lines.fault), result.Keys)
				}
				if errImport = errors.Join(errImport, file.Close()); errImport != nil {
					return "", errImport
				}
				return importResult(result), k.d.files.drop(r.FileID)
			},
		})
		if err != nil {
			return "", errors.Join(err, file.Close())
		}
		return id, nil
	})
}

func importResult(r core.TransferResult) string {
	text := fmt.Sprintf("%d keys stored", r.Keys)
	if r.Keys == 1 {
		text = "1 key stored"
	}
	if r.Skipped > 0 {
		text += fmt.Sprintf(", %d were there and stayed as they were", r.Skipped)
	}
	return text
}

// keyLines is the file as the backend reads it: one JSON object per key. Rows of
// CSV are turned into lines as they are asked for.
type keyLines struct {
	r     KeyImport
	file  io.Reader
	now   func() time.Time
	rows  *keyRows
	out   bytes.Buffer // at most one line
	fault error        // a row that is no key
}

// Read gives the next bytes of the lines.
func (k *keyLines) Read(p []byte) (int, error) {
	if k.r.Format == formatLines {
		return k.file.Read(p)
	}
	if k.rows == nil {
		if k.rows, k.fault = newKeyRows(k.file, k.r.Separator); k.fault != nil {
			return 0, k.fault
		}
	}
	for k.out.Len() == 0 {
		if err := k.next(); err != nil {
			return 0, err
		}
	}
	return k.out.Read(p)
}

func (k *keyLines) next() error {
	row, err := k.rows.next()
	if err == nil && k.r.Header && k.rows.csv.record == 1 {
		return nil
	}
	var l kvLine
	if err == nil {
		if l, err = k.r.line(row, k.now()); err != nil {
			err = core.Wrap(core.CodeOf(err), err, "Row %d: %s", k.rows.csv.record, core.Sentence(err))
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		k.fault = err
		return err
	}
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode row: %w", err)
	}
	k.out.Write(append(text, '\n'))
	return nil
}

func (r KeyImport) line(row []string, now time.Time) (kvLine, error) {
	cell := func(at int) string {
		if at < 0 || at >= len(row) {
			return ""
		}
		return row[at]
	}
	l := kvLine{Key: cell(r.KeyColumn)}
	value := cell(r.ValueColumn)
	if l.Key == "" {
		return l, core.Errorf(core.Invalid, "it has no key in column %d.", r.KeyColumn+1)
	}
	switch encoding := strings.ToLower(cell(r.EncodingColumn)); {
	case encoding == "base64", encoding == "" && r.Base64:
		if _, err := base64.StdEncoding.DecodeString(value); err != nil {
			return l, core.Wrap(core.Invalid, err, "the value is not base64.")
		}
		l.Base64 = &value
	case encoding == "", encoding == "text":
		l.Text = &value
	default:
		return l, core.Errorf(core.Invalid, "a value is text or base64, not %q.", encoding)
	}
	if expires := strings.TrimSpace(cell(r.ExpiresColumn)); expires != "" {
		at, err := parseExpiry(expires, now)
		if err != nil {
			return l, err
		}
		l.ExpiresAt = at.UTC().Format(time.RFC3339Nano)
	}
	return l, nil
}

func parseExpiry(text string, now time.Time) (time.Time, error) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		if err := checkTTL(seconds); err != nil || seconds == 0 {
			return time.Time{}, core.Errorf(core.Invalid, "a key lives for 1 second to 100 years, not %s.", text)
		}
		return now.Add(time.Duration(seconds) * time.Second), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, core.Wrap(core.Invalid, err, "%q is neither seconds nor a time of RFC 3339.", text)
	}
	return at, nil
}

// keyRows are the rows of a file of keys as texts: NULL and "" are one here.
type keyRows struct{ csv *csvRecords }

func newKeyRows(from io.Reader, separator string) (*keyRows, error) {
	r := bufio.NewReaderSize(from, sniffBytes)
	if err := skipMark(r); err != nil {
		return nil, err
	}
	records, err := openCSV(r, ImportFormat{Delimiter: cmp.Or(separator, ",")})
	return &keyRows{csv: records}, err
}

func (k *keyRows) next() ([]string, error) {
	record, err := k.csv.read()
	row := make([]string, len(record))
	for i, v := range record {
		row[i], _ = v.(string) //nolint:errcheck // nil is ""
	}
	return row, err
}
