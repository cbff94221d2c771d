// What the operator asks about the node among its peers.

package client

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// NamePeer gives a peer a name that only the node's installation knows; "" takes
// it back.
func (o *Operator) NamePeer(ctx context.Context, id, name string) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.NamePeer(ctx, id, name) })
}

// KeepPeer makes the node dial a peer again whenever it is lost, or ends that.
func (o *Operator) KeepPeer(ctx context.Context, id string, on bool) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.KeepPeer(ctx, id, on) })
}

// BlockPeer makes the node neither dial a peer nor let it in, or ends that.
func (o *Operator) BlockPeer(ctx context.Context, id string, on bool) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.BlockPeer(ctx, id, on) })
}

// ForgetPeer drops what the node remembers of a peer that is not connected.
func (o *Operator) ForgetPeer(ctx context.Context, id string) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.ForgetPeer(ctx, id) })
}

// PingPeer makes the node measure a connected peer once, in milliseconds.
func (o *Operator) PingPeer(ctx context.Context, id string) (float64, error) {
	return answer(ctx, o, func(c *rpc.Conn) (float64, error) { return c.PingPeer(ctx, id) })
}

// PathMatrix is who measured whom.
func (o *Operator) PathMatrix(ctx context.Context) (core.PathMatrix, error) {
	return answer(ctx, o, func(c *rpc.Conn) (core.PathMatrix, error) { return c.PathMatrix(ctx) })
}

// PathChanges lists the changes of paths since a time, oldest first.
func (o *Operator) PathChanges(ctx context.Context, since time.Time) ([]core.PathChange, error) {
	return answer(ctx, o, func(c *rpc.Conn) ([]core.PathChange, error) { return c.PathChanges(ctx, since) })
}

// Doctor examines how the node can be reached.
func (o *Operator) Doctor(ctx context.Context) ([]core.Finding, error) {
	return answer(ctx, o, func(c *rpc.Conn) ([]core.Finding, error) { return c.Doctor(ctx) })
}

// WhyPath says why the way to a peer is what it is.
func (o *Operator) WhyPath(ctx context.Context, id string) (core.PathReason, error) {
	return answer(ctx, o, func(c *rpc.Conn) (core.PathReason, error) { return c.WhyPath(ctx, id) })
}

// Whereabouts is the node as others see it.
func (o *Operator) Whereabouts(ctx context.Context) (core.Whereabouts, error) {
	return answer(ctx, o, func(c *rpc.Conn) (core.Whereabouts, error) { return c.Whereabouts(ctx) })
}

// Traffic is what the node moved since it started.
func (o *Operator) Traffic(ctx context.Context) (core.Traffic, error) {
	return answer(ctx, o, func(c *rpc.Conn) (core.Traffic, error) { return c.Traffic(ctx) })
}

// Gossip is how the node finds others and hears from them.
func (o *Operator) Gossip(ctx context.Context) (core.Gossip, error) {
	return answer(ctx, o, func(c *rpc.Conn) (core.Gossip, error) { return c.Gossip(ctx) })
}
