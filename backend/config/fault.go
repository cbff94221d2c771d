package config

// This file says how faults in a configuration are told: all at once, each
// with its key, its place and what to write instead.

import (
	"fmt"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	Key     string `json:"key"`    // "" when it concerns the file as a whole
	Origin  string `json:"origin"` // where the value was set: "node.yaml line 12"
	Problem string `json:"problem"`
	Fix     string `json:"fix"`
}

// String is the fault on one line.
func (f Fault) String() string {
	var b strings.Builder
	switch {
	case f.Key != "" && f.Origin != "":
		fmt.Fprintf(&b, "%s (%s): ", f.Key, f.Origin)
	case f.Key != "" || f.Origin != "":
		b.WriteString(f.Key + f.Origin + ": ")
	}
	b.WriteString(f.Problem)
	if f.Fix != "" {
		b.WriteString("; " + f.Fix)
	}
	return b.String()
}

// FaultsError holds every fault of a configuration. Its code is core.Invalid.
type FaultsError struct {
	Faults []Fault
}

// Error lists the faults, one on each line when there are several.
func (e *FaultsError) Error() string {
	if len(e.Faults) == 1 {
		return "configuration: " + e.Faults[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d faults:", len(e.Faults))
	for _, f := range e.Faults {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// Unwrap gives the faults their code.
func (e *FaultsError) Unwrap() error { return core.Errorf(core.Invalid, "%s", e.Error()) }

// faults gathers while a configuration is read.
type faults []Fault

func (f *faults) add(key, origin, problem, fix string) {
	*f = append(*f, Fault{Key: key, Origin: origin, Problem: problem, Fix: fix})
}

// err is nil when nothing is wrong.
func (f *faults) err() error {
	if len(*f) == 0 {
		return nil
	}
	return &FaultsError{Faults: *f}
}

// Nearest returns the candidate that name was probably meant to be, "" when
// none is near. It serves the "did you mean" of keys and commands.
func Nearest(name string, candidates []string) string {
	best, bestDistance := "", len(name)/3+2
	for _, c := range candidates {
		if d := distance(name, c, bestDistance); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is the number of single-letter changes between a and b. It gives up
// with limit, so that long foreign text costs nothing.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return min(row[len(b)], limit)
}
