package membership

// This file decides which replicas a group should have. It is pure: the same
// input gives the same plan on every node.

import (
	"slices"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// standing is what the controller knows of a member.
type standing struct {
	alive bool   // heard of now
	state string // in the tables
}

// fit tells whether a member may take on a replica.
func (s standing) fit() bool { return s.alive && s.state == core.MemberActive }

// lost tells whether a member's replicas are to go elsewhere.
func (s standing) lost() bool {
	return s.state == core.MemberGone || s.state == core.MemberLeaving || s.state == stateRemoved || s.state == ""
}

// plan returns the places that a group should have, and whether that differs.
//
// Replicas stay where they are. Those of lost members are replaced by the
// highest ranked fit members, and taken away once the others can do without: a
// leaving or removed member's when another replica is there, a gone member's
// only together with its replacement, as it may yet come back. A group that has
// fewer replicas than its factor gets more when there are members. An odd number
// of them vote, the eldest first.
func plan(g group, members map[string]standing) ([]database.Place, bool) {
	factor := g.Factor
	if g.Namespace == core.SystemNamespace {
		return planSystem(g, members)
	}
	var kept, lost, pinned []string
	for _, place := range g.Replicas {
		switch {
		case g.Pinned[place.Node]:
			if !members[place.Node].lost() {
				pinned = append(pinned, place.Node)
			}
		case members[place.Node].lost():
			lost = append(lost, place.Node)
		default:
			kept = append(kept, place.Node)
		}
	}
	var candidates []string
	for id, s := range members {
		if s.fit() && !slices.Contains(kept, id) && !slices.Contains(lost, id) {
			candidates = append(candidates, id)
		}
	}
	for _, node := range rank(g.Namespace, candidates) {
		if len(kept) >= factor {
			break
		}
		kept = append(kept, node)
		pinned = slices.DeleteFunc(pinned, func(id string) bool { return id == node })
		delete(g.Pinned, node)
	}
	// Of those that nobody can replace, one that is there has the data for certain.
	slices.SortStableFunc(lost, func(a, b string) int { return deadLast(members[a]) - deadLast(members[b]) })
	for _, node := range lost { // nobody can take over: it stays, unless it is wanted gone and not the last
		stays := members[node].state == core.MemberGone && len(kept) < factor
		if stays || len(kept) == 0 {
			kept = append(kept, node)
		}
	}
	return places(g, kept, odd(len(kept)), pinned)
}

// deadLast orders members: those that are there come first.
func deadLast(s standing) int {
	if s.alive {
		return 0
	}
	return 1
}

// planSystem keeps the network's own group on all members, up to the bounds.
func planSystem(g group, members map[string]standing) ([]database.Place, bool) {
	var kept, replaceable []string
	for _, place := range g.Replicas {
		switch s := members[place.Node]; {
		case s.state == core.MemberGone:
			replaceable = append(replaceable, place.Node)
		case !s.lost():
			kept = append(kept, place.Node)
		}
	}
	var candidates []string
	for id, s := range members {
		if s.fit() && !slices.Contains(kept, id) && !slices.Contains(replaceable, id) {
			candidates = append(candidates, id)
		}
	}
	kept = append(kept, rank(g.Namespace, candidates)...)
	if len(kept) == 0 { // all want to go: the group stays where it is, above all not with somebody who is gone
		return nil, false
	}
	// The voters are the eldest; a gone one counts until somebody takes its vote.
	voters := odd(min(MaxSystemVoters, len(kept)))
	for _, node := range replaceable {
		if place, ok := placeOf(g, node); ok && place.Voter && voters < countVoters(g) {
			kept = slices.Insert(kept, voters, node)
			voters = odd(min(MaxSystemVoters, len(kept)))
		}
	}
	kept = kept[:min(len(kept), voters+MaxSystemNonvoters)]
	return places(g, kept, voters, nil)
}

func countVoters(g group) int {
	n := 0
	for _, place := range g.Replicas {
		if place.Voter {
			n++
		}
	}
	return n
}

func placeOf(g group, node string) (database.Place, bool) {
	for _, place := range g.Replicas {
		if place.Node == node {
			return place, true
		}
	}
	return database.Place{}, false
}

// places makes the list and compares it with what is there. Another order of the
// same places is no difference: it would be written, and looked after, for nothing.
func places(g group, nodes []string, voters int, pinned []string) ([]database.Place, bool) {
	var list []database.Place
	for i, node := range nodes {
		list = append(list, database.Place{Node: node, Voter: i < voters})
	}
	for _, node := range pinned {
		list = append(list, database.Place{Node: node})
	}
	same := len(list) == len(g.Replicas)
	for _, place := range list {
		same = same && slices.Contains(g.Replicas, place)
	}
	return list, !same
}
