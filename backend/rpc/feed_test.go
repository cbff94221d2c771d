package rpc

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeFeed answers at once, but for prefix "wait", which waits for the end of
// the call.
type fakeFeed struct {
	waiting chan struct{} // gets one for each call that waits

	mu      sync.Mutex
	watched core.WatchOptions
	asked   core.Statement
	live    core.LiveOptions
}

func (f *fakeFeed) Watch(ctx context.Context, _ core.Namespace, o core.WatchOptions) (core.Changes, error) {
	f.mu.Lock()
	f.watched = o
	f.mu.Unlock()
	if o.Prefix == "wait" {
		f.waiting <- struct{}{}
		<-ctx.Done()
		return core.Changes{}, core.Wrap(core.Unavailable, ctx.Err(), "the wait was ended")
	}
	return core.Changes{Next: 9, Gap: true, Provenance: fakeProvenance, Changes: []core.KVChange{
		{Operation: core.OperationPut, Item: core.Item{Key: "k", Value: []byte{}, Version: math.MaxInt64, UpdatedAt: time.Unix(1, 0).UTC()}},
		{Operation: core.OperationDelete, Item: core.Item{Key: "k", Version: 2}},
	}}, nil
}

func (f *fakeFeed) History(_ context.Context, _ core.Namespace, key string, limit int) (core.History, error) {
	return core.History{CompleteSince: core.Version(limit), Versions: []core.KVChange{{Operation: core.OperationPut, Item: core.Item{Key: key, Value: []byte{0xff}}}}}, nil
}

func (f *fakeFeed) Live(_ context.Context, _ core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.live = s, o
	if o.After == 7 {
		return core.LiveAnswer{Index: 7}, nil
	}
	rows := &core.Rows{Columns: []string{"a", "b"}, Types: []string{"", ""}, Values: [][]any{{int64(math.MaxInt64), []byte{0xff}}, {nil, 1.5}}, Provenance: fakeProvenance}
	return core.LiveAnswer{Rows: rows, Changed: true, Gap: true, Index: 8}, nil
}

// What is told must arrive as it was said: types of cells, values of no bytes, numbers
// above those that JSON's readers take for whole.
func TestFeedCalls(t *testing.T) {
	feed := &fakeFeed{}
	services := newFakeNode().services()
	services.Feed = feed
	s := serve(t, services)
	c := s.dial(t, newHost(t), asOperator)
	asked := core.WatchOptions{Prefix: "k", Since: 3, FromNow: true, Limit: 5, Wait: time.Second}
	got, err := c.Watch(t.Context(), "red", asked)
	want, errWant := feed.Watch(t.Context(), "red", asked)
	if err != nil || errWant != nil || !reflect.DeepEqual(got, want) || feed.watched != asked {
		t.Errorf("watch: %+v, %v", got, err)
	}
	if h, errHistory := c.History(t.Context(), "red", "ключ", 4); errHistory != nil || h.CompleteSince != 4 || h.Versions[0].Key != "ключ" || h.Versions[0].Value[0] != 0xff {
		t.Errorf("history: %+v, %v", h, errHistory)
	}
	statement := core.Statement{SQL: "SELECT ?, ?", Args: []any{int64(1), []byte{0}}}
	options := core.LiveOptions{After: 1, Wait: time.Second, MaxRows: 3}
	live, err := c.Live(t.Context(), "red", statement, options)
	if err != nil || !reflect.DeepEqual(feed.asked, statement) || feed.live != options {
		t.Errorf("live: asked %+v, %+v, %v", feed.asked, feed.live, err)
	}
	wantLive, _ := feed.Live(t.Context(), "red", statement, options) //nolint:errcheck // never fails
	if !reflect.DeepEqual(live, wantLive) {
		t.Errorf("live: %+v, want %+v", live, wantLive)
	}
	if live, err := c.Live(t.Context(), "red", statement, core.LiveOptions{After: 7}); err != nil || live.Rows != nil || live.Index != 7 {
		t.Errorf("nothing new: %+v, %v", live, err)
	}
	if _, err := c.Watch(t.Context(), "blue", asked); core.CodeOf(err) != core.Denied {
		t.Errorf("another namespace: %v", err)
	}
	if _, err := c.Changed(t.Context(), "red", 1, nil, 0); core.CodeOf(err) != core.Denied {
		t.Errorf("a client that asks what members ask: %v", err)
	}
	mute := dispatcher{caller: Caller{Operator: true}}
	if _, err := mute.call(t.Context(), methodWatch, nil); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a node without a feed: %v", err)
	}
}

// Watchers may not keep those who work from working, nor a node from stopping.
func TestFeedCalls_HaveABoundOfTheirOwn(t *testing.T) {
	feed := &fakeFeed{waiting: make(chan struct{}, MaxWaits)}
	services := newFakeNode().services()
	services.Feed = feed
	s := serve(t, services)
	c := s.dial(t, newHost(t), asOperator)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, MaxWaits)
	for range MaxWaits {
		go func() {
			_, err := c.Watch(ctx, "red", core.WatchOptions{Prefix: "wait"})
			ended <- err
		}()
	}
	for range MaxWaits {
		<-feed.waiting
	}
	if _, err := c.Watch(ctx, "red", core.WatchOptions{}); core.CodeOf(err) != core.Limited || !strings.Contains(err.Error(), "wait for changes") {
		t.Errorf("one too many: %v", err)
	}
	if _, err := c.Query(ctx, "red", core.Statement{SQL: "SELECT 1"}, core.QueryOptions{}); err != nil {
		t.Errorf("an ordinary call: %v", err)
	}
	if _, err := c.History(ctx, "red", "k", 1); err != nil {
		t.Errorf("a call of the feed that does not wait: %v", err)
	}
	s.stop()
	for range MaxWaits {
		if err := <-ended; core.CodeOf(err) != core.Unavailable || errors.Is(err, ErrStreamEnded) {
			t.Fatalf("a watcher of a node that stops: %v, want its answer", err)
		}
	}
}
