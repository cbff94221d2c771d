package paths

// This file draws the matrix out of what is known.

import (
	"cmp"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxNodes bounds the matrix: it is drawn N by N.
const MaxNodes = 64

// Matrix is who measured whom: this node first, then the members, then other
// nodes that it is connected with.
func (p *Paths) Matrix(name string) core.PathMatrix {
	now, members := p.now(), p.settings.Members()
	measured := p.settings.Measured()
	m := core.PathMatrix{
		Sharing: p.settings.Share && p.settings.Network() != "",
		Nodes:   []core.PathNode{{ID: p.self, Name: name, Self: true, Known: true, Shared: true, AgeMS: newest(measured, now)}},
		Cells:   []core.PathCell{},
	}
	listed := map[string]bool{p.self: true}
	add := func(n core.PathNode) {
		if !listed[n.ID] && len(m.Nodes) < MaxNodes {
			listed[n.ID] = true
			m.Nodes = append(m.Nodes, n)
		}
	}
	reports := map[string]kept{}
	for _, k := range p.shelf.all(now) {
		reports[k.report.Node] = k
	}
	for _, id := range p.order(members, measured) {
		n := core.PathNode{ID: id, Name: members[id], AgeMS: -1}
		if k, ok := reports[id]; ok {
			n.Known, n.Shared, n.AgeMS = true, k.report.Shared, now.Sub(k.at).Milliseconds()
		}
		add(n)
	}
	for _, one := range measured {
		add(core.PathNode{ID: one.Peer, Name: one.Name, AgeMS: -1})
	}
	for _, one := range measured {
		if listed[one.Peer] {
			m.Cells = append(m.Cells, core.PathCell{From: p.self, To: one.Peer, MS: one.MS, Path: one.Route, AgeMS: max(now.Sub(one.At).Milliseconds(), 0)})
		}
	}
	for _, n := range m.Nodes {
		k := reports[n.ID]
		for _, w := range k.report.Paths {
			if listed[w.Peer] {
				m.Cells = append(m.Cells, core.PathCell{From: n.ID, To: w.Peer, MS: w.MS, Path: w.Way, AgeMS: n.AgeMS})
			}
		}
	}
	return m
}

// order sorts the other members: connected ones first, then by name and id.
func (p *Paths) order(members map[string]string, measured []Measured) []string {
	here := map[string]bool{}
	for _, one := range measured {
		here[one.Peer] = true
	}
	var list []string
	for id := range members {
		if id != p.self {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, func(a, b string) int {
		if here[a] != here[b] {
			if here[a] {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(members[a], members[b]), cmp.Compare(a, b))
	})
	return list
}

// newest is the age of the latest measurement, -1 when there is none.
func newest(measured []Measured, now time.Time) int64 {
	age := int64(-1)
	for _, one := range measured {
		if ms := max(now.Sub(one.At).Milliseconds(), 0); !one.At.IsZero() && (age < 0 || ms < age) {
			age = ms
		}
	}
	return age
}

// Limits lists the bounds of this package that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "paths told to the members of a network", Value: "the 64 nearest peers, 8 KiB, every 30 s", Why: "ids and numbers only; enough to draw the matrix", Key: "discovery.share_paths"},
		{Name: "nodes in the path matrix", Value: "64", Why: "it is drawn with a row and a column for each"},
	}
}
