package node

// This file joins the gateway with the node's parts.

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/signin"
)

func (n *Node) buildGateway(ctx context.Context) error {
	members, err := bootstrapPeers(n.loaded.Config)
	if err != nil {
		return err
	}
	n.carrier = newCarrier(n.host, members) // a guest's chat goes that way too
	if !n.loaded.Config.Gateway.Enabled {
		return nil
	}
	s := gatewaySettings(n.loaded.Config, n.build)
	s.Upstream = n.upstream
	if limit := descriptorLimit(); s.MaxConnections < n.loaded.Config.Gateway.MaxConnections {
		n.logs.Logger("gateway").Warn("the system lets this program open few files, so its gateway takes fewer connections than configured; raise the limit, such as with 'ulimit -n'",
			"files", limit, "connections", s.MaxConnections)
	}
	registry := prometheus.NewRegistry()
	if err = registry.Register(newMeasures(n)); err != nil {
		return fmt.Errorf("measure the node: %w", err)
	}
	s.Metrics = registry
	services := gateway.Services{
		Node: n, Auth: authDoor{n.networks}, Database: doors{n.networks}, Storage: doors{n.networks}, Feed: doors{n.networks},
		Transfer: n.Transferring(), PubSub: topics{n.pubsub}, Chat: chatHost{n.networks, newLiving()},
	}
	if n.proxy != nil {
		services.Dialer = n.proxy
	}
	if n.gateway, err = gateway.New(ctx, s, services, n.logs.Logger("gateway")); err != nil {
		return fmt.Errorf("build gateway: %w", err)
	}
	return nil
}

// gatewaySettings are the configuration's share of them.
func gatewaySettings(c config.Config, build Build) gateway.Settings {
	certFile, keyFile := c.GatewayCertificate()
	s := gateway.Settings{
		Address: c.Gateway.Addr, AllowedHosts: c.Gateway.AllowedHosts, AllowedOrigins: c.Gateway.AllowedOrigins,
		Namespace: c.Gateway.Namespace, Now: time.Now, RequireAuth: c.Gateway.RequireAuth, CertFile: certFile, KeyFile: keyFile,
		AllowClear: c.Gateway.AllowClear, TrustedProxies: c.Gateway.TrustedProxies, MaxConnections: gatewayConnections(c, descriptorLimit()),
		MaxValueBytes: int(c.Storage.MaxValueSize), WSQueryCredentials: c.Gateway.WSQueryCredentials,
		Build: gateway.Build{Version: build.Version, Commit: build.Commit, Time: build.Time},
	}
	if build.Pages != nil {
		s.Login = signin.GatewayPage(build.Pages)
	}
	return s
}

// upstream passes requests on while the node is a guest: it keeps neither the
// data nor the rights that they ask for.
func (n *Node) upstream(*http.Request) http.RoundTripper {
	if s, err := n.networks.session(); err == nil && s.guest != nil {
		return n.carrier
	}
	return nil
}

func (n *Node) gatewayURL() string {
	if n.gateway == nil {
		return ""
	}
	return n.gateway.URL()
}
