//go:build system

package sandbox_test

// Rows A1, A3 and A9 of the scoreboard: three processes, killed, cut off in the
// middle of an answer, and paused. DEBROS_SEED repeats the choices of a run;
// -short does a few rounds. Rows that need root are in system_lan_test.go.

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit/faults"
	"git.debros.io/DeBros/network/backend/internal/testkit/load"
	"git.debros.io/DeBros/network/backend/sandbox"
)

// floor is the traffic below which a fault proves nothing: acknowledged writes a
// second in the time before it.
const (
	floor       = 100.0
	floorWindow = 10 * time.Second
	pace        = 4 * time.Millisecond // keeps the history short enough to be judged
)

// rounds is how often a row does its fault.
func rounds(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}

// row begins a row: a sandbox of so many nodes under load, past the floor.
func row(t *testing.T, nodes int, change func(*sandbox.Settings), s load.Settings) (*sandbox.Sandbox, *load.Load, *rand.Rand, float64) {
	t.Helper()
	set := settings(t, nodes)
	if change != nil {
		change(&set)
	}
	b, _ := up(t, set)
	s.Seed, s.Dial = seed(t), workers(b)
	if s.Pace == 0 {
		s.Pace = pace
	}
	l, err := load.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	t.Cleanup(func() {
		if !stopped {
			l.Stop()
		}
	})
	wait(t, floorWindow)
	rate := l.Rate(floorWindow)
	if rate < floor {
		t.Errorf("void: %.0f acknowledged writes/s are below the floor of %.0f", rate, floor)
	}
	return b, l, rand.New(rand.NewPCG(s.Seed, 99)), rate
}

// wait lets the load work for a time that is part of the row's definition.
func wait(t testing.TB, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// within is a random duration, short ones as likely as long ones ten times over.
func within(r *rand.Rand, least, most time.Duration) time.Duration {
	return time.Duration(float64(least) * math.Pow(float64(most)/float64(least), r.Float64()))
}

// leaderOf asks until some node leads.
func leaderOf(t *testing.T, b *sandbox.Sandbox) *sandbox.Node {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := b.Node(ctx, "leader")
		if err == nil {
			return n
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("no leader: %v", err)
		}
	}
}

func percentile(list []time.Duration, p float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*p))].Round(time.Millisecond)
}

// conclude judges the load of a row and prints its line.
func conclude(t *testing.T, name string, b *sandbox.Sandbox, l *load.Load, rate float64, figures string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	r := judge(ctx, t, b, l)
	if share := r.UnknownShare(); share > load.MaxUnknown {
		t.Errorf("void: %.0f %% of the outcomes are unknown", 100*share)
	}
	t.Logf("%s seed %d: floor %.0f/s, %d acknowledged, %d strong reads, %d unknown, history of %d; %s",
		name, r.Seed, rate, r.Acknowledged, r.Reads, r.Unknown, r.Operations(), figures)
}

// A1: the leader is killed again and again; what was acknowledged stays.
func TestSystemA1_KillTheLeader(t *testing.T) {
	b, l, random, rate := row(t, 3, nil, load.Settings{})
	var back []time.Duration
	changes, last := 0, ""
	for range rounds(20, 5) {
		leader := leaderOf(t, b)
		if leader.Name() != last {
			changes++
		}
		last = leader.Name()
		killed := time.Now()
		if err := leader.Kill(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		took, err := l.Back(ctx, killed)
		cancel()
		if err != nil {
			t.Fatalf("after the kill of %s: %v", leader.Name(), err)
		}
		back = append(back, took)
		wait(t, time.Duration(random.Int64N(int64(5*time.Second))))
		if err := leader.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		wait(t, time.Second)
	}
	if changes < 2 {
		t.Error("void: the leader never changed")
	}
	p50, most := percentile(back, 0.5), slices.Max(back)
	if p50 > 3*time.Second || most > 6*time.Second {
		t.Errorf("back after %v (p50), %v (max); 3 s and 6 s are allowed", p50, most)
	}
	conclude(t, "A1", b, l, rate, fmt.Sprintf("%d kills, back p50 %v max %v", len(back), p50, most.Round(time.Millisecond)))
}

// A9: a process that slept does not know how old its knowledge is.
func TestSystemA9_Pause(t *testing.T) {
	b, l, random, rate := row(t, 3, nil, load.Settings{Reads: 5, Timeout: 15 * time.Second})
	var longest time.Duration
	changes, asked, answered := 0, 0, atomic.Int64{}
	pauses := rounds(100, 10)
	for i := range pauses {
		victim := b.Nodes()[random.IntN(3)]
		if random.IntN(10) < 7 {
			victim = leaderOf(t, b)
		}
		d := within(random, 100*time.Millisecond, 4*time.Second)
		if i%25 == 10 {
			d = 10 * time.Second
		}
		longest = max(longest, d)
		late, err := victim.Dial(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		paused := time.Now()
		if err := victim.Pause(); err != nil {
			t.Fatal(err)
		}
		// Others may lead by the end of the pause. Reads that are asked of the
		// sleeping node now are answered when it wakes, if it still thinks it may.
		wait(t, d*8/10)
		var reads sync.WaitGroup
		for key := range 8 {
			asked++
			reads.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				defer cancel()
				if l.Read(ctx, late, key) == nil {
					answered.Add(1)
				}
			})
		}
		wait(t, time.Until(paused.Add(d)))
		if err := victim.Resume(); err != nil {
			t.Fatal(err)
		}
		reads.Wait()
		if err := late.Disconnect(); err != nil {
			t.Error(err)
		}
		if d > time.Second && leaderOf(t, b) != victim {
			changes++
		}
		wait(t, 200*time.Millisecond)
	}
	if changes == 0 {
		t.Error("void: no pause made another node lead")
	}
	conclude(t, "A9", b, l, rate, fmt.Sprintf("%d pauses up to %v, %d with another leader after; %d of %d reads of the waking node answered",
		pauses, longest.Round(time.Millisecond), changes, answered.Load(), asked))
}

// A3: the answer is lost, the caller asks again elsewhere; it happens once.
func TestSystemA3_RetryStorm(t *testing.T) {
	const clients = 8
	writes := rounds(10_000, 1_000)
	b, report := up(t, settings(t, 3))
	s := seed(t)
	random := rand.New(rand.NewPCG(s, 3))
	var mu sync.Mutex
	budget := func() int64 { // the handshakes take some 5 KB
		mu.Lock()
		defer mu.Unlock()
		return 6_000 + random.Int64N(20_000)
	}
	var peers []string
	var cutters []*faults.Cutter
	for _, n := range report.Nodes {
		parts := strings.Split(n.P2P, "/") // "", ip4, IP, tcp, PORT, p2p, ID
		c := faults.NewCutter(t, net.JoinHostPort(parts[2], parts[4]), budget)
		host, port, err := net.SplitHostPort(c.Address)
		if err != nil {
			t.Fatal(err)
		}
		cutters = append(cutters, c)
		peers = append(peers, "/ip4/"+host+"/tcp/"+port+"/p2p/"+parts[6])
	}
	operator := operators(t.Context(), t, b)[0]
	if _, err := operator.Database().Execute(t.Context(), "CREATE TABLE storm (id TEXT)"); err != nil {
		t.Fatal(err)
	}
	floorRate := calm(t, b, s)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var retries, repeated, differ, acknowledged atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for w := range clients {
		all.Go(func() {
			storm := &stormer{seed: s, number: w, peers: peers, key: report.APIKey, retries: &retries, repeated: &repeated, differ: &differ}
			for i := range writes / clients {
				if err := storm.write(ctx, fmt.Sprintf("%d.%d", w, i)); err != nil {
					t.Errorf("write %d.%d: %v", w, i, err)
					break
				}
				acknowledged.Add(1)
			}
			storm.close(t)
		})
	}
	all.Wait()
	rate := float64(acknowledged.Load()) / time.Since(began).Seconds()
	found, err := load.IDs(t.Context(), operator, "storm")
	if err != nil {
		t.Fatal(err)
	}
	missing, twice := 0, 0
	for w := range clients {
		for i := range writes / clients {
			switch n := found[fmt.Sprintf("%d.%d", w, i)]; {
			case n == 0:
				missing++
			case n > 1:
				twice++
			}
		}
	}
	var cuts int64
	for _, c := range cutters {
		cuts += c.Cuts()
	}
	if missing > 0 || twice > 0 || differ.Load() > 0 {
		t.Errorf("%d writes are missing, %d happened twice, %d answers differ from the first", missing, twice, differ.Load())
	} else if cuts < int64(writes/200) || retries.Load() < int64(writes/50) {
		t.Errorf("void: only %d cuts and %d retries", cuts, retries.Load())
	}
	t.Logf("A3 seed %d: floor %.0f/s, %.0f/s in the storm, %d acknowledged, %d cuts, %d retries, %d repeated answers equal; %d missing, %d twice",
		s, floorRate, rate, acknowledged.Load(), cuts, retries.Load(), repeated.Load(), missing, twice)
}

// calm is the traffic before the storm.
func calm(t *testing.T, b *sandbox.Sandbox, seed uint64) float64 {
	t.Helper()
	l, err := load.Start(t.Context(), load.Settings{Dial: workers(b), Seed: seed, Pace: pace})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, floorWindow)
	rate := l.Rate(floorWindow)
	l.Stop()
	if rate < floor {
		t.Errorf("void: %.0f acknowledged writes/s are below the floor of %.0f", rate, floor)
	}
	return rate
}

// stormer is a caller that asks again until it is answered, each time elsewhere.
type stormer struct {
	seed    uint64
	number  int
	peers   []string
	key     string
	at      int
	client  *client.Client
	random  *rand.Rand
	retries *atomic.Int64

	repeated, differ *atomic.Int64 // answers that were the same again, or not
}

// write inserts id once, whatever it takes, and sometimes asks again after the
// answer, which must be the same.
func (s *stormer) write(ctx context.Context, id string) error {
	if s.random == nil {
		s.random = rand.New(rand.NewPCG(s.seed, uint64(100+s.number)))
	}
	first, err := s.until(ctx, id)
	if err != nil || s.random.IntN(10) > 0 {
		return err
	}
	s.move()
	again, err := s.until(ctx, id)
	if err != nil {
		return err
	}
	if again.LastInsertID != first.LastInsertID || again.RowsAffected != first.RowsAffected {
		s.differ.Add(1)
		return nil
	}
	s.repeated.Add(1)
	return nil
}

func (s *stormer) until(ctx context.Context, id string) (core.ExecResult, error) {
	for {
		result, err := s.once(ctx, id)
		switch core.CodeOf(err) {
		case "":
			return result, nil
		case core.OutcomeUnknown, core.Unavailable, core.Limited, core.Internal:
		default:
			return result, err
		}
		if ctx.Err() != nil {
			return result, fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		s.retries.Add(1)
		s.move()
	}
}

func (s *stormer) once(ctx context.Context, id string) (core.ExecResult, error) {
	if s.client == nil {
		c := client.DefaultClientConfig(string(sandbox.Namespace))
		c.Namespace, c.APIKey = string(sandbox.Namespace), core.Secret(s.key)
		c.BootstrapPeers = []string{s.peers[(s.at+s.number)%len(s.peers)]}
		c.ConnectTimeout, c.RetryAttempts = 2*time.Second, 1
		made, err := client.NewClient(c)
		if err != nil {
			return core.ExecResult{}, err
		}
		if err := made.ConnectContext(ctx); err != nil {
			return core.ExecResult{}, err
		}
		s.client = made
	}
	limit := 3 * time.Second
	if s.random.IntN(10) == 0 { // one of ten callers loses its patience
		limit = time.Duration(s.random.Int64N(int64(4 * time.Millisecond)))
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err := s.client.Database().Exec(ctx, []core.Statement{{SQL: "INSERT INTO storm (id) VALUES (?)", Args: []any{id}}},
		core.ExecOptions{IdempotencyKey: "storm-" + id})
	if err != nil {
		return core.ExecResult{}, err
	}
	if len(answer.Results) != 1 || answer.Results[0].Error != "" {
		return core.ExecResult{}, core.Errorf(core.Invalid, "unexpected answer %+v", answer.Results)
	}
	return answer.Results[0], nil
}

// move goes to the next node.
func (s *stormer) move() {
	s.at++
	if s.client != nil {
		_ = s.client.Disconnect() //nolint:errcheck // it was cut
		s.client = nil
	}
}

func (s *stormer) close(t *testing.T) {
	if s.client != nil {
		if err := s.client.Disconnect(); err != nil {
			t.Error(err)
		}
	}
}
