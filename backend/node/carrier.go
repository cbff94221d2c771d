package node

// This file carries HTTP over libp2p streams: the gateway's handler for other
// peers, and the way to a member's for those who keep nothing themselves.

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/gostream"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/gateway"
)

// httpProtocol is HTTP/1.1 on a stream, as libp2p's specification of HTTP names it.
const httpProtocol = "/http/1.1"

// Bounds of the streams that carry requests to a member.
const (
	maxIdleCarried  = 64
	maxCarried      = 512
	carriedIdleTime = time.Minute
	carrierDial     = 10 * time.Second
)

// streamGateway serves the gateway's handler to peers.
type streamGateway struct {
	host    host.Host
	gateway *gateway.Gateway
}

// Run serves until ctx ends.
func (s streamGateway) Run(ctx context.Context, ready func()) error {
	l, err := gostream.Listen(s.host, httpProtocol)
	if err != nil {
		return fmt.Errorf("serve the gateway on streams: %w", err)
	}
	return s.gateway.Serve(ctx, l, ready)
}

// carrier sends requests to the gateway of a member.
type carrier struct {
	host      host.Host
	peers     []peer.AddrInfo
	transport *http.Transport
}

func newCarrier(h host.Host, peers []peer.AddrInfo) *carrier {
	c := &carrier{host: h, peers: peers}
	c.transport = &http.Transport{
		DialContext: c.dial, MaxIdleConnsPerHost: maxIdleCarried, MaxConnsPerHost: maxCarried,
		IdleConnTimeout: carriedIdleTime, DisableCompression: true,
	}
	return c
}

// RoundTrip sends r to any member that answers.
func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c.transport.RoundTrip(r) }

// close ends the streams that carry nothing.
func (c *carrier) close() { c.transport.CloseIdleConnections() }

// dial opens a stream to a member, a connected one first.
func (c *carrier) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, carrierDial)
	defer cancel()
	err := error(core.Errorf(core.Unavailable, "no member of the network is named: set discovery.bootstrap_peers"))
	for _, connected := range []bool{true, false} {
		for _, info := range c.peers {
			if (c.host.Network().Connectedness(info.ID) == network.Connected) != connected {
				continue
			}
			if err = c.host.Connect(ctx, info); err != nil {
				continue
			}
			var conn net.Conn
			if conn, err = gostream.Dial(ctx, c.host, info.ID, httpProtocol); err == nil {
				return conn, nil
			}
		}
	}
	return nil, core.Wrap(core.Unavailable, err, "no member of the network answers; nothing was done")
}

// connected counts the members that are connected.
func (c *carrier) connected() int {
	n := 0
	for _, info := range c.peers {
		if c.host.Network().Connectedness(info.ID) == network.Connected {
			n++
		}
	}
	return n
}
