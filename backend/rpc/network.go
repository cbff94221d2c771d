// The calls about the network that the node is in: all of them are the operator's.

package rpc

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// NetworkService is the node's place in its network. Every call is for
// operators: tickets are secrets, and who belongs is not everybody's business.
type NetworkService interface {
	// Network is the network that the node is in, and how far a join is.
	Network(ctx context.Context) (core.NetworkStatus, error)
	Members(ctx context.Context) ([]core.Member, error)
	Placements(ctx context.Context) ([]core.Placement, error)
	// Invite makes a ticket; only its answer holds the secret.
	Invite(ctx context.Context, o core.InviteOptions) (core.Ticket, error)
	Tickets(ctx context.Context) ([]core.Ticket, error)
	RevokeTicket(ctx context.Context, id string) error
	// Join returns when the network admitted the node; Network says how it goes on.
	Join(ctx context.Context, ticket string) error
	// Leave hands replicas over first, unless force is set.
	Leave(ctx context.Context, force bool) error
	// Networks are those that this installation has been in.
	Networks(ctx context.Context) ([]core.Network, error)
	UseNetwork(ctx context.Context, id string) error
	RenameNetwork(ctx context.Context, id, name string) error
	// RemoveNetwork deletes a network's folder, but never that of the one in use.
	RemoveNetwork(ctx context.Context, id string) error
	// RemoveMember ends the membership of a node that is gone for good.
	RemoveMember(ctx context.Context, id string) error
	// AddReplica and DropReplica are about a read replica on the node itself.
	AddReplica(ctx context.Context, ns core.Namespace) error
	DropReplica(ctx context.Context, ns core.Namespace) error
}

// MaxTicketBytes bounds the text of a ticket in a call. One with a dozen
// addresses has less than 2 KiB.
const MaxTicketBytes = 8 << 10

// forced is the limit of a request to leave at once.
const forced = 1

// The numbers are on the wire, as those in service.go.
const (
	methodNetwork       method = 40
	methodMembers       method = 41
	methodPlacements    method = 42
	methodInvite        method = 43
	methodTickets       method = 44
	methodRevokeTicket  method = 45
	methodJoin          method = 46
	methodLeave         method = 47
	methodNetworks      method = 48
	methodUseNetwork    method = 49
	methodRenameNetwork method = 50
	methodRemoveNetwork method = 51
	methodRemoveMember  method = 52
	methodAddReplica    method = 53
	methodDropReplica   method = 54
)

// network says whether m is about the network.
func (m method) network() bool { return m >= methodNetwork && m <= methodDropReplica }

// networkWrites says whether such a call changes something.
func (m method) networkWrites() bool {
	switch m {
	case methodNetwork, methodMembers, methodPlacements, methodTickets, methodNetworks:
		return false
	default:
		return true
	}
}

func (d dispatcher) network(ctx context.Context, m method, body []byte) (proto.Message, error) {
	var req WireNodeRequest
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	network := d.services.Network
	if network == nil {
		return nil, core.Errorf(core.Unavailable, "this node answers nothing about networks")
	}
	if len(req.GetTarget()) > MaxTicketBytes {
		return nil, core.Errorf(core.TooLarge, "a ticket or name may have %d bytes", MaxTicketBytes)
	}
	switch m {
	case methodNetwork:
		status, err := network.Network(ctx)
		return documentOr(err, status)
	case methodMembers:
		members, err := network.Members(ctx)
		return documentOr(err, members)
	case methodPlacements:
		placements, err := network.Placements(ctx)
		return documentOr(err, placements)
	case methodInvite:
		ticket, err := network.Invite(ctx, core.InviteOptions{TTL: time.Duration(req.GetLimit()) * time.Millisecond})
		return documentOr(err, ticket)
	case methodTickets:
		tickets, err := network.Tickets(ctx)
		return documentOr(err, tickets)
	case methodNetworks:
		networks, err := network.Networks(ctx)
		return documentOr(err, networks)
	default:
		return documentOr(changeNetwork(ctx, network, m, &req), nil)
	}
}

func changeNetwork(ctx context.Context, network NetworkService, m method, req *WireNodeRequest) error {
	target := req.GetTarget()
	switch m { //nolint:exhaustive // the others are not this function's
	case methodRevokeTicket:
		return network.RevokeTicket(ctx, target)
	case methodJoin:
		return network.Join(ctx, target)
	case methodLeave:
		return network.Leave(ctx, req.GetLimit() == forced)
	case methodUseNetwork:
		return network.UseNetwork(ctx, target)
	case methodRenameNetwork:
		id, name, _ := strings.Cut(target, "\n") // neither has a line end
		return network.RenameNetwork(ctx, id, name)
	case methodRemoveNetwork:
		return network.RemoveNetwork(ctx, target)
	case methodRemoveMember:
		return network.RemoveMember(ctx, target)
	}
	ns, err := core.ParseNamespace(target)
	if err != nil {
		return err
	}
	if m == methodAddReplica {
		return network.AddReplica(ctx, ns)
	}
	return network.DropReplica(ctx, ns)
}

func ask[T any](ctx context.Context, c *Conn, m method, req *WireNodeRequest) (answer T, err error) {
	err = c.document(ctx, c.ns, m, req, &answer)
	return answer, err
}

func (c *Conn) order(ctx context.Context, m method, req *WireNodeRequest) error {
	return c.document(ctx, c.ns, m, req, nil)
}

// Network is the network that the node is in. Operators only, as all that follow.
func (c *Conn) Network(ctx context.Context) (core.NetworkStatus, error) {
	return ask[core.NetworkStatus](ctx, c, methodNetwork, &WireNodeRequest{})
}

// Members are the nodes of the network.
func (c *Conn) Members(ctx context.Context) ([]core.Member, error) {
	return ask[[]core.Member](ctx, c, methodMembers, &WireNodeRequest{})
}

// Placements are the groups with their replicas.
func (c *Conn) Placements(ctx context.Context) ([]core.Placement, error) {
	return ask[[]core.Placement](ctx, c, methodPlacements, &WireNodeRequest{})
}

// Invite makes a ticket.
func (c *Conn) Invite(ctx context.Context, o core.InviteOptions) (core.Ticket, error) {
	return ask[core.Ticket](ctx, c, methodInvite, &WireNodeRequest{Limit: o.TTL.Milliseconds()})
}

// Tickets are those that were made, without their secrets.
func (c *Conn) Tickets(ctx context.Context) ([]core.Ticket, error) {
	return ask[[]core.Ticket](ctx, c, methodTickets, &WireNodeRequest{})
}

// RevokeTicket ends a ticket that was not used.
func (c *Conn) RevokeTicket(ctx context.Context, id string) error {
	return c.order(ctx, methodRevokeTicket, &WireNodeRequest{Target: id})
}

// Join makes the node a member of the ticket's network.
func (c *Conn) Join(ctx context.Context, ticket string) error {
	return c.order(ctx, methodJoin, &WireNodeRequest{Target: ticket})
}

// Leave ends the node's membership.
func (c *Conn) Leave(ctx context.Context, force bool) error {
	req := &WireNodeRequest{}
	if force {
		req.Limit = forced
	}
	return c.order(ctx, methodLeave, req)
}

// Networks are those that the installation has been in.
func (c *Conn) Networks(ctx context.Context) ([]core.Network, error) {
	return ask[[]core.Network](ctx, c, methodNetworks, &WireNodeRequest{})
}

// UseNetwork changes to another of them.
func (c *Conn) UseNetwork(ctx context.Context, id string) error {
	return c.order(ctx, methodUseNetwork, &WireNodeRequest{Target: id})
}

// RenameNetwork gives one another name for people.
func (c *Conn) RenameNetwork(ctx context.Context, id, name string) error {
	return c.order(ctx, methodRenameNetwork, &WireNodeRequest{Target: id + "\n" + name})
}

// RemoveNetwork deletes what the installation has of one that is not in use.
func (c *Conn) RemoveNetwork(ctx context.Context, id string) error {
	return c.order(ctx, methodRemoveNetwork, &WireNodeRequest{Target: id})
}

// RemoveMember ends another node's membership.
func (c *Conn) RemoveMember(ctx context.Context, id string) error {
	return c.order(ctx, methodRemoveMember, &WireNodeRequest{Target: id})
}

// AddReplica asks for a read replica on the node.
func (c *Conn) AddReplica(ctx context.Context, ns core.Namespace) error {
	return c.order(ctx, methodAddReplica, &WireNodeRequest{Target: string(ns)})
}

// DropReplica gives the read replica up.
func (c *Conn) DropReplica(ctx context.Context, ns core.Namespace) error {
	return c.order(ctx, methodDropReplica, &WireNodeRequest{Target: string(ns)})
}
