// Package forward carries requests between the members of a network: a node that
// may not answer by itself asks a replica of another.
//
// The bodies and frames are those of package rpc, on a libp2p protocol of their
// own that only members may open. [Client] keeps one stream for each node and
// namespace that it asks, with many calls in flight; [Server] stands before this
// node's own replicas and passes nothing on.
//
// Nothing is sent twice. An error says with its code whether the other side can
// have done something: core.Unavailable means that it has not, and
// core.OutcomeUnknown that it may have.
package forward
