package storage

// Watchers at several nodes: real groups of three replicas on loopback, and a
// node that keeps none.

import (
	"context"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/replicas"
)

// village is a network with storage at each node.
type village struct {
	*replicas.Network
	t testing.TB

	mu    sync.Mutex
	homes []*home // nil while a node is stopped
}

type home struct {
	*Storage
	stop func()
}

func newVillage(t testing.TB, n int) *village {
	t.Helper()
	v := &village{Network: replicas.New(t, n), t: t, homes: make([]*home, n)}
	for i := range n {
		v.open(i)
	}
	return v
}

// open runs storage on the databases of node i.
func (v *village) open(i int) {
	v.t.Helper()
	s, err := New(Settings{}, v.Databases(i).Internal(), slog.New(slog.DiscardHandler))
	if err != nil {
		v.t.Fatal(err)
	}
	stop := testkit.Run(v.t, s.Run)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.homes[i] = &home{s, stop}
}

func (v *village) start(i int) {
	v.t.Helper()
	v.Start(i)
	v.open(i)
}

func (v *village) stop(i int) {
	v.t.Helper()
	v.mu.Lock()
	h := v.homes[i]
	v.homes[i] = nil
	v.mu.Unlock()
	h.stop()
	v.Stop(i)
}

// at is a node that runs, the nearest one after i when that is stopped.
func (v *village) at(i int) *home {
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.homes[i%len(v.homes)] == nil {
		i++
	}
	return v.homes[i%len(v.homes)]
}

// writer does one change after another and knows what must be told of it.
type writer struct {
	*village
	ns      core.Namespace
	dice    *mrand.Rand
	there   map[string]bool
	serial  int
	changes []string
}

// insist repeats until it is certain that the change was made, once.
func (w *writer) insist(what string, do func(h *home) error) {
	w.t.Helper()
	late := time.Now().Add(30 * time.Second)
	for {
		err := do(w.at(w.dice.IntN(4)))
		if err == nil {
			return
		}
		if time.Now().After(late) {
			w.t.Fatalf("%s: %v", what, err)
		}
	}
}

func (w *writer) write() {
	w.t.Helper()
	w.serial++
	key, value := fmt.Sprint("k", w.dice.IntN(8)), fmt.Sprint(w.serial)
	once := core.WriteOptions{IdempotencyKey: value}
	switch w.dice.IntN(6) {
	default:
		w.insist("put", func(h *home) error {
			_, err := h.Put(w.t.Context(), w.ns, key, []byte(value), core.PutOptions{WriteOptions: once})
			return err
		})
		w.there[key], w.changes = true, append(w.changes, "+"+key+"="+value)
	case 3:
		w.insist("delete", func(h *home) error {
			_, err := h.Delete(w.t.Context(), w.ns, key)
			return err
		})
		if w.there[key] {
			w.there[key], w.changes = false, append(w.changes, "-"+key)
		}
	case 4:
		other := fmt.Sprint("b", w.dice.IntN(8))
		w.insist("batch", func(h *home) error {
			_, err := h.Batch(w.t.Context(), w.ns, []core.Op{
				{Key: other, Value: []byte(value), PutOptions: core.PutOptions{WriteOptions: once}}, {Key: key, Delete: true}, {Key: key, Value: []byte(value)},
			})
			return err
		})
		w.changes = append(w.changes, "+"+other+"="+value)
		if w.there[key] {
			w.changes = append(w.changes, "-"+key)
		}
		w.there[key], w.changes = true, append(w.changes, "+"+key+"="+value)
	case 5:
		w.insist("short life", func(h *home) error {
			_, err := h.Put(w.t.Context(), w.ns, "short", []byte(value), core.PutOptions{TTL: time.Millisecond, WriteOptions: once})
			return err
		})
		w.insist("sweep", func(h *home) error {
			if _, err := h.sweepNamespace(w.t.Context(), w.ns); err != nil {
				return err
			}
			rows, err := h.db.Query(w.t.Context(), w.ns, core.Statement{SQL: "SELECT 1 FROM _debros_kv WHERE key = ?", Args: []any{[]byte("short")}}, core.QueryOptions{})
			if err == nil && len(rows.Values) > 0 {
				err = core.Errorf(core.Conflict, "it is still there")
			}
			return err
		})
		w.changes = append(w.changes, "+short="+value, "!short")
	}
}

// Whoever watches, wherever and through whatever happens to the nodes, must be
// able to keep a copy: every change, once, in the order of commits.
func TestWatch_EveryChangeOnceAtEveryNode(t *testing.T) {
	v := newVillage(t, 4) // the last one keeps no replica
	w := &writer{village: v, ns: "red", dice: mrand.New(mrand.NewPCG(7, 7)), there: map[string]bool{}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const travels = 4 // asks another node each time
	var watching sync.WaitGroup
	heard, ends := make([][]string, 5), make(chan int)
	for i := range heard {
		watching.Go(func() {
			target := -1
			for o, turn := (core.WatchOptions{Wait: time.Second, Limit: 3}), 0; ctx.Err() == nil; turn++ {
				at := i
				if i == travels {
					at = turn
				}
				c, err := v.at(at).Watch(ctx, w.ns, o)
				if err != nil { // its node stops, or has no leader yet
					if pause(ctx, watchPause) != nil {
						return
					}
					continue
				}
				o.Since = c.Next
				if c.Gap {
					heard[i] = append(heard[i], "gap")
				}
				for _, ch := range c.Changes {
					heard[i] = append(heard[i], told(core.Changes{Changes: []core.KVChange{ch}}))
				}
				if len(c.Changes) == 0 && target < 0 {
					select {
					case target = <-ends:
					default:
					}
				}
				if target >= 0 && len(heard[i]) >= target {
					return
				}
			}
		})
	}
	some := func() {
		for range 25 {
			w.write()
		}
	}
	some()
	leader := v.Leader(w.ns)
	follower := (leader + 1) % 3
	v.stop(follower)
	some()
	v.start(follower)
	some()
	if leader = v.Leader(w.ns); leader < 0 {
		t.Fatal("there is no leader")
	}
	v.stop(leader)
	some()
	v.start(leader)
	v.stop(3)
	some()
	v.start(3)
	some()
	late := time.After(60 * time.Second)
	for range heard {
		select {
		case ends <- len(w.changes):
		case <-late:
			t.Error("a watcher did not come to the end")
			cancel()
		}
	}
	stopped := make(chan struct{})
	go func() { watching.Wait(); close(stopped) }()
	select {
	case <-stopped:
	case <-late:
		t.Error("a watcher waits for changes that it does not hear of")
		cancel()
		<-stopped
	}
	for i, got := range heard {
		if !slices.Equal(got, w.changes) {
			at := 0
			for at < min(len(got), len(w.changes)) && got[at] == w.changes[at] {
				at++
			}
			t.Errorf("watcher %d heard %d of %d changes; at %d: %v, want %v", i, len(got), len(w.changes), at, got[at:min(at+4, len(got))], w.changes[at:min(at+4, len(w.changes))])
		}
	}
}
