// The calls about the node among its peers: all of them are the operator's.

package rpc

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// PeerService is the node among its peers. Every call is for operators: whom a
// person names or blocks, and how a node can be reached, is nobody else's business.
type PeerService interface {
	// NamePeer gives a peer a name that only this installation knows.
	NamePeer(ctx context.Context, id, name string) error
	// KeepPeer says whether a peer is dialled again whenever it is lost.
	KeepPeer(ctx context.Context, id string, on bool) error
	// BlockPeer says whether a peer is neither dialled nor let in.
	BlockPeer(ctx context.Context, id string, on bool) error
	// ForgetPeer drops what is remembered of a peer that is not connected.
	ForgetPeer(ctx context.Context, id string) error
	PingPeer(ctx context.Context, id string) (ms float64, err error)
	PathMatrix(ctx context.Context) (core.PathMatrix, error)
	// PathChanges lists those since a time, oldest first.
	PathChanges(ctx context.Context, since time.Time) ([]core.PathChange, error)
	Doctor(ctx context.Context) ([]core.Finding, error)
	WhyPath(ctx context.Context, id string) (core.PathReason, error)
	Whereabouts(ctx context.Context) (core.Whereabouts, error)
	Traffic(ctx context.Context) (core.Traffic, error)
	Gossip(ctx context.Context) (core.Gossip, error)
}

// maxPeerTarget bounds the text of a request: a peer id and a name.
const maxPeerTarget = 1 << 10

// switchedOn is the limit of a request that turns something on.
const switchedOn = 1

// The numbers are on the wire, as those in service.go.
const (
	methodNamePeer    method = 80
	methodKeepPeer    method = 81
	methodBlockPeer   method = 82
	methodForgetPeer  method = 83
	methodPingPeer    method = 84
	methodPathMatrix  method = 85
	methodPathChanges method = 86
	methodDoctor      method = 87
	methodWhyPath     method = 88
	methodWhereabouts method = 89
	methodTraffic     method = 90
	methodGossip      method = 91
)

// peering says whether m is about the node among its peers.
func (m method) peering() bool { return m >= methodNamePeer && m <= methodGossip }

// peeringWrites says whether such a call changes something.
func (m method) peeringWrites() bool { return m >= methodNamePeer && m <= methodForgetPeer }

func (d dispatcher) peering(ctx context.Context, m method, body []byte) (proto.Message, error) {
	var req WireNodeRequest
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	peers := d.services.Peers
	if peers == nil {
		return nil, core.Errorf(core.Unavailable, "this node answers nothing about peers")
	}
	if len(req.GetTarget()) > maxPeerTarget {
		return nil, core.Errorf(core.TooLarge, "a peer id and a name may have %d bytes", maxPeerTarget)
	}
	if m.peeringWrites() {
		return documentOr(changePeer(ctx, peers, m, &req), nil)
	}
	switch m {
	case methodPingPeer:
		ms, err := peers.PingPeer(ctx, req.GetTarget())
		return documentOr(err, ms)
	case methodPathMatrix:
		matrix, err := peers.PathMatrix(ctx)
		return documentOr(err, matrix)
	case methodPathChanges:
		changes, err := peers.PathChanges(ctx, time.UnixMilli(req.GetLimit()))
		return documentOr(err, changes)
	case methodDoctor:
		findings, err := peers.Doctor(ctx)
		return documentOr(err, findings)
	case methodWhyPath:
		reason, err := peers.WhyPath(ctx, req.GetTarget())
		return documentOr(err, reason)
	case methodWhereabouts:
		w, err := peers.Whereabouts(ctx)
		return documentOr(err, w)
	case methodTraffic:
		traffic, err := peers.Traffic(ctx)
		return documentOr(err, traffic)
	default:
		gossip, err := peers.Gossip(ctx)
		return documentOr(err, gossip)
	}
}

func changePeer(ctx context.Context, peers PeerService, m method, req *WireNodeRequest) error {
	target, on := req.GetTarget(), req.GetLimit() == switchedOn
	switch m { //nolint:exhaustive // the others are not this function's
	case methodNamePeer:
		id, name, _ := strings.Cut(target, "\n") // neither has a line end
		return peers.NamePeer(ctx, id, name)
	case methodKeepPeer:
		return peers.KeepPeer(ctx, target, on)
	case methodBlockPeer:
		return peers.BlockPeer(ctx, target, on)
	}
	return peers.ForgetPeer(ctx, target)
}

// forStrangers leaves out of a peer what only the operator may know: what a
// person here wants of it, where it is, and how much moved.
func forStrangers(peers []core.Peer) []core.Peer {
	out := make([]core.Peer, 0, len(peers))
	for _, p := range peers {
		out = append(out, core.Peer{
			ID: p.ID, Addresses: p.Addresses, Connected: p.Connected, Direction: p.Direction, Path: p.Path, Transport: p.Transport,
			Agent: p.Agent, Protocols: p.Protocols, Role: p.Role, LatencyMS: p.LatencyMS, Since: p.Since, LastSeen: p.LastSeen,
			Place: core.Place{Kind: core.PlaceUnknown},
		})
	}
	return out
}

func (c *Conn) switched(ctx context.Context, m method, id string, on bool) error {
	req := &WireNodeRequest{Target: id}
	if on {
		req.Limit = switchedOn
	}
	return c.order(ctx, m, req)
}

// NamePeer gives a peer a name. Operators only, as all that follow.
func (c *Conn) NamePeer(ctx context.Context, id, name string) error {
	return c.order(ctx, methodNamePeer, &WireNodeRequest{Target: id + "\n" + name})
}

// KeepPeer makes the node stay connected with a peer, or ends that.
func (c *Conn) KeepPeer(ctx context.Context, id string, on bool) error {
	return c.switched(ctx, methodKeepPeer, id, on)
}

// BlockPeer makes the node refuse a peer, or ends that.
func (c *Conn) BlockPeer(ctx context.Context, id string, on bool) error {
	return c.switched(ctx, methodBlockPeer, id, on)
}

// ForgetPeer drops what the node remembers of a peer.
func (c *Conn) ForgetPeer(ctx context.Context, id string) error {
	return c.order(ctx, methodForgetPeer, &WireNodeRequest{Target: id})
}

// PingPeer makes the node measure a peer once, in milliseconds.
func (c *Conn) PingPeer(ctx context.Context, id string) (float64, error) {
	return ask[float64](ctx, c, methodPingPeer, &WireNodeRequest{Target: id})
}

// PathMatrix is who measured whom.
func (c *Conn) PathMatrix(ctx context.Context) (core.PathMatrix, error) {
	return ask[core.PathMatrix](ctx, c, methodPathMatrix, &WireNodeRequest{})
}

// PathChanges lists the changes of paths since a time, oldest first.
func (c *Conn) PathChanges(ctx context.Context, since time.Time) ([]core.PathChange, error) {
	return ask[[]core.PathChange](ctx, c, methodPathChanges, &WireNodeRequest{Limit: since.UnixMilli()})
}

// Doctor examines how the node can be reached.
func (c *Conn) Doctor(ctx context.Context) ([]core.Finding, error) {
	return ask[[]core.Finding](ctx, c, methodDoctor, &WireNodeRequest{})
}

// WhyPath says why the way to a peer is what it is.
func (c *Conn) WhyPath(ctx context.Context, id string) (core.PathReason, error) {
	return ask[core.PathReason](ctx, c, methodWhyPath, &WireNodeRequest{Target: id})
}

// Whereabouts is the node as others see it.
func (c *Conn) Whereabouts(ctx context.Context) (core.Whereabouts, error) {
	return ask[core.Whereabouts](ctx, c, methodWhereabouts, &WireNodeRequest{})
}

// Traffic is what the node moved since it started.
func (c *Conn) Traffic(ctx context.Context) (core.Traffic, error) {
	return ask[core.Traffic](ctx, c, methodTraffic, &WireNodeRequest{})
}

// Gossip is how the node finds others and hears from them.
func (c *Conn) Gossip(ctx context.Context) (core.Gossip, error) {
	return ask[core.Gossip](ctx, c, methodGossip, &WireNodeRequest{})
}
