package node_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

func peerOf(t testing.TB, n *running, id string) core.Peer {
	t.Helper()
	list, err := n.Peers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(p core.Peer) bool { return p.ID == id })
	if i < 0 {
		return core.Peer{}
	}
	return list[i]
}

// What a person said of a peer, and that it was there at all, must outlast the
// peer and the node; a kept one must come back by itself, and a blocked one must
// not.
func TestPeering_WishesLast(t *testing.T) {
	dirA, dirB := t.TempDir(), t.TempDir()
	b := start(t, dirB, nil)
	listen := b.file.P2P[0][:strings.Index(b.file.P2P[0], "/p2p/")]
	a := start(t, dirA, nil)
	ctx, idB := t.Context(), b.file.PeerID
	if err := a.Connect(ctx, b.file.P2P[0]); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.NamePeer(ctx, idB, "Ann at home"), a.KeepPeer(ctx, idB, true)); err != nil {
		t.Fatal(err)
	}
	until(t, "a knows b", func() error {
		p := peerOf(t, a, idB)
		if p.Name != "Ann at home" || !p.Keep || p.Role != core.PeerNode || p.Place.Kind != core.PlaceComputer || p.BytesIn == 0 || p.Address == "" {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	if ms, err := a.PingPeer(ctx, idB); err != nil || ms <= 0 {
		t.Errorf("ping: %v ms, %v", ms, err)
	}
	if got := peerOf(t, a, idB); len(got.Latencies) == 0 {
		t.Errorf("no latencies: %+v", got)
	}
	if code := core.CodeOf(a.ForgetPeer(ctx, idB)); code != core.Conflict {
		t.Errorf("a connected peer was forgotten: %s", code)
	}

	a.stop(t)
	b.stop(t)
	a = start(t, dirA, nil)
	if p := peerOf(t, a, idB); p.Name != "Ann at home" || !p.Keep || p.Connected || p.LastSeen.IsZero() || p.Route() != core.RouteOffline {
		t.Errorf("after a restart a knows %+v", p)
	}
	b = start(t, dirB, func(c *config.Config) { c.Node.ListenAddresses = []string{listen} })
	until(t, "the kept peer comes back", func() error {
		if p := peerOf(t, a, idB); !p.Connected {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	changes, err := a.PathChanges(ctx, time.Now().Add(-time.Hour))
	if err != nil || len(changes) == 0 || changes[len(changes)-1].To != core.RouteComputer || changes[len(changes)-1].Name != "Ann at home" {
		t.Errorf("the timeline: %+v, %v", changes, err)
	}

	if err := a.BlockPeer(ctx, idB, true); err != nil {
		t.Fatal(err)
	}
	until(t, "the blocked peer is gone", func() error {
		if p := peerOf(t, a, idB); p.Connected || !p.Blocked || p.Keep {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
	if code := core.CodeOf(a.Connect(ctx, b.file.P2P[0])); code != core.Conflict {
		t.Errorf("a blocked peer was dialled: %s", code)
	}
	if err := b.Connect(ctx, a.file.P2P[0]); err == nil {
		until(t, "who is blocked is cut off", func() error {
			if p := peerOf(t, b, a.file.PeerID); p.Connected {
				return fmt.Errorf("%+v", p)
			}
			return nil
		})
	}
	if err := errors.Join(a.BlockPeer(ctx, idB, false), a.NamePeer(ctx, idB, ""), a.ForgetPeer(ctx, idB)); err != nil {
		t.Fatal(err)
	}
	if code := core.CodeOf(a.NamePeer(ctx, idB, strings.Repeat("x", core.MaxPeerName+1))); code != core.Invalid {
		t.Errorf("a name without end: %s", code)
	}
}

// Whoever looks at the matrix of his network must see what all members measured.
func TestPeering_MembersShareTheirPaths(t *testing.T) {
	open := func(c *config.Config) { c.Security.OpenJoin = true }
	a := start(t, t.TempDir(), open)
	b := start(t, t.TempDir(), func(c *config.Config) { c.Database.RQLiteJoinAddress, c.Node.ID = a.file.P2P[0], "attic" })
	shy := start(t, t.TempDir(), func(c *config.Config) {
		c.Database.RQLiteJoinAddress, c.Discovery.SharePaths = a.file.P2P[0], false
	})
	ctx := t.Context()
	if err := b.Connect(ctx, shy.file.P2P[0]); err != nil {
		t.Fatal(err)
	}
	until(t, "the matrix of three", func() error {
		a.Look()
		m, err := a.PathMatrix(ctx)
		if err != nil {
			return err
		}
		rows := map[string]int{}
		for _, c := range m.Cells {
			rows[c.From]++
			if c.Path != core.RouteComputer {
				return fmt.Errorf("a path on one computer is %q", c.Path)
			}
		}
		if len(m.Nodes) != 3 || !m.Nodes[0].Self || rows[a.file.PeerID] != 2 || rows[b.file.PeerID] != 2 || rows[shy.file.PeerID] != 0 {
			return fmt.Errorf("%+v", m)
		}
		for _, n := range m.Nodes {
			if shared := n.ID != shy.file.PeerID; !n.Known || n.Shared != shared || (n.ID == b.file.PeerID && n.Name != "attic") {
				return fmt.Errorf("%+v", n)
			}
		}
		return nil
	})
	findings, err := a.Doctor(ctx)
	if err != nil || len(findings) != 12 {
		t.Fatalf("the doctor: %+v, %v", findings, err)
	}
	for _, f := range findings {
		if (f.ID == "clock" && !strings.Contains(f.Evidence, "member")) || (f.ID == "disk" && f.Evidence == "") || (f.ID == "listening" && f.Result != core.FindingWarn) {
			t.Errorf("%+v", f)
		}
	}
	why, err := a.WhyPath(ctx, b.file.PeerID)
	if err != nil || why.Rule != "near" {
		t.Errorf("why: %+v, %v", why, err)
	}
	gossip, err := a.Gossip(ctx)
	if err != nil || len(gossip.Counters) == 0 {
		t.Errorf("gossip: %+v, %v", gossip, err)
	}
	traffic, err := a.Traffic(ctx)
	if err != nil || traffic.Total.BytesIn == 0 || len(traffic.Protocols) == 0 {
		t.Errorf("traffic: %+v, %v", traffic, err)
	}
	me, err := a.Whereabouts(ctx)
	if err != nil || me.ID != a.file.PeerID || len(me.Addresses) == 0 || me.Public != "" || me.Place.Kind != core.PlaceUnknown {
		t.Errorf("whereabouts: %+v, %v", me, err)
	}
}
