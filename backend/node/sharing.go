package node

// This file joins the sharing of paths with what the node measures and with who
// belongs to its network.

import (
	"context"
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/paths"
)

func (n *Node) buildPaths(context.Context) (err error) {
	n.paths, err = paths.New(paths.Settings{
		Share: n.loaded.Config.Discovery.SharePaths, Network: n.memberOf, Members: n.memberNames, Measured: n.measured, Standing: n.standing,
		Looked: n.host.LookedAt,
	}, n.host, n.logs.Logger("paths"))
	if err != nil {
		return fmt.Errorf("build paths: %w", err)
	}
	return nil
}

// memberOf is the network that this node is a member of, "" for a guest and while
// it changes networks.
func (n *Node) memberOf() string {
	in, err := n.networks.member()
	if err != nil || !in.membership.Record().LeftAt.IsZero() {
		return ""
	}
	return in.record.ID
}

// measured are the connected nodes as this one reaches them.
func (n *Node) measured() []paths.Measured {
	names := n.peerNames()
	list := []paths.Measured{}
	for _, p := range n.nodes() {
		m := paths.Measured{Peer: p.ID, Name: names[p.ID], MS: p.LatencyMS, Route: p.Route()}
		if id, err := peer.Decode(p.ID); err == nil {
			m.At = n.host.MeasuredAt(id)
		}
		list = append(list, m)
	}
	return list
}

func (n *Node) standing() paths.Standing {
	h := n.host.Facts()
	return paths.Standing{
		NATTCP: h.NATTCP, NATUDP: h.NATUDP, UDPLost: h.UDPLost, Reachable: h.Reachability == "public" || len(h.Reached) > 0,
		Proxied: h.Proxied, Tried: h.PunchesTried, Punched: h.PunchesOK,
	}
}

// PathMatrix is who measured whom, in this node's network.
func (n *Node) PathMatrix(context.Context) (core.PathMatrix, error) {
	m, names := n.paths.Matrix(n.loaded.Config.Node.ID), n.peerNames()
	for i := range m.Nodes {
		if name := names[m.Nodes[i].ID]; name != "" {
			m.Nodes[i].Name = name
		}
	}
	return m, nil
}
