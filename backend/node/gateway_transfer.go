package node

// This file joins the gateway's exports and imports with the databases and the
// keys of whichever network the node is in.

import (
	"context"
	"io"
	"net/http"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/gateway"
)

// gatewayTransfer moves namespaces as streams. It needs a replica on this node to
// read from; what it writes goes to wherever the namespace is.
type gatewayTransfer struct{ n *Node }

// Transferring moves whole namespaces as streams, for the page and the gateway.
func (n *Node) Transferring() gateway.Transfer { return gatewayTransfer{n} }

// Export writes the namespace's data to w. NotFound means that nothing was ever
// written to the namespace, Unavailable that its replicas are on other nodes.
func (g gatewayTransfer) Export(ctx context.Context, ns core.Namespace, t core.Transfer, w io.Writer) (result core.TransferResult, err error) {
	s, tell, done, err := g.begin(ns, core.TransferOut, t)
	if err != nil {
		return result, err
	}
	defer done()
	switch t.Kind {
	case core.TransferKV:
		return s.storage.Export(ctx, ns, t.Prefix, w, tell)
	case core.TransferBackup:
		var info core.BackupInfo
		info, err = s.databases.Backup(ctx, ns, w, tell)
		result.Backup = &info
	default:
		result, err = s.databases.Export(ctx, ns, t.Kind, w, tell)
	}
	if core.CodeOf(err) == core.NotFound {
		if p, errFind := s.membership.Find(ctx, ns); errFind == nil && len(p.Replicas) > 0 && !p.Has(g.n.host.ID().String()) {
			err = core.Wrap(core.Unavailable, err, "this node keeps no replica of the namespace; ask the gateway of node %s", p.Replicas[0].Node)
		}
	}
	return result, err
}

// Import stores what r holds. replace lets a backup take the place of what is there.
func (g gatewayTransfer) Import(ctx context.Context, ns core.Namespace, t core.Transfer, replace bool, r io.Reader) (core.TransferResult, error) {
	s, tell, done, err := g.begin(ns, core.TransferIn, t)
	if err != nil {
		return core.TransferResult{}, err
	}
	defer done()
	switch t.Kind {
	case core.TransferKV:
		return s.storage.Import(ctx, ns, t.Existing, r, tell)
	case core.TransferBackup:
		return s.databases.Restore(ctx, ns, r, core.RestoreOptions{Replace: replace}, tell)
	}
	return s.databases.Import(ctx, ns, t, r, tell)
}

// Elsewhere is the way to a node that keeps a replica, when this one does not.
func (g gatewayTransfer) Elsewhere(ctx context.Context, ns core.Namespace) http.RoundTripper {
	s, err := g.n.networks.member()
	if err != nil {
		return nil
	}
	p, err := s.membership.Find(ctx, ns)
	if err != nil || p.Has(g.n.host.ID().String()) {
		return nil
	}
	var peers []peer.AddrInfo
	for _, replica := range p.Replicas {
		if id, err := peer.Decode(replica.Node); err == nil {
			peers = append(peers, peer.AddrInfo{ID: id}) // members know each other's addresses
		}
	}
	if len(peers) == 0 {
		return nil
	}
	c := newCarrier(g.n.host, peers)
	c.transport.DisableKeepAlives = true // it is for this one request
	return c
}

// begin counts the transfer among the node's own, which are bounded.
func (g gatewayTransfer) begin(ns core.Namespace, verb string, t core.Transfer) (*session, func(core.Progress), func(), error) {
	s, err := g.n.networks.member()
	if err != nil {
		return nil, nil, nil, err
	}
	tell, done, err := g.n.transfers.begin(core.TransferJob{Verb: verb, Namespace: ns, Transfer: t})
	return s, tell, done, err
}
