// What the operator asks about the node's network.

package client

import (
	"context"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

func answer[T any](ctx context.Context, o *Operator, of func(*rpc.Conn) (T, error)) (got T, err error) {
	err = o.client.call(ctx, func(conn *rpc.Conn) (err error) {
		got, err = of(conn)
		return err
	})
	return got, err
}

// Network is the network that the node is in.
func (o *Operator) Network(ctx context.Context) (core.NetworkStatus, error) {
	return answer(ctx, o, func(c *rpc.Conn) (core.NetworkStatus, error) { return c.Network(ctx) })
}

// Members are the nodes of the network.
func (o *Operator) Members(ctx context.Context) ([]core.Member, error) {
	return answer(ctx, o, func(c *rpc.Conn) ([]core.Member, error) { return c.Members(ctx) })
}

// Placements are the groups with their replicas.
func (o *Operator) Placements(ctx context.Context) ([]core.Placement, error) {
	return answer(ctx, o, func(c *rpc.Conn) ([]core.Placement, error) { return c.Placements(ctx) })
}

// Invite makes a ticket; only this answer holds its secret.
func (o *Operator) Invite(ctx context.Context, options core.InviteOptions) (core.Ticket, error) {
	return answer(ctx, o, func(c *rpc.Conn) (core.Ticket, error) { return c.Invite(ctx, options) })
}

// Tickets are those that were made, without their secrets.
func (o *Operator) Tickets(ctx context.Context) ([]core.Ticket, error) {
	return answer(ctx, o, func(c *rpc.Conn) ([]core.Ticket, error) { return c.Tickets(ctx) })
}

// RevokeTicket ends a ticket that was not used.
func (o *Operator) RevokeTicket(ctx context.Context, id string) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.RevokeTicket(ctx, id) })
}

// Join makes the node a member of the ticket's network; Network says how far it is.
func (o *Operator) Join(ctx context.Context, ticket string) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.Join(ctx, ticket) })
}

// Leave ends the node's membership; it hands its replicas over first, unless force is set.
func (o *Operator) Leave(ctx context.Context, force bool) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.Leave(ctx, force) })
}

// Networks are those that the installation has been in.
func (o *Operator) Networks(ctx context.Context) ([]core.Network, error) {
	return answer(ctx, o, func(c *rpc.Conn) ([]core.Network, error) { return c.Networks(ctx) })
}

// UseNetwork changes to another of them.
func (o *Operator) UseNetwork(ctx context.Context, id string) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.UseNetwork(ctx, id) })
}

// RenameNetwork gives one another name for people.
func (o *Operator) RenameNetwork(ctx context.Context, id, name string) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.RenameNetwork(ctx, id, name) })
}

// RemoveNetwork deletes what the installation has of one that is not in use.
func (o *Operator) RemoveNetwork(ctx context.Context, id string) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.RemoveNetwork(ctx, id) })
}

// RemoveMember ends another node's membership.
func (o *Operator) RemoveMember(ctx context.Context, id string) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.RemoveMember(ctx, id) })
}

// AddReplica asks for a read replica on the node.
func (o *Operator) AddReplica(ctx context.Context, ns core.Namespace) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.AddReplica(ctx, ns) })
}

// DropReplica gives the read replica up.
func (o *Operator) DropReplica(ctx context.Context, ns core.Namespace) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.DropReplica(ctx, ns) })
}

// Transfers lists the transfers that the node is doing now.
func (o *Operator) Transfers(ctx context.Context) ([]core.TransferTask, error) {
	return answer(ctx, o, func(c *rpc.Conn) ([]core.TransferTask, error) { return c.Transfers(ctx) })
}

// Transfer moves data between a namespace and a file of the node's computer.
func (o *Operator) Transfer(ctx context.Context, job core.TransferJob) (core.TransferResult, error) {
	return answer(ctx, o, func(c *rpc.Conn) (core.TransferResult, error) { return c.Transfer(ctx, job) })
}

// BackupPlan is the state of the node's scheduled backups.
func (o *Operator) BackupPlan(ctx context.Context) (core.BackupPlan, error) {
	return answer(ctx, o, func(c *rpc.Conn) (core.BackupPlan, error) { return c.BackupPlan(ctx) })
}

// Chat calls a method of the chat of the node's own people, by its name; the
// result is decoded into out, which may be nil.
func (o *Operator) Chat(ctx context.Context, method string, in []any, out any) error {
	return o.client.call(ctx, func(c *rpc.Conn) error { return c.Chat(ctx, method, in, out) })
}
