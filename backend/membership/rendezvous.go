package membership

// This file chooses members for a namespace by rendezvous hashing (highest
// random weight).

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"git.debros.io/DeBros/network/backend/core"
)

// rank sorts nodes by their score for ns, highest first. The order depends on
// nothing else, so that all members find the same one, and a node that comes or
// goes does not change the order of the others.
func rank(ns core.Namespace, nodes []string) []string {
	type scored struct {
		node  string
		score [sha256.Size]byte
	}
	list := make([]scored, 0, len(nodes))
	for _, node := range nodes {
		list = append(list, scored{node, sha256.Sum256([]byte(string(ns) + "\x00" + node))})
	}
	slices.SortFunc(list, func(a, b scored) int {
		if c := bytes.Compare(b.score[:], a.score[:]); c != 0 {
			return c
		}
		return bytes.Compare([]byte(a.node), []byte(b.node))
	})
	ranked := make([]string, 0, len(list))
	for _, s := range list {
		ranked = append(ranked, s.node)
	}
	return ranked
}

// choose picks up to factor of the live nodes for a new namespace. The first one
// founds the group: self when it is among them, which spares a way over the
// network, else the highest. The first odd number of them vote.
func choose(ns core.Namespace, live []string, factor int, self string) (nodes []string, voters int) {
	nodes = rank(ns, live)
	nodes = nodes[:min(max(factor, 1), len(nodes))]
	if i := slices.Index(nodes, self); i > 0 {
		nodes = slices.Insert(slices.Delete(nodes, i, i+1), 0, self)
	}
	return nodes, odd(len(nodes))
}

// odd is the largest odd number that is not above n; 0 for 0.
func odd(n int) int {
	if n%2 == 0 && n > 0 {
		return n - 1
	}
	return n
}
