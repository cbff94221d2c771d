package pubsub

import (
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// A mesh that is shown with peers that have left explains nothing.
func TestView_FollowsTheMesh(t *testing.T) {
	v := newView()
	a, b := peer.ID("a"), peer.ID("b")
	v.pruned(a, "news") // of a topic that nobody entered
	for _, topic := range []string{"news", "jobs"} {
		v.grafted(a, topic)
		v.grafted(a, topic)
		v.grafted(b, topic)
	}
	if got := v.inMesh("news"); got != 2 {
		t.Errorf("%d peers", got)
	}
	v.pruned(b, "news")
	v.left("jobs")
	if v.inMesh("news") != 1 || v.inMesh("jobs") != 0 {
		t.Errorf("after a prune %d, after leaving %d", v.inMesh("news"), v.inMesh("jobs"))
	}
	v.gone(a)
	if len(v.mesh) != 0 {
		t.Errorf("left behind: %v", v.mesh)
	}
}

// Who looks at gossip must see each topic with those who carry it, beside the one
// in which nodes tell what is in use.
func TestPubSub_ShowsWhatItCarries(t *testing.T) {
	a, b := node(t), node(t)
	connect(t, a, b)
	subscribe(t, a, "red", "news")
	subscribe(t, b, "red", "news")
	var got []core.GossipTopic
	eventually(t, "both are in the mesh", func() bool {
		got = a.Carried()
		return len(got) == 2 && got[0].Peers == 1 && got[0].Mesh == 1
	})
	if got[0].Topic != "ns::red::news" || got[0].Subscribers != 1 || got[1].Subscribers != 0 {
		t.Errorf("carries %+v", got)
	}
}
