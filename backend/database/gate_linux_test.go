// Replicas whose disk fails under them, with the real rqlite and its real log: the
// log's descriptor is pointed at a device that takes what is written, keeps
// nothing and then fails the sync, as a disk does whose last writes are lost.

package database

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// breakDisk makes each sync of the log of ns fail from now on.
func (n *node) breakDisk(t *testing.T, ns core.Namespace) {
	t.Helper()
	path := filepath.Join(n.settings.Dir, string(ns), logFile)
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	device, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer closeQuietly(device)()
	broken := 0
	for _, entry := range open {
		var fd int
		if target, errLink := os.Readlink("/proc/self/fd/" + entry.Name()); errLink != nil || target != path {
			continue
		}
		if _, err = fmt.Sscan(entry.Name(), &fd); err == nil {
			err = unix.Dup3(int(device.Fd()), fd, unix.O_CLOEXEC)
		}
		if err != nil {
			t.Fatal(err)
		}
		broken++
	}
	if broken != 1 {
		t.Fatalf("%s is open %d times", path, broken)
	}
}

// awakeGroup is the node's open replica of ns.
func (n *node) awakeGroup(t *testing.T, ns core.Namespace) *group {
	t.Helper()
	open, _ := n.groups.awake()
	if open[ns] == nil {
		t.Fatalf("%s is not awake", ns)
	}
	return open[ns]
}

// insert writes one row.
func (n *node) insert(ns core.Namespace) error {
	_, err := n.Exec(context.Background(), ns, []core.Statement{{SQL: `INSERT INTO t(x) VALUES ('x')`}}, core.ExecOptions{})
	return err
}

// count is how many rows namespace red shows at the level.
func (n *node) count(level core.Level) (int64, error) {
	rows, err := n.Query(context.Background(), red, core.Statement{SQL: `SELECT count(*) FROM t`}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: level}})
	if err != nil {
		return 0, err
	}
	count, ok := rows.Values[0][0].(int64)
	if !ok {
		return 0, errors.New("the count is no number")
	}
	return count, nil
}

// refused tells whether err says that nothing was done, why, and what helps.
func refused(err error) bool {
	return core.CodeOf(err) == core.Unavailable && strings.Contains(core.Sentence(err), "check the disk, then restart the node")
}

const fillers = 4 // who write at once while the disk fails

// fillUntilRefused writes from several sides until all are refused, and returns
// how many writes were acknowledged and of how many nobody knows.
func (n *node) fillUntilRefused(t *testing.T, ns core.Namespace, began func()) (acknowledged, unknown int64) {
	t.Helper()
	var mu sync.Mutex
	var once sync.Once
	var filling sync.WaitGroup
	for range fillers {
		filling.Go(func() {
			for mine := 0; ; mine++ {
				if mine == 20 {
					once.Do(began)
				}
				err := n.insert(ns)
				mu.Lock()
				switch {
				case err == nil:
					acknowledged++
				case core.CodeOf(err) == core.OutcomeUnknown:
					unknown++
				}
				mu.Unlock()
				switch {
				case refused(err):
					return
				case err != nil && core.CodeOf(err) != core.OutcomeUnknown:
					t.Errorf("a write on a failing disk: %v", err)
					return
				}
			}
		})
	}
	filling.Wait()
	return acknowledged, unknown
}

// electedInVain waits until Raft has wanted a new term, which it cannot store: it
// used to end the program then.
func electedInVain(t *testing.T, g *group) {
	t.Helper()
	before := g.raft.Load().CurrentTerm()
	waitFor(t, func() bool { return g.raft.Load().CurrentTerm() > before+1 })
	if g.store.IsLeader() {
		t.Error("a replica leads that cannot store its vote")
	}
}

// If one failing disk sector ends the program, all namespaces are gone with it; if
// the replica writes on, it acknowledges what is not on the disk.
func TestFailedDisk_OfOneNamespace(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	n := open(t, h, Settings{Dir: dir})
	n.must(t, red, `CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)`)
	n.must(t, blue, `CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)`)
	acknowledged, unknown := n.fillUntilRefused(t, red, func() { n.breakDisk(t, red) })
	if acknowledged < 20 || unknown == 0 {
		t.Fatalf("%d were acknowledged, of %d nobody knows: the fault was not met", acknowledged, unknown)
	}
	electedInVain(t, n.awakeGroup(t, red))

	n.groups.sleepIdle(time.Now().Add(time.Hour)) // it could not be opened again
	if got, err := n.count(core.LevelNone); err != nil || got != acknowledged {
		t.Errorf("read with level none: %d rows of %d, %v", got, acknowledged, err)
	}
	for _, level := range []core.Level{core.LevelWeak, core.LevelLinearizable} {
		if _, err := n.count(level); !refused(err) {
			t.Errorf("read with level %s: %v", level, err)
		}
	}
	if err := n.insert(red); !refused(err) {
		t.Errorf("a write: %v", err)
	}
	if err := n.insert(blue); err != nil {
		t.Errorf("a write of a namespace whose disk is fine: %v", err)
	}
	if c := n.Check(); c.State != core.StateDegraded || !strings.Contains(c.Detail, red.Group()) || !strings.Contains(c.Detail, "check the disk") {
		t.Errorf("health says %+v", c)
	}

	if err := n.stop(); err != nil {
		t.Fatal(err)
	}
	n = open(t, h, Settings{Dir: dir})
	if got, err := n.count(core.LevelLinearizable); err != nil || got < acknowledged || got > acknowledged+unknown {
		t.Errorf("after the restart: %d rows, %d acknowledged, %d unknown, %v", got, acknowledged, unknown, err)
	}
	if err := n.insert(red); err != nil {
		t.Errorf("a write after the restart: %v", err)
	}
}

// If the node says that it is well while it cannot tell who may do what, nobody
// restarts it; if it ends, the namespaces whose disk is fine end too.
func TestFailedDisk_OfTheNetworksOwnGroup(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)`)
	n.breakDisk(t, core.SystemNamespace)
	_, err := n.Internal().Exec(t.Context(), core.SystemNamespace, []core.Statement{{SQL: `CREATE TABLE t (x)`}}, core.ExecOptions{})
	if core.CodeOf(err) != core.OutcomeUnknown {
		t.Errorf("a write on a failing disk: %v", err)
	}
	electedInVain(t, n.awakeGroup(t, core.SystemNamespace))
	if c := n.Check(); c.State != core.StateDown || !strings.Contains(c.Detail, core.SystemNamespace.Group()) {
		t.Errorf("health says %+v", c)
	}
	if err := n.insert(red); err != nil {
		t.Errorf("a write of a namespace whose disk is fine: %v", err)
	}
}

// If a group of three stops with one bad disk, three nodes are worse than one; if
// the node with the bad disk turns its users away, they have to find another.
func TestFailedDisk_TheGroupGoesOn(t *testing.T) {
	for _, of := range []string{"the leader", "a follower"} {
		t.Run(of, func(t *testing.T) {
			_, nodes, _ := three(t, Settings{})
			nodes[0].must(t, red, `CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)`)
			var bad *node
			eventually(t, "all replicas are awake", func() bool {
				for _, n := range nodes {
					if open, _ := n.groups.awake(); open[red] == nil {
						return false
					}
					if n.Leads(red) == (of == "the leader") {
						bad = n
					}
				}
				return bad != nil
			})
			bad.breakDisk(t, red)
			acknowledged, unknown := int64(0), int64(0)
			insert := func() bool {
				err := bad.insert(red)
				switch core.CodeOf(err) {
				case "":
					acknowledged++
				case core.OutcomeUnknown:
					unknown++
				case core.Unavailable:
				default:
					t.Fatal(err)
				}
				return err == nil
			}
			g := bad.awakeGroup(t, red)
			eventually(t, "the disk fails", func() bool { insert(); return g.gate.fault() != nil })
			for range 20 {
				eventually(t, "a write at the node with the bad disk is stored by the others", insert)
			}
			if got, err := bad.count(core.LevelLinearizable); err != nil || got < acknowledged || got > acknowledged+unknown {
				t.Errorf("%d rows, %d acknowledged, %d unknown, %v", got, acknowledged, unknown, err)
			}
		})
	}
}
