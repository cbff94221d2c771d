package core

import (
	"strconv"
	"time"
)

// State words for parts of a node and for the node itself.
const (
	StateOK       = "ok"
	StateDegraded = "degraded" // works, with a loss that Detail names
	StateDown     = "down"
	StateOff      = "off" // not configured
)

// Check is the state of one part of a node, with the evidence in words.
type Check struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail"`
}

// Health is whether the node can serve, part by part.
type Health struct {
	State  string        `json:"state"`
	Checks []Check       `json:"checks"`
	Took   time.Duration `json:"took"` // measured
}

// Count puts a number before what it counts: "1 peer", "2 peers". The plural is
// the singular with an s.
func Count(n int, singular string) string {
	if n == 1 {
		return "1 " + singular
	}
	return strconv.Itoa(n) + " " + singular + "s"
}

// Status is what a node says about itself.
type Status struct {
	PeerID       string    `json:"peer_id"`
	Name         string    `json:"name"`          // node.id, for people; "" when none was given
	Network      string    `json:"network"`       // id of the network that the node's data belongs to
	SolanaWallet string    `json:"solana_wallet"` // of the node's owner, base58; "" when none was given
	Role         string    `json:"role"`          // "member" or "guest"
	Version      string    `json:"version"`
	StartedAt    time.Time `json:"started_at"`
	Addresses    []string  `json:"addresses"` // full multiaddresses that others can dial
	Gateway      string    `json:"gateway"`   // base URL, "" when off
	// GatewayOpen says that the gateway can be reached from other computers,
	// GatewayAuth that it asks callers for a credential, GatewayTLS that it
	// encrypts itself. All are false when it is off.
	GatewayOpen  bool    `json:"gateway_open"`
	GatewayAuth  bool    `json:"gateway_auth"`
	GatewayTLS   bool    `json:"gateway_tls"`
	RQLite       string  `json:"rqlite"` // base URL of rqlite's HTTP API, "" when off
	UI           string  `json:"ui"`     // base URL of the page, "" when off
	DataDir      string  `json:"data_dir"`
	Peers        int     `json:"peers"`
	Relayed      int     `json:"relayed"`       // connected peers that are reached through a relay
	Reachability string  `json:"reachability"`  // "public", "private" or "unknown"
	Proxy        Check   `json:"proxy"`         // the SOCKS5 proxy
	DatabaseSize int64   `json:"database_size"` // bytes on disk, all groups
	Groups       []Group `json:"groups"`
}

// Group is the state of one Raft group's replica on this node.
type Group struct {
	Name        string `json:"name"` // "ns::<namespace>"
	Awake       bool   `json:"awake"`
	State       string `json:"state"` // "leader", "follower", "candidate", "asleep"
	Leader      string `json:"leader"`
	Index       uint64 `json:"index"`
	CommitIndex uint64 `json:"commit_index"`
	Size        int64  `json:"size"` // bytes on disk
}
