package service

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// A follower must hear of each new row in its mailboxes and its inbox, of none in
// others, and of what came between two questions.
func TestFollow(t *testing.T) {
	d := newDesk(t, Settings{})
	d.run()
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	// In a network where nobody has written yet: no answer before the first row.
	first, err := d.As(alice.caller()).Follow(t.Context(), nil, 0, time.Hour)
	if err != nil || first.Index != 1 {
		t.Fatalf("%+v %v", first, err)
	}
	if c, err := d.As(alice.caller()).Follow(t.Context(), nil, first.Index, 0); err != nil || c.Index != first.Index {
		t.Errorf("%+v %v", c, err)
	}
	must(t, d.Service, alice.envelope(alice.id))
	if c, err := d.As(alice.caller()).Follow(t.Context(), nil, first.Index, time.Hour); err != nil || c.Inbox != 1 || c.Index != 2 {
		t.Errorf("%+v %v", c, err)
	}
	mine, fresh, foreign := wire.NewTag(), wire.NewTag(), wire.NewTag()
	k, other := alice.talk(mine.Name()), alice.talk(foreign.Name())
	must(t, d.Service, k.announce(), other.announce(), k.message(0))
	follow := func(after uint64, wait time.Duration) wire.Change {
		t.Helper()
		c, err := d.As(alice.caller()).Follow(t.Context(), []wire.Tag{mine, fresh}, after, wait)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	at := follow(0, time.Hour)
	if len(at.Mailboxes) != 1 || at.Mailboxes[mine.Name()] != 2 || at.Inbox != 1 || at.Index == 0 {
		t.Fatalf("%+v", at)
	}
	must(t, d.Service, other.message(0))
	if c := follow(at.Index, 0); len(c.Mailboxes) != 0 || c.Index != at.Index {
		t.Errorf("nothing has changed: %+v", c)
	}
	must(t, d.Service, k.message(1)) // nobody waits
	if at = follow(at.Index, time.Hour); at.Mailboxes[mine.Name()] != 3 || len(at.Mailboxes) != 1 {
		t.Errorf("missed while nobody waited: %+v", at)
	}
	for _, row := range []wire.Row{k.message(2), alice.event(fresh.Name(), 1, wire.Hash{}, false), alice.envelope(alice.id)} {
		answer := make(chan wire.Change)
		go func() {
			defer close(answer)
			if c, err := d.As(alice.caller()).Follow(context.Background(), []wire.Tag{mine, fresh}, at.Index, wire.MaxFollowWait); err == nil {
				answer <- c
			}
		}()
		must(t, d.Service, other.message(100+uint32(row.Kind())), row)
		c := <-answer
		if c.Mailboxes[mine.Name()] != 4 && c.Mailboxes[fresh.Name()] != 1 && c.Inbox != 2 || c.Index <= at.Index || len(c.Mailboxes) > 1 {
			t.Errorf("%s: %+v", row.Kind(), c)
		}
		at = c
	}
	if !d.hub.empty() || d.hub.boxes != 0 || len(d.hub.followers) != 0 {
		t.Errorf("followers are left: %+v", d.hub)
	}
}

// A follower that cannot be served must be told so, and none may wait for a service
// that has ended.
func TestFollow_Ends(t *testing.T) {
	d := newDesk(t, Settings{})
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	must(t, d.Service, k.announce(), k.message(0))
	ask := func(ctx context.Context, tags int) error {
		_, err := d.As(alice.caller()).Follow(ctx, make([]wire.Tag, tags), 3, time.Minute)
		return err
	}
	if err := ask(t.Context(), 1); core.CodeOf(err) != core.Unavailable {
		t.Errorf("before it runs: %v", err)
	}
	if err := ask(t.Context(), wire.MaxFollowed+1); core.CodeOf(err) != core.TooLarge {
		t.Errorf("too many mailboxes: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error)
	go func() { ended <- d.Run(ctx, func() { close(ready) }) }()
	<-ready
	// Whoever was further than the database, which was restored, begins anew.
	if c, err := d.As(alice.caller()).Follow(t.Context(), []wire.Tag{tag}, 1<<40, time.Minute); core.CodeOf(err) != core.Unavailable {
		t.Errorf("%+v %v", c, err)
	}
	var work sync.WaitGroup
	var errs []error
	var mu sync.Mutex
	for range 3 {
		work.Go(func() {
			err := ask(t.Context(), 1)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := ask(gone, 1); core.CodeOf(err) != core.Unavailable {
		t.Errorf("taken back: %v", err)
	}
	until(t, "all wait", func() bool { return waiting(d.hub, 3) })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	work.Wait()
	if len(errs) != 3 || slices.ContainsFunc(errs, func(err error) bool { return core.CodeOf(err) != core.Unavailable }) {
		t.Errorf("when it ends: %v", errs)
	}
}

func waiting(h *hub, n int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count == n
}

// Nobody may take all of a node's memory by following.
func TestFollow_Bounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		h.open()
		one := func(boxes ...string) *follower {
			f := &follower{boxes: map[string]bool{}, news: make(chan struct{}), told: map[string]head{}}
			for _, b := range boxes {
				f.boxes[b] = true
			}
			return f
		}
		all := make([]*follower, MaxFollowers)
		for i := range all {
			all[i] = one("a", "b")
			if err := h.add(all[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.add(one("a")); core.CodeOf(err) != core.Limited {
			t.Errorf("%v", err)
		}
		h.remove(all[0])
		h.remove(all[0])
		if err := h.add(one("a")); err != nil || h.count != MaxFollowers || h.boxes != 2*MaxFollowers-1 {
			t.Errorf("%v: %d follow %d", err, h.count, h.boxes)
		}
		h.tell(map[string]head{"b": {5, 9}}, 12)
		if h.count != 1 || all[1].at != 12 || all[1].told["b"] != (head{5, 9}) {
			t.Errorf("%d follow; told %+v", h.count, all[1])
		}
		<-all[1].news
	})
}
