package core

import "time"

// Peer is another node or client as this node knows it.
type Peer struct {
	ID        string    `json:"id"`
	Addresses []string  `json:"addresses"` // multiaddresses without /p2p
	Connected bool      `json:"connected"`
	Direction string    `json:"direction"`  // "inbound", "outbound" or ""
	Path      string    `json:"path"`       // "direct", "relayed", "lan", "this computer" or ""
	Transport string    `json:"transport"`  // "tcp", "quic" or ""
	Agent     string    `json:"agent"`      // its program and version, "" when unknown
	Protocols []string  `json:"protocols"`  // sorted
	LatencyMS float64   `json:"latency_ms"` // moving average, 0 when unknown
	Since     time.Time `json:"since"`      // when the connection was made
	LastSeen  time.Time `json:"last_seen"`
}
