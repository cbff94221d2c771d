package node

// This file joins rqlite's HTTP API with the databases, the members and the
// credentials of this node.

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rqliteapi"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

func (n *Node) buildRQLite(ctx context.Context) (err error) {
	c := n.loaded.Config.Database
	if c.RQLitePort == 0 {
		return nil
	}
	n.rqlite, err = rqliteapi.New(ctx, rqliteapi.Settings{
		Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(c.RQLitePort)), Namespace: c.RQLiteNamespace,
		PeerID: n.host.ID().String(), Version: n.build.Version, MaxLoadBytes: int64(c.MaxDatabaseSize), Now: time.Now,
	}, rqliteDatabase{doors{n.networks}}, rqliteNode{n}, n.logs.Logger("rqlite"))
	if err != nil {
		return fmt.Errorf("build rqlite's HTTP API: %w", err)
	}
	return nil
}

func (n *Node) rqliteURL() string {
	if n.rqlite == nil {
		return ""
	}
	return "http://" + n.rqlite.Address()
}

// rqliteDatabase is the SQL of whichever network the node is in.
type rqliteDatabase struct{ doors }

// Export needs the databases themselves, which a guest has not.
func (d rqliteDatabase) Export(ctx context.Context, ns core.Namespace, kind string, w io.Writer) error {
	s, err := d.networks.member()
	if err != nil {
		return err
	}
	_, err = s.databases.Export(ctx, ns, kind, w, nil)
	return err
}

// Import likewise.
func (d rqliteDatabase) Import(ctx context.Context, ns core.Namespace, t core.Transfer, r io.Reader) (core.TransferResult, error) {
	s, err := d.networks.member()
	if err != nil {
		return core.TransferResult{}, err
	}
	return s.databases.Import(ctx, ns, t, r, nil)
}

// rqliteNode is the node as rqlite's programs see it.
type rqliteNode struct{ n *Node }

func (r rqliteNode) Authorize(ctx context.Context, credential core.Secret, ns core.Namespace, need core.Permission) error {
	caller, err := r.n.authority.Authorize(ctx, credential, ns)
	if err != nil || caller.Allow == nil {
		return err
	}
	return caller.Allow(ctx, need)
}

// Kind is what sqlguard says of one statement.
func (r rqliteNode) Kind(sql string) (string, error) {
	s, err := sqlguard.Check(sql)
	return string(s.Kind), err
}

// Placement wakes the namespace with a read, which also tells the leader. Where
// the replicas are is known to members only, and of a namespace that was never
// written to nobody knows: then the leader, or who answered, stands for all.
func (r rqliteNode) Placement(ctx context.Context, ns core.Namespace) (core.Placement, error) {
	d := doors{r.n.networks}
	rows, err := d.Query(ctx, ns, core.Statement{SQL: "SELECT 1"}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelWeak}})
	if err != nil {
		return core.Placement{}, err
	}
	from := rows.Provenance
	p := core.Placement{Namespace: ns, Group: ns.Group(), Leader: from.Leader, Index: max(from.Index, from.LeaderIndex)}
	if p.Leader == "" {
		p.Leader = from.ServedBy
	}
	if s, err := d.networks.member(); err == nil {
		if place, err := s.membership.Find(ctx, ns); err == nil {
			for _, replica := range place.Replicas {
				role := core.ReplicaNonvoter
				if replica.Voter {
					role = core.ReplicaVoter
				}
				p.Replicas = append(p.Replicas, core.Replica{Node: replica.Node, Role: role, State: r.reachable(replica.Node, p.Leader)})
			}
		}
	}
	if len(p.Replicas) == 0 {
		p.Replicas = []core.Replica{{Node: p.Leader, Role: core.ReplicaVoter, State: r.reachable(p.Leader, p.Leader)}}
	}
	return p, nil
}

// reachable is a replica's state as far as connections tell: nobody is asked.
func (r rqliteNode) reachable(node, leader string) string {
	id, err := peer.Decode(node)
	switch {
	case node == leader: // it has just answered
		return "leader"
	case err == nil && (id == r.n.host.ID() || r.n.host.Network().Connectedness(id) == network.Connected):
		return "follower"
	}
	return "unreachable"
}
