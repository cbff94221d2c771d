package p2p

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// The first thing two nodes do is connect; both must then say so, with figures
// that are true.
func TestHost_ConnectsAndHangsUp(t *testing.T) {
	for transport, listen := range map[string]string{"tcp": "/ip4/127.0.0.1/tcp/0", "quic": "/ip4/127.0.0.1/udp/0/quic-v1"} {
		t.Run(transport, func(t *testing.T) {
			a, _ := start(t, Settings{ListenAddrs: []string{listen}, UserAgent: "first/1"})
			b, _ := start(t, Settings{ListenAddrs: []string{listen}, UserAgent: "second/2"})
			if err := a.Dial(t.Context(), b.FullAddresses()[0]); err != nil {
				t.Fatal(err)
			}
			eventually(t, "b lists a with its program", func() bool {
				list := b.PeerList()
				return len(list) == 1 && list[0].Agent == "first/1" && list[0].Connected
			})
			got := a.PeerList()[0]
			if got.ID != b.ID().String() || got.Direction != "outbound" || got.Path != "this computer" || got.Transport != transport || got.Agent != "second/2" || got.Since.IsZero() || len(got.Protocols) == 0 {
				t.Errorf("a lists %+v", got)
			}
			if dir := b.PeerList()[0].Direction; dir != "inbound" {
				t.Errorf("b says the connection is %s", dir)
			}
			a.pingAll(t.Context())
			if latency := a.PeerList()[0].LatencyMS; latency <= 0 {
				t.Errorf("latency %v after a ping", latency)
			}
			if err := a.Hangup(b.ID().String()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "b sees the end", func() bool { return len(b.Network().Peers()) == 0 })
			after := a.PeerList()
			if len(after) != 1 || after[0].Connected || after[0].LastSeen.IsZero() {
				t.Errorf("after hanging up a lists %+v", after)
			}
			if !a.HungUp(b.ID()) {
				t.Error("discovery would dial the peer at once")
			}
			wantCode(t, a.Hangup(b.ID().String()), core.NotFound)
			if err := b.Dial(t.Context(), a.FullAddresses()[0]); err == nil {
				eventually(t, "the peer that was sent away is cut off", func() bool { return len(b.Network().Peers()) == 0 })
			} else {
				wantCode(t, err, core.Unavailable)
			}
			if err := a.Dial(t.Context(), b.FullAddresses()[0]); err != nil {
				t.Errorf("a user may call the peer back: %v", err)
			}
		})
	}
}

// A wrong address is the commonest fault of all; the user must learn what is
// wrong with it without reading a log.
func TestHost_DialRefused(t *testing.T) {
	a, _ := start(t, Settings{})
	b, _ := start(t, Settings{ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}})
	swap := func(full string) string {
		return strings.Replace(full, b.ID().String(), randomID(t).String(), 1)
	}
	stranger := randomID(t)
	free := testkit.FreePort(t)
	tests := map[string]struct {
		addr string
		code core.Code
		says string
	}{
		"nothing":                  {"", core.Invalid, "not a multiaddress"},
		"a host and port":          {"127.0.0.1:4001", core.Invalid, "not a multiaddress"},
		"no peer id":               {"/ip4/127.0.0.1/tcp/4001", core.Invalid, "add /p2p/"},
		"a broken peer id":         {"/ip4/127.0.0.1/tcp/4001/p2p/xyz", core.Invalid, "not a multiaddress"},
		"far too long":             {strings.Repeat("/ip4/127.0.0.1", 200), core.TooLarge, "at most"},
		"itself":                   {a.FullAddresses()[0], core.Invalid, "this node itself"},
		"another peer by TCP":      {swap(b.FullAddresses()[0]), core.Invalid, "another peer"},
		"another peer by QUIC":     {swap(b.FullAddresses()[1]), core.Invalid, "another peer"},
		"nobody there":             {fmt.Sprintf("/ip4/127.0.0.1/tcp/%d/p2p/%s", free, stranger), core.Unavailable, "nothing listens there"},
		"an unknown peer":          {"/p2p/" + randomID(t).String(), core.Unavailable, "no address of it"},
		"beyond this computer":     {"/ip4/192.0.2.1/tcp/4001/p2p/" + stranger.String(), core.Invalid, "loopback only"},
		"a name, from loopback":    {"/dns4/example.org/tcp/4001/p2p/" + stranger.String(), core.Invalid, "loopback only"},
		"an address without place": {"/ip4/127.0.0.1/udp/9/p2p/" + randomID(t).String(), core.Unavailable, "kind that this node speaks"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := a.Dial(t.Context(), test.addr)
			wantCode(t, err, test.code)
			if !strings.Contains(core.Sentence(err), test.says) {
				t.Errorf("says %q, want %q", core.Sentence(err), test.says)
			}
		})
	}
	wantCode(t, a.Hangup("nonsense"), core.Invalid)
	wantCode(t, a.Hangup(stranger.String()), core.NotFound)
}

// Work asked of a host that does not run must be refused, not hang.
func TestHost_BeforeAndAfter(t *testing.T) {
	h, err := New(Settings{Identity: newKey(t), ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0"}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got := h.FullAddresses(); len(got) != 0 {
		t.Errorf("it listens on %v before it runs", got)
	}
	wantCode(t, h.Dial(t.Context(), "/ip4/127.0.0.1/tcp/1/p2p/"+h.ID().String()), core.Unavailable)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, h.Hangup(h.ID().String()), core.Unavailable)
	wantCode(t, h.Run(t.Context(), func() { t.Error("ready after the end") }), core.Unavailable)
}

// A second node on a taken port must not share it in silence (SO_REUSEPORT
// would let it): half of the callers would reach the wrong node.
func TestHost_PortTaken(t *testing.T) {
	for _, kind := range []string{"/ip4/127.0.0.1/tcp/%s", "/ip4/127.0.0.1/udp/%s/quic-v1"} {
		first, _ := start(t, Settings{ListenAddrs: []string{fmt.Sprintf(kind, "0")}})
		taken := first.Addrs()[0].String()
		second, err := New(Settings{Identity: newKey(t), ListenAddrs: []string{taken}}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		err = second.Run(t.Context(), func() { t.Error("ready on a taken port") })
		wantCode(t, err, core.Unavailable)
		for _, says := range []string{taken, "port 0", "process " + strconv.Itoa(os.Getpid())} {
			if !strings.Contains(core.Sentence(err), says) {
				t.Errorf("says %q, want %q in it", core.Sentence(err), says)
			}
		}
	}
}

// Settings that cannot work must be named before anything starts.
func TestNew_Refuses(t *testing.T) {
	key := newKey(t)
	tests := map[string]struct {
		Settings
		says string
	}{
		"no identity":            {Settings{}, "identity"},
		"no address":             {Settings{Identity: key}, "node.listen_addresses"},
		"a host and port":        {Settings{Identity: key, ListenAddrs: []string{"0.0.0.0:4001"}}, "not a multiaddress"},
		"an address with a peer": {Settings{Identity: key, ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf"}}, "leave out"},
		"plain UDP":              {Settings{Identity: key, ListenAddrs: []string{"/ip4/127.0.0.1/udp/0"}}, "neither TCP nor QUIC"},
		"a name":                 {Settings{Identity: key, ListenAddrs: []string{"/dns4/example.org/tcp/0"}}, "neither TCP nor QUIC"},
		"too few connections":    {Settings{Identity: key, ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0"}, MaxConnections: 2}, "node.max_connections"},
		"only QUIC with a proxy": {Settings{Identity: key, ListenAddrs: []string{"/ip4/127.0.0.1/udp/0/quic-v1"}, Dialer: &net.Dialer{}}, "node.listen_addresses"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(test.Settings, slog.New(slog.DiscardHandler))
			wantCode(t, err, core.Invalid)
			if !strings.Contains(core.Sentence(err), test.says) {
				t.Errorf("says %q, want %q in it", core.Sentence(err), test.says)
			}
		})
	}
}

// A flood of strangers must neither pass the limit nor keep the node from
// dialling the peers that it needs.
func TestHost_MaxConnectionsHolds(t *testing.T) {
	const most = 4
	server, _ := start(t, Settings{MaxConnections: most})
	refused := 0
	for range 8 {
		c, _ := start(t, Settings{ClientOnly: true, ListenAddrs: []string{}})
		if err := c.Dial(t.Context(), server.FullAddresses()[0]); err != nil {
			refused++
		}
		if got := len(server.Network().Conns()); got > most {
			t.Fatalf("%d connections, the limit is %d", got, most)
		}
	}
	if refused == 0 {
		t.Error("nobody was refused")
	}
	friend, _ := start(t, Settings{})
	if err := server.Dial(t.Context(), friend.FullAddresses()[0]); err != nil {
		t.Errorf("a full node cannot dial: %v", err)
	}
	one, _ := start(t, Settings{})
	two, _ := start(t, Settings{})
	errOne, errTwo := server.Dial(t.Context(), one.FullAddresses()[0]), server.Dial(t.Context(), two.FullAddresses()[0])
	if core.CodeOf(errOne) != core.Limited && core.CodeOf(errTwo) != core.Limited {
		t.Errorf("dials beyond the limit gave %v and %v", errOne, errTwo)
	}
}

// A client that listens can be attacked; one that cannot dial is useless.
func TestHost_ClientDoesNotListen(t *testing.T) {
	node, _ := start(t, Settings{})
	c, _ := start(t, Settings{ClientOnly: true, ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0"}})
	if got := c.Network().ListenAddresses(); len(got) > 1 || (len(got) == 1 && !isBareCircuit(got[0])) {
		t.Fatalf("the client listens on %v", got)
	}
	if got := c.FullAddresses(); len(got) != 0 {
		t.Errorf("the client tells the addresses %v", got)
	}
	if err := c.Dial(t.Context(), node.FullAddresses()[0]); err != nil {
		t.Fatal(err)
	}
}

// A user behind NAT is reached by relay, and must be told so: it is slower and
// ends after a while.
func TestHost_RelayedPath(t *testing.T) {
	relay, _ := start(t, Settings{})
	emitter, err := relay.EventBus().Emitter(new(event.EvtLocalReachabilityChanged))
	if err != nil {
		t.Fatal(err)
	}
	defer end(emitter)
	if err := emitter.Emit(event.EvtLocalReachabilityChanged{Reachability: network.ReachabilityPublic}); err != nil {
		t.Fatal(err)
	}
	hidden, _ := start(t, Settings{})
	info := peer.AddrInfo{ID: relay.ID(), Addrs: relay.Addrs()}
	eventually(t, "the relay gives a place", func() bool {
		_, err := client.Reserve(t.Context(), hidden, info)
		return err == nil
	})
	caller, _ := start(t, Settings{})
	if err := caller.Dial(t.Context(), relay.FullAddresses()[0]+"/p2p-circuit/p2p/"+hidden.ID().String()); err != nil {
		t.Fatal(err)
	}
	list := caller.PeerList()
	at := slices.IndexFunc(list, func(p core.Peer) bool { return p.ID == hidden.ID().String() })
	if at < 0 {
		t.Fatalf("the caller lists %+v", list)
	}
	if p := list[at]; p.Route() != core.RouteRelayed || p.Relay != relay.ID().String() || !p.Connected || p.Transport != "tcp" {
		t.Errorf("the caller lists %+v", p)
	}
	if took, err := caller.Ping(t.Context(), hidden.ID().String()); err != nil || took <= 0 {
		t.Errorf("a relayed peer cannot be measured: %v, %v", took, err)
	}
}

// An address list from a stranger must not make a private node call out.
func TestFence_LoopbackNeverLeaves(t *testing.T) {
	h, _ := start(t, Settings{})
	if !h.LoopbackOnly() || h.Reachability() != "private" {
		t.Fatalf("loopback only: %v, reachability %s", h.LoopbackOnly(), h.Reachability())
	}
	p := randomID(t)
	// As if identify or peer exchange had brought them.
	err := h.Connect(t.Context(), peer.AddrInfo{ID: p, Addrs: []ma.Multiaddr{
		ma.StringCast("/ip4/192.0.2.1/tcp/4001"), ma.StringCast("/ip4/198.51.100.1/udp/4001/quic-v1"), ma.StringCast("/dns4/example.org/tcp/4001"),
	}})
	if err == nil || !strings.Contains(err.Error(), "gater disallows") {
		t.Errorf("dialling out gave %v", err)
	}
}

// With the proxy on, one UDP packet or DNS question is enough to show the
// address that the proxy hides; and if it refuses, nothing may go round it.
func TestFence_ProxyIsTheOnlyWay(t *testing.T) {
	asked := make(chan string, 8)
	h, err := New(Settings{
		Identity: newKey(t), ListenAddrs: []string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"},
		Dialer: dialerFunc(func(_, address string) (net.Conn, error) {
			asked <- address
			return nil, core.Errorf(core.Unavailable, "the proxy is down; start it")
		}),
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer end(h)
	h.state.Store(running) // it must not really listen on all addresses
	if len(h.plan.listen) != 1 || isQUIC(h.plan.listen[0]) {
		t.Errorf("it would listen on %v", h.plan.listen)
	}
	p := randomID(t)
	for addr, says := range map[string]string{
		"/ip4/192.0.2.1/udp/4001/quic-v1": "carries TCP only",
		"/dns4/example.org/tcp/4001":      "DNS names are not looked up",
		"/ip4/192.0.2.1/tcp/4001":         "the proxy is down; start it",
	} {
		err := h.Dial(t.Context(), addr+"/p2p/"+p.String())
		if !strings.Contains(core.Sentence(err), says) {
			t.Errorf("%s: %q, want %q in it", addr, core.Sentence(err), says)
		}
	}
	if address := <-asked; address != "192.0.2.1:4001" || len(asked) != 0 {
		t.Errorf("the proxy was asked for %s and %d more", address, len(asked))
	}
}

type dialerFunc func(network, address string) (net.Conn, error)

func (f dialerFunc) DialContext(_ context.Context, network, address string) (net.Conn, error) {
	return f(network, address)
}

// The name of the program in the way saves the user a search.
func TestFindHolder_Nobody(t *testing.T) {
	if _, _, found := findHolder("/proc", "tcp", uint16(testkit.FreePort(t))); found {
		t.Error("a free port has a holder")
	}
	if _, _, found := findHolder(filepath.Join(t.TempDir(), "none"), "tcp", 1); found {
		t.Error("found a holder without /proc")
	}
}
