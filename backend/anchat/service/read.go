package service

// This file reads rows.

import (
	"context"
	"slices"
	"sync"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Mailbox reads what came after a number.
func (c *caller) Mailbox(ctx context.Context, tag wire.Tag, after uint64, limit int) (wire.Page, error) {
	name := tag.Name()
	c.shown.add(c.Device, name)
	page, found, err := c.page(ctx, name[:], after, limit)
	if err == nil && !found {
		err = core.Errorf(core.NotFound, "nothing was put into this mailbox yet")
	}
	return page, err
}

// Inbox reads the envelopes to the caller's device.
func (c *caller) Inbox(ctx context.Context, after uint64, limit int) (wire.Page, error) {
	if c.Device == (wire.Fingerprint{}) {
		return wire.Page{}, core.Errorf(core.Unauthenticated, "an inbox is a device's own; sign in with the device")
	}
	page, _, err := c.page(ctx, c.Device[:], after, limit)
	return page, err
}

// pageSQL also answers when no row is there, with the head alone.
const pageSQL = `SELECT h.last, h.closed, l.seq, l.at, l.row FROM heads AS h
 LEFT JOIN (SELECT seq, at, row FROM log WHERE box = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3) AS l ON true WHERE h.box = ?1 ORDER BY l.seq`

// page reads a part of a box. Where this node's replica knows nothing of it, it
// may be behind: the leader is asked.
func (s *Service) page(ctx context.Context, box []byte, after uint64, limit int) (wire.Page, bool, error) {
	if limit < 1 || limit > wire.MaxPage {
		limit = wire.MaxPage
	}
	after = min(after, maxNumber)
	st, o := stmt(pageSQL, box, after, limit), core.QueryOptions{MaxBytes: wire.MaxPageBytes}
	rows, err := s.near(ctx, o, st)
	if err == nil && len(rows.Values) == 0 {
		rows, err = s.atLeader(ctx, o, st)
	}
	if err != nil || len(rows.Values) == 0 {
		return wire.Page{}, false, err
	}
	page := wire.Page{Last: count(rows.Values[0][0]), Closed: number(rows.Values[0][1]) != 0}
	for _, row := range rows.Values {
		if row[2] == nil {
			continue
		}
		page.Rows = append(page.Rows, wire.Stored{Seq: count(row[2]), Index: rows.Provenance.Index, At: moment(row[3]), Row: raw(row[4])})
	}
	return page, true, nil
}

const whereSQL = `SELECT seq FROM log WHERE kind = ? AND key = ?`

// StoredAt asks every replica whether it has the message.
func (c *caller) StoredAt(ctx context.Context, session wire.Session, index uint32) (wire.Held, error) {
	st := stmt(whereSQL, int(wire.KindMessage), messageKey(session, index))
	rows, err := c.near(ctx, core.QueryOptions{}, st)
	if err == nil && len(rows.Values) == 0 {
		rows, err = c.atLeader(ctx, core.QueryOptions{}, st)
	}
	if err != nil {
		return wire.Held{}, err
	}
	if len(rows.Values) == 0 {
		return wire.Held{}, core.Errorf(core.NotFound, "this message is not stored")
	}
	held := wire.Held{Seq: count(rows.Values[0][0]), Index: rows.Provenance.Index}
	nodes, err := c.replicas.Keepers(ctx, wire.Namespace)
	if err != nil {
		return wire.Held{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var (
		work sync.WaitGroup
		mu   sync.Mutex
	)
	for _, node := range nodes { // a group has few replicas, see membership
		name := c.replicas.Name(node)
		held.All = append(held.All, name)
		work.Go(func() {
			// One that does not answer does not count: nobody knows.
			rows, err := c.replicas.QueryAt(ctx, node, wire.Namespace, st, core.QueryOptions{})
			if err != nil || len(rows.Values) == 0 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			held.By = append(held.By, name)
			held.Index = min(held.Index, rows.Provenance.Index)
		})
	}
	work.Wait()
	slices.Sort(held.All)
	slices.Sort(held.By)
	return held, nil
}
