package service

// This file stores the rows of one box.

import (
	"bytes"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// group is the rows of a request that belong to one box.
type group struct {
	put     *put
	box     []byte
	entries []*entry
	bad     *fault
}

func (g *group) all() []*entry { return g.entries }

// check judges the rows beside each other: the events are a chain, nothing follows
// one that closes, and none is there twice.
func (g *group) check() *fault {
	var last *wire.Event
	seen := map[string]bool{}
	for _, e := range g.entries {
		k := string(byte(e.row.Kind())) + string(e.key)
		if seen[k] {
			return &fault{e, core.Errorf(core.Conflict, "this row, or another in its place, is in the same request already")}
		}
		seen[k] = true
		if last != nil && last.Closes && takesPart(e) {
			return &fault{e, errClosed()}
		}
		event, ok := e.row.(wire.Event)
		if !ok {
			continue
		}
		if last != nil && (event.Seq != last.Seq+1 || event.Previous != last.Hash()) {
			return &fault{e, errChain()}
		}
		last = &event
	}
	return nil
}

// takesPart tells whether a closed mailbox refuses the row. Messages can be erased
// there still.
func takesPart(e *entry) bool { return e.row.Kind() != wire.KindErase }

func errClosed() error {
	return core.Errorf(core.PreconditionFailed, "this mailbox is closed; read its last event and go where the room has gone")
}

func errChain() error {
	return core.Errorf(core.Conflict, "this event does not follow the last one of the mailbox; read what came before it, then make it anew")
}

// needs is what must hold of the box and the devices for all entries together.
type needs struct {
	open     bool
	event    *wire.Event // the first one
	devices  [][]byte    // are live
	sessions [][]byte    // were announced in this box by live devices
	usage    map[int]int // how many rows of which kind of usage
	messages [][]byte    // keys of messages that are there, to be erased
	opens    [][]byte    // devices that have spoken in this box, unless it is new
	inbox    bool
}

func (g *group) needs() needs {
	n := needs{usage: map[int]int{}}
	announced, known := map[string]bool{}, g.put.shown.has(g.put.device, g.box)
	add := func(list *[][]byte, b []byte) {
		if !slices.ContainsFunc(*list, func(have []byte) bool { return bytes.Equal(have, b) }) {
			*list = append(*list, b)
		}
	}
	for _, e := range g.entries {
		n.open = n.open || takesPart(e)
		n.usage[usageOf(e.row.Kind())]++
		switch r := e.row.(type) {
		case wire.Event:
			if n.event == nil {
				n.event = &r
			}
		case wire.Announce:
			announced[string(e.key)] = true
		case wire.Message:
			if !announced[string(e.author)] {
				add(&n.sessions, e.author)
			}
		case wire.Envelope:
			n.inbox = true
			add(&n.devices, r.To[:])
		case wire.Erase:
			add(&n.messages, e.key)
		}
		if e.row.Kind() != wire.KindMessage {
			add(&n.devices, e.author)
		}
		if opens(e.row.Kind()) && !known {
			add(&n.opens, e.author)
		}
	}
	return n
}

// statement stores the entries when all that they need holds, and else nothing.
// The text differs with what is needed, and is the same for every single message.
func (g *group) statement() (core.Statement, error) {
	n, now := g.needs(), g.put.settings.Now()
	var b builder
	b.add(`WITH rows(n, kind, key, author, hash, closes, row) AS (VALUES `)
	for i, e := range g.entries {
		if i > 0 {
			b.add(`,`)
		}
		var closes any
		if event, ok := e.row.(wire.Event); ok && event.Closes {
			closes = 1
		}
		var hash any
		if e.hash != nil {
			hash = e.hash
		}
		b.add(`(?,?,?,?,?,?,?)`, i+1, int(e.row.Kind()), e.key, e.author, hash, closes, e.encoded)
	}
	b.add(`) INSERT INTO log(box, seq, kind, key, author, hash, closes, at, row)
 SELECT ?, n + coalesce((SELECT last FROM heads WHERE box = ?), 0), kind, key, author, hash, closes, ?, row FROM rows
 WHERE NOT EXISTS (SELECT 1 FROM rows AS r CROSS JOIN log AS l WHERE l.kind = r.kind AND l.key = r.key)`, g.box, g.box, now)
	if n.open {
		b.add(` AND NOT EXISTS (SELECT 1 FROM heads WHERE box = ? AND closed)`, g.box)
	}
	if n.event != nil {
		b.add(` AND coalesce((SELECT events FROM heads WHERE box = ?), 0) = ?`, g.box, n.event.Seq-1)
		if n.event.Seq > 1 {
			b.add(` AND (SELECT hash FROM heads WHERE box = ?) = ?`, g.box, n.event.Previous[:])
		}
	}
	b.all(` AND (SELECT count(*) FROM devices WHERE live AND expires_at > ? AND device IN `, n.devices, now)
	b.all(` AND (SELECT count(*) FROM sessions AS s JOIN devices AS d ON d.device = s.device
  WHERE d.live AND d.expires_at > ? AND s.box = ? AND s.session IN `, n.sessions, now, g.box)
	b.all(` AND (SELECT count(*) FROM log WHERE kind = ? AND key IN `, n.messages, int(wire.KindMessage))
	if len(n.opens) > 0 {
		b.add(` AND (NOT EXISTS (SELECT 1 FROM heads WHERE box = ?)`, g.box)
		b.all(` OR (SELECT count(DISTINCT device) FROM sessions WHERE box = ? AND device IN `, n.opens, g.box)
		b.add(`)`)
	}
	if n.inbox {
		b.add(` AND (SELECT count(*) FROM (SELECT 1 FROM log WHERE box = ? LIMIT ?)) + ? <= ?`, g.box, MaxInbox, len(g.entries), MaxInbox)
	}
	if err := b.quota(g.put, g.entries, n.usage, now); err != nil {
		return core.Statement{}, err
	}
	b.add(` ORDER BY n RETURNING seq`)
	return stmt(b.sql.String(), b.args...), nil
}

// builder is a statement that grows.
type builder struct {
	sql  strings.Builder
	args []any
}

func (b *builder) add(sql string, args ...any) {
	b.sql.WriteString(sql)
	b.args = append(b.args, args...)
}

// all demands that each of list is among what the statement's start counts.
func (b *builder) all(sql string, list [][]byte, args ...any) {
	if len(list) == 0 {
		return
	}
	b.add(sql, args...)
	b.in(list)
	b.add(`) = ?`, len(list))
}

func (b *builder) in(list [][]byte) {
	b.add(`(` + marks(len(list)) + `)`)
	for _, one := range list {
		b.args = append(b.args, one)
	}
}

func (g *group) stored(r core.ExecResult) ([]uint64, bool) {
	if r.Rows == nil || len(r.Rows.Values) != len(g.entries) {
		return nil, false
	}
	numbers := make([]uint64, len(g.entries))
	for i, row := range r.Rows.Values {
		numbers[i] = count(row[0])
	}
	slices.Sort(numbers) // RETURNING promises no order
	return numbers, true
}
