package load

// This file makes the load.

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
)

// Defaults of a load: enough writers to meet on the same keys all the time.
const (
	DefaultClients = 8
	DefaultKeys    = 20
	DefaultTimeout = 3 * time.Second
)

// Settings describe a load. Dial must be given; zero is the default elsewhere.
type Settings struct {
	// Dial makes the client of one worker, from 0. The load disconnects it.
	Dial    func(ctx context.Context, worker int) (*client.Client, error)
	Clients int
	Keys    int
	Seed    uint64        // the same seed chooses the same operations for each worker
	Timeout time.Duration // of one operation
	Pace    time.Duration // rest of a worker between two operations; bounds the history's length
	Reads   int           // of ten operations so many are reads; 0 means 3
	Prefix  string        // of the keys, "" is "load/"
}

// Table is where the load inserts its unique ids.
const Table = "load_ids"

// Load is a load that runs.
type Load struct {
	settings Settings
	began    time.Time
	cancel   context.CancelFunc
	workers  sync.WaitGroup

	mu     sync.Mutex
	result Result
}

// Result is what a load did and saw.
type Result struct {
	Acknowledged int // writes: puts, compare-and-sets and inserts
	Reads        int // strong reads that were answered
	Failed       int // operations that certainly did not happen
	Unknown      int // writes of which nobody knows
	Began        time.Time
	Seed         uint64

	history []porcupine.Operation
	acks    []span            // of writes, in order of their end
	ids     map[string]string // inserted id → outcome
	errors  map[string]int    // sentence → how often, for people
}

// span is the time of one operation, since the beginning.
type span struct{ call, back time.Duration }

// Outcomes of an operation.
const (
	acknowledged = "acknowledged"
	failed       = "failed"
	unknown      = "unknown"
)

// Start makes the table, dials, and lets the workers run until Stop or the end
// of ctx.
func Start(ctx context.Context, s Settings) (*Load, error) {
	if s.Clients == 0 {
		s.Clients = DefaultClients
	}
	if s.Keys == 0 {
		s.Keys = DefaultKeys
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	if s.Reads == 0 {
		s.Reads = 3
	}
	if s.Prefix == "" {
		s.Prefix = "load/"
	}
	clients := make([]*client.Client, s.Clients)
	var err error
	for i := range clients {
		if clients[i], err = s.Dial(ctx, i); err != nil {
			return nil, errors.Join(fmt.Errorf("dial worker %d: %w", i, err), hangUp(clients[:i]))
		}
	}
	// Without a unique index: an id that was inserted twice must show.
	if _, err := clients[0].Database().Execute(ctx, "CREATE TABLE IF NOT EXISTS "+Table+" (id TEXT)"); err != nil {
		return nil, errors.Join(fmt.Errorf("make table: %w", err), hangUp(clients))
	}
	run, cancel := context.WithCancel(ctx)
	l := &Load{settings: s, began: time.Now(), cancel: cancel}
	l.result = Result{Began: l.began, Seed: s.Seed, ids: map[string]string{}, errors: map[string]int{}}
	for i, c := range clients {
		w := &worker{
			load: l, number: i, client: c, seen: map[string]core.Item{},
			random: rand.New(rand.NewPCG(s.Seed, uint64(i))), //nolint:gosec // it must be repeatable
		}
		l.workers.Go(func() { w.run(run) })
	}
	return l, nil
}

func hangUp(clients []*client.Client) error {
	var errs []error
	for _, c := range clients {
		errs = append(errs, c.Disconnect())
	}
	return errors.Join(errs...)
}

// Stop ends the load and returns what it did and saw.
func (l *Load) Stop() *Result {
	l.cancel()
	l.workers.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.result
	return &r
}

// Rate is how many writes a second were acknowledged in the time before now.
func (l *Load) Rate(window time.Duration) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := time.Since(l.began) - window
	n := 0
	for i := len(l.result.acks) - 1; i >= 0 && l.result.acks[i].back >= from; i-- {
		n++
	}
	return float64(n) / window.Seconds()
}

// Acknowledged is the number of writes so far.
func (l *Load) Acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.result.Acknowledged
}

// Back waits for the first write that began after t and was acknowledged, and
// returns how long after t that was.
func (l *Load) Back(ctx context.Context, t time.Time) (time.Duration, error) {
	since := t.Sub(l.began)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if back, found := l.firstAfter(since); found {
			return back - since, nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("no write was acknowledged: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func (l *Load) firstAfter(since time.Duration) (back time.Duration, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.result.acks) - 1; i >= 0 && l.result.acks[i].back > since; i-- {
		if l.result.acks[i].call > since {
			back, found = l.result.acks[i].back, true
		}
	}
	return back, found
}

// Read makes one strong read through c, besides those of the workers, and puts
// it into the history. It is for a node that is asked at a chosen moment.
func (l *Load) Read(ctx context.Context, c *client.Client, key int) error {
	call := time.Since(l.began)
	name := l.settings.Prefix + strconv.Itoa(key)
	item, _, err := c.Storage().GetItem(ctx, name, core.ReadOptions{Level: core.LevelLinearizable})
	out := output{outcome: acknowledged, value: string(item.Value)}
	switch core.CodeOf(err) {
	case "":
	case core.NotFound:
		out.value, err = "", nil
	default:
		out.outcome = failed
	}
	l.record(l.settings.Clients, call, input{kind: kindGet, key: name}, out, err)
	return err
}

// worker is one client of the load.
type worker struct {
	load   *Load
	number int
	client *client.Client
	random *rand.Rand
	count  int
	seen   map[string]core.Item // what the worker read last, for compare-and-set
}

func (w *worker) run(ctx context.Context) {
	defer func() {
		if err := w.client.Disconnect(); err != nil {
			w.load.mu.Lock()
			w.load.result.errors[err.Error()]++
			w.load.mu.Unlock()
		}
	}()
	for ctx.Err() == nil {
		w.step(ctx)
		if w.load.settings.Pace > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(w.load.settings.Pace):
			}
		}
	}
}

// step does one operation. What is chosen depends on the seed alone, as far as
// the worker's own reads allow.
func (w *worker) step(ctx context.Context) {
	s := w.load.settings
	key := s.Prefix + strconv.Itoa(w.random.IntN(s.Keys))
	choice := w.random.IntN(10)
	w.count++
	value := fmt.Sprintf("%d.%d", w.number, w.count)
	// An operation that was begun is seen to its end, also when the load stops.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Timeout)
	defer cancel()
	seen, have := w.seen[key]
	switch {
	case choice < s.Reads:
		w.get(ctx, key)
	case choice == s.Reads && have:
		w.cas(ctx, key, seen, value)
	case choice%2 == 0:
		w.put(ctx, key, value)
	default:
		w.insert(ctx, value)
	}
}

func (w *worker) get(ctx context.Context, key string) {
	call := time.Since(w.load.began)
	item, _, err := w.client.Storage().GetItem(ctx, key, core.ReadOptions{Level: core.LevelLinearizable})
	out := output{outcome: acknowledged, value: string(item.Value)}
	switch core.CodeOf(err) {
	case "":
		w.seen[key] = item
	case core.NotFound:
		out.value, err = "", nil
	default:
		out.outcome = failed
	}
	w.load.record(w.number, call, input{kind: kindGet, key: key}, out, err)
}

func (w *worker) put(ctx context.Context, key, value string) {
	call := time.Since(w.load.began)
	version, err := w.client.Storage().PutItem(ctx, key, []byte(value), core.PutOptions{})
	out := output{outcome: outcomeOf(err)}
	if out.outcome == acknowledged {
		w.seen[key] = core.Item{Key: key, Value: []byte(value), Version: version}
	}
	w.load.record(w.number, call, input{kind: kindPut, key: key, value: value}, out, err)
}

func (w *worker) cas(ctx context.Context, key string, seen core.Item, value string) {
	call := time.Since(w.load.began)
	version, err := w.client.Storage().PutItem(ctx, key, []byte(value), core.PutOptions{IfVersion: seen.Version})
	out := output{outcome: outcomeOf(err)}
	delete(w.seen, key)
	switch {
	case core.CodeOf(err) == core.PreconditionFailed:
		out.outcome, out.refused, err = acknowledged, true, nil
	case out.outcome == acknowledged:
		w.seen[key] = core.Item{Key: key, Value: []byte(value), Version: version}
	}
	w.load.record(w.number, call, input{kind: kindCAS, key: key, value: value, expected: string(seen.Value)}, out, err)
}

func (w *worker) insert(ctx context.Context, id string) {
	call := time.Since(w.load.began)
	_, err := w.client.Database().Execute(ctx, "INSERT INTO "+Table+" (id) VALUES (?)", id)
	w.load.record(w.number, call, input{kind: kindInsert, value: id}, output{outcome: outcomeOf(err)}, err)
}

// outcomeOf sorts a write's answer. Only what promises that nothing happened
// counts as failed.
func outcomeOf(err error) string {
	switch core.CodeOf(err) {
	case "":
		return acknowledged
	case core.Unavailable, core.Limited, core.PreconditionFailed, core.Conflict, core.Invalid, core.TooLarge,
		core.Denied, core.Unauthenticated, core.NotFound:
		return failed
	case core.OutcomeUnknown, core.Internal:
	}
	return unknown
}

func (l *Load) record(client int, call time.Duration, in input, out output, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	back := time.Since(l.began) // after the lock, so that acks are in order
	r := &l.result
	if err != nil {
		r.errors[in.kind+": "+core.Sentence(err)]++
	}
	write := in.kind != kindGet && !out.refused
	switch {
	case out.outcome == failed:
		r.Failed++
	case out.outcome == unknown:
		r.Unknown++
	case write:
		r.Acknowledged++
		r.acks = append(r.acks, span{call, back})
	default:
		r.Reads++
	}
	if in.kind == kindInsert {
		r.ids[in.value] = out.outcome
		return
	}
	if out.outcome == failed {
		return // it did not happen, so it says nothing
	}
	op := porcupine.Operation{ClientId: client, Input: in, Call: int64(call), Output: out, Return: int64(back)}
	if out.outcome == unknown {
		op.Return = math.MaxInt64 // it may happen at any time from its call on
	}
	r.history = append(r.history, op)
}
