package node

// This file builds the parts behind the host, each from its own share of the
// configuration.

import (
	"context"
	"fmt"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/discovery"
	"git.debros.io/DeBros/network/backend/pubsub"
	"git.debros.io/DeBros/network/backend/rpc"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

func (n *Node) buildDiscovery(context.Context) (err error) {
	c := n.loaded.Config
	n.discovery, err = discovery.New(discovery.Settings{
		Bootstrap: c.Discovery.BootstrapPeers, Interval: c.Discovery.DiscoveryInterval, MDNS: c.Discovery.MDNS,
		NetworkName: c.Discovery.NetworkName, MaxPeers: c.Node.MaxConnections,
	}, n.host, n.logs.Logger("discovery"))
	if err != nil {
		return fmt.Errorf("build discovery: %w", err)
	}
	return nil
}

func (n *Node) buildPubSub(context.Context) (err error) {
	n.pubsub, err = pubsub.New(pubsub.Settings{Relay: true, Allow: n.mayPublish, Check: newChatGate(n.host.ID()).check, Proof: n.publishProof}, n.host, n.logs.Logger("pubsub"))
	if err != nil {
		return fmt.Errorf("build pubsub: %w", err)
	}
	return nil
}

func (n *Node) buildRPC(context.Context) (err error) {
	n.rpc, err = rpc.NewServer(rpc.Services{
		Authorize: n.authority.Authorize, Database: doors{n.networks}, Storage: doors{n.networks}, Node: n, Network: n, Peers: n, Transfer: n, Feed: doors{n.networks}, Chat: n.chats,
		AuthorProof: n.authorProof, Kind: statementNeeds,
	}, n.host, n.logs.Logger("rpc"))
	if err != nil {
		return fmt.Errorf("build rpc: %w", err)
	}
	return nil
}

// statementNeeds is the permission that a statement asks for.
func statementNeeds(sql string) (core.Permission, error) {
	s, err := sqlguard.Check(sql)
	return core.Permission(s.Kind), err
}
