package service

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// A put whose answer was lost is repeated with the same rows; also when others
// were put meanwhile, and when only a part had arrived.
func TestPut_AgainAfterALostAnswer(t *testing.T) {
	d := newDesk(t, Settings{})
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	announce, first, second, envelope, knock := k.announce(), k.message(0), k.message(1), alice.envelope(alice.id), alice.knock(tag.Name())
	before := must(t, d.Service, announce, first, envelope, knock)
	after := must(t, d.Service, announce, first, second, envelope, knock)
	for i, n := range []int{0, 1, 3, 4} {
		if after[n].Seq != before[i].Seq || after[n].Index < before[i].Index {
			t.Errorf("%+v, before %+v", after[n], before[i])
		}
	}
	if n := len(box(t, d.Service, tag)); n != 4 {
		t.Errorf("%d rows are stored", n)
	}
	// What is stored is told as that, also beside a row whose place is taken.
	got := puts(t, d.Service, first, k.message(1), announce)
	if !slices.Equal(codes(got), []core.Code{"", core.Conflict, ""}) || got[0].Seq != before[1].Seq {
		t.Errorf("%+v", got)
	}
}

// losing is a database whose answers are lost: before anything happened, or after.
type losing struct {
	DB
	lost []core.Code // of the next writes; "" for an answer that arrives
}

func (l *losing) Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	code := core.Code("")
	if len(l.lost) > 0 {
		code, l.lost = l.lost[0], l.lost[1:]
	}
	if code == core.Unavailable {
		return nil, core.Errorf(code, "nobody leads")
	}
	answer, err := l.DB.Exec(ctx, ns, statements, o)
	if err == nil && code != "" {
		return nil, core.Errorf(code, "the leader is gone")
	}
	return answer, err
}

// Who is told that nothing was done may believe it, and who is told that nobody
// knows gets the truth by putting the same rows again.
func TestPut_AnswersLost(t *testing.T) {
	d := newDesk(t, Settings{})
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	line := &losing{DB: d.db}
	s := New(Settings{Now: d.clock.Now}, line, alone{d.db}, slog.New(slog.DiscardHandler))
	rows := [][]byte{k.announce().Encode(), k.message(0).Encode()}
	for _, step := range []struct {
		lost   []core.Code
		want   core.Code
		stored int
	}{
		{[]core.Code{core.Unavailable}, core.Unavailable, 0},
		{[]core.Code{core.OutcomeUnknown}, core.OutcomeUnknown, 2},
		{nil, "", 2},
	} {
		line.lost = step.lost
		_, err := s.As(alice.caller()).Put(t.Context(), rows)
		if got := len(box(t, d.Service, tag)); core.CodeOf(err) != step.want || got != step.stored {
			t.Errorf("%v, %d rows are stored", err, got)
		}
	}
	// The first half of the rows was stored before; the second try for the others is lost.
	line.lost = []core.Code{"", core.Unavailable}
	if _, err := s.As(alice.caller()).Put(t.Context(), append(rows, k.message(1).Encode())); core.CodeOf(err) != core.OutcomeUnknown {
		t.Errorf("%v", err)
	}
}

// A page must not be larger than a device can take in, and the next one goes on.
func TestMailbox_Pages(t *testing.T) {
	d := newDesk(t, lifted())
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	must(t, d.Service, k.announce())
	const messages = 150
	for n := range uint32(messages / 50) {
		var rows []wire.Row
		for i := range uint32(50) {
			rows = append(rows, k.messageOf(n*50+i, randomBytes(wire.Size16K+16)))
		}
		must(t, d.Service, rows...)
	}
	page, err := d.As(alice.caller()).Mailbox(t.Context(), tag, 0, wire.MaxPage)
	size := 0
	for _, row := range page.Rows {
		size += len(row.Row)
	}
	if err != nil || size > wire.MaxPageBytes || len(page.Rows) < 50 || len(page.Rows) > messages || page.Last != messages+1 {
		t.Errorf("%d rows of %d bytes, last %d, %v", len(page.Rows), size, page.Last, err)
	}
	if page, err = d.As(alice.caller()).Mailbox(t.Context(), tag, 20, 7); err != nil || len(page.Rows) != 7 || page.Rows[0].Seq != 21 {
		t.Errorf("%d rows, %v", len(page.Rows), err)
	}
	if page, err = d.As(alice.caller()).Mailbox(t.Context(), tag, 1<<63, 7); err != nil || len(page.Rows) != 0 || page.Last != messages+1 {
		t.Errorf("beyond the end: %d rows, %v", len(page.Rows), err)
	}
	if n := len(box(t, d.Service, tag)); n != messages+1 {
		t.Errorf("%d rows page by page", n)
	}
}
