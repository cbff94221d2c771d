package node

// This file is a gateway without a node: a client of the network's members that
// serves HTTP and keeps nothing.

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/logging"
	"git.debros.io/DeBros/network/backend/p2p"
)

const (
	// keepConnected is between two looks whether the members are still connected.
	keepConnected = 3 * time.Second
	// keepDial bounds one attempt to reach a member.
	keepDial = 5 * time.Second
)

// GatewayAlone is a gateway that passes every request to a member of the
// network. Make one with OpenGateway.
type GatewayAlone struct {
	host    *p2p.Host
	carrier *carrier
	gateway *gateway.Gateway
	logs    *logging.Logging
	started time.Time
	version string
}

// OpenGateway takes the gateway's address; nothing is served yet. The members
// are the configuration's bootstrap peers. It opens no data folder, so it may
// run beside a node.
func OpenGateway(ctx context.Context, loaded config.Loaded, build Build, logs *logging.Logging) (*GatewayAlone, error) {
	c := loaded.Config
	peers, err := bootstrapPeers(c)
	if err != nil {
		return nil, err
	}
	if len(peers) == 0 {
		return nil, core.Errorf(core.Invalid, "a gateway alone needs a member of the network to ask: --bootstrap-peers or GATEWAY_BOOTSTRAP_PEERS")
	}
	identity, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	g := &GatewayAlone{logs: logs, started: time.Now(), version: build.Version}
	g.host, err = p2p.New(p2p.Settings{Identity: identity, ClientOnly: true, UserAgent: "debros-gateway/" + build.Version}, logs.Logger("p2p"))
	if err != nil {
		return nil, fmt.Errorf("build p2p: %w", err)
	}
	g.carrier = newCarrier(g.host, peers)
	settings := gatewaySettings(c, build)
	settings.Upstream = func(*http.Request) http.RoundTripper { return g.carrier }
	g.gateway, err = gateway.New(ctx, settings, gateway.Services{Node: g}, logs.Logger("gateway"))
	if err != nil {
		return nil, errors.Join(err, g.host.Close())
	}
	return g, nil
}

// URL is where the gateway is reached on this machine.
func (g *GatewayAlone) URL() string { return g.gateway.URL() }

// Run serves until ctx ends. It calls ready once a member is connected.
func (g *GatewayAlone) Run(ctx context.Context, ready func()) error {
	defer g.carrier.close()
	return runParts(ctx, func() error {
		ready()
		return nil
	}, part{"p2p", g.host}, part{"members", keeper{g.carrier}}, part{"gateway", g.gateway})
}

// keeper connects to the members again and again.
type keeper struct{ *carrier }

// Run keeps the connections until ctx ends. It is ready when the first is made,
// or when all have been tried: a member may come later.
func (k keeper) Run(ctx context.Context, ready func()) error {
	for tick := time.NewTicker(keepConnected); ; {
		for _, info := range k.peers {
			if k.host.Network().Connectedness(info.ID) == network.Connected || k.try(ctx, info) {
				ready()
			}
		}
		ready()
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil
		}
	}
}

// try tells whether the member could be reached. Health tells how many are.
func (k keeper) try(ctx context.Context, info peer.AddrInfo) bool {
	ctx, cancel := context.WithTimeout(ctx, keepDial)
	defer cancel()
	return k.host.Connect(ctx, info) == nil
}

// Status says what the gateway itself is.
func (g *GatewayAlone) Status(context.Context) (core.Status, error) {
	return core.Status{
		PeerID: g.host.ID().String(), Role: core.RoleGuest, Version: g.version, StartedAt: g.started, Gateway: g.URL(), Peers: g.carrier.connected(),
		Groups: []core.Group{},
	}, nil
}

// Health is down when no member is connected: then nothing can be asked.
func (g *GatewayAlone) Health(context.Context) (core.Health, error) {
	start := time.Now()
	check := core.Check{Name: "connection", State: core.StateOK, Detail: core.Count(g.carrier.connected(), "member") + " connected"}
	if g.carrier.connected() == 0 {
		check.State = core.StateDown
	}
	h := core.Health{State: check.State, Checks: []core.Check{check}}
	for _, name := range []string{"database", "storage", "pubsub"} { // members have them
		h.Checks = append(h.Checks, core.Check{Name: name, State: check.State, Detail: "members answer"})
	}
	h.Took = time.Since(start)
	return h, nil
}

// Peers are the members.
func (g *GatewayAlone) Peers(context.Context) ([]core.Peer, error) { return g.host.PeerList(), nil }

// Connect is for nodes.
func (g *GatewayAlone) Connect(context.Context, string) error { return errAlone() }

// Disconnect is for nodes.
func (g *GatewayAlone) Disconnect(context.Context, string) error { return errAlone() }

func errAlone() error {
	return core.Errorf(core.Unavailable, "a gateway alone has no operator; ask a node")
}

// bootstrapPeers parses those of the configuration.
func bootstrapPeers(c config.Config) ([]peer.AddrInfo, error) {
	list := make([]peer.AddrInfo, 0, len(c.Discovery.BootstrapPeers))
	for _, text := range c.Discovery.BootstrapPeers {
		info, err := peer.AddrInfoFromString(text)
		if err != nil {
			return nil, core.Wrap(core.Invalid, err, "discovery.bootstrap_peers: %q is not a multiaddress with /p2p/<peer id>", text)
		}
		list = append(list, *info)
	}
	return list, nil
}
