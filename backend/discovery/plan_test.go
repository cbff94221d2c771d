package discovery

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
)

func nobody(peer.ID) bool { return false }

func infoOf(id peer.ID) peer.AddrInfo {
	return peer.AddrInfo{ID: id, Addrs: []ma.Multiaddr{ma.StringCast("/ip4/192.0.2.1/tcp/4001")}}
}

// Waits that do not grow hammer a peer that is down; waits without a cap leave
// it alone for days; without jitter a whole network comes back in one second.
func TestPlan_WaitGrowsToACap(t *testing.T) {
	for random, want := range map[float64][]time.Duration{
		0:   {750 * time.Millisecond, 1500 * time.Millisecond, 3 * time.Second, 6 * time.Second},
		0.5: {time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second},
		1:   {1250 * time.Millisecond, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second},
	} {
		p := newPlan(func() float64 { return random })
		for i, w := range want {
			if got := p.wait(i + 1); got != w {
				t.Errorf("jitter %v, after %d failures: %v, want %v", random, i+1, got, w)
			}
		}
		for _, failures := range []int{8, 20, 64, 1000, 1 << 30} {
			if got := p.wait(failures); got <= 0 || got > MaxWait || got < MaxWait*3/4 {
				t.Errorf("after %d failures: %v", failures, got)
			}
		}
	}
}

// A bootstrap peer is tried for ever; a peer that a stranger named is not.
func TestPlan_GivesUpOnCandidatesOnly(t *testing.T) {
	p := newPlan(func() float64 { return 0.5 })
	now := time.Now()
	boot, heard := randomID(t), randomID(t)
	p.addBootstrap(infoOf(boot))
	p.add(now, infoOf(heard), infoOf(boot))
	for range 50 {
		now = now.Add(MaxWait)
		for _, info := range p.due(now, 10, 10, nobody) {
			p.dialled(info.ID, core.Errorf(core.Unavailable, "nobody home"), now)
		}
	}
	if p.targets[boot] == nil || p.targets[boot].failures != 50 {
		t.Errorf("the bootstrap peer: %+v", p.targets[boot])
	}
	if p.targets[heard] != nil {
		t.Errorf("the other: %+v", p.targets[heard])
	}
	if s := p.summary(now); s.bootstrap != 1 || s.connected != 0 || s.wait != MaxWait || s.reason != "nobody home" {
		t.Errorf("summary %+v", s)
	}
}

// Whom a person wants to stay connected with must never be given up.
func TestPlan_KeepsWhomAPersonWants(t *testing.T) {
	p := newPlan(func() float64 { return 0.5 })
	now := time.Unix(0, 0)
	friend, wanted := randomID(t), infoOf(randomID(t))
	p.add(now, infoOf(friend))
	p.dialled(friend, core.Errorf(core.Unavailable, "away"), now)
	p.keep(now, []peer.AddrInfo{infoOf(friend), wanted})
	if due := p.due(now, 10, 0, nobody); len(due) != 2 {
		t.Fatalf("%d are due at once, though there is no room for candidates", len(due))
	}
	for range 2 * MaxTries {
		for _, id := range []peer.ID{friend, wanted.ID} {
			p.dialled(id, core.Errorf(core.Unavailable, "away"), now)
		}
	}
	if len(p.targets) != 2 || p.targets[friend].next.Sub(now) != MaxWait {
		t.Errorf("after many failures: %d targets, the next try in %v", len(p.targets), p.targets[friend].next.Sub(now))
	}
	p.keep(now, []peer.AddrInfo{wanted})
	p.dialled(friend, core.Errorf(core.Unavailable, "away"), now)
	if p.targets[friend] != nil || p.targets[wanted.ID] == nil {
		t.Error("whom nobody wants any more is given up, and nobody else")
	}
	if len(p.bootstraps()) != 0 || p.summary(now).bootstrap != 0 {
		t.Error("a kept peer is no bootstrap peer")
	}
}

// A stranger that names a million peers must neither fill the memory nor push
// out the bootstrap peers.
func TestPlan_IsBounded(t *testing.T) {
	p := newPlan(func() float64 { return 0.5 })
	now := time.Now()
	boot := randomID(t)
	p.addBootstrap(infoOf(boot))
	for i := range 10_000 {
		p.add(now, infoOf(peer.ID(fmt.Sprintf("stranger %d", i))))
	}
	if got := len(p.targets); got > MaxCandidates+MaxBootstrap {
		t.Errorf("%d targets", got)
	}
	if due := p.due(now, 1, 100, nobody); len(due) != 1 || due[0].ID != boot {
		t.Errorf("first due is %v, want the bootstrap peer", due)
	}
	if due := p.due(now, 100, 3, nobody); len(due) != 3 {
		t.Errorf("%d candidates are dialled, there is room for 3", len(due))
	}
}

// fakeNet is a network of one peer whose state a test sets.
type fakeNet struct {
	began time.Time

	mu    sync.Mutex
	up    bool // the peer answers
	there bool // and is connected
	dials []time.Duration
	asked []peer.ID
}

func (f *fakeNet) keeper(id peer.ID) *keeper {
	p := newPlan(func() float64 { return 0.5 })
	p.addBootstrap(infoOf(id))
	f.began = time.Now()
	return &keeper{
		plan: p, maxPeers: 10, log: quiet(), avoid: nobody, dial: f.dial,
		stored:    func() []peer.AddrInfo { return nil },
		connected: func(peer.ID) bool { return f.isThere() },
		peers: func() int {
			if f.isThere() {
				return 1
			}
			return 0
		},
	}
}

func (f *fakeNet) dial(_ context.Context, info peer.AddrInfo) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dials = append(f.dials, time.Since(f.began))
	f.asked = append(f.asked, info.ID)
	if !f.up {
		return core.Errorf(core.Unavailable, "nobody home")
	}
	f.there = true
	return nil
}

func (f *fakeNet) isThere() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.there
}

func (f *fakeNet) set(up, there bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.up, f.there = up, there
}

// times is when it was dialled, from the test's beginning.
func (f *fakeNet) times() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.dials)
}

func runKeeper(t *testing.T, k *keeper) chan<- signal {
	ctx, cancel := context.WithCancel(t.Context())
	signals := make(chan signal)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.run(ctx, signals)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return signals
}

// A node left alone for a day must not have dialled a dead peer ten thousand
// times, and must find it within minutes once it is back.
func TestKeeper_BacksOffAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNet{}
		runKeeper(t, f.keeper(randomID(t)))
		time.Sleep(15*time.Second + 500*time.Millisecond)
		synctest.Wait()
		if got := fmt.Sprint(f.times()); got != "[0s 1s 3s 7s 15s]" {
			t.Errorf("dialled at %v", got)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if got := len(f.times()); got > 24*60/2+10 {
			t.Errorf("%d dials in a day", got)
		}
		f.set(true, false)
		time.Sleep(MaxWait + time.Second)
		synctest.Wait()
		if !f.isThere() {
			t.Error("it is not found again")
		}
	})
}

// When the cable is back the user should not wait for a timer; but a peer that
// hangs up at once must not make us spin.
func TestKeeper_LostConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNet{up: true}
		id := randomID(t)
		signals := runKeeper(t, f.keeper(id))
		synctest.Wait()
		signals <- signal{peer: id, joined: true}
		time.Sleep(stableAfter)
		f.set(true, false)
		signals <- signal{peer: id, left: true}
		synctest.Wait()
		if got := fmt.Sprint(f.times()); got != "[0s 10s]" {
			t.Errorf("lost after 10 s, dialled at %v", got)
		}
		for range 60 { // it accepts, and hangs up within the second
			if f.isThere() {
				signals <- signal{peer: id, joined: true}
				f.set(true, false)
				signals <- signal{peer: id, left: true}
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if got := len(f.times()) - 2; got > 7 {
			t.Errorf("%d dials in a minute to a peer that hangs up", got)
		}
	})
}

// Losing the last connection means that the network changed: whoever was given
// a long wait before is tried at once.
func TestKeeper_WakesWhenAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNet{}
		boot, remembered, guest := randomID(t), randomID(t), randomID(t)
		k := f.keeper(boot)
		k.stored = func() []peer.AddrInfo { return []peer.AddrInfo{infoOf(remembered)} }
		signals := runKeeper(t, k)
		synctest.Wait()
		f.set(false, true) // somebody else came to us
		signals <- signal{peer: guest, joined: true}
		time.Sleep(time.Hour)
		synctest.Wait()
		f.mu.Lock()
		f.there, f.asked = false, nil
		f.mu.Unlock()
		signals <- signal{peer: guest, left: true}
		synctest.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.asked) != 2 || !slices.Contains(f.asked, boot) || !slices.Contains(f.asked, remembered) {
			t.Errorf("dialled %v at once, want the bootstrap peer and the remembered one", f.asked)
		}
	})
}

// The news that a peer came can be handled after the news that it left. Whoever
// believed it would count the peer as connected for ever and never dial again.
func TestKeeper_LateNewsOfAPeerThatLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNet{up: true}
		id := randomID(t)
		k := f.keeper(id)
		signals := runKeeper(t, k)
		synctest.Wait()
		time.Sleep(stableAfter)
		f.set(false, false)
		signals <- signal{peer: id, left: true}
		signals <- signal{peer: id, joined: true}
		synctest.Wait()
		if got := k.plan.summary(time.Now()).connected; got != 0 {
			t.Errorf("%d peers are thought to be connected", got)
		}
		time.Sleep(MaxWait)
		if len(f.times()) < 2 {
			t.Errorf("dialled at %v only", f.times())
		}
	})
}
