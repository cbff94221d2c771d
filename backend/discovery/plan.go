package discovery

// This file decides whom to dial and when: pure rules over a clock that is
// passed in.

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// firstWait follows the first failure; each further one doubles it.
	firstWait = time.Second
	// MaxWait is the longest time between two dials of a bootstrap peer.
	MaxWait = 2 * time.Minute
	// jitter spreads the dials of nodes that lost the same peer together.
	jitter = 0.25
	// stableAfter is how long a connection lasts to count as a success. A peer
	// that accepts and hangs up at once is treated like one that refuses;
	// otherwise both sides would spin.
	stableAfter = 10 * time.Second
	// MaxTries is how often a peer that is not a bootstrap peer is dialled.
	MaxTries = 4
	// MaxCandidates bounds the peers that are no bootstrap peers; the peer that
	// failed most often makes room.
	MaxCandidates = 256
)

// target is a peer that we wish to be connected with.
type target struct {
	info      peer.AddrInfo
	bootstrap bool
	kept      bool      // a person wants to stay connected with it: never given up either
	failures  int       // since the last success
	next      time.Time // not dialled before
	dialling  bool
	since     time.Time // of the connection, zero when there is none
	reason    string    // of the last failure, a sentence
}

// lasting tells whether the target is never given up.
func (t *target) lasting() bool { return t.bootstrap || t.kept }

// plan is the set of targets. It may be used from any goroutine.
type plan struct {
	random func() float64 // 0 to 1, for the jitter

	mu      sync.Mutex
	targets map[peer.ID]*target
}

func newPlan(random func() float64) *plan {
	return &plan{random: random, targets: make(map[peer.ID]*target)}
}

// addBootstrap adds a peer that is never given up. Several addresses of one
// peer come one by one.
func (p *plan) addBootstrap(info peer.AddrInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.targets[info.ID]; t != nil {
		t.info.Addrs = append(t.info.Addrs, info.Addrs...)
		return
	}
	p.targets[info.ID] = &target{info: info, bootstrap: true}
}

// keep sets the peers that are never given up at a person's wish. Those that are
// new among them are due at once.
func (p *plan) keep(now time.Time, infos []peer.AddrInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wanted := make(map[peer.ID]bool, len(infos))
	for _, info := range infos {
		wanted[info.ID] = true
		t := p.targets[info.ID]
		switch {
		case t == nil:
			p.targets[info.ID] = &target{info: info, kept: true, next: now}
		case !t.kept:
			t.kept, t.failures, t.next = true, 0, now
		case len(t.info.Addrs) == 0:
			t.info.Addrs = info.Addrs // they were learned since
		}
	}
	for id, t := range p.targets {
		t.kept = wanted[id]
	}
}

// add takes peers that were heard of, as far as there is room. One that is
// known keeps its back-off: being named again by a stranger proves nothing.
func (p *plan) add(now time.Time, infos ...peer.AddrInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, info := range infos {
		if len(info.Addrs) == 0 {
			continue
		}
		if t := p.targets[info.ID]; t != nil {
			if !t.bootstrap {
				t.info = info // addresses change
			}
			continue
		}
		if len(p.targets) >= MaxCandidates+MaxBootstrap && !p.makeRoomLocked() {
			return
		}
		p.targets[info.ID] = &target{info: info, next: now}
	}
}

// makeRoomLocked forgets the candidate that failed most often, and nobody when
// none has failed.
func (p *plan) makeRoomLocked() bool {
	var worst *target
	for _, t := range p.targets {
		if !t.lasting() && !t.dialling && t.since.IsZero() && t.failures > 0 && (worst == nil || t.failures > worst.failures) {
			worst = t
		}
	}
	if worst != nil {
		delete(p.targets, worst.info.ID)
	}
	return worst != nil
}

// due returns up to most targets to dial now, those that are never given up first, and marks
// them. room says how many candidates may be dialled, skip whom to leave alone.
func (p *plan) due(now time.Time, most, room int, skip func(peer.ID) bool) []peer.AddrInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	var chosen []peer.AddrInfo
	for _, lasting := range []bool{true, false} {
		for _, t := range p.targets {
			if t.lasting() != lasting || t.dialling || !t.since.IsZero() || t.next.After(now) || len(chosen) >= most || skip(t.info.ID) {
				continue
			}
			if !lasting {
				if room <= 0 {
					continue
				}
				room--
			}
			t.dialling = true
			chosen = append(chosen, t.info)
		}
	}
	return chosen
}

// next is when the next target is due, or zero when none waits.
func (p *plan) next() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	var soonest time.Time
	for _, t := range p.targets {
		if !t.dialling && t.since.IsZero() && (soonest.IsZero() || t.next.Before(soonest)) {
			soonest = t.next
		}
	}
	return soonest
}

// dialled takes the outcome of a dial.
func (p *plan) dialled(id peer.ID, err error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.targets[id]
	if t == nil {
		return
	}
	t.dialling = false
	if err == nil {
		if t.since.IsZero() {
			t.since = now
		}
		return
	}
	p.failedLocked(t, core.Sentence(err), now)
}

// joined notes a connection, whoever made it.
func (p *plan) joined(id peer.ID, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.targets[id]; t != nil && t.since.IsZero() {
		t.since = now
	}
}

// left notes the end of the last connection with a peer. One that lasted is made
// again at once, one that did not counts as a failure.
func (p *plan) left(id peer.ID, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.targets[id]
	if t == nil || t.since.IsZero() {
		return
	}
	lasted := now.Sub(t.since)
	t.since = time.Time{}
	if lasted < stableAfter {
		p.failedLocked(t, "the connection ended soon after it was made", now)
		return
	}
	t.failures, t.next, t.reason = 0, now, "the connection was lost"
}

// wake makes every target due: the network may just have come back.
func (p *plan) wake(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.targets {
		t.failures, t.next = 0, now
	}
}

func (p *plan) failedLocked(t *target, reason string, now time.Time) {
	t.failures++
	t.reason = reason
	t.next = now.Add(p.wait(t.failures))
	if !t.lasting() && t.failures >= MaxTries {
		delete(p.targets, t.info.ID)
	}
}

// wait is the time after so many failures: doubled each time, capped, and then
// spread so that nodes which failed together do not come back together.
func (p *plan) wait(failures int) time.Duration {
	const most = 16 // 2^16 seconds is far above the cap and cannot overflow
	d := min(firstWait<<min(failures-1, most), MaxWait)
	spread := 1 + jitter*(2*p.random()-1)
	return min(time.Duration(float64(d)*spread), MaxWait)
}

// bootstraps tells how it stands with each of them, sorted by id.
func (p *plan) bootstraps() []core.Bootstrap {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []core.Bootstrap{}
	for _, t := range p.targets {
		if !t.bootstrap {
			continue
		}
		b := core.Bootstrap{ID: t.info.ID.String(), Addresses: []string{}, Connected: !t.since.IsZero(), Failures: t.failures, Reason: t.reason}
		for _, a := range t.info.Addrs {
			b.Addresses = append(b.Addresses, a.String())
		}
		if b.Connected {
			b.Reason = ""
		} else if !t.dialling {
			b.NextTry = t.next
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b core.Bootstrap) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// summary is the state of the bootstrap peers.
type summary struct {
	bootstrap, connected int
	wait                 time.Duration // until the next dial of one that is missing
	reason               string        // why that one is missing
}

func (p *plan) summary(now time.Time) summary {
	p.mu.Lock()
	defer p.mu.Unlock()
	var s summary
	var soonest *target
	for _, t := range p.targets {
		if !t.bootstrap {
			continue
		}
		s.bootstrap++
		if !t.since.IsZero() {
			s.connected++
			continue
		}
		if soonest == nil || t.next.Before(soonest.next) {
			soonest = t
		}
	}
	if soonest != nil {
		s.wait, s.reason = soonest.next.Sub(now), soonest.reason
		if soonest.dialling {
			s.wait = 0
		}
	}
	return s
}
