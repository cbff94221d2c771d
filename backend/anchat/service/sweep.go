package service

// This file removes what has had its time.

import (
	"context"
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	sweepEvery = 10 * time.Minute
	// sweepAnyway is how often even what nobody has written to is looked at, in ticks:
	// once a day. In between its group may sleep.
	sweepAnyway = 144
	// maxSwept bounds one step: it is one entry of the log.
	maxSwept      = 1000
	maxSweptBlobs = 4
	maxSweepSteps = 100
	// usageLife is how long a count may matter: a day and the one that clocks differ by.
	usageLife = 48 * time.Hour
)

func (s *Service) sweepAll(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !s.written.Swap(false) && n%sweepAnyway != 0 {
				continue
			}
			if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
				s.log.Debug("old rows of the chat are not removed yet", core.KeyError, err)
			}
		}
	}
}

// anyOldSQL and oldEnvelopesSQL name the kind in their texts: for a value that comes
// later SQLite cannot use the index on envelopes. By itself it would take another.
func anyOldSQL() string {
	return fmt.Sprintf(`SELECT EXISTS (SELECT 1 FROM log INDEXED BY log_envelopes WHERE kind = %d AND at < ?),
 EXISTS (SELECT 1 FROM blobs WHERE confirmed = 0 AND at < ?), EXISTS (SELECT 1 FROM usage WHERE day < ?)`, wire.KindEnvelope)
}

func oldEnvelopesSQL() string {
	return fmt.Sprintf(`DELETE FROM log WHERE id IN (SELECT id FROM log INDEXED BY log_envelopes WHERE kind = %d AND at < ? ORDER BY at, id LIMIT ?)`, wire.KindEnvelope)
}

// sweep removes in steps. It looks first, at this replica: most of the time there
// is nothing, and a look writes no log. The order makes every replica remove the same.
func (s *Service) sweep(ctx context.Context) error {
	now := s.settings.Now()
	envelopes, blobs, day := now.Add(-EnvelopeLife), now.Add(-BlobLife), now.Add(-usageLife).UnixMilli()/millisDay
	rows, err := s.query(ctx, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}}, stmt(anyOldSQL(), envelopes, blobs, day))
	if err != nil || len(rows.Values) == 0 {
		return err
	}
	steps := []struct {
		st   core.Statement
		most int64
	}{
		{stmt(oldEnvelopesSQL(), envelopes, maxSwept), maxSwept},
		{stmt(`DELETE FROM blobs WHERE id IN (SELECT id FROM blobs WHERE confirmed = 0 AND at < ? ORDER BY at, id LIMIT ?)`, blobs, maxSweptBlobs), maxSweptBlobs},
		{stmt(`DELETE FROM usage WHERE (account, what) IN (SELECT account, what FROM usage WHERE day < ? ORDER BY account, what LIMIT ?)`, day, maxSwept), maxSwept},
	}
	for i, step := range steps {
		if number(rows.Values[0][i]) == 0 {
			continue
		}
		for range maxSweepSteps {
			results, _, err := s.execOnce(ctx, []core.Statement{step.st}, false)
			if err != nil {
				return err
			}
			if results[0].RowsAffected < step.most {
				break
			}
		}
	}
	return nil
}
