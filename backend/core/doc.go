// Package core holds the words that every other package shares: error codes,
// names, consistency levels and the plain data that crosses package borders.
//
// It imports the standard library only and does no I/O. A package that needs a
// service of another one declares a small interface in these types, and package
// node joins the two.
//
// # Glossary
//
//   - node: one running debros process with a peer identity.
//   - peer: another node or client as seen on the wire; named by its peer id.
//   - network: nodes that replicate data together; it has an id.
//   - member: a node that hosts replicas. guest: a node that hosts none.
//   - client: a light program that uses the network through members.
//   - ticket: a one-time invitation to become a member.
//   - namespace: one tenant's data: a SQL database, keys and topics.
//   - group: the Raft group that replicates one namespace.
//   - replica: one member's copy of a group. leader: the replica that orders writes.
//   - index: the position of an entry in a group's Raft log.
//   - level: how fresh a read must be: none, weak or linearizable.
//   - provenance: who answered, from which index, how old it may be.
//   - item: one key with its value, version and expiry.
//   - version: the number that a key-value write got; it only grows.
//   - topic: a name that messages are published to inside a namespace.
//   - operator: whoever runs the node and can read its data folder.
//   - credential: what a caller shows: the operator key or an API key.
package core
