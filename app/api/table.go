// This file opens tables: what they consist of, and their rows part by part,
// however many there are.

package api

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// maxTablePart bounds the rows of a table that are read in one go.
	maxTablePart = 10_000
	// maxTables bounds the tables that are remembered, and maxTableAge for how long:
	// a grid asks for one part after another, and the schema is many questions, each
	// of them over the network when this node keeps no replica.
	maxTables   = 64
	maxTableAge = 5 * time.Second
)

// TableInfo is a table as its rows are shown.
type TableInfo struct {
	Name    string        `json:"name"`
	Kind    string        `json:"kind"` // "table" or "view"
	Columns []TableColumn `json:"columns"`
	// RowID names the first column when it is the hidden number of the rows, which
	// identifies them where there is no primary key; else it is "".
	RowID string `json:"row_id"`
	// Editable says that each row can be told from all others.
	Editable   bool        `json:"editable"`
	References []Reference `json:"references"`
}

// TableColumn is one of its columns.
type TableColumn struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
	Default  string `json:"default"`
	Key      bool   `json:"key"` // it is part of what tells rows apart
}

// Reference is a foreign key of one column.
type Reference struct {
	Column string `json:"column"`
	Table  string `json:"table"`
	To     string `json:"to"` // the column there
}

// Open tells what a table consists of.
func (s *SQL) Open(namespace, table string) (TableInfo, error) {
	return guard(s.d, "SQL.Open", MaxCallTime, func(ctx context.Context) (TableInfo, error) {
		t, err := s.table(ctx, namespace, table)
		if err != nil {
			return TableInfo{}, err
		}
		return t.info, t.references(ctx)
	})
}

// Source finds the table whose rows a statement shows as they are, so that they
// can be edited: one table, plain columns, all of its key among them. Its columns
// are those of the result. Editable is false when there is no such table.
func (s *SQL) Source(namespace, statement string, columns []string) (TableInfo, error) {
	return guard(s.d, "SQL.Source", MaxCallTime, func(ctx context.Context) (TableInfo, error) {
		none := TableInfo{Columns: []TableColumn{}, References: []Reference{}}
		name := plainTable(statement)
		if name == "" {
			return none, nil
		}
		t, err := s.table(ctx, namespace, name)
		switch {
		case err == nil && t.info.only(columns):
			err = t.references(ctx)
			return t.info, err
		case err == nil, core.CodeOf(err) == core.NotFound:
			return none, nil // a name of the statement's own is no table
		}
		return none, err
	})
}

// only keeps the columns of a result. It tells whether they show the table's rows
// as they are and tell them apart.
func (t *TableInfo) only(columns []string) bool {
	if !t.Editable || t.RowID != "" && !slices.Contains(columns, t.RowID) {
		return false
	}
	kept := make([]TableColumn, 0, len(columns))
	keys := 0
	for i, name := range columns {
		at := slices.IndexFunc(t.Columns, func(c TableColumn) bool { return strings.EqualFold(c.Name, name) })
		if at < 0 || slices.Contains(columns[:i], name) {
			return false
		}
		kept = append(kept, t.Columns[at])
		if t.Columns[at].Key {
			keys++
		}
	}
	wanted := 0
	for _, c := range t.Columns {
		if c.Key {
			wanted++
		}
	}
	t.Columns = kept
	return keys == wanted
}

// plainTable is the table of a SELECT that shows rows of one table as they are,
// else "".
func plainTable(statement string) string {
	all := tokens(statement)
	at := 0
	take := func(words ...string) bool {
		if at < len(all) && all[at].kind == 'w' && slices.Contains(words, strings.ToUpper(all[at].text)) {
			at++
			return true
		}
		return false
	}
	if !take("SELECT") {
		return ""
	}
	for !take("FROM") {
		if at == len(all) || !slices.Contains([]byte{'w', 'q', '*', ','}, all[at].kind) {
			return ""
		}
		if all[at].kind == 'w' && slices.Contains([]string{"DISTINCT", "ALL", "AS"}, strings.ToUpper(all[at].text)) {
			return ""
		}
		// Two names without a comma are a column and what it is called instead.
		if at+1 < len(all) && named(all[at]) && named(all[at+1]) && !strings.EqualFold(all[at+1].text, "FROM") {
			return ""
		}
		at++
	}
	if at == len(all) || !named(all[at]) {
		return ""
	}
	name := bareName(all[at])
	at++
	if at < len(all) && !take("WHERE", "ORDER", "LIMIT") && all[at].kind != ';' {
		return ""
	}
	for _, t := range all[at:] {
		if t.kind == 'w' && slices.Contains([]string{"UNION", "INTERSECT", "EXCEPT", "GROUP", "WINDOW"}, strings.ToUpper(t.text)) {
			return ""
		}
	}
	return name
}

func named(t token) bool { return t.kind == 'w' || t.kind == 'q' }

// bareName takes the quotes off a name.
func bareName(t token) string {
	if t.kind == 'w' || len(t.text) < 2 {
		return t.text
	}
	quote := t.text[:1]
	return strings.ReplaceAll(t.text[1:len(t.text)-1], quote+quote, quote)
}

// quoteName writes a name into SQL, whatever it is.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Count counts the rows of a table.
func (s *SQL) Count(namespace, table, level string) (int, error) {
	return guard(s.d, "SQL.Count", MaxCallTime, func(ctx context.Context) (int, error) {
		t, err := s.tableRows(ctx, View{Namespace: namespace, Table: table, Level: level, Shape: Shape{Sort: -1}})
		if err != nil {
			return 0, err
		}
		return t.count(ctx)
	})
}

// tableRows is a table's rows in one shape.
type tableRows struct {
	b     Backend
	ns    core.Namespace
	info  TableInfo
	level core.ReadOptions
	shape Shape
	// first and last are the log entries that the first and the last part were read at.
	first, last uint64
}

// tables remembers what tables consist of, for a moment.
type tables struct {
	mu    sync.Mutex
	known map[string]knownTable // by namespace and name
}

type knownTable struct {
	table core.Table
	until time.Time
}

func newTables() *tables { return &tables{known: make(map[string]knownTable)} }

func (t *tables) get(key string, now time.Time) (core.Table, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k, found := t.known[key]
	return k.table, found && now.Before(k.until)
}

func (t *tables) put(key string, table core.Table, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxTables {
		clear(t.known)
	}
	t.known[key] = knownTable{table: table, until: now.Add(maxTableAge)}
}

// forget is called when this page has changed a schema.
func (t *tables) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.known)
}

// table finds a table in the schema.
func (s *SQL) table(ctx context.Context, namespace, table string) (*tableRows, error) {
	ns, err := core.ParseNamespace(namespace)
	if err != nil {
		return nil, err
	}
	b, err := s.d.node()
	if err != nil {
		return nil, err
	}
	key, now := string(ns)+"\n"+strings.ToLower(table), s.d.program.Now()
	if known, found := s.d.tables.get(key, now); found {
		return &tableRows{b: b, ns: ns, info: infoOf(known), shape: Shape{Sort: -1}}, nil
	}
	schema, err := b.Database.Schema(ctx, ns)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(schema.Tables, func(t core.Table) bool { return strings.EqualFold(t.Name, table) })
	if at < 0 {
		return nil, core.Errorf(core.NotFound, "There is no table %q any more; refresh the list.", short(table))
	}
	s.d.tables.put(key, schema.Tables[at], now)
	return &tableRows{b: b, ns: ns, info: infoOf(schema.Tables[at]), shape: Shape{Sort: -1}}, nil
}

func infoOf(t core.Table) TableInfo {
	out := TableInfo{Name: t.Name, Kind: t.Kind, Columns: []TableColumn{}, References: []Reference{}}
	keyed := false
	taken := []string{}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, TableColumn{Name: c.Name, Type: c.Type, Nullable: c.Nullable, Default: c.Default, Key: c.PrimaryKey})
		keyed = keyed || c.PrimaryKey
		taken = append(taken, strings.ToLower(c.Name))
	}
	if !keyed && t.Kind == "table" {
		for _, name := range []string{"rowid", "_rowid_", "oid"} {
			if !slices.Contains(taken, name) {
				out.RowID = name
				out.Columns = slices.Insert(out.Columns, 0, TableColumn{Name: name, Type: "INTEGER", Key: true})
				break
			}
		}
	}
	out.Editable = t.Kind == "table" && (keyed || out.RowID != "")
	return out
}

// references fills in the foreign keys of one column.
func (t *tableRows) references(ctx context.Context) error {
	rows, err := t.b.Database.Query(ctx, t.ns, core.Statement{
		SQL:  `SELECT min("from"), min("table"), coalesce(min("to"), ''), count(*) FROM pragma_foreign_key_list(?) GROUP BY id HAVING count(*) = 1 ORDER BY id`,
		Args: []any{t.info.Name},
	}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}})
	if err != nil {
		return err
	}
	for _, row := range rows.Values {
		if len(row) == 4 {
			t.info.References = append(t.info.References, Reference{Column: textOf(row[0]), Table: textOf(row[1]), To: textOf(row[2])})
		}
	}
	return nil
}

// tableRows opens a table for reading.
func (s *SQL) tableRows(ctx context.Context, v View) (*tableRows, error) {
	level, err := core.ParseLevel(v.Level)
	if err != nil {
		return nil, err
	}
	t, err := s.table(ctx, v.Namespace, v.Table)
	if err != nil {
		return nil, err
	}
	t.level, t.shape = core.ReadOptions{Level: level}, v.Shape
	return t, v.Shape.check(len(t.info.Columns))
}

func (t *tableRows) names() []string {
	out := make([]string, 0, len(t.info.Columns))
	for _, c := range t.info.Columns {
		out = append(out, c.Name)
	}
	return out
}

// column writes a column's name into SQL. The hidden number has no quotes: in
// quotes SQLite would take an unknown name for a text.
func (t *tableRows) column(i int) string {
	if name := t.info.Columns[i].Name; name != t.info.RowID {
		return quoteName(name)
	}
	return t.info.RowID
}

// where writes the conditions, with their values.
func (t *tableRows) where() (text string, args []any) {
	var parts []string
	for _, f := range t.shape.Filters {
		if f.Column >= 0 {
			part, more := condition(t.column(f.Column), f)
			parts, args = append(parts, part), append(args, more...)
			continue
		}
		var or []string
		for i := range t.info.Columns {
			part, more := condition(t.column(i), f)
			or, args = append(or, part), append(args, more...)
		}
		parts = append(parts, "("+strings.Join(or, " OR ")+")")
	}
	if len(parts) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(parts, " AND "), args
}

func condition(column string, f Filter) (string, []any) {
	switch f.Op {
	case "null":
		return column + " IS NULL", nil
	case "some":
		return column + " IS NOT NULL", nil
	case "has":
		return "instr(lower(CASE typeof(" + column + ") WHEN 'blob' THEN hex(" + column + ") ELSE " + column + " END), lower(?)) > 0", []any{f.Value}
	}
	sign := map[string]string{"is": " = ?", "not": " <> ?", "less": " < ?", "more": " > ?"}[f.Op]
	return column + sign, []any{numberOrText(f.Value)}
}

// order makes parts fit together: what the person chose, then the key.
func (t *tableRows) order() string {
	var parts []string
	if t.shape.Sort >= 0 {
		part := t.column(t.shape.Sort)
		if t.shape.Down {
			part += " DESC"
		}
		parts = append(parts, part)
	}
	for i, c := range t.info.Columns {
		if c.Key && i != t.shape.Sort {
			parts = append(parts, t.column(i))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " ORDER BY " + strings.Join(parts, ", ")
}

func (t *tableRows) count(ctx context.Context) (int, error) {
	where, args := t.where()
	rows, err := t.query(ctx, "SELECT count(*) FROM "+quoteName(t.info.Name)+where, args)
	if err != nil {
		return 0, err
	}
	if len(rows) == 1 && len(rows[0]) == 1 {
		if n, ok := rows[0][0].(int64); ok {
			return int(n), nil
		}
	}
	return 0, errResults
}

func (t *tableRows) read(ctx context.Context, from, count int) ([][]any, error) {
	where, args := t.where()
	return t.query(ctx, t.selection()+where+t.order()+" LIMIT ? OFFSET ?", append(args, int64(min(count, maxTablePart)), int64(from)))
}

func (t *tableRows) selection() string {
	columns := make([]string, 0, len(t.info.Columns))
	for i := range t.info.Columns {
		columns = append(columns, t.column(i))
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + quoteName(t.info.Name)
}

// after reads what follows the row whose key is last, nil at the beginning. It
// is for tables with a key of one column that is never NULL: OFFSET would read
// all rows before the part again.
func (t *tableRows) after(ctx context.Context, key int, last any, count int) ([][]any, error) {
	where, args := "", []any{}
	if last != nil {
		where, args = " WHERE "+t.column(key)+" > ?", []any{last}
	}
	return t.query(ctx, t.selection()+where+" ORDER BY "+t.column(key)+" LIMIT ?", append(args, int64(count)))
}

// singleKey is the column that after can go by, -1 when there is none.
func (t *tableRows) singleKey() int {
	key := -1
	for i, c := range t.info.Columns {
		switch {
		case !c.Key:
		case key >= 0 || c.Nullable && !strings.EqualFold(c.Type, "INTEGER"):
			return -1
		default:
			key = i
		}
	}
	return key
}

func (t *tableRows) query(ctx context.Context, text string, args []any) ([][]any, error) {
	rows, err := t.b.Database.Query(ctx, t.ns, core.Statement{SQL: text, Args: args}, core.QueryOptions{ReadOptions: t.level, MaxRows: maxTablePart})
	if err != nil {
		return nil, err
	}
	if t.first == 0 {
		t.first = rows.Provenance.Index
	}
	t.last = rows.Provenance.Index
	return rows.Values, nil
}
