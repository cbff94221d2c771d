package auth

// This file keeps what happened to accounts, keys and grants. What a stranger
// was refused goes to the node's log only: strangers must not make the network
// write.

import (
	"context"
	"log/slog"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// note puts an event into the queue, with the origin of the request that caused
// it. It never waits: what does not fit is lost, counted and told in the log.
func (a *Auth) note(ctx context.Context, e core.AuditEvent) {
	origin := core.OriginOf(ctx)
	e.Time, e.RequestID = a.settings.Now(), origin.RequestID
	if e.Address == "" {
		e.Address = origin.Address
	}
	select {
	case a.events <- e:
	default:
		a.lost.Add(1)
	}
}

// refused tells the log why somebody was turned away.
func (a *Auth) refused(ctx context.Context, subject string, ns core.Namespace, address string, err error) {
	a.logOf(ctx).Info("proof refused", "subject", subject, core.KeyNamespace, string(ns), core.KeyAddress, address, core.KeyError, core.Sentence(err))
}

// logOf is the log for what a request brought about: it names the request, where
// that has a name.
func (a *Auth) logOf(ctx context.Context) *slog.Logger {
	if id := core.OriginOf(ctx).RequestID; id != "" {
		return a.log.With(core.KeyRequestID, id)
	}
	return a.log
}

// writeAudit writes the events in batches until ctx ends, and then the rest. A
// batch that the network did not take waits for the next time.
func (a *Auth) writeAudit(ctx context.Context) {
	tick := time.NewTicker(auditEvery)
	defer tick.Stop()
	var batch []core.AuditEvent
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWordsLimit)
			a.writeEvents(last, batch)
			cancel()
			return
		case <-tick.C:
			batch = a.writeEvents(ctx, batch)
		}
	}
}

// writeEvents writes a batch and then what is queued, and returns the batch that
// could not be written yet.
func (a *Auth) writeEvents(ctx context.Context, batch []core.AuditEvent) []core.AuditEvent {
	if n := a.lost.Swap(0); n > 0 {
		a.log.Warn("audit events were lost: there were more than can be written", "events", n)
	}
	for {
		for len(batch) < maxAuditBatch && len(a.events) > 0 {
			batch = append(batch, <-a.events)
		}
		if len(batch) == 0 {
			return nil
		}
		err := a.writeBatch(ctx, batch)
		if core.CodeOf(err) == core.Unavailable { // it did not happen
			return batch
		}
		if err != nil {
			a.log.Warn("audit events may be lost", "events", len(batch), core.KeyError, err)
		}
		batch = nil
	}
}

func (a *Auth) writeBatch(ctx context.Context, batch []core.AuditEvent) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	statements := make([]core.Statement, 0, len(batch)+1)
	for _, e := range batch {
		statements = append(statements, stmt(`INSERT INTO auth_audit(at, event, subject, namespace, target, detail, address, request_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
			e.Time, e.Event, e.Subject, e.Namespace, clip(e.Target), clip(e.Detail), clip(e.Address), clip(e.RequestID)))
	}
	statements = append(statements, stmt(`DELETE FROM auth_audit WHERE id <= (SELECT max(id) FROM auth_audit) - ?1`, MaxAuditRows))
	_, err := a.exec(ctx, statements...)
	return err
}

// Audit lists what happened in a namespace, the newest first: at most limit
// events, 0 for 100. Events are written within a second or two.
func (a *Auth) Audit(ctx context.Context, ns core.Namespace, limit int) ([]core.AuditEvent, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	switch {
	case limit < 0 || limit > MaxAuditAnswer:
		return nil, core.Errorf(core.Invalid, "one answer has 1 to %d events", MaxAuditAnswer)
	case limit == 0:
		limit = 100
	}
	rows, err := a.weak(ctx, stmt(`SELECT id, at, event, subject, namespace, target, detail, address, request_id FROM auth_audit
 WHERE namespace = ?1 ORDER BY id DESC LIMIT ?2`, ns, limit))
	if err != nil {
		return nil, err
	}
	list := make([]core.AuditEvent, len(rows))
	for i, row := range rows {
		list[i] = core.AuditEvent{
			ID: number(row[0]), Time: moment(row[1]), Event: text(row[2]), Subject: text(row[3]), Namespace: core.Namespace(text(row[4])),
			Target: text(row[5]), Detail: text(row[6]), Address: text(row[7]), RequestID: text(row[8]),
		}
	}
	return list, nil
}
