package cli

// This file has the commands of the database, but for its shell.

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) sqlCommand() *cobra.Command {
	return a.group("sql", "Query and change the database",
		a.sqlQuery(), a.sqlWatch(), a.sqlExec(), a.sqlBatch(), a.sqlShell(), a.sqlSchema(), a.sqlExplain(), a.sqlExport(), a.sqlImport())
}

const parameterHelp = "Each argument after the SQL is one parameter '?': 12 is a whole number, 1.5 a number,\n" +
	"null nothing, \"12\" in double quotes text, everything else the text itself.\n" +
	"-p name=value sets a named one. Write '--' before what begins with '-', such as -3."

func (a *app) sqlQuery() *cobra.Command {
	var named []string
	var rows int
	c := &cobra.Command{
		Use: "query SQL [PARAMETER...]", Short: "Read rows", Args: wants("SQL", "[PARAMETER...]"), ValidArgsFunction: a.completeSQL,
		Long:    "Runs one reading statement. '-' reads it from standard input, '@file' from a file.\n" + parameterHelp,
		Example: "  debros sql query 'SELECT * FROM users WHERE age > ?' 30\n  debros sql query 'SELECT * FROM users' -o csv > users.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			statement, err := a.statement(args, named)
			if err != nil {
				return err
			}
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				answer, err := r.Query(ctx, ns, statement, core.QueryOptions{ReadOptions: a.readOptions(), MaxRows: rows})
				if err != nil {
					return err
				}
				return a.printRows(answer)
			})
		},
	}
	c.Flags().StringArrayVarP(&named, "param", "p", nil, "named parameter, name=value")
	c.Flags().IntVar(&rows, "max-rows", 0, "stop after so many rows; 0 is the node's own limit")
	return c
}

func (a *app) sqlExec() *cobra.Command {
	var named []string
	c := &cobra.Command{
		Use: "exec SQL [PARAMETER...]", Short: "Run one statement that changes something", Args: wants("SQL", "[PARAMETER...]"), ValidArgsFunction: a.completeSQL,
		Long:    "Runs one statement. '-' reads it from standard input, '@file' from a file.\n" + parameterHelp,
		Example: "  debros sql exec 'CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT)'\n  debros sql exec 'INSERT INTO users(name) VALUES (?)' Ann",
		RunE: func(cmd *cobra.Command, args []string) error {
			statement, err := a.statement(args, named)
			if err != nil {
				return err
			}
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				answer, err := r.Exec(ctx, ns, []core.Statement{statement}, core.ExecOptions{IdempotencyKey: a.opts.idempotencyKey})
				if err != nil {
					return err
				}
				if len(answer.Results) != 1 {
					return core.Errorf(core.Internal, "the node gave %d answers to one statement", len(answer.Results))
				}
				result := answer.Results[0]
				switch {
				case result.Error != "":
					return core.Errorf(core.Invalid, "%s", result.Error)
				case result.Rows != nil:
					return a.printRows(result.Rows)
				}
				return a.show(document{object: append(resultRecord(result), field{"provenance", answer.Provenance}).forTable(a), footer: provenance(answer.Provenance)})
			})
		},
	}
	c.Flags().StringArrayVarP(&named, "param", "p", nil, "named parameter, name=value")
	a.idempotencyFlag(c)
	return c
}

func resultRecord(r core.ExecResult) record {
	return record{{"rows_affected", r.RowsAffected}, {"last_insert_id", r.LastInsertID}}
}

func (a *app) sqlBatch() *cobra.Command {
	var keepGoing bool
	c := &cobra.Command{
		Use: "batch [SCRIPT]", Short: "Run many statements in one transaction: all or none", Args: wants("[SCRIPT]"),
		Long:    "Runs the statements of SCRIPT, of '@file' or of standard input in one transaction.\nWith --keep-going each stands for itself, and those that fail are listed (exit status 8).",
		Example: "  debros sql batch @schema.sql\n  debros sql batch \"INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			script, err := a.value(args, 0)
			if err != nil {
				return err
			}
			statements, err := a.split(string(script))
			if err != nil {
				return err
			}
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				answer, err := r.Exec(ctx, ns, statements, core.ExecOptions{Atomic: !keepGoing, IdempotencyKey: a.opts.idempotencyKey})
				if err != nil {
					return err
				}
				return a.printBatch(statements, answer, keepGoing)
			})
		},
	}
	c.Flags().BoolVar(&keepGoing, "keep-going", false, "no transaction: go on after a statement that fails")
	a.idempotencyFlag(c)
	return c
}

// split cuts a script into statements that may be run.
func (a *app) split(script string) ([]core.Statement, error) {
	pieces, err := a.env.Program.SplitSQL(script)
	if err != nil {
		return nil, err
	}
	if len(pieces) == 0 {
		return nil, core.Errorf(core.Invalid, "there is no statement to run")
	}
	statements := make([]core.Statement, len(pieces))
	for i, p := range pieces {
		if p.Problem != "" {
			return nil, core.Errorf(core.Invalid, "line %d: %s", lineOf(script, p.Offset), p.Problem)
		}
		statements[i] = core.Statement{SQL: p.Text}
	}
	return statements, nil
}

func lineOf(script string, offset int) int {
	return 1 + strings.Count(script[:min(offset, len(script))], "\n")
}

// printBatch prints one row for each statement, and fails with the first that did.
func (a *app) printBatch(statements []core.Statement, answer *core.ExecAnswer, keepGoing bool) error {
	d := document{name: "results", columns: []string{"statement", "rows_affected", "last_insert_id", "error"}, extra: record{{"provenance", answer.Provenance}}, footer: provenance(answer.Provenance)}
	failed, first := 0, ""
	for i, r := range answer.Results {
		row := append(record{{"statement", i + 1}}, resultRecord(r)...)
		if r.Error != "" {
			row = append(row, field{"error", r.Error})
			if failed++; failed == 1 {
				first = fmt.Sprintf("statement %d: %s", i+1, r.Error)
			}
		}
		d.rows = append(d.rows, row)
	}
	switch {
	case failed == 0:
		return a.show(d)
	case !keepGoing:
		return core.Errorf(core.Invalid, "%s; nothing was changed", first)
	}
	if err := a.show(d); err != nil {
		return err
	}
	err := core.Errorf(core.Invalid, "%d of %d statements failed, the first is %s", failed, len(statements), first)
	if failed == len(statements) {
		return err
	}
	return &exitError{status: exitPartly, err: err}
}

func (a *app) sqlSchema() *cobra.Command {
	return &cobra.Command{
		Use: "schema [TABLE]", Short: "Show tables, columns and indexes", Args: wants("[TABLE]"), ValidArgsFunction: a.completeTables,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				schema, err := r.Schema(ctx, ns)
				if err != nil {
					return err
				}
				if len(args) == 0 {
					return a.printTables(schema)
				}
				for _, t := range schema.Tables {
					if strings.EqualFold(t.Name, args[0]) {
						return a.printTable(t)
					}
				}
				return core.Errorf(core.NotFound, "the namespace %s has no table %q; 'debros sql schema' lists all", ns, args[0])
			})
		},
	}
}

func (a *app) printTables(s core.Schema) error {
	d := document{name: "tables", columns: []string{"name", "kind", "columns", "indexes"}}
	format := a.opts.output
	short := format == formatTable || format == formatCSV || (format == "" && a.env.Terminal.Stdout)
	for _, t := range s.Tables {
		if !short {
			d.rows = append(d.rows, record{{"name", t.Name}, {"kind", t.Kind}, {"sql", t.SQL}, {"columns", t.Columns}, {"indexes", t.Indexes}})
			continue
		}
		var columns, indexes []string
		for _, c := range t.Columns {
			columns = append(columns, c.Name)
		}
		for _, i := range t.Indexes {
			indexes = append(indexes, i.Name)
		}
		d.rows = append(d.rows, record{{"name", t.Name}, {"kind", t.Kind}, {"columns", columns}, {"indexes", indexes}})
	}
	return a.show(d)
}

func (a *app) printTable(t core.Table) error {
	var columns, indexes []string
	for _, c := range t.Columns {
		line := strings.TrimSpace(c.Name + " " + c.Type)
		if c.PrimaryKey {
			line += " primary key"
		}
		if !c.Nullable {
			line += " not null"
		}
		if c.Default != "" {
			line += " default " + c.Default
		}
		columns = append(columns, line)
	}
	for _, i := range t.Indexes {
		line := i.Name + " (" + strings.Join(i.Columns, ", ") + ")"
		if i.Unique {
			line += " unique"
		}
		indexes = append(indexes, line)
	}
	short := a.opts.output == formatTable || (a.opts.output == "" && a.env.Terminal.Stdout)
	object := record{{"name", t.Name}, {"kind", t.Kind}, {"sql", t.SQL}, {"columns", t.Columns}, {"indexes", t.Indexes}}
	if short {
		object = record{{"name", t.Name}, {"kind", t.Kind}, {"columns", columns}, {"indexes", indexes}, {"sql", t.SQL}}
	}
	return a.show(document{object: object, raw: []byte(t.SQL + "\n"), hasRaw: true})
}

func (a *app) sqlExplain() *cobra.Command {
	return &cobra.Command{
		Use: "explain SQL [PARAMETER...]", Short: "Show how a statement would be run", Args: wants("SQL", "[PARAMETER...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			statement, err := a.statement(args, nil)
			if err != nil {
				return err
			}
			statement.SQL = "EXPLAIN QUERY PLAN " + statement.SQL
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				answer, err := r.Query(ctx, ns, statement, core.QueryOptions{ReadOptions: a.readOptions()})
				if err != nil {
					return err
				}
				return a.printRows(answer)
			})
		},
	}
}

// statement makes one of SQL, positional and named parameters.
func (a *app) statement(args, named []string) (core.Statement, error) {
	text, err := a.value(args, 0)
	if err != nil {
		return core.Statement{}, err
	}
	s := core.Statement{SQL: string(text)}
	for _, arg := range args[1:] {
		s.Args = append(s.Args, parameter(arg))
	}
	for _, pair := range named {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return s, core.Errorf(core.Invalid, "%q is not name=value", pair)
		}
		if s.Named == nil {
			s.Named = map[string]any{}
		}
		s.Named[name] = parameter(value)
	}
	if s.Args != nil && s.Named != nil {
		return s, core.Errorf(core.Invalid, "parameters go by position or by name, not both")
	}
	return s, nil
}

// parameter reads one parameter of a statement; see parameterHelp.
func parameter(arg string) any {
	switch arg {
	case "null", "NULL":
		return nil
	case "true":
		return true
	case "false":
		return false
	}
	if n, err := strconv.ParseInt(arg, 10, 64); err == nil {
		return n
	}
	if strings.Trim(arg, "0123456789.-+eE") == "" {
		if f, err := strconv.ParseFloat(arg, 64); err == nil && !math.IsInf(f, 0) {
			return f
		}
	}
	var quoted string
	if strings.HasPrefix(arg, `"`) && json.Unmarshal([]byte(arg), &quoted) == nil {
		return quoted
	}
	return arg
}

// printRows prints the answer to a query.
func (a *app) printRows(answer *core.Rows) error {
	return a.show(rowsDocument(answer))
}

func rowsDocument(answer *core.Rows) document {
	columns := uniqueNames(answer.Columns)
	d := document{
		name: "rows", columns: columns,
		extra:  record{{"columns", columns}, {"types", answer.Types}, {"truncated", answer.Truncated}, {"provenance", answer.Provenance}},
		footer: rowCount(answer) + " · " + provenance(answer.Provenance),
	}
	for _, values := range answer.Values {
		row := make(record, 0, len(columns))
		for i, c := range columns {
			if i < len(values) {
				row = append(row, field{c, values[i]})
			}
		}
		d.rows = append(d.rows, row)
	}
	return d
}

func rowCount(answer *core.Rows) string {
	count := fmt.Sprintf("%d rows", len(answer.Values))
	if len(answer.Values) == 1 {
		count = "1 row"
	}
	if answer.Truncated {
		count += ", cut at a limit"
	}
	return count
}

// uniqueNames gives the second "id" of a join the name "id_2", because an
// object has each name once.
func uniqueNames(names []string) []string {
	seen := map[string]bool{}
	unique := make([]string, len(names))
	for i, name := range names {
		candidate := name
		for n := 2; seen[candidate]; n++ {
			candidate = fmt.Sprintf("%s_%d", name, n)
		}
		seen[candidate] = true
		unique[i] = candidate
	}
	return unique
}
