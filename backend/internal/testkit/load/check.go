package load

// This file judges the history.

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
)

// Kinds of operations.
const (
	kindGet    = "get"
	kindPut    = "put"
	kindCAS    = "cas"
	kindInsert = "insert"
)

type input struct {
	kind, key, value string
	expected         string // of a compare-and-set: the value of the version that it names
}

type output struct {
	outcome string
	value   string // of a get, "" when there is no such key
	refused bool   // a compare-and-set found another version
}

// model is one key: its state is its value. Values are unique, so equal values
// mean equal versions.
func model() porcupine.Model {
	return porcupine.Model{
		Partition: byKey,
		Init:      func() any { return "" },
		Step:      step,
		DescribeOperation: func(in, out any) string {
			i, o := in.(input), out.(output) //nolint:errcheck,forcetypeassert // they are ours
			return fmt.Sprintf("%s %s %s (expected %q) → %s %q refused=%t", i.kind, i.key, i.value, i.expected, o.outcome, o.value, o.refused)
		},
	}
}

func byKey(history []porcupine.Operation) [][]porcupine.Operation {
	keys := map[string][]porcupine.Operation{}
	for _, op := range history {
		key := op.Input.(input).key //nolint:errcheck,forcetypeassert // they are ours
		keys[key] = append(keys[key], op)
	}
	return slices.Collect(maps.Values(keys))
}

func step(state, in, out any) (bool, any) {
	now, i, o := state.(string), in.(input), out.(output) //nolint:errcheck,forcetypeassert // they are ours
	switch i.kind {
	case kindGet:
		return o.value == now, now
	case kindPut:
		return true, i.value
	}
	switch { // compare-and-set
	case o.refused:
		return now != i.expected, now
	case o.outcome == unknown && now != i.expected:
		return true, now // it was refused, or never arrived
	}
	return now == i.expected, i.value
}

// Bounds of judging.
const (
	checkLimit = time.Minute
	// MaxUnknown is the part of a load's writes whose outcome may be unknown:
	// above it the history says too little.
	MaxUnknown = 0.10
)

// Check says whether the history is linearizable. If it is not, or cannot be
// judged, the history and a picture of it are put into dir.
func (r *Result) Check(dir string) error {
	verdict, info := porcupine.CheckOperationsVerbose(model(), r.history, checkLimit)
	if verdict == porcupine.Ok {
		return nil
	}
	kept := r.Keep(dir, info)
	if verdict == porcupine.Unknown {
		return fmt.Errorf("the history of %d operations could not be judged in %v; %s", len(r.history), checkLimit, kept)
	}
	return fmt.Errorf("the history of %d operations is NOT linearizable; %s", len(r.history), kept)
}

// Keep writes the history and a picture of it, and says where.
func (r *Result) Keep(dir string, info porcupine.LinearizationInfo) string {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err.Error()
	}
	picture := filepath.Join(dir, "history.html")
	if err := porcupine.VisualizePath(model(), info, picture); err != nil {
		return err.Error()
	}
	text, err := os.Create(filepath.Join(dir, "history.jsonl")) //nolint:gosec // the caller's folder
	if err != nil {
		return err.Error()
	}
	defer text.Close() //nolint:errcheck // a report about a failure already
	enc := json.NewEncoder(text)
	for _, op := range r.history {
		i, o := op.Input.(input), op.Output.(output) //nolint:errcheck,forcetypeassert // they are ours
		err := enc.Encode(map[string]any{
			"client": op.ClientId, "call": op.Call, "return": op.Return, "kind": i.kind, "key": i.key, "value": i.value,
			"expected": i.expected, "outcome": o.outcome, "read": o.value, "refused": o.refused,
		})
		if err != nil {
			return err.Error()
		}
	}
	return "see " + picture
}

// Operations is the length of the history that Check judges.
func (r *Result) Operations() int { return len(r.history) }

// UnknownShare is the part of the writes whose outcome nobody knows.
func (r *Result) UnknownShare() float64 {
	return float64(r.Unknown) / float64(max(1, r.Unknown+r.Acknowledged))
}

// Errors lists the errors that the load met, most frequent first.
func (r *Result) Errors() []string {
	texts := slices.SortedFunc(maps.Keys(r.errors), func(a, b string) int { return r.errors[b] - r.errors[a] })
	for i, text := range texts {
		texts[i] = fmt.Sprintf("%6d × %s", r.errors[text], text)
	}
	return texts
}

// Losses are what must be 0.
type Losses struct {
	Lost   []string // acknowledged, but not there
	Ghosts []string // said to have failed, but there
	Twice  []string // there more than once
}

// Any says whether anything is wrong.
func (l Losses) Any() bool { return len(l.Lost)+len(l.Ghosts)+len(l.Twice) > 0 }

// String counts, with an example of each.
func (l Losses) String() string {
	parts := []string{}
	for name, list := range map[string][]string{"lost": l.Lost, "failed but there": l.Ghosts, "twice": l.Twice} {
		part := fmt.Sprintf("%d %s", len(list), name)
		if len(list) > 0 {
			part += " (" + list[0] + "…)"
		}
		parts = append(parts, part)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// Count reads every inserted id through c and compares.
func (r *Result) Count(ctx context.Context, c *client.Client) (Losses, error) {
	found, err := IDs(ctx, c, Table)
	if err != nil {
		return Losses{}, err
	}
	var l Losses
	for id, outcome := range r.ids {
		switch n := found[id]; {
		case n > 1:
			l.Twice = append(l.Twice, id)
		case n == 0 && outcome == acknowledged:
			l.Lost = append(l.Lost, id)
		case n > 0 && outcome == failed:
			l.Ghosts = append(l.Ghosts, id)
		}
	}
	return l, nil
}

// IDs reads the column id of a table: how often each value is there.
func IDs(ctx context.Context, c *client.Client, table string) (map[string]int, error) {
	const page = 1000
	found := map[string]int{}
	var last int64
	for {
		rows, err := c.Database().QueryStatement(ctx, core.Statement{
			SQL: "SELECT rowid, id FROM " + table + " WHERE rowid > ? ORDER BY rowid LIMIT ?", Args: []any{last, int64(page)},
		}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelLinearizable}})
		if err != nil {
			return nil, fmt.Errorf("read ids: %w", err)
		}
		for _, row := range rows.Values {
			number, numberOK := row[0].(int64)
			id, idOK := row[1].(string)
			if !numberOK || !idOK {
				return nil, fmt.Errorf("row %v is not a number and a text", row)
			}
			last = number
			found[id]++
		}
		if rows.Truncated {
			return nil, fmt.Errorf("a page of %d rows was cut short", page)
		}
		if len(rows.Values) < page {
			return found, nil
		}
	}
}
