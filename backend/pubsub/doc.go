// Package pubsub carries messages between the programs of one network.
//
// A topic belongs to a namespace and has the name "ns::<namespace>::<topic>" on
// the wire. Whoever subscribes gets every message that is published from then
// on, exactly once, also its own; two publications of equal bytes are two
// messages. A message is signed by the peer that publishes it, and every peer
// on its way checks that signature.
//
// Underneath is gossipsub, which loses messages silently when one of its queues
// is full. This package makes that a spoken thing: a publisher waits for room
// and is then told core.Limited (flow.go), a subscriber that does not read is
// cut off with a reason (subscription.go), a peer that sends faster than its
// messages can be checked is read more slowly, and whatever is lost all the
// same is counted in [Stats]. Gossip stays a hint: what must not be lost is
// stored in a database.
//
// # Who carries a topic
//
// A node carries every topic that somebody on the network uses, so that two
// clients that are connected to it, or to two neighbours, can talk
// (engine.go). It hears of a topic in two ways (interest.go): a neighbour
// announces it, which is quick, and the nodes that serve its users repeat that
// every [BeaconEvery] (beacon.go). The second is needed because a neighbour may
// announce a topic only because we do: two nodes would keep a dead topic alive
// for ever. A client carries only the topics it uses itself.
//
// Subscribe returns when a neighbouring node has taken note (noted.go), and a
// publisher that has just connected waits until its new neighbours have said
// which topics they carry. What is published while the news of a topic is still
// on its way through the network is offered to each neighbour as it comes into
// the topic's mesh (heal.go). So what is published after both have returned
// arrives; a new subscriber may also get what is up to [HealFor] older.
//
// # Who may speak, and who may listen
//
// Members of the network publish in every namespace, because they have checked
// their caller. Everybody else sends a proof along with each message
// (envelope.go), and every peer on its way judges it by [Settings].Allow; an
// author without one is not passed on and soon not listened to.
//
// Nobody is kept from listening: whoever takes part in gossip can carry any
// topic and so read it. What must stay private is encrypted by its application;
// the rights to read are those of the gateway's callers.
//
// # Who is present
//
// Beside a topic there may be a second one, whose name no tenant can write, in
// which nodes tell who of their users is present in the first (crowd.go): at
// coming, at going, and again each [BeaconEvery]. Whoever wants to know asks
// there once, and each node answers for all of its users.
//
// Messages of one author mostly arrive in the order in which they were
// published; those that came by a detour come later.
package pubsub
