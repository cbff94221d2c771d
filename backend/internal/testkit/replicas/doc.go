// Package replicas gives tests the databases of real nodes: real rqlite and real
// libp2p hosts on loopback. Open is one node by itself, New a network of several
// whose groups are replicated.
//
// What its nodes ask each other goes by calls instead of package forward: a test
// of what is built on the databases needs their replication, and not the wire.
package replicas
