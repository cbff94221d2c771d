package node

// This file is the node among its peers, as the page and the command line ask
// about it.

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/discovery"
)

// Peers lists peers, the connected ones first.
func (n *Node) Peers(context.Context) ([]core.Peer, error) {
	list, names := n.host.PeerList(), n.memberNames()
	for i := range list {
		p := &list[i]
		own, member := names[p.ID]
		p.Member, p.Role, p.Place = member, roleOf(*p), n.placeOf(*p)
		if p.Name == "" {
			p.Name = own
		}
	}
	return list, nil
}

// roleOf tells nodes from light clients, which speak less.
func roleOf(p core.Peer) string {
	switch {
	case len(p.Protocols) == 0:
		return ""
	case slices.Contains(p.Protocols, discovery.Protocol):
		return core.PeerNode
	}
	return core.PeerClient
}

// placeOf is where a peer is: by the connection in use, which says more than any
// address, else by those that it is known under.
func (n *Node) placeOf(p core.Peer) core.Place {
	switch {
	case !p.Connected:
		return n.places.OfAny(p.Addresses)
	case p.Path == core.PathComputer:
		return core.Place{Kind: core.PlaceComputer}
	}
	return n.places.Of(p.Address)
}

// memberNames are the members of the network in use, by id, none for a guest.
func (n *Node) memberNames() map[string]string {
	in, err := n.networks.member()
	if err != nil {
		return nil
	}
	return in.membership.Names()
}

// peerNames are the names that people read: those given here, then the members' own.
func (n *Node) peerNames() map[string]string {
	names := map[string]string{}
	maps.Copy(names, n.memberNames())
	maps.Copy(names, n.host.Names())
	return names
}

// NamePeer gives a peer a name that only this installation knows.
func (n *Node) NamePeer(_ context.Context, id, name string) error { return n.host.SetName(id, name) }

// KeepPeer says whether a peer is dialled again whenever it is lost.
func (n *Node) KeepPeer(_ context.Context, id string, on bool) error {
	defer n.discovery.Wished()
	return n.host.SetKeep(id, on)
}

// BlockPeer says whether a peer is neither dialled nor let in.
func (n *Node) BlockPeer(_ context.Context, id string, on bool) error {
	defer n.discovery.Wished()
	return n.host.SetBlocked(id, on)
}

// ForgetPeer drops what is remembered of a peer that is not connected.
func (n *Node) ForgetPeer(_ context.Context, id string) error {
	defer n.discovery.Wished()
	return n.host.Forget(id)
}

// PingPeer measures once how many milliseconds a connected peer takes to answer.
func (n *Node) PingPeer(ctx context.Context, id string) (float64, error) {
	took, err := n.host.Ping(ctx, id)
	return float64(took.Microseconds()) / 1000, err
}

// Look says that somebody looks at peers now: more is measured, and the members
// are asked what they measured.
func (n *Node) Look() {
	n.host.Look()
	n.paths.Ask()
}

// PathChanges lists the changes of paths since a time, oldest first.
func (n *Node) PathChanges(_ context.Context, since time.Time) ([]core.PathChange, error) {
	changes, names := n.host.PathChanges(since), n.peerNames()
	for i := range changes {
		changes[i].Name = names[changes[i].Peer]
	}
	return changes, nil
}

// Traffic is what the node moved since it started, by protocol.
func (n *Node) Traffic(context.Context) (core.Traffic, error) { return n.host.Traffic(), nil }

// Whereabouts is this node as others see it.
func (n *Node) Whereabouts(context.Context) (core.Whereabouts, error) {
	w := core.Whereabouts{ID: n.host.ID().String(), Name: n.loaded.Config.Node.ID, Addresses: n.host.FullAddresses()}
	w.Place.Kind = core.PlaceUnknown
	public := n.host.Facts().Public
	slices.SortStableFunc(public, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() }) // people know IPv4 better
	if len(public) > 0 {
		w.Public, w.Place = public[0].String(), n.places.OfIP(public[0])
	}
	return w, nil
}

// Gossip is how the node finds others and hears from them.
func (n *Node) Gossip(context.Context) (core.Gossip, error) {
	g := core.Gossip{Bootstrap: n.discovery.Bootstraps(), Topics: n.pubsub.Carried(), Scores: n.pubsub.Scores()}
	names := n.peerNames()
	for i := range g.Scores {
		g.Scores[i].Name = names[g.Scores[i].Peer]
	}
	stats := n.pubsub.Stats()
	for _, c := range []struct {
		name  string
		count int64
	}{
		{"published", stats.Published},
		{"delivered", stats.Delivered},
		{"duplicates", stats.Duplicates},
		{"rejected", stats.Rejected},
		{"lost_inbound", stats.LostInbound},
		{"lost_outbound", stats.LostOutbound},
		{"slow_readers", stats.SlowReaders},
		{"slow_peers", stats.SlowPeers},
		{"refused", stats.Refused},
		{"limited", stats.Limited},
	} {
		g.Counters = append(g.Counters, core.GossipCount{Name: c.name, Count: uint64(max(c.count, 0))})
	}
	return g, nil
}
