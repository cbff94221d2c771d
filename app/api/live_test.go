package api

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// feedFake has rows that a test changes; a question waits until it does.
type feedFake struct {
	states chan core.LiveAnswer
	asked  []core.LiveOptions
}

func (f *feedFake) Watch(context.Context, core.Namespace, core.WatchOptions) (core.Changes, error) {
	return core.Changes{}, nil
}

func (f *feedFake) History(context.Context, core.Namespace, string, int) (core.History, error) {
	return core.History{}, nil
}

func (f *feedFake) Live(ctx context.Context, _ core.Namespace, _ core.Statement, o core.LiveOptions) (core.LiveAnswer, error) {
	f.asked = append(f.asked, o)
	select {
	case a := <-f.states:
		return a, nil
	case <-time.After(o.Wait):
		return core.LiveAnswer{Index: o.After}, nil
	case <-ctx.Done():
		return core.LiveAnswer{}, ctx.Err()
	}
}

func state(index uint64, rows ...[]any) core.LiveAnswer {
	return core.LiveAnswer{Changed: true, Index: index, Rows: &core.Rows{Columns: []string{"id", "name"}, Types: []string{"INTEGER", "TEXT"}, Values: rows}}
}

func livePage(t *testing.T) (*Live, *feedFake) {
	t.Helper()
	f, feed := newReplicas(), &feedFake{states: make(chan core.LiveAnswer, 4)}
	a := newAPI(t)
	b := f.backend()
	b.Replicas, b.Feed = f, feed
	b.Database = keyed{f}
	a.Attach(b)
	a.Ready()
	return bound[Live](a), feed
}

// keyed is a fake whose table t has the key id.
type keyed struct{ *replicaFake }

func (keyed) Schema(context.Context, core.Namespace) (core.Schema, error) {
	return core.Schema{Tables: []core.Table{{Name: "t", Kind: "table", Columns: []core.Column{{Name: "id", PrimaryKey: true}, {Name: "name"}}}}}, nil
}

func show(s LiveState) string {
	var out []string
	for _, r := range s.Rows {
		out = append(out, fmt.Sprint(r.From, r.Cells, r.Altered))
	}
	return fmt.Sprintf("whole %t +%d ~%d -%d: %s", s.Whole, s.Added, s.Altered, s.Removed, strings.Join(out, " | "))
}

// A screen that misses a change, or marks the wrong cell, lies about the present.
func TestLive_TellsWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live, feed := livePage(t)
		ask := func(seq int) LiveState {
			s, err := live.Next(LiveRequest{ID: "a", Seq: seq, Query: CompareRequest{Namespace: "default", SQL: "select"}})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		feed.states <- state(5, []any{int64(1), "a"}, []any{int64(2), "b"}, []any{int64(3), "c"})
		first := ask(0)
		if show(first) != "whole true +0 ~0 -0: -1 [{i 1} {t a}] [] | -1 [{i 2} {t b}] [] | -1 [{i 3} {t c}] []" || !first.Keyed || first.Index != "5" {
			t.Errorf("first: %s", show(first))
		}
		feed.states <- state(6, []any{int64(3), "c"}, []any{int64(2), "B"}, []any{int64(4), "d"})
		second := ask(first.Seq)
		if show(second) != "whole false +1 ~1 -1: 2 [] [] | 1 [{i 2} {t B}] [1] | -1 [{i 4} {t d}] []" {
			t.Errorf("second: %s", show(second))
		}
		if quiet := ask(second.Seq); quiet.Changed || quiet.Seq != second.Seq || len(quiet.Rows) != 0 {
			t.Errorf("quiet: %+v", quiet)
		}
		if last := feed.asked[len(feed.asked)-1]; last.After != 6 {
			t.Errorf("asked after %d", last.After)
		}
		// An answer that never arrived: the page still has the one before.
		feed.states <- state(7, []any{int64(4), "d"})
		if lost := ask(first.Seq); !lost.Whole || len(lost.Rows) != 1 || feed.asked[len(feed.asked)-1].After != 0 {
			t.Errorf("after a lost answer: %s", show(lost))
		}
	})
}

// Live queries that nobody looks at any more must not hold the node's rows for ever.
func TestLive_IsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live, _ := livePage(t)
		next := func(id string) error {
			_, err := live.Next(LiveRequest{ID: id, Query: CompareRequest{Namespace: "default", SQL: "select"}})
			return err
		}
		for i := range MaxLive {
			if _, err := live.d.lives.take(fmt.Sprint(i), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if err := next("more"); codeOf(t, err) != core.Limited {
			t.Errorf("one too many: %v", err)
		}
		if err := next("7"); codeOf(t, err) != core.Conflict {
			t.Errorf("asked twice at once: %v", err)
		}
		if err := next(""); codeOf(t, err) != core.Invalid {
			t.Errorf("without a name: %v", err)
		}
		for _, q := range live.d.lives.all {
			live.d.lives.give(q, time.Now)
		}
		time.Sleep(MaxLiveIdle + time.Second)
		if err := next("more"); err != nil || len(live.d.lives.all) != 1 {
			t.Errorf("after a rest: %v, %d kept", err, len(live.d.lives.all))
		}
		if err := live.Stop("more"); err != nil || len(live.d.lives.all) != 0 {
			t.Errorf("stopped: %v", err)
		}
	})
}
