package service

// This file stores the rows of one box.

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

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
 WHERE NOT EXISTS (SELECT 1 FROM rows AS r JOIN log AS l ON l.kind = r.kind AND l.key = r.key)`, g.box, g.box, now)
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
	if err := g.quota(&b, n, now); err != nil {
		return core.Statement{}, err
	}
	b.add(` ORDER BY n RETURNING seq`)
	return stmt(b.sql.String(), b.args...), nil
}

// quota counts all rows of the group for each of its authors.
func (g *group) quota(b *builder, n needs, now time.Time) error {
	for _, what := range []int{usageMessages, usageEnvelopes, usageChanges} {
		rows, rate := n.usage[what], g.put.rate(what)
		if rows == 0 {
			continue
		}
		if rows > rate.Minute || rows > rate.Day {
			return errQuota(what, rate)
		}
		b.add(` AND NOT EXISTS (SELECT 1 FROM usage WHERE what = ? AND (minute = ? AND in_minute > ? OR day = ? AND in_day > ?)
  AND account IN (`, what, now.UnixMilli()/millisMinute, rate.Minute-rows, now.UnixMilli()/millisDay, rate.Day-rows)
		b.accounts(g.entries, what)
		b.add(`))`)
	}
	return nil
}

const (
	millisMinute = int64(time.Minute / time.Millisecond)
	millisDay    = 24 * 60 * millisMinute
)

func usageOf(k wire.Kind) int {
	switch k {
	case wire.KindMessage:
		return usageMessages
	case wire.KindEnvelope:
		return usageEnvelopes
	default:
		return usageChanges
	}
}

func (s *Service) rate(what int) Rate {
	switch what {
	case usageMessages:
		return s.settings.Messages
	case usageEnvelopes:
		return s.settings.Envelopes
	}
	return s.settings.Changes
}

func errQuota(what int, rate Rate) error {
	name := "changes"
	switch what {
	case usageMessages:
		name = "messages"
	case usageEnvelopes:
		name = "key envelopes"
	}
	return core.Errorf(core.Limited, "a wallet sends at most %d %s a minute and %d a day; go on later", rate.Minute, name, rate.Day)
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

// accounts selects the accounts of those who wrote the rows of a kind of usage.
func (b *builder) accounts(entries []*entry, what int) {
	var devices, sessions [][]byte
	for _, e := range entries {
		switch kind := e.row.Kind(); {
		case kind == wire.KindMessage && what == usageMessages:
			sessions = append(sessions, e.author)
		case kind == wire.KindAnnounce: // its session may be that of the messages behind it
			devices = append(devices, e.author)
		case kind != wire.KindMessage && what == usageOf(kind):
			devices = append(devices, e.author)
		}
	}
	b.add(`SELECT account FROM devices WHERE device IN `)
	b.in(compact(devices))
	if len(sessions) > 0 {
		b.add(` OR device IN (SELECT device FROM sessions WHERE session IN `)
		b.in(compact(sessions))
		b.add(`)`)
	}
}

// compact leaves repetitions away.
func compact(list [][]byte) [][]byte {
	slices.SortFunc(list, bytes.Compare)
	return slices.CompactFunc(list, bytes.Equal)
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

// refused reads what the database knows of the entries, and finds the first that
// cannot be.
func (g *group) refused(ctx context.Context) (done []receipted, why *fault, err error) {
	if done, why, err = g.known(ctx); err != nil || why != nil || len(g.entries) == 0 {
		return done, why, err
	}
	why, err = g.missing(ctx)
	return done, why, err
}

// known takes out what is stored already.
func (g *group) known(ctx context.Context) (done []receipted, why *fault, err error) {
	var b builder
	b.add(`WITH rows(n, kind, key) AS (VALUES `)
	for i, e := range g.entries {
		if i > 0 {
			b.add(`,`)
		}
		b.add(`(?,?,?)`, i, int(e.row.Kind()), e.key)
	}
	b.add(`) SELECT n, seq, row FROM rows JOIN log USING (kind, key)`)
	rows, err := g.put.atLeader(ctx, core.QueryOptions{}, stmt(b.sql.String(), b.args...))
	if err != nil {
		return nil, nil, err
	}
	taken := map[*entry]bool{}
	for _, row := range rows.Values {
		e := g.entries[number(row[0])]
		if !e.sameRow(raw(row[2])) && !erased(e, raw(row[2])) {
			if e.row.Kind() == wire.KindEvent {
				return nil, &fault{e, errChain()}, nil
			}
			return nil, &fault{e, core.Errorf(core.Conflict, "other bytes are stored in the place of this %s", e.row.Kind())}, nil
		}
		taken[e] = true
		done = append(done, receipted{e, count(row[1]), rows.Provenance.Index})
	}
	g.entries = slices.DeleteFunc(g.entries, func(e *entry) bool { return taken[e] })
	return done, nil, nil
}

// erased tells that a message is in the place, which was emptied. Only its own
// author can have written it: the place is the session's, and so is the signature.
func erased(e *entry, stored []byte) bool {
	return e.row.Kind() == wire.KindMessage && len(stored) > 0 && wire.Kind(stored[0]) == wire.KindErase
}

// missing finds what the entries need and is not so.
func (g *group) missing(ctx context.Context) (*fault, error) {
	n, now := g.needs(), g.put.settings.Now()
	var b builder
	b.add(`SELECT 'head', closed, events, hash FROM heads WHERE box = ?`, g.box)
	b.add(` UNION ALL SELECT 'device', device, 0, NULL FROM devices WHERE live AND expires_at > ? AND device IN `, now)
	b.in(n.devices)
	b.add(` UNION ALL SELECT 'session', s.session, d.live AND d.expires_at > ?, s.box FROM sessions AS s LEFT JOIN devices AS d ON d.device = s.device
 WHERE s.session IN `, now)
	b.in(n.sessions)
	b.add(` UNION ALL SELECT DISTINCT 'spoke', device, 0, NULL FROM sessions WHERE box = ? AND device IN `, g.box)
	b.in(n.opens)
	b.add(` UNION ALL SELECT 'message', key, 0, NULL FROM log WHERE kind = ? AND key IN `, int(wire.KindMessage))
	b.in(n.messages)
	b.add(` UNION ALL SELECT 'kept', count(*), 0, NULL FROM (SELECT 1 FROM log WHERE box = ? LIMIT ?)`, g.box, MaxInbox)
	for what := range n.usage {
		b.add(` UNION ALL SELECT 'usage', what, max(iif(minute = ?, in_minute, 0)), max(iif(day = ?, in_day, 0)) FROM usage WHERE what = ? AND account IN (`,
			now.UnixMilli()/millisMinute, now.UnixMilli()/millisDay, what)
		b.accounts(g.entries, what)
		b.add(`)`)
	}
	rows, err := g.put.atLeader(ctx, core.QueryOptions{}, stmt(b.sql.String(), b.args...))
	if err != nil {
		return nil, err
	}
	return g.compare(n, readFound(rows)), nil
}

// found is what the database knows of a group's needs.
type found struct {
	there, closed            bool
	events                   uint64
	hash                     []byte
	devices, messages, spoke map[string]bool
	sessions                 map[string]announced
	kept                     int64
	usage                    map[int]Rate
}

// announced is where a session is, and whether its device lives.
type announced struct {
	box  string
	live bool
}

func readFound(rows *core.Rows) found {
	f := found{devices: map[string]bool{}, messages: map[string]bool{}, spoke: map[string]bool{}, sessions: map[string]announced{}, usage: map[int]Rate{}}
	for _, row := range rows.Values {
		switch text(row[0]) {
		case "head":
			f.there, f.closed, f.events, f.hash = true, number(row[1]) != 0, count(row[2]), raw(row[3])
		case "device":
			f.devices[string(raw(row[1]))] = true
		case "session":
			f.sessions[string(raw(row[1]))] = announced{string(raw(row[3])), number(row[2]) != 0}
		case "spoke":
			f.spoke[string(raw(row[1]))] = true
		case "message":
			f.messages[string(raw(row[1]))] = true
		case "kept":
			f.kept = number(row[1])
		case "usage":
			f.usage[int(number(row[1]))] = Rate{int(number(row[2])), int(number(row[3]))}
		}
	}
	return f
}

// compare finds the first entry whose needs are not met; nil when all are by now.
func (g *group) compare(n needs, f found) *fault {
	mailbox := string(g.box)
	for _, e := range g.entries {
		if f.closed && takesPart(e) {
			return &fault{e, errClosed()}
		}
		switch r := e.row.(type) {
		case wire.Message:
			s, ok := f.sessions[string(e.author)]
			switch {
			case !n.requires(e.author):
			case !ok:
				return &fault{e, core.Errorf(core.NotFound, "the session of this message is not announced here; put its announcement first")}
			case s.box != mailbox:
				return &fault{e, core.Errorf(core.Denied, "the session of this message was announced in another mailbox")}
			case !s.live:
				return &fault{e, errNotLive()}
			}
		case wire.Erase:
			if !f.messages[string(e.key)] {
				return &fault{e, core.Errorf(core.NotFound, "the message that is to be erased is not stored here")}
			}
		case wire.Envelope:
			if !f.devices[string(r.To[:])] {
				return &fault{e, core.Errorf(core.NotFound, "the device that this envelope is for is not a live one")}
			}
		}
		if e.row.Kind() != wire.KindMessage && !f.devices[string(e.author)] {
			return &fault{e, errNotLive()}
		}
		if opens(e.row.Kind()) && f.there && len(n.opens) > 0 && !f.spoke[string(e.author)] {
			return &fault{e, errNotShown()}
		}
		if event, ok := e.row.(wire.Event); ok && event.Seq == n.event.Seq &&
			(f.events != event.Seq-1 || event.Seq > 1 && !bytes.Equal(f.hash, event.Previous[:])) {
			return &fault{e, errChain()}
		}
	}
	return g.full(n, f)
}

func (n needs) requires(session []byte) bool {
	return slices.ContainsFunc(n.sessions, func(have []byte) bool { return bytes.Equal(have, session) })
}

// full tells which quota is used up.
func (g *group) full(n needs, f found) *fault {
	if n.inbox && f.kept+int64(len(g.entries)) > MaxInbox {
		return &fault{err: core.Errorf(core.Limited, "too many envelopes wait for this device already; send again when it has come back")}
	}
	for what, rows := range n.usage {
		if rate, used := g.put.rate(what), f.usage[what]; used.Minute+rows > rate.Minute || used.Day+rows > rate.Day {
			return &fault{err: errQuota(what, rate)}
		}
	}
	return nil
}
