// This file is the Peers screen: who is there, and what may be done with them.

package api

import (
	"context"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const maxAddressBytes = 1 << 10 // a multiaddress through a relay has some 200

// Peers is bound as "Peers".
type Peers struct{ d *desk }

// Peer is another node or client; see core.Peer. Path is one of "lan", "local"
// (this computer), "direct-tcp", "direct-quic", "hole-punched", "relayed" and
// "offline".
type Peer struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Addresses []string  `json:"addresses"`
	Address   string    `json:"address"` // of the connection in use
	Connected bool      `json:"connected"`
	Direction string    `json:"direction"`
	Path      string    `json:"path"`
	Relay     string    `json:"relay"` // id of the relay of a relayed path
	Transport string    `json:"transport"`
	Agent     string    `json:"agent"`
	Version   string    `json:"version"` // the part of Agent behind the slash
	Protocols []string  `json:"protocols"`
	Role      string    `json:"role"` // "node", "client" or ""
	Member    bool      `json:"member"`
	LatencyMS float64   `json:"latency_ms"`
	Latencies []float64 `json:"latencies"` // the last ones, oldest first
	BytesIn   string    `json:"bytes_in"`
	BytesOut  string    `json:"bytes_out"`
	RateIn    float64   `json:"rate_in"` // bytes a second
	RateOut   float64   `json:"rate_out"`
	Since     string    `json:"since"`
	LastSeen  string    `json:"last_seen"`
	Blocked   bool      `json:"blocked"`
	Keep      bool      `json:"keep"`
	Place     Place     `json:"place"`
}

// Place is roughly where an address is; see core.Place for the kinds.
type Place struct {
	Kind    string  `json:"kind"`
	Country string  `json:"country"`
	Region  string  `json:"region"`
	Lat     float64 `json:"lat"`
	Lon     float64 `json:"lon"`
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

// SetName gives a peer a name that only this installation knows; "" takes it back.
func (p *Peers) SetName(id, name string) error {
	return p.act("Peers.SetName", func(ctx context.Context, s PeerService) error {
		return s.NamePeer(ctx, id, strings.TrimSpace(name))
	})
}

// Keep makes the node dial a peer again whenever it is lost, or ends that.
func (p *Peers) Keep(id string, on bool) error {
	return p.act("Peers.Keep", func(ctx context.Context, s PeerService) error { return s.KeepPeer(ctx, id, on) })
}

// Block cuts a peer off and lets it in no more, or ends that.
func (p *Peers) Block(id string, on bool) error {
	return p.act("Peers.Block", func(ctx context.Context, s PeerService) error { return s.BlockPeer(ctx, id, on) })
}

// Forget drops what is remembered of a peer that is not connected.
func (p *Peers) Forget(id string) error {
	return p.act("Peers.Forget", func(ctx context.Context, s PeerService) error { return s.ForgetPeer(ctx, id) })
}

// Ping measures once how long a connected peer takes to answer, in milliseconds.
func (p *Peers) Ping(id string) (float64, error) {
	return guard(p.d, "Peers.Ping", MaxCallTime, func(ctx context.Context) (float64, error) {
		s, err := p.d.peering()
		if err != nil {
			return 0, err
		}
		return s.PingPeer(ctx, id)
	})
}

// peering is the node's part among its peers.
func (d *desk) peering() (PeerService, error) {
	b, err := d.node()
	return b.Peers, err
}

func (p *Peers) act(name string, do func(context.Context, PeerService) error) error {
	return act(p.d, name, MaxCallTime, func(ctx context.Context) error {
		s, err := p.d.peering()
		if err != nil {
			return err
		}
		return do(ctx, s)
	})
}

func peerList(ctx context.Context, b Backend) ([]Peer, error) {
	known, err := b.Machine.Peers(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Peer, 0, len(known))
	for _, k := range known {
		_, version, _ := strings.Cut(k.Agent, "/")
		out = append(out, Peer{
			ID: k.ID, Name: k.Name, Addresses: list(k.Addresses), Address: k.Address, Connected: k.Connected, Direction: k.Direction,
			Path: k.Route(), Relay: k.Relay, Transport: k.Transport, Agent: k.Agent, Version: version, Protocols: list(k.Protocols),
			Role: k.Role, Member: k.Member, LatencyMS: k.LatencyMS, Latencies: list(k.Latencies),
			BytesIn: number(k.BytesIn), BytesOut: number(k.BytesOut), RateIn: k.RateIn, RateOut: k.RateOut,
			Since: stamp(k.Since), LastSeen: stamp(k.LastSeen), Blocked: k.Blocked, Keep: k.Keep, Place: place(k.Place),
		})
	}
	return out, nil
}

func place(p core.Place) Place {
	return Place{Kind: p.Kind, Country: p.Country, Region: p.Region, Lat: p.Lat, Lon: p.Lon}
}
