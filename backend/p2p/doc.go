// Package p2p runs the one libp2p host of this program. Everything between
// nodes travels over it: one identity, one port, always encrypted and proven.
//
// [LoadIdentity] reads (or first makes) the key that names this node. [New]
// builds a [Host] that does not listen yet; [Host.Run] listens, measures and
// remembers peers until its context ends, then closes the host. In between the
// Host is a libp2p host.Host and may be used as one, and adds what people ask
// for: [Host.Dial], [Host.Hangup], [Host.PeerList].
//
// # Nothing leaves without a reason
//
// A host that listens on loopback only never dials another address, looks up
// no DNS name and asks no router for a port (see fence.go). A host with a
// Dialer (the SOCKS5 proxy) has no QUIC at all: UDP would pass beside the proxy
// and show the address that the proxy is there to hide. For the same reason it
// looks up no DNS names, punches no holes and maps no port.
//
// # What a person wants
//
// A person may name a peer, keep it connected, or block it: [Host.SetName],
// [Host.SetKeep], [Host.SetBlocked]. That is written down at once. The gate
// refuses blocked peers both ways; package discovery dials the kept ones.
//
// # What is measured
//
// Latencies, bytes, the way to each peer and how it changed are kept, each with
// a bound (gauge.go, meter.go, timeline.go; the last one over a restart too).
// [Host.Look] makes the host measure more often for half a minute. [Host.Facts]
// is what it knows of how it can be reached.
//
// # What is remembered
//
// Addresses learned from others live in libp2p's bounded memory peerstore and
// expire. Only peers that were really connected are written to the peerstore
// folder, at most [MaxStoredPeers] of them (see book.go). libp2p's own stored
// peerstore is not used: it is deprecated, has no bound on the number of peers
// and would write a second copy of the private key to the disk.
package p2p
