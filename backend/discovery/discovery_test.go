package discovery

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/p2p"
)

// A node that is told of one other must find it, whoever starts first.
func TestDiscovery_Bootstrap(t *testing.T) {
	a, dA, _ := startNode(t, p2p.Settings{})
	b, dB, _ := startNode(t, p2p.Settings{}, a.FullAddresses()...)
	eventually(t, "the two are connected", func() bool { return together(a, b) })
	eventually(t, "b says so", func() bool { return dB.Check().State == core.StateOK })
	if got := dB.Check().Detail; got != "1 of 1 bootstrap peer connected" {
		t.Errorf("b says %q", got)
	}
	if got := dA.Check(); got.State != core.StateOK || !strings.Contains(got.Detail, "no bootstrap peers") {
		t.Errorf("a, which needs nobody, says %+v", got)
	}
}

// Who joins late through one node must get to know the others, or the network
// falls apart when that one goes.
func TestDiscovery_LateJoinerLearnsTheThird(t *testing.T) {
	middle, _, stopMiddle := startNode(t, p2p.Settings{})
	early, _, _ := startNode(t, p2p.Settings{}, middle.FullAddresses()...)
	eventually(t, "the first two are connected", func() bool { return together(early, middle) })
	late, _, _ := startNode(t, p2p.Settings{}, middle.FullAddresses()...)
	eventually(t, "the late one knows the early one", func() bool { return together(late, early) })
	stopMiddle()
	eventually(t, "the middle one is gone", func() bool { return late.Network().Connectedness(middle.ID()) == network.NotConnected })
	if !together(late, early) {
		t.Error("the other two lost each other")
	}
}

// A bootstrap peer is restarted at any time; nobody should have to restart the
// others.
func TestDiscovery_BootstrapReturns(t *testing.T) {
	key, port := newKey(t), testkit.FreePort(t)
	fixed := p2p.Settings{Identity: key, ListenAddrs: []string{fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port)}}
	first, _, stop := startNode(t, fixed)
	b, d, _ := startNode(t, p2p.Settings{}, first.FullAddresses()...)
	eventually(t, "the two are connected", func() bool { return together(first, b) })
	stop()
	eventually(t, "the loss is told, with reason and next try", func() bool {
		c := d.Check()
		return c.State == core.StateDown && strings.HasPrefix(c.Detail, "0 of 1 bootstrap peer connected; ") && strings.Contains(c.Detail, "nothing listens there")
	})
	again, _, _ := startNode(t, fixed)
	eventually(t, "it is dialled again", func() bool { return together(again, b) })
}

// After a restart without its bootstrap peer a node finds those that it met.
func TestDiscovery_RemembersPeers(t *testing.T) {
	key, dir := newKey(t), t.TempDir()
	other, _ := startHost(t, p2p.Settings{})
	a, _, stop := startNode(t, p2p.Settings{Identity: key, PeerstoreDir: dir}, other.FullAddresses()...)
	eventually(t, "the two met", func() bool { return together(a, other) && len(a.Stored()) == 1 })
	stop()
	a, _, _ = startNode(t, p2p.Settings{Identity: key, PeerstoreDir: dir})
	eventually(t, "the two met again without a bootstrap peer", func() bool { return together(a, other) })
}

// One list of bootstrap peers serves all nodes, so a node's own address is in it.
func TestNew_LeavesItselfOut(t *testing.T) {
	a, _ := startHost(t, p2p.Settings{})
	d, err := New(Settings{Bootstrap: a.FullAddresses(), Interval: time.Second, MaxPeers: 5}, a, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if got := d.keeper.plan.summary(time.Now()).bootstrap; got != 0 {
		t.Errorf("it would dial itself: %d targets", got)
	}
}

// A wrong bootstrap address that is ignored means a node that is alone and
// nobody knows why.
func TestNew_Refuses(t *testing.T) {
	h, _ := startHost(t, p2p.Settings{})
	good := Settings{Interval: time.Second, MaxPeers: 5}
	tests := map[string]func(*Settings){
		"a host and port":     func(s *Settings) { s.Bootstrap = []string{"192.0.2.1:4001"} },
		"no peer id":          func(s *Settings) { s.Bootstrap = []string{"/ip4/192.0.2.1/tcp/4001"} },
		"only a peer id":      func(s *Settings) { s.Bootstrap = []string{"/p2p/" + randomID(t).String()} },
		"no interval":         func(s *Settings) { s.Interval = 0 },
		"no room":             func(s *Settings) { s.MaxPeers = 0 },
		"too many to be real": func(s *Settings) { s.Bootstrap = make([]string, MaxBootstrap+1) },
	}
	for name, spoil := range tests {
		s := good
		spoil(&s)
		if _, err := New(s, h, quiet()); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A node that is private to this computer must not announce itself to the LAN,
// and two networks on one LAN must not mix.
func TestMDNS_StaysAndSeparates(t *testing.T) {
	h, _ := startHost(t, p2p.Settings{})
	d, err := New(Settings{Interval: time.Second, MaxPeers: 5, MDNS: true, NetworkName: "home"}, h, quiet())
	if err != nil {
		t.Fatal(err)
	}
	d.startMDNS()() // goleak and the absence of a multicast socket say that nothing started
	if a, b := mdnsService("home"), mdnsService("office"); a == b || len(a) > 63 || !strings.HasSuffix(a, "._udp") {
		t.Errorf("services %q and %q", a, b)
	}
}

// A user who sends a bootstrap peer away must not see it come back at once.
func TestDiscovery_RespectsHangup(t *testing.T) {
	a, _ := startHost(t, p2p.Settings{})
	b, d, _ := startNode(t, p2p.Settings{}, a.FullAddresses()...)
	eventually(t, "the two are connected", func() bool { return together(a, b) })
	if err := b.Hangup(a.ID().String()); err != nil {
		t.Fatal(err)
	}
	if due := d.keeper.plan.due(time.Now().Add(time.Minute), 10, 10, d.keeper.skip); len(due) != 0 {
		t.Errorf("%v would be dialled", due)
	}
	if err := b.Dial(t.Context(), a.FullAddresses()[0]); err != nil {
		t.Errorf("the user may dial: %v", err)
	}
}
