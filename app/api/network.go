// This file is the Network screen.

package api

import (
	"cmp"
	"context"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxLeaveTime bounds leaving: the others take everything over first.
	MaxLeaveTime = 5 * time.Minute
	// maxTicketText bounds a pasted ticket or link.
	maxTicketText = 8 << 10
	// maxNetworkName bounds a network's name for people.
	maxNetworkName = 128
	// MaxInvited bounds the nodes that are invited at once: each gets a ticket of
	// its own, shown one by one.
	MaxInvited = 10
)

// Network is bound as "Network".
type Network struct{ d *desk }

// NetworkInfo is one network; see core.Network.
type NetworkInfo struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Role      string `json:"role"`
	Current   bool   `json:"current"`
	CreatedAt string `json:"created_at"`
	Size      string `json:"size"`
}

// Joining is how far a join is; see core.JoinProgress.
type Joining struct {
	Phase  string `json:"phase"`
	Detail string `json:"detail"`
	Done   string `json:"done"`
	Total  string `json:"total"`
}

// Member is one node of the network; see core.Member.
type Member struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	State     string   `json:"state"`
	Version   string   `json:"version"`
	JoinedAt  string   `json:"joined_at"`
	SeenAt    string   `json:"seen_at"`
	Self      bool     `json:"self"`
	Connected bool     `json:"connected"`
	Replicas  int      `json:"replicas"`
}

// Replica is one member's copy of a group; see core.Replica.
type Replica struct {
	Node   string `json:"node"`
	Role   string `json:"role"`
	Pinned bool   `json:"pinned"`
	State  string `json:"state"`
	Index  string `json:"index"`
	Lag    string `json:"lag"`
	AgeMS  int64  `json:"age_ms"`
}

// Placement is where a group's replicas are; see core.Placement.
type Placement struct {
	Namespace string    `json:"namespace"`
	Leader    string    `json:"leader"`
	Index     string    `json:"index"`
	Factor    int       `json:"factor"`
	State     string    `json:"state"`
	Detail    string    `json:"detail"`
	Size      string    `json:"size"` // bytes on this node's disk, "" without a replica here
	Replicas  []Replica `json:"replicas"`
}

// Ticket admits one node, once; see core.Ticket. QR holds the rows of a QR code
// of the link, '1' for a dark module.
type Ticket struct {
	ID        string   `json:"id"`
	Text      string   `json:"text"`
	Link      string   `json:"link"`
	QR        []string `json:"qr"`
	CreatedAt string   `json:"created_at"`
	CreatedBy string   `json:"created_by"`
	ExpiresAt string   `json:"expires_at"`
	UsedAt    string   `json:"used_at"`
	UsedBy    string   `json:"used_by"`
	RevokedAt string   `json:"revoked_at"`
}

// Overview is all that the screen shows at once.
type Overview struct {
	Network  NetworkInfo   `json:"network"`
	Leader   string        `json:"leader"`
	Voters   int           `json:"voters"`
	State    string        `json:"state"`
	Detail   string        `json:"detail"`
	Joining  Joining       `json:"joining"`
	Members  []Member      `json:"members"`
	Groups   []Placement   `json:"groups"`
	Networks []NetworkInfo `json:"networks"`
	Tickets  []Ticket      `json:"tickets"`
}

// net is the node's network service.
func (d *desk) net() (NetworkService, error) {
	b, err := d.node()
	return b.Network, err
}

// Overview is the network, who is in it, where things are, and which other
// networks this installation knows. For a guest the lists are empty.
func (n *Network) Overview() (Overview, error) {
	return guard(n.d, "Network.Overview", MaxCallTime, func(ctx context.Context) (Overview, error) {
		b, err := n.d.node()
		if err != nil {
			return Overview{}, err
		}
		s := b.Network
		status, err := s.Network(ctx)
		if err != nil {
			return Overview{}, err
		}
		out := Overview{
			Network: networkInfo(status.Network), Leader: status.Leader, Voters: status.Voters, State: status.State, Detail: status.Detail,
			Joining: Joining{Phase: status.Joining.Phase, Detail: status.Joining.Detail, Done: number(status.Joining.Done), Total: number(status.Joining.Total)},
			Members: []Member{}, Groups: []Placement{}, Networks: []NetworkInfo{}, Tickets: []Ticket{},
		}
		networks, err := s.Networks(ctx)
		if err != nil {
			return Overview{}, err
		}
		for _, network := range networks {
			out.Networks = append(out.Networks, networkInfo(network))
		}
		if status.Role != core.RoleMember {
			return out, nil
		}
		if err = out.fill(ctx, s); err != nil {
			return Overview{}, err
		}
		return out, out.measure(ctx, b.Machine)
	})
}

// measure adds how large the groups are that have a replica here.
func (o *Overview) measure(ctx context.Context, m Machine) error {
	status, err := m.Status(ctx)
	if err != nil {
		return err
	}
	for _, g := range status.Groups {
		for i := range o.Groups {
			if core.Namespace(o.Groups[i].Namespace).Group() == g.Name {
				o.Groups[i].Size = decimal(g.Size)
			}
		}
	}
	return nil
}

// fill adds what only members know.
func (o *Overview) fill(ctx context.Context, s NetworkService) error {
	members, err := s.Members(ctx)
	if err != nil {
		return err
	}
	for _, m := range members {
		o.Members = append(o.Members, Member{
			ID: m.ID, Name: m.Name, Addresses: list(m.Addresses), State: m.State, Version: m.Version, JoinedAt: stamp(m.JoinedAt),
			SeenAt: stamp(m.SeenAt), Self: m.Self, Connected: m.Connected, Replicas: m.Replicas,
		})
	}
	placements, err := s.Placements(ctx)
	if err != nil {
		return err
	}
	for _, p := range placements {
		out := Placement{Namespace: string(p.Namespace), Leader: p.Leader, Index: number(p.Index), Factor: p.Factor, State: p.State, Detail: p.Detail, Replicas: []Replica{}}
		for _, r := range p.Replicas {
			out.Replicas = append(out.Replicas, Replica{Node: r.Node, Role: r.Role, Pinned: r.Pinned, State: r.State, Index: number(r.Index), Lag: number(r.Lag), AgeMS: r.AgeMS})
		}
		o.Groups = append(o.Groups, out)
	}
	tickets, err := s.Tickets(ctx)
	for _, t := range tickets {
		o.Tickets = append(o.Tickets, ticket(t))
	}
	return err
}

// Invite makes a ticket for each of so many nodes. They live for hours. Only
// this answer holds their secrets.
func (n *Network) Invite(hours, nodes int) ([]Ticket, error) {
	return guard(n.d, "Network.Invite", MaxCallTime, func(ctx context.Context) ([]Ticket, error) {
		if nodes < 1 || nodes > MaxInvited {
			return nil, core.Errorf(core.Invalid, "Invite 1 to %d nodes at once; each gets a ticket of its own.", MaxInvited)
		}
		s, err := n.d.net()
		if err != nil {
			return nil, err
		}
		out := []Ticket{}
		for range nodes {
			made, err := s.Invite(ctx, core.InviteOptions{TTL: time.Duration(hours) * time.Hour})
			if err != nil && len(out) == 0 {
				return nil, err
			}
			if err != nil {
				return out, nil //nolint:nilerr // those that were made are secrets that nobody could read again
			}
			t := ticket(made)
			t.QR = qrRows(made.Link)
			out = append(out, t)
		}
		return out, nil
	})
}

// Invitation is what the text of a ticket says of itself; see core.Ticket.
type Invitation struct {
	ID        string `json:"id"`
	Network   string `json:"network"`
	ExpiresAt string `json:"expires_at"`
	Known     string `json:"known"` // what this installation calls that network, "" for a new one
	Current   bool   `json:"current"`
}

// Read says what a pasted ticket is for, without using it. It returns invalid
// with what is wrong with the text.
func (n *Network) Read(text string) (Invitation, error) {
	return guard(n.d, "Network.Read", MaxCallTime, func(ctx context.Context) (Invitation, error) {
		if len(text) > maxTicketText {
			return Invitation{}, core.Errorf(core.TooLarge, "A ticket has at most %d bytes.", maxTicketText)
		}
		s, err := n.d.net()
		if err != nil {
			return Invitation{}, err
		}
		t, err := s.ReadTicket(ctx, text)
		if err != nil {
			return Invitation{}, err
		}
		out := Invitation{ID: t.ID, Network: t.Network, ExpiresAt: stamp(t.ExpiresAt)}
		networks, err := s.Networks(ctx)
		for _, one := range networks {
			if one.ID == t.Network {
				out.Known, out.Current = cmp.Or(one.Name, one.ID), one.Current
			}
		}
		return out, err
	})
}

// Revoke ends a ticket that was not used.
func (n *Network) Revoke(id string) error {
	return n.act("Network.Revoke", MaxCallTime, func(ctx context.Context, s NetworkService) error { return s.RevokeTicket(ctx, id) })
}

// Join takes the node into another network and returns when it is in it; the
// overview tells how far it has caught up. When it fails, nothing has changed.
func (n *Network) Join(text string) error {
	return n.act("Network.Join", MaxRunTime, func(ctx context.Context, s NetworkService) error {
		text = strings.TrimSpace(text)
		if len(text) > maxTicketText {
			return core.Errorf(core.TooLarge, "A ticket has at most %d bytes.", maxTicketText)
		}
		return s.Join(ctx, text)
	})
}

// Leave takes the node out of its network; with force at once.
func (n *Network) Leave(force bool) error {
	return n.act("Network.Leave", MaxLeaveTime, func(ctx context.Context, s NetworkService) error { return s.Leave(ctx, force) })
}

// Use changes to another network of this installation.
func (n *Network) Use(id string) error {
	return n.act("Network.Use", MaxRunTime, func(ctx context.Context, s NetworkService) error { return s.UseNetwork(ctx, id) })
}

// Rename gives a network another name on this installation.
func (n *Network) Rename(id, name string) error {
	return n.act("Network.Rename", MaxCallTime, func(ctx context.Context, s NetworkService) error {
		if len(name) > maxNetworkName || strings.ContainsAny(name, "\r\n\x00") {
			return core.Errorf(core.Invalid, "A name has one line of at most %d bytes.", maxNetworkName)
		}
		return s.RenameNetwork(ctx, id, strings.TrimSpace(name))
	})
}

// Remove deletes what this installation keeps of a network that it is not in.
func (n *Network) Remove(id string) error {
	return n.act("Network.Remove", MaxRunTime, func(ctx context.Context, s NetworkService) error { return s.RemoveNetwork(ctx, id) })
}

// RemoveMember sends a member away that does not come back.
func (n *Network) RemoveMember(id string) error {
	return n.act("Network.RemoveMember", MaxCallTime, func(ctx context.Context, s NetworkService) error { return s.RemoveMember(ctx, id) })
}

// KeepReplica keeps a read replica of a namespace on this node, or gives it up.
func (n *Network) KeepReplica(namespace string, keep bool) error {
	return n.act("Network.KeepReplica", MaxCallTime, func(ctx context.Context, s NetworkService) error {
		ns, err := core.ParseNamespace(namespace)
		if err != nil {
			return err
		}
		if keep {
			return s.AddReplica(ctx, ns)
		}
		return s.DropReplica(ctx, ns)
	})
}

func (n *Network) act(name string, limit time.Duration, do func(context.Context, NetworkService) error) error {
	return act(n.d, name, limit, func(ctx context.Context) error {
		s, err := n.d.net()
		if err != nil {
			return err
		}
		return do(ctx, s)
	})
}

func networkInfo(n core.Network) NetworkInfo {
	return NetworkInfo{ID: n.ID, Name: n.Name, Role: n.Role, Current: n.Current, CreatedAt: stamp(n.CreatedAt), Size: number(uint64(max(n.Size, 0)))}
}

func ticket(t core.Ticket) Ticket {
	return Ticket{
		ID: t.ID, Text: t.Text, Link: t.Link, QR: []string{}, CreatedAt: stamp(t.CreatedAt), CreatedBy: t.CreatedBy, ExpiresAt: stamp(t.ExpiresAt),
		UsedAt: stamp(t.UsedAt), UsedBy: t.UsedBy, RevokedAt: stamp(t.RevokedAt),
	}
}
