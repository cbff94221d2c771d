// This file judges what several replicas answered to one question. It has no
// clock and asks nobody: the rules are tried with made-up answers.

package api

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
)

// The verdicts, from calm to alarming.
const (
	verdictSame    = "same"    // each holds the same
	verdictBehind  = "behind"  // some have not got everything yet, the others hold the same
	verdictMoving  = "moving"  // writes went on: no two answers can be compared
	verdictSilent  = "silent"  // some did not answer, the others hold the same
	verdictDiffers = "differs" // two replicas differ at the same entry
)

// reading is one answer of one replica.
type reading struct {
	rows       [][]any
	sum        [sha256.Size]byte // of the rows, in whatever order they came
	index      uint64            // the last entry that was in it
	known      uint64            // the last entry that the replica knew of afterwards
	failed     bool
	unanswered bool // nobody was asked, as for a second round that was not needed
}

// exact tells that the answer holds its entry and nothing beyond it.
func (r reading) exact() bool { return r.answered() && r.index == r.known }

func (r reading) answered() bool { return !r.failed && !r.unanswered }

// asked is one replica with its answers in both rounds.
type asked struct {
	first, second reading
}

// newest is the answer that counts when only one can be shown.
func (a asked) newest() reading {
	if a.second.answered() {
		return a.second
	}
	return a.first
}

// highest is the entry that the second round waits for.
func highest(all []asked) uint64 {
	var top uint64
	for _, a := range all {
		top = max(top, a.newest().index, a.newest().known)
	}
	return top
}

// judged is what follows from the answers.
type judged struct {
	verdict string
	index   uint64 // the entry that the verdict is about
	// standing says of each replica "same", "behind", "moving", "silent" or "differs".
	standing []string
}

// judge finds the verdict. Only exact answers with the same entry accuse a
// replica: whoever merely lags, or was written to meanwhile, is never among them.
func judge(all []asked, goal uint64) judged {
	out := judged{verdict: verdictSame, standing: make([]string, len(all))}
	if at, odd := accused(all); len(odd) > 0 {
		out.verdict, out.index = verdictDiffers, at
		for _, i := range odd {
			out.standing[i] = verdictDiffers
		}
	}
	base := most(all, goal)
	for i, a := range all {
		r := a.newest()
		standing := verdictSame
		switch {
		case out.standing[i] == verdictDiffers:
			continue
		case !r.answered():
			standing = verdictSilent
		case r.index < goal:
			standing = verdictBehind
		case base != nil && r.sum != base.sum:
			standing = verdictMoving
		}
		out.standing[i] = standing
	}
	if out.verdict != verdictDiffers {
		for _, v := range []string{verdictSilent, verdictBehind, verdictMoving} {
			if slices.Contains(out.standing, v) {
				out.verdict = v
				break
			}
		}
		if base != nil {
			out.index = base.index
		}
	}
	return out
}

// accused finds an entry at which exact answers of two replicas differ, and the
// replicas that are not of the majority there: all of them when there is none.
func accused(all []asked) (at uint64, odd []int) {
	type vote struct {
		node int
		sum  [sha256.Size]byte
	}
	votes := map[uint64][]vote{} // by entry; at most two for each replica
	for i, a := range all {
		for _, r := range []reading{a.first, a.second} {
			if r.exact() {
				votes[r.index] = append(votes[r.index], vote{i, r.sum})
			}
		}
	}
	for index, list := range votes {
		count := map[[sha256.Size]byte]map[int]bool{}
		voters := map[int]bool{}
		for _, v := range list {
			if count[v.sum] == nil {
				count[v.sum] = map[int]bool{}
			}
			count[v.sum][v.node], voters[v.node] = true, true
		}
		if len(count) < 2 || len(voters) < 2 || index < at {
			continue
		}
		at, odd = index, nil
		for node := range voters {
			trusted := true // one that gave two answers is not
			for _, who := range count {
				trusted = trusted && (!who[node] || 2*len(who) > len(voters))
			}
			if !trusted {
				odd = append(odd, node)
			}
		}
	}
	slices.Sort(odd)
	return at, odd
}

// most is the answer that others are held against: of those that have come to
// the goal, the one that most agree with.
func most(all []asked, goal uint64) *reading {
	var best *reading
	votes := 0
	for _, a := range all {
		r := a.newest()
		if !r.answered() || r.index < goal {
			continue
		}
		n := 0
		for _, b := range all {
			if o := b.newest(); o.answered() && o.index >= goal && o.sum == r.sum {
				n++
			}
		}
		if n > votes {
			best, votes = &r, n
		}
	}
	return best
}

// sumRows is a hash of rows that does not depend on their order: equal rows may
// stand in any order where the statement leaves it open.
func sumRows(rows [][]any) [sha256.Size]byte {
	each := make([]string, 0, len(rows))
	for _, row := range rows {
		each = append(each, rowKey(row))
	}
	slices.Sort(each)
	h := sha256.New()
	for _, e := range each {
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(e))))
		_, _ = h.Write([]byte(e))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// rowKey writes cells so that different ones never look alike.
func rowKey(cells []any) string {
	var b []byte
	for _, c := range cells {
		if f, ok := c.(float64); ok { // as SQLite stores it: two that print alike may differ
			b = binary.BigEndian.AppendUint64(append(b, 'r'), math.Float64bits(f))
			continue
		}
		cell := cellOf(c)
		b = append(b, cell.K...)
		b = binary.AppendUvarint(b, uint64(len(cell.V)))
		b = append(b, cell.V...)
	}
	return string(b)
}

// pairing says how rows of different replicas find each other.
type pairing struct {
	key   []int // columns that name a row; empty when there are none
	place bool  // by position
	whole bool  // lines that do not differ are wanted, too
}

// pair puts the rows of all replicas side by side: one line for each row, with
// the row of each replica or nil. Only lines that differ are returned unless all
// are wanted, and how many did not.
func (p pairing) pair(answers [][][]any) (lines [][][]any, same int) {
	at := map[string]int{} // name of a row: its line
	var all [][][]any
	for node, rows := range answers {
		for i, name := range p.all(rows) {
			line, known := at[name]
			if !known {
				line = len(all)
				at[name], all = line, append(all, make([][]any, len(answers)))
			}
			all[line][node] = rows[i]
		}
	}
	for _, line := range all {
		alike := !slices.ContainsFunc(line, func(row []any) bool { return row == nil || rowKey(row) != rowKey(line[0]) })
		if alike {
			same++
		}
		if !alike || p.whole {
			lines = append(lines, line)
		}
	}
	return lines, same
}

// all names each row, and no two alike: rows without a name of their own may be
// there several times.
func (p pairing) all(rows [][]any) []string {
	seen := map[string]int{}
	names := make([]string, 0, len(rows))
	for i, row := range rows {
		name := p.name(row, i)
		seen[name]++
		names = append(names, name+rowKey([]any{int64(seen[name])}))
	}
	return names
}

func (p pairing) name(row []any, place int) string {
	switch {
	case len(p.key) > 0:
		cells := make([]any, 0, len(p.key))
		for _, k := range p.key {
			cells = append(cells, row[k])
		}
		return rowKey(cells)
	case p.place:
		return rowKey([]any{int64(place)})
	}
	return rowKey(row)
}

// differing are the columns in which the rows of a line are not all alike.
func differing(line [][]any) []int {
	out := []int{}
	var first []any
	for _, row := range line {
		if row == nil {
			continue
		}
		if first == nil {
			first = row
			continue
		}
		for c := range min(len(row), len(first)) {
			if rowKey(row[c:c+1]) != rowKey(first[c:c+1]) {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, cmp.Compare[int])
	return slices.Compact(out)
}
