package forward

// This file is the serving side.

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/rpc"
)

// Protocol is the libp2p protocol between members.
const Protocol = "/debros/forward/1.0.0"

// What a member asks of a replica, besides reading and writing.
const (
	verbWake     = "wake"
	verbCampaign = "campaign"
	verbSleep    = "sleep"
	verbStanding = "standing"
	verbHash     = "hash"
)

// Server answers other members out of this node's replicas.
type Server struct{ *rpc.Server }

// NewServer checks its parts; Run serves. member tells who belongs to the
// network; everybody else is refused before the first request.
func NewServer(replicas *database.Replicas, member func(peer.ID) bool, h host.Host, log *slog.Logger) (*Server, error) {
	if replicas == nil || member == nil {
		return nil, fmt.Errorf("forward: replicas and the list of members are required")
	}
	inner, err := rpc.NewServer(rpc.Services{
		Protocol: Protocol,
		AuthorizePeer: func(_ context.Context, id peer.ID) (rpc.Caller, error) {
			if !member(id) {
				return rpc.Caller{}, core.Errorf(core.Denied, "this node is not a member of the network")
			}
			return rpc.Caller{Subject: "member:" + id.String()}, nil
		},
		Database: answering{replicas}, Replicas: answering{replicas},
	}, h, log)
	if err != nil {
		return nil, err
	}
	return &Server{inner}, nil
}

// answering is this node's replicas in the words of package rpc.
type answering struct{ *database.Replicas }

// Schema is never asked for between members.
func (answering) Schema(context.Context, core.Namespace) (core.Schema, error) {
	return core.Schema{}, core.Errorf(core.Invalid, "members read the schema with a query")
}

// hashed is a replica's content hash.
type hashed struct {
	Hash  string `json:"hash"`
	Index uint64 `json:"index"`
}

// Ask answers what is neither a read nor a write.
func (a answering) Ask(ctx context.Context, caller string, ns core.Namespace, verb string) (any, error) {
	switch verb {
	case verbWake:
		return a.Wake(ctx, caller, ns)
	case verbCampaign:
		return nil, a.Campaign(ctx, ns)
	case verbSleep:
		return nil, a.Sleep(ctx, ns)
	case verbStanding:
		return a.Standing(ctx, ns)
	case verbHash:
		sum, index, err := a.Hash(ctx, ns)
		return hashed{sum, index}, err
	}
	return nil, core.Errorf(core.Invalid, "this node does not know what %q asks for; update it", verb[:min(len(verb), 32)])
}
