//go:build system && linux

// Row A7: a replica that was away for so long that it needs a snapshot, and dies
// while it takes it. Run with
//
//	go test -tags system -run TestSystemA7 ./backend/database    (the power cut as root)

package database

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit/faults"
)

const (
	catchUpRounds  = 10
	catchUpWriters = 4
	catchUpStep    = 25    // writes of each before the log is looked at
	catchUpFloor   = 100.0 // acknowledged writes a second while the replica is away
	catchUpText    = 4 << 10
	installPause   = 600 * time.Millisecond // the death comes within so long after the snapshot begins to arrive
)

// A7: if a death while a snapshot is taken in leaves rows out, or has them twice,
// the next leader may be the one that lost them.
func TestSystemA7_KillWhileCatchingUp(t *testing.T) {
	a := newAway(t, filepath.Join(t.TempDir(), "databases"))
	for range rounds(catchUpRounds) {
		a.round(t, func() {})
	}
	a.report(t, "A7")
}

// A7, power: what the replica said it had must be on its disk.
func TestSystemA7_PowerCutWhileCatchingUp(t *testing.T) {
	d := faults.NewDisk(t, powerDisk)
	a := newAway(t, filepath.Join(d.Dir, "databases"))
	for range rounds(catchUpRounds) {
		a.round(t, func() {
			if err := d.Cut(); err != nil {
				t.Fatal(err)
			}
		}, d.Unmount, d.Mount)
	}
	a.report(t, "A7 power")
}

// away is a group of two voters, and a third replica that is away again and again.
type away struct {
	town   *town
	voters []*node
	hosts  []host.Host
	dir    string // of the third
	random *rand.Rand
	seed   uint64

	written      int
	floor        float64
	rounds       int
	inside, kept int // deaths before and after the snapshot was put aside
	slowest      time.Duration
}

func newAway(t *testing.T, dir string) *away {
	t.Helper()
	a := &away{town: newTown(), hosts: homes(t, 2), dir: dir, floor: 1e9}
	a.random, a.seed = seeded(t)
	third := childHost(t.Fatal)
	for _, h := range a.hosts {
		a.town.first = append(a.town.first, h.ID().String())
	}
	for _, h := range a.hosts {
		a.voters = append(a.voters, a.town.settle(t, h, Settings{Dir: t.TempDir(), SnapshotEvery: childEvery}))
	}
	a.voters[0].must(t, red, `CREATE TABLE t (id TEXT, text BLOB)`)
	a.town.place(Place{a.town.first[0], true}, Place{a.town.first[1], true}, Place{third.ID().String(), false})
	closeQuietly(third)()
	return a
}

// round lets the replica be away, come back, die in the middle, and come back.
func (a *away) round(t *testing.T, cut func(), repair ...func() error) {
	t.Helper()
	a.write(t)
	child := followCommand(a.dir, a.hosts)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeQuietly(killer{child.Process})) // it is dead already, unless the row ends early
	arriving := filepath.Join(a.dir, "red", snapshotsFolder, "*"+unfinished)
	for until := time.Now().Add(30 * time.Second); ; <-time.After(200 * time.Microsecond) {
		if found, _ := filepath.Glob(arriving); len(found) > 0 { //nolint:errcheck // the pattern is sound
			break
		}
		if time.Now().After(until) {
			t.Fatalf("A7 void: no snapshot was sent (seed %d)", a.seed)
		}
	}
	<-time.After(time.Duration(a.random.Int64N(int64(installPause))))
	cut()
	closeQuietly(killer{child.Process})()
	_ = child.Wait() //nolint:errcheck // it was killed
	for _, step := range repair {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	a.judgeDeath(t)
	a.look(t)
	a.rounds++
	if t.Failed() {
		t.FailNow()
	}
}

// write is what the replica misses: so much that the log behind it is cut.
func (a *away) write(t *testing.T) {
	t.Helper()
	leader, _ := leaderOf(t, a.voters)
	last, began, before := lastIndex(t, leader), time.Now(), a.written
	for k := keptOf(t, leader.settings.Dir); k == nil || k.Meta.Index <= last+childEvery+caughtUp; k = keptOf(t, leader.settings.Dir) {
		var writing sync.WaitGroup
		for w := range catchUpWriters {
			writing.Go(func() {
				for i := range catchUpStep {
					insert := core.Statement{SQL: `INSERT INTO t VALUES (?, randomblob(?))`, Args: []any{fmt.Sprint(a.written + w*catchUpStep + i), int64(catchUpText)}}
					if _, err := leader.Exec(t.Context(), red, []core.Statement{insert}, core.ExecOptions{}); err != nil {
						t.Errorf("write: %v (seed %d)", err, a.seed)
					}
				}
			})
		}
		writing.Wait()
		a.written += catchUpWriters * catchUpStep
		if t.Failed() {
			t.FailNow()
		}
	}
	a.floor = min(a.floor, float64(a.written-before)/time.Since(began).Seconds())
	// What was there before gives its space back: the snapshots stay as they are.
	leader.persist(t, fmt.Sprint("shrink-", a.rounds), `UPDATE t SET text = NULL WHERE rowid <= ?`, int64(before))
}

// judgeDeath notes whether the snapshot had been put aside when the replica died.
func (a *away) judgeDeath(t *testing.T) {
	t.Helper()
	leader, _ := leaderOf(t, a.voters)
	if k := keptOf(t, a.dir); k != nil && k.Meta.Index >= keptOf(t, leader.settings.Dir).Meta.Index {
		a.kept++
	} else {
		a.inside++
	}
}

// look brings the replica back for good and compares it with the others.
func (a *away) look(t *testing.T) {
	t.Helper()
	h := childHost(t.Fatal)
	began := time.Now()
	for _, voter := range a.hosts {
		if err := h.Connect(t.Context(), peer.AddrInfo{ID: voter.ID(), Addrs: voter.Addrs()}); err != nil {
			t.Fatal(err)
		}
	}
	n := a.town.settle(t, h, Settings{Dir: a.dir, SnapshotEvery: childEvery})
	leader, _ := leaderOf(t, a.voters)
	eventually(t, "the replica has caught up", func() bool {
		_, _ = n.Replicas().Wake(t.Context(), leader.settings.NodeID, red) //nolint:errcheck // again in a moment
		s, err := n.Replicas().Standing(t.Context(), red)
		return err == nil && s.Index >= lastIndex(t, leader)
	})
	equal(t, append([]*node{n}, a.voters...)...)
	a.slowest = max(a.slowest, time.Since(began))
	mine, at, err := n.Replicas().Hash(t.Context(), red)
	theirs, index, errTheirs := leader.Replicas().Hash(t.Context(), red)
	if err != nil || errTheirs != nil || mine != theirs || at != index {
		t.Errorf("the replica is at %d with %s, the leader at %d with %s: %v, %v (seed %d)", at, mine, index, theirs, err, errTheirs, a.seed)
	}
	for what, want := range map[string]int64{`SELECT count(*) FROM t`: int64(a.written), `SELECT count(DISTINCT id) FROM t`: int64(a.written)} {
		rows, errRows := n.Replicas().Query(t.Context(), red, core.Statement{SQL: what}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}})
		if errRows != nil || numberOf(rows.Values[0][0]) != want {
			t.Errorf("%s: %v instead of %d, %v (seed %d)", what, rows, want, errRows, a.seed)
		}
	}
	rows, err := n.Replicas().Query(t.Context(), red, core.Statement{SQL: `PRAGMA integrity_check`}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}})
	if err != nil || fmt.Sprint(rows.Values) != "[[ok]]" {
		t.Errorf("the file is not sound: %v, %v (seed %d)", rows, err, a.seed)
	}
	a.town.leave(n.settings.NodeID)
	if err := n.stop(); err != nil {
		t.Error(err)
	}
	closeQuietly(h)()
}

func (a *away) report(t *testing.T, row string) {
	t.Helper()
	t.Logf("%s seed %d: floor %.0f/s, %d deaths while a snapshot came, %d of them before it was put aside, %d after; %d acknowledged and there once, equal after at most %v",
		row, a.seed, a.floor, a.rounds, a.inside, a.kept, a.written, a.slowest.Round(time.Millisecond))
	switch {
	case a.floor < catchUpFloor:
		t.Errorf("%s void: %.0f writes/s are below the floor", row, a.floor)
	case a.inside == 0:
		t.Errorf("%s void: no death came before the snapshot was put aside", row)
	}
}

func lastIndex(t *testing.T, n *node) uint64 {
	t.Helper()
	s, err := n.Replicas().Standing(context.WithoutCancel(t.Context()), red)
	if err != nil {
		t.Fatal(err)
	}
	return s.Index
}
