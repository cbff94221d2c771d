// What a peer's behaviour costs it. gossipsub weighs these numbers, stops
// listening to a peer below graylist, and takes none below zero into a mesh.

package pubsub

import (
	"math"
	"net"
	"sync"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
)

// The thresholds. Three forged messages, or a dozen that are malformed, reach
// graylist; an honest peer never gets below gossipBelow, however busy it is.
const (
	gossipBelow   = -100
	publishBelow  = -500
	graylistBelow = -1000
)

// What this package itself blames peers for, because gossipsub cannot see it:
// it has no score at all for a peer that takes no stream from us.
const (
	blameBadTopic    = 20  // announces a topic that is not of this network's form
	blameBadMessage  = 100 // sends a message in one
	blameForged      = 300 // sends a message that does not pass the check
	blameNoGrant     = 20  // hands on what its author may not say here
	maxBlamePerFrame = 50  // of each of these, in one frame
	conductHalfLife  = time.Minute
)

func thresholds() *gossip.PeerScoreThresholds {
	return &gossip.PeerScoreThresholds{
		GossipThreshold:   gossipBelow,
		PublishThreshold:  publishBelow,
		GraylistThreshold: graylistBelow,
		// Peer exchange is discovery's business; gossip accepts none.
		AcceptPXThreshold:           math.MaxFloat64,
		OpportunisticGraftThreshold: 1,
	}
}

// peerScore weighs a peer as a whole. app is what this package blames it for,
// a number below zero.
func peerScore(app func(peer.ID) float64) (*gossip.PeerScoreParams, error) {
	local, err := localNetworks()
	if err != nil {
		return nil, err
	}
	return &gossip.PeerScoreParams{
		Topics: make(map[string]*gossip.TopicScoreParams),
		// Good deeds in many topics must not pay for forgery in one: the cap is
		// a tenth of graylist.
		TopicScoreCap:     100,
		AppSpecificScore:  app,
		AppSpecificWeight: 1,
		// Eight peers behind one address are an office; thirty-six are an
		// attack and cost each of them 7,840. On one machine and in one
		// home network addresses prove nothing.
		IPColocationFactorThreshold: 8,
		IPColocationFactorWeight:    -10,
		IPColocationFactorWhitelist: local,
		// Grafting too early and promises of messages that never come. A busy
		// machine breaks a promise now and then, hence the threshold; twenty
		// more within ten minutes reach gossipBelow at most four times over.
		BehaviourPenaltyThreshold: 10,
		BehaviourPenaltyWeight:    -1,
		BehaviourPenaltyDecay:     gossip.ScoreParameterDecay(10 * time.Minute),
		DecayInterval:             gossip.DefaultDecayInterval,
		DecayToZero:               gossip.DefaultDecayToZero,
		// Whoever leaves with a bad score finds it again.
		RetainScore: time.Hour,
	}, nil
}

// topicScore weighs a peer in one topic; all topics are alike.
func topicScore() *gossip.TopicScoreParams {
	return &gossip.TopicScoreParams{
		TopicWeight: 1,
		// An hour in the mesh, or a few first deliveries, is worth something,
		// but less than one forged message costs.
		TimeInMeshWeight:             0.01,
		TimeInMeshQuantum:            time.Second,
		TimeInMeshCap:                3600,
		FirstMessageDeliveriesWeight: 0.5,
		FirstMessageDeliveriesDecay:  gossip.ScoreParameterDecay(10 * time.Minute),
		FirstMessageDeliveriesCap:    50,
		// No one is blamed for too few messages: a topic may be silent for days,
		// and nobody can tell a lazy peer from a quiet one.
		MeshMessageDeliveriesWeight: 0,
		MeshFailurePenaltyWeight:    0,
		// Square of the count: one may be a mistake, four are graylist by
		// themselves, three with what conduct adds.
		InvalidMessageDeliveriesWeight: -100,
		InvalidMessageDeliveriesDecay:  gossip.ScoreParameterDecay(30 * time.Minute),
	}
}

// localNetworks are those in which many peers share an address for good reason.
func localNetworks() ([]*net.IPNet, error) {
	var nets []*net.IPNet
	for _, cidr := range []string{
		"127.0.0.0/8", "::1/128", // this machine
		"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", // private
		"169.254.0.0/16", "fe80::/10", // link-local
	} {
		_, n, err := net.ParseCIDR(cidr)
		if err != nil {
			return nil, err
		}
		nets = append(nets, n)
	}
	return nets, nil
}

// conduct remembers what peers did that gossipsub cannot see. Blame fades by
// half each minute, and faster than gossipsub's own marks, because it is given
// for lesser things.
type conduct struct {
	mu    sync.Mutex
	marks map[peer.ID]mark
}

type mark struct {
	blame float64
	at    time.Time
}

func newConduct() *conduct { return &conduct{marks: make(map[peer.ID]mark)} }

func (m mark) now(t time.Time) float64 {
	return m.blame * math.Exp2(-float64(t.Sub(m.at))/float64(conductHalfLife))
}

func (c *conduct) blame(id peer.ID, much float64) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	m, known := c.marks[id]
	if !known && len(c.marks) >= MaxConduct {
		return // it is scored by gossipsub all the same
	}
	c.marks[id] = mark{blame: m.now(now) + much, at: now}
}

// score is gossipsub's application score of a peer.
func (c *conduct) score(id peer.ID) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, known := c.marks[id]
	if !known {
		return 0
	}
	return -m.now(time.Now())
}

// graylisted says whether a peer is no longer listened to for this alone.
func (c *conduct) graylisted(id peer.ID) bool { return c.score(id) < graylistBelow }

// fade forgets blame that no longer counts.
func (c *conduct) fade(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, m := range c.marks {
		if m.now(now) < 1 {
			delete(c.marks, id)
		}
	}
}
