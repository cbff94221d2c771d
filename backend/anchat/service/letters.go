package service

// This file stores envelopes to many devices in one statement. A new session's key
// goes to every device of a room at once: a statement for each would be most of the
// work of every replica.

import (
	"context"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// letters are envelopes to several inboxes, tried together. When one cannot be
// stored none is, and each inbox is tried by itself.
type letters struct {
	put    *put
	groups []*group
}

func (l *letters) all() []*entry {
	var list []*entry
	for _, g := range l.groups {
		list = append(list, g.entries...)
	}
	return list
}

func (l *letters) statement() (core.Statement, error) {
	entries, now := l.all(), l.put.settings.Now()
	var b builder
	b.add(`WITH rows(n, box, key, author, row) AS (VALUES `)
	for i, g := range l.groups {
		for j, e := range g.entries {
			if i+j > 0 {
				b.add(`,`)
			}
			b.add(`(?,?,?,?,?)`, j+1, g.box, e.key, e.author, e.encoded)
		}
	}
	b.add(`), devices_named AS (SELECT box AS device FROM rows UNION SELECT author FROM rows)
 INSERT INTO log(box, seq, kind, key, author, at, row)
 SELECT box, n + coalesce((SELECT last FROM heads WHERE box = rows.box), 0), ?, key, author, ?, row FROM rows
 WHERE NOT EXISTS (SELECT 1 FROM rows AS r CROSS JOIN log AS l WHERE l.kind = ? AND l.key = r.key)
 AND NOT EXISTS (SELECT 1 FROM devices_named AS n LEFT JOIN devices AS d ON d.device = n.device AND d.live AND d.expires_at > ? WHERE d.device IS NULL)
 AND NOT EXISTS (SELECT 1 FROM rows AS r WHERE (SELECT count(*) FROM (SELECT 1 FROM log WHERE box = r.box LIMIT ?)) > ?)`,
		int(wire.KindEnvelope), now, int(wire.KindEnvelope), now, MaxInbox, MaxInbox-len(entries))
	if err := b.quota(l.put, entries, map[int]int{usageEnvelopes: len(entries)}, now); err != nil {
		return core.Statement{}, err
	}
	b.add(` RETURNING key, seq`)
	return stmt(b.sql.String(), b.args...), nil
}

func (l *letters) stored(r core.ExecResult) ([]uint64, bool) {
	entries := l.all()
	if r.Rows == nil || len(r.Rows.Values) != len(entries) {
		return nil, false
	}
	numbers := make(map[string]uint64, len(entries))
	for _, row := range r.Rows.Values {
		numbers[string(raw(row[0]))] = count(row[1])
	}
	list := make([]uint64, len(entries))
	for i, e := range entries {
		list[i] = numbers[string(e.key)]
	}
	return list, true
}

// refused blames nobody: an inbox that takes nothing is found when each is tried.
func (l *letters) refused(context.Context) ([]receipted, *fault, error) { return nil, nil, nil }

// split is the inboxes one by one, for the next try.
func (l *letters) split() []step {
	list := make([]step, 0, len(l.groups))
	for _, g := range l.groups {
		list = append(list, g)
	}
	return list
}
