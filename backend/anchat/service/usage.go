package service

// This file has how much an account may write.

import (
	"bytes"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// quota counts all rows of a kind of usage for each of their authors.
func (b *builder) quota(p *put, entries []*entry, usage map[int]int, now time.Time) error {
	for _, what := range []int{usageMessages, usageEnvelopes, usageChanges} {
		rows, rate := usage[what], p.rate(what)
		if rows == 0 {
			continue
		}
		if rows > rate.Minute || rows > rate.Day {
			return errQuota(what, rate)
		}
		b.add(` AND NOT EXISTS (SELECT 1 FROM usage WHERE what = ? AND (minute = ? AND in_minute > ? OR day = ? AND in_day > ?)
  AND account IN (`, what, now.UnixMilli()/millisMinute, rate.Minute-rows, now.UnixMilli()/millisDay, rate.Day-rows)
		b.accounts(entries, what)
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
	b.add(`SELECT account FROM devices WHERE device IN `) // two questions, so that an index answers each in any version of SQLite
	b.in(compact(devices))
	if len(sessions) > 0 {
		b.add(` UNION ALL SELECT account FROM devices WHERE device IN (SELECT device FROM sessions WHERE session IN `)
		b.in(compact(sessions))
		b.add(`)`)
	}
}

// compact leaves repetitions away.
func compact(list [][]byte) [][]byte {
	slices.SortFunc(list, bytes.Compare)
	return slices.CompactFunc(list, bytes.Equal)
}
