package node

// This file is what a node says about itself and lets others do with it: the
// same methods serve the page, the gateway, the RPC and the command line.

import (
	"context"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat"
	"git.debros.io/DeBros/network/backend/anchat/service"
	"git.debros.io/DeBros/network/backend/anyoneproxy"
	"git.debros.io/DeBros/network/backend/auth"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/discovery"
	"git.debros.io/DeBros/network/backend/forward"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/logging"
	"git.debros.io/DeBros/network/backend/membership"
	"git.debros.io/DeBros/network/backend/p2p"
	"git.debros.io/DeBros/network/backend/paths"
	"git.debros.io/DeBros/network/backend/pubsub"
	"git.debros.io/DeBros/network/backend/rpc"
	"git.debros.io/DeBros/network/backend/rqliteapi"
	"git.debros.io/DeBros/network/backend/signin"
	"git.debros.io/DeBros/network/backend/sqlguard"
	"git.debros.io/DeBros/network/backend/storage"
)

// Database is the tenant's door to SQL, in whichever network the node is.
func (n *Node) Database() rpc.DatabaseService { return doors{n.networks} }

// Storage is the key-value store, likewise.
func (n *Node) Storage() rpc.StorageService { return doors{n.networks} }

// Status says what the node is and has. It never waits for a network.
func (n *Node) Status(context.Context) (core.Status, error) {
	s := core.Status{
		PeerID: n.host.ID().String(), Name: n.loaded.Config.Node.ID, Network: n.folder.inUse(),
		SolanaWallet: n.loaded.Config.Node.SolanaWallet, Role: core.RoleMember, Version: n.build.Version, StartedAt: n.started,
		Addresses: n.host.FullAddresses(), Gateway: n.gatewayURL(), RQLite: n.rqliteURL(), UI: n.face.url(), DataDir: n.folder.path,
		Reachability: n.host.Reachability(), Proxy: n.proxyCheck(), Groups: []core.Group{},
	}
	if n.gateway != nil {
		s.GatewayOpen, s.GatewayAuth, s.GatewayTLS = n.gateway.Open(), n.loaded.Config.Gateway.RequireAuth, n.gateway.Encrypts()
	}
	switch in, err := n.networks.session(); {
	case err != nil: // it changes networks just now
	case in.guest != nil:
		s.Role, s.Network = core.RoleGuest, in.guest.network()
	default:
		s.DatabaseSize, s.Groups = in.databases.Size(), in.databases.Groups()
	}
	for _, p := range n.nodes() {
		s.Peers++
		if p.Path == core.PathRelayed {
			s.Relayed++
		}
	}
	return s, nil
}

// nodes are the connected peers that are nodes. A client, such as the command
// that asks for the status, is no peer to count on.
func (n *Node) nodes() []core.Peer {
	return slices.DeleteFunc(n.host.Connected(), func(p core.Peer) bool {
		return !slices.Contains(p.Protocols, discovery.Protocol)
	})
}

// Health asks every part how it is. The node is down when it can store nothing,
// and degraded when a part that it can do without for a while is not well.
func (n *Node) Health(ctx context.Context) (core.Health, error) {
	start := time.Now()
	data := n.dataCheck()
	h := core.Health{State: core.StateOK, Checks: []core.Check{
		n.connectionCheck(), named("database", data),
		{Name: "storage", State: data.State, Detail: "keys live in the database"}, // it fails with it and only with it
		named("pubsub", n.pubsub.Check()), named("discovery", n.discovery.Check()), named("proxy", n.proxyCheck()),
		named("log", n.logs.Check()), n.backupCheck(ctx),
	}}
	for _, c := range h.Checks {
		switch {
		case c.State == core.StateDown && (c.Name == "database" || c.Name == "storage"):
			h.State = core.StateDown
		case c.State != core.StateOK && c.State != core.StateOff && h.State == core.StateOK:
			h.State = core.StateDegraded
		}
	}
	h.Took = time.Since(start)
	return h, nil
}

func (n *Node) connectionCheck() core.Check {
	return core.Check{Name: "connection", State: core.StateOK, Detail: core.Count(len(n.nodes()), "peer") + " connected"}
}

// dataCheck is how the network's data can be used from here.
func (n *Node) dataCheck() core.Check {
	in, err := n.networks.session()
	switch {
	case err != nil:
		return core.Check{Name: "database", State: core.StateDegraded, Detail: core.Sentence(err)}
	case in.guest != nil:
		return in.guest.check()
	}
	return in.databases.Check()
}

func named(name string, c core.Check) core.Check {
	c.Name = name
	return c
}

// Connect dials a multiaddress with /p2p/<peer id>.
func (n *Node) Connect(ctx context.Context, address string) error { return n.host.Dial(ctx, address) }

// Disconnect closes every connection to a peer.
func (n *Node) Disconnect(_ context.Context, id string) error { return n.host.Hangup(id) }

// Topics lists the namespace's topics that have subscribers on this network.
func (n *Node) Topics(_ context.Context, ns core.Namespace) ([]string, error) {
	return n.pubsub.Topics(ns), nil
}

// Limits lists every bound that a user may meet, in the order of the parts.
func (n *Node) Limits(context.Context) ([]core.Limit, error) { return Limits(), nil }

// Limits lists every bound that a user may meet, in the order of the parts.
func Limits() []core.Limit {
	return slices.Concat(
		p2p.Limits(), paths.Limits(), anyoneproxy.Limits(), discovery.Limits(), pubsub.Limits(), sqlguard.Limits(), database.Limits(),
		storage.Limits(), membership.Limits(), auth.Limits(), service.Limits(), anchat.Limits(), forward.Limits(), rpc.Limits(), gateway.Limits(),
		signin.Limits(), rqliteapi.Limits(), logging.Limits(),
	)
}

// Logs returns kept log entries after a number, oldest first; when there are
// more than limit, the newest.
func (n *Node) Logs(_ context.Context, after uint64, limit int) ([]core.LogEntry, error) {
	return n.logs.Recent().After(after, limit), nil
}

// LogLevels is the level of each part; "" is the default of the others.
func (n *Node) LogLevels() map[string]string { return n.logs.Levels() }

// SetLogLevel changes the level of one part, or with "" of all others, until
// the node ends.
func (n *Node) SetLogLevel(part, level string) error { return n.logs.SetLevel(part, level) }

// ConfigValues is every configuration key with its value and origin, secrets blanked.
func (n *Node) ConfigValues() []core.ConfigValue { return n.loaded.Values() }
