package api

// This file is the node among its peers, in memory, for the tests.

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// fakePeers knows one peer, "near", and remembers what was asked of it.
type fakePeers struct {
	*fake
	asked []string
	since time.Time
}

func (f *fakePeers) order(ctx context.Context, what, id string) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	if id != "near" {
		return core.Errorf(core.NotFound, "Nothing is remembered of the peer %s.", id)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what)
	return nil
}

func (f *fakePeers) NamePeer(ctx context.Context, id, name string) error {
	return f.order(ctx, "name "+name, id)
}

func (f *fakePeers) KeepPeer(ctx context.Context, id string, on bool) error {
	return f.order(ctx, map[bool]string{true: "keep", false: "keep no more"}[on], id)
}

func (f *fakePeers) BlockPeer(ctx context.Context, id string, on bool) error {
	return f.order(ctx, map[bool]string{true: "block", false: "unblock"}[on], id)
}

func (f *fakePeers) ForgetPeer(ctx context.Context, id string) error {
	return f.order(ctx, "forget", id)
}

func (f *fakePeers) PingPeer(ctx context.Context, id string) (float64, error) {
	return 1.5, f.order(ctx, "ping", id)
}

func (f *fakePeers) Look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, "look")
}

func (f *fakePeers) PathMatrix(ctx context.Context) (core.PathMatrix, error) {
	return core.PathMatrix{Sharing: true, Nodes: []core.PathNode{{ID: "near", Self: true, Known: true, Shared: true}}}, f.enter(ctx)
}

func (f *fakePeers) PathChanges(ctx context.Context, since time.Time) ([]core.PathChange, error) {
	f.since = since
	return []core.PathChange{{At: since, Peer: "near", From: core.RouteOffline, To: core.RouteLAN}}, f.enter(ctx)
}

func (f *fakePeers) Doctor(ctx context.Context) ([]core.Finding, error) {
	return []core.Finding{{ID: "listening", Result: core.FindingOK}}, f.enter(ctx)
}

func (f *fakePeers) WhyPath(ctx context.Context, id string) (core.PathReason, error) {
	return core.PathReason{Rule: "trying"}, f.order(ctx, "why", id)
}

func (f *fakePeers) Whereabouts(ctx context.Context) (core.Whereabouts, error) {
	return core.Whereabouts{
		ID: "me", Public: "203.0.113.7",
		Addresses: []string{"/ip4/127.0.0.1/tcp/4001/p2p/me", "/ip4/192.168.0.2/tcp/4001/p2p/me", "/ip4/203.0.113.7/tcp/4001/p2p/me"},
	}, f.enter(ctx)
}

func (f *fakePeers) Traffic(ctx context.Context) (core.Traffic, error) {
	return core.Traffic{Total: core.Flow{BytesIn: 1<<53 + 1}}, f.enter(ctx)
}

func (f *fakePeers) Gossip(ctx context.Context) (core.Gossip, error) {
	return core.Gossip{Counters: []core.GossipCount{{Name: "rejected", Count: 3}}}, f.enter(ctx)
}
