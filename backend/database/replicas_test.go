// Groups of several nodes: real rqlite, real libp2p on loopback.

package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// town is the network under test: its directory, and the way between its nodes.
// A node that is cut off can neither be called nor call.
type town struct {
	mu     sync.Mutex
	places map[core.Namespace]*Placement
	first  []string // placed on by default
	nodes  map[string]*node
	cut    map[string]bool
}

func newTown() *town {
	return &town{places: map[core.Namespace]*Placement{}, nodes: map[string]*node{}, cut: map[string]bool{}}
}

// resident is the town as one of its nodes sees it.
type resident struct {
	*town
	id string
}

func (r resident) Place(_ context.Context, ns core.Namespace) (Placement, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.places[ns]
	if p == nil {
		p = &Placement{Namespace: ns, Revision: 1}
		for _, id := range r.first {
			p.Replicas = append(p.Replicas, Place{Node: id, Voter: true})
		}
		r.places[ns] = p
	}
	return Placement{Namespace: ns, Replicas: slices.Clone(p.Replicas), Formed: p.Formed, Revision: p.Revision}, nil
}

func (r resident) Find(ctx context.Context, ns core.Namespace) (Placement, error) {
	r.mu.Lock()
	known := r.places[ns] != nil
	r.mu.Unlock()
	if !known {
		return Placement{}, core.Errorf(core.NotFound, "no such namespace")
	}
	return r.Place(ctx, ns)
}

func (r resident) Formed(_ context.Context, ns core.Namespace) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.places[ns].Formed = true
	return nil
}

func (resident) Moved(core.Namespace) {}

// place moves the group of red.
func (w *town) place(places ...Place) {
	w.mu.Lock()
	p := w.places[red]
	p.Replicas, p.Revision = places, p.Revision+1
	w.mu.Unlock()
}

func (r resident) to(id string) (*Replicas, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.nodes[id]
	if n == nil || r.cut[id] || r.cut[r.id] {
		return nil, core.Errorf(core.Unavailable, "node %s does not answer", id)
	}
	return n.Replicas(), nil
}

func (r resident) Query(ctx context.Context, id string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	n, err := r.to(id)
	if err != nil {
		return nil, err
	}
	return n.Query(ctx, ns, s, o)
}

func (r resident) Exec(ctx context.Context, id string, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	n, err := r.to(id)
	if err != nil {
		return nil, err
	}
	return n.Exec(ctx, ns, list, o)
}

func (r resident) Changed(ctx context.Context, id string, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error) {
	n, err := r.to(id)
	if err != nil {
		return core.Change{}, err
	}
	return n.Changed(ctx, ns, after, tables, wait)
}

func (r resident) Wake(ctx context.Context, id string, ns core.Namespace) (Standing, error) {
	n, err := r.to(id)
	if err != nil {
		return Standing{}, err
	}
	return n.Wake(ctx, r.id, ns)
}

func (r resident) Campaign(ctx context.Context, id string, ns core.Namespace) error {
	n, err := r.to(id)
	if err != nil {
		return err
	}
	return n.Campaign(ctx, ns)
}

func (r resident) Sleep(ctx context.Context, id string, ns core.Namespace) error {
	n, err := r.to(id)
	if err != nil {
		return err
	}
	return n.Sleep(ctx, ns)
}

func (r resident) Standing(ctx context.Context, id string, ns core.Namespace) (Standing, error) {
	n, err := r.to(id)
	if err != nil {
		return Standing{}, err
	}
	return n.Standing(ctx, ns)
}

// settle starts one node of the town.
func (w *town) settle(t testing.TB, h host.Host, s Settings) *node {
	t.Helper()
	r := resident{town: w, id: h.ID().String()}
	n, err := tryOpenIn(t, h, s, r, r)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.nodes[r.id] = n
	w.mu.Unlock()
	return n
}

func (w *town) leave(id string) {
	w.mu.Lock()
	delete(w.nodes, id)
	w.mu.Unlock()
}

// homes are n hosts that know each other.
func homes(t testing.TB, n int) []host.Host {
	t.Helper()
	hosts := make([]host.Host, n)
	for i := range hosts {
		hosts[i] = testkit.NewHost(t)
		for _, other := range hosts[:i] {
			testkit.Introduce(hosts[i], other)
		}
	}
	return hosts
}

// three is a town of three nodes that keep every group.
func three(t testing.TB, s Settings) (*town, []*node, []host.Host) {
	t.Helper()
	w, hosts := newTown(), homes(t, 3)
	for _, h := range hosts {
		w.first = append(w.first, h.ID().String())
	}
	nodes := make([]*node, 3)
	var starting sync.WaitGroup
	for i, h := range hosts {
		own := s
		own.Dir = t.TempDir()
		starting.Go(func() { nodes[i] = w.settle(t, h, own) })
	}
	starting.Wait()
	return w, nodes, hosts
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

// persist writes until it is acknowledged. Unknown outcomes are repeated under the
// same key.
func (n *node) persist(t testing.TB, key, sql string, args ...any) {
	t.Helper()
	eventually(t, sql, func() bool {
		_, err := n.Exec(t.Context(), red, []core.Statement{{SQL: sql, Args: args}}, core.ExecOptions{IdempotencyKey: key})
		if err != nil && core.CodeOf(err) != core.Unavailable && core.CodeOf(err) != core.OutcomeUnknown {
			t.Fatalf("%s: %v", sql, err)
		}
		return err == nil
	})
}

// equal waits until all nodes' replicas of red hold the same.
func equal(t testing.TB, nodes ...*node) {
	t.Helper()
	var hashes []string
	same := func() bool {
		hashes = hashes[:0]
		for _, n := range nodes {
			hash, _, err := n.Replicas().Hash(t.Context(), red)
			if err != nil {
				hash = err.Error()
			}
			hashes = append(hashes, hash)
		}
		return len(slices.Compact(slices.Clone(hashes))) == 1 && len(hashes[0]) == 64
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(15 * time.Second)
	for !same() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("the replicas differ: %v", hashes)
		}
	}
}

func leaderOf(t testing.TB, nodes []*node) (leader *node, others []*node) {
	t.Helper()
	eventually(t, "a leader", func() bool {
		leader, others = nil, nil
		for _, n := range nodes {
			if n.Leads(red) {
				leader = n
			} else {
				others = append(others, n)
			}
		}
		return leader != nil && len(others) == len(nodes)-1
	})
	return leader, others
}

// If what is put at one node cannot be read at another, there is no network. If
// the answer does not say where it comes from, nobody can trust it.
func TestReplicas_AnyNodeServesAnyRequest(t *testing.T) {
	_, nodes, _ := three(t, Settings{})
	nodes[2].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP, dice INTEGER DEFAULT (random()))`)
	for i, n := range nodes {
		n.must(t, red, fmt.Sprintf(`INSERT INTO t (id) VALUES (%d)`, i))
	}
	leader, others := leaderOf(t, nodes)
	for _, n := range nodes {
		for _, level := range []core.Level{core.LevelWeak, core.LevelLinearizable} {
			rows, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT count(*) FROM t`}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: level}})
			if err != nil || rows.Values[0][0] != int64(3) {
				t.Fatalf("%s: %v, %v", level, rows, err)
			}
			how := "forwarded"
			if n == leader {
				how = "local"
			}
			if p := rows.Provenance; p.ServedBy != leader.settings.NodeID || p.How != how || p.Index == 0 || p.Level != level {
				t.Errorf("%s: served by %+v", level, p)
			}
		}
	}
	for _, n := range others {
		eventually(t, "its own replica has it", func() bool {
			rows, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT count(*) FROM t`}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}})
			return err == nil && rows.Values[0][0] == int64(3) && rows.Provenance.How == "local" && rows.Provenance.ServedBy == n.settings.NodeID
		})
	}
	// A follower hears nothing of a changed table but from its own file.
	leader.must(t, red, `ALTER TABLE t ADD COLUMN more TEXT DEFAULT 'x'`)
	for _, n := range others {
		eventually(t, "the new column", func() bool {
			rows, err := n.Query(t.Context(), red, core.Statement{SQL: `SELECT * FROM t`}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}})
			return err == nil && len(rows.Columns) == 4 && len(rows.Values[0]) == 4
		})
	}
	equal(t, nodes...)
}

// If the death of a leader loses what was acknowledged, the network is worth nothing.
func TestReplicas_LeaderDiesDuringWrites(t *testing.T) {
	w, nodes, hosts := three(t, Settings{})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	leader, others := leaderOf(t, nodes)
	var acknowledged sync.Map
	var writing sync.WaitGroup
	stop := make(chan struct{})
	for worker := range 4 {
		writing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := int64(worker*1_000_000 + i)
				n := others[worker%2]
				if _, err := n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t VALUES (?)`, Args: []any{id}}}, core.ExecOptions{}); err == nil {
					acknowledged.Store(id, true)
				}
			}
		})
	}
	count := func() int {
		n := 0
		acknowledged.Range(func(any, any) bool { n++; return true })
		return n
	}
	eventually(t, "writes", func() bool { return count() > 200 })
	// It dies without a word: its connections end.
	at := slices.Index(nodes, leader)
	w.leave(leader.settings.NodeID)
	if err := hosts[at].Close(); err != nil {
		t.Fatal(err)
	}
	died, before := time.Now(), count()
	eventually(t, "writes after the leader's death", func() bool { return count() > before+200 })
	t.Logf("writable again %v after the leader's death", time.Since(died))
	close(stop)
	writing.Wait()
	rows := others[0].rows(t, red, `SELECT id FROM t`)
	have := map[int64]bool{}
	for _, row := range rows {
		have[numberOf(row[0])] = true
	}
	if len(rows) == MaxRows {
		t.Skip("more rows than one answer has")
	}
	acknowledged.Range(func(id, _ any) bool {
		if number, _ := id.(int64); !have[number] { //nolint:errcheck // stored above
			t.Errorf("row %d was acknowledged and is lost", number)
		}
		return true
	})
	equal(t, others...)
}

// If a node that was away does not catch up, the next death loses data.
func TestReplicas_FollowerRestarts(t *testing.T) {
	w, nodes, hosts := three(t, Settings{SnapshotEvery: 50})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY, v)`)
	leader, others := leaderOf(t, nodes)
	away := others[0]
	at := slices.Index(nodes, away)
	dir := away.settings.Dir
	w.leave(away.settings.NodeID)
	if err := away.stop(); err != nil {
		t.Fatal(err)
	}
	for i := range 200 { // so many that a snapshot must be sent
		leader.must(t, red, fmt.Sprintf(`INSERT INTO t VALUES (%d, hex(randomblob(20)))`, i))
	}
	back := w.settle(t, hosts[at], Settings{Dir: dir, SnapshotEvery: 50})
	nodes[at] = back
	eventually(t, "it is woken and catches up", func() bool {
		s, err := back.Replicas().Standing(t.Context(), red)
		return err == nil && s.State == "follower"
	})
	equal(t, nodes...)
}

// If a minority goes on as if nothing were, there are two truths.
func TestReplicas_MinorityIsUnavailable(t *testing.T) {
	w, nodes, hosts := three(t, Settings{})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	leader, others := leaderOf(t, nodes)
	at := slices.Index(nodes, leader)
	w.mu.Lock()
	w.cut[leader.settings.NodeID] = true
	w.mu.Unlock()
	for i, h := range hosts {
		if i != at {
			cutOff(t, hosts[at], h)
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := leader.Query(ctx, red, core.Statement{SQL: `SELECT 1`}, core.QueryOptions{}); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a lonely leader read linearizably: %v", err)
	}
	_, err := leader.Exec(ctx, red, []core.Statement{{SQL: `INSERT INTO t VALUES (1)`}}, core.ExecOptions{})
	if code := core.CodeOf(err); code != core.Unavailable && code != core.OutcomeUnknown {
		t.Errorf("a lonely leader wrote: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v to say so", took)
	}
	others[0].persist(t, "two", `INSERT INTO t VALUES (2)`)
	w.mu.Lock()
	w.cut = map[string]bool{}
	w.mu.Unlock()
	for i, h := range hosts {
		if i != at {
			heal(hosts[at], h)
		}
	}
	eventually(t, "the old leader follows", func() bool {
		rows, err := leader.Query(t.Context(), red, core.Statement{SQL: `SELECT id FROM t WHERE id = 2`}, core.QueryOptions{})
		return err == nil && len(rows.Values) == 1
	})
	equal(t, nodes...)
}

// If a key counts twice, whoever repeats a payment pays twice.
func TestExec_IdempotencyKey(t *testing.T) {
	_, nodes, _ := three(t, Settings{})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v)`)
	once := func(n *node, key, v string) (*core.ExecAnswer, error) {
		return n.Exec(t.Context(), red, []core.Statement{{SQL: `INSERT INTO t (v) VALUES (?) RETURNING id, v`, Args: []any{v}}}, core.ExecOptions{IdempotencyKey: key})
	}
	var repeating sync.WaitGroup
	answers := make([]*core.ExecAnswer, 12)
	for i := range answers {
		repeating.Go(func() {
			answer, err := once(nodes[i%3], "k", "tea")
			if err != nil {
				t.Errorf("repetition %d: %v", i, err)
				return
			}
			answers[i] = answer
		})
	}
	repeating.Wait()
	for i, answer := range answers {
		if answer == nil || fmt.Sprint(answer.Results[0].Rows.Values) != fmt.Sprint(answers[0].Results[0].Rows.Values) || answer.Results[0].LastInsertID != answers[0].Results[0].LastInsertID {
			t.Fatalf("repetition %d got %+v, the first %+v", i, answer, answers[0])
		}
	}
	if n := nodes[1].number(t, `SELECT count(*) FROM t`); n != 1 {
		t.Fatalf("12 requests with one key made %d rows", n)
	}
	if _, err := once(nodes[2], "k", "coffee"); core.CodeOf(err) != core.Conflict {
		t.Errorf("the same key with another write: %v", err)
	}
	leader, others := leaderOf(t, nodes)
	if err := leader.groupOf(t, red).transfer(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another leader", func() bool { return others[0].Leads(red) || others[1].Leads(red) })
	if answer, err := once(leader, "k", "tea"); err != nil || numberOf(answer.Results[0].Rows.Values[0][0]) != 1 {
		t.Errorf("after a change of the leader: %+v, %v", answer, err)
	}
	if _, err := once(nodes[0], "bad\nkey", "x"); core.CodeOf(err) != core.Invalid {
		t.Errorf("a key with a line break: %v", err)
	}
	equal(t, nodes...)
}

// If a sleeping group cannot be woken from each of its nodes, or wakes again by
// itself, sleep is no use.
func TestReplicas_SleepAndWake(t *testing.T) {
	_, nodes, _ := three(t, Settings{IdleAfter: time.Hour})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	asleep := func() bool {
		for _, n := range nodes {
			if s, err := n.Replicas().Standing(t.Context(), red); err != nil || s.State != "asleep" {
				return false
			}
		}
		return true
	}
	for i, n := range nodes {
		leader, _ := leaderOf(t, nodes)
		eventually(t, "the whole group sleeps", func() bool {
			if asleep() {
				return true
			}
			_ = leader.Replicas().Sleep(t.Context(), red) //nolint:errcheck // it is in use for a moment
			return false
		})
		began := time.Now()
		n.persist(t, fmt.Sprint("wake", i), `INSERT INTO t VALUES (?)`, int64(i))
		t.Logf("woken by node %d in %v", i, time.Since(began))
	}
	equal(t, nodes...)
}

// If a member cannot be replaced, each death is for ever.
func TestReplicas_MembersChange(t *testing.T) {
	w, hosts := newTown(), homes(t, 4)
	ids := make([]string, 4)
	nodes := make([]*node, 4)
	for i, h := range hosts {
		ids[i] = h.ID().String()
	}
	w.first = ids[:1]
	for i, h := range hosts {
		nodes[i] = w.settle(t, h, Settings{Dir: t.TempDir()})
	}
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	voters := func(want ...string) func() bool {
		return func() bool {
			for _, n := range nodes {
				s, err := n.Replicas().Standing(t.Context(), red)
				if err == nil && s.Leader == n.settings.NodeID {
					slices.Sort(s.Members)
					slices.Sort(want)
					return slices.Equal(s.Members, want)
				}
			}
			return false
		}
	}
	w.place(Place{ids[0], true}, Place{ids[1], true}, Place{ids[2], true})
	eventually(t, "it grows to three", voters(ids[0], ids[1], ids[2]))
	nodes[3].must(t, red, `INSERT INTO t VALUES (1)`) // a node without a replica
	w.place(Place{ids[1], true}, Place{ids[2], true}, Place{ids[3], true})
	eventually(t, "the founder is replaced", voters(ids[1], ids[2], ids[3]))
	eventually(t, "the founder's replica is dropped", func() bool {
		s, err := nodes[0].Replicas().Standing(t.Context(), red)
		return err == nil && s.State == "none"
	})
	eventually(t, "all three have it", func() bool {
		for _, n := range nodes[1:] {
			g, err := n.Replicas().Standing(t.Context(), red)
			if err != nil || g.LastIndex == 0 || !g.Voter {
				return false
			}
		}
		return true
	})
	if n := nodes[0].number(t, `SELECT count(*) FROM t`); n != 1 {
		t.Errorf("the founder reads %d rows through the others", n)
	}
	equal(t, nodes[1:]...)
}

// If a group without a majority is given new members, two halves may both go on:
// only those who have its log can mend it.
func TestReplicas_NoMajorityNoChange(t *testing.T) {
	w, nodes, hosts := three(t, Settings{})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	_, others := leaderOf(t, nodes)
	survivor := others[0]
	equal(t, nodes...)
	for i, n := range nodes {
		if n != survivor {
			w.leave(n.settings.NodeID)
			if err := hosts[i].Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	newcomer := testkit.NewHost(t)
	testkit.Introduce(newcomer, survivor.host)
	fourth := w.settle(t, newcomer, Settings{Dir: t.TempDir()})
	me, other := survivor.settings.NodeID, newcomer.ID().String()
	w.place(Place{me, true}, Place{other, true})
	tables, err := survivor.table()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if changed, err := tables.reconcileGroup(red, survivor.groupOf(t, red)); changed || err != nil {
			t.Fatalf("changed %v, %v", changed, err)
		}
	}
	if s, err := survivor.Replicas().Standing(t.Context(), red); err != nil || len(s.Members) != 3 {
		t.Errorf("the survivor's group has %v, %v", s.Members, err)
	}
	if s, err := fourth.Replicas().Standing(t.Context(), red); err != nil || s.Leader != "" || len(s.Members) > 0 {
		t.Errorf("the newcomer has %+v, %v", s, err)
	}
}

// If a stranger can open a group's streams, it can be anybody.
func TestReplicas_OnlyMembersOpenStreams(t *testing.T) {
	_, nodes, hosts := three(t, Settings{})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	stranger := testkit.NewHost(t)
	testkit.Introduce(stranger, hosts[0])
	s, err := stranger.NewStream(t.Context(), hosts[0].ID(), raftProtocol(red.Group()))
	if err != nil {
		return // refused before the first byte
	}
	if _, err := s.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a stranger's stream was kept: %v", err)
	}
}

// A read between writes runs on every replica: none may come to other rows by it,
// whichever node was asked and also when the transaction fails.
func TestReplicas_ReadsBetweenWrites(t *testing.T) {
	_, nodes, _ := three(t, Settings{})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY, v UNIQUE)`)
	for i, n := range nodes {
		list := []core.Statement{{SQL: `INSERT INTO t (v) VALUES (?)`, Args: []any{int64(i)}}, {SQL: `SELECT count(*) FROM t`}, {SQL: `UPDATE t SET v = v`}}
		answer, err := n.Exec(t.Context(), red, list, core.ExecOptions{Atomic: true})
		if err != nil || numberOf(answer.Results[1].Rows.Values[0][0]) != int64(i+1) {
			t.Fatalf("node %d: %+v, %v", i, answer, err)
		}
		if _, err = n.Exec(t.Context(), red, append(list, core.Statement{SQL: `SELECT missing FROM t`}), core.ExecOptions{Atomic: true}); core.CodeOf(err) != core.Invalid {
			t.Errorf("node %d: a transaction with a failing read: %v", i, err)
		}
	}
	equal(t, nodes...)
}
