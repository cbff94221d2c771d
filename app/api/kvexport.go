// This file writes chosen keys to a file: JSON lines as the command line reads
// them, or CSV.

package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// csvColumns are the columns that an export writes and an import knows by name.
func csvColumns() []string { return []string{"key", "value", "encoding", "expires_at"} }

// kvLine is one key in a file, as the backend's export writes it.
type kvLine struct {
	Key       string  `json:"key"`
	Text      *string `json:"text,omitempty"`
	Base64    *string `json:"base64,omitempty"`
	ExpiresAt string  `json:"expires_at,omitempty"`
}

// KeyExport says which keys go to which file. Chosen without keys and branches
// means all.
type KeyExport struct {
	Chosen Chosen `json:"chosen"`
	Format string `json:"format"` // "jsonl" or "csv"
	File   File   `json:"file"`   // of Files.Save
}

// Export starts a task that writes the chosen keys to a file, and returns its id.
func (k *KV) Export(r KeyExport) (string, error) {
	return guard(k.d, "KV.Export", MaxCallTime, func(ctx context.Context) (string, error) {
		b, ns, err := k.open(r.Chosen.Namespace)
		if err != nil {
			return "", err
		}
		if len(r.Chosen.Keys) == 0 && len(r.Chosen.Prefixes) == 0 {
			r.Chosen.Prefixes = []string{""}
		}
		if err := r.Chosen.check(); err != nil {
			return "", err
		}
		if r.Format != formatLines && r.Format != formatCSV {
			return "", core.Errorf(core.Invalid, "Keys are written as jsonl or csv, not as %q.", r.Format)
		}
		return k.d.tasks.start(ctx, work{
			kind: "kv.export", title: fmt.Sprintf("Export keys of %s to %s", ns, r.File.Name), unit: "keys", file: r.File,
			run: func(ctx context.Context, p *progress) (string, error) {
				out := &keyFile{progress: p}
				err := k.d.files.write(r.File.ID, func(w io.Writer) error { return out.fill(ctx, b, ns, r, w) })
				if err != nil {
					return "", err
				}
				return fmt.Sprintf("%d keys written", out.keys), nil
			},
		})
	})
}

// keyFile is a file that is being written. It takes JSON lines, which the
// backend makes, and turns them into CSV when that is wanted.
type keyFile struct {
	progress *progress
	csv      *csv.Writer // nil: the lines go through as they are
	to       io.Writer
	rest     []byte // the begin of a line whose end is still to come; at most one value long
	keys     int64
}

func (f *keyFile) fill(ctx context.Context, b Backend, ns core.Namespace, r KeyExport, w io.Writer) error {
	f.progress.phase("counting")
	if err := f.count(ctx, b.Storage, ns, r.Chosen); err != nil {
		return err
	}
	f.progress.phase("writing")
	f.to = w
	if r.Format == formatCSV {
		f.csv = csv.NewWriter(w)
		if err := f.csv.Write(csvColumns()); err != nil {
			return badFile(err)
		}
	}
	err := Chosen{Keys: r.Chosen.Keys}.each(ctx, b.Storage, ns, true, func(i core.Item) error {
		line, err := json.Marshal(lineOf(i))
		if err != nil {
			return fmt.Errorf("encode key: %w", err)
		}
		_, err = f.Write(append(line, '\n'))
		return err
	})
	for _, prefix := range r.Chosen.Prefixes {
		if err == nil {
			_, err = b.Transfer.Export(ctx, ns, core.Transfer{Kind: core.TransferKV, Prefix: prefix}, f)
		}
	}
	if err == nil && f.csv != nil {
		f.csv.Flush()
		err = badFile(f.csv.Error())
	}
	return err
}

func (f *keyFile) count(ctx context.Context, s Storage, ns core.Namespace, c Chosen) error {
	total := len(c.Keys)
	for _, prefix := range c.Prefixes {
		n, err := countKeys(ctx, s, ns, prefix, maxCount)
		if err != nil {
			return err
		}
		if n.More {
			return nil
		}
		total += n.Count
	}
	f.progress.total(int64(total))
	return nil
}

// Write takes JSON lines, cut anywhere.
func (f *keyFile) Write(part []byte) (int, error) {
	lines := int64(bytes.Count(part, []byte{'\n'}))
	f.keys += lines
	f.progress.add(lines)
	if f.csv == nil {
		n, err := f.to.Write(part)
		return n, badFile(err)
	}
	f.rest = append(f.rest, part...)
	for {
		line, rest, whole := bytes.Cut(f.rest, []byte{'\n'})
		if !whole {
			f.rest = append([]byte(nil), line...)
			return len(part), nil
		}
		f.rest = rest
		if err := f.row(line); err != nil {
			return 0, err
		}
	}
}

func (f *keyFile) row(line []byte) error {
	var l kvLine
	if err := json.Unmarshal(line, &l); err != nil {
		return fmt.Errorf("read line of export: %w", err)
	}
	row := []string{l.Key, "", "text", l.ExpiresAt}
	if l.Text != nil {
		row[1] = *l.Text
	} else if l.Base64 != nil {
		row[1], row[2] = *l.Base64, "base64"
	}
	return badFile(f.csv.Write(row))
}

func lineOf(i core.Item) kvLine {
	l := kvLine{Key: i.Key}
	if utf8.Valid(i.Value) {
		text := string(i.Value)
		l.Text = &text
	} else {
		text := base64.StdEncoding.EncodeToString(i.Value)
		l.Base64 = &text
	}
	if !i.ExpiresAt.IsZero() {
		l.ExpiresAt = i.ExpiresAt.UTC().Format(time.RFC3339Nano)
	}
	return l
}

func badFile(err error) error {
	if err == nil || core.CodeOf(err) != core.Internal {
		return err
	}
	return core.Wrap(core.Unavailable, err, "The file could not be written; check the space on the disk.")
}
