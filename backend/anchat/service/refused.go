package service

// This file finds out why the rows of a box were not stored.

import (
	"bytes"
	"context"
	"slices"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

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
	b.add(`) SELECT n, seq, row FROM rows CROSS JOIN log USING (kind, key)`)
	rows, err := g.put.atLeader(ctx, core.QueryOptions{}, stmt(b.sql.String(), b.args...))
	if err != nil {
		return nil, nil, err
	}
	taken := map[*entry]bool{}
	for _, row := range rows.Values {
		e := g.entries[number(row[0])]
		switch {
		case e.sameRow(raw(row[2])), erased(e, raw(row[2])):
			taken[e] = true
		case why != nil:
			continue
		case e.row.Kind() == wire.KindEvent:
			why = &fault{e, errChain()}
			continue
		default:
			why = &fault{e, core.Errorf(core.Conflict, "other bytes are stored in the place of this %s", e.row.Kind())}
			continue
		}
		done = append(done, receipted{e, count(row[1]), rows.Provenance.Index})
	}
	g.entries = slices.DeleteFunc(g.entries, func(e *entry) bool { return taken[e] })
	return done, why, nil
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
