package node

// This file gathers the facts for the doctor, who judges them.

import (
	"context"

	"git.debros.io/DeBros/network/backend/core"
)

// Doctor examines how the node can be reached.
func (n *Node) Doctor(context.Context) ([]core.Finding, error) {
	return nil, core.Errorf(core.Unavailable, "the doctor is not here yet; look at 'debros health'")
}

// WhyPath says why the way to a peer is what it is.
func (n *Node) WhyPath(context.Context, string) (core.PathReason, error) {
	return core.PathReason{}, core.Errorf(core.Unavailable, "the reason is not known yet")
}

// PathMatrix is who measured whom: what this node itself measured.
func (n *Node) PathMatrix(context.Context) (core.PathMatrix, error) {
	self := n.host.ID().String()
	m := core.PathMatrix{Nodes: []core.PathNode{{ID: self, Name: n.loaded.Config.Node.ID, Self: true, Known: true, Shared: true}}}
	names := n.peerNames()
	for _, p := range n.nodes() {
		m.Nodes = append(m.Nodes, core.PathNode{ID: p.ID, Name: names[p.ID], AgeMS: -1})
		m.Cells = append(m.Cells, core.PathCell{From: self, To: p.ID, MS: p.LatencyMS, Path: p.Route()})
	}
	return m, nil
}
