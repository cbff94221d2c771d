package cli

// This file is the SQL shell: statements end with a semicolon, commands begin
// with a dot.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// shell is one run of "sql shell".
type shell struct {
	app       *app
	remote    remote
	ns        core.Namespace
	keepGoing bool
	timer     bool
	failed    error // the first failure of a script that keeps going
	pending   strings.Builder
}

func (a *app) sqlShell() *cobra.Command {
	var script string
	var keepGoing bool
	c := &cobra.Command{
		Use: "shell", Short: "Type SQL line by line", Args: wants(),
		Long: "Reads statements, each ended by ';', and prints their answers. '.help' lists the\n" +
			"commands that begin with a dot. With -c, or when standard input is no terminal, it\n" +
			"runs what it is given and ends; it stops at the first error unless --keep-going.",
		Example: "  debros sql shell\n  debros sql shell -c '.tables'\n  debros sql shell < script.sql",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.stream(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				s := &shell{app: a, remote: r, ns: ns, keepGoing: keepGoing}
				switch {
				case script != "":
					return s.script(ctx, strings.NewReader(script))
				case a.env.Terminal.Edit == nil:
					return s.script(ctx, a.env.Stdin)
				}
				return s.interactive(ctx)
			})
		},
	}
	c.Flags().StringVarP(&script, "command", "c", "", "run this and end")
	c.Flags().BoolVar(&keepGoing, "keep-going", false, "go on after an error")
	return c
}

// interactive reads from a terminal until its end. Errors are shown and forgotten.
func (s *shell) interactive(ctx context.Context) error {
	editor, err := s.app.env.Terminal.Edit()
	if err != nil {
		return err
	}
	s.app.note("SQL of the namespace %s. Statements end with ';'. '.help' helps, Ctrl+D ends.", s.ns)
	for ctx.Err() == nil {
		prompt := string(s.ns) + "> "
		if s.pending.Len() > 0 {
			prompt = strings.Repeat(" ", len(prompt)-4) + "... "
		}
		line, err := editor.ReadLine(prompt)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read line: %w", err)
		}
		err = s.line(ctx, line)
		if errors.Is(err, errQuit) {
			return nil
		}
		if err != nil {
			s.app.printError(err)
		}
	}
	return ctx.Err()
}

// script runs lines until their end or, without --keep-going, the first error.
func (s *shell) script(ctx context.Context, r io.Reader) error {
	lines := bufio.NewScanner(io.LimitReader(r, MaxInput))
	lines.Buffer(make([]byte, 64<<10), MaxInput)
	for lines.Scan() {
		if err := s.attempt(ctx, s.line(ctx, lines.Text())); err != nil {
			return s.end(err)
		}
	}
	if err := lines.Err(); err != nil {
		return core.Wrap(core.Invalid, err, "the script cannot be read")
	}
	// The last statement needs no semicolon.
	if err := s.attempt(ctx, s.run(ctx, s.take())); err != nil {
		return s.end(err)
	}
	if s.failed != nil {
		return &exitError{status: exitPartly, err: core.Errorf(core.CodeOf(s.failed), "some statements failed; the first: %s", core.Sentence(s.failed))}
	}
	return nil
}

// attempt decides whether a script goes on after err.
func (s *shell) attempt(ctx context.Context, err error) error {
	if err == nil || !s.keepGoing || errors.Is(err, errQuit) || ctx.Err() != nil {
		return err
	}
	if s.failed == nil {
		s.failed = err
	}
	s.app.printError(err)
	return nil
}

func (s *shell) end(err error) error {
	if errors.Is(err, errQuit) {
		return nil
	}
	return err
}

// line takes one line of input: a command, or a piece of SQL.
func (s *shell) line(ctx context.Context, line string) error {
	if s.pending.Len() == 0 {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, ".") {
			return s.command(ctx, strings.Fields(strings.TrimSuffix(trimmed, ";")))
		}
		if trimmed == "" {
			return nil
		}
	}
	s.pending.WriteString(line + "\n")
	if s.pending.Len() > MaxInput {
		s.pending.Reset()
		return core.Errorf(core.TooLarge, "a statement of more than %d MiB is not for a shell", MaxInput>>20)
	}
	if !s.complete(s.pending.String()) {
		return nil
	}
	return s.run(ctx, s.take())
}

func (s *shell) take() string {
	text := s.pending.String()
	s.pending.Reset()
	return text
}

// complete says whether text ends with a semicolon that ends a statement.
func (s *shell) complete(text string) bool {
	if !strings.HasSuffix(strings.TrimSpace(text), ";") {
		return false
	}
	_, err := s.app.env.Program.SplitSQL(text)
	return err == nil // an open quote or comment goes on in the next line
}

// run runs every statement of text, one after the other.
func (s *shell) run(ctx context.Context, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	pieces, err := s.app.env.Program.SplitSQL(text)
	if err != nil {
		return err
	}
	for _, p := range pieces {
		if p.Problem != "" {
			return core.Errorf(core.Invalid, "%s", p.Problem)
		}
		if err := s.statement(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *shell) statement(ctx context.Context, p core.Piece) error {
	if s.app.opts.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.app.opts.timeout)
		defer cancel()
	}
	start := time.Now()
	err := s.answer(ctx, p)
	if s.timer && err == nil {
		fmt.Fprintf(s.app.env.Stderr, "took %.1f ms\n", float64(time.Since(start).Microseconds())/1000)
	}
	return err
}

func (s *shell) answer(ctx context.Context, p core.Piece) error {
	statement := core.Statement{SQL: p.Text}
	if p.Kind == "read" {
		rows, err := s.remote.Query(ctx, s.ns, statement, core.QueryOptions{ReadOptions: s.app.readOptions()})
		if err != nil {
			return err
		}
		return s.app.printRows(rows)
	}
	answer, err := s.remote.Exec(ctx, s.ns, []core.Statement{statement}, core.ExecOptions{})
	if err != nil {
		return err
	}
	for _, result := range answer.Results {
		switch {
		case result.Error != "":
			return core.Errorf(core.Invalid, "%s", result.Error)
		case result.Rows != nil:
			return s.app.printRows(result.Rows)
		case p.Kind == "write":
			s.app.note("%d rows changed", result.RowsAffected)
		}
	}
	return nil
}

// errQuit ends the shell.
var errQuit = errors.New("quit")

const shellHelp = `.tables            list the tables
.schema [TABLE]    show columns, or the SQL that made a table
.mode [FORMAT]     table, json, jsonl, csv or yaml
.level [LEVEL]     none, weak or linearizable
.timer on|off      tell how long each statement took
.help              this list
.quit              end, as does Ctrl+D`

// command runs one that begins with a dot.
func (s *shell) command(ctx context.Context, words []string) error {
	argument := ""
	if len(words) > 1 {
		argument = words[1]
	}
	if len(words) > 2 {
		return core.Errorf(core.Invalid, "%s takes one word at most; '.help' lists the commands", words[0])
	}
	switch words[0] {
	case ".tables", ".schema":
		return s.schema(ctx, words[0], argument)
	case ".mode":
		return s.set(&s.app.opts.output, "mode", argument, slices.DeleteFunc(formats(), func(f string) bool { return f == formatEnv || f == formatRaw }))
	case ".level":
		return s.set(&s.app.opts.level, "level", argument, []string{"none", "weak", "linearizable"})
	case ".timer":
		word := map[bool]string{true: "on", false: "off"}[s.timer]
		err := s.set(&word, "timer", argument, []string{"on", "off"})
		s.timer = word == "on"
		return err
	case ".help":
		fmt.Fprintln(s.app.env.Stderr, shellHelp)
		return nil
	case ".quit", ".exit":
		return errQuit
	}
	known := []string{".tables", ".schema", ".mode", ".level", ".timer", ".help", ".quit"}
	if near := config.Nearest(words[0], known); near != "" {
		return core.Errorf(core.Invalid, "there is no command %s; did you mean %s?", words[0], near)
	}
	return core.Errorf(core.Invalid, "there is no command %s; '.help' lists all", words[0])
}

// set changes a setting, or without a word shows it.
func (s *shell) set(setting *string, name, word string, words []string) error {
	switch {
	case word == "" && *setting == "":
		s.app.note("%s: %s by default", name, words[len(words)-1])
	case word == "":
		s.app.note("%s: %s", name, *setting)
	case !slices.Contains(words, word):
		return core.Errorf(core.Invalid, "%q is not one of %s", word, strings.Join(words, ", "))
	default:
		*setting = word
	}
	return nil
}

func (s *shell) schema(ctx context.Context, command, table string) error {
	schema, err := s.remote.Schema(ctx, s.ns)
	if err != nil {
		return err
	}
	if command == ".schema" && table == "" {
		return s.app.printTables(schema)
	}
	d := document{name: "tables", columns: []string{"name", "kind"}}
	for _, t := range schema.Tables {
		if command == ".schema" && strings.EqualFold(t.Name, table) {
			return s.app.printTable(t)
		}
		d.rows = append(d.rows, record{{"name", t.Name}, {"kind", t.Kind}})
	}
	if command == ".schema" {
		return core.Errorf(core.NotFound, "there is no table %q; '.tables' lists all", table)
	}
	return s.app.show(d)
}
