package anchat

// This file runs the chat on the service that keeps the rows in a real database, in
// real time: what nodes in memory allow by mistake shows here.

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/service"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/replicas"
	"git.debros.io/DeBros/network/backend/wallet"
)

// patience bounds what a test waits for that never comes.
const patience = time.Minute

// one is the only replica there is.
type one struct{ db *database.Internal }

func (one) Keepers(context.Context, core.Namespace) ([]string, error) { return []string{"here"}, nil }

func (o one) QueryAt(ctx context.Context, _ string, ns core.Namespace, s core.Statement, q core.QueryOptions) (*core.Rows, error) {
	q.Level = core.LevelNone
	return o.db.Query(ctx, ns, s, q)
}

func (one) Name(node string) string { return node }

// onNodes is a chat on the real service.
type onNodes struct {
	t       testing.TB
	chat    *Chat
	account wallet.Account
	signer  *wallet.Signer
}

func newReal(t testing.TB, s *service.Service, gossip *memory, seed byte, chain wallet.Chain) *onNodes {
	t.Helper()
	r := &onNodes{t: t, signer: signerOf(t, seed)}
	for _, a := range r.signer.Accounts() {
		if a.Chain() == chain {
			r.account = a
		}
	}
	var err error
	r.chat, err = New(Settings{
		Dir: t.TempDir(), Network: "net", Node: "here", Keychain: &keychain{has: map[string]string{}}, Log: slog.New(slog.DiscardHandler),
		Open: func(caller wire.Caller, _ wire.Sign) (wire.Service, wire.Gossip, error) {
			return s.As(caller), &memoryGossip{memory: gossip}, nil
		},
	})
	must(t, err)
	testkit.Run(t, r.chat.Run)
	t.Cleanup(r.signer.Lock)
	r.enrol()
	return r
}

func (r *onNodes) enrol() {
	r.t.Helper()
	e, err := r.chat.Enrolment(r.t.Context(), r.account.String(), string(r.account.Chain()), "127.0.0.1:9000")
	must(r.t, err)
	signature, err := r.signer.Sign(r.t.Context(), r.account, e.Text, func(context.Context, wallet.Request) error { return nil })
	must(r.t, err)
	_, err = r.chat.Enrol(r.t.Context(), core.ChatEnrol{ID: e.ID, Signature: signature, Keychain: true})
	must(r.t, err)
}

// until waits until something holds, looking again whenever the chat says that it
// has changed.
func (r *onNodes) until(what string, holds func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	events := r.chat.Events(ctx)
	for !holds() {
		if _, ok := <-events; !ok {
			list, err := r.chat.Refusals(r.t.Context())
			r.t.Fatalf("it never came to this: %s; refused %v %v", what, list, err)
		}
	}
}

func (r *onNodes) texts(id string) (all []string) {
	r.t.Helper()
	page, err := r.chat.Messages(r.t.Context(), core.ChatQuery{Room: id})
	must(r.t, err)
	for _, m := range page.Messages {
		if m.Kind == core.ChatText && !m.StoredAt.IsZero() {
			all = append(all, m.Text)
		}
	}
	return all
}

// The whole way, on what the nodes really run.
func TestReal_TwoWalletsOnTheRealService(t *testing.T) {
	db := replicas.Open(t, testkit.NewHost(t), database.Settings{}).Internal()
	s := service.New(service.Settings{}, db, one{db}, slog.New(slog.DiscardHandler))
	testkit.Run(t, s.Run)
	gossip := newMemory()
	ann, bob, eve := newReal(t, s, gossip, 1, wallet.ETH), newReal(t, s, gossip, 2, wallet.SOL), newReal(t, s, gossip, 3, wallet.ETH)
	ctx := t.Context()
	r, err := ann.chat.NewRoom(ctx, core.ChatNewRoom{Name: "plans", History: core.ChatHistoryAll, Members: []string{bob.account.String(), eve.account.String()}})
	must(t, err)
	for _, d := range []*onNodes{bob, eve} {
		d.until("the invitation is there", func() bool {
			got, roomErr := d.chat.Room(ctx, r.ID)
			return roomErr == nil && got.State == core.ChatInvited && got.Name == "plans"
		})
		must(t, d.chat.Accept(ctx, r.ID))
	}
	var wanted []string
	for n := range 3 {
		for k, d := range []*onNodes{ann, bob, eve} {
			text := fmt.Sprintf("%d by %d", n, k)
			_, err = d.chat.Send(ctx, core.ChatDraft{Room: r.ID, Text: text})
			must(t, err)
			wanted = append(wanted, text)
			for _, other := range []*onNodes{ann, bob, eve} {
				other.until(text, func() bool { return slices.Equal(other.texts(r.ID), wanted) })
			}
		}
	}
	must(t, ann.chat.Remove(ctx, r.ID, eve.account.String(), false))
	_, err = bob.chat.Send(ctx, core.ChatDraft{Room: r.ID, Text: "without eve"})
	must(t, err)
	for _, d := range []*onNodes{ann, bob} {
		d.until("the message after the removal", func() bool { return slices.Equal(d.texts(r.ID), append(wanted, "without eve")) })
	}
	eve.until("eve knows that she was removed", func() bool {
		got, roomErr := eve.chat.Room(ctx, r.ID)
		return roomErr == nil && got.State == core.ChatLeft
	})
	if got := eve.texts(r.ID); !slices.Equal(got, wanted) {
		t.Errorf("eve has %q", got)
	}
	page, err := ann.chat.Messages(ctx, core.ChatQuery{Room: r.ID})
	must(t, err)
	mine := page.Messages[slices.IndexFunc(page.Messages, func(m core.ChatMessage) bool { return m.Text == "0 by 0" })]
	must(t, ann.chat.Delete(ctx, r.ID, mine.ID))
	bob.until("the deletion", func() bool { return !slices.Contains(bob.texts(r.ID), "0 by 0") })
}

// BenchmarkRealMessage is the way of a message over the real service with one replica:
// until the other one can read it, and until it is stored.
func BenchmarkRealMessage(b *testing.B) {
	db := replicas.Open(b, testkit.NewHost(b), database.Settings{}).Internal()
	far := service.Rate{Minute: 1 << 30, Day: 1 << 30}
	s := service.New(service.Settings{Messages: far, Envelopes: far, Changes: far}, db, one{db}, slog.New(slog.DiscardHandler))
	testkit.Run(b, s.Run)
	gossip := newMemory()
	ann, bob := newReal(b, s, gossip, 1, wallet.ETH), newReal(b, s, gossip, 2, wallet.SOL)
	ctx := b.Context()
	r, err := ann.chat.NewRoom(ctx, core.ChatNewRoom{Name: "plans", History: core.ChatHistoryAll, Members: []string{bob.account.String()}})
	must(b, err)
	bob.until("the invitation is there", func() bool {
		got, roomErr := bob.chat.Room(ctx, r.ID)
		return roomErr == nil && got.State == core.ChatInvited
	})
	must(b, bob.chat.Accept(ctx, r.ID))
	last := func(d *onNodes) core.ChatMessage {
		page, pageErr := d.chat.Messages(ctx, core.ChatQuery{Room: r.ID, Limit: 1})
		must(b, pageErr)
		return page.Messages[len(page.Messages)-1]
	}
	var seen, stored []time.Duration
	for n := 0; b.Loop(); n++ {
		text, began := fmt.Sprint(n), time.Now()
		_, err = ann.chat.Send(ctx, core.ChatDraft{Room: r.ID, Text: text})
		must(b, err)
		bob.until(text, func() bool { return last(bob).Text == text })
		seen = append(seen, time.Since(began))
		ann.until(text, func() bool { return !last(ann).StoredAt.IsZero() })
		stored = append(stored, time.Since(began))
	}
	for name, all := range map[string][]time.Duration{"seen": seen, "stored": stored} {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name+"-p50-ms")
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
}
