package api

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A healthy network that is told "replicas differ" loses its people's trust for
// nothing. Here replicas follow one log at their own pace while it grows, and
// answers hold more than they claim, as reads under way do.
func TestJudge_MereLagNeverAccuses(t *testing.T) {
	verdicts := map[string]int{}
	for seed := range uint64(1000) {
		dice := rand.New(rand.NewPCG(seed, 1))
		log := uint64(1 + dice.IntN(20))
		state := func(at uint64) [][]any { return [][]any{{int64(at)}, {int64(at % 3)}} } // each entry changes the rows
		replicas := make([]uint64, 3+dice.IntN(3))
		for i := range replicas {
			replicas[i] = uint64(dice.IntN(int(log) + 1))
		}
		move := func() {
			log += uint64(dice.IntN(2))
			for i := range replicas {
				replicas[i] = min(log, replicas[i]+uint64(dice.IntN(3)))
			}
		}
		read := func(i int) reading {
			claimed := replicas[i]
			move() // between the claim and the read
			held := replicas[i]
			known := held + uint64(dice.IntN(int(log-held)+1)) // what it knows to be committed afterwards
			move()
			return reading{rows: state(held), sum: sumRows(state(held)), index: claimed, known: known, failed: dice.IntN(20) == 0}
		}
		all := make([]asked, len(replicas))
		for i := range all {
			all[i] = asked{first: read(i), second: reading{unanswered: true}}
		}
		goal := highest(all)
		for i := range all {
			if dice.IntN(3) > 0 {
				all[i].second = read(i)
			}
		}
		j := judge(all, goal)
		verdicts[j.verdict]++
		if j.verdict == verdictDiffers {
			t.Fatalf("seed %d accuses: %+v of %+v", seed, j, all)
		}
	}
	if verdicts[verdictBehind] == 0 || verdicts[verdictSilent] == 0 || verdicts[verdictMoving] == 0 {
		t.Errorf("the runs show too little: %v", verdicts)
	}
}

// The verdict is one sentence that somebody acts on: it must be the right one.
func TestJudge_Verdicts(t *testing.T) {
	a, b := [][]any{{int64(1), "x"}}, [][]any{{int64(1), "y"}}
	at := func(index uint64, rows [][]any) reading {
		return reading{rows: rows, sum: sumRows(rows), index: index, known: index}
	}
	once := func(r reading) asked { return asked{first: r, second: reading{unanswered: true}} }
	tests := map[string]struct {
		all      []asked
		verdict  string
		standing string
	}{
		"all hold the same":                    {[]asked{once(at(9, a)), once(at(9, a)), once(at(9, a))}, "same", "same same same"},
		"rows in another order are the same":   {[]asked{once(at(9, append(a[:1:1], b...))), once(at(9, append(b[:1:1], a...)))}, "same", "same same"},
		"one has caught up in round two":       {[]asked{once(at(9, a)), {first: at(5, b), second: at(9, a)}}, "same", "same same"},
		"one stays behind":                     {[]asked{once(at(9, a)), once(at(9, a)), {first: at(5, b), second: at(5, b)}}, "behind", "same same behind"},
		"one stays behind with the same rows":  {[]asked{once(at(9, a)), {first: at(5, a), second: at(5, a)}}, "behind", "same behind"},
		"one is silent":                        {[]asked{once(at(9, a)), once(reading{failed: true}), once(at(9, a))}, "silent", "same silent same"},
		"one is damaged":                       {[]asked{once(at(9, a)), once(at(9, b)), once(at(9, a))}, "differs", "same differs same"},
		"of two nobody knows which is damaged": {[]asked{once(at(9, a)), once(at(9, b))}, "differs", "differs differs"},
		"damage weighs more than silence":      {[]asked{once(at(9, a)), once(at(9, b)), once(at(9, a)), once(reading{failed: true})}, "differs", "same differs same silent"},
		"damage that round one has shown":      {[]asked{once(at(9, a)), {first: at(9, b), second: at(9, a)}, once(at(9, a))}, "differs", "same differs same"},
		"an answer that is not exact proves nothing": {
			[]asked{once(at(9, a)), once(reading{rows: b, sum: sumRows(b), index: 9, known: 10})}, "moving", "same moving",
		},
	}
	for name, tt := range tests {
		goal := uint64(9)
		j := judge(tt.all, goal)
		if j.verdict != tt.verdict || strings.Join(j.standing, " ") != tt.standing {
			t.Errorf("%s: %s, %v", name, j.verdict, j.standing)
		}
	}
}

// A cell that looks alike and is not would be passed over.
func TestRowKey_TellsCellsApart(t *testing.T) {
	cells := [][]any{{nil}, {""}, {[]byte{}}, {int64(1)}, {1.0}, {"1"}, {0.1}, {0.1 + 1e-17 + 1e-16}, {"a", "b"}, {"ab"}, {"a", "", "b"}}
	seen := map[string]int{}
	for i, row := range cells {
		if before, there := seen[rowKey(row)]; there {
			t.Errorf("%v and %v look alike", cells[before], row)
		}
		seen[rowKey(row)] = i
	}
}

// A person sees which cell differs only when the right rows stand side by side.
func TestPairing(t *testing.T) {
	one := [][]any{{int64(1), "a"}, {int64(2), "b"}, {int64(3), "c"}}
	two := [][]any{{int64(3), "c"}, {int64(2), "B"}, {int64(4), "d"}}
	show := func(lines [][][]any) string {
		var out []string
		for _, line := range lines {
			out = append(out, fmt.Sprint(line, differing(line)))
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	tests := map[string]struct {
		by   pairing
		want string
		same int
	}{
		"by key":     {pairing{key: []int{0}}, "[[1 a] []] [] [[2 b] [2 B]] [1] [[] [4 d]] []", 1},
		"by place":   {pairing{place: true}, "[[1 a] [3 c]] [0 1] [[2 b] [2 B]] [1] [[3 c] [4 d]] [0 1]", 0},
		"by content": {pairing{}, "[[1 a] []] [] [[2 b] []] [] [[] [2 B]] [] [[] [4 d]] []", 1},
	}
	for name, tt := range tests {
		lines, same := tt.by.pair([][][]any{one, two})
		if show(lines) != tt.want || same != tt.same {
			t.Errorf("%s: %d the same, %s", name, same, show(lines))
		}
	}
}

// replicaFake is three replicas that a test sets.
type replicaFake struct {
	*fake
	mu    sync.Mutex
	rows  map[string]*core.Rows
	fails map[string]error
	asks  map[string]int
	order []string
}

func newReplicas() *replicaFake {
	f := &replicaFake{fake: newFake(), rows: map[string]*core.Rows{}, fails: map[string]error{}, asks: map[string]int{}, order: []string{"n1", "n2", "n3"}}
	for _, n := range f.order {
		f.set(n, 9, 9, []any{int64(1), "row"})
	}
	return f
}

func (f *replicaFake) set(node string, index, known uint64, rows ...[]any) {
	f.rows[node] = &core.Rows{
		Columns: []string{"n", "text"}, Types: []string{"INTEGER", ""}, Values: rows,
		Provenance: core.Provenance{Level: core.LevelNone, ServedBy: node, Index: index, LeaderIndex: known},
	}
}

func (f *replicaFake) page(t *testing.T) *Compare {
	t.Helper()
	a := newAPI(t)
	b := f.backend()
	b.Replicas = f
	a.Attach(b)
	a.Ready()
	return bound[Compare](a)
}

func (f *replicaFake) Keepers(context.Context, core.Namespace) ([]string, error) { return f.order, nil }

func (f *replicaFake) QueryAt(ctx context.Context, node string, _ core.Namespace, _ core.Statement, _ core.QueryOptions) (*core.Rows, error) {
	f.mu.Lock()
	f.asks[node]++
	rows, err := f.rows[node], f.fails[node]
	f.mu.Unlock()
	if rows == nil && err == nil { // it hangs
		<-ctx.Done()
		return nil, core.Wrap(core.Unavailable, ctx.Err(), "the other node did not answer in time")
	}
	return rows, err
}

func (f *replicaFake) GetAt(_ context.Context, node string, _ core.Namespace, key string, _ time.Time) (core.Item, core.Provenance, error) {
	p := core.Provenance{ServedBy: node, Index: 9, LeaderIndex: 9}
	if node == "n3" {
		return core.Item{}, p, core.Errorf(core.NotFound, "there is no key %q", key)
	}
	return core.Item{Key: key, Value: []byte("v"), Size: 1, Version: 4}, p, nil
}

func (f *replicaFake) Reading(sql string) (core.Reading, error) {
	r := core.Reading{Tables: []string{"t"}, Ordered: strings.Contains(sql, "order")}
	if strings.Contains(sql, "random") {
		r.Unlike = "Each node throws its own dice."
	}
	return r, nil
}

func (f *replicaFake) Writes(string) (string, error) { return "", nil }

func (f *replicaFake) Parameters(sql string) (int, error) { return strings.Count(sql, "?"), nil }

// If a node that hangs or is gone spoils the answers of the others, nobody learns
// in the one moment that matters.
func TestCompare_ANodeThatHangsIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newReplicas()
		delete(f.rows, "n2")
		f.fails["n3"] = core.Errorf(core.Denied, "this node is not a member of the network")
		began := time.Now()
		c, err := f.page(t).Rows(CompareRequest{Namespace: "default", SQL: "select 1"})
		if err != nil || c.Verdict != "silent" || c.Nodes[0].Standing != "same" || c.Nodes[1].Standing != "silent" || !strings.Contains(c.Nodes[1].Error, "in time") || c.Nodes[2].Error == "" {
			t.Fatalf("%+v, %v", c, err)
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A follower that lags is given time; when it stays behind, it is said how far.
func TestCompare_WaitsForWhoIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newReplicas()
		f.set("n3", 5, 5, []any{int64(1), "old"})
		page := f.page(t)
		c, err := page.Rows(CompareRequest{Namespace: "default", SQL: "select 1"})
		if err != nil || c.Verdict != "behind" || c.Nodes[2].Behind != "4" || !c.Nodes[2].Twice || c.Nodes[0].Twice || len(c.Lines) != 2 {
			t.Fatalf("%+v, %v", c, err)
		}
		time.AfterFunc(time.Second, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.set("n3", 9, 9, []any{int64(1), "row"})
		})
		if c, err = page.Rows(CompareRequest{Namespace: "default", SQL: "select 1"}); err != nil || c.Verdict != "same" || c.Index != "9" || c.Nodes[2].First.Index != "5" || c.Nodes[2].Second.Index != "9" || c.Same != 1 {
			t.Errorf("after it caught up: %+v, %v", c, err)
		}
	})
}

// Damage is shown cell by cell, and what cannot be compared is refused with the reason.
func TestCompare_DamageAndRefusals(t *testing.T) {
	f := newReplicas()
	f.set("n2", 9, 9, []any{int64(1), "broken"})
	page := f.page(t)
	c, err := page.Rows(CompareRequest{Namespace: "default", SQL: "select 1 order", Args: []Cell{{K: "i", V: "7"}}})
	if err != nil || c.Verdict != "differs" || c.Nodes[1].Standing != "differs" || len(c.Lines) != 1 || !slices.Equal(c.Lines[0].Differs, []int{1}) || c.Lines[0].Rows[1][1].V != "broken" || c.Match != "place" {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err = page.Rows(CompareRequest{Namespace: "default", SQL: "select random()"}); codeOf(t, err) != core.Invalid || !strings.Contains(err.Error(), "dice") {
		t.Errorf("dice: %v", err)
	}
	if _, err = page.Rows(CompareRequest{Namespace: "default", SQL: "select 1", Args: []Cell{{K: "i", V: "x"}}}); codeOf(t, err) != core.Invalid {
		t.Errorf("a parameter that is none: %v", err)
	}
	f.rows["n1"].Truncated = true
	f.fails["n2"], f.fails["n3"] = core.Errorf(core.Invalid, "no such table"), core.Errorf(core.Invalid, "no such table")
	if _, err = page.Rows(CompareRequest{Namespace: "default", SQL: "select 1"}); err == nil {
		t.Error("nobody answered, and it was no error")
	}
}

// A key is shown as each node has it, also when that is the same.
func TestCompare_KeyThatIsTheSame(t *testing.T) {
	f := newReplicas()
	f.order = f.order[:2]
	c, err := f.page(t).Key("default", "user:1")
	if err != nil || c.Verdict != "same" || c.Same != 1 || len(c.Lines) != 1 || len(c.Lines[0].Differs) != 0 || c.Lines[0].Rows[1][0].V != "4" {
		t.Errorf("%+v, %v", c, err)
	}
}

// A key that one replica lacks is as bad as a wrong cell.
func TestCompare_Key(t *testing.T) {
	c, err := newReplicas().page(t).Key("default", "user:1")
	if err != nil || c.Verdict != "differs" || c.Nodes[2].Standing != "differs" || len(c.Lines) != 1 || len(c.Lines[0].Rows[2]) != 0 || len(c.Lines[0].Rows[0][1].V) != 64 {
		t.Errorf("%+v, %v", c, err)
	}
}
