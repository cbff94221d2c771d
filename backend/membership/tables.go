package membership

// This file reads and writes the tables that the members agree on.

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// schema makes the tables. Times are milliseconds since 1970, 0 for never.
func schema() []core.Statement {
	return []core.Statement{
		{SQL: `CREATE TABLE IF NOT EXISTS members(
  id TEXT PRIMARY KEY, name TEXT NOT NULL, addresses TEXT NOT NULL, version TEXT NOT NULL,
  state TEXT NOT NULL, joined_at INTEGER NOT NULL, seen_at INTEGER NOT NULL)`},
		{SQL: `CREATE TABLE IF NOT EXISTS tickets(
  id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL, created_at INTEGER NOT NULL, created_by TEXT NOT NULL,
  expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL DEFAULT 0, used_by TEXT NOT NULL DEFAULT '',
  revoked_at INTEGER NOT NULL DEFAULT 0)`},
		{SQL: `CREATE TABLE IF NOT EXISTS namespaces(
  name TEXT PRIMARY KEY, formed INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL, factor INTEGER NOT NULL,
  created_at INTEGER NOT NULL, chosen TEXT NOT NULL DEFAULT '')`},
		{SQL: `CREATE TABLE IF NOT EXISTS placements(
  namespace TEXT NOT NULL, node TEXT NOT NULL, voter INTEGER NOT NULL, pinned INTEGER NOT NULL DEFAULT 0,
  position INTEGER NOT NULL, PRIMARY KEY (namespace, node))`},
	}
}

// stateRemoved is a member that others no longer listen to. It is never shown.
const stateRemoved = "removed"

// member is one row of members.
type member struct {
	ID, Name, Version, State string
	Addresses                []string
	JoinedAt, SeenAt         time.Time
}

func (m *Membership) exec(ctx context.Context, statements ...core.Statement) ([]core.ExecResult, error) {
	for _, s := range statements { // the leader may be another node, and the wire knows one kind of number
		for i, arg := range s.Args {
			if n, ok := arg.(int); ok {
				s.Args[i] = int64(n)
			}
		}
	}
	answer, err := m.tables.Exec(ctx, core.SystemNamespace, statements, core.ExecOptions{Atomic: len(statements) > 1})
	if err != nil {
		return nil, err
	}
	return answer.Results, nil
}

func (m *Membership) query(ctx context.Context, level core.Level, sql string, args ...any) ([][]any, error) {
	rows, err := m.tables.Query(ctx, core.SystemNamespace, core.Statement{SQL: sql, Args: args}, core.QueryOptions{
		ReadOptions: core.ReadOptions{Level: level}, MaxRows: maxRows, MaxBytes: maxAnswerBytes,
	})
	if err != nil && strings.Contains(err.Error(), "no such table") {
		return nil, nil // the network has just begun
	}
	if err != nil {
		return nil, err
	}
	return rows.Values, nil
}

func (m *Membership) readMembers(ctx context.Context, level core.Level) ([]member, error) {
	rows, err := m.query(ctx, level, `SELECT id, name, addresses, version, state, joined_at, seen_at FROM members ORDER BY joined_at, id`)
	if err != nil {
		return nil, err
	}
	list := make([]member, len(rows))
	for i, row := range rows {
		list[i] = member{
			ID: text(row[0]), Name: text(row[1]), Addresses: decodeList(text(row[2])), Version: text(row[3]), State: text(row[4]),
			JoinedAt: moment(row[5]), SeenAt: moment(row[6]),
		}
	}
	return list, nil
}

// group is one namespace with its places.
type group struct {
	database.Placement
	Factor    int
	CreatedAt time.Time
	Pinned    map[string]bool // nodes whose owner asked for a read replica
}

// readGroups reads all namespaces, or the one named, with their places.
func (m *Membership) readGroups(ctx context.Context, level core.Level, only core.Namespace) ([]group, error) {
	rows, err := m.query(ctx, level, `SELECT n.name, n.formed, n.revision, n.factor, n.created_at, p.node, p.voter, p.pinned
		FROM namespaces AS n JOIN placements AS p ON p.namespace = n.name WHERE ?1 = '' OR n.name = ?1 ORDER BY n.name, p.position, p.node`, string(only))
	if err != nil {
		return nil, err
	}
	var list []group
	for _, row := range rows {
		name := core.Namespace(text(row[0]))
		if n := len(list); n == 0 || list[n-1].Namespace != name {
			list = append(list, group{
				Placement: database.Placement{Namespace: name, Formed: number(row[1]) != 0, Revision: uint64(number(row[2]))}, //nolint:gosec // counts up from 1
				Factor:    int(number(row[3])), CreatedAt: moment(row[4]), Pinned: map[string]bool{},
			})
		}
		g := &list[len(list)-1]
		g.Replicas = append(g.Replicas, database.Place{Node: text(row[5]), Voter: number(row[6]) != 0})
		if number(row[7]) != 0 {
			g.Pinned[text(row[5])] = true
		}
	}
	return list, nil
}

// readPlacement reads one namespace's placement; without replicas when there is none.
func (m *Membership) readPlacement(ctx context.Context, ns core.Namespace, level core.Level) (database.Placement, error) {
	list, err := m.readGroups(ctx, level, ns)
	if err != nil || len(list) == 0 {
		return database.Placement{}, err
	}
	return list[0].Placement, nil
}

// writePlaces replaces a group's places, if nobody has changed them since.
func (m *Membership) writePlaces(ctx context.Context, g group, places []database.Place) error {
	name, next := string(g.Namespace), int64(g.Revision+1) //nolint:gosec // counts up from 1
	guard := ` WHERE EXISTS (SELECT 1 FROM namespaces WHERE name = ?1 AND revision = ?2)`
	statements := []core.Statement{
		{SQL: `UPDATE namespaces SET revision = ?2 WHERE name = ?1 AND revision = ?2 - 1`, Args: []any{name, next}},
		{SQL: `DELETE FROM placements WHERE namespace = ?1 AND EXISTS (SELECT 1 FROM namespaces WHERE name = ?1 AND revision = ?2)`, Args: []any{name, next}},
	}
	for i, place := range places {
		statements = append(statements, core.Statement{
			SQL:  `INSERT INTO placements(namespace, node, voter, pinned, position) SELECT ?1, ?3, ?4, ?5, ?6` + guard,
			Args: []any{name, next, place.Node, place.Voter, g.Pinned[place.Node], i},
		})
	}
	results, err := m.exec(ctx, statements...)
	if err == nil && results[0].RowsAffected == 0 {
		return core.Errorf(core.Conflict, "the placement of %s was changed by somebody else meanwhile", g.Group())
	}
	m.Moved(g.Namespace)
	return err
}

// Group is the name of the namespace's Raft group.
func (g group) Group() string { return g.Namespace.Group() }

func text(cell any) string {
	s, _ := cell.(string) //nolint:errcheck // our own tables hold what they say
	return s
}

func number(cell any) int64 {
	n, _ := cell.(int64) //nolint:errcheck // as above
	return n
}

func moment(cell any) time.Time {
	if n := number(cell); n > 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}

// encodeList keeps a list of addresses in one cell.
func encodeList(list []string) string {
	data, err := json.Marshal(list)
	if err != nil {
		return "[]" // strings can always be encoded
	}
	return string(data)
}

func decodeList(s string) []string {
	var list []string
	if json.Unmarshal([]byte(s), &list) != nil {
		return nil
	}
	return list
}

// bounded keeps the first addresses of a list that can be addresses.
func bounded(list []string) []string {
	out := []string{}
	for _, s := range list {
		if _, err := ma.NewMultiaddr(s); err == nil && len(out) < MaxAddresses && len(s) <= 512 {
			out = append(out, s)
		}
	}
	return out
}

// multiaddrs parses addresses, without the peer id at their end.
func multiaddrs(list []string) []ma.Multiaddr {
	var out []ma.Multiaddr
	for _, s := range list {
		addr, err := ma.NewMultiaddr(s)
		if err != nil {
			continue
		}
		if bare, last := ma.SplitLast(addr); last != nil && last.Protocol().Code == ma.P_P2P {
			addr = bare
		}
		if addr != nil {
			out = append(out, addr)
		}
	}
	return out
}
