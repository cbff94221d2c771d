package membership

import (
	"fmt"
	"slices"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

func names(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(prefix, i)
	}
	return list
}

// When a member comes or goes, each replica that moves is data on the wire: only
// its own share may.
func TestChoose_MovesItsOwnShareOnly(t *testing.T) {
	const namespaces, factor = 1000, 3
	all := names("node-", 10)
	held, moved := map[string]int{}, 0
	for i := range namespaces {
		ns := core.Namespace(fmt.Sprint("ns-", i))
		nodes, _ := choose(ns, all, factor, "")
		for _, node := range nodes {
			held[node]++
		}
		shuffled := slices.Clone(all)
		slices.Reverse(shuffled)
		if other, _ := choose(ns, shuffled, factor, ""); !slices.Equal(nodes, other) {
			t.Fatalf("%s: two members choose %v and %v", ns, nodes, other)
		}
		gone := all[0]
		fewer, _ := choose(ns, all[1:], factor, "")
		for _, node := range nodes {
			if node != gone && !slices.Contains(fewer, node) {
				t.Fatalf("%s: %s loses its replica as %s goes", ns, node, gone)
			}
		}
		if !slices.Equal(nodes, fewer) {
			moved++
		}
	}
	if moved != held[all[0]] {
		t.Errorf("%d groups moved; the member that went had %d", moved, held[all[0]])
	}
	for node, n := range held { // 300 each on average
		if n < 200 || n > 400 {
			t.Errorf("%s holds %d of %d replicas", node, n, namespaces*factor)
		}
	}
}

// Two of four voters are no majority: an even number only costs an ack more. And
// a namespace is founded where it is asked for, if it may live there.
func TestChoose_FounderAndVoters(t *testing.T) {
	for _, test := range []struct{ live, factor, nodes, voters int }{
		{live: 0, factor: 3},
		{live: 1, factor: 3, nodes: 1, voters: 1},
		{live: 2, factor: 3, nodes: 2, voters: 1},
		{live: 5, factor: 0, nodes: 1, voters: 1},
		{live: 5, factor: 3, nodes: 3, voters: 3},
		{live: 5, factor: 4, nodes: 4, voters: 3},
		{live: 9, factor: 7, nodes: 7, voters: 7},
	} {
		live := names("node-", test.live)
		for _, self := range append(live, "a guest's") {
			nodes, voters := choose("shop", live, test.factor, self)
			if len(nodes) != test.nodes || voters != test.voters {
				t.Errorf("%+v: %d nodes, %d voters", test, len(nodes), voters)
			}
			if i := slices.Index(nodes, self); i > 0 {
				t.Errorf("%+v: asked for at %s, founded at %s", test, self, nodes[0])
			}
			if len(slices.Compact(slices.Sorted(slices.Values(nodes)))) != len(nodes) {
				t.Errorf("%+v: %v", test, nodes)
			}
		}
	}
}
