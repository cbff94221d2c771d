package service

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// vacant is a database without tables, in which nothing can be stored.
type vacant struct{}

func (vacant) Query(context.Context, core.Namespace, core.Statement, core.QueryOptions) (*core.Rows, error) {
	return &core.Rows{}, nil
}

func (vacant) Exec(_ context.Context, _ core.Namespace, s []core.Statement, _ core.ExecOptions) (*core.ExecAnswer, error) {
	return &core.ExecAnswer{Results: make([]core.ExecResult, len(s))}, nil
}

func (vacant) Changed(context.Context, core.Namespace, uint64, []string, time.Duration) (core.Change, error) {
	return core.Change{}, nil
}

// Bytes of strangers must end in a receipt, whatever they are.
func FuzzPut(f *testing.F) {
	now := func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	alice := newPerson(f, now).newDevice()
	alice.list = alice.list.With(alice.id, now())
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	for _, row := range []wire.Row{
		alice.certify(alice.list), alice.list, alice.event(tag.Name(), 1, wire.Hash{}, true), k.announce(), k.message(0),
		alice.envelope(alice.id), alice.erase(k.session, 0), alice.knock(tag.Name()),
		signs(alice, wire.Prekey{Device: alice.id, At: now()}), signs(alice, wire.Ack{Device: alice.id, Envelopes: []wire.EnvelopeID{{1}}, At: now()}),
		signs(alice, wire.Fleeting{Mailbox: tag.Name(), Device: alice.id, At: now()}),
	} {
		f.Add(row.Encode(), k.announce().Encode())
	}
	s := New(Settings{Now: now}, vacant{}, nil, slog.New(slog.DiscardHandler))
	s.keys[alice.id] = key{alice.account, alice.Signing}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if len(first)+len(second) > wire.MaxPutBytes/2 {
			return
		}
		receipts, err := s.As(wire.Caller{}).Put(t.Context(), [][]byte{first, second})
		if err != nil || len(receipts) != 2 {
			t.Fatalf("%d receipts, %v", len(receipts), err)
		}
		for i, b := range [][]byte{first, second} {
			row, errRow := wire.Decode(b)
			if ack, ok := row.(wire.Ack); (receipts[i].Code == "") != (ok && ack.Verify(alice.Signing) == nil && ack.Device == alice.id) && errRow == nil {
				t.Errorf("a %s: %+v", row.Kind(), receipts[i])
			}
			if errRow != nil && receipts[i].Code == "" {
				t.Errorf("no row, and it was stored: %v", errRow)
			}
		}
	})
}
