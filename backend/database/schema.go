// What a namespace's database holds, for people and programs to look at.

package database

import (
	"context"
	"fmt"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

// Schema lists the tenant's tables and views with their columns and indexes, in
// order of name. Tables of this program and of SQLite are left out.
func (d *Databases) Schema(ctx context.Context, ns core.Namespace) (core.Schema, error) {
	if err := tenantNamespace(ns); err != nil {
		return core.Schema{}, err
	}
	q := schemaQuery{d: d, ns: ns}
	found, err := q.ask(ctx, core.LevelLinearizable, `SELECT l.name, l.type, coalesce(m.sql, '')
		FROM pragma_table_list() AS l JOIN sqlite_master AS m ON m.name = l.name AND m.type IN ('table', 'view')
		WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') AND l.name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY l.name`)
	if err != nil {
		return core.Schema{}, err
	}
	schema := core.Schema{Tables: []core.Table{}}
	for _, row := range found {
		table := core.Table{Name: textOf(row[0]), Kind: "table", SQL: textOf(row[2])}
		if strings.HasPrefix(strings.ToLower(table.Name), sqlguard.ReservedPrefix) {
			continue
		}
		if textOf(row[1]) == "view" {
			table.Kind = "view"
		}
		if table.Columns, err = q.columns(ctx, table.Name); err != nil {
			return core.Schema{}, err
		}
		if table.Indexes, err = q.indexes(ctx, table.Name); err != nil {
			return core.Schema{}, err
		}
		schema.Tables = append(schema.Tables, table)
	}
	return schema, nil
}

// schemaQuery asks one namespace's database about itself. The first question is
// asked with the freshness of a write, the rest of the same replica.
type schemaQuery struct {
	d  *Databases
	ns core.Namespace
}

func (q schemaQuery) ask(ctx context.Context, level core.Level, sql string, args ...any) ([][]any, error) {
	rows, err := q.d.query(ctx, q.ns, core.Statement{SQL: sql, Args: args}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: level}})
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return rows.Values, nil
}

// columns lists a table's columns; hidden ones of virtual tables are left out.
func (q schemaQuery) columns(ctx context.Context, table string) ([]core.Column, error) {
	rows, err := q.ask(ctx, core.LevelNone,
		`SELECT name, type, "notnull", coalesce(dflt_value, ''), pk FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid`, table)
	if err != nil {
		return nil, err
	}
	columns := make([]core.Column, len(rows))
	for i, row := range rows {
		columns[i] = core.Column{
			Name: textOf(row[0]), Type: textOf(row[1]), Nullable: numberOf(row[2]) == 0,
			Default: textOf(row[3]), PrimaryKey: numberOf(row[4]) > 0,
		}
	}
	return columns, nil
}

// indexes lists a table's indexes with their columns.
func (q schemaQuery) indexes(ctx context.Context, table string) ([]core.Index, error) {
	rows, err := q.ask(ctx, core.LevelNone, `SELECT l.name, l."unique", coalesce(m.sql, ''), coalesce(i.name, '')
		FROM pragma_index_list(?) AS l JOIN pragma_index_info(l.name) AS i
		LEFT JOIN sqlite_master AS m ON m.type = 'index' AND m.name = l.name ORDER BY l.name, i.seqno`, table)
	if err != nil {
		return nil, err
	}
	indexes := []core.Index{}
	for _, row := range rows {
		name := textOf(row[0])
		if n := len(indexes); n == 0 || indexes[n-1].Name != name {
			indexes = append(indexes, core.Index{Name: name, Unique: numberOf(row[1]) == 1, SQL: textOf(row[2])})
		}
		last := &indexes[len(indexes)-1]
		last.Columns = append(last.Columns, textOf(row[3]))
	}
	return indexes, nil
}

func textOf(cell any) string {
	text, _ := cell.(string) //nolint:errcheck // SQLite's own tables hold what they say
	return text
}

func numberOf(cell any) int64 {
	number, _ := cell.(int64) //nolint:errcheck // as above
	return number
}
