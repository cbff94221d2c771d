// What people may see of the mesh: who gets each topic's messages at once, and
// what neighbours' behaviour earned them.

package pubsub

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// scoresEvery is how old the scores that are shown may be.
	scoresEvery = 10 * time.Second
	// MaxShownScores bounds them; the worst are shown.
	MaxShownScores = 200
)

// view follows gossipsub's news. Its maps hold no more than gossipsub's own.
type view struct {
	mu     sync.Mutex
	mesh   map[string]map[peer.ID]struct{} // by topic
	scores map[peer.ID]float64
}

func newView() *view { return &view{mesh: make(map[string]map[peer.ID]struct{})} }

func (v *view) grafted(id peer.ID, topic string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.mesh[topic] == nil {
		v.mesh[topic] = make(map[peer.ID]struct{})
	}
	v.mesh[topic][id] = struct{}{}
}

func (v *view) pruned(id peer.ID, topic string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pruneLocked(id, topic)
}

func (v *view) pruneLocked(id peer.ID, topic string) {
	delete(v.mesh[topic], id)
	if len(v.mesh[topic]) == 0 {
		delete(v.mesh, topic)
	}
}

func (v *view) gone(id peer.ID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for topic := range v.mesh {
		v.pruneLocked(id, topic)
	}
}

func (v *view) left(topic string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.mesh, topic)
}

// scored takes gossipsub's scores, whose map is ours from here on.
func (v *view) scored(scores map[peer.ID]float64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.scores = scores
}

func (v *view) inMesh(topic string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.mesh[topic])
}

// Carried lists the topics that this peer takes part in, sorted by name, the one
// in which nodes tell what is in use among them. Those of presence are left out:
// each belongs to another topic.
func (p *PubSub) Carried() []core.GossipTopic {
	list := []core.GossipTopic{}
	e := p.engine.Load()
	if e == nil {
		return list
	}
	e.open.Range(func(_, value any) bool {
		t := value.(*topic) //nolint:errcheck // open holds nothing else
		if !hidden(t.label) {
			list = append(list, core.GossipTopic{
				Topic: t.name, Peers: len(t.handle.ListPeers()), Mesh: e.view.inMesh(t.name), Subscribers: len(t.readers.all()),
			})
		}
		return true
	})
	slices.SortFunc(list, func(a, b core.GossipTopic) int { return cmp.Compare(a.Topic, b.Topic) })
	return list
}

// Scores are what neighbours' behaviour earned them, the worst first. They are
// some seconds old.
func (p *PubSub) Scores() []core.GossipScore {
	list := []core.GossipScore{}
	e := p.engine.Load()
	if e == nil {
		return list
	}
	e.view.mu.Lock()
	scores := maps.Clone(e.view.scores)
	e.view.mu.Unlock()
	for id, score := range scores {
		list = append(list, core.GossipScore{Peer: id.String(), Score: score})
	}
	slices.SortFunc(list, func(a, b core.GossipScore) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Peer, b.Peer))
	})
	return list[:min(len(list), MaxShownScores)]
}
