package gateway

// This file has the routes about the node's place in the network.

import (
	"net/http"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// nodeProtocol is what every node of the network speaks, and no light client
// (section 8 of the contract).
const nodeProtocol = "/debros/peer-exchange/1.0.0"

type networkStatusAnswer struct {
	networkAnswer
	Role    string `json:"role"`
	Version string `json:"version"`
	// Groups counts the Raft groups with a replica here, LeaderOf those that this
	// node leads. Their names are their tenants' own business.
	Groups   int `json:"groups"`
	LeaderOf int `json:"leader_of"`
}

type peerAnswer struct {
	ID        string    `json:"id"`
	Addresses []string  `json:"addresses"`
	Connected bool      `json:"connected"`
	LastSeen  time.Time `json:"last_seen"`
	LastSeen2 time.Time `json:"lastSeen"` // the same, for older clients
	LatencyMS float64   `json:"latency_ms"`
	Agent     string    `json:"agent"`
	Role      string    `json:"role"` // "node", "client", or "" when it has not said what it speaks
	Direction string    `json:"direction"`
	Country   string    `json:"country,omitempty"` // two letters, roughly; absent when it is not known
}

type peersAnswer struct {
	Peers []peerAnswer `json:"peers"`
}

type connectRequest struct {
	Multiaddr string `json:"multiaddr,omitempty"` // ends with /p2p/<peer id>
	PeerAddr  string `json:"peer_addr,omitempty"` // the same
}

type disconnectRequest struct {
	PeerID string `json:"peer_id"`
}

func (g *Gateway) networkRoutes() []route {
	return []route{
		{methods: "GET POST", path: "/v1/network/status", access: anyone, summary: "Tells which node this is and what it carries.", response: networkStatusAnswer{}, serve: networkStatus},
		{methods: "GET POST", path: "/v1/network/peers", access: anyone, summary: "Lists the peers that the node knows.", response: peersAnswer{}, serve: peers},
		{methods: "POST", path: "/v1/network/connect", access: operator, body: jsonBody, summary: "Connects the node to a peer.", request: connectRequest{}, response: okAnswer{}, serve: connect},
		{methods: "POST", path: "/v1/network/disconnect", access: operator, body: jsonBody, summary: "Closes the node's connections to a peer.", request: disconnectRequest{}, response: okAnswer{}, serve: disconnect},
	}
}

func networkStatus(c *call) error {
	s, err := c.g.services.Node.Status(c.r.Context())
	if err != nil {
		return err
	}
	out := networkStatusAnswer{networkAnswer: c.g.networkOf(s), Role: s.Role, Version: s.Version, Groups: len(s.Groups)}
	for _, group := range s.Groups {
		if group.State == "leader" {
			out.LeaderOf++
		}
	}
	return c.answer(http.StatusOK, out)
}

func (g *Gateway) networkOf(s core.Status) networkAnswer {
	return networkAnswer{NodeID: s.PeerID, Connected: s.Peers > 0, PeerCount: s.Peers, DatabaseSize: s.DatabaseSize, Uptime: g.uptime()}
}

func peers(c *call) error {
	list, err := c.g.services.Node.Peers(c.r.Context())
	if err != nil {
		return err
	}
	out := peersAnswer{Peers: make([]peerAnswer, 0, len(list))}
	for _, p := range list {
		out.Peers = append(out.Peers, peerAnswer{
			ID: p.ID, Addresses: some(p.Addresses), Connected: p.Connected, LastSeen: p.LastSeen, LastSeen2: p.LastSeen,
			LatencyMS: p.LatencyMS, Agent: p.Agent, Role: peerRole(p), Direction: p.Direction, Country: p.Place.Country,
		})
	}
	return c.answer(http.StatusOK, out)
}

func peerRole(p core.Peer) string {
	switch {
	case len(p.Protocols) == 0:
		return ""
	case slices.Contains(p.Protocols, nodeProtocol):
		return "node"
	}
	return "client"
}

func connect(c *call) error {
	var in connectRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	address := in.Multiaddr
	if address == "" {
		address = in.PeerAddr
	}
	if address == "" {
		return core.Errorf(core.Invalid, "multiaddr is missing; write /ip4/203.0.113.7/tcp/4001/p2p/<peer id>")
	}
	if err := c.g.services.Node.Connect(c.r.Context(), address); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func disconnect(c *call) error {
	var in disconnectRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	if in.PeerID == "" {
		return core.Errorf(core.Invalid, "peer_id is missing")
	}
	if err := c.g.services.Node.Disconnect(c.r.Context(), in.PeerID); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}
