// This file asks every node that keeps a replica the same question and lays the
// answers side by side.

package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxCompared bounds the replicas that are asked; a group has three or five.
	MaxCompared = 9
	// MaxComparedRows bounds an answer that is compared: a person reads the outcome.
	MaxComparedRows = 1000
	// MaxComparedBytes bounds it too; nine of them are held at once.
	MaxComparedBytes = 4 << 20

	firstRound   = 3 * time.Second // for each replica
	secondRound  = 2 * time.Second // for those that are to catch up
	maxCatchUps  = 3               // second rounds, while writes go on
	compareAgain = 50 * time.Millisecond
)

// Compare is bound as "Compare".
type Compare struct{ d *desk }

// CompareRequest is one read for every node. Args bind by position, Named by name.
type CompareRequest struct {
	Namespace string     `json:"namespace"`
	SQL       string     `json:"sql"`
	Args      []Cell     `json:"args"`
	Named     []NamedArg `json:"named"`
}

// NamedArg is a parameter with its name.
type NamedArg struct {
	Name  string `json:"name"`
	Value Cell   `json:"value"`
}

// Comparison is what all replicas answered, and the verdict on it.
type Comparison struct {
	// Verdict is "same", "behind", "moving", "silent" or "differs"; Index is the
	// log entry that it is about.
	Verdict string        `json:"verdict"`
	Index   string        `json:"index"`
	Match   string        `json:"match"` // rows were paired by "key", "place" or "content"
	Columns []string      `json:"columns"`
	Nodes   []ComparedOne `json:"nodes"`
	// Lines are the rows that are not the same everywhere, Same counts the others. A
	// key is one line, listed also when it is the same.
	Lines     []ComparedLine `json:"lines"`
	Same      int            `json:"same"`
	At        string         `json:"at"`
	ElapsedMS float64        `json:"elapsed_ms"`
}

// ComparedOne is one node and what it answered in both rounds. Asked twice says
// that the second is there.
type ComparedOne struct {
	Node     string     `json:"node"`
	Name     string     `json:"name"` // "" when its owner gave none
	Standing string     `json:"standing"`
	Behind   string     `json:"behind"` // entries, "0" unless it stands "behind"
	Rows     int        `json:"rows"`
	First    Provenance `json:"first"`
	Second   Provenance `json:"second"`
	Twice    bool       `json:"twice"`
	Error    string     `json:"error"` // why it did not answer
}

// ComparedLine is one row, as each node of Comparison.Nodes has it: no cells where
// it is missing. Differs are the columns whose cells are not alike.
type ComparedLine struct {
	Rows    [][]Cell `json:"rows"`
	Differs []int    `json:"differs"`
}

// Rows asks every replica to read the same. It refuses, with the reason, what
// healthy replicas may answer differently.
func (c *Compare) Rows(r CompareRequest) (Comparison, error) {
	return guard(c.d, "Compare.Rows", MaxCallTime, func(ctx context.Context) (Comparison, error) {
		b, ns, err := c.open(r.Namespace)
		if err != nil {
			return Comparison{}, err
		}
		statement, err := r.statement()
		if err != nil {
			return Comparison{}, err
		}
		reading, err := b.Replicas.Reading(r.SQL)
		switch {
		case err != nil:
			return Comparison{}, err
		case reading.Unlike != "":
			return Comparison{}, core.Errorf(core.Invalid, "%s", reading.Unlike)
		}
		ask := func(ctx context.Context, node string) (*core.Rows, error) {
			rows, errAt := b.Replicas.QueryAt(ctx, node, ns, statement, core.QueryOptions{MaxRows: MaxComparedRows, MaxBytes: MaxComparedBytes})
			if errAt == nil && rows.Truncated {
				errAt = core.Errorf(core.TooLarge, "At most %d rows and %d MiB are compared: ask for fewer, with WHERE or with ORDER BY and LIMIT.", MaxComparedRows, MaxComparedBytes>>20)
			}
			return rows, errAt
		}
		round, err := c.ask(ctx, b, ns, ask)
		if err != nil {
			return Comparison{}, err
		}
		return round.lay(pairingOf(ctx, b, ns, reading, round.columns)), nil
	})
}

// Key asks every replica for one key: its version, and the SHA-256 of its value. The
// line has no cells for a node without that key, and is missing when none has it.
func (c *Compare) Key(namespace, key string) (Comparison, error) {
	return guard(c.d, "Compare.Key", MaxCallTime, func(ctx context.Context) (Comparison, error) {
		b, ns, err := c.open(namespace)
		if err != nil {
			return Comparison{}, err
		}
		at := c.d.program.Now()
		ask := func(ctx context.Context, node string) (*core.Rows, error) {
			item, from, errAt := b.Replicas.GetAt(ctx, node, ns, key, at)
			rows := &core.Rows{Columns: []string{"version", "sha256", "size", "updated_at", "expires_at"}, Provenance: from}
			switch {
			case core.CodeOf(errAt) == core.NotFound && from.Index > 0: // this replica has no such key
				return rows, nil
			case errAt != nil:
				return nil, errAt
			}
			sum := sha256.Sum256(item.Value)
			rows.Values = [][]any{{int64(item.Version), hex.EncodeToString(sum[:]), int64(item.Size), stamp(item.UpdatedAt), stamp(item.ExpiresAt)}} //nolint:gosec // versions begin at 1 and count up
			return rows, nil
		}
		round, err := c.ask(ctx, b, ns, ask)
		if err != nil {
			return Comparison{}, err
		}
		return round.lay(pairing{place: true, whole: true}), nil
	})
}

func (c *Compare) open(namespace string) (Backend, core.Namespace, error) {
	ns, err := core.ParseNamespace(namespace)
	if err != nil {
		return Backend{}, "", err
	}
	b, err := c.d.node()
	return b, ns, err
}

func (r CompareRequest) statement() (core.Statement, error) {
	s := core.Statement{SQL: r.SQL}
	for _, a := range r.Args {
		v, err := a.param()
		if err != nil {
			return s, err
		}
		s.Args = append(s.Args, v)
	}
	for _, n := range r.Named {
		v, err := n.Value.param()
		if err != nil {
			return s, err
		}
		if s.Named == nil {
			s.Named = map[string]any{}
		}
		s.Named[n.Name] = v
	}
	return s, nil
}

// pairingOf finds how rows are paired: by the primary key when the rows are those
// of one table and have it, else by place in an ordered answer, else by content.
func pairingOf(ctx context.Context, b Backend, ns core.Namespace, reading core.Reading, columns []string) pairing {
	p := pairing{place: reading.Ordered}
	if len(reading.Tables) != 1 {
		return p
	}
	schema, err := b.Database.Schema(ctx, ns)
	if err != nil {
		return p // it is only how the outcome is shown
	}
	for _, t := range schema.Tables {
		if !strings.EqualFold(t.Name, reading.Tables[0]) {
			continue
		}
		for _, column := range t.Columns {
			if !column.PrimaryKey {
				continue
			}
			at := slices.IndexFunc(columns, func(name string) bool { return strings.EqualFold(name, column.Name) })
			if at < 0 {
				return pairing{place: reading.Ordered}
			}
			p.key = append(p.key, at)
		}
	}
	return p
}

// round is all that was asked and answered.
type round struct {
	began   time.Time
	nodes   []string
	called  map[string]string
	columns []string
	goal    uint64 // the entry that all are to have come to

	mu    sync.Mutex // while the nodes answer
	all   []asked
	first []Provenance
	again []Provenance
	fault []string
}

type asking func(ctx context.Context, node string) (*core.Rows, error)

// ask asks all nodes at once, and those again that have not come to the highest
// entry that was heard of.
func (c *Compare) ask(ctx context.Context, b Backend, ns core.Namespace, ask asking) (*round, error) {
	nodes, err := b.Replicas.Keepers(ctx, ns)
	if err != nil {
		return nil, err
	}
	if len(nodes) > MaxCompared {
		nodes = nodes[:MaxCompared]
	}
	r := &round{
		began: c.d.program.Now(), nodes: nodes, called: map[string]string{},
		all: make([]asked, len(nodes)), first: make([]Provenance, len(nodes)), again: make([]Provenance, len(nodes)), fault: make([]string, len(nodes)),
	}
	if members, errMembers := b.Network.Members(ctx); errMembers == nil { // names are for people, and may be missing
		for _, m := range members {
			r.called[m.ID] = m.Name
		}
	}
	var failure error
	var group sync.WaitGroup
	for i := range nodes {
		group.Go(func() {
			answer, from, columns, err := askUntil(ctx, firstRound, nodes[i], ask, func(reading) bool { return true })
			r.mu.Lock()
			defer r.mu.Unlock()
			r.all[i] = asked{first: answer, second: reading{unanswered: true}}
			r.first[i] = from
			if err != nil {
				r.fault[i], failure = core.Sentence(err), err
				return
			}
			r.columns = columns
		})
	}
	group.Wait()
	if !slices.ContainsFunc(r.all, func(a asked) bool { return a.first.answered() }) {
		if failure == nil {
			failure = core.Errorf(core.NotFound, "No node keeps a replica of this namespace yet; write something first.")
		}
		return nil, failure
	}
	for range maxCatchUps {
		r.goal = highest(r.all)
		r.catchUp(ctx, ask)
		if judge(r.all, r.goal).verdict != verdictMoving {
			break
		}
	}
	return r, nil
}

// catchUp asks those again that have not come to the goal.
func (r *round) catchUp(ctx context.Context, ask asking) {
	var group sync.WaitGroup
	for i, node := range r.nodes {
		if a := r.all[i]; a.first.failed || (a.newest().exact() && a.newest().index >= r.goal) {
			continue
		}
		group.Go(func() {
			answer, from, _, err := askUntil(ctx, secondRound, node, ask, func(a reading) bool { return a.exact() && a.index >= r.goal })
			r.mu.Lock()
			defer r.mu.Unlock()
			if err == nil {
				r.all[i].second, r.again[i] = answer, from
			}
		})
	}
	group.Wait()
}

// askUntil asks one node until the answer will do or the time is up; then the
// last answer stands. A replica that was only just opened has to hear its leader
// first, which looks like being unavailable.
func askUntil(ctx context.Context, limit time.Duration, node string, ask asking, enough func(reading) bool) (last reading, from Provenance, columns []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	last = reading{failed: true}
	for {
		rows, errAsk := ask(ctx, node)
		switch {
		case errAsk == nil:
			p := rows.Provenance
			last = reading{rows: rows.Values, sum: sumRows(rows.Values), index: p.Index, known: max(p.Index, p.LeaderIndex)}
			from, columns, err = provenanceOf(p), list(rows.Columns), nil
			if enough(last) {
				return last, from, columns, nil
			}
		case last.failed && (err == nil || ctx.Err() == nil):
			err = errAsk
		}
		if errAsk != nil && core.CodeOf(errAsk) != core.Unavailable {
			return last, from, columns, err
		}
		timer := time.NewTimer(compareAgain)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return last, from, columns, err
		}
	}
}

// lay judges the answers and writes them for the page.
func (r *round) lay(p pairing) Comparison {
	j := judge(r.all, r.goal)
	out := Comparison{
		Verdict: j.verdict, Index: number(j.index), Match: p.kind(), Columns: list(r.columns), Nodes: []ComparedOne{}, Lines: []ComparedLine{},
		At: stamp(r.began), ElapsedMS: sinceMS(r.began),
	}
	var answers [][][]any
	var shown []int
	for i, node := range r.nodes {
		a := r.all[i].newest()
		one := ComparedOne{
			Node: node, Name: r.called[node], Standing: j.standing[i], Behind: "0", Rows: len(a.rows),
			First: r.first[i], Second: r.again[i], Twice: r.all[i].second.answered(), Error: r.fault[i],
		}
		if j.standing[i] == verdictBehind {
			one.Behind = number(r.goal - a.index)
		}
		out.Nodes = append(out.Nodes, one)
		if a.answered() {
			answers, shown = append(answers, a.rows), append(shown, i)
		}
	}
	lines, same := p.pair(answers)
	out.Same = same
	budget := maxAnswerBytes
	for _, line := range lines {
		cells := make([][]Cell, len(r.nodes))
		for i := range cells {
			cells[i] = []Cell{}
		}
		for k, row := range line {
			budget -= rowBytes(row)
			for _, v := range row {
				cells[shown[k]] = append(cells[shown[k]], cellOf(v))
			}
		}
		if budget < 0 {
			break
		}
		out.Lines = append(out.Lines, ComparedLine{Rows: cells, Differs: differing(line)})
	}
	return out
}

func (p pairing) kind() string {
	switch {
	case len(p.key) > 0:
		return "key"
	case p.place:
		return "place"
	}
	return "content"
}
