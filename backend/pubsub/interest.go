// Who uses which topic, as far as this peer hears: announcements of neighbours,
// and beacons of nodes further away.

package pubsub

import (
	"maps"
	"slices"
	"sync"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// interest is the table. gossipsub's loop writes it through the subscription
// filter and the tracer; everybody else reads. Its lock covers memory only and
// nothing is locked inside it.
type interest struct {
	conduct *conduct
	changed bell // rings when a waiting publisher or subscriber should look again
	poke    func()

	mu        sync.Mutex
	peers     map[peer.ID]*neighbour
	topics    map[string]*usage
	leases    int // pairs in all usage.leases
	leasesOf  map[peer.ID]int
	sponsored map[peer.ID]int
	refused   int64 // announcements and leases past a bound
}

// neighbour is one connected peer.
type neighbour struct {
	streams int  // open streams from it
	greeted bool // its first frame has come
	ready   bool // our stream to it is open
	node    bool // it announced nodesTopic
	topics  map[string]struct{}
}

// usage is why a topic is carried.
type usage struct {
	peers       map[peer.ID]struct{}  // neighbours that announce it
	leases      map[peer.ID]time.Time // nodes that serve users of it, and until when that counts
	provisional time.Time             // until when a neighbouring node's word alone counts
	sponsor     peer.ID               // the neighbour that gave it
}

func newInterest(c *conduct, poke func()) *interest {
	return &interest{
		conduct:   c,
		poke:      poke,
		peers:     make(map[peer.ID]*neighbour),
		topics:    make(map[string]*usage),
		leasesOf:  make(map[peer.ID]int),
		sponsored: make(map[peer.ID]int),
	}
}

// CanSubscribe lets this peer join topics of this network's form only.
func (in *interest) CanSubscribe(topic string) bool {
	_, _, ok := parseTopic(topic)
	return ok
}

// FilterIncomingSubscriptions notes what a neighbour announces and keeps
// gossipsub from remembering more of it than is allowed. It never returns an
// error: gossipsub would throw away the messages in the same frame uncounted.
func (in *interest) FilterIncomingSubscriptions(from peer.ID, subs []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	now := time.Now()
	valid := gossip.FilterSubscriptions(subs, in.CanSubscribe)
	if bad := len(subs) - len(valid); bad > 0 && slices.ContainsFunc(subs, in.malformed) {
		in.conduct.blame(from, min(float64(bad), maxBlamePerFrame)*blameBadTopic)
	}
	in.mu.Lock()
	n, known := in.peers[from]
	if !known || n.streams == 0 {
		in.mu.Unlock()
		return valid, nil // said before it left; gossipsub forgets it in a moment
	}
	for _, sub := range valid {
		// First, because how much a peer may announce depends on it.
		n.node = n.node || sub.GetSubscribe() && sub.GetTopicid() == nodesTopic
	}
	kept := valid[:0]
	for _, sub := range valid {
		topic := sub.GetTopicid()
		if !sub.GetSubscribe() {
			in.withdrawLocked(from, n, topic)
		} else if !in.announceLocked(from, n, topic, now) {
			continue
		}
		kept = append(kept, sub)
	}
	in.mu.Unlock()
	in.changed.ring()
	in.poke()
	return kept, nil
}

func (in *interest) malformed(sub *pb.RPC_SubOpts) bool { return !in.CanSubscribe(sub.GetTopicid()) }

func (in *interest) announceLocked(from peer.ID, n *neighbour, topic string, now time.Time) bool {
	if _, known := n.topics[topic]; known {
		return true
	}
	bound := MaxTopicsPerClient
	if n.node {
		bound = MaxTopics
	}
	if len(n.topics) >= bound {
		in.refused++
		return false
	}
	n.topics[topic] = struct{}{}
	u := in.usageLocked(topic)
	u.peers[from] = struct{}{}
	if n.node && !now.Before(u.provisional) && in.sponsored[from] < MaxProvisionalPerPeer {
		in.unsponsorLocked(u)
		u.provisional, u.sponsor = now.Add(ProvisionalFor), from
		in.sponsored[from]++
	}
	return true
}

func (in *interest) withdrawLocked(from peer.ID, n *neighbour, topic string) {
	delete(n.topics, topic)
	u, known := in.topics[topic]
	if !known {
		return
	}
	delete(u.peers, from)
	if u.sponsor == from {
		in.handOnLocked(u)
	}
	in.forgetLocked(topic, u)
}

// handOnLocked lets another neighbour's word count when the sponsor takes its
// own back, for as long as that would have.
func (in *interest) handOnLocked(u *usage) {
	until := u.provisional
	in.unsponsorLocked(u)
	for id := range u.peers {
		if in.peers[id].node && in.sponsored[id] < MaxProvisionalPerPeer {
			u.provisional, u.sponsor = until, id
			in.sponsored[id]++
			return
		}
	}
}

func (in *interest) unsponsorLocked(u *usage) {
	if u.sponsor == "" {
		return
	}
	if in.sponsored[u.sponsor]--; in.sponsored[u.sponsor] <= 0 {
		delete(in.sponsored, u.sponsor)
	}
	u.sponsor, u.provisional = "", time.Time{}
}

func (in *interest) neighbourLocked(id peer.ID) *neighbour {
	n, known := in.peers[id]
	if !known {
		n = &neighbour{topics: make(map[string]struct{})}
		in.peers[id] = n
	}
	return n
}

func (in *interest) usageLocked(topic string) *usage {
	u, known := in.topics[topic]
	if !known {
		u = &usage{peers: make(map[peer.ID]struct{}), leases: make(map[peer.ID]time.Time)}
		in.topics[topic] = u
	}
	return u
}

func (in *interest) forgetLocked(topic string, u *usage) {
	if len(u.peers) == 0 && len(u.leases) == 0 {
		in.unsponsorLocked(u)
		delete(in.topics, topic)
	}
}

// opened and closed follow the streams from a neighbour. A second one may
// replace the first, so they are counted; with the last one everything that the
// neighbour announced is void.
func (in *interest) opened(from peer.ID) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.neighbourLocked(from).streams++
}

func (in *interest) closed(from peer.ID) {
	in.mu.Lock()
	n := in.neighbourLocked(from)
	if n.streams--; n.streams <= 0 {
		for topic := range n.topics {
			in.withdrawLocked(from, n, topic)
		}
		n.streams, n.greeted, n.node = 0, false, false
		in.dropLocked(from, n)
	}
	in.mu.Unlock()
	in.changed.ring()
	in.poke()
}

func (in *interest) dropLocked(id peer.ID, n *neighbour) {
	if n.streams == 0 && !n.ready {
		delete(in.peers, id)
	}
}

// greet says that a frame of a neighbour has come, ready that frames for it
// can be sent, unready that they no longer can.
func (in *interest) greet(from peer.ID) {
	in.mu.Lock()
	n, known := in.peers[from]
	news := known && n.streams > 0 && !n.greeted
	if news {
		n.greeted = true
	}
	in.mu.Unlock()
	if news {
		in.changed.ring()
	}
}

func (in *interest) setReady(id peer.ID, ready bool) {
	in.mu.Lock()
	n := in.neighbourLocked(id)
	n.ready = ready
	in.dropLocked(id, n)
	in.mu.Unlock()
	in.changed.ring()
	in.poke()
}

// settled says whether frames flow to and from a neighbour, and its first one,
// with its topics, has come.
func (in *interest) settled(id peer.ID) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	n, known := in.peers[id]
	return known && n.greeted && n.ready
}

// nodes lists the neighbours that carry topics for others.
func (in *interest) nodes() []peer.ID {
	in.mu.Lock()
	defer in.mu.Unlock()
	var ids []peer.ID
	for id, n := range in.peers {
		if n.node && n.greeted && n.ready {
			ids = append(ids, id)
		}
	}
	return ids
}

// in lists the neighbours that take a topic's messages.
func (in *interest) in(topic string) []peer.ID {
	in.mu.Lock()
	defer in.mu.Unlock()
	u, known := in.topics[topic]
	if !known {
		return nil
	}
	ids := make([]peer.ID, 0, len(u.peers))
	for id := range u.peers {
		if in.peers[id].ready {
			ids = append(ids, id)
		}
	}
	return ids
}

// announces says whether a neighbour is known to want a topic.
func (in *interest) announces(id peer.ID, topic string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	n, known := in.peers[id]
	if !known {
		return false
	}
	_, known = n.topics[topic]
	return known
}

// lease notes that a node serves users of topics, or no longer does.
func (in *interest) lease(origin peer.ID, words []word, now time.Time) {
	in.mu.Lock()
	for _, w := range words {
		if w.gone {
			in.unleaseLocked(w.topic, origin)
			continue
		}
		in.leaseLocked(w.topic, origin, now.Add(LeaseFor))
	}
	in.mu.Unlock()
	in.poke()
}

func (in *interest) leaseLocked(topic string, origin peer.ID, until time.Time) {
	u, known := in.topics[topic]
	if known {
		if _, again := u.leases[origin]; again {
			u.leases[origin] = until
			return
		}
	}
	if in.leases >= MaxLeases || in.leasesOf[origin] >= MaxLeasesPerNode {
		in.refused++
		return
	}
	in.usageLocked(topic).leases[origin] = until
	in.leases++
	in.leasesOf[origin]++
}

func (in *interest) unleaseLocked(topic string, origin peer.ID) {
	u, known := in.topics[topic]
	if !known {
		return
	}
	if _, known = u.leases[origin]; !known {
		return
	}
	delete(u.leases, origin)
	in.leases--
	if in.leasesOf[origin]--; in.leasesOf[origin] <= 0 {
		delete(in.leasesOf, origin)
	}
	in.forgetLocked(topic, u)
}

// expire drops what has not been repeated in time.
func (in *interest) expire(now time.Time) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for topic, u := range in.topics {
		for origin, until := range u.leases {
			if !now.Before(until) {
				in.unleaseLocked(topic, origin)
			}
		}
		if u.sponsor != "" && !now.Before(u.provisional) {
			in.unsponsorLocked(u)
		}
	}
}

// clients lists the topics that neighbouring clients use; this node answers for
// them in its beacon.
func (in *interest) clients() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	var topics []string
	for topic, u := range in.topics {
		if in.clientLocked(u) && topic != clientsTopic && topic != nodesTopic {
			topics = append(topics, topic)
		}
	}
	return topics
}

// wanted lists the topics that a node should carry for others. A neighbour
// counts once frames can be sent to it: a topic that is joined then has it in
// its mesh at once, else only at the next heartbeat.
func (in *interest) wanted(now time.Time) []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	var topics []string
	for topic, u := range in.topics {
		if topic == clientsTopic || topic == nodesTopic {
			continue
		}
		if len(u.leases) > 0 || now.Before(u.provisional) && in.peers[u.sponsor].ready || in.clientLocked(u) {
			topics = append(topics, topic)
		}
	}
	return topics
}

func (in *interest) clientLocked(u *usage) bool {
	for id := range u.peers {
		if n := in.peers[id]; n.ready && !n.node {
			return true
		}
	}
	return false
}

// used lists topics of one namespace that somebody else uses. A node knows
// what its neighbouring nodes only carry; a client takes their word.
func (in *interest) used(ns core.Namespace, node bool, now time.Time) []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	var topics []string
	for full, u := range in.topics {
		name, ours := ns.Unqualify(full)
		if !ours || hidden(name) {
			continue
		}
		if !node || len(u.leases) > 0 || now.Before(u.provisional) || in.clientLocked(u) {
			topics = append(topics, name)
		}
	}
	return topics
}

// servers lists the other nodes that serve users of a topic, as far as is known.
func (in *interest) servers(topic string) []peer.ID {
	in.mu.Lock()
	defer in.mu.Unlock()
	u, known := in.topics[topic]
	if !known {
		return nil
	}
	return slices.Collect(maps.Keys(u.leases))
}

// anybody says whether there is a neighbour at all.
func (in *interest) anybody() bool {
	neighbours, _, _ := in.counts()
	return neighbours > 0
}

// counts is for Check and Stats.
func (in *interest) counts() (neighbours, nodes int, refused int64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, n := range in.peers {
		if n.greeted && n.ready {
			neighbours++
			if n.node {
				nodes++
			}
		}
	}
	return neighbours, nodes, in.refused
}

// isNode says whether a neighbour carries topics for others.
func (in *interest) isNode(id peer.ID) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	n, known := in.peers[id]
	return known && n.node
}
