package api

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

func asked(t testing.TB, a *API) []string {
	t.Helper()
	f, ok := a.desk.backend.Peers.(*fakePeers)
	if !ok {
		t.Fatal("the page has another node than the test")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// What a person does with a peer must reach the node as it was meant.
func TestPeers_Wishes(t *testing.T) {
	f := newFake()
	a := f.page(t)
	p := bound[Peers](a)
	for _, err := range []error{
		p.SetName("near", "  Ann at home "), p.Keep("near", true), p.Keep("near", false), p.Block("near", true), p.Block("near", false),
		p.Forget("near"), p.Look(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if ms, err := p.Ping("near"); err != nil || ms != 1.5 {
		t.Errorf("ping: %v, %v", ms, err)
	}
	if want := []string{"name Ann at home", "keep", "keep no more", "block", "unblock", "forget", "look", "ping"}; !slices.Equal(asked(t, a), want) {
		t.Errorf("the node was asked %q", asked(t, a))
	}
	if code := codeOf(t, p.Block("far", true)); code != core.NotFound {
		t.Errorf("an unknown peer: %s", code)
	}
	if code := codeOf(t, p.Connect(strings.Repeat("x", maxAddressBytes+1))); code != core.TooLarge {
		t.Errorf("an address without end: %s", code)
	}
}

// The page reads numbers beyond 2^53, times and empty lists without losing any.
func TestPeers_Answers(t *testing.T) {
	f := newFake()
	f.peers = []core.Peer{
		{ID: "near", Connected: true, Path: core.PathDirect, Transport: "quic", Agent: "debros/1.2.3", BytesIn: 1<<53 + 1, Place: core.Place{Kind: core.PlacePublic, Country: "CH"}},
		{ID: "gone", Agent: "curl"},
		{ID: "hole", Connected: true, Path: core.PathDirect, Punched: true},
		{ID: "here", Connected: true, Path: core.PathComputer},
		{ID: "room", Connected: true, Path: core.PathLAN},
		{ID: "far", Connected: true, Path: core.PathRelayed, Relay: "r"},
		{ID: "tcp", Connected: true, Path: core.PathDirect, Transport: "tcp"},
	}
	a := f.page(t)
	p := bound[Peers](a)
	list, err := p.List()
	if err != nil {
		t.Fatal(err)
	}
	if first := list[0]; first.Version != "1.2.3" || first.BytesIn != "9007199254740993" || first.Place.Country != "CH" || first.Latencies == nil || first.Protocols == nil || first.Addresses == nil {
		t.Errorf("the first is %+v", first)
	}
	var ways []string
	for _, one := range list {
		ways = append(ways, one.Path)
	}
	if want := []string{"direct-quic", "offline", "hole-punched", "local", "lan", "relayed", "direct-tcp"}; !slices.Equal(ways, want) {
		t.Errorf("the ways are %q, want %q", ways, want)
	}
	me, err := p.Me()
	if err != nil || me.Best != "/ip4/203.0.113.7/tcp/4001/p2p/me" || len(me.QR) < 21 || len(me.QR[0]) != len(me.QR) {
		t.Errorf("me: %+v, %v", me, err)
	}
	if traffic, err := p.Traffic(); err != nil || traffic.Total.BytesIn != "9007199254740993" || traffic.Protocols == nil {
		t.Errorf("traffic: %+v, %v", traffic, err)
	}
	if gossip, err := p.Gossip(); err != nil || gossip.Bootstrap == nil || gossip.Topics == nil || gossip.Scores == nil || gossip.Counters[0].Count != "3" {
		t.Errorf("gossip: %+v, %v", gossip, err)
	}
	if m, err := p.Matrix(); err != nil || len(m.Nodes) != 1 || m.Cells == nil || !m.Sharing {
		t.Errorf("matrix: %+v, %v", m, err)
	}
	if changes, err := p.Timeline(24); err != nil || changes[0].To != "lan" {
		t.Errorf("timeline: %+v, %v", changes, err)
	}
	if _, err := p.Timeline(MaxTimelineHours + 1); codeOf(t, err) != core.Invalid {
		t.Errorf("more hours than are kept: %v", err)
	}
	if why, err := p.Why("near"); err != nil || why.Rule != "trying" || why.Evidence == nil {
		t.Errorf("why: %+v, %v", why, err)
	}
	if findings, err := p.Doctor(); err != nil || findings[0].Result != "ok" {
		t.Errorf("doctor: %+v, %v", findings, err)
	}
}

// Bytes and milliseconds change all the time; a page that is drawn anew each
// second for them would never rest.
func TestWatch_RestlessNumbersOfPeersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		_, e := watched(t, f)
		change := func(p core.Peer) {
			f.mu.Lock()
			f.peers = []core.Peer{p}
			f.mu.Unlock()
		}
		e.take(EventPeers) // that there are none
		p := core.Peer{ID: "near", Connected: true}
		change(p)
		advance(watchEvery)
		if got := e.take(EventPeers); len(got) != 1 {
			t.Fatalf("%d events of a peer that came", len(got))
		}
		for i := range 3 {
			p.BytesIn, p.RateOut, p.LatencyMS, p.LastSeen = uint64(i+1), float64(i+1), float64(i+1), time.Unix(int64(i+1), 0)
			p.Latencies = append(p.Latencies, 1)
			change(p)
			advance(watchEvery)
		}
		if got := e.take(EventPeers); len(got) != 0 {
			t.Errorf("%d events for numbers", len(got))
		}
		p.Blocked = true
		change(p)
		advance(watchEvery)
		if got := e.take(EventPeers); len(got) != 1 {
			t.Errorf("%d events of a peer that was blocked", len(got))
		}
	})
}
