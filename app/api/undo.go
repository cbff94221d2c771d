// This file takes back a statement that a page ran: the rows of its table before
// and after it are read in the same transaction, and the difference is kept.

package api

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxUndoRows bounds the table of a statement that can be taken back: it is
	// read twice on every replica.
	MaxUndoRows = 10_000
	// MaxUndoChanges bounds the rows that are taken back: each is two statements of one batch.
	MaxUndoChanges = 4000
	// MaxUndos bounds what is kept; the oldest goes first.
	MaxUndos = 50
	// MaxUndoBytes bounds it too.
	MaxUndoBytes = 32 << 20

	undoPage   = 1000 // rows of one read inside a write
	maxUndoMet = 20   // rows that are named in an answer
)

// Undo is bound as "Undo".
type Undo struct{ d *desk }

// UndoOffer says whether a statement can be taken back, and how.
type UndoOffer struct {
	Offered bool   `json:"offered"`
	Reason  string `json:"reason"` // why not, "" when nothing is known of the statement
	Rows    int    `json:"rows"`   // rows that it changed
	Script  string `json:"script"` // what would run, as text
	// Since are rows that somebody has changed since, by their keys, and how many.
	Since      []string `json:"since"`
	SinceCount int      `json:"since_count"`
}

// change is one row, as it was and as the statement left it; nil: it was not there.
type change struct{ before, after []any }

// undo is one statement that can be taken back.
type undo struct {
	ns      core.Namespace
	table   string
	columns []string
	key     []int
	changes []change
	reason  string // why it cannot be
	bytes   int
}

// undos are kept by namespace and log entry.
type undos struct {
	mu    sync.Mutex
	all   map[string]*undo
	order []string // oldest first; at most MaxUndos
	bytes int
}

func newUndos() *undos { return &undos{all: map[string]*undo{}} }

func undoName(ns core.Namespace, index string) string { return string(ns) + " " + index }

func (u *undos) add(name string, one *undo) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for len(u.order) > 0 && (len(u.order) >= MaxUndos || u.bytes+one.bytes > MaxUndoBytes) {
		u.bytes -= u.all[u.order[0]].bytes
		delete(u.all, u.order[0])
		u.order = u.order[1:]
	}
	if u.all[name] == nil && one.bytes <= MaxUndoBytes {
		u.all[name], u.order, u.bytes = one, append(u.order, name), u.bytes+one.bytes
	}
}

func (u *undos) find(name string) *undo {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.all[name]
}

func (u *undos) drop(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if one := u.all[name]; one != nil {
		u.bytes -= one.bytes
		delete(u.all, name)
		u.order = slices.DeleteFunc(u.order, func(n string) bool { return n == name })
	}
}

// Of says whether the statement that was stored as a log entry can be taken back.
func (u *Undo) Of(namespace, index string) (UndoOffer, error) {
	return guard(u.d, "Undo.Of", MaxCallTime, func(ctx context.Context) (UndoOffer, error) {
		b, ns, err := (&Compare{d: u.d}).open(namespace)
		if err != nil {
			return UndoOffer{}, err
		}
		out := UndoOffer{Since: []string{}}
		one := u.d.undos.find(undoName(ns, index))
		if one == nil || one.reason != "" || len(one.changes) == 0 {
			if one != nil {
				out.Reason = one.reason
			}
			return out, nil
		}
		return one.offer(ctx, b)
	})
}

// Run takes a statement back, in one atomic batch. Rows that were changed since
// are a conflict, unless others says to take back only the others.
func (u *Undo) Run(namespace, index string, others bool) (int, error) {
	return guard(u.d, "Undo.Run", MaxRunTime, func(ctx context.Context) (int, error) {
		b, ns, err := (&Compare{d: u.d}).open(namespace)
		if err != nil {
			return 0, err
		}
		name := undoName(ns, index)
		one := u.d.undos.find(name)
		if one == nil || one.reason != "" {
			return 0, core.Errorf(core.NotFound, "This statement cannot be taken back any more.")
		}
		stands, since, err := one.standing(ctx, b)
		switch {
		case err != nil:
			return 0, err
		case len(since) > 0 && !others:
			return 0, core.Errorf(core.Conflict, "%d of the rows were changed since; nothing was taken back.", len(since))
		case len(stands) == 0:
			return 0, core.Errorf(core.Conflict, "Every one of the rows was changed since; there is nothing to take back.")
		}
		list := one.inverse(stands)
		if _, err = b.Database.Exec(ctx, ns, list, core.ExecOptions{Atomic: true}); err != nil {
			if core.CodeOf(err) == core.Invalid {
				return 0, core.Wrap(core.Conflict, err, "Nothing was taken back: %s", cause(err, len(list)))
			}
			return 0, err
		}
		u.d.undos.drop(name)
		return len(stands), nil
	})
}

// execUndoable runs one write so that it can be taken back where that is possible,
// and as it is where not.
func (d *desk) execUndoable(ctx context.Context, b Backend, ns core.Namespace, s core.Statement) (*core.ExecAnswer, error) {
	plain := func(reason string) (*core.ExecAnswer, error) {
		answer, err := b.Database.Exec(ctx, ns, []core.Statement{s}, core.ExecOptions{})
		if err == nil && reason != "" {
			d.undos.add(undoName(ns, number(answer.Provenance.Index)), &undo{ns: ns, reason: reason})
		}
		return answer, err
	}
	one, pages, reason := d.survey(ctx, b, ns, s.SQL)
	if one == nil {
		return plain(reason)
	}
	list := append(one.reads(pages), s)
	list = append(list, one.reads(pages+1)...) // it may have grown by a page
	answer, err := b.Database.Exec(ctx, ns, list, core.ExecOptions{Atomic: true})
	switch {
	case err != nil && blamed(err, len(list)) == pages:
		return nil, core.Wrap(core.CodeOf(err), err, "%s", cause(err, len(list)))
	case err != nil && core.CodeOf(err) == core.OutcomeUnknown, err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil: // reading was refused, so that nothing was stored
		return plain("The rows of the table could not be kept.")
	case len(answer.Results) != len(list):
		return nil, errResults
	}
	one.differ(answer.Results[:pages], answer.Results[pages+1:])
	d.undos.add(undoName(ns, number(answer.Provenance.Index)), one)
	answer.Results = answer.Results[pages : pages+1]
	return answer, nil
}

// survey says how to take a statement back, or why it cannot be; neither when it
// is of a kind that nobody expects to.
func (d *desk) survey(ctx context.Context, b Backend, ns core.Namespace, sql string) (_ *undo, pages int, reason string) {
	name, err := b.Replicas.Writes(sql)
	if err != nil || name == "" {
		return nil, 0, ""
	}
	schema, err := b.Database.Schema(ctx, ns)
	if err != nil {
		return nil, 0, ""
	}
	at := slices.IndexFunc(schema.Tables, func(t core.Table) bool { return strings.EqualFold(t.Name, name) && t.Kind == "table" })
	if at < 0 {
		return nil, 0, ""
	}
	one := &undo{ns: ns, table: schema.Tables[at].Name}
	for i, c := range schema.Tables[at].Columns {
		one.columns = append(one.columns, c.Name)
		if c.PrimaryKey {
			one.key = append(one.key, i)
		}
	}
	if len(one.key) == 0 {
		return nil, 0, "The table has no primary key, so that its rows cannot be told apart."
	}
	rows, err := b.Database.Query(ctx, ns, core.Statement{SQL: `SELECT (SELECT count(*) FROM ` + quoteName(one.table) + `),
 (SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?1)),
 (SELECT count(*) FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table' AND lower(f."table") = lower(?1)
   AND (f.on_delete NOT IN ('NO ACTION', 'RESTRICT') OR f.on_update NOT IN ('NO ACTION', 'RESTRICT')))`, Args: []any{one.table}},
		core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelWeak}})
	if err != nil || len(rows.Values) != 1 || len(rows.Values[0]) != 3 {
		return nil, 0, ""
	}
	var counts [3]int
	for i, text := range texts(rows.Values[0]) {
		if counts[i], err = strconv.Atoi(text); err != nil {
			return nil, 0, ""
		}
	}
	switch {
	case counts[0] > MaxUndoRows:
		return nil, 0, "The table has more than " + strconv.Itoa(MaxUndoRows) + " rows."
	case counts[1] > 0:
		return nil, 0, "The table has triggers, which change what nobody sees here."
	case counts[2] > 0:
		return nil, 0, "Other tables change with this one by their foreign keys."
	}
	return one, counts[0]/undoPage + 1, ""
}

// reads are the whole table in pages, as a read inside a write is bounded.
func (u *undo) reads(pages int) []core.Statement {
	names, keys := make([]string, 0, len(u.columns)), make([]string, 0, len(u.key))
	for _, c := range u.columns {
		names = append(names, quoteName(c))
	}
	for _, k := range u.key {
		keys = append(keys, names[k])
	}
	list := make([]core.Statement, 0, pages)
	for page := range pages {
		list = append(list, core.Statement{
			SQL:  "SELECT " + strings.Join(names, ", ") + " FROM " + quoteName(u.table) + " ORDER BY " + strings.Join(keys, ", ") + " LIMIT ? OFFSET ?",
			Args: []any{int64(undoPage), int64(page * undoPage)},
		})
	}
	return list
}

// differ keeps the rows that are not the same before and after.
func (u *undo) differ(before, after []core.ExecResult) {
	rows := func(results []core.ExecResult) (all [][]any, whole bool) {
		last := 0
		for _, r := range results {
			if r.Rows != nil {
				all, last = append(all, r.Rows.Values...), len(r.Rows.Values)
			}
		}
		return all, last < undoPage // a full last page may not be the last
	}
	old, wholeOld := rows(before)
	present, wholeNew := rows(after)
	if !wholeOld || !wholeNew {
		u.reason = "The table grew while its rows were kept."
		return
	}
	p := pairing{key: u.key}
	was := map[string][]any{}
	for i, name := range p.all(old) {
		was[name] = old[i]
	}
	for i, name := range p.all(present) {
		b, a := was[name], present[i]
		delete(was, name)
		if b == nil || rowKey(a) != rowKey(b) {
			u.changes = append(u.changes, change{before: b, after: a})
		}
	}
	for i, name := range p.all(old) {
		if was[name] != nil {
			u.changes = append(u.changes, change{before: old[i]})
		}
	}
	for _, c := range u.changes {
		u.bytes += rowBytes(c.before) + rowBytes(c.after)
	}
	if len(u.changes) > MaxUndoChanges || u.bytes > MaxUndoBytes {
		u.changes, u.bytes = nil, 0
		u.reason = "It changed more than " + strconv.Itoa(MaxUndoChanges) + " rows."
	}
}

// standing tells which rows are still as the statement left them, and names the others.
func (u *undo) standing(ctx context.Context, b Backend) (stands []change, since []string, err error) {
	p := pairing{key: u.key}
	now := map[string][]any{}
	for _, read := range u.reads(MaxUndoRows/undoPage + 1) {
		rows, errRead := b.Database.Query(ctx, u.ns, read, core.QueryOptions{})
		if errRead != nil {
			return nil, nil, errRead
		}
		for i, row := range rows.Values {
			now[p.name(row, i)] = row
		}
		if len(rows.Values) < undoPage {
			break
		}
	}
	for _, c := range u.changes {
		shape := c.after
		if shape == nil {
			shape = c.before
		}
		row := now[p.name(shape, 0)]
		if (row == nil) == (c.after == nil) && (row == nil || rowKey(row) == rowKey(c.after)) {
			stands = append(stands, c)
			continue
		}
		var key []string
		for _, k := range u.key {
			key = append(key, cellOf(shape[k]).V)
		}
		since = append(since, strings.Join(key, ", "))
	}
	return stands, since, nil
}

func (u *undo) offer(ctx context.Context, b Backend) (UndoOffer, error) {
	stands, since, err := u.standing(ctx, b)
	if err != nil {
		return UndoOffer{}, err
	}
	out := UndoOffer{Offered: true, Rows: len(u.changes), Since: list(since[:min(len(since), maxUndoMet)]), SinceCount: len(since)}
	var text []string
	for _, s := range u.inverse(stands[:min(len(stands), maxUndoMet)]) {
		if s.SQL != undoneOne {
			text = append(text, inText(s))
		}
	}
	if len(stands) > maxUndoMet {
		text = append(text, "-- … "+strconv.Itoa(len(stands)-maxUndoMet)+" more")
	}
	out.Script = strings.Join(text, "\n")
	return out, nil
}
