package cli

// This file has the commands about what changes: of keys, their past, and of the
// answer to a query.

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

// errEnough ends a watch that has printed what was asked for.
var errEnough = &exitError{}

func checkCount(count int) error {
	if count < 0 {
		return core.Errorf(core.Invalid, "--count is 1 or more; 0 is without end")
	}
	return nil
}

func (a *app) kvWatch() *cobra.Command {
	var since uint64
	var count int
	c := &cobra.Command{
		Use: "watch [PREFIX]", Short: "Print the changes of keys as they come", Args: wants("[PREFIX]"), ValidArgsFunction: a.completeKeys,
		Long: "Prints each put, delete and expiry of the keys that begin with PREFIX, in the order in\n" +
			"which they were committed, until Ctrl+C or until --count have come. Into a pipe each is one\n" +
			"JSON object on a line. With --since it goes on after a version. An operation 'gap' says that\n" +
			"earlier changes are not kept any more: list the keys anew.",
		Example: "  debros kv watch\n  debros kv watch users/ --since 41 -o jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCount(count); err != nil {
				return err
			}
			prefix := ""
			if len(args) > 0 {
				prefix = args[0]
			}
			return a.stream(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				a.note("watching the namespace %s; Ctrl+C ends", ns)
				seen := 0
				return enough(r.WatchKeys(ctx, ns, prefix, core.Version(since), func(c core.Changes) error {
					return a.printChanges(c, count, &seen)
				}))
			})
		},
	}
	c.Flags().Uint64Var(&since, "since", 0, "begin after this version; 0 is now")
	c.Flags().IntVar(&count, "count", 0, "end after so many changes")
	return c
}

// enough takes the end of a watch by --count for what it is.
func enough(err error) error {
	if err == errEnough { //nolint:errorlint // it is handed through as it is
		return nil
	}
	return err
}

func (a *app) printChanges(c core.Changes, count int, seen *int) error {
	if c.Gap {
		a.note("earlier changes are not kept any more; list the keys anew")
		if err := a.printChange(core.KVChange{Operation: "gap"}); err != nil {
			return err
		}
	}
	for _, change := range c.Changes {
		if err := a.printChange(change); err != nil {
			return err
		}
		if *seen++; *seen == count {
			return errEnough
		}
	}
	return nil
}

func (a *app) printChange(c core.KVChange) error {
	if a.opts.output != formatTable && (a.opts.output != "" || !a.env.Terminal.Stdout) {
		return a.show(document{name: "changes", rows: []record{changeRecord(c)}})
	}
	if c.Operation == "gap" {
		return nil // the note says it
	}
	value := ""
	if c.Operation == core.OperationPut {
		if value = fmt.Sprintf(" [%d bytes that are no text]", c.Size); utf8.Valid(c.Value) {
			value = " " + printable(string(c.Value))
		}
	}
	head := fmt.Sprintf("%s %d %s", c.UpdatedAt.Local().Format(time.TimeOnly), c.Version, c.Operation)
	return a.write([]byte(a.paintOut(colorFaint, head) + " " + printable(c.Key) + value + "\n"))
}

func changeRecord(c core.KVChange) record {
	row := append(record{{"operation", string(c.Operation)}}, itemRecord(c.Item)...)
	if c.Operation == core.OperationPut {
		row = append(row, valueFields(c.Value)...)
	}
	return row
}

func (a *app) kvHistory() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use: "history KEY", Short: "List what a key was, newest first", Args: wants("KEY"), ValidArgsFunction: a.completeKeys,
		Long:    "Lists the versions of KEY that are kept, deletes too. What is older than the version that\nis told below the list is not kept any more.",
		Example: "  debros kv history color\n  debros kv history color -o jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				h, err := r.History(ctx, ns, args[0], limit)
				if err != nil {
					return err
				}
				d := document{
					name: "versions", columns: []string{"version", "operation", "updated_at", "size", "value"},
					extra:  record{{"complete_since", uint64(h.CompleteSince)}, {"complete_since_time", h.CompleteSinceTime}, {"provenance", h.Provenance}},
					footer: fmt.Sprintf("%d versions, complete since version %d · %s", len(h.Versions), h.CompleteSince, provenance(h.Provenance)),
				}
				for _, v := range h.Versions {
					d.rows = append(d.rows, changeRecord(v))
				}
				return a.show(d)
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 100, fmt.Sprintf("versions, at most %d", core.MaxHistoryVersions))
	return c
}

func (a *app) kvRevert() *cobra.Command {
	return &cobra.Command{
		Use: "revert KEY VERSION", Short: "Put an older version of a key again", Args: wants("KEY", "VERSION"), ValidArgsFunction: a.completeKeys,
		Long:    "Stores the value that KEY had at VERSION, as a new version and without an expiry. When\nsomebody changes the key meanwhile, nothing is stored (exit status 7).",
		Example: "  debros kv history color\n  debros kv revert color 41",
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := parseVersion(args[1])
			if err != nil {
				return err
			}
			return a.call(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				return a.revert(ctx, r, ns, args[0], version)
			})
		},
	}
}

func parseVersion(text string) (core.Version, error) {
	var v core.Version
	if _, err := fmt.Sscanf(text, "%d", &v); err != nil || v == 0 || fmt.Sprint(v) != text {
		return 0, core.Errorf(core.Invalid, "%q is no version; 'debros kv history KEY' lists them", text)
	}
	return v, nil
}

// revert is an ordinary put on the condition that the key is as it was looked at.
func (a *app) revert(ctx context.Context, r remote, ns core.Namespace, key string, version core.Version) error {
	h, err := r.History(ctx, ns, key, core.MaxHistoryVersions)
	if err != nil {
		return err
	}
	var old *core.KVChange
	for i, v := range h.Versions {
		if v.Version == version {
			old = &h.Versions[i]
		}
	}
	switch {
	case old == nil:
		return core.Errorf(core.NotFound, "version %d of the key %q is not kept; 'debros kv history' lists those that are", version, key)
	case old.Operation != core.OperationPut:
		return core.Errorf(core.Invalid, "version %d removed the key %q; it has no value to restore", version, key)
	}
	item, _, err := r.Get(ctx, ns, key, core.ReadOptions{})
	o := core.PutOptions{IfVersion: item.Version}
	if core.CodeOf(err) == core.NotFound {
		o, err = core.PutOptions{IfAbsent: true}, nil
	}
	if err != nil {
		return err
	}
	answer, err := r.Put(ctx, ns, key, old.Value, o)
	if err != nil {
		return err
	}
	return a.show(document{object: record{
		{"key", key}, {"reverted_to", uint64(version)}, {"version", firstVersion(answer)}, {"provenance", answer.Provenance},
	}.forTable(a), footer: provenance(answer.Provenance)})
}

func (a *app) sqlWatch() *cobra.Command {
	var named []string
	var count int
	c := &cobra.Command{
		Use: "watch SQL [PARAMETER...]", Short: "Print the answer to a query whenever it may have changed", Args: wants("SQL", "[PARAMETER...]"), ValidArgsFunction: a.completeSQL,
		Long: fmt.Sprintf("Runs one SELECT of at most %d rows, and again when a table that it reads has changed, at\n"+
			"most four times a second, until Ctrl+C or until --count answers have come. Into a pipe each\nanswer is one JSON object on a line.\n", core.MaxLiveRows) + parameterHelp,
		Example: "  debros sql watch 'SELECT count(*) FROM jobs WHERE done = 0'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCount(count); err != nil {
				return err
			}
			statement, err := a.statement(args, named)
			if err != nil {
				return err
			}
			return a.stream(cmd.Context(), func(ctx context.Context, r remote, ns core.Namespace) error {
				a.note("watching the namespace %s; Ctrl+C ends", ns)
				seen := 0
				return enough(r.WatchQuery(ctx, ns, statement, func(answer core.LiveAnswer) error {
					if err := a.printLive(answer); err != nil {
						return err
					}
					if seen++; seen == count {
						return errEnough
					}
					return nil
				}))
			})
		},
	}
	c.Flags().StringArrayVarP(&named, "param", "p", nil, "named parameter, name=value")
	c.Flags().IntVar(&count, "count", 0, "end after so many answers")
	return c
}

// printLive prints one state: as a list of its own for a person and for tables,
// and as one object where objects are wanted.
func (a *app) printLive(answer core.LiveAnswer) error {
	if answer.Gap {
		a.note("states before this one may have been missed")
	}
	d := rowsDocument(answer.Rows)
	switch format := a.opts.output; {
	case format == "" && a.env.Terminal.Stdout, format == formatTable, format == formatCSV, format == formatRaw:
		return a.show(d)
	}
	rows := d.rows
	if rows == nil {
		rows = []record{}
	}
	state := append(record{{"gap", answer.Gap}, {"index", answer.Index}, {"rows", rows}}, d.extra...)
	return a.show(document{name: "states", rows: []record{state}})
}
