package node

// This file builds the parts behind the host, each from its own share of the
// configuration.

import (
	"context"
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/discovery"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/pubsub"
	"git.debros.io/DeBros/network/backend/rpc"
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
	n.pubsub, err = pubsub.New(pubsub.Settings{Relay: true}, n.host, n.logs.Logger("pubsub"))
	if err != nil {
		return fmt.Errorf("build pubsub: %w", err)
	}
	return nil
}

func (n *Node) buildRPC(context.Context) (err error) {
	n.rpc, err = rpc.NewServer(rpc.Services{
		Authorize: n.authority.Authorize, Database: doors{n.networks}, Storage: doors{n.networks}, Node: n, Network: n, Transfer: n, Feed: doors{n.networks},
	}, n.host, n.logs.Logger("rpc"))
	if err != nil {
		return fmt.Errorf("build rpc: %w", err)
	}
	return nil
}

func (n *Node) buildGateway(ctx context.Context) (err error) {
	c := n.loaded.Config.Gateway
	if !c.Enabled {
		return nil
	}
	certFile, keyFile := n.loaded.Config.GatewayCertificate()
	n.gateway, err = gateway.New(ctx, gateway.Settings{
		Address: c.Addr, AllowedHosts: c.AllowedHosts, AllowedOrigins: c.AllowedOrigins, Namespace: c.Namespace, Now: time.Now,
		RequireAuth: c.RequireAuth, CertFile: certFile, KeyFile: keyFile, AllowClear: c.AllowClear, TrustedProxies: c.TrustedProxies, MaxConnections: c.MaxConnections,
		Build: gateway.Build{Version: n.build.Version, Commit: n.build.Commit, Time: n.build.Time},
	}, gateway.Services{Node: n}, n.logs.Logger("gateway"))
	if err != nil {
		return fmt.Errorf("build gateway: %w", err)
	}
	return nil
}
