package service

// This file takes rows in: each is judged by itself, then the rows of one box
// become one statement.

import (
	"bytes"
	"context"
	"fmt"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// entry is one row of a request.
type entry struct {
	place   int // in the request
	row     wire.Row
	encoded []byte

	// Of rows that go into a box's log:
	key    []byte // unique among the rows of its kind
	author []byte
	hash   []byte // of events
	index  uint32 // of messages
}

// step is what one statement of a put does. Its entries are stored all or none.
type step interface {
	// statement says whether they can be stored by themselves, and how.
	statement() (core.Statement, error)
	// stored reads what the statement did: the number of each entry, or false when its
	// conditions did not hold.
	stored(r core.ExecResult) ([]uint64, bool)
	// refused finds out why. It takes those out that are stored already; without a
	// fault the rest may be tried again.
	refused(ctx context.Context) (done []receipted, fault *fault, err error)
	all() []*entry
}

// receipted is an entry that was stored before, under its number.
type receipted struct {
	*entry
	seq, index uint64
}

// fault is why entries are not stored, and through which of them.
type fault struct {
	by  *entry
	err error
}

// Put stores rows.
func (c *caller) Put(ctx context.Context, rows [][]byte) ([]wire.Receipt, error) {
	if err := checkRequest(rows); err != nil {
		return nil, err
	}
	p := &put{Service: c.Service, device: c.Device, receipts: make([]wire.Receipt, len(rows))}
	steps, err := p.sort(ctx, rows)
	if err != nil {
		return nil, err
	}
	if err = p.run(ctx, steps); err != nil {
		return nil, err
	}
	return p.receipts, nil
}

func checkRequest(rows [][]byte) error {
	size := 0
	for _, r := range rows {
		size += 4 + len(r)
	}
	switch {
	case len(rows) == 0:
		return core.Errorf(core.Invalid, "there is no row to store")
	case len(rows) > wire.MaxPutRows || size > wire.MaxPutBytes:
		return core.Errorf(core.TooLarge, "one request has at most %d rows and %d bytes; send it in parts", wire.MaxPutRows, wire.MaxPutBytes)
	}
	return nil
}

// put is one request on its way.
type put struct {
	*Service
	device   wire.Fingerprint // the caller's
	receipts []wire.Receipt
}

// run executes the steps, and those again that failed without a reason: somebody
// else was faster.
func (p *put) run(ctx context.Context, steps []step) error {
	for try := range maxTries {
		var statements []core.Statement
		var tried, again []step
		for _, one := range steps {
			st, err := one.statement()
			if err != nil {
				p.refuse(one.all(), &fault{err: err})
				continue
			}
			statements, tried = append(statements, st), append(tried, one)
		}
		if len(tried) == 0 {
			return nil
		}
		results, index, err := p.exec(ctx, statements...)
		switch {
		case err != nil && try > 0:
			return errPart(err)
		case err != nil:
			return err
		}
		for i, one := range tried {
			rest, errSettle := p.settle(ctx, one, results[i], index)
			if errSettle != nil {
				return errPart(errSettle)
			}
			again = append(again, rest...)
		}
		steps = again
	}
	for _, one := range steps {
		p.refuse(one.all(), &fault{err: core.Errorf(core.Limited, "too many write here at the same time; put it again in a moment")})
	}
	return nil
}

// settle writes the receipts of a step, and returns what is to be tried again.
func (p *put) settle(ctx context.Context, one step, r core.ExecResult, index uint64) (again []step, err error) {
	if numbers, ok := one.stored(r); ok {
		for n, e := range one.all() {
			p.receipts[e.place] = wire.Receipt{Seq: numbers[n], Index: index}
		}
		if g, isGroup := one.(*group); isGroup && numbers[0] == 1 && len(g.box) == len(wire.Name{}) {
			p.shown.add(p.device, wire.Name(g.box)) // who makes a mailbox has its tag
		}
		return nil, nil
	}
	if many, ok := one.(*letters); ok {
		return many.split(), nil
	}
	done, why, err := one.refused(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range done {
		p.receipts[d.place] = wire.Receipt{Seq: d.seq, Index: d.index}
	}
	switch rest := one.all(); {
	case why != nil:
		p.refuse(rest, why)
	case len(rest) > 0:
		again = []step{one}
	}
	return again, nil
}

// errPart is for rows of which some may be stored.
func errPart(err error) error {
	return core.Wrap(core.OutcomeUnknown, err, "the rows may be stored in part; put the very same rows again")
}

// refuse tells each entry why: the one that is at fault, and those that would have
// been stored with it.
func (p *put) refuse(entries []*entry, why *fault) {
	code, sentence := core.CodeOf(why.err), core.Sentence(why.err)
	for _, e := range entries {
		p.receipts[e.place] = wire.Receipt{Code: code, Why: sentence}
		if why.by != nil && why.by != e {
			p.receipts[e.place].Why = fmt.Sprintf("row %d of the request was refused, and this one goes with it: %s", why.by.place+1, sentence)
		}
	}
}

// sort decodes the rows, judges each by itself, and brings those together that are
// stored together. A faulty row is refused with those of its box.
func (p *put) sort(ctx context.Context, rows [][]byte) ([]step, error) {
	entries := make([]*entry, 0, len(rows))
	for i, b := range rows {
		row, err := wire.Decode(b)
		if err != nil { // it belongs nowhere
			p.refuse([]*entry{{place: i}}, &fault{err: err})
			continue
		}
		entries = append(entries, &entry{place: i, row: row, encoded: b})
	}
	k, err := p.keysFor(ctx, entries)
	if err != nil {
		return nil, err
	}
	var steps []step
	boxes := map[string]*group{}
	for _, e := range entries {
		why := p.judge(e, k)
		box := k.box(e)
		if box == nil {
			if why != nil {
				p.refuse([]*entry{e}, &fault{by: e, err: why})
			} else {
				steps = append(steps, p.single(e, k))
			}
			continue
		}
		g := boxes[string(box)]
		if g == nil {
			g = &group{put: p, box: box}
			boxes[string(box)], steps = g, append(steps, g)
		}
		g.entries = append(g.entries, e)
		if why != nil && g.bad == nil {
			g.bad = &fault{by: e, err: why}
		}
	}
	return p.good(steps), nil
}

// good leaves the steps away that have a fault, and puts the inboxes together.
func (p *put) good(steps []step) []step {
	kept, many := steps[:0], &letters{put: p}
	for _, one := range steps {
		g, ok := one.(*group)
		if !ok {
			kept = append(kept, one)
			continue
		}
		if g.bad == nil {
			g.bad = g.check()
		}
		switch {
		case g.bad != nil:
			p.refuse(g.entries, g.bad)
		case len(g.box) == len(wire.Fingerprint{}):
			many.groups = append(many.groups, g)
		default:
			kept = append(kept, one)
		}
	}
	if len(many.groups) > 1 {
		return append(kept, many)
	}
	return append(kept, many.split()...)
}

// sameRow compares what is stored with what was sent.
func (e *entry) sameRow(stored []byte) bool { return bytes.Equal(e.encoded, stored) }
