package paths

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// member is a node of the network "home" in a test.
type member struct {
	*Paths
	host host.Host

	mu       sync.Mutex
	members  map[string]string
	measured []Measured
	looked   bool
}

func newMember(t *testing.T, share bool) *member {
	t.Helper()
	m := &member{host: testkit.NewHost(t), members: map[string]string{}}
	p, err := New(Settings{
		Share: share, Network: func() string { return "home" },
		Members: func() map[string]string {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.members
		},
		Measured: func() []Measured {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.measured
		},
		Standing: func() Standing { return Standing{NATUDP: "keeps", Reachable: true} },
		Looked: func() bool {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.looked
		},
	}, m.host, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	m.Paths = p
	return m
}

func (m *member) id() string { return m.host.ID().String() }

// start runs the part until the test ends.
func (m *member) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- m.Run(ctx, func() { close(ready) }) }()
	<-ready
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// acquaint makes all of them members of one network, before they run.
func acquaint(all ...*member) {
	for _, m := range all {
		for i, other := range all {
			m.members[other.id()] = "node " + string(rune('a'+i))
		}
	}
}

func (m *member) connect(t *testing.T, other *member) {
	t.Helper()
	reach := func(from, to *member) {
		from.mu.Lock()
		defer from.mu.Unlock()
		from.measured = append(from.measured, Measured{Peer: to.id(), MS: 1.234, Route: core.RouteComputer, At: time.Now()})
	}
	reach(m, other) // before they can tell of it
	reach(other, m)
	if err := m.host.Connect(t.Context(), peer.AddrInfo{ID: other.host.ID(), Addrs: other.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func find(m core.PathMatrix, id string) core.PathNode {
	for _, n := range m.Nodes {
		if n.ID == id {
			return n
		}
	}
	return core.PathNode{}
}

func cells(m core.PathMatrix, from string) (list []core.PathCell) {
	for _, c := range m.Cells {
		if c.From == from {
			list = append(list, c)
		}
	}
	return list
}

// Whoever looks must see how the others reach each other, also one that he
// cannot ask himself, and that one does not want to tell.
func TestPaths_ThreeNodes(t *testing.T) {
	a, b, c := newMember(t, true), newMember(t, true), newMember(t, false)
	acquaint(a, b, c)
	a.looked = true
	for _, m := range []*member{a, b, c} {
		m.start(t)
	}
	b.connect(t, c)
	eventually(t, "b hears c", func() bool { return find(b.Matrix("b"), c.id()).Known })
	a.connect(t, b) // a and c never meet
	eventually(t, "a hears b", func() bool { return find(a.Matrix("a"), b.id()).Known })
	eventually(t, "a hears of c through b", func() bool {
		a.round(t.Context(), true)
		return find(a.Matrix("a"), c.id()).Known
	})

	m := a.Matrix("me")
	if len(m.Nodes) != 3 || m.Nodes[0].ID != a.id() || m.Nodes[0].Name != "me" || !m.Nodes[0].Self || !m.Sharing {
		t.Errorf("nodes: %+v", m.Nodes)
	}
	if got := find(m, c.id()); got.Shared || got.AgeMS < 0 || len(cells(m, c.id())) != 0 {
		t.Errorf("c tells nothing, and is shown as %+v with %v", got, cells(m, c.id()))
	}
	if got := cells(m, b.id()); len(got) != 2 || got[0].MS != 1.23 || got[0].Path != core.RouteComputer {
		t.Errorf("b's row: %+v", got)
	}
	if s, ok := a.StandingOf(b.id()); !ok || s.NATUDP != "keeps" || !s.Reachable {
		t.Errorf("b stands %+v, %v", s, ok)
	}
	if _, ok := a.StandingOf(c.id()); ok {
		t.Error("c told how it stands")
	}
	if offset, from := a.Clock(); from != 1 || offset.Abs() > time.Second {
		t.Errorf("the clock is %v from %d members", offset, from)
	}
}

// A stranger must learn nothing and cost nothing, and no member may speak for
// another or without end.
func TestPaths_HostilePayloads(t *testing.T) {
	a, friend, stranger := newMember(t, true), newMember(t, true), newMember(t, true)
	acquaint(a, friend)
	var clock atomic.Int64 // Unix nanoseconds
	clock.Store(time.Now().UnixNano())
	a.now = func() time.Time { return time.Unix(0, clock.Load()) }
	a.start(t)
	send := func(from *member, parts ...[]byte) (answered bool) {
		clock.Add(int64(restBetween))
		if err := from.host.Connect(t.Context(), peer.AddrInfo{ID: a.host.ID(), Addrs: a.host.Addrs()}); err != nil {
			t.Fatal(err)
		}
		s, err := from.host.NewStream(t.Context(), a.host.ID(), Protocol)
		if err != nil {
			return false
		}
		defer s.Reset() //nolint:errcheck // the test is done with it
		for _, part := range parts {
			if _, errWrite := s.Write(part); errWrite != nil {
				return false
			}
		}
		_, err = readPart(s, maxNote)
		return err == nil
	}
	part := func(data []byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)
	}
	sealed := func(by *member, change func(*report)) []byte {
		r := report{Version: version, Network: "home", Node: by.id(), At: a.now().UnixMilli(), Shared: true}
		if change != nil {
			change(&r)
		}
		out, err := r.seal(by.host.Peerstore().PrivKey(by.host.ID()))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	nothing := part([]byte(`{"want":[]}`))
	bent := sealed(friend, nil)
	bent[len(bent)-2] ^= 1
	ids, err := json.Marshal(want{make([]string, maxWanted+1)})
	if err != nil {
		t.Fatal(err)
	}
	for name, refused := range map[string]func() bool{
		"a stranger":                    func() bool { return send(stranger, part(sealed(stranger, nil)), nothing) },
		"a stranger with a good report": func() bool { return send(stranger, part(sealed(friend, nil)), nothing) },
		"a member speaking for another": func() bool { return send(friend, part(sealed(friend, func(r *report) { r.Node = a.id() })), nothing) },
		"a member passing itself off":   func() bool { return send(friend, part(sealed(stranger, nil)), nothing) },
		"a changed report":              func() bool { return send(friend, part(bent), nothing) },
		"a report without end":          func() bool { return send(friend, binary.BigEndian.AppendUint32(nil, math.MaxUint32)) },
		"an old report": func() bool {
			return send(friend, part(sealed(friend, func(r *report) { r.At -= 2 * MaxClockGap.Milliseconds() })), nothing)
		},
		"a report of another network": func() bool {
			return send(friend, part(sealed(friend, func(r *report) { r.Network = "away" })), nothing)
		},
		"a path to a place, not to a peer": func() bool {
			return send(friend, part(sealed(friend, func(r *report) { r.Paths = []way{{Peer: "/ip4/9.9.9.9/tcp/1", Way: core.RouteTCP}} })), nothing)
		},
	} {
		if refused() {
			t.Errorf("%s was answered", name)
		}
	}
	if known := find(a.Matrix("a"), friend.id()); known.Known {
		t.Errorf("something was believed: %+v", known)
	}
	if send(friend, part(sealed(friend, nil)), part(ids)) || send(friend, part(sealed(friend, nil)), part([]byte("{"))) {
		t.Error("a question without an end, or without sense, was answered")
	}
	if !send(friend, part(sealed(friend, nil)), nothing) || !find(a.Matrix("a"), friend.id()).Known {
		t.Error("an honest member was refused")
	}
}

// What is signed and true in form may still be nonsense, and must not be drawn.
func TestReport_Judged(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	maker, other := newIdentity(t), newIdentity(t)
	j := judge{"home", map[string]string{maker.id: ""}, now}
	good := func() report {
		return report{Version: version, Network: "home", Node: maker.id, At: now.UnixMilli(), Shared: true, Paths: []way{{Peer: other.id, MS: 3, Way: core.RouteLAN}}}
	}
	if r, err := j.open(maker.seal(t, good())); err != nil || r.Paths[0].MS != 3 {
		t.Fatalf("a good report: %+v, %v", r, err)
	}
	for name, change := range map[string]func(*report){
		"a figure that cannot be":        func(r *report) { r.Paths[0].MS = -1 },
		"a figure beyond all measure":    func(r *report) { r.Paths[0].MS = maxMS + 1 },
		"a way with another name":        func(r *report) { r.Paths[0].Way = "by pigeon" },
		"no peer":                        func(r *report) { r.Paths[0].Peer = "x" },
		"a peer twice":                   func(r *report) { r.Paths = append(r.Paths, r.Paths[0]) },
		"a path to itself":               func(r *report) { r.Paths[0].Peer = r.Node },
		"paths, though it tells nothing": func(r *report) { r.Shared = false },
		"another version":                func(r *report) { r.Version = 2 },
		"from the future":                func(r *report) { r.At += MaxClockGap.Milliseconds() + 1000 },
		"by nobody":                      func(r *report) { r.Node = "" },
	} {
		r := good()
		change(&r)
		if _, err := j.open(maker.seal(t, r)); err == nil {
			t.Errorf("%s was believed", name)
		}
	}
	if _, err := (judge{"", j.members, now}).open(maker.seal(t, good())); core.CodeOf(err) != core.Denied {
		t.Errorf("a node without a network believes reports: %v", err)
	}
	many := good()
	many.Paths = nil
	for range MaxWays + 1 {
		many.Paths = append(many.Paths, way{Peer: newIdentity(t).id, Way: core.RouteQUIC, MS: 59_999.99})
	}
	if err := many.check(); err == nil {
		t.Error("more than the nearest were believed")
	}
	many.Paths = many.Paths[:MaxWays]
	many.Standing = Standing{NATTCP: "changes", NATUDP: "changes", UDPLost: true, Reachable: true, Proxied: true, Tried: 9999, Punched: 9999}
	many.Network = strings.Repeat("n", 64)
	if size := len(maker.seal(t, many)); size > MaxReportBytes {
		t.Errorf("the fullest report has %d bytes", size)
	}
}

// A figure of ten minutes ago drawn as of now misleads whoever looks.
func TestShelf_ForgetsAndKeepsTheLatest(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	s := newShelf()
	members := map[string]string{"a": "", "b": ""}
	s.keepOnly("home", members, now)
	put := func(id string, at int64, age time.Duration) {
		s.put(report{Network: "home", Node: id, At: at, Shared: true}, nil, age, now)
	}
	put("a", 5, 0)
	put("a", 4, 0) // an older one, passed on late
	if r, ok := s.of("a", now); !ok || r.At != 5 {
		t.Errorf("kept %+v", r)
	}
	put("b", 5, KeepFor-time.Second)
	s.readClock("a", time.Second, now)
	s.readClock("b", time.Hour, now)
	s.readClock("c", -time.Second, now)
	if offset, from := s.clock(now); offset != time.Second || from != 3 {
		t.Errorf("the middle of three clocks is %v of %d", offset, from)
	}
	now = now.Add(2 * time.Second)
	if _, ok := s.of("b", now); ok || len(s.all(now)) != 1 {
		t.Error("an old report is shown")
	}
	s.keepOnly("home", map[string]string{"b": ""}, now)
	if _, ok := s.of("a", now); ok {
		t.Error("the report of one who is no member any more is shown")
	}
	put("b", 6, 0)
	s.keepOnly("away", members, now)
	if len(s.all(now)) != 0 {
		t.Error("reports of another network are shown")
	}
	if _, from := s.clock(now); from != 0 {
		t.Error("clocks of another network count")
	}
}

type identity struct {
	id  string
	key crypto.PrivKey
}

func newIdentity(t testing.TB) identity {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return identity{id.String(), key}
}

func (i identity) seal(t testing.TB, r report) []byte {
	t.Helper()
	sealed, err := r.seal(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// Whatever a member sends, the node lives, and believes nothing that is not whole.
func FuzzReport(f *testing.F) {
	maker := newIdentity(f)
	now := time.UnixMilli(1_800_000_000_000)
	j := judge{"home", map[string]string{maker.id: ""}, now}
	f.Add(maker.seal(f, report{Version: version, Network: "home", Node: maker.id, At: now.UnixMilli()}))
	f.Add([]byte{0xff, 0xff, '{'})
	f.Add([]byte{0, 0, '{', '}'})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if r, err := j.open(sealed); err == nil && (r.Node != maker.id || r.check() != nil) {
			t.Fatalf("believed %+v", r)
		}
	})
}
