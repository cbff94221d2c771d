// The bounds of pub/sub, each with its reason.

package pubsub

import (
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxFrameBytes bounds one gossip frame. It is gossipsub's own default,
	// kept so that an ordinary libp2p peer can take part, and four times a
	// message. A neighbour's greeting, which names all its topics, must fit too:
	// MaxTopics of the longest names are 690 kB.
	MaxFrameBytes = 1 << 20
	// MaxTopics bounds the topics that a node carries at one time: its own
	// users' and those of others. See MaxFrameBytes for why it is not more.
	MaxTopics = 2048
	// MaxCarried bounds the topics that a node carries for others. The rest of
	// MaxTopics stays for its own users, however much is announced from outside.
	MaxCarried = 1536
	// MaxTopicsPerClient bounds the topics that one client may announce, so that
	// a stranger cannot fill the network's topics alone.
	MaxTopicsPerClient = 64
	// MaxProvisionalPerPeer bounds the topics that are carried on a neighbouring
	// node's word alone, before the node that serves their users confirms them.
	MaxProvisionalPerPeer = 256
	// MaxLeasesPerNode bounds the topics that one node may keep alive here.
	MaxLeasesPerNode = 1024
	// MaxLeases bounds what all nodes together may keep alive here: pairs of
	// a node and a topic, each about 100 bytes.
	MaxLeases = 16384
	// MaxListed bounds the answer of Topics.
	MaxListed = 1000
	// MaxSubscribersPerTopic bounds the local subscribers of one topic: each
	// message is handed to all of them before the next one is looked at. All
	// WebSockets of a gateway may be on one topic.
	MaxSubscribersPerTopic = 10_240
	// MaxSubscriptions bounds the local subscribers of all topics.
	MaxSubscriptions = 16_384

	// MaxQueued bounds the messages that wait for one local subscriber. A burst
	// of 5,000 must arrive whole at a reader that does other things meanwhile.
	MaxQueued = 8192
	// MaxQueuedBytes bounds the same in memory; sixteen of the largest frames.
	MaxQueuedBytes = 16 << 20

	// MaxOutbound bounds the frames that wait for one neighbour. Publishers stop
	// at half of it, so that a burst of our own never crowds out what we carry
	// for others.
	MaxOutbound = 8192
	// MaxOutboundBytes bounds the same in memory, again half of it for
	// publishers. A neighbour that lets more pile up is cut off and has to
	// connect anew: it could otherwise hold MaxOutbound times a frame.
	MaxOutboundBytes = 64 << 20
	// MaxPublishWait is how long a publisher waits for room in those queues, or
	// a client for a node that carries the topic, when its context allows more.
	MaxPublishWait = 10 * time.Second
	// MaxStall is how long a neighbour with a full queue may take nothing at all
	// before publishers no longer wait for it.
	MaxStall = time.Second

	// MaxUnchecked bounds the messages of one neighbour that wait for their
	// signature to be checked; then its stream is read no further, and it feels
	// that its own queue fills. About 80 ms of work for one core.
	MaxUnchecked = 1024
	// MaxUncheckedBytes bounds the same in memory.
	MaxUncheckedBytes = 8 << 20
	// MaxUncheckedBytesTotal bounds it for all neighbours together.
	MaxUncheckedBytesTotal = 64 << 20
	// MaxOfferedByPeers bounds the messages that a neighbour may offer us, and we
	// ask it for, at one time; what it then sends is one frame, which must not
	// exceed what may wait for the check.
	MaxOfferedByPeers = MaxUnchecked
	// MaxValidate is gossipsub's queue in front of the signature check. Sixteen
	// neighbours may fill their share, twice MaxUnchecked, at the same time
	// before it loses anything; a topic's mesh has at most twelve.
	MaxValidate = 32 * MaxUnchecked
	// MaxPause is how long a stream is not read while none of its messages
	// make progress. It ends the pause of a peer whose messages are being
	// thrown away unchecked.
	MaxPause = 2 * time.Second

	// MaxSettle is how long a publisher waits for a neighbour that has just
	// connected to say which topics it carries, and a node's subscriber for its
	// neighbours to take note.
	MaxSettle = time.Second
	// MaxAsked bounds the neighbours that a subscriber asks to take note. The
	// others hear of the topic too, only unconfirmed.
	MaxAsked = 16
	// MaxAsks bounds the questions of that kind answered at one time.
	MaxAsks = 256
	// MaxAskWait is how long a node keeps such a question open.
	MaxAskWait = 5 * time.Second
	// HealFor is how old a message may be that a neighbour is offered when it
	// enters the mesh; gossipsub forgets a message's text after four seconds.
	HealFor = 3 * time.Second
	// MaxRecent bounds the messages remembered for that, 80 bytes each.
	MaxRecent = 4096
	// MaxOffered bounds one offer: 13 kB of ids.
	MaxOffered = 256
	// MaxOffers bounds the offers to one neighbour in a second, of two frames
	// each. Its gossipsub takes no notice of more than ten, and a request of 40
	// bytes must not fetch too much.
	MaxOffers = 4
	// MaxScored bounds the topic names for which peer scores are kept; the
	// library never forgets one. Peers of later topics are scored by behaviour
	// only, until the next start.
	MaxScored = 16384
	// MaxConduct bounds the peers whose misbehaviour is remembered.
	MaxConduct = 4096

	// BeaconEvery is how often a node repeats which topics its users use.
	BeaconEvery = 20 * time.Second
	// LeaseFor is how long one such word counts: three may be lost.
	LeaseFor = 70 * time.Second
	// ProvisionalFor is how long a neighbour's announcement counts by itself:
	// time for four beacons of the node that knows.
	ProvisionalFor = 90 * time.Second
	// Linger is how long a topic is carried after its last use. A program that
	// comes back within it finds everything in place; gossipsub would keep it
	// out of the mesh for a while after a real departure.
	Linger = 60 * time.Second
)

// Limits lists the bounds that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "size of one published message", Value: fmt.Sprintf("%d bytes", core.MaxMessageBytes), Why: "larger things belong into storage; a message can name them"},
		{Name: "length of a topic's name", Value: fmt.Sprintf("%d bytes", core.MaxTopicBytes), Why: "every neighbour is told every topic's name"},
		{Name: "topics a node carries", Value: fmt.Sprint(MaxTopics), Why: "they are all named in one greeting to each neighbour"},
		{Name: "topics a node carries for others", Value: fmt.Sprint(MaxCarried), Why: "the rest stays for its own users"},
		{Name: "topics of one client", Value: fmt.Sprint(MaxTopicsPerClient), Why: "a stranger must not fill the network's topics alone"},
		{Name: "subscribers of one topic on one node", Value: fmt.Sprint(MaxSubscribersPerTopic), Why: "each message is handed to all of them before the next"},
		{Name: "subscribers on one node", Value: fmt.Sprint(MaxSubscriptions), Why: "each has a queue"},
		{Name: "messages waiting for one subscriber", Value: fmt.Sprintf("%d, or %d MiB", MaxQueued, MaxQueuedBytes>>20), Why: "one that does not read is cut off; nobody waits for it"},
		{Name: "time a publisher waits for room", Value: MaxPublishWait.String(), Why: "then it is told to slow down; nothing is lost silently"},
		{Name: "members present in one topic", Value: fmt.Sprint(MaxMembers), Why: "every node that is asked keeps the list in memory"},
		{Name: "what others see of a member", Value: fmt.Sprintf("%d bytes of JSON", core.MaxPresenceMetaBytes), Why: "it is repeated as long as the member is there"},
		{Name: "size of an author's proof", Value: fmt.Sprintf("%d bytes", MaxProofBytes), Why: "it goes along with each message"},
		{Name: "topics in one listing", Value: fmt.Sprint(MaxListed), Why: "an answer has an end"},
	}
}
