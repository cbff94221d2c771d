package node

// This file reads from one replica after another, for those who compare them.

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

// Keepers lists the nodes that keep a replica of ns, as peer ids.
func (n *Node) Keepers(ctx context.Context, ns core.Namespace) ([]string, error) {
	s, err := n.networks.member()
	if err != nil {
		return nil, err
	}
	return s.databases.Keepers(ctx, ns)
}

// QueryAt reads at one node's replica, see database.Databases.QueryAt.
func (n *Node) QueryAt(ctx context.Context, node string, ns core.Namespace, st core.Statement, o core.QueryOptions) (*core.Rows, error) {
	s, err := n.networks.member()
	if err != nil {
		return nil, err
	}
	return s.databases.QueryAt(ctx, node, ns, st, o)
}

// GetAt reads one key at one node's replica, as if it were the time at.
func (n *Node) GetAt(ctx context.Context, node string, ns core.Namespace, key string, at time.Time) (core.Item, core.Provenance, error) {
	s, err := n.networks.member()
	if err != nil {
		return core.Item{}, core.Provenance{}, err
	}
	if _, err := core.ParseNamespace(string(ns)); err != nil {
		return core.Item{}, core.Provenance{}, err
	}
	return s.storage.GetFrom(ctx, key, at, func(ctx context.Context, st core.Statement) (*core.Rows, error) {
		return s.databases.Internal().QueryAt(ctx, node, ns, st, core.QueryOptions{})
	})
}

// Reading says what sql reads, and whether replicas with the same content may
// answer it differently. It returns core.Invalid for what does not read rows.
func (n *Node) Reading(sql string) (core.Reading, error) {
	st, err := sqlguard.Check(sql)
	switch {
	case err != nil:
		return core.Reading{}, err
	case st.Kind != sqlguard.Read || st.Explain || (st.Verb != "SELECT" && st.Verb != "VALUES"):
		return core.Reading{}, core.Errorf(core.Invalid, "only a SELECT reads rows; choose one")
	}
	return core.Reading{Tables: st.Tables, Ordered: st.Ordered, Unlike: unlike(sql, st)}, nil
}

// Writes names the table whose rows a statement changes, "" for one that changes
// none or begins otherwise than with INSERT, REPLACE, UPDATE or DELETE.
func (n *Node) Writes(sql string) (table string, err error) {
	st, err := sqlguard.Check(sql)
	if err != nil || st.Kind != sqlguard.Write || st.Explain || len(st.Tables) == 0 {
		return "", err
	}
	if fields := strings.Fields(sql); !strings.EqualFold(fields[0], st.Verb) {
		return "", nil // WITH names other tables first
	}
	return st.Tables[0], nil
}

// Parameters counts the values that a statement wants.
func (n *Node) Parameters(sql string) (int, error) {
	st, err := sqlguard.Check(sql)
	return st.Parameters, err
}

// present are the words that make a date function look at a clock or a time zone.
var present = regexp.MustCompile(`(?i)'\s*(now|subsec|subsecond|localtime|utc)\s*'|\b(date|time|datetime|julianday|unixepoch)\s*\(\s*\)|\bstrftime\s*\(\s*('[^']*'|\?\d*)\s*\)`)

func unlike(sql string, st sqlguard.Statement) string {
	calls := func(names ...string) bool {
		return slices.ContainsFunc(st.Functions, func(f string) bool { return slices.Contains(names, f) })
	}
	switch {
	case calls("random", "randomblob"):
		return "Each node throws its own dice: take random() out to compare."
	case calls("current_timestamp", "current_date", "current_time"), present.MatchString(sql):
		return "Each node asks its own clock: write the time into the statement to compare."
	case calls("last_insert_rowid", "changes", "sqlite_version", "sqlite_source_id"):
		return "The statement asks about the connection or the program, which each node has its own of: read rows to compare."
	case st.Loose:
		return "LIMIT without ORDER BY lets each node pick other rows: add ORDER BY, such as by a key, to compare."
	}
	return ""
}
