// Package membership says who belongs to the network, who may join it, and which
// members keep which group.
//
// What the members agree on is in four tables of the system namespace: members,
// tickets, namespaces and placements. Every decision is one conditional
// statement or one atomic batch, so that of several at once exactly one wins, on
// whichever nodes they were asked for.
//
// A network's folder holds a [Record], the file network.json: which network it
// is, and where its system group was last seen, so that a node finds it again
// before it can read any table.
//
// A new namespace is placed by rendezvous hashing: each member gets the score
// SHA-256(namespace, peer id), and the highest ones keep it. A member that comes
// or goes changes the places of its own replicas only. Of the replicas an odd
// number vote, as an even one survives no more deaths and needs one more ack.
//
// The node that leads the system group also runs the controller. It looks at who
// is alive, gives groups the replicas that they lack, takes them from members
// that leave or have been gone for too long, and keeps the system group at up to
// five voters. It changes one thing of a group at a time, adds before it removes,
// and touches no group that lacks a majority: only its own members can mend that.
package membership
