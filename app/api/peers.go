// This file is the Peers screen.

package api

import (
	"context"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const maxAddressBytes = 1 << 10 // a multiaddress through a relay has some 200

// Peers is bound as "Peers".
type Peers struct{ d *desk }

// Peer is another node or client; see core.Peer.
type Peer struct {
	ID        string   `json:"id"`
	Addresses []string `json:"addresses"`
	Connected bool     `json:"connected"`
	Direction string   `json:"direction"`
	Path      string   `json:"path"`
	Transport string   `json:"transport"`
	Agent     string   `json:"agent"`
	Protocols []string `json:"protocols"`
	LatencyMS float64  `json:"latency_ms"`
	Since     string   `json:"since"`
	LastSeen  string   `json:"last_seen"`
}

// List returns connected peers first, then known ones.
func (p *Peers) List() ([]Peer, error) {
	return guard(p.d, "Peers.List", MaxCallTime, func(ctx context.Context) ([]Peer, error) {
		b, err := p.d.node()
		if err != nil {
			return nil, err
		}
		return peerList(ctx, b)
	})
}

// Connect dials a multiaddress that ends in /p2p/<id>, and returns when connected.
func (p *Peers) Connect(address string) error {
	return act(p.d, "Peers.Connect", MaxRunTime, func(ctx context.Context) error {
		address = strings.TrimSpace(address)
		if len(address) > maxAddressBytes {
			return core.Errorf(core.TooLarge, "An address has at most %d bytes.", maxAddressBytes)
		}
		b, err := p.d.node()
		if err != nil {
			return err
		}
		return b.Machine.Connect(ctx, address)
	})
}

// Disconnect closes every connection to a peer.
func (p *Peers) Disconnect(id string) error {
	return act(p.d, "Peers.Disconnect", MaxCallTime, func(ctx context.Context) error {
		b, err := p.d.node()
		if err != nil {
			return err
		}
		return b.Machine.Disconnect(ctx, id)
	})
}

func peerList(ctx context.Context, b Backend) ([]Peer, error) {
	known, err := b.Machine.Peers(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Peer, 0, len(known))
	for _, k := range known {
		out = append(out, Peer{
			ID: k.ID, Addresses: list(k.Addresses), Connected: k.Connected, Direction: k.Direction,
			Path: k.Path, Transport: k.Transport, Agent: k.Agent, Protocols: list(k.Protocols),
			LatencyMS: k.LatencyMS, Since: stamp(k.Since), LastSeen: stamp(k.LastSeen),
		})
	}
	return out, nil
}
