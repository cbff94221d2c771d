package p2p

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
)

// Whom a person blocked must neither get in nor be dialled, by whatever way, and
// a name that he gave must not be lost with the node.
func TestWish_BlockHoldsBothWays(t *testing.T) {
	dir, key := t.TempDir(), newKey(t)
	a, stop := start(t, Settings{Identity: key, PeerstoreDir: dir})
	b, _ := start(t, Settings{})
	id := b.ID().String()
	if err := a.Dial(t.Context(), b.FullAddresses()[0]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "b is remembered", func() bool { return len(a.Stored()) == 1 })
	if err := errors.Join(a.SetName(id, "noisy"), a.SetKeep(id, true), a.SetBlocked(id, true)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "b is cut off", func() bool { return len(b.Network().Peers()) == 0 })
	refused := func(h *Host) {
		t.Helper()
		wantCode(t, h.Dial(t.Context(), b.FullAddresses()[0]), core.Conflict)
		wantCode(t, h.DialPeer(t.Context(), peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}), core.Conflict)
		if err := h.Connect(t.Context(), peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}); err == nil { // as membership or libp2p itself would
			t.Error("the gate lets a blocked peer be dialled")
		}
		if err := b.Dial(t.Context(), h.FullAddresses()[0]); err == nil { // b may not know yet
			eventually(t, "b is cut off again", func() bool { return len(b.Network().Peers()) == 0 })
		}
		if !h.HungUp(b.ID()) || len(h.Stored()) != 0 || len(h.Kept()) != 0 {
			t.Error("discovery would dial a blocked peer")
		}
	}
	refused(a)
	stop()
	a, _ = start(t, Settings{Identity: key, PeerstoreDir: dir})
	refused(a)
	if got := a.PeerList()[0]; got.Name != "noisy" || !got.Blocked || got.Keep {
		t.Errorf("after a restart a knows %+v", got)
	}
	if err := a.SetBlocked(id, false); err != nil {
		t.Fatal(err)
	}
	if err := a.Dial(t.Context(), b.FullAddresses()[0]); err != nil {
		t.Errorf("unblocked, it cannot be dialled: %v", err)
	}
}

// What cannot be meant must be refused with a reason.
func TestWish_Refused(t *testing.T) {
	a, _ := start(t, Settings{})
	stranger := randomID(t).String()
	wantCode(t, a.SetName("nonsense", "x"), core.Invalid)
	wantCode(t, a.SetName(a.ID().String(), "me"), core.Invalid)
	wantCode(t, a.SetName(stranger, "two\nlines"), core.Invalid)
	wantCode(t, a.SetName(stranger, strings.Repeat("é", core.MaxPeerName/2+1)), core.Invalid)
	wantCode(t, a.Forget(stranger), core.NotFound)
	_, err := a.Ping(t.Context(), stranger)
	wantCode(t, err, core.NotFound)
	if err := a.SetName(stranger, "soon to come"); err != nil {
		t.Errorf("a peer may be named before it is met: %v", err)
	}
	if got := a.Names()[stranger]; got != "soon to come" {
		t.Errorf("it is called %q", got)
	}
	if err := a.SetName(stranger, ""); err != nil || len(a.PeerList()) != 0 {
		t.Errorf("without a name nothing is left to remember: %v, %v", a.PeerList(), err)
	}
}

// Strangers in thousands must not push out whom a person cares for, and wishes
// must have an end too.
func TestWish_OutlastsStrangersAndIsBounded(t *testing.T) {
	b, err := openBook(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-2 * MaxStoredAge)
	friend := randomID(t)
	b.seen(sighting{id: friend, at: long, addresses: []ma.Multiaddr{ma.StringCast("/ip4/127.0.0.1/tcp/1")}})
	named := func(w *wish) { w.name = "friend" }
	if err = b.wish(friend, nil, named); err != nil {
		t.Fatal(err)
	}
	if err = b.save(time.Now()); err != nil {
		t.Fatal(err)
	}
	again, err := openBook(b.folder, slog.New(slog.DiscardHandler))
	if err != nil || again.wanted(friend).name != "friend" {
		t.Fatalf("a named peer of long ago is forgotten: %v", err)
	}
	for range MaxWishes - 1 {
		if err := again.wish(randomID(t), nil, named); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, again.wish(randomID(t), nil, named), core.Limited)
	again.peers[friend] = known{id: friend, lastSeen: long, wish: wish{name: "friend"}}
	for i := range MaxStoredPeers {
		id := peer.ID(string(rune(i)) + "stranger")
		again.peers[id] = known{id: id, lastSeen: time.Now(), dialled: true}
	}
	again.makeRoomLocked()
	if again.wanted(friend).name == "" || len(again.peers) > MaxStoredPeers {
		t.Errorf("the friend is gone, or %d peers are kept", len(again.peers))
	}
}

// A rate must follow what happens, and the names that strangers make up must not
// fill the memory.
func TestMeter(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	m := newMeter(func() time.Time { return now })
	a, b := peer.ID("a"), peer.ID("b")
	for range 60 { // a thousand bytes a second for a minute
		m.LogRecvMessageStream(1000, "/x", a)
		now = now.Add(time.Second)
	}
	m.LogSentMessageStream(5, "/y", b)
	if got := m.peer(a); got.BytesIn != 60_000 || got.RateIn < 850 || got.RateIn > 1100 || got.BytesOut != 0 {
		t.Errorf("a moved %+v", got)
	}
	now = now.Add(time.Minute)
	if got := m.peer(a); got.RateIn > 5 || got.BytesIn != 60_000 {
		t.Errorf("a minute later %+v", got)
	}
	got := m.traffic()
	if got.Total.BytesIn != 60_000 || got.Total.BytesOut != 5 || len(got.Protocols) != 2 || got.Protocols[0].Protocol != "/x" {
		t.Errorf("in all %+v", got)
	}
	for i := range 2 * maxMetered {
		m.LogSentMessageStream(1, "", peer.ID(string(rune(i))+"p"))
	}
	if len(m.peers) > maxMetered || m.traffic().Total.BytesOut != 5+2*maxMetered {
		t.Errorf("%d peers are counted apart, %d bytes in all", len(m.peers), m.traffic().Total.BytesOut)
	}
	now = now.Add(meterIdle)
	if m.TrimIdle(now.Add(-meterIdle + time.Second)); len(m.peers) != 0 || m.traffic().Total.BytesIn != 60_000 {
		t.Errorf("%d idle peers are left", len(m.peers))
	}
}

// The timeline must tell each change once, and have an end.
func TestGauges_Timeline(t *testing.T) {
	line := openTimeline(t.TempDir(), time.Now(), slog.New(slog.DiscardHandler))
	g := newGauges(line)
	now := time.Unix(1_800_000_000, 0)
	id := randomID(t)
	for _, route := range []string{core.RouteRelayed, core.RouteRelayed, core.RoutePunched, core.RouteOffline} {
		now = now.Add(time.Minute)
		g.routed(id, route, now)
	}
	changes := line.since(time.Time{})
	if len(changes) != 3 || changes[0].From != core.RouteOffline || changes[1].From != core.RouteRelayed || changes[1].To != core.RoutePunched {
		t.Errorf("changes: %+v", changes)
	}
	if got := line.since(now); len(got) != 1 || got[0].To != core.RouteOffline {
		t.Errorf("since the last: %+v", got)
	}
	g.routed(id, core.RouteLAN, now.Add(time.Minute))
	ended := now.Add(time.Hour)
	if err := line.save(ended); err != nil {
		t.Fatal(err)
	}
	again := openTimeline(line.folder, ended.Add(time.Hour), slog.New(slog.DiscardHandler)).since(time.Time{})
	if last := again[len(again)-1]; len(again) != 5 || last.From != core.RouteLAN || last.To != core.RouteOffline || !last.At.Equal(ended) {
		t.Errorf("after a restart: %+v; what was open ended with the node", again)
	}
	if got := openTimeline(line.folder, ended.Add(2*MaxPathAge), slog.New(slog.DiscardHandler)).since(time.Time{}); len(got) != 0 {
		t.Errorf("two days later: %+v", got)
	}
	now = now.Add(MaxPathAge + time.Hour)
	for i := range MaxPathChanges + 10 {
		g.routed(id, map[bool]string{true: core.RouteLAN, false: core.RouteOffline}[i%2 == 0], now)
	}
	if got := line.since(time.Time{}); len(got) != MaxPathChanges || got[0].At != now {
		t.Errorf("%d changes, the first of %v", len(got), got[0].At)
	}
	for range 2 * MaxLatencies {
		g.answered(id, time.Millisecond, now)
	}
	for range 2 * maxGauges {
		g.answered(randomID(t), time.Millisecond, now.Add(time.Second))
	}
	if len(g.peers) > maxGauges || len(g.latencies(id)) != 0 {
		t.Errorf("%d peers; the one not used for longest makes room", len(g.peers))
	}
}

// A damaged history must not stop the node, nor be believed.
func FuzzTimelineRead(f *testing.F) {
	f.Add([]byte(`{"version":1,"at":"2026-01-01T00:00:00Z","changes":[{"at":"2026-01-01T00:00:00Z","peer":"12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf","from":"offline","to":"lan"}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		line := &timeline{}
		if line.read(bytes.NewReader(body), time.Unix(1_800_000_000, 0)) == nil && len(line.changes) > MaxPathChanges {
			t.Fatal("too many changes")
		}
	})
}

// A connection that a punched hole made must be told from one that was direct
// from the start.
func TestGauges_Punches(t *testing.T) {
	g := newGauges(&timeline{})
	id := randomID(t)
	opened := time.Unix(1_800_000_000, 0)
	trace := func(after time.Duration, evt any) {
		g.Trace(&holepunch.Event{Timestamp: opened.Add(after).UnixNano(), Remote: id, Evt: evt})
	}
	trace(-time.Minute, &holepunch.EndHolePunchEvt{Error: strings.Repeat("x", 1000)})
	trace(-time.Minute, &holepunch.StartHolePunchEvt{})
	trace(time.Second, &holepunch.DirectDialEvt{Success: true})
	if g.punchedThrough(id, opened) {
		t.Error("a failed attempt and a plain dial made no hole")
	}
	trace(time.Second, &holepunch.EndHolePunchEvt{Success: true})
	if !g.punchedThrough(id, opened) || g.punchedThrough(id, opened.Add(time.Hour)) {
		t.Error("the hole belongs to the connection that it made")
	}
	if tried, ok := g.punched(); tried != 3 || ok != 2 {
		t.Errorf("%d attempts, %d well", tried, ok)
	}
	for range 2 * MaxPunches {
		trace(time.Hour, &holepunch.ProtocolErrorEvt{Error: "no"})
	}
	if got := g.punches(id); len(got) != MaxPunches || got[0].Reason != "no" {
		t.Errorf("%d attempts are kept: %+v", len(got), got)
	}
}

// Measuring must cost little while nobody looks, and follow while somebody does.
func TestHost_MeasuresMoreWhileSomebodyLooks(t *testing.T) {
	h, _ := start(t, Settings{})
	if got := h.pause(0.5); got != pingInterval || h.LookedAt() {
		t.Errorf("nobody looks, and the pause is %v", got)
	}
	h.Look()
	for random, want := range map[float64]time.Duration{0: 12 * time.Second, 0.5: lookInterval, 1: 18 * time.Second} {
		if got := h.pause(random); got != want || !h.LookedAt() {
			t.Errorf("somebody looks, and the pause is %v, want %v", got, want)
		}
	}
	h.looked.Store(time.Now().Add(-lookFor - time.Second).UnixNano())
	if got := h.pause(0.5); got != pingInterval {
		t.Errorf("he is gone, and the pause is %v", got)
	}
}
