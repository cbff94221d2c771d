package storage

// Watchers at several nodes: real groups of three replicas on loopback, and a
// node that keeps none.

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// village is a network whose first three nodes keep every group.
type village struct {
	t     testing.TB
	hosts []host.Host
	dirs  []string

	mu     sync.Mutex
	formed map[core.Namespace]bool
	homes  []*home // nil while a node is stopped
}

type home struct {
	*Storage
	databases *database.Databases
	stop      func()
}

func newVillage(t testing.TB, n int) *village {
	t.Helper()
	v := &village{t: t, formed: map[core.Namespace]bool{}, homes: make([]*home, n)}
	for range n {
		key, _, err := crypto.GenerateEd25519Key(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		h, err := libp2p.New(libp2p.Identity(key), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Transport(tcp.NewTCPTransport), libp2p.DisableRelay())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
		for _, other := range v.hosts {
			h.Peerstore().AddAddrs(other.ID(), other.Addrs(), peerstore.PermanentAddrTTL)
			other.Peerstore().AddAddrs(h.ID(), h.Addrs(), peerstore.PermanentAddrTTL)
		}
		v.hosts, v.dirs = append(v.hosts, h), append(v.dirs, t.TempDir())
	}
	var starting sync.WaitGroup
	for i := range n {
		starting.Go(func() { v.start(i) })
	}
	starting.Wait()
	t.Cleanup(func() {
		for i := range n {
			v.stop(i)
		}
	})
	return v
}

func (v *village) start(i int) {
	v.t.Helper()
	r := villager{v, v.hosts[i].ID().String()}
	log := slog.New(slog.DiscardHandler)
	d, err := database.New(database.Settings{Dir: v.dirs[i], NodeID: r.id}, v.hosts[i], r, r, log)
	if err != nil {
		v.t.Error(err)
		return
	}
	s, err := New(Settings{}, d.Internal(), log)
	if err != nil {
		v.t.Error(err)
		return
	}
	stopDatabases, stopStorage := v.run(d.Run), v.run(s.Run)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.homes[i] = &home{Storage: s, databases: d, stop: func() { stopStorage(); stopDatabases() }}
}

func (v *village) run(part func(context.Context, func()) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- part(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		v.t.Error(err)
		ended <- nil
	}
	return func() {
		cancel()
		if err := <-ended; err != nil {
			v.t.Error(err)
		}
	}
}

func (v *village) stop(i int) {
	v.mu.Lock()
	h := v.homes[i]
	v.homes[i] = nil
	v.mu.Unlock()
	if h != nil {
		h.stop()
	}
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

func (v *village) leader(ns core.Namespace) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.IndexFunc(v.homes, func(h *home) bool { return h != nil && h.databases.Leads(ns) })
}

// villager is the village as one of its nodes sees it.
type villager struct {
	*village
	id string
}

func (r villager) Place(_ context.Context, ns core.Namespace) (database.Placement, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := database.Placement{Namespace: ns, Revision: 1, Formed: r.formed[ns]}
	for _, h := range r.hosts[:3] {
		p.Replicas = append(p.Replicas, database.Place{Node: h.ID().String(), Voter: true})
	}
	return p, nil
}

func (r villager) Find(ctx context.Context, ns core.Namespace) (database.Placement, error) {
	return r.Place(ctx, ns)
}

func (r villager) Formed(_ context.Context, ns core.Namespace) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.formed[ns] = true
	return nil
}

func (villager) Moved(core.Namespace) {}

func (r villager) to(id string) (*database.Replicas, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, h := range r.hosts {
		if h.ID().String() == id && r.homes[i] != nil {
			return r.homes[i].databases.Replicas(), nil
		}
	}
	return nil, core.Errorf(core.Unavailable, "node %s does not answer", id)
}

func (r villager) Query(ctx context.Context, id string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	n, err := r.to(id)
	if err != nil {
		return nil, err
	}
	return n.Query(ctx, ns, s, o)
}

func (r villager) Exec(ctx context.Context, id string, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	n, err := r.to(id)
	if err != nil {
		return nil, err
	}
	return n.Exec(ctx, ns, list, o)
}

func (r villager) Changed(ctx context.Context, id string, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error) {
	n, err := r.to(id)
	if err != nil {
		return core.Change{}, err
	}
	return n.Changed(ctx, ns, after, tables, wait)
}

func (r villager) Wake(ctx context.Context, id string, ns core.Namespace) (database.Standing, error) {
	n, err := r.to(id)
	if err != nil {
		return database.Standing{}, err
	}
	return n.Wake(ctx, r.id, ns)
}

func (r villager) Campaign(ctx context.Context, id string, ns core.Namespace) error {
	n, err := r.to(id)
	if err != nil {
		return err
	}
	return n.Campaign(ctx, ns)
}

func (r villager) Sleep(ctx context.Context, id string, ns core.Namespace) error {
	n, err := r.to(id)
	if err != nil {
		return err
	}
	return n.Sleep(ctx, ns)
}

func (r villager) Standing(ctx context.Context, id string, ns core.Namespace) (database.Standing, error) {
	n, err := r.to(id)
	if err != nil {
		return database.Standing{}, err
	}
	return n.Standing(ctx, ns)
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
	leader := v.leader(w.ns)
	follower := (leader + 1) % 3
	v.stop(follower)
	some()
	v.start(follower)
	some()
	if leader = v.leader(w.ns); leader < 0 {
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
