// This file moves a whole namespace into a file and back: backups, SQLite files
// and SQL text.

package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"git.debros.io/DeBros/network/backend/core"
)

// maxCountedTables bounds what the dry run of a restore counts row by row.
const maxCountedTables = 200

// Data is bound as "Data".
type Data struct{ d *desk }

// Holding is what a namespace holds: what a restore would replace.
type Holding struct {
	Tables []HeldTable `json:"tables"`
	Keys   KVCount     `json:"keys"`
	Nodes  int         `json:"nodes"` // replicas; 0 when it is not known
	Size   int         `json:"size"`  // tables that there are, counted or not
}

// HeldTable is a table with its rows.
type HeldTable struct {
	Name string `json:"name"`
	Rows string `json:"rows"`
}

// Holding counts what the namespace holds.
func (t *Data) Holding(namespace string) (Holding, error) {
	return guard(t.d, "Data.Holding", MaxRunTime, func(ctx context.Context) (Holding, error) {
		b, ns, err := (&Compare{d: t.d}).open(namespace)
		if err != nil {
			return Holding{}, err
		}
		schema, err := b.Database.Schema(ctx, ns)
		if err != nil {
			return Holding{}, err
		}
		out := Holding{Tables: []HeldTable{}}
		for _, table := range schema.Tables {
			if table.Kind != "table" {
				continue
			}
			if out.Size++; out.Size > maxCountedTables {
				continue
			}
			rows, errCount := countRows(ctx, b, ns, table.Name)
			if errCount != nil {
				return Holding{}, errCount
			}
			out.Tables = append(out.Tables, HeldTable{Name: table.Name, Rows: rows})
		}
		if out.Keys, err = countKeys(ctx, b.Storage, ns, "", maxCount); err != nil {
			return Holding{}, err
		}
		if nodes, errNodes := b.Replicas.Keepers(ctx, ns); errNodes == nil {
			out.Nodes = len(nodes)
		}
		return out, nil
	})
}

func countRows(ctx context.Context, b Backend, ns core.Namespace, table string) (string, error) {
	rows, err := b.Database.Query(ctx, ns, core.Statement{SQL: "SELECT count(*) FROM " + quoteName(table)}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelWeak}})
	if err != nil {
		return "", err
	}
	if len(rows.Values) != 1 || len(rows.Values[0]) != 1 {
		return "", core.Errorf(core.Internal, "A count gave no number.")
	}
	return cellOf(rows.Values[0][0]).V, nil
}

// Export starts a task that writes the namespace to a file and returns its id.
// Kind is "backup", "sqlite" or "sql".
func (t *Data) Export(namespace, kind string, file File) (string, error) {
	return guard(t.d, "Data.Export", MaxCallTime, func(ctx context.Context) (string, error) {
		b, ns, err := (&Compare{d: t.d}).open(namespace)
		if err != nil {
			return "", err
		}
		if err = checkKind(kind); err != nil {
			return "", err
		}
		return t.d.tasks.start(ctx, work{
			kind: "data.export", title: fmt.Sprintf("%s of %s", kindTitle(kind), ns), unit: "bytes", file: file,
			run: func(ctx context.Context, p *progress) (string, error) {
				p.phase("writing")
				var result core.TransferResult
				errWrite := t.d.files.write(file.ID, func(w io.Writer) (errExport error) {
					result, errExport = b.Transfer.Export(ctx, ns, core.Transfer{Kind: kind}, meteredWriter{w: w, add: p.add})
					return errExport
				})
				return told(result, "written"), errWrite
			},
		})
	})
}

// DataImport is a file for a namespace. Existing is what happens to tables that
// are there: "fail", "replace" or "append". A backup takes the place of
// everything, which Replace must allow.
type DataImport struct {
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Existing  string `json:"existing"`
	FileID    string `json:"file_id"`
	Replace   bool   `json:"replace"`
}

// Import starts a task that stores a file in the namespace and returns its id.
func (t *Data) Import(r DataImport) (string, error) {
	return guard(t.d, "Data.Import", MaxCallTime, func(ctx context.Context) (string, error) {
		b, ns, err := (&Compare{d: t.d}).open(r.Namespace)
		if err != nil {
			return "", err
		}
		if err = errors.Join(checkKind(r.Kind), t.d.mayWrite(ns)); err != nil {
			return "", err
		}
		if !slices.Contains([]string{core.ExistingFail, core.ExistingReplace, core.ExistingAppend}, r.Existing) {
			return "", core.Errorf(core.Invalid, "Tables that are there are kept, replaced or appended to, not %q.", r.Existing)
		}
		file, name, size, err := t.d.files.read(r.FileID)
		if err != nil {
			return "", err
		}
		id, err := t.d.tasks.start(ctx, work{
			kind: "data.import", title: fmt.Sprintf("%s %s into %s", kindTitle(r.Kind), name, ns), unit: "bytes",
			run: func(ctx context.Context, p *progress) (string, error) {
				p.total(size)
				p.phase("reading")
				result, errImport := b.Transfer.Import(ctx, ns, core.Transfer{Kind: r.Kind, Existing: r.Existing}, r.Replace, meteredReader{r: file, add: p.add})
				return told(result, "stored"), errors.Join(errImport, file.Close(), t.d.files.drop(r.FileID))
			},
		})
		if err != nil {
			return "", errors.Join(err, file.Close())
		}
		return id, nil
	})
}

func checkKind(kind string) error {
	if !slices.Contains([]string{core.TransferBackup, core.TransferSQLite, core.TransferSQL}, kind) {
		return core.Errorf(core.Invalid, "A namespace is written as a backup, an SQLite file or SQL text, not as %q.", kind)
	}
	return nil
}

func kindTitle(kind string) string {
	switch kind {
	case core.TransferBackup:
		return "Backup"
	case core.TransferSQLite:
		return "SQLite file"
	}
	return "SQL text"
}

// told says in one sentence what a transfer did.
func told(r core.TransferResult, verb string) string {
	switch {
	case r.Backup != nil:
		return fmt.Sprintf("Everything up to entry %d %s.", r.Backup.Index, verb)
	case r.Statements > 0:
		return fmt.Sprintf("%d statements %s.", r.Statements, verb)
	}
	return fmt.Sprintf("%d tables with %d rows %s.", r.Tables, r.Rows, verb)
}

// meteredWriter tells how many bytes went through.
type meteredWriter struct {
	w   io.Writer
	add func(int64)
}

func (c meteredWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.add(int64(n))
	return n, err
}

// meteredReader does likewise.
type meteredReader struct {
	r   io.Reader
	add func(int64)
}

func (c meteredReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.add(int64(n))
	return n, err
}
