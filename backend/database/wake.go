// Waking and sleeping of groups with several replicas: all of them are open, or
// none is.

package database

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// wakeWait bounds asking another node to open or close its replica.
	wakeWait = 1500 * time.Millisecond
	// wakeEvery is how often a group without a leader is woken again.
	wakeEvery = time.Second
	// suspectAfter is how long a leader whose connection is gone may be unheard of:
	// a few of its heartbeats, which come each 100 to 200 ms.
	suspectAfter = 400 * time.Millisecond
	// handOverWait bounds giving all leads away when the node ends.
	handOverWait = 1500 * time.Millisecond
)

// others are the other nodes that keep a replica, as Raft and the network know them.
func (t *groups) others(ctx context.Context, ns core.Namespace, g *group) []string {
	var nodes []string
	for _, server := range g.servers() {
		nodes = append(nodes, string(server.ID))
	}
	if p, err := t.directory.Find(ctx, ns); err == nil {
		for _, place := range p.Replicas {
			nodes = append(nodes, place.Node)
		}
	}
	slices.Sort(nodes)
	return slices.DeleteFunc(slices.Compact(nodes), func(node string) bool { return node == t.node })
}

// wake opens the group's other replicas and, when nobody knows a leader, lets the
// one with the newest log stand for election at once: nobody who asked for a
// sleeping group should wait for a timeout. It does so now and then only, and
// returns when the others have answered. It tells whether there are others and, when
// they were last asked, none answered.
func (t *groups) wake(ctx context.Context, l lease) (nobody bool) {
	t.mu.Lock()
	due := time.Since(l.place.wokeAt) >= wakeEvery
	if due {
		l.place.wokeAt = time.Now()
	}
	nobody = l.place.deserted
	t.mu.Unlock()
	if !due {
		return nobody
	}
	known, nobody := t.elect(ctx, l, "")
	t.mu.Lock()
	l.place.deserted = nobody
	t.mu.Unlock()
	if known {
		return false
	}
	return nobody
}

// suspect is called when the group's leader could not be reached. When its
// connection is gone, and neither this replica nor another has heard it for a
// moment, it is not waited for until Raft's own patience ends: a process that
// dies takes its connections with it, one that is slow keeps them.
func (t *groups) suspect(ctx context.Context, l lease, leader string) {
	id, err := peer.Decode(leader)
	if err != nil || t.host.Network().Connectedness(id) == network.Connected || l.age() < suspectAfter.Milliseconds() {
		return
	}
	t.mu.Lock()
	due := time.Since(l.place.suspectedAt) >= suspectAfter/2
	if due {
		l.place.suspectedAt = time.Now()
	}
	t.mu.Unlock()
	if due {
		t.elect(ctx, l, leader)
	}
}

// elect asks the group's other replicas how they stand and lets the one with the
// newest log stand for election, unless one of them knows a leader. One called
// dead counts for a leader only with who has just heard it.
func (t *groups) elect(ctx context.Context, l lease, dead string) (known, nobody bool) {
	ctx, cancel := context.WithTimeout(ctx, wakeWait)
	defer cancel()
	best, mine := "", l.standing()
	newest := mine
	var mu sync.Mutex
	answers := 0
	var asked sync.WaitGroup
	others := slices.DeleteFunc(t.others(ctx, l.ns, l.group), func(node string) bool { return node == dead })
	for _, node := range others {
		asked.Go(func() {
			s, err := t.remote.Wake(ctx, node, l.ns)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				answers++
			}
			switch {
			case err != nil:
				t.log.Debug("a replica was not woken", core.KeyGroup, l.name, core.KeyPeer, node, core.KeyError, err)
			case s.Leader != "" && (s.Leader != dead || (s.AgeMS >= 0 && s.AgeMS < suspectAfter.Milliseconds())):
				known = true
			case s.Voter && (s.LastTerm > newest.LastTerm || (s.LastTerm == newest.LastTerm && s.LastIndex > newest.LastIndex)):
				best, newest = node, s
			}
		})
	}
	asked.Wait()
	nobody = len(others) > 0 && answers == 0
	if now := l.leader(); known || (now != "" && now != dead) || (dead != "" && nobody) {
		return known, nobody
	}
	var err error
	switch {
	case best != "":
		err = t.remote.Campaign(ctx, best, l.ns)
	case mine.Voter:
		err = l.campaign()
	}
	if err != nil {
		t.log.Debug("nobody stood for election", core.KeyGroup, l.name, core.KeyError, err)
	}
	return known, nobody
}

// wakeOne opens one other replica: Raft wanted to speak to it and found it closed.
func (t *groups) wakeOne(ns core.Namespace, node string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.places[ns]
	if t.ended || p == nil || p.phase != phaseAwake || time.Since(p.calledAt[node]) < wakeEvery {
		return
	}
	if p.calledAt == nil {
		p.calledAt = map[string]time.Time{} // as many as the group has members
	}
	p.calledAt[node] = time.Now()
	t.work.Go(func() {
		ctx, cancel := context.WithTimeout(t.ctx, wakeWait)
		defer cancel()
		if _, err := t.remote.Wake(ctx, node, ns); err != nil {
			t.log.Debug("a replica was not woken", core.KeyGroup, ns.Group(), core.KeyPeer, node, core.KeyError, err)
		}
	})
}

// sleepLocked begins to put the group of an awake place to sleep: on all nodes
// when this one leads, else by asking the leader. In a hurry, for room, it asks
// less: a replica that nobody uses here may sleep alone when its leader is gone.
func (t *groups) sleepLocked(ns core.Namespace, p *place, hurry bool) {
	g := p.group
	switch leads := g.lead.leads() != 0; {
	case g.aloneVoter() && len(g.servers()) == 1:
		t.closeLocked(ns, p)
		return
	case leads, hurry:
	default: // the leader decides; without one there is nothing to decide
		return
	}
	p.phase, p.changed = phaseClosing, make(chan struct{})
	t.work.Go(func() {
		ctx, cancel := context.WithTimeout(t.ctx, wakeWait)
		defer cancel()
		if t.othersSleep(ctx, ns, g) {
			t.closePlace(ns, p)
			return
		}
		t.mu.Lock()
		p.phase, p.used = phaseAwake, time.Now()
		close(p.changed)
		t.mu.Unlock()
	})
}

// othersSleep lets the group's other replicas sleep and tells whether this one
// may too. Who refuses is in use; who does not answer is no reason to stay awake.
func (t *groups) othersSleep(ctx context.Context, ns core.Namespace, g *group) bool {
	if g.lead.leads() == 0 {
		leader := g.leader()
		if leader == "" || leader == t.node {
			return true
		}
		err := t.remote.Sleep(ctx, leader, ns)
		return err == nil || core.CodeOf(err) != core.Limited
	}
	g.layer.quiet(true)
	nodes := t.others(ctx, ns, g)
	refused := make([]bool, len(nodes))
	var asked sync.WaitGroup
	for i, node := range nodes {
		asked.Go(func() {
			err := t.remote.Sleep(ctx, node, ns)
			refused[i] = err != nil && core.CodeOf(err) == core.Limited
		})
	}
	asked.Wait()
	if !slices.Contains(refused, true) {
		return true
	}
	g.layer.quiet(false) // Raft's next call wakes those that sleep already
	return false
}

// standing says how the replica stands.
func (g *group) standing() Standing {
	s := Standing{State: stateWord(g.store.State()), Leader: g.leader(), AgeMS: g.age()}
	if g.lead.leads() != 0 {
		s.Leader = g.folder.node
	} else if s.Leader == g.folder.node {
		s.Leader = "" // elected, but it has not taken over
	}
	s.CommitIndex, _ = g.store.LeaderCommitIndex() //nolint:errcheck // 0 while closing
	s.Index = g.applied(s.CommitIndex)
	for _, server := range g.servers() {
		s.Members = append(s.Members, string(server.ID))
		if string(server.ID) == g.folder.node {
			s.Voter = server.Suffrage == raft.Voter && g.gate.fault() == nil // it could not stand for election
		}
	}
	if ra := g.raft.Load(); ra != nil {
		s.Term, s.LastIndex, s.LastTerm = ra.CurrentTerm(), ra.LastIndex(), lastTerm(ra)
	}
	return s
}

// age is how long ago the replica heard its leader, in milliseconds: 0 on the
// leader, -1 when it has not heard one since it was opened.
func (g *group) age() int64 {
	ra := g.raft.Load()
	switch {
	case g.lead.leads() != 0 || ra == nil:
		return 0
	case ra.LastContact().IsZero():
		return -1
	}
	return time.Since(ra.LastContact()).Milliseconds()
}

// handOver gives the lead of all groups to other replicas before this node ends,
// so that nobody has to wait for an election.
func (d *Databases) handOver(ctx context.Context, t *groups) {
	open, _ := t.awake()
	ctx, cancel := context.WithTimeout(ctx, handOverWait)
	defer cancel()
	var moving sync.WaitGroup
	for ns, g := range open {
		if g.lead.leads() != 0 && len(g.servers()) > 1 {
			moving.Go(func() {
				if err := g.transfer(ctx); err != nil {
					d.log.Debug("the lead was not handed over", core.KeyGroup, ns.Group(), core.KeyError, err)
				}
			})
		}
	}
	moving.Wait()
}

// HandOver gives the lead of every group that this node leads to another
// replica, and returns when that is done or the time for it is over.
func (d *Databases) HandOver(ctx context.Context) error {
	t, err := d.table()
	if err != nil {
		return err
	}
	d.handOver(ctx, t)
	return nil
}

// transfer gives the lead to another voter.
func (g *group) transfer(ctx context.Context) error {
	ra := g.raft.Load()
	if ra == nil || g.aloneVoter() {
		return nil
	}
	done := make(chan error, 1)
	future := ra.LeadershipTransfer()
	go func() { done <- future.Error() }() // Raft ends it within an election timeout
	select {
	case err := <-done:
		if errors.Is(err, raft.ErrNotLeader) {
			return nil
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leadWatches tell other parts when this node leads a group.
type leadWatches struct {
	mu      sync.Mutex
	leads   map[core.Namespace]bool
	watches map[core.Namespace][]chan bool
}

func newLeadWatches() *leadWatches {
	return &leadWatches{leads: map[core.Namespace]bool{}, watches: map[core.Namespace][]chan bool{}}
}

func (w *leadWatches) tell(ns core.Namespace, leads bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if leads {
		w.leads[ns] = true
	} else {
		delete(w.leads, ns)
	}
	for _, c := range w.watches[ns] {
		replace(c, leads)
	}
}

// replace puts the newest value into a channel that holds one.
func replace(c chan bool, v bool) {
	select {
	case <-c:
	default:
	}
	c <- v
}

// Leads tells whether this node leads the group of ns and has taken over.
func (d *Databases) Leads(ns core.Namespace) bool {
	d.watches.mu.Lock()
	defer d.watches.mu.Unlock()
	return d.watches.leads[ns]
}

// WatchLead returns a channel with whether this node leads the group of ns: the
// present state at once, then the newest after each change. The watch ends with ctx.
func (d *Databases) WatchLead(ctx context.Context, ns core.Namespace) <-chan bool {
	w, c := d.watches, make(chan bool, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	c <- w.leads[ns]
	w.watches[ns] = append(w.watches[ns], c)
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.watches[ns] = slices.DeleteFunc(w.watches[ns], func(have chan bool) bool { return have == c })
	})
	return c
}
