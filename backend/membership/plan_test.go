package membership

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// parse reads a group like "a b c- d*": "-" has no vote, "*" was pinned by its owner.
func parse(ns core.Namespace, text string, factor int) group {
	g := group{Placement: database.Placement{Namespace: ns, Formed: true, Revision: 1}, Factor: factor, Pinned: map[string]bool{}}
	for word := range strings.FieldsSeq(text) {
		node := strings.TrimRight(word, "-*")
		g.Replicas = append(g.Replicas, database.Place{Node: node, Voter: node == word})
		if strings.HasSuffix(word, "*") {
			g.Pinned[node] = true
		}
	}
	return g
}

func written(g group, list []database.Place) string {
	var words []string
	for _, p := range list {
		switch {
		case g.Pinned[p.Node]:
			words = append(words, p.Node+"*")
		case p.Voter:
			words = append(words, p.Node)
		default:
			words = append(words, p.Node+"-")
		}
	}
	return strings.Join(words, " ")
}

// members reads "a b? c! d> e#": "?" is away for a while, "!" gone for longer
// than the set time, ">" leaving, "#" removed.
func members(text string) map[string]standing {
	known := map[string]standing{}
	for word := range strings.FieldsSeq(text) {
		s := standing{alive: true, state: core.MemberActive}
		switch word[len(word)-1] {
		case '?':
			s.alive = false
		case '!':
			s = standing{state: core.MemberGone}
		case '>':
			s.state = core.MemberLeaving
		case '#':
			s = standing{state: stateRemoved}
		}
		known[strings.TrimRight(word, "?!>#")] = s
	}
	return known
}

// Where replicas go when members come and go: too eager, and each restart copies
// all data; too shy, and the next death loses it.
func TestPlan_Tenants(t *testing.T) {
	for name, test := range map[string]struct {
		factor               int
		is, members, becomes string // becomes is "" when nothing changes
	}{
		"all is well":                                     {3, "a b c", "a b c d", ""},
		"one is away for a while":                         {3, "a b c", "a b c? d", ""},
		"one is gone, another takes over":                 {3, "a b c", "a b c! d", "a b d"},
		"the eldest is gone, the next ones vote":          {3, "a b c", "a! b c d", "b c d"},
		"one is gone, nobody can take over":               {3, "a b c", "a b c!", ""},
		"one is gone, the other one is away too":          {3, "a b c", "a b c! d?", ""},
		"one leaves, another takes over":                  {3, "a b c", "a b c> d", "a b d"},
		"one leaves, nobody can take over":                {3, "a b c", "a b c>", "a b-"},
		"one was removed, nobody can take over":           {3, "a b c", "a b c#", "a b-"},
		"one is unknown, nobody can take over":            {3, "a b x", "a b", "a b-"},
		"the last one leaves":                             {3, "a", "a>", ""},
		"the last one is gone":                            {3, "a", "a!", ""},
		"a second member comes":                           {3, "a", "a b", "a b-"},
		"a third member comes":                            {3, "a b-", "a b c", "a b c"},
		"a fourth member comes":                           {3, "a b c", "a b c d", ""},
		"an even factor":                                  {4, "a b c", "a b c d", "a b c d-"},
		"one voter of an even factor is gone":             {4, "a b c d-", "a b c! d", "a b d c-"},
		"a leaving one comes back when it is wanted":      {3, "a b-", "a b c>", ""},
		"two are gone, two take over":                     {3, "a b c", "a b! c! d e", "a d e"},
		"more replicas than asked for stay":               {1, "a b c", "a b c", ""},
		"all leave, one is gone: a living one has it":     {3, "a b c", "a! b> c>", "b a-"},
		"pinned ones follow and never vote":               {1, "a b*", "a b", ""},
		"a pinned one whose owner leaves":                 {1, "a b*", "a b>", "a"},
		"a pinned one becomes a voter when one is wanted": {3, "a b c*", "a b! c", "a c b"},
	} {
		t.Run(name, func(t *testing.T) {
			g := parse("shop", test.is, test.factor)
			got, differ := plan(g, members(test.members))
			want := test.becomes
			if want == "" {
				want = test.is
			}
			sorted := func(s string) string { // d and e are ranked by their hash
				words := strings.Fields(s)
				slices.Sort(words)
				return strings.Join(words, " ")
			}
			if is := written(g, got); sorted(is) != sorted(want) || differ != (test.becomes != "") {
				t.Errorf("%s with %s becomes %s (%v), not %s", test.is, test.members, is, differ, want)
			}
		})
	}
}

// The network's own group decides about all others: it must follow its members
// up to five voters, and never hand itself to somebody who is not there.
func TestPlan_System(t *testing.T) {
	for name, test := range map[string]struct{ is, members, becomes string }{
		"alone":                       {"a", "a", ""},
		"two":                         {"a", "a b", "a b-"},
		"three":                       {"a b-", "a b c", "a b c"},
		"four":                        {"a b c", "a b c d", "a b c d-"},
		"five":                        {"a b c d-", "a b c d e", "a b c d e"},
		"six":                         {"a b c d e", "a b c d e f", "a b c d e f-"},
		"a voter is away for a while": {"a b c d-", "a b c? d", ""},
		"a voter is gone, a follower takes its vote": {"a b c d-", "a b c! d", "a b d"},
		"a follower is gone":                         {"a b c d-", "a b c d!", "a b c"},
		"a voter is gone, nobody can take its vote":  {"a b c", "a b c!", ""},
		"two of five are gone, nobody can take over": {"a b c d e", "a b c d! e!", ""},
		"a voter leaves":                             {"a b c d-", "a b> c d", "a c d"},
		"a voter leaves, an even number stays":       {"a b c", "a b c>", "a b-"},
		"all leave":                                  {"a b c", "a> b> c>", ""},
		"all leave, one is gone":                     {"a b c", "a! b> c>", ""},
		"one who was removed never counts":           {"a b c", "a b c#", "a b-"},
		"a newcomer who is away is not waited for":   {"a b c", "a b c d?", ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := parse(core.SystemNamespace, test.is, MaxSystemVoters)
			got, differ := plan(g, members(test.members))
			if test.becomes == "" {
				if differ {
					t.Errorf("%s with %s becomes %s", test.is, test.members, written(g, got))
				}
				return
			}
			words := func(s string) []string { return slices.Sorted(slices.Values(strings.Fields(s))) }
			if is := written(g, got); !slices.Equal(words(is), words(test.becomes)) {
				t.Errorf("%s with %s becomes %s, not %s", test.is, test.members, is, test.becomes)
			}
			g.Replicas = got
			if next, again := plan(g, members(test.members)); again {
				t.Errorf("%s does not stay: %s", written(g, got), written(g, next))
			}
		})
	}
	var many, is []string
	for i := range MaxMembers {
		many = append(many, fmt.Sprint("m", i))
	}
	is = many[:1]
	got, _ := plan(parse(core.SystemNamespace, strings.Join(is, " "), MaxSystemVoters), members(strings.Join(many, " ")))
	if voters := countVoters(group{Placement: database.Placement{Replicas: got}}); voters != MaxSystemVoters || len(got) != MaxHints {
		t.Errorf("%d members: %d replicas, %d vote", MaxMembers, len(got), voters)
	}
}
