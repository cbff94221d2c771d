package cli

// This file has the calls about the node among its peers.

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

func (n *node) NamePeer(ctx context.Context, id, name string) error {
	return n.operator.NamePeer(ctx, id, name)
}

func (n *node) KeepPeer(ctx context.Context, id string, on bool) error {
	return n.operator.KeepPeer(ctx, id, on)
}

func (n *node) BlockPeer(ctx context.Context, id string, on bool) error {
	return n.operator.BlockPeer(ctx, id, on)
}

func (n *node) ForgetPeer(ctx context.Context, id string) error {
	return n.operator.ForgetPeer(ctx, id)
}

func (n *node) PingPeer(ctx context.Context, id string) (float64, error) {
	return n.operator.PingPeer(ctx, id)
}

func (n *node) PathMatrix(ctx context.Context) (core.PathMatrix, error) {
	return n.operator.PathMatrix(ctx)
}

func (n *node) PathChanges(ctx context.Context, since time.Time) ([]core.PathChange, error) {
	return n.operator.PathChanges(ctx, since)
}

func (n *node) Doctor(ctx context.Context) ([]core.Finding, error) { return n.operator.Doctor(ctx) }

func (n *node) WhyPath(ctx context.Context, id string) (core.PathReason, error) {
	return n.operator.WhyPath(ctx, id)
}

func (n *node) Whereabouts(ctx context.Context) (core.Whereabouts, error) {
	return n.operator.Whereabouts(ctx)
}

func (n *node) Traffic(ctx context.Context) (core.Traffic, error) { return n.operator.Traffic(ctx) }

func (n *node) Gossip(ctx context.Context) (core.Gossip, error) { return n.operator.Gossip(ctx) }
