package client

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/storage"
)

// realFeed is the feed of a real database.
type realFeed struct {
	*storage.Storage
	databases *database.Databases
}

func (f realFeed) Live(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error) {
	return f.databases.Live(ctx, ns, s, o)
}

var errSeen = errors.New("seen enough")

// A program that follows keys or a query must hear of everything once although
// the node that it asks goes away, and must get its handler's error back.
func TestClient_WatchesGoOnAtAnotherNode(t *testing.T) {
	d := startDatabase(t)
	s := startStorage(t, d)
	settings := nodeSettings{storage: s, database: d, feed: realFeed{s, d}}
	first, second := startNode(t, settings), startNode(t, settings)
	config := configFor(first, second)
	config.RetryDelay = 10 * time.Millisecond
	c, writer := connect(t, config), connect(t, configFor(second))
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if _, err := writer.Database().Execute(ctx, "CREATE TABLE t (id INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	start, err := writer.Storage().PutItem(ctx, "start", nil, core.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}

	const changes = 40
	keys, rows := make(chan string), make(chan int64)
	ended := make(chan error, 2)
	go func() {
		ended <- c.Storage().Watch(ctx, "k", start, func(c core.Changes) error {
			for _, ch := range c.Changes {
				keys <- fmt.Sprint(ch.Key, c.Gap)
				if ch.Key == fmt.Sprint("k", changes-1) {
					return errSeen
				}
			}
			return nil
		})
	}()
	go func() {
		ended <- c.Database().Watch(ctx, "SELECT count(*) FROM t WHERE id >= ?", func(a core.LiveAnswer) error {
			n := a.Rows.Values[0][0].(int64) //nolint:errcheck // count answers a number
			rows <- n
			if n == changes {
				return errSeen
			}
			return nil
		}, 0)
	}()
	if n := <-rows; n != 0 {
		t.Fatalf("the first state is %d", n)
	}
	for i := range changes {
		if i == changes/2 {
			first.vanish(t)
		}
		if err := writer.Storage().Put(ctx, fmt.Sprint("k", i), []byte("v")); err != nil {
			t.Fatal(err)
		}
		if got, want := <-keys, fmt.Sprintf("k%dfalse", i); got != want {
			t.Fatalf("heard of %q, want %q", got, want)
		}
		if _, err := writer.Database().Execute(ctx, "INSERT INTO t VALUES (?)", i); err != nil {
			t.Fatal(err)
		}
		if i%10 == 9 { // the last state always comes
			for n := range rows {
				if n == int64(i+1) {
					break
				}
			}
		}
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, errSeen) {
			t.Errorf("a watch ended with %v", err)
		}
	}
	if h, err := c.Storage().History(ctx, "k0"); err != nil || len(h.Versions) != 1 || h.CompleteSince != 1 {
		t.Errorf("history: %+v, %v", h, err)
	}
	if err := c.Database().Watch(ctx, "DELETE FROM t", func(core.LiveAnswer) error { return nil }); core.CodeOf(err) != core.Invalid {
		t.Errorf("a live write: %v", err)
	}
	gone, leave := context.WithCancel(ctx)
	leave()
	if err := c.Storage().Watch(gone, "", 0, func(core.Changes) error { return nil }); err != nil {
		t.Errorf("the end of the context: %v", err)
	}
}
