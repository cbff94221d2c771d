//go:build system && linux

package sandbox_test

// Rows that need root: machines of their own (B1), disks of their own (C1).

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit/faults"
	"git.debros.io/DeBros/network/backend/internal/testkit/load"
	"git.debros.io/DeBros/network/backend/sandbox"
)

// shape is who can talk to whom during a cut. leader and nodes count from 1.
type shape struct {
	name   string
	linked func(leader, a, b int) bool
	// alone says that a node is in a minority for certain.
	alone func(leader, node int) bool
	// served says that some majority can work, and soon.
	served bool
}

const machines = 5

// from counts a node from the leader on: the leader is 0.
func from(leader, node int) int { return (node - leader + machines) % machines }

func shapes() []shape {
	half := func(leader, node int) bool { return from(leader, node) < 2 }
	return []shape{
		{
			name: "leader alone", served: true,
			linked: func(leader, a, b int) bool { return a != leader && b != leader },
			alone:  func(leader, node int) bool { return node == leader },
		},
		{
			name: "halves", served: true, // the leader and one more against three
			linked: func(leader, a, b int) bool { return half(leader, a) == half(leader, b) },
			alone:  half,
		},
		{
			name:   "ring",
			linked: func(_, a, b int) bool { d := (a - b + machines) % machines; return d == 1 || d == machines-1 },
			alone:  func(int, int) bool { return false },
		},
		{
			name: "bridge", // two sides that share only one machine, not the leader
			linked: func(leader, a, b int) bool {
				x, y := from(leader, a), from(leader, b)
				return x == 2 || y == 2 || (x < 2) == (y < 2)
			},
			alone: func(int, int) bool { return false },
		},
	}
}

// B1: whoever cannot reach a majority says so, and never shows old data as new.
func TestSystemB1_Partition(t *testing.T) {
	lan := faults.NewLAN(t, machines)
	b, l, random, rate := row(t, machines, func(s *sandbox.Settings) {
		s.Place = func(node int) sandbox.Place { return sandbox.Place{IP: lan.IP(node), Prefix: lan.Inside(node)} }
		s.Config = map[string]string{"database.replication_factor": fmt.Sprint(machines), "gateway.enabled": "false"}
	}, load.Settings{})
	t.Cleanup(func() {
		if err := lan.Heal(); err != nil {
			t.Error(err)
		}
	})
	var served, healed, refused []time.Duration
	cuts, dropped := rounds(12, 4), 0
	all := shapes()
	for i := range cuts {
		s := all[i%len(all)]
		node := leaderOf(t, b)
		leader := slices.Index(b.Nodes(), node) + 1
		if err := lan.Cut(func(x, y int) bool { return s.linked(leader, x, y) }); err != nil {
			t.Fatal(err)
		}
		began := time.Now() // the last rule is in place
		if s.served {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			took, err := l.Back(ctx, began)
			cancel()
			if err != nil {
				t.Errorf("%s: the majority does not serve: %v", s.name, err)
			} else if served = append(served, took); took > 5*time.Second {
				t.Errorf("%s: the majority serves only after %v", s.name, took)
			}
		}
		wait(t, time.Until(began.Add(4*time.Second))) // by now every leader without a majority knows it
		for j, n := range b.Nodes() {
			if s.alone(leader, j+1) {
				took, err := refuses(t, n)
				if err != nil {
					t.Errorf("%s: %s: %v", s.name, n.Name(), err)
				}
				refused = append(refused, took)
			}
		}
		wait(t, 5*time.Second+time.Duration(random.Int64N(int64(5*time.Second)))-time.Since(began))
		dropped += lan.Dropped()
		heal := time.Now()
		if err := lan.Heal(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		took, err := l.Back(ctx, heal)
		cancel()
		if err != nil {
			t.Fatalf("%s: not back after the cut was healed: %v", s.name, err)
		}
		healed = append(healed, took)
		t.Logf("%s (%s led): served %v, healed %v", s.name, node.Name(), percentile(served, 1), took)
		wait(t, 2*time.Second)
	}
	if dropped == 0 {
		t.Error("void: no packet was dropped")
	}
	conclude(t, "B1", b, l, rate, fmt.Sprintf("%d cuts, %d packets dropped; minority refuses in %v (max), majority serves after p50 %v max %v, healed p50 %v max %v",
		cuts, dropped, percentile(refused, 1), percentile(served, 0.5), percentile(served, 1), percentile(healed, 0.5), percentile(healed, 1)))
}

// errAnswered says that a node did what it must refuse.
var errAnswered = errors.New("it was not refused as it must be")

// refuses asks a node that cannot know for a strong read and for a write: both
// must be refused, within two seconds each.
func refuses(t *testing.T, n *sandbox.Node) (time.Duration, error) {
	t.Helper()
	const limit = 2 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := n.Client(ctx)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	_, err = c.Storage().Get(ctx, "load/0")
	took := time.Since(began)
	if core.CodeOf(err) != core.Unavailable || ctx.Err() != nil {
		return took, fmt.Errorf("a strong read in a minority: code %q, %w", core.CodeOf(err), errors.Join(errAnswered, err))
	}
	began = time.Now()
	err = c.Storage().Put(ctx, "minority", []byte("x"))
	took = max(took, time.Since(began))
	if code := core.CodeOf(err); code != core.Unavailable && code != core.OutcomeUnknown || ctx.Err() != nil {
		return took, fmt.Errorf("a write in a minority: code %q, %w", core.CodeOf(err), errors.Join(errAnswered, err))
	}
	if took > limit {
		return took, fmt.Errorf("refused only after %v", took)
	}
	return took, nil
}

// C1: one node's disk is full. Nothing is lost, nobody crashes, and the node
// works again when there is space, without a restart.
func TestSystemC1_DiskFullAtOneNode(t *testing.T) {
	disk := faults.NewDisk(t, 64<<20)
	b, l, random, rate := row(t, 3, func(s *sandbox.Settings) {
		s.Place = func(node int) sandbox.Place {
			p := sandbox.Place{IP: "127.0.0.1"}
			if node == 2 {
				p.DataDir = disk.Dir + "/node-2"
			}
			return p
		}
	}, load.Settings{Pace: 10 * time.Millisecond}) // 64 MB hold only so much
	victim := b.Nodes()[1]
	pid := victim.PID()
	var healed []time.Duration
	fills := rounds(10, 3)
	for range fills {
		filled := time.Now()
		if err := disk.Fill(); err != nil {
			t.Fatal(err)
		}
		wait(t, time.Second+time.Duration(random.Int64N(int64(2*time.Second))))
		if !victim.Running() || victim.PID() != pid {
			t.Fatal("the node with the full disk ended")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		if _, err := l.Back(ctx, filled); err != nil {
			t.Errorf("the others do not serve: %v", err)
		}
		cancel()
		freed := time.Now()
		if err := disk.Free(); err != nil {
			t.Fatal(err)
		}
		took, err := caughtUp(t, victim, freed)
		if err != nil {
			t.Fatal(err)
		}
		healed = append(healed, took)
	}
	conclude(t, "C1", b, l, rate, fmt.Sprintf("%d fills of one node's disk of 64 MB, caught up p50 %v max %v, no restart", fills, percentile(healed, 0.5), percentile(healed, 1)))
}

// caughtUp waits until a node takes a write and has it in its own replica.
func caughtUp(t *testing.T, n *sandbox.Node, since time.Time) (time.Duration, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := n.Client(ctx)
	if err != nil {
		return 0, err
	}
	value := fmt.Sprint(since.UnixNano())
	var last error
	for ctx.Err() == nil {
		once, stop := context.WithTimeout(ctx, 2*time.Second)
		if last = c.Storage().Put(once, "space", []byte(value)); last == nil {
			item, _, errGet := c.Storage().GetItem(once, "space", core.ReadOptions{Level: core.LevelNone})
			if last = errGet; last == nil && string(item.Value) == value {
				stop()
				return time.Since(since), nil
			}
		}
		stop()
		wait(t, 50*time.Millisecond)
	}
	if last == nil {
		last = errors.New("it takes writes, and its own replica does not have them")
	}
	stands, err := c.Operator().Placements(t.Context())
	return 0, errors.Join(fmt.Errorf("%s is not back 30 s after it has space: %w; the groups: %+v", n.Name(), last, stands), err)
}
