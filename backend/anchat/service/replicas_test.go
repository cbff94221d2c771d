package service

// Real groups of three replicas on loopback.

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/replicas"
)

// village is a network with a service on each of its nodes.
type village struct {
	*replicas.Network
	settings Settings

	mu       sync.Mutex
	services [replicas.Keepers]*Service
}

func newVillage(t testing.TB, s Settings) *village {
	t.Helper()
	v := &village{Network: replicas.New(t, replicas.Keepers), settings: s}
	for i := range v.services {
		v.serve(i)
	}
	return v
}

// serve makes the service of a node that was started.
func (v *village) serve(i int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.services[i] = New(v.settings, v.Databases(i).Internal(), street{v, v.Databases(i)}, slog.New(slog.DiscardHandler))
}

func (v *village) at(i int) *Service {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.services[i%len(v.services)]
}

// street is the replicas as one node reaches them.
type street struct {
	*village
	d *database.Databases
}

func (s street) Keepers(context.Context, core.Namespace) ([]string, error) {
	nodes := make([]string, len(s.services))
	for i := range nodes {
		nodes[i] = s.Node(i)
	}
	return nodes, nil
}

func (s street) QueryAt(ctx context.Context, node string, ns core.Namespace, st core.Statement, o core.QueryOptions) (*core.Rows, error) {
	return s.d.Internal().QueryAt(ctx, node, ns, st, o)
}

func (street) Name(node string) string { return node }

// until repeats what fails while a group has no leader. It gives up after a minute.
func until(t testing.TB, what string, try func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !try() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// Of two who are first at the same place on different nodes one must win, and the
// other must know; and all that was taken must be at every replica, in one order.
func TestThreeReplicas_WritersRace(t *testing.T) {
	v := newVillage(t, lifted())
	alice := newPerson(t, time.Now).enrolled(v.at(0))
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	must(t, v.at(1), k.announce())
	var previous wire.Hash
	for round := range 10 {
		events, messages := make([]wire.Event, 3), make([]wire.Message, 3)
		for i := range events {
			events[i], messages[i] = alice.event(tag.Name(), uint64(round+1), previous, false), k.message(uint32(round))
		}
		var won, lost [2]atomic.Int64
		var all sync.WaitGroup
		race := func(what, node int, row wire.Row) {
			all.Go(func() {
				receipts, err := v.at(node).As(wire.Caller{Device: insider}).Put(context.Background(), [][]byte{row.Encode()})
				switch {
				case err != nil:
					t.Error(err)
				case receipts[0].Code == "":
					won[what].Add(1)
					if e, ok := row.(wire.Event); ok {
						previous = e.Hash()
					}
				case receipts[0].Code == core.Conflict:
					lost[what].Add(1)
				default:
					t.Errorf("%s: %s", receipts[0].Code, receipts[0].Why)
				}
			})
		}
		for i := range events {
			race(0, i, events[i])
			race(1, i, messages[i])
		}
		all.Wait()
		for what := range won {
			if won[what].Load() != 1 || lost[what].Load() != 2 {
				t.Fatalf("round %d: %d won, %d lost", round, won[what].Load(), lost[what].Load())
			}
		}
	}
	var talks []*talk
	for range 6 {
		talks = append(talks, alice.talk(tag.Name()))
		must(t, v.at(2), talks[len(talks)-1].announce())
	}
	var all sync.WaitGroup
	for i, other := range talks {
		all.Go(func() {
			for n := range uint32(20) {
				must(t, v.at(i), other.message(n))
			}
		})
	}
	all.Wait()
	rows := box(t, v.at(0), tag)
	if len(rows) != 1+20+6+120 {
		t.Errorf("%d rows", len(rows))
	}
	for i, row := range rows {
		if row.Seq != uint64(i+1) {
			t.Fatalf("row %d has number %d", i+1, row.Seq)
		}
	}
	last := talks[0]
	until(t, "every replica has the last messages", func() bool {
		held, err := v.at(1).As(wire.Caller{}).StoredAt(t.Context(), last.session, 19)
		return err == nil && len(held.All) == 3 && slices.Equal(held.By, held.All)
	})
	sameEverywhere(t, v)
	v.Kill((v.Leader(wire.Namespace) + 1) % 3)
	held, err := v.at(v.Leader(wire.Namespace)).As(wire.Caller{}).StoredAt(t.Context(), last.session, 19)
	if err != nil || len(held.All) != 3 || len(held.By) != 2 {
		t.Errorf("with one replica away: %+v %v", held, err)
	}
}

// Whoever asks several nodes at once must not get more than one node gives, nor fork
// a list of devices.
func TestThreeReplicas_OneQuotaAndOneList(t *testing.T) {
	s, clock := lifted(), testkit.NewClock()
	s.Messages, s.Now = Rate{1000, 12}, clock.Now
	v := newVillage(t, s)
	p := newPerson(t, clock.Now)
	alice := p.enrolled(v.at(0))
	tag := wire.NewTag()
	k := alice.talk(tag.Name())
	must(t, v.at(0), k.announce())
	one := p.list
	var stored, listed atomic.Int64
	var all sync.WaitGroup
	try := func(node int, row wire.Row, won *atomic.Int64, lost core.Code) {
		all.Go(func() {
			receipts, err := v.at(node).As(wire.Caller{}).Put(context.Background(), [][]byte{row.Encode()})
			switch {
			case err != nil:
				t.Error(err)
			case receipts[0].Code == "":
				won.Add(1)
			case receipts[0].Code != lost:
				t.Errorf("%s: %s: %s", row.Kind(), receipts[0].Code, receipts[0].Why)
			}
		})
	}
	for i := range 30 {
		try(i, k.message(uint32(i)), &stored, core.Limited)
	}
	for i := range 6 {
		next := one.With(alice.id, clock.Now().Add(time.Duration(i)*time.Second))
		try(i, signList(alice, next), &listed, core.Conflict)
	}
	all.Wait()
	if stored.Load() != 12 || listed.Load() != 1 {
		t.Errorf("%d messages of 12 are stored, and %d lists of one", stored.Load(), listed.Load())
	}
	if n := len(box(t, v.at(1), tag)); n != 13 {
		t.Errorf("%d rows", n)
	}
}

// sameEverywhere compares all that the replicas hold.
func sameEverywhere(t *testing.T, v *village) {
	t.Helper()
	until(t, "the replicas hold the same", func() bool {
		sums := map[string]bool{}
		for i := range v.services {
			sum, _, err := v.Databases(i).Replicas().Hash(t.Context(), wire.Namespace)
			if err != nil {
				return false
			}
			sums[sum] = true
		}
		return len(sums) == 1
	})
}

// A message that was acknowledged must be there, once, whatever happened to the
// leaders meanwhile; and whoever has not heard must come to an end with the same
// bytes.
func TestThreeReplicas_NothingLostOrDoubled(t *testing.T) {
	if l := loseNothing(t, 1200, 2); l.stored.Load() != 1200 {
		t.Errorf("%d are acknowledged", l.stored.Load())
	}
}

// load is what the writers of a loss test share.
type load struct {
	*village
	stored, repeats atomic.Int64
	figures         string
}

const (
	lossWriters = 8
	lossBatch   = 10
)

// loseNothing writes messages from many sides while leaders die.
func loseNothing(t *testing.T, messages, kills int) *load {
	l := &load{village: newVillage(t, lifted())}
	alice := newPerson(t, time.Now).enrolled(l.at(0))
	tag := wire.NewTag()
	each := messages / lossWriters
	talks := make([]*talk, lossWriters)
	for i := range talks {
		talks[i] = alice.talk(tag.Name())
		must(t, l.at(0), talks[i].announce())
	}
	began := time.Now()
	var writing sync.WaitGroup
	for i, k := range talks {
		writing.Go(func() { l.write(t, k, i, each) })
	}
	total := int64(each * lossWriters)
	for kill := range kills {
		target := total * int64(kill+1) / int64(kills+1)
		until(t, fmt.Sprintf("%d of %d are stored", target, total), func() bool { return l.stored.Load() >= target })
		leader := -1
		until(t, "there is a leader", func() bool { leader = l.Leader(wire.Namespace); return leader >= 0 })
		l.Kill(leader)
		before := l.stored.Load()
		until(t, "it goes on without the leader", func() bool { return l.stored.Load() >= min(before+1, total) })
		l.Start(leader)
		l.serve(leader)
	}
	writing.Wait()
	took := time.Since(began)
	sameEverywhere(t, l.village)
	lost, doubled := l.count(t, tag, talks, each)
	l.figures = fmt.Sprintf("%d messages, %d deaths of leaders, %v, %.0f messages a second, %d puts repeated, %d lost, %d doubled",
		total, kills, took.Round(time.Millisecond), float64(total)/took.Seconds(), l.repeats.Load(), lost, doubled)
	t.Log(l.figures)
	return l
}

// write puts a session's messages in order, a batch at a time; a batch whose fate is
// unknown goes to the next node, byte for byte.
func (l *load) write(t *testing.T, k *talk, node, each int) {
	for index := 0; index < each; {
		var rows [][]byte
		for ; len(rows) < lossBatch && index < each; index++ {
			rows = append(rows, k.message(uint32(index)).Encode())
		}
		until(t, "a batch is stored", func() bool {
			node++
			receipts, err := l.at(node).As(wire.Caller{}).Put(t.Context(), rows)
			if err == nil && !slices.ContainsFunc(receipts, func(r wire.Receipt) bool { return r.Code != "" }) {
				return true
			}
			l.repeats.Add(1)
			return false
		})
		l.stored.Add(int64(len(rows)))
	}
}

// count reads the mailbox at every replica and finds what is missing or there twice.
func (l *load) count(t *testing.T, tag wire.Tag, talks []*talk, each int) (lost, doubled int) {
	for i := range l.services {
		seen := map[string]int{}
		var last uint64
		for _, row := range box(t, l.at(i), tag) {
			if row.Seq != last+1 {
				t.Errorf("replica %d: number %d follows %d", i, row.Seq, last)
			}
			last = row.Seq
			decoded, err := wire.Decode(row.Row)
			if err != nil {
				t.Fatal(err)
			}
			if m, ok := decoded.(wire.Message); ok {
				index, err := m.Check()
				if err != nil {
					t.Error(err)
				}
				seen[string(messageKey(m.Session, index))]++
			}
		}
		for _, k := range talks {
			for index := range each {
				switch n := seen[string(messageKey(k.session, uint32(index)))]; {
				case n == 0:
					lost++
				case n > 1:
					doubled++
				}
			}
		}
		if lost+doubled > 0 || len(seen) != each*len(talks) {
			t.Errorf("up to replica %d: %d lost, %d doubled; %d here", i, lost, doubled, len(seen))
		}
	}
	return lost, doubled
}
